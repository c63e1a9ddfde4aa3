/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_build.h"

#include <arpa/inet.h>
#include <stdio.h>
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

static const struct firewall_subnet loopback6 = {
	.address = {.v6 = IN6ADDR_LOOPBACK_INIT},
	.prefix = 128,
};

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
	rule->match.destination = firewall_loopback;

	rule = add_network_rule(rules, scope, FIREWALL_GUARD, 0, FIREWALL_DROP);
	set_interface(rule->match.in, scope->network->bridge);
	rule->match.source = firewall_loopback;
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
	rule->match.source = scope->family == FIREWALL_IPV6 ? loopback6 : firewall_loopback;
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
	firewall_rules_sort(&built);
	*rules = built;
	built = (struct firewall_rules){0};
	return 0;
}
