/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.h: what all parts of the supervisor share. A part is a header with a struct of its
 * own, in which it keeps its state, and a function that adds its fds to the sources; main.c calls
 * that. Memory counts: stack and static data are a page each, and should stay so.
 */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>

#include "lifecycle/supervisor_args.h"
#include "lifecycle/supervisor_settings.h"
#include "supervisor/sources.h"

/* Bytes taken from a FIFO at once. Only pages that were used once count as memory. */
#define CHUNK (16 * 1024)

struct supervisor {
	struct supervisor_args args;
	struct supervisor_settings settings;
	char **envp;
	struct sources sources;
	uint64_t dropped; /* bytes of output the log file did not take */
	bool ended;       /* init has: nothing is waited for any more */
};

/* For whoever works: of no use beyond one call of a handler. Aligned for inotify events. */
static char chunk[CHUNK] __attribute__((aligned(8)));

#endif
