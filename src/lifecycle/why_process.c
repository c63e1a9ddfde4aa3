/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why_process.c: what cgroups and processes say of a key. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "config/capabilities.h"
#include "config/ulimit.h"
#include "kernel/apparmor.h"
#include "kernel/rlimit.h"
#include "kernel/sysctl.h"
#include "kernel/uts.h"
#include "lifecycle/why_parts.h"

#define FILE_MAX_BYTES (1024 * 1024)

/* ---- cgroups ---- */

static int open_cgroup(struct why *why, struct error *err)
{
	if (why->has_cgroup)
		return 0;
	if (cgroup_host_open(&why->cgroup, why->conf->manager.cgroup_version,
			     why->record.cgroup_parent ?: why->conf->manager.cgroup_parent, err) < 0)
		return -1;
	why->has_cgroup = true;
	return 0;
}

static void note_limit(const struct cgroup_limit *limit, void *data)
{
	AUTO_FREE char *object = xprintf("%s (cgroup v%d)", limit->path, limit->v2 ? 2 : 1);

	why_add_judged(data, object, limit->now ?: "no such file", limit->same ? limit->now ?: "no limit"
								  : limit->wanted,
		       limit->same);
}

int why_look_cgroup(const struct why_question *question, struct error *err)
{
	struct why *why = question->why;

	if (open_cgroup(why, err) < 0)
		return -1;
	return cgroup_look_at_limit(&why->cgroup, why->name, &why->spec.limits, question->detail,
				    note_limit, question->answer, err);
}

/* The lines of the policy that its own devices make, in devices.list of v1. */
static int look_at_list(const struct why_question *question, const char *path, struct error *err)
{
	const struct security *security = &question->why->spec.security;
	AUTO_FREE char *file = xprintf("%s/devices.list", path);
	AUTO_TEXT struct text list = {0};
	struct device_policy policy;

	if (fs_read_at(AT_FDCWD, file, FILE_MAX_BYTES, &list, err) < 0 ||
	    device_policy_make(security, &policy, err) < 0)
		return -1;
	for (size_t i = 0; i < policy.rule_count; i++) {
		char rule[41];
		const bool own = i + security->device_count >= policy.rule_count;
		bool there;

		device_rule_format(&policy.rules[i], rule);
		there = text_has_line(text_value(&list), rule);
		if (own || !there)
			why_add(question->answer, file, there ? rule : NULL, rule);
	}
	if (question->answer->now.length == 0)
		why_add_judged(question->answer, file, "the usual ones", "the usual ones", true);
	return 0;
}

int why_look_devices(const struct why_question *question, struct error *err)
{
	struct why *why = question->why;
	AUTO_FREE char *path = NULL;
	bool v2 = false;

	if (open_cgroup(why, err) < 0)
		return -1;
	path = cgroup_find_path(&why->cgroup, why->name, "devices", &v2);
	if (!path || why->spec.security.privileged) {
		why_add(question->answer, path, "everything is allowed", NULL);
		return 0;
	}
	if (!v2)
		return look_at_list(question, path, err);
	text_addf(&question->answer->object, "a BPF program of %s", path);
	return error_set(err, 0, "the kernel does not tell what its program allows");
}

/* ---- processes ---- */

/* A resource, with what it should be. */
static int add_rlimit(const struct why_question *question, int resource, struct error *err)
{
	const struct why *why = question->why;
	AUTO_FREE char *object = xprintf("/proc/%d/limits", (int)why->payload);
	char now_text[PARSE_TEXT_MAX], wanted_text[PARSE_TEXT_MAX];
	struct ulimit now, wanted;
	bool asked;

	if (rlimit_look(why->payload, &why->spec.limits, resource, &wanted, &asked, &now, err) < 0)
		return -1;
	ulimit_format(&now, now_text);
	ulimit_format(&wanted, wanted_text);
	why_add(question->answer, object, now_text, asked ? wanted_text : NULL);
	return 0;
}

int why_look_rlimits(const struct why_question *question, struct error *err)
{
	const struct limits *limits = &question->why->spec.limits;

	if (strcmp(question->detail, "nofile") == 0)
		return add_rlimit(question, RLIMIT_NOFILE, err);
	for (size_t i = 0; i < limits->ulimit_count; i++)
		if (add_rlimit(question, limits->ulimits[i].resource, err) < 0)
			return -1;
	return 0;
}

int why_look_oom_score(const struct why_question *question, struct error *err)
{
	AUTO_FREE char *path = xprintf("/proc/%d/oom_score_adj", (int)question->why->payload);
	AUTO_FREE char *wanted = xprintf("%d", question->why->spec.limits.oom_score_adj);
	char now[32];

	if (fs_read_line_at(AT_FDCWD, path, now, sizeof(now), err) < 0)
		return -1;
	why_add(question->answer, path, now, wanted);
	return 0;
}

int why_look_uts(const struct why_question *question, struct error *err)
{
	const struct why *why = question->why;
	AUTO_FREE char *object = xprintf("UTS namespace /proc/%d/ns/uts", (int)why->record.init.pid);
	struct uts_names names;

	if (uts_look(why->record.init.pid, &names, err) < 0)
		return -1;
	if (strcmp(question->detail, "hostname") == 0)
		why_add(question->answer, object, names.hostname, why->spec.hostname);
	else
		why_add(question->answer, object, names.domainname, why->spec.domainname);
	return 0;
}

/* What stands behind "NAME:" in its status, with single blanks; NULL: there is none. */
static char *read_status(pid_t pid, const char *name, struct error *err)
{
	AUTO_FREE char *path = xprintf("/proc/%d/status", (int)pid), *key = xprintf("\n%s:", name);
	AUTO_TEXT struct text text = {0};
	const char *found;
	struct text out = {0};

	if (fs_read_at(AT_FDCWD, path, FILE_MAX_BYTES, &text, err) < 0)
		return NULL;
	found = strstr(text_value(&text), key);
	if (!found) {
		error_set(err, ENOENT, "%s of %s", name, path);
		return NULL;
	}
	text_add(&out, "", 0);
	for (const char *c = found + strlen(key); *c && *c != '\n'; c++)
		if (*c != '\t' && *c != ' ')
			text_add(&out, c, 1);
		else if (out.length > 0 && c[1] && !strchr(" \t\n", c[1]))
			text_add(&out, " ", 1);
	return out.data;
}

/* What the line should say, where that follows from the spec. */
static const char *wanted_status(const struct spec *spec, const char *line)
{
	if (strcmp(line, "NoNewPrivs") == 0)
		return spec->security.no_new_privs ? "1" : NULL;
	/* Without one of its own it may still have that of whoever started it. */
	if (strcmp(line, "Seccomp") == 0)
		return strcmp(spec->security.seccomp, "none") == 0 ? NULL : "2";
	return NULL;
}

int why_look_status(const struct why_question *question, struct error *err)
{
	const struct why *why = question->why;
	AUTO_FREE char *object =
		xprintf("%s of /proc/%d/status", question->detail, (int)why->payload);
	AUTO_FREE char *now = read_status(why->payload, question->detail, err), *groups = NULL;

	if (!now)
		return -1;
	why_add(question->answer, object, now, wanted_status(&why->spec, question->detail));
	if (strcmp(question->detail, "Uid") != 0)
		return 0;
	groups = read_status(why->payload, "Gid", err);
	if (!groups)
		return -1;
	why_add(question->answer, NULL, groups, NULL);
	return 0;
}

static void print_set(uint64_t set, struct text *out)
{
	for (unsigned int i = 0; i < 64; i++)
		if (set >> i & 1)
			text_addf(out, "%s%s", out->length ? " " : "", capabilities_name(i) ?: "?");
	if (out->length == 0)
		text_addf(out, "none");
}

int why_look_capabilities(const struct why_question *question, struct error *err)
{
	const struct why *why = question->why;
	AUTO_FREE char *object = xprintf("CapBnd of /proc/%d/status", (int)why->payload);
	AUTO_FREE char *now = read_status(why->payload, "CapBnd", err);
	AUTO_TEXT struct text names = {0}, wanted = {0};

	if (!now)
		return -1;
	print_set(strtoull(now, NULL, 16), &names);
	print_set(why->record.capabilities, &wanted);
	why_add(question->answer, object, text_value(&names),
		why->record.has_capabilities ? text_value(&wanted) : NULL);
	return 0;
}

int why_look_id_map(const struct why_question *question, struct error *err)
{
	const struct why *why = question->why;
	const struct userns *userns = &why->spec.security.userns;
	static const char *const files[] = {"uid_map", "gid_map"};
	AUTO_FREE char *wanted = NULL;

	if (userns->mode == USERNS_RANGE)
		wanted = xprintf("0 %u %u", userns->host_first, userns->count);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		AUTO_FREE char *path = xprintf("/proc/%d/%s", (int)why->payload, files[i]);
		unsigned int inside, outside, count;
		AUTO_FREE char *now = NULL;
		char line[128];

		if (fs_read_line_at(AT_FDCWD, path, line, sizeof(line), err) < 0)
			return -1;
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) != 3)
			return error_set(err, 0, "%s: \"%s\"", path, line);
		now = xprintf("%u %u %u", inside, outside, count);
		why_add(question->answer, path, now, wanted);
	}
	return 0;
}

/* Its own affair from the first instruction on, but for which program process 1 is. */
int why_look_process(const struct why_question *question, struct error *err)
{
	const struct why *why = question->why;
	const bool comm = strcmp(question->detail, "comm") == 0;
	AUTO_FREE char *path = xprintf("/proc/%d/%s",
				       (int)(comm ? why->record.init.pid : why->payload),
				       question->detail);
	AUTO_TEXT struct text text = {0};
	char link[PATH_MAX];
	ssize_t length = readlink(path, link, sizeof(link) - 1);

	if (length >= 0) {
		link[length] = '\0';
		why_add(question->answer, path, link, NULL);
		return 0;
	}
	if (fs_read_at(AT_FDCWD, path, FILE_MAX_BYTES, &text, err) < 0)
		return -1;
	while (text.length > 0 && strchr("\n", text.data[text.length - 1]))
		text.data[--text.length] = '\0';
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			text.data[i] = ' ';
	why_add(question->answer, path, text_value(&text),
		comm && why->spec.init ? "cman-init" : NULL);
	return 0;
}

int why_look_apparmor(const struct why_question *question, struct error *err)
{
	const struct why *why = question->why;
	AUTO_FREE char *object = xprintf("/proc/%d/attr/current", (int)why->payload);
	AUTO_FREE char *profile = NULL;
	const char *wanted = why->spec.security.apparmor;

	if (apparmor_confining(why->payload, &profile, err) < 0)
		return -1;
	/* Who is confined by nothing of ours may be confined as whoever started it was. */
	why_add(question->answer, object, profile ?: APPARMOR_UNCONFINED,
		strcmp(wanted, APPARMOR_UNCONFINED) == 0 ? NULL : wanted);
	return 0;
}

/* ---- switches ---- */

static int read_switch(const struct why *why, const char *name, char *out, size_t size,
		       struct error *err)
{
	const bool net = text_starts_with(name, "net/");
	AUTO_FD int fd = namespace_open(why->record.init.pid, net ? "net" : "ipc", err);

	if (fd < 0)
		return -1;
	return net ? sysctl_read_in(fd, name, out, size, err)
		   : sysctl_read_in_ipc(fd, name, out, size, err);
}

int why_look_sysctls(const struct why_question *question, struct error *err)
{
	const struct strlist *sysctls = &question->why->spec.security.sysctls;

	for (size_t i = 0; i < sysctls->count; i++) {
		const char *wanted = strchr(sysctls->items[i], '=') + 1;
		AUTO_FREE char *name = xprintf("%.*s", (int)(wanted - 1 - sysctls->items[i]),
					       sysctls->items[i]);
		AUTO_FREE char *path = xprintf("/proc/sys/%s", name);
		char now[512];

		if (read_switch(question->why, name, now, sizeof(now), err) < 0)
			return -1;
		why_add_judged(question->answer, path, now, wanted, sysctl_is_same(now, wanted));
	}
	return 0;
}
