/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lock.h: flock(2) with a time-out. The lock goes with the open file: closing the fd, or the
 * end of the process, releases it. */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/error.h"

/*
 * Takes the exclusive lock of fd, waiting up to timeout_ms (-1: for ever, 0: not at all).
 * err->code is EAGAIN when the time went by. Not for programs with threads: the wait is ended by
 * SIGALRM, whose handler and timer are put back afterwards.
 */
int lock_take(int fd, int timeout_ms, struct error *err);

#endif
