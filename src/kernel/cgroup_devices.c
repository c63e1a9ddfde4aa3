/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_devices.c: the device policy of a cgroup: files on v1, a BPF program on v2. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "kernel/device_program.h"

#define LIST_SIZE (DEVICE_RULES_MAX * 40)

static int write_rule(int fd, const char *rule, const char *file, struct error *err)
{
	if (write(fd, rule, strlen(rule)) >= 0)
		return 0;
	error_set(err, errno, "write \"%s\" to %s", rule, file);
	if (err && err->code == EPERM)
		return error_hint(err, "a cgroup above does not allow it");
	return -1;
}

static int open_file(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		     const char *name, const char *file, char path[CGROUP_PATH_SIZE],
		     struct error *err)
{
	cgroup_path(host, name, file, path);
	return fs_open_at(hierarchy->fd, path, O_WRONLY, 0, err);
}

/* Everything is refused first; shown is what the kernel is to show afterwards. */
static int write_v1(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		    const char *name, const struct device_policy *policy, char shown[LIST_SIZE],
		    struct error *err)
{
	char path[CGROUP_PATH_SIZE];
	AUTO_FD int deny_fd = open_file(host, hierarchy, name, "devices.deny", path, err);
	AUTO_FD int allow_fd = -1;
	size_t length = 0;

	if (deny_fd < 0 || write_rule(deny_fd, "a", path, err) < 0)
		return -1;
	allow_fd = open_file(host, hierarchy, name, "devices.allow", path, err);
	if (allow_fd < 0)
		return -1;
	for (size_t i = 0; i < policy->rule_count; i++) {
		char rule[40];

		device_rule_format(&policy->rules[i], rule);
		if (write_rule(allow_fd, rule, path, err) < 0)
			return -1;
		length += (size_t)snprintf(shown + length, LIST_SIZE - length, "%s\n", rule);
	}
	return 0;
}

static int set_v1(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		  const char *name, const struct device_policy *policy, struct error *err)
{
	char path[CGROUP_PATH_SIZE], wanted[LIST_SIZE] = "";
	AUTO_TEXT struct text shown = {0};

	if (write_v1(host, hierarchy, name, policy, wanted, err) < 0)
		return -1;
	cgroup_path(host, name, "devices.list", path);
	if (fs_read_at(hierarchy->fd, path, LIST_SIZE, &shown, err) < 0)
		return -1;
	if (strcmp(text_value(&shown), wanted) == 0)
		return 0;
	return error_set(err, 0, "%s should be \"%s\", but the kernel made it \"%s\"", path, wanted,
			 text_value(&shown));
}

int cgroup_set_devices(const struct cgroup_host *host, const char *name,
		       const struct device_policy *policy, struct error *err)
{
	const struct cgroup_hierarchy *hierarchy = cgroup_find(host, "devices");
	char path[CGROUP_PATH_SIZE];
	AUTO_FD int fd = -1;

	if (policy->allow_all)
		return 0; /* as a new cgroup does */
	if (!hierarchy) {
		cgroup_missing(host, "security.devices", "devices", err);
		if (err)
			err->code = ENOTSUP;
		return -1;
	}
	if (!hierarchy->v2)
		return set_v1(host, hierarchy, name, policy, err) < 0
			       ? error_wrap(err, "security.devices")
			       : 0;
	cgroup_path(host, name, NULL, path);
	fd = fs_open_at(hierarchy->fd, path, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0 || device_program_attach(policy, fd, err) < 0)
		return error_wrap(err, "security.devices");
	return 0;
}
