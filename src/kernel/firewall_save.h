/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall_save.h: rules in the words of iptables(8), as iptables-save(8) prints them. Pure. */
#ifndef KERNEL_FIREWALL_SAVE_H
#define KERNEL_FIREWALL_SAVE_H

#include "base/text.h"
#include "kernel/firewall_rules.h"

/* "-A CHAIN ..." in memory of the caller's: what firewall_entry_new() makes of the same rule. */
char *firewall_save_rule(const struct firewall_rule *rule, const char *chain);
char *firewall_save_jump(const struct firewall_jump *jump, const char *hook, const char *chain);

#endif
