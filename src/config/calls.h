/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.h: the system calls by name, what the default filter does with each, and the files that
 * security.seccomp may name. The table is made by src/seccomp/generate.c.
 */
#ifndef CONFIG_CALLS_H
#define CONFIG_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "config/diagnostic.h"

/* What happens to a call. Values from CALL_IF_CAPABLE on carry the number of a capability. */
enum call_verdict {
	CALL_ALLOW,
	CALL_REFUSE,     /* EPERM */
	CALL_UNKNOWN,    /* ENOSYS: newer than the list */
	CALL_REFUSE_OR_UNKNOWN, /* EPERM, with nesting ENOSYS: runtimes do without it then */
	CALL_CLONE,      /* new namespaces with CAPABILITY_NESTING only */
	CALL_SOCKET,     /* some families only */
	CALL_SOCKETCALL, /* where foreign: no new sockets, whose family cannot be seen */
	CALL_IOCTL,      /* nothing that types into a terminal: TIOCSTI, TIOCLINUX */
	CALL_PERSONALITY,
	CALL_IF_CAPABLE = 0x100,            /* + capability: else EPERM */
	CALL_IF_CAPABLE_OR_UNKNOWN = 0x200, /* + capability: else ENOSYS */
};

/*
 * Stands among the capabilities for security.nesting, and CAP_SYS_ADMIN implies it. The kernel has
 * none of that number.
 */
#define CAPABILITY_NESTING 63

#define CALLS_MAX 1024 /* numbers of an ABI, but for a few of 32 bit ARM */

struct call {
	const char *name;
	int native, foreign; /* its numbers; -1: the ABI does not have it */
	const char *group;   /* "mount", or "" */
	uint32_t verdict;    /* of the default filter */
};

extern const struct call calls[]; /* sorted by name */
extern const size_t calls_count;

/*
 * Reads a file of calls, one a line: "NAME", "NAME any", "@GROUP", "@default"; '#' begins a
 * comment. The result, a verdict for each of calls[], is the caller's to free; NULL when
 * something is wrong, which is then in diagnostics. at: the key that names the file.
 */
uint32_t *calls_read(const char *path, struct location at, struct diagnostics *diagnostics);

#endif
