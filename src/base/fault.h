/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault.h: named points at which a test build (make FAULTS=1) kills itself or fails, as a test
 * says (tests/system/crash.bats). In any other build there is nothing of it: FAULT() is 0.
 *
 * A point is one line where something may go wrong between two changes to the host:
 *
 *     if (FAULT("rename", name, err) < 0 || renameat(...) < 0)
 *
 * Its text is "ROLE POINT OF N": who passes it (the command of cman; "supervisor" and "init" of
 * what it forks), the two words, and how often it was passed by that process, from 1 on.
 *
 *     CMAN_FAULT="up begin files 1=kill"   SIGKILL to itself when it comes there
 *     CMAN_FAULT="up begin files 1=28"     the point fails with that errno value
 *     CMAN_FAULT="up begin files 1=stop"   SIGSTOP to itself: what others do meanwhile is seen
 *     CMAN_FAULT=list                      prints "POINT" of all there are, and ends
 *     CMAN_FAULT_TRACE=FILE                appends the text of each point that is passed; with it
 *                                          a point is deadly, or fails, once and not again
 *
 * That is how a test learns of all points of a command, also of those made after it: it runs the
 * command once with a trace.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>

#include "base/error.h"

#ifdef CMAN_FAULTS

/* 0, or -1 with the errno value that was asked for in err (may be NULL). of: "" for nothing. */
int fault_pass(const char *point, const char *of, struct error *err);

#define FAULT(point, of, err)                                                                      \
	({                                                                                         \
		static const char *const fault_point_                                              \
			__attribute__((section("fault_points"), used)) = (point);                  \
		fault_pass(fault_point_, (of), (err));                                             \
	})

/* Who passes the points from here on; valid for ever. */
void fault_set_role(const char *role);

/* Prints the list if it is asked for, and ends then. */
void fault_begin(void);

/* Where the trace is written to, -1: nowhere. Who closes all else leaves it open. */
int fault_descriptor(void);

/* What the environment says about faults, for a program that gets no other. */
char *const *fault_environment(void);

#else

#define FAULT(point, of, err) ((void)(of), 0)

static inline void fault_set_role(const char *role)
{
	(void)role;
}

static inline void fault_begin(void)
{
}

static inline int fault_descriptor(void)
{
	return -1;
}

static inline char *const *fault_environment(void)
{
	static char *const none[] = {NULL};

	return none;
}

#endif

#endif
