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
#include <sys/uio.h>

#include "lifecycle/supervisor_args.h"
#include "lifecycle/supervisor_settings.h"
#include "supervisor/sources.h"

/* Bytes taken from a FIFO at once. Only pages that were used once count as memory. */
#define CHUNK (16 * 1024)

/* The state of log.h: here, because all parts have something to say. */
struct log {
	unsigned int count;   /* of log_parts */
	size_t gathered;      /* bytes in them */
	uint64_t size;        /* of the file */
	uint64_t dropped;     /* bytes of output the file did not take */
	bool torn;            /* its last line has no end */
	int syslog_fd;        /* -1: not connected */
	int64_t syslog_tried; /* when that was last tried, seconds since the epoch */
	bool syslog_works;    /* it took the last line */
	uint64_t missed;      /* lines it did not take */
};

struct supervisor {
	struct supervisor_args args;
	struct supervisor_settings settings;
	char **envp;
	struct sources sources;
	struct log log;
	bool ended;       /* init has, or the time has come: nothing is waited for any more */
	/* Why init was made to end, for the file "exit" (state/record.h); NULL: by itself. */
	const char *purpose;
};

/* For whoever works: of no use beyond one call of a handler. Aligned for inotify events. */
static char chunk[CHUNK] __attribute__((aligned(8)));

#endif
