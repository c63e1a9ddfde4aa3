/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device.h: which devices a container may open, as one value, and the nodes it gets besides the
 * usual ones. Nodes are made, not bound: devtmpfs cannot be idmapped, so the host's would belong
 * to nobody in there, and what a container did to it would be done to the host's. They lie on a
 * tmpfs of the host, since nodes on one that a user namespace mounts never open.
 */
#ifndef KERNEL_DEVICE_H
#define KERNEL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/spec.h"
#include "kernel/namespace.h"

#define DEVICE_ANY UINT32_MAX

struct device_rule {
	bool block;
	uint32_t major, minor; /* minor may be DEVICE_ANY */
	unsigned int access;   /* enum device_access: what is allowed */
};

/* A node of the host, as it was when it was looked at. */
struct device_node {
	const char *path; /* the spec's: "/dev/net/tun" */
	size_t index;     /* in the spec's list */
	dev_t number;
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
};

#define DEVICE_RULES_MAX (8 + DEVICES_MAX)

/* What no rule allows is refused. Points into the security it was made of. */
struct device_policy {
	bool allow_all; /* there are no rules to keep */
	bool required;  /* a host that cannot enforce it cannot run the container */
	struct device_rule rules[DEVICE_RULES_MAX];
	size_t rule_count;
	struct device_node nodes[DEVICES_MAX];
	size_t node_count;
};

/*
 * The usual devices and those of security.devices. Each of the latter is looked up here, once; an
 * error, which begins with its key, where it is missing, no device, or behind a symlink.
 */
int device_policy_make(const struct security *security, struct device_policy *policy,
		       struct error *err);

/* "c 1:3 rw", as the v1 controller writes it. */
void device_rule_format(const struct device_rule *rule, char out[40]);

/*
 * On the host: a detached mount with the nodes, owned by the container's ids where the host's are
 * owned by the same ids there; the host's where its range is empty. Takes CAP_MKNOD.
 */
int device_make_nodes(const struct device_policy *policy, const struct id_range *ids,
		      struct error *err);

/* Inside: puts the nodes to their places below dev_fd, the container's /dev. No heap. */
int device_attach_nodes(const struct device_policy *policy, int nodes_fd, int dev_fd,
			struct error *err);

/* Takes away what one that was killed in device_attach_nodes() has left; nothing is success. */
void device_clear_stage(int dev_fd);

/*
 * Of a container that runs, by its process pid: the nodes of the policy that are not at their places are
 * put there, those of gone that it does not have are taken away. What is open stays open.
 */
int device_change_nodes(pid_t pid, const struct device_policy *policy, const struct security *gone,
			struct error *err);

#endif
