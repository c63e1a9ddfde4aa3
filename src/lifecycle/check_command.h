/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check_command.h: a program that is run inside a container to see how it is (ready.command,
 * health.command): as exec runs one, but with an end to its time and output, and without leaving
 * anything of it behind, be it that it forked twice: it has a cgroup of its own below the
 * container's.
 */
#ifndef LIFECYCLE_CHECK_COMMAND_H
#define LIFECYCLE_CHECK_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "lifecycle/attach.h"

#define CHECK_OUTPUT_MAX 160 /* bytes kept of its first line, with the NUL */

enum check_outcome {
	CHECK_ENDED,   /* wait_status tells how */
	CHECK_LATE,    /* the time was up */
	CHECK_FLOODED, /* it wrote more than a megabyte */
	CHECK_NOT_RUN, /* error tells why */
};

struct check_result {
	enum check_outcome outcome;
	int wait_status; /* of wait(2) */
	uint64_t duration_ms;
	char output[CHECK_OUTPUT_MAX]; /* first line of what it wrote, without controls; "": nothing */
	struct error error;
};

/*
 * Runs it and waits for its end, at most timeout_ms and a moment for the killing. attach->below must
 * be set, and nobody else may use that cgroup meanwhile. Our standard input is not read.
 */
void check_command_run(const struct attach *attach, uint32_t timeout_ms,
		       struct check_result *result);

bool check_passed(const struct check_result *result);

/* "exit status 1: no such file", "killed by SIGSEGV", "no end within 5s": for people. */
void check_describe(const struct check_result *result, uint32_t timeout_ms, char *out, size_t size);

#endif
