/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys_net.c: the keys of an interface, "net". */
#include "config/keys.h"
#include "config/values.h"

static const struct key bandwidth_keys_array[] = {
	{
		.name = "ingress",
		.type = &type_bandwidth,
		.offset = offsetof(struct bandwidth, ingress),
		.default_text = "\"max\"",
		.form = "\"8kbit\" to \"100Gbit\" (kbit, Mbit, Gbit), or \"max\"",
		.help = "bits per second towards the container",
		.change = CHANGE_LIVE,
	},
	{
		.name = "egress",
		.type = &type_bandwidth,
		.offset = offsetof(struct bandwidth, egress),
		.default_text = "\"max\"",
		.form = "\"8kbit\" to \"100Gbit\" (kbit, Mbit, Gbit), or \"max\"",
		.help = "bits per second that the container sends",
		.change = CHANGE_LIVE,
	},
};
static const struct key_table bandwidth_keys = KEY_TABLE(bandwidth_keys_array);

static const struct key egress_keys_array[] = {
	{
		.name = "default",
		.type = &type_egress_default,
		.offset = offsetof(struct egress, deny_rest),
		.default_text = "\"allow\"",
		.form = "\"allow\" or \"deny\"",
		.help = "what becomes of connections that neither list names",
		.change = CHANGE_LIVE,
	},
	{
		.name = "allow",
		.type = &type_egress_list,
		.offset = offsetof(struct egress, allow),
		.default_text = "[]",
		.form = "up to 64 of \"dns\", \"icmp\", \"PROTOCOL:PORT\", \"ADDRESS[/PREFIX]"
			"[:PORT[-LAST][/tcp or /udp]]\"",
		.help = "what the container may call",
		.change = CHANGE_LIVE,
	},
	{
		.name = "deny",
		.type = &type_egress_list,
		.offset = offsetof(struct egress, deny),
		.default_text = "[]",
		.form = "as net.egress.allow",
		.help = "what it may not call, whatever the others say",
		.change = CHANGE_LIVE,
	},
};
static const struct key_table egress_keys = KEY_TABLE(egress_keys_array);

/* Types that set several fields get the whole struct interface: offset 0. */
static const struct key net_keys_array[] = {
	{
		.name = "network",
		.type = &type_name,
		.offset = offsetof(struct interface, network),
		.form = "a name in networks",
		.help = "network the interface is on; default: the first of networks",
		.change = CHANGE_ATTACH,
	},
	{
		.name = "name",
		.type = &type_interface_name,
		.offset = offsetof(struct interface, name),
		.default_text = "\"eth0\"",
		.form = "1 to 15 bytes",
		.help = "name of the interface inside the container; of a second one eth1, and so on",
		.change = CHANGE_ATTACH,
	},
	{
		.name = "ip",
		.type = &type_ip,
		.default_text = "\"auto\"",
		.form = "\"auto\", or an address of the network",
		.help = "IPv4 address; auto: a free one of the network's pool, always the same",
		.change = CHANGE_ATTACH,
		.exclusive = true,
	},
	{
		.name = "ip6",
		.type = &type_ip6,
		.default_text = "\"auto\"",
		.form = "\"auto\", \"none\", or an address of the network's subnet6",
		.help = "IPv6 address; auto: made from the IPv4 address, where there is a subnet6",
		.change = CHANGE_ATTACH,
		.exclusive = true,
	},
	{
		.name = "mac",
		.type = &type_mac,
		.default_text = "\"auto\"",
		.form = "\"auto\", or an address like \"02:00:5e:10:00:01\"",
		.help = "hardware address; auto: made from the names, always the same",
		.change = CHANGE_ATTACH,
		.exclusive = true,
	},
	{
		.name = "mtu",
		.type = &type_inner_mtu,
		.offset = offsetof(struct interface, mtu),
		.form = "576 bytes to the mtu of the network",
		.help = "largest packet; default: as the network",
		.change = CHANGE_ATTACH,
	},
	{
		.name = "default_route",
		.type = &type_setting,
		.offset = offsetof(struct interface, default_route),
		.form = "true or false",
		.help = "what has no other route goes out here; default: true for the first",
		.change = CHANGE_ATTACH,
	},
	{
		.name = "antispoof",
		.type = &type_setting,
		.offset = offsetof(struct interface, antispoof),
		.form = "true or false",
		.help = "it sends from its own addresses only; default: true where it could do otherwise",
		.change = CHANGE_LIVE,
	},
	{
		.name = "isolate",
		.type = &type_setting,
		.offset = offsetof(struct interface, isolate),
		.form = "true or false",
		.help = "no other container of the network reaches it; default: as the network",
		.change = CHANGE_LIVE,
	},
	{
		.name = "bandwidth",
		.members = &bandwidth_keys,
		.offset = offsetof(struct interface, bandwidth),
		.help = "how much goes through it",
		.change = CHANGE_LIVE,
	},
	{
		.name = "routes",
		.type = &type_routes,
		.default_text = "[]",
		.form = "up to 64 of \"NETWORK/PREFIX via ADDRESS\"",
		.help = "further routes, by neighbours on the network",
		.change = CHANGE_ATTACH,
	},
	{
		.name = "aliases",
		.type = &type_aliases,
		.offset = offsetof(struct interface, aliases),
		.default_text = "[]",
		.form = "up to 32 names without a dot",
		.help = "further names under which containers of the network find this one",
		.change = CHANGE_LIVE,
		.exclusive = true,
	},
	{
		.name = "nat",
		.type = &type_nat,
		.form = "true or false",
		.help = "masquerade what the container sends out; default: as the network",
		.change = CHANGE_LIVE,
	},
	{
		.name = "ports",
		.type = &type_ports,
		.default_text = "[]",
		.form = "\"[ADDRESS:]HOST[-LAST]:CONTAINER[-LAST][/tcp or /udp]\"",
		.help = "ports of the host that lead into the container",
		.change = CHANGE_LIVE,
		.exclusive = true,
	},
	{
		.name = "host_access",
		.type = &type_boolean,
		.offset = offsetof(struct interface, host_access),
		.default_text = "true",
		.form = "true or false",
		.help = "the container may call the host itself, not only ask it for names",
		.change = CHANGE_LIVE,
	},
	{
		.name = "egress",
		.members = &egress_keys,
		.offset = offsetof(struct interface, egress),
		.help = "connections the container may begin",
		.change = CHANGE_LIVE,
	},
};
const struct key_table net_keys = KEY_TABLE(net_keys_array);
