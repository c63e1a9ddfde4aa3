/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "config/calls.h"
#include "config/cpulist.h"
#include "config/full_init.h"
#include "config/machine.h"

static void check_limits(const struct spec *spec, struct diagnostics *diagnostics)
{
	const struct machine *machine = machine_get();
	const struct limits *limits = &spec->limits;
	char wanted[PARSE_TEXT_MAX], there[32];

	if (limits->memory != LIMIT_MAX && limits->memory > machine->memory) {
		parse_format_size(limits->memory, wanted);
		text_format_size(there, sizeof(there), machine->memory);
		diagnostics_add(diagnostics, SEVERITY_ERROR,
				origin_find(&spec->origins, "limits.memory"),
				"\"max\" stands for no limit",
				"limits.memory: %s is out of range, 4M to the %s of this host",
				wanted, there);
	}
	if (limits->cpu_quota_us != LIMIT_MAX &&
	    limits->cpu_quota_us > (uint64_t)machine->cpus * CPU_PERIOD_US)
		diagnostics_add(diagnostics, SEVERITY_ERROR,
				origin_find(&spec->origins, "limits.cpus"),
				"\"max\" stands for no limit",
				"limits.cpus: %g is out of range, 0.01 to the %u CPUs of this host",
				(double)limits->cpu_quota_us / CPU_PERIOD_US, machine->cpus);
}

/* A part of the memory cannot be more than the whole. */
static void check_memory_part(const struct spec *spec, const char *key, uint64_t part,
			      struct diagnostics *diagnostics)
{
	const uint64_t memory = spec->limits.memory, there = machine_get()->memory;
	char wanted[PARSE_TEXT_MAX], whole[PARSE_TEXT_MAX];

	if (part == LIMIT_MAX || part <= (memory < there ? memory : there))
		return;
	parse_format_size(part, wanted);
	if (memory < there)
		parse_format_size(memory, whole);
	else
		text_format_size(whole, sizeof(whole), there);
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, key), NULL,
			"%s: %s is more than %s%s%s", key, wanted,
			memory < there ? "limits.memory, " : "the ", whole,
			memory < there ? "" : " of this host");
}

static void check_cpu_list(const struct spec *spec, const char *key, const char *list,
			   const char *online, const char *what, struct diagnostics *diagnostics)
{
	int outside = list ? cpulist_first_outside(list, online) : -1;

	if (outside >= 0)
		diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, key), NULL,
				"%s: this host has no %s %d online, only %s", key, what, outside,
				online);
}

static void check_further_limits(const struct spec *spec, struct diagnostics *diagnostics)
{
	const struct machine *machine = machine_get();
	const struct limits *limits = &spec->limits;

	check_memory_part(spec, "limits.memory_high", limits->memory_high, diagnostics);
	if (limits->memory_low == LIMIT_MAX)
		diagnostics_add(diagnostics, SEVERITY_ERROR,
				origin_find(&spec->origins, "limits.memory_low"), NULL,
				"limits.memory_low: \"max\" would leave nothing to others");
	check_memory_part(spec, "limits.memory_low", limits->memory_low, diagnostics);
	check_cpu_list(spec, "limits.cpuset", limits->cpuset, machine->cpu_list, "CPU", diagnostics);
	check_cpu_list(spec, "limits.mems", limits->mems, machine->node_list, "memory node",
		       diagnostics);
}

/*
 * Whoever may rename a directory above the rootfs could put another one in its place: neither
 * the path as written nor the one it leads to may pass through such a place.
 */
static int check_parents(struct validation *validation, const char *rootfs, const char *resolved,
			 struct error *err)
{
	const char *paths[] = {rootfs, resolved};
	size_t count = strcmp(rootfs, resolved) == 0 ? 1 : 2;

	for (size_t i = 0; i < count; i++) {
		size_t length = (size_t)(strrchr(paths[i], '/') - paths[i]);
		AUTO_FREE char *parent = xprintf("%.*s", length ? (int)length : 1, paths[i]);

		if (text_equal(parent, validation->trusted_parent))
			continue;
		if (machine_get()->check_trusted(parent, err) < 0)
			return -1;
		free(validation->trusted_parent);
		validation->trusted_parent = take_pointer(&parent);
	}
	return 0;
}

/* An fd of the rootfs, or -1 when it was reported or is not set. */
static int check_rootfs(struct validation *validation, struct spec *spec)
{
	struct diagnostics *diagnostics = validation->diagnostics;
	struct location at = origin_find(&spec->origins, "rootfs.path");
	char resolved[PATH_MAX];
	AUTO_FD int fd = -1;
	struct error err;

	fd = open(spec->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (fs_path_of(fd, resolved) < 0 && !realpath(spec->rootfs, resolved)))
		return diagnostics_add(diagnostics, SEVERITY_ERROR, at,
				       errno == ENOENT ? "make it, for example with debootstrap, or"
							 " correct the path"
						       : NULL,
				       "rootfs: %s: %s", spec->rootfs, strerror(errno));
	if (strcmp(resolved, "/") == 0)
		return diagnostics_add(diagnostics, SEVERITY_ERROR, at,
				       "make a directory with a copy of"
				       " what it needs",
				       "rootfs: the host's own root cannot be one");
	spec->rootfs_real = xstrdup(resolved);
	if (check_parents(validation, spec->rootfs, resolved, &err) < 0)
		return diagnostics_add(diagnostics, SEVERITY_ERROR, at, err.hint, "rootfs: %s",
				       err.text);
	return take_fd(&fd);
}

/* /sbin/init where the rootfs has one. It may be a symlink to a program that is elsewhere. */
static void choose_command(struct spec *spec, int root_fd)
{
	AUTO_FD int init_fd = fs_open_in_root(root_fd, "/sbin/init", O_PATH, NULL);
	struct stat st;
	bool init = init_fd >= 0 && fstat(init_fd, &st) == 0 && S_ISREG(st.st_mode) &&
		    (st.st_mode & S_IXUSR);

	strlist_add(&spec->command, init ? "/sbin/init" : "/bin/sh");
}

/* Replaces "KEY=..." in the list, or adds it. */
static void set_variable(struct strlist *environment, const char *variable)
{
	size_t length = strcspn(variable, "=");

	for (size_t i = 0; i < environment->count; i++) {
		if (strncmp(environment->items[i], variable, length) != 0 ||
		    environment->items[i][length] != '=')
			continue;
		free(environment->items[i]);
		environment->items[i] = xstrdup(variable);
		return;
	}
	strlist_add(environment, variable);
}

static void report_missing_variable(const struct spec *spec, size_t index,
				    struct diagnostics *diagnostics)
{
	AUTO_FREE char *key = xprintf("environment[%zu]", index);

	diagnostics_add(diagnostics, SEVERITY_WARNING, origin_find(&spec->origins, key),
			"\"NAME=VALUE\" sets a value",
			"environment: \"%s\" is not set here, so the container does not get it",
			spec->environment.items[index]);
}

/* The whole environment: the built-in variables below those of the file. */
static void complete_environment(struct spec *spec, struct diagnostics *diagnostics)
{
	struct strlist complete = {0};

	strlist_add(&complete, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	/* Another user's home is known when the rootfs is looked into, on the way up. */
	if (strcmp(spec->user, "root") == 0 || strcmp(spec->user, "0") == 0 ||
	    text_starts_with(spec->user, "0:") || text_starts_with(spec->user, "root:"))
		strlist_add(&complete, "HOME=/root");
	strlist_add(&complete, "TERM=xterm");
	strlist_add(&complete, "container=cman");
	if (spec->ready.notify)
		strlist_add(&complete, "NOTIFY_SOCKET=" NOTIFY_SOCKET);
	for (size_t i = 0; i < spec->environment.count; i++) {
		const char *variable = spec->environment.items[i];
		AUTO_FREE char *copied = NULL;
		const char *value;

		if (strchr(variable, '=')) {
			set_variable(&complete, variable);
			continue;
		}
		strlist_add(&spec->environment_copied, variable);
		value = getenv(variable);
		if (!value) {
			report_missing_variable(spec, i, diagnostics);
			continue;
		}
		copied = xprintf("%s=%s", variable, value);
		set_variable(&complete, copied);
	}
	strlist_clear(&spec->environment);
	spec->environment = complete;
}

/* Names are looked up in the rootfs, on the way up. */
static uint64_t count_ids(const struct manager *manager, const struct userns *userns)
{
	switch (userns->mode) {
	case USERNS_NONE:
		return UINT32_MAX;
	case USERNS_RANGE:
		return userns->count;
	default:
		return manager->userns_size;
	}
}

static void check_groups(const struct manager *manager, const struct spec *spec,
			 struct diagnostics *diagnostics)
{
	const uint64_t ids = count_ids(manager, &spec->security.userns);

	for (size_t i = 0; i < spec->supplementary_groups.count; i++) {
		AUTO_FREE char *key = xprintf("supplementary_groups[%zu]", i);
		const char *group = spec->supplementary_groups.items[i];
		uint64_t id;

		if (parse_number(group, 0, UINT32_MAX, &id, NULL) == 0 &&
		    id >= ids)
			diagnostics_add(diagnostics, SEVERITY_ERROR,
					origin_find(&spec->origins, key), NULL,
					"supplementary_groups: %s is no id of the container, which has 0"
					" to %" PRIu64, group, ids - 1);
	}
}

/* Whether the key itself was set in any layer, not only the group it is in. */
static bool is_named(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->origins.count; i++)
		if (strcmp(spec->origins.items[i].key, key) == 0)
			return true;
	return false;
}

static void check_seccomp(struct spec *spec, struct diagnostics *diagnostics)
{
	struct security *security = &spec->security;

	if (security->privileged && !is_named(spec, "security.seccomp")) {
		free(security->seccomp);
		security->seccomp = xstrdup("none");
	}
	if (*security->seccomp == '/')
		security->calls = calls_read(security->seccomp,
					     origin_find(&spec->origins, "security.seccomp"),
					     diagnostics);
}

static void check_apparmor(const struct spec *spec, struct diagnostics *diagnostics)
{
	if (strcmp(spec->security.apparmor, "unconfined") == 0 || machine_get()->apparmor)
		return;
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, "security.apparmor"),
			"start it with apparmor=1 security=apparmor on its command line, or take the "
			"key out",
			"security.apparmor: this host's kernel has no AppArmor, or it is switched off");
}

/* There they would be the host's. */
static void check_host_network(const struct spec *spec, struct diagnostics *diagnostics)
{
	const struct strlist *sysctls = &spec->security.sysctls;

	for (size_t i = 0; spec->host_network && i < sysctls->count; i++) {
		AUTO_FREE char *key = xprintf("security.sysctls[%zu]", i);
		const char *name = sysctls->items[i];

		if (text_starts_with(name, "net/"))
			diagnostics_add(diagnostics, SEVERITY_ERROR,
					origin_find(&spec->origins, key),
					"set it on the host, or give the container a network of its own",
					"security.sysctls: %.*s is the host's with net = \"host\"",
					(int)strcspn(name, "="), name);
	}
}

/* Whether a key was set in any layer, be it to nothing. */
static bool is_set(const struct spec *spec, const char *key)
{
	return origin_find(&spec->origins, key).line != 0;
}

/* Whether exactly this key was set, not only a group around it. */
static bool is_set_itself(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->origins.count; i++)
		if (strcmp(spec->origins.items[i].key, key) == 0)
			return true;
	return false;
}

static void add_tmpfs(struct spec *spec, const char *target, uint64_t size, unsigned int mode,
		      unsigned int options)
{
	spec->mounts = xrealloc(spec->mounts, spec->mount_count + 1, sizeof(*spec->mounts));
	spec->mounts[spec->mount_count++] = (struct mount){
		.type = MOUNT_TMPFS,
		.target = xstrdup(target),
		.size = size,
		.mode = mode,
		.options = options,
	};
}

/*
 * A system that boots begins with an empty /run, and may not mount it itself. /run/lock is what
 * the systemd of Debian insists on.
 */
static void add_run(struct spec *spec, struct diagnostics *diagnostics)
{
	bool below = false;

	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *target = spec->mounts[i].target;

		if (text_equal(target, "/run"))
			return;
		below = below || (target && text_starts_with(target, "/run/"));
	}
	if (below || spec->mount_count + 2 > MOUNTS_MAX) {
		diagnostics_add(diagnostics, SEVERITY_WARNING, origin_find(&spec->origins, "mounts"),
				"{ type = \"tmpfs\"; target = \"/run\"; } first, then /run/lock",
				"mounts: %s needs a tmpfs on /run, which is left to this list",
				full_init_name(spec->full_init));
		return;
	}
	add_tmpfs(spec, "/run", 64u << 20, 0755, MOUNT_NOSUID);
	add_tmpfs(spec, "/run/lock", 5u << 20, 01777, MOUNT_NOSUID | MOUNT_NOEXEC);
}

/* What the init of a whole system needs where the file does not say otherwise. */
static void suit_full_init(struct spec *spec, int root_fd, struct diagnostics *diagnostics)
{
	struct security *security = &spec->security;

	spec->full_init = full_init_find(root_fd, &spec->command, &spec->environment);
	if (spec->full_init == FULL_INIT_NONE)
		return;
	if (spec->init)
		diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, "init"),
				"leave init out, or run another command",
				"init: %s is an init of its own (%s), which has to be process 1",
				spec->command.items[0], full_init_name(spec->full_init));
	/* It gets a cgroup to make others in: limits of the host's root would be open to it. */
	if (spec->full_init == FULL_INIT_SYSTEMD && security->userns.mode == USERNS_NONE)
		diagnostics_add(diagnostics, SEVERITY_ERROR,
				origin_find(&spec->origins, "security.userns"),
				"leave security.userns out",
				"security.userns: systemd needs a user namespace");
	add_run(spec, diagnostics);
	if (!is_set(spec, "stop_signal"))
		spec->stop_signal = full_init_stop_signal(spec->full_init);
	/* Logins and services of a whole system live by programs that are set-user-ID. */
	if (!is_set_itself(spec, "security.no_new_privs"))
		security->no_new_privs = false;
	/* In a container the call ends the container, and without it such an init never ends. */
	if (full_init_reboots(spec->full_init) && machine_get()->may_reboot &&
	    !is_set_itself(spec, "security.cap_add"))
		strlist_add(&security->cap_add, "SYS_BOOT");
}

void validate_container(struct validation *validation, struct spec *spec, bool complete)
{
	const struct manager *manager = validation->manager;
	struct diagnostics *diagnostics = validation->diagnostics;
	AUTO_FD int root_fd = -1;

	if (spec->rootfs)
		root_fd = check_rootfs(validation, spec);
	else if (complete)
		diagnostics_add(
			diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, "rootfs"),
			"add rootfs = \"/srv/web\"; naming the directory of its root filesystem",
			"rootfs is missing");
	if (spec->command.count == 0 && root_fd >= 0)
		choose_command(spec, root_fd);
	validate_ready(spec, diagnostics);
	complete_environment(spec, diagnostics);
	if (root_fd >= 0)
		suit_full_init(spec, root_fd, diagnostics);
	if (!is_set(spec, "dns"))
		strlist_copy(&spec->dns, &manager->dns_servers);
	if (!is_set(spec, "dns_search"))
		strlist_copy(&spec->dns_search, &manager->dns_search);
	validate_upper(spec, diagnostics);
	validate_mounts(spec, diagnostics);
	validate_devices(spec, diagnostics);
	validate_hooks(spec, diagnostics);
	check_limits(spec, diagnostics);
	check_further_limits(spec, diagnostics);
	check_groups(manager, spec, diagnostics);
	check_seccomp(spec, diagnostics);
	check_apparmor(spec, diagnostics);
	check_host_network(spec, diagnostics);
	validate_restart(spec, diagnostics);
	validate_interfaces(manager, spec, diagnostics);
}
