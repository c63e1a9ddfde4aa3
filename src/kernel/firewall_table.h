/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_table.h: what is ours in the legacy tables of a family, as it is to be and as it is: for
 * committing (firewall_iptables.c), looking and listing (firewall_iptables_look.c) and for who asks
 * what others' rules do (firewall_walk.c). libiptc(3); a table is a snapshot that is edited in memory.
 */
#ifndef KERNEL_FIREWALL_TABLE_H
#define KERNEL_FIREWALL_TABLE_H

#include "kernel/firewall_look.h"
#include "kernel/firewall_xtables.h"

/* Of either family. Guards stand before anything is let in, so the table of DNAT comes last. */
enum { FIREWALL_TABLE_RAW, FIREWALL_TABLE_FILTER, FIREWALL_TABLE_NAT, FIREWALL_TABLE_COUNT };
extern const char *const firewall_table_names[FIREWALL_TABLE_COUNT];

/* "PREROUTING" */
#define FIREWALL_HOOK_COUNT (FIREWALL_HOOK_POSTROUTING + 1)
extern const char *const firewall_table_hooks[FIREWALL_HOOK_COUNT];

/* In which table a chain of ours stands, and under which name. */
int firewall_table_of(enum firewall_chain chain);
struct firewall_chain_name {
	char text[FIREWALL_CHAIN_NAME_SIZE];
};
struct firewall_chain_name firewall_table_chain(const char *prefix, enum firewall_chain chain);

/* ---- what is ours ---- */

/* Owned copies. */
struct firewall_table_entries {
	struct firewall_entry **items;
	size_t count;
};

/*
 * All that is ours in the tables of a family, or part of it. No entries: no chain. NULL: no jump,
 * as where it is one of the other family.
 */
struct firewall_content {
	struct firewall_table_entries chains[FIREWALL_CHAIN_COUNT];
	struct firewall_entry *jumps[FIREWALL_JUMP_COUNT];
	bool forward_is_theirs; /* jumps to PREFIX-FWD that others made are left alone */
};
void firewall_table_entries_clear(struct firewall_table_entries *entries);
#define AUTO_FIREWALL_TABLE_ENTRIES AUTO(firewall_table_entries_clear)
void firewall_content_clear(struct firewall_content *content);
#define AUTO_FIREWALL_CONTENT AUTO(firewall_content_clear)

/* Of an empty one: what the rules ask for. */
void firewall_content_make(const char *prefix, enum firewall_family family,
			   const struct firewall_rules *rules, struct firewall_content *content);

/* Whether there is anything of ours in that table. */
bool firewall_content_has(const struct firewall_content *content, int index);

/* ---- one table ---- */

/* Somebody who takes no lock may change a table again and again; not for ever, though. */
#define FIREWALL_TABLE_TRIES 16

struct firewall_table {
	const struct firewall_xtables *x;
	struct xtc_handle *handle; /* NULL: not open */
	const char *prefix;        /* of our chains */
	bool changed;
};
void firewall_table_close(struct firewall_table *table);
#define AUTO_FIREWALL_TABLE AUTO(firewall_table_close)

/* Reads a table; what is missing of the kernel's modules for it is loaded. */
struct xtc_handle *firewall_table_open(const struct firewall_xtables *x, int index,
				       struct error *err);

/* Opens one that exists, and changes nothing by it. EPERM. */
int firewall_table_look(enum firewall_family family, int index, struct firewall_table *table,
			struct error *err);

/* Adds copies of the rules of a chain. */
void firewall_table_read(const struct firewall_table *table, const char *chain,
			 struct firewall_table_entries *entries);

/* Where the entry stands, from there on; their count: nowhere. */
size_t firewall_table_find(const struct firewall_table *table,
			   const struct firewall_table_entries *entries, size_t from,
			   const struct firewall_entry *entry);

/* Edits what is ours in the table; had, empty before: what there was. table->changed: anything. */
int firewall_table_edit(struct firewall_table *table, int index, const struct firewall_content *want,
			struct firewall_content *had, struct error *err);

#endif
