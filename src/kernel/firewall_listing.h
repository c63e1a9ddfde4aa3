/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_listing.h: our rules one by one, each in the words of the tool of its backend, with whether
 * the kernel has it and how often it has matched. firewall_list.h has them listed.
 */
#ifndef KERNEL_FIREWALL_LISTING_H
#define KERNEL_FIREWALL_LISTING_H

#include "kernel/firewall_rules.h"

struct firewall_listed_rule {
	char *text; /* "-A CMAN-FWD -i cman0 ... -j ACCEPT", "iifname "cman0" accept comment ..." */
	const struct firewall_rule *rule; /* of those asked about; NULL: a jump to a chain of ours */
	bool present;
	uint64_t packets, bytes; /* UINT64_MAX: nobody counts them, or it is not there */
};

struct firewall_listed_chain {
	enum firewall_family family; /* with nftables a base chain is for both: IPv4 then */
	char table[24];              /* "raw"; "inet cman" */
	char name[32];               /* "FORWARD", "CMAN-FWD"; "filter-forward", "FWD" */
	char *base;                  /* nftables: "type ... hook ...;" of a base chain, else NULL */
	bool ours;                   /* else a built-in one that leads to ours */
	struct firewall_listed_rule *rules; /* in the order of the chain */
	size_t count;
	size_t strangers; /* rules in a chain of ours that are none of them */
	bool disordered;  /* rules of ours stand in another order than they should */
};

/* By family and table, in the order in which the tool shows them. */
struct firewall_listing {
	struct firewall_listed_chain *chains;
	size_t count;
};

void firewall_listing_clear(struct firewall_listing *listing);
#define AUTO_FIREWALL_LISTING AUTO(firewall_listing_clear)

/* For the backends: an empty chain at the end, and a rule at the end of a chain, text taken over. */
struct firewall_listed_chain *firewall_listing_add(struct firewall_listing *listing,
						   enum firewall_family family, const char *table,
						   const char *name);
struct firewall_listed_rule *firewall_listing_add_rule(struct firewall_listed_chain *chain,
						       const struct firewall_rule *rule, char *text);

#endif
