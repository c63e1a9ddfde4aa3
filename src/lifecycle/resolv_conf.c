/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/resolv_conf.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "lifecycle/dns.h"
#include "lifecycle/dns_watch.h"
#include "lifecycle/recorded.h"
#include "lifecycle/supervisor_args.h"

#define LOCK_TIMEOUT_MS 30000
#define TEXT_SIZE_MAX   65536
#define WATCHER_FILE    "dns.watcher" /* "PID START_TIME" */

static int lock_servers(const struct host *host, struct error *err)
{
	AUTO_FD int fd = fs_open_at(host->state.dir_fd, ".", O_RDONLY | O_DIRECTORY, 0, err);

	if (fd < 0)
		return -1;
	if (lock_take(fd, LOCK_TIMEOUT_MS, err) < 0)
		return error_wrap(err, "lock of the name servers");
	return take_fd(&fd);
}

/* The servers of the host, looked for once and only where somebody has them. */
struct servers {
	struct dns_host found[2]; /* [1]: for those on the network of the host */
	bool known[2];
};

static void servers_clear(struct servers *servers)
{
	dns_host_clear(&servers->found[0]);
	dns_host_clear(&servers->found[1]);
}

/* Whether servers behind IPv6 addresses can be asked: it has a way out by IPv6. */
static bool has_ipv6(const struct spec *spec, const struct manager *manager)
{
	for (size_t i = 0; i < spec->interface_count; i++) {
		const struct interface *interface = &spec->interfaces[i];
		const struct network *network =
			interface->network ? manager_find_network(manager, interface->network) : NULL;

		if (network && !network->internal && interface->default_route == SETTING_YES &&
		    !IN6_IS_ADDR_UNSPECIFIED(&interface->ip6) &&
		    !IN6_IS_ADDR_UNSPECIFIED(&network->gateway6))
			return true;
	}
	return spec->host_network;
}

static int compose(const struct spec *spec, const struct manager *manager, struct servers *servers,
		   struct text *out, struct error *err)
{
	const bool shared = spec->host_network;

	if (!servers->known[shared] && dns_wants_host(spec, manager)) {
		if (dns_find_host_servers("/", shared, &servers->found[shared], err) < 0)
			return -1;
		servers->known[shared] = true;
	}
	dns_resolv_conf(spec, manager, &servers->found[shared], has_ipv6(spec, manager), out);
	return 0;
}

int resolv_conf_text(const struct spec *spec, const struct manager *manager, struct text *out,
		     struct error *err)
{
	AUTO(servers_clear) struct servers servers = {0};

	return compose(spec, manager, &servers, out, err);
}

bool resolv_conf_is_watched(const struct host *host)
{
	return fs_exists_at(host->state.dir_fd, WATCHER_FILE);
}

static int note_watcher(const struct host *host, const struct process_identity *supervisor,
			struct error *err)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%d %" PRIu64 "\n", supervisor->pid,
			      supervisor->start_time);

	return fs_replace_at(host->state.dir_fd, WATCHER_FILE, line, (size_t)length, 0600, err);
}

/*
 * From before the start of a container with servers of the host: nobody yet. Were its command
 * killed before it has appointed one, the next finds that somebody is to watch.
 */
static int note_vacancy(const struct host *host, struct error *err)
{
	static const char nobody[] = "0 0\n";

	if (resolv_conf_is_watched(host))
		return 0;
	return fs_rewrite_at(host->state.dir_fd, WATCHER_FILE, nobody, strlen(nobody), 0600, err);
}

int resolv_conf_make(const struct host *host, struct container *container, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	AUTO_FD int lock_fd = -1;

	container->has_host_servers = dns_wants_host(container->spec, host->manager);
	if (container->has_host_servers) {
		lock_fd = lock_servers(host, err);
		if (lock_fd < 0 || note_vacancy(host, err) < 0)
			return -1;
	}
	if (resolv_conf_text(container->spec, host->manager, &text, err) < 0)
		return -1;
	return fs_rewrite_at(container->directory_fd, "resolv.conf", text_value(&text), text.length,
			     0644, err);
}

/* ---- for all that run ---- */

/* Never makes the file: a container that is being taken down must not get it back. */
static int rewrite(int directory_fd, const struct text *text, struct error *err)
{
	AUTO_FD int fd = fs_open_at(directory_fd, "resolv.conf", O_RDWR | O_NOFOLLOW, 0, err);
	AUTO_TEXT struct text present = {0};

	if (fd < 0 || fs_read_fd(fd, TEXT_SIZE_MAX, &present, err) < 0)
		return -1;
	if (strcmp(text_value(&present), text_value(text)) == 0)
		return 0;
	return fs_rewrite_fd(fd, "resolv.conf", text_value(text), text->length, err);
}

static int refresh_one(const struct host *host, const char *name, struct servers *servers,
		       struct error *err)
{
	AUTO_FD int directory_fd = record_open_directory(&host->state, name, err);
	AUTO_TEXT struct text text = {0};
	struct spec spec = {0};
	int rc;

	/* Without the file it has ended, or comes up and will look for itself. */
	if (directory_fd < 0 || !fs_exists_at(directory_fd, "resolv.conf"))
		return directory_fd < 0 ? -1 : 0;
	if (recorded_spec(&host->state, name, &spec, err) < 0)
		return -1;
	rc = 0;
	if (dns_wants_host(&spec, host->manager))
		rc = compose(&spec, host->manager, servers, &text, err) < 0
			     ? -1
			     : rewrite(directory_fd, &text, err);
	spec_clear(&spec);
	return rc;
}

static int watch(const struct host *host, int inotify_fd, struct error *err)
{
	AUTO_TEXT struct text awaited = {0};

	if (dns_watch("/", inotify_fd, &awaited, err) < 0)
		return -1;
	return fs_replace_at(host->state.dir_fd, SUPERVISOR_AWAITED_FILE, text_value(&awaited),
			     awaited.length, 0600, err);
}

int resolv_conf_refresh(const struct host *host, int inotify_fd, struct error *err)
{
	AUTO(servers_clear) struct servers servers = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = lock_servers(host, err);

	if (lock_fd < 0)
		return -1;
	/* Before the look: a change between the two is told as well. */
	if (inotify_fd >= 0 && watch(host, inotify_fd, err) < 0) {
		error_wrap(err, "watch for other name servers of the host");
		log_warning("%s", err->text);
		error_clear(err);
	}
	if (record_list(&host->state, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (refresh_one(host, names.items[i], &servers, err) < 0) {
			if (err->code != ENOENT)
				log_warning("%s: resolv.conf stays as it is: %s", names.items[i],
					    err->text);
			error_clear(err);
		}
	return 0;
}

/* ---- who watches ---- */

/* A pidfd of a supervisor, -1: it has ended, or is what we have been ourselves. */
static int open_supervisor(const struct process_identity *supervisor)
{
	return supervisor->pid > 1 && supervisor->pid != getpid() ? process_open(supervisor, NULL)
								  : -1;
}

bool resolv_conf_has_watcher(const struct host *host)
{
	struct process_identity watcher = {0};
	AUTO_FD int pidfd = -1;
	char line[64];

	if (fs_read_line_at(host->state.dir_fd, WATCHER_FILE, line, sizeof(line), NULL) < 0 ||
	    sscanf(line, "%d %" SCNu64, &watcher.pid, &watcher.start_time) != 2)
		return false;
	pidfd = open_supervisor(&watcher);
	return pidfd >= 0;
}

/* The supervisor of a running container that has servers of the host: a pidfd, or -1. */
static int find_candidate(const struct host *host, const char *name,
			  struct process_identity *supervisor)
{
	AUTO_RECORD struct record record = {0};
	struct spec spec = {0};
	bool wanted = false;

	if (record_read(&host->state, name, &record, NULL) != 1 ||
	    record_liveness(&record) != LIVE_RUNNING || record.phase != PHASE_RUNNING)
		return -1;
	if (recorded_spec(&host->state, name, &spec, NULL) == 0)
		wanted = dns_wants_host(&spec, host->manager);
	spec_clear(&spec);
	*supervisor = record.supervisor;
	return wanted ? open_supervisor(&record.supervisor) : -1;
}

static int dismiss(const struct host *host, struct error *err)
{
	/* In this order: without the second nobody would look for the first. */
	if (fs_remove_replaced_at(host->state.dir_fd, SUPERVISOR_AWAITED_FILE, err) < 0)
		return -1;
	return fs_remove_replaced_at(host->state.dir_fd, WATCHER_FILE, err);
}

/* All of root's programs share the number of instances: told here, where somebody reads it. */
static bool is_possible(void)
{
	AUTO_FD int fd = inotify_init1(IN_CLOEXEC);

	if (fd >= 0)
		return true;
	log_warning("other name servers of the host will not reach running containers: inotify: %s%s",
		    strerror(errno),
		    errno == EMFILE ? "; raise fs.inotify.max_user_instances with sysctl(8)" : "");
	return false;
}

static int appoint(const struct host *host, int pidfd, const struct process_identity *supervisor,
		   struct error *err)
{
	static const struct process_identity nobody;

	/* Nothing is awaited before the first look. */
	if (fs_replace_at(host->state.dir_fd, SUPERVISOR_AWAITED_FILE, "", 0, 0600, err) < 0)
		return -1;
	/* The next command, whichever it is, finds that nobody watches. */
	if (!is_possible())
		return note_watcher(host, &nobody, err);
	/* In this order: who is noted watches. To be told twice does no harm. */
	if (process_signal(pidfd, SIGUSR1, err) < 0)
		return -1;
	return note_watcher(host, supervisor, err);
}

int resolv_conf_keep_watch(const struct host *host, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = lock_servers(host, err);

	if (lock_fd < 0)
		return -1;
	if (resolv_conf_has_watcher(host))
		return 0;
	if (record_list(&host->state, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		struct process_identity supervisor;
		AUTO_FD int pidfd = find_candidate(host, names.items[i], &supervisor);

		if (pidfd >= 0)
			return appoint(host, pidfd, &supervisor, err);
	}
	return dismiss(host, err);
}
