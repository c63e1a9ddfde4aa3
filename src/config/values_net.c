/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_net.c: addresses, networks, and the groups of groups. */
#include <arpa/inet.h>
#include <string.h>

#include "config/layers.h"
#include "config/origin.h"
#include "config/values.h"

#define HOSTS_MAX 1024

static int read_interface_name(struct assignment *assignment, const struct node *value, void *field)
{
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	if (parse_check_interface_name(value->string, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	memset(field, 0, IFNAMSIZ);
	memcpy(field, value->string, strlen(value->string));
	return 0;
}

static int read_parent(struct assignment *assignment, const struct node *value, void *field)
{
	memset(field, 0, IFNAMSIZ);
	if (value->type == NODE_STRING && value->string[0] == '\0')
		return 0;
	return read_interface_name(assignment, value, field);
}

static int read_uplink(struct assignment *assignment, const struct node *value, void *field)
{
	memset(field, 0, IFNAMSIZ);
	if (value->type == NODE_STRING && strcmp(value->string, "auto") == 0)
		return 0;
	return read_interface_name(assignment, value, field);
}

static bool print_interface_name(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_string(field, out);
	return true;
}

int value_read_host_address(struct assignment *assignment, const struct node *value,
			    struct in_addr *address)
{
	struct in_addr parsed;
	struct error err;
	uint32_t first;

	if (parse_ipv4(value->string, &parsed, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	first = ntohl(parsed.s_addr) >> 24;
	if (first == 0 || first == 127 || first >= 224)
		return assignment_error(assignment, value, NULL,
					"\"%s\" is not an address for a host", value->string);
	*address = parsed;
	return 0;
}

static size_t count_hosts(const void *field)
{
	return ((const struct spec *)field)->extra_host_count;
}

static void clear_hosts(void *field)
{
	struct spec *spec = field;

	for (size_t i = 0; i < spec->extra_host_count; i++) {
		free(spec->extra_hosts[i].name);
		free(spec->extra_hosts[i].address);
	}
	free(spec->extra_hosts);
	spec->extra_hosts = NULL;
	spec->extra_host_count = 0;
}

static int add_host(void *field, const char *text, struct error *err)
{
	const char *sign = text + strcspn(text, "=:"), *address = *sign ? sign + 1 : sign;
	AUTO_FREE char *name = xprintf("%.*s", (int)(sign - text), text);
	struct spec *spec = field;

	if (*sign == '\0' || !parse_is_ip(address)) {
		error_set(err, 0, "\"%s\" is not a name with its address", text);
		return error_hint(err, "NAME=ADDRESS like \"gateway=10.83.0.1\"");
	}
	if (*sign == ':') {
		error_set(err, 0, "\"%s\" has a colon behind the name", text);
		return error_hint(err, "write \"%s=%s\"", name, address);
	}
	if (parse_check_hostname(name, 253, err) < 0)
		return -1;
	if (spec->extra_host_count == HOSTS_MAX)
		return error_set(err, 0, "there are more than %d of them", HOSTS_MAX);
	spec->extra_hosts =
		xrealloc(spec->extra_hosts, spec->extra_host_count + 1, sizeof(*spec->extra_hosts));
	spec->extra_hosts[spec->extra_host_count++] = (struct host_entry){
		.name = take_pointer(&name),
		.address = xstrdup(address),
	};
	return 0;
}

static int read_extra_hosts(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_hosts, clear_hosts, add_host};

	return assign_list(assignment, value, field, &access);
}

static bool print_extra_hosts(const void *field, bool resolved, struct text *out)
{
	const struct spec *spec = field;

	(void)resolved;
	text_add_string(out, spec->extra_host_count ? "[ " : "[");
	for (size_t i = 0; i < spec->extra_host_count; i++)
		text_addf(out, "%s\"%s=%s\"", i ? ", " : "", spec->extra_hosts[i].name,
			  spec->extra_hosts[i].address);
	text_add_string(out, spec->extra_host_count ? " ]" : "]");
	return true;
}

static int read_address(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "an address");
	return value_read_host_address(assignment, value, field);
}

int value_read_host_address6(struct assignment *assignment, const struct node *value,
			     struct in6_addr *address)
{
	struct in6_addr parsed;
	struct error err;

	if (parse_ipv6(value->string, &parsed, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (IN6_IS_ADDR_UNSPECIFIED(&parsed) || IN6_IS_ADDR_LOOPBACK(&parsed) ||
	    IN6_IS_ADDR_LINKLOCAL(&parsed) || IN6_IS_ADDR_V4MAPPED(&parsed) ||
	    IN6_IS_ADDR_MULTICAST(&parsed))
		return assignment_error(assignment, value, NULL,
					"\"%s\" is not an address for a host", value->string);
	*address = parsed;
	return 0;
}

/* "" stands for the one that is chosen. */
static int read_gateway6(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "an IPv6 address");
	*(struct in6_addr *)field = in6addr_any;
	if (value->string[0] == '\0')
		return 0;
	return value_read_host_address6(assignment, value, field);
}

static int read_subnet6(struct assignment *assignment, const struct node *value, void *field)
{
	struct network *network = field;
	struct in6_addr subnet;
	unsigned int prefix;
	struct error err;

	network->subnet6_auto = false;
	network->prefix6 = 0;
	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "an IPv6 network");
	if (strcmp(value->string, "none") == 0)
		return 0;
	network->subnet6_auto = strcmp(value->string, "auto") == 0;
	if (network->subnet6_auto)
		return 0;
	if (parse_ipv6_network(value->string, &subnet, &prefix, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (prefix < 16 || prefix > 126)
		return assignment_error(assignment, value, NULL,
					"the prefix %u is out of range, 16 to 126", prefix);
	if (subnet.s6_addr[0] == 0 || subnet.s6_addr[0] >= 0xfe)
		return assignment_error(assignment, value,
					"private ones are within fd00::/8; \"auto\" makes one",
					"\"%s\" cannot be a network of hosts", value->string);
	network->subnet6 = subnet;
	network->prefix6 = prefix;
	return 0;
}

static int read_subnet(struct assignment *assignment, const struct node *value, void *field)
{
	struct network *network = field;
	struct in_addr subnet;
	unsigned int prefix;
	struct error err;
	uint32_t first;

	network->prefix = 0; /* unknown until it turns out well */
	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a network");
	if (parse_ipv4_network(value->string, &subnet, &prefix, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (prefix < 8 || prefix > 30)
		return assignment_error(assignment, value, NULL,
					"the prefix %u is out of range, 8 to 30", prefix);
	first = ntohl(subnet.s_addr) >> 24;
	if (first == 0 || first == 127 || first >= 224)
		return assignment_error(assignment, value,
					"private ones are 10.0.0.0/8, 172.16.0.0/12"
					" and 192.168.0.0/16",
					"\"%s\" cannot be a network of hosts", value->string);
	network->subnet = subnet;
	network->prefix = prefix;
	return 0;
}

static int read_pool(struct assignment *assignment, const struct node *value, void *field)
{
	struct network *network = field;
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a range of addresses");
	if (parse_ipv4_range(value->string, &network->pool_first, &network->pool_last, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	return 0;
}

static struct network *add_network(struct manager *manager, const char *name)
{
	struct network *network;

	manager->networks =
		xrealloc(manager->networks, manager->network_count + 1, sizeof(*network));
	network = &manager->networks[manager->network_count++];
	network_set_defaults(network, name);
	return network;
}

/* Calls read for each group with a name of the writer's choice. */
static void each_named(struct assignment *assignment, const struct node *value, void *field,
		       void (*read)(struct assignment *assignment, const struct node *group,
				    void *field))
{
	size_t length = strlen(assignment->path);
	struct error err;

	for (size_t i = 0; i < value->count; i++) {
		const struct node *group = &value->children[i];
		struct node name = {.type = NODE_STRING, .at = group->name_at};

		if (parse_check_name(group->name, &err) < 0) {
			assignment_error(assignment, &name, err.hint, "%s", err.text);
			continue;
		}
		snprintf(assignment->path + length, sizeof(assignment->path) - length, ".%s",
			 group->name);
		if (group->type == NODE_GROUP)
			read(assignment, group, field);
		else
			assignment_wrong_type(assignment, group, "a group { }");
		assignment->path[length] = '\0';
	}
}

static void read_network(struct assignment *assignment, const struct node *group, void *field)
{
	const struct key_table *members = keys_find(&manager_keys, "networks")->members;
	struct network *network = add_network(field, group->name);
	struct assignment inner = *assignment;

	origin_set(assignment->origins, assignment->path, group->name_at, NULL);
	inner.origins = &network->origins;
	inner.origin_offset = strlen(assignment->path) + 1;
	assign_group(&inner, members, group, network);
	assignment->errors = inner.errors;
}

static int read_networks(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_GROUP)
		return assignment_wrong_type(assignment, value, "a group { }");
	each_named(assignment, value, field, read_network);
	return 0;
}

/* Only looked through for faults here; it is applied to each container later. */
static void check_layer(struct assignment *assignment, const struct node *group, void *field)
{
	AUTO(spec_clear) struct spec scratch = {0};
	struct assignment inner = {
		.root = &container_keys,
		.diagnostics = assignment->diagnostics,
		.shared = true,
	};

	(void)field;
	spec_set_defaults(&scratch, "name");
	assign_group(&inner, &container_keys, group, &scratch);
	assignment->errors += inner.errors;
}

static int read_defaults(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_GROUP)
		return assignment_wrong_type(assignment, value, "a group { }");
	check_layer(assignment, value, field);
	return 0;
}

static int read_templates(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_GROUP)
		return assignment_wrong_type(assignment, value, "a group { }");
	each_named(assignment, value, field, check_layer);
	return 0;
}

const struct value_type type_parent = {"string", read_parent, NULL};
const struct value_type type_uplink = {"string", read_uplink, NULL};
const struct value_type type_interface_name = {"string", read_interface_name, print_interface_name};
const struct value_type type_extra_hosts = {"array", read_extra_hosts, print_extra_hosts};
const struct value_type type_address = {"address", read_address, NULL};
const struct value_type type_gateway6 = {"string", read_gateway6, NULL};
const struct value_type type_subnet6 = {"string", read_subnet6, NULL};
const struct value_type type_subnet = {"string", read_subnet, NULL};
const struct value_type type_pool = {"string", read_pool, NULL};
const struct value_type type_networks = {"group of groups", read_networks, NULL};
const struct value_type type_defaults = {"group", read_defaults, NULL};
const struct value_type type_templates = {"group of groups", read_templates, NULL};
