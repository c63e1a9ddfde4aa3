/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/firewall_backend.h"
#include "kernel/firewall_list.h"
#include "kernel/firewall_look.h"
#include "kernel/firewall_save.h"
#include "kernel/firewall_xtables.h"
#include "kernel/module.h"

/* Somebody who takes no lock may change a table again and again; not for ever, though. */
#define COMMIT_TRIES 16

/* Those of either family. Guards stand before anything is let in, so the table of DNAT comes last. */
static const char *const tables[] = {"raw", "filter", "nat"};
enum { TABLE_RAW, TABLE_FILTER, TABLE_NAT, TABLE_COUNT };

static const struct {
	int table;
	const char *suffix;
} chains[FIREWALL_CHAIN_COUNT] = {
	[FIREWALL_GUARD] = {TABLE_RAW, "GUARD"},
	[FIREWALL_FORWARD] = {TABLE_FILTER, "FWD"},
	[FIREWALL_EGRESS] = {TABLE_FILTER, "EGRESS"},
	[FIREWALL_HOST] = {TABLE_FILTER, "HOST"},
	[FIREWALL_DNAT] = {TABLE_NAT, "DNAT"},
	[FIREWALL_NAT] = {TABLE_NAT, "NAT"},
};

static const char *const hooks[] = {
	[FIREWALL_HOOK_PREROUTING] = "PREROUTING",
	[FIREWALL_HOOK_FORWARD] = "FORWARD",
	[FIREWALL_HOOK_INPUT] = "INPUT",
	[FIREWALL_HOOK_OUTPUT] = "OUTPUT",
	[FIREWALL_HOOK_POSTROUTING] = "POSTROUTING",
};

struct entries {
	struct firewall_entry **items;
	size_t count;
};

/*
 * All that is ours in the tables of a family, or part of it. No entries: no chain. NULL: no jump,
 * as where it is one of the other family.
 */
struct content {
	struct entries chains[FIREWALL_CHAIN_COUNT];
	struct firewall_entry *jumps[FIREWALL_JUMP_COUNT];
	bool forward_is_theirs; /* jumps to PREFIX-FWD that others made are left alone */
};

static void entries_clear(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->items[i]);
	free(entries->items);
	*entries = (struct entries){0};
}

static void content_clear(struct content *content)
{
	for (size_t i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		entries_clear(&content->chains[i]);
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		free(content->jumps[i]);
		content->jumps[i] = NULL;
	}
}
#define AUTO_CONTENT AUTO(content_clear)

static void entries_add(struct entries *entries, struct firewall_entry *entry)
{
	/* Capacity is the next power of two: grow when count reaches one. */
	if ((entries->count & (entries->count - 1)) == 0)
		entries->items = xrealloc(entries->items, entries->count ? 2 * entries->count : 1,
					  sizeof(*entries->items));
	entries->items[entries->count++] = entry;
}

struct chain_name {
	char text[FIREWALL_CHAIN_NAME_SIZE];
};

static struct chain_name chain_name(const char *prefix, enum firewall_chain chain)
{
	struct chain_name name = {{0}};

	snprintf(name.text, sizeof(name.text), "%s-%s", prefix, chains[chain].suffix);
	return name;
}

static void encode(const char *prefix, enum firewall_family family,
		   const struct firewall_rules *rules, struct content *content)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].family == family)
			entries_add(&content->chains[rules->items[i].chain],
				    firewall_entry_new(&rules->items[i]));
	content->forward_is_theirs = rules->forward_is_theirs;
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		const struct chain_name name = chain_name(prefix, firewall_jumps[i].chain);

		if (firewall_jumps[i].family == family &&
		    firewall_jump_is_wanted(rules, &firewall_jumps[i]) &&
		    content->chains[firewall_jumps[i].chain].count > 0)
			content->jumps[i] = firewall_entry_new_jump(&firewall_jumps[i], name.text);
	}
}

/* One table being edited. */
struct table {
	const struct firewall_xtables *x;
	struct xtc_handle *handle;
	const char *prefix;
	bool forward_is_theirs;
	bool changed;
};

static void table_close(struct table *table)
{
	if (table->handle)
		table->x->free(table->handle);
}

static int table_error(const char *what, const char *name, struct error *err)
{
	return error_set(err, errno, "%s %s", what, name);
}

static void read_chain(struct table *table, const char *name, struct entries *entries)
{
	const struct firewall_entry *entry;

	for (entry = table->x->first_rule(name, table->handle); entry;
	     entry = table->x->next_rule(entry, table->handle))
		entries_add(entries,
			    firewall_entry_copy(table->x->family, entry,
						table->x->get_target(entry, table->handle)));
}

static size_t find_entry(const struct table *table, const struct entries *entries, size_t from,
			 const struct firewall_entry *entry)
{
	while (from < entries->count &&
	       !firewall_entry_equal(table->x->family, entries->items[from], entry))
		from++;
	return from;
}

static int delete_rules(struct table *table, const char *name, unsigned int position, size_t count,
			struct error *err)
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
static int edit_chain(struct table *table, const char *name, const struct entries *have,
		      const struct entries *want, struct error *err)
{
	size_t next = 0; /* of what it has; what came before it is as wanted */
	unsigned int position = 0;

	for (size_t i = 0; i < want->count; i++, position++) {
		size_t found = find_entry(table, have, next, want->items[i]);

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
static int delete_chain(struct table *table, const char *name, struct error *err)
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
static bool is_theirs(const struct table *table, const struct firewall_jump *jump,
		      const struct chain_name *name, const struct firewall_entry *entry)
{
	AUTO_FREE struct firewall_entry *own = NULL;

	if (!table->forward_is_theirs || jump->chain != FIREWALL_FORWARD)
		return false;
	own = firewall_entry_new_jump(jump, name->text);
	return !firewall_entry_equal(table->x->family, entry, own);
}

/* Where a jump belongs that goes first: behind those of ours that do so before it. */
static unsigned int place_of(const struct content *want, size_t jump)
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
static int find_wrong_jump(struct table *table, const struct firewall_jump *jump,
			   const struct firewall_entry *want, unsigned int place,
			   unsigned int *position, bool *kept, struct firewall_entry **had)
{
	const struct chain_name name = chain_name(table->prefix, jump->chain);
	const char *hook = hooks[jump->hook];
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
		if (is_theirs(table, jump, &name, copy))
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
static int edit_jump(struct table *table, size_t index, const struct content *content,
		     struct firewall_entry **had, struct error *err)
{
	const struct firewall_jump *jump = &firewall_jumps[index];
	const struct firewall_entry *want = content->jumps[index];
	const unsigned int place = place_of(content, index);
	const char *hook = hooks[jump->hook];
	unsigned int position; /* of a wrong jump, or the number of rules */
	bool kept;

	/* From the start each time: deleting the first rule breaks the iterator of libiptc. */
	while (find_wrong_jump(table, jump, want, place, &position, &kept, had)) {
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

/* Edits what is ours in one table; had: what there was. */
static int edit_table(struct table *table, int index, const struct content *want,
		      struct content *had, struct error *err)
{
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++) {
		const struct chain_name name = chain_name(table->prefix, i);

		if (chains[i].table != index)
			continue;
		if (table->x->is_chain(name.text, table->handle)) {
			read_chain(table, name.text, &had->chains[i]);
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
		    chains[firewall_jumps[i].chain].table == index &&
		    edit_jump(table, i, want, &had->jumps[i], err) < 0)
			return -1;
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++) {
		const struct chain_name name = chain_name(table->prefix, i);

		if (chains[i].table == index && want->chains[i].count == 0 &&
		    table->x->is_chain(name.text, table->handle) &&
		    delete_chain(table, name.text, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * libiptc begins the counters of all policies anew whenever a table changes (and so does
 * iptables(8)), unless they are set. What passes between reading and committing is not counted.
 */
static int keep_policy_counters(struct table *table, struct error *err)
{
	for (const char *name = table->x->first_chain(table->handle); name;
	     name = table->x->next_chain(table->handle)) {
		struct xt_counters counters;
		const char *policy;

		if (!table->x->builtin(name, table->handle))
			continue;
		policy = table->x->get_policy(name, &counters, table->handle);
		if (!policy || !table->x->set_policy(name, policy, &counters, table->handle))
			return table_error("keep the policy of", name, err);
	}
	return 0;
}

static bool has_chains(const struct content *content, int index)
{
	for (size_t i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		if (chains[i].table == index && content->chains[i].count > 0)
			return true;
	return false;
}

/* "legacy iptables table raw" */
struct table_name {
	char text[64];
};

static struct table_name name_of(const struct firewall_xtables *x, int index)
{
	struct table_name name;

	snprintf(name.text, sizeof(name.text), "legacy %s table %s", x->tool, tables[index]);
	return name;
}

/* Reads a table; what is missing of the kernel's modules for it is loaded. */
static struct xtc_handle *open_table(const struct firewall_xtables *x, int index, struct error *err)
{
	const struct table_name name = name_of(x, index);

	for (int tries = 0;; tries++) {
		struct xtc_handle *handle = x->init(tables[index]);
		struct error why = {0};
		char module[32];
		int code = errno;

		if (handle)
			return handle;
		snprintf(module, sizeof(module), "%s", x->module);
		if (code == ENOENT)
			snprintf(module, sizeof(module), "%s%s", x->table_module, tables[index]);
		if ((code == ENOENT || code == ENOPROTOOPT) && tries < 2 &&
		    module_load(module, &why) == 0)
			continue;
		if (why.text[0] != '\0')
			error_set(err, code, "%s (%s)", name.text, why.text);
		else
			error_set(err, code, "%s", name.text);
		if (why.hint[0] != '\0')
			error_hint(err, "%s", why.hint);
		else if (code == EPERM)
			error_hint(err, "the capabilities CAP_NET_ADMIN and CAP_NET_RAW are needed");
		else if (code == ENOENT || code == ENOPROTOOPT)
			error_hint(err,
				   "a kernel with %s and its modules %s, %sraw, %sfilter and %snat "
				   "is needed",
				   x->config, x->module, x->table_module, x->table_module,
				   x->table_module);
		return NULL;
	}
}

/* ---- the rules of others ---- */

static bool interface_matches(const char *name, const char *rule, const unsigned char *mask,
			      bool inverted)
{
	char padded[IFNAMSIZ] = {0};
	bool same = true;

	snprintf(padded, sizeof(padded), "%s", name);
	for (size_t i = 0; i < IFNAMSIZ; i++)
		same &= ((padded[i] ^ rule[i]) & mask[i]) == 0;
	return same != inverted;
}

static bool address_matches(enum firewall_family family, const union firewall_address *address,
			    const union firewall_address *rule, const union firewall_address *mask,
			    bool inverted)
{
	bool same = true;

	if (firewall_address_is_any(family, mask))
		return !inverted;
	for (size_t i = 0; i < firewall_address_bits(family) / 8; i++)
		same &= ((address->bytes[i] ^ rule->bytes[i]) & mask->bytes[i]) == 0;
	return !firewall_address_is_any(family, address) && same != inverted;
}

static bool entry_matches(const struct firewall_entry *entry, const struct firewall_probe *probe)
{
	const enum firewall_family family = probe->family;
	const struct firewall_header header = firewall_entry_header(family, entry);
	const struct xt_entry_match *match = NULL;

	if (!interface_matches(probe->in, header.in, header.in_mask,
			       header.inverted & IPT_INV_VIA_IN) ||
	    !interface_matches(probe->out, header.out, header.out_mask,
			       header.inverted & IPT_INV_VIA_OUT) ||
	    !address_matches(family, &probe->source, &header.source, &header.source_mask,
			     header.inverted & IPT_INV_SRCIP) ||
	    !address_matches(family, &probe->destination, &header.destination,
			     &header.destination_mask, header.inverted & IPT_INV_DSTIP) ||
	    header.protocol != 0 || header.fragment)
		return false;
	while ((match = firewall_entry_next(family, entry, match))) {
		const char *name = match->u.user.name;

		if (strcmp(name, "comment") != 0 &&
		    (strcmp(name, "conntrack") != 0 ||
		     !firewall_probe_conntrack(probe, match->data,
					       match->u.match_size - sizeof(*match),
					       match->u.user.revision)))
			return false;
	}
	return true;
}

#define JUMPS_MAX 32 /* a chain that leads to itself is refused by the kernel */

/* "ACCEPT" or "DROP", or NULL where the chain is left at its end or by RETURN. */
static const char *judge_chain(const struct table *table, const char *chain,
			       const struct firewall_probe *probe, unsigned int depth)
{
	AUTO_FIREWALL_ENTRIES struct firewall_entries list;

	firewall_xtables_list(table->x, table->handle, chain, &list);
	for (size_t i = 0; i < list.count && depth < JUMPS_MAX; i++) {
		const char *target = table->x->get_target(list.items[i], table->handle), *verdict;

		if (!entry_matches(list.items[i], probe))
			continue;
		if (strcmp(target, "RETURN") == 0)
			return NULL;
		if (strcmp(target, "ACCEPT") == 0 || strcmp(target, "DROP") == 0)
			return target;
		if (strcmp(target, "REJECT") == 0)
			return "DROP";
		if (!table->x->is_chain(target, table->handle))
			continue;
		verdict = judge_chain(table, target, probe, depth + 1);
		if (verdict)
			return verdict;
		if (firewall_entry_header(probe->family, list.items[i]).is_goto)
			return NULL;
	}
	return NULL;
}

int firewall_iptables_judge(const struct firewall_probe *probe, struct firewall_verdict *verdict,
			    struct error *err)
{
	const char *hook = hooks[FIREWALL_HOOK_FORWARD], *end;
	AUTO(table_close) struct table table = {.handle = NULL};
	struct xt_counters counters;

	*verdict = (struct firewall_verdict){.family = probe->family};
	if (!firewall_xtables_exist(probe->family, tables[TABLE_FILTER]))
		return 0;
	table.x = firewall_xtables_open(probe->family, err);
	if (!table.x)
		return -1;
	table.handle = open_table(table.x, TABLE_FILTER, err);
	if (!table.handle)
		return -1;
	end = judge_chain(&table, hook, probe, 0);
	if (!end)
		end = table.x->get_policy(hook, &counters, table.handle);
	verdict->drops = end && strcmp(end, "DROP") == 0;
	verdict->ufw = table.x->is_chain("ufw-before-forward", table.handle);
	snprintf(verdict->chain, sizeof(verdict->chain), "%s", hook);
	return 0;
}

int firewall_iptables_available(enum firewall_family family, struct error *err)
{
	const struct firewall_xtables *x = firewall_xtables_open(family, err);

	if (!x) {
		error_clear(err);
		return 0;
	}
	for (int i = 0; i < TABLE_COUNT; i++) {
		struct xtc_handle *handle = open_table(x, i, err);

		if (!handle && err->code != ENOENT && err->code != ENOPROTOOPT)
			return -1;
		error_clear(err);
		if (!handle)
			return 0;
		x->free(handle);
	}
	return 1;
}

static int commit_error(const struct firewall_xtables *x, int index, struct error *err)
{
	int code = errno;

	error_set(err, code, "commit %s table %s", x->tool, tables[index]);
	if (code == EAGAIN)
		error_hint(err, "some program keeps changing the table without taking xtables.lock");
	else if (code == ENOENT || code == EINVAL)
		error_hint(err, "the kernel needs xt_addrtype, xt_comment, xt_conntrack, xt_tcpudp, "
				"xt_mac, xt_nat and xt_MASQUERADE");
	return -1;
}

/* Returns 1 when the table was changed, 0 when it was as wanted. had: what there was. */
static int commit_table(enum firewall_family family, int index, const char *prefix,
			const struct content *want, struct content *had, struct error *err)
{
	const struct firewall_xtables *x;

	if (!has_chains(want, index) && !firewall_xtables_exist(family, tables[index]))
		return 0;
	x = firewall_xtables_open(family, err);
	if (!x)
		return -1;
	for (int tries = 1;; tries++) {
		AUTO(table_close)
		struct table table = {
			.x = x,
			.prefix = prefix,
			.forward_is_theirs = want->forward_is_theirs,
		};

		content_clear(had);
		had->forward_is_theirs = want->forward_is_theirs;
		table.handle = open_table(x, index, err);
		if (!table.handle)
			return -1;
		if (edit_table(&table, index, want, had, err) < 0)
			return error_wrap(err, "%s table %s", x->tool, tables[index]);
		if (!table.changed)
			return 0;
		if (keep_policy_counters(&table, err) < 0)
			return error_wrap(err, "%s table %s", x->tool, tables[index]);
		if (x->commit(table.handle))
			return 1;
		/*
		 * EAGAIN: somebody changed the table since we read it. EINVAL: likewise, between
		 * our replacing the rules and adding their counters, and then the next look finds
		 * nothing to do; or the kernel does not like a rule, and says so again.
		 */
		if ((errno != EAGAIN && errno != EINVAL) || tries == COMMIT_TRIES)
			return commit_error(x, index, err);
	}
}

/* What is needed to put tables back. */
struct history {
	struct content had[FIREWALL_FAMILY_COUNT][TABLE_COUNT];
	bool changed[FIREWALL_FAMILY_COUNT][TABLE_COUNT];
};

static void history_clear(struct history *history)
{
	for (size_t i = 0; i < FIREWALL_FAMILY_COUNT; i++)
		for (size_t j = 0; j < TABLE_COUNT; j++)
			content_clear(&history->had[i][j]);
}

static void put_back(const char *prefix, const struct history *history, struct error *err)
{
	for (int i = FIREWALL_FAMILY_COUNT * TABLE_COUNT; i-- > 0;) {
		const enum firewall_family family = (enum firewall_family)(i / TABLE_COUNT);
		const int index = i % TABLE_COUNT;
		AUTO_CONTENT struct content replaced = {0};
		struct error why;

		if (history->changed[family][index] &&
		    commit_table(family, index, prefix, &history->had[family][index], &replaced,
				 &why) < 0)
			error_wrap(err, "table %s could not be put back (%s) after this failure",
				   tables[index], why.text);
	}
}

static int commit_family(enum firewall_family family, const char *prefix,
			 const struct firewall_rules *rules, struct history *history,
			 struct error *err)
{
	AUTO_CONTENT struct content want = {0};

	encode(prefix, family, rules, &want);
	for (int i = 0; i < TABLE_COUNT; i++) {
		int changed = commit_table(family, i, prefix, &want, &history->had[family][i], err);

		if (changed < 0)
			return -1;
		history->changed[family][i] = changed == 1;
	}
	return 0;
}

int firewall_iptables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err)
{
	AUTO(history_clear) struct history history = {0};

	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT; i++)
		if (commit_family((enum firewall_family)i, prefix, rules, &history, err) < 0) {
			put_back(prefix, &history, err);
			return -1;
		}
	return 0;
}

/* ---- looking ---- */

static bool holds(struct table *table, const char *name, const struct entries *want)
{
	AUTO(entries_clear) struct entries have = {0};

	read_chain(table, name, &have);
	for (size_t i = 0; i < have.count && i < want->count; i++)
		if (!firewall_entry_equal(table->x->family, have.items[i], want->items[i]))
			return false;
	return have.count == want->count;
}

/* Whether the hook has such a jump, wherever it stands: what stands before it is judged apart. */
static bool has_jump(struct table *table, const struct firewall_jump *jump,
		     const struct firewall_entry *want)
{
	const char *hook = hooks[jump->hook];
	AUTO(entries_clear) struct entries have = {0};

	read_chain(table, hook, &have);
	return find_entry(table, &have, 0, want) < have.count;
}

/* Somebody else's, from wherever. */
static bool has_any_jump(struct table *table, const struct chain_name *name)
{
	unsigned int references;

	return table->x->get_references(&references, name->text, table->handle) && references > 0;
}

static enum firewall_presence look_at_chain(struct table *table, enum firewall_chain chain,
					    const struct content *want)
{
	const struct chain_name name = chain_name(table->prefix, chain);

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

static int open_to_look(enum firewall_family family, int index, struct table *table,
			struct error *err)
{
	table->x = firewall_xtables_open(family, err);
	if (!table->x)
		return -1;
	/* EAGAIN: it was changed between asking for its size and reading it. */
	for (int tries = 0; !table->handle && tries < COMMIT_TRIES; tries++) {
		table->handle = table->x->init(tables[index]);
		if (!table->handle && errno != EAGAIN)
			break;
	}
	if (table->handle)
		return 0;
	error_set(err, errno, "%s", name_of(table->x, index).text);
	return err->code == EPERM ? error_hint(err, "root alone can look at it") : -1;
}

static int look_at_table(enum firewall_family family, int index, const char *prefix,
			 const struct content *want, struct firewall_sight *sight, struct error *err)
{
	AUTO(table_close) struct table table = {.prefix = prefix};

	if (open_to_look(family, index, &table, err) < 0)
		return -1;
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		if (chains[i].table == index)
			sight->presence[family][i] = look_at_chain(&table, i, want);
	return 0;
}

static int look_at_family(enum firewall_family family, const char *prefix,
			  const struct firewall_rules *rules, struct firewall_sight *sight,
			  struct error *err)
{
	AUTO_CONTENT struct content want = {0};

	encode(prefix, family, rules, &want);
	sight->has_filter[family] = firewall_xtables_exist(family, tables[TABLE_FILTER]);
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++) {
		const struct chain_name name = chain_name(prefix, i);

		snprintf(sight->names[family][i], sizeof(sight->names[family][i]), "%s", name.text);
		sight->presence[family][i] = want.chains[i].count > 0 ? FIREWALL_MISSING
								      : FIREWALL_PRESENT;
	}
	for (int i = 0; i < TABLE_COUNT; i++)
		if (firewall_xtables_exist(family, tables[i]) &&
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
static void list_entry(const struct table *table, struct firewall_listed_chain *chain,
		       const struct firewall_rule *rule, char *text,
		       const struct firewall_entry *want, const struct entries *have, size_t *last)
{
	struct firewall_listed_rule *listed = firewall_listing_add_rule(chain, rule, text);
	/* Mostly behind the one before: thousands are not looked through for each. */
	size_t at = find_entry(table, have, *last, want);
	struct xt_counters counters;

	if (at == have->count)
		at = find_entry(table, have, 0, want);
	if (at == have->count)
		return;
	counters = firewall_entry_counters(table->x->family, have->items[at]);
	listed->present = true;
	listed->packets = counters.pcnt;
	listed->bytes = counters.bcnt;
	chain->disordered |= rule && at < *last;
	*last = at;
}

static void list_jumps(struct table *table, enum firewall_family family, int index,
		       enum firewall_hook hook, const struct content *want,
		       struct firewall_listing *listing)
{
	AUTO(entries_clear) struct entries have = {0};
	struct firewall_listed_chain *chain = NULL;
	size_t last = 0;

	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		const struct firewall_jump *jump = &firewall_jumps[i];
		const struct chain_name name = chain_name(table->prefix, jump->chain);

		if (!want->jumps[i] || jump->hook != hook || chains[jump->chain].table != index)
			continue;
		if (!chain) {
			chain = firewall_listing_add(listing, family, tables[index], hooks[hook]);
			if (table->handle)
				read_chain(table, hooks[hook], &have);
		}
		list_entry(table, chain, NULL, firewall_save_jump(jump, hooks[hook], name.text),
			   want->jumps[i], &have, &last);
	}
}

static void list_chain(struct table *table, enum firewall_family family, enum firewall_chain index,
		       const struct firewall_rules *rules, const struct content *want,
		       struct firewall_listing *listing)
{
	const struct chain_name name = chain_name(table->prefix, index);
	AUTO(entries_clear) struct entries have = {0};
	struct firewall_listed_chain *chain;
	size_t count, last = 0;
	const struct firewall_rule *items = firewall_rules_of(rules, family, index, &count);

	if (count == 0)
		return;
	if (table->handle && table->x->is_chain(name.text, table->handle))
		read_chain(table, name.text, &have);
	chain = firewall_listing_add(listing, family, tables[chains[index].table], name.text);
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
		      const struct firewall_rules *rules, const struct content *want,
		      struct firewall_listing *listing, struct error *err)
{
	AUTO(table_close) struct table table = {.prefix = prefix};

	if (firewall_xtables_exist(family, tables[index]) &&
	    open_to_look(family, index, &table, err) < 0)
		return -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(hooks); i++)
		list_jumps(&table, family, index, i, want, listing);
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		if (chains[i].table == index)
			list_chain(&table, family, i, rules, want, listing);
	return 0;
}

int firewall_iptables_list(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_listing *listing, struct error *err)
{
	for (unsigned int family = 0; family < FIREWALL_FAMILY_COUNT; family++) {
		AUTO_CONTENT struct content want = {0};

		if (!firewall_rules_have(rules, family))
			continue;
		encode(prefix, family, rules, &want);
		for (int i = 0; i < TABLE_COUNT; i++)
			if (list_table(family, i, prefix, rules, &want, listing, err) < 0)
				return -1;
	}
	return 0;
}

/* ---- whether a commit would change anything ---- */

/* The edits are made in memory, and thrown away. */
static int table_differs(enum firewall_family family, int index, const char *prefix,
			 const struct content *want, struct error *err)
{
	AUTO(table_close)
	struct table table = {.prefix = prefix, .forward_is_theirs = want->forward_is_theirs};
	AUTO_CONTENT struct content had = {.forward_is_theirs = want->forward_is_theirs};

	if (!firewall_xtables_exist(family, tables[index]))
		return has_chains(want, index);
	if (open_to_look(family, index, &table, err) < 0)
		return -1;
	return edit_table(&table, index, want, &had, err) < 0 ? -1 : table.changed;
}

int firewall_iptables_differs(const char *prefix, const struct firewall_rules *rules,
			      struct error *err)
{
	int differs = 0;

	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT && differs == 0; i++) {
		enum firewall_family family = (enum firewall_family)i;
		AUTO_CONTENT struct content want = {0};

		encode(prefix, family, rules, &want);
		for (int j = 0; j < TABLE_COUNT && differs == 0; j++)
			differs = table_differs(family, j, prefix, &want, err);
	}
	return differs;
}
