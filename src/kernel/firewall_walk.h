/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall_walk.h: what the legacy table filter, with the rules of whomever, makes of a packet. */
#ifndef KERNEL_FIREWALL_WALK_H
#define KERNEL_FIREWALL_WALK_H

#include "kernel/firewall_look.h"

/*
 * Through the built-in chain of that hook. In place of the chains of the sight stand the rules, NULL:
 * they do nothing; without a sight every chain is gone through. Where there is no such table the
 * packet passes.
 */
int firewall_walk(enum firewall_hook hook, const struct firewall_sight *sight,
		  const struct firewall_rules *rules, const struct firewall_packet *packet,
		  struct firewall_judgement *judgement, struct error *err);

#endif
