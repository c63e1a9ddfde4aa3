/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctls.h: security.sysctls of a container. They are set twice: those of IPC by the supervisor,
 * as before Linux 6.10 only the host's root may, and all of them by init, which from then on is
 * the one who may, and which waits for the interfaces that those of net are about. Those of net can
 * be set later as well, by the host's root.
 */
#ifndef LIFECYCLE_SYSCTLS_H
#define LIFECYCLE_SYSCTLS_H

#include <sys/types.h>

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

/*
 * Of a container that runs, by its process pid: those of net of spec to, in its network namespace, and
 * those that only from has as they were before it. What that was is noted in directory_fd, that of the
 * container, before anything is written. *index: of the one in to that the error is about.
 */
int sysctls_change(pid_t pid, int directory_fd, const struct spec *from, const struct spec *to,
		   size_t *index, struct error *err);

/* Once the change stays as it is. */
int sysctls_forget(int directory_fd, struct error *err);

#endif
