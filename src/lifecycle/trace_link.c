/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links on the way of a packet: those of the container, the host's ends of them, bridges. */
#include <arpa/inet.h>
#include <string.h>

#include "kernel/socket_look.h"
#include "lifecycle/trace_walk.h"

/* What helps when something of ours has been taken apart by hand. */
static void remedy_restart(struct walk *walk, const struct place *place)
{
	trace_remedy(walk, "cman restart %s", place->member->container);
}

/* ---- inside ---- */

static void remedy_no_route(struct walk *walk, const struct place *place)
{
	const struct network *network = manager_find_network(walk->manager, place->network->name);

	if (place->network->internal)
		trace_remedy(walk, "networks.%s.internal in %s, or a second interface",
			     place->network->name, walk->manager->file);
	else if (network && network->gateway.s_addr == INADDR_ANY)
		trace_remedy(walk, "networks.%s.gateway in %s, or net.routes in its file",
			     place->network->name, walk->manager->file);
	else
		trace_remedy(walk,
			     "net.default_route or net.routes in its file; or: cman restart %s",
			     place->member->container);
}

bool trace_route_inside(struct walk *walk, struct place *place, struct in_addr destination,
			struct route_answer *answer)
{
	const struct route_question question = {.family = AF_INET, .destination = &destination};
	char text[TRACE_ADDRESS_SIZE], via[TRACE_ADDRESS_SIZE];
	struct in_addr gateway;
	struct error err;
	int found = netlink_look_up_route(place->inside, &question, answer, &err);

	trace_address(destination, text);
	if (found < 0)
		return trace_failed(walk, "route inside", &err);
	if (found == 0) {
		trace_stop(walk, "route inside", "%s has no route to %s%s", place->member->container,
			   text, place->network->internal ? ": its network is internal" : "");
		remedy_no_route(walk, place);
		return false;
	}
	memcpy(&gateway, answer->gateway, sizeof(gateway));
	if (answer->local)
		trace_ok(walk, "route inside", "%s is the container itself", text);
	else if (answer->has_gateway)
		trace_ok(walk, "route inside", "to %s over %s by %s", text, answer->out,
			 trace_address(gateway, via));
	else
		trace_ok(walk, "route inside", "%s is a neighbour on %s", text, answer->out);
	return true;
}

bool trace_inner_link(struct walk *walk, struct place *place)
{
	const struct route_question own = {.family = AF_INET,
					   .destination = &place->member->address};
	char text[TRACE_ADDRESS_SIZE];
	struct route_answer answer;
	struct link_state link;
	struct error err;
	int found = netlink_look_at_link(place->inside, place->interface, 0, &link, &err);

	trace_address(place->member->address, text);
	if (found < 0)
		return trace_failed(walk, place->interface, &err);
	if (found == 0) {
		trace_stop(walk, place->interface, "the container has no such link any more");
		remedy_restart(walk, place);
		return false;
	}
	if (!link.up) {
		trace_stop(walk, place->interface, "is down inside");
		remedy_restart(walk, place);
		return true;
	}
	if (netlink_look_up_route(place->inside, &own, &answer, &err) != 1 || !answer.local) {
		trace_stop(walk, place->interface, "has lost its address %s", text);
		remedy_restart(walk, place);
		return true;
	}
	trace_ok(walk, place->interface, "up, %s", text);
	return true;
}

bool trace_listener(struct walk *walk, struct place *place, const struct traveller *traveller)
{
	const struct socket_question question = {traveller->protocol, traveller->port, AF_INET,
						 &traveller->destination};
	const char *protocol = traveller->protocol == IPPROTO_TCP ? "tcp" : "udp";
	const char *name = place->member->container;
	struct socket_listener listener;
	struct error err;

	if (socket_find_listener(place->pid, &question, &listener, &err) < 0)
		return trace_failed(walk, "listener", &err);
	if (listener.reached) {
		trace_ok(walk, "listener", "%s listens on port %u/%s, address %s", name,
			 traveller->port, protocol, listener.address);
	} else if (listener.there) {
		bool loopback = strncmp(listener.address, "127.", 4) == 0 ||
				strcmp(listener.address, "::1") == 0;

		trace_stop(walk, "listener", "%s listens on %s alone%s", name, listener.address,
			   loopback ? ", which is its own loopback" : "");
		trace_remedy(walk, "let the program listen on 0.0.0.0, port %u", traveller->port);
	} else {
		trace_stop(walk, "listener", "nothing in %s listens on port %u/%s", name,
			   traveller->port, protocol);
		trace_remedy(walk, "is the program up, is it that port? cman logs %s", name);
	}
	return true;
}

bool trace_way_back(struct walk *walk, struct place *place, const struct traveller *traveller)
{
	const struct route_question question = {
		.family = AF_INET,
		.destination = &traveller->source,
		.source = &place->member->address,
	};
	char text[TRACE_ADDRESS_SIZE];
	struct route_answer answer;
	struct error err;
	int found = netlink_look_up_route(place->inside, &question, &answer, &err);

	trace_address(traveller->source, text);
	if (found < 0)
		return trace_failed(walk, "answer", &err);
	if (found == 0) {
		trace_stop(walk, "answer", "%s has no route back to %s", place->member->container,
			   text);
		remedy_no_route(walk, place);
	} else if (strcmp(answer.out, place->interface) != 0) {
		trace_stop(walk, "answer", "leaves over %s, but was asked on %s", answer.out,
			   place->interface);
		remedy_restart(walk, place);
	} else {
		trace_ok(walk, "answer", "to %s leaves over %s, the way it came", text, answer.out);
	}
	return true;
}

/* ---- on the host ---- */

static void remedy_port(struct walk *walk, const struct place *place)
{
	/* By hand it would come without what parts it from the others. */
	if (place->network->icc && place->network->bridge[0])
		trace_remedy(walk, "ip link set %s master %s, or: cman restart %s", place->host_end,
			     place->network->bridge, place->member->container);
	else
		remedy_restart(walk, place);
}

static void check_port(struct walk *walk, const struct place *place, const struct link_state *link)
{
	struct link_state bridge = {0};
	struct error err;

	if (link->master != 0 &&
	    netlink_look_at_link(walk->host, NULL, link->master, &bridge, &err) < 0) {
		trace_failed(walk, place->host_end, &err);
	} else if (bridge.index == 0) {
		trace_stop(walk, place->host_end, "is not on the bridge %s", place->network->bridge);
		remedy_port(walk, place);
	} else if (strcmp(bridge.name, place->network->bridge) != 0) {
		trace_stop(walk, place->host_end, "is on %s, not on %s", bridge.name,
			   place->network->bridge);
		remedy_port(walk, place);
	} else if (bridge.up && !link->forwarding) {
		trace_stop(walk, place->host_end, "its port of %s is blocked", bridge.name);
		trace_remedy(walk, "bridge -d link show dev %s: state forwarding is needed",
			     place->host_end);
	} else {
		trace_ok(walk, place->host_end, "the host's end of %s: up, on %s%s",
			 place->interface, bridge.name, link->isolated ? ", isolated" : "");
	}
}

bool trace_host_end(struct walk *walk, struct place *place)
{
	struct link_state link, inner;
	struct error err;
	int found = netlink_look_at_link(walk->host, place->host_end, 0, &link, &err);

	if (found < 0 || netlink_look_at_link(place->inside, place->interface, 0, &inner, &err) < 0)
		return trace_failed(walk, place->host_end, &err);
	if (found == 0 || inner.peer != link.index) {
		trace_stop(walk, place->host_end,
			   found ? "is not the other end of %s" : "the host's end of %s is gone",
			   place->interface);
		remedy_restart(walk, place);
	} else if (!link.up) {
		trace_stop(walk, place->host_end, "the host's end of %s is down", place->interface);
		trace_remedy(walk, "ip link set %s up", place->host_end);
	} else {
		check_port(walk, place, &link);
	}
	return true;
}

static void remedy_bridge(struct walk *walk, const struct network_record *network, const char *fix)
{
	if (network->own && network->member_count > 0)
		trace_remedy(walk, "%s%scman restart %s", fix, *fix ? ", or: " : "",
			     network->members[0].container);
	else if (*fix)
		trace_remedy(walk, "%s", fix);
}

bool trace_bridge(struct walk *walk, const struct network_record *network, bool as_gateway)
{
	AUTO_FREE char *up = xprintf("ip link set %s up", network->bridge);
	char text[TRACE_ADDRESS_SIZE];
	AUTO_FREE char *address = xprintf("ip address add %s/%u dev %s",
					  trace_address(network->gateway, text), network->prefix,
					  network->bridge);
	struct link_state link;
	struct error err;
	int found = netlink_look_at_link(walk->host, network->bridge, 0, &link, &err);

	if (found < 0)
		return trace_failed(walk, network->bridge, &err);
	if (found == 0) {
		trace_stop(walk, network->bridge, "the bridge is gone");
		remedy_bridge(walk, network, "");
		return false;
	}
	if (strcmp(link.kind, "bridge") != 0) {
		trace_stop(walk, network->bridge, "is no bridge but %s",
			   link.kind[0] ? link.kind : "a device");
		return false;
	}
	if (!link.up) {
		trace_stop(walk, network->bridge, "the bridge is down");
		remedy_bridge(walk, network, up);
	} else if (as_gateway && !trace_is_local(walk, network->gateway)) {
		trace_stop(walk, network->bridge, "has lost its address %s, the gateway", text);
		remedy_bridge(walk, network, address);
	} else {
		trace_ok(walk, network->bridge, "bridge, up%s%s",
			 as_gateway ? ", the gateway " : "", as_gateway ? text : "");
	}
	return true;
}

bool trace_parent(struct walk *walk, struct place *place)
{
	struct link_state inner, parent;
	struct error err;

	if (netlink_look_at_link(place->inside, place->interface, 0, &inner, &err) < 0 ||
	    netlink_look_at_link(walk->host, NULL, inner.peer, &parent, &err) < 0)
		return trace_failed(walk, "parent", &err);
	if (inner.peer == 0 || parent.index == 0) {
		trace_stop(walk, "parent", "the link of the host that %s is a macvlan of is gone",
			   place->interface);
		return false;
	}
	return trace_uplink(walk, parent.name);
}

bool trace_uplink(struct walk *walk, const char *name)
{
	struct link_state link;
	struct error err;
	int found = netlink_look_at_link(walk->host, name, 0, &link, &err);

	if (found < 0)
		return trace_failed(walk, name, &err);
	if (found == 0 || !link.up) {
		trace_stop(walk, name, "the link is %s", found ? "down" : "gone");
		if (found)
			trace_remedy(walk, "ip link set %s up", name);
	} else if (!link.carrier) {
		trace_stop(walk, name, "up, but without carrier");
		trace_remedy(walk, "see to its cable, or to its other end");
	} else {
		trace_ok(walk, name, "up");
	}
	return true;
}
