/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is the container's own, and which ids of the host it can act with. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "probe.h"

/* Every id below belongs to the host's users. */
#define HOST_IDS 65536

/*
 * The kernel gives the first namespaces fixed numbers, include/linux/proc_ns.h; to net and mnt
 * only since Linux 6.18. All others are numbered from 0xf0000000 on.
 */
#define FIRST_FIXED 0xeffffff0UL
#define FIRST_OTHER 0xf0000000UL

static bool is_listed(const char *link)
{
	const char *found = outside_namespaces ? strstr(outside_namespaces, link) : NULL;
	size_t length = strlen(link);

	return found && (found == outside_namespaces || found[-1] == ',') &&
	       (found[length] == '\0' || found[length] == ',');
}

static bool is_first(const char *link)
{
	unsigned long number = strtoul(link + strcspn(link, "0123456789"), NULL, 10);

	return number >= FIRST_FIXED && number < FIRST_OTHER;
}

/* The name of the check is "ns-KIND". */
static enum verdict check_namespace(const struct check *check, struct seen *seen)
{
	const char *kind = check->name + strlen("ns-");
	char path[40], link[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return skip(seen, "%s: %s", path, strerror(errno));
	link[length] = '\0';
	if (is_first(link))
		return fail(seen, "%s, the first of the machine", link);
	if (is_listed(link))
		return fail(seen, "%s, as outside", link);
	if (!outside_namespaces && (strcmp(kind, "net") == 0 || strcmp(kind, "mnt") == 0))
		return skip(seen, "%s; --outside says which is the host's", link);
	return VERDICT_OK;
}

struct id_search {
	unsigned long below;
	struct seen *seen;
};

static void look_at_map_line(char *line, void *context)
{
	struct id_search *search = context;
	unsigned long inside, outside, count;

	if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3 && count > 0 &&
	    outside < search->below)
		seen_item(search->seen, line);
}

/* A map shows the ids of the parent: in nested user namespaces not yet those of the host. */
static enum verdict check_maps(unsigned long below, struct seen *seen)
{
	struct id_search search = {below, seen};

	if (each_line("/proc/self/uid_map", look_at_map_line, &search) < 0 ||
	    each_line("/proc/self/gid_map", look_at_map_line, &search) < 0)
		return skip(seen, "/proc/self/uid_map: %s", strerror(errno));
	return seen_verdict(seen);
}

static enum verdict check_root_map(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_maps(1, seen);
}

static enum verdict check_low_map(const struct check *check, struct seen *seen)
{
	(void)check;
	return check_maps(HOST_IDS, seen);
}

static void look_at_cgroup(char *line, void *context)
{
	const char *path = strchr(line, ':');

	path = path ? strchr(path + 1, ':') : NULL;
	if (path && strcmp(path, ":/") != 0)
		seen_item(context, line);
}

static enum verdict check_cgroup_path(const struct check *check, struct seen *seen)
{
	(void)check;
	if (each_line("/proc/self/cgroup", look_at_cgroup, seen) < 0)
		return skip(seen, "/proc/self/cgroup: %s", strerror(errno));
	return seen_verdict(seen);
}

/* Kernel threads are children of pid 2 in the first pid namespace only. */
static enum verdict check_processes(const struct check *check, struct seen *seen)
{
	char status[2048];

	(void)check;
	if (access("/proc/self/status", R_OK) < 0)
		return skip(seen, "no /proc");
	if (read_text("/proc/2/status", status, sizeof(status)) > 0 &&
	    strstr(status, "\nPPid:\t0\n") && !strstr(status, "\nVmSize:"))
		return fail(seen, "pid 2 is a kernel thread");
	return VERDICT_OK;
}

/* The kernel shows 0 for a process that is outside of the pid namespace. */
static enum verdict check_session(const struct check *check, struct seen *seen)
{
	(void)check;
	if (getsid(0) == 0)
		return fail(seen, "the session is one of the host");
	if (getpgrp() == 0)
		return fail(seen, "the process group is one of the host");
	return VERDICT_OK;
}

/* Address 8 is nobody's: EFAULT where access is granted, nothing is ever read. */
static long touch_first_process(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {(void *)8, 1};

	return process_vm_readv(1, &here, 1, &there, 1, 0);
}

/* In a pid namespace of our own pid 1 is the container's. */
static enum verdict check_tracing(const struct check *check, struct seen *seen)
{
	struct outcome outcome = attempt(touch_first_process);
	char link[64] = "";

	(void)check;
	if (outcome.result < 0 && outcome.code != EFAULT)
		return VERDICT_OK;
	if (readlink("/proc/1/ns/pid", link, sizeof(link) - 1) < 0)
		return fail(seen, "the memory of pid 1 is open, and it is not known whose it is");
	if (is_first(link) || is_listed(link))
		return fail(seen, "the memory of pid 1 is open, a process of the host");
	return VERDICT_OK;
}

const struct check namespace_checks[] = {
	{"ns-user", "the user namespace is its own", check_namespace, NULL, 0},
	{"ns-pid", "the pid namespace is its own", check_namespace, NULL, 0},
	{"ns-mnt", "the mount namespace is its own", check_namespace, NULL, 0},
	{"ns-uts", "the uts namespace is its own", check_namespace, NULL, 0},
	{"ns-ipc", "the ipc namespace is its own", check_namespace, NULL, 0},
	{"ns-net", "the network namespace is its own", check_namespace, NULL, 0},
	{"ns-cgroup", "the cgroup namespace is its own", check_namespace, NULL, 0},
	{"map-root", "host uid 0 and gid 0 are not mapped", check_root_map, NULL, 0},
	{"map-low", "no host id below 65536 is mapped", check_low_map, NULL, 0},
	{"cgroup-path", "no cgroup path of the host is seen", check_cgroup_path, NULL, 0},
	{"processes", "no process of the host is seen", check_processes, NULL, 0},
	{"session", "session and process group are not the host's", check_session, NULL, 0},
	{"tracing", "no process of the host can be looked into", check_tracing, NULL, 0},
	{0},
};
