/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capability.h: (libcap) what the payload's root may do. capabilities(7). */
#ifndef KERNEL_CAPABILITY_H
#define KERNEL_CAPABILITY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A set of capabilities: bit n is capability number n, as capabilities_of() makes it. */
typedef uint64_t capability_set;

/*
 * CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID
 * SYS_CHROOT, less what the running process itself lacks in its bounding set. Ask on the host: in
 * a new user namespace the bounding set is full again.
 */
capability_set capability_default_set(void);

/* All that the running process can have: its bounding set. Likewise. */
capability_set capability_host_set(void);

/*
 * base (one of the above) without drop, then with add. CAPABILITIES_ALL (config/capabilities.h) stands for
 * all that the running process has; a capability named in add that it lacks is an error (EPERM).
 * Ask on the host, too.
 */
int capability_choose(capability_set base, capability_set drop, capability_set add,
		      capability_set *out, struct error *err);

/*
 * Cuts the bounding set to set; inheritable and ambient become empty. First half, as root of the
 * user namespace.
 */
int capability_limit_bounding(capability_set set, struct error *err);

/*
 * Becomes uid and gid with exactly these supplementary groups, then cuts permitted and effective
 * to set. Those in ambient become inheritable and ambient as well: what a uid that is not 0 keeps
 * over execve(2), while 0 is given the bounding set there. Second half, shortly before that call.
 */
int capability_become(uid_t uid, gid_t gid, const gid_t *groups, size_t group_count,
		      capability_set set, capability_set ambient, struct error *err);

/* Cuts permitted and effective to set, for the time being; inheritable becomes empty. */
int capability_keep(capability_set set, struct error *err);

/* no_new_privs, for good. */
int capability_forbid_gain(struct error *err);

#endif
