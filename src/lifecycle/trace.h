/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h: the way of a packet from or to a container, predicted hop by hop from what is in the
 * kernel. Nothing is changed and nothing is sent. docs/networking.md has the way drawn.
 */
#ifndef LIFECYCLE_TRACE_H
#define LIFECYCLE_TRACE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/spec.h"
#include "state/record.h"

enum hop_verdict {
	HOP_OK,      /* the packet goes on, or has arrived */
	HOP_STOP,    /* it does not */
	HOP_UNKNOWN, /* whether it does cannot be seen from here */
};

/* A place on the way. The strings are owned. */
struct hop {
	enum hop_verdict verdict;
	char *where;  /* "eth0", "CMAN-FWD", "forwarding" */
	char *what;   /* what happens there, or why it stops; one line */
	char *remedy; /* one line; NULL: none */
};

/* Behind a hop that stops there may be more: all are told that can be looked at all the same. */
struct trace {
	struct hop *hops;
	size_t count;
};

void trace_clear(struct trace *trace);
#define AUTO_TRACE AUTO(trace_clear)

bool trace_arrives(const struct trace *trace); /* nothing stops it */

struct trace_question {
	const char *container;
	const char *destination; /* an address or a name; NULL: from outside to the container's port */
	uint16_t port;
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
};

/*
 * -1 where nothing could be looked at (EPERM: for root alone); a container that does not run is a
 * hop that stops.
 */
int trace_run(const struct manager *manager, const struct state *state,
	      const struct trace_question *question, struct trace *trace, struct error *err);

#endif
