/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_internal.h: what the files behind cgroup.h share. Paths are relative to a hierarchy. */
#ifndef KERNEL_CGROUP_INTERNAL_H
#define KERNEL_CGROUP_INTERNAL_H

#include "kernel/cgroup.h"

#define CGROUP_PATH_SIZE   512 /* PARENT/NAME/FILE; deeper paths go through a directory fd */
#define CGROUP_SUPERVISORS ".supervisors"

/* Hands on an error that was looked at first. Always -1. */
static inline int cgroup_fail(struct error *err, const struct error *reason)
{
	if (err)
		*err = *reason;
	return -1;
}

/* A moment on CLOCK_MONOTONIC in ms, or for ever. */
#define CGROUP_NO_DEADLINE UINT64_MAX
uint64_t cgroup_deadline(int timeout_ms);
int cgroup_time_left(uint64_t deadline); /* for poll(2): -1 for ever, 0 it has passed */

/* Writes "PARENT/NAME" or, with a file, "PARENT/NAME/FILE". */
void cgroup_path(const struct cgroup_host *host, const char *name, const char *file,
		 char out[CGROUP_PATH_SIZE]);

/* Whether the comma-separated list holds the controller. */
bool cgroup_list_has(const char *list, const char *controller);

/* The v1 hierarchy that holds the controller, else the v2 tree (which may lack it), or NULL. */
const struct cgroup_hierarchy *cgroup_find(const struct cgroup_host *host, const char *controller);

/* The name of a controller of limits.raw that lives as long as the program. */
const char *cgroup_controller(const char *name);

/* "limits.memory: this host has no ... controller", with what to do about it. */
int cgroup_missing(const struct cgroup_host *host, const char *key, const char *controller,
		   struct error *err);

/* As mkdirat(2), with mode 0755 whatever the umask: who is root in a container has to look into its own. */
int cgroup_make_directory(const struct cgroup_hierarchy *hierarchy, const char *path);
/* Makes the components of PARENT that are missing, and marks those above it as ours. */
int cgroup_make_parent(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		       struct error *err);
/* Removes PARENT, and what is ours above it, where empty. False: PARENT is in use. */
bool cgroup_unmake_parent(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy);

#define CGROUP_VALUE_SIZE 288

/* One value for one file of a cgroup. */
struct cgroup_setting {
	const char *key; /* of the configuration: "limits.memory" */
	const char *controller;
	char file[64];
	char value[CGROUP_VALUE_SIZE]; /* what is written; "" for a cpuset: what the parent has */
	char shown[CGROUP_VALUE_SIZE]; /* what the kernel shows afterwards */
	enum {
		SHOWN_ALONE,   /* it is all there is in the file */
		SHOWN_AS_LINE, /* a line of it; "" for none */
		SHOWN_FREELY,  /* as cgroup_raw_is_shown() tells */
	} form;
	bool initial;        /* a new cgroup has this value anyway */
	bool alternative;    /* where the file is missing, the setting before may do */
	const char *refusal; /* why this version of cgroups cannot do it */
};

#define CGROUP_FILE_MAX 65536 /* bytes of a file, which may have a line per device */

/* Whether a file with that text has the value. */
bool cgroup_setting_is_shown(const struct cgroup_setting *setting, const char *shown);

/*
 * Gives the setting of a list of CPUs or nodes that is "" the value of the parent's: v1 has no word for
 * it, and v2 takes none while a process is in the cgroup (cpuset.c of the kernel: ENOSPC).
 */
int cgroup_setting_inherit(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			   struct cgroup_setting *setting, struct error *err);

struct cgroup_settings {
	struct cgroup_setting *items;
	size_t count;
};
void cgroup_settings_clear(struct cgroup_settings *settings);

/*
 * What limits mean on v2 or v1, in the order in which it is written. An error where a device is
 * none.
 */
int cgroup_settings_make(const struct limits *limits, bool v2, struct cgroup_settings *out,
			 struct error *err);
/* Of them, what has other files and values on either. */
int cgroup_v1_settings(const struct limits *limits, struct cgroup_settings *out, struct error *err);
int cgroup_v2_settings(const struct limits *limits, struct cgroup_settings *out, struct error *err);

/* Adds one; shown is NULL where it is the same as value. */
struct cgroup_setting *cgroup_settings_add(struct cgroup_settings *settings, const char *key,
					   const char *controller, const char *file,
					   const char *value, const char *shown);
/* The same for a number of bytes, of which the kernel keeps whole pages; none is the word
 * for no limit. */
struct cgroup_setting *cgroup_settings_add_memory(struct cgroup_settings *settings, const char *key,
						  const char *file, uint64_t bytes,
						  const char *none, const char *none_shown);
/* The CPUs and memory nodes, which have the same files on either version. */
void cgroup_settings_add_cpuset(struct cgroup_settings *settings, const struct limits *limits);
/* "8:0" of a block device of limits.io; an error where one before it is the same. */
int cgroup_device_number(const struct limits *limits, size_t index, char out[32],
			 struct error *err);

/* The weight of limits.io_weight for bfq, which knows 1 to 1000 with the same middle. */
uint32_t cgroup_bfq_weight(uint32_t weight);

/* Sets the limits, and reads them back. */
int cgroup_apply_limits(const struct cgroup_host *host, const char *name,
			const struct limits *limits, bool is_new, struct error *err);

/*
 * v2: the kernel kills where memory.max goes below what is in use. So what can be reclaimed is taken
 * back before; EBUSY when that is not enough. Nothing on v1, where the kernel refuses.
 */
int cgroup_make_room(const struct cgroup_host *host, const char *name, const struct limits *limits,
		     struct error *err);

/* v1, a hierarchy with cpuset in it: nothing may enter before it has CPUs and memory nodes. */
int cgroup_inherit_cpuset(const struct cgroup_hierarchy *hierarchy, const char *path,
			  struct error *err);

/* Enables the controllers that settings need, and others there are, from the root to PARENT. */
int cgroup_v2_enable(const struct cgroup_host *host, const struct cgroup_settings *settings,
		     struct error *err);
/*
 * What is promised to the containers (memory.low) must be promised to PARENT as well, or it is
 * worth nothing: its own is made the sum of theirs. rises: not only less than before.
 */
int cgroup_v2_sum_memory_low(const struct cgroup_host *host, bool rises, struct error *err);

/*
 * Waits until cgroup.events of a v2 cgroup says so of key ("populated": with processes in it or
 * below; "frozen"): 1 it does, or there is no such cgroup; 0 the deadline passed; -1.
 */
int cgroup_v2_wait_event(const struct cgroup_hierarchy *hierarchy, const char *path,
			 const char *key, bool wanted, uint64_t deadline, struct error *err);

/*
 * Pids of the processes in path and below, at most size of them; missing has none. Pids of
 * processes that this pid namespace does not see are 0. Returns how many, or -1.
 */
int cgroup_list_processes(const struct cgroup_hierarchy *hierarchy, const char *path, pid_t *pids,
			  int size, struct error *err);

/* The number behind key in lines "KEY NUMBER"; UINT64_MAX: there is none. */
uint64_t cgroup_usage_find(const char *text, const char *key);

/*
 * Sums over all devices: of io.stat (v2), or of one of the two files of blkio (v1), of which the one
 * for operations takes the place of bytes.
 */
void cgroup_usage_parse_io(const char *text, bool v2, uint64_t *read, uint64_t *written,
			   uint64_t *reads, uint64_t *writes);

/* False: not the text of such a file, and nothing is changed. "full" may be missing. */
bool cgroup_usage_parse_pressure(const char *text, struct cgroup_pressure *pressure);

/*
 * What follows path in the cgroup of the process, as /proc/PID/cgroup tells; NULL: it is not in path
 * or below.
 */
char *cgroup_find_below(const struct cgroup_hierarchy *hierarchy, const char *path, pid_t pid);
bool cgroup_holds(const struct cgroup_hierarchy *hierarchy, const char *path, pid_t pid);

/* Kills all in one hierarchy's path without cgroup.kill: signals until nothing is left. */
int cgroup_kill_by_signals(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			   const char *name, uint64_t deadline, struct error *err);

/*
 * Removes path with what is below; missing is success, EBUSY when there are processes in it.
 */
int cgroup_remove_tree(const struct cgroup_hierarchy *hierarchy, const char *path,
		       struct error *err);

#endif
