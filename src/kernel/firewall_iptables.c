/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules into the legacy tables, all of them or none. */
#include "base/fault.h"
#include "kernel/firewall_backend.h"
#include "kernel/firewall_table.h"

/*
 * libiptc begins the counters of all policies anew whenever a table changes (and so does
 * iptables(8)), unless they are set. What passes between reading and committing is not counted.
 */
static int keep_policy_counters(struct firewall_table *table, struct error *err)
{
	for (const char *name = table->x->first_chain(table->handle); name;
	     name = table->x->next_chain(table->handle)) {
		struct xt_counters counters;
		const char *policy;

		if (!table->x->builtin(name, table->handle))
			continue;
		policy = table->x->get_policy(name, &counters, table->handle);
		if (!policy || !table->x->set_policy(name, policy, &counters, table->handle))
			return error_set(err, errno, "keep the policy of %s", name);
	}
	return 0;
}

int firewall_iptables_available(enum firewall_family family, struct error *err)
{
	const struct firewall_xtables *x = firewall_xtables_open(family, err);

	if (!x) {
		error_clear(err);
		return 0;
	}
	for (int i = 0; i < FIREWALL_TABLE_COUNT; i++) {
		struct xtc_handle *handle = firewall_table_open(x, i, err);

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

	error_set(err, code, "commit %s table %s", x->tool, firewall_table_names[index]);
	if (code == EAGAIN)
		error_hint(err, "some program keeps changing the table without taking xtables.lock");
	else if (code == ENOENT || code == EINVAL)
		error_hint(err, "the kernel needs xt_addrtype, xt_comment, xt_conntrack, xt_tcpudp, "
				"xt_mac, xt_nat and xt_MASQUERADE");
	return -1;
}

/* All that is ours are chains, and jumps to them; it may be there also where there is none. */
static bool has_ours(enum firewall_family family, const char *table, const char *prefix)
{
	char names[FIREWALL_CHAIN_NAME_SIZE];

	snprintf(names, sizeof(names), "%s-", prefix);
	return firewall_xtables_exist(family, table) &&
	       firewall_xtables_mention(family, table, names);
}

/* Returns 1 when the table was changed, 0 when it was as wanted. had, empty before: what there was. */
static int commit_table(enum firewall_family family, int index, const char *prefix,
			const struct firewall_content *want, struct firewall_content *had,
			struct error *err)
{
	const struct firewall_xtables *x;

	if (!firewall_content_has(want, index) &&
	    !has_ours(family, firewall_table_names[index], prefix))
		return 0;
	x = firewall_xtables_open(family, err);
	if (!x)
		return -1;
	for (int tries = 1;; tries++) {
		AUTO_FIREWALL_CONTENT struct firewall_content since = {0};
		AUTO_FIREWALL_TABLE
		struct firewall_table table = {
			.x = x,
			.prefix = prefix,
		};

		table.handle = firewall_table_open(x, index, err);
		if (!table.handle)
			return -1;
		if (firewall_table_edit(&table, index, want, tries == 1 ? had : &since, err) < 0)
			return error_wrap(err, "%s table %s", x->tool, firewall_table_names[index]);
		if (!table.changed)
			return tries > 1; /* by the try before */
		if (keep_policy_counters(&table, err) < 0 ||
		    FAULT("commit table", firewall_table_names[index], err) < 0)
			return error_wrap(err, "%s table %s", x->tool, firewall_table_names[index]);
		if (x->commit(table.handle))
			return 1;
		/*
		 * EAGAIN: somebody changed the table since we read it. EINVAL: likewise, between
		 * our replacing the rules and adding their counters, and then the next look finds
		 * nothing to do; or the kernel does not like a rule, and says so again.
		 */
		if ((errno != EAGAIN && errno != EINVAL) || tries == FIREWALL_TABLE_TRIES)
			return commit_error(x, index, err);
	}
}

/* What is needed to put tables back. */
struct history {
	struct firewall_content had[FIREWALL_FAMILY_COUNT][FIREWALL_TABLE_COUNT];
	bool changed[FIREWALL_FAMILY_COUNT][FIREWALL_TABLE_COUNT];
};

static void history_clear(struct history *history)
{
	for (size_t i = 0; i < FIREWALL_FAMILY_COUNT; i++)
		for (size_t j = 0; j < FIREWALL_TABLE_COUNT; j++)
			firewall_content_clear(&history->had[i][j]);
}

static void put_back(const char *prefix, const struct history *history, struct error *err)
{
	for (int i = FIREWALL_FAMILY_COUNT * FIREWALL_TABLE_COUNT; i-- > 0;) {
		const enum firewall_family family = (enum firewall_family)(i / FIREWALL_TABLE_COUNT);
		const int index = i % FIREWALL_TABLE_COUNT;
		AUTO_FIREWALL_CONTENT struct firewall_content replaced = {0};
		struct error why;

		if (history->changed[family][index] &&
		    commit_table(family, index, prefix, &history->had[family][index], &replaced,
				 &why) < 0)
			error_wrap(err, "table %s could not be put back (%s) after this failure",
				   firewall_table_names[index], why.text);
	}
}

static int commit_family(enum firewall_family family, const char *prefix,
			 const struct firewall_rules *rules, struct history *history,
			 struct error *err)
{
	AUTO_FIREWALL_CONTENT struct firewall_content want = {0};

	firewall_content_make(prefix, family, rules, &want);
	for (int i = 0; i < FIREWALL_TABLE_COUNT; i++) {
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

/* ---- whether a commit would change anything ---- */

/* The edits are made in memory, and thrown away. */
static int table_differs(enum firewall_family family, int index, const char *prefix,
			 const struct firewall_content *want, struct error *err)
{
	AUTO_FIREWALL_TABLE
	struct firewall_table table = {.prefix = prefix};
	AUTO_FIREWALL_CONTENT struct firewall_content had = {0};

	if (!firewall_xtables_exist(family, firewall_table_names[index]))
		return firewall_content_has(want, index);
	if (firewall_table_look(family, index, &table, err) < 0)
		return -1;
	return firewall_table_edit(&table, index, want, &had, err) < 0 ? -1 : table.changed;
}

int firewall_iptables_differs(const char *prefix, const struct firewall_rules *rules,
			      struct error *err)
{
	int differs = 0;

	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT && differs == 0; i++) {
		enum firewall_family family = (enum firewall_family)i;
		AUTO_FIREWALL_CONTENT struct firewall_content want = {0};

		firewall_content_make(prefix, family, rules, &want);
		for (int j = 0; j < FIREWALL_TABLE_COUNT && differs == 0; j++)
			differs = table_differs(family, j, prefix, &want, err);
	}
	return differs;
}
