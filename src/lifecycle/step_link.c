/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The step "link": each interface of a container, with what is configured on it inside. */
#include <string.h>

#include "base/fault.h"
#include "lifecycle/gate.h"
#include "lifecycle/network.h"
#include "lifecycle/steps.h"

static int make_macvlan(struct host *host, const struct interface *interface, const char *parent,
			int netns_fd, struct error *err)
{
	struct macvlan macvlan = {
		.parent = parent,
		.netns_fd = netns_fd,
		.inner_name = interface->name,
		.mtu = interface->mtu,
	};

	memcpy(macvlan.mac, interface->mac, sizeof(macvlan.mac));
	return netlink_make_macvlan(host->netlink, &macvlan, err);
}

void network_describe_veth(const struct container *container, unsigned int index,
			   const struct network *network, struct network_veth *out)
{
	const struct interface *interface = &container->spec->interfaces[index];

	*out = (struct network_veth){
		.veth = {
			.host_name = out->host_name,
			.alias = out->alias,
			.bridge = network->bridge,
			.netns_fd = -1,
			.inner_name = interface->name,
			.mtu = interface->mtu,
			.isolated = !network->icc,
		},
	};
	netlink_veth_name(container->name, index, out->host_name);
	network_link_alias(container->name, interface->name, out->alias);
	memcpy(out->veth.mac, interface->mac, sizeof(out->veth.mac));
}

static int make_veth(struct host *host, const struct container *container, unsigned int index,
		     const struct network *network, int netns_fd, struct netlink *inner,
		     struct error *err)
{
	struct network_veth description;

	network_describe_veth(container, index, network, &description);
	description.veth.netns_fd = netns_fd;
	if (netlink_make_veth(host->netlink, &description.veth, err) < 0)
		return -1;
	return gate_make(host->netlink, inner, container, index, network, description.host_name,
			 err);
}

int network_make_link(struct host *host, const struct container *container, unsigned int index,
		      int netns_fd, struct netlink *inner, struct error *err)
{
	const struct interface *interface = &container->spec->interfaces[index];
	const struct network *network = manager_find_network(host->manager, interface->network);

	return network->parent[0]
		       ? make_macvlan(host, interface, network->parent, netns_fd, err)
		       : make_veth(host, container, index, network, netns_fd, inner, err);
}

static struct inner_link describe_inner(const struct interface *interface,
					const struct network *network, struct inner_route *routes)
{
	struct inner_link link = {
		.name = interface->name,
		.address = interface->ip,
		.prefix = network->prefix,
		.default_route = interface->default_route == SETTING_YES,
		.routes = routes,
		.route_count = interface->route_count,
	};

	if (!network->internal) {
		link.gateway = network->gateway;
		link.gateway6 = network->gateway6;
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&interface->ip6)) {
		link.address6 = interface->ip6;
		link.prefix6 = network->prefix6;
	}
	for (size_t i = 0; i < interface->route_count; i++)
		routes[i] = (struct inner_route){
			.destination = interface->routes[i].destination,
			.gateway = interface->routes[i].gateway,
			.prefix = interface->routes[i].prefix,
		};
	return link;
}

void network_describe_inner(const struct manager *manager, const struct spec *spec,
			    struct network_inner *out)
{
	*out = (struct network_inner){
		.links = xalloc(spec->interface_count, sizeof(*out->links)),
		.routes = xalloc(spec->interface_count * ROUTES_MAX, sizeof(*out->routes)),
	};
	for (size_t i = 0; i < spec->interface_count; i++)
		out->links[i] = describe_inner(
			&spec->interfaces[i],
			manager_find_network(manager, spec->interfaces[i].network),
			&out->routes[i * ROUTES_MAX]);
}

void network_inner_clear(struct network_inner *inner)
{
	free(inner->links);
	free(inner->routes);
}

int network_configure_inside(const struct host *host, const struct container *container,
			     struct netlink *inner, struct error *err)
{
	AUTO(network_inner_clear) struct network_inner description;

	network_describe_inner(host->manager, container->spec, &description);
	return netlink_configure_inner(inner, description.links, container->spec->interface_count,
				       err);
}

static int make_links(struct host *host, struct container *container, struct error *err)
{
	AUTO_NETLINK struct netlink *inner = NULL;
	AUTO_FD int netns_fd = -1;

	if (record_write(&host->state, &container->record, err) < 0 || !host_netlink(host, err))
		return -1;
	netns_fd = namespace_open(container->record.init.pid, "net", err);
	if (netns_fd < 0)
		return -1;
	inner = netlink_open_in(netns_fd, err);
	if (!inner)
		return -1;
	for (unsigned int i = 0; i < container->spec->interface_count; i++)
		if (network_make_link(host, container, i, netns_fd, inner, err) < 0 ||
		    FAULT("made link", "", err) < 0)
			return -1;
	return network_configure_inside(host, container, inner, err);
}

int link_await(struct host *host, struct container *container, struct error *err)
{
	if (init_receive_cloned(container, err) == 0 &&
	    (container->spec->host_network ? record_write(&host->state, &container->record, err)
					   : make_links(host, container, err)) == 0)
		return 0;
	return init_prefer_reason(container, err);
}

int link_undo(struct host *host, struct container *container, struct error *err)
{
	struct netlink *netlink = host_netlink(host, err);
	const struct strlist *addresses = &container->record.addresses;

	if (!netlink)
		return -1;
	for (unsigned int i = 0; i < addresses->count; i++) {
		char interface[IFNAMSIZ] = "", name[IFNAMSIZ], alias[NETWORK_ALIAS_SIZE];

		sscanf(addresses->items[i], "%*s %*s %15s", interface);
		netlink_veth_name(container->name, i, name);
		network_link_alias(container->name, interface, alias);
		if (netlink_remove_link(netlink, name, alias, err) < 0)
			return -1;
	}
	return 0;
}
