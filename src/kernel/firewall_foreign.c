/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others have in nf_tables: asked at each first start, so without libnftables. */
#include "kernel/firewall_backend.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/firewall_dump.h"
#include "kernel/firewall_match.h"
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

/* Registers of a rule's program, in units of 4 bytes as NFT_REG32_00 and following are. */
#define SLOTS 16

struct machine {
	const struct firewall_packet *packet;
	uint8_t bytes[4 * SLOTS];
	bool known[SLOTS];
	bool holds_state; /* the last thing loaded is the state of the connection */
	bool unsure;      /* whether the rule matches cannot be said */
	bool may_lead;    /* nor where it leads to if it does */
};

/* The slot of a register by its number; SLOTS: none of ours. */
static size_t slot_of(uint32_t reg)
{
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return 4 * (reg - NFT_REG_1);
	return reg >= NFT_REG32_00 && reg <= NFT_REG32_15 ? reg - NFT_REG32_00 : SLOTS;
}

static void load(struct machine *machine, uint32_t reg, const void *bytes, size_t length)
{
	size_t slot = slot_of(reg), slots = (length + 3) / 4;

	if (slot + slots > SLOTS)
		return;
	memset(machine->bytes + 4 * slot, 0, 4 * slots);
	if (bytes)
		memcpy(machine->bytes + 4 * slot, bytes, length);
	for (size_t i = slot; i < slot + slots; i++)
		machine->known[i] = bytes != NULL;
}

/* NULL: not known. */
static uint8_t *value_of(struct machine *machine, uint32_t reg, size_t length)
{
	size_t slot = slot_of(reg), slots = (length + 3) / 4;

	if (slot + slots > SLOTS)
		return NULL;
	for (size_t i = slot; i < slot + slots; i++)
		if (!machine->known[i])
			return NULL;
	return machine->bytes + 4 * slot;
}

static uint8_t protocol_of(const struct firewall_packet *packet)
{
	return packet->family == FIREWALL_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

/* 0: a link that no rule names, or one that is not there. */
static void load_index(struct machine *machine, uint32_t reg, const char *name)
{
	const uint32_t index = *name ? if_nametoindex(name) : 0;

	load(machine, reg, index ? &index : NULL, sizeof(index));
}

static void load_meta(struct machine *machine, const struct firewall_attribute *attributes)
{
	const struct firewall_packet *packet = machine->packet;
	uint32_t reg = firewall_dump_u32(&attributes[NFTA_META_DREG]);
	const uint8_t family = protocol_of(packet);
	char name[IFNAMSIZ] = {0};

	switch (firewall_dump_u32(&attributes[NFTA_META_KEY])) {
	case NFT_META_IIFNAME:
		snprintf(name, sizeof(name), "%s", packet->in);
		load(machine, reg, name, sizeof(name));
		break;
	case NFT_META_OIFNAME:
		snprintf(name, sizeof(name), "%s", packet->out);
		load(machine, reg, name, sizeof(name));
		break;
	case NFT_META_IIF:
		load_index(machine, reg, packet->in);
		break;
	case NFT_META_OIF:
		load_index(machine, reg, packet->out);
		break;
	case NFT_META_NFPROTO:
		load(machine, reg, &family, sizeof(family));
		break;
	case NFT_META_L4PROTO:
		load(machine, reg, packet->protocol ? &packet->protocol : NULL, 1);
		break;
	default:
		load(machine, reg, NULL, 16);
	}
}

static void load_connection(struct machine *machine, const struct firewall_attribute *attributes)
{
	uint32_t reg = firewall_dump_u32(&attributes[NFTA_CT_DREG]);
	const uint32_t state = machine->packet->states & FIREWALL_STATE_ANSWERS
				       ? NF_CT_STATE_BIT(IP_CT_ESTABLISHED)
				       : NF_CT_STATE_BIT(IP_CT_NEW);
	const uint32_t status = machine->packet->states & FIREWALL_STATE_DNAT ? IPS_DST_NAT : 0;

	switch (firewall_dump_u32(&attributes[NFTA_CT_KEY])) {
	case NFT_CT_STATE:
		load(machine, reg, &state, sizeof(state));
		machine->holds_state = true;
		break;
	case NFT_CT_STATUS:
		load(machine, reg, &status, sizeof(status));
		break;
	default:
		load(machine, reg, NULL, 16);
	}
}

/* Behind the header of IP the port of the destination, which TCP and UDP have in one place. */
static void load_port(struct machine *machine, uint32_t reg, uint32_t offset, uint32_t length)
{
	const uint8_t protocol = machine->packet->protocol;
	const bool has_port = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
	const uint16_t port = htons(has_port ? machine->packet->port : 0);

	load(machine, reg, port && offset == 2 && length == sizeof(port) ? &port : NULL,
	     length > 0 && length < 16 ? length : 16);
}

/* Of the header only the two addresses are known, each after the other. */
static void load_payload(struct machine *machine, const struct firewall_attribute *attributes)
{
	const struct firewall_packet *packet = machine->packet;
	const union firewall_address *addresses[2] = {&packet->source, &packet->destination};
	const uint32_t size = firewall_address_bits(packet->family) / 8;
	const uint32_t first = packet->family == FIREWALL_IPV6 ? 8 : 12; /* RFC 8200, RFC 791 */
	uint32_t reg = firewall_dump_u32(&attributes[NFTA_PAYLOAD_DREG]);
	uint32_t offset = firewall_dump_u32(&attributes[NFTA_PAYLOAD_OFFSET]);
	uint32_t length = firewall_dump_u32(&attributes[NFTA_PAYLOAD_LEN]);
	uint32_t which = (offset - first) / size, at = (offset - first) % size;
	uint32_t base = firewall_dump_u32(&attributes[NFTA_PAYLOAD_BASE]);
	bool known = base == NFT_PAYLOAD_NETWORK_HEADER && offset >= first && length > 0 &&
		     length <= size && which < 2 && at + length <= size &&
		     !firewall_address_is_any(packet->family, addresses[which]);

	if (base == NFT_PAYLOAD_TRANSPORT_HEADER) {
		load_port(machine, reg, offset, length);
		return;
	}
	load(machine, reg, known ? addresses[which]->bytes + at : NULL,
	     known || length < 16 ? length : 16);
}

static const struct firewall_attribute *value_in(const struct firewall_attribute *attribute,
						 struct firewall_attribute data[NFTA_DATA_MAX + 1])
{
	firewall_dump_parse(attribute->data, attribute->length, data, NFTA_DATA_MAX);
	return &data[NFTA_DATA_VALUE];
}

static void do_bitwise(struct machine *machine, const struct firewall_attribute *attributes)
{
	struct firewall_attribute of_mask[NFTA_DATA_MAX + 1], of_xor[NFTA_DATA_MAX + 1];
	const struct firewall_attribute *mask = value_in(&attributes[NFTA_BITWISE_MASK], of_mask);
	const struct firewall_attribute * xor = value_in(&attributes[NFTA_BITWISE_XOR], of_xor);
	uint32_t length = firewall_dump_u32(&attributes[NFTA_BITWISE_LEN]);
	uint32_t to = firewall_dump_u32(&attributes[NFTA_BITWISE_DREG]);
	const uint8_t *from =
		value_of(machine, firewall_dump_u32(&attributes[NFTA_BITWISE_SREG]), length);
	uint8_t result[16];

	if (!from || length > sizeof(result) || mask->length < length || xor->length < length) {
		load(machine, to, NULL, 16);
		return;
	}
	for (uint32_t i = 0; i < length; i++)
		result[i] = (uint8_t)((from[i] & ((const uint8_t *)mask->data)[i]) ^
				      ((const uint8_t *)xor->data)[i]);
	load(machine, to, result, length);
}

static bool compares(struct machine *machine, const struct firewall_attribute *attributes)
{
	struct firewall_attribute data[NFTA_DATA_MAX + 1];
	const struct firewall_attribute *value = value_in(&attributes[NFTA_CMP_DATA], data);
	uint32_t operation = firewall_dump_u32(&attributes[NFTA_CMP_OP]);
	const uint8_t *there =
		value_of(machine, firewall_dump_u32(&attributes[NFTA_CMP_SREG]), value->length);

	int order;

	if (!there || !value->data) {
		machine->unsure = true;
		return true;
	}
	order = memcmp(there, value->data, value->length);
	switch (operation) {
	case NFT_CMP_EQ:
		return order == 0;
	case NFT_CMP_NEQ:
		return order != 0;
	case NFT_CMP_LT:
		return order < 0;
	case NFT_CMP_LTE:
		return order <= 0;
	case NFT_CMP_GT:
		return order > 0;
	case NFT_CMP_GTE:
		return order >= 0;
	}
	machine->unsure = true;
	return true;
}

/* Where a rule leads. */
struct outcome {
	int32_t code; /* NFT_CONTINUE: nowhere */
	char chain[NFT_CHAIN_MAXNAMELEN];
};

static void take_verdict(const struct firewall_attribute *attributes, struct outcome *outcome)
{
	struct firewall_attribute data[NFTA_DATA_MAX + 1], verdict[NFTA_VERDICT_MAX + 1];

	firewall_dump_parse(attributes[NFTA_IMMEDIATE_DATA].data,
			    attributes[NFTA_IMMEDIATE_DATA].length, data, NFTA_DATA_MAX);
	firewall_dump_parse(data[NFTA_DATA_VERDICT].data, data[NFTA_DATA_VERDICT].length, verdict,
			    NFTA_VERDICT_MAX);
	outcome->code = (int32_t)firewall_dump_u32(&verdict[NFTA_VERDICT_CODE]);
	snprintf(outcome->chain, sizeof(outcome->chain), "%s",
		 firewall_dump_text(&verdict[NFTA_VERDICT_CHAIN]));
}

/* An extension of iptables, as iptables-nft writes it. */
static bool run_match(struct machine *machine, const struct firewall_attribute *attributes)
{
	const struct firewall_attribute *info = &attributes[NFTA_MATCH_INFO];
	const enum firewall_answer answer = firewall_match_extension(
		machine->packet, firewall_dump_text(&attributes[NFTA_MATCH_NAME]),
		firewall_dump_u32(&attributes[NFTA_MATCH_REV]), info->data, info->length);

	machine->unsure |= answer == FIREWALL_MAYBE;
	return answer != FIREWALL_NO;
}

#define ATTRIBUTES_MAX 16 /* more than any of these expressions has */

/* One expression; false: the rule does not match. */
static bool run_expression(struct machine *machine, const char *name,
			   const struct firewall_attribute *attributes, struct outcome *outcome)
{
	bool held_state = machine->holds_state;

	machine->holds_state = false;
	if (strcmp(name, "meta") == 0) {
		load_meta(machine, attributes);
	} else if (strcmp(name, "ct") == 0) {
		load_connection(machine, attributes);
	} else if (strcmp(name, "payload") == 0) {
		load_payload(machine, attributes);
	} else if (strcmp(name, "bitwise") == 0) {
		do_bitwise(machine, attributes);
	} else if (strcmp(name, "cmp") == 0) {
		return compares(machine, attributes);
	} else if (strcmp(name, "lookup") == 0) {
		/* A set of states, without looking into it, has that of answers and not "new". */
		if (held_state)
			return (machine->packet->states & FIREWALL_STATE_ANSWERS) &&
			       !attributes[NFTA_LOOKUP_DREG].data;
		machine->unsure = true;
		machine->may_lead = attributes[NFTA_LOOKUP_DREG].data != NULL;
	} else if (strcmp(name, "immediate") == 0) {
		if (firewall_dump_u32(&attributes[NFTA_IMMEDIATE_DREG]) == NFT_REG_VERDICT)
			take_verdict(attributes, outcome);
	} else if (strcmp(name, "match") == 0) {
		return run_match(machine, attributes);
	} else if (strcmp(name, "reject") == 0 ||
		   (strcmp(name, "target") == 0 &&
		    strcmp(firewall_dump_text(&attributes[NFTA_TARGET_NAME]), "REJECT") == 0)) {
		outcome->code = NF_DROP;
	} else if (strcmp(name, "counter") != 0 && strcmp(name, "log") != 0 &&
		   strcmp(name, "target") != 0) {
		machine->unsure = true;
	}
	return true;
}

/* A rule nobody can judge counts as one that does not match; unsure: it may let the packet pass. */
static struct outcome run_rule(const struct rule *rule, const struct firewall_packet *packet,
			       bool *unsure)
{
	const struct firewall_attribute list = {rule->expressions, rule->length};
	const struct outcome nowhere = {.code = NFT_CONTINUE};
	struct firewall_attribute element = {NULL, 0};
	struct machine machine = {.packet = packet};
	struct outcome outcome = nowhere;

	while (firewall_dump_next(&list, &element)) {
		struct firewall_attribute expression[NFTA_EXPR_MAX + 1];
		struct firewall_attribute attributes[ATTRIBUTES_MAX + 1];

		firewall_dump_parse(element.data, element.length, expression, NFTA_EXPR_MAX);
		firewall_dump_parse(expression[NFTA_EXPR_DATA].data,
				    expression[NFTA_EXPR_DATA].length, attributes, ATTRIBUTES_MAX);
		if (!run_expression(&machine, firewall_dump_text(&expression[NFTA_EXPR_NAME]),
				    attributes, &outcome))
			return nowhere;
	}
	if (!machine.unsure)
		return outcome;
	*unsure |= machine.may_lead || outcome.code == NF_ACCEPT || outcome.code == NFT_JUMP ||
		   outcome.code == NFT_GOTO || outcome.code == NFT_RETURN;
	return nowhere;
}

#define JUMPS_MAX 32 /* more than NFT_JUMP_STACK_SIZE */

/* A verdict, or NFT_CONTINUE where the chain is left at its end or by return. */
static int32_t run_chain(const struct ruleset *ruleset, const struct chain *in, const char *name,
			 const struct firewall_packet *packet, unsigned int depth, bool *unsure)
{
	for (size_t i = 0; i < ruleset->rule_count && depth < JUMPS_MAX; i++) {
		const struct rule *rule = &ruleset->rules[i];
		struct outcome outcome;

		if (rule->family != in->family || strcmp(rule->chain, name) != 0 ||
		    strcmp(rule->table, in->table) != 0)
			continue;
		outcome = run_rule(rule, packet, unsure);
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
		    (chain->family != NFPROTO_INET && chain->family != protocol_of(packet)))
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
