/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walks: out of a container, and from outside into one. */
#include "lifecycle/trace.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "lifecycle/trace_walk.h"

static bool is_macvlan(const struct place *place)
{
	return !place->network->bridge[0];
}

/* ---- arriving ---- */

static void arrive_inside(struct walk *walk, struct place *place, const struct traveller *traveller)
{
	if (trace_inner_link(walk, place) && trace_listener(walk, place, traveller))
		trace_way_back(walk, place, traveller);
}

/* On a bridge, to the container behind one of its ports. */
static void arrive(struct walk *walk, const struct traveller *traveller)
{
	const char *container = trace_find_owner(walk, traveller->destination);
	AUTO_PLACE struct place place = {0};
	char text[TRACE_ADDRESS_SIZE];
	struct error err;
	int found = container ? trace_find_place(walk, container, NULL, &traveller->destination,
						 &place, &err)
			      : 0;

	if (found < 0) {
		trace_failed(walk, "container", &err);
	} else if (found == 0) {
		trace_stop(walk, "neighbour", "no running container has the address %s",
			   trace_address(traveller->destination, text));
		trace_remedy(walk, "cman ps lists those there are");
	} else if (trace_host_end(walk, &place)) {
		arrive_inside(walk, &place, traveller);
	}
}

/* ---- outwards ---- */

static bool is_isolated(struct walk *walk, const struct place *place)
{
	struct link_state link;

	return netlink_look_at_link(walk->host, place->host_end, 0, &link, NULL) == 1 &&
	       link.isolated;
}

/* To a neighbour on the same bridge, without the host's routing. */
static void walk_to_neighbour(struct walk *walk, const struct place *place,
			      struct traveller *traveller)
{
	const char *container = trace_find_owner(walk, traveller->destination);

	if (!container && !place->network->own) {
		trace_unknown(walk, place->network->bridge,
			      "beyond this bridge, which is not cman's, nothing is seen from here");
		return;
	}
	snprintf(traveller->out, IFNAMSIZ, "%s", place->network->bridge);
	if (place->network->own && container && !place->network->icc && is_isolated(walk, place)) {
		trace_stop(walk, place->network->bridge, "%s keeps its containers from each other",
			   place->network->name);
		trace_remedy(walk, "networks.%s.icc in %s, or a published port",
			     place->network->name, walk->manager->file);
	} else if (!place->network->own || !container || !trace_bridge_is_filtered() ||
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

/* What came out of a container, up to the link that leads out, or to another container. */
static void walk_through_host(struct walk *walk, struct traveller *traveller)
{
	if (!trace_guard(walk, traveller))
		return;
	if (!trace_dnat(walk, traveller) && trace_is_local(walk, traveller->destination)) {
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
	} else if (trace_uplink(walk, traveller->out) && trace_arrives(walk->trace)) {
		trace_ok(walk, "beyond",
			 "it leaves this host; what comes then is not seen from here");
	}
}

static void walk_over_parent(struct walk *walk, struct place *place, struct traveller *traveller)
{
	char text[TRACE_ADDRESS_SIZE];

	if (!trace_parent(walk, place))
		return;
	if (trace_is_local(walk, traveller->destination)) {
		trace_stop(walk, "macvlan", "%s is this host, which a macvlan does not reach",
			   trace_address(traveller->destination, text));
		trace_remedy(walk, "a second interface on a network with a bridge");
	} else {
		trace_ok(walk, "beyond", "it leaves on that link, past the host's firewall");
	}
}

static void walk_out_of(struct walk *walk, struct place *place, const struct route_answer *answer,
			struct traveller *traveller)
{
	struct in_addr gateway;

	memcpy(&gateway, answer->gateway, sizeof(gateway));
	snprintf(traveller->in, IFNAMSIZ, "%s", place->network->bridge);
	if (!trace_inner_link(walk, place))
		return;
	if (is_macvlan(place)) {
		walk_over_parent(walk, place, traveller);
		return;
	}
	if (!trace_host_end(walk, place) ||
	    !trace_bridge(walk, place->network, place->network->own && answer->has_gateway))
		return;
	if (!answer->has_gateway && !trace_is_local(walk, traveller->destination))
		walk_to_neighbour(walk, place, traveller);
	else if (answer->has_gateway && gateway.s_addr != place->network->gateway.s_addr &&
		 !trace_is_local(walk, gateway))
		trace_unknown(walk, "gateway", "is not this host: trace on from there");
	else if (answer->has_gateway && !place->network->own && !trace_is_local(walk, gateway))
		trace_ok(walk, "beyond", "it leaves by a gateway that is not this host");
	else
		walk_through_host(walk, traveller);
}

static bool stop_without_network(struct walk *walk, const struct trace_question *question)
{
	trace_stop(walk, "container", "has no network: net = \"none\"");
	trace_remedy(walk, "net : { }; in its file, and cman restart %s", question->container);
	return false;
}

static void walk_out(struct walk *walk, const struct trace_question *question)
{
	struct traveller traveller = {.protocol = question->protocol, .port = question->port};
	AUTO_PLACE struct place first = {0}, place = {0};
	struct route_answer answer;
	struct error err;
	int found = trace_find_place(walk, question->container, NULL, NULL, &first, &err);

	if (found <= 0) {
		if (found < 0)
			trace_failed(walk, "container", &err);
		else
			stop_without_network(walk, question);
		return;
	}
	if (!trace_find_destination(walk, question, &traveller.destination) ||
	    !trace_route_inside(walk, &first, traveller.destination, &answer))
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
		traveller.source = place.member->address;
		walk_out_of(walk, &place, &answer, &traveller);
	}
}

/* ---- from outside ---- */

static bool is_loopback(struct in_addr address)
{
	return ntohl(address.s_addr) >> 24 == 127;
}

/* How much of the outside a published port is for. */
static int rank_of(const struct port_forward *forward)
{
	if (forward->host_address.s_addr == INADDR_ANY)
		return 3;
	return is_loopback(forward->host_address) ? 1 : 2;
}

/* The published port that leads to the port asked for; place: the interface it is published on. */
static const struct port_forward *find_forward(const struct walk *walk,
					       const struct trace_question *question,
					       const struct network_member **member)
{
	const struct port_forward *best = NULL;

	for (size_t i = 0; i < walk->network_count; i++) {
		for (size_t j = 0; j < walk->networks[i].member_count; j++) {
			const struct network_member *one = &walk->networks[i].members[j];

			for (size_t k = 0; k < one->port_count; k++) {
				const struct port_forward *forward = &one->ports[k];

				if (strcmp(one->container, question->container) != 0 ||
				    forward->protocol != question->protocol ||
				    question->port < forward->container_first ||
				    question->port > forward->container_last ||
				    (best && rank_of(best) >= rank_of(forward)))
					continue;
				best = forward;
				*member = one;
			}
		}
	}
	return best;
}

static const char *suffix_of(const struct trace_question *question)
{
	return question->protocol == IPPROTO_UDP ? "/udp" : "";
}

/* Who asks for the port of the host means the one inside that it leads to. */
static bool tell_port_of_host(struct walk *walk, const struct place *place,
			      const struct trace_question *question)
{
	for (size_t i = 0; i < place->member->port_count; i++) {
		const struct port_forward *forward = &place->member->ports[i];

		if (forward->protocol != question->protocol ||
		    question->port < forward->host_first || question->port > forward->host_last)
			continue;
		trace_stop(walk, "published", "%u is a port of the host, and none of %s",
			   question->port, question->container);
		trace_remedy(walk, "cman trace %s:%u%s", question->container,
			     forward->container_first + question->port - forward->host_first,
			     suffix_of(question));
		return true;
	}
	return false;
}

static void tell_unpublished(struct walk *walk, const struct place *place,
			     const struct trace_question *question)
{
	if (place->network->internal) {
		trace_stop(walk, "published", "%s is internal: nothing gets in from outside",
			   place->network->name);
		trace_remedy(walk, "publish on a second interface, on another network");
		return;
	}
	trace_stop(walk, "published", "port %u%s is not published", question->port,
		   suffix_of(question));
	trace_remedy(walk, "net.ports = [ \"%u:%u%s\" ] in its file", question->port,
		     question->port, suffix_of(question));
}

/* The link that what is outside comes in on, and the address it asks for there. */
static bool enter_host(struct walk *walk, const struct port_forward *forward,
		       struct traveller *traveller)
{
	const struct route_question question = {.family = AF_INET,
						.destination = &traveller->source};
	struct route_answer answer;
	struct error err;
	int found = netlink_find_uplink(walk->host, AF_INET, traveller->in, &err);

	if (found < 0)
		return trace_failed(walk, "uplink", &err);
	if (found == 0) {
		traveller->in[0] = '\0';
		trace_unknown(walk, "uplink",
			      "no default route: on which link outside is, is not known");
		return false;
	}
	trace_uplink(walk, traveller->in);
	if (!forward)
		return true;
	traveller->destination = forward->host_address;
	if (forward->host_address.s_addr == INADDR_ANY &&
	    netlink_look_up_route(walk->host, &question, &answer, NULL) == 1 && answer.has_source)
		memcpy(&traveller->destination, answer.source, sizeof(traveller->destination));
	return true;
}

static void tell_published(struct walk *walk, const struct port_forward *forward,
			   const struct trace_question *question)
{
	const char *protocol = question->protocol == IPPROTO_TCP ? "tcp" : "udp";
	char address[TRACE_ADDRESS_SIZE];

	trace_address(forward->host_address, address);
	if (is_loopback(forward->host_address)) {
		trace_stop(walk, "published", "on %s: for this host alone", address);
		trace_remedy(walk, "leave the address out in net.ports of its file");
	} else if (forward->host_address.s_addr != INADDR_ANY &&
		   !trace_is_local(walk, forward->host_address)) {
		trace_stop(walk, "published", "on %s, which is no address of this host", address);
		trace_remedy(walk, "ip address shows those there are");
	} else {
		trace_ok(walk, "published", "port %u/%s of %s leads to %s:%u",
			 forward->host_first + question->port - forward->container_first, protocol,
			 forward->host_address.s_addr == INADDR_ANY ? "the host" : address,
			 question->container, question->port);
	}
}

static void check_leads_to(struct walk *walk, const struct place *place,
			   const struct traveller *traveller)
{
	char text[TRACE_ADDRESS_SIZE];

	if (strcmp(traveller->out, place->network->bridge) == 0)
		return;
	trace_stop(walk, "route", "what is for %s goes to %s, not to %s",
		   trace_address(place->member->address, text), traveller->out,
		   place->network->bridge);
	trace_remedy(walk, "take the other route away: ip route get %s", text);
}

static bool cross_host(struct walk *walk, const struct place *place,
		       const struct port_forward *forward, struct traveller *traveller)
{
	if (!enter_host(walk, forward, traveller)) {
		traveller->destination = place->member->address;
		return true;
	}
	if (forward && !trace_dnat(walk, traveller)) {
		trace_stop(walk, "DNAT", "no rule leads there");
		return false;
	}
	if (traveller->destination.s_addr != place->member->address.s_addr) {
		trace_stop(walk, "DNAT", "another container publishes that port more exactly");
		return false;
	}
	if (!trace_forwarding(walk, traveller) || !trace_reverse_path(walk, traveller) ||
	    !trace_host_route(walk, traveller))
		return false;
	check_leads_to(walk, place, traveller);
	return trace_filter(walk, traveller);
}

static void walk_to_place(struct walk *walk, struct place *place,
			  const struct port_forward *forward, const struct trace_question *question)
{
	struct traveller traveller = {
		.protocol = question->protocol,
		.port = question->port,
		.destination = place->member->address,
	};
	bool direct = !place->network->own || (!place->network->nat && !place->network->internal);

	inet_pton(AF_INET, TRACE_ELSEWHERE, &traveller.source);
	if (forward) {
		tell_published(walk, forward, question);
		traveller.port =
			(uint16_t)(forward->host_first + question->port - forward->container_first);
	} else if (tell_port_of_host(walk, place, question)) {
		return;
	} else if (!direct) {
		tell_unpublished(walk, place, question);
	}
	if (is_macvlan(place)) {
		if (trace_parent(walk, place))
			arrive_inside(walk, place, &traveller);
		return;
	}
	if (place->network->own && (forward ? trace_arrives(walk->trace) : direct) &&
	    !cross_host(walk, place, forward, &traveller))
		return;
	traveller.destination = place->member->address;
	traveller.port = question->port;
	if (trace_bridge(walk, place->network, place->network->own) && trace_host_end(walk, place))
		arrive_inside(walk, place, &traveller);
}

static void walk_in(struct walk *walk, const struct trace_question *question)
{
	const struct network_member *member = NULL;
	const struct port_forward *forward = find_forward(walk, question, &member);
	AUTO_PLACE struct place place = {0};
	struct error err;
	int found = trace_find_place(walk, question->container, NULL,
				     member ? &member->address : NULL, &place, &err);

	if (found < 0)
		trace_failed(walk, "container", &err);
	else if (found == 0)
		stop_without_network(walk, question);
	else
		walk_to_place(walk, &place, forward, question);
}

/* ---- all of it ---- */

static bool is_running(struct walk *walk, const char *container, struct error *err)
{
	AUTO_RECORD struct record record = {0};
	int found = walk->state->dir_fd < 0 ? 0 : record_read(walk->state, container, &record, err);

	if (found < 0)
		return trace_failed(walk, "container", err);
	if (found == 1 && record_liveness(&record) == LIVE_RUNNING)
		return true;
	trace_stop(walk, "container", "%s does not run", container);
	trace_remedy(walk, "cman up %s", container);
	return false;
}

int trace_run(const struct manager *manager, const struct state *state,
	      const struct trace_question *question, struct trace *trace, struct error *err)
{
	AUTO(trace_close) struct walk walk = {.manager = manager, .state = state, .trace = trace};

	if (!is_running(&walk, question->container, err))
		return 0;
	if (trace_open(&walk, err) < 0)
		return -1;
	trace_ok(&walk, "container", "%s runs", question->container);
	if (question->destination)
		walk_out(&walk, question);
	else
		walk_in(&walk, question);
	return 0;
}
