/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall.h: (libiptc) NAT, forwarding and published ports, in chains of our own entered by one
 * jump each from the built-in chains. The content of the chains is computed as a whole from the
 * set of networks and forwards and committed once per table; foreign rules and all counters stay.
 * Taken under /run/xtables.lock, EAGAIN retried. The kernel's ip_tables module is loaded through
 * libkmod when missing. iptables(8), iptables-extensions(8).
 *
 *   nat     PREROUTING, OUTPUT  -> PREFIX-DNAT   one DNAT rule per port forward
 *           POSTROUTING         -> PREFIX-NAT    MASQUERADE of each network going out, hairpin,
 *                                                localhost to published ports
 *   filter  FORWARD (first)     -> PREFIX-FWD    established, out of our bridges, to forwards
 *   raw or filter INPUT guard for route_localnet: 127/8 never enters from a bridge
 */
#ifndef KERNEL_FIREWALL_H
#define KERNEL_FIREWALL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct firewall_network {
	const char *bridge;
	struct in_addr subnet;
	unsigned int prefix;
	bool nat;
};

/* A container on a network that needs rules of its own: ports, or nat unlike the network's. */
struct firewall_forward {
	const char *container;       /* goes into the rule's comment: "cman:web" */
	const char *bridge;
	struct in_addr address;      /* the container's */
	struct in_addr host_address; /* INADDR_ANY: every local address */
	uint16_t host_first, host_last;
	uint16_t container_first, container_last;
	uint8_t protocol;
};
struct firewall_exception {          /* nat = false (or true) for one container */
	const char *container;
	struct in_addr address;
	bool nat;
};

struct firewall_set {
	const char *prefix; /* of chain names */
	const struct firewall_network *networks;
	size_t network_count;
	const struct firewall_forward *forwards;
	size_t forward_count;
	const struct firewall_exception *exceptions;
	size_t exception_count;
};

/*
 * The lock all of cman and iptables(8) share. Hold it while the set is put together and
 * committed, so that two commands cannot overwrite each other with older sets. EAGAIN with the
 * lock's path when timeout_ms went by.
 */
int firewall_lock(int timeout_ms, struct error *err); /* returns an fd; close releases */

/*
 * Makes the kernel's tables hold exactly the rules of set in our chains: nothing is written when
 * nothing differs. An empty set removes chains and jumps. All or nothing per table; when the
 * second table fails, the first is put back.
 */
int firewall_commit(const struct firewall_set *set, struct error *err);

#endif
