/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/container.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "config/marks.h"
#include "lifecycle/ready.h"
#include "state/network_files.h"

#define LOCK_TIMEOUT_MS 30000
#define SUPERVISORS_MAX 4096 /* looked through for one whose record is lost */

void container_init(struct container *container, const char *name)
{
	*container = (struct container){
		.name = xstrdup(name),
		.lock_fd = -1,
		.directory_fd = -1,
		.control_fd = -1,
		.init_pidfd = -1,
		.supervisor_pidfd = -1,
		.output_fd = -1,
		.error_fd = -1,
		.log_dir_fd = -1,
		.log_fd = -1,
		.hooks = (struct hook_run)HOOK_RUN_INIT,
	};
}

void container_clear(struct container *container)
{
	free(container->name);
	free(container->former_parent);
	record_clear(&container->record);
	if (container->recorded)
		spec_clear(container->recorded);
	free(container->recorded);
	close_fd(&container->hooks.result_fd);
	close_fd(&container->control_fd);
	close_fd(&container->init_pidfd);
	close_fd(&container->supervisor_pidfd);
	close_fd(&container->output_fd);
	close_fd(&container->error_fd);
	close_fd(&container->log_dir_fd);
	close_fd(&container->log_fd);
	close_fd(&container->directory_fd);
	close_fd(&container->lock_fd);
}

bool container_is_to_start(const struct container *container)
{
	return !container->failed &&
	       (container->action == PLAN_START || container->action == PLAN_RENEW);
}

/* "cman-supervisor NAME ...": the supervisor of a container whose record is lost. */
static bool is_supervisor_of(pid_t pid, const char *name)
{
	char path[32], arguments[512];
	AUTO_FD int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, arguments, sizeof(arguments) - 1);
	if (length <= 0)
		return false;
	arguments[length] = '\0';
	return strcmp(arguments, "cman-supervisor") == 0 &&
	       strcmp(arguments + sizeof("cman-supervisor"), name) == 0;
}

static void find_supervisor(struct host *host, const char *name, struct process_identity *found)
{
	const struct cgroup_host *cgroup = host_cgroup(host, host->manager->cgroup_parent, NULL);
	pid_t pids[SUPERVISORS_MAX];
	size_t count = 0;

	if (!cgroup || cgroup_list_supervisors(cgroup, pids, SUPERVISORS_MAX, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (is_supervisor_of(pids[i], name))
			process_identify(pids[i], found, NULL);
}

/* A record for what cannot be read: everything may be there, under the names of today. */
static void assume_everything(struct host *host, struct container *container)
{
	struct record *record = &container->record;

	record_clear(record);
	record->name = xstrdup(container->name);
	record->phase = PHASE_CREATED;
	record->cgroup_parent = xstrdup(host->manager->cgroup_parent);
	container->any_step = true;
	find_supervisor(host, container->name, &record->supervisor);
}

/* Whether the kernel or a network knows a container of which there is no record. */
static bool has_traces(struct host *host, const char *name)
{
	const struct cgroup_host *cgroup = host_cgroup(host, host->manager->cgroup_parent, NULL);
	AUTO_STRLIST struct strlist networks = {0};
	bool found = cgroup && cgroup_exists(cgroup, name);

	if (found || network_record_list(&host->state, &networks, NULL) < 0)
		return found;
	for (size_t i = 0; i < networks.count && !found; i++) {
		AUTO_NETWORK_RECORD struct network_record network = {0};

		found = network_record_read(&host->state, networks.items[i], &network, NULL) == 1 &&
			network_record_drop(&network, name);
	}
	return found;
}

bool container_has_only_lock(int directory_fd)
{
	AUTO_STRLIST struct strlist files = {0};

	return fs_list_at(directory_fd, ".", &files, NULL) == 0 && files.count == 1 &&
	       strcmp(files.items[0], "lock") == 0;
}

static int lock(struct host *host, struct container *container, struct error *err)
{
	container->lock_fd = record_lock(&host->state, container->name,
					 host->never_waits ? 0 : LOCK_TIMEOUT_MS, err);
	if (container->lock_fd < 0)
		return -1;
	container->directory_fd = record_open_directory(&host->state, container->name, err);
	if (container->directory_fd >= 0 && record_take_over(container->directory_fd, err) == 0)
		return 0;
	/* Who holds the lock of a container without a record forgets it; nobody has looked for one. */
	if (container->directory_fd >= 0 && container_has_only_lock(container->directory_fd))
		container_forget(host, container, NULL);
	close_fd(&container->lock_fd);
	return -1;
}

int container_take(struct host *host, struct container *container, struct error *err)
{
	struct error read_error = {0};
	int rc;

	if (lock(host, container, err) < 0)
		return -1;
	rc = record_read(&host->state, container->name, &container->record, &read_error);
	if (rc < 0)
		log_warning("%s, cleaning up by its names", read_error.text);
	if (rc == 0 && has_traces(host, container->name)) {
		log_warning("the record of %s is lost, cleaning up by its names", container->name);
		rc = -1;
	}
	if (rc < 0)
		assume_everything(host, container);
	if (rc > 0 && container->record.cgroup_parent &&
	    strcmp(container->record.cgroup_parent, host->manager->cgroup_parent) != 0)
		container->former_parent = xstrdup(container->record.cgroup_parent);
	return 0;
}

int container_note(struct host *host, struct container *container, const char *step,
		   struct error *err)
{
	strlist_add(&container->record.steps, step);
	return record_write(&host->state, &container->record, err);
}

bool container_has_step(const struct container *container, const char *step)
{
	return container->any_step || strlist_contains(&container->record.steps, step);
}

static void add_interface(struct record *record, const struct interface *interface)
{
	char address[PARSE_TEXT_MAX], address6[PARSE_TEXT_MAX] = "";

	parse_format_ipv4(interface->ip, address);
	if (!IN6_IS_ADDR_UNSPECIFIED(&interface->ip6))
		parse_format_ipv6(&interface->ip6, address6);
	strlist_add_taken(&record->addresses,
			  xprintf("%s %s %s%s%s", interface->network, address, interface->name,
				  *address6 ? " " : "", address6));
	for (size_t i = 0; i < interface->port_count; i++) {
		char port[PARSE_TEXT_MAX];

		parse_format_port_forward(&interface->ports[i], port);
		strlist_add(&record->ports, port);
	}
}

void container_describe(const struct manager *manager, struct container *container)
{
	const struct spec *spec = container->spec;
	struct record *record = &container->record;

	strlist_clear(&record->marks);
	strlist_clear(&record->addresses);
	strlist_clear(&record->ports);
	record->stop_signal = spec->stop_signal;
	record->stop_timeout_ms = spec->stop_timeout_ms;
	strlist_copy(&record->needs, &spec->depends_on);
	strlist_copy(&record->after, &spec->after);
	strlist_copy(&record->groups, &spec->groups);
	record->unless_stopped = spec->restart.policy == RESTART_UNLESS_STOPPED;
	record_set_memory_limit(record, spec);
	ready_describe_container(spec, record);
	spec_list_marks(spec, &record->marks);
	if (record->transient)
		strlist_add(&record->marks, mark_names[MARK_TRANSIENT]);
	record_set_sources(record, manager, spec);
	for (size_t i = 0; i < spec->interface_count; i++)
		add_interface(record, &spec->interfaces[i]);
}

void container_expect_supervisor_end(struct container *container)
{
	const struct process_identity *supervisor = &container->record.supervisor;

	/* `cman finish` is what the supervisor has become: it cannot wait for itself. */
	if (container->supervisor_pidfd < 0 && supervisor->pid != getpid())
		container->supervisor_pidfd = process_open(supervisor, NULL);
	/* It waits for the time of a restart that will not be. */
	if (container->record.phase == PHASE_RESTARTING && container->supervisor_pidfd >= 0)
		process_signal(container->supervisor_pidfd, SIGTERM, NULL);
}

static bool stays(const struct container *container, const char *file)
{
	if (strcmp(file, "lock") == 0)
		return true;
	return container->keep_exit && (strcmp(file, "record") == 0 || strcmp(file, "exit") == 0);
}

int container_empty(struct host *host, struct container *container, struct error *err)
{
	AUTO_STRLIST struct strlist files = {0};
	struct record *record = &container->record;

	if (fs_list_at(container->directory_fd, ".", &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++)
		if (!stays(container, files.items[i]) &&
		    fs_remove_tree_at(container->directory_fd, files.items[i], err) < 0)
			return -1;
	if (!container->keep_exit) {
		record_clear(record);
		return 0;
	}
	strlist_clear(&record->steps);
	record->phase = PHASE_STOPPED;
	record->paused_at = 0;
	return record_write(&host->state, record, err);
}

int container_forget(struct host *host, struct container *container, struct error *err)
{
	close_fd(&container->directory_fd);
	record_clear(&container->record);
	if (record_remove(&host->state, container->name, err) < 0)
		return -1;
	close_fd(&container->lock_fd);
	return 0;
}

const char *container_where(const struct container *container, const char *key, char *out,
			    size_t size)
{
	struct location location = {0};

	if (container->spec)
		location = origin_find(&container->spec->origins, key);
	if (location.line)
		snprintf(out, size, " (%s:%u)", location.file, location.line);
	else
		out[0] = '\0';
	return out;
}

int container_tell_place(const struct spec *spec, struct error *err)
{
	AUTO_FREE char *key = xprintf("%.*s", (int)strcspn(err->text, ":"), err->text);
	struct location at = origin_find(&spec->origins, key);

	if (at.line && (text_starts_with(key, "limits.") || text_starts_with(key, "security.")))
		error_wrap(err, "%s:%u", at.file, at.line);
	return -1;
}
