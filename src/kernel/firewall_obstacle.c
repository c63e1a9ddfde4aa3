/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether what has to pass the hook forward does: questions to the rules of others. */
#include "kernel/firewall_backend.h"
#include "kernel/firewall_walk.h"

#include <arpa/inet.h>
#include <string.h>

/* What containers of a network need: out, their answers, and what comes for published ports. */
enum need { NEED_OUT, NEED_ANSWERS, NEED_PUBLISHED, NEED_COUNT };

static const struct {
	const char *before, *after; /* the bridge's name, in words */
	const char *nft, *iptables; /* the rule that lets it pass, but for that name */
	const char *nft_key, *iptables_key;
} needs[NEED_COUNT] = {
	[NEED_OUT] = {"what containers of ", " send", "accept", "-j ACCEPT", "iifname", "-i"},
	[NEED_ANSWERS] = {"answers to containers of ", "", "ct state established,related accept",
			  "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "oifname", "-o"},
	[NEED_PUBLISHED] = {"what comes for published ports of ", "", "ct status dnat accept",
			    "-m conntrack --ctstate DNAT -j ACCEPT", "oifname", "-o"},
};

static const char *tool_of(const struct firewall_verdict *verdict)
{
	return verdict->family == FIREWALL_IPV6 ? "ip6tables" : "iptables";
}

static void add_remedy(struct text *line, const struct firewall_verdict *verdict, enum need need,
		       const char *bridge)
{
	if (strcmp(verdict->table, "inet firewalld") == 0)
		text_addf(line,
			  "firewall-cmd --permanent --zone=trusted --add-interface=%s && "
			  "firewall-cmd --reload",
			  bridge);
	else if (verdict->ufw)
		text_addf(line, "ufw route allow %s on %s", need == NEED_OUT ? "in" : "out", bridge);
	else if (verdict->table[0])
		text_addf(line, "nft insert rule %s %s %s %s %s", verdict->table, verdict->chain,
			  needs[need].nft_key, bridge, needs[need].nft);
	else
		text_addf(line, "%s-legacy -I %s %s %s %s", tool_of(verdict), verdict->chain,
			  needs[need].iptables_key, bridge, needs[need].iptables);
}

void firewall_obstacle_remedy(const struct firewall_verdict *verdict, bool published,
			      const char *bridge, struct text *line)
{
	add_remedy(line, verdict, published ? NEED_PUBLISHED : NEED_OUT, bridge);
}

static void add_warning(struct strlist *warnings, const struct firewall_verdict *verdict,
			enum need need, const char *bridge)
{
	AUTO_TEXT struct text line = {0};

	text_addf(&line, "chain %s of the ", verdict->chain);
	if (verdict->table[0])
		text_addf(&line, "nftables table %s", verdict->table);
	else
		text_addf(&line, "legacy %s table filter", tool_of(verdict));
	text_addf(&line, " drops %s%s%s, add: ", needs[need].before, bridge, needs[need].after);
	add_remedy(&line, verdict, need, bridge);
	if (!strlist_contains(warnings, text_value(&line)))
		strlist_add(warnings, text_value(&line));
}

static const struct firewall_forward *first_forward(const struct firewall_set *set,
						    const char *bridge, enum firewall_family family)
{
	for (size_t i = 0; i < set->forward_count; i++)
		if (set->forwards[i].family == family && strcmp(set->forwards[i].bridge, bridge) == 0)
			return &set->forwards[i];
	return NULL;
}

/* Somebody on the network. */
static union firewall_address inside_of(const struct firewall_network *network,
					enum firewall_family family)
{
	union firewall_address inside = {.v6 = network->subnet6};

	if (family == FIREWALL_IPV4)
		inside.v4 = network->subnet;
	inside.bytes[firewall_address_bits(family) / 8 - 1] |= 2;
	return inside;
}

/* The packets to ask about for one network: by need, and which of them are needed. */
static void make_packets(const struct firewall_set *set, const struct firewall_network *network,
			 enum firewall_family family, struct firewall_packet packets[NEED_COUNT],
			 bool needed[NEED_COUNT])
{
	const struct firewall_forward *forward = first_forward(set, network->bridge, family);
	const union firewall_address inside = inside_of(network, family);

	packets[NEED_OUT] = (struct firewall_packet){
		.family = family, .in = network->bridge, .out = "", .source = inside};
	packets[NEED_ANSWERS] = (struct firewall_packet){.family = family,
							 .in = "",
							 .out = network->bridge,
							 .destination = inside,
							 .states = FIREWALL_STATE_ANSWERS};
	packets[NEED_PUBLISHED] = (struct firewall_packet){.family = family,
							   .in = "",
							   .out = network->bridge,
							   .destination = inside,
							   .states = FIREWALL_STATE_DNAT};
	if (forward)
		packets[NEED_PUBLISHED].destination = forward->address;
	needed[NEED_OUT] = needed[NEED_ANSWERS] = network->nat;
	needed[NEED_PUBLISHED] = forward != NULL && !set->host_firewall;
}

/* Whether rules of the legacy table are somebody else's to the packets of the set. */
static int legacy_is_foreign(const struct firewall_set *set, struct error *err)
{
	if (set->forward_is_theirs)
		return 1;
	return set->backend == FIREWALL_AUTO ? firewall_nftables_foreign(set->prefix, err)
					     : set->backend == FIREWALL_NFTABLES;
}

/* As with nf_tables: what only may match counts as not matching. */
static int judge_legacy(const struct firewall_packet *packet, struct firewall_verdict *verdict,
			struct error *err)
{
	struct firewall_judgement judgement;

	if (firewall_walk(FIREWALL_HOOK_FORWARD, NULL, NULL, packet, &judgement, err) < 0)
		return -1;
	*verdict = (struct firewall_verdict){
		.family = packet->family,
		.drops = judgement.ends_in_drop,
		.chain = "FORWARD",
		.ufw = judgement.ufw,
	};
	return 0;
}

int firewall_find_obstacles(const struct firewall_set *set, struct strlist *warnings,
			    struct error *err)
{
	struct error own = {0};
	int legacy;

	err = err ? err : &own;
	legacy = legacy_is_foreign(set, err);
	if (legacy < 0)
		return -1;
	for (size_t i = 0; i < set->network_count; i++) {
		struct firewall_packet packets[2 * NEED_COUNT];
		struct firewall_verdict verdicts[2 * NEED_COUNT];
		const char *bridge = set->networks[i].bridge;
		const unsigned int count = set->networks[i].prefix6 ? 2 * NEED_COUNT : NEED_COUNT;
		bool needed[2 * NEED_COUNT];

		make_packets(set, &set->networks[i], FIREWALL_IPV4, packets, needed);
		make_packets(set, &set->networks[i], FIREWALL_IPV6, packets + NEED_COUNT,
			     needed + NEED_COUNT);
		if (firewall_nftables_judge(set->prefix, FIREWALL_HOOK_FORWARD, packets, count,
					    verdicts, err) < 0)
			return -1;
		for (unsigned int need = 0; need < count; need++) {
			/*
			 * In the legacy table our own chain comes first, if that is where it is, and
			 * FORWARD is not left to others.
			 */
			if (needed[need] && !verdicts[need].drops && legacy &&
			    judge_legacy(&packets[need], &verdicts[need], err) < 0)
				return -1;
			if (needed[need] && verdicts[need].drops)
				add_warning(warnings, &verdicts[need], need % NEED_COUNT, bridge);
		}
	}
	return 0;
}
