/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the legacy table filter, with the rules of whomever, makes of a packet. */
#include "kernel/firewall_walk.h"

#include <stdio.h>
#include <string.h>

#include "kernel/firewall_match.h"
#include "kernel/firewall_table.h"

#define DEPTH_MAX 32 /* a chain that leads to itself is refused by the kernel */

struct walk {
	const struct firewall_xtables *x;
	struct xtc_handle *handle;
	const struct firewall_sight *sight; /* NULL: no chain is ours */
	const struct firewall_rules *rules;
	const struct firewall_packet *packet;
	bool unsure; /* an earlier rule may have let it pass */
	struct firewall_judgement *judgement;
};

/* true: the packet's way through the table ends here. */
static bool drop(struct walk *walk, const char *chain, unsigned int number,
		 enum firewall_answer answer)
{
	struct firewall_judgement *judgement = walk->judgement;
	bool sure = answer == FIREWALL_YES && !walk->unsure;

	if (sure || judgement->fate == FIREWALL_PASSES) {
		judgement->fate = sure ? FIREWALL_DROPS : FIREWALL_MAY_DROP;
		judgement->number = number;
		snprintf(judgement->chain, sizeof(judgement->chain), "%s", chain);
	}
	judgement->ends_in_drop = answer == FIREWALL_YES;
	return answer == FIREWALL_YES;
}

static bool accept_packet(struct walk *walk, enum firewall_answer answer)
{
	walk->unsure |= answer == FIREWALL_MAYBE;
	return answer == FIREWALL_YES;
}

/* Which chain of ours it is; FIREWALL_CHAIN_COUNT: none. */
static enum firewall_chain find_ours(const struct walk *walk, const char *name)
{
	unsigned int chain = 0;

	while (chain < FIREWALL_CHAIN_COUNT &&
	       (!walk->sight || strcmp(walk->sight->names[walk->packet->family][chain], name) != 0))
		chain++;
	return (enum firewall_chain)chain;
}

static bool enter_ours(struct walk *walk, enum firewall_chain chain, enum firewall_answer answer)
{
	const struct firewall_rule *rule =
		walk->rules ? firewall_evaluate(walk->rules, chain, walk->packet) : NULL;
	const char *name = walk->sight->names[walk->packet->family][chain];

	if (rule && rule->action == FIREWALL_ACCEPT)
		return accept_packet(walk, answer);
	return rule && rule->action == FIREWALL_DROP && drop(walk, name, 0, answer);
}

static bool run_chain(struct walk *walk, const char *chain, enum firewall_answer entered, int depth)
{
	AUTO_FIREWALL_ENTRIES struct firewall_entries entries;

	firewall_xtables_list(walk->x, walk->handle, chain, &entries);
	for (size_t i = 0; i < entries.count && depth < DEPTH_MAX; i++) {
		const struct firewall_entry *entry = entries.items[i];
		const char *target = walk->x->get_target(entry, walk->handle);
		enum firewall_answer answer = firewall_match_entry(walk->packet, entry);
		bool ends = false;

		if (answer > entered)
			answer = entered;
		if (answer == FIREWALL_NO)
			continue;
		if (strcmp(target, "RETURN") == 0) {
			if (answer == entered)
				return false;
			walk->unsure = true;
		} else if (strcmp(target, "ACCEPT") == 0) {
			ends = accept_packet(walk, answer);
		} else if (strcmp(target, "DROP") == 0 || strcmp(target, "REJECT") == 0) {
			ends = drop(walk, chain, (unsigned int)i + 1, answer);
		} else if (find_ours(walk, target) != FIREWALL_CHAIN_COUNT) {
			ends = enter_ours(walk, find_ours(walk, target), answer);
		} else if (walk->x->is_chain(target, walk->handle)) {
			ends = run_chain(walk, target, answer, depth + 1);
			if (!ends && answer == entered &&
			    firewall_entry_header(walk->packet->family, entry).is_goto)
				return false;
		}
		if (ends)
			return true;
	}
	return false;
}

int firewall_walk(enum firewall_hook hook, const struct firewall_sight *sight,
		  const struct firewall_rules *rules, const struct firewall_packet *packet,
		  struct firewall_judgement *judgement, struct error *err)
{
	AUTO_FIREWALL_TABLE struct firewall_table table = {.handle = NULL};
	const char *name = firewall_table_hooks[hook];
	struct walk walk = {
		.sight = sight,
		.rules = rules,
		.packet = packet,
		.judgement = judgement,
	};
	struct xt_counters counters;
	const char *policy;

	*judgement = (struct firewall_judgement){.fate = FIREWALL_PASSES};
	if (!firewall_xtables_exist(packet->family, firewall_table_names[FIREWALL_TABLE_FILTER]))
		return 0;
	if (firewall_table_look(packet->family, FIREWALL_TABLE_FILTER, &table, err) < 0)
		return -1;
	walk.x = table.x;
	walk.handle = table.handle;
	if (!run_chain(&walk, name, FIREWALL_YES, 0)) {
		policy = walk.x->get_policy(name, &counters, walk.handle);
		if (policy && strcmp(policy, "DROP") == 0)
			drop(&walk, name, 0, FIREWALL_YES);
	}
	judgement->ufw = walk.x->is_chain("ufw-before-forward", walk.handle);
	return 0;
}
