/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mounts that are seen, and ways out of the root. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "probe.h"

#define MOUNTINFO "/proc/self/mountinfo"

struct mount_line {
	const char *point, *options, *tags, *type, *super_options;
};

/* proc(5): id parent major:minor root point options tags... - type source super-options */
static bool split(char *line, struct mount_line *out)
{
	char *rest = line, *separator = strstr(line, " - ");

	if (!separator)
		return false;
	*separator = '\0';
	for (int i = 0; i < 4; i++)
		strsep(&rest, " ");
	out->point = strsep(&rest, " ");
	out->options = strsep(&rest, " ");
	out->tags = rest ? rest : "";
	rest = separator + 3;
	out->type = strsep(&rest, " ");
	strsep(&rest, " ");
	out->super_options = rest ? rest : "";
	return out->options != NULL;
}

static bool has_option(const char *options, const char *wanted)
{
	size_t length = strlen(wanted);

	while (options) {
		if (strncmp(options, wanted, length) == 0 &&
		    (options[length] == ',' || options[length] == '\0'))
			return true;
		options = strchr(options, ',');
		options = options ? options + 1 : NULL;
	}
	return false;
}

static enum verdict check_lines(void (*visit)(char *line, void *context), struct seen *seen)
{
	if (each_line(MOUNTINFO, visit, seen) < 0)
		return skip(seen, "no /proc");
	return seen_verdict(seen);
}

static void look_at_tags(char *line, void *context)
{
	struct mount_line mount;

	if (split(line, &mount) && *mount.tags)
		seen_item(context, mount.point);
}

static enum verdict check_propagation(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_lines(look_at_tags, seen);
}

/* What a container has no use for: file systems that show the host itself. */
static void look_at_type(char *line, void *context)
{
	static const char *const hosts[] = {
		"autofs",     "binfmt_misc", "bpf",     "configfs", "debugfs", "devtmpfs",
		"efivarfs",   "fusectl",     "nfsd",    "pstore",   "ramfs",   "rpc_pipefs",
		"securityfs", "selinuxfs",   "tracefs", "cgroup",
	};
	struct mount_line mount;
	struct stat st;

	/* Single files may be from anywhere: /dev/null is one of the host's devtmpfs. */
	if (!split(line, &mount) || stat(mount.point, &st) < 0 || !S_ISDIR(st.st_mode))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (strcmp(mount.type, hosts[i]) == 0)
			seen_item(context, mount.point);
}

static enum verdict check_types(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_lines(look_at_type, seen);
}

static void look_at_options(char *line, void *context)
{
	static const struct {
		const char *point, *wanted[4];
	} rules[] = {
		{"/", {"nodev"}},
		{"/proc", {"nosuid", "nodev", "noexec"}},
		{"/sys", {"nosuid", "nodev", "noexec", "ro"}},
		{"/dev", {"nosuid", "noexec"}},
		{"/dev/shm", {"nosuid", "nodev", "noexec"}},
		{"/dev/pts", {"nosuid", "noexec"}},
		{"/dev/mqueue", {"nosuid", "nodev", "noexec"}},
	};
	struct mount_line mount;
	char item[60];

	if (!split(line, &mount))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (strcmp(mount.point, rules[i].point) != 0)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(rules[i].wanted) && rules[i].wanted[j]; j++) {
			if (has_option(mount.options, rules[i].wanted[j]))
				continue;
			snprintf(item, sizeof(item), "%s not %s", rules[i].point,
				 rules[i].wanted[j]);
			seen_item(context, item);
		}
	}
}

static enum verdict check_options(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_lines(look_at_options, seen);
}

/* One without "size=" takes half of the machine's memory. The root filesystem is the user's. */
static void look_at_size(char *line, void *context)
{
	struct mount_line mount;

	if (split(line, &mount) && strcmp(mount.type, "tmpfs") == 0 &&
	    strcmp(mount.point, "/") != 0 && has_option(mount.options, "rw") &&
	    !strstr(mount.super_options, "size="))
		seen_item(context, mount.point);
}

static enum verdict check_sizes(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_lines(look_at_size, seen);
}

static void count_root(char *line, void *context)
{
	struct mount_line mount;

	if (split(line, &mount) && strcmp(mount.point, "/") == 0)
		++*(int *)context;
}

/* Two: the old root is still there, below the new one. None: "/" is but a directory of it. */
static enum verdict check_one_root(const struct check *check, struct seen *seen)
{
	int count = 0;

	(void)check;
	if (each_line(MOUNTINFO, count_root, &count) < 0)
		return skip(seen, "no /proc");
	if (count != 1)
		return fail(seen, "%d mounts at /", count);
	return VERDICT_OK;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * The classic way out of a chroot: with a root below the working directory ".." is not stopped.
 * 0 if it leads anywhere else than to "/". The child alone changes its root.
 */
static long climb_out(void)
{
	static const char *const below[] = {"/dev", "/proc", "/etc", "/tmp", "/usr"};
	struct stat root, top;
	size_t i = 0;

	if (stat("/", &root) < 0 || chdir("/") < 0)
		return -1;
	while (i < ARRAY_SIZE(below) && chroot(below[i]) < 0 && errno != EPERM)
		i++;
	for (int level = 0; level < 64; level++)
		if (chdir("..") < 0)
			return -1;
	if (stat(".", &top) < 0)
		return -1;
	errno = EPERM;
	return is_same(&root, &top) ? -1 : 0;
}

/* Each process here must have the root that we have. */
static enum verdict check_process_roots(const struct check *check, struct seen *seen)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	struct stat root, other;
	char path[PATH_MAX];

	(void)check;
	if (!proc || stat("/", &root) < 0) {
		if (proc)
			closedir(proc);
		return skip(seen, "no /proc");
	}
	while ((entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/root", entry->d_name);
		/* EACCES: a process of another user, which is what we want */
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && stat(path, &other) == 0 &&
		    !is_same(&root, &other))
			seen_item(seen, path);
	}
	closedir(proc);
	return seen_verdict(seen);
}

/* CVE-2019-5736: a program from outside could be opened for writing once it has ended. */
static enum verdict check_programs(const struct check *check, struct seen *seen)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	struct stat running, named;
	char path[PATH_MAX], target[PATH_MAX];

	(void)check;
	if (!proc)
		return skip(seen, "no /proc");
	while ((entry = readdir(proc))) {
		ssize_t length;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0 || stat(path, &running) < 0)
			continue;
		target[length] = '\0';
		if (stat(target, &named) < 0 || !is_same(&running, &named))
			seen_item(seen, path);
	}
	closedir(proc);
	return seen_verdict(seen);
}

static void look_at_cgroup_mount(char *line, void *context)
{
	char path[PATH_MAX];
	struct mount_line mount;

	if (!split(line, &mount) || strncmp(mount.type, "cgroup", 6) != 0)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", mount.point);
	if (access(path, W_OK) == 0)
		seen_item(context, path);
}

static enum verdict check_cgroup_mounts(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_lines(look_at_cgroup_mount, seen);
}

static void look_for_release_agent(char *line, void *context)
{
	char path[PATH_MAX];
	struct mount_line mount;

	if (!split(line, &mount) || strcmp(mount.type, "cgroup") != 0)
		return;
	snprintf(path, sizeof(path), "%s/release_agent", mount.point);
	if (access(path, W_OK) == 0)
		seen_item(context, path);
}

static enum verdict check_release_agent(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_lines(look_for_release_agent, seen);
}

const struct check mount_checks[] = {
	{"mounts-private", "no mount is passed in or out", check_propagation, NULL, 0},
	{"mounts-types", "no file system that shows the host", check_types, NULL, 0},
	{"mounts-options", "nodev, nosuid, noexec, ro where they belong", check_options, NULL, 0},
	{"mounts-sized", "each tmpfs has a size", check_sizes, NULL, 0},
	{"one-root", "the old root is not mounted any more", check_one_root, NULL, 0},
	{"climb-out", "chroot and .. lead to no other root", check_closed, climb_out, 0},
	{"process-roots", "no /proc/PID/root leads to another root", check_process_roots, NULL, 0},
	{"programs", "no process runs a program from outside", check_programs, NULL, 0},
	{"cgroup-mounts", "no cgroup can be written", check_cgroup_mounts, NULL, 0},
	{"release-agent", "no release_agent can be set", check_release_agent, NULL, 0},
	{0},
};
