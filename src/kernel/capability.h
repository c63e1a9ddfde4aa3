/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capability.h: (libcap) what the payload's root may do. capabilities(7). */
#ifndef KERNEL_CAPABILITY_H
#define KERNEL_CAPABILITY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A set of capabilities: bit n is capability number n. */
typedef uint64_t capability_set;

/*
 * CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID
 * SYS_CHROOT, less what the running process itself lacks in its bounding set. Ask on the host: in
 * a new user namespace the bounding set is full again.
 */
capability_set capability_default_set(void);

/*
 * Cuts the bounding set to set; inheritable and ambient become empty. First half, as root of the
 * user namespace.
 */
int capability_limit_bounding(capability_set set, struct error *err);

/*
 * Becomes uid and gid with exactly these supplementary groups, then cuts permitted and
 * effective to set (all dropped when uid is not 0), sets no_new_privs. Second half, last thing
 * before execve(2).
 */
int capability_become(uid_t uid, gid_t gid, const gid_t *groups, size_t group_count,
		      capability_set set, struct error *err);

#endif
