/* SPDX-License-Identifier: GPL-2.0-or-later */
/* firewall_backend.h: what brings rules into the kernel; one function per backend. */
#ifndef KERNEL_FIREWALL_BACKEND_H
#define KERNEL_FIREWALL_BACKEND_H

#include "kernel/firewall_rules.h"

/* (libiptc) The contract of firewall_commit(), with the rules computed. */
int firewall_iptables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err);

/* (libnftables) Likewise, in a table of its own. */
int firewall_nftables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err);

#endif
