/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/change.h"

#include <string.h>

#include "config/keys.h"
#include "config/values.h"

const char *change_action_name(enum change_action action)
{
	static const char *const names[] = {
		[ACTION_NOTHING] = "nothing", [ACTION_LIVE] = "live",
		[ACTION_ATTACH] = "re-attach", [ACTION_RESTART] = "restart",
		[ACTION_START] = "start",     [ACTION_STOP] = "stop",
	};

	return names[action];
}

void container_change_clear(struct container_change *change)
{
	changes_clear(&change->changes);
}

/* ---- networks ---- */

/* What of a network is in its record, and what of it is wanted: both as text. */
struct shape {
	bool own, internal, icc, nat;
	const char *bridge, *uplink;
	struct in_addr subnet, gateway;
	struct in6_addr subnet6, gateway6;
	unsigned int prefix, prefix6;
	uint32_t mtu;
};

static struct shape shape_of_record(const struct network_record *up)
{
	return (struct shape){
		.own = up->own, .internal = up->internal, .icc = up->icc, .nat = up->nat,
		.bridge = up->bridge, .uplink = up->uplink, .subnet = up->subnet,
		.gateway = up->gateway, .subnet6 = up->subnet6, .gateway6 = up->gateway6,
		.prefix = up->prefix, .prefix6 = up->prefix6, .mtu = up->mtu,
	};
}

static struct shape shape_of_network(const struct network *network)
{
	return (struct shape){
		.own = network_is_own(network), .internal = network->internal,
		.icc = network->icc, .nat = network->nat == SETTING_YES,
		.bridge = network->bridge, .uplink = network->uplink, .subnet = network->subnet,
		.gateway = network->gateway, .subnet6 = network->subnet6,
		.gateway6 = network->gateway6, .prefix = network->prefix,
		.prefix6 = network->prefix6, .mtu = network->mtu,
	};
}

static char *quote(const char *text)
{
	struct text out = {0};

	value_print_string(text, &out);
	return out.data;
}

static char *print_bool(bool value)
{
	return xstrdup(value ? "true" : "false");
}

static char *print_external(const struct shape *shape)
{
	return print_bool(!shape->own);
}

static char *print_bridge(const struct shape *shape)
{
	return quote(shape->bridge ? shape->bridge : "");
}

static char *print_subnet(const struct shape *shape)
{
	char text[PARSE_TEXT_MAX];

	parse_format_ipv4(shape->subnet, text);
	return xprintf("\"%s/%u\"", text, shape->prefix);
}

static char *print_gateway(const struct shape *shape)
{
	char text[PARSE_TEXT_MAX] = "";

	if (shape->gateway.s_addr != INADDR_ANY)
		parse_format_ipv4(shape->gateway, text);
	return quote(text);
}

static char *print_subnet6(const struct shape *shape)
{
	char text[PARSE_TEXT_MAX];

	if (shape->prefix6 == 0)
		return quote("none");
	parse_format_ipv6(&shape->subnet6, text);
	return xprintf("\"%s/%u\"", text, shape->prefix6);
}

static char *print_gateway6(const struct shape *shape)
{
	char text[PARSE_TEXT_MAX] = "";

	if (shape->prefix6 != 0 && !IN6_IS_ADDR_UNSPECIFIED(&shape->gateway6))
		parse_format_ipv6(&shape->gateway6, text);
	return quote(text);
}

static char *print_nat(const struct shape *shape)
{
	return print_bool(shape->nat);
}

static char *print_uplink(const struct shape *shape)
{
	return quote(shape->uplink[0] ? shape->uplink : "auto");
}

static char *print_internal(const struct shape *shape)
{
	return print_bool(shape->internal);
}

static char *print_icc(const struct shape *shape)
{
	return print_bool(shape->icc);
}

static char *print_mtu(const struct shape *shape)
{
	return xprintf("%u", shape->mtu);
}

/* parent: as external, which is all a record has of it. pool and isolate come through net.*. */
static const struct {
	const char *key;
	char *(*print)(const struct shape *shape);
} shape_keys[] = {
	{"bridge", print_bridge},     {"external", print_external}, {"subnet", print_subnet},
	{"gateway", print_gateway},   {"subnet6", print_subnet6},   {"gateway6", print_gateway6},
	{"nat", print_nat},           {"uplink", print_uplink},     {"internal", print_internal},
	{"icc", print_icc},           {"mtu", print_mtu},
};

/* The key itself, or the network as a whole where it is its default. */
static struct location network_place(const struct network *network, const char *key)
{
	for (size_t i = 0; i < network->origins.count; i++)
		if (strcmp(network->origins.items[i].key, key) == 0)
			return network->origins.items[i].location;
	return (struct location){0};
}

void change_find_network(const struct network_record *up, const struct network *wanted,
			 struct changes *changes)
{
	const struct key_table *table = keys_find(&manager_keys, "networks")->members;
	const struct shape before = shape_of_record(up), after = shape_of_network(wanted);

	for (size_t i = 0; i < ARRAY_SIZE(shape_keys); i++) {
		const char *key = shape_keys[i].key;
		AUTO_FREE char *old_value = shape_keys[i].print(&before);
		AUTO_FREE char *new_value = shape_keys[i].print(&after);

		if (strcmp(old_value, new_value) == 0)
			continue;
		if (strcmp(key, "external") == 0 && wanted->parent[0])
			key = "parent";
		changes_add(changes, (struct change){
			.key = xprintf("networks.%s.%s", wanted->name, key),
			.old_value = take_pointer(&old_value),
			.new_value = strcmp(key, "parent") == 0 ? quote(wanted->parent)
							      : take_pointer(&new_value),
			.at = network_place(wanted, key),
			.layer = xstrdup("container.conf"),
			.class = keys_find(table, key)->change,
		});
	}
}

/* ---- containers ---- */

static const struct network_record *find_record(const struct network_record *networks, size_t count,
						const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(networks[i].name, name) == 0)
			return &networks[i];
	return NULL;
}

/* Networks it is on and stays on. */
static void find_networks(const struct change_input *input, const struct manager *manager,
			  const struct network_record *networks, size_t network_count,
			  struct changes *changes)
{
	for (size_t i = 0; i < input->recorded->interface_count; i++) {
		const char *name = input->recorded->interfaces[i].network;
		const struct network_record *up =
			name ? find_record(networks, network_count, name) : NULL;
		const struct network *wanted = name ? manager_find_network(manager, name) : NULL;

		if (up && wanted)
			change_find_network(up, wanted, changes);
	}
}

static void find_cgroup(const struct change_input *input, const struct manager *manager,
			struct changes *changes)
{
	static const char key[] = "cgroup.parent";
	const struct key *row = keys_find(keys_find(&manager_keys, "cgroup")->members, "parent");

	if (!input->cgroup_parent || strcmp(input->cgroup_parent, manager->cgroup_parent) == 0)
		return;
	changes_add(changes, (struct change){
		.key = xstrdup(key),
		.old_value = quote(input->cgroup_parent),
		.new_value = quote(manager->cgroup_parent),
		.at = origin_find(&manager->origins, key),
		.layer = xstrdup("container.conf"),
		.class = row->change,
	});
}

static enum change_action action_of(enum change_class class)
{
	switch (class) {
	case CHANGE_LIVE:
		return ACTION_LIVE;
	case CHANGE_ATTACH:
		return ACTION_ATTACH;
	case CHANGE_RESTART:
		return ACTION_RESTART;
	case CHANGE_NONE:
		break;
	}
	return ACTION_NOTHING;
}

void change_find(const struct change_input *input, const struct manager *manager,
		 const struct network_record *networks, size_t network_count,
		 struct container_change *out)
{
	const bool waits = input->liveness == LIVE_WAITING;

	*out = (struct container_change){.name = input->name, .action = ACTION_NOTHING};
	if (!input->wanted) {
		/* What has ended by itself is gone already, but for its exit status. */
		if (!input->transient && (input->liveness == LIVE_RUNNING ||
					  input->liveness == LIVE_STALE || waits))
			out->action = ACTION_STOP;
		return;
	}
	if (input->liveness != LIVE_RUNNING && !waits) {
		if (input->is_wanted)
			out->action = ACTION_START;
		return;
	}
	if (!input->recorded)
		return;
	if (input->recorded != input->wanted)
		spec_compare(input->recorded, input->wanted, manager, &out->changes);
	find_networks(input, manager, networks, network_count, &out->changes);
	find_cgroup(input, manager, &out->changes);
	out->action = action_of(changes_hardest(&out->changes));
	/* Nothing of it runs that could take them in. */
	if (waits && out->action != ACTION_NOTHING)
		out->action = ACTION_RESTART;
}
