/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_list.h"

#include "kernel/firewall_backend.h"

int firewall_list(enum firewall_backend backend, const char *prefix,
		  const struct firewall_rules *rules, struct firewall_listing *listing,
		  struct error *err)
{
	*listing = (struct firewall_listing){0};
	switch (backend) {
	case FIREWALL_IPTABLES:
		return firewall_iptables_list(prefix, rules, listing, err);
	case FIREWALL_NFTABLES:
		return firewall_nftables_list(prefix, rules, listing, err);
	case FIREWALL_NONE:
	case FIREWALL_AUTO:
		break;
	}
	return 0;
}
