/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.h: the file that this process was started from. A process of ours that goes into a
 * container shows its program and libraries there (/proc/PID/exe, map_files), and may be made to
 * run its program once more ("#!/proc/self/exe"). Root of a user namespace cannot write to them;
 * root without one can, as soon as nobody runs them: CVE-2019-5736. Such a process must run from
 * mounts that nobody can write to or change, whatever capabilities he has: read-only ones of a
 * mount namespace without processes. mount_namespaces(7), mount_setattr(2).
 */
#ifndef KERNEL_PROGRAM_H
#define KERNEL_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"

/*
 * First thing in main(): argv must stay as it is. Where program_protect() has run us again, back
 * into the mount namespace, root and directory of before.
 */
int program_begin(char *argv[], struct error *err);

/*
 * Runs the program once more, with the same arguments, environment and pid, from read-only mounts.
 * Returns 0 where it does already, -1 with err, else not at all. Needs up to five fds; all that are
 * not close-on-exec stay open. As root, without threads.
 */
int program_protect(struct error *err);

/*
 * Runs the program that stands in the place of this one's file now, where an upgrade has put another
 * there, with the same arguments. Returns where there is none, or it cannot be run.
 */
void program_renew(void);

/* O_PATH fd of the program as it is installed, and the path of it. */
int program_open(struct error *err);
int program_path(char path[PATH_MAX], struct error *err);

#endif
