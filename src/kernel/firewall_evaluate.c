/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_evaluate.h"

#include <string.h>

static bool matches_interface(const char *wanted, bool inverted, const char *interface)
{
	return wanted[0] == '\0' || (strcmp(wanted, interface) == 0) != inverted;
}

bool firewall_matches(const struct firewall_match *match, const struct firewall_packet *packet)
{
	if (!matches_interface(match->in, match->not_in, packet->in) ||
	    !matches_interface(match->out, match->not_out, packet->out))
		return false;
	if (!firewall_subnet_has(packet->family, &match->source, &packet->source) ||
	    firewall_subnet_has(packet->family, &match->destination, &packet->destination) ==
		    match->not_destination)
		return false;
	if (match->destination_local && !packet->destination_local)
		return false;
	if (match->protocol && match->protocol != packet->protocol)
		return false;
	if (match->port_first &&
	    (packet->port < match->port_first || packet->port > match->port_last))
		return false;
	/* Types of ICMP that rules tell apart are those nobody asks about. */
	if (match->icmp_type)
		return false;
	if (match->by_mac &&
	    (!packet->mac || memcmp(match->mac, packet->mac, sizeof(match->mac)) != 0))
		return false;
	return match->states == 0 || (match->states & packet->states) != 0;
}

const struct firewall_rule *firewall_evaluate(const struct firewall_rules *rules,
					      enum firewall_chain chain,
					      const struct firewall_packet *packet)
{
	size_t count;
	const struct firewall_rule *of_chain =
		firewall_rules_of(rules, packet->family, chain, &count);

	for (size_t i = 0; i < count; i++)
		if (firewall_matches(&of_chain[i].match, packet))
			return &of_chain[i];
	return NULL;
}

bool firewall_enters(enum firewall_hook hook, enum firewall_chain chain,
		     const struct firewall_packet *packet)
{
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++)
		if (firewall_jumps[i].family == packet->family && firewall_jumps[i].hook == hook &&
		    firewall_jumps[i].chain == chain &&
		    firewall_matches(&firewall_jumps[i].match, packet))
			return true;
	return false;
}

uint16_t firewall_translated_port(const struct firewall_rule *rule, uint16_t port)
{
	return (uint16_t)(rule->to_first + (port - rule->match.port_first));
}
