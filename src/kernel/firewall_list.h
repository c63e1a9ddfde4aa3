/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall_list.h: our rules one by one, of whichever backend. For those who look: see firewall_look.h. */
#ifndef KERNEL_FIREWALL_LIST_H
#define KERNEL_FIREWALL_LIST_H

#include "kernel/firewall_listing.h"

/* backend: where the rules are, not FIREWALL_AUTO; none has none. EPERM: root alone can see it. */
int firewall_list(enum firewall_backend backend, const char *prefix,
		  const struct firewall_rules *rules, struct firewall_listing *listing,
		  struct error *err);

#endif
