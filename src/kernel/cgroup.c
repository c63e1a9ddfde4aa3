/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/fs.h"

/* Others may remove PARENT while we make a child in it: how often to begin again. */
#define RACE_RETRIES 32

#define LIST_STEP 1024 /* pids of a container that there is room for at first */

#define SUPERVISOR_LIST_LIMIT (1024 * 1024)

/* A system has some hundred services, and units in slices are a few levels deep. */
#define DELEGATED_DEPTH   "32"
#define DELEGATED_CGROUPS "4096"

/* What was left behind by an earlier container goes; what is alive stays. */
static int remove_leftover(const struct cgroup_hierarchy *hierarchy, const char *path,
			   struct error *err)
{
	pid_t pid;
	int count = cgroup_list_processes(hierarchy, path, &pid, 1, err);

	if (count < 0)
		return -1;
	if (count == 0)
		return cgroup_remove_tree(hierarchy, path, err);
	error_set(err, EBUSY, "cgroup %s exists and holds process %d", path, (int)pid);
	return error_hint(err, "stop what runs there, or choose another cgroup.parent");
}

/* Makes PARENT/NAME, empty and with the values of a new cgroup. */
static int make_fresh(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		      const char *path, struct error *err)
{
	for (int i = 0; i < RACE_RETRIES; i++) {
		if (cgroup_make_directory(hierarchy, path) == 0)
			return hierarchy->v2 ? 0 : cgroup_inherit_cpuset(hierarchy, path, err);
		if (errno == ENOENT) {
			if (cgroup_make_parent(host, hierarchy, err) < 0)
				return -1;
		} else if (errno == EEXIST) {
			if (remove_leftover(hierarchy, path, err) < 0)
				return -1;
		} else {
			break;
		}
	}
	error_set(err, errno, "make cgroup %s", path);
	if (err && err->code == EROFS)
		error_hint(err, "the cgroup file system is mounted read-only here");
	if (err && err->code == EAGAIN)
		error_hint(err, "a cgroup above allows no more of them (cgroup.max.descendants)");
	return -1;
}

/* Whether a setting that a new cgroup does not have anyway is in this hierarchy. */
static bool is_needed(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		      const struct cgroup_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		if (!settings->items[i].initial &&
		    cgroup_find(host, settings->items[i].controller) == hierarchy)
			return true;
	return !hierarchy->optional;
}

int cgroup_create(const struct cgroup_host *host, const char *name, const struct limits *limits,
		  struct error *err)
{
	AUTO(cgroup_settings_clear) struct cgroup_settings v1 = {0};
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, NULL, path);
	if (cgroup_settings_make(limits, false, &v1, err) < 0)
		return -1;
	for (int i = 0; i < host->count; i++)
		if (is_needed(host, &host->hierarchies[i], &v1) &&
		    (FAULT("make cgroup", "", err) < 0 ||
		     make_fresh(host, &host->hierarchies[i], path, err) < 0))
			return -1;
	return cgroup_apply_limits(host, name, limits, true, err);
}

int cgroup_list(const struct cgroup_host *host, const char *name, pid_t **pids, size_t *count,
		struct error *err)
{
	char path[CGROUP_PATH_SIZE];

	*pids = NULL;
	*count = 0;
	cgroup_path(host, name, NULL, path);
	for (int size = LIST_STEP; host->count > 0; size *= 2) {
		int found;

		*pids = xrealloc(*pids, (size_t)size, sizeof(**pids));
		found = cgroup_list_processes(&host->hierarchies[0], path, *pids, size, err);
		if (found >= 0 && found == size)
			continue;
		if (found < 0) {
			free(*pids);
			*pids = NULL;
			return -1;
		}
		*count = (size_t)found;
		return 0;
	}
	return 0;
}

/* ---- limits that change while it runs ---- */

/* Moves what is not in path of the hierarchy yet: how many, or -1. Slow: 10 ms for each on v1. */
static int move_all(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		    const char *name, struct error *err)
{
	AUTO_FREE pid_t *pids = NULL;
	char path[CGROUP_PATH_SIZE], procs[CGROUP_PATH_SIZE], text[16];
	size_t count;
	int moved = 0;

	cgroup_path(host, name, NULL, path);
	cgroup_path(host, name, "cgroup.procs", procs);
	if (cgroup_list(host, name, &pids, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct error reason;

		if (pids[i] <= 0 || cgroup_holds(hierarchy, path, pids[i]))
			continue;
		snprintf(text, sizeof(text), "%d", (int)pids[i]);
		if (fs_write_at(hierarchy->fd, procs, text, &reason) == 0)
			moved++;
		else if (reason.code != ESRCH)
			return cgroup_fail(err, &reason);
	}
	return moved;
}

/* What it forks meanwhile is found by another round: in the end the parents are all inside. */
static int enter_late(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		      const char *name, struct error *err)
{
	int moved = 1;

	for (int i = 0; i < RACE_RETRIES && moved > 0; i++)
		moved = move_all(host, hierarchy, name, err);
	if (moved > 0)
		return error_set(err, EAGAIN, "it forks faster than it can be moved");
	return moved;
}

/* Whether the hierarchy is to have the container from now on. */
static bool comes_late(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		       const char *path, const struct cgroup_settings *settings)
{
	return hierarchy->optional && is_needed(host, hierarchy, settings) &&
	       !fs_exists_at(hierarchy->fd, path);
}

int cgroup_set_limits(const struct cgroup_host *host, const char *name, const struct limits *limits,
		      struct error *err)
{
	AUTO(cgroup_settings_clear) struct cgroup_settings v1 = {0};
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, NULL, path);
	if (cgroup_settings_make(limits, false, &v1, err) < 0)
		return -1;
	for (int i = 0; i < host->count && cgroup_exists(host, name); i++)
		if (comes_late(host, &host->hierarchies[i], path, &v1) &&
		    make_fresh(host, &host->hierarchies[i], path, err) < 0)
			return -1;
	if (cgroup_make_room(host, name, limits, err) < 0 ||
	    cgroup_apply_limits(host, name, limits, false, err) < 0)
		return -1;
	/* Also what an attempt that was cut short had made: nothing else is in there to be moved. */
	for (int i = 0; i < host->count; i++)
		if (host->hierarchies[i].optional && fs_exists_at(host->hierarchies[i].fd, path) &&
		    enter_late(host, &host->hierarchies[i], name, err) < 0)
			return error_wrap(err, "move what runs into cgroup %s of v1", path);
	return 0;
}

/* Adds the way into path of one hierarchy. */
static int add_entry(const struct cgroup_hierarchy *hierarchy, const char *path,
		     struct cgroup_entry *entry, struct error *err)
{
	char file[CGROUP_PATH_SIZE];
	int fd;

	snprintf(file, sizeof(file), "%s%s", path, hierarchy->v2 ? "" : "/tasks");
	fd = fs_open_at(hierarchy->fd, file, hierarchy->v2 ? O_PATH | O_DIRECTORY : O_WRONLY, 0,
			err);
	if (fd < 0)
		return error_wrap(err, "cgroup");
	if (hierarchy->v2)
		entry->v2_fd = fd;
	else
		entry->tasks_fd[entry->tasks_count++] = fd;
	return 0;
}

int cgroup_open_entry(const struct cgroup_host *host, const char *name, struct cgroup_entry *entry,
		      struct error *err)
{
	char path[CGROUP_PATH_SIZE];

	*entry = (struct cgroup_entry){.v2_fd = -1};
	cgroup_path(host, name, NULL, path);
	for (int i = 0; i < host->count; i++) {
		const struct cgroup_hierarchy *hierarchy = &host->hierarchies[i];

		if (hierarchy->optional && !fs_exists_at(hierarchy->fd, path))
			continue;
		if (add_entry(hierarchy, path, entry, err) < 0) {
			cgroup_entry_close(entry);
			return -1;
		}
	}
	return 0;
}

int cgroup_enter(const struct cgroup_entry *entry, bool cloned_into_v2, struct error *err)
{
	for (int i = 0; i < entry->tasks_count; i++)
		if (write(entry->tasks_fd[i], "0", 1) < 0)
			return error_set(err, errno, "enter the cgroup (v1)");
	if (entry->v2_fd >= 0 && !cloned_into_v2 &&
	    fs_write_at(entry->v2_fd, "cgroup.procs", "0", err) < 0)
		return error_wrap(err, "enter the cgroup");
	return 0;
}

void cgroup_entry_close(struct cgroup_entry *entry)
{
	close_fd(&entry->v2_fd);
	while (entry->tasks_count > 0)
		close_fd(&entry->tasks_fd[--entry->tasks_count]);
}

/* Makes and opens .supervisors in one hierarchy. */
static int add_supervisors(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			   struct cgroup_entry *entry, struct error *err)
{
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, CGROUP_SUPERVISORS, NULL, path);
	for (int i = 0; i < RACE_RETRIES; i++) {
		struct error reason;

		if (add_entry(hierarchy, path, entry, &reason) == 0)
			return 0;
		if (reason.code != ENOENT)
			return cgroup_fail(err, &reason);
		if (cgroup_make_directory(hierarchy, path) == 0 || errno == EEXIST) {
			if (!hierarchy->v2 && cgroup_inherit_cpuset(hierarchy, path, err) < 0)
				return -1;
		} else if (errno != ENOENT) {
			return error_set(err, errno, "make cgroup %s", path);
		} else if (cgroup_make_parent(host, hierarchy, err) < 0) {
			return -1;
		}
	}
	return error_set(err, ENOENT, "cgroup %s is removed again and again", path);
}

int cgroup_open_supervisors(const struct cgroup_host *host, struct cgroup_entry *entry,
			    struct error *err)
{
	*entry = (struct cgroup_entry){.v2_fd = -1};
	for (int i = 0; i < host->count; i++) {
		const struct cgroup_hierarchy *hierarchy = &host->hierarchies[i];

		if (!hierarchy->v2 && !strstr(hierarchy->controllers, "name="))
			continue;
		if (add_supervisors(host, hierarchy, entry, err) < 0) {
			cgroup_entry_close(entry);
			return -1;
		}
	}
	return 0;
}

bool cgroup_contains(const struct cgroup_host *host, const char *name, pid_t pid)
{
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, NULL, path);
	return host->count > 0 && cgroup_holds(&host->hierarchies[0], path, pid);
}

int cgroup_open_entry_beside(const struct cgroup_host *host, const char *name, pid_t init,
			     struct cgroup_entry *entry, struct error *err)
{
	AUTO_FREE char *below = NULL;
	char path[CGROUP_PATH_SIZE];
	int fd;

	if (cgroup_open_entry(host, name, entry, err) < 0)
		return -1;
	if (entry->v2_fd < 0)
		return 0;
	/* What follows PARENT/NAME was named by the container, and is only ever below it. */
	cgroup_path(host, name, NULL, path);
	below = cgroup_find_below(&host->hierarchies[0], path, init);
	if (!below || !*below)
		return 0;
	fd = fs_open_at(entry->v2_fd, below, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (fd < 0) {
		cgroup_entry_close(entry);
		return error_wrap(err, "cgroup of its first process");
	}
	close_fd(&entry->v2_fd);
	entry->v2_fd = fd;
	return 0;
}

/* The tracking hierarchy's part of an entry: a cgroup of its own below that of the container. */
static int add_below(const struct cgroup_hierarchy *hierarchy, const char *path,
		     struct cgroup_entry *entry, struct error *err)
{
	if (cgroup_make_directory(hierarchy, path) < 0 && errno != EEXIST)
		return error_set(err, errno, "make cgroup %s", path);
	if (!hierarchy->v2 && cgroup_inherit_cpuset(hierarchy, path, err) < 0)
		return -1;
	return add_entry(hierarchy, path, entry, err);
}

int cgroup_open_entry_below(const struct cgroup_host *host, const char *name, const char *below,
			    struct cgroup_entry *entry, struct error *err)
{
	AUTO_FREE char *inner = xprintf("%s/%s", name, below);
	char path[CGROUP_PATH_SIZE];
	int rc = 0;

	*entry = (struct cgroup_entry){.v2_fd = -1};
	for (int i = 0; i < host->count && rc == 0; i++) {
		const struct cgroup_hierarchy *hierarchy = &host->hierarchies[i];

		cgroup_path(host, i == 0 ? inner : name, NULL, path);
		if (i == 0)
			rc = add_below(hierarchy, path, entry, err);
		else if (!hierarchy->optional || fs_exists_at(hierarchy->fd, path))
			rc = add_entry(hierarchy, path, entry, err);
	}
	if (rc < 0)
		cgroup_entry_close(entry);
	return rc;
}

static int set_bound(int fd, const char *file, const char *value, struct error *err)
{
	struct error reason;

	if (fs_write_at(fd, file, value, &reason) == 0 || reason.code == ENOENT)
		return 0;
	return cgroup_fail(err, &reason);
}

int cgroup_delegate(const struct cgroup_host *host, const char *name, uid_t owner, struct error *err)
{
	/* Documentation/admin-guide/cgroup-v2.rst, Model of Delegation */
	static const char *const files[] = {"", "cgroup.procs", "cgroup.threads",
					    "cgroup.subtree_control"};
	AUTO_FD int fd = -1;
	char path[CGROUP_PATH_SIZE];

	if (host->count == 0 || !host->hierarchies[0].v2) {
		error_set(err, ENOTSUP, "this host has no cgroup tree of version 2");
		return error_hint(err, "mkdir /sys/fs/cgroup/unified; mount -t cgroup2 cgroup2 "
				       "/sys/fs/cgroup/unified");
	}
	cgroup_path(host, name, NULL, path);
	fd = fs_open_at(host->hierarchies[0].fd, path, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0 || set_bound(fd, "cgroup.max.depth", DELEGATED_DEPTH, err) < 0 ||
	    set_bound(fd, "cgroup.max.descendants", DELEGATED_CGROUPS, err) < 0)
		return error_wrap(err, "delegate cgroup %s", path);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (fchownat(fd, files[i], owner, (gid_t)owner, AT_EMPTY_PATH) < 0 &&
		    errno != ENOENT)
			return error_set(err, errno, "delegate %s of cgroup %s",
					 *files[i] ? files[i] : "the directory", path);
	return 0;
}

bool cgroup_exists(const struct cgroup_host *host, const char *name)
{
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, NULL, path);
	return host->count > 0 && fs_exists_at(host->hierarchies[0].fd, path);
}

int cgroup_list_supervisors(const struct cgroup_host *host, pid_t *pids, size_t maximum,
			    size_t *count, struct error *err)
{
	AUTO_TEXT struct text processes = {0};
	char path[CGROUP_PATH_SIZE];
	int pid, used;

	*count = 0;
	cgroup_path(host, CGROUP_SUPERVISORS, "cgroup.procs", path);
	if (host->count == 0 || !fs_exists_at(host->hierarchies[0].fd, path))
		return 0;
	if (fs_read_at(host->hierarchies[0].fd, path, SUPERVISOR_LIST_LIMIT, &processes, err) < 0)
		return -1;
	for (const char *line = text_value(&processes);
	     *count < maximum && sscanf(line, "%d\n%n", &pid, &used) == 1; line += used)
		pids[(*count)++] = pid;
	return 0;
}
