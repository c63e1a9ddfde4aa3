/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/netlink_private.h"

#include <linux/if_link.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/veth.h>
#include <string.h>

#include "base/fault.h"
#include "kernel/sysctl.h"

#define MARK "cman:"
/* IFALIASZ and ALTIFNAMSIZ less their NUL: linux/if.h does not go together with net/if.h. */
#define ALIAS_MAX        255
#define ALTERNATIVE_MAX  127
#define BRIDGE_PORTS_MAX 1023

/* What the kernel says about a link. */
struct link {
	int index; /* 0: there is none */
	uint32_t group;
	char kind[32];
	char alias[ALIAS_MAX + 1];
};

static void read_link(struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	struct link *link = data;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(message, sizeof(struct ifinfomsg), attributes, IFLA_MAX, NULL) < 0)
		return;
	link->index = ((struct ifinfomsg *)nlmsg_data(message))->ifi_index;
	if (attributes[IFLA_GROUP])
		link->group = nla_get_u32(attributes[IFLA_GROUP]);
	if (attributes[IFLA_IFALIAS])
		nla_strlcpy(link->alias, attributes[IFLA_IFALIAS], sizeof(link->alias));
	if (attributes[IFLA_LINKINFO] &&
	    nla_parse_nested(info, IFLA_INFO_MAX, attributes[IFLA_LINKINFO], NULL) == 0 &&
	    info[IFLA_INFO_KIND])
		nla_strlcpy(link->kind, info[IFLA_INFO_KIND], sizeof(link->kind));
}

static int get_link(struct netlink *netlink, const char *name, struct link *link, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nl_msg *message = NULL;

	*link = (struct link){0};
	if (netlink_find_index(netlink, name) == 0)
		return 0;
	/* An unset message is told by netlink_batch_add(): it can only be lack of memory. */
	if (rtnl_link_build_get_request(0, name, &message) < 0)
		message = NULL;
	if (netlink_batch_add(&batch, message, ENODEV, err, "look at link %s", name) < 0)
		return -1;
	return netlink_send(netlink, &batch, read_link, link, err);
}

/* Ours under this alias, or cut short in the making, which only we do under this name. */
static bool is_ours(const struct link *link, const char *alias)
{
	return strcmp(link->alias, alias) == 0 ||
	       (link->alias[0] == '\0' && link->group == NETLINK_GROUP);
}

static int refuse_foreign(const char *name, const struct link *link, struct error *err)
{
	error_set(err, EEXIST, "link %s is there already: %s%s%s%s", name,
		  link->kind[0] ? link->kind : "a device", link->alias[0] ? ", alias \"" : "",
		  link->alias[0] ? link->alias : ", not made by cman", link->alias[0] ? "\"" : "");
	if (text_starts_with(link->alias, MARK))
		return error_hint(err, "it belongs to another container or network of cman");
	return error_hint(err, "remove it (ip link delete %s) or choose another name", name);
}

static int check_alias(const char *alias, struct error *err)
{
	if (!text_starts_with(alias, MARK) || strlen(alias) > ALIAS_MAX)
		return error_set(err, EINVAL, "alias \"%.64s\" of a link", alias);
	return 0;
}

static int delete_link(struct netlink *netlink, int index, const char *name, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	AUTO_LINK struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *message = NULL;

	if (link) {
		/* By index: the name could have gone to another link by now. */
		rtnl_link_set_ifindex(link, index);
		if (rtnl_link_build_delete_request(link, &message) < 0)
			message = NULL;
	}
	if (netlink_batch_add(&batch, message, ENODEV, err, "delete link %s", name) < 0)
		return -1;
	return netlink_send_until_gone(netlink, &batch, name, err);
}

int netlink_remove_link(struct netlink *netlink, const char *name, const char *alias,
			struct error *err)
{
	struct link link;

	if (netlink_check_name(name, err) < 0 || get_link(netlink, name, &link, err) < 0)
		return -1;
	if (link.index == 0 || !is_ours(&link, alias))
		return 0;
	return delete_link(netlink, link.index, name, err);
}

int netlink_remove_inner(struct netlink *inner, const char *name, struct error *err)
{
	int index = netlink_find_index(inner, name);

	return index == 0 ? 0 : delete_link(inner, index, name, err);
}

static int add_alias(struct netlink_batch *batch, int index, const char *name, const char *alias,
		     struct error *err)
{
	AUTO_LINK struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *message = NULL;

	if (link) {
		rtnl_link_set_ifindex(link, index);
		rtnl_link_set_ifalias(link, alias);
		if (rtnl_link_build_add_request(link, 0, &message) < 0)
			message = NULL;
	}
	return netlink_batch_add(batch, message, 0, err, "set alias of link %s", name);
}

/*
 * The alias as a name one can type: "cman:web:eth0" becomes "cman-web-eth0". Not in libnl 3.7. Names
 * have '-' in them, too: where two come out the same, the first link has it, and nothing needs it.
 */
static int add_alternative_name(struct netlink_batch *batch, int index, const char *name,
				const char *alias, struct error *err)
{
	struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWLINKPROP, 0);
	char alternative[ALTERNATIVE_MAX + 1];
	struct nlattr *list = NULL;

	snprintf(alternative, sizeof(alternative), "%s", alias);
	for (char *c = alternative; *c; c++)
		if (*c == ':')
			*c = '-';
	if (message && nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) == 0)
		list = nla_nest_start(message, IFLA_PROP_LIST | NLA_F_NESTED);
	if (!list || nla_put_string(message, IFLA_ALT_IFNAME, alternative) < 0 ||
	    nla_nest_end(message, list) < 0) {
		nlmsg_free(message);
		message = NULL;
	}
	return netlink_batch_add(batch, message, EEXIST, err, "give link %s the name %s", name,
				 alternative);
}

/* No link-local address: nothing of the host is to be reached by IPv6 over this link. */
static int add_no_ipv6_address(struct netlink_batch *batch, int index, const char *name,
			       struct error *err)
{
	AUTO_LINK struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *message = NULL;

	if (link) {
		rtnl_link_set_ifindex(link, index);
		if (rtnl_link_inet6_set_addr_gen_mode(link, IN6_ADDR_GEN_MODE_NONE) < 0 ||
		    rtnl_link_build_add_request(link, 0, &message) < 0)
			message = NULL;
	}
	/* A kernel without IPv6, or an MTU below IPv6's least: there is nothing to turn off. */
	return netlink_batch_add(batch, message, EAFNOSUPPORT, err,
				 "turn off IPv6 addresses of link %s", name);
}

/*
 * Lets the bridge send a frame back through the port it came from: with br_netfilter on, the
 * bridge itself rewrites the destination of a container that calls its own published port.
 */
static int add_port_modes(struct netlink_batch *batch, int index, const struct veth *veth,
			  struct error *err)
{
	struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = index};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_SETLINK, 0);
	struct nlattr *port;

	if (message && (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
			!(port = nla_nest_start(message, IFLA_PROTINFO | NLA_F_NESTED)) ||
			nla_put_u8(message, IFLA_BRPORT_MODE, 1) < 0 ||
			nla_put_u8(message, IFLA_BRPORT_ISOLATED, veth->isolated) < 0)) {
		nlmsg_free(message);
		message = NULL;
	}
	if (message)
		nla_nest_end(message, port);
	return netlink_batch_add(batch, message, 0, err, "set the bridge port of link %s",
				 veth->host_name);
}

/* Its own, else it changes with the ports that come and go, and ARP with it. */
void netlink_bridge_mac(struct in_addr address, uint8_t mac[6])
{
	mac[0] = 0x02;
	mac[1] = 'c';
	memcpy(mac + 2, &address, sizeof(address));
}

/* Only this bridge, and neither ARP: 0 leaves it to the switches of the whole host. */
static int put_filter(struct nl_msg *message, bool on)
{
	if (nla_put_u8(message, IFLA_BR_NF_CALL_IPTABLES, on) < 0)
		return -1;
	return nla_put_u8(message, IFLA_BR_NF_CALL_IP6TABLES, on);
}

/* Options and MAC of a bridge; with flags NLM_F_CREATE | NLM_F_EXCL and index 0 it is made. */
static struct nl_msg *build_bridge(const struct bridge *bridge, int index, int flags)
{
	uint8_t mac[6];
	AUTO_LINK struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *message = NULL;
	struct nlattr *info, *options;

	if (!link)
		return NULL;
	netlink_bridge_mac(bridge->address, mac);
	rtnl_link_set_ifindex(link, index);
	/* Before Linux 6.2 naming a link that is up is refused, even when nothing changes. */
	if (index == 0)
		rtnl_link_set_name(link, bridge->name);
	rtnl_link_set_mtu(link, bridge->mtu);
	rtnl_link_set_group(link, NETLINK_GROUP);
	if (rtnl_link_build_add_request(link, flags, &message) < 0)
		return NULL;
	if (nla_put(message, IFLA_ADDRESS, sizeof(mac), mac) < 0 ||
	    !(info = nla_nest_start(message, IFLA_LINKINFO)) ||
	    nla_put_string(message, IFLA_INFO_KIND, "bridge") < 0 ||
	    !(options = nla_nest_start(message, IFLA_INFO_DATA)) ||
	    nla_put_u32(message, IFLA_BR_STP_STATE, 0) < 0 ||
	    nla_put_u32(message, IFLA_BR_FORWARD_DELAY, 0) < 0 ||
	    (bridge->filtered && put_filter(message, true) < 0) ||
	    nla_nest_end(message, options) < 0 || nla_nest_end(message, info) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* Where the kernel has no links of that kind, and no module for them. It looks for one by itself. */
static int hint_at_kind(const char *kind, const char *option, struct error *err)
{
	if (err && err->code == EOPNOTSUPP)
		error_hint(err, "modprobe %s, or take a kernel with %s", kind, option);
	return -1;
}

/* Only newer kernels say why they refuse an address of IPv6: it is switched off there. */
static int hint_at_disabled_ipv6(const char *link, struct error *err)
{
	char name[sizeof("net/ipv6/conf//disable_ipv6") + IFNAMSIZ], value[8];

	if (!err || err->code != EACCES)
		return -1;
	snprintf(name, sizeof(name), "net/ipv6/conf/%s/disable_ipv6", link);
	if (sysctl_read(name, value, sizeof(value), NULL) == 0 && strcmp(value, "1") == 0)
		error_hint(err, "sysctl -w %s=0, or leave subnet6 out", name);
	return -1;
}

static int create_bridge(struct netlink *netlink, const struct bridge *bridge, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nl_msg *message = build_bridge(bridge, 0, NLM_F_CREATE | NLM_F_EXCL);

	if (netlink_batch_add(&batch, message, 0, err, "make bridge %s", bridge->name) < 0)
		return -1;
	return netlink_send(netlink, &batch, NULL, NULL, err);
}

/*
 * Without an address of the link itself the kernel asks no neighbour for whom it forwards. The same
 * on each bridge: nobody routes by it.
 */
static const struct in6_addr link_address = {.s6_addr = {0xfe, 0x80, [15] = 1}};
#define LINK_ADDRESS_PREFIX 64

/* Addresses of a bridge that are no longer wanted. */
struct stale_addresses {
	const struct bridge *bridge;
	int index;
	struct netlink_batch batch; /* what removes them */
	struct error *err;
	int rc;
};

static void collect_stale_address(struct nlmsghdr *message, void *data)
{
	struct stale_addresses *stale = data;
	const struct bridge *bridge = stale->bridge;
	struct ifaddrmsg *header = nlmsg_data(message);
	/* IFA_LOCAL of IPv4 is the address itself, IPv6 has only the other. */
	const bool v6 = header->ifa_family == AF_INET6;
	const struct ip wanted = v6 ? netlink_ip6(bridge->address6) : netlink_ip4(bridge->address);
	struct ip address = {.family = header->ifa_family};
	struct nlattr *attribute;

	if (message->nlmsg_type != RTM_NEWADDR || header->ifa_index != (unsigned int)stale->index)
		return;
	attribute = nlmsg_find_attr(message, sizeof(*header), v6 ? IFA_ADDRESS : IFA_LOCAL);
	if (!attribute || nla_memcpy(address.bytes, attribute, sizeof(address.bytes)) <= 0)
		return;
	if (memcmp(address.bytes, wanted.bytes, sizeof(address.bytes)) == 0 &&
	    header->ifa_prefixlen == (v6 ? bridge->prefix6 : bridge->prefix))
		return;
	if (v6 && bridge->prefix6 && memcmp(address.bytes, &link_address, sizeof(link_address)) == 0)
		return;
	if (netlink_add_address(&stale->batch, RTM_DELADDR, stale->index, stale->bridge->name,
				address, header->ifa_prefixlen, stale->err) < 0)
		stale->rc = -1;
}

/* Brings a bridge of ours, whatever it was, to what is wanted. */
static int update_bridge(struct netlink *netlink, const struct bridge *bridge, int index,
			 struct error *err)
{
	struct stale_addresses stale = {.bridge = bridge, .index = index, .err = err};
	AUTO_BATCH struct netlink_batch batch = {0};
	int rc;

	if (netlink_batch_add(&batch, build_bridge(bridge, index, 0), 0, err, "change bridge %s",
			      bridge->name) < 0 ||
	    netlink_send(netlink, &batch, NULL, NULL, err) < 0)
		return -1;
	rc = netlink_dump(netlink, RTM_GETADDR, AF_INET, collect_stale_address, &stale, err);
	if (rc == 0)
		rc = netlink_dump(netlink, RTM_GETADDR, AF_INET6, collect_stale_address, &stale,
				  err);
	if (rc == 0)
		rc = stale.rc;
	if (rc == 0)
		rc = netlink_send(netlink, &stale.batch, NULL, NULL, err);
	netlink_batch_clear(&stale.batch);
	return rc;
}

int netlink_make_bridge(struct netlink *netlink, const struct bridge *bridge, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct link link;

	if (netlink_check_name(bridge->name, err) < 0 || check_alias(bridge->alias, err) < 0 ||
	    get_link(netlink, bridge->name, &link, err) < 0)
		return -1;
	if (link.index != 0 && (!is_ours(&link, bridge->alias) || strcmp(link.kind, "bridge") != 0))
		return refuse_foreign(bridge->name, &link, err);
	if (link.index == 0) {
		if (FAULT("make bridge", "", err) < 0 || create_bridge(netlink, bridge, err) < 0)
			return hint_at_kind("bridge", "CONFIG_BRIDGE", err);
		link.index = netlink_find_index(netlink, bridge->name);
	} else if (update_bridge(netlink, bridge, link.index, err) < 0) {
		return -1;
	}
	/* Before it is up, so that no advertisement slips in. */
	if (netlink_refuse_router_advertisements(bridge->name, err) < 0)
		return -1;
	if (add_alias(&batch, link.index, bridge->name, bridge->alias, err) < 0 ||
	    add_no_ipv6_address(&batch, link.index, bridge->name, err) < 0 ||
	    netlink_add_address(&batch, RTM_NEWADDR, link.index, bridge->name,
				netlink_ip4(bridge->address), bridge->prefix, err) < 0 ||
	    (bridge->prefix6 &&
	     (netlink_add_address(&batch, RTM_NEWADDR, link.index, bridge->name,
				  netlink_ip6(bridge->address6), bridge->prefix6, err) < 0 ||
	      netlink_add_address(&batch, RTM_NEWADDR, link.index, bridge->name,
				  netlink_ip6(link_address), LINK_ADDRESS_PREFIX, err) < 0)) ||
	    netlink_add_link_up(&batch, link.index, bridge->name, err) < 0 ||
	    (bridge->prefix6 &&
	     netlink_add_localhost_route(&batch, link.index, bridge->name, err) < 0))
		return -1;
	if (netlink_send(netlink, &batch, NULL, NULL, err) < 0)
		return bridge->prefix6 ? hint_at_disabled_ipv6(bridge->name, err) : -1;
	return 0;
}

int netlink_unfilter_bridge(struct netlink *netlink, const char *name, const char *alias,
			    struct error *err)
{
	struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nlattr *info = NULL, *options = NULL;
	struct nl_msg *message;
	struct link link;

	if (netlink_check_name(name, err) < 0 || get_link(netlink, name, &link, err) < 0)
		return -1;
	if (link.index == 0 || !is_ours(&link, alias))
		return 0;
	header.ifi_index = link.index;
	message = nlmsg_alloc_simple(RTM_NEWLINK, 0);
	if (message && (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
			!(info = nla_nest_start(message, IFLA_LINKINFO)) ||
			nla_put_string(message, IFLA_INFO_KIND, "bridge") < 0 ||
			!(options = nla_nest_start(message, IFLA_INFO_DATA)) ||
			put_filter(message, false) < 0 || nla_nest_end(message, options) < 0 ||
			nla_nest_end(message, info) < 0)) {
		nlmsg_free(message);
		message = NULL;
	}
	if (netlink_batch_add(&batch, message, ENODEV, err, "change bridge %s", name) < 0)
		return -1;
	return netlink_send(netlink, &batch, NULL, NULL, err);
}

/*
 * One queue each way: the default is one per processor of the machine, each with its directories
 * in sysfs, which costs a third of the making on two processors. More are of use to XDP only.
 */
static void set_one_queue(struct rtnl_link *link)
{
	rtnl_link_set_num_tx_queues(link, 1);
	rtnl_link_set_num_rx_queues(link, 1);
}

/* Our end up and on the bridge, the peer born where it is to live, all in one message. */
static struct nl_msg *build_veth(const struct veth *veth, int bridge_index)
{
	AUTO_LINK struct rtnl_link *link = rtnl_link_veth_alloc();
	struct rtnl_link *peer = link ? rtnl_link_veth_get_peer(link) : NULL;
	struct nl_addr *mac = nl_addr_build(AF_LLC, veth->mac, sizeof(veth->mac));
	struct nl_msg *message = NULL;

	if (peer && mac) {
		rtnl_link_set_name(peer, veth->inner_name);
		rtnl_link_set_addr(peer, mac);
		rtnl_link_set_mtu(peer, veth->mtu);
		rtnl_link_set_ns_fd(peer, veth->netns_fd);
		set_one_queue(peer);
		rtnl_link_set_name(link, veth->host_name);
		rtnl_link_set_mtu(link, veth->mtu);
		rtnl_link_set_group(link, NETLINK_GROUP);
		rtnl_link_set_master(link, bridge_index);
		rtnl_link_set_flags(link, IFF_UP);
		set_one_queue(link);
		if (rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &message) < 0)
			message = NULL;
	}
	nl_addr_put(mac);
	if (peer)
		rtnl_link_put(peer); /* rtnl_link_veth_get_peer() gave us a reference */
	return message;
}

static int create_veth(struct netlink *netlink, const struct veth *veth, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	int bridge_index = netlink_find_index(netlink, veth->bridge);

	if (bridge_index == 0)
		return error_set(err, ENODEV, "bridge %s of link %s", veth->bridge, veth->host_name);
	if (netlink_batch_add(&batch, build_veth(veth, bridge_index), 0, err,
			      "make link %s on bridge %s", veth->host_name, veth->bridge) < 0)
		return -1;
	if (FAULT("make link", "", err) < 0 || netlink_send(netlink, &batch, NULL, NULL, err) < 0) {
		hint_at_kind("veth", "CONFIG_VETH", err);
		if (err && err->code == EXFULL)
			error_hint(err, "a bridge takes %d containers: add a network",
				   BRIDGE_PORTS_MAX);
		/* Our own name was free a moment ago: then it is the other one. */
		if (err && err->code == EEXIST && netlink_find_index(netlink, veth->host_name) == 0)
			error_hint(err, "the container has an interface %s already",
				   veth->inner_name);
		return -1;
	}
	return 0;
}

int netlink_make_veth(struct netlink *netlink, const struct veth *veth, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct link left_over;
	int index;

	if (netlink_check_name(veth->host_name, err) < 0 ||
	    netlink_check_name(veth->inner_name, err) < 0 || check_alias(veth->alias, err) < 0 ||
	    get_link(netlink, veth->host_name, &left_over, err) < 0)
		return -1;
	if (left_over.index != 0 && !is_ours(&left_over, veth->alias))
		return refuse_foreign(veth->host_name, &left_over, err);
	if (left_over.index != 0 && delete_link(netlink, left_over.index, veth->host_name, err) < 0)
		return -1;
	/* A port of a bridge takes none in; should it ever stop being one, it does not either. */
	if (create_veth(netlink, veth, err) < 0 ||
	    netlink_refuse_router_advertisements(veth->host_name, err) < 0)
		return -1;
	/*
	 * The kernel ignores an alias at birth and refuses the others. Not in one batch with the
	 * birth: a batch goes on after a refusal, and these would hit whatever has that name.
	 */
	index = netlink_find_index(netlink, veth->host_name);
	if (add_alias(&batch, index, veth->host_name, veth->alias, err) < 0 ||
	    add_alternative_name(&batch, index, veth->host_name, veth->alias, err) < 0 ||
	    add_no_ipv6_address(&batch, index, veth->host_name, err) < 0 ||
	    add_port_modes(&batch, index, veth, err) < 0)
		return -1;
	return netlink_send(netlink, &batch, NULL, NULL, err);
}

int netlink_mend_veth(struct netlink *netlink, const struct veth *veth, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	AUTO_LINK struct rtnl_link *wanted = rtnl_link_alloc();
	int bridge_index = netlink_find_index(netlink, veth->bridge);
	struct nl_msg *message = NULL;
	struct link link;

	if (check_alias(veth->alias, err) < 0 ||
	    get_link(netlink, veth->host_name, &link, err) < 0)
		return -1;
	if (link.index == 0)
		return error_set(err, ENODEV, "link %s", veth->host_name);
	if (!is_ours(&link, veth->alias))
		return refuse_foreign(veth->host_name, &link, err);
	if (bridge_index == 0)
		return error_set(err, ENODEV, "bridge %s of link %s", veth->bridge, veth->host_name);
	if (wanted) {
		rtnl_link_set_ifindex(wanted, link.index);
		rtnl_link_set_mtu(wanted, veth->mtu);
		rtnl_link_set_master(wanted, bridge_index);
		rtnl_link_set_flags(wanted, IFF_UP);
		if (rtnl_link_build_add_request(wanted, 0, &message) < 0)
			message = NULL;
	}
	if (netlink_refuse_router_advertisements(veth->host_name, err) < 0)
		return -1;
	if (netlink_batch_add(&batch, message, 0, err, "put link %s on bridge %s", veth->host_name,
			      veth->bridge) < 0 ||
	    add_port_modes(&batch, link.index, veth, err) < 0)
		return -1;
	return netlink_send(netlink, &batch, NULL, NULL, err);
}

int netlink_check_bridge(struct netlink *netlink, const char *name, struct error *err)
{
	struct link link;

	if (netlink_check_name(name, err) < 0 || get_link(netlink, name, &link, err) < 0)
		return -1;
	if (link.index == 0)
		return error_set(err, ENODEV, "there is no link %s", name);
	if (strcmp(link.kind, "bridge") != 0)
		return error_set(err, EINVAL, "link %s is no bridge but %s", name,
				 link.kind[0] ? link.kind : "a device");
	return 0;
}

static struct nl_msg *build_macvlan(const struct macvlan *macvlan, int parent_index)
{
	AUTO_LINK struct rtnl_link *link = rtnl_link_macvlan_alloc();
	struct nl_addr *mac = nl_addr_build(AF_LLC, macvlan->mac, sizeof(macvlan->mac));
	struct nl_msg *message = NULL;

	if (link && mac) {
		rtnl_link_set_name(link, macvlan->inner_name);
		rtnl_link_set_addr(link, mac);
		rtnl_link_set_mtu(link, macvlan->mtu);
		rtnl_link_set_link(link, parent_index);
		rtnl_link_set_ns_fd(link, macvlan->netns_fd);
		if (rtnl_link_macvlan_set_mode(link, MACVLAN_MODE_BRIDGE) < 0 ||
		    rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &message) < 0)
			message = NULL;
	}
	nl_addr_put(mac);
	return message;
}

int netlink_make_macvlan(struct netlink *netlink, const struct macvlan *macvlan, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	int parent_index = netlink_find_index(netlink, macvlan->parent);

	if (netlink_check_name(macvlan->inner_name, err) < 0)
		return -1;
	if (parent_index == 0)
		return error_set(err, ENODEV, "there is no link %s", macvlan->parent);
	if (netlink_batch_add(&batch, build_macvlan(macvlan, parent_index), 0, err,
			      "make macvlan %s on link %s", macvlan->inner_name, macvlan->parent) < 0)
		return -1;
	return netlink_send(netlink, &batch, NULL, NULL, err);
}

/* 64-bit FNV-1a */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

void netlink_veth_name(const char *container, unsigned int index, char out[IFNAMSIZ])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	char whole[128], hash_digits[8];
	uint64_t hash;

	if (index == 0)
		snprintf(whole, sizeof(whole), "c-%s", container);
	else
		snprintf(whole, sizeof(whole), "c-%s_%u", container, index);
	if (strlen(whole) < IFNAMSIZ) {
		memcpy(out, whole, strlen(whole) + 1);
		return;
	}
	/* 35 bits: a thousand names that begin alike collide once in 70000 such hosts. */
	hash = hash_text(whole);
	hash ^= hash >> 35;
	for (size_t i = 0; i < 7; i++, hash >>= 5)
		hash_digits[i] = digits[hash & 31];
	hash_digits[7] = '\0';
	snprintf(out, IFNAMSIZ, "%.7s_%s", whole, hash_digits);
}
