/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/keys.h"

#include <string.h>

#include "config/paths.h"
#include "config/values.h"

#define TABLE(array)                                                                               \
	{                                                                                          \
		array, ARRAY_SIZE(array)                                                           \
	}

static const struct key rootfs_keys_array[] = {
	{
		.name = "path",
		.type = &type_path,
		.offset = offsetof(struct spec, rootfs),
		.form = "absolute path of a directory other than /",
		.help = "the directory; must be there, as with the string alone",
		.change = CHANGE_RESTART,
	},
	{
		.name = "mode",
		.type = &type_rootfs_mode,
		.offset = offsetof(struct spec, rootfs_mode),
		.default_text = "\"bind\"",
		.form = "\"bind\", \"volatile\" or \"overlay\"",
		.help = "changes go to the directory; to memory, and with the container; or beside it",
		.change = CHANGE_RESTART,
	},
	{
		.name = "size",
		.type = &type_rootfs_size,
		.offset = offsetof(struct spec, rootfs_size),
		.default_text = "\"max\"",
		.form = "1M or more, or \"max\" for half of the memory of the host",
		.help = "how much can be changed in a volatile one",
		.change = CHANGE_RESTART,
	},
};
static const struct key_table rootfs_keys = TABLE(rootfs_keys_array);

static const struct key mount_keys_array[] = {
	{
		.name = "source",
		.type = &type_plain_path,
		.offset = offsetof(struct mount, source),
		.form = "absolute path without a symbolic link",
		.help = "directory or file of the host; must be there for a bind mount",
		.change = CHANGE_RESTART,
	},
	{
		.name = "target",
		.type = &type_mount_target,
		.offset = offsetof(struct mount, target),
		.form = "absolute path, not at or below /proc or /sys",
		.help = "where it is mounted in the container; must be there",
		.change = CHANGE_RESTART,
	},
	{
		.name = "type",
		.type = &type_mount_type,
		.offset = offsetof(struct mount, type),
		.default_text = "\"bind\"",
		.form = "\"bind\" or \"tmpfs\"",
		.help = "a part of the host's file system, or an empty one in memory",
		.change = CHANGE_RESTART,
	},
	{
		.name = "read_only",
		.type = &type_boolean,
		.offset = offsetof(struct mount, read_only),
		.default_text = "false",
		.form = "true or false",
		.help = "nothing on it can be changed by the container",
		.change = CHANGE_RESTART,
	},
	{
		.name = "size",
		.type = &type_mount_size,
		.offset = offsetof(struct mount, size),
		.default_text = "\"64M\"",
		.form = "4K or more",
		.help = "how much fits into a tmpfs",
		.change = CHANGE_RESTART,
	},
	{
		.name = "mode",
		.type = &type_mode,
		.offset = offsetof(struct mount, mode),
		.default_text = "\"0755\"",
		.form = "up to 4 octal digits in quotes",
		.help = "permissions of the directory that a tmpfs is",
		.change = CHANGE_RESTART,
	},
	{
		.name = "options",
		.type = &type_mount_options,
		.offset = offsetof(struct mount, options),
		.default_text = "[ \"nosuid\", \"nodev\" ]",
		.form = "noexec, nosuid, suid, nodev, noatime, rbind, rslave",
		.help = "how it is mounted",
		.change = CHANGE_RESTART,
	},
	{
		.name = "optional",
		.type = &type_boolean,
		.offset = offsetof(struct mount, optional),
		.default_text = "false",
		.form = "true or false",
		.help = "go on without it, with a warning, where there is no source",
		.change = CHANGE_RESTART,
	},
};
static const struct key_table mount_keys = TABLE(mount_keys_array);

static const struct key limits_keys_array[] = {
	{
		.name = "pids",
		.type = &type_pids,
		.offset = offsetof(struct limits, pids),
		.default_text = "512",
		.form = "2 to 4194304, or \"max\"",
		.help = "highest number of tasks (processes and threads)",
		.change = CHANGE_LIVE,
	},
	{
		.name = "memory",
		.type = &type_memory,
		.offset = offsetof(struct limits, memory),
		.default_text = "\"max\"",
		.form = "4M to the memory of the host, \"50%\" of that, or \"max\"",
		.help = "memory of all tasks together, with page cache",
		.change = CHANGE_LIVE,
	},
	{
		.name = "memory_high",
		.type = &type_memory,
		.offset = offsetof(struct limits, memory_high),
		.default_text = "\"max\"",
		.form = "4M to limits.memory, \"50%\" of the host's, or \"max\"",
		.help = "memory from which on the container is slowed down and pressed to give back",
		.change = CHANGE_LIVE,
	},
	{
		.name = "memory_low",
		.type = &type_memory_or_none,
		.offset = offsetof(struct limits, memory_low),
		.default_text = "\"0\"",
		.form = "up to limits.memory, or \"50%\" of the host's",
		.help = "memory that stays with the container when the host is short of it",
		.change = CHANGE_LIVE,
	},
	{
		.name = "swap",
		.type = &type_memory_or_none,
		.offset = offsetof(struct limits, swap),
		.default_text = "\"max\"",
		.form = "\"0\" or more, or \"max\"",
		.help = "swap space on top of memory",
		.change = CHANGE_LIVE,
	},
	{
		.name = "oom_group",
		.type = &type_boolean,
		.offset = offsetof(struct limits, oom_group),
		.default_text = "false",
		.form = "true or false",
		.help = "out of memory, all processes are killed together, not one of them",
		.change = CHANGE_LIVE,
	},
	{
		.name = "cpus",
		.type = &type_cpus,
		.offset = offsetof(struct limits, cpu_quota_us),
		.default_text = "\"max\"",
		.form = "0.01 to the number of CPUs, or \"max\"",
		.help = "processor time, in CPUs: 0.5 is half of one",
		.change = CHANGE_LIVE,
	},
	{
		.name = "cpu_weight",
		.type = &type_weight,
		.offset = offsetof(struct limits, cpu_weight),
		.default_text = "100",
		.form = "1 to 10000",
		.help = "share of the processors where containers compete for them",
		.change = CHANGE_LIVE,
	},
	{
		.name = "cpuset",
		.type = &type_cpu_list,
		.offset = offsetof(struct limits, cpuset),
		.default_text = "\"all\"",
		.form = "\"all\", or a list of CPUs like \"0-3,6\"",
		.help = "processors the container may run on",
		.change = CHANGE_LIVE,
	},
	{
		.name = "mems",
		.type = &type_cpu_list,
		.offset = offsetof(struct limits, mems),
		.default_text = "\"all\"",
		.form = "\"all\", or a list of nodes like \"0\"",
		.help = "memory nodes it may have memory of",
		.change = CHANGE_LIVE,
	},
	{
		.name = "io",
		.type = &type_io,
		.default_text = "()",
		.form = "groups of device, rbps, wbps, riops, wiops",
		.help = "bytes and operations per second, read and written, of block devices",
		.change = CHANGE_LIVE,
	},
	{
		.name = "io_weight",
		.type = &type_weight,
		.offset = offsetof(struct limits, io_weight),
		.default_text = "100",
		.form = "1 to 10000",
		.help = "share of the block devices where containers compete for them",
		.change = CHANGE_LIVE,
	},
	{
		.name = "nofile",
		.type = &type_nofile,
		.default_text = "\"1024:524288\"",
		.form = "64 to fs.nr_open, for both or as \"SOFT:HARD\"",
		.help = "open files of a process: it may raise SOFT up to HARD",
		.change = CHANGE_LIVE,
	},
	{
		.name = "ulimits",
		.type = &type_ulimits,
		.default_text = "[]",
		.form = "\"NAME=SOFT[:HARD]\", a number, size or \"unlimited\"",
		.help = "limits of each process, by the names of prlimit(1)",
		.change = CHANGE_LIVE,
	},
	{
		.name = "oom_score_adj",
		.type = &type_score,
		.offset = offsetof(struct limits, oom_score_adj),
		.default_text = "0",
		.form = "-1000 to 1000",
		.help = "more likely (above 0) or less likely to be killed when memory runs out",
		.change = CHANGE_LIVE,
	},
	{
		.name = "raw",
		.type = &type_raw,
		.offset = offsetof(struct limits, raw),
		.default_text = "[]",
		.form = "\"FILE=VALUE\", files of memory, cpu, io, pids and hugetlb",
		.help = "files of cgroup v2 that no key stands for",
		.change = CHANGE_LIVE,
	},
};
static const struct key_table limits_keys = TABLE(limits_keys_array);

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
		.help = "name of the interface inside the container",
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
};
static const struct key_table net_keys = TABLE(net_keys_array);

static const struct key security_keys_array[] = {
	{
		.name = "cap_drop",
		.type = &type_capabilities,
		.offset = offsetof(struct security, cap_drop),
		.default_text = "[]",
		.form = "capabilities without CAP_, or \"ALL\"",
		.help = "capabilities taken out of the default set",
		.change = CHANGE_RESTART,
	},
	{
		.name = "cap_add",
		.type = &type_capabilities,
		.offset = offsetof(struct security, cap_add),
		.default_text = "[]",
		.form = "capabilities without CAP_, or \"ALL\"",
		.help = "capabilities added to what cap_drop has left",
		.change = CHANGE_RESTART,
	},
	{
		.name = "no_new_privs",
		.type = &type_boolean,
		.offset = offsetof(struct security, no_new_privs),
		.default_text = "true",
		.form = "true or false",
		.help = "programs that are set-user-ID or have file capabilities gain nothing by them",
		.change = CHANGE_RESTART,
	},
	{
		.name = "seccomp",
		.type = &type_seccomp,
		.offset = offsetof(struct security, seccomp),
		.default_text = "\"default\"",
		.form = "\"default\", \"none\", or the path of a file",
		.help = "which system calls it may make",
		.change = CHANGE_RESTART,
	},
	{
		.name = "masked_paths",
		.type = &type_paths,
		.offset = offsetof(struct security, masked_paths),
		.default_text = "[]",
		.form = "up to 64 absolute paths",
		.help = "files and directories that look empty, besides those of the kernel",
		.change = CHANGE_RESTART,
	},
	{
		.name = "readonly_paths",
		.type = &type_paths,
		.offset = offsetof(struct security, readonly_paths),
		.default_text = "[]",
		.form = "up to 64 absolute paths",
		.help = "files and directories that cannot be changed, besides those of the kernel",
		.change = CHANGE_RESTART,
	},
	{
		.name = "sysctls",
		.type = &type_sysctls,
		.offset = offsetof(struct security, sysctls),
		.default_text = "[]",
		.form = "up to 64 of \"NAME=VALUE\"",
		.help = "switches of the kernel that are the container's own: net.* and those of IPC",
		.change = CHANGE_RESTART,
	},
};
static const struct key_table security_keys = TABLE(security_keys_array);

static const struct key container_keys_array[] = {
	{
		.name = "extends",
		.type = &type_template_names,
		.offset = offsetof(struct spec, extends),
		.default_text = "[]",
		.form = "up to 16 names of templates",
		.help = "templates of the manager file to start from, left to right",
		.change = CHANGE_NONE,
		.exclusive = true,
	},
	{
		.name = "description",
		.type = &type_text,
		.offset = offsetof(struct spec, description),
		.default_text = "\"\"",
		.form = "up to 255 bytes",
		.help = "what the container is for",
		.change = CHANGE_LIVE,
	},
	{
		.name = "labels",
		.type = &type_labels,
		.offset = offsetof(struct spec, labels),
		.default_text = "[]",
		.form = "up to 64 of \"KEY=VALUE\"",
		.help = "marks of your own",
		.change = CHANGE_LIVE,
	},
	{
		.name = "rootfs",
		.type = &type_rootfs,
		.members = &rootfs_keys,
		.form = "absolute path of a directory other than /, or a group",
		.help = "root filesystem; the only key that must be there",
		.change = CHANGE_RESTART,
		.exclusive = true,
	},
	{
		.name = "read_only",
		.type = &type_boolean,
		.offset = offsetof(struct spec, read_only),
		.default_text = "false",
		.form = "true or false",
		.help = "nothing in the rootfs can be changed by the container",
		.change = CHANGE_RESTART,
	},
	{
		.name = "mounts",
		.type = &type_mounts,
		.members = &mount_keys,
		.help = "what else is mounted in the container, in this order",
		.change = CHANGE_RESTART,
		.listed = true,
	},
	{
		.name = "hostname",
		.type = &type_hostname,
		.offset = offsetof(struct spec, hostname),
		.form = "letters, digits, '-' and '.', up to 64 bytes",
		.help = "host name; default: the container's name",
		.change = CHANGE_LIVE,
		.exclusive = true,
	},
	{
		.name = "command",
		.type = &type_command,
		.offset = offsetof(struct spec, command),
		.form = "a string split at blanks (quotes are honoured), or an array",
		.help = "program and arguments; default: /sbin/init where it exists, else /bin/sh",
		.change = CHANGE_RESTART,
	},
	{
		.name = "environment",
		.type = &type_environment,
		.offset = offsetof(struct spec, environment),
		.default_text = "[]",
		.form = "\"NAME=VALUE\", or \"NAME\" to take it over from the host",
		.help = "added to PATH, HOME, TERM and container=cman",
		.change = CHANGE_RESTART,
	},
	{
		.name = "working_dir",
		.type = &type_path,
		.offset = offsetof(struct spec, working_dir),
		.default_text = "\"/\"",
		.form = "absolute path in the container",
		.help = "directory the command starts in",
		.change = CHANGE_RESTART,
	},
	{
		.name = "user",
		.type = &type_user,
		.offset = offsetof(struct spec, user),
		.default_text = "\"root\"",
		.form = "name, id, or \"USER:GROUP\"",
		.help = "whom the command runs as, looked up in the rootfs",
		.change = CHANGE_RESTART,
	},
	{
		.name = "limits",
		.members = &limits_keys,
		.offset = offsetof(struct spec, limits),
		.help = "what the container may use up",
		.change = CHANGE_LIVE,
	},
	{
		.name = "net",
		.type = &type_interfaces,
		.members = &net_keys,
		.form = "a group, or \"none\": only the loopback interface",
		.help = "its network interface",
		.change = CHANGE_ATTACH,
	},
	{
		.name = "dns",
		.type = &type_dns_servers,
		.offset = offsetof(struct spec, dns),
		.default_text = "[ \"host\" ]",
		.form = "\"host\", \"none\", or up to 3 addresses",
		.help = "name servers in resolv.conf; default: dns.servers of the manager file",
		.change = CHANGE_LIVE,
	},
	{
		.name = "dns_search",
		.type = &type_domains,
		.offset = offsetof(struct spec, dns_search),
		.default_text = "[]",
		.form = "up to 6 domains",
		.help = "domains tried for short names",
		.change = CHANGE_LIVE,
	},
	{
		.name = "extra_hosts",
		.type = &type_extra_hosts,
		.default_text = "[]",
		.form = "\"NAME=ADDRESS\"",
		.help = "further lines of /etc/hosts",
		.change = CHANGE_LIVE,
	},
	{
		.name = "security",
		.members = &security_keys,
		.offset = offsetof(struct spec, security),
		.help = "what the container may do beyond, or less than, the usual",
		.change = CHANGE_RESTART,
	},
	{
		.name = "autostart",
		.type = &type_boolean,
		.offset = offsetof(struct spec, autostart),
		.default_text = "false",
		.form = "true or false",
		.help = "bring it up at boot",
		.change = CHANGE_NONE,
	},
	{
		.name = "stop_signal",
		.type = &type_signal,
		.offset = offsetof(struct spec, stop_signal),
		.default_text = "\"SIGTERM\"",
		.form = "name or number of a signal",
		.help = "asks the command to end",
		.change = CHANGE_LIVE,
	},
	{
		.name = "stop_timeout",
		.type = &type_time,
		.offset = offsetof(struct spec, stop_timeout_ms),
		.default_text = "\"10s\"",
		.form = "seconds, or a string like \"1m30s\"; 0 to 1h",
		.help = "time to end in before everything is killed",
		.change = CHANGE_LIVE,
	},
};
const struct key_table container_keys = TABLE(container_keys_array);

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
	},
};
static const struct key_table cgroup_keys = TABLE(cgroup_keys_array);

static const struct key firewall_keys_array[] = {
	{
		.name = "prefix",
		.type = &type_chain_prefix,
		.offset = offsetof(struct manager, firewall_prefix),
		.default_text = "\"CMAN\"",
		.form = "1 to 10 capital letters",
		.help = "names of cman's chains begin with it",
	},
};
static const struct key_table firewall_keys = TABLE(firewall_keys_array);

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
static const struct key_table dns_keys = TABLE(dns_keys_array);

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
static const struct key_table userns_keys = TABLE(userns_keys_array);

static const struct key network_keys_array[] = {
	{
		.name = "bridge",
		.type = &type_interface_name,
		.offset = offsetof(struct network, bridge),
		.form = "1 to 15 bytes",
		.help = "name of the bridge on the host; default: the network's name",
	},
	{
		.name = "subnet",
		.type = &type_subnet,
		.default_text = "\"10.83.0.0/16\"",
		.form = "address and prefix, /8 to /30",
		.help = "addresses of the network; no two networks overlap",
	},
	{
		.name = "gateway",
		.type = &type_address,
		.offset = offsetof(struct network, gateway),
		.default_text = "\"10.83.0.1\"",
		.form = "an address of the subnet",
		.help = "the host's own address on the bridge; default: the first of the subnet",
	},
	{
		.name = "pool",
		.type = &type_pool,
		.default_text = "\"10.83.1.0-10.83.255.254\"",
		.form = "\"FIRST-LAST\" within the subnet",
		.help = "addresses for ip = \"auto\"; default: all, of a /16 or larger without the first"
			" 256",
	},
	{
		.name = "nat",
		.type = &type_boolean,
		.offset = offsetof(struct network, nat),
		.default_text = "true",
		.form = "true or false",
		.help = "masquerade what containers send out of the network",
	},
	{
		.name = "mtu",
		.type = &type_mtu,
		.offset = offsetof(struct network, mtu),
		.default_text = "1500",
		.form = "576 to 65535 bytes",
		.help = "largest packet",
	},
};
static const struct key_table network_keys = TABLE(network_keys_array);

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
		.help = "how its rules look",
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
const struct key_table manager_keys = TABLE(manager_keys_array);

const struct key *keys_find(const struct key_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->keys[i].name, name) == 0)
			return &table->keys[i];
	return NULL;
}

static void visit_table(const struct key_table *table, const char *prefix,
			void (*visit)(const char *path, const struct key *key, void *data),
			void *data)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		AUTO_FREE char *path = xprintf("%s%s", prefix, key->name);
		AUTO_FREE char *inside = xprintf("%s%s.", path,
						 key->named    ? ".NAME"
						 : key->listed ? "[]"
							       : "");

		visit(path, key, data);
		if (key->members && key->members != &container_keys)
			visit_table(key->members, inside, visit, data);
	}
}

void keys_each(const struct key_table *table,
	       void (*visit)(const char *path, const struct key *key, void *data), void *data)
{
	visit_table(table, "", visit, data);
}
