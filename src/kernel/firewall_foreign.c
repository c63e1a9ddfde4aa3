/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others have in nf_tables: asked at each first start, so without libnftables. */
#include "kernel/firewall_backend.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/firewall_dump.h"
#include "kernel/firewall_machine.h"
#include "kernel/firewall_text.h"

struct foreign {
	const char *name; /* of our table */
	bool found;
};

static bool is_foreign(const struct foreign *foreign, uint8_t family, const char *table)
{
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6 ||
	       (family == NFPROTO_INET && strcmp(table, foreign->name) != 0);
}

static int find_rule(void *data, uint8_t family, const void *bytes, size_t length)
{
	struct firewall_attribute attributes[NFTA_RULE_MAX + 1];
	struct foreign *foreign = data;

	firewall_dump_parse(bytes, length, attributes, NFTA_RULE_MAX);
	foreign->found |=
		is_foreign(foreign, family, firewall_dump_text(&attributes[NFTA_RULE_TABLE]));
	return foreign->found;
}

static int find_policy(void *data, uint8_t family, const void *bytes, size_t length)
{
	struct firewall_attribute attributes[NFTA_CHAIN_MAX + 1];
	struct foreign *foreign = data;

	firewall_dump_parse(bytes, length, attributes, NFTA_CHAIN_MAX);
	foreign->found |=
		attributes[NFTA_CHAIN_POLICY].data &&
		firewall_dump_u32(&attributes[NFTA_CHAIN_POLICY]) == NF_DROP &&
		is_foreign(foreign, family, firewall_dump_text(&attributes[NFTA_CHAIN_TABLE]));
	return foreign->found;
}

int firewall_nftables_foreign(const char *prefix, struct error *err)
{
	const struct firewall_text_name name = firewall_text_name(prefix);
	struct foreign foreign = {name.text, false};
	AUTO_FD int fd = firewall_dump_open(err);

	if (fd < 0)
		return err->code == ENOENT ? 0 : -1;
	/* EINTR: somebody works on his rules; what was seen of them will do. */
	if ((firewall_dump(fd, NFT_MSG_GETCHAIN, 0, NULL, NULL, find_policy, &foreign, err) < 0 &&
	     err->code != EINTR) ||
	    (!foreign.found &&
	     firewall_dump(fd, NFT_MSG_GETRULE, 0, NULL, NULL, find_rule, &foreign, err) < 0 &&
	     err->code != EINTR))
		return -1;
	error_clear(err);
	return foreign.found;
}

/* ---- what they make of a packet ---- */

struct chain {
	uint8_t family;
	char *table, *name;
	bool is_base; /* of one of the two hooks, */
	bool input;   /* that of input, not of forward */
	bool drops;   /* by policy */
};

struct rule {
	uint8_t family;
	char *table, *chain;
	void *expressions;
	size_t length;
};

struct ruleset {
	const char *ours; /* name of our table, left out */
	struct chain *chains;
	struct rule *rules;
	size_t chain_count, rule_count;
};

static void ruleset_clear(struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->chain_count; i++) {
		free(ruleset->chains[i].table);
		free(ruleset->chains[i].name);
	}
	for (size_t i = 0; i < ruleset->rule_count; i++) {
		free(ruleset->rules[i].table);
		free(ruleset->rules[i].chain);
		free(ruleset->rules[i].expressions);
	}
	free(ruleset->chains);
	free(ruleset->rules);
	*ruleset = (struct ruleset){.ours = ruleset->ours};
}

/* Of either family: which packets a chain sees is known when it is run. */
static bool is_of_packets(const struct ruleset *ruleset, uint8_t family, const char *table)
{
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6 ||
	       (family == NFPROTO_INET && strcmp(table, ruleset->ours) != 0);
}

static int take_chain(void *data, uint8_t family, const void *bytes, size_t length)
{
	struct firewall_attribute attributes[NFTA_CHAIN_MAX + 1], hook[NFTA_HOOK_MAX + 1];
	struct ruleset *ruleset = data;
	struct chain *chain;
	size_t count = ruleset->chain_count;
	uint32_t number;

	firewall_dump_parse(bytes, length, attributes, NFTA_CHAIN_MAX);
	firewall_dump_parse(attributes[NFTA_CHAIN_HOOK].data, attributes[NFTA_CHAIN_HOOK].length,
			    hook, NFTA_HOOK_MAX);
	if (!is_of_packets(ruleset, family, firewall_dump_text(&attributes[NFTA_CHAIN_TABLE])))
		return 0;
	/* Capacity is the next power of two: grow when count reaches one. */
	if ((count & (count - 1)) == 0)
		ruleset->chains =
			xrealloc(ruleset->chains, count ? 2 * count : 1, sizeof(*ruleset->chains));
	chain = &ruleset->chains[ruleset->chain_count++];
	number = firewall_dump_u32(&hook[NFTA_HOOK_HOOKNUM]);
	*chain = (struct chain){
		.family = family,
		.table = xstrdup(firewall_dump_text(&attributes[NFTA_CHAIN_TABLE])),
		.name = xstrdup(firewall_dump_text(&attributes[NFTA_CHAIN_NAME])),
		.is_base = hook[NFTA_HOOK_HOOKNUM].data &&
			   (number == NF_INET_FORWARD || number == NF_INET_LOCAL_IN),
		.input = number == NF_INET_LOCAL_IN,
		.drops = attributes[NFTA_CHAIN_POLICY].data &&
			 firewall_dump_u32(&attributes[NFTA_CHAIN_POLICY]) == NF_DROP,
	};
	return 0;
}

static int take_rule(void *data, uint8_t family, const void *bytes, size_t length)
{
	struct firewall_attribute attributes[NFTA_RULE_MAX + 1];
	const struct firewall_attribute *expressions = &attributes[NFTA_RULE_EXPRESSIONS];
	struct ruleset *ruleset = data;
	size_t count = ruleset->rule_count;
	struct rule *rule;

	firewall_dump_parse(bytes, length, attributes, NFTA_RULE_MAX);
	if (!is_of_packets(ruleset, family, firewall_dump_text(&attributes[NFTA_RULE_TABLE])))
		return 0;
	if ((count & (count - 1)) == 0)
		ruleset->rules =
			xrealloc(ruleset->rules, count ? 2 * count : 1, sizeof(*ruleset->rules));
	rule = &ruleset->rules[ruleset->rule_count++];
	*rule = (struct rule){
		.family = family,
		.table = xstrdup(firewall_dump_text(&attributes[NFTA_RULE_TABLE])),
		.chain = xstrdup(firewall_dump_text(&attributes[NFTA_RULE_CHAIN])),
		.length = expressions->length,
	};
	if (expressions->data)
		rule->expressions = memcpy(xalloc(1, expressions->length), expressions->data,
					   expressions->length);
	return 0;
}

#define JUMPS_MAX 32 /* more than NFT_JUMP_STACK_SIZE */

/* A verdict, or NFT_CONTINUE where the chain is left at its end or by return. */
static int32_t run_chain(const struct ruleset *ruleset, const struct chain *in, const char *name,
			 const struct firewall_packet *packet, unsigned int depth, bool *unsure)
{
	for (size_t i = 0; i < ruleset->rule_count && depth < JUMPS_MAX; i++) {
		const struct rule *rule = &ruleset->rules[i];
		struct firewall_outcome outcome;

		if (rule->family != in->family || strcmp(rule->chain, name) != 0 ||
		    strcmp(rule->table, in->table) != 0)
			continue;
		outcome = firewall_machine_run(rule->expressions, rule->length, packet, unsure);
		if (outcome.code == NFT_RETURN)
			return NFT_CONTINUE;
		if (outcome.code >= 0)
			return outcome.code;
		if (outcome.code == NFT_JUMP || outcome.code == NFT_GOTO) {
			int32_t code =
				run_chain(ruleset, in, outcome.chain, packet, depth + 1, unsure);

			if (code >= 0 || outcome.code == NFT_GOTO)
				return code;
		}
	}
	return NFT_CONTINUE;
}

static bool has_ufw(const struct ruleset *ruleset, const struct chain *like)
{
	for (size_t i = 0; i < ruleset->chain_count; i++)
		if (ruleset->chains[i].family == like->family &&
		    strcmp(ruleset->chains[i].table, like->table) == 0 &&
		    strcmp(ruleset->chains[i].name, "ufw-before-forward") == 0)
			return true;
	return false;
}

static const char *family_name(uint8_t family)
{
	return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

static void judge(const struct ruleset *ruleset, enum firewall_hook hook,
		  const struct firewall_packet *packet, struct firewall_verdict *verdict)
{
	*verdict = (struct firewall_verdict){.family = packet->family};
	for (size_t i = 0; i < ruleset->chain_count && !verdict->drops; i++) {
		const struct chain *chain = &ruleset->chains[i];
		bool unsure = false;
		int32_t code;

		if (!chain->is_base || chain->input != (hook == FIREWALL_HOOK_INPUT) ||
		    (chain->family != NFPROTO_INET &&
		     chain->family != firewall_machine_protocol(packet)))
			continue;
		code = run_chain(ruleset, chain, chain->name, packet, 0, &unsure);
		if (code != NF_DROP && (code >= 0 || !chain->drops))
			continue;
		verdict->drops = true;
		verdict->unsure = unsure;
		verdict->ufw = has_ufw(ruleset, chain);
		snprintf(verdict->table, sizeof(verdict->table), "%s %s",
			 family_name(chain->family), chain->table);
		snprintf(verdict->chain, sizeof(verdict->chain), "%s", chain->name);
	}
}

static bool has_base_chain(const struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->chain_count; i++)
		if (ruleset->chains[i].is_base)
			return true;
	return false;
}

int firewall_nftables_judge(const char *prefix, enum firewall_hook hook,
			    const struct firewall_packet *packets, size_t count,
			    struct firewall_verdict *verdicts, struct error *err)
{
	const struct firewall_text_name name = firewall_text_name(prefix);
	AUTO(ruleset_clear) struct ruleset ruleset = {.ours = name.text};
	AUTO_FD int fd = firewall_dump_open(err);

	for (size_t i = 0; i < count; i++)
		verdicts[i] = (struct firewall_verdict){.family = packets[i].family};
	if (fd < 0)
		return err->code == ENOENT ? 0 : -1;
	if (firewall_dump(fd, NFT_MSG_GETCHAIN, 0, NULL, NULL, take_chain, &ruleset, err) < 0)
		return -1;
	if (!has_base_chain(&ruleset))
		return 0;
	if (firewall_dump(fd, NFT_MSG_GETRULE, 0, NULL, NULL, take_rule, &ruleset, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		judge(&ruleset, hook, &packets[i], &verdicts[i]);
	return 0;
}
