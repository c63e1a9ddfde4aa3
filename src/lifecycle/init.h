/* SPDX-License-Identifier: GPL-2.0-or-later */
/* init.h: pid 1 of a container, from its birth in the new namespaces to execve of the payload. */
#ifndef LIFECYCLE_INIT_H
#define LIFECYCLE_INIT_H

#include "kernel/cgroup.h"
#include "lifecycle/supervisor.h"

/*
 * Waits for the mounts on rootfs_fd (MESSAGE_ROOTFS), sets everything up, says MESSAGE_READY on
 * control_fd, waits there for MESSAGE_GO and runs the payload. Failures are told on control_fd.
 */
_Noreturn void init_run(const struct launch *launch, const struct cgroup_entry *entry,
			int rootfs_fd, int control_fd);

#endif
