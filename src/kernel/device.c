/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/mount.h"
#include "kernel/volume.h"

#define READ_WRITE (DEVICE_READ | DEVICE_WRITE)
#define STAGE      ".devices" /* in /dev, until it is complete */

static const struct device_rule usual_rules[] = {
	{false, 1, 3, READ_WRITE},            /* null */
	{false, 1, 5, READ_WRITE},            /* zero */
	{false, 1, 7, READ_WRITE},            /* full */
	{false, 1, 8, READ_WRITE},            /* random */
	{false, 1, 9, READ_WRITE},            /* urandom */
	{false, 5, 0, READ_WRITE},            /* tty */
	{false, 5, 2, READ_WRITE},            /* ptmx */
	{false, 136, DEVICE_ANY, READ_WRITE}, /* pts: UNIX98_PTY_SLAVE_MAJOR */
};

/* Two names of one device are one rule. */
static void allow(struct device_policy *policy, bool block, dev_t number, unsigned int access)
{
	struct device_rule *rule = policy->rules;

	for (; rule < policy->rules + policy->rule_count; rule++)
		if (rule->block == block && rule->major == major(number) &&
		    rule->minor == minor(number))
			break;
	if (rule == policy->rules + policy->rule_count) {
		policy->rule_count++;
		*rule = (struct device_rule){block, major(number), minor(number), 0};
	}
	rule->access |= access;
}

static int add_device(struct device_policy *policy, const struct security *security, size_t index,
		      struct error *err)
{
	const struct device *device = &security->devices[index];
	AUTO_FD int fd = fs_open_without_links(device->path, O_PATH, err);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat %s", device->path);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_set(err, 0, "%s is not a device", device->path);
	policy->nodes[policy->node_count++] = (struct device_node){
		.path = device->path,
		.index = index,
		.number = st.st_rdev,
		.mode = st.st_mode & (S_IFMT | 0777),
		.uid = st.st_uid,
		.gid = st.st_gid,
	};
	allow(policy, S_ISBLK(st.st_mode), st.st_rdev, device->access);
	return 0;
}

int device_policy_make(const struct security *security, struct device_policy *policy,
		       struct error *err)
{
	*policy = (struct device_policy){
		.allow_all = security->privileged,
		.required = security->device_count > 0 || security->userns.mode == USERNS_NONE,
	};
	memcpy(policy->rules, usual_rules, sizeof(usual_rules));
	policy->rule_count = ARRAY_SIZE(usual_rules);
	for (size_t i = 0; i < security->device_count; i++)
		if (add_device(policy, security, i, err) < 0)
			return error_wrap(err, "security.devices[%zu].path", i);
	return 0;
}

void device_rule_format(const struct device_rule *rule, char out[40])
{
	char any[12] = "*";

	if (rule->minor != DEVICE_ANY)
		snprintf(any, sizeof(any), "%u", rule->minor);
	snprintf(out, 40, "%c %u:%s %s%s%s", rule->block ? 'b' : 'c', rule->major, any,
		 rule->access & DEVICE_READ ? "r" : "", rule->access & DEVICE_WRITE ? "w" : "",
		 rule->access & DEVICE_MKNOD ? "m" : "");
}

/* Ids that the container does not have are nobody's; without a range they are the host's. */
static uint32_t map_id(const struct id_range *ids, uint32_t id)
{
	if (ids->size == 0)
		return id;
	return ids->host_first + (id < ids->size ? id : 65534 % ids->size);
}

static int make_node(int dir_fd, const char *name, const struct device_node *node,
		     const struct id_range *ids, struct error *err)
{
	if (mknodat(dir_fd, name, (node->mode & S_IFMT) | 0600, node->number) < 0) {
		error_set(err, errno, "make a node like %s", node->path);
		if (errno == EPERM)
			error_hint(err, "the caller needs CAP_MKNOD, and must be allowed to make it "
					"where it is restricted itself");
		return -1;
	}
	if (fchownat(dir_fd, name, map_id(ids, node->uid), map_id(ids, node->gid),
		     AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(dir_fd, name, node->mode & 0777, 0) < 0)
		return error_set(err, errno, "give %s to the container", node->path);
	return 0;
}

static int wrap_node(const struct device_node *node, struct error *err)
{
	return error_wrap(err, "security.devices[%zu].path", node->index);
}

int device_make_nodes(const struct device_policy *policy, const struct id_range *ids,
		      struct error *err)
{
	char inodes[24], name[24];
	const struct mount_option options[] = {
		{"mode", "0711"},
		{"size", "4k"},
		{"nr_inodes", inodes},
		{NULL, NULL},
	};
	AUTO_FD int fd = -1;

	snprintf(inodes, sizeof(inodes), "%zu", policy->node_count + 1);
	fd = mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	if (fd < 0)
		return error_wrap(err, "security.devices");
	for (size_t i = 0; i < policy->node_count; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		if (make_node(fd, name, &policy->nodes[i], ids, err) < 0)
			return wrap_node(&policy->nodes[i], err);
	}
	return take_fd(&fd);
}

static int attach_node(const struct device_node *node, int nodes_fd, size_t index, int dev_fd,
		       struct error *err)
{
	char name[24];
	AUTO_FD int fd = -1;
	struct volume volume = {
		.target = node->path,
		.base_fd = dev_fd,
		.base_length = (unsigned int)strlen("/dev"),
	};

	snprintf(name, sizeof(name), "%zu", index);
	fd = mount_clone(nodes_fd, name, 0, err);
	if (fd < 0)
		return -1;
	volume.mount_fd = fd;
	return volume_attach(&volume, -1, "", err);
}

void device_clear_stage(int dev_fd)
{
	if (!fs_exists_at(dev_fd, STAGE))
		return;
	if (fchdir(dev_fd) == 0)
		umount2(STAGE, MNT_DETACH | UMOUNT_NOFOLLOW);
	unlinkat(dev_fd, STAGE, AT_REMOVEDIR);
}

int device_attach_nodes(const struct device_policy *policy, int nodes_fd, int dev_fd,
			struct error *err)
{
	/* Only of a mount that is attached parts can be bound. */
	if (mkdirat(dev_fd, STAGE, 0700) < 0)
		return error_set(err, errno, "create %s", STAGE);
	if (mount_attach(nodes_fd, dev_fd, STAGE, err) < 0)
		return -1;
	for (size_t i = 0; i < policy->node_count; i++)
		if (attach_node(&policy->nodes[i], nodes_fd, i, dev_fd, err) < 0)
			return wrap_node(&policy->nodes[i], err);
	/* Our own current directory is changed by whoever enters the root next. */
	if (fchdir(nodes_fd) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ||
	    unlinkat(dev_fd, STAGE, AT_REMOVEDIR) < 0)
		return error_set(err, errno, "take away %s", STAGE);
	return 0;
}
