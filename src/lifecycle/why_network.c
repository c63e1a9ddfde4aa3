/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why_network.c: what links, routes and rules say of a key. */
#include <arpa/inet.h>
#include <string.h>

#include "kernel/link_gate.h"
#include "lifecycle/gate.h"
#include "lifecycle/network.h"
#include "lifecycle/why_parts.h"

static int open_inside(struct why *why, struct error *err)
{
	AUTO_FD int netns_fd = -1;

	if (why->inside)
		return 0;
	netns_fd = namespace_open(why->record.init.pid, "net", err);
	why->inside = netns_fd < 0 ? NULL : netlink_look_in(netns_fd, err);
	return why->inside ? 0 : -1;
}

static int open_outside(struct why *why, struct error *err)
{
	if (!why->outside)
		why->outside = netlink_open(err);
	return why->outside ? 0 : -1;
}

static const struct network *network_of(const struct why *why, const struct interface *interface)
{
	return manager_find_network(&why->recorded.manager, interface->network);
}

/* Its end inside. 1; 0: it is not there, which the answer says. */
static int find_link(const struct why_question *question, struct link_state *link,
		     struct error *err)
{
	const char *name = question->leaf->interface->name;
	int there;

	if (open_inside(question->why, err) < 0)
		return -1;
	there = netlink_look_at_link(question->why->inside, name, 0, link, err);
	if (there == 0)
		why_add(question->answer, NULL, "no such link", name);
	return there;
}

/* Its end on the host. 1; 0: it has none, or another one has its name, which the answer says. */
static int find_port(const struct why_question *question, struct network_veth *veth,
		     struct link_state *link, struct error *err)
{
	struct why *why = question->why;
	const struct interface *interface = question->leaf->interface;
	const struct network *network = network_of(why, interface);
	const struct container as_if = {.name = why->name, .spec = &why->spec};
	int there;

	if (!network || network->parent[0]) {
		why_add(question->answer, "a macvlan, which has no end on the host", "none", NULL);
		return 0;
	}
	if (open_outside(why, err) < 0)
		return -1;
	network_describe_veth(&as_if, (unsigned int)question->leaf->index, network, veth);
	there = netlink_look_at_link(why->outside, veth->host_name, 0, link, err);
	if (there == 1 && strcmp(link->alias, veth->alias) == 0)
		return 1;
	if (there >= 0)
		why_add(question->answer, veth->host_name, "no such link", veth->host_name);
	return there < 0 ? -1 : 0;
}

/* ---- the link ---- */

static int look_at_bridge(const struct why_question *question, struct error *err)
{
	struct link_state link, bridge = {0};
	struct network_veth veth;
	const int there = find_port(question, &veth, &link, err);

	if (there <= 0)
		return there;
	if (link.master != 0 &&
	    netlink_look_at_link(question->why->outside, NULL, link.master, &bridge, err) < 0)
		return -1;
	why_add(question->answer, veth.host_name, *bridge.name ? bridge.name : "no bridge",
		veth.veth.bridge);
	return 0;
}

/* Addresses that others reach it by: one of each family. */
static int look_at_address(const struct why_question *question, const char *object, int index,
			   int family, struct error *err)
{
	const struct interface *interface = question->leaf->interface;
	const struct network *network = network_of(question->why, interface);
	const void *address = family == AF_INET ? (const void *)&interface->ip : &interface->ip6;
	char text[INET6_ADDRSTRLEN], now[64];
	AUTO_FREE char *wanted = NULL;
	int has, there;

	if (!network)
		return error_set(err, 0, "its network is not recorded");
	if (family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&interface->ip6))
		wanted = xstrdup("none");
	else
		wanted = xprintf("%s/%u", inet_ntop(family, address, text, sizeof(text)),
				 family == AF_INET ? network->prefix : network->prefix6);
	there = netlink_find_address(question->why->inside, family, index, now, sizeof(now), err);
	has = netlink_has_address(question->why->inside, family, index, address, err);
	if (there < 0 || has < 0)
		return -1;
	/* It may have got further ones. */
	why_add(question->answer, object, has ? wanted : there ? now : "none", wanted);
	return 0;
}

int why_look_link(const struct why_question *question, struct error *err)
{
	const struct interface *interface = question->leaf->interface;
	AUTO_FREE char *object = xprintf("%s in /proc/%d/ns/net", interface->name,
					 (int)question->why->record.init.pid);
	char now[PARSE_TEXT_MAX], wanted[PARSE_TEXT_MAX];
	struct link_state link;
	int there;

	if (strcmp(question->detail, "network") == 0)
		return look_at_bridge(question, err);
	there = find_link(question, &link, err);
	if (there <= 0)
		return there;
	if (strcmp(question->detail, "ip") == 0)
		return look_at_address(question, object, link.index, AF_INET, err);
	if (strcmp(question->detail, "ip6") == 0)
		return look_at_address(question, object, link.index, AF_INET6, err);
	if (strcmp(question->detail, "mac") == 0) {
		parse_format_mac(link.mac, now);
		parse_format_mac(interface->mac, wanted);
	} else if (strcmp(question->detail, "mtu") == 0) {
		snprintf(now, sizeof(now), "%u", link.mtu);
		snprintf(wanted, sizeof(wanted), "%u", interface->mtu);
	} else {
		snprintf(now, sizeof(now), "%s", link.name);
		snprintf(wanted, sizeof(wanted), "%s", interface->name);
	}
	why_add(question->answer, object, now, wanted);
	return 0;
}

/* ---- routes ---- */

static bool is_zero(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return memcmp(address, zero, sizeof(zero)) == 0;
}

/* "default via 10.83.0.1" */
static char *print_route(const struct inner_fact *fact)
{
	char destination[INET6_ADDRSTRLEN], gateway[INET6_ADDRSTRLEN];

	inet_ntop(fact->family, fact->address, destination, sizeof(destination));
	inet_ntop(fact->family, fact->gateway, gateway, sizeof(gateway));
	if (fact->prefix == 0)
		return xprintf("default via %s", gateway);
	return xprintf("%s/%u via %s", destination, fact->prefix, gateway);
}

static bool is_asked_for(const struct inner_fact *fact, bool defaults)
{
	return fact->kind == INNER_ROUTE && !is_zero(fact->gateway) &&
	       (fact->prefix == 0) == defaults;
}

static bool has_fact(const struct inner_facts *facts, const struct inner_fact *wanted)
{
	for (size_t i = 0; i < facts->count; i++)
		if (memcmp(&facts->items[i], wanted, sizeof(*wanted)) == 0)
			return true;
	return false;
}

static void compare_routes(const struct why_question *question, const char *object,
			   const struct inner_facts *wanted, const struct inner_facts *now,
			   int index)
{
	const bool defaults = strcmp(question->detail, "default") == 0;

	for (size_t i = 0; i < wanted->count; i++) {
		const struct inner_fact *fact = &wanted->items[i];
		AUTO_FREE char *text = is_asked_for(fact, defaults) ? print_route(fact) : NULL;

		if (text)
			why_add(question->answer, object, has_fact(now, fact) ? text : NULL, text);
	}
	/* What it has besides is its own affair. */
	for (size_t i = 0; i < now->count; i++) {
		const struct inner_fact *fact = &now->items[i];
		AUTO_FREE char *text = is_asked_for(fact, defaults) ? print_route(fact) : NULL;

		if (text && fact->index == index && !has_fact(wanted, fact))
			why_add(question->answer, object, text, NULL);
	}
	if (question->answer->now.length == 0)
		why_add_judged(question->answer, object, "none", "none", true);
}

int why_look_routes(const struct why_question *question, struct error *err)
{
	struct why *why = question->why;
	AUTO_FREE char *object = xprintf("routes of %s in /proc/%d/ns/net",
					 question->leaf->interface->name, (int)why->record.init.pid);
	AUTO_INNER_FACTS struct inner_facts wanted = {0}, now = {0};
	AUTO(network_inner_clear) struct network_inner inner = {0};
	struct link_state link;
	int there = find_link(question, &link, err);

	if (there <= 0)
		return there;
	if (netlink_look_at_facts(why->inside, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < why->spec.interface_count; i++)
		if (!network_of(why, &why->spec.interfaces[i]))
			return error_set(err, 0, "its network is not recorded");
	network_describe_inner(&why->recorded.manager, &why->spec, &inner);
	netlink_list_inner_facts(&inner.links[question->leaf->index], link.index,
				 why->spec.interface_count > 1, &wanted);
	compare_routes(question, object, &wanted, &now, link.index);
	return 0;
}

/* ---- what is at its end on the host ---- */

/* Of which directions frames are judged. */
static const char *directions(bool sent, bool received)
{
	if (sent)
		return received ? "sent and received" : "sent";
	return received ? "received" : "none";
}

static int look_at_filters(const struct why_question *question, const struct network_veth *veth,
			   const struct link_state *port, struct error *err)
{
	const struct interface *interface = question->leaf->interface;
	const struct gate_parts wanted =
		gate_describe(interface, network_of(question->why, interface));
	AUTO_FREE char *object = xprintf("frames judged at %s", veth->host_name);
	struct link_gate_filters now = {.sent = false};

	if (link_gate_look(question->why->outside, port->index, &now, err) < 0)
		return -1;
	why_add(question->answer, object, directions(now.sent, now.received),
		directions(wanted.sent, wanted.received));
	if (strcmp(question->detail, "isolate") != 0 || interface->isolate != SETTING_YES)
		return 0;
	return why_look_rules(question, err);
}

/* Which kind of queue sends: another one than tbf does not limit. */
static void add_queue(const struct why_question *question, const char *link, const char *queue,
		      bool wanted)
{
	AUTO_FREE char *object = xprintf("queue of %s", link);
	const bool shaped = strcmp(queue, "tbf") == 0;

	why_add_judged(question->answer, object, *queue ? queue : "none",
		       wanted ? "tbf" : "none that limits", shaped == wanted);
}

int why_look_gate(const struct why_question *question, struct error *err)
{
	const struct interface *interface = question->leaf->interface;
	const struct network *network = network_of(question->why, interface);
	struct link_state port, inner;
	struct network_veth veth;
	int there;

	if (strcmp(question->detail, "egress") == 0) {
		there = find_link(question, &inner, err);
		if (there == 1)
			add_queue(question, interface->name, inner.queue,
				  gate_describe(interface, network).shaped_inside);
		return there < 0 ? -1 : 0;
	}
	there = find_port(question, &veth, &port, err);
	if (there <= 0)
		return there;
	if (strcmp(question->detail, "ingress") != 0)
		return look_at_filters(question, &veth, &port, err);
	add_queue(question, veth.host_name, port.queue, gate_describe(interface, network).shaped);
	return 0;
}

/* ---- rules ---- */

static int take_rules(struct why *why, struct error *err)
{
	if (why->has_rules)
		return 0;
	if (rule_list_take(&why->conf->manager, why->state, &why->rules, err) < 0)
		return -1;
	why->has_rules = true;
	return 0;
}

/* Whether a rule is there for the key, be it that its network says so. */
static bool is_for(const struct why_question *question, const struct rule_source *source)
{
	const struct interface *interface = question->leaf->interface;
	AUTO_FREE char *key = xprintf("net.%s", question->detail);
	AUTO_FREE char *of_network =
		xprintf("networks.%s.%s", interface->network, question->detail);

	if (!source->network || strcmp(source->network->name, interface->network) != 0)
		return false;
	if (!source->container)
		return strcmp(source->key, of_network) == 0;
	return strcmp(source->container, question->why->name) == 0 &&
	       (key_is_meant(key, source->key) || strcmp(source->key, of_network) == 0);
}

int why_look_rules(const struct why_question *question, struct error *err)
{
	const struct firewall_listing *listing = &question->why->rules.listing;
	AUTO_FREE char *now = NULL, *wanted = NULL;
	AUTO_TEXT struct text chains = {0};
	size_t count = 0, there = 0;

	if (take_rules(question->why, err) < 0)
		return -1;
	for (size_t i = 0; i < listing->count; i++) {
		const struct firewall_listed_chain *chain = &listing->chains[i];
		const size_t before = count;

		for (size_t j = 0; j < chain->count; j++) {
			struct rule_source source;

			rule_list_find_source(&question->why->rules, &chain->rules[j], &source);
			if (!chain->rules[j].rule || !is_for(question, &source))
				continue;
			count++;
			there += chain->rules[j].present;
		}
		if (count > before)
			text_addf(&chains, "%s%s of %s", chains.length ? ", " : "", chain->name,
				  chain->table);
	}
	if (count == 0) {
		why_add(question->answer, NULL, "no rule is needed", NULL);
		return 0;
	}
	now = xprintf("%zu of %zu rules", there, count);
	wanted = xprintf("%zu of %zu rules", count, count);
	why_add(question->answer, text_value(&chains), now, wanted);
	return 0;
}
