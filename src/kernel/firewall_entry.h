/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_entry.h: a rule in the binary form of the kernel's ip_tables and ip6_tables: one buffer
 * that holds struct ipt_entry or struct ip6t_entry, its matches and its target, each padded to
 * XT_ALIGN. A jump and a verdict carry the name of where they lead as the name of their target,
 * which is what libiptc takes. linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h.
 */
#ifndef KERNEL_FIREWALL_ENTRY_H
#define KERNEL_FIREWALL_ENTRY_H

#include "kernel/firewall_rules.h"

/* Behind the headers of libc, which say the same. */
#include <linux/netfilter_ipv4/ip_tables.h>

/* Either of the two structs: the family is told beside it. */
struct firewall_entry;

/* Heap memory, released with free(). */
struct firewall_entry *firewall_entry_new(const struct firewall_rule *rule);
struct firewall_entry *firewall_entry_new_jump(const struct firewall_jump *jump, const char *chain);

/*
 * A copy of an entry read from the kernel, with its counters, in the form of the above: bytes
 * the kernel does not fill are zero. label is where it leads: what iptc_get_target() says.
 */
struct firewall_entry *firewall_entry_copy(enum firewall_family family,
					   const struct firewall_entry *entry, const char *label);

/* Whether two entries made by the functions above are the same rule, whatever their counters. */
bool firewall_entry_equal(enum firewall_family family, const struct firewall_entry *a,
			  const struct firewall_entry *b);

/* How often it has matched, of one that was read from the kernel. */
struct xt_counters firewall_entry_counters(enum firewall_family family,
					   const struct firewall_entry *entry);

/* What an entry asks of a packet's header; the interfaces are of IFNAMSIZ bytes in the entry. */
struct firewall_header {
	const char *in, *out;
	const unsigned char *in_mask, *out_mask;
	union firewall_address source, source_mask, destination, destination_mask;
	uint16_t protocol; /* 0: any */
	uint8_t inverted;  /* IPT_INV_*, which are those of IPv6 too */
	bool fragment;     /* later fragments only */
	bool is_goto;      /* its target is not come back from */
};
struct firewall_header firewall_entry_header(enum firewall_family family,
					     const struct firewall_entry *entry);

/* The match after that one, at first NULL; NULL: there is none. */
const struct xt_entry_match *firewall_entry_next(enum firewall_family family,
						 const struct firewall_entry *entry,
						 const struct xt_entry_match *match);

#endif
