/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_interface.c: the interfaces of a container, and the values in them. */
#include <arpa/inet.h>
#include <string.h>

#include "config/layers.h"
#include "config/origin.h"
#include "config/values.h"

#define PORTS_MAX 1024

static int read_ip(struct assignment *assignment, const struct node *value, void *field)
{
	struct interface *interface = field;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "\"auto\" or an address");
	if (strcmp(value->string, "auto") == 0) {
		interface->ip_auto = true;
		interface->ip.s_addr = INADDR_ANY;
		return 0;
	}
	if (strchr(value->string, '/'))
		return assignment_error(assignment, value,
					"write it without; the network has the prefix",
					"\"%s\" has a prefix", value->string);
	if (value_read_host_address(assignment, value, &interface->ip) < 0)
		return -1;
	interface->ip_auto = false;
	return 0;
}

static bool print_ip(const void *field, bool resolved, struct text *out)
{
	const struct interface *interface = field;
	char text[PARSE_TEXT_MAX] = "auto";

	if (!interface->ip_auto || (resolved && interface->ip.s_addr != INADDR_ANY))
		parse_format_ipv4(interface->ip, text);
	value_print_string(text, out);
	return true;
}

static int read_ip6(struct assignment *assignment, const struct node *value, void *field)
{
	struct interface *interface = field;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "\"auto\", \"none\" or an address");
	interface->ip6 = in6addr_any;
	interface->ip6_mode = strcmp(value->string, "none") == 0 ? IP6_NONE : IP6_AUTO;
	if (interface->ip6_mode == IP6_NONE || strcmp(value->string, "auto") == 0)
		return 0;
	if (strchr(value->string, '/'))
		return assignment_error(assignment, value,
					"write it without; the network has the prefix",
					"\"%s\" has a prefix", value->string);
	if (value_read_host_address6(assignment, value, &interface->ip6) < 0)
		return -1;
	interface->ip6_mode = IP6_STATIC;
	return 0;
}

static bool print_ip6(const void *field, bool resolved, struct text *out)
{
	const struct interface *interface = field;
	const bool known = !IN6_IS_ADDR_UNSPECIFIED(&interface->ip6);
	char text[PARSE_TEXT_MAX] = "auto";

	if (interface->ip6_mode == IP6_NONE || (resolved && !known))
		snprintf(text, sizeof(text), "none");
	else if (known && (resolved || interface->ip6_mode == IP6_STATIC))
		parse_format_ipv6(&interface->ip6, text);
	value_print_string(text, out);
	return true;
}

static int read_nat(struct assignment *assignment, const struct node *value, void *field)
{
	struct interface *interface = field;

	if (type_boolean.read(assignment, value, &interface->nat) < 0)
		return -1;
	interface->nat_set = true;
	return 0;
}

static bool print_nat(const void *field, bool resolved, struct text *out)
{
	const struct interface *interface = field;

	if (!interface->nat_set && !resolved)
		return false;
	return type_boolean.print(&interface->nat, resolved, out);
}

static size_t count_ports(const void *field)
{
	return ((const struct interface *)field)->port_count;
}

static void clear_ports(void *field)
{
	struct interface *interface = field;

	free(interface->ports);
	interface->ports = NULL;
	interface->port_count = 0;
}

static int add_port(void *field, const char *text, struct error *err)
{
	struct interface *interface = field;
	struct port_forward forward;

	if (parse_port_forward(text, &forward, err) < 0)
		return -1;
	if (interface->port_count == PORTS_MAX)
		return error_set(err, 0, "there are more than %d of them", PORTS_MAX);
	interface->ports = xrealloc(interface->ports, interface->port_count + 1, sizeof(forward));
	interface->ports[interface->port_count++] = forward;
	return 0;
}

static int read_ports(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_ports, clear_ports, add_port};

	return assign_list(assignment, value, field, &access);
}

static bool print_ports(const void *field, bool resolved, struct text *out)
{
	const struct interface *interface = field;
	char text[PARSE_TEXT_MAX];

	(void)resolved;
	text_add_string(out, interface->port_count ? "[ " : "[");
	for (size_t i = 0; i < interface->port_count; i++) {
		parse_format_port_forward(&interface->ports[i], text);
		text_addf(out, "%s\"%s\"", i ? ", " : "", text);
	}
	text_add_string(out, interface->port_count ? " ]" : "]");
	return true;
}

static size_t count_routes(const void *field)
{
	return ((const struct interface *)field)->route_count;
}

static void clear_routes(void *field)
{
	struct interface *interface = field;

	free(interface->routes);
	interface->routes = NULL;
	interface->route_count = 0;
}

static int add_route(void *field, const char *text, struct error *err)
{
	static const char via[] = " via ";
	struct interface *interface = field;
	const char *word = strstr(text, via);
	AUTO_FREE char *destination = xprintf("%.*s", word ? (int)(word - text) : 0, text);
	struct route route;

	if (!word) {
		error_set(err, 0, "\"%s\" is not a route", text);
		return error_hint(err, "NETWORK/PREFIX via ADDRESS like"
				       " \"10.9.0.0/16 via 10.83.0.7\"");
	}
	if (parse_ipv4_network(destination, &route.destination, &route.prefix, err) < 0 ||
	    parse_ipv4(word + strlen(via), &route.gateway, err) < 0)
		return -1;
	if (route.prefix == 0) {
		error_set(err, 0, "\"%s\" is a default route", text);
		return error_hint(err, "default_route = true; takes the gateway of the network");
	}
	if (interface->route_count == ROUTES_MAX)
		return error_set(err, 0, "there are more than %d of them", ROUTES_MAX);
	interface->routes =
		xrealloc(interface->routes, interface->route_count + 1, sizeof(route));
	interface->routes[interface->route_count++] = route;
	return 0;
}

static int read_routes(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_routes, clear_routes, add_route};

	return assign_list(assignment, value, field, &access);
}

static bool print_routes(const void *field, bool resolved, struct text *out)
{
	const struct interface *interface = field;

	(void)resolved;
	text_add_string(out, interface->route_count ? "[ " : "[");
	for (size_t i = 0; i < interface->route_count; i++) {
		const struct route *route = &interface->routes[i];
		char destination[PARSE_TEXT_MAX], gateway[PARSE_TEXT_MAX];

		parse_format_ipv4(route->destination, destination);
		parse_format_ipv4(route->gateway, gateway);
		text_addf(out, "%s\"%s/%u via %s\"", i ? ", " : "", destination, route->prefix,
			  gateway);
	}
	text_add_string(out, interface->route_count ? " ]" : "]");
	return true;
}

static int read_mac(struct assignment *assignment, const struct node *value, void *field)
{
	struct interface *interface = field;
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "\"auto\" or a MAC address");
	interface->mac_auto = strcmp(value->string, "auto") == 0;
	if (!interface->mac_auto && parse_mac(value->string, interface->mac, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	return 0;
}

static bool print_mac(const void *field, bool resolved, struct text *out)
{
	const struct interface *interface = field;
	char mac[PARSE_TEXT_MAX] = "auto";

	if (!interface->mac_auto || resolved)
		parse_format_mac(interface->mac, mac);
	value_print_string(mac, out);
	return true;
}

static int read_setting(struct assignment *assignment, const struct node *value, void *field)
{
	bool yes;

	if (type_boolean.read(assignment, value, &yes) < 0)
		return -1;
	*(enum setting *)field = yes ? SETTING_YES : SETTING_NO;
	return 0;
}

static bool print_setting(const void *field, bool resolved, struct text *out)
{
	bool yes = *(const enum setting *)field == SETTING_YES;

	if (*(const enum setting *)field == SETTING_UNSET)
		return false;
	return type_boolean.print(&yes, resolved, out);
}

static int read_inner_mtu(struct assignment *assignment, const struct node *value, void *field)
{
	return type_mtu.read(assignment, value, field);
}

static bool print_mtu(const void *field, bool resolved, struct text *out)
{
	const uint32_t mtu = *(const uint32_t *)field;

	(void)resolved;
	if (mtu)
		text_addf(out, "%u", mtu);
	return mtu != 0;
}

/* ---- the interfaces themselves ---- */

static void read_one(struct assignment *assignment, const struct node *group,
		     struct interface *interface)
{
	assign_group(assignment, keys_find(&container_keys, "net")->members, group, interface);
}

static void add_one(struct assignment *assignment, const struct node *group, struct spec *spec)
{
	if (group->type != NODE_GROUP) {
		assignment_wrong_type(assignment, group, "a group { }");
		return;
	}
	if (assignment->origins)
		origin_set(assignment->origins, assignment->path + assignment->origin_offset,
			   group->at, assignment->layer);
	spec_add_default_interface(spec);
	read_one(assignment, group, &spec->interfaces[spec->interface_count - 1]);
}

static int read_list(struct assignment *assignment, const struct node *list, struct spec *spec)
{
	bool append = list->count > 0 && list->children[0].type == NODE_STRING &&
		      strcmp(list->children[0].string, "+") == 0;
	size_t length = strlen(assignment->path);

	if (list->count == 0)
		return assignment_error(assignment, list, "\"none\" stands for no interface",
					"the list is empty");
	if (!append)
		spec_clear_interfaces(spec);
	spec->interfaces_listed = true;
	for (size_t i = append ? 1 : 0; i < list->count; i++) {
		const struct node *group = &list->children[i];

		if (spec->interface_count == INTERFACES_MAX)
			return assignment_error(assignment, group, NULL,
						"there are more than %d of them", INTERFACES_MAX);
		snprintf(assignment->path + length, sizeof(assignment->path) - length, "[%zu]",
			 spec->interface_count);
		add_one(assignment, group, spec);
		assignment->path[length] = '\0';
	}
	return 0;
}

static bool is_word(const struct node *value, const char *word)
{
	return value->type == NODE_STRING && strcmp(value->string, word) == 0;
}

/* A group goes key by key onto the one interface there is; what else there was is replaced. */
static int read_interfaces(struct assignment *assignment, const struct node *value, void *field)
{
	struct spec *spec = field;
	bool list = value->type == NODE_LIST;

	if (is_word(value, "none") || is_word(value, "host")) {
		spec_clear_interfaces(spec);
		spec->host_network = is_word(value, "host");
		return 0;
	}
	if (!list && value->type != NODE_GROUP)
		return assignment_wrong_type(assignment, value,
					     "a group { }, a list of groups, \"none\" or \"host\"");
	if (assignment->origins && !(list && value->count > 0 &&
				     value->children[0].type == NODE_STRING))
		origin_remove_elements(assignment->origins,
				       assignment->path + assignment->origin_offset);
	if (list)
		return read_list(assignment, value, spec);
	if (spec->interfaces_listed || spec->host_network)
		spec_clear_interfaces(spec);
	if (spec->interface_count == 0)
		spec_add_default_interface(spec);
	read_one(assignment, value, &spec->interfaces[0]);
	return 0;
}

/* The members are printed by the table; this is for a container that has no interface. */
static bool print_interfaces(const void *field, bool resolved, struct text *out)
{
	const struct spec *spec = field;

	(void)resolved;
	if (spec->interface_count > 0)
		return false;
	text_add_string(out, spec->host_network ? "\"host\"" : "\"none\"");
	return true;
}

static size_t count_interfaces(const void *field)
{
	return ((const struct spec *)field)->interface_count;
}

static const void *get_interface(const void *field, size_t index)
{
	return &((const struct spec *)field)->interfaces[index];
}

static const char *name_interface(const void *element)
{
	return ((const struct interface *)element)->name;
}

const struct key_elements interface_elements = {count_interfaces, get_interface, name_interface,
						NULL};
const struct value_type type_interfaces = {"group", read_interfaces, print_interfaces};
const struct value_type type_ip = {"string", read_ip, print_ip};
const struct value_type type_ip6 = {"string", read_ip6, print_ip6};
const struct value_type type_mac = {"string", read_mac, print_mac};
const struct value_type type_inner_mtu = {"integer", read_inner_mtu, print_mtu};
const struct value_type type_routes = {"array", read_routes, print_routes};
const struct value_type type_setting = {"boolean", read_setting, print_setting};
const struct value_type type_nat = {"boolean", read_nat, print_nat};
const struct value_type type_ports = {"array", read_ports, print_ports};
