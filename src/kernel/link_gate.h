/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_gate.h: what the host's end of a container's veth lets through, and how much. All of it
 * belongs to the link and goes with it. tc(8), tc-bpf(8), tc-tbf(8).
 */
#ifndef KERNEL_LINK_GATE_H
#define KERNEL_LINK_GATE_H

#include "kernel/link_program.h"
#include "kernel/netlink.h"

/*
 * Makes the link judge each frame: clsact and a filter of bpf for each direction that has something
 * to judge. Before the other end is up; once for a link. ENOENT, ENOTSUP: a kernel without them.
 */
int link_gate_set(struct netlink *netlink, const char *link, const struct link_gate *gate,
		  struct error *err);

/*
 * Makes the link send at this rate: tbf, with a tenth of a second of what comes in faster waiting.
 * mtu: the link's, in bytes. ENOENT: a kernel without it.
 */
int link_gate_shape(struct netlink *netlink, const char *link, uint64_t bits, uint32_t mtu,
		    struct error *err);

/*
 * The same two for a link that is in use and may have been given others before: what it has is replaced
 * in one step, so that no frame passes unseen, and what is not wanted any more (bits 0) goes.
 */
int link_gate_renew(struct netlink *netlink, const char *link, const struct link_gate *gate,
		    struct error *err);
int link_gate_reshape(struct netlink *netlink, const char *link, uint64_t bits, uint32_t mtu,
		      struct error *err);

/* Which of the two filters the link has; changes nothing. */
struct link_gate_filters {
	bool sent, received; /* judge what the container sends, what it gets */
};
int link_gate_look(struct netlink *netlink, int index, struct link_gate_filters *filters,
		   struct error *err);

/* Bytes that link_gate_shape() lets through at once. */
uint32_t link_gate_burst(uint64_t bits, uint32_t mtu);

#endif
