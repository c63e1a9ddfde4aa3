/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_rules.h"

#include <arpa/inet.h>
#include <asm/byteorder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Order inside the chains: the whole of one rank, over all networks, comes before the next. */
enum { FORWARD_ANSWERS, FORWARD_CLOSED, FORWARD_SIBLINGS, FORWARD_INSIDE, FORWARD_OUT };
enum { NAT_HAIRPIN, NAT_LOCALHOST, NAT_EXCEPTION, NAT_NETWORK };

/* From asm/byteorder.h, as htonl() is no constant. */
#define LOOPBACK_NET                                                                               \
	{                                                                                          \
		.address = {__constant_htonl(0x7f000000)}, .prefix = 8                             \
	}

const struct firewall_jump firewall_jumps[FIREWALL_JUMP_COUNT] = {
	{.hook = FIREWALL_HOOK_PREROUTING, .chain = FIREWALL_GUARD, .first = true},
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
};

static const struct firewall_subnet loopback_net = LOOPBACK_NET;

static struct firewall_rule *add_rule(struct firewall_rules *rules, enum firewall_chain chain,
				      unsigned int rank, enum firewall_action action)
{
	struct firewall_rule *rule = &rules->items[rules->count++];

	rule->chain = chain;
	rule->rank = rank;
	rule->action = action;
	return rule;
}

static struct firewall_rule *add_network_rule(struct firewall_rules *rules,
					      const struct firewall_network *network,
					      enum firewall_chain chain, unsigned int rank,
					      enum firewall_action action)
{
	struct firewall_rule *rule = add_rule(rules, chain, rank, action);

	snprintf(rule->comment, sizeof(rule->comment), "cman:network:%s", network->bridge);
	return rule;
}

static void set_interface(char to[IFNAMSIZ], const char *name)
{
	snprintf(to, IFNAMSIZ, "%s", name);
}

/*
 * route_localnet lets localhost reach published ports; without these two rules it would also
 * let a container reach the host's services on 127.0.0.1, or pass for one of them.
 */
static void add_guard(struct firewall_rules *rules, const struct firewall_network *network)
{
	struct firewall_rule *rule;

	rule = add_network_rule(rules, network, FIREWALL_GUARD, 0, FIREWALL_DROP);
	set_interface(rule->match.in, network->bridge);
	rule->match.destination = loopback_net;

	rule = add_network_rule(rules, network, FIREWALL_GUARD, 0, FIREWALL_DROP);
	set_interface(rule->match.in, network->bridge);
	rule->match.source = loopback_net;
}

static void add_forward_rules(struct firewall_rules *rules, const struct firewall_network *network)
{
	struct firewall_rule *rule;

	rule = add_network_rule(rules, network, FIREWALL_FORWARD, FORWARD_ANSWERS, FIREWALL_ACCEPT);
	set_interface(rule->match.out, network->bridge);
	rule->match.states = FIREWALL_STATE_ANSWERS | FIREWALL_STATE_DNAT;

	if (network->nat || network->internal) {
		rule = add_network_rule(rules, network, FIREWALL_FORWARD, FORWARD_CLOSED,
					FIREWALL_DROP);
		set_interface(rule->match.in, network->bridge);
		rule->match.not_in = true;
		set_interface(rule->match.out, network->bridge);
	}

	/* The ports of the bridge are parted; what the host would route back is dropped here. */
	if (!network->icc) {
		rule = add_network_rule(rules, network, FIREWALL_FORWARD, FORWARD_SIBLINGS,
					FIREWALL_DROP);
		set_interface(rule->match.in, network->bridge);
		set_interface(rule->match.out, network->bridge);
	}
	if (network->internal) {
		rule = add_network_rule(rules, network, FIREWALL_FORWARD, FORWARD_INSIDE,
					FIREWALL_DROP);
		set_interface(rule->match.in, network->bridge);
		set_interface(rule->match.out, network->bridge);
		rule->match.not_out = true;
	}

	/* Out of the bridge, and between siblings where br_netfilter shows us their packets. */
	rule = add_network_rule(rules, network, FIREWALL_FORWARD, FORWARD_OUT, FIREWALL_ACCEPT);
	set_interface(rule->match.in, network->bridge);
}

static void add_masquerade(struct firewall_rules *rules, const struct firewall_network *network)
{
	const struct firewall_subnet subnet = {network->subnet, network->prefix};
	struct firewall_rule *rule;

	/* Sibling to a published port: the answer has to come back through us. */
	rule = add_network_rule(rules, network, FIREWALL_NAT, NAT_HAIRPIN, FIREWALL_MASQUERADE);
	rule->match.source = subnet;
	set_interface(rule->match.out, network->bridge);
	rule->match.states = FIREWALL_STATE_DNAT;

	rule = add_network_rule(rules, network, FIREWALL_NAT, NAT_LOCALHOST, FIREWALL_MASQUERADE);
	rule->match.source = loopback_net;
	set_interface(rule->match.out, network->bridge);

	if (!network->nat)
		return;
	rule = add_network_rule(rules, network, FIREWALL_NAT, NAT_NETWORK, FIREWALL_MASQUERADE);
	rule->match.source = subnet;
	set_interface(rule->match.out, network->bridge);
	rule->match.not_out = true;
}

static int set_container_comment(struct firewall_rule *rule, const char *container,
				 struct error *err)
{
	if (snprintf(rule->comment, sizeof(rule->comment), "cman:%s", container) >=
	    (int)sizeof(rule->comment))
		return error_set(err, ENAMETOOLONG, "container %.64s...", container);
	return 0;
}

static const struct firewall_network *find_bridge(const struct firewall_set *set, const char *bridge)
{
	for (size_t i = 0; i < set->network_count; i++)
		if (strcmp(set->networks[i].bridge, bridge) == 0)
			return &set->networks[i];
	return NULL;
}

static const struct firewall_network *find_subnet(const struct firewall_set *set,
						  struct in_addr address)
{
	for (size_t i = 0; i < set->network_count; i++) {
		const struct firewall_network *network = &set->networks[i];
		in_addr_t mask = htonl(network->prefix ? ~0u << (32 - network->prefix) : 0);

		if (((address.s_addr ^ network->subnet.s_addr) & mask) == 0)
			return network;
	}
	return NULL;
}

static int add_forward(struct firewall_rules *rules, const struct firewall_set *set,
		       const struct firewall_forward *forward, struct error *err)
{
	struct firewall_rule *rule = add_rule(rules, FIREWALL_DNAT, 0, FIREWALL_DNAT_TO);

	if (!find_bridge(set, forward->bridge))
		return error_set(err, EINVAL, "published port of %s on unknown bridge %s",
				 forward->container, forward->bridge);
	if (forward->host_first > forward->host_last ||
	    forward->host_last - forward->host_first !=
		    forward->container_last - forward->container_first)
		return error_set(err, EINVAL, "published ports %u-%u of %s to %u-%u",
				 forward->host_first, forward->host_last, forward->container,
				 forward->container_first, forward->container_last);
	rule->match.destination.address = forward->host_address;
	rule->match.destination.prefix = forward->host_address.s_addr == INADDR_ANY ? 0 : 32;
	rule->match.protocol = forward->protocol;
	rule->match.port_first = forward->host_first;
	rule->match.port_last = forward->host_last;
	rule->to = forward->address;
	rule->to_first = forward->container_first;
	rule->to_last = forward->container_last;
	return set_container_comment(rule, forward->container, err);
}

static int add_exception(struct firewall_rules *rules, const struct firewall_set *set,
			 const struct firewall_exception *exception, struct error *err)
{
	const struct firewall_network *network = find_subnet(set, exception->address);
	struct firewall_rule *rule;

	if (!network)
		return error_set(err, EINVAL, "address of %s is in none of the networks",
				 exception->container);
	if (network->nat == exception->nat)
		return 0;
	rule = add_rule(rules, FIREWALL_NAT, NAT_EXCEPTION,
			exception->nat ? FIREWALL_MASQUERADE : FIREWALL_RETURN);
	rule->match.source.address = exception->address;
	rule->match.source.prefix = 32;
	set_interface(rule->match.out, network->bridge);
	rule->match.not_out = true;
	return set_container_comment(rule, exception->container, err);
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_subnets(const struct firewall_subnet *a, const struct firewall_subnet *b)
{
	/* The narrower one first: a port on one address goes before the same on all. */
	int order = compare_numbers(b->prefix, a->prefix);

	return order ? order : compare_numbers(ntohl(a->address.s_addr), ntohl(b->address.s_addr));
}

static int compare_rules(const void *left, const void *right)
{
	const struct firewall_rule *a = left, *b = right;
	int order;

	if ((order = compare_numbers(a->chain, b->chain)) != 0 ||
	    (order = compare_numbers(a->rank, b->rank)) != 0 ||
	    (order = compare_subnets(&a->match.destination, &b->match.destination)) != 0 ||
	    (order = compare_numbers(a->match.protocol, b->match.protocol)) != 0 ||
	    (order = compare_numbers(a->match.port_first, b->match.port_first)) != 0 ||
	    (order = compare_numbers(a->match.port_last, b->match.port_last)) != 0 ||
	    (order = compare_subnets(&a->match.source, &b->match.source)) != 0 ||
	    (order = strcmp(a->match.in, b->match.in)) != 0 ||
	    (order = strcmp(a->match.out, b->match.out)) != 0 ||
	    (order = compare_numbers(ntohl(a->to.s_addr), ntohl(b->to.s_addr))) != 0 ||
	    (order = compare_numbers(a->to_first, b->to_first)) != 0)
		return order;
	return strcmp(a->comment, b->comment);
}

#define RULES_PER_NETWORK 10 /* at most: two guards, five of forwarding, three of NAT */

int firewall_rules_build(const struct firewall_set *set, struct firewall_rules *rules,
			 struct error *err)
{
	size_t most =
		RULES_PER_NETWORK * set->network_count + set->forward_count + set->exception_count;
	AUTO_FIREWALL_RULES struct firewall_rules built = {
		.items = xalloc(most, sizeof(struct firewall_rule))};

	for (size_t i = 0; i < set->network_count; i++) {
		if (strlen(set->networks[i].bridge) >= IFNAMSIZ)
			return error_set(err, ENAMETOOLONG, "bridge %s", set->networks[i].bridge);
		add_guard(&built, &set->networks[i]);
		add_forward_rules(&built, &set->networks[i]);
		add_masquerade(&built, &set->networks[i]);
	}
	for (size_t i = 0; i < set->forward_count; i++)
		if (add_forward(&built, set, &set->forwards[i], err) < 0)
			return -1;
	for (size_t i = 0; i < set->exception_count; i++)
		if (add_exception(&built, set, &set->exceptions[i], err) < 0)
			return -1;
	qsort(built.items, built.count, sizeof(struct firewall_rule), compare_rules);
	*rules = built;
	built = (struct firewall_rules){0};
	return 0;
}

void firewall_rules_clear(struct firewall_rules *rules)
{
	free(rules->items);
	*rules = (struct firewall_rules){0};
}

const struct firewall_rule *firewall_rules_of(const struct firewall_rules *rules,
					      enum firewall_chain chain, size_t *count)
{
	size_t first = 0, end;

	while (first < rules->count && rules->items[first].chain < chain)
		first++;
	for (end = first; end < rules->count && rules->items[end].chain == chain; end++)
		;
	*count = end - first;
	return rules->items + first;
}
