/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctls.h: security.sysctls of a container. They are set twice: those of IPC by the supervisor,
 * as before Linux 6.10 only the host's root may, and all of them by init, which from then on is
 * the one who may, and which waits for the interfaces that those of net are about.
 */
#ifndef LIFECYCLE_SYSCTLS_H
#define LIFECYCLE_SYSCTLS_H

#include "config/spec.h"
#include "lifecycle/channel.h"

/* In the supervisor: in the IPC namespace of init, what the host's root may set. */
int sysctls_set_ipc(const struct spec *spec, int init_pidfd, struct message *failure);

/*
 * In init, before it leaves the host's mounts: the way to set them later; -1 in *proc_fd when there
 * are none.
 */
int sysctls_open(const struct spec *spec, int *proc_fd, struct message *failure);

/* In init, once links are there: sets all and closes proc_fd. */
int sysctls_set(const struct spec *spec, int *proc_fd, struct message *failure);

#endif
