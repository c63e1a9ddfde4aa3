/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apparmor.h: the AppArmor profile that the next execve(2) of a process changes to. apparmor(7),
 * aa_change_onexec(2), Documentation/admin-guide/LSM/apparmor.rst.
 */
#ifndef KERNEL_APPARMOR_H
#define KERNEL_APPARMOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

#define APPARMOR_UNCONFINED "unconfined"

/*
 * Looks for a profile in text as of the kernel's list of them: "NAME (MODE)", a line each. mode
 * (16 bytes): "enforce", "complain", ...
 */
bool apparmor_find(const char *list, const char *name, char mode[16]);

/*
 * Whether the profile is loaded; where securityfs is not mounted, setting it will tell. *complains:
 * it only logs what it should deny.
 */
int apparmor_check(const char *profile, bool *complains, struct error *err);

/*
 * The file of the process that takes its next profile; proc_fd is from procfs_open(), and pid as
 * seen there. Only the process itself can write there, and only until it
 * execs, so the fd gives nothing to anybody else. Owned by the caller.
 */
int apparmor_open_exec(int proc_fd, pid_t pid, struct error *err);

/*
 * Our own next execve(2) changes to this profile; fd is that of the calling process. ENOENT: it is
 * not loaded (any more). EACCES, EPERM: we are confined ourselves, by something that forbids it.
 */
int apparmor_set_exec(int fd, const char *profile, struct error *err);

/*
 * What confines the process: a profile, or several as "A//&B", allocated; NULL: nothing does, or
 * there is no AppArmor.
 */
int apparmor_confining(pid_t pid, char **profile, struct error *err);

#endif
