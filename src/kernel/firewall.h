/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall.h: NAT, forwarding and published ports, in chains of our own entered by one jump each
 * from the built-in chains. The content of the chains is computed as a whole from the set of
 * networks and forwards and committed once per table; foreign rules, policies of built-in chains
 * and all counters stay. Behind it: firewall_rules (what the rules are) and two backends that
 * get them into the kernel, firewall_iptables (libiptc: the legacy tables) and firewall_nftables
 * (libnftables). iptables(8), iptables-extensions(8), nft(8).
 *
 *   raw     PREROUTING (first)  -> PREFIX-GUARD  127.0.0.0/8 never enters from a bridge
 *   filter  FORWARD (first)     -> PREFIX-FWD    what may enter and leave the bridges
 *   nat     PREROUTING, OUTPUT  -> PREFIX-DNAT   one DNAT rule per published port or range
 *           POSTROUTING         -> PREFIX-NAT    MASQUERADE of each network going out, hairpin,
 *                                                localhost to published ports
 *
 * and only where a container may not call everything, in both families:
 *
 *   filter  FORWARD (first)     -> PREFIX-EGRESS  what each such container may not call is dropped;
 *                                                 it is known by its hardware address
 *           INPUT (first)       -> PREFIX-HOST    likewise for the host itself, then PREFIX-EGRESS
 *
 * Networks with IPv6 have the same in the tables of ip6tables(8), but for what is about localhost:
 * the kernel itself lets nothing in from a link that is for ::1, or from it.
 *
 * With nftables the same chains, without PREFIX-, stand in a table of our own, "inet" and the prefix
 * in lower case, those of IPv6 as FWD6 and so on; base chains of that table take the place of the
 * built-in ones. It is replaced by one transaction, and whatever else somebody put into it goes.
 *
 * What that means for the packets:
 * - Published ports are reached from outside, from every address of the host, from localhost
 *   (net.ipv4.conf.BRIDGE.route_localnet must be 1), from siblings and from the container itself.
 *   Where br_netfilter is on (net.bridge.bridge-nf-call-iptables), the last one needs hairpin mode
 *   on the container's bridge port: DNAT then happens inside the bridge. A port published on
 *   127.0.0.1 or ::1 is not reached from anywhere but the host. ::1 takes a local route to it for
 *   each bridge; where br_netfilter has ip6tables called (net.bridge.bridge-nf-call-ip6tables), the
 *   kernel throws answers to it away all the same.
 * - Everything goes out of our bridges and between siblings, unless internal or icc says
 *   otherwise.
 * - Into a network with nat come answers and published ports only: the rest is dropped. A host
 *   that forwards would otherwise offer every port of every container to each neighbour who adds
 *   a route to it, as the policy of FORWARD is ACCEPT on most. This also keeps networks apart.
 *   A network without nat is a routed one: its answers and published ports are accepted, the rest
 *   is left to the administrator's rules and policy. nat of a single container changes nothing in
 *   who may reach it.
 * - host_firewall: new connections to published ports come out of our chain as they went in, but
 *   for those of siblings; all else is as above.
 * - forward_is_theirs: nothing of the above is so unless others lead FORWARD to PREFIX-FWD. Their
 *   jumps to it stay, and with them the chain, empty when there are no networks. nftables has no
 *   jumps from other tables: the chain is not made there.
 * - What EGRESS and HOST do not drop returns: everything above, and rules of others, still count.
 *   Answers return at once. For packets between siblings the bridge has to be filtered (netlink.h).
 * - The jumps of nat are appended: DNAT and SNAT rules of the administrator go first.
 * Another firewall's drop in a base chain of the same hook is final, whatever is accepted here; with
 * nftables that goes for the rules and policy of FORWARD in the legacy tables, too.
 *
 * A table that was looked at stays registered in the network namespace; that cannot be undone, so
 * removing what was never there looks at none, and without a network with IPv6, or a container that may
 * not call everything, none of IPv6 is made.
 */
#ifndef KERNEL_FIREWALL_H
#define KERNEL_FIREWALL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "config/spec.h"

enum firewall_family { FIREWALL_IPV4, FIREWALL_IPV6, FIREWALL_FAMILY_COUNT };

/* Its family stands beside it. */
union firewall_address {
	struct in_addr v4;
	struct in6_addr v6;
	uint8_t bytes[16]; /* the first 4 of them where it is of IPv4 */
};

struct firewall_network {
	const char *bridge;
	struct in_addr subnet;
	unsigned int prefix;
	struct in6_addr subnet6;
	unsigned int prefix6; /* 0: no rules of IPv6 */
	bool nat;
	bool internal; /* nothing passes between it and other links */
	bool icc;      /* its containers reach each other; else by published ports only */
	const char *uplink; /* masqueraded is what leaves by it; NULL or "": by any link */
	const void *owner;  /* passed on to the rules: see struct firewall_reason */
};

/* One published port or range; its network is among the networks of the set. */
struct firewall_forward {
	const char *container; /* goes into the rule's comment: "cman:web" */
	const char *bridge;
	enum firewall_family family;
	union firewall_address address;      /* the container's */
	union firewall_address host_address; /* all zero: every local address of the family */
	uint16_t host_first, host_last;
	uint16_t container_first, container_last; /* as many as on the host side */
	uint8_t protocol;                         /* IPPROTO_TCP or IPPROTO_UDP */
	const void *owner;
	unsigned int index; /* among those of the owner */
};

/* A container whose nat is unlike its network's. */
struct firewall_exception {
	const char *container;
	enum firewall_family family;
	union firewall_address address; /* in the subnet of one of the networks */
	bool nat;
	const void *owner;
};

/* A container that others on its network do not reach but by published ports, nor it them. */
struct firewall_isolated {
	const char *container;
	const char *bridge;
	enum firewall_family family;
	union firewall_address address;
	const void *owner;
};

/* A container on one of the networks that may not call everything. */
struct firewall_limit {
	const char *container;
	const char *bridge;
	uint8_t mac[6];               /* of its interface */
	bool ipv6;                    /* there is IPv6 at all, be it link-local */
	bool no_host_access;          /* nothing of the host but its names */
	const struct egress *egress;
	const struct strlist *servers; /* addresses that it asks for names */
	const void *owner;
};

struct firewall_set {
	enum firewall_backend backend; /* which is to have the rules; not FIREWALL_AUTO */
	const char *prefix;            /* of chain names: 1 to 10 capitals */
	bool without_localhost6;       /* no port is published on ::1, on "::" neither */
	bool host_firewall;            /* published ports are accepted by others, or not */
	bool forward_is_theirs;        /* FORWARD is not led to PREFIX-FWD */
	const struct firewall_network *networks;
	size_t network_count;
	const struct firewall_forward *forwards;
	size_t forward_count;
	const struct firewall_exception *exceptions;
	size_t exception_count;
	const struct firewall_isolated *isolated;
	size_t isolated_count;
	const struct firewall_limit *limits;
	size_t limit_count;
};

/*
 * The lock all of cman and iptables(8) share: /run/xtables.lock, or what XTABLES_LOCKFILE names.
 * Hold it while the set is put together and committed, so that two commands cannot overwrite each
 * other with older sets. Returns an fd; closing it releases the lock (a child forked meanwhile
 * holds it too, until it closes its copy or executes a program). timeout_ms: -1 waits for ever;
 * EAGAIN with the path and the holder when the time went by. SIGALRM is used while waiting.
 */
int firewall_lock(int timeout_ms, struct error *err);

/*
 * What "auto" means on this host: iptables where the legacy tables are there or could be loaded, and
 * nobody else has rules in nf_tables; else nftables, which then sees the same packets as the rules
 * of the host do and is shown by the same tools. ipv6: the legacy tables of it are needed, too.
 */
int firewall_choose(const char *prefix, bool ipv6, enum firewall_backend *backend,
		    struct error *err);

/*
 * Makes the kernel's tables hold exactly the rules of set in our chains: nothing is written when
 * nothing differs. An empty set removes chains and jumps. All or nothing per table; when a later
 * table fails, the earlier ones are put back. ENOPROTOOPT, ENOENT: a kernel without the legacy
 * tables, or without nf_tables. ENOSYS: no libip4tc, libip6tc or libnftables. EINVAL: a set that
 * contradicts itself, or a name that nft(8) has no way to write.
 */
int firewall_commit(const struct firewall_set *set, struct error *err);

/*
 * What of others drops packets that the rules of set accept: a warning each ("..., add: LINE"). Of
 * the networks of the set those with nat are asked about, and those with forwards. The backend may
 * be FIREWALL_AUTO here. Only root can see it: EPERM. EINTR: somebody changed rules meanwhile.
 */
int firewall_find_obstacles(const struct firewall_set *set, struct strlist *warnings,
			    struct error *err);

#endif
