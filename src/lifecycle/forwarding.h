/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forwarding.h: the switches of the host's network that make it a router: on while a network is up
 * that needs them, afterwards what they were. What they were stands in the state directory, before
 * the first of them is turned. Under network_lock() only. ip-sysctl.rst.
 */
#ifndef LIFECYCLE_FORWARDING_H
#define LIFECYCLE_FORWARDING_H

#include "lifecycle/host.h"

/* net.ipv4.ip_forward */
int forwarding_on(struct host *host, struct error *err);
int forwarding_back(struct host *host, struct error *err);
void forwarding_warn(void); /* where it is off, and left to the administrator */

/*
 * net.ipv6.conf.all.forwarding. A link that listens to router advertisements (accept_ra = 1) would
 * stop to when it forwards, and the host lose its routes: its accept_ra becomes 2.
 */
int forwarding6_on(struct host *host, struct error *err);
int forwarding6_back(struct host *host, struct error *err);
void forwarding6_warn(void);

/*
 * Adds the links whose accept_ra has become 1 again since, so that they do not listen any more;
 * makes it 2 again.
 */
int forwarding6_find_deaf(struct host *host, struct strlist *links, struct error *err);
int forwarding6_listen(struct host *host, struct error *err);

#endif
