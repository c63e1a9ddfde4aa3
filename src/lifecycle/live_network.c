/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/live_network.h"

#include <string.h>

#include "lifecycle/gate.h"
#include "lifecycle/network.h"
#include "lifecycle/steps.h"
#include "state/network_files.h"

#define NETWORK_TIMEOUT_MS 30000

/* ---- what differs ---- */

static bool has_same_routes(const struct interface *one, const struct interface *other)
{
	if (one->route_count != other->route_count)
		return false;
	for (size_t i = 0; i < one->route_count; i++) {
		const struct route *a = &one->routes[i], *b = &other->routes[i];

		if (a->destination.s_addr != b->destination.s_addr || a->prefix != b->prefix ||
		    a->gateway.s_addr != b->gateway.s_addr)
			return false;
	}
	return true;
}

/* Whether one link can be both: what else differs changes while it is there. */
static bool is_same_link(const struct interface *one, const struct interface *other)
{
	return strcmp(one->network, other->network) == 0 && strcmp(one->name, other->name) == 0 &&
	       one->ip.s_addr == other->ip.s_addr &&
	       IN6_ARE_ADDR_EQUAL(&one->ip6, &other->ip6) &&
	       memcmp(one->mac, other->mac, sizeof(one->mac)) == 0 && one->mtu == other->mtu &&
	       one->default_route == other->default_route && has_same_routes(one, other);
}

/* Whether the interface with that index has the link it had. */
static bool stays(const struct spec *one, const struct spec *other, size_t index)
{
	return index < one->interface_count && index < other->interface_count &&
	       is_same_link(&one->interfaces[index], &other->interfaces[index]);
}

static bool has_any_new(const struct spec *from, const struct spec *to)
{
	for (size_t i = 0; i < to->interface_count; i++)
		if (!stays(from, to, i))
			return true;
	return false;
}

/* ---- the records ---- */

static bool is_held(const struct spec *spec, const struct network_member *member,
		    const char *network)
{
	return member->index < spec->interface_count &&
	       strcmp(spec->interfaces[member->index].network, network) == 0;
}

static int leave_network(const struct host *host, const struct container *container,
			 const char *name, struct error *err)
{
	AUTO_NETWORK_RECORD struct network_record network = {0};
	int rc = network_record_read(&host->state, name, &network, err);
	bool changed = false;

	/* One that is damaged is the commit's to remove. */
	if (rc <= 0)
		return 0;
	for (size_t i = network.member_count; i-- > 0;) {
		const struct network_member *member = &network.members[i];

		if (strcmp(member->container, container->name) == 0 &&
		    !is_held(container->spec, member, name))
			changed |= network_record_drop_one(&network, container->name, member->index);
	}
	return changed ? network_record_write(&host->state, &network, err) : 0;
}

static int leave_others(struct host *host, const struct container *container, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);

	if (lock_fd < 0 || network_record_list(&host->state, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (leave_network(host, container, names.items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- links ---- */

static int check_networks(const struct host *host, const struct spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->interface_count; i++)
		if (!manager_find_network(host->manager, spec->interfaces[i].network))
			return error_set(err, ENOENT, "there is no network %s in %s",
					 spec->interfaces[i].network, host->manager->file);
	return 0;
}

struct inside {
	int netns_fd;
	struct netlink *netlink;
};

static void inside_close(struct inside *inside)
{
	netlink_close(&inside->netlink);
	close_fd(&inside->netns_fd);
}

static int open_inside(const struct container *container, struct inside *inside, struct error *err)
{
	inside->netns_fd = namespace_open(container->record.init.pid, "net", err);
	inside->netlink = inside->netns_fd < 0 ? NULL : netlink_open_in(inside->netns_fd, err);
	return inside->netlink ? 0 : -1;
}

static int remove_link(struct host *host, const struct container *container,
		       const struct interface *interface, unsigned int index, struct inside *inside,
		       struct error *err)
{
	char name[IFNAMSIZ], alias[NETWORK_ALIAS_SIZE];

	netlink_veth_name(container->name, index, name);
	network_link_alias(container->name, interface->name, alias);
	if (netlink_remove_link(host->netlink, name, alias, err) < 0)
		return -1;
	/* A macvlan has no end outside; and of a veth there may be an inner name left by now. */
	if (netlink_remove_inner(inside->netlink, interface->name, err) < 0)
		return -1;
	return netlink_remove_inner_rules(inside->netlink, interface->ip, interface->ip6, err);
}

static int remove_links(struct host *host, struct container *container, const struct spec *from,
			struct error *err)
{
	AUTO(inside_close) struct inside inside = {-1, NULL};

	if (!host_netlink(host, err) || open_inside(container, &inside, err) < 0)
		return -1;
	for (unsigned int i = 0; i < from->interface_count; i++)
		if (!stays(from, container->spec, i) &&
		    remove_link(host, container, &from->interfaces[i], i, &inside, err) < 0)
			return -1;
	return 0;
}

static int join_networks(struct host *host, struct container *container, const struct spec *from,
			 struct error *err)
{
	const struct spec *to = container->spec;
	AUTO_FREE bool *kept = xalloc(to->interface_count, sizeof(*kept));

	for (size_t i = 0; i < to->interface_count; i++)
		kept[i] = stays(from, to, i);
	return network_join(host, container, kept, err);
}

int live_network_begin(struct host *host, struct container *container, const struct spec *from,
		       struct error *err)
{
	const struct spec *to = container->spec;

	if (check_networks(host, to, err) < 0)
		return -1;
	if ((has_any_new(from, to) || from->interface_count > to->interface_count) &&
	    remove_links(host, container, from, err) < 0)
		return -1;
	return join_networks(host, container, from, err) < 0 ? -1
							     : leave_others(host, container, err);
}

/*
 * One that stays is told anew only where the number of the others decides about its routes: the first
 * one that comes beside it.
 */
static void choose_links(const struct spec *from, const struct spec *to, bool *chosen)
{
	const bool several = (from->interface_count > 1) != (to->interface_count > 1);

	for (size_t i = 0; i < to->interface_count; i++)
		chosen[i] = !stays(from, to, i) ||
			    (several && to->interfaces[i].default_route != SETTING_YES);
}

static int configure(const struct host *host, const struct container *container,
		     const struct spec *from, const struct inside *inside, struct error *err)
{
	const size_t count = container->spec->interface_count;
	AUTO(network_inner_clear) struct network_inner description;
	AUTO_FREE bool *chosen = xalloc(count, sizeof(*chosen));

	choose_links(from, container->spec, chosen);
	network_describe_inner(host->manager, container->spec, &description);
	return netlink_configure_chosen(inside->netlink, description.links, count, chosen, err);
}

/* Should a link with that address have been there, its rule leads into a table that is empty now. */
static int make_link(struct host *host, const struct container *container, unsigned int index,
		     const struct inside *inside, struct error *err)
{
	const struct interface *interface = &container->spec->interfaces[index];

	if (netlink_remove_inner_rules(inside->netlink, interface->ip, interface->ip6, err) < 0)
		return -1;
	return network_make_link(host, container, index, inside->netns_fd, inside->netlink, err);
}

/* The queues and filters of a link that stays. */
static int renew_gate(struct host *host, const struct container *container, unsigned int index,
		      const struct inside *inside, struct error *err)
{
	const struct network *network = manager_find_network(
		host->manager, container->spec->interfaces[index].network);
	char name[IFNAMSIZ];

	if (network->parent[0])
		return 0;
	netlink_veth_name(container->name, index, name);
	return gate_renew(host->netlink, inside->netlink, container, index, network, name, err);
}

static bool needs_gate(const struct spec *from, const struct spec *to)
{
	for (size_t i = 0; i < to->interface_count; i++)
		if (stays(from, to, i) && gate_differs(&from->interfaces[i], &to->interfaces[i]))
			return true;
	return false;
}

int live_network_finish(struct host *host, struct container *container, const struct spec *from,
			struct error *err)
{
	const struct spec *to = container->spec;
	AUTO(inside_close) struct inside inside = {-1, NULL};

	if (!has_any_new(from, to) && !needs_gate(from, to))
		return 0;
	if (check_networks(host, to, err) < 0 || !host_netlink(host, err) ||
	    open_inside(container, &inside, err) < 0)
		return -1;
	for (unsigned int i = 0; i < to->interface_count; i++) {
		if (!stays(from, to, i)) {
			if (make_link(host, container, i, &inside, err) < 0)
				return -1;
		} else if (gate_differs(&from->interfaces[i], &to->interfaces[i]) &&
			   renew_gate(host, container, i, &inside, err) < 0) {
			return -1;
		}
	}
	return has_any_new(from, to) ? configure(host, container, from, &inside, err) : 0;
}
