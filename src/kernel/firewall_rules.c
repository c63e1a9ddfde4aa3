/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_rules.h"

#include <arpa/inet.h>
#include <asm/byteorder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kernel/firewall_egress.h"

/* Order inside the chains: the whole of one rank, over all networks, comes before the next. */
enum {
	FORWARD_ANSWERS,
	FORWARD_PUBLISHED,
	FORWARD_CLOSED,
	FORWARD_SIBLINGS,
	FORWARD_INSIDE,
	FORWARD_OUT,
};
enum { DNAT_NOT, DNAT_PORT };
enum { NAT_HAIRPIN, NAT_LOCALHOST, NAT_EXCEPTION, NAT_NETWORK };

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

static const struct firewall_subnet loopback_net = LOOPBACK_NET;
static const struct firewall_subnet loopback6 = {
	.address = {.v6 = IN6ADDR_LOOPBACK_INIT},
	.prefix = 128,
};

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

/* The subnet of a network in a family, of prefix 0 where it has none. */
static struct firewall_subnet subnet_of(const struct firewall_network *network,
					enum firewall_family family)
{
	struct firewall_subnet subnet = {.address = {.v6 = network->subnet6},
					 .prefix = network->prefix6};

	if (family == FIREWALL_IPV4)
		subnet = (struct firewall_subnet){.address = {.v4 = network->subnet},
						  .prefix = network->prefix};
	return subnet;
}

/* A network of which rules are made, in one family. */
struct scope {
	const struct firewall_network *network;
	enum firewall_family family;
};

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

static struct firewall_rule *add_network_rule(struct firewall_rules *rules,
					      const struct scope *scope, enum firewall_chain chain,
					      unsigned int rank, enum firewall_action action)
{
	struct firewall_rule *rule = firewall_rules_add(rules, scope->family, chain, rank, action);

	snprintf(rule->comment, sizeof(rule->comment), "cman:network:%s", scope->network->bridge);
	rule->reason.owner = scope->network->owner;
	rule->reason.key = scope->family == FIREWALL_IPV6 ? "subnet6" : "";
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
static void add_guard(struct firewall_rules *rules, const struct scope *scope)
{
	struct firewall_rule *rule;

	rule = add_network_rule(rules, scope, FIREWALL_GUARD, 0, FIREWALL_DROP);
	set_interface(rule->match.in, scope->network->bridge);
	rule->match.destination = loopback_net;

	rule = add_network_rule(rules, scope, FIREWALL_GUARD, 0, FIREWALL_DROP);
	set_interface(rule->match.in, scope->network->bridge);
	rule->match.source = loopback_net;
}

/* Published ports from elsewhere: our chain says neither yes nor no. */
static void leave_published(struct firewall_rules *rules, const struct scope *scope)
{
	struct firewall_rule *rule;

	/* Siblings, by way of the host: before what is said of all others. */
	rule = add_network_rule(rules, scope, FIREWALL_FORWARD, FORWARD_ANSWERS, FIREWALL_ACCEPT);
	set_interface(rule->match.in, scope->network->bridge);
	set_interface(rule->match.out, scope->network->bridge);
	rule->match.states = FIREWALL_STATE_DNAT;
	rule->reason.key = "firewall.publish";

	rule = add_network_rule(rules, scope, FIREWALL_FORWARD, FORWARD_PUBLISHED, FIREWALL_RETURN);
	set_interface(rule->match.out, scope->network->bridge);
	rule->match.states = FIREWALL_STATE_DNAT;
	rule->reason.key = "firewall.publish";
}

static void add_forward_rules(struct firewall_rules *rules, const struct firewall_set *set,
			      const struct scope *scope)
{
	struct firewall_rule *rule;

	rule = add_network_rule(rules, scope, FIREWALL_FORWARD, FORWARD_ANSWERS, FIREWALL_ACCEPT);
	set_interface(rule->match.out, scope->network->bridge);
	rule->match.states = FIREWALL_STATE_ANSWERS;
	if (set->host_firewall)
		leave_published(rules, scope);
	else
		rule->match.states |= FIREWALL_STATE_DNAT;

	if (scope->network->nat || scope->network->internal) {
		rule = add_network_rule(rules, scope, FIREWALL_FORWARD, FORWARD_CLOSED,
					FIREWALL_DROP);
		set_interface(rule->match.in, scope->network->bridge);
		rule->match.not_in = true;
		set_interface(rule->match.out, scope->network->bridge);
		rule->reason.key = scope->network->nat ? "nat" : "internal";
	}

	/* The ports of the bridge are parted; what the host would route back is dropped here. */
	if (!scope->network->icc) {
		rule = add_network_rule(rules, scope, FIREWALL_FORWARD, FORWARD_SIBLINGS,
					FIREWALL_DROP);
		rule->reason.key = "icc";
		set_interface(rule->match.in, scope->network->bridge);
		set_interface(rule->match.out, scope->network->bridge);
	}
	if (scope->network->internal) {
		rule = add_network_rule(rules, scope, FIREWALL_FORWARD, FORWARD_INSIDE,
					FIREWALL_DROP);
		rule->reason.key = "internal";
		set_interface(rule->match.in, scope->network->bridge);
		set_interface(rule->match.out, scope->network->bridge);
		rule->match.not_out = true;
	}

	/* Out of the bridge, and between siblings where br_netfilter shows us their packets. */
	rule = add_network_rule(rules, scope, FIREWALL_FORWARD, FORWARD_OUT, FIREWALL_ACCEPT);
	set_interface(rule->match.in, scope->network->bridge);
}

static bool has_uplink(const struct firewall_network *network)
{
	return network->uplink && network->uplink[0];
}

/* What leaves the network: by the uplink, or by whatever link is not its own. */
static void match_way_out(struct firewall_rule *rule, const struct firewall_network *network)
{
	set_interface(rule->match.out, has_uplink(network) ? network->uplink : network->bridge);
	rule->match.not_out = !has_uplink(network);
}

static void add_masquerade(struct firewall_rules *rules, const struct scope *scope)
{
	const struct firewall_subnet subnet = subnet_of(scope->network, scope->family);
	struct firewall_rule *rule;

	/* Sibling to a published port: the answer has to come back through us. */
	rule = add_network_rule(rules, scope, FIREWALL_NAT, NAT_HAIRPIN, FIREWALL_MASQUERADE);
	rule->match.source = subnet;
	set_interface(rule->match.out, scope->network->bridge);
	rule->match.states = FIREWALL_STATE_DNAT;

	rule = add_network_rule(rules, scope, FIREWALL_NAT, NAT_LOCALHOST, FIREWALL_MASQUERADE);
	rule->match.source = scope->family == FIREWALL_IPV6 ? loopback6 : loopback_net;
	set_interface(rule->match.out, scope->network->bridge);

	if (!scope->network->nat)
		return;
	rule = add_network_rule(rules, scope, FIREWALL_NAT, NAT_NETWORK, FIREWALL_MASQUERADE);
	rule->match.source = subnet;
	match_way_out(rule, scope->network);
	rule->reason.key = has_uplink(scope->network) ? "uplink" : "nat";
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
						  enum firewall_family family,
						  const union firewall_address *address)
{
	for (size_t i = 0; i < set->network_count; i++) {
		const struct firewall_subnet subnet = subnet_of(&set->networks[i], family);

		if (subnet.prefix && firewall_subnet_has(family, &subnet, address))
			return &set->networks[i];
	}
	return NULL;
}

static int add_forward(struct firewall_rules *rules, const struct firewall_set *set,
		       const struct firewall_forward *forward, struct error *err)
{
	struct firewall_rule *rule =
		firewall_rules_add(rules, forward->family, FIREWALL_DNAT, DNAT_PORT, FIREWALL_DNAT_TO);
	const struct firewall_network *network = find_bridge(set, forward->bridge);

	if (!network)
		return error_set(err, EINVAL, "published port of %s on unknown bridge %s",
				 forward->container, forward->bridge);
	if (forward->host_first > forward->host_last ||
	    forward->host_last - forward->host_first !=
		    forward->container_last - forward->container_first)
		return error_set(err, EINVAL, "published ports %u-%u of %s to %u-%u",
				 forward->host_first, forward->host_last, forward->container,
				 forward->container_first, forward->container_last);
	if (!firewall_address_is_any(forward->family, &forward->host_address)) {
		rule->match.destination.address = forward->host_address;
		rule->match.destination.prefix = firewall_address_bits(forward->family);
	}
	rule->match.protocol = forward->protocol;
	rule->match.port_first = forward->host_first;
	rule->match.port_last = forward->host_last;
	rule->to = forward->address;
	rule->to_first = forward->container_first;
	rule->to_last = forward->container_last;
	rule->reason =
		(struct firewall_reason){forward->owner, true, "ports", true, forward->index};
	return set_container_comment(rule, forward->container, err);
}

/* Who connects to ::1 is then refused at once, instead of waiting for answers. */
static void leave_out_localhost6(struct firewall_rules *rules)
{
	struct firewall_rule *rule =
		firewall_rules_add(rules, FIREWALL_IPV6, FIREWALL_DNAT, DNAT_NOT, FIREWALL_RETURN);

	rule->match.destination = loopback6;
	snprintf(rule->comment, sizeof(rule->comment), "cman");
}

static int add_exception(struct firewall_rules *rules, const struct firewall_set *set,
			 const struct firewall_exception *exception, struct error *err)
{
	const struct firewall_network *network =
		find_subnet(set, exception->family, &exception->address);
	struct firewall_rule *rule;

	if (!network)
		return error_set(err, EINVAL, "address of %s is in none of the networks",
				 exception->container);
	if (network->nat == exception->nat)
		return 0;
	rule = firewall_rules_add(rules, exception->family, FIREWALL_NAT, NAT_EXCEPTION,
				  exception->nat ? FIREWALL_MASQUERADE : FIREWALL_RETURN);
	rule->match.source.address = exception->address;
	rule->match.source.prefix = firewall_address_bits(exception->family);
	match_way_out(rule, network);
	rule->reason = (struct firewall_reason){exception->owner, true, "nat", false, 0};
	return set_container_comment(rule, exception->container, err);
}

/* Its link keeps frames of others away; what the host would route back is dropped here. */
static int add_isolated(struct firewall_rules *rules, const struct firewall_set *set,
			const struct firewall_isolated *isolated, struct error *err)
{
	const struct firewall_network *network = find_bridge(set, isolated->bridge);
	const struct firewall_subnet address = {isolated->address,
						firewall_address_bits(isolated->family)};

	if (!network)
		return error_set(err, EINVAL, "isolated container %s on unknown bridge %s",
				 isolated->container, isolated->bridge);
	for (int from = 0; from < 2; from++) {
		struct firewall_rule *rule = firewall_rules_add(rules, isolated->family, FIREWALL_FORWARD,
						      FORWARD_SIBLINGS, FIREWALL_DROP);

		set_interface(rule->match.in, network->bridge);
		set_interface(rule->match.out, network->bridge);
		*(from ? &rule->match.source : &rule->match.destination) = address;
		rule->reason =
			(struct firewall_reason){isolated->owner, true, "isolate", false, 0};
		if (set_container_comment(rule, isolated->container, err) < 0)
			return -1;
	}
	return 0;
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

/* What nothing could lead to is not made. */
static bool forwards(const struct firewall_set *set)
{
	return !set->forward_is_theirs || set->backend != FIREWALL_NFTABLES;
}

/* At most: two guards, seven of forwarding and three of NAT, and in IPv6 no guards. */
#define RULES_PER_NETWORK 22

static void add_network_rules(struct firewall_rules *rules, const struct firewall_set *set,
			      const struct firewall_network *network)
{

	for (unsigned int family = 0; family < FIREWALL_FAMILY_COUNT; family++) {
		const struct scope scope = {network, (enum firewall_family)family};

		if (family == FIREWALL_IPV6 && network->prefix6 == 0)
			continue;
		/* The kernel lets nothing in from a link that is for ::1, or from it. */
		if (family == FIREWALL_IPV4)
			add_guard(rules, &scope);
		if (forwards(set))
			add_forward_rules(rules, set, &scope);
		add_masquerade(rules, &scope);
	}
}

int firewall_rules_build(const struct firewall_set *set, struct firewall_rules *rules,
			 struct error *err)
{
	size_t most = RULES_PER_NETWORK * set->network_count + set->forward_count +
		      set->exception_count + 2 * set->isolated_count + 1 +
		      firewall_egress_most(set);
	AUTO_FIREWALL_RULES struct firewall_rules built = {
		.items = xalloc(most, sizeof(struct firewall_rule)),
		.forward_is_theirs = set->forward_is_theirs,
	};

	for (size_t i = 0; i < set->network_count; i++) {
		if (strlen(set->networks[i].bridge) >= IFNAMSIZ)
			return error_set(err, ENAMETOOLONG, "bridge %s", set->networks[i].bridge);
		if (has_uplink(&set->networks[i]) && strlen(set->networks[i].uplink) >= IFNAMSIZ)
			return error_set(err, ENAMETOOLONG, "uplink %s", set->networks[i].uplink);
		add_network_rules(&built, set, &set->networks[i]);
	}
	for (size_t i = 0; i < set->forward_count; i++)
		if (add_forward(&built, set, &set->forwards[i], err) < 0)
			return -1;
	if (set->without_localhost6)
		leave_out_localhost6(&built);
	for (size_t i = 0; i < set->exception_count; i++)
		if (add_exception(&built, set, &set->exceptions[i], err) < 0)
			return -1;
	for (size_t i = 0; forwards(set) && i < set->isolated_count; i++)
		if (add_isolated(&built, set, &set->isolated[i], err) < 0)
			return -1;
	if (firewall_egress_add(&built, set, err) < 0)
		return -1;
	qsort(built.items, built.count, sizeof(struct firewall_rule), compare_rules);
	*rules = built;
	built = (struct firewall_rules){0};
	return 0;
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
