/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drift_look(): bridges, and switches of the host. */
#include "lifecycle/drift_parts.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "kernel/netlink_look.h"
#include "kernel/sysctl.h"
#include "lifecycle/forwarding.h"
#include "lifecycle/network.h"
#include "lifecycle/rules.h"

static bool has_address(const struct inner_facts *facts, const struct inner_fact *wanted)
{
	for (size_t i = 0; i < facts->count; i++)
		if (memcmp(&facts->items[i], wanted, sizeof(*wanted)) == 0)
			return true;
	return false;
}

static bool is_link_address(const struct inner_fact *fact)
{
	return fact->family == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)(const void *)fact->address);
}

static bool has_link_address(const struct inner_facts *facts, int index)
{
	for (size_t i = 0; i < facts->count; i++)
		if (facts->items[i].kind == INNER_ADDRESS && facts->items[i].index == index &&
		    is_link_address(&facts->items[i]))
			return true;
	return false;
}

static bool routes_localhost6(const struct inner_facts *facts, int index)
{
	for (size_t i = 0; i < facts->count; i++)
		if (facts->items[i].kind == INNER_ROUTE && facts->items[i].index == index &&
		    facts->items[i].table == RT_TABLE_LOCAL)
			return true;
	return false;
}

/* The address that is wanted where the link has it, else any other it has. */
static void find_address(const struct inner_facts *facts, int index, int family, const void *wanted,
			 unsigned int wanted_prefix, void *out, unsigned int *prefix)
{
	struct inner_fact fact = {INNER_ADDRESS, family, index, 0, {0}, wanted_prefix, {0}};
	const size_t length = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);

	memcpy(fact.address, wanted, length);
	if (!has_address(facts, &fact)) {
		fact = (struct inner_fact){.prefix = 0};
		for (size_t i = 0; i < facts->count; i++)
			if (facts->items[i].kind == INNER_ADDRESS &&
			    facts->items[i].family == family && facts->items[i].index == index &&
			    !is_link_address(&facts->items[i]))
				fact = facts->items[i];
	}
	memcpy(out, fact.address, length);
	*prefix = fact.prefix;
}

static bool read_switch(const char *name)
{
	char value[16];

	return sysctl_read(name, value, sizeof(value), NULL) == 0 && strcmp(value, "0") != 0;
}

/* Of a link; where there is no IPv6 there is none. */
bool drift_accepts_routers(const char *link)
{
	char knob[sizeof("net/ipv6/conf//accept_ra") + IFNAMSIZ];

	snprintf(knob, sizeof(knob), "net/ipv6/conf/%s/accept_ra", link);
	return read_switch(knob);
}

static struct drift_bridge bridge_of(const struct network_record *network, bool rules)
{
	struct drift_bridge bridge = {
		.there = true,
		.address = network->gateway,
		.prefix = network->prefix,
		.address6 = network->gateway6,
		.prefix6 = network->prefix6,
		.mtu = network->mtu,
		.up = true,
		.route_localnet = rules,
		.link_address = network->prefix6 > 0,
		.route_localhost6 = network->prefix6 > 0,
		.calls_iptables = network->filtered,
		.calls_ip6tables = network->filtered,
	};

	snprintf(bridge.name, sizeof(bridge.name), "%s", network->bridge);
	return bridge;
}

static int look_at_bridge(struct netlink *netlink, const struct network_record *network,
			  const struct inner_facts *facts, struct drift_bridge *bridge,
			  struct error *err)
{
	char alias[NETWORK_ALIAS_SIZE], knob[64];
	struct link_state link;
	int found = netlink_look_at_link(netlink, network->bridge, 0, &link, err);

	*bridge = (struct drift_bridge){.there = false};
	if (found <= 0)
		return found;
	network_bridge_alias(network->name, alias);
	if (strcmp(link.kind, "bridge") != 0 || strcmp(link.alias, alias) != 0) {
		snprintf(bridge->strange, sizeof(bridge->strange), "%s of others",
			 link.kind[0] ? link.kind : "device");
		return 0;
	}
	snprintf(knob, sizeof(knob), "net/ipv4/conf/%s/route_localnet", network->bridge);
	bridge->there = true;
	bridge->mtu = link.mtu;
	bridge->up = link.up;
	bridge->route_localnet = read_switch(knob);
	bridge->link_address = has_link_address(facts, link.index);
	bridge->route_localhost6 = routes_localhost6(facts, link.index);
	bridge->accept_ra = drift_accepts_routers(network->bridge);
	bridge->calls_iptables = link.calls_iptables;
	bridge->calls_ip6tables = link.calls_ip6tables;
	find_address(facts, link.index, AF_INET, &network->gateway, network->prefix,
		     &bridge->address, &bridge->prefix);
	find_address(facts, link.index, AF_INET6, &network->gateway6, network->prefix6,
		     &bridge->address6, &bridge->prefix6);
	return 0;
}

/* Of the links on it. Of those of busy containers nothing is known: any is right that is lower. */
static uint32_t lowest_mtu(const struct drift_hold *hold, const struct drift_scene *scene,
			   const struct drift_network *network)
{
	uint32_t lowest = UINT32_MAX;

	if (scene->busy.count > 0 && network->actual.mtu < network->recorded.mtu)
		return network->actual.mtu;
	for (size_t i = 0; i < hold->count; i++)
		for (size_t j = 0; j < hold->items[i].spec.interface_count; j++) {
			const struct interface *interface = &hold->items[i].spec.interfaces[j];

			if (strcmp(interface->network, network->name) == 0 && interface->mtu < lowest)
				lowest = interface->mtu;
		}
	return lowest;
}

int drift_look_at_networks(struct drift_hold *hold, struct netlink *netlink,
			   struct drift_scene *scene, struct error *err)
{
	AUTO_INNER_FACTS struct inner_facts facts = {0};
	bool rules = rules_are_wanted(hold->host);

	scene->networks = xalloc(hold->network_count, sizeof(*scene->networks));
	for (size_t i = 0; i < hold->network_count; i++) {
		const struct network_record *record = &hold->networks[i];
		const struct network *file =
			manager_find_network(&hold->conf->manager, record->name);
		struct drift_network *network = &scene->networks[scene->network_count];

		if (!record->own || record->member_count == 0)
			continue;
		if (facts.count == 0 && netlink_look_at_facts(netlink, &facts, err) < 0)
			return -1;
		scene->network_count++;
		scene->forwards[1] = scene->forwards[1] || network_forwards_ipv6(record);
		network->name = xstrdup(record->name);
		network->recorded = bridge_of(record, rules);
		if (file) {
			AUTO_NETWORK_RECORD struct network_record wanted = network_record_of(file);

			network->wanted = bridge_of(&wanted, rules);
		}
		if (look_at_bridge(netlink, record, &facts, &network->actual, err) < 0)
			return -1;
		network->lowest_mtu = lowest_mtu(hold, scene, network);
	}
	/* Else they are the administrator's. */
	scene->forwards[0] = scene->network_count > 0 && hold->manager.manage_forward;
	scene->forwards[1] = scene->forwards[1] && hold->manager.manage_forward;
	scene->forwarding[0] = read_switch("net/ipv4/ip_forward");
	scene->forwarding[1] = read_switch("net/ipv6/conf/all/forwarding");
	return scene->forwards[1] ? forwarding6_find_deaf(hold->host, &scene->deaf, err) : 0;
}
