/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock.h: flock(2) with a time-out. The lock goes with the open file: closing the fd, or the
 * end of the process, releases it. */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/error.h"

/*
 * Takes the exclusive lock of fd, waiting up to timeout_ms (-1: for ever, 0: not at all). EAGAIN
 * when the time went by; the hint names the process that holds it. Not for programs with threads:
 * SIGALRM ends the wait; its handler, mask and timer are put back afterwards.
 */
int lock_take(int fd, int timeout_ms, struct error *err);

/* The process that holds the lock of the file, as this pid namespace sees it; 0: none is known. */
long lock_find_holder(int fd);

#endif
