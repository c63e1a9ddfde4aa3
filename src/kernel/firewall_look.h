/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_look.h: what is in the kernel of our rules, and what those of others make of a packet.
 * For those who look: nothing is changed, no lock taken, no module loaded, no table made.
 */
#ifndef KERNEL_FIREWALL_LOOK_H
#define KERNEL_FIREWALL_LOOK_H

#include "base/text.h"
#include "kernel/firewall_evaluate.h"

#define FIREWALL_CHAIN_NAME_SIZE 32

/* What the kernel has of a chain: its rules, and all jumps into it. */
enum firewall_presence {
	FIREWALL_PRESENT,   /* as wanted */
	FIREWALL_DIFFERENT, /* other rules than wanted */
	FIREWALL_UNCALLED,  /* a jump is missing */
	FIREWALL_MISSING,
};

struct firewall_sight {
	enum firewall_backend backend;
	char prefix[16];
	/* as its tool shows them: "CMAN-FWD", "inet cman FWD", for IPv6 "inet cman FWD6" */
	char names[FIREWALL_FAMILY_COUNT][FIREWALL_CHAIN_COUNT][FIREWALL_CHAIN_NAME_SIZE];
	enum firewall_presence presence[FIREWALL_FAMILY_COUNT][FIREWALL_CHAIN_COUNT];
};

/* backend: where the rules are, not FIREWALL_AUTO. EPERM: root alone can see it. */
int firewall_look(enum firewall_backend backend, const char *prefix,
		  const struct firewall_rules *rules, struct firewall_sight *sight,
		  struct error *err);

/*
 * Whether a commit of the rules would change anything, be it the place of a jump: 1 or 0. backend:
 * as above. EPERM; EINTR: somebody changes rules at this moment.
 */
int firewall_differs(enum firewall_backend backend, const char *prefix,
		     const struct firewall_rules *rules, struct error *err);

enum firewall_fate {
	FIREWALL_PASSES,
	FIREWALL_MAY_DROP, /* a rule drops what looks like it, but for a match not judged here */
	FIREWALL_DROPS,
};
struct firewall_judgement {
	enum firewall_fate fate;
	/* who drops it */
	char table[64]; /* of nftables, "ip filter"; "": the legacy table filter of the family */
	char chain[FIREWALL_CHAIN_NAME_SIZE];
	unsigned int number; /* of the rule in it, from 1; 0: its policy, or it is of nftables */
	bool ufw;            /* the rules are those of ufw */
	/* of the legacy table: where nothing lets it pass that only may, it is dropped */
	bool ends_in_drop;
};

/*
 * What the built-in chain ("FORWARD", "INPUT") of the legacy table filter makes of the first packet
 * of a connection, others' rules before and behind ours included, and the base chains of others of
 * that hook in nf_tables. In place of our own chains of the sight stand the rules; NULL: they do
 * nothing.
 */
int firewall_judge(const struct firewall_sight *sight, const char *hook,
		   const struct firewall_rules *rules, const struct firewall_packet *packet,
		   struct firewall_judgement *judgement, struct error *err);

/* The line that lets it pass, for what comes from our bridge or goes to it. */
void firewall_remedy(const char *hook, const struct firewall_packet *packet, bool outwards,
		     const struct firewall_judgement *judgement, struct text *line);

#endif
