/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_kill.c: emptying cgroups and taking them away. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "base/process.h"

#define PROCESS_LIST_LIMIT (64u << 20) /* bytes of cgroup.procs */
#define KILL_BATCH         256         /* pidfds open at a time */
#define SETTLE_MS          1000        /* for the last steps of tasks that are exiting */

/* v1 has no event for "is empty now", nor has rmdir(2) for "would succeed now". */
static void pause_briefly(void)
{
	poll(NULL, 0, 1);
}

/* A directory to read, with an fd of its own. NULL and errno. */
static DIR *open_to_read(int fd)
{
	int own_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own_fd < 0 ? NULL : fdopendir(own_fd);

	if (!dir)
		close_fd(&own_fd);
	return dir;
}

/* The name of the next sub-cgroup, or NULL: errno tells whether it is the end (0). */
static const char *next_child(DIR *dir)
{
	struct dirent *entry;

	while ((errno = 0, entry = readdir(dir)) != NULL)
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	return NULL;
}

/* The name of one sub-cgroup: 1, or 0 when there is none, -1. */
static int first_child(int fd, char name[NAME_MAX + 1], struct error *err)
{
	AUTO_DIR DIR *dir = open_to_read(fd);
	const char *found = dir ? next_child(dir) : NULL;

	if (!found)
		return errno == 0 || errno == ENOENT ? 0 : error_set(err, errno, "read cgroup");
	snprintf(name, NAME_MAX + 1, "%s", found);
	return 1;
}

/*
 * Empties an open cgroup of its sub-cgroups, the deepest first, with one fd however deep the
 * payload nested them: down into the first child there is, up again when there is none left.
 */
static int remove_children(int *fd, const char *path, struct error *err)
{
	char name[NAME_MAX + 1];
	bool was_inside = false;
	int depth = 0;

	for (;;) {
		int found = first_child(*fd, name, err), next;

		if (found < 0)
			return -1;
		if (!found && depth == 0)
			return 0;
		if (found && (unlinkat(*fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)) {
			was_inside = false;
			continue;
		}
		if (found && (errno != EBUSY || was_inside))
			return error_set(err, errno, "remove cgroup %s: below it, %s", path, name);
		next = openat(*fd, found ? name : "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return error_set(err, errno, "remove cgroup %s", path);
		close_fd(fd);
		*fd = next;
		depth += found ? 1 : -1;
		was_inside = !found;
	}
}

int cgroup_remove_tree(const struct cgroup_hierarchy *hierarchy, const char *path, struct error *err)
{
	AUTO_FD int fd = -1;

	if (unlinkat(hierarchy->fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == EBUSY) {
		fd = openat(hierarchy->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			return error_set(err, errno, "open cgroup %s", path);
		if (fd >= 0 && remove_children(&fd, path, err) < 0)
			return -1;
		if (unlinkat(hierarchy->fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
	}
	return error_set(err, errno, "remove cgroup %s", path);
}

static int list_below(int fd, pid_t *pids, int size, int count, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	AUTO_DIR DIR *dir = NULL;
	struct error reason;
	const char *name;

	if (fs_read_at(fd, "cgroup.procs", PROCESS_LIST_LIMIT, &text, &reason) < 0 &&
	    /* Gone meanwhile; or threaded, and listed by the cgroup above. */
	    reason.code != ENOENT && reason.code != ENODEV && reason.code != EOPNOTSUPP)
		return cgroup_fail(err, &reason);
	for (char *line = text.data; line && *line && count < size;) {
		pids[count++] = (pid_t)strtol(line, &line, 10);
		line += *line == '\n';
	}
	dir = open_to_read(fd);
	if (!dir)
		return errno == ENOENT ? count : error_set(err, errno, "read cgroup");
	while (count < size && (name = next_child(dir)) != NULL) {
		AUTO_FD int child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (child < 0 && errno == ENOENT)
			continue;
		if (child < 0)
			return error_set(err, errno, "open cgroup %s", name);
		count = list_below(child, pids, size, count, err);
		if (count < 0)
			return -1;
		errno = 0;
	}
	return count == size || errno == 0 ? count : error_set(err, errno, "read cgroup");
}

int cgroup_list_processes(const struct cgroup_hierarchy *hierarchy, const char *path, pid_t *pids,
			  int size, struct error *err)
{
	AUTO_FD int fd = openat(hierarchy->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set(err, errno, "open cgroup %s", path);
	return list_below(fd, pids, size, 0, err);
}

/* The time is up: names some of those that did not go, if there are any. */
static int survivors(const struct cgroup_hierarchy *hierarchy, const char *path, struct error *err)
{
	pid_t pids[8];
	char list[128] = "";
	int count = cgroup_list_processes(hierarchy, path, pids, ARRAY_SIZE(pids), err);

	if (count <= 0)
		return count;
	for (int i = 0; i < count; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %d", (int)pids[i]);
	error_set(err, 0, "cgroup %s: alive after SIGKILL:%s", path, list);
	if (err)
		err->code = ETIMEDOUT;
	return error_hint(err, "a process in state D (see ps) waits for a device or a file server "
			       "and dies when that answers");
}

/* Kills one batch and waits for its end. How many there were, of which *killed got a signal. */
static int kill_batch(const struct cgroup_hierarchy *hierarchy, const char *path, uint64_t deadline,
		      int *killed, struct error *err)
{
	pid_t pids[KILL_BATCH];
	int pidfds[KILL_BATCH], result = 0;
	int count = cgroup_list_processes(hierarchy, path, pids, KILL_BATCH, err);

	*killed = 0;
	for (int i = 0; i < count; i++) {
		AUTO_FD int pidfd = pids[i] > 0 ? (int)syscall(SYS_pidfd_open, pids[i], 0) : -1;

		/* Its number may have passed on between list and pidfd: ask again with it held. */
		if (pidfd < 0 || !cgroup_holds(hierarchy, path, pids[i]))
			continue;
		if (process_signal(pidfd, SIGKILL, err) < 0) {
			result = -1;
			break;
		}
		pidfds[(*killed)++] = take_fd(&pidfd);
	}
	for (int i = 0; i < *killed; i++) {
		if (result == 0 && process_wait_ended(pidfds[i], cgroup_time_left(deadline), err) < 0)
			result = -1;
		close_fd(&pidfds[i]);
	}
	return result < 0 ? -1 : count;
}

/* A frozen process dies when it is thawed, on v1. */
static void thaw_v1(const struct cgroup_host *host, const char *name)
{
	const struct cgroup_hierarchy *freezer = cgroup_find(host, "freezer");
	char file[CGROUP_PATH_SIZE];

	cgroup_path(host, name, "freezer.state", file);
	if (freezer && !freezer->v2)
		fs_write_at(freezer->fd, file, "THAWED", NULL);
}

int cgroup_kill_by_signals(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			   const char *name, uint64_t deadline, struct error *err)
{
	const struct cgroup_hierarchy *pids = cgroup_find(host, "pids");
	char path[CGROUP_PATH_SIZE], file[CGROUP_PATH_SIZE];
	struct error reason;

	thaw_v1(host, name);
	cgroup_path(host, name, NULL, path);
	cgroup_path(host, name, "pids.max", file);
	/*
	 * From here on every fork fails, so that the list can only become shorter. Better than
	 * the freezer, which lets a fork that is under way slip through at the thaw.
	 */
	if (pids && fs_write_at(pids->fd, file, "0", &reason) < 0 && reason.code != ENOENT)
		return cgroup_fail(err, &reason);
	for (;;) {
		int killed, count = kill_batch(hierarchy, path, deadline, &killed, err);

		if (count <= 0)
			return count;
		if (cgroup_time_left(deadline) == 0)
			return survivors(hierarchy, path, err);
		if (killed == 0)
			pause_briefly();
	}
}

static int kill_until(const struct cgroup_host *host, const char *name, uint64_t deadline,
		      struct error *err)
{
	const struct cgroup_hierarchy *hierarchy = &host->hierarchies[0];
	char path[CGROUP_PATH_SIZE], file[CGROUP_PATH_SIZE];
	struct error reason;
	int killed, empty;

	if (!hierarchy->v2)
		return cgroup_kill_by_signals(host, hierarchy, name, deadline, err);
	cgroup_path(host, name, NULL, path);
	cgroup_path(host, name, "cgroup.kill", file);
	if (fs_write_at(hierarchy->fd, file, "1", &reason) < 0) {
		if (reason.code == ENODEV || !fs_exists_at(hierarchy->fd, path))
			return 0;
		if (reason.code == ENOENT) /* Linux before 5.14 */
			return cgroup_kill_by_signals(host, hierarchy, name, deadline, err);
		return cgroup_fail(err, &reason);
	}
	/*
	 * cgroup.events alone tells the truth, but the kernel lets 10 ms pass between two of
	 * them, and the first may just have been. Waiting for the processes first has no such
	 * delay; where that fails, it is only the delay.
	 */
	kill_batch(hierarchy, path, deadline, &killed, NULL);
	empty = cgroup_v2_wait_event(hierarchy, path, "populated", false, deadline, err);
	return empty == 0 ? survivors(hierarchy, path, err) : empty < 0 ? -1 : 0;
}

int cgroup_kill(const struct cgroup_host *host, const char *name, int timeout_ms, struct error *err)
{
	return host->count > 0 ? kill_until(host, name, cgroup_deadline(timeout_ms), err) : 0;
}

/* Where tasks have just ended, v1 says EBUSY for a moment, and no event tells its end. */
static int remove_settled(const struct cgroup_hierarchy *hierarchy, const char *path,
			  struct error *err)
{
	uint64_t settled = cgroup_deadline(SETTLE_MS);
	struct error reason;

	while (cgroup_remove_tree(hierarchy, path, &reason) < 0) {
		if (reason.code != EBUSY || cgroup_time_left(settled) == 0)
			return cgroup_fail(err, &reason);
		pause_briefly();
	}
	return 0;
}

/* Removes PARENT/NAME in one hierarchy, killing only where that is what it takes. */
static int remove_in(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		     const char *name, uint64_t deadline, struct error *err)
{
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, NULL, path);
	if (unlinkat(hierarchy->fd, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	/* In the others there is only what somebody moved there on its own. */
	if ((hierarchy == &host->hierarchies[0]
		     ? kill_until(host, name, deadline, err)
		     : cgroup_kill_by_signals(host, hierarchy, name, deadline, err)) < 0)
		return -1;
	return remove_settled(hierarchy, path, err);
}

int cgroup_remove(const struct cgroup_host *host, const char *name, int timeout_ms,
		  struct error *err)
{
	uint64_t deadline = cgroup_deadline(timeout_ms);

	for (int i = 0; i < host->count; i++)
		if (remove_in(host, &host->hierarchies[i], name, deadline, err) < 0)
			return -1;
	/* A promise that is not taken back goes to the siblings: no reason to fail here. */
	cgroup_v2_sum_memory_low(host, false, NULL);
	return 0;
}

int cgroup_remove_below(const struct cgroup_host *host, const char *name, const char *below,
			int timeout_ms, struct error *err)
{
	AUTO_FREE char *inner = xprintf("%s/%s", name, below);

	if (host->count == 0)
		return 0;
	return remove_in(host, &host->hierarchies[0], inner, cgroup_deadline(timeout_ms), err);
}

/* Moves the calling process to the root where it is a supervisor. False: it could not. */
static bool leave_supervisors(const struct cgroup_host *host, const char *path)
{
	for (int i = 0; i < host->count; i++) {
		const struct cgroup_hierarchy *hierarchy = &host->hierarchies[i];

		if (cgroup_holds(hierarchy, path, getpid()) &&
		    fs_write_at(hierarchy->fd, hierarchy->v2 ? "cgroup.procs" : "tasks", "0", NULL) < 0)
			return false;
	}
	return true;
}

/* Whether PARENT holds more than its supervisors. */
static bool has_containers(const struct cgroup_host *host)
{
	AUTO_STRLIST struct strlist names = {0};

	if (fs_list_at(host->hierarchies[0].fd, host->parent, &names, NULL) < 0)
		return true;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = xprintf("%s/%s/cgroup.procs", host->parent, names.items[i]);

		if (strcmp(names.items[i], CGROUP_SUPERVISORS) != 0 &&
		    fs_exists_at(host->hierarchies[0].fd, path))
			return true;
	}
	return false;
}

void cgroup_remove_parent(const struct cgroup_host *host, int timeout_ms)
{
	uint64_t deadline = cgroup_deadline(timeout_ms);
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, CGROUP_SUPERVISORS, NULL, path);
	if (host->count == 0 || !leave_supervisors(host, path) || has_containers(host))
		return;
	if (host->hierarchies[0].v2 &&
	    cgroup_v2_wait_event(&host->hierarchies[0], path, "populated", false, deadline,
				 NULL) != 1)
		return;
	for (int i = 0; i < host->count; i++)
		if (remove_settled(&host->hierarchies[i], path, NULL) < 0 ||
		    !cgroup_unmake_parent(host, &host->hierarchies[i]))
			return;
}
