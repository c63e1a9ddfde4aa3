/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/rlimit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "config/ulimit.h"

#define UNLIMITED LIMIT_MAX
#define MIB       (1024u * 1024)

/*
 * What the kernel gives its first process, but for these: core dumps go to a program of the host
 * (core_pattern); the number of tasks is limited by limits.pids, and a user's by nothing else; open
 * files may be raised far, while programs that use select(2) are safe.
 */
static const struct ulimit defaults[RLIM_NLIMITS] = {
	[RLIMIT_AS] = {RLIMIT_AS, UNLIMITED, UNLIMITED},
	[RLIMIT_CORE] = {RLIMIT_CORE, 0, 0},
	[RLIMIT_CPU] = {RLIMIT_CPU, UNLIMITED, UNLIMITED},
	[RLIMIT_DATA] = {RLIMIT_DATA, UNLIMITED, UNLIMITED},
	[RLIMIT_FSIZE] = {RLIMIT_FSIZE, UNLIMITED, UNLIMITED},
	[RLIMIT_LOCKS] = {RLIMIT_LOCKS, UNLIMITED, UNLIMITED},
	[RLIMIT_MEMLOCK] = {RLIMIT_MEMLOCK, 8 * MIB, 8 * MIB},
	[RLIMIT_MSGQUEUE] = {RLIMIT_MSGQUEUE, 819200, 819200},
	[RLIMIT_NICE] = {RLIMIT_NICE, 0, 0},
	[RLIMIT_NOFILE] = {RLIMIT_NOFILE, NOFILE_SOFT, NOFILE_HARD},
	[RLIMIT_NPROC] = {RLIMIT_NPROC, UNLIMITED, UNLIMITED},
	[RLIMIT_RSS] = {RLIMIT_RSS, UNLIMITED, UNLIMITED},
	[RLIMIT_RTPRIO] = {RLIMIT_RTPRIO, 0, 0},
	[RLIMIT_RTTIME] = {RLIMIT_RTTIME, UNLIMITED, UNLIMITED},
	/* The kernel's own depends on memory; about what it is with 16 GiB. */
	[RLIMIT_SIGPENDING] = {RLIMIT_SIGPENDING, 65536, 65536},
	[RLIMIT_STACK] = {RLIMIT_STACK, 8 * MIB, UNLIMITED},
};

/* What limits want of a resource; *key is NULL where it is only the default. */
static struct ulimit wanted(const struct limits *limits, int resource, const char **key)
{
	*key = "limits.ulimits";
	for (size_t i = 0; i < limits->ulimit_count; i++)
		if (limits->ulimits[i].resource == resource)
			return limits->ulimits[i];
	*key = "limits.nofile";
	if (resource == RLIMIT_NOFILE &&
	    (limits->nofile_soft != NOFILE_SOFT || limits->nofile_hard != NOFILE_HARD))
		return (struct ulimit){resource, limits->nofile_soft, limits->nofile_hard};
	*key = NULL;
	return defaults[resource];
}

static rlim_t to_rlim(uint64_t value)
{
	return value == LIMIT_MAX ? RLIM_INFINITY : (rlim_t)value;
}

static rlim_t lesser(rlim_t a, rlim_t b)
{
	return a < b ? a : b; /* RLIM_INFINITY is the largest */
}

static int explain(const struct ulimit *ulimit, const char *what, struct error *err)
{
	char text[PARSE_TEXT_MAX], most[32];

	ulimit_format(ulimit, text);
	error_set(err, EPERM, "%s %s", what, text);
	if (ulimit->resource == RLIMIT_NOFILE &&
	    fs_read_line_at(AT_FDCWD, "/proc/sys/fs/nr_open", most, sizeof(most), NULL) == 0 &&
	    ulimit->hard > strtoull(most, NULL, 10))
		return error_hint(err, "fs.nr_open of this host allows %s", most);
	return error_hint(err, "cman lacks CAP_SYS_RESOURCE here, and was itself started with less: "
			       "raise the hard limit of whoever starts it");
}

int rlimit_raise(pid_t pid, const struct limits *limits, const char **key, struct error *err)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		const struct ulimit ulimit = wanted(limits, i, key);
		struct rlimit now;

		if (prlimit(pid, (enum __rlimit_resource)i, NULL, &now) < 0)
			return error_set(err, errno, "read the limit %s", ulimit_name(i));
		if (now.rlim_max >= to_rlim(ulimit.hard))
			continue;
		now.rlim_max = to_rlim(ulimit.hard);
		if (prlimit(pid, (enum __rlimit_resource)i, &now, NULL) == 0)
			continue;
		if (errno != EPERM)
			return error_set(err, errno, "raise the limit %s", ulimit_name(i));
		if (*key)
			return explain(&ulimit, "raise the limit to", err);
	}
	return 0;
}

int rlimit_apply(const struct limits *limits, const char **key, struct error *err)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		const struct ulimit ulimit = wanted(limits, i, key);
		struct rlimit now, next = {to_rlim(ulimit.soft), to_rlim(ulimit.hard)};

		if (getrlimit((enum __rlimit_resource)i, &now) < 0)
			return error_set(err, errno, "read the limit %s", ulimit_name(i));
		if (next.rlim_max > now.rlim_max) {
			if (*key)
				return explain(&ulimit, "set the limit", err);
			next.rlim_max = now.rlim_max;
			next.rlim_cur = lesser(next.rlim_cur, next.rlim_max);
		}
		if (setrlimit((enum __rlimit_resource)i, &next) < 0 ||
		    getrlimit((enum __rlimit_resource)i, &now) < 0)
			return error_set(err, errno, "set the limit %s", ulimit_name(i));
		if (now.rlim_cur != next.rlim_cur || now.rlim_max != next.rlim_max)
			return error_set(err, 0, "the kernel made another limit of %s",
					 ulimit_name(i));
	}
	return 0;
}

/* One of them, where it differs; raises: only if its hard limit has to be raised, or else has not. */
static int change(pid_t pid, int resource, const struct limits *from, const struct limits *to,
		  bool raises, const char **key, struct error *err)
{
	const char *before_key;
	const struct ulimit before = wanted(from, resource, &before_key);
	const struct ulimit after = wanted(to, resource, key);
	const struct rlimit next = {to_rlim(after.soft), to_rlim(after.hard)};

	if (!*key)
		*key = before_key;
	if ((before.soft == after.soft && before.hard == after.hard) ||
	    raises != (after.hard > before.hard) ||
	    prlimit(pid, (enum __rlimit_resource)resource, &next, NULL) == 0)
		return 0;
	return errno == EPERM ? explain(&after, "set the limit", err)
			      : error_set(err, errno, "set the limit %s", ulimit_name(resource));
}

int rlimit_change(pid_t pid, const struct limits *from, const struct limits *to, const char **key,
		  struct error *err)
{
	/* What may be refused comes first: what was lowered could not be raised again. */
	for (int lowers = 0; lowers <= 1; lowers++)
		for (int i = 0; i < RLIM_NLIMITS; i++)
			if (change(pid, i, from, to, !lowers, key, err) < 0)
				return -1;
	return 0;
}

static uint64_t from_rlim(rlim_t value)
{
	return value == RLIM_INFINITY ? LIMIT_MAX : (uint64_t)value;
}

int rlimit_look(pid_t pid, const struct limits *limits, int resource, struct ulimit *want,
		bool *asked, struct ulimit *now, struct error *err)
{
	struct rlimit found;
	const char *key;

	if (prlimit(pid, (enum __rlimit_resource)resource, NULL, &found) < 0)
		return error_set(err, errno, "read the limit %s", ulimit_name(resource));
	*want = wanted(limits, resource, &key);
	*asked = key != NULL;
	*now = (struct ulimit){resource, from_rlim(found.rlim_cur), from_rlim(found.rlim_max)};
	return 0;
}

int rlimit_set_oom_score_adj(pid_t pid, int value, struct error *err)
{
	char path[64], text[16], now[16];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	if (pid == 0)
		snprintf(path, sizeof(path), "/proc/self/oom_score_adj");
	snprintf(text, sizeof(text), "%d", value);
	if (fs_read_line_at(AT_FDCWD, path, now, sizeof(now), err) < 0)
		return -1;
	if (strcmp(now, text) == 0)
		return 0;
	if (fs_write_at(AT_FDCWD, path, text, err) < 0) {
		if (err && err->code == EACCES)
			error_hint(err,
				   "cman lacks CAP_SYS_RESOURCE here, without which it cannot be "
				   "lowered from %s",
				   now);
		return -1;
	}
	if (fs_read_line_at(AT_FDCWD, path, now, sizeof(now), err) < 0)
		return -1;
	return strcmp(now, text) == 0
		       ? 0
		       : error_set(err, 0, "oom_score_adj should be %s, but is %s", text, now);
}
