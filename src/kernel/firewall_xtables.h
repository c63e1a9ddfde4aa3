/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_xtables.h: libiptc of one family, for the legacy tables of it: its functions without
 * their prefix (iptc_, ip6tc_), and what has another name in each. The libraries are opened at run
 * time, by the first look at a table: who uses nftables, or no IPv6, needs none of them.
 *
 * libiptc works on a snapshot of a table: init() reads it, edits happen in memory, and commit()
 * replaces the whole table in one system call. Its rule numbers begin at 0 (but for counters), its
 * functions return 0 for failure, with errno. There is one place for where an iteration stands.
 */
#ifndef KERNEL_FIREWALL_XTABLES_H
#define KERNEL_FIREWALL_XTABLES_H

#include "kernel/firewall_entry.h"

struct xtc_handle;

struct firewall_xtables {
	enum firewall_family family;
	const char *tool;   /* "iptables" */
	const char *module; /* of the kernel: "ip_tables", and "iptable_" before a table's name */
	const char *table_module;
	const char *config; /* the option of the kernel */

	struct xtc_handle *(*init)(const char *table);
	void (*free)(struct xtc_handle *handle);
	int (*commit)(struct xtc_handle *handle);

	int (*is_chain)(const char *chain, struct xtc_handle *handle);
	int (*builtin)(const char *chain, struct xtc_handle *handle);
	const char *(*first_chain)(struct xtc_handle *handle);
	const char *(*next_chain)(struct xtc_handle *handle);
	int (*create_chain)(const char *chain, struct xtc_handle *handle);
	int (*delete_chain)(const char *chain, struct xtc_handle *handle);
	int (*get_references)(unsigned int *count, const char *chain, struct xtc_handle *handle);
	const char *(*get_policy)(const char *chain, struct xt_counters *counters,
				  struct xtc_handle *handle);
	int (*set_policy)(const char *chain, const char *policy, struct xt_counters *counters,
			  struct xtc_handle *handle);

	const struct firewall_entry *(*first_rule)(const char *chain, struct xtc_handle *handle);
	const struct firewall_entry *(*next_rule)(const struct firewall_entry *entry,
						  struct xtc_handle *handle);
	const char *(*get_target)(const struct firewall_entry *entry, struct xtc_handle *handle);
	int (*insert_entry)(const char *chain, const struct firewall_entry *entry,
			    unsigned int number, struct xtc_handle *handle);
	int (*delete_num_entry)(const char *chain, unsigned int number, struct xtc_handle *handle);
};

/* Lasts as long as the process. ENOSYS: the library is missing. */
const struct firewall_xtables *firewall_xtables_open(enum firewall_family family, struct error *err);

/* Whether the table exists in this network namespace: looking into it would create it. */
bool firewall_xtables_exist(enum firewall_family family, const char *table);

/*
 * Whether text stands anywhere in a table that exists, as the name of a chain does; true also where that
 * cannot be told. Without the library, whose opening takes longer than the look.
 */
bool firewall_xtables_mention(enum firewall_family family, const char *table, const char *text);

/* All rules of a chain, pointers into the table's snapshot, for who goes into chains from chains. */
struct firewall_entries {
	const struct firewall_entry **items;
	size_t count;
};
void firewall_xtables_list(const struct firewall_xtables *xtables, struct xtc_handle *handle,
			   const char *chain, struct firewall_entries *entries);
void firewall_entries_clear(struct firewall_entries *entries);
#define AUTO_FIREWALL_ENTRIES AUTO(firewall_entries_clear)

#endif
