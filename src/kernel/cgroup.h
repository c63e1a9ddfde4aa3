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
#include <sys/types.h>

#include "base/error.h"
#include "config/spec.h"
#include "kernel/device.h"

#define CGROUP_HIERARCHY_MAX 16

struct cgroup_hierarchy {
	int fd; /* its mount point, O_PATH */
	bool v2;
	bool optional;         /* v1: only what has a limit of its controllers is in it */
	char controllers[128]; /* v1: "cpu,cpuacct" or "name=systemd"; v2: "" */
	char root[256];        /* what of it is mounted there, in the words of /proc/PID/cgroup */
};

/*
 * The hierarchies of this host that cman uses, found once per command. The first one is used for
 * tracking and killing: the v2 tree where there is one.
 */
struct cgroup_host {
	bool unified; /* no limit goes to v1 */
	int count;
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHY_MAX];
	char parent[256]; /* PARENT, relative, no leading slash */
};

/*
 * Finds the hierarchies. version CGROUP_V1 or CGROUP_V2 where the admin insists; an error that
 * names what the host has when it does not fit. A host that mounted none gets cgroup2 mounted
 * on /sys/fs/cgroup, where it stays.
 */
int cgroup_host_open(struct cgroup_host *host, enum cgroup_version version, const char *parent,
		     struct error *err);
void cgroup_host_close(struct cgroup_host *host);
#define AUTO_CGROUP_HOST AUTO(cgroup_host_close)

/*
 * Makes PARENT/NAME in each hierarchy, enables the controllers down the path and sets the
 * limits; every limit is read back. A controller the kernel lacks is an error that names it and
 * the key that needs it. A directory that is left from before is made afresh; EBUSY where it
 * holds processes. On failure the caller calls cgroup_remove().
 */
int cgroup_create(const struct cgroup_host *host, const char *name, const struct limits *limits,
		  struct error *err);

/*
 * Restricts a new cgroup, before anybody enters it, to what the policy allows; read back. The
 * error begins with "security.devices"; ENOTSUP: there is neither a devices controller of v1 nor
 * a v2 tree with BPF programs.
 */
int cgroup_set_devices(const struct cgroup_host *host, const char *name,
		       const struct device_policy *policy, struct error *err);

/*
 * The same for a cgroup in which somebody is: what stays allowed is allowed all the time. Of version 1
 * cgroups below it only lose with it, and gain nothing. What is open stays open.
 */
int cgroup_change_devices(const struct cgroup_host *host, const char *name,
			  const struct device_policy *policy, struct error *err);

/*
 * Sets the limits of an existing cgroup (live change), read back. What runs in it is moved into a
 * v1 hierarchy that it was not in, as none of its controllers had a limit so far. EBUSY: memory
 * below what is in use and cannot be reclaimed. After a failure some may have been set.
 */
int cgroup_set_limits(const struct cgroup_host *host, const char *name, const struct limits *limits,
		      struct error *err);

/* A file of a cgroup that a limit stands in, as it is. */
struct cgroup_limit {
	const char *path;   /* "/sys/fs/cgroup/memory/cman/web/memory.limit_in_bytes" */
	bool v2;
	const char *wanted; /* what it says while nobody has changed it */
	const char *now;    /* what it says, of several lines the one that counts; NULL: there is none */
	bool same;          /* it is as wanted; without a file: nothing is wanted */
};

/*
 * Looks at the files of one key of limits ("limits.memory"), and calls visit for each. -1: something
 * cannot be read.
 */
int cgroup_look_at_limit(const struct cgroup_host *host, const char *name,
			 const struct limits *limits, const char *key,
			 void (*visit)(const struct cgroup_limit *limit, void *data), void *data,
			 struct error *err);

/* The path of PARENT/NAME where the controller is; *v2: which version. NULL: it is nowhere. */
char *cgroup_find_path(const struct cgroup_host *host, const char *name, const char *controller,
		       bool *v2);

/*
 * Gives the owner (as uid and gid) what a service manager in the container needs: it may make
 * cgroups below PARENT/NAME of version 2 and move processes about in there. The limits stay ours,
 * as does a bound to what it makes. ENOTSUP: there is no version 2 tree.
 */
int cgroup_delegate(const struct cgroup_host *host, const char *name, uid_t owner,
		    struct error *err);

/*
 * What a new process needs to enter. v2_fd (or -1) is for CLONE_INTO_CGROUP; tasks_fd are open
 * for writing: the process writes "0" itself while it has one thread (cgroup_enter()), which is
 * two hundred times cheaper than being moved from outside.
 */
struct cgroup_entry {
	int v2_fd;
	int tasks_fd[CGROUP_HIERARCHY_MAX];
	int tasks_count;
};
int cgroup_open_entry(const struct cgroup_host *host, const char *name, struct cgroup_entry *entry,
		      struct error *err);

/*
 * The same for a container that runs: on version 2 where its init is now, which may have gone
 * into a cgroup below; those with children take no processes themselves.
 */
int cgroup_open_entry_beside(const struct cgroup_host *host, const char *name, pid_t init,
			     struct cgroup_entry *entry, struct error *err);

/*
 * The same for a container that runs, but in the hierarchy used for tracking into PARENT/NAME/BELOW,
 * which is made: for what is to be killed apart from the rest of it. The limits are the container's.
 */
int cgroup_open_entry_below(const struct cgroup_host *host, const char *name, const char *below,
			    struct cgroup_entry *entry, struct error *err);

/* Kills what is in PARENT/NAME/BELOW and removes it; missing is success. */
int cgroup_remove_below(const struct cgroup_host *host, const char *name, const char *below,
			int timeout_ms, struct error *err);

/*
 * Called by the new process, while its file system user is still the host's root;
 * async-signal-safe. v2 is included unless cloned_into_v2.
 */
int cgroup_enter(const struct cgroup_entry *entry, bool cloned_into_v2, struct error *err);
void cgroup_entry_close(struct cgroup_entry *entry);

/*
 * Supervisors live in PARENT/.supervisors of the trees that others use for tracking (v2 and the
 * named v1 ones), so that the end of a login session or unit does not take them along. An entry
 * like that of a container: with CLONE_INTO_CGROUP it costs next to nothing, while a move on v2
 * means waiting for an RCU grace period. ENODEV, ENOENT on the way in: the last supervisor of
 * before removed it under our hands, and it has to be opened anew.
 */
int cgroup_open_supervisors(const struct cgroup_host *host, struct cgroup_entry *entry,
			    struct error *err);

/* The processes in PARENT/.supervisors: 0 and their pids (room for maximum) in *count. */
int cgroup_list_supervisors(const struct cgroup_host *host, pid_t *pids, size_t maximum,
			    size_t *count, struct error *err);

/*
 * Pids of the processes in PARENT/NAME and below, in the hierarchy used for tracking; 0 for those
 * that this pid namespace does not see. *pids is to be freed. A missing cgroup has none.
 */
int cgroup_list(const struct cgroup_host *host, const char *name, pid_t **pids, size_t *count,
		struct error *err);

/* Whether PARENT/NAME exists in the hierarchy used for tracking. */
bool cgroup_exists(const struct cgroup_host *host, const char *name);

/* How much of the last ten seconds somebody waited for a resource. Documentation/accounting/psi.rst */
struct cgroup_pressure {
	uint64_t some, full;       /* some task, all tasks of it: hundredths of a percent */
	uint64_t some_us, full_us; /* the same in all, microseconds */
};
enum { CGROUP_PRESSURE_CPU, CGROUP_PRESSURE_MEMORY, CGROUP_PRESSURE_IO, CGROUP_PRESSURE_COUNT };

/* Current use; a value that cannot be read is UINT64_MAX. */
struct cgroup_usage {
	uint64_t pids;   /* tasks */
	uint64_t memory; /* bytes */
	uint64_t cpu_us; /* CPU time used, microseconds */
	uint64_t oom_kills;
	uint64_t swap;                /* bytes */
	uint64_t high;                /* how often it was held at memory_high; v1: unknown */
	uint64_t periods, throttled;  /* of 100 ms with a limit of cpus; those it was spent in */
	uint64_t throttled_us;        /* time spent waiting for cpus */
	/* of block devices; known where something limits the container's use of them */
	uint64_t read_bytes, written_bytes, reads, writes;
	struct cgroup_pressure pressure[CGROUP_PRESSURE_COUNT]; /* v2, or the v2 tree of a hybrid host */
};
void cgroup_usage_clear(struct cgroup_usage *usage); /* all unknown */
void cgroup_read_usage(const struct cgroup_host *host, const char *name, struct cgroup_usage *usage);
uint64_t cgroup_read_oom_kills(const struct cgroup_host *host, const char *name); /* that alone */

/*
 * The same again and again: the files stay open, which keeps nothing from being removed. A cgroup
 * that is gone has all unknown. -1 only where there are no more fds to be had.
 */
#define CGROUP_METER_FILES 11
struct cgroup_meter {
	unsigned int v2; /* a bit for each file */
	int fds[CGROUP_METER_FILES];
};
int cgroup_meter_open(const struct cgroup_host *host, const char *name, struct cgroup_meter *meter,
		      struct error *err);
void cgroup_meter_read(const struct cgroup_meter *meter, struct cgroup_usage *usage);
void cgroup_meter_close(struct cgroup_meter *meter);

/*
 * Stops all processes of PARENT/NAME and below where they stand, or lets them go on, and waits
 * until it is so. ETIMEDOUT: some are in the kernel and cannot be stopped now; the rest is.
 * cgroups v2: cgroup.freeze (Linux 5.2); v1: the freezer controller.
 */
int cgroup_freeze(const struct cgroup_host *host, const char *name, bool frozen, int timeout_ms,
		  struct error *err);

/* Whether a process belongs to PARENT/NAME (in the hierarchy used for tracking). */
bool cgroup_contains(const struct cgroup_host *host, const char *name, pid_t pid);

/*
 * Kills every process in it, also what forks meanwhile, and waits until it is empty (ETIMEDOUT
 * names processes that are left). Missing is success. timeout_ms -1: for ever. On v1 nothing can
 * fork in there afterwards: it is to be removed, or its limits set again.
 */
int cgroup_kill(const struct cgroup_host *host, const char *name, int timeout_ms, struct error *err);

/*
 * Kills what is left and removes PARENT/NAME (with sub-cgroups the payload made) everywhere;
 * missing is success.
 */
int cgroup_remove(const struct cgroup_host *host, const char *name, int timeout_ms,
		  struct error *err);

/*
 * Removes PARENT/.supervisors, PARENT and what was made above it, unless a container is left in
 * it. Supervisors that are about to end are waited for. One that calls it moves itself to the
 * root first, which on v2 takes 10 ms. What is in use stays, without an error.
 */
void cgroup_remove_parent(const struct cgroup_host *host, int timeout_ms);

#endif
