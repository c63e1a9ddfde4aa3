/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_v2.c: what differs on v2: Documentation/admin-guide/cgroup-v2.rst. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/fs.h"
#include "base/process.h"

size_t cgroup_v2_settings(const struct limits *limits, struct cgroup_setting out[CGROUP_SETTING_MAX])
{
	struct cgroup_setting pids = {
		.key = "limits.pids", .controller = "pids", .file = "pids.max", .value = "max"};
	struct cgroup_setting memory = {.key = "limits.memory",
					.controller = "memory",
					.file = "memory.max",
					.value = "max",
					.shown = "max"};
	struct cgroup_setting cpu = {.key = "limits.cpus", .controller = "cpu", .file = "cpu.max"};

	pids.initial = limits->pids == LIMIT_MAX;
	if (!pids.initial)
		snprintf(pids.value, sizeof(pids.value), "%" PRIu64, limits->pids);
	memcpy(pids.shown, pids.value, sizeof(pids.shown));
	memory.initial = limits->memory == LIMIT_MAX;
	if (!memory.initial) {
		snprintf(memory.value, sizeof(memory.value), "%" PRIu64, limits->memory);
		snprintf(memory.shown, sizeof(memory.shown), "%" PRIu64,
			 cgroup_round_memory(limits->memory));
	}
	cpu.initial = limits->cpu_quota_us == LIMIT_MAX;
	if (cpu.initial)
		snprintf(cpu.value, sizeof(cpu.value), "max %d", CPU_PERIOD_US);
	else
		snprintf(cpu.value, sizeof(cpu.value), "%" PRIu64 " %d", limits->cpu_quota_us,
			 CPU_PERIOD_US);
	memcpy(cpu.shown, cpu.value, sizeof(cpu.shown));
	out[0] = pids;
	out[1] = memory;
	out[2] = cpu;
	return 3;
}

/* The controllers to enable, and the keys that need them. */
static const struct {
	const char *name, *key;
} controllers[] = {
	{"pids", "limits.pids"},
	{"memory", "limits.memory"},
	{"cpu", "limits.cpus"}, /* up to here LIMITING */
	{"io", NULL},
	{"cpuset", NULL},
};
#define LIMITING   3
#define BIT(index) (1u << (index))

/* Reads a space-separated list of controllers as a set of bits. */
static int read_set(int fd, const char *directory, const char *file, unsigned int *set,
		    struct error *err)
{
	char path[CGROUP_PATH_SIZE], line[1024], *position = NULL;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	if (fs_read_line_at(fd, path, line, sizeof(line), err) < 0)
		return -1;
	*set = 0;
	for (char *name = strtok_r(line, " ", &position); name;
	     name = strtok_r(NULL, " ", &position))
		for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++)
			if (strcmp(name, controllers[i].name) == 0)
				*set |= BIT(i);
	return 0;
}

static int write_set(int fd, const char *directory, unsigned int set, struct error *err)
{
	char path[CGROUP_PATH_SIZE], line[128];
	size_t length = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++)
		if (set & BIT(i))
			length += (size_t)snprintf(line + length, sizeof(line) - length, "%s+%s",
						   length ? " " : "", controllers[i].name);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", directory);
	return fs_write_at(fd, path, line, err);
}

/* Says why the kernel does not enable a controller; reason is that of the write. */
static int explain_refusal(unsigned int index, const struct error *reason, struct error *err)
{
	cgroup_fail(err, reason);
	if (reason->code == EBUSY || reason->code == EOPNOTSUPP)
		error_hint(err, "there are processes in that cgroup itself, and v2 wants them in the "
				"leaves only: move them into a sub-cgroup first");
	if (reason->code == EINVAL)
		error_hint(err, "real-time processes outside the root cgroup may be in the way "
				"(CONFIG_RT_GROUP_SCHED)");
	return error_wrap(err, "%s: enable the %s controller", controllers[index].key,
			  controllers[index].name);
}

/* Enables what directory offers for its children. */
static int enable_in(const struct cgroup_host *host, const char *directory, unsigned int wanted,
		     unsigned int needed, struct error *err)
{
	int fd = host->hierarchies[0].fd;
	unsigned int offered, enabled, missing;
	struct error reason;
	bool one_by_one;

	if (read_set(fd, directory, "cgroup.controllers", &offered, err) < 0 ||
	    read_set(fd, directory, "cgroup.subtree_control", &enabled, err) < 0)
		return -1;
	for (unsigned int i = 0; i < LIMITING; i++)
		if (needed & ~offered & BIT(i))
			return cgroup_missing(host, controllers[i].key, controllers[i].name, err);
	missing = wanted & offered & ~enabled;
	if (missing == 0 || write_set(fd, directory, missing, &reason) == 0)
		return 0;
	/*
	 * All or nothing: one that refuses (cpu with real-time tasks) must not keep the others.
	 * But where processes are in the way nothing may be enabled: pids and cpu alone would
	 * succeed, and turn the place into a threaded one that can have no containers.
	 */
	one_by_one = reason.code != EBUSY && reason.code != EOPNOTSUPP;
	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (!(missing & BIT(i)) ||
		    (one_by_one && write_set(fd, directory, BIT(i), &reason) == 0))
			continue;
		if (needed & BIT(i))
			return explain_refusal(i, &reason, err);
	}
	return 0;
}

int cgroup_v2_enable(const struct cgroup_host *host, const struct limits *limits, struct error *err)
{
	const uint64_t values[LIMITING] = {limits->pids, limits->memory, limits->cpu_quota_us};
	unsigned int ours = 0, needed = 0, enabled;
	char path[sizeof(host->parent)];

	for (unsigned int i = 0; i < LIMITING; i++) {
		if (cgroup_find(host, controllers[i].name) != &host->hierarchies[0])
			continue; /* v1 has it */
		ours |= BIT(i);
		if (values[i] != LIMIT_MAX)
			needed |= BIT(i);
	}
	if (ours == 0)
		return 0;
	if (read_set(host->hierarchies[0].fd, host->parent, "cgroup.subtree_control", &enabled,
		     err) < 0)
		return -1;
	if ((enabled & ours) == ours)
		return 0;
	for (unsigned int i = LIMITING; i < ARRAY_SIZE(controllers); i++)
		ours |= BIT(i);
	if (enable_in(host, ".", ours, needed, err) < 0)
		return error_wrap(err, "cgroup root");
	memcpy(path, host->parent, sizeof(path));
	for (char *slash = path;; slash++) {
		char end;

		slash += strcspn(slash, "/");
		end = *slash;
		*slash = '\0';
		if (enable_in(host, path, ours, needed, err) < 0)
			return error_wrap(err, "cgroup %s", path);
		if (end == '\0')
			return 0;
		*slash = end;
	}
}

/* Reads "populated" from an open cgroup.events. ENODEV: the cgroup was removed meanwhile. */
static int read_populated(int events_fd, const char *file, struct error *err)
{
	char text[256];
	const char *found;
	ssize_t count = pread(events_fd, text, sizeof(text) - 1, 0);

	if (count < 0 && errno == ENODEV)
		return 0;
	if (count < 0)
		return error_set(err, errno, "read %s", file);
	text[count] = '\0';
	found = strstr(text, "populated ");
	if (!found)
		return error_set(err, EPROTO, "%s", file);
	return found[strlen("populated ")] == '1';
}

int cgroup_v2_wait_empty(const struct cgroup_hierarchy *hierarchy, const char *path,
			 uint64_t deadline, struct error *err)
{
	char file[CGROUP_PATH_SIZE];
	AUTO_FD int fd = -1;

	snprintf(file, sizeof(file), "%s/cgroup.events", path);
	fd = openat(hierarchy->fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_set(err, errno, "open %s", file);
	for (;;) {
		/* A change shows as POLLPRI; the file as such is always readable. */
		struct pollfd changed = {.fd = fd, .events = POLLPRI};
		int populated = read_populated(fd, file, err);
		int left = cgroup_time_left(deadline);

		if (populated < 0)
			return -1;
		if (!populated)
			return 1;
		if (left == 0)
			return 0;
		if (poll(&changed, 1, left) < 0 && errno != EINTR)
			return error_set(err, errno, "poll %s", file);
	}
}
