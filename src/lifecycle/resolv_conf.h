/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolv_conf.h: the files bound over /etc/resolv.conf, STATE_DIR/containers/NAME/resolv.conf, and
 * how changes of the host's servers get into them. There is no daemon: one of the supervisors, which
 * STATE_DIR/dns.watcher names, watches for all (supervisor/watch.h) and runs "cman refresh". What
 * is bound is an inode: files are rewritten in place.
 *
 * A lock on STATE_DIR itself keeps a look at the host's servers and the writing of what was seen
 * together. It is taken after locks of containers; who holds it waits for nothing.
 */
#ifndef LIFECYCLE_RESOLV_CONF_H
#define LIFECYCLE_RESOLV_CONF_H

#include "lifecycle/container.h"
#include "lifecycle/host.h"

/* Adds the text that a container's file has to have now. */
int resolv_conf_text(const struct spec *spec, const struct manager *manager, struct text *out,
		     struct error *err);

/* Makes the file of a container that comes up. Its spec is on disk already. */
int resolv_conf_make(const struct host *host, struct container *container, struct error *err);

/*
 * Brings the files of all containers that have servers of the host up to date. inotify_fd: gets
 * watches for the next change; -1: none. What fails for one container is a warning.
 */
int resolv_conf_refresh(const struct host *host, int inotify_fd, struct error *err);

/*
 * Makes sure that a supervisor watches, other than the one we may have been; where none is needed,
 * nothing is left of it. Not for a container that is about to end: it must not be chosen any more.
 */
int resolv_conf_keep_watch(const struct host *host, struct error *err);

/* Whether the supervisor that has been told to watch lives. */
bool resolv_conf_has_watcher(const struct host *host);

/* Whether there is, or was, one that watches. */
bool resolv_conf_is_watched(const struct host *host);

#endif
