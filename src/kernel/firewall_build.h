/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall_build.h: from the set of networks and forwards to a sorted list of rules. Pure. */
#ifndef KERNEL_FIREWALL_BUILD_H
#define KERNEL_FIREWALL_BUILD_H

#include "kernel/firewall_rules.h"

/* The same set in any order gives the same rules. EINVAL: a set that contradicts itself. */
int firewall_rules_build(const struct firewall_set *set, struct firewall_rules *rules,
			 struct error *err);

#endif
