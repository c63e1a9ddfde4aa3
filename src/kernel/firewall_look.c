/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_look.h"

#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "kernel/firewall_backend.h"
#include "kernel/firewall_xtables.h"

#define DEPTH_MAX 16

int firewall_look(enum firewall_backend backend, const char *prefix,
		  const struct firewall_rules *rules, struct firewall_sight *sight,
		  struct error *err)
{
	struct error own = {0};

	err = err ? err : &own;
	*sight = (struct firewall_sight){.backend = backend};
	snprintf(sight->prefix, sizeof(sight->prefix), "%s", prefix);
	/* That of the legacy tables in any case: rules of others may be there. */
	if (firewall_iptables_look(prefix, rules, sight, err) < 0)
		return -1;
	return backend == FIREWALL_NFTABLES ? firewall_nftables_look(prefix, rules, sight, err) : 0;
}

int firewall_differs(enum firewall_backend backend, const char *prefix,
		     const struct firewall_rules *rules, struct error *err)
{
	switch (backend) {
	case FIREWALL_IPTABLES:
		return firewall_iptables_differs(prefix, rules, err);
	case FIREWALL_NFTABLES:
		return firewall_nftables_differs(prefix, rules, err);
	case FIREWALL_NONE:
	case FIREWALL_AUTO:
		break;
	}
	return 0;
}

/* ---- whether a rule of the legacy tables matches ---- */

enum answer { NO, MAYBE, YES };

static bool interface_matches(const char *wanted, const unsigned char *mask, const char *name)
{
	char padded[IFNAMSIZ] = {0};

	snprintf(padded, sizeof(padded), "%s", name);
	for (size_t i = 0; i < IFNAMSIZ; i++)
		if ((wanted[i] ^ padded[i]) & mask[i])
			return false;
	return true;
}

static bool address_matches(enum firewall_family family, const union firewall_address *wanted,
			    const union firewall_address *mask, const union firewall_address *there)
{
	for (size_t i = 0; i < firewall_address_bits(family) / 8; i++)
		if ((wanted->bytes[i] ^ there->bytes[i]) & mask->bytes[i])
			return false;
	return true;
}

static bool header_matches(const struct firewall_header *header,
			   const struct firewall_packet *packet)
{
	bool source = address_matches(packet->family, &header->source, &header->source_mask,
				      &packet->source);
	bool destination = address_matches(packet->family, &header->destination,
					   &header->destination_mask, &packet->destination);
	bool in = interface_matches(header->in, header->in_mask, packet->in);
	bool out = interface_matches(header->out, header->out_mask, packet->out);
	bool protocol = header->protocol == 0 || header->protocol == packet->protocol;

	return source != !!(header->inverted & IPT_INV_SRCIP) &&
	       destination != !!(header->inverted & IPT_INV_DSTIP) &&
	       in != !!(header->inverted & IPT_INV_VIA_IN) &&
	       out != !!(header->inverted & IPT_INV_VIA_OUT) &&
	       protocol != !!(header->inverted & IPT_INV_PROTO) && !header->fragment;
}

static enum answer ports_match(const struct firewall_packet *packet, const uint16_t source[2],
			       const uint16_t destination[2], bool inverted, bool source_inverted)
{
	bool in_range = packet->port >= destination[0] && packet->port <= destination[1];

	if (in_range == inverted)
		return NO;
	/* Nobody knows the port it is sent from. */
	return source[0] == 0 && source[1] == UINT16_MAX && !source_inverted ? YES : MAYBE;
}

static enum answer tcp_matches(const struct xt_tcp *tcp, const struct firewall_packet *packet)
{
	enum answer ports = ports_match(packet, tcp->spts, tcp->dpts,
					tcp->invflags & XT_TCP_INV_DSTPT,
					tcp->invflags & XT_TCP_INV_SRCPT);

	return ports == YES && (tcp->flg_mask || tcp->option) ? MAYBE : ports;
}

static enum answer conntrack_matches(const struct xt_entry_match *match,
				     const struct firewall_packet *packet)
{
	const struct xt_conntrack_mtinfo3 *info = (const void *)match->data;
	unsigned int states = XT_CONNTRACK_STATE_BIT(IP_CT_NEW);

	/* Revision 2 is the beginning of 3. */
	if (match->u.user.revision < 2 || info->match_flags != XT_CONNTRACK_STATE ||
	    info->invert_flags != 0)
		return MAYBE;
	if (packet->states & FIREWALL_STATE_DNAT)
		states |= XT_CONNTRACK_STATE_DNAT;
	return info->state_mask & states ? YES : NO;
}

static enum answer match_matches(const struct xt_entry_match *match,
				 const struct firewall_packet *packet)
{
	const char *name = match->u.user.name;

	if (strcmp(name, "comment") == 0)
		return YES;
	if (strcmp(name, "tcp") == 0)
		return tcp_matches((const void *)match->data, packet);
	if (strcmp(name, "udp") == 0) {
		const struct xt_udp *udp = (const void *)match->data;

		return ports_match(packet, udp->spts, udp->dpts, udp->invflags & XT_UDP_INV_DSTPT,
				   udp->invflags & XT_UDP_INV_SRCPT);
	}
	if (strcmp(name, "conntrack") == 0)
		return conntrack_matches(match, packet);
	if (strcmp(name, "state") == 0) {
		const struct xt_state_info *state = (const void *)match->data;

		return state->statemask & XT_STATE_BIT(IP_CT_NEW) ? YES : NO;
	}
	return MAYBE;
}

static enum answer entry_matches(const struct firewall_entry *entry,
				 const struct firewall_packet *packet)
{
	const struct firewall_header header = firewall_entry_header(packet->family, entry);
	enum answer answer = header_matches(&header, packet) ? YES : NO;
	const struct xt_entry_match *match = NULL;

	while (answer != NO && (match = firewall_entry_next(packet->family, entry, match))) {
		enum answer one = match_matches(match, packet);

		if (one < answer)
			answer = one;
	}
	return answer;
}

/* ---- the walk through the chains ---- */

struct walk {
	const struct firewall_xtables *x;
	struct xtc_handle *handle;
	const struct firewall_sight *sight;
	bool ours; /* our chains are in this table */
	const struct firewall_rules *rules;
	const struct firewall_packet *packet;
	bool unsure; /* an earlier rule may have let it pass */
	struct firewall_judgement *judgement;
};

/* true: the packet's way through the table ends here. */
static bool drop(struct walk *walk, const char *chain, unsigned int number, enum answer answer)
{
	struct firewall_judgement *judgement = walk->judgement;
	bool sure = answer == YES && !walk->unsure;

	if (sure || judgement->fate == FIREWALL_PASSES) {
		judgement->fate = sure ? FIREWALL_DROPS : FIREWALL_MAY_DROP;
		judgement->number = number;
		snprintf(judgement->chain, sizeof(judgement->chain), "%s", chain);
	}
	return answer == YES;
}

static bool accept_packet(struct walk *walk, enum answer answer)
{
	walk->unsure |= answer == MAYBE;
	return answer == YES;
}

/* Which chain of ours it is; FIREWALL_CHAIN_COUNT: none. */
static enum firewall_chain find_ours(const struct walk *walk, const char *name)
{
	unsigned int chain = 0;

	while (chain < FIREWALL_CHAIN_COUNT &&
	       (!walk->ours || strcmp(walk->sight->names[walk->packet->family][chain], name) != 0))
		chain++;
	return (enum firewall_chain)chain;
}

static bool enter_ours(struct walk *walk, enum firewall_chain chain, enum answer answer)
{
	const struct firewall_rule *rule =
		walk->rules ? firewall_evaluate(walk->rules, chain, walk->packet) : NULL;
	const char *name = walk->sight->names[walk->packet->family][chain];

	if (rule && rule->action == FIREWALL_ACCEPT)
		return accept_packet(walk, answer);
	return rule && rule->action == FIREWALL_DROP && drop(walk, name, 0, answer);
}

static bool run_chain(struct walk *walk, const char *chain, enum answer entered, int depth)
{
	AUTO_FIREWALL_ENTRIES struct firewall_entries entries;

	firewall_xtables_list(walk->x, walk->handle, chain, &entries);
	for (size_t i = 0; i < entries.count && depth < DEPTH_MAX; i++) {
		const struct firewall_entry *entry = entries.items[i];
		const char *target = walk->x->get_target(entry, walk->handle);
		enum answer answer = entry_matches(entry, walk->packet);
		bool ends = false;

		if (answer > entered)
			answer = entered;
		if (answer == NO)
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

static int judge_legacy(const struct firewall_sight *sight, const char *hook,
			const struct firewall_rules *rules, const struct firewall_packet *packet,
			struct firewall_judgement *judgement, struct error *err)
{
	struct walk walk = {
		.x = firewall_xtables_open(packet->family, err),
		.sight = sight,
		.ours = sight->backend == FIREWALL_IPTABLES,
		.rules = rules,
		.packet = packet,
		.judgement = judgement,
	};
	struct xt_counters counters;
	const char *policy;

	if (!walk.x)
		return -1;
	walk.handle = walk.x->init("filter");
	if (!walk.handle)
		return error_set(err, errno, "legacy %s table filter", walk.x->tool);
	if (!run_chain(&walk, hook, YES, 0)) {
		policy = walk.x->get_policy(hook, &counters, walk.handle);
		if (policy && strcmp(policy, "DROP") == 0)
			drop(&walk, hook, 0, YES);
	}
	judgement->ufw = walk.x->is_chain("ufw-before-forward", walk.handle);
	walk.x->free(walk.handle);
	return 0;
}

/* A rule that cannot be judged counts as not matching there, and what it would drop as passing. */
static int judge_nftables(const char *prefix, bool input, const struct firewall_packet *packet,
			  struct firewall_judgement *judgement, struct error *err)
{
	const bool has_port = packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP;
	const struct firewall_probe probe = {
		.family = packet->family,
		.in = packet->in,
		.out = packet->out,
		.source = packet->source,
		.destination = packet->destination,
		.dnat = packet->states & FIREWALL_STATE_DNAT,
		.input = input,
		.protocol = packet->protocol,
		.port = has_port ? packet->port : 0,
	};
	struct firewall_verdict verdict;

	if (firewall_nftables_judge(prefix, &probe, 1, &verdict, err) < 0)
		return -1;
	if (!verdict.drops)
		return 0;
	*judgement = (struct firewall_judgement){
		.fate = verdict.unsure ? FIREWALL_MAY_DROP : FIREWALL_DROPS,
		.ufw = verdict.ufw,
	};
	memcpy(judgement->table, verdict.table, sizeof(judgement->table));
	snprintf(judgement->chain, sizeof(judgement->chain), "%.31s", verdict.chain);
	return 0;
}

int firewall_judge(const struct firewall_sight *sight, const char *hook,
		   const struct firewall_rules *rules, const struct firewall_packet *packet,
		   struct firewall_judgement *judgement, struct error *err)
{
	*judgement = (struct firewall_judgement){.fate = FIREWALL_PASSES};
	if (sight->has_filter[packet->family] &&
	    judge_legacy(sight, hook, rules, packet, judgement, err) < 0)
		return -1;
	return judgement->fate == FIREWALL_DROPS
		       ? 0
		       : judge_nftables(sight->prefix, strcmp(hook, "INPUT") == 0, packet,
					judgement, err);
}

void firewall_remedy(const char *hook, const struct firewall_packet *packet, bool outwards,
		     const struct firewall_judgement *judgement, struct text *line)
{
	struct firewall_verdict verdict = {.family = packet->family, .ufw = judgement->ufw};
	const bool dnat = packet->states & FIREWALL_STATE_DNAT;

	memcpy(verdict.table, judgement->table, sizeof(verdict.table));
	snprintf(verdict.chain, sizeof(verdict.chain), "%s", hook);
	if (judgement->table[0])
		snprintf(verdict.chain, sizeof(verdict.chain), "%s", judgement->chain);
	if (strcmp(hook, "FORWARD") == 0 && (outwards || dnat || judgement->ufw))
		firewall_obstacle_remedy(&verdict, !outwards, outwards ? packet->in : packet->out,
					 line);
	else if (judgement->table[0])
		text_addf(line, "nft insert rule %s %s %s %s accept", judgement->table,
			  judgement->chain, outwards ? "iifname" : "oifname",
			  outwards ? packet->in : packet->out);
	else
		text_addf(line, "%s-legacy -I %s %s %s -j ACCEPT",
			  packet->family == FIREWALL_IPV6 ? "ip6tables" : "iptables", hook,
			  outwards ? "-i" : "-o", outwards ? packet->in : packet->out);
}
