/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk from outside to a port of a container. */
#include <string.h>

#include "base/parse.h"
#include "lifecycle/trace_walk.h"

/* Of the walk's family; any: all of the host. */
static struct trace_ip host_address_of(const struct walk *walk, const struct port_forward *forward)
{
	struct trace_ip ip = {.family = walk->family};

	if (walk->family == AF_INET6)
		ip.v6 = forward->host_address6;
	else
		ip.v4 = forward->host_address;
	return ip;
}

static bool is_published(const struct walk *walk, const struct network_member *member,
			 const struct port_forward *forward)
{
	const struct trace_ip ip = trace_ip_of(walk, member);

	return !trace_is_any(&ip) &&
	       (forward->families & (walk->family == AF_INET6 ? PORT_IPV6 : PORT_IPV4));
}

/* How much of the outside a published port is for. */
static int rank_of(const struct walk *walk, const struct port_forward *forward)
{
	const struct trace_ip address = host_address_of(walk, forward);

	if (trace_is_any(&address))
		return 3;
	return trace_is_loopback(&address) ? 1 : 2;
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
				    !is_published(walk, one, forward) ||
				    forward->protocol != question->protocol ||
				    question->port < forward->container_first ||
				    question->port > forward->container_last ||
				    (best && rank_of(walk, best) >= rank_of(walk, forward)))
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
	const struct route_question question = {walk->family, traveller->source.bytes, NULL, 0};
	struct route_answer answer;
	struct error err;
	int found = netlink_find_uplink(walk->host, walk->family, traveller->in, &err);

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
	traveller->destination = host_address_of(walk, forward);
	if (trace_is_any(&traveller->destination) &&
	    netlink_look_up_route(walk->host, &question, &answer, NULL) == 1 && answer.has_source)
		memcpy(traveller->destination.bytes, answer.source, sizeof(answer.source));
	return true;
}

static void tell_published(struct walk *walk, const struct port_forward *forward,
			   const struct trace_question *question)
{
	const char *protocol = question->protocol == IPPROTO_TCP ? "tcp" : "udp";
	const struct trace_ip on = host_address_of(walk, forward);
	char address[TRACE_ADDRESS_SIZE];

	trace_address(&on, address);
	if (trace_is_loopback(&on)) {
		trace_stop(walk, "published", "on %s: for this host alone", address);
		trace_remedy(walk, "leave the address out in net.ports of its file");
	} else if (!trace_is_any(&on) && !trace_is_local(walk, &on)) {
		trace_stop(walk, "published", "on %s, which is no address of this host", address);
		trace_remedy(walk, "ip address shows those there are");
	} else {
		trace_ok(walk, "published", "port %u/%s of %s leads to %s:%u",
			 forward->host_first + question->port - forward->container_first, protocol,
			 trace_is_any(&on) ? "the host" : address, question->container,
			 question->port);
	}
}

static void check_leads_to(struct walk *walk, const struct place *place,
			   const struct traveller *traveller)
{
	const struct trace_ip own = trace_ip_of(walk, place->member);
	char text[TRACE_ADDRESS_SIZE];

	if (strcmp(traveller->out, place->network->bridge) == 0)
		return;
	trace_stop(walk, "route", "what is for %s goes to %s, not to %s", trace_address(&own, text),
		   traveller->out, place->network->bridge);
	trace_remedy(walk, "take the other route away: ip route get %s", text);
}

static bool cross_host(struct walk *walk, const struct place *place,
		       const struct port_forward *forward, struct traveller *traveller)
{
	const struct trace_ip own = trace_ip_of(walk, place->member);

	if (!enter_host(walk, forward, traveller)) {
		traveller->destination = own;
		return true;
	}
	if (forward && !trace_dnat(walk, traveller)) {
		trace_stop(walk, "DNAT", "no rule leads there");
		return false;
	}
	if (!trace_same(&traveller->destination, &own)) {
		trace_stop(walk, "DNAT", "another container publishes that port more exactly");
		return false;
	}
	if (!trace_forwarding(walk, traveller) || !trace_reverse_path(walk, traveller) ||
	    !trace_host_route(walk, traveller))
		return false;
	check_leads_to(walk, place, traveller);
	return trace_filter(walk, traveller);
}

/* Who is outside may ask for its own address. */
static bool is_direct(const struct network_record *network)
{
	return !network->own || (!network->nat && !network->internal);
}

static void walk_to_place(struct walk *walk, struct place *place,
			  const struct port_forward *forward, const struct trace_question *question)
{
	struct traveller traveller = trace_set_out(walk, question);
	const bool direct = is_direct(place->network);

	traveller.destination = trace_ip_of(walk, place->member);
	trace_parse(walk->family == AF_INET6 ? TRACE_ELSEWHERE6 : TRACE_ELSEWHERE,
		    &traveller.source);
	if (forward) {
		tell_published(walk, forward, question);
		traveller.port =
			(uint16_t)(forward->host_first + question->port - forward->container_first);
	} else if (tell_port_of_host(walk, place, question)) {
		return;
	} else if (!direct) {
		tell_unpublished(walk, place, question);
	}
	if (place_is_macvlan(place)) {
		if (trace_parent(walk, place))
			trace_arrive_inside(walk, place, &traveller);
		return;
	}
	if (place->network->own && (forward ? trace_arrives(walk->trace) : direct) &&
	    !cross_host(walk, place, forward, &traveller))
		return;
	traveller.destination = trace_ip_of(walk, place->member);
	traveller.port = question->port;
	if (trace_bridge(walk, place->network, place->network->own) && trace_host_end(walk, place))
		trace_arrive_inside(walk, place, &traveller);
}

void trace_from_outside(struct walk *walk, const struct trace_question *question)
{
	const struct network_member *member = NULL;
	const struct port_forward *forward = find_forward(walk, question, &member);
	const struct trace_ip ip = member ? trace_ip_of(walk, member) : (struct trace_ip){0};
	AUTO_PLACE struct place place = {0};
	struct error err;
	int found = trace_find_place(walk, question->container, NULL, member ? &ip : NULL, &place,
				     &err);

	if (found < 0)
		trace_failed(walk, "container", &err);
	else if (found == 0)
		trace_stop_without_network(walk, question);
	else if (trace_has_family(walk, &place))
		walk_to_place(walk, &place, forward, question);
}

static bool has_direct_network(const struct walk *walk, const char *container)
{
	for (size_t i = 0; i < walk->network_count; i++)
		for (size_t j = 0; j < walk->networks[i].member_count; j++)
			if (is_direct(&walk->networks[i]) &&
			    strcmp(walk->networks[i].members[j].container, container) == 0)
				return true;
	return false;
}

unsigned int trace_families_from_outside(struct walk *walk, const struct trace_question *question)
{
	const struct network_member *member;
	unsigned int published = 0;

	walk->family = AF_INET;
	if (find_forward(walk, question, &member))
		published |= TRACE_IPV4;
	walk->family = AF_INET6;
	if (find_forward(walk, question, &member))
		published |= TRACE_IPV6;
	if (published == 0 && has_direct_network(walk, question->container))
		return trace_families_of_container(walk, question->container);
	return published;
}
