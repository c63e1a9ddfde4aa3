/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/netlink_look.h"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <string.h>

#include "kernel/netlink_private.h"

#define PORT_FORWARDS 3 /* BR_STATE_FORWARDING */

static size_t length_of(int family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
}

/* ---- links ---- */

static void read_port(struct nlattr *data, struct link_state *state)
{
	struct nlattr *port[IFLA_BRPORT_MAX + 1];

	if (nla_parse_nested(port, IFLA_BRPORT_MAX, data, NULL) < 0)
		return;
	if (port[IFLA_BRPORT_STATE])
		state->forwarding = nla_get_u8(port[IFLA_BRPORT_STATE]) == PORT_FORWARDS;
	if (port[IFLA_BRPORT_ISOLATED])
		state->isolated = nla_get_u8(port[IFLA_BRPORT_ISOLATED]) != 0;
	if (port[IFLA_BRPORT_MODE])
		state->hairpin = nla_get_u8(port[IFLA_BRPORT_MODE]) != 0;
}

static void read_bridge(struct nlattr *data, struct link_state *state)
{
	struct nlattr *bridge[IFLA_BR_MAX + 1];

	if (nla_parse_nested(bridge, IFLA_BR_MAX, data, NULL) < 0)
		return;
	if (bridge[IFLA_BR_NF_CALL_IPTABLES])
		state->calls_iptables = nla_get_u8(bridge[IFLA_BR_NF_CALL_IPTABLES]) != 0;
	if (bridge[IFLA_BR_NF_CALL_IP6TABLES])
		state->calls_ip6tables = nla_get_u8(bridge[IFLA_BR_NF_CALL_IP6TABLES]) != 0;
}

static void read_kind(struct nlattr *data, struct link_state *state)
{
	struct nlattr *info[IFLA_INFO_MAX + 1];

	if (nla_parse_nested(info, IFLA_INFO_MAX, data, NULL) < 0)
		return;
	if (info[IFLA_INFO_KIND])
		nla_strlcpy(state->kind, info[IFLA_INFO_KIND], sizeof(state->kind));
	if (info[IFLA_INFO_DATA] && strcmp(state->kind, "bridge") == 0)
		read_bridge(info[IFLA_INFO_DATA], state);
	if (info[IFLA_INFO_SLAVE_KIND] && info[IFLA_INFO_SLAVE_DATA] &&
	    nla_strcmp(info[IFLA_INFO_SLAVE_KIND], "bridge") == 0)
		read_port(info[IFLA_INFO_SLAVE_DATA], state);
}

static void read_link(struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[IFLA_MAX + 1];
	struct ifinfomsg *header = nlmsg_data(message);
	struct link_state *state = data;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(message, sizeof(*header), attributes, IFLA_MAX, NULL) < 0)
		return;
	state->index = header->ifi_index;
	state->up = (header->ifi_flags & IFF_UP) != 0;
	/* Of the two only this one is current: what "running" says comes a moment later. */
	state->carrier = attributes[IFLA_CARRIER] ? nla_get_u8(attributes[IFLA_CARRIER]) != 0
						  : (header->ifi_flags & IFF_RUNNING) != 0;
	if (attributes[IFLA_IFNAME])
		nla_strlcpy(state->name, attributes[IFLA_IFNAME], sizeof(state->name));
	if (attributes[IFLA_LINK])
		state->peer = (int)nla_get_u32(attributes[IFLA_LINK]);
	if (attributes[IFLA_MASTER])
		state->master = (int)nla_get_u32(attributes[IFLA_MASTER]);
	if (attributes[IFLA_MTU])
		state->mtu = nla_get_u32(attributes[IFLA_MTU]);
	if (attributes[IFLA_ADDRESS] && nla_len(attributes[IFLA_ADDRESS]) == sizeof(state->mac))
		memcpy(state->mac, nla_data(attributes[IFLA_ADDRESS]), sizeof(state->mac));
	if (attributes[IFLA_QDISC])
		nla_strlcpy(state->queue, attributes[IFLA_QDISC], sizeof(state->queue));
	if (attributes[IFLA_IFALIAS])
		nla_strlcpy(state->alias, attributes[IFLA_IFALIAS], sizeof(state->alias));
	if (attributes[IFLA_LINKINFO])
		read_kind(attributes[IFLA_LINKINFO], state);
}

int netlink_look_at_link(struct netlink *netlink, const char *name, int index,
			 struct link_state *state, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nl_msg *message = NULL;

	*state = (struct link_state){0};
	if (name)
		index = netlink_find_index(netlink, name);
	if (index == 0)
		return 0;
	if (rtnl_link_build_get_request(index, NULL, &message) < 0)
		message = NULL;
	if (netlink_batch_add(&batch, message, ENODEV, err, "look at link %s", name ? name : "") < 0 ||
	    netlink_send(netlink, &batch, read_link, state, err) < 0)
		return -1;
	return state->index != 0;
}

/* ---- routes ---- */

static void read_route(struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[RTA_MAX + 1];
	struct rtmsg *header = nlmsg_data(message);
	struct route_answer *answer = data;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(message, sizeof(*header), attributes, RTA_MAX, NULL) < 0)
		return;
	answer->local = header->rtm_type != RTN_UNICAST;
	if (attributes[RTA_OIF])
		answer->out_index = (int)nla_get_u32(attributes[RTA_OIF]);
	if (attributes[RTA_GATEWAY])
		answer->has_gateway = nla_memcpy(answer->gateway, attributes[RTA_GATEWAY],
						 sizeof(answer->gateway)) > 0;
	if (attributes[RTA_PREFSRC])
		answer->has_source = nla_memcpy(answer->source, attributes[RTA_PREFSRC],
						sizeof(answer->source)) > 0;
}

static struct nl_msg *build_question(const struct route_question *question)
{
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	const int length = (int)length_of(question->family);
	struct rtmsg header = {
		.rtm_family = (unsigned char)question->family,
		.rtm_dst_len = (unsigned char)(8 * length),
		.rtm_src_len = (unsigned char)(question->source ? 8 * length : 0),
	};

	if (message &&
	    (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	     nla_put(message, RTA_DST, length, question->destination) < 0 ||
	     (question->source && nla_put(message, RTA_SRC, length, question->source) < 0) ||
	     (question->in_index != 0 &&
	      nla_put_u32(message, RTA_IIF, (uint32_t)question->in_index) < 0))) {
		nlmsg_free(message);
		message = NULL;
	}
	return message;
}

/* What the kernel answers for a packet, not for a faulty request. */
static bool is_about_packet(int code)
{
	return code == ENETUNREACH || code == EHOSTUNREACH || code == EACCES || code == EXDEV ||
	       code == EINVAL || code == EADDRNOTAVAIL || code == EAGAIN;
}

int netlink_look_up_route(struct netlink *netlink, const struct route_question *question,
			  struct route_answer *answer, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	char text[INET6_ADDRSTRLEN];
	struct error why = {0};

	*answer = (struct route_answer){0};
	inet_ntop(question->family, question->destination, text, sizeof(text));
	if (netlink_batch_add(&batch, build_question(question), 0, &why, "route to %s", text) < 0 ||
	    netlink_send(netlink, &batch, read_route, answer, &why) < 0) {
		if (err)
			*err = why;
		return is_about_packet(why.code) ? 0 : -1;
	}
	if (answer->out_index != 0)
		netlink_find_name(netlink, answer->out_index, answer->out);
	return 1;
}

struct uplink {
	int index;
	uint32_t metric;
};

static void check_default(struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[RTA_MAX + 1];
	struct rtmsg *header = nlmsg_data(message);
	struct uplink *uplink = data;
	uint32_t metric = 0;
	int index = 0;

	if (message->nlmsg_type != RTM_NEWROUTE || header->rtm_dst_len != 0 ||
	    header->rtm_table != RT_TABLE_MAIN || header->rtm_type != RTN_UNICAST ||
	    nlmsg_parse(message, sizeof(*header), attributes, RTA_MAX, NULL) < 0)
		return;
	if (attributes[RTA_PRIORITY])
		metric = nla_get_u32(attributes[RTA_PRIORITY]);
	if (attributes[RTA_OIF])
		index = (int)nla_get_u32(attributes[RTA_OIF]);
	else if (attributes[RTA_MULTIPATH]) /* several at once: the first stands for them */
		index = ((struct rtnexthop *)nla_data(attributes[RTA_MULTIPATH]))->rtnh_ifindex;
	if (index != 0 && (uplink->index == 0 || metric < uplink->metric))
		*uplink = (struct uplink){index, metric};
}

int netlink_find_uplink(struct netlink *netlink, int family, char out[IFNAMSIZ], struct error *err)
{
	struct uplink uplink = {0};

	if (netlink_dump(netlink, RTM_GETROUTE, family, check_default, &uplink, err) < 0)
		return -1;
	return uplink.index != 0 && netlink_find_name(netlink, uplink.index, out);
}

static void read_neighbour(struct nlmsghdr *message, void *data)
{
	const struct ndmsg *header = nlmsg_data(message);
	bool *silent = data;

	if (message->nlmsg_type == RTM_NEWNEIGH)
		*silent = (header->ndm_state & (NUD_FAILED | NUD_INCOMPLETE)) != 0;
}

int netlink_is_silent(struct netlink *netlink, int family, int index, const void *address,
		      struct error *err)
{
	const struct ndmsg header = {.ndm_family = (unsigned char)family, .ndm_ifindex = index};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETNEIGH, 0);
	AUTO_BATCH struct netlink_batch batch = {0};
	bool silent = false;

	if (message && (nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
			nla_put(message, NDA_DST, (int)length_of(family), address) < 0)) {
		nlmsg_free(message);
		message = NULL;
	}
	/* ENOENT: it has never been asked. */
	if (netlink_batch_add(&batch, message, ENOENT, err, "look at a neighbour") < 0 ||
	    netlink_send(netlink, &batch, read_neighbour, &silent, err) < 0)
		return -1;
	return silent;
}

struct wanted_address {
	int family, index;
	const void *address;
	bool found;
};

static void compare_address(struct nlmsghdr *message, void *data)
{
	struct ifaddrmsg *header = nlmsg_data(message);
	struct wanted_address *wanted = data;
	struct nlattr *attribute;

	if (message->nlmsg_type != RTM_NEWADDR || header->ifa_family != wanted->family ||
	    header->ifa_index != (unsigned int)wanted->index)
		return;
	attribute = nlmsg_find_attr(message, sizeof(*header),
				    wanted->family == AF_INET ? IFA_LOCAL : IFA_ADDRESS);
	if (attribute && nla_len(attribute) == (int)length_of(wanted->family) &&
	    memcmp(nla_data(attribute), wanted->address, length_of(wanted->family)) == 0)
		wanted->found = true;
}

int netlink_has_address(struct netlink *netlink, int family, int index, const void *address,
			struct error *err)
{
	struct wanted_address wanted = {family, index, address, false};

	if (netlink_dump(netlink, RTM_GETADDR, family, compare_address, &wanted, err) < 0)
		return -1;
	return wanted.found;
}

struct first_address {
	int family, index;
	char *out;
	size_t size;
	bool found;
};

static void check_address(struct nlmsghdr *message, void *data)
{
	struct ifaddrmsg *header = nlmsg_data(message);
	struct first_address *first = data;
	struct nlattr *attribute;
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];

	if (message->nlmsg_type != RTM_NEWADDR || first->found ||
	    header->ifa_family != first->family ||
	    header->ifa_index != (unsigned int)first->index || header->ifa_scope == RT_SCOPE_LINK)
		return;
	attribute = nlmsg_find_attr(message, sizeof(*header),
				    first->family == AF_INET ? IFA_LOCAL : IFA_ADDRESS);
	if (!attribute ||
	    nla_memcpy(address, attribute, sizeof(address)) != (int)length_of(first->family))
		return;
	inet_ntop(first->family, address, text, sizeof(text));
	snprintf(first->out, first->size, "%s/%u", text, header->ifa_prefixlen);
	first->found = true;
}

int netlink_find_address(struct netlink *netlink, int family, int index, char *out, size_t size,
			 struct error *err)
{
	struct first_address first = {family, index, out, size, false};

	if (netlink_dump(netlink, RTM_GETADDR, family, check_address, &first, err) < 0)
		return -1;
	return first.found;
}

/* ---- all there is ---- */

static void collect_address(struct nlmsghdr *message, void *data)
{
	struct ifaddrmsg *header = nlmsg_data(message);
	struct nlattr *attribute;
	struct inner_fact *fact;

	if (message->nlmsg_type != RTM_NEWADDR ||
	    (header->ifa_family != AF_INET && header->ifa_family != AF_INET6))
		return;
	attribute = nlmsg_find_attr(message, sizeof(*header),
				    header->ifa_family == AF_INET ? IFA_LOCAL : IFA_ADDRESS);
	if (!attribute)
		return;
	fact = netlink_add_fact(data, INNER_ADDRESS, header->ifa_family);
	fact->index = (int)header->ifa_index;
	fact->prefix = header->ifa_prefixlen;
	nla_memcpy(fact->address, attribute, sizeof(fact->address));
}

/* How answers to ::1 come in on a bridge (netlink_make_bridge()). */
static bool is_of_localhost6(const struct rtmsg *header, struct nlattr *destination)
{
	return header->rtm_type == RTN_LOCAL && header->rtm_family == AF_INET6 && destination &&
	       nla_len(destination) == sizeof(in6addr_loopback) &&
	       memcmp(nla_data(destination), &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

static void collect_route(struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[RTA_MAX + 1];
	struct rtmsg *header = nlmsg_data(message);
	struct inner_fact *fact;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(message, sizeof(*header), attributes, RTA_MAX, NULL) < 0 ||
	    !attributes[RTA_OIF] ||
	    (header->rtm_type != RTN_UNICAST && !is_of_localhost6(header, attributes[RTA_DST])))
		return;
	fact = netlink_add_fact(data, INNER_ROUTE, header->rtm_family);
	fact->index = (int)nla_get_u32(attributes[RTA_OIF]);
	fact->table = attributes[RTA_TABLE] ? nla_get_u32(attributes[RTA_TABLE]) : header->rtm_table;
	fact->prefix = header->rtm_dst_len;
	if (attributes[RTA_DST])
		nla_memcpy(fact->address, attributes[RTA_DST], sizeof(fact->address));
	if (attributes[RTA_GATEWAY])
		nla_memcpy(fact->gateway, attributes[RTA_GATEWAY], sizeof(fact->gateway));
}

static void collect_rule(struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[FRA_MAX + 1];
	struct fib_rule_hdr *header = nlmsg_data(message);
	struct inner_fact *fact;

	if (message->nlmsg_type != RTM_NEWRULE || header->action != FR_ACT_TO_TBL ||
	    nlmsg_parse(message, sizeof(*header), attributes, FRA_MAX, NULL) < 0 ||
	    !attributes[FRA_SRC])
		return;
	fact = netlink_add_fact(data, INNER_RULE, header->family);
	fact->table = attributes[FRA_TABLE] ? nla_get_u32(attributes[FRA_TABLE]) : header->table;
	fact->prefix = header->src_len;
	nla_memcpy(fact->address, attributes[FRA_SRC], sizeof(fact->address));
}

/* A kernel without rules, or started with ipv6.disable=1, has none of them. */
static int dump_what_there_is(struct netlink *netlink, int what, int family,
			      netlink_handler *collect, struct inner_facts *facts, struct error *err)
{
	struct error why = {0};

	if (netlink_dump(netlink, what, family, collect, facts, &why) == 0 ||
	    why.code == EOPNOTSUPP || why.code == EAFNOSUPPORT)
		return 0;
	if (err)
		*err = why;
	return -1;
}

int netlink_look_at_facts(struct netlink *netlink, struct inner_facts *facts, struct error *err)
{
	static const int families[] = {AF_INET, AF_INET6};

	if (netlink_dump(netlink, RTM_GETADDR, AF_UNSPEC, collect_address, facts, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (dump_what_there_is(netlink, RTM_GETROUTE, families[i], collect_route, facts,
				       err) < 0 ||
		    dump_what_there_is(netlink, RTM_GETRULE, families[i], collect_rule, facts,
				       err) < 0)
			return -1;
	return 0;
}
