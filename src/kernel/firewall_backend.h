/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall_backend.h: what brings rules into the kernel; one function per backend. */
#ifndef KERNEL_FIREWALL_BACKEND_H
#define KERNEL_FIREWALL_BACKEND_H

#include "kernel/firewall_rules.h"

/* (libiptc) The contract of firewall_commit(), with the rules computed. */
int firewall_iptables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err);

/* Whether the legacy tables are there, or could be loaded: 1 or 0. They then exist. */
int firewall_iptables_available(struct error *err);

/* (libnftables) The same contract, in a table of its own. */
int firewall_nftables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err);

/*
 * Whether nf_tables has rules for IP that are not in the table of that prefix, or drops by policy:
 * 1 or 0. Needs no library.
 */
int firewall_nftables_foreign(const char *prefix, struct error *err);

#endif
