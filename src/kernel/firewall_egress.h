/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall_egress.h: the rules for what containers may call: a part of firewall_build.h. Pure. */
#ifndef KERNEL_FIREWALL_EGRESS_H
#define KERNEL_FIREWALL_EGRESS_H

#include "kernel/firewall_rules.h"

/* More rules than firewall_egress_add() makes of all limits of a set. */
size_t firewall_egress_most(const struct firewall_set *set);

/* Adds them, in both families. ENAMETOOLONG. */
int firewall_egress_add(struct firewall_rules *rules, const struct firewall_set *set,
			struct error *err);

#endif
