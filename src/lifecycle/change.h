/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * change.h: what would have to be done so that a container is what its file says: a pure function
 * of what is recorded and what is wanted, which cannot act. What cannot be seen, since no record has
 * it: firewall.*, dns.fallback, dns.hosts, dns.domain, cgroup.version, userns.* and the directories
 * of the manager file, which link a macvlan is on, and what stands in files that keys only name.
 */
#ifndef LIFECYCLE_CHANGE_H
#define LIFECYCLE_CHANGE_H

#include "config/compare.h"
#include "config/spec.h"
#include "state/network.h"
#include "state/record.h"

/* From nothing to what interrupts it most. */
enum change_action {
	ACTION_NOTHING,
	ACTION_LIVE,     /* values are changed while it runs */
	ACTION_ATTACH,   /* an interface is attached anew in the running namespace */
	ACTION_RESTART,
	ACTION_START,    /* it does not run, and is wanted */
	ACTION_STOP,     /* it runs, or is left over, and has no file */
};

/* "nothing", "live", "re-attach", "restart", "start", "stop" */
const char *change_action_name(enum change_action action);

/* What is known of one container. */
struct change_input {
	const char *name;
	enum liveness liveness;
	const char *cgroup_parent;   /* of its record; NULL: not known */
	const struct spec *recorded; /* what it runs with, else NULL; == wanted: that is the same */
	const struct spec *wanted;   /* its file, without errors; NULL: there is none */
	bool transient;              /* it never had one, and ends when its command does */
	bool is_wanted;              /* to run: it was named, or starts by itself */
};

struct container_change {
	const char *name;       /* that of the input */
	enum change_action action;
	struct changes changes; /* of what runs and goes on running */
};

/*
 * networks: the records of those that are up. The changes are those of its file, then those of the
 * manager file that are about it: "networks.cman0.subnet", "cgroup.parent". Such a network keeps its
 * shape until all its containers are down.
 */
void change_find(const struct change_input *input, const struct manager *manager,
		 const struct network_record *networks, size_t network_count,
		 struct container_change *out);
void container_change_clear(struct container_change *change);

/* What differs between a network that is up and what the manager file says of it now. */
void change_find_network(const struct network_record *up, const struct network *wanted,
			 struct changes *changes);

#endif
