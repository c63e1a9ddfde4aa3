/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_evaluate.h: what the rules of firewall_rules.h make of one packet. Pure: it tells what
 * they would do were they in the kernel, and asks nobody whether they are.
 */
#ifndef KERNEL_FIREWALL_EVALUATE_H
#define KERNEL_FIREWALL_EVALUATE_H

#include "kernel/firewall_rules.h"

struct firewall_packet {
	enum firewall_family family;
	const char *in, *out; /* interfaces; "": none, or not known yet at that hook */
	union firewall_address source, destination; /* 0.0.0.0, "::": not known */
	bool destination_local;                     /* an address of this host */
	uint8_t protocol;                           /* 0: not known */
	uint16_t port;       /* of the destination; 0: not known, or it has none */
	const uint8_t *mac;  /* of the interface that sent it; NULL: of nobody whom a rule knows */
	unsigned int states; /* 0: the first packet of a connection */
};

bool firewall_matches(const struct firewall_match *match, const struct firewall_packet *packet);

/* The first rule of the chain that matches, which decides; NULL: the packet comes out at its end. */
const struct firewall_rule *firewall_evaluate(const struct firewall_rules *rules,
					      enum firewall_chain chain,
					      const struct firewall_packet *packet);

/* Whether a packet at that hook enters the chain. */
bool firewall_enters(enum firewall_hook hook, enum firewall_chain chain,
		     const struct firewall_packet *packet);

/* The port that a DNAT rule leads the packet to, which it matches. */
uint16_t firewall_translated_port(const struct firewall_rule *rule, uint16_t port);

#endif
