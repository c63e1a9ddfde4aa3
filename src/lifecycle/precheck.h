/* SPDX-License-Identifier: GPL-2.0-or-later */
/* precheck.h: what the host has to say about a container that is to be started, before the first
 * change: things that no file can tell. */
#ifndef LIFECYCLE_PRECHECK_H
#define LIFECYCLE_PRECHECK_H

#include "lifecycle/container.h"

/*
 * Looks at the rootfs, at the routes of the host (a network that collides with one), at its
 * ports (one that another process holds) and at what running containers hold. The error names
 * key, file and line. Changes nothing. leaving: names of those that are stopped before it starts; what
 * they hold is free then.
 */
int precheck_container(struct host *host, const struct container *container,
		       const struct strlist *leaving, struct error *err);

/* Of that what is about networks, addresses and ports: for one that runs and is to have others. */
int precheck_network(struct host *host, const struct container *container,
		     const struct strlist *leaving, struct error *err);

#endif
