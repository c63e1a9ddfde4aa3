/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_backend.h: what brings rules into the kernel; one function per backend. What is tried
 * next depends on the code of an error: err is never NULL here.
 */
#ifndef KERNEL_FIREWALL_BACKEND_H
#define KERNEL_FIREWALL_BACKEND_H

#include "base/text.h"
#include "kernel/firewall_evaluate.h"

/* Who lets it pass or not: a chain entered from the hook. */
struct firewall_verdict {
	enum firewall_family family;
	bool drops;
	char table[64]; /* "ip filter", or "" for the legacy table */
	char chain[64];
	bool ufw; /* the rules are those of ufw */
	/* In nf_tables: a rule that could not be judged may make it otherwise. */
	bool unsure;
};

/* (libiptc) The contract of firewall_commit(), with the rules computed. */
int firewall_iptables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err);

/* Whether the legacy tables of a family are there, or could be loaded: 1 or 0. They then exist. */
int firewall_iptables_available(enum firewall_family family, struct error *err);

/* (libnftables) The same contract, in a table of its own. */
int firewall_nftables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err);

/*
 * Whether nf_tables has rules for IP that are not in the table of that prefix, or drops by policy:
 * 1 or 0. Needs no library.
 */
int firewall_nftables_foreign(const char *prefix, struct error *err);

/*
 * What the base chains of the hook (forward, or input), but for the table of that prefix, make of the
 * packets: rules that cannot be judged from here count as not matching. The first chain that drops
 * one, if any, is in its verdict.
 */
int firewall_nftables_judge(const char *prefix, enum firewall_hook hook,
			    const struct firewall_packet *packets, size_t count,
			    struct firewall_verdict *verdicts, struct error *err);

/* The contract of firewall_look(). */
struct firewall_sight;
int firewall_iptables_look(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_sight *sight, struct error *err);
int firewall_nftables_look(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_sight *sight, struct error *err);

/* The contract of firewall_list(). */
struct firewall_listing;
int firewall_iptables_list(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_listing *listing, struct error *err);
int firewall_nftables_list(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_listing *listing, struct error *err);

/* The contract of firewall_differs(). */
int firewall_iptables_differs(const char *prefix, const struct firewall_rules *rules,
			      struct error *err);
int firewall_nftables_differs(const char *prefix, const struct firewall_rules *rules,
			      struct error *err);

/* Adds the line that makes the dropping chain let pass what goes out, or what DNAT leads in. */
void firewall_obstacle_remedy(const struct firewall_verdict *verdict, bool published,
			      const char *bridge, struct text *line);

#endif
