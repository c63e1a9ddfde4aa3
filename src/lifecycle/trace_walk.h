/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_walk.h: shared by trace.c (the walks), trace_walk.c (what they are made of) and the other
 * trace_*.c (what stands on the way).
 */
#ifndef LIFECYCLE_TRACE_WALK_H
#define LIFECYCLE_TRACE_WALK_H

#include "kernel/firewall_look.h"
#include "kernel/netlink_look.h"
#include "lifecycle/trace.h"
#include "state/network.h"

/* An address that stands for all that is neither here nor near. RFC 5737 */
#define TRACE_ELSEWHERE "198.51.100.1"

/* One walk: what it looks at, and what it has found so far. */
struct walk {
	const struct manager *manager;
	const struct state *state;
	struct netlink *host;
	struct network_record *networks; /* that are up */
	size_t network_count;
	struct firewall_rules rules; /* what they ask for */
	struct firewall_sight sight; /* what of it is in the kernel */
	bool firewall_known;         /* the sight could be taken */
	struct error firewall_error; /* else why not */
	struct trace *trace;
};

/* The packet where it is now. Interfaces are the host's. */
struct traveller {
	char in[IFNAMSIZ], out[IFNAMSIZ];
	struct in_addr source, destination;
	uint8_t protocol;
	uint16_t port;
	unsigned int states; /* of struct firewall_packet */
};

/* A running container's interface on a network. */
struct place {
	const struct network_record *network;
	const struct network_member *member;
	pid_t pid;
	char interface[IFNAMSIZ]; /* inside */
	char host_end[IFNAMSIZ];  /* its veth on the host */
	struct netlink *inside;
};
void place_clear(struct place *place);
#define AUTO_PLACE AUTO(place_clear)

/* ---- trace_walk.c ---- */

/* manager, state and trace are set before. */
int trace_open(struct walk *walk, struct error *err);
void trace_close(struct walk *walk);

/*
 * Opens the container's interface of that name inside, or that has the address, or (both NULL) its
 * first. 1; 0: there is none, or the container does not run.
 */
int trace_find_place(struct walk *walk, const char *container, const char *interface,
		     const struct in_addr *address, struct place *place, struct error *err);

/* The container that has the address, or NULL. */
const char *trace_find_owner(const struct walk *walk, struct in_addr address);

/* The address asked about, or the one its name has in the container's hosts file. */
bool trace_find_destination(struct walk *walk, const struct trace_question *question,
			    struct in_addr *address);

void trace_ok(struct walk *walk, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void trace_stop(struct walk *walk, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void trace_unknown(struct walk *walk, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Of the hop before. */
void trace_remedy(struct walk *walk, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What could not be looked at is a hop of unknown verdict. Always false. */
bool trace_failed(struct walk *walk, const char *where, const struct error *err);

#define TRACE_ADDRESS_SIZE INET_ADDRSTRLEN
const char *trace_address(struct in_addr address, char out[TRACE_ADDRESS_SIZE]);

/*
 * The functions below add hops. They return whether it is of use to go on behind them, which it
 * often is behind one that stops.
 */

/* ---- trace_link.c ---- */

/* The container's own routing table: which of its links, and the gateway. */
bool trace_route_inside(struct walk *walk, struct place *place, struct in_addr destination,
			struct route_answer *answer);
bool trace_inner_link(struct walk *walk, struct place *place);
bool trace_host_end(struct walk *walk, struct place *place); /* of its veth, and the bridge port */
bool trace_bridge(struct walk *walk, const struct network_record *network, bool as_gateway);
bool trace_parent(struct walk *walk, struct place *place); /* of a macvlan */
/* Whether something in the container takes what arrives; and whether its answers find back. */
bool trace_listener(struct walk *walk, struct place *place, const struct traveller *traveller);
bool trace_way_back(struct walk *walk, struct place *place, const struct traveller *traveller);
/* A link of the host that leads out. */
bool trace_uplink(struct walk *walk, const char *name);

/* ---- trace_host.c ---- */

/* Whether the host passes on what comes in on traveller->in. */
bool trace_forwarding(struct walk *walk, const struct traveller *traveller);
bool trace_reverse_path(struct walk *walk, const struct traveller *traveller);
/* Sets traveller->out. */
bool trace_host_route(struct walk *walk, struct traveller *traveller);
bool trace_is_local(struct walk *walk, struct in_addr address);
/* The end of the way: a program of the host. */
void trace_host_listener(struct walk *walk, const struct traveller *traveller);
/* Whether frames within a bridge pass the firewall, too. */
bool trace_bridge_is_filtered(void);

/* ---- trace_rules.c ---- */

/* Published ports: the rule, with the traveller's destination rewritten; NULL: none leads on. */
const struct firewall_rule *trace_dnat(struct walk *walk, struct traveller *traveller);
bool trace_guard(struct walk *walk, const struct traveller *traveller);
bool trace_filter(struct walk *walk, const struct traveller *traveller);
bool trace_input(struct walk *walk, const struct traveller *traveller);
/* Sets traveller->source to what the other side sees. */
bool trace_masquerade(struct walk *walk, struct traveller *traveller);

#endif
