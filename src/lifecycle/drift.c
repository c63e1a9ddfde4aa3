/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/drift.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define HOST       "host"
#define NONE       "none"
#define VALUE_SIZE 96

/* ---- release ---- */

static void interface_clear(struct drift_interface *interface)
{
	netlink_clear_inner_facts(&interface->wanted_facts);
	netlink_clear_inner_facts(&interface->recorded_facts);
}

void drift_container_clear(struct drift_container *container)
{
	for (size_t i = 0; i < container->interface_count; i++)
		interface_clear(&container->interfaces[i]);
	free(container->interfaces);
	free(container->name);
	netlink_clear_inner_facts(&container->facts);
	strlist_clear(&container->not_member);
	*container = (struct drift_container){0};
}

void drift_scene_clear(struct drift_scene *scene)
{
	for (size_t i = 0; i < scene->network_count; i++)
		free(scene->networks[i].name);
	for (size_t i = 0; i < scene->container_count; i++)
		drift_container_clear(&scene->containers[i]);
	for (size_t i = 0; i < scene->rules_count; i++) {
		free(scene->rules[i].chain);
		free(scene->rules[i].recorded);
	}
	free(scene->networks);
	free(scene->containers);
	free(scene->rules);
	strlist_clear(&scene->deaf);
	strlist_clear(&scene->hosts);
	strlist_clear(&scene->hosts_missing);
	strlist_clear(&scene->damaged);
	strlist_clear(&scene->busy);
	strlist_clear(&scene->changed);
	*scene = (struct drift_scene){0};
}

void drift_clear(struct drift *drift)
{
	for (size_t i = 0; i < drift->count; i++) {
		free(drift->items[i].subject);
		free(drift->items[i].what);
		free(drift->items[i].wanted);
		free(drift->items[i].recorded);
		free(drift->items[i].actual);
	}
	free(drift->items);
	*drift = (struct drift){0};
}

bool drift_same(const struct difference *one, const struct difference *other)
{
	return one->remedy == other->remedy && strcmp(one->subject, other->subject) == 0 &&
	       strcmp(one->what, other->what) == 0;
}

/* ---- adding ---- */

/* Whose difference it is, and what mends it. */
struct place {
	struct drift *drift;
	const char *subject;
	const char *object; /* "c-web"; what begins with it */
	unsigned int index;
	enum drift_remedy remedy;
};

/* The three as text; nothing is added where recorded and actual are the same. */
static void add(const struct place *place, const char *what, const char *wanted,
		const char *recorded, const char *actual)
{
	struct drift *drift = place->drift;

	if (strcmp(recorded, actual) == 0)
		return;
	drift->items = xrealloc(drift->items, drift->count + 1, sizeof(*drift->items));
	drift->items[drift->count++] = (struct difference){
		.remedy = place->remedy,
		.subject = xstrdup(place->subject),
		.index = place->index,
		.what = place->object[0] ? xprintf("%s%s%s", place->object, what[0] ? " " : "", what)
					 : xstrdup(what),
		.wanted = xstrdup(wanted),
		.recorded = xstrdup(recorded),
		.actual = xstrdup(actual),
	};
}

static void add_switch(const struct place *place, const char *what, bool wanted, bool recorded,
		       bool actual)
{
	add(place, what, wanted ? "on" : "off", recorded ? "on" : "off", actual ? "on" : "off");
}

static void add_state(const struct place *place, bool wanted, bool recorded, bool actual)
{
	add(place, "", wanted ? "up" : "down", recorded ? "up" : "down", actual ? "up" : "down");
}

struct value {
	char text[VALUE_SIZE];
};

static struct value number_value(uint32_t number)
{
	struct value value;

	snprintf(value.text, sizeof(value.text), "%u", number);
	return value;
}

static struct value address_value(int family, const void *address, unsigned int prefix)
{
	static const struct in6_addr nothing;
	char text[INET6_ADDRSTRLEN];
	struct value value = {NONE};

	if (memcmp(address, &nothing, family == AF_INET ? 4 : sizeof(nothing)) == 0)
		return value;
	inet_ntop(family, address, text, sizeof(text));
	snprintf(value.text, sizeof(value.text), "%s/%u", text, prefix);
	return value;
}

static const char *name_or_none(const char *name)
{
	return name[0] ? name : NONE;
}

/* ---- networks ---- */

/* What the files want of something that they do not have any more is nothing. */
#define WANTED(side, text) ((side)->there ? (text) : NONE)

static void compare_bridge(const struct drift_network *network, struct drift *drift)
{
	const struct drift_bridge *wanted = &network->wanted, *recorded = &network->recorded,
				  *actual = &network->actual;
	const struct place place = {drift, network->name, recorded->name, 0, REMEDY_BRIDGE};

	if (!actual->there) {
		add(&place, "", WANTED(wanted, "bridge"), "bridge",
		    actual->strange[0] ? actual->strange : "gone");
		return;
	}
	add(&place, "address",
	    WANTED(wanted, address_value(AF_INET, &wanted->address, wanted->prefix).text),
	    address_value(AF_INET, &recorded->address, recorded->prefix).text,
	    address_value(AF_INET, &actual->address, actual->prefix).text);
	if (recorded->prefix6)
		add(&place, "address6",
		    WANTED(wanted, address_value(AF_INET6, &wanted->address6, wanted->prefix6).text),
		    address_value(AF_INET6, &recorded->address6, recorded->prefix6).text,
		    address_value(AF_INET6, &actual->address6, actual->prefix6).text);
	if (recorded->link_address)
		add_switch(&place, "link-local address", wanted->there && wanted->link_address,
			   true, actual->link_address);
	add_state(&place, wanted->there, recorded->up, actual->up);
	if (actual->mtu != network->lowest_mtu)
		add(&place, "mtu", WANTED(wanted, number_value(wanted->mtu).text),
		    number_value(recorded->mtu).text, number_value(actual->mtu).text);
	add_switch(&place, "route_localnet", wanted->there && wanted->route_localnet,
		   recorded->route_localnet, actual->route_localnet);
	add_switch(&place, "accept_ra", false, false, actual->accept_ra);
	if (recorded->route_localhost6)
		add_switch(&place, "route of ::1", wanted->there && wanted->route_localhost6, true,
			   actual->route_localhost6);
	/* Whether the firewall looks into a bridge follows from its members, not from the file. */
	add_switch(&place, "nf_call_iptables", recorded->calls_iptables, recorded->calls_iptables,
		   actual->calls_iptables);
	add_switch(&place, "nf_call_ip6tables", recorded->calls_ip6tables,
		   recorded->calls_ip6tables, actual->calls_ip6tables);
}

/* ---- links ---- */

static void compare_port(const struct drift_interface *interface, struct place *place)
{
	const struct drift_port *wanted = &interface->wanted, *recorded = &interface->recorded,
				*actual = &interface->actual;

	place->remedy = REMEDY_PORT;
	add(place, "bridge", WANTED(wanted, name_or_none(wanted->bridge)),
	    name_or_none(recorded->bridge), name_or_none(actual->bridge));
	add_state(place, wanted->there, recorded->up, actual->up);
	add(place, "mtu", WANTED(wanted, number_value(wanted->mtu).text),
	    number_value(recorded->mtu).text, number_value(actual->mtu).text);
	add_switch(place, "accept_ra", false, recorded->accept_ra, actual->accept_ra);
	/* Modes of the port: off a bridge there is none. */
	if (!actual->bridge[0])
		return;
	add_switch(place, "isolated", wanted->there && wanted->isolated, recorded->isolated,
		   actual->isolated);
	add_switch(place, "hairpin", wanted->there && wanted->hairpin, recorded->hairpin,
		   actual->hairpin);
}

/* A gate cannot be put on a second time: the link is made anew with it. */
static void compare_gate(const struct drift_container *container,
			 const struct drift_interface *interface, struct place *place)
{
	const struct gate_parts *wanted = &interface->wanted.gate,
				*recorded = &interface->recorded.gate,
				*actual = &interface->actual.gate;

	place->remedy = REMEDY_MAKE_LINK;
	if (recorded->sent)
		add_switch(place, "filter in", wanted->sent, true, actual->sent);
	if (recorded->received)
		add_switch(place, "filter out", wanted->received, true, actual->received);
	if (recorded->shaped)
		add_switch(place, "rate", wanted->shaped, true, actual->shaped);
	if (!recorded->shaped_inside || container->own_admin)
		return;
	place->object = interface->name;
	add_switch(place, "rate", wanted->shaped_inside, true, actual->shaped_inside);
	place->object = interface->host_name;
}

/* ---- inside ---- */

static bool same_bytes(const uint8_t *one, const uint8_t *other)
{
	return memcmp(one, other, 16) == 0;
}

/* Whether they are about the same: another gateway is another value of one route. */
static bool same_key(const struct inner_fact *one, const struct inner_fact *other)
{
	return one->kind == other->kind && one->family == other->family &&
	       one->table == other->table && one->prefix == other->prefix &&
	       same_bytes(one->address, other->address);
}

static bool same_fact(const struct inner_fact *one, const struct inner_fact *other)
{
	return same_key(one, other) && one->index == other->index &&
	       same_bytes(one->gateway, other->gateway);
}

static bool is_routed_elsewhere(const struct inner_fact *fact, const struct inner_fact *other)
{
	return fact->kind == INNER_ROUTE && same_key(fact, other);
}

static struct value fact_value(const struct inner_fact *fact)
{
	static const uint8_t nothing[16];
	struct value value = {"on the link"};
	char text[INET6_ADDRSTRLEN];

	if (fact->kind == INNER_ADDRESS)
		return address_value(fact->family, fact->address, fact->prefix);
	if (fact->kind == INNER_RULE)
		snprintf(value.text, sizeof(value.text), "table %u", fact->table);
	else if (!same_bytes(fact->gateway, nothing))
		snprintf(value.text, sizeof(value.text), "via %s",
			 inet_ntop(fact->family, fact->gateway, text, sizeof(text)));
	return value;
}

static struct value fact_name(const struct inner_fact *fact)
{
	const char *six = fact->family == AF_INET6 ? "6" : "";
	struct value name, to = address_value(fact->family, fact->address, fact->prefix);
	char table[32] = "";

	if (fact->table != RT_TABLE_MAIN)
		snprintf(table, sizeof(table), ", table %u", fact->table);
	switch (fact->kind) {
	case INNER_ADDRESS:
		snprintf(name.text, sizeof(name.text), "address%s", six);
		break;
	case INNER_ROUTE:
		snprintf(name.text, sizeof(name.text), "route%s %.60s%s", six,
			 fact->prefix ? to.text : "default", table);
		break;
	case INNER_RULE:
		snprintf(name.text, sizeof(name.text), "rule from %.60s", to.text);
		break;
	}
	return name;
}

/* What the files have in the place of a fact: it, another value of the same, or nothing. */
static struct value wanted_value(const struct inner_facts *facts, const struct inner_fact *fact)
{
	const struct inner_fact *other = NULL;

	for (size_t i = 0; i < facts->count; i++) {
		const struct inner_fact *item = &facts->items[i];

		if (same_fact(item, fact))
			return fact_value(fact);
		if (!other && (is_routed_elsewhere(fact, item) ||
			       (fact->kind == INNER_ADDRESS && item->kind == INNER_ADDRESS &&
				item->family == fact->family)))
			other = item;
	}
	return other ? fact_value(other) : (struct value){NONE};
}

static struct value actual_value(const struct inner_facts *facts, const struct inner_fact *fact)
{
	struct value value = {NONE};

	for (size_t i = 0; i < facts->count; i++) {
		const struct inner_fact *item = &facts->items[i];

		if (same_fact(item, fact))
			return fact_value(fact);
		if (strcmp(value.text, NONE) != 0 || !is_routed_elsewhere(fact, item))
			continue;
		value = fact_value(item);
		if (item->index != fact->index)
			snprintf(value.text, sizeof(value.text), "over another link");
	}
	return value;
}

static void compare_inside(const struct drift_container *container,
			   const struct drift_interface *interface, struct place *place)
{
	place->object = interface->name;
	place->remedy = REMEDY_INSIDE;
	add_state(place, true, true, interface->inner_up);
	for (size_t i = 0; i < interface->recorded_facts.count; i++) {
		const struct inner_fact *fact = &interface->recorded_facts.items[i];

		add(place, fact_name(fact).text, wanted_value(&interface->wanted_facts, fact).text,
		    fact_value(fact).text, actual_value(&container->facts, fact).text);
	}
}

static void compare_interface(const struct drift_container *container, unsigned int index,
			      struct drift *drift)
{
	const struct drift_interface *interface = &container->interfaces[index];
	const bool macvlan = interface->host_name[0] == '\0';
	struct place place = {drift, container->name,
			      macvlan ? interface->name : interface->host_name, index,
			      REMEDY_MAKE_LINK};

	/* Half of a pair is none; what belongs to it comes back with it. */
	if (!interface->actual.there || !interface->inner_there) {
		add(&place, "", WANTED(&interface->wanted, macvlan ? "macvlan" : "veth"),
		    macvlan ? "macvlan" : "veth", "gone");
		return;
	}
	if (!macvlan) {
		compare_gate(container, interface, &place);
		compare_port(interface, &place);
	}
	if (!container->own_admin)
		compare_inside(container, interface, &place);
}

/* ---- containers ---- */

static void compare_container(const struct drift_container *container, struct drift *drift)
{
	struct place place = {drift, container->name, "", 0, REMEDY_CLEAN_UP};

	if (container->state == DRIFT_GONE) {
		add(&place, "process", "-", "running", "gone");
		return;
	}
	if (container->unsupervised) {
		place.remedy = REMEDY_SUPERVISE;
		add(&place, "supervisor", "running", "running", "gone");
	}
	if (container->state == DRIFT_WAITING)
		return;
	if (container->state == DRIFT_DAMAGED) {
		place.remedy = REMEDY_NONE;
		add(&place, "record", "-", "damaged", "not known");
		return;
	}
	place.remedy = REMEDY_MEMBER;
	for (size_t i = 0; i < container->not_member.count; i++) {
		place.object = container->not_member.items[i];
		add(&place, "member", "yes", "no", "yes");
	}
	for (unsigned int i = 0; i < container->interface_count; i++)
		compare_interface(container, i, drift);
	place.object = "";
	place.remedy = REMEDY_FILE;
	for (size_t i = 0; i < DRIFT_FILES; i++) {
		const struct drift_file *file = &container->files[i];

		if (file->missing || file->changed)
			add(&place, file->name, "generated", "generated",
			    file->missing ? "gone" : "changed");
	}
}

/* ---- all ---- */

static void compare_host(const struct drift_scene *scene, struct drift *drift)
{
	static const char *const switches[] = {"ip_forward", "ipv6 forwarding"};
	struct place place = {drift, HOST, "", 0, REMEDY_BRIDGE};

	for (size_t i = 0; i < 2; i++)
		if (scene->forwards[i])
			add_switch(&place, switches[i], true, true, scene->forwarding[i]);
	for (size_t i = 0; i < scene->deaf.count; i++) {
		place.object = scene->deaf.items[i];
		add(&place, "accept_ra", "2", "2", "1");
	}
	place.object = "";
	place.remedy = REMEDY_WATCH;
	if (scene->needs_watch)
		add_switch(&place, "watch for name servers", true, true, scene->has_watch);
}

static void compare_rules(const struct drift_scene *scene, struct drift *drift)
{
	struct place place = {drift, HOST, "", 0, REMEDY_COMMIT};

	for (size_t i = 0; i < scene->rules_count; i++) {
		const struct drift_rules *rules = &scene->rules[i];

		place.object = rules->chain;
		add(&place, "", rules->recorded, rules->recorded, rules->actual);
	}
	for (size_t i = 0; i < scene->hosts.count; i++) {
		place.subject = scene->hosts.items[i];
		place.object = "";
		add(&place, "hosts", "generated", "generated",
		    strlist_contains(&scene->hosts_missing, place.subject) ? "gone" : "changed");
	}
}

void drift_compare(const struct drift_scene *scene, struct drift *drift)
{
	*drift = (struct drift){0};
	for (size_t i = 0; i < scene->damaged.count; i++) {
		const struct place place = {drift, scene->damaged.items[i], "", 0, REMEDY_COMMIT};

		add(&place, "record", "-", "damaged", "not known");
	}
	compare_host(scene, drift);
	for (size_t i = 0; i < scene->network_count; i++)
		compare_bridge(&scene->networks[i], drift);
	for (size_t i = 0; i < scene->container_count; i++)
		compare_container(&scene->containers[i], drift);
	compare_rules(scene, drift);
}
