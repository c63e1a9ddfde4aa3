/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_devices.c: the device policy of a cgroup: files on v1, a BPF program on v2. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
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

/* ---- while somebody is in it ---- */

/* A line of devices.list: "c 1:3 rw". */
static bool parse_rule(const char *line, struct device_rule *rule)
{
	char type, minor[16], access[8];

	*rule = (struct device_rule){.minor = DEVICE_ANY};
	if (sscanf(line, "%c %" SCNu32 ":%15s %7s", &type, &rule->major, minor, access) != 4 ||
	    (strcmp(minor, "*") != 0 && sscanf(minor, "%" SCNu32, &rule->minor) != 1))
		return false;
	rule->block = type == 'b';
	rule->access = (strchr(access, 'r') ? DEVICE_READ : 0u) |
		       (strchr(access, 'w') ? DEVICE_WRITE : 0u) |
		       (strchr(access, 'm') ? DEVICE_MKNOD : 0u);
	return true;
}

static unsigned int find_access(const struct device_policy *policy, const struct device_rule *rule)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].block == rule->block &&
		    policy->rules[i].major == rule->major && policy->rules[i].minor == rule->minor)
			return policy->rules[i].access;
	return 0;
}

static int allow_all(int fd, const char *path, const struct device_policy *policy,
		     struct error *err)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		char rule[40];

		device_rule_format(&policy->rules[i], rule);
		if (write_rule(fd, rule, path, err) < 0)
			return -1;
	}
	return 0;
}

/* deny_fd is -1: nothing is to be left that would have to be denied. *found: of those allowed. */
static int deny_others(int deny_fd, const char *path, char *list, const struct device_policy *policy,
		       size_t *found, struct error *err)
{
	char *position = NULL;

	*found = 0;
	for (char *line = list ? strtok_r(list, "\n", &position) : NULL; line;
	     line = strtok_r(NULL, "\n", &position)) {
		struct device_rule rule;
		unsigned int wanted;
		char text[40];

		if (!parse_rule(line, &rule))
			return error_set(err, EINVAL, "the kernel says \"%s\" of its devices", line);
		wanted = find_access(policy, &rule);
		*found += wanted != 0 && wanted == rule.access;
		rule.access &= ~wanted;
		device_rule_format(&rule, text);
		if (rule.access == 0)
			continue;
		if (deny_fd < 0)
			return error_set(err, 0, "\"%s\" is still allowed", text);
		if (write_rule(deny_fd, text, path, err) < 0)
			return -1;
	}
	return 0;
}

static int read_list(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		     const char *name, struct text *list, struct error *err)
{
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, "devices.list", path);
	return fs_read_at(hierarchy->fd, path, LIST_SIZE * 4, list, err);
}

static int change_v1(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		     const char *name, const struct device_policy *policy, struct error *err)
{
	char path[CGROUP_PATH_SIZE];
	AUTO_FD int allow_fd = open_file(host, hierarchy, name, "devices.allow", path, err);
	AUTO_FD int deny_fd = -1;
	AUTO_TEXT struct text before = {0}, after = {0};
	size_t found;

	if (allow_fd < 0 || allow_all(allow_fd, path, policy, err) < 0)
		return -1;
	deny_fd = open_file(host, hierarchy, name, "devices.deny", path, err);
	if (deny_fd < 0 || read_list(host, hierarchy, name, &before, err) < 0 ||
	    deny_others(deny_fd, path, before.data, policy, &found, err) < 0)
		return -1;
	if (read_list(host, hierarchy, name, &after, err) < 0 ||
	    deny_others(-1, path, after.data, policy, &found, err) < 0)
		return -1;
	if (found == policy->rule_count)
		return 0;
	return error_set(err, 0, "the kernel allows %zu of %zu kinds of devices", found,
			 policy->rule_count);
}

/* ---- either ---- */

typedef int v1_setter(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		      const char *name, const struct device_policy *policy, struct error *err);
typedef int v2_setter(const struct device_policy *policy, int cgroup_fd, struct error *err);

static int set_devices(const struct cgroup_host *host, const char *name,
		       const struct device_policy *policy, v1_setter *set_on_v1,
		       v2_setter *set_on_v2, struct error *err)
{
	const struct cgroup_hierarchy *hierarchy = cgroup_find(host, "devices");
	char path[CGROUP_PATH_SIZE];
	AUTO_FD int fd = -1;

	if (policy->allow_all)
		return 0; /* as each cgroup does */
	if (!hierarchy) {
		cgroup_missing(host, "security.devices", "devices", err);
		if (err)
			err->code = ENOTSUP;
		return -1;
	}
	if (!hierarchy->v2)
		return set_on_v1(host, hierarchy, name, policy, err) < 0
			       ? error_wrap(err, "security.devices")
			       : 0;
	cgroup_path(host, name, NULL, path);
	fd = fs_open_at(hierarchy->fd, path, O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0 || set_on_v2(policy, fd, err) < 0)
		return error_wrap(err, "security.devices");
	return 0;
}

int cgroup_set_devices(const struct cgroup_host *host, const char *name,
		       const struct device_policy *policy, struct error *err)
{
	return set_devices(host, name, policy, set_v1, device_program_attach, err);
}

int cgroup_change_devices(const struct cgroup_host *host, const char *name,
			  const struct device_policy *policy, struct error *err)
{
	return set_devices(host, name, policy, change_v1, device_program_replace, err);
}
