/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h: one cgroup per container, PARENT/NAME, on whatever the host has: v2, v1, or hybrid
 * (v1 controllers and a v2 tree without them, used for tracking and killing). Keeps no state but
 * the directories. See cgroups(7), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
 */
#ifndef KERNEL_CGROUP_H
#define KERNEL_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/spec.h"

#define CGROUP_V1_MAX 16

/* The hierarchies of this host that cman uses, found once per command. */
struct cgroup_host {
	bool unified;                 /* limits go to v2 */
	int v2_fd;                    /* root of the v2 tree, or -1 (pure v1) */
	int v1_fd[CGROUP_V1_MAX];     /* mounted v1 hierarchies we use, or -1 */
	char v1_controllers[CGROUP_V1_MAX][64]; /* "cpu,cpuacct" */
	int v1_count;
	char parent[256];             /* PARENT, relative, no leading slash */
};

/*
 * Finds the hierarchies. version CGROUP_V1 or CGROUP_V2 where the admin insists; an error that
 * names what the host has when it does not fit. A host that mounted none gets cgroup2 mounted
 * on /sys/fs/cgroup.
 */
int cgroup_host_open(struct cgroup_host *host, enum cgroup_version version, const char *parent,
		     struct error *err);
void cgroup_host_close(struct cgroup_host *host);
#define AUTO_CGROUP_HOST AUTO(cgroup_host_close)

/*
 * Makes PARENT/NAME in each hierarchy, enables the controllers down the path and sets the
 * limits; every limit is read back. A controller the kernel lacks is an error that names it and
 * the key that needs it. EEXIST is success when the directory holds no process.
 */
int cgroup_create(const struct cgroup_host *host, const char *name, const struct limits *limits,
		  struct error *err);

/* Sets the limits of an existing cgroup (live change), read back. */
int cgroup_set_limits(const struct cgroup_host *host, const char *name,
		      const struct limits *limits, struct error *err);

/*
 * What a new process needs to enter. v2_fd (or -1) is for CLONE_INTO_CGROUP; tasks_fd are open
 * for writing: the process writes "0" itself while it has one thread (cgroup_enter()), which is
 * two hundred times cheaper than being moved from outside.
 */
struct cgroup_entry {
	int v2_fd;
	int tasks_fd[CGROUP_V1_MAX];
	int tasks_count;
};
int cgroup_open_entry(const struct cgroup_host *host, const char *name, struct cgroup_entry *entry,
		      struct error *err);
/* Called by the new process; async-signal-safe. v2 is included unless cloned_into_v2. */
int cgroup_enter(const struct cgroup_entry *entry, bool cloned_into_v2, struct error *err);
void cgroup_entry_close(struct cgroup_entry *entry);

/* Current use; a value that cannot be read is UINT64_MAX. */
struct cgroup_usage {
	uint64_t pids;        /* tasks */
	uint64_t memory;      /* bytes */
	uint64_t cpu_us;      /* CPU time used, microseconds */
	uint64_t oom_kills;
};
void cgroup_read_usage(const struct cgroup_host *host, const char *name,
		       struct cgroup_usage *usage);

/* Whether a process belongs to PARENT/NAME (in the hierarchy used for tracking). */
bool cgroup_contains(const struct cgroup_host *host, const char *name, pid_t pid);

/* Kills every process in it, also what forks meanwhile, and waits until it is empty. */
int cgroup_kill(const struct cgroup_host *host, const char *name, int timeout_ms,
		struct error *err);

/*
 * Kills what is left and removes PARENT/NAME (with sub-cgroups the payload made) everywhere;
 * missing is success. PARENT itself is removed when it is empty.
 */
int cgroup_remove(const struct cgroup_host *host, const char *name, int timeout_ms,
		  struct error *err);

#endif
