/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/netlink_private.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/route/rule.h>
#include <string.h>

#define LOOPBACK_INDEX 1 /* of lo, in every network namespace */

static inline void put_address(struct nl_addr **address)
{
	nl_addr_put(*address); /* takes NULL */
}

static inline void put_link_address(struct rtnl_addr **address)
{
	rtnl_addr_put(*address);
}

static inline void put_route(struct rtnl_route **route)
{
	rtnl_route_put(*route);
}

static struct nl_addr *new_address(struct in_addr address, unsigned int prefix)
{
	struct nl_addr *made = nl_addr_build(AF_INET, &address, sizeof(address));

	if (made)
		nl_addr_set_prefixlen(made, (int)prefix);
	return made;
}

static uint32_t prefix_mask(unsigned int prefix)
{
	return prefix == 0 ? 0 : htonl(UINT32_MAX << (32 - prefix));
}

int netlink_add_link_up(struct netlink_batch *batch, int index, const char *name, struct error *err)
{
	AUTO_LINK struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *message = NULL;

	if (link) {
		rtnl_link_set_ifindex(link, index);
		rtnl_link_set_flags(link, IFF_UP);
		if (rtnl_link_build_add_request(link, 0, &message) < 0)
			message = NULL;
	}
	return netlink_batch_add(batch, message, 0, err, "set link %s up", name);
}

static struct nl_msg *build_address(int type, int index, struct in_addr address, unsigned int prefix)
{
	AUTO(put_link_address) struct rtnl_addr *link_address = rtnl_addr_alloc();
	AUTO(put_address) struct nl_addr *local = new_address(address, prefix);
	AUTO(put_address) struct nl_addr *broadcast = NULL;
	struct in_addr last = {address.s_addr | ~prefix_mask(prefix)};
	struct nl_msg *message = NULL;

	if (!link_address || !local)
		return NULL;
	rtnl_addr_set_ifindex(link_address, index);
	if (rtnl_addr_set_local(link_address, local) < 0)
		return NULL;
	if (type == RTM_DELADDR)
		return rtnl_addr_build_delete_request(link_address, 0, &message) < 0 ? NULL
										     : message;
	if (prefix < 31) {
		broadcast = new_address(last, 32);
		if (!broadcast || rtnl_addr_set_broadcast(link_address, broadcast) < 0)
			return NULL;
	}
	if (rtnl_addr_build_add_request(link_address, NLM_F_CREATE | NLM_F_REPLACE, &message) < 0)
		return NULL;
	return message;
}

int netlink_add_address(struct netlink_batch *batch, int type, int index, const char *name,
			struct in_addr address, unsigned int prefix, struct error *err)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	if (type == RTM_DELADDR) /* taking a primary address away takes its secondaries along */
		return netlink_batch_add(batch, build_address(type, index, address, prefix),
					 EADDRNOTAVAIL, err, "remove address %s/%u of link %s",
					 text, prefix, name);
	return netlink_batch_add(batch, build_address(type, index, address, prefix), 0, err,
				 "give link %s the address %s/%u", name, text, prefix);
}

/* To destination/prefix, by gateway or (INADDR_ANY) to neighbours on the link itself. */
static struct nl_msg *build_route(int index, uint32_t table, struct in_addr destination,
				  unsigned int prefix, struct in_addr gateway)
{
	AUTO(put_route) struct rtnl_route *route = rtnl_route_alloc();
	AUTO(put_address) struct nl_addr *to = new_address(destination, prefix);
	AUTO(put_address) struct nl_addr *via = new_address(gateway, 32);
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_msg *message = NULL;

	if (!route || !to || !via || !hop) {
		if (hop)
			rtnl_route_nh_free(hop);
		return NULL;
	}
	rtnl_route_nh_set_ifindex(hop, index);
	if (gateway.s_addr != INADDR_ANY)
		rtnl_route_nh_set_gateway(hop, via);
	rtnl_route_add_nexthop(route, hop); /* the route owns it from here on */
	rtnl_route_set_family(route, AF_INET);
	rtnl_route_set_table(route, table);
	rtnl_route_set_scope(route, gateway.s_addr == INADDR_ANY ? RT_SCOPE_LINK
								 : RT_SCOPE_UNIVERSE);
	if (rtnl_route_set_dst(route, to) < 0 ||
	    rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_REPLACE, &message) < 0)
		return NULL;
	return message;
}

static void put_rule(struct rtnl_rule **rule)
{
	if (*rule)
		rtnl_rule_put(*rule);
}

/* What comes from address is routed by table. */
static struct nl_msg *build_rule(struct in_addr address, uint32_t table)
{
	AUTO(put_rule) struct rtnl_rule *rule = rtnl_rule_alloc();
	AUTO(put_address) struct nl_addr *from = new_address(address, 32);
	struct nl_msg *message = NULL;

	if (!rule || !from)
		return NULL;
	rtnl_rule_set_family(rule, AF_INET);
	rtnl_rule_set_table(rule, table);
	rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
	if (rtnl_rule_set_src(rule, from) < 0 ||
	    rtnl_rule_build_add_request(rule, NLM_F_CREATE, &message) < 0)
		return NULL;
	return message;
}

#define SOURCE_TABLE 1000 /* and the index of the link: numbers nobody else uses in there */

static int add_source_routes(struct netlink_batch *batch, const struct inner_link *link, int index,
			     struct error *err)
{
	const struct in_addr anywhere = {INADDR_ANY};
	const struct in_addr subnet = {link->address.s_addr & prefix_mask(link->prefix)};
	const uint32_t table = SOURCE_TABLE + (uint32_t)index;

	if (netlink_batch_add(batch, build_route(index, table, subnet, link->prefix, anywhere), 0,
			      err, "route answers of link %s to its neighbours", link->name) < 0 ||
	    netlink_batch_add(batch, build_route(index, table, anywhere, 0, link->gateway), 0, err,
			      "route answers of link %s over its gateway", link->name) < 0)
		return -1;
	return netlink_batch_add(batch, build_rule(link->address, table), EEXIST, err,
				 "choose routes by the address of link %s", link->name);
}

static int add_routes(struct netlink_batch *batch, const struct inner_link *link, int index,
		      bool several, struct error *err)
{
	const struct in_addr anywhere = {INADDR_ANY};

	for (size_t i = 0; i < link->route_count; i++) {
		const struct inner_route *route = &link->routes[i];

		if (netlink_batch_add(batch,
				      build_route(index, RT_TABLE_MAIN, route->destination,
						  route->prefix, route->gateway),
				      0, err, "add a route over link %s", link->name) < 0)
			return -1;
	}
	if (link->gateway.s_addr == INADDR_ANY)
		return 0;
	if (link->default_route)
		return netlink_batch_add(
			batch, build_route(index, RT_TABLE_MAIN, anywhere, 0, link->gateway), 0, err,
			"route everything over link %s", link->name);
	return several ? add_source_routes(batch, link, index, err) : 0;
}

int netlink_configure_inner(struct netlink *inner, const struct inner_link *links, size_t count,
			    struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};

	if (netlink_add_link_up(&batch, LOOPBACK_INDEX, "lo", err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct inner_link *link = &links[i];
		int index = netlink_find_index(inner, link->name);

		if (index == 0)
			return error_set(err, ENODEV, "link %s of the container", link->name);
		/* The address first: coming up, the link gets its route along with it. */
		if (netlink_add_address(&batch, RTM_NEWADDR, index, link->name, link->address,
					link->prefix, err) < 0 ||
		    netlink_add_link_up(&batch, index, link->name, err) < 0 ||
		    add_routes(&batch, link, index, count > 1, err) < 0)
			return -1;
	}
	return netlink_send(inner, &batch, NULL, NULL, err);
}

/* A search for what overlaps a subnet. */
struct overlap {
	struct in_addr subnet;
	unsigned int prefix;
	int except_index; /* 0: none */
	bool found;
	struct in_addr address;
	unsigned int length; /* of its prefix */
	int index;           /* of its link, 0: it has none */
};

/*
 * Whether address/length matters to the subnet. Connected: the neighbours are there, so any
 * overlap does. Behind a gateway only what is as specific as the subnet or more: a route of the
 * whole 10.0.0.0/8 to a company's network leaves room for exceptions, ours is one.
 */
static bool overlaps(const struct overlap *overlap, struct in_addr address, unsigned int length,
		     bool connected)
{
	unsigned int shorter = length < overlap->prefix ? length : overlap->prefix;

	if (length <= 1) /* 0/0, or its halves, which VPNs set to stand before it */
		return false;
	if (length < overlap->prefix && !connected)
		return false;
	return ((address.s_addr ^ overlap->subnet.s_addr) & prefix_mask(shorter)) == 0;
}

/* A link that is being removed loses its name first and its routes a moment later. */
static bool is_dying(int index)
{
	char name[IFNAMSIZ];

	return index != 0 && !if_indextoname((unsigned int)index, name);
}

static void note_overlap(struct overlap *overlap, struct in_addr address, unsigned int length,
			 int index, bool connected)
{
	if (overlap->found || (index != 0 && index == overlap->except_index) ||
	    !overlaps(overlap, address, length, connected) || is_dying(index))
		return;
	overlap->found = true;
	overlap->address.s_addr = address.s_addr & prefix_mask(length);
	overlap->length = length;
	overlap->index = index;
}

static void check_address(struct nlmsghdr *message, void *data)
{
	struct ifaddrmsg *header = nlmsg_data(message);
	struct nlattr *attribute;
	struct in_addr address;

	if (message->nlmsg_type != RTM_NEWADDR || header->ifa_family != AF_INET)
		return;
	/* IFA_ADDRESS is the network, or the other end of a point-to-point link. */
	attribute = nlmsg_find_attr(message, sizeof(*header), IFA_ADDRESS);
	if (attribute && nla_memcpy(&address, attribute, sizeof(address)) == sizeof(address))
		note_overlap(data, address, header->ifa_prefixlen, (int)header->ifa_index, true);
	attribute = nlmsg_find_attr(message, sizeof(*header), IFA_LOCAL);
	if (attribute && nla_memcpy(&address, attribute, sizeof(address)) == sizeof(address))
		note_overlap(data, address, 32, (int)header->ifa_index, true);
}

static void check_route(struct nlmsghdr *message, void *data)
{
	struct rtmsg *header = nlmsg_data(message);
	struct nlattr *attributes[RTA_MAX + 1];
	struct in_addr destination = {INADDR_ANY};
	uint32_t table;
	bool connected;

	if (message->nlmsg_type != RTM_NEWROUTE || header->rtm_family != AF_INET ||
	    nlmsg_parse(message, sizeof(*header), attributes, RTA_MAX, NULL) < 0)
		return;
	table = attributes[RTA_TABLE] ? nla_get_u32(attributes[RTA_TABLE]) : header->rtm_table;
	if (table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL)
		return;
	if (header->rtm_type == RTN_BROADCAST || header->rtm_type == RTN_MULTICAST)
		return; /* they come with an address, which is looked at itself */
	if (attributes[RTA_DST] && nla_memcpy(&destination, attributes[RTA_DST],
					      sizeof(destination)) != sizeof(destination))
		return;
	connected = (header->rtm_type == RTN_UNICAST || header->rtm_type == RTN_LOCAL) &&
		    !attributes[RTA_GATEWAY] && !attributes[RTA_VIA] && !attributes[RTA_MULTIPATH];
	note_overlap(data, destination, header->rtm_dst_len,
		     attributes[RTA_OIF] ? (int)nla_get_u32(attributes[RTA_OIF]) : 0, connected);
}

int netlink_find_overlap(struct netlink *netlink, struct in_addr subnet, unsigned int prefix,
			 const char *except, char *out, size_t size, struct error *err)
{
	struct overlap overlap = {.subnet = subnet, .prefix = prefix};
	char address[INET_ADDRSTRLEN], device[IFNAMSIZ];

	if (except)
		overlap.except_index = netlink_find_index(netlink, except);
	if (netlink_dump(netlink, RTM_GETADDR, AF_INET, check_address, &overlap, err) < 0 ||
	    netlink_dump(netlink, RTM_GETROUTE, AF_INET, check_route, &overlap, err) < 0)
		return -1;
	if (!overlap.found)
		return 0;
	inet_ntop(AF_INET, &overlap.address, address, sizeof(address));
	if (netlink_find_name(netlink, overlap.index, device))
		snprintf(out, size, "%s/%u dev %s", address, overlap.length, device);
	else
		snprintf(out, size, "%s/%u", address, overlap.length);
	return 1;
}
