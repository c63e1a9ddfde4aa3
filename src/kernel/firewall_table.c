/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "kernel/module.h"

const char *const firewall_table_names[FIREWALL_TABLE_COUNT] = {"raw", "filter", "nat"};

static const struct {
	int table;
	const char *suffix;
} chains[FIREWALL_CHAIN_COUNT] = {
	[FIREWALL_GUARD] = {FIREWALL_TABLE_RAW, "GUARD"},
	[FIREWALL_FORWARD] = {FIREWALL_TABLE_FILTER, "FWD"},
	[FIREWALL_EGRESS] = {FIREWALL_TABLE_FILTER, "EGRESS"},
	[FIREWALL_HOST] = {FIREWALL_TABLE_FILTER, "HOST"},
	[FIREWALL_DNAT] = {FIREWALL_TABLE_NAT, "DNAT"},
	[FIREWALL_NAT] = {FIREWALL_TABLE_NAT, "NAT"},
};

const char *const firewall_table_hooks[FIREWALL_HOOK_COUNT] = {
	[FIREWALL_HOOK_PREROUTING] = "PREROUTING",
	[FIREWALL_HOOK_FORWARD] = "FORWARD",
	[FIREWALL_HOOK_INPUT] = "INPUT",
	[FIREWALL_HOOK_OUTPUT] = "OUTPUT",
	[FIREWALL_HOOK_POSTROUTING] = "POSTROUTING",
};

void firewall_table_entries_clear(struct firewall_table_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->items[i]);
	free(entries->items);
	*entries = (struct firewall_table_entries){0};
}

void firewall_content_clear(struct firewall_content *content)
{
	for (size_t i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		firewall_table_entries_clear(&content->chains[i]);
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		free(content->jumps[i]);
		content->jumps[i] = NULL;
	}
}

static void entries_add(struct firewall_table_entries *entries, struct firewall_entry *entry)
{
	/* Capacity is the next power of two: grow when count reaches one. */
	if ((entries->count & (entries->count - 1)) == 0)
		entries->items = xrealloc(entries->items, entries->count ? 2 * entries->count : 1,
					  sizeof(*entries->items));
	entries->items[entries->count++] = entry;
}

int firewall_table_of(enum firewall_chain chain)
{
	return chains[chain].table;
}

struct firewall_chain_name firewall_table_chain(const char *prefix, enum firewall_chain chain)
{
	struct firewall_chain_name name = {{0}};

	snprintf(name.text, sizeof(name.text), "%s-%s", prefix, chains[chain].suffix);
	return name;
}

void firewall_content_make(const char *prefix, enum firewall_family family,
			   const struct firewall_rules *rules, struct firewall_content *content)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].family == family)
			entries_add(&content->chains[rules->items[i].chain],
				    firewall_entry_new(&rules->items[i]));
	content->forward_is_theirs = rules->forward_is_theirs;
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		const struct firewall_chain_name name =
			firewall_table_chain(prefix, firewall_jumps[i].chain);

		if (firewall_jumps[i].family == family &&
		    firewall_jump_is_wanted(rules, &firewall_jumps[i]) &&
		    content->chains[firewall_jumps[i].chain].count > 0)
			content->jumps[i] = firewall_entry_new_jump(&firewall_jumps[i], name.text);
	}
}

bool firewall_content_has(const struct firewall_content *content, int index)
{
	for (size_t i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		if (firewall_table_of(i) == index && content->chains[i].count > 0)
			return true;
	return false;
}

/* ---- one table ---- */

/* "legacy iptables table raw" */
struct name {
	char text[64];
};

static struct name name_of(const struct firewall_xtables *x, int index)
{
	struct name name;

	snprintf(name.text, sizeof(name.text), "legacy %s table %s", x->tool,
		 firewall_table_names[index]);
	return name;
}

/* Reads a table; what is missing of the kernel's modules for it is loaded. */
struct xtc_handle *firewall_table_open(const struct firewall_xtables *x, int index,
				       struct error *err)
{
	const struct name name = name_of(x, index);

	for (int tries = 0;; tries++) {
		struct xtc_handle *handle =
			FAULT("open table", firewall_table_names[index], NULL) < 0
				? NULL
				: x->init(firewall_table_names[index]);
		struct error why = {0};
		char module[32];
		int code = errno;

		if (handle)
			return handle;
		snprintf(module, sizeof(module), "%s", x->module);
		if (code == ENOENT)
			snprintf(module, sizeof(module), "%s%s", x->table_module,
				 firewall_table_names[index]);
		if ((code == ENOENT || code == ENOPROTOOPT) && tries < 2 &&
		    module_load(module, &why) == 0)
			continue;
		if (why.text[0] != '\0')
			error_set(err, code, "%s (%s)", name.text, why.text);
		else
			error_set(err, code, "%s", name.text);
		if (why.hint[0] != '\0')
			error_hint(err, "%s; without it: firewall.backend = \"nftables\"", why.hint);
		else if (code == EPERM)
			error_hint(err, "the capabilities CAP_NET_ADMIN and CAP_NET_RAW are needed");
		else if (code == ENOENT || code == ENOPROTOOPT)
			error_hint(err,
				   "a kernel with %s and its modules %s, %sraw, %sfilter and %snat "
				   "is needed; without it: firewall.backend = \"nftables\"",
				   x->config, x->module, x->table_module, x->table_module,
				   x->table_module);
		return NULL;
	}
}

int firewall_table_look(enum firewall_family family, int index, struct firewall_table *table,
			struct error *err)
{
	table->x = firewall_xtables_open(family, err);
	if (!table->x)
		return -1;
	/* EAGAIN: it was changed between asking for its size and reading it. */
	for (int tries = 0; !table->handle && tries < FIREWALL_TABLE_TRIES; tries++) {
		table->handle = table->x->init(firewall_table_names[index]);
		if (!table->handle && errno != EAGAIN)
			break;
	}
	if (table->handle)
		return 0;
	error_set(err, errno, "%s", name_of(table->x, index).text);
	return err->code == EPERM ? error_hint(err, "root alone can look at it") : -1;
}

void firewall_table_close(struct firewall_table *table)
{
	if (table->handle)
		table->x->free(table->handle);
}

static int table_error(const char *what, const char *name, struct error *err)
{
	return error_set(err, errno, "%s %s", what, name);
}

void firewall_table_read(const struct firewall_table *table, const char *name,
			 struct firewall_table_entries *entries)
{
	const struct firewall_entry *entry;

	for (entry = table->x->first_rule(name, table->handle); entry;
	     entry = table->x->next_rule(entry, table->handle))
		entries_add(entries,
			    firewall_entry_copy(table->x->family, entry,
						table->x->get_target(entry, table->handle)));
}

size_t firewall_table_find(const struct firewall_table *table,
			   const struct firewall_table_entries *entries, size_t from,
			   const struct firewall_entry *entry)
{
	while (from < entries->count &&
	       !firewall_entry_equal(table->x->family, entries->items[from], entry))
		from++;
	return from;
}

static int delete_rules(struct firewall_table *table, const char *name, unsigned int position,
			size_t count, struct error *err)
{
	for (; count > 0; count--) {
		if (!table->x->delete_num_entry(name, position, table->handle))
			return table_error("delete a rule of", name, err);
		table->changed = true;
	}
	return 0;
}

/*
 * Turns the chain from what it has into what is wanted. Both are sorted, so that a rule which
 * stays is found by looking ahead: it is not touched, and keeps its counters.
 */
static int edit_chain(struct firewall_table *table, const char *name,
		      const struct firewall_table_entries *have,
		      const struct firewall_table_entries *want, struct error *err)
{
	size_t next = 0; /* of what it has; what came before it is as wanted */
	unsigned int position = 0;

	for (size_t i = 0; i < want->count; i++, position++) {
		size_t found = firewall_table_find(table, have, next, want->items[i]);

		if (found < have->count) {
			if (delete_rules(table, name, position, found - next, err) < 0)
				return -1;
			next = found + 1;
		} else {
			if (!table->x->insert_entry(name, want->items[i], position, table->handle))
				return table_error("add a rule to", name, err);
			table->changed = true;
		}
	}
	return delete_rules(table, name, position, have->count - next, err);
}

/* A chain that somebody else's rule jumps to cannot go, and does nothing when it is empty. */
static int delete_chain(struct firewall_table *table, const char *name, struct error *err)
{
	unsigned int references;

	if (!table->x->get_references(&references, name, table->handle))
		return table_error("look at", name, err);
	if (references > 0)
		return 0;
	if (!table->x->delete_chain(name, table->handle))
		return table_error("delete", name, err);
	table->changed = true;
	return 0;
}

/* Whether somebody else made the jump, and may. */
static bool is_theirs(const struct firewall_table *table, const struct firewall_content *content,
		      const struct firewall_jump *jump, const struct firewall_chain_name *name,
		      const struct firewall_entry *entry)
{
	AUTO_FREE struct firewall_entry *own = NULL;

	if (!content->forward_is_theirs || jump->chain != FIREWALL_FORWARD)
		return false;
	own = firewall_entry_new_jump(jump, name->text);
	return !firewall_entry_equal(table->x->family, entry, own);
}

/* Where a jump belongs that goes first: behind those of ours that do so before it. */
static unsigned int place_of(const struct firewall_content *want, size_t jump)
{
	unsigned int place = 0;

	for (size_t i = 0; i < jump; i++)
		place += want->jumps[i] && firewall_jumps[i].first &&
			 firewall_jumps[i].hook == firewall_jumps[jump].hook;
	return place;
}

/*
 * Looks for the first jump to the chain that should not be where it is, or is one too many: 1
 * and its position, otherwise 0 and the number of rules. *kept: one is right. *had: the first
 * there is.
 */
static int find_wrong_jump(struct firewall_table *table, size_t index,
			   const struct firewall_content *content, unsigned int *position,
			   bool *kept, struct firewall_entry **had)
{
	const struct firewall_jump *jump = &firewall_jumps[index];
	const struct firewall_entry *want = content->jumps[index];
	const unsigned int place = place_of(content, index);
	const struct firewall_chain_name name = firewall_table_chain(table->prefix, jump->chain);
	const char *hook = firewall_table_hooks[jump->hook];
	const struct firewall_entry *entry;

	*position = 0;
	*kept = false;
	for (entry = table->x->first_rule(hook, table->handle); entry;
	     entry = table->x->next_rule(entry, table->handle), (*position)++) {
		const char *target = table->x->get_target(entry, table->handle);
		AUTO_FREE struct firewall_entry *copy = NULL;
		bool right;

		if (strcmp(target, name.text) != 0)
			continue;
		copy = firewall_entry_copy(table->x->family, entry, target);
		if (is_theirs(table, content, jump, &name, copy))
			continue;
		right = want && !*kept && firewall_entry_equal(table->x->family, copy, want) &&
			(!jump->first || *position == place);
		if (!*had)
			*had = take_pointer(&copy);
		if (!right)
			return 1;
		*kept = true;
	}
	return 0;
}

/*
 * Leaves exactly one jump where it belongs, or none when want is NULL. *had is set to the first
 * that was there before, with its counters.
 */
static int edit_jump(struct firewall_table *table, size_t index,
		     const struct firewall_content *content, struct firewall_entry **had,
		     struct error *err)
{
	const struct firewall_jump *jump = &firewall_jumps[index];
	const struct firewall_entry *want = content->jumps[index];
	const unsigned int place = place_of(content, index);
	const char *hook = firewall_table_hooks[jump->hook];
	unsigned int position; /* of a wrong jump, or the number of rules */
	bool kept;

	/* From the start each time: deleting the first rule breaks the iterator of libiptc. */
	while (find_wrong_jump(table, index, content, &position, &kept, had)) {
		if (!table->x->delete_num_entry(hook, position, table->handle))
			return table_error("delete a jump of", hook, err);
		table->changed = true;
	}
	if (!want || kept)
		return 0;
	if (*had && firewall_entry_equal(table->x->family, *had, want))
		want = *had; /* it only moves, and takes its counters along */
	if (!table->x->insert_entry(hook, want, jump->first ? place : position, table->handle))
		return table_error("add a jump to", hook, err);
	table->changed = true;
	return 0;
}

int firewall_table_edit(struct firewall_table *table, int index, const struct firewall_content *want,
			struct firewall_content *had, struct error *err)
{
	had->forward_is_theirs = want->forward_is_theirs;
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++) {
		const struct firewall_chain_name name = firewall_table_chain(table->prefix, i);

		if (firewall_table_of(i) != index)
			continue;
		if (table->x->is_chain(name.text, table->handle)) {
			firewall_table_read(table, name.text, &had->chains[i]);
		} else if (want->chains[i].count > 0) {
			if (!table->x->create_chain(name.text, table->handle))
				return table_error("create", name.text, err);
			table->changed = true;
		}
		if (edit_chain(table, name.text, &had->chains[i], &want->chains[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++)
		if (firewall_jumps[i].family == table->x->family &&
		    firewall_table_of(firewall_jumps[i].chain) == index &&
		    edit_jump(table, i, want, &had->jumps[i], err) < 0)
			return -1;
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++) {
		const struct firewall_chain_name name = firewall_table_chain(table->prefix, i);

		if (firewall_table_of(i) == index && want->chains[i].count == 0 &&
		    table->x->is_chain(name.text, table->handle) &&
		    delete_chain(table, name.text, err) < 0)
			return -1;
	}
	return 0;
}
