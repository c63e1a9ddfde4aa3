/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/hint.h"

#include <string.h>

#include "base/text.h"

/* 'As in a shell', or as a word processor makes it of "". */
static bool is_quoted_otherwise(const char *word)
{
	static const char *const quotes[] = {"'",      "`",      "\u2018", "\u201c",
					     "\u201e", "\u00ab", "\u201d"};

	for (size_t i = 0; i < ARRAY_SIZE(quotes); i++)
		if (text_starts_with(word, quotes[i]))
			return true;
	return false;
}

char *hint_for_unquoted(const char *word)
{
	static const char *const yes[] = {"yes", "on", "y", "enable", "enabled"};
	static const char *const no[] = {"no", "off", "n", "disable", "disabled"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(word, yes[i]) == 0)
			return xstrdup("write true");
		if (strcasecmp(word, no[i]) == 0)
			return xstrdup("write false");
	}
	if (is_quoted_otherwise(word))
		return xstrdup("a string stands in double quotes: \"...\"");
	return xprintf("put it in quotes: \"%s\"", word);
}

char *hint_for_dotted_key(const char *word)
{
	const char *last = strrchr(word, '.'), *dot;
	AUTO_TEXT struct text text = {0};

	if (!last || !last[1] || *word == '.' || strstr(word, "..") ||
	    word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_.")])
		return NULL;
	for (const char *part = word; (dot = strchr(part, '.')); part = dot + 1)
		text_addf(&text, "%.*s : { ", (int)(dot - part), part);
	text_addf(&text, "%s = ...;", last + 1);
	for (const char *at = word; (at = strchr(at, '.')); at++)
		text_addf(&text, " };");
	return xprintf("write %s", text.data);
}

/* Where cman says the same with another word. A '*' at the end stands for any rest. */
struct foreign_key {
	const char *group; /* the group it is found in; NULL: any */
	const char *key;
	const char *ours; /* the key to use; NULL: see why */
	const char *why;  /* a sentence */
};

static const struct foreign_key foreign_keys[] = {
	/* LXC; longer patterns first */
	{NULL, "lxc.uts.name", "hostname", NULL},
	{NULL, "lxc.utsname", "hostname", NULL},
	{NULL, "lxc.rootfs.path", "rootfs", NULL},
	{NULL, "lxc.rootfs", "rootfs", NULL},
	{NULL, "lxc.net.*.ipv4.address", "net.ip", NULL},
	{NULL, "lxc.net.*.ipv4.gateway", "networks.NAME.gateway", "of the manager file"},
	{NULL, "lxc.net.*.link", "net.network", NULL},
	{NULL, "lxc.net.*.name", "net.name", NULL},
	{NULL, "lxc.net.*.flags", NULL, "interfaces are always up"},
	{NULL, "lxc.net.*.type", NULL, "interfaces are veth pairs on the bridge of net.network"},
	{NULL, "lxc.net.*", "net", NULL},
	{NULL, "lxc.network.*", "net", NULL},
	{NULL, "lxc.cgroup.memory.*", "limits.memory", NULL},
	{NULL, "lxc.cgroup2.memory.*", "limits.memory", NULL},
	{NULL, "lxc.cgroup.pids.*", "limits.pids", NULL},
	{NULL, "lxc.cgroup2.pids.*", "limits.pids", NULL},
	{NULL, "lxc.cgroup.cpu.*", "limits.cpus", NULL},
	{NULL, "lxc.cgroup2.cpu.*", "limits.cpus", NULL},
	{NULL, "lxc.cgroup.devices.*", "security.devices", "the usual ones are always there"},
	{NULL, "lxc.cgroup2.devices.*", "security.devices", "the usual ones are always there"},
	{NULL, "lxc.cgroup*", "limits", "which means the same on cgroup v1 and v2"},
	{NULL, "lxc.environment*", "environment", NULL},
	{NULL, "lxc.start.auto", "autostart", NULL},
	{NULL, "lxc.group", "groups", NULL},
	{NULL, "lxc.start.delay", "start_delay", NULL},
	{NULL, "lxc.start.order", "depends_on", "or after: cman finds the order by itself"},
	{NULL, "lxc.init.cmd", "command", NULL},
	{NULL, "lxc.execute.cmd", "command", NULL},
	{NULL, "lxc.init.cwd", "working_dir", NULL},
	{NULL, "lxc.init.uid", "user", NULL},
	{NULL, "lxc.init.gid", "user", "as \"UID:GID\""},
	{NULL, "lxc.signal.*", "stop_signal", NULL},
	{NULL, "lxc.include", NULL,
	 "a line @include \"FILE\" takes in another file, and templates of"
	 " the manager file are used with extends"},
	{NULL, "lxc.idmap*", "security.userns", "as \"0:HOST_FIRST:COUNT\""},
	{NULL, "lxc.apparmor.profile", "security.apparmor", NULL},
	{NULL, "lxc.aa_profile", "security.apparmor", NULL},
	{NULL, "lxc.sysctl*", "security.sysctls", NULL},
	{NULL, "lxc.mount*", "mounts", "what a container always needs is mounted anyway"},
	{NULL, "lxc.*", NULL, "this is a key of LXC that cman does not have"},
	/* docker compose, podman, docker run */
	{NULL, "mem_limit", "limits.memory", NULL},
	{NULL, "memory_limit", "limits.memory", NULL},
	{NULL, "mem", "limits.memory", NULL},
	{"limits", "memory_max", "limits.memory", NULL},
	{"", "memory_max", "limits.memory", NULL},
	{NULL, "mem_reservation", "limits.memory_low", NULL},
	{NULL, "memswap_limit", "limits.swap", "on top of memory"},
	{"limits", "memory_swap", "limits.swap", "on top of memory"},
	{NULL, "mem_swappiness", "limits.swap", NULL},
	{NULL, "oom_kill_disable", "limits.oom_score_adj", NULL},
	{NULL, "cpu_shares", "limits.cpu_weight", "100 is what 1024 shares are"},
	{NULL, "cpuset_cpus", "limits.cpuset", NULL},
	{NULL, "cpuset_mems", "limits.mems", NULL},
	{NULL, "blkio_config", "limits.io", NULL},
	{NULL, "blkio_weight", "limits.io_weight", NULL},
	{NULL, "ulimit", "limits.ulimits", NULL},
	{"limits", "cpu", "limits.cpus", NULL},
	{"", "cpu", "limits.cpus", NULL},
	{NULL, "cpu_quota", "limits.cpus", "in CPUs: 0.5 is half of one"},
	{NULL, "cpu_limit", "limits.cpus", NULL},
	{NULL, "cpu_count", "limits.cpus", NULL},
	{NULL, "pids_limit", "limits.pids", NULL},
	{NULL, "pids_max", "limits.pids", NULL},
	{NULL, "max_processes", "limits.pids", NULL},
	{NULL, "publish", "net.ports", NULL},
	{"", "port", "net.ports", NULL},
	{"net", "port", "net.ports", NULL},
	{NULL, "expose", "net.ports", NULL},
	{NULL, "forward", "net.ports", NULL},
	{NULL, "ipv4", "net.ip", NULL},
	{NULL, "ipv4_address", "net.ip", NULL},
	{NULL, "ip_address", "net.ip", NULL},
	{NULL, "address", "net.ip", NULL},
	{NULL, "masquerade", "net.nat", NULL},
	{NULL, "network_mode", "net.network", NULL},
	{"", "networks", "net.network", "networks themselves are declared in the manager file"},
	{"", "bridge", "net.network", "bridges are declared under networks in the manager file"},
	{"net", "bridge", "net.network", "bridges are declared under networks in the manager file"},
	{"net", "gateway", "networks.NAME.gateway", "of the manager file"},
	{"net", "interface", "net.name", NULL},
	{"", "interface", "net", NULL},
	{"net", "dns", "dns", "at the top of the file"},
	{NULL, "nameserver", "dns", NULL},
	{NULL, "nameservers", "dns", NULL},
	{NULL, "search", "dns_search", NULL},
	{NULL, "hosts", "extra_hosts", NULL},
	{NULL, "add_host", "extra_hosts", NULL},
	{NULL, "image", "rootfs", "a directory with a root filesystem; cman pulls no images"},
	{NULL, "root", "rootfs", NULL},
	{NULL, "root_dir", "rootfs", NULL},
	{NULL, "rootdir", "rootfs", NULL},
	{NULL, "container_name", NULL, "a container's name is the name of its file without .conf"},
	{"", "name", NULL, "a container's name is the name of its file without .conf"},
	{NULL, "entrypoint", "command", NULL},
	{NULL, "cmd", "command", NULL},
	{NULL, "exec", "command", NULL},
	{NULL, "args", "command", "an array of the program and its arguments"},
	{NULL, "env", "environment", NULL},
	{NULL, "envs", "environment", NULL},
	{NULL, "env_file", NULL, "cman reads no files of variables, use environment"},
	{NULL, "workdir", "working_dir", NULL},
	{NULL, "cwd", "working_dir", NULL},
	{NULL, "directory", "working_dir", NULL},
	{NULL, "host_name", "hostname", NULL},
	{NULL, "uts_name", "hostname", NULL},
	{NULL, "utsname", "hostname", NULL},
	{NULL, "domain_name", "domainname", NULL},
	{NULL, "dns_opt", "dns_options", NULL},
	{NULL, "resolv_options", "dns_options", NULL},
	{NULL, "uid", "user", NULL},
	{NULL, "gid", "user", "as \"UID:GID\""},
	{NULL, "username", "user", NULL},
	{NULL, "group_add", "supplementary_groups", NULL},
	{NULL, "lxc.init.groups", "supplementary_groups", NULL},
	{NULL, "logging", "log", NULL},
	{"log", "max-size", "log.max_size", NULL},
	{"log", "max-file", "log.max_files", NULL},
	{"log", "type", "log.driver", NULL},
	{NULL, "stop_grace_period", "stop_timeout", NULL},
	{NULL, "kill_timeout", "stop_timeout", NULL},
	{NULL, "kill_signal", "stop_signal", NULL},
	{NULL, "restart_policy", "restart.policy", NULL},
	{NULL, "Restart", "restart.policy", NULL},
	{NULL, "RestartSec", "restart.delay", NULL},
	{NULL, "RestartMaxDelaySec", "restart.max_delay", NULL},
	{NULL, "max_attempts", "restart.max_retries", NULL},
	{NULL, "links", "depends_on", NULL},
	{NULL, "requires", "depends_on", NULL},
	{NULL, "Requires", "depends_on", NULL},
	{NULL, "Wants", "after", NULL},
	{NULL, "After", "after", NULL},
	{NULL, "depend", "depends_on", NULL},
	{NULL, "profiles", "groups", NULL},
	{NULL, "healthcheck", "health", "a group"},
	{NULL, "health_cmd", "health.command", NULL},
	{"health", "test", "health.command", NULL},
	{NULL, "readiness", "ready", "a group"},
	{NULL, "sd_notify", "ready.notify", NULL},
	{NULL, "volumes", "mounts", NULL},
	{NULL, "tmpfs", "mounts", "with type = \"tmpfs\""},
	{NULL, "userns_mode", "security.userns", "\"none\" for \"host\""},
	{NULL, "capabilities", "security.cap_add", "and security.cap_drop"},
	{NULL, "SystemCallFilter", "security.seccomp", NULL},
	{NULL, "apparmor_profile", "security.apparmor", NULL},
	{NULL, "AppArmorProfile", "security.apparmor", NULL},
	{"", "security_opt", "security", "a group"},
	{NULL, "device", "security.devices", NULL},
	{NULL, "device_cgroup_rules", "security.devices", NULL},
	{NULL, "DeviceAllow", "security.devices", NULL},
	{NULL, "auto", "autostart", NULL},
	{NULL, "onboot", "autostart", NULL},
	{NULL, "template", "extends", NULL},
	{NULL, "templates", "extends", "templates themselves are declared in the manager file"},
	{NULL, "inherit", "extends", NULL},
	{NULL, "include", NULL, "a line @include \"FILE\" takes in another file"},
	/* jail.conf */
	{"", "path", "rootfs", NULL},
	{NULL, "host.hostname", "hostname", NULL},
	{NULL, "ip4.addr", "net.ip", NULL},
	{NULL, "ip6.addr", "net.ip6", NULL},
	{NULL, "exec.start", "command", NULL},
	{NULL, "exec.stop", NULL,
	 "a container is stopped with stop_signal, then killed after"
	 " stop_timeout"},
	{NULL, "exec.prestart", "hooks.pre_start", NULL},
	{NULL, "exec.poststart", "hooks.post_start", NULL},
	{NULL, "exec.prestop", "hooks.pre_stop", NULL},
	{NULL, "exec.poststop", "hooks.post_stop", NULL},
	{NULL, "lxc.hook.pre-start", "hooks.pre_start", NULL},
	{NULL, "lxc.hook.start-host", "hooks.post_start", NULL},
	{NULL, "lxc.hook.stop", "hooks.pre_stop", NULL},
	{NULL, "lxc.hook.post-stop", "hooks.post_stop", NULL},
	{NULL, "ExecStartPre", "hooks.pre_start", NULL},
	{NULL, "ExecStartPost", "hooks.post_start", NULL},
	{NULL, "ExecStopPost", "hooks.post_stop", NULL},
	{NULL, "exec.jail_user", "user", NULL},
	{NULL, "mount.*", "mounts", "/dev, /proc and /sys are always mounted"},
	{NULL, "allow.*", NULL, "the isolation of containers cannot be changed yet"},
	{NULL, "vnet*", "net", "every container has a network stack of its own"},
	{NULL, "persist", NULL, "a container lives as long as its command"},
	/* systemd.nspawn */
	{NULL, "Boot", "command", "\"/sbin/init\" boots the system in the rootfs"},
	{NULL, "Parameters", "command", NULL},
	{NULL, "ProcessTwo", "init", NULL},
	{NULL, "Hostname", "hostname", NULL},
	{NULL, "Environment", "environment", NULL},
	{NULL, "User", "user", NULL},
	{NULL, "WorkingDirectory", "working_dir", NULL},
	{NULL, "KillSignal", "stop_signal", NULL},
	{NULL, "Port", "net.ports", NULL},
	{NULL, "Bridge", "net.network", "bridges are declared under networks in the manager file"},
	{NULL, "VirtualEthernet", "net", "every container has a veth pair"},
	{NULL, "Private", "net", "every container has a network stack of its own"},
	{NULL, "PrivateUsers", "security.userns", NULL},
	{NULL, "Bind", "mounts", NULL},
	{NULL, "BindReadOnly", "mounts", "with read_only = true"},
	{NULL, "ResolvConf", "dns", NULL},
	{NULL, "LimitNPROC", "limits.pids", NULL},
	{NULL, "LimitNOFILE", "limits.nofile", NULL},
	{NULL, "Limit*", "limits.ulimits", NULL},
	{NULL, "OOMScoreAdjust", "limits.oom_score_adj", NULL},
	{NULL, "CPUAffinity", "limits.cpuset", NULL},
	{NULL, "MemoryHigh", "limits.memory_high", NULL},
	{NULL, "MemoryLow", "limits.memory_low", NULL},
	{NULL, "MemorySwapMax", "limits.swap", NULL},
	{NULL, "CPUWeight", "limits.cpu_weight", NULL},
	{NULL, "MemoryMax", "limits.memory", NULL},
	{NULL, "TasksMax", "limits.pids", NULL},
	{NULL, "CPUQuota", "limits.cpus", "in CPUs: 0.5 is half of one"},
};

/* '*' stands for any text. */
static bool matches(const char *pattern, const char *text)
{
	if (*pattern == '*')
		return matches(pattern + 1, text) || (*text && matches(pattern, text + 1));
	if (*pattern == '\0' || *pattern != *text)
		return *pattern == *text;
	return matches(pattern + 1, text + 1);
}

char *hint_for_foreign_key(const char *group, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign_keys); i++) {
		const struct foreign_key *foreign = &foreign_keys[i];

		if ((foreign->group && strcmp(foreign->group, group) != 0) ||
		    !matches(foreign->key, key))
			continue;
		if (!foreign->ours)
			return xstrdup(foreign->why);
		return foreign->why ? xprintf("cman's word is %s, %s", foreign->ours, foreign->why)
				    : xprintf("cman's word is %s", foreign->ours);
	}
	return NULL;
}
