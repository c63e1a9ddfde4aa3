/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate.h: net.antispoof, net.isolate and net.bandwidth of an interface on a bridge. All of it is on
 * the host's end of the veth, where nothing in the container can take it away.
 */
#ifndef LIFECYCLE_GATE_H
#define LIFECYCLE_GATE_H

#include "kernel/netlink.h"
#include "lifecycle/container.h"

/*
 * Sets up what the interface of that index asks for, nothing if it asks for nothing. link: its end
 * on the host. inner: a socket in the container's namespace, where the link is still down. Errors
 * name the key.
 */
int gate_make(struct netlink *netlink, struct netlink *inner, const struct container *container,
	      unsigned int index, const struct network *network, const char *link,
	      struct error *err);

/* The same for a link that is in use and was set up for another spec: in one step for each direction. */
int gate_renew(struct netlink *netlink, struct netlink *inner, const struct container *container,
	       unsigned int index, const struct network *network, const char *link,
	       struct error *err);

/* Whether the two ask for another set-up of the same link. */
bool gate_differs(const struct interface *one, const struct interface *other);

/* What of that an interface has: filters and queues. */
struct gate_parts {
	bool sent, received;        /* its end on the host judges frames, of either direction */
	bool shaped, shaped_inside; /* that end, or its own, sends at a rate */
};
struct gate_parts gate_describe(const struct interface *interface, const struct network *network);

#endif
