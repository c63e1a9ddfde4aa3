/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_freeze.c: stopping all processes of a cgroup where they stand, and letting them go on. */
#include "kernel/cgroup_internal.h"

#include <poll.h>
#include <string.h>

#include "base/fs.h"

/* v1 has no event for it, and as long as not all are frozen it tries again when it is read. */
static int wait_v1(const struct cgroup_hierarchy *hierarchy, const char *file, const char *wanted,
		   uint64_t deadline, struct error *err)
{
	char state[32];

	for (;;) {
		if (fs_read_line_at(hierarchy->fd, file, state, sizeof(state), err) < 0)
			return -1;
		if (strcmp(state, wanted) == 0)
			return 1;
		if (cgroup_time_left(deadline) == 0)
			return 0;
		poll(NULL, 0, 1);
	}
}

static int set_frozen(const struct cgroup_host *host, const char *name, bool frozen,
		      uint64_t deadline, struct error *err)
{
	const struct cgroup_hierarchy *hierarchy = cgroup_find(host, "freezer");
	char path[CGROUP_PATH_SIZE], file[CGROUP_PATH_SIZE];

	if (!hierarchy)
		return cgroup_missing(host, "cman pause", "freezer", err);
	cgroup_path(host, name, NULL, path);
	cgroup_path(host, name, hierarchy->v2 ? "cgroup.freeze" : "freezer.state", file);
	if (hierarchy->v2) {
		if (fs_write_at(hierarchy->fd, file, frozen ? "1" : "0", err) < 0)
			return -1;
		return cgroup_v2_wait_event(hierarchy, path, "frozen", frozen, deadline, err);
	}
	if (fs_write_at(hierarchy->fd, file, frozen ? "FROZEN" : "THAWED", err) < 0)
		return -1;
	return wait_v1(hierarchy, file, frozen ? "FROZEN" : "THAWED", deadline, err);
}

int cgroup_freeze(const struct cgroup_host *host, const char *name, bool frozen, int timeout_ms,
		  struct error *err)
{
	int rc = set_frozen(host, name, frozen, cgroup_deadline(timeout_ms), err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	error_set(err, ETIMEDOUT, "not all of its processes %s",
		  frozen ? "could be stopped" : "went on");
	return error_hint(err, "a process in state D (see ps) waits for a device or a file server");
}
