/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_network.h: the network of a container that runs, made to be as another spec says: who holds
 * what in the network records, links that are made anew in its namespace, what they let through. Between
 * the two halves stands the commit of the rules, so that no link carries a packet without them.
 */
#ifndef LIFECYCLE_LIVE_NETWORK_H
#define LIFECYCLE_LIVE_NETWORK_H

#include "lifecycle/container.h"

/*
 * container->spec is what is wanted, from what was asked for before. Either may be in force, or half
 * of it: both halves work on what they find. Neither spec is net = "host", nor one of them alone
 * without interfaces.
 */

/* Joins and leaves networks, and takes away the links that are to be others. Not under a lock. */
int live_network_begin(struct host *host, struct container *container, const struct spec *from,
		       struct error *err);

/* After the commit: links that are missing, addresses and routes inside, filters and rates. */
int live_network_finish(struct host *host, struct container *container, const struct spec *from,
			struct error *err);

#endif
