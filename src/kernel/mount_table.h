/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_table.h: a line of /proc/PID/mountinfo. proc_pid_mountinfo(5) */
#ifndef KERNEL_MOUNT_TABLE_H
#define KERNEL_MOUNT_TABLE_H

#include <stdbool.h>
#include <sys/types.h>

#define MOUNT_TABLE_LIMIT (64u << 20) /* bytes of the whole */

/* Its fields; the strings are those of the line, without escapes. */
struct mount_line {
	dev_t device;
	char *root;        /* what of the file system is mounted */
	char *point;       /* where */
	char *own_options; /* "rw,nosuid": of this mount */
	char *type;
	char *options;     /* of the file system: "rw,size=64k" */
};

/* Cuts a line into its fields, in place. False: not a line of the table. */
bool mount_line_parse(char *line, struct mount_line *mount);

#endif
