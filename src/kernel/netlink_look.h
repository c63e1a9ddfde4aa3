/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_look.h: links and routes as they are, for those who look. Nothing is changed and no
 * packet sent. Addresses are struct in_addr or struct in6_addr, as the family says.
 */
#ifndef KERNEL_NETLINK_LOOK_H
#define KERNEL_NETLINK_LOOK_H

#include "kernel/netlink.h"

struct link_state {
	int index;
	char name[IFNAMSIZ];
	char kind[32]; /* "bridge", "veth", "macvlan"; "" for a device */
	bool up;       /* set so by whoever manages it */
	bool carrier;  /* and able to send: cable in, other end up, for a bridge any port up */
	int peer; /* index of a veth's other end, of a macvlan's parent, in their namespace; or 0 */
	int master;      /* index of the bridge it is a port of, 0: none */
	uint32_t mtu;    /* bytes */
	uint8_t mac[6];  /* zero: it has none of that length */
	char alias[256]; /* "" when it has none */
	char queue[16];  /* kind of what it sends through: "noqueue", "tbf" */
	/* of a bridge: br_netfilter shows its frames to the rules, whatever the host's switches say */
	bool calls_iptables, calls_ip6tables;
	/* of a port of a bridge */
	bool forwarding; /* not blocked by spanning tree */
	bool isolated;   /* reaches no other isolated port */
	bool hairpin;    /* sends frames back where they came from */
};

/* Of the link of that name, or of that index where name is NULL. 1; 0: there is none. */
int netlink_look_at_link(struct netlink *netlink, const char *name, int index,
			 struct link_state *state, struct error *err);

/* What the kernel would do with a packet. */
struct route_question {
	int family;
	const void *destination;
	const void *source; /* NULL: not chosen yet */
	int in_index;       /* the link it came in on; 0: sent from here */
};
struct route_answer {
	bool local; /* it stays here: an address of this host, or broadcast */
	int out_index;
	char out[IFNAMSIZ]; /* "" when it has no link */
	bool has_gateway, has_source;
	uint8_t gateway[16], source[16]; /* source: what is taken for one that is not chosen yet */
};

/*
 * Asks the routing tables, with their rules. 1; 0: it would be dropped, with the reason in err (its
 * code: ENETUNREACH no route, EACCES prohibited, EHOSTUNREACH, EXDEV reverse path filter, ...).
 */
int netlink_look_up_route(struct netlink *netlink, const struct route_question *question,
			  struct route_answer *answer, struct error *err);

/*
 * The link of the default route in table main that is preferred, as for what is nowhere nearer:
 * 1; 0: there is none.
 */
int netlink_find_uplink(struct netlink *netlink, int family, char out[IFNAMSIZ], struct error *err);

/*
 * Whether the neighbour on that link did not answer when it was last asked for its link address
 * (ARP, neighbour discovery): 1; 0: it did, or nobody has asked; -1.
 */
int netlink_is_silent(struct netlink *netlink, int family, int index, const void *address,
		      struct error *err);

/* Whether the link has that address: 1 or 0. */
int netlink_has_address(struct netlink *netlink, int family, int index, const void *address,
			struct error *err);

/*
 * The first address of a link that others reach it by, as text ("192.0.2.2/24"): 1; 0: it has none.
 * Link-local ones are none.
 */
int netlink_find_address(struct netlink *netlink, int family, int index, char *out, size_t size,
			 struct error *err);

/*
 * Adds all addresses, routes and rules of both families, in the form of what cman gives a link. Of
 * routes those that lead to one link, and the local ones of ::1; of rules those by a source.
 */
int netlink_look_at_facts(struct netlink *netlink, struct inner_facts *facts, struct error *err);

#endif
