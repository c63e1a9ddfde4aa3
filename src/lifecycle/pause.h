/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause.h: stopping a running container where it stands, and letting it go on. */
#ifndef LIFECYCLE_PAUSE_H
#define LIFECYCLE_PAUSE_H

#include "lifecycle/container.h"

/*
 * Of a container that was taken. 1; 0: it was so already; -1: it does not run, or not all of its
 * processes can be stopped (then they go on again). The record says since when, and says it
 * before the first one stops.
 */
int pause_begin(struct host *host, struct container *container, struct error *err);
int pause_end(struct host *host, struct container *container, struct error *err);

#endif
