/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_match.h: whether rules in the form of ip_tables, of whomever, match a packet of which not
 * everything is known. Pure. iptables-extensions(8).
 */
#ifndef KERNEL_FIREWALL_MATCH_H
#define KERNEL_FIREWALL_MATCH_H

#include "kernel/firewall_entry.h"
#include "kernel/firewall_evaluate.h"

/* In this order: of several conditions the least says what they come to. */
enum firewall_answer { FIREWALL_NO, FIREWALL_MAYBE, FIREWALL_YES };

/*
 * An extension ("conntrack"): size bytes of info, as that revision of it lays them out. One that is
 * not known here, as most are not, may match.
 */
enum firewall_answer firewall_match_extension(const struct firewall_packet *packet, const char *name,
					      unsigned int revision, const void *info, size_t size);

/* A whole rule. */
enum firewall_answer firewall_match_entry(const struct firewall_packet *packet,
					  const struct firewall_entry *entry);

#endif
