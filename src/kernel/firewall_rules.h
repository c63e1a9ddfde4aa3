/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_rules.h: rules, free of any backend: what iptables or nftables make of one is their own
 * business. firewall_build.h makes them. Pure.
 */
#ifndef KERNEL_FIREWALL_RULES_H
#define KERNEL_FIREWALL_RULES_H

#include <net/if.h>

#include "kernel/firewall.h"

enum firewall_chain {
	FIREWALL_GUARD,   /* before connection tracking: what must not enter at all */
	FIREWALL_EGRESS,  /* what containers may not call: whatever is not dropped returns */
	FIREWALL_FORWARD, /* what may pass between interfaces */
	FIREWALL_HOST,    /* as EGRESS, of the host itself */
	FIREWALL_DNAT,    /* published ports */
	FIREWALL_NAT,     /* the source address of what leaves */
	FIREWALL_CHAIN_COUNT
};

enum firewall_hook {
	FIREWALL_HOOK_PREROUTING,
	FIREWALL_HOOK_INPUT,
	FIREWALL_HOOK_FORWARD,
	FIREWALL_HOOK_OUTPUT,
	FIREWALL_HOOK_POSTROUTING,
};

enum firewall_action {
	FIREWALL_ACCEPT,
	FIREWALL_DROP,
	FIREWALL_RETURN, /* leaves our chain: the rules after it decide */
	FIREWALL_DNAT_TO,
	FIREWALL_MASQUERADE,
};

/* States of a connection; several are alternatives. */
#define FIREWALL_STATE_ANSWERS 1u /* established or related */
#define FIREWALL_STATE_DNAT    2u /* its destination was rewritten */

struct firewall_subnet {
	union firewall_address address;
	unsigned int prefix; /* 0: any address */
};

extern const struct firewall_subnet firewall_loopback; /* 127.0.0.0/8 */

/* The mask of a prefix of at most as many bits as an address of the family has. */
union firewall_address firewall_mask(enum firewall_family family, unsigned int prefix);
unsigned int firewall_address_bits(enum firewall_family family); /* 32 or 128 */
bool firewall_address_is_any(enum firewall_family family, const union firewall_address *address);
bool firewall_subnet_has(enum firewall_family family, const struct firewall_subnet *subnet,
			 const union firewall_address *address);

/* What a packet of a family must be like; zero fields match every packet. */
struct firewall_match {
	char in[IFNAMSIZ], out[IFNAMSIZ];
	bool not_in, not_out;
	struct firewall_subnet source, destination;
	bool not_destination;
	bool destination_local; /* any address of the host */
	uint8_t protocol;
	uint16_t port_first, port_last; /* destination ports, with TCP and UDP only; 0: all */
	uint8_t icmp_type;              /* with ICMPv6 only; 0: all */
	bool by_mac;                    /* only packets that an interface of this address sent */
	uint8_t mac[6];
	unsigned int states;
};

/* What of the set asks for a rule: for those who look, no rule differs by it. */
struct firewall_reason {
	const void *owner;  /* of the network, forward or exception */
	bool of_container;  /* of a forward or an exception */
	const char *key;    /* of the files: "nat"; "": the network as such; "firewall.publish" */
	bool listed;        /* the key is a list, and it is this element of it: */
	unsigned int index;
};

#define FIREWALL_COMMENT_SIZE 80 /* "cman:" and a name of 63, "cman:network:" and a bridge */

struct firewall_rule {
	enum firewall_family family;
	enum firewall_chain chain;
	unsigned int rank; /* rules of a lower rank come first in their chain */
	struct firewall_match match;
	enum firewall_action action;
	/* FIREWALL_DNAT_TO: as many ports as the match has */
	union firewall_address to;
	uint16_t to_first, to_last;
	char comment[FIREWALL_COMMENT_SIZE];
	struct firewall_reason reason;
};

/* From where, and with which packets, a chain of a family that has rules is entered. */
struct firewall_jump {
	enum firewall_family family;
	enum firewall_hook hook;
	enum firewall_chain chain;
	/* Before everybody else's rules, those of one hook in this order; else after those there are. */
	bool first;
	struct firewall_match match;
};
#define FIREWALL_JUMP_COUNT 15
extern const struct firewall_jump firewall_jumps[FIREWALL_JUMP_COUNT];
#define FIREWALL_JUMP_COMMENT "cman"

struct firewall_rules {
	struct firewall_rule *items; /* by family and chain, then in the order of the chain */
	size_t count;
	bool forward_is_theirs; /* of the set: no jump to FIREWALL_FORWARD is wanted */
};

/* Whether a jump is wanted where the chain has rules. */
bool firewall_jump_is_wanted(const struct firewall_rules *rules, const struct firewall_jump *jump);

/* For those who make them: a rule that matches every packet, without a comment. */
struct firewall_rule *firewall_rules_add(struct firewall_rules *rules, enum firewall_family family,
					 enum firewall_chain chain, unsigned int rank,
					 enum firewall_action action);

/* By family and chain, then in the order of the chain: the same whatever the order before. */
void firewall_rules_sort(struct firewall_rules *rules);

void firewall_rules_clear(struct firewall_rules *rules);
#define AUTO_FIREWALL_RULES AUTO(firewall_rules_clear)

/* The rules of one chain, a part of items; *count of them. */
const struct firewall_rule *firewall_rules_of(const struct firewall_rules *rules,
					      enum firewall_family family,
					      enum firewall_chain chain, size_t *count);
bool firewall_rules_have(const struct firewall_rules *rules, enum firewall_family family);

#endif
