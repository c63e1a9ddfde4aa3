/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk out of a container, and which walks there are. */
#include "lifecycle/trace.h"

#include <stdio.h>
#include <string.h>

#include "config/marks.h"
#include "lifecycle/trace_walk.h"

/* ---- arriving ---- */

/* On a bridge, to the container behind one of its ports. */
static void arrive(struct walk *walk, const struct traveller *traveller)
{
	const struct network_member *owner = trace_find_owner(walk, &traveller->destination);
	AUTO_PLACE struct place place = {0};
	char text[TRACE_ADDRESS_SIZE];
	struct error err;
	int found = owner ? trace_find_place(walk, owner->container, NULL, &traveller->destination,
					     &place, &err)
			  : 0;

	if (found < 0) {
		trace_failed(walk, "container", &err);
	} else if (found == 0) {
		trace_stop(walk, "neighbour", "no running container has the address %s",
			   trace_address(&traveller->destination, text));
		trace_remedy(walk, "cman ps lists those there are");
	} else if (trace_host_end(walk, &place)) {
		trace_arrive_inside(walk, &place, traveller);
	}
}

/* ---- outwards ---- */

static bool is_isolated(struct walk *walk, const struct place *place)
{
	struct link_state link;

	return netlink_look_at_link(walk->host, place->host_end, 0, &link, NULL) == 1 &&
	       link.isolated;
}

static void tell_isolated(struct walk *walk, const struct network_member *member)
{
	char host_end[IFNAMSIZ];

	netlink_veth_name(member->container, member->index, host_end);
	trace_stop(walk, host_end,
		   "%s is isolated: from its network only published ports lead to it",
		   member->container);
	trace_remedy(walk, "net.isolate in its file, and cman restart %s", member->container);
}

/* To a neighbour on the same bridge, without the host's routing. */
static void walk_to_neighbour(struct walk *walk, const struct place *place,
			      struct traveller *traveller)
{
	const struct network_member *owner = trace_find_owner(walk, &traveller->destination);

	if (!owner && !place->network->own) {
		trace_unknown(walk, place->network->bridge,
			      "beyond this bridge, which is not cman's, nothing is seen from here");
		return;
	}
	snprintf(traveller->out, IFNAMSIZ, "%s", place->network->bridge);
	if (owner && (place->member->isolated || owner->isolated)) {
		tell_isolated(walk, place->member->isolated ? place->member : owner);
	} else if (place->network->own && owner && !place->network->icc && is_isolated(walk, place)) {
		trace_stop(walk, place->network->bridge, "%s keeps its containers from each other",
			   place->network->name);
		trace_remedy(walk, "networks.%s.icc in %s, or a published port",
			     place->network->name, walk->manager->file);
	} else if (!place->network->own || !owner ||
		   (!place->network->filtered && !trace_bridge_is_filtered(walk)) ||
		   trace_filter(walk, traveller)) {
		arrive(walk, traveller);
	}
}

static bool is_cmans_bridge(const struct walk *walk, const char *name)
{
	for (size_t i = 0; i < walk->network_count; i++)
		if (walk->networks[i].own && strcmp(walk->networks[i].bridge, name) == 0)
			return true;
	return false;
}

/*
 * Where br_netfilter is on, a port published by a container of the same bridge is led to it inside
 * the bridge, which keeps frames of one parted port from another.
 */
static void check_led_inside(struct walk *walk, const struct place *place,
			     const struct traveller *traveller)
{
	const struct network_record *network = place->network;
	const struct network_member *owner = trace_find_owner(walk, &traveller->destination);
	bool parted = owner && (!network->icc || place->member->isolated || owner->isolated);

	if (!parted || !network_record_find(network, owner->container, owner->index) ||
	    !trace_bridge_is_filtered(walk))
		return;
	trace_stop(walk, network->bridge,
		   "br_netfilter leads it to %s inside the bridge, which parts them",
		   owner->container);
	trace_remedy(walk, "sysctl -w net.bridge.bridge-nf-call-%s=0",
		     walk->family == AF_INET6 ? "ip6tables" : "iptables");
}

/* What came out of a container, up to the link that leads out, or to another container. */
static void walk_through_host(struct walk *walk, const struct place *place,
			      struct traveller *traveller)
{
	const struct firewall_rule *published;

	if (!trace_guard(walk, traveller))
		return;
	published = trace_dnat(walk, traveller);
	if (published)
		check_led_inside(walk, place, traveller);
	if (!published && trace_is_local(walk, &traveller->destination)) {
		if (trace_input(walk, traveller))
			trace_host_listener(walk, traveller);
		return;
	}
	if (!trace_forwarding(walk, traveller) || !trace_reverse_path(walk, traveller) ||
	    !trace_host_route(walk, traveller) || !trace_filter(walk, traveller) ||
	    !trace_masquerade(walk, traveller))
		return;
	if (is_cmans_bridge(walk, traveller->out)) {
		arrive(walk, traveller);
	} else if (trace_uplink(walk, traveller->out) && trace_arrives(walk->trace) &&
		   trace_neighbour(walk, traveller->out,
				   trace_is_any(&traveller->gateway) ? &traveller->destination
								     : &traveller->gateway)) {
		trace_ok(walk, "beyond",
			 "it leaves this host; what comes then is not seen from here");
	}
}

static void walk_over_parent(struct walk *walk, struct place *place, struct traveller *traveller)
{
	char text[TRACE_ADDRESS_SIZE];

	if (!trace_parent(walk, place))
		return;
	if (trace_is_local(walk, &traveller->destination)) {
		trace_stop(walk, "macvlan", "%s is this host, which a macvlan does not reach",
			   trace_address(&traveller->destination, text));
		trace_remedy(walk, "a second interface on a network with a bridge");
	} else {
		trace_ok(walk, "beyond", "it leaves on that link, past the host's firewall");
	}
}

static void walk_out_of(struct walk *walk, struct place *place, const struct route_answer *answer,
			struct traveller *traveller)
{
	const struct trace_ip gateway = trace_next_of(walk, answer);
	const struct trace_ip ours = trace_gateway_of(walk, place->network);

	snprintf(traveller->in, IFNAMSIZ, "%s", place->network->bridge);
	if (!trace_inner_link(walk, place))
		return;
	if (place_is_macvlan(place)) {
		walk_over_parent(walk, place, traveller);
		return;
	}
	if (!trace_host_end(walk, place) ||
	    !trace_bridge(walk, place->network, place->network->own && answer->has_gateway))
		return;
	if (!answer->has_gateway && !trace_is_local(walk, &traveller->destination))
		walk_to_neighbour(walk, place, traveller);
	else if (answer->has_gateway && !trace_same(&gateway, &ours) &&
		 !trace_is_local(walk, &gateway))
		trace_unknown(walk, "gateway", "is not this host: trace on from there");
	else if (answer->has_gateway && !place->network->own && !trace_is_local(walk, &gateway))
		trace_ok(walk, "beyond", "it leaves by a gateway that is not this host");
	else
		walk_through_host(walk, place, traveller);
}

static void walk_out(struct walk *walk, const struct trace_question *question)
{
	struct traveller traveller = trace_set_out(walk, question);
	AUTO_PLACE struct place first = {0}, place = {0};
	struct route_answer answer;
	struct error err;
	int found = trace_find_place(walk, question->container, NULL, NULL, &first, &err);

	if (found <= 0) {
		if (found < 0)
			trace_failed(walk, "container", &err);
		else
			trace_stop_without_network(walk, question);
		return;
	}
	if (first.paused) {
		trace_stop(walk, "container", "%s is paused, and sends nothing",
			   question->container);
		trace_remedy(walk, "cman resume %s", question->container);
	}
	if (!trace_find_destination(walk, question, &traveller.destination) ||
	    !trace_route_inside(walk, &first, &traveller.destination, &answer))
		return;
	if (answer.local) {
		trace_listener(walk, &first, &traveller);
		return;
	}
	found = trace_find_place(walk, question->container, answer.out, NULL, &place, &err);
	if (found < 0) {
		trace_failed(walk, answer.out, &err);
	} else if (found == 0) {
		trace_unknown(walk, answer.out, "is a link that cman has not made");
	} else {
		traveller.source = trace_ip_of(walk, place.member);
		traveller.mac = place.member->mac;
		walk_out_of(walk, &place, &answer, &traveller);
	}
}

/* ---- all of it ---- */

static const struct {
	unsigned int bit;
	int family;
} families[] = {{TRACE_IPV4, AF_INET}, {TRACE_IPV6, AF_INET6}};

static unsigned int bit_of(int family)
{
	return family == AF_INET6 ? TRACE_IPV6 : TRACE_IPV4;
}

/* Never none. */
static unsigned int choose_families(struct walk *walk, const struct trace_question *question)
{
	unsigned int chosen, both;
	struct trace_ip address;

	if (question->destination && trace_parse(question->destination, &address))
		return bit_of(address.family);
	if (question->family != AF_UNSPEC)
		return bit_of(question->family);
	if (question->destination) {
		chosen = trace_families_of_name(walk, question);
		both = chosen & trace_families_of_container(walk, question->container);
		chosen = both ? both : chosen;
	} else {
		chosen = trace_families_from_outside(walk, question);
	}
	return chosen ? chosen : TRACE_IPV4;
}

static void begin_walk(struct walk *walk, int family, struct traces *traces)
{
	walk->family = family;
	walk->trace = &traces->items[traces->count++];
	walk->trace->family = family;
}

/* shares: whether it is on the host's network. */
static bool is_running(struct walk *walk, const struct trace_question *question, bool *shares,
		       struct traces *traces)
{
	AUTO_RECORD struct record record = {0};
	struct error err;
	int found = walk->state->dir_fd < 0
			    ? 0
			    : record_read(walk->state, question->container, &record, &err);

	*shares = found == 1 && strlist_contains(&record.marks, mark_names[MARK_HOST_NET]);
	if (found == 1 && record_liveness(&record) == LIVE_RUNNING)
		return true;
	begin_walk(walk, question->family == AF_INET6 ? AF_INET6 : AF_INET, traces);
	if (found < 0)
		return trace_failed(walk, "container", &err);
	trace_stop(walk, "container", "%s does not run", question->container);
	trace_remedy(walk, "cman up %s", question->container);
	return false;
}

/* What it sends and gets takes the host's way, which has no hop of ours. */
static void tell_host_network(struct walk *walk, const struct trace_question *question,
			      struct traces *traces)
{
	const char *listing = question->protocol == IPPROTO_UDP ? "u" : "t";
	struct trace_ip address = {.family = question->family};

	if (question->destination && !trace_parse(question->destination, &address))
		address.family = question->family;
	begin_walk(walk, address.family == AF_INET6 ? AF_INET6 : AF_INET, traces);
	trace_ok(walk, "container", "%s runs", question->container);
	trace_ok(walk, "network", "%s shares the host's network: nothing of cman's is on the way",
		 question->container);
	if (question->destination)
		trace_unknown(walk, "host", "ask it on the host: ip route get %s",
			      question->destination);
	else if (question->port)
		trace_unknown(walk, "host", "whether it listens says ss -l%sn sport = :%u", listing,
			      question->port);
}

int trace_run(const struct manager *manager, const struct state *state,
	      const struct trace_question *question, struct traces *traces, struct error *err)
{
	AUTO(trace_close) struct walk walk = {.manager = manager, .state = state};
	unsigned int chosen;
	bool shares;

	*traces = (struct traces){0};
	if (!is_running(&walk, question, &shares, traces))
		return 0;
	if (shares) {
		tell_host_network(&walk, question, traces);
		return 0;
	}
	if (trace_open(&walk, err) < 0)
		return -1;
	chosen = choose_families(&walk, question);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (!(chosen & families[i].bit))
			continue;
		begin_walk(&walk, families[i].family, traces);
		trace_ok(&walk, "container", "%s runs", question->container);
		if (question->destination)
			walk_out(&walk, question);
		else
			trace_from_outside(&walk, question);
	}
	return 0;
}
