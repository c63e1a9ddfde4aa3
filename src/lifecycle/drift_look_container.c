/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drift_look(): what a container has on the host, inside, and bound over its files. */
#include "lifecycle/drift_parts.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "kernel/link_gate.h"
#include "kernel/netlink_look.h"
#include "lifecycle/adopt.h"
#include "lifecycle/network.h"
#include "lifecycle/steps.h"

#define FILE_SIZE_MAX (1024 * 1024)

static const char *const generated[DRIFT_FILES] = {"resolv.conf", "hostname", "hosts"};

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
		.accept_ra = drift_accepts_routers(name),
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

/* Whether it was started with another file, or there is none any more: a transient one never had any. */
static void compare_files(const struct drift_hold *hold, const struct drift_held *held,
			  struct drift_scene *scene)
{
	const struct spec *file = conf_find(hold->conf, held->container.name);
	AUTO_TEXT struct text now = {0}, then = {0};

	if (held->container.record.transient)
		return;
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
	container->unsupervised = (held->state == DRIFT_RUNNING || held->state == DRIFT_WAITING) &&
				  supervisor_is_missing(&held->container.record);
	if (held->state != DRIFT_RUNNING)
		return 0;
	compare_files(hold, held, scene);
	find_not_member(hold, held, container);
	if (look_at_files(hold, held, container, err) < 0)
		return -1;
	return held->spec.interface_count == 0 ? 0 : look_inside(hold, held, container, err);
}

int drift_look_at_containers(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
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
