/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h: processes by pidfd, the identity of a pid, clocks. pidfd_open(2), proc(5). */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* A pid that can be told from a later process of the same number. */
struct process_identity {
	pid_t pid;           /* 0: none */
	uint64_t start_time; /* clock ticks since boot, field 22 of /proc/PID/stat */
	uint64_t inode;      /* of its pidfd, which no other process of this boot gets: Linux 6.9.
			      * 0: not known, then the start time tells */
};

/* Fills in the identity of a live process. ESRCH when there is none. */
int process_identify(pid_t pid, struct process_identity *identity, struct error *err);

/*
 * A pidfd of exactly that process, owned by the caller; -1 with err->code ESRCH when it is
 * gone, is a zombie or its number belongs to another one now.
 */
int process_open(const struct process_identity *identity, struct error *err);

/* For who only looks: whether it is there now, and no zombie. */
bool process_is_there(const struct process_identity *identity);

/* Sends a signal; a process that is gone is success. */
int process_signal(int pidfd, int signal_number, struct error *err);

/* Waits until the process has ended: 1 it has, 0 timeout_ms (-1: for ever) went by. */
int process_wait_ended(int pidfd, int timeout_ms, struct error *err);

/*
 * This process is killed when its parent ends, which was parent at the time it was made. ESRCH: that
 * has ended already, and nobody would kill this one. prctl(2), PR_SET_PDEATHSIG.
 */
int process_end_with(pid_t parent, struct error *err);

/* Takes away a child, once it has ended: its wait status, or -1. Also one that tells nobody of it. */
int process_reap(pid_t pid, struct error *err);

/* poll(2) on one fd for reading, EINTR retried with the time that is left: 1, 0 time-out, -1. */
int process_poll(int fd, int timeout_ms, struct error *err);

/* Closes all fds but those of keep, in any order; -1 among them is none. close_range(2) */
int process_close_others(const int keep[], size_t count, struct error *err);

/*
 * A child that waits for the kernel in our place, in which only system calls may be used: 0 in it,
 * there its pid, -1 when there is none to be had (pids limit). It may outlive us, so of our fds it
 * has only those of keep (ascending): no lock stays held, no reader of our output waits for it. Who
 * waits for any child of his does not see it.
 */
pid_t process_fork_aside(const int keep[], size_t count);

/* Name of a signal without "SIG" and its number; NULL and 0 for what is none ("RTMIN+3" is). */
int process_signal_number(const char *name); /* "TERM", "SIGTERM", "15", "SIGRTMIN+3" */
const char *process_signal_name(int number, char *out, unsigned long size);

/*
 * Many containers at once are many open files: from now on as many as there may be, at least 65536 where
 * we are allowed to. The second, before the exec of a program that is not ours, gives it the limit that
 * we were started with: above 1024 select(2) does not work. setrlimit(2)
 */
void process_raise_file_limit(void);
void process_restore_file_limit(void);

/* All signals as they are for a new program: no handler, none ignored, none blocked. */
int process_reset_signals(struct error *err);

uint64_t process_monotonic_ms(void);      /* CLOCK_MONOTONIC */
uint64_t process_boottime_ms(void);       /* CLOCK_BOOTTIME: goes on during suspend */
uint64_t process_boottime_seconds(void);  /* the same in seconds */

/* The id of this boot of the kernel, 36 characters and NUL. random(4). */
int process_boot_id(char out[37], struct error *err);

/* Whether that is its id; false also where it cannot be read. */
bool process_is_this_boot(const char *boot_id);

#endif
