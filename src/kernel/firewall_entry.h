/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_entry.h: a rule in the binary form of the kernel's ip_tables: one buffer that holds
 * struct ipt_entry, its matches and its target, each padded to XT_ALIGN. A jump and a verdict
 * carry the name of where they lead as the name of their target, which is what libiptc takes.
 * linux/netfilter_ipv4/ip_tables.h.
 */
#ifndef KERNEL_FIREWALL_ENTRY_H
#define KERNEL_FIREWALL_ENTRY_H

#include <libiptc/ipt_kernel_headers.h>
#include <limits.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include "kernel/firewall_rules.h"

/* Heap memory, released with free(). */
struct ipt_entry *firewall_entry_new(const struct firewall_rule *rule);
struct ipt_entry *firewall_entry_new_jump(const struct firewall_jump *jump, const char *chain);

/*
 * A copy of an entry read from the kernel, with its counters, in the form of the above: bytes
 * the kernel does not fill are zero. label is where it leads: what iptc_get_target() says.
 */
struct ipt_entry *firewall_entry_copy(const struct ipt_entry *entry, const char *label);

/* Whether two entries made by the functions above are the same rule, whatever their counters. */
bool firewall_entry_equal(const struct ipt_entry *a, const struct ipt_entry *b);

#endif
