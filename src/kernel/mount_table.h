/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_table.h: the mounts that a process sees, as the kernel lists them. proc_pid_mountinfo(5) */
#ifndef KERNEL_MOUNT_TABLE_H
#define KERNEL_MOUNT_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/* What a line of the table tells, without escapes. */
struct mount_line {
	uint64_t id; /* STATX_MNT_ID tells the same of a file on it */
	dev_t device;
	char *root;        /* what of the file system is mounted */
	char *point;       /* where */
	char *own_options; /* "rw,nosuid": of this mount */
	char *type;
	char *options;     /* of the file system: "rw,size=64k" */
};

/* Reads /proc/PID/mountinfo; 0 for pid: our own. */
int mount_table_read(pid_t pid, struct text *table, struct error *err);

/*
 * Goes on to the next mount of the table behind *rest whose type begins with type (NULL: any): true with
 * what its line tells, false at the end. The strings are those of line, which is overwritten.
 */
bool mount_table_next(const char **rest, const char *type, struct text *line,
		      struct mount_line *mount);

#endif
