/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of the manager file. */
#include "config/keys.h"
#include "config/paths.h"
#include "config/values.h"

static const struct key cgroup_keys_array[] = {
	{
		.name = "version",
		.type = &type_cgroup_version,
		.offset = offsetof(struct manager, cgroup_version),
		.default_text = "\"auto\"",
		.form = "\"auto\", 1 or 2",
		.help = "hierarchy to set limits in",
	},
	{
		.name = "parent",
		.type = &type_cgroup_path,
		.offset = offsetof(struct manager, cgroup_parent),
		.default_text = "\"cman\"",
		.form = "path below the cgroup root",
		.help = "cgroup that holds those of the containers",
		.change = CHANGE_RESTART,
	},
};
static const struct key_table cgroup_keys = KEY_TABLE(cgroup_keys_array);

static const struct key firewall_keys_array[] = {
	{
		.name = "backend",
		.type = &type_firewall_backend,
		.offset = offsetof(struct manager, firewall_backend),
		.default_text = "\"auto\"",
		.form = "\"auto\", \"iptables\", \"nftables\" or \"none\"",
		.help = "what holds the rules",
	},
	{
		.name = "prefix",
		.type = &type_chain_prefix,
		.offset = offsetof(struct manager, firewall_prefix),
		.default_text = "\"CMAN\"",
		.form = "1 to 10 capital letters",
		.help = "names of cman's chains begin with it",
	},
	{
		.name = "publish",
		.type = &type_firewall_publish,
		.offset = offsetof(struct manager, firewall_publish),
		.default_text = "\"open\"",
		.form = "\"open\" or \"host-firewall\"",
		.help = "who accepts connections to published ports: cman, or your own rules in FORWARD",
	},
	{
		.name = "manage_forward",
		.type = &type_boolean,
		.offset = offsetof(struct manager, manage_forward),
		.default_text = "true",
		.form = "true or false",
		.help = "switch forwarding on, and lead FORWARD to cman's chain first of all",
	},
};
static const struct key_table firewall_keys = KEY_TABLE(firewall_keys_array);

static const struct key dns_keys_array[] = {
	{
		.name = "servers",
		.type = &type_dns_servers,
		.offset = offsetof(struct manager, dns_servers),
		.default_text = "[ \"host\" ]",
		.form = "\"host\", \"none\", or up to 3 addresses",
		.help = "name servers of containers that name none themselves",
	},
	{
		.name = "fallback",
		.type = &type_addresses,
		.offset = offsetof(struct manager, dns_fallback),
		.default_text = "[ \"1.1.1.1\", \"8.8.8.8\" ]",
		.form = "up to 3 addresses",
		.help = "name servers for \"host\" when the host has none that a container can reach",
	},
	{
		.name = "search",
		.type = &type_domains,
		.offset = offsetof(struct manager, dns_search),
		.default_text = "[]",
		.form = "up to 6 domains",
		.help = "domains tried for short names, where a container names none itself",
	},
	{
		.name = "hosts",
		.type = &type_boolean,
		.offset = offsetof(struct manager, dns_hosts),
		.default_text = "true",
		.form = "true or false",
		.help = "containers of a network find each other by name in /etc/hosts",
	},
	{
		.name = "domain",
		.type = &type_domain,
		.offset = offsetof(struct manager, dns_domain),
		.default_text = "\"cman\"",
		.form = "a domain, or \"\" for none",
		.help = "containers are known as NAME and NAME.DOMAIN",
	},
};
static const struct key_table dns_keys = KEY_TABLE(dns_keys_array);

static const struct key userns_keys_array[] = {
	{
		.name = "base",
		.type = &type_id,
		.offset = offsetof(struct manager, userns_base),
		.default_text = "524288",
		.form = "a multiple of userns.size",
		.help = "first user and group id on the host that containers are mapped to",
	},
	{
		.name = "size",
		.type = &type_id_count,
		.offset = offsetof(struct manager, userns_size),
		.default_text = "65536",
		.form = "1000 to 2147483647",
		.help = "how many ids each container gets",
	},
};
static const struct key_table userns_keys = KEY_TABLE(userns_keys_array);

static const struct key network_keys_array[] = {
	{
		.name = "bridge",
		.type = &type_interface_name,
		.offset = offsetof(struct network, bridge),
		.form = "1 to 15 bytes",
		.help = "name of the bridge on the host; default: the network's name",
		.change = CHANGE_RESTART,
	},
	{
		.name = "external",
		.type = &type_boolean,
		.offset = offsetof(struct network, external),
		.default_text = "false",
		.form = "true or false",
		.help = "the bridge is there already, and not cman's to change or to remove",
		.change = CHANGE_RESTART,
	},
	{
		.name = "parent",
		.type = &type_parent,
		.offset = offsetof(struct network, parent),
		.default_text = "\"\"",
		.form = "a link of the host, or \"\" for none",
		.help = "macvlan on this link instead of a bridge: containers are on its network",
		.change = CHANGE_RESTART,
	},
	{
		.name = "subnet",
		.type = &type_subnet,
		.default_text = "\"10.83.0.0/16\"",
		.form = "address and prefix, /8 to /30",
		.help = "addresses of the network; no two networks overlap",
		.change = CHANGE_RESTART,
	},
	{
		.name = "gateway",
		.type = &type_address,
		.offset = offsetof(struct network, gateway),
		.default_text = "\"10.83.0.1\"",
		.form = "an address of the subnet",
		.help = "the host's own address on the bridge; default: the first of the subnet",
		.change = CHANGE_RESTART,
	},
	{
		.name = "pool",
		.type = &type_pool,
		.default_text = "\"10.83.1.0-10.83.255.254\"",
		.form = "\"FIRST-LAST\" within the subnet",
		.help = "addresses for ip = \"auto\"; default: all, of a /16 or larger without the first"
			" 256",
		.change = CHANGE_ATTACH, /* as net.ip */
	},
	{
		.name = "subnet6",
		.type = &type_subnet6,
		.default_text = "\"none\"",
		.form = "\"none\", \"auto\", or address and prefix, /16 to /126",
		.help = "IPv6 addresses; auto: a /64 for this machine and network alone (RFC 4193)",
		.change = CHANGE_RESTART,
	},
	{
		.name = "gateway6",
		.type = &type_gateway6,
		.offset = offsetof(struct network, gateway6),
		.default_text = "\"\"",
		.form = "an address of subnet6, or \"\" for the host bits of gateway",
		.help = "the host's own address there",
		.change = CHANGE_RESTART,
	},
	{
		.name = "nat",
		.type = &type_setting,
		.offset = offsetof(struct network, nat),
		.default_text = "true",
		.form = "true or false",
		.help = "masquerade what containers send out of the network",
		.change = CHANGE_RESTART,
	},
	{
		.name = "uplink",
		.type = &type_uplink,
		.offset = offsetof(struct network, uplink),
		.default_text = "\"auto\"",
		.form = "\"auto\", or a link of the host",
		.help = "masquerade what leaves by this link alone; auto: by any",
		.change = CHANGE_RESTART,
	},
	{
		.name = "internal",
		.type = &type_boolean,
		.offset = offsetof(struct network, internal),
		.default_text = "false",
		.form = "true or false",
		.help = "containers reach each other and the host, but nothing beyond",
		.change = CHANGE_RESTART,
	},
	{
		.name = "icc",
		.type = &type_boolean,
		.offset = offsetof(struct network, icc),
		.default_text = "true",
		.form = "true or false",
		.help = "containers of the network reach each other",
		.change = CHANGE_RESTART,
	},
	{
		.name = "isolate",
		.type = &type_boolean,
		.offset = offsetof(struct network, isolate),
		.default_text = "false",
		.form = "true or false",
		.help = "what net.isolate is where a container does not say",
		.change = CHANGE_LIVE, /* as net.isolate */
	},
	{
		.name = "mtu",
		.type = &type_mtu,
		.offset = offsetof(struct network, mtu),
		.default_text = "1500",
		.form = "576 to 65535 bytes",
		.help = "largest packet",
		.change = CHANGE_RESTART,
	},
};
static const struct key_table network_keys = KEY_TABLE(network_keys_array);

static const struct key manager_keys_array[] = {
	{
		.name = "version",
		.type = &type_version,
		.default_text = "1",
		.form = "1",
		.help = "version of these files' language",
	},
	{
		.name = "conf_dir",
		.type = &type_directory,
		.offset = offsetof(struct manager, conf_dir),
		.default_text = "\"" PATH_CONF_DIR "\"",
		.form = "a directory; relative ones are seen from this file's directory",
		.help = "every NAME.conf in it is a container",
	},
	{
		.name = "state_dir",
		.type = &type_directory,
		.offset = offsetof(struct manager, state_dir),
		.default_text = "\"" PATH_STATE_DIR "\"",
		.form = "a directory",
		.help = "what runs; should be gone after a reboot",
	},
	{
		.name = "data_dir",
		.type = &type_directory,
		.offset = offsetof(struct manager, data_dir),
		.default_text = "\"" PATH_DATA_DIR "\"",
		.form = "a directory",
		.help = "what outlives a reboot",
	},
	{
		.name = "log_dir",
		.type = &type_directory,
		.offset = offsetof(struct manager, log_dir),
		.default_text = "\"" PATH_LOG_DIR "\"",
		.form = "a directory",
		.help = "output of the containers, NAME.log",
	},
	{
		.name = "cgroup",
		.members = &cgroup_keys,
		.help = "where limits are set",
	},
	{
		.name = "firewall",
		.members = &firewall_keys,
		.help = "rules for NAT, published ports and forwarding",
	},
	{
		.name = "dns",
		.members = &dns_keys,
		.help = "names in the containers",
	},
	{
		.name = "userns",
		.members = &userns_keys,
		.help = "ids of the containers on the host",
	},
	{
		.name = "boot",
		.members = &boot_keys,
		.help = "how containers are brought up",
	},
	{
		.name = "shutdown",
		.members = &shutdown_keys,
		.help = "how they are stopped when the host goes down",
	},
	{
		.name = "networks",
		.type = &type_networks,
		.members = &network_keys,
		.named = true,
		.help = "networks, each a bridge of its own; default: one, cman0",
	},
	{
		.name = "defaults",
		.type = &type_defaults,
		.members = &container_keys,
		.help = "keys of every container",
	},
	{
		.name = "templates",
		.type = &type_templates,
		.members = &container_keys,
		.named = true,
		.help = "keys of the containers that extend NAME",
	},
};
const struct key_table manager_keys = KEY_TABLE(manager_keys_array);
