/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sealed.h: programs that nobody can change, be it by way of /proc/PID/exe. memfd_create(2). */
#ifndef KERNEL_SEALED_H
#define KERNEL_SEALED_H

#include "base/error.h"

/*
 * A copy of a file in memory that can be executed, and never be read or written again (sealed;
 * fcntl(2) F_ADD_SEALS). What runs from it is not dumpable, so that without CAP_SYS_PTRACE of the
 * caller's user namespace it cannot be looked into. An O_PATH fd for execveat(2), owned by the
 * caller. name: for /proc/PID/maps.
 */
int sealed_copy(int file_fd, const char *name, struct error *err);

#endif
