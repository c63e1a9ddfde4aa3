/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.h: the firewall, a pure function of the network records. */
#ifndef LIFECYCLE_RULES_H
#define LIFECYCLE_RULES_H

#include "config/conf.h"
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
 * Whether there are to be rules at all, or firewall.backend is "none". Under the lock of networks.
 */
bool rules_are_wanted(const struct host *host);

#endif
