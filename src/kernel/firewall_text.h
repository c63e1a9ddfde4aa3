/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_text.h: rules in the words of nft(8), each exactly as "nft list table" prints it, so
 * that what is in the kernel can be compared with what is wanted. Pure.
 */
#ifndef KERNEL_FIREWALL_TEXT_H
#define KERNEL_FIREWALL_TEXT_H

#include "base/text.h"
#include "kernel/firewall_rules.h"

struct firewall_text_chain {
	char *name;
	char *base; /* "type ... hook ...;" of a base chain, NULL for one that is jumped to */
	struct strlist rules;
	uint64_t *handles; /* of rules that were read from the kernel, else NULL */
};

/* A table of family inet. */
struct firewall_text_table {
	struct firewall_text_chain *chains;
	size_t count;
	bool strange; /* read from the kernel, and there is more in it than we would write */
};

#define FIREWALL_TEXT_FAMILY "inet"

/* The name of the table: the prefix in lower case. */
struct firewall_text_name {
	char text[64];
};
struct firewall_text_name firewall_text_name(const char *prefix);

/* Of the chain that has the rules, as there is one for each family: "FWD", "FWD6". */
const char *firewall_text_chain_name(enum firewall_family family, enum firewall_chain chain);

/*
 * All chains of ours with the rules in them, those that are jumped to first: the same chains
 * whatever the rules are, but that those of IPv6 are there only when it has any.
 */
void firewall_text_build(const struct firewall_rules *rules, struct firewall_text_table *table);

/* The lines of one rule: nft takes more than one for some. */
void firewall_text_rule(const struct firewall_rule *rule, struct strlist *lines);

/* From the output of "nft --handle --stateless --numeric list table". */
void firewall_text_read(const char *listing, struct firewall_text_table *table);

/* NULL: there is none of that name. */
const struct firewall_text_chain *firewall_text_find(const struct firewall_text_table *table,
						     const char *name);

void firewall_text_clear(struct firewall_text_table *table);
#define AUTO_FIREWALL_TEXT AUTO(firewall_text_clear)

/*
 * The commands that make the table of that name what is wanted; none when it is that already.
 * Rules that stay are not touched. have: NULL for no such table. want: NULL for none any more.
 */
void firewall_text_commands(const char *name, const struct firewall_text_table *have,
			    const struct firewall_text_table *want, struct text *commands);

#endif
