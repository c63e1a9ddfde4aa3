/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drift_parts.h: what drift_look() is made of; each part fills its own of the scene. */
#ifndef LIFECYCLE_DRIFT_PARTS_H
#define LIFECYCLE_DRIFT_PARTS_H

#include "lifecycle/drift_look.h"

/*
 * Reads the records of all networks into hold; those that cannot be read go to the scene, as do
 * members that are not held. Under network_lock().
 */
int drift_read_networks(struct drift_hold *hold, struct drift_scene *scene, struct error *err);

/* Bridges, and the switches of the host. Behind drift_read_networks(). */
int drift_look_at_networks(struct drift_hold *hold, struct netlink *netlink,
			   struct drift_scene *scene, struct error *err);

/* Whether a link of the host takes routes from whoever advertises them. */
bool drift_accepts_routers(const char *link);

/* Links, addresses, routes and files of those that are held. Behind drift_read_networks(). */
int drift_look_at_containers(struct drift_hold *hold, struct drift_scene *scene, struct error *err);

#endif
