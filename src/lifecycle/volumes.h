/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volumes.h: the mounts of a container on their way from the supervisor, which opens them, to
 * init, which attaches them. A failure names its key: "mounts[2]".
 */
#ifndef LIFECYCLE_VOLUMES_H
#define LIFECYCLE_VOLUMES_H

#include "config/spec.h"
#include "lifecycle/channel.h"

/* In the supervisor: opens the sources and sends them (MESSAGE_MOUNTS). */
int volumes_send(const struct spec *spec, int userns_fd, int channel_fd, struct message *failure);

/*
 * In init: what volumes_send() has sent, in the order of spec->mounts; -1 for tmpfs and for what
 * is left out. 1: received; 0: end of file; -1: error.
 */
int volumes_receive(const struct spec *spec, int channel_fd, int mount_fds[MOUNTS_MAX],
		    struct error *err);

/* In init, once "/" is the container's: mounts them and closes the fds. */
int volumes_attach(const struct spec *spec, int mount_fds[MOUNTS_MAX], struct message *failure);

#endif
