/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/drift_look.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "kernel/link_gate.h"
#include "kernel/netlink_look.h"
#include "kernel/sysctl.h"
#include "lifecycle/hosts_file.h"
#include "lifecycle/network.h"
#include "lifecycle/recorded.h"
#include "lifecycle/rules.h"
#include "lifecycle/steps.h"

#define NETWORK_TIMEOUT_MS 30000
/* For all locks that are held by others together: most are for a few milliseconds. */
#define LOCKS_TIMEOUT_MS 500
#define FILE_SIZE_MAX (1024 * 1024)

static const char *const generated[DRIFT_FILES] = {"resolv.conf", "hostname", "hosts"};

/* ---- holding ---- */

static void held_clear(struct drift_held *held)
{
	container_clear(&held->container);
	spec_clear(&held->spec);
}

static void clear_networks(struct drift_hold *hold)
{
	for (size_t i = 0; i < hold->network_count; i++)
		network_record_clear(&hold->networks[i]);
	free(hold->networks);
	free(hold->manager.networks);
	hold->networks = NULL;
	hold->network_count = 0;
	hold->manager = hold->conf->manager;
	hold->manager.networks = NULL;
	hold->manager.network_count = 0;
}

void drift_let_go(struct drift_hold *hold)
{
	if (!hold->conf)
		return;
	for (size_t i = 0; i < hold->count; i++)
		held_clear(&hold->items[i]);
	free(hold->items);
	strlist_clear(&hold->busy);
	clear_networks(hold);
	hold->host->manager = &hold->conf->manager;
	*hold = (struct drift_hold){0};
}

/* One that is brought up right now, or has just gone, has a directory and no record. */
static bool has_only_lock(int directory_fd)
{
	AUTO_STRLIST struct strlist files = {0};

	return fs_list_at(directory_fd, ".", &files, NULL) == 0 && files.count == 1 &&
	       strcmp(files.items[0], "lock") == 0;
}

/*
 * Its supervisor, where it lives, cleans up after its process: it waits for the lock that we hold.
 * 1: it is to be held, 0: it is none of our business.
 */
static int classify(const struct state *state, struct drift_held *held)
{
	struct record *record = &held->container.record;
	struct error why = {0};
	AUTO_FD int supervisor_fd = -1;
	int rc = record_read(state, held->container.name, record, &why);

	if (rc < 0) {
		held->state = DRIFT_DAMAGED;
		return 1;
	}
	if (rc == 0)
		return 0;
	switch (record_liveness(record)) {
	case LIVE_NONE:
	case LIVE_ENDED:
		return 0;
	case LIVE_RUNNING:
		break;
	case LIVE_STALE:
		if (record->supervisor.pid > 0)
			supervisor_fd = process_open(&record->supervisor, NULL);
		held->state = DRIFT_GONE;
		return supervisor_fd < 0;
	}
	held->state = DRIFT_RUNNING;
	if (recorded_spec(state, held->container.name, &held->spec, NULL) < 0)
		held->state = DRIFT_DAMAGED;
	held->container.spec = &held->spec;
	return 1;
}

/* 1: held; 0: there is nothing to hold, or it is busy. */
static int take_one(struct drift_hold *hold, const char *name, uint64_t deadline_ms,
		    struct drift_held *held, struct error *err)
{
	struct state *state = &hold->host->state;
	struct container *container = &held->container;
	uint64_t now = process_monotonic_ms();
	int rc;

	container_init(container, name);
	/* Locking it would make its directory. */
	container->directory_fd = record_open_directory(state, name, NULL);
	if (container->directory_fd < 0)
		return 0;
	container->lock_fd = record_lock(state, name,
					 now < deadline_ms ? (int)(deadline_ms - now) : 0, err);
	if (container->lock_fd < 0 && err->code == EAGAIN) {
		strlist_add(&hold->busy, name);
		error_clear(err);
		return 0;
	}
	if (container->lock_fd < 0)
		return error_wrap(err, "%s", name);
	rc = classify(state, held);
	if (rc == 0 && !container->record.name && has_only_lock(container->directory_fd))
		container_forget(hold->host, container, NULL);
	return rc;
}

int drift_take(struct host *host, const struct conf *conf, struct drift_hold *hold,
	       struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	uint64_t deadline_ms = process_monotonic_ms() + LOCKS_TIMEOUT_MS;

	*hold = (struct drift_hold){.host = host, .conf = conf};
	clear_networks(hold);
	host->manager = &hold->manager;
	if (record_list(&host->state, &names, err) < 0)
		return -1;
	hold->items = xalloc(names.count, sizeof(*hold->items));
	for (size_t i = 0; i < names.count; i++) {
		struct drift_held *held = &hold->items[hold->count];
		int rc = take_one(hold, names.items[i], deadline_ms, held, err);

		if (rc == 1)
			hold->count++;
		else
			held_clear(held);
		if (rc != 1)
			*held = (struct drift_held){0};
		if (rc < 0)
			return -1;
	}
	return 0;
}

struct drift_held *drift_find(const struct drift_hold *hold, const char *name)
{
	for (size_t i = 0; i < hold->count; i++)
		if (hold->items[i].state == DRIFT_RUNNING &&
		    strcmp(hold->items[i].container.name, name) == 0)
			return &hold->items[i];
	return NULL;
}

static bool is_held(const struct drift_hold *hold, const char *name)
{
	for (size_t i = 0; i < hold->count; i++)
		if (strcmp(hold->items[i].container.name, name) == 0)
			return true;
	return false;
}

const struct network_record *drift_find_network(const struct drift_hold *hold, const char *name)
{
	for (size_t i = 0; i < hold->network_count; i++)
		if (strcmp(hold->networks[i].name, name) == 0)
			return &hold->networks[i];
	return NULL;
}

/* ---- what is recorded ---- */

/* The network a record tells of, for those who work with what the manager file says. */
static struct network network_as_recorded(const struct network *file,
					  const struct network_record *record)
{
	struct network network = {.external = !record->own && record->bridge[0]};

	if (file)
		network = *file;
	network.name = record->name;
	snprintf(network.bridge, sizeof(network.bridge), "%s", record->bridge);
	network.subnet = record->subnet;
	network.prefix = record->prefix;
	network.gateway = record->gateway;
	network.subnet6 = record->subnet6;
	network.prefix6 = record->prefix6;
	network.gateway6 = record->gateway6;
	network.mtu = record->mtu;
	network.nat = record->nat ? SETTING_YES : SETTING_NO;
	network.internal = record->internal;
	network.icc = record->icc;
	memcpy(network.uplink, record->uplink, sizeof(network.uplink));
	return network;
}

static void make_manager(struct drift_hold *hold)
{
	const struct manager *files = &hold->conf->manager;
	struct manager *manager = &hold->manager;

	manager->networks = xalloc(files->network_count + hold->network_count,
				   sizeof(*manager->networks));
	for (size_t i = 0; i < hold->network_count; i++)
		manager->networks[manager->network_count++] = network_as_recorded(
			manager_find_network(files, hold->networks[i].name), &hold->networks[i]);
	for (size_t i = 0; i < files->network_count; i++)
		if (!drift_find_network(hold, files->networks[i].name))
			manager->networks[manager->network_count++] = files->networks[i];
}

static int read_networks(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	clear_networks(hold);
	if (network_record_list(&hold->host->state, &names, err) < 0)
		return -1;
	hold->networks = xalloc(names.count, sizeof(*hold->networks));
	for (size_t i = 0; i < names.count; i++) {
		int rc = network_record_read(&hold->host->state, names.items[i],
					     &hold->networks[hold->network_count], NULL);

		if (rc == 1)
			hold->network_count++;
		else if (rc < 0)
			strlist_add(&scene->damaged, names.items[i]);
	}
	make_manager(hold);
	return 0;
}

/* A member that is not held came after us, or goes. */
static void find_busy(const struct drift_hold *hold, struct drift_scene *scene)
{
	strlist_copy(&scene->busy, &hold->busy);
	for (size_t i = 0; i < hold->network_count; i++)
		for (size_t j = 0; j < hold->networks[i].member_count; j++) {
			const char *name = hold->networks[i].members[j].container;

			if (!is_held(hold, name) && !strlist_contains(&scene->busy, name))
				strlist_add(&scene->busy, name);
		}
}

/* ---- the host ---- */

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

			if (strcmp(interface->network, network->name) == 0 &&
			    interface->mtu < lowest)
				lowest = interface->mtu;
		}
	return lowest;
}

static int look_at_networks(struct drift_hold *hold, struct netlink *netlink,
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
	return 0;
}

/* ---- links ---- */

static struct drift_port port_of(const struct veth *veth)
{
	struct drift_port port = {
		.there = true,
		.mtu = veth->mtu,
		.up = true,
		.isolated = veth->isolated,
		.hairpin = true,
	};

	snprintf(port.bridge, sizeof(port.bridge), "%s", veth->bridge);
	return port;
}

/* Asked for only where there is to be one. */
static int look_at_gate(struct netlink *netlink, int index, const struct gate_parts *expected,
			struct gate_parts *gate, struct error *err)
{
	struct link_gate_filters filters = {.sent = false};

	if ((expected->sent || expected->received) &&
	    link_gate_look(netlink, index, &filters, err) < 0)
		return -1;
	gate->sent = filters.sent;
	gate->received = filters.received;
	return 0;
}

static int look_at_port(struct netlink *netlink, const char *name, const char *alias,
			const struct gate_parts *expected, struct drift_port *port,
			struct error *err)
{
	struct link_state link, bridge = {0};
	int found = netlink_look_at_link(netlink, name, 0, &link, err);

	*port = (struct drift_port){.there = false};
	/* One that somebody else has made under that name is not it. */
	if (found <= 0 || strcmp(link.alias, alias) != 0)
		return found < 0 ? -1 : 0;
	if (link.master != 0 && netlink_look_at_link(netlink, NULL, link.master, &bridge, err) < 0)
		return -1;
	*port = (struct drift_port){
		.there = true,
		.mtu = link.mtu,
		.up = link.up,
		.isolated = link.isolated,
		.hairpin = link.hairpin,
	};
	memcpy(port->bridge, bridge.name, sizeof(port->bridge));
	port->gate.shaped = strcmp(link.queue, "tbf") == 0;
	return look_at_gate(netlink, link.index, expected, &port->gate, err);
}

/* What a spec asks of one of its interfaces; both sides of it in the scene are filled so. */
static void describe(const struct manager *manager, const struct spec *spec, const char *container,
		     unsigned int index, int link_index, struct drift_port *port,
		     struct inner_facts *facts)
{
	const struct network *network =
		manager_find_network(manager, spec->interfaces[index].network);
	const struct container as_if = {.name = (char *)container, .spec = spec};
	AUTO(network_inner_clear) struct network_inner inner = {0};
	struct network_veth veth;

	for (size_t i = 0; i < spec->interface_count; i++)
		if (!manager_find_network(manager, spec->interfaces[i].network))
			return;
	network_describe_veth(&as_if, index, network, &veth);
	*port = port_of(&veth.veth);
	port->gate = gate_describe(&spec->interfaces[index], network);
	network_describe_inner(manager, spec, &inner);
	netlink_list_inner_facts(&inner.links[index], link_index, spec->interface_count > 1, facts);
}

static int look_at_interface(struct drift_hold *hold, const struct drift_held *held,
			     struct netlink *inside, unsigned int index, bool own_admin,
			     struct drift_interface *interface, struct error *err)
{
	const struct spec *spec = held->container.spec;
	const struct spec *file = conf_find(hold->conf, held->container.name);
	const struct network *network =
		manager_find_network(&hold->manager, spec->interfaces[index].network);
	struct network_veth veth;
	struct link_state inner;

	memcpy(interface->name, spec->interfaces[index].name, IFNAMSIZ);
	if (netlink_look_at_link(inside, interface->name, 0, &inner, err) < 0)
		return -1;
	interface->inner_there = inner.index != 0;
	interface->inner_up = inner.up;
	describe(&hold->manager, spec, held->container.name, index, inner.index,
		 &interface->recorded, &interface->recorded_facts);
	if (file && index < file->interface_count)
		describe(&hold->conf->manager, file, held->container.name, index, inner.index,
			 &interface->wanted, &interface->wanted_facts);
	if (!network || network->parent[0]) {
		interface->actual.there = interface->inner_there || own_admin;
		interface->inner_there = interface->actual.there;
		return 0;
	}
	network_describe_veth(&held->container, index, network, &veth);
	memcpy(interface->host_name, veth.host_name, IFNAMSIZ);
	if (look_at_port(hold->host->netlink, veth.host_name, veth.alias, &interface->recorded.gate,
			 &interface->actual, err) < 0)
		return -1;
	interface->actual.gate.shaped_inside = strcmp(inner.queue, "tbf") == 0;
	/* It may have given its end another name. */
	interface->inner_there = interface->inner_there || own_admin;
	return 0;
}

static int look_inside(struct drift_hold *hold, const struct drift_held *held,
		       struct drift_container *container, struct error *err)
{
	const struct record *record = &held->container.record;
	AUTO_FD int netns_fd = namespace_open(record->init.pid, "net", err);
	AUTO_NETLINK struct netlink *inside = netns_fd < 0 ? NULL : netlink_look_in(netns_fd, err);

	if (!inside)
		return -1;
	container->own_admin = record->has_capabilities &&
			       (record->capabilities >> CAP_NET_ADMIN & 1);
	container->interfaces = xalloc(held->spec.interface_count, sizeof(*container->interfaces));
	container->interface_count = held->spec.interface_count;
	for (unsigned int i = 0; i < container->interface_count; i++)
		if (look_at_interface(hold, held, inside, i, container->own_admin,
				      &container->interfaces[i], err) < 0)
			return -1;
	return container->own_admin ? 0 : netlink_look_at_facts(inside, &container->facts, err);
}

/* ---- files ---- */

/*
 * Whether what is bound over /etc/NAME is a file that nobody finds any more: one of ours that was
 * removed, or replaced by a new one.
 */
static bool is_orphan(int root_fd, const char *name, dev_t device)
{
	AUTO_FREE char *path = xprintf("etc/%s", name);
	AUTO_FD int fd = fs_open_in_root(root_fd, path, O_PATH | O_NOFOLLOW, NULL);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == device && st.st_nlink == 0;
}

static int look_at_files(struct drift_hold *hold, const struct drift_held *held,
			 struct drift_container *container, struct error *err)
{
	AUTO_FREE char *path = xprintf("/proc/%d/root", (int)held->container.record.init.pid);
	AUTO_FD int root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat own;

	if (root_fd < 0 || fstat(held->container.directory_fd, &own) < 0)
		return error_set(err, errno, "root of %s", container->name);
	for (size_t i = 0; i < DRIFT_FILES; i++) {
		AUTO_TEXT struct text wanted = {0}, present = {0};
		struct drift_file *file = &container->files[i];

		file->name = generated[i];
		file->missing = is_orphan(root_fd, generated[i], own.st_dev);
		if (strcmp(file->name, "hosts") == 0) /* hosts_file_look() knows its text */
			continue;
		if (files_generate(hold->host->manager, &held->spec, file->name, &wanted, err) < 0)
			return -1;
		if (fs_read_at(held->container.directory_fd, file->name, FILE_SIZE_MAX, &present,
			       NULL) < 0)
			file->missing = true;
		else
			file->changed = strcmp(text_value(&present), text_value(&wanted)) != 0;
	}
	return 0;
}

/* ---- containers ---- */

static void find_not_member(const struct drift_hold *hold, const struct drift_held *held,
			    struct drift_container *container)
{
	for (unsigned int i = 0; i < held->spec.interface_count; i++) {
		const char *name = held->spec.interfaces[i].network;
		const struct network_record *network = drift_find_network(hold, name);

		if (!network || !network_record_find(network, container->name, i))
			strlist_add(&container->not_member, name);
	}
}

/* Whether it was started with another file, or there is none any more. */
static void compare_files(const struct drift_hold *hold, const struct drift_held *held,
			  struct drift_scene *scene)
{
	const struct spec *file = conf_find(hold->conf, held->container.name);
	AUTO_TEXT struct text now = {0}, then = {0};

	if (file)
		conf_print_spec(file, true, &now);
	conf_print_spec(&held->spec, true, &then);
	if (strcmp(text_value(&now), text_value(&then)) != 0)
		strlist_add(&scene->changed, held->container.name);
}

static int look_at_container(struct drift_hold *hold, const struct drift_held *held,
			     struct drift_scene *scene, struct error *err)
{
	struct drift_container *container = &scene->containers[scene->container_count++];

	container->name = xstrdup(held->container.name);
	container->state = held->state;
	if (held->state != DRIFT_RUNNING)
		return 0;
	compare_files(hold, held, scene);
	find_not_member(hold, held, container);
	if (look_at_files(hold, held, container, err) < 0)
		return -1;
	return held->spec.interface_count == 0 ? 0 : look_inside(hold, held, container, err);
}

static int look_at_containers(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	scene->containers = xalloc(hold->count, sizeof(*scene->containers));
	for (size_t i = 0; i < hold->count; i++) {
		const struct drift_held *held = &hold->items[i];

		if (look_at_container(hold, held, scene, err) == 0)
			continue;
		/* It may have ended meanwhile, which it did under nobody's lock. */
		if (held->state != DRIFT_RUNNING ||
		    record_liveness(&held->container.record) == LIVE_RUNNING)
			return error_wrap(err, "%s", held->container.name);
		error_clear(err);
		strlist_add(&scene->busy, held->container.name);
		drift_container_clear(&scene->containers[--scene->container_count]);
	}
	return 0;
}

/* ---- rules and hosts files ---- */

static int look_at_hosts(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	AUTO(hosts_look_clear) struct hosts_look look = {0};

	if (hosts_file_look(&hold->host->state, &hold->manager, hold->networks, hold->network_count,
			    &look, err) < 0)
		return -1;
	strlist_copy(&scene->hosts_missing, &look.missing);
	strlist_copy(&scene->hosts, &look.changed);
	for (size_t i = 0; i < look.missing.count; i++)
		strlist_add(&scene->hosts, look.missing.items[i]);
	return 0;
}

static void add_rules(struct drift_scene *scene, char *chain, char *recorded, const char *actual)
{
	scene->rules = xrealloc(scene->rules, scene->rules_count + 1, sizeof(*scene->rules));
	scene->rules[scene->rules_count++] = (struct drift_rules){chain, recorded, actual};
}

static const char *fault_of(enum firewall_presence presence)
{
	switch (presence) {
	case FIREWALL_PRESENT:
		break;
	case FIREWALL_DIFFERENT:
		return "other rules";
	case FIREWALL_UNCALLED:
		return "not entered";
	case FIREWALL_MISSING:
		return "gone";
	}
	return NULL;
}

static int look_at_rules(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	static const char *const families[FIREWALL_FAMILY_COUNT] = {"", " of IPv6"};
	AUTO(rules_look_clear) struct rules_look look;
	const struct firewall_sight *sight = &look.sight;
	bool nftables;

	if (rules_look(&hold->manager, &hold->host->state, hold->networks, hold->network_count,
		       &look, err) < 0)
		return -1;
	nftables = look.in_force.backend == FIREWALL_NFTABLES;
	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT && look.differs; i++) {
		for (unsigned int j = 0; j < FIREWALL_CHAIN_COUNT; j++) {
			const char *fault = fault_of(sight->presence[i][j]);
			size_t count = 0;

			if (!fault)
				continue;
			firewall_rules_of(&look.in_force.rules, i, j, &count);
			add_rules(scene,
				  xprintf("%s%s", sight->names[i][j], nftables ? "" : families[i]),
				  xprintf("%zu rule%s", count, count == 1 ? "" : "s"), fault);
		}
	}
	/* The rules are there, but with something before them, twice, or beside them. */
	if (look.differs && scene->rules_count == 0)
		add_rules(scene, xprintf("%s", nftables ? "table" : "jumps"),
			  xstrdup(nftables ? "nothing else" : "in their place"),
			  nftables ? "something else" : "elsewhere");
	return 0;
}

int drift_look(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	AUTO_FD int lock_fd = network_lock(&hold->host->state, NETWORK_TIMEOUT_MS, err);
	struct netlink *netlink = host_netlink(hold->host, err);

	*scene = (struct drift_scene){0};
	if (lock_fd < 0 || !netlink || read_networks(hold, scene, err) < 0)
		return -1;
	find_busy(hold, scene);
	if (look_at_networks(hold, netlink, scene, err) < 0 ||
	    look_at_containers(hold, scene, err) < 0)
		return -1;
	/* Between joining a network and the commit of the rules its lock is given back. */
	if (scene->busy.count > 0)
		return 0;
	if (look_at_rules(hold, scene, err) < 0)
		return error_wrap(err, "firewall");
	return look_at_hosts(hold, scene, err);
}
