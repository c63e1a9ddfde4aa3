/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.h: the firewall, a pure function of the network records. */
#ifndef LIFECYCLE_RULES_H
#define LIFECYCLE_RULES_H

#include "config/conf.h"
#include "kernel/firewall_look.h"
#include "lifecycle/host.h"
#include "state/network.h"

/*
 * Makes the rules of the host those that the records of all networks ask for. Under the lock of
 * networks. A failure sets host->firewall_refused: nothing was changed.
 */
int rules_commit(struct host *host, const struct network_record *networks, size_t count,
		 struct error *err);

/*
 * Warns of rules of others that drop what these accept: those of the networks that are up, or of the
 * containers in the files (nothing is changed, and who may not look is told nothing).
 */
void rules_warn(const struct host *host, const struct network_record *networks, size_t count);
void rules_warn_of_files(const struct conf *conf);

/*
 * For those who look: the rules that the records ask for, each with its network_record or
 * network_member as the owner, and where they are. Nothing is changed; where that is not recorded, it
 * is what the manager file says, with iptables for "auto".
 */
struct rules_in_force {
	enum firewall_backend backend;
	char prefix[16]; /* of the chains */
	bool decided;    /* it is recorded: rules were made */
	bool host_firewall;     /* published ports are accepted by others, or not */
	bool forward_is_theirs; /* nothing of ours leads to the chain of forwarding */
	struct firewall_rules rules;
};
int rules_recall(const struct manager *manager, const struct state *state,
		 const struct network_record *networks, size_t count,
		 struct rules_in_force *in_force, struct error *err);

/*
 * What of them is in the kernel, and whether a commit would change anything. Under the lock of
 * networks.
 */
struct rules_look {
	struct rules_in_force in_force;
	struct firewall_sight sight;
	bool differs;
};
int rules_look(const struct manager *manager, const struct state *state,
	       const struct network_record *networks, size_t count, struct rules_look *look,
	       struct error *err);
void rules_look_clear(struct rules_look *look);

/*
 * Whether there are to be rules at all, or firewall.backend is "none". Under the lock of networks.
 */
bool rules_are_wanted(const struct host *host);

/* Whether a port can be published on ::1 of the host: not where br_netfilter has ip6tables called. */
bool rules_can_answer_localhost6(void);

#endif
