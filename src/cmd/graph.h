/* SPDX-License-Identifier: GPL-2.0-or-later */
/* graph.h: shared by graph.c (what there is), graph_text.c and graph_dot.c (how it is drawn). */
#ifndef CMD_GRAPH_H
#define CMD_GRAPH_H

#include <stdbool.h>

#include "base/text.h"

/* An interface of a container: what it has while the container runs, else what its file says. */
struct attachment {
	char *network, *container, *interface;
	char *addresses; /* lines */
	char *ports;     /* lines, the last of them may be "isolated" */
	bool up;
};

struct node {
	char *name;
	char *description; /* "bridge cman0, 10.83.0.1/16, fd00:83::1/64, nat" */
	bool up;
};

struct graph {
	char host[256];
	struct strlist uplinks; /* "uplink0 192.0.2.2/24, 2001:db8::2/64" */
	struct node *networks;
	size_t network_count;
	struct attachment *attachments;
	size_t attachment_count;
	struct strlist alone;      /* containers without a network, */
	struct strlist sharing;    /* and those on the host's */
	struct strlist containers; /* all, in order, */
	struct strlist running;    /* and which of them run */
};

void graph_print_text(const struct graph *graph);
void graph_print_dot(const struct graph *graph);

#endif
