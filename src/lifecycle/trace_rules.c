/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firewall on the way of a packet: our rules, whether they are in force, and those of others. */
#include <string.h>

#include "lifecycle/trace_walk.h"

static enum firewall_family family_of(const struct walk *walk)
{
	return walk->family == AF_INET6 ? FIREWALL_IPV6 : FIREWALL_IPV4;
}

static union firewall_address address_of(const struct trace_ip *ip)
{
	union firewall_address address;

	memcpy(address.bytes, ip->bytes, sizeof(address.bytes));
	return address;
}

static struct firewall_packet packet_of(struct walk *walk, const struct traveller *traveller)
{
	return (struct firewall_packet){
		.family = family_of(walk),
		.in = traveller->in,
		.out = traveller->out,
		.source = address_of(&traveller->source),
		.destination = address_of(&traveller->destination),
		.destination_local = trace_is_local(walk, &traveller->destination),
		.protocol = traveller->protocol,
		.port = traveller->port,
		.states = traveller->states,
		.mac = traveller->mac,
	};
}

static const char *name_of(const struct walk *walk, enum firewall_chain chain)
{
	return walk->sight.names[family_of(walk)][chain];
}

static enum firewall_presence presence_of(const struct walk *walk, enum firewall_chain chain)
{
	return walk->sight.presence[family_of(walk)][chain];
}

/* "is not in the kernel", and the like; NULL: the chain is as it should be. */
static const char *fault_of(const struct walk *walk, enum firewall_chain chain)
{
	switch (presence_of(walk, chain)) {
	case FIREWALL_PRESENT:
		break;
	case FIREWALL_DIFFERENT:
		return "somebody has changed its rules";
	case FIREWALL_UNCALLED:
		return "a jump to the chain is missing";
	case FIREWALL_MISSING:
		return "the chain is not in the kernel";
	}
	return NULL;
}

/* Any container that comes up brings all rules with it. */
static void remedy_rules(struct walk *walk)
{
	for (size_t i = 0; i < walk->network_count; i++) {
		if (!walk->networks[i].own || walk->networks[i].member_count == 0)
			continue;
		trace_remedy(walk, "cman restart %s makes all rules anew",
			     walk->networks[i].members[0].container);
		return;
	}
}

static bool is_firewall_unknown(struct walk *walk, const char *where)
{
	if (walk->firewall_known)
		return false;
	trace_failed(walk, where, &walk->firewall_error);
	return true;
}

/* ---- published ports ---- */

const struct firewall_rule *trace_dnat(struct walk *walk, struct traveller *traveller)
{
	const struct firewall_packet packet = packet_of(walk, traveller);
	const struct firewall_rule *rule =
		firewall_enters(FIREWALL_HOOK_PREROUTING, FIREWALL_DNAT, &packet)
			? firewall_evaluate(&walk->rules, FIREWALL_DNAT, &packet)
			: NULL;
	const char *fault = fault_of(walk, FIREWALL_DNAT);
	char to[TRACE_ADDRESS_SIZE];
	uint16_t port;

	if (!rule || rule->action != FIREWALL_DNAT_TO)
		return NULL;
	port = firewall_translated_port(rule, traveller->port);
	memcpy(traveller->destination.bytes, rule->to.bytes, walk->family == AF_INET6 ? 16 : 4);
	trace_endpoint(&traveller->destination, port, to);
	if (is_firewall_unknown(walk, "DNAT")) {
		/* told */
	} else if (fault) {
		trace_stop(walk, name_of(walk, FIREWALL_DNAT), "%s: nothing leads to %s", fault, to);
		remedy_rules(walk);
	} else {
		trace_ok(walk, name_of(walk, FIREWALL_DNAT), "port %u of the host leads to %s",
			 traveller->port, to);
	}
	traveller->port = port;
	traveller->states |= FIREWALL_STATE_DNAT;
	return rule;
}

/* The kernel itself lets nothing in that is for ::1: in IPv6 there is no guard, and no fault of it. */
bool trace_guard(struct walk *walk, const struct traveller *traveller)
{
	const struct firewall_packet packet = packet_of(walk, traveller);
	const struct firewall_rule *rule = firewall_evaluate(&walk->rules, FIREWALL_GUARD, &packet);
	const char *fault = walk->firewall_known ? fault_of(walk, FIREWALL_GUARD) : NULL;

	if (fault) {
		trace_warn(walk, name_of(walk, FIREWALL_GUARD),
			   "%s: containers reach 127.0.0.0/8 of the host", fault);
		remedy_rules(walk);
		return true;
	}
	if (!rule || rule->action != FIREWALL_DROP)
		return true;
	trace_stop(walk, name_of(walk, FIREWALL_GUARD), "127.0.0.0/8 never comes in from a bridge");
	return false;
}

/* ---- FORWARD and INPUT ---- */

/* Why one of our rules drops, in the words of the configuration. */
static void tell_drop(struct walk *walk, const struct firewall_rule *rule)
{
	const struct firewall_match *match = &rule->match;
	const char *chain = name_of(walk, FIREWALL_FORWARD);
	const char *network = match->in;

	for (size_t i = 0; i < walk->network_count; i++)
		if (strcmp(walk->networks[i].bridge, match->in) == 0)
			network = walk->networks[i].name;
	if (match->not_in) {
		trace_stop(walk, chain, "into %s come answers and published ports alone", network);
		trace_remedy(walk, "publish the port: net.ports, or have both on one network");
	} else if (match->source.prefix != 0 || match->destination.prefix != 0) {
		/* "cman:web": what its link keeps away is not routed back to it either. */
		const char *container = strchr(rule->comment, ':');

		trace_stop(walk, chain, "%s is isolated", container ? container + 1 : network);
		trace_remedy(walk, "net.isolate in its file, or a published port");
	} else if (match->not_out) {
		trace_stop(walk, chain, "%s is internal: nothing goes out of it", network);
		trace_remedy(walk, "networks.%s.internal in %s", network, walk->manager->file);
	} else {
		trace_stop(walk, chain, "%s keeps its containers from each other", network);
		trace_remedy(walk, "networks.%s.icc in %s", network, walk->manager->file);
	}
}

/* Whether it ends at what its sender may not call. */
static bool is_kept(struct walk *walk, enum firewall_chain chain, const struct firewall_packet *packet)
{
	const struct firewall_rule *rule = firewall_evaluate(&walk->rules, chain, packet);
	const char *fault = fault_of(walk, chain), *container;

	if (!rule || rule->action != FIREWALL_DROP)
		return false;
	container = rule->comment + strlen("cman:");
	if (fault) {
		trace_unknown(walk, name_of(walk, chain), "%s: %s is not kept from it", fault,
			      container);
		remedy_rules(walk);
		return false;
	}
	trace_stop(walk, name_of(walk, chain), "%s may not call %s", container,
		   chain == FIREWALL_HOST ? "the host itself" : "that");
	trace_remedy(walk, "%s in the file of %s",
		     chain == FIREWALL_HOST ? "net.host_access" : "net.egress", container);
	return true;
}

static char *describe_dropper(const struct firewall_judgement *judgement)
{
	if (judgement->table[0])
		return xprintf("chain %s of %s", judgement->chain, judgement->table);
	return judgement->number ? xprintf("rule %u of %s", judgement->number, judgement->chain)
				 : xprintf("the policy of %s", judgement->chain);
}

/* What others' rules and policies come to. */
static void tell_judgement(struct walk *walk, const char *hook, const struct firewall_packet *packet,
			   bool outwards, const struct firewall_judgement *judgement)
{
	AUTO_FREE char *rule = describe_dropper(judgement);
	AUTO_TEXT struct text remedy = {0};

	if (judgement->fate == FIREWALL_MAY_DROP)
		trace_unknown(walk, hook, "%s may drop it", rule);
	else
		trace_stop(walk, hook, "%s drops it", rule);
	firewall_remedy(hook, packet, outwards, judgement, &remedy);
	trace_remedy(walk, "%s", text_value(&remedy));
}

/* Our chain is not as it should be. */
static void tell_fault(struct walk *walk, const char *fault,
		       const struct firewall_judgement *judgement)
{
	const char *chain = name_of(walk, FIREWALL_FORWARD);
	AUTO_FREE char *rule = describe_dropper(judgement);

	if (judgement->fate == FIREWALL_PASSES)
		trace_unknown(walk, chain, "%s, and nobody else drops it", fault);
	else
		trace_stop(walk, chain, "%s, and %s drops it", fault, rule);
	remedy_rules(walk);
}

static bool is_bridge(const struct walk *walk, const char *name)
{
	for (size_t i = 0; i < walk->network_count; i++)
		if (strcmp(walk->networks[i].bridge, name) == 0)
			return true;
	return false;
}

bool trace_filter(struct walk *walk, const struct traveller *traveller)
{
	const struct firewall_packet packet = packet_of(walk, traveller);
	const struct firewall_rule *rule =
		firewall_evaluate(&walk->rules, FIREWALL_FORWARD, &packet);
	const char *chain = name_of(walk, FIREWALL_FORWARD);
	const char *fault = fault_of(walk, FIREWALL_FORWARD);
	bool in_force = presence_of(walk, FIREWALL_FORWARD) == FIREWALL_PRESENT;
	struct firewall_judgement judgement;
	struct error err;

	if (is_firewall_unknown(walk, "FORWARD"))
		return true;
	if (is_kept(walk, FIREWALL_EGRESS, &packet))
		return false;
	/* That nothing leads to our chain is as it should be then: others decide. */
	if (walk->forward_is_theirs &&
	    walk->sight.presence[FIREWALL_IPV4][FIREWALL_FORWARD] == FIREWALL_UNCALLED) {
		fault = NULL;
		rule = NULL;
	}
	if (rule && rule->action == FIREWALL_DROP && in_force) {
		tell_drop(walk, rule);
		return false;
	}
	if (firewall_judge(&walk->sight, "FORWARD", in_force ? &walk->rules : NULL, &packet,
			   &judgement, &err) < 0)
		return trace_failed(walk, "FORWARD", &err);
	if (fault)
		tell_fault(walk, fault, &judgement);
	else if (judgement.fate != FIREWALL_PASSES)
		tell_judgement(walk, "FORWARD", &packet, !is_bridge(walk, traveller->out),
			       &judgement);
	else
		trace_ok(walk, rule ? chain : "FORWARD", "from %s to %s: accepted%s", traveller->in,
			 traveller->out,
			 traveller->states & FIREWALL_STATE_DNAT ? ", a published port" : "");
	return true;
}

bool trace_input(struct walk *walk, const struct traveller *traveller)
{
	const struct firewall_packet packet = packet_of(walk, traveller);
	struct firewall_judgement judgement;
	struct error err;

	if (is_firewall_unknown(walk, "INPUT"))
		return true;
	if (is_kept(walk, FIREWALL_HOST, &packet) || is_kept(walk, FIREWALL_EGRESS, &packet))
		return false;
	if (firewall_judge(&walk->sight, "INPUT", NULL, &packet, &judgement, &err) < 0)
		return trace_failed(walk, "INPUT", &err);
	if (judgement.fate != FIREWALL_PASSES)
		tell_judgement(walk, "INPUT", &packet, true, &judgement);
	else
		trace_ok(walk, "INPUT", "from %s to the host itself: accepted", traveller->in);
	return true;
}

/* ---- the source address ---- */

/* What the kernel takes for it: the address it would send from itself. */
static bool find_masquerade(struct walk *walk, const struct traveller *traveller,
			    struct trace_ip *source, struct link_state *out)
{
	const struct route_question question = {walk->family, traveller->destination.bytes, NULL, 0};
	struct route_answer answer;

	if (netlink_look_up_route(walk->host, &question, &answer, NULL) != 1 ||
	    !answer.has_source || strcmp(answer.out, traveller->out) != 0 ||
	    netlink_look_at_link(walk->host, traveller->out, 0, out, NULL) != 1)
		return false;
	*source = (struct trace_ip){.family = walk->family};
	memcpy(source->bytes, answer.source, sizeof(source->bytes));
	return true;
}

static void tell_masquerade(struct walk *walk, struct traveller *traveller, const char *chain)
{
	char text[TRACE_ADDRESS_SIZE];
	struct link_state out;
	struct error err;
	int has;

	if (!find_masquerade(walk, traveller, &traveller->source, &out)) {
		trace_stop(walk, chain, "%s has no address to masquerade with", traveller->out);
		trace_remedy(walk, "ip address add ADDRESS dev %s", traveller->out);
		return;
	}
	trace_address(&traveller->source, text);
	has = netlink_has_address(walk->host, walk->family, out.index, traveller->source.bytes,
				  &err);
	if (has < 0) {
		trace_failed(walk, chain, &err);
	} else if (has == 0) {
		/* One of another link then, a bridge of ours at worst, that nobody outside knows. */
		trace_warn(walk, chain, "the source becomes %s, which is no address of %s", text,
			   traveller->out);
		trace_remedy(walk, "ip address add ADDRESS dev %s", traveller->out);
	} else {
		trace_ok(walk, chain, "the source becomes %s", text);
	}
}

bool trace_masquerade(struct walk *walk, struct traveller *traveller)
{
	const struct firewall_packet packet = packet_of(walk, traveller);
	const struct firewall_rule *rule = firewall_evaluate(&walk->rules, FIREWALL_NAT, &packet);
	const char *chain = name_of(walk, FIREWALL_NAT), *fault = fault_of(walk, FIREWALL_NAT);
	char text[TRACE_ADDRESS_SIZE];

	trace_address(&traveller->source, text);
	if (is_firewall_unknown(walk, "NAT"))
		return true;
	if (!rule || rule->action != FIREWALL_MASQUERADE) {
		trace_ok(walk, chain, "leaves the source %s: who answers needs a route back", text);
	} else if (fault) {
		trace_stop(walk, chain, "%s: answers to %s do not find back", fault, text);
		remedy_rules(walk);
	} else {
		tell_masquerade(walk, traveller, chain);
	}
	return true;
}
