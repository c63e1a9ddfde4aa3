/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our rules in the legacy tables, for who looks and for who lists them. */
#include <stdio.h>

#include "kernel/firewall_backend.h"
#include "kernel/firewall_listing.h"
#include "kernel/firewall_save.h"
#include "kernel/firewall_table.h"

static bool holds(struct firewall_table *table, const char *name,
		  const struct firewall_table_entries *want)
{
	AUTO_FIREWALL_TABLE_ENTRIES struct firewall_table_entries have = {0};

	firewall_table_read(table, name, &have);
	for (size_t i = 0; i < have.count && i < want->count; i++)
		if (!firewall_entry_equal(table->x->family, have.items[i], want->items[i]))
			return false;
	return have.count == want->count;
}

/* Whether the hook has such a jump, wherever it stands: what stands before it is judged apart. */
static bool has_jump(struct firewall_table *table, const struct firewall_jump *jump,
		     const struct firewall_entry *want)
{
	const char *hook = firewall_table_hooks[jump->hook];
	AUTO_FIREWALL_TABLE_ENTRIES struct firewall_table_entries have = {0};

	firewall_table_read(table, hook, &have);
	return firewall_table_find(table, &have, 0, want) < have.count;
}

/* Somebody else's, from wherever. */
static bool has_any_jump(struct firewall_table *table, const struct firewall_chain_name *name)
{
	unsigned int references;

	return table->x->get_references(&references, name->text, table->handle) && references > 0;
}

static enum firewall_presence look_at_chain(struct firewall_table *table, enum firewall_chain chain,
					    const struct firewall_content *want)
{
	const struct firewall_chain_name name = firewall_table_chain(table->prefix, chain);

	if (want->chains[chain].count == 0)
		return FIREWALL_PRESENT;
	if (!table->x->is_chain(name.text, table->handle))
		return FIREWALL_MISSING;
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++)
		if (firewall_jumps[i].family == table->x->family &&
		    firewall_jumps[i].chain == chain &&
		    !(want->jumps[i] ? has_jump(table, &firewall_jumps[i], want->jumps[i])
				     : has_any_jump(table, &name)))
			return FIREWALL_UNCALLED;
	return holds(table, name.text, &want->chains[chain]) ? FIREWALL_PRESENT : FIREWALL_DIFFERENT;
}

static int look_at_table(enum firewall_family family, int index, const char *prefix,
			 const struct firewall_content *want, struct firewall_sight *sight,
			 struct error *err)
{
	AUTO_FIREWALL_TABLE struct firewall_table table = {.prefix = prefix};

	if (firewall_table_look(family, index, &table, err) < 0)
		return -1;
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		if (firewall_table_of(i) == index)
			sight->presence[family][i] = look_at_chain(&table, i, want);
	return 0;
}

static int look_at_family(enum firewall_family family, const char *prefix,
			  const struct firewall_rules *rules, struct firewall_sight *sight,
			  struct error *err)
{
	AUTO_FIREWALL_CONTENT struct firewall_content want = {0};

	firewall_content_make(prefix, family, rules, &want);
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++) {
		const struct firewall_chain_name name = firewall_table_chain(prefix, i);

		snprintf(sight->names[family][i], sizeof(sight->names[family][i]), "%s", name.text);
		sight->presence[family][i] = want.chains[i].count > 0 ? FIREWALL_MISSING
								      : FIREWALL_PRESENT;
	}
	for (int i = 0; i < FIREWALL_TABLE_COUNT; i++)
		if (firewall_xtables_exist(family, firewall_table_names[i]) &&
		    look_at_table(family, i, prefix, &want, sight, err) < 0)
			return -1;
	return 0;
}

int firewall_iptables_look(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_sight *sight, struct error *err)
{
	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT; i++)
		if (look_at_family((enum firewall_family)i, prefix, rules, sight, err) < 0)
			return -1;
	return 0;
}

/* ---- listing ---- */

/* rule: NULL for a jump; have: the whole chain; *last: where the one before stood. */
static void list_entry(const struct firewall_table *table, struct firewall_listed_chain *chain,
		       const struct firewall_rule *rule, char *text,
		       const struct firewall_entry *want, const struct firewall_table_entries *have,
		       size_t *last)
{
	struct firewall_listed_rule *listed = firewall_listing_add_rule(chain, rule, text);
	/* Mostly behind the one before: thousands are not looked through for each. */
	size_t at = firewall_table_find(table, have, *last, want);
	struct xt_counters counters;

	if (at == have->count)
		at = firewall_table_find(table, have, 0, want);
	if (at == have->count)
		return;
	counters = firewall_entry_counters(table->x->family, have->items[at]);
	listed->present = true;
	listed->packets = counters.pcnt;
	listed->bytes = counters.bcnt;
	chain->disordered |= rule && at < *last;
	*last = at;
}

static void list_jumps(struct firewall_table *table, enum firewall_family family, int index,
		       enum firewall_hook hook, const struct firewall_content *want,
		       struct firewall_listing *listing)
{
	AUTO_FIREWALL_TABLE_ENTRIES struct firewall_table_entries have = {0};
	struct firewall_listed_chain *chain = NULL;
	size_t last = 0;

	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		const struct firewall_jump *jump = &firewall_jumps[i];
		const struct firewall_chain_name name =
			firewall_table_chain(table->prefix, jump->chain);

		if (!want->jumps[i] || jump->hook != hook || firewall_table_of(jump->chain) != index)
			continue;
		if (!chain) {
			chain = firewall_listing_add(listing, family, firewall_table_names[index],
						     firewall_table_hooks[hook]);
			if (table->handle)
				firewall_table_read(table, firewall_table_hooks[hook], &have);
		}
		list_entry(table, chain, NULL,
			   firewall_save_jump(jump, firewall_table_hooks[hook], name.text),
			   want->jumps[i], &have, &last);
	}
}

static void list_chain(struct firewall_table *table, enum firewall_family family,
		       enum firewall_chain index, const struct firewall_rules *rules,
		       const struct firewall_content *want, struct firewall_listing *listing)
{
	const struct firewall_chain_name name = firewall_table_chain(table->prefix, index);
	AUTO_FIREWALL_TABLE_ENTRIES struct firewall_table_entries have = {0};
	struct firewall_listed_chain *chain;
	size_t count, last = 0;
	const struct firewall_rule *items = firewall_rules_of(rules, family, index, &count);

	if (count == 0)
		return;
	if (table->handle && table->x->is_chain(name.text, table->handle))
		firewall_table_read(table, name.text, &have);
	chain = firewall_listing_add(listing, family,
				     firewall_table_names[firewall_table_of(index)], name.text);
	chain->ours = true;
	chain->strangers = have.count;
	for (size_t i = 0; i < count; i++) {
		list_entry(table, chain, &items[i], firewall_save_rule(&items[i], name.text),
			   want->chains[index].items[i], &have, &last);
		chain->strangers -= chain->rules[i].present;
	}
}

/* As iptables-save does: built-in chains by their hooks, then those of ours. */
static int list_table(enum firewall_family family, int index, const char *prefix,
		      const struct firewall_rules *rules, const struct firewall_content *want,
		      struct firewall_listing *listing, struct error *err)
{
	AUTO_FIREWALL_TABLE struct firewall_table table = {.prefix = prefix};

	if (firewall_xtables_exist(family, firewall_table_names[index]) &&
	    firewall_table_look(family, index, &table, err) < 0)
		return -1;
	for (unsigned int i = 0; i < FIREWALL_HOOK_COUNT; i++)
		list_jumps(&table, family, index, i, want, listing);
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		if (firewall_table_of(i) == index)
			list_chain(&table, family, i, rules, want, listing);
	return 0;
}

int firewall_iptables_list(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_listing *listing, struct error *err)
{
	for (unsigned int family = 0; family < FIREWALL_FAMILY_COUNT; family++) {
		AUTO_FIREWALL_CONTENT struct firewall_content want = {0};

		if (!firewall_rules_have(rules, family))
			continue;
		firewall_content_make(prefix, family, rules, &want);
		for (int i = 0; i < FIREWALL_TABLE_COUNT; i++)
			if (list_table(family, i, prefix, rules, &want, listing, err) < 0)
				return -1;
	}
	return 0;
}
