/* SPDX-License-Identifier: GPL-2.0-or-later */
/* egress.h: what a container may call, on its way from the spec to the record of its network. */
#ifndef LIFECYCLE_EGRESS_H
#define LIFECYCLE_EGRESS_H

#include "lifecycle/container.h"
#include "state/network.h"

/*
 * Notes in member what the interface may not call, with its own list of servers (of resolv.conf as it
 * is now) and what it needs of the spec's memory. Nothing where it may call everything.
 */
int egress_note(const struct container *container, const struct interface *interface,
		struct network_member *member, struct error *err);

/*
 * Adds the name servers of the resolv.conf in the run directory of a container: written by cman, and
 * by nobody inside.
 */
int egress_read_servers(int run_dir_fd, struct strlist *servers, struct error *err);

/*
 * Decides whether the firewall has to look into the bridge of the network, before the bridge is made
 * so: network->filtered. interface: of the container that joins; an error names its key.
 */
int egress_filter(const struct container *container, const struct interface *interface,
		  struct network_record *network, struct error *err);

#endif
