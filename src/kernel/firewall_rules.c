/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_rules.h"

#include <arpa/inet.h>
#include <asm/byteorder.h>
#include <stdlib.h>
#include <string.h>

/* From asm/byteorder.h, as htonl() is no constant. */
#define LOOPBACK_NET                                                                               \
	{                                                                                          \
		.address = {.v4 = {__constant_htonl(0x7f000000)}}, .prefix = 8                     \
	}

/* Nobody reaches a published port by these: what is sent from one cannot be forwarded. */
#define LINK_LOCAL_NET                                                                             \
	{                                                                                          \
		.address = {.v6 = {.s6_addr = {0xfe, 0x80}}}, .prefix = 10                         \
	}

const struct firewall_jump firewall_jumps[FIREWALL_JUMP_COUNT] = {
	{.hook = FIREWALL_HOOK_PREROUTING, .chain = FIREWALL_GUARD, .first = true},
	{.hook = FIREWALL_HOOK_INPUT, .chain = FIREWALL_HOST, .first = true},
	{.hook = FIREWALL_HOOK_INPUT, .chain = FIREWALL_EGRESS, .first = true},
	{.hook = FIREWALL_HOOK_FORWARD, .chain = FIREWALL_EGRESS, .first = true},
	{.hook = FIREWALL_HOOK_FORWARD, .chain = FIREWALL_FORWARD, .first = true},
	/*
	 * DNAT comes before the routing decision that throws away packets to 127.0.0.0/8: were
	 * they let in here, a neighbour would reach ports published on 127.0.0.1.
	 */
	{.hook = FIREWALL_HOOK_PREROUTING,
	 .chain = FIREWALL_DNAT,
	 .match = {.destination = LOOPBACK_NET, .not_destination = true, .destination_local = true}},
	{.hook = FIREWALL_HOOK_OUTPUT, .chain = FIREWALL_DNAT, .match = {.destination_local = true}},
	{.hook = FIREWALL_HOOK_POSTROUTING, .chain = FIREWALL_NAT},

	{.family = FIREWALL_IPV6, .hook = FIREWALL_HOOK_INPUT, .chain = FIREWALL_HOST, .first = true},
	{.family = FIREWALL_IPV6,
	 .hook = FIREWALL_HOOK_INPUT,
	 .chain = FIREWALL_EGRESS,
	 .first = true},
	{.family = FIREWALL_IPV6,
	 .hook = FIREWALL_HOOK_FORWARD,
	 .chain = FIREWALL_EGRESS,
	 .first = true},
	{.family = FIREWALL_IPV6,
	 .hook = FIREWALL_HOOK_FORWARD,
	 .chain = FIREWALL_FORWARD,
	 .first = true},
	{.family = FIREWALL_IPV6,
	 .hook = FIREWALL_HOOK_PREROUTING,
	 .chain = FIREWALL_DNAT,
	 .match = {.destination = LINK_LOCAL_NET, .not_destination = true, .destination_local = true}},
	{.family = FIREWALL_IPV6,
	 .hook = FIREWALL_HOOK_OUTPUT,
	 .chain = FIREWALL_DNAT,
	 .match = {.destination = LINK_LOCAL_NET, .not_destination = true, .destination_local = true}},
	{.family = FIREWALL_IPV6, .hook = FIREWALL_HOOK_POSTROUTING, .chain = FIREWALL_NAT},
};

const struct firewall_subnet firewall_loopback = LOOPBACK_NET;

unsigned int firewall_address_bits(enum firewall_family family)
{
	return family == FIREWALL_IPV6 ? 128 : 32;
}

union firewall_address firewall_mask(enum firewall_family family, unsigned int prefix)
{
	union firewall_address mask = {.v6 = IN6ADDR_ANY_INIT};

	for (unsigned int bit = 0; bit < prefix && bit < firewall_address_bits(family); bit++)
		mask.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return mask;
}

bool firewall_address_is_any(enum firewall_family family, const union firewall_address *address)
{
	const union firewall_address any = {.v6 = IN6ADDR_ANY_INIT};

	return memcmp(address, &any, firewall_address_bits(family) / 8) == 0;
}

bool firewall_subnet_has(enum firewall_family family, const struct firewall_subnet *subnet,
			 const union firewall_address *address)
{
	const union firewall_address mask = firewall_mask(family, subnet->prefix);

	for (unsigned int i = 0; i < firewall_address_bits(family) / 8; i++)
		if ((subnet->address.bytes[i] ^ address->bytes[i]) & mask.bytes[i])
			return false;
	return true;
}

struct firewall_rule *firewall_rules_add(struct firewall_rules *rules, enum firewall_family family,
					 enum firewall_chain chain, unsigned int rank,
					 enum firewall_action action)
{
	struct firewall_rule *rule = &rules->items[rules->count++];

	rule->family = family;
	rule->chain = chain;
	rule->rank = rank;
	rule->action = action;
	return rule;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_addresses(const union firewall_address *a, const union firewall_address *b,
			     enum firewall_family family)
{
	return memcmp(a, b, firewall_address_bits(family) / 8);
}

static int compare_subnets(const struct firewall_subnet *a, const struct firewall_subnet *b,
			   enum firewall_family family)
{
	/* The narrower one first: a port on one address goes before the same on all. */
	int order = compare_numbers(b->prefix, a->prefix);

	return order ? order : compare_addresses(&a->address, &b->address, family);
}

static int compare_rules(const void *left, const void *right)
{
	const struct firewall_rule *a = left, *b = right;
	int order;

	if ((order = compare_numbers(a->family, b->family)) != 0 ||
	    (order = compare_numbers(a->chain, b->chain)) != 0 ||
	    (order = compare_numbers(a->rank, b->rank)) != 0 ||
	    (order = compare_subnets(&a->match.destination, &b->match.destination, a->family)) != 0 ||
	    (order = compare_numbers(a->match.protocol, b->match.protocol)) != 0 ||
	    (order = compare_numbers(a->match.port_first, b->match.port_first)) != 0 ||
	    (order = compare_numbers(a->match.port_last, b->match.port_last)) != 0 ||
	    (order = compare_numbers(a->match.icmp_type, b->match.icmp_type)) != 0 ||
	    (order = memcmp(a->match.mac, b->match.mac, sizeof(a->match.mac))) != 0 ||
	    (order = compare_subnets(&a->match.source, &b->match.source, a->family)) != 0 ||
	    (order = strcmp(a->match.in, b->match.in)) != 0 ||
	    (order = strcmp(a->match.out, b->match.out)) != 0 ||
	    (order = compare_addresses(&a->to, &b->to, a->family)) != 0 ||
	    (order = compare_numbers(a->to_first, b->to_first)) != 0)
		return order;
	return strcmp(a->comment, b->comment);
}

void firewall_rules_sort(struct firewall_rules *rules)
{
	qsort(rules->items, rules->count, sizeof(struct firewall_rule), compare_rules);
}

bool firewall_jump_is_wanted(const struct firewall_rules *rules, const struct firewall_jump *jump)
{
	return !rules->forward_is_theirs || jump->chain != FIREWALL_FORWARD;
}

void firewall_rules_clear(struct firewall_rules *rules)
{
	free(rules->items);
	*rules = (struct firewall_rules){0};
}

const struct firewall_rule *firewall_rules_of(const struct firewall_rules *rules,
					      enum firewall_family family,
					      enum firewall_chain chain, size_t *count)
{
	const struct firewall_rule *items = rules->items;
	size_t first = 0, end;

	while (first < rules->count && (items[first].family != family || items[first].chain != chain))
		first++;
	for (end = first;
	     end < rules->count && items[end].family == family && items[end].chain == chain; end++)
		;
	*count = end - first;
	return items + first;
}

bool firewall_rules_have(const struct firewall_rules *rules, enum firewall_family family)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].family == family)
			return true;
	return false;
}
