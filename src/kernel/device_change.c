/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_change.c: nodes that come and go in the /dev of a container that runs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/device.h"
#include "kernel/inside.h"

struct node_change {
	const struct device_policy *policy;
	const struct security *gone;
	struct id_range ids;
};

/* The ids of its user namespace, in ours; of one that is ours all of them. */
static int read_ids(pid_t pid, struct id_range *ids, struct error *err)
{
	uint32_t inside_first;
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	if (fs_read_line_at(AT_FDCWD, path, line, sizeof(line), err) < 0)
		return -1;
	if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &inside_first, &ids->host_first,
		   &ids->size) != 3 ||
	    inside_first != 0)
		return error_set(err, EINVAL, "%s says \"%s\"", path, line);
	return 0;
}

enum place {
	PLACE_OTHER, /* nothing, or what the container has put there */
	PLACE_EMPTY, /* an empty file: made for a node by one that was killed before it was mounted */
	PLACE_NODE,  /* a mount of a device: ours, unless the container has put its own there */
};

static enum place look_at(int root_fd, const char *path, struct stat *st)
{
	AUTO_FD int fd = fs_open_in_root(root_fd, path, O_PATH | O_NOFOLLOW, NULL);
	struct statx about;
	bool mounted;

	if (fd < 0 || fstat(fd, st) < 0 ||
	    statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &about) < 0)
		return PLACE_OTHER;
	mounted = about.stx_attributes & STATX_ATTR_MOUNT_ROOT;
	if (mounted && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
		return PLACE_NODE;
	return !mounted && S_ISREG(st->st_mode) && st->st_size == 0 ? PLACE_EMPTY : PLACE_OTHER;
}

static bool is_in_place(int root_fd, const struct device_node *node)
{
	struct stat st;

	return look_at(root_fd, node->path, &st) == PLACE_NODE && st.st_rdev == node->number &&
	       (st.st_mode & S_IFMT) == (node->mode & S_IFMT);
}

static bool is_wanted(const struct device_policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->node_count; i++)
		if (strcmp(policy->nodes[i].path, path) == 0)
			return true;
	return false;
}

/* The directories that were made for it go as well, where nothing else is in them. */
static void remove_directories(int root_fd, char *path)
{
	for (char *slash; (slash = strrchr(path, '/')) && slash != path;) {
		AUTO_FD int parent_fd = -1;

		*slash = '\0';
		if (strcmp(path, "/dev") == 0)
			return;
		slash = strrchr(path, '/');
		*slash = '\0';
		parent_fd = fs_open_in_root(root_fd, path, O_PATH | O_DIRECTORY, NULL);
		*slash = '/';
		if (parent_fd < 0 || unlinkat(parent_fd, slash + 1, AT_REMOVEDIR) < 0)
			return;
	}
}

static int remove_node(int root_fd, const char *path, struct error *err)
{
	AUTO_FREE char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');
	const char *name = path + (slash - parent) + 1;
	AUTO_FD int parent_fd = -1;
	struct stat st;
	const enum place place = look_at(root_fd, path, &st);

	if (place == PLACE_OTHER)
		return 0;
	*slash = '\0';
	parent_fd = fs_open_in_root(root_fd, parent, O_PATH | O_DIRECTORY, err);
	*slash = '/';
	if (parent_fd < 0)
		return -1;
	/* A mount point keeps its name: what was looked at is what goes. */
	if (place == PLACE_NODE &&
	    (fchdir(parent_fd) < 0 || umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0))
		return error_set(err, errno, "unmount %s", path);
	if (unlinkat(parent_fd, name, 0) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove %s", path);
	remove_directories(root_fd, parent);
	return 0;
}

static int remove_gone(int root_fd, const struct node_change *change, struct error *err)
{
	for (size_t i = 0; i < change->gone->device_count; i++) {
		const char *path = change->gone->devices[i].path;

		if (!is_wanted(change->policy, path) && remove_node(root_fd, path, err) < 0)
			return -1;
	}
	return 0;
}

/* Those that came, and those whose number on the host is another one by now. */
static int list_missing(int root_fd, const struct device_policy *policy,
			struct device_policy *missing, struct error *err)
{
	*missing = *policy;
	missing->node_count = 0;
	for (size_t i = 0; i < policy->node_count; i++) {
		if (is_in_place(root_fd, &policy->nodes[i]))
			continue;
		if (remove_node(root_fd, policy->nodes[i].path, err) < 0)
			return -1;
		missing->nodes[missing->node_count++] = policy->nodes[i];
	}
	return 0;
}

static int open_dev(int root_fd, struct error *err)
{
	AUTO_FD int fd = fs_open_in_root(root_fd, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW, err);
	struct statfs fs;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return error_set(err, EINVAL, "its /dev is not the one that it was started with");
	return take_fd(&fd);
}

/*
 * Nodes are made as the host's root. All else is done as the container's, who alone can make anything on
 * its tmpfs: setfsuid(2) takes away what is needed for files, and leaves what is needed to mount.
 */
static int change_inside(int root_fd, const void *data, struct error *err)
{
	const struct node_change *change = data;
	AUTO_FD int dev_fd = open_dev(root_fd, err);
	struct device_policy missing;
	AUTO_FD int nodes_fd = -1;

	if (dev_fd < 0 || remove_gone(root_fd, change, err) < 0 ||
	    list_missing(root_fd, change->policy, &missing, err) < 0)
		return -1;
	if (missing.node_count == 0)
		return 0;
	nodes_fd = device_make_nodes(&missing, &change->ids, err);
	if (nodes_fd < 0)
		return -1;
	setfsgid(change->ids.host_first);
	setfsuid(change->ids.host_first);
	device_clear_stage(dev_fd);
	return device_attach_nodes(&missing, nodes_fd, dev_fd, err);
}

int device_change_nodes(pid_t pid, const struct device_policy *policy, const struct security *gone,
			struct error *err)
{
	struct node_change change = {.policy = policy, .gone = gone};

	if (policy->node_count == 0 && gone->device_count == 0)
		return 0;
	return read_ids(pid, &change.ids, err) < 0 ? -1
						   : inside_mounts(pid, change_inside, &change, err);
}
