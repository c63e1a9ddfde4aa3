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

static unsigned int length_of(int family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

struct ip netlink_ip4(struct in_addr address)
{
	struct ip ip = {.family = AF_INET};

	memcpy(ip.bytes, &address, sizeof(address));
	return ip;
}

struct ip netlink_ip6(struct in6_addr address)
{
	struct ip ip = {.family = AF_INET6};

	memcpy(ip.bytes, &address, sizeof(address));
	return ip;
}

static bool is_unspecified(struct ip ip)
{
	static const uint8_t nothing[16];

	return memcmp(ip.bytes, nothing, sizeof(nothing)) == 0;
}

/* The network that an address with this prefix is in. */
static struct ip network_of(struct ip ip, unsigned int prefix)
{
	for (unsigned int i = prefix; i < 8 * sizeof(ip.bytes); i++)
		ip.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return ip;
}

static bool is_same_network(struct ip one, struct ip other, unsigned int prefix)
{
	one = network_of(one, prefix);
	other = network_of(other, prefix);
	return memcmp(one.bytes, other.bytes, sizeof(one.bytes)) == 0;
}

static struct nl_addr *new_address(struct ip ip, unsigned int prefix)
{
	struct nl_addr *made = nl_addr_build(ip.family, ip.bytes, length_of(ip.family));

	if (made)
		nl_addr_set_prefixlen(made, (int)prefix);
	return made;
}

static unsigned int whole(struct ip ip)
{
	return 8 * length_of(ip.family);
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

/* The broadcast address of IPv4; IPv6 has none, and no need to look for a duplicate on our links. */
static int set_family_parts(struct rtnl_addr *link_address, struct ip address, unsigned int prefix)
{
	AUTO(put_address) struct nl_addr *broadcast = NULL;
	struct ip last = address;

	if (address.family == AF_INET6) {
		rtnl_addr_set_flags(link_address, IFA_F_NODAD);
		return 0;
	}
	if (prefix >= 31)
		return 0;
	for (unsigned int i = prefix; i < whole(address); i++)
		last.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	broadcast = new_address(last, whole(last));
	return broadcast ? rtnl_addr_set_broadcast(link_address, broadcast) : -1;
}

static struct nl_msg *build_address(int type, int index, struct ip address, unsigned int prefix)
{
	AUTO(put_link_address) struct rtnl_addr *link_address = rtnl_addr_alloc();
	AUTO(put_address) struct nl_addr *local = new_address(address, prefix);
	struct nl_msg *message = NULL;

	if (!link_address || !local)
		return NULL;
	rtnl_addr_set_ifindex(link_address, index);
	if (rtnl_addr_set_local(link_address, local) < 0)
		return NULL;
	if (type == RTM_DELADDR)
		return rtnl_addr_build_delete_request(link_address, 0, &message) < 0 ? NULL
										     : message;
	if (set_family_parts(link_address, address, prefix) < 0 ||
	    rtnl_addr_build_add_request(link_address, NLM_F_CREATE | NLM_F_REPLACE, &message) < 0)
		return NULL;
	return message;
}

int netlink_add_address(struct netlink_batch *batch, int type, int index, const char *name,
			struct ip address, unsigned int prefix, struct error *err)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(address.family, address.bytes, text, sizeof(text));
	if (type == RTM_DELADDR) /* taking a primary address away takes its secondaries along */
		return netlink_batch_add(batch, build_address(type, index, address, prefix),
					 EADDRNOTAVAIL, err, "remove address %s/%u of link %s",
					 text, prefix, name);
	return netlink_batch_add(batch, build_address(type, index, address, prefix), 0, err,
				 "give link %s the address %s/%u", name, text, prefix);
}

#define LOCALHOST_PRIORITY                                                                         \
	2048 /* and the index of the link: behind the kernel's own, which has 0 */

/*
 * To destination/prefix, by gateway or (unspecified) to neighbours on the link itself; to the host,
 * as coming in on that link, where the table is that of local routes.
 */
static struct nl_msg *build_route(int index, uint32_t table, struct ip destination,
				  unsigned int prefix, struct ip gateway)
{
	AUTO(put_route) struct rtnl_route *route = rtnl_route_alloc();
	AUTO(put_address) struct nl_addr *to = new_address(destination, prefix);
	AUTO(put_address) struct nl_addr *via = new_address(gateway, whole(gateway));
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	struct nl_msg *message = NULL;

	if (!route || !to || !via || !hop) {
		if (hop)
			rtnl_route_nh_free(hop);
		return NULL;
	}
	rtnl_route_nh_set_ifindex(hop, index);
	if (!is_unspecified(gateway))
		rtnl_route_nh_set_gateway(hop, via);
	rtnl_route_add_nexthop(route, hop); /* the route owns it from here on */
	rtnl_route_set_family(route, (uint8_t)destination.family);
	rtnl_route_set_table(route, table);
	if (table == RT_TABLE_LOCAL) {
		rtnl_route_set_type(route, RTN_LOCAL);
		rtnl_route_set_priority(route, LOCALHOST_PRIORITY + (uint32_t)index);
	}
	rtnl_route_set_scope(route, is_unspecified(gateway) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
	if (rtnl_route_set_dst(route, to) < 0 ||
	    rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_REPLACE, &message) < 0)
		return NULL;
	return message;
}

int netlink_add_localhost_route(struct netlink_batch *batch, int index, const char *name,
				struct error *err)
{
	const struct ip anywhere = {.family = AF_INET6}, localhost = netlink_ip6(in6addr_loopback);

	return netlink_batch_add(batch, build_route(index, RT_TABLE_LOCAL, localhost, 128, anywhere),
				 0, err, "route what link %s answers to ::1", name);
}

static void put_rule(struct rtnl_rule **rule)
{
	if (*rule)
		rtnl_rule_put(*rule);
}

/* What comes from address is routed by table; table 0: whichever it is, to be removed. */
static struct nl_msg *build_rule(struct ip address, uint32_t table)
{
	AUTO(put_rule) struct rtnl_rule *rule = rtnl_rule_alloc();
	AUTO(put_address) struct nl_addr *from = new_address(address, whole(address));
	struct nl_msg *message = NULL;

	if (!rule || !from)
		return NULL;
	rtnl_rule_set_family(rule, address.family);
	if (table) {
		rtnl_rule_set_table(rule, table);
		rtnl_rule_set_action(rule, FR_ACT_TO_TBL);
	}
	if (rtnl_rule_set_src(rule, from) < 0 ||
	    (table ? rtnl_rule_build_add_request(rule, NLM_F_CREATE, &message)
		   : rtnl_rule_build_delete_request(rule, 0, &message)) < 0)
		return NULL;
	return message;
}

int netlink_remove_inner_rules(struct netlink *inner, struct in_addr address,
			       struct in6_addr address6, struct error *err)
{
	const struct ip addresses[] = {netlink_ip4(address), netlink_ip6(address6)};
	AUTO_BATCH struct netlink_batch batch = {0};

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		if (!is_unspecified(addresses[i]) &&
		    netlink_batch_add(&batch, build_rule(addresses[i], 0), ENOENT, err,
				      "remove the choice of routes by an address") < 0)
			return -1;
	return netlink_send(inner, &batch, NULL, NULL, err);
}

#define SOURCE_TABLE 1000 /* and the index of the link: numbers nobody else uses in there */

struct inner_fact *netlink_add_fact(struct inner_facts *facts, enum inner_kind kind, int family)
{
	/* Capacity is the next power of two: grow when count reaches one. */
	if ((facts->count & (facts->count - 1)) == 0)
		facts->items = xrealloc(facts->items, facts->count ? 2 * facts->count : 1,
					sizeof(*facts->items));
	facts->items[facts->count] = (struct inner_fact){.kind = kind, .family = family};
	return &facts->items[facts->count++];
}

static struct inner_fact *add_fact(struct inner_facts *facts, enum inner_kind kind, int index,
				   struct ip address, unsigned int prefix)
{
	struct inner_fact *fact = netlink_add_fact(facts, kind, address.family);

	fact->index = index;
	fact->prefix = prefix;
	memcpy(fact->address, address.bytes, sizeof(fact->address));
	return fact;
}

static void add_route(struct inner_facts *facts, int index, uint32_t table, struct ip destination,
		      unsigned int prefix, struct ip gateway)
{
	struct inner_fact *fact = add_fact(facts, INNER_ROUTE, index, destination, prefix);

	fact->table = table;
	memcpy(fact->gateway, gateway.bytes, sizeof(fact->gateway));
}

/* What comes from the address of a link is answered over that link. */
static void add_source_routes(struct inner_facts *facts, int index, struct ip address,
			      unsigned int prefix, struct ip gateway)
{
	const struct ip anywhere = {.family = address.family};
	const uint32_t table = SOURCE_TABLE + (uint32_t)index;

	add_route(facts, index, table, network_of(address, prefix), prefix, anywhere);
	add_route(facts, index, table, anywhere, 0, gateway);
	add_fact(facts, INNER_RULE, 0, address, whole(address))->table = table;
}

static void add_family(struct inner_facts *facts, const struct inner_link *link, int index,
		       struct ip address, unsigned int prefix, struct ip gateway, bool several)
{
	const struct ip anywhere = {.family = address.family};

	if (is_unspecified(gateway))
		return;
	if (link->default_route)
		add_route(facts, index, RT_TABLE_MAIN, anywhere, 0, gateway);
	else if (several)
		add_source_routes(facts, index, address, prefix, gateway);
}

void netlink_list_inner_facts(const struct inner_link *link, int index, bool several,
			      struct inner_facts *facts)
{
	const struct ip address = netlink_ip4(link->address), address6 = netlink_ip6(link->address6);

	add_fact(facts, INNER_ADDRESS, index, address, link->prefix);
	if (link->prefix6)
		add_fact(facts, INNER_ADDRESS, index, address6, link->prefix6);
	add_family(facts, link, index, address, link->prefix, netlink_ip4(link->gateway), several);
	if (link->prefix6)
		add_family(facts, link, index, address6, link->prefix6, netlink_ip6(link->gateway6),
			   several);
	for (size_t i = 0; i < link->route_count; i++)
		add_route(facts, index, RT_TABLE_MAIN, netlink_ip4(link->routes[i].destination),
			  link->routes[i].prefix, netlink_ip4(link->routes[i].gateway));
}

void netlink_clear_inner_facts(struct inner_facts *facts)
{
	free(facts->items);
	*facts = (struct inner_facts){0};
}

static int add_fact_message(struct netlink_batch *batch, const struct inner_fact *fact,
			    const char *link, struct error *err)
{
	struct ip address = {.family = fact->family}, gateway = {.family = fact->family};
	char to[INET6_ADDRSTRLEN + sizeof("/128")] = "everything";

	memcpy(address.bytes, fact->address, sizeof(address.bytes));
	memcpy(gateway.bytes, fact->gateway, sizeof(gateway.bytes));
	if (fact->prefix > 0) {
		inet_ntop(fact->family, fact->address, to, sizeof(to));
		snprintf(to + strlen(to), sizeof("/128"), "/%u", fact->prefix & 0xff);
	}
	switch (fact->kind) {
	case INNER_ADDRESS:
		return netlink_add_address(batch, RTM_NEWADDR, fact->index, link, address,
					   fact->prefix, err);
	case INNER_ROUTE:
		return netlink_batch_add(batch,
					 build_route(fact->index, fact->table, address, fact->prefix,
						     gateway),
					 0, err, "route %s over link %s", to, link);
	case INNER_RULE:
		break;
	}
	return netlink_batch_add(batch, build_rule(address, fact->table), EEXIST, err,
				 "choose routes by the address of link %s", link);
}

static int configure_link(struct netlink_batch *batch, const struct inner_link *link, int index,
			  bool several, struct error *err)
{
	AUTO_INNER_FACTS struct inner_facts facts = {0};
	size_t i = 0;

	netlink_list_inner_facts(link, index, several, &facts);
	/* The addresses first: coming up, the link gets its routes along with it. */
	for (; i < facts.count && facts.items[i].kind == INNER_ADDRESS; i++)
		if (add_fact_message(batch, &facts.items[i], link->name, err) < 0)
			return -1;
	if (netlink_add_link_up(batch, index, link->name, err) < 0)
		return -1;
	for (; i < facts.count; i++)
		if (add_fact_message(batch, &facts.items[i], link->name, err) < 0)
			return -1;
	return 0;
}

int netlink_configure_inner(struct netlink *inner, const struct inner_link *links, size_t count,
			    struct error *err)
{
	return netlink_configure_chosen(inner, links, count, NULL, err);
}

int netlink_configure_chosen(struct netlink *inner, const struct inner_link *links, size_t count,
			     const bool *chosen, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};

	if (netlink_add_link_up(&batch, LOOPBACK_INDEX, "lo", err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int index;

		if (chosen && !chosen[i])
			continue;
		index = netlink_find_index(inner, links[i].name);
		if (index == 0)
			return error_set(err, ENODEV, "link %s of the container", links[i].name);
		if (configure_link(&batch, &links[i], index, count > 1, err) < 0)
			return -1;
	}
	return netlink_send(inner, &batch, NULL, NULL, err);
}

/* A search for what overlaps a subnet. */
struct overlap {
	struct ip subnet;
	unsigned int prefix;
	int except_index; /* 0: none */
	bool found;
	struct ip address;
	unsigned int length; /* of its prefix */
	int index;           /* of its link, 0: it has none */
};

/*
 * Whether address/length matters to the subnet. Connected: the neighbours are there, so any
 * overlap does. Behind a gateway only what is as specific as the subnet or more: a route of the
 * whole 10.0.0.0/8 to a company's network leaves room for exceptions, ours is one.
 */
static bool overlaps(const struct overlap *overlap, struct ip address, unsigned int length,
		     bool connected)
{
	unsigned int shorter = length < overlap->prefix ? length : overlap->prefix;

	if (length <= 1) /* 0/0, or its halves, which VPNs set to stand before it */
		return false;
	if (length < overlap->prefix && !connected)
		return false;
	return is_same_network(address, overlap->subnet, shorter);
}

/* A link that is being removed loses its name first and its routes a moment later. */
static bool is_dying(int index)
{
	char name[IFNAMSIZ];

	return index != 0 && !if_indextoname((unsigned int)index, name);
}

static void note_overlap(struct overlap *overlap, struct ip address, unsigned int length, int index,
			 bool connected)
{
	if (overlap->found || (index != 0 && index == overlap->except_index) ||
	    !overlaps(overlap, address, length, connected) || is_dying(index))
		return;
	overlap->found = true;
	overlap->address = network_of(address, length);
	overlap->length = length;
	overlap->index = index;
}

/* false: there is none, or it is of another family's length. */
static bool read_ip(const struct nlattr *attribute, int family, struct ip *ip)
{
	*ip = (struct ip){.family = family};
	return attribute && nla_len(attribute) == (int)length_of(family) &&
	       nla_memcpy(ip->bytes, attribute, sizeof(ip->bytes)) == (int)length_of(family);
}

static void check_address(struct nlmsghdr *message, void *data)
{
	struct ifaddrmsg *header = nlmsg_data(message);
	struct overlap *overlap = data;
	const int family = overlap->subnet.family;
	struct ip address;

	if (message->nlmsg_type != RTM_NEWADDR || header->ifa_family != family)
		return;
	/* IFA_ADDRESS is the network, or the other end of a point-to-point link. */
	if (read_ip(nlmsg_find_attr(message, sizeof(*header), IFA_ADDRESS), family, &address))
		note_overlap(data, address, header->ifa_prefixlen, (int)header->ifa_index, true);
	if (read_ip(nlmsg_find_attr(message, sizeof(*header), IFA_LOCAL), family, &address))
		note_overlap(data, address, whole(address), (int)header->ifa_index, true);
}

static void check_route(struct nlmsghdr *message, void *data)
{
	struct rtmsg *header = nlmsg_data(message);
	struct overlap *overlap = data;
	const int family = overlap->subnet.family;
	struct nlattr *attributes[RTA_MAX + 1];
	struct ip destination = {.family = family};
	uint32_t table;
	bool connected;

	if (message->nlmsg_type != RTM_NEWROUTE || header->rtm_family != family ||
	    nlmsg_parse(message, sizeof(*header), attributes, RTA_MAX, NULL) < 0)
		return;
	table = attributes[RTA_TABLE] ? nla_get_u32(attributes[RTA_TABLE]) : header->rtm_table;
	if (table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL)
		return;
	if (header->rtm_type == RTN_BROADCAST || header->rtm_type == RTN_MULTICAST ||
	    header->rtm_type == RTN_ANYCAST)
		return; /* they come with an address, which is looked at itself */
	if (attributes[RTA_DST] && !read_ip(attributes[RTA_DST], family, &destination))
		return;
	connected = (header->rtm_type == RTN_UNICAST || header->rtm_type == RTN_LOCAL) &&
		    !attributes[RTA_GATEWAY] && !attributes[RTA_VIA] && !attributes[RTA_MULTIPATH];
	note_overlap(data, destination, header->rtm_dst_len,
		     attributes[RTA_OIF] ? (int)nla_get_u32(attributes[RTA_OIF]) : 0, connected);
}

int netlink_find_overlap(struct netlink *netlink, int family, const void *subnet,
			 unsigned int prefix, const char *except, char *out, size_t size,
			 struct error *err)
{
	struct overlap overlap = {.subnet.family = family, .prefix = prefix};
	char address[INET6_ADDRSTRLEN], device[IFNAMSIZ];

	memcpy(overlap.subnet.bytes, subnet, length_of(family));
	if (except)
		overlap.except_index = netlink_find_index(netlink, except);
	if (netlink_dump(netlink, RTM_GETADDR, family, check_address, &overlap, err) < 0 ||
	    netlink_dump(netlink, RTM_GETROUTE, family, check_route, &overlap, err) < 0)
		return -1;
	if (!overlap.found)
		return 0;
	inet_ntop(family, overlap.address.bytes, address, sizeof(address));
	if (netlink_find_name(netlink, overlap.index, device))
		snprintf(out, size, "%s/%u dev %s", address, overlap.length, device);
	else
		snprintf(out, size, "%s/%u", address, overlap.length);
	return 1;
}
