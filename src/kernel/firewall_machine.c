/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_machine.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "kernel/firewall_dump.h"
#include "kernel/firewall_match.h"

/* Registers of a rule's program, in units of 4 bytes as NFT_REG32_00 and following are. */
#define SLOTS          16
#define ATTRIBUTES_MAX 16 /* more than any of these expressions has */

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

uint8_t firewall_machine_protocol(const struct firewall_packet *packet)
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
	const uint8_t family = firewall_machine_protocol(packet);
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

static void take_verdict(const struct firewall_attribute *attributes,
			 struct firewall_outcome *outcome)
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

/* One expression; false: the rule does not match. */
static bool run_expression(struct machine *machine, const char *name,
			   const struct firewall_attribute *attributes, struct firewall_outcome *outcome)
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

struct firewall_outcome firewall_machine_run(const void *expressions, size_t length,
					     const struct firewall_packet *packet, bool *unsure)
{
	const struct firewall_attribute list = {expressions, length};
	const struct firewall_outcome nowhere = {.code = NFT_CONTINUE};
	struct firewall_attribute element = {NULL, 0};
	struct machine machine = {.packet = packet};
	struct firewall_outcome outcome = nowhere;

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
