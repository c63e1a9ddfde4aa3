/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_walk.h: shared by trace.c and trace_outside.c (the walks), trace_walk.c (what they are made
 * of) and the other trace_*.c (what stands on the way).
 */
#ifndef LIFECYCLE_TRACE_WALK_H
#define LIFECYCLE_TRACE_WALK_H

#include "kernel/firewall_look.h"
#include "kernel/netlink_look.h"
#include "lifecycle/trace.h"
#include "state/network.h"

/* Addresses that stand for all that is neither here nor near. RFC 5737, RFC 3849 */
#define TRACE_ELSEWHERE  "198.51.100.1"
#define TRACE_ELSEWHERE6 "2001:db8:ffff:ffff::1"

/* An address of either family. What is behind those of IPv4 is zero. */
struct trace_ip {
	int family; /* AF_INET, AF_INET6 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
		uint8_t bytes[16]; /* network byte order */
	};
};

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
	bool forward_is_theirs;      /* firewall.manage_forward = false */
	struct error firewall_error; /* else why not */
	int family;                  /* of the packet, from here to the end */
	struct trace *trace;         /* of this family */
};

/* The packet where it is now. Interfaces are the host's. */
struct traveller {
	char in[IFNAMSIZ], out[IFNAMSIZ];
	struct trace_ip source, destination;
	struct trace_ip gateway; /* by which the host sends it on; any: to the destination itself */
	uint8_t protocol;
	uint16_t port;
	unsigned int states; /* of struct firewall_packet */
	const uint8_t *mac;  /* of the container's interface that sent it; NULL: it is from elsewhere */
};

/* A running container's interface on a network. */
struct place {
	const struct network_record *network;
	const struct network_member *member;
	pid_t pid;
	bool paused;
	char interface[IFNAMSIZ]; /* inside */
	char host_end[IFNAMSIZ];  /* its veth on the host */
	struct netlink *inside;
};
void place_clear(struct place *place);
#define AUTO_PLACE AUTO(place_clear)
bool place_is_macvlan(const struct place *place);

/* ---- trace_walk.c ---- */

/* manager and state are set before, family and trace before each walk. */
int trace_open(struct walk *walk, struct error *err);
void trace_close(struct walk *walk);

/*
 * Opens the container's interface of that name inside, or that has the address, or (both NULL) its
 * first. 1; 0: there is none, or the container does not run.
 */
int trace_find_place(struct walk *walk, const char *container, const char *interface,
		     const struct trace_ip *address, struct place *place, struct error *err);

/* The interface of a container that has the address, or NULL. */
const struct network_member *trace_find_owner(const struct walk *walk,
					      const struct trace_ip *address);

/* Of the walk's family; any (trace_is_any()): it has none. */
struct trace_ip trace_ip_of(const struct walk *walk, const struct network_member *member);
struct trace_ip trace_gateway_of(const struct walk *walk, const struct network_record *network);
/* Of a route that has one. */
struct trace_ip trace_next_of(const struct walk *walk, const struct route_answer *answer);
bool trace_same(const struct trace_ip *a, const struct trace_ip *b);
bool trace_is_any(const struct trace_ip *ip);
bool trace_is_loopback(const struct trace_ip *ip);
bool trace_parse(const char *text, struct trace_ip *ip);
const char *trace_family_name(const struct walk *walk); /* "IPv4" */

/* The address asked about, or the one its name has in the container's hosts file. */
bool trace_find_destination(struct walk *walk, const struct trace_question *question,
			    struct trace_ip *address);

/* One bit for each family (TRACE_IPV4 ...). */
#define TRACE_IPV4 1u
#define TRACE_IPV6 2u
unsigned int trace_families_of_name(const struct walk *walk, const struct trace_question *question);
unsigned int trace_families_of_container(const struct walk *walk, const char *container);

void trace_ok(struct walk *walk, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void trace_stop(struct walk *walk, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void trace_unknown(struct walk *walk, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void trace_warn(struct walk *walk, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Of the hop before. */
void trace_remedy(struct walk *walk, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What could not be looked at is a hop of unknown verdict. Always false. */
bool trace_failed(struct walk *walk, const char *where, const struct error *err);
void trace_stop_without_network(struct walk *walk, const struct trace_question *question);

#define TRACE_ADDRESS_SIZE (INET6_ADDRSTRLEN + sizeof("[]:65535"))
const char *trace_address(const struct trace_ip *ip, char out[TRACE_ADDRESS_SIZE]);
/* "10.83.0.10:80", "[fd00:83::a]:80"; port 0: the address alone */
const char *trace_endpoint(const struct trace_ip *ip, uint16_t port, char out[TRACE_ADDRESS_SIZE]);

/* What is asked about, before its first hop. A ping has a protocol of its own in each family. */
struct traveller trace_set_out(const struct walk *walk, const struct trace_question *question);
bool trace_is_ping(const struct traveller *traveller);
const char *trace_protocol_name(const struct traveller *traveller); /* "tcp" */

/*
 * The functions below add hops. They return whether it is of use to go on behind them, which it
 * often is behind one that stops.
 */

/* ---- trace_outside.c ---- */

void trace_from_outside(struct walk *walk, const struct trace_question *question);
/* Those in which the port is published; where it is not, and need not be, those it has. */
unsigned int trace_families_from_outside(struct walk *walk, const struct trace_question *question);

/* ---- trace_link.c ---- */

/* The container's own routing table: which of its links, and the gateway. */
bool trace_route_inside(struct walk *walk, struct place *place, const struct trace_ip *destination,
			struct route_answer *answer);
bool trace_inner_link(struct walk *walk, struct place *place);
/* Whether it has an address of the family at all. Says nothing where it has. */
bool trace_has_family(struct walk *walk, const struct place *place);
bool trace_host_end(struct walk *walk, struct place *place); /* of its veth, and the bridge port */
bool trace_bridge(struct walk *walk, const struct network_record *network, bool as_gateway);
bool trace_parent(struct walk *walk, struct place *place); /* of a macvlan */
/* Whether something in the container takes what arrives; and whether its answers find back. */
bool trace_listener(struct walk *walk, struct place *place, const struct traveller *traveller);
bool trace_way_back(struct walk *walk, struct place *place, const struct traveller *traveller);
/* The last hops of a walk that ends in a container. */
void trace_arrive_inside(struct walk *walk, struct place *place, const struct traveller *traveller);
/* A link of the host that leads out. */
bool trace_uplink(struct walk *walk, const char *name);

/* ---- trace_host.c ---- */

/* Whether the host passes on what comes in on traveller->in. */
bool trace_forwarding(struct walk *walk, const struct traveller *traveller);
bool trace_reverse_path(struct walk *walk, const struct traveller *traveller); /* IPv4 alone */
/* Sets traveller->out. */
bool trace_host_route(struct walk *walk, struct traveller *traveller);
/* Whether who gets it next is known to be silent on that link. */
bool trace_neighbour(struct walk *walk, const char *link, const struct trace_ip *address);
bool trace_is_local(struct walk *walk, const struct trace_ip *address);
/* The end of the way: a program of the host. */
void trace_host_listener(struct walk *walk, const struct traveller *traveller);
/* Whether frames within a bridge pass the firewall, too. */
bool trace_bridge_is_filtered(const struct walk *walk);

/* ---- trace_rules.c ---- */

/* Published ports: the rule, with the traveller's destination rewritten; NULL: none leads on. */
const struct firewall_rule *trace_dnat(struct walk *walk, struct traveller *traveller);
bool trace_guard(struct walk *walk, const struct traveller *traveller);
bool trace_filter(struct walk *walk, const struct traveller *traveller);
bool trace_input(struct walk *walk, const struct traveller *traveller);
/* Sets traveller->source to what the other side sees. */
bool trace_masquerade(struct walk *walk, struct traveller *traveller);

#endif
