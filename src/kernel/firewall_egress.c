/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two chains say what a container may call. EGRESS is entered from FORWARD and from INPUT, HOST from
 * INPUT alone. Both only ever drop, or return: what passes goes on to all other rules.
 *
 * A container is known by its hardware address, not by those of IP: one rule holds for its link-local
 * addresses, too, and for those that a socket takes by IPV6_FREEBIND, which needs no capability.
 */
#include "kernel/firewall_egress.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <string.h>

#include "config/egress.h"

#define DNS_PORT 53

/* Order inside EGRESS and HOST. */
enum { EGRESS_ALWAYS, EGRESS_DENIED, EGRESS_ALLOWED, EGRESS_REST };
enum { HOST_ALWAYS, HOST_NAMES, HOST_REST };

/* A container of which rules are made, in one family and chain. */
struct scope {
	const struct firewall_limit *limit;
	enum firewall_family family;
	enum firewall_chain chain;
	struct firewall_reason reason; /* of the rules that are made next */
};

static struct firewall_reason reason_of(const struct firewall_limit *limit, const char *key)
{
	return (struct firewall_reason){.owner = limit->owner, .of_container = true, .key = key};
}

static struct firewall_reason reason_of_item(const struct firewall_limit *limit, const char *list,
					     size_t index)
{
	return (struct firewall_reason){limit->owner, true, list, true, (unsigned int)index};
}

/* Not sorted yet: firewall_rules_of() would miss some. */
static bool has_rules(const struct firewall_rules *rules, enum firewall_family family,
		      enum firewall_chain chain)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].family == family && rules->items[i].chain == chain)
			return true;
	return false;
}

/* ICMPv6 of neighbours has no state, as connection tracking leaves it out. */
static void add_always(struct firewall_rules *rules, enum firewall_family family,
		       enum firewall_chain chain)
{
	static const uint8_t neighbours[] = {ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT};
	struct firewall_rule *rule;

	if (!has_rules(rules, family, chain))
		return;
	rule = firewall_rules_add(rules, family, chain, EGRESS_ALWAYS, FIREWALL_RETURN);
	rule->match.states = FIREWALL_STATE_ANSWERS;
	strcpy(rule->comment, FIREWALL_JUMP_COMMENT);
	for (size_t i = 0; i < ARRAY_SIZE(neighbours) && family == FIREWALL_IPV6; i++) {
		rule = firewall_rules_add(rules, family, chain, EGRESS_ALWAYS, FIREWALL_RETURN);
		rule->match.protocol = IPPROTO_ICMPV6;
		rule->match.icmp_type = neighbours[i];
		strcpy(rule->comment, FIREWALL_JUMP_COMMENT);
	}
}

static struct firewall_rule *add_rule(struct firewall_rules *rules, const struct scope *scope,
				      unsigned int rank, enum firewall_action action)
{
	const struct firewall_limit *limit = scope->limit;
	struct firewall_rule *rule =
		firewall_rules_add(rules, scope->family, scope->chain, rank, action);

	snprintf(rule->match.in, sizeof(rule->match.in), "%s", limit->bridge);
	rule->match.by_mac = true;
	memcpy(rule->match.mac, limit->mac, sizeof(rule->match.mac));
	snprintf(rule->comment, sizeof(rule->comment), "cman:%.64s", limit->container);
	rule->reason = scope->reason;
	return rule;
}

/* TCP and UDP where no protocol is named; one rule without ports. */
static void add_ports(struct firewall_rules *rules, const struct scope *scope, unsigned int rank,
		      enum firewall_action action, const struct egress_item *item,
		      const struct firewall_subnet *to)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

	if (item->first == 0) {
		add_rule(rules, scope, rank, action)->match.destination = *to;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		struct firewall_rule *rule;

		if (item->protocol && item->protocol != protocols[i])
			continue;
		rule = add_rule(rules, scope, rank, action);
		rule->match.destination = *to;
		rule->match.protocol = protocols[i];
		rule->match.port_first = item->first;
		rule->match.port_last = item->last;
	}
}

/* Each server of the family, which an address of the other is not. */
static void add_servers(struct firewall_rules *rules, const struct scope *scope, unsigned int rank,
			enum firewall_action action)
{
	static const struct egress_item item = {.first = DNS_PORT, .last = DNS_PORT};
	const struct strlist *servers = scope->limit->servers;
	const int family = scope->family == FIREWALL_IPV6 ? AF_INET6 : AF_INET;

	for (size_t i = 0; i < servers->count; i++) {
		struct firewall_subnet server = {.prefix = firewall_address_bits(scope->family)};

		if (inet_pton(family, servers->items[i], &server.address) == 1)
			add_ports(rules, scope, rank, action, &item, &server);
	}
}

static bool is_of_family(const struct egress_item *item, enum firewall_family family)
{
	return item->family == AF_UNSPEC || (item->family == AF_INET6) == (family == FIREWALL_IPV6);
}

static void add_item(struct firewall_rules *rules, const struct scope *scope, unsigned int rank,
		     enum firewall_action action, const struct egress_item *item)
{
	const bool v6 = scope->family == FIREWALL_IPV6;
	struct firewall_subnet to = {.prefix = item->prefix};

	if (v6)
		to.address.v6 = item->address6;
	else
		to.address.v4 = item->address;
	if (item->kind == EGRESS_DNS)
		add_servers(rules, scope, rank, action);
	else if (item->kind == EGRESS_ICMP)
		add_rule(rules, scope, rank, action)->match.protocol = v6 ? IPPROTO_ICMPV6
									  : IPPROTO_ICMP;
	else if (is_of_family(item, scope->family))
		add_ports(rules, scope, rank, action, item, &to);
}

static void add_egress(struct firewall_rules *rules, struct scope *scope)
{
	const struct firewall_limit *limit = scope->limit;
	const struct egress *egress = limit->egress;

	for (size_t i = 0; i < egress->deny.count; i++) {
		scope->reason = reason_of_item(limit, "egress.deny", i);
		add_item(rules, scope, EGRESS_DENIED, FIREWALL_DROP, &egress->deny.items[i]);
	}
	if (!egress->deny_rest)
		return;
	for (size_t i = 0; i < egress->allow.count; i++) {
		scope->reason = reason_of_item(limit, "egress.allow", i);
		add_item(rules, scope, EGRESS_ALLOWED, FIREWALL_RETURN, &egress->allow.items[i]);
	}
	scope->reason = reason_of(limit, "egress.default");
	add_rule(rules, scope, EGRESS_REST, FIREWALL_DROP);
}

static void add_host(struct firewall_rules *rules, struct scope *scope)
{
	scope->reason = reason_of(scope->limit, "host_access");
	add_servers(rules, scope, HOST_NAMES, FIREWALL_RETURN);
	add_rule(rules, scope, HOST_REST, FIREWALL_DROP);
}

size_t firewall_egress_most(const struct firewall_set *set)
{
	size_t most = 0;

	for (size_t i = 0; i < set->limit_count; i++) {
		const struct firewall_limit *limit = &set->limits[i];
		const size_t servers = 2 * limit->servers->count;

		/* An item is at most two rules in each family, or two for each server. */
		most += (limit->egress->allow.count + limit->egress->deny.count) * (4 + servers) +
			servers + 4;
	}
	return set->limit_count ? most + 8 : 0;
}

int firewall_egress_add(struct firewall_rules *rules, const struct firewall_set *set,
			struct error *err)
{
	for (size_t i = 0; i < set->limit_count; i++) {
		const struct firewall_limit *limit = &set->limits[i];

		if (strlen(limit->container) > CONTAINER_NAME_MAX ||
		    strlen(limit->bridge) >= IFNAMSIZ)
			return error_set(err, ENAMETOOLONG, "container %.64s...", limit->container);
		for (unsigned int family = 0; family < FIREWALL_FAMILY_COUNT; family++) {
			struct scope scope = {.limit = limit,
					      .family = (enum firewall_family)family,
					      .chain = FIREWALL_EGRESS};

			if (family == FIREWALL_IPV6 && !limit->ipv6)
				continue;
			if (egress_limits(limit->egress))
				add_egress(rules, &scope);
			scope.chain = FIREWALL_HOST;
			if (limit->no_host_access)
				add_host(rules, &scope);
		}
	}
	for (unsigned int family = 0; family < FIREWALL_FAMILY_COUNT; family++) {
		add_always(rules, (enum firewall_family)family, FIREWALL_EGRESS);
		add_always(rules, (enum firewall_family)family, FIREWALL_HOST);
	}
	return 0;
}
