/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/why.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "lifecycle/why_parts.h"

#define RECORD   "the record of the container, STATE_DIR/containers/NAME/spec"
#define SETTINGS "its supervisor, by STATE_DIR/containers/NAME/settings"
#define MEMORY   "the memory controller of its cgroup: "
#define CPU      "the cpu controller of its cgroup: "
#define LINK     "its link, inside"
#define RULES    "rules of the firewall"
#define COMMAND  "the process of its command: "

/*
 * The first that a key is, or begins with, counts. What looks at it is NULL where the kernel knows
 * nothing of it.
 */
static const struct {
	const char *key; /* without "[]" */
	const char *object;
	why_look *look;
	const char *detail;
} objects[] = {
	{"extends", "none: what the templates say is in the other keys", NULL, NULL},
	{"autostart", "none: the file is read at boot", NULL, NULL},
	{"depends_on", "none: whom up and down work on before and after it", NULL, NULL},
	{"after", "none: whom up and down work on before and after it", NULL, NULL},
	{"start_delay", "none: the file is read at boot", NULL, NULL},
	{"groups", "none: up and down go by it", NULL, NULL},
	{"description", RECORD, NULL, NULL},
	{"labels", RECORD, NULL, NULL},
	{"restart", RECORD, NULL, NULL},
	{"hooks", RECORD, NULL, NULL},
	{"ready", RECORD, NULL, NULL},
	{"health.interval", SETTINGS, NULL, NULL},
	{"health", RECORD, NULL, NULL},
	{"stop_signal", SETTINGS, NULL, NULL},
	{"stop_timeout", SETTINGS, NULL, NULL},
	{"log", SETTINGS, NULL, NULL},
	{"rootfs.path", "the mount at / of its mount namespace", why_look_rootfs, "path"},
	{"rootfs.mode", "the mount at / of its mount namespace", why_look_rootfs, "mode"},
	{"rootfs.size", "project quota or image of the changes, or a tmpfs", why_look_rootfs, "size"},
	{"rootfs.upper", "upperdir of the overlay at /", why_look_rootfs, "upper"},
	{"read_only", "the flag ro of the mount at /", why_look_rootfs, "ro"},
	{"mounts.source", "a mount in its mount namespace", why_look_mount, "source"},
	{"mounts.target", "a mount in its mount namespace", why_look_mount, "target"},
	{"mounts.type", "a mount in its mount namespace", why_look_mount, "type"},
	{"mounts.read_only", "the flag ro of the mount", why_look_mount, "ro"},
	{"mounts.size", "size of the tmpfs", why_look_mount, "size"},
	{"mounts.mode", "mode of the tmpfs", why_look_mount, "mode"},
	{"mounts.options", "flags of the mount", why_look_mount, "options"},
	{"mounts.optional", RECORD, NULL, NULL},
	{"mounts", "mounts in its mount namespace", why_look_mount, "target"},
	{"hostname", "the host name of its UTS namespace", why_look_uts, "hostname"},
	{"domainname", "the domain name of its UTS namespace", why_look_uts, "domainname"},
	{"command", COMMAND "/proc/PID/cmdline", why_look_process, "cmdline"},
	{"init", "its process 1: /proc/PID/comm", why_look_process, "comm"},
	{"tty", COMMAND "/proc/PID/fd/0", why_look_process, "fd/0"},
	{"environment", COMMAND "/proc/PID/environ", why_look_process, "environ"},
	{"working_dir", COMMAND "/proc/PID/cwd", why_look_process, "cwd"},
	{"user", COMMAND "Uid and Gid of /proc/PID/status", why_look_status, "Uid"},
	{"supplementary_groups", COMMAND "Groups of /proc/PID/status", why_look_status, "Groups"},
	{"limits.pids", "pids.max of its cgroup", why_look_cgroup, "limits.pids"},
	{"limits.memory", MEMORY "memory.max", why_look_cgroup, "limits.memory"},
	{"limits.memory_high", MEMORY "memory.high", why_look_cgroup, "limits.memory_high"},
	{"limits.memory_low", MEMORY "memory.low", why_look_cgroup, "limits.memory_low"},
	{"limits.swap", MEMORY "memory.swap.max", why_look_cgroup, "limits.swap"},
	{"limits.oom_group", MEMORY "memory.oom.group", why_look_cgroup, "limits.oom_group"},
	{"limits.cpus", CPU "cpu.max", why_look_cgroup, "limits.cpus"},
	{"limits.cpu_weight", CPU "cpu.weight", why_look_cgroup, "limits.cpu_weight"},
	{"limits.cpuset", "cpuset.cpus of its cgroup", why_look_cgroup, "limits.cpuset"},
	{"limits.mems", "cpuset.mems of its cgroup", why_look_cgroup, "limits.mems"},
	{"limits.io", "io.max of its cgroup", why_look_cgroup, "limits.io"},
	{"limits.io_weight", "io.weight of its cgroup", why_look_cgroup, "limits.io_weight"},
	{"limits.raw", "files of its cgroup", why_look_cgroup, "limits.raw"},
	{"limits.nofile", COMMAND "RLIMIT_NOFILE, /proc/PID/limits", why_look_rlimits, "nofile"},
	{"limits.ulimits", COMMAND "/proc/PID/limits", why_look_rlimits, "ulimits"},
	{"limits.oom_score_adj", COMMAND "/proc/PID/oom_score_adj", why_look_oom_score, NULL},
	{"net.network", "the bridge that its link is a port of", why_look_link, "network"},
	{"net.name", LINK, why_look_link, "name"},
	{"net.ip", "an address of " LINK, why_look_link, "ip"},
	{"net.ip6", "an address of " LINK, why_look_link, "ip6"},
	{"net.mac", "the hardware address of " LINK, why_look_link, "mac"},
	{"net.mtu", "the MTU of " LINK, why_look_link, "mtu"},
	{"net.default_route", "default routes of its network namespace", why_look_routes, "default"},
	{"net.routes", "routes of its network namespace", why_look_routes, "others"},
	{"net.antispoof", "BPF filters of its link on the host", why_look_gate, "antispoof"},
	{"net.isolate", "BPF filters of its link on the host, and " RULES, why_look_gate, "isolate"},
	{"net.bandwidth.ingress", "the queue of its link on the host", why_look_gate, "ingress"},
	{"net.bandwidth.egress", "the queue of " LINK, why_look_gate, "egress"},
	{"net.aliases", "/etc/hosts of the others on its network", why_look_hosts, "aliases"},
	{"net.nat", RULES, why_look_rules, "nat"},
	{"net.ports", RULES, why_look_rules, "ports"},
	{"net.host_access", RULES, why_look_rules, "host_access"},
	{"net.egress.default", RULES, why_look_rules, "egress.default"},
	{"net.egress.allow", RULES, why_look_rules, "egress.allow"},
	{"net.egress.deny", RULES, why_look_rules, "egress.deny"},
	{"net", "its network namespace", why_look_process, "ns/net"},
	{"dns", "lines of its /etc/resolv.conf", why_look_resolv_conf, "nameserver"},
	{"dns_search", "a line of its /etc/resolv.conf", why_look_resolv_conf, "search"},
	{"dns_options", "a line of its /etc/resolv.conf", why_look_resolv_conf, "options"},
	{"extra_hosts", "lines of its /etc/hosts", why_look_hosts, "extra"},
	{"security.userns", "/proc/PID/uid_map and gid_map", why_look_id_map, NULL},
	{"security.cap_drop", COMMAND "CapBnd of /proc/PID/status", why_look_capabilities, NULL},
	{"security.cap_add", COMMAND "CapBnd of /proc/PID/status", why_look_capabilities, NULL},
	{"security.privileged", COMMAND "CapBnd of /proc/PID/status", why_look_capabilities, NULL},
	{"security.no_new_privs", COMMAND "NoNewPrivs of /proc/PID/status", why_look_status,
	 "NoNewPrivs"},
	{"security.seccomp", COMMAND "Seccomp of /proc/PID/status", why_look_status, "Seccomp"},
	{"security.nesting", "/dev/.nesting, and the filter of system calls", why_look_covers, "nesting"},
	{"security.apparmor", COMMAND "/proc/PID/attr/current", why_look_apparmor, NULL},
	{"security.masked_paths", "mounts over them", why_look_covers, "masked"},
	{"security.readonly_paths", "read-only mounts of them", why_look_covers, "ro"},
	{"security.sysctls", "/proc/sys of its namespaces", why_look_sysctls, NULL},
	{"security.devices", "the device policy of its cgroup, and nodes in its /dev", why_look_devices,
	 NULL},
};

/* ---- answers ---- */

const char *why_state_name(enum why_state state)
{
	static const char *const names[] = {
		[WHY_SAME] = "same", [WHY_DIFFERS] = "differs", [WHY_SHOWN] = "shown",
		[WHY_FILE] = "file", [WHY_OLDER] = "older",     [WHY_DOWN] = "not running",
		[WHY_UNKNOWN] = "unknown",
	};

	return names[state];
}

/* ---- a container ---- */

/* With a built-in init process 1 is not what was asked for: its first child is. */
static pid_t find_payload(const struct why *why)
{
	AUTO_FREE char *path = xprintf("/proc/%d/task/%d/children", (int)why->record.init.pid,
				       (int)why->record.init.pid);
	char children[64];

	if (!why->spec.init)
		return why->record.init.pid;
	/* Longer than that where it has many. */
	if (fs_read_line_at(AT_FDCWD, path, children, sizeof(children), NULL) < 0 || !*children)
		return why->record.init.pid;
	return (pid_t)strtol(children, NULL, 10);
}

static int open_running(struct why *why, struct error *err)
{
	AUTO_FREE char *root = xprintf("/proc/%d/root", (int)why->record.init.pid);

	if (recorded_spec(why->state, why->name, &why->spec, err) < 0 ||
	    recorded_manager(why->state, &why->conf->manager, &why->spec, &why->recorded, err) < 0)
		return -1;
	why->payload = find_payload(why);
	why->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return why->root_fd < 0 ? error_set(err, errno, "root of %s", why->name) : 0;
}

int why_open(const struct conf *conf, const struct state *state, const char *name, struct why **out,
	     struct error *err)
{
	struct why *why = xalloc(1, sizeof(*why));

	*out = why;
	*why = (struct why){.conf = conf, .state = state, .name = xstrdup(name), .root_fd = -1};
	if (!state)
		return 0;
	if (record_read(state, name, &why->record, err) < 0)
		return error_wrap(err, "%s", name);
	why->runs = why->record.name && record_liveness(&why->record) == LIVE_RUNNING;
	return why->runs ? open_running(why, err) : 0;
}

void why_close(struct why **out)
{
	struct why *why = *out;

	if (!why)
		return;
	if (why->has_cgroup)
		cgroup_host_close(&why->cgroup);
	if (why->has_rules)
		rule_list_clear(&why->rules);
	netlink_close(&why->outside);
	netlink_close(&why->inside);
	text_clear(&why->mounts);
	if (why->root_fd >= 0)
		close(why->root_fd);
	recorded_manager_clear(&why->recorded);
	spec_clear(&why->spec);
	record_clear(&why->record);
	free(why->name);
	free(why);
	*out = NULL;
}

const struct spec *why_recorded(const struct why *why)
{
	return why->runs ? &why->spec : NULL;
}

/* ---- questions ---- */

static size_t find_object(const char *path)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(objects) && !key_is_meant(objects[i].key, path))
		i++;
	return i;
}

const char *why_object(const char *key)
{
	const size_t i = find_object(key);

	return i < ARRAY_SIZE(objects) ? objects[i].object : NULL;
}

struct found {
	const char *path;
	bool found;
	struct key_leaf leaf;
};

static void find_leaf(const struct key_leaf *leaf, void *data)
{
	struct found *found = data;

	if (found->found || strcmp(leaf->path, found->path) != 0)
		return;
	found->found = true;
	found->leaf = *leaf;
	found->leaf.path = found->path;
}

static void add_general(struct why_answer *answer, const struct why *why, const char *object)
{
	/* STATE_DIR and NAME, where a file carries it. */
	const char *file = strstr(object, "STATE_DIR/containers/NAME");

	if (!file || !why->runs) {
		text_addf(&answer->object, "%s", object);
		return;
	}
	text_addf(&answer->object, "%.*s%s/containers/%s%s", (int)(file - object), object,
		  why->conf->manager.state_dir, why->name,
		  file + strlen("STATE_DIR/containers/NAME"));
}

static void look(struct why *why, size_t object, const struct key_leaf *leaf, const char *value,
		 struct why_answer *answer)
{
	const struct why_question question = {why, leaf, objects[object].detail, value, answer};
	struct error err = {0};

	answer->state = WHY_SHOWN;
	if (objects[object].look(&question, &err) < 0) {
		answer->state = WHY_UNKNOWN;
		text_clear(&answer->now);
		text_addf(&answer->now, "%s", err.text);
	}
	if (answer->object.length == 0)
		add_general(answer, why, objects[object].object);
}

void why_ask(struct why *why, const char *path, struct why_answer *answer)
{
	const size_t object = find_object(path);
	struct found found = {.path = path};
	AUTO_FREE char *value = NULL;

	*answer = (struct why_answer){.state = WHY_DOWN};
	if (object == ARRAY_SIZE(objects)) {
		answer->state = WHY_UNKNOWN;
		return;
	}
	if (why->runs)
		spec_each_leaf(&why->spec, find_leaf, &found);
	value = found.found ? key_leaf_value(&found.leaf) : NULL;
	if (why->runs && found.found && objects[object].look) {
		look(why, object, &found.leaf, value, answer);
		return;
	}
	add_general(answer, why, objects[object].object);
	if (!objects[object].look)
		answer->state = WHY_FILE;
	else if (why->runs)
		answer->state = WHY_OLDER;
	if (value && !objects[object].look)
		text_addf(&answer->now, "%s", value);
}
