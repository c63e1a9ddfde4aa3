/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_look.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "kernel/firewall_backend.h"
#include "kernel/firewall_walk.h"

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

/* A rule that cannot be judged counts as not matching there, and what it would drop as passing. */
static int judge_nftables(const char *prefix, enum firewall_hook hook,
			  const struct firewall_packet *packet,
			  struct firewall_judgement *judgement, struct error *err)
{
	struct firewall_verdict verdict;

	if (firewall_nftables_judge(prefix, hook, packet, 1, &verdict, err) < 0)
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

int firewall_judge(const struct firewall_sight *sight, const char *hook_name,
		   const struct firewall_rules *rules, const struct firewall_packet *packet,
		   struct firewall_judgement *judgement, struct error *err)
{
	const enum firewall_hook hook = strcmp(hook_name, "INPUT") == 0 ? FIREWALL_HOOK_INPUT
									: FIREWALL_HOOK_FORWARD;

	if (firewall_walk(hook, sight->backend == FIREWALL_IPTABLES ? sight : NULL, rules, packet,
			  judgement, err) < 0)
		return -1;
	return judgement->fate == FIREWALL_DROPS
		       ? 0
		       : judge_nftables(sight->prefix, hook, packet, judgement, err);
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
