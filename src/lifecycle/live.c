/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/live.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "kernel/device.h"
#include "kernel/rebind.h"
#include "kernel/rlimit.h"
#include "kernel/rootfs.h"
#include "kernel/uts.h"
#include "kernel/volume.h"
#include "lifecycle/hosts_file.h"
#include "lifecycle/live_network.h"
#include "lifecycle/resolv_conf.h"
#include "lifecycle/steps.h"
#include "lifecycle/supervisor.h"
#include "lifecycle/sysctls.h"

/* How often what is forked meanwhile is looked for: each time there is less of it. */
#define ROUNDS_MAX 32

/* ---- keys ---- */

/* The first one that a key is, or begins with, counts. */
static const struct {
	const char *key;
	unsigned int parts;
} parts_of_keys[] = {
	{"description", LIVE_RECORD},
	{"labels", LIVE_RECORD},
	{"stop_signal", LIVE_SUPERVISOR},
	{"log", LIVE_SUPERVISOR},
	{"stop_timeout", LIVE_RECORD | LIVE_SUPERVISOR},
	{"ready", LIVE_RECORD},
	{"health.command", LIVE_SUPERVISOR},
	{"health.interval", LIVE_SUPERVISOR},
	{"health", LIVE_RECORD}, /* each check reads what was recorded */
	{"hooks", LIVE_RECORD},
	{"restart", LIVE_RECORD},
	{"security.sysctls", LIVE_SYSCTLS},
	{"security.devices", LIVE_DEVICES},
	{"limits.nofile", LIVE_PROCESSES},
	{"limits.ulimits", LIVE_PROCESSES},
	{"limits.oom_score_adj", LIVE_PROCESSES},
	/* What a file was before somebody wrote to it is not known. */
	{"limits.raw", 0},
	{"limits", LIVE_CGROUP},
	{"mounts[].size", LIVE_MOUNTS},
	/* Siblings know it by that name, too. */
	{"hostname", LIVE_HOSTNAME | LIVE_HOSTS | LIVE_NETWORK},
	/* Who may not call everything may ask these servers. */
	{"dns", LIVE_RESOLV | LIVE_NETWORK},
	{"dns_search", LIVE_RESOLV},
	{"dns_options", LIVE_RESOLV},
	{"extra_hosts", LIVE_HOSTS | LIVE_NETWORK},
	/* Whether servers with IPv6 addresses can be asked follows from the routes. */
	{"net", LIVE_NETWORK | LIVE_HOSTS | LIVE_RESOLV},
};

/* Whether path, with "[1]" in it, is the key, with "[]" or without, or below it. */
static bool is_at_or_below(const char *path, const char *key)
{
	while (*key) {
		if (*path == '[' && *key == '[') {
			path += strcspn(path, "]");
			key++;
		} else if (*path == '[') {
			path += strcspn(path, "]") + 1;
			continue;
		} else if (*path != *key) {
			return false;
		}
		path++;
		key++;
	}
	return *path == '\0' || *path == '.' || *path == '[';
}

unsigned int live_parts_of_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts_of_keys); i++)
		if (is_at_or_below(key, parts_of_keys[i].key))
			return parts_of_keys[i].parts;
	return 0;
}

unsigned int live_parts(const struct changes *changes)
{
	unsigned int parts = 0;

	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].class != CHANGE_NONE)
			parts |= live_parts_of_key(changes->items[i].key);
	return parts;
}

bool live_needs_commit(const struct live *live)
{
	return (live->parts & LIVE_NETWORK) && (live->from->interface_count > 0 ||
						live->container->spec->interface_count > 0);
}

/* "limits.nofile (FILE:LINE): reason" */
static int wrap_key(const struct live *live, const char *key, struct error *err)
{
	char where[512];

	return error_wrap(err, "%s%s", key,
			  container_where(live->container, key, where, sizeof(where)));
}

/* ---- limits ---- */

static int set_cgroup(struct host *host, const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	const struct cgroup_host *cgroup = host_cgroup(host, container->record.cgroup_parent, err);

	if (!cgroup)
		return -1;
	if (cgroup_set_limits(cgroup, container->name, &container->spec->limits, err) == 0)
		return 0;
	return container_tell_place(container->spec, err);
}

static bool has_ended(const struct error *err)
{
	return err->code == ESRCH || err->code == ENOENT;
}

static int set_process(const struct live *live, pid_t pid, struct error *err)
{
	const struct limits *from = &live->from->limits, *to = &live->container->spec->limits;
	const char *key = "limits.ulimits";
	struct error reason;

	if (rlimit_change(pid, from, to, &key, &reason) < 0 ||
	    (key = "limits.oom_score_adj",
	     from->oom_score_adj != to->oom_score_adj &&
		     rlimit_set_oom_score_adj(pid, to->oom_score_adj, &reason) < 0)) {
		if (has_ended(&reason))
			return 0;
		*err = reason;
		return wrap_key(live, key, err);
	}
	return 0;
}

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/*
 * A child has the limits its parent had when it was forked: what was not there at the last look may have
 * old ones.
 */
static int set_processes(struct host *host, const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	const struct cgroup_host *cgroup = host_cgroup(host, container->record.cgroup_parent, err);
	AUTO_FREE pid_t *known = NULL;
	size_t known_count = 0;
	bool any_new = cgroup != NULL;

	for (int round = 0; round < ROUNDS_MAX && any_new; round++) {
		AUTO_FREE pid_t *pids = NULL;
		size_t count;

		any_new = false;
		if (cgroup_list(cgroup, container->name, &pids, &count, err) < 0)
			return -1;
		for (size_t i = 0; i < count; i++) {
			if (pids[i] <= 0 || is_among(pids[i], known, known_count))
				continue;
			any_new = true;
			if (set_process(live, pids[i], err) < 0)
				return -1;
		}
		free(known);
		known = take_pointer(&pids);
		known_count = count;
	}
	if (any_new)
		return error_set(err, EAGAIN, "it forks faster than limits can be set");
	return cgroup ? 0 : -1;
}

/* ---- devices ---- */

/* On the way back it gets those that the host still has. */
static size_t list_devices(const struct live *live, struct device *out)
{
	const struct security *security = &live->container->spec->security;
	size_t count = 0;

	for (size_t i = 0; i < security->device_count; i++)
		if (!live->back || fs_exists_at(AT_FDCWD, security->devices[i].path))
			out[count++] = security->devices[i];
	return count;
}

static int set_devices(struct host *host, const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	const struct cgroup_host *cgroup = host_cgroup(host, container->record.cgroup_parent, err);
	struct security security = container->spec->security;
	struct device devices[DEVICES_MAX];
	struct device_policy policy;

	if (!cgroup)
		return -1;
	security.devices = devices;
	security.device_count = list_devices(live, devices);
	if (device_policy_make(&security, &policy, err) < 0)
		return container_tell_place(container->spec, err);
	/* As at its start: where nothing asks for devices a user namespace keeps it from them. */
	if (cgroup_change_devices(cgroup, container->name, &policy, err) < 0 &&
	    (err->code != ENOTSUP || policy.required))
		return container_tell_place(container->spec, err);
	error_clear(err);
	if (device_change_nodes(container->record.init.pid, &policy, &live->from->security, err) < 0)
		return container_tell_place(container->spec, err);
	return 0;
}

/* ---- files ---- */

static const struct mount *find_tmpfs(const struct spec *spec, const char *target)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].type == MOUNT_TMPFS &&
		    strcmp(spec->mounts[i].target, target) == 0)
			return &spec->mounts[i];
	return NULL;
}

static int set_mounts(struct host *host, const struct live *live, struct error *err)
{
	const struct spec *to = live->container->spec;

	(void)host;
	for (size_t i = 0; i < to->mount_count; i++) {
		const struct mount *mount = &to->mounts[i];
		const struct mount *before = mount->type == MOUNT_TMPFS
						     ? find_tmpfs(live->from, mount->target)
						     : NULL;
		char key[64];

		if (!before || before->size == mount->size)
			continue;
		snprintf(key, sizeof(key), "mounts[%zu].size", i);
		if (volume_resize(live->container->record.init.pid, mount->target, mount->size,
				  err) < 0)
			return wrap_key(live, key, err);
	}
	return 0;
}

static int set_hostname(struct host *host, const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	AUTO_TEXT struct text text = {0};

	if (strcmp(live->from->hostname, container->spec->hostname) == 0)
		return 0;
	if (files_generate(host->manager, container->spec, "hostname", &text, err) < 0 ||
	    uts_set_hostname(container->record.init.pid, container->spec->hostname, err) < 0 ||
	    fs_rewrite_at(container->directory_fd, "hostname", text_value(&text), text.length, 0644,
			  err) < 0)
		return wrap_key(live, "hostname", err);
	return 0;
}

static int set_resolv(struct host *host, const struct live *live, struct error *err)
{
	return resolv_conf_make(host, live->container, err) < 0 ? wrap_key(live, "dns", err) : 0;
}

/* Its own hosts file; what siblings add to it comes with the commit. */
static int set_own_hosts(struct host *host, const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	mode_t caller_umask;
	int rc;

	if (!hosts_file_is_own(container->spec, host->manager))
		return 0;
	caller_umask = umask(0022);
	rc = hosts_file_make_own(container->directory_fd, container->spec, host->manager, err);
	umask(caller_umask);
	return rc < 0 ? wrap_key(live, "extra_hosts", err) : 0;
}

static int set_network(struct host *host, const struct live *live, struct error *err)
{
	return live_network_begin(host, live->container, live->from, err);
}

/* One that has died reads the file when it is replaced. */
static int set_supervisor(struct host *host, const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	struct error reason;

	(void)host;
	if (supervisor_settings_write(container->directory_fd, container->spec, err) < 0)
		return -1;
	if (supervisor_tell(&container->record, &reason) == 0 || reason.code == ESRCH)
		return 0;
	*err = reason;
	return -1;
}

/* ---- which hosts file it sees ---- */

static bool is_same_hosts(const struct host *host, const struct spec *one, const struct spec *other)
{
	const bool own = hosts_file_is_own(one, host->manager);

	if (own != hosts_file_is_own(other, host->manager))
		return false;
	return own || strcmp(one->interfaces[0].network, other->interfaces[0].network) == 0;
}

/* The file that was bound; with its network it may have gone, and is an orphan in the container. */
static bool find_bound(struct host *host, const struct live *live, struct stat *was)
{
	const bool own = hosts_file_is_own(live->from, host->manager);
	AUTO_FREE char *path = own ? xstrdup("hosts")
				   : xprintf("%s/hosts", live->from->interfaces[0].network);

	return fstatat(own ? live->container->directory_fd : host->state.networks_fd, path, was,
		       AT_SYMLINK_NOFOLLOW) == 0;
}

static int show_hosts(struct host *host, const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	AUTO_FD int directory_fd = -1, file_fd = -1;
	struct stat was;
	bool known;

	if (is_same_hosts(host, live->from, container->spec))
		return 0;
	known = find_bound(host, live, &was);
	directory_fd = hosts_file_open_directory(&host->state, host->manager, container->spec,
						 container->directory_fd, err);
	file_fd = directory_fd < 0 ? -1 : rootfs_open_file(directory_fd, "hosts", err);
	if (file_fd < 0)
		return -1;
	return rebind_other_file(container->record.init.pid, file_fd, known ? &was : NULL, "hosts",
				 err);
}

/* ---- switches of its network namespace ---- */

/* Those of a link go with it: also where they stay as they are. */
static bool needs_sysctls(const struct live *live)
{
	return (live->parts & LIVE_SYSCTLS) ||
	       ((live->parts & LIVE_NETWORK) && live->container->spec->security.sysctls.count > 0);
}

static int set_sysctls(const struct live *live, struct error *err)
{
	const struct container *container = live->container;
	char key[64];
	size_t index;

	if (sysctls_change(container->record.init.pid, container->directory_fd, live->from,
			   container->spec, &index, err) == 0)
		return 0;
	snprintf(key, sizeof(key), "security.sysctls[%zu]", index);
	return wrap_key(live, key, err);
}

/* ---- all of it ---- */

/* In this order: limits first, for these are refused most often; the network records read resolv.conf. */
static const struct {
	enum live_part part;
	int (*begin)(struct host *host, const struct live *live, struct error *err);
} halves[] = {
	{LIVE_CGROUP, set_cgroup},     {LIVE_PROCESSES, set_processes}, {LIVE_MOUNTS, set_mounts},
	{LIVE_DEVICES, set_devices},   {LIVE_HOSTNAME, set_hostname},   {LIVE_RESOLV, set_resolv},
	{LIVE_HOSTS, set_own_hosts},   {LIVE_NETWORK, set_network},
	{LIVE_SUPERVISOR, set_supervisor},
};

int live_begin(struct host *host, const struct live *live, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
		if ((live->parts & halves[i].part) && halves[i].begin(host, live, err) < 0)
			return -1;
	return 0;
}

int live_finish(struct host *host, const struct live *live, struct error *err)
{
	if ((live->parts & LIVE_HOSTS) && show_hosts(host, live, err) < 0)
		return wrap_key(live, "extra_hosts", err);
	if ((live->parts & LIVE_NETWORK) &&
	    live_network_finish(host, live->container, live->from, err) < 0)
		return -1;
	return needs_sysctls(live) ? set_sysctls(live, err) : 0;
}

int live_settle(struct host *host, const struct live *live, struct error *err)
{
	if ((live->parts & LIVE_SYSCTLS) && sysctls_forget(live->container->directory_fd, err) < 0)
		return -1;
	/* `cman refresh` goes by the spec on disk. */
	return live->parts & LIVE_RESOLV ? set_resolv(host, live, err) : 0;
}
