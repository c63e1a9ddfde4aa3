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
	HOP_WARNING, /* the packet goes on, but what should be here is not */
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
	int family; /* of the packet: AF_INET, AF_INET6 */
	struct hop *hops;
	size_t count;
};

/* One for each family that was walked, IPv4 first. */
struct traces {
	struct trace items[2];
	size_t count;
};

void traces_clear(struct traces *traces);
#define AUTO_TRACES AUTO(traces_clear)

bool trace_arrives(const struct trace *trace);   /* nothing stops it */
bool traces_arrive(const struct traces *traces); /* none of them */

struct trace_question {
	const char *container;
	const char *destination; /* an address or a name; NULL: from outside to the container's port */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP (a ping, of any family) */
	uint16_t port;    /* 0 for a ping */
	/*
	 * AF_UNSPEC: that of the address; of a name those it has and the container has, too; from
	 * outside those in which the port is published.
	 */
	int family;
};

/*
 * -1 where nothing could be looked at (EPERM: for root alone); a container that does not run is a
 * hop that stops.
 */
int trace_run(const struct manager *manager, const struct state *state,
	      const struct trace_question *question, struct traces *traces, struct error *err);

#endif
