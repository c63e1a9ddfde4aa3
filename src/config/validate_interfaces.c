/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_interfaces.c: the group net against the networks, and its elements against each other. */
#include <arpa/inet.h>
#include <linux/capability.h>
#include <string.h>

#include "config/capabilities.h"
#include "config/validate.h"

static void report(const struct spec *spec, const struct interface *interface, const char *member,
		   struct diagnostics *diagnostics, const char *hint, const char *text)
{
	char key[INTERFACE_KEY_MAX];

	spec_interface_key(spec, interface, member, key);
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, key), hint,
			"%s: %s", key, text);
}

/* The name a network was meant to have, as a hint; NULL when nothing comes near. */
static char *hint_for_network(const struct manager *manager, const char *name)
{
	AUTO_FREE const char **names = xalloc(manager->network_count, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; i < manager->network_count; i++)
		names[i] = manager->networks[i].name;
	nearest = text_nearest(name, names, manager->network_count);
	if (!nearest && manager->network_count == 1)
		return xprintf("there is only \"%s\"", names[0]);
	return nearest ? xprintf("did you mean \"%s\"?", nearest)
		       : xstrdup("networks are declared in the manager file");
}

static void check_address(const struct network *network, const struct spec *spec,
			  const struct interface *interface, struct diagnostics *diagnostics)
{
	uint32_t first = ntohl(network->subnet.s_addr);
	uint32_t last = first | (UINT32_MAX >> network->prefix);
	uint32_t address = ntohl(interface->ip.s_addr), gateway = ntohl(network->gateway.s_addr);
	char text[PARSE_TEXT_MAX], subnet[PARSE_TEXT_MAX], from[PARSE_TEXT_MAX], to[PARSE_TEXT_MAX];
	AUTO_FREE char *hint = NULL;
	AUTO_FREE char *message = NULL;
	const char *fault = NULL;

	if (address < first || address > last)
		fault = "is outside of";
	else if (address == first)
		fault = "is the network address of";
	else if (address == last)
		fault = "is the broadcast address of";
	else if (gateway != INADDR_ANY && address == gateway)
		fault = "is the gateway of";
	else
		return;
	parse_format_ipv4(interface->ip, text);
	parse_format_ipv4(network->subnet, subnet);
	parse_format_ipv4((struct in_addr){htonl(first + 1 + (gateway == first + 1))}, from);
	parse_format_ipv4((struct in_addr){htonl(last - 1 - (gateway == last - 1))}, to);
	hint = xprintf("an address from %s to %s, or \"auto\"", from, to);
	message = xprintf("%s %s network %s, %s/%u", text, fault, network->name, subnet,
			  network->prefix);
	report(spec, interface, "ip", diagnostics, hint, message);
}

static void check_ip6(const struct network *network, const struct spec *spec,
		      const struct interface *interface, struct diagnostics *diagnostics)
{
	AUTO_FREE char *message = NULL;
	char subnet[PARSE_TEXT_MAX];
	const char *fault = NULL;

	if (interface->ip6_mode != IP6_STATIC)
		return;
	if (network->prefix6 == 0) {
		message = xprintf("network %s has no subnet6", network->name);
		report(spec, interface, "ip6", diagnostics, "subnet6 = \"auto\"; makes one",
		       message);
		return;
	}
	if (!network_has_ip6(network, &interface->ip6))
		fault = "it is outside of";
	else if (memcmp(&interface->ip6, &network->gateway6, sizeof(interface->ip6)) == 0)
		fault = "it is the gateway of";
	else if (memcmp(&interface->ip6, &network->subnet6, sizeof(interface->ip6)) == 0)
		fault = "it is the network address of";
	if (!fault)
		return;
	parse_format_ipv6(&network->subnet6, subnet);
	message = xprintf("%s network %s, %s/%u", fault, network->name, subnet, network->prefix6);
	report(spec, interface, "ip6", diagnostics, NULL, message);
}

/* A port that is published in IPv6 alone, and nowhere to lead it. */
static void check_ports6(const struct network *network, const struct spec *spec,
			 const struct interface *interface, struct diagnostics *diagnostics)
{
	const bool none = interface->ip6_mode == IP6_NONE;

	if (network->prefix6 && !none)
		return;
	for (size_t i = 0; i < interface->port_count; i++) {
		AUTO_FREE char *key = xprintf("ports[%zu]", i);
		AUTO_FREE char *message = NULL;
		char port[PARSE_TEXT_MAX];

		if (interface->ports[i].families != PORT_IPV6)
			continue;
		parse_format_port_forward(&interface->ports[i], port);
		message = none ? xprintf("%s: the interface has ip6 = \"none\"", port)
			       : xprintf("%s: network %s has no subnet6", port, network->name);
		report(spec, interface, key, diagnostics,
		       none ? NULL : "subnet6 = \"auto\"; makes one", message);
	}
}

/* Neighbours are the only gateways there are. */
static void check_routes(const struct network *network, const struct spec *spec,
			 const struct interface *interface, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < interface->route_count; i++) {
		const in_addr_t mask = htonl(~0u << (32 - network->prefix));
		AUTO_FREE char *key = xprintf("routes[%zu]", i);
		AUTO_FREE char *message = NULL;
		char gateway[PARSE_TEXT_MAX], subnet[PARSE_TEXT_MAX];

		if (((interface->routes[i].gateway.s_addr ^ network->subnet.s_addr) & mask) == 0)
			continue;
		parse_format_ipv4(interface->routes[i].gateway, gateway);
		parse_format_ipv4(network->subnet, subnet);
		message = xprintf("%s is not on network %s, %s/%u", gateway, network->name, subnet,
				  network->prefix);
		report(spec, interface, key, diagnostics, NULL, message);
	}
}

/* What only rules can do, and there are to be none. */
static void check_no_rules(const struct spec *spec, const struct interface *interface,
			   struct diagnostics *diagnostics)
{
	static const char hint[] = "\"none\" leaves all rules to you; with \"auto\" cman makes them";

	if (interface->port_count > 0)
		report(spec, interface, "ports", diagnostics, hint,
		       "nothing is published with firewall.backend = \"none\"");
	if (interface->nat_set && interface->nat)
		report(spec, interface, "nat", diagnostics, hint,
		       "there is no NAT with firewall.backend = \"none\"");
}

/* What cman does not do on this network. */
static void check_kind(const struct network *network, const struct spec *spec,
		       const struct interface *interface, struct diagnostics *diagnostics)
{
	const char *kind = network->external    ? "external"
			   : network->parent[0] ? "a macvlan"
			   : network->internal  ? "internal"
						: NULL;
	AUTO_FREE char *message = NULL;

	if (!kind)
		return;
	message = xprintf("network %s is %s", network->name, kind);
	if (interface->port_count > 0)
		report(spec, interface, "ports", diagnostics,
		       network->internal ? "nothing from outside may reach it"
					 : "the container is reached by its own address",
		       message);
	if (interface->nat_set && interface->nat)
		report(spec, interface, "nat", diagnostics, NULL, message);
}

static void check_mtu(const struct network *network, const struct spec *spec,
		      struct interface *interface, struct diagnostics *diagnostics)
{
	AUTO_FREE char *message = NULL;

	if (interface->mtu == 0)
		interface->mtu = network->mtu;
	if (interface->mtu < IPV6_MTU_MIN && network->prefix6 && interface->ip6_mode != IP6_NONE)
		report(spec, interface, "mtu", diagnostics, "ip6 = \"none\"; does without",
		       "IPv6 takes 1280 bytes or more");
	if (interface->mtu <= network->mtu)
		return;
	message = xprintf("%u is more than the %u of network %s", interface->mtu, network->mtu,
			  network->name);
	report(spec, interface, "mtu", diagnostics, "the bridge would drop larger packets", message);
}

/* Whether it may send frames of its own making, from whatever hardware address. */
static bool makes_frames(const struct spec *spec)
{
	const uint64_t needed = UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_NET_ADMIN;
	uint64_t capabilities = spec->security.privileged ? CAPABILITIES_ALL : 0;

	capabilities &= ~capabilities_of(&spec->security.cap_drop);
	capabilities |= capabilities_of(&spec->security.cap_add);
	return (capabilities & needed) != 0;
}

/*
 * Whether it could send in the name of others. For IPv6 that takes no capability: IPV6_FREEBIND
 * lets every process bind to an address that is not there, and the kernel sends from it.
 */
static bool can_forge(const struct network *network, const struct spec *spec,
		      const struct interface *interface)
{
	return makes_frames(spec) || (network->prefix6 && interface->ip6_mode != IP6_NONE);
}

/* What is done on the host's end of a veth, which a macvlan does not have. */
static void check_no_gate(const struct spec *spec, const struct interface *interface,
			  const struct network *network, struct diagnostics *diagnostics)
{
	AUTO_FREE char *message = xprintf("network %s is a macvlan, where cman sees no packets",
					  network->name);

	if (interface->antispoof == SETTING_YES)
		report(spec, interface, "antispoof", diagnostics, NULL, message);
	if (interface->bandwidth.ingress != BANDWIDTH_MAX)
		report(spec, interface, "bandwidth.ingress", diagnostics, NULL, message);
	if (interface->bandwidth.egress != BANDWIDTH_MAX)
		report(spec, interface, "bandwidth.egress", diagnostics, NULL, message);
}

/* Its address is dropped where the host would route it back, which takes rules of cman's. */
static void check_isolate(const struct manager *manager, const struct network *network,
			  const struct spec *spec, const struct interface *interface,
			  struct diagnostics *diagnostics)
{
	AUTO_FREE char *message = xprintf("network %s is %s, which cman does not filter",
					  network->name,
					  network->external ? "external" : "a macvlan");

	if (interface->isolate != SETTING_YES)
		return;
	if (!network_is_own(network))
		report(spec, interface, "isolate", diagnostics, "a network of its own parts it too",
		       message);
	else if (manager->firewall_backend == FIREWALL_NONE)
		report(spec, interface, "isolate", diagnostics,
		       "\"none\" leaves all rules to you; with \"auto\" cman makes them",
		       "nothing is filtered with firewall.backend = \"none\"");
}

static void finish_gate(const struct manager *manager, const struct network *network,
			const struct spec *spec, struct interface *interface,
			struct diagnostics *diagnostics)
{
	check_isolate(manager, network, spec, interface, diagnostics);
	if (network->parent[0])
		check_no_gate(spec, interface, network, diagnostics);
	else if (interface->antispoof == SETTING_UNSET && can_forge(network, spec, interface))
		interface->antispoof = SETTING_YES;
	if (interface->antispoof == SETTING_UNSET)
		interface->antispoof = SETTING_NO;
	if (interface->isolate == SETTING_UNSET)
		interface->isolate = network->isolate ? SETTING_YES : SETTING_NO;
}

static void finish_interface(const struct manager *manager, const struct spec *spec,
			     struct interface *interface, struct diagnostics *diagnostics)
{
	const struct network *network;
	AUTO_FREE char *hint = NULL, *message = NULL;

	if (!interface->network)
		interface->network = xstrdup(manager->networks[0].name);
	network = manager_find_network(manager, interface->network);
	if (!network) {
		hint = hint_for_network(manager, interface->network);
		message = xprintf("there is no network \"%s\"", interface->network);
		report(spec, interface, "network", diagnostics, hint, message);
		return;
	}
	if (!interface->nat_set)
		interface->nat = network->nat == SETTING_YES;
	if (manager->firewall_backend == FIREWALL_NONE)
		check_no_rules(spec, interface, diagnostics);
	if (!interface->ip_auto)
		check_address(network, spec, interface, diagnostics);
	check_ip6(network, spec, interface, diagnostics);
	check_ports6(network, spec, interface, diagnostics);
	check_mtu(network, spec, interface, diagnostics);
	check_routes(network, spec, interface, diagnostics);
	check_kind(network, spec, interface, diagnostics);
	finish_gate(manager, network, spec, interface, diagnostics);
	validate_egress(manager, network, spec, interface,
			interface->antispoof == SETTING_NO && makes_frames(spec), diagnostics);
}

/* One interface against those before it. */
static void check_twice(const struct spec *spec, const struct interface *interface,
			struct diagnostics *diagnostics)
{
	AUTO_FREE char *name = xprintf("two interfaces are called %s", interface->name);
	AUTO_FREE char *network =
		xprintf("the container is on network %s already", interface->network);
	bool same_name = false, same_network = false;

	for (const struct interface *before = spec->interfaces; before < interface; before++) {
		same_name |= strcmp(before->name, interface->name) == 0;
		same_network |= strcmp(before->network, interface->network) == 0;
	}
	if (same_name)
		report(spec, interface, "name", diagnostics, NULL, name);
	if (same_network)
		report(spec, interface, "network", diagnostics,
		       "one interface is enough for a network", network);
}

/* Whether there is a way out of its network. */
static bool has_gateway(const struct manager *manager, const struct interface *interface)
{
	const struct network *network = manager_find_network(manager, interface->network);

	return !network || (!network->internal && network->gateway.s_addr != INADDR_ANY);
}

/* The first interface with a way out has the default route, unless another one asks for it. */
static void choose_default_route(const struct manager *manager, const struct spec *spec,
				 struct diagnostics *diagnostics)
{
	const struct interface *chosen = NULL;
	bool wanted = true;

	for (size_t i = 0; i < spec->interface_count; i++) {
		const struct interface *interface = &spec->interfaces[i];

		wanted &= i > 0 || interface->default_route == SETTING_UNSET;
		if (interface->default_route != SETTING_YES)
			continue;
		if (!has_gateway(manager, interface))
			report(spec, interface, "default_route", diagnostics,
			       "an internal network has none, an external one the gateway it is told",
			       "the network has no gateway");
		if (chosen)
			report(spec, interface, "default_route", diagnostics, NULL,
			       "another interface has it already");
		chosen = interface;
	}
	wanted &= !chosen;
	for (size_t i = 0; i < spec->interface_count; i++) {
		struct interface *interface = &spec->interfaces[i];

		if (interface->default_route != SETTING_UNSET)
			continue;
		interface->default_route = wanted && has_gateway(manager, interface) ? SETTING_YES
										     : SETTING_NO;
		wanted &= interface->default_route == SETTING_NO;
	}
}

void validate_interfaces(const struct manager *manager, struct spec *spec,
			 struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < spec->interface_count; i++) {
		finish_interface(manager, spec, &spec->interfaces[i], diagnostics);
		check_twice(spec, &spec->interfaces[i], diagnostics);
	}
	choose_default_route(manager, spec, diagnostics);
}
