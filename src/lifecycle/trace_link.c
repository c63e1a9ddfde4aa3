/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links on the way of a packet: those of the container, the host's ends of them, bridges. */
#include <string.h>

#include "kernel/namespace.h"
#include "kernel/socket_look.h"
#include "kernel/sysctl.h"
#include "lifecycle/trace_walk.h"

/* What helps when something of ours has been taken apart by hand. */
static void remedy_restart(struct walk *walk, const struct place *place)
{
	trace_remedy(walk, "cman restart %s", place->member->container);
}

/* ---- inside ---- */

/* A switch of the container's own network. */
static bool is_set_inside(const struct place *place, const char *name)
{
	AUTO_FD int netns_fd = namespace_open(place->pid, "net", NULL);
	char value[16];

	return netns_fd >= 0 && sysctl_read_in(netns_fd, name, value, sizeof(value), NULL) == 0 &&
	       strcmp(value, "0") != 0;
}

static void remedy_no_route(struct walk *walk, const struct place *place)
{
	const struct network *network = manager_find_network(walk->manager, place->network->name);
	const struct trace_ip gateway = trace_gateway_of(walk, place->network);
	const char *key = walk->family == AF_INET6 ? "gateway6" : "gateway";

	if (place->network->internal)
		trace_remedy(walk, "networks.%s.internal in %s, or a second interface",
			     place->network->name, walk->manager->file);
	else if (network && trace_is_any(&gateway) && !place->network->own)
		trace_remedy(walk, "networks.%s.%s in %s, or net.routes in its file",
			     place->network->name, key, walk->manager->file);
	else
		trace_remedy(walk,
			     "net.default_route or net.routes in its file; or: cman restart %s",
			     place->member->container);
}

bool trace_has_family(struct walk *walk, const struct place *place)
{
	const struct network_record *network = place->network;
	const struct trace_ip ip = trace_ip_of(walk, place->member);

	if (!trace_is_any(&ip))
		return true;
	trace_stop(walk, place->interface, "%s has no %s address", place->member->container,
		   trace_family_name(walk));
	if (network->prefix6 == 0)
		trace_remedy(walk, "networks.%s.subnet6 in %s, and restart what is on it",
			     network->name, walk->manager->file);
	else
		trace_remedy(walk, "net.ip6 in its file, and cman restart %s",
			     place->member->container);
	return false;
}

bool trace_route_inside(struct walk *walk, struct place *place, const struct trace_ip *destination,
			struct route_answer *answer)
{
	const struct route_question question = {walk->family, destination->bytes, NULL, 0};
	char text[TRACE_ADDRESS_SIZE], via[TRACE_ADDRESS_SIZE];
	struct trace_ip gateway;
	struct error err;
	int found = netlink_look_up_route(place->inside, &question, answer, &err);

	trace_address(destination, text);
	if (found < 0)
		return trace_failed(walk, "route inside", &err);
	if (found == 0) {
		if (trace_families_of_container(walk, place->member->container) &
		    (walk->family == AF_INET6 ? TRACE_IPV6 : TRACE_IPV4)) {
			trace_stop(walk, "route inside", "%s has no route to %s%s",
				   place->member->container, text,
				   place->network->internal ? ": its network is internal" : "");
			remedy_no_route(walk, place);
		} else {
			trace_has_family(walk, place);
		}
		return false;
	}
	gateway = trace_next_of(walk, answer);
	if (answer->local)
		trace_ok(walk, "route inside", "%s is the container itself", text);
	else if (answer->has_gateway)
		trace_ok(walk, "route inside", "to %s over %s by %s", text, answer->out,
			 trace_address(&gateway, via));
	else
		trace_ok(walk, "route inside", "%s is a neighbour on %s", text, answer->out);
	return true;
}

static void tell_address_lost(struct walk *walk, const struct place *place, const char *address)
{
	AUTO_FREE char *name = xprintf("net/ipv6/conf/%s/disable_ipv6", place->interface);

	if (walk->family == AF_INET6 && is_set_inside(place, name))
		trace_stop(walk, place->interface, "has lost its address %s: %s is 1 inside",
			   address, name);
	else
		trace_stop(walk, place->interface, "has lost its address %s", address);
	remedy_restart(walk, place);
}

bool trace_inner_link(struct walk *walk, struct place *place)
{
	const struct trace_ip ip = trace_ip_of(walk, place->member);
	const struct route_question own = {walk->family, ip.bytes, NULL, 0};
	char text[TRACE_ADDRESS_SIZE];
	struct route_answer answer;
	struct link_state link;
	struct error err;
	int found = netlink_look_at_link(place->inside, place->interface, 0, &link, &err);

	if (found < 0)
		return trace_failed(walk, place->interface, &err);
	if (found == 0) {
		trace_stop(walk, place->interface, "the container has no such link any more");
		remedy_restart(walk, place);
		return false;
	}
	if (!trace_has_family(walk, place))
		return false;
	trace_address(&ip, text);
	if (!link.up) {
		trace_stop(walk, place->interface, "is down inside");
		remedy_restart(walk, place);
	} else if (netlink_look_up_route(place->inside, &own, &answer, &err) != 1 || !answer.local) {
		tell_address_lost(walk, place, text);
	} else {
		trace_ok(walk, place->interface, "up, %s", text);
	}
	return true;
}

/* ---- who takes it ---- */

/* The container's kernel answers by itself. */
static void answer_ping(struct walk *walk, const struct place *place)
{
	const char *name = walk->family == AF_INET6 ? "net/ipv6/icmp/echo_ignore_all"
						    : "net/ipv4/icmp_echo_ignore_all";

	if (is_set_inside(place, name)) {
		trace_stop(walk, "ping", "%s does not answer: %s is 1 inside",
			   place->member->container, name);
		trace_remedy(walk, "security.sysctls in its file");
	} else {
		trace_ok(walk, "ping", "%s answers", place->member->container);
	}
}

/* On another address than the one that is asked. */
static void tell_listens_elsewhere(struct walk *walk, const char *container,
				   const struct traveller *traveller,
				   const struct socket_listener *listener)
{
	const char *why = "";

	if (strncmp(listener->address, "127.", 4) == 0 || strcmp(listener->address, "::1") == 0)
		why = ", which is its own loopback";
	else if (listener->family != walk->family)
		why = walk->family == AF_INET6 ? ", which is IPv4" : ", which is IPv6";
	trace_stop(walk, "listener", "%s listens on %s alone%s", container, listener->address, why);
	trace_remedy(walk, "let the program listen on %s, port %u",
		     walk->family == AF_INET6 ? "::" : "0.0.0.0", traveller->port);
}

bool trace_listener(struct walk *walk, struct place *place, const struct traveller *traveller)
{
	const struct socket_question question = {traveller->protocol, traveller->port, walk->family,
						 traveller->destination.bytes};
	const char *name = place->member->container;
	struct socket_listener listener;
	struct error err;

	if (trace_is_ping(traveller)) {
		answer_ping(walk, place);
		return true;
	}
	if (socket_find_listener(place->pid, &question, &listener, &err) < 0)
		return trace_failed(walk, "listener", &err);
	if (listener.reached && place->paused) {
		trace_stop(walk, "listener", "%s is paused, and answers nobody", name);
		trace_remedy(walk, "cman resume %s", name);
	} else if (listener.reached) {
		trace_ok(walk, "listener", "%s listens on port %u/%s, address %s", name,
			 traveller->port, trace_protocol_name(traveller), listener.address);
	} else if (listener.there) {
		tell_listens_elsewhere(walk, name, traveller, &listener);
	} else {
		trace_stop(walk, "listener", "nothing in %s listens on port %u/%s", name,
			   traveller->port, trace_protocol_name(traveller));
		trace_remedy(walk, "is the program up, is it that port? cman logs %s", name);
	}
	return true;
}

bool trace_way_back(struct walk *walk, struct place *place, const struct traveller *traveller)
{
	const struct trace_ip own = trace_ip_of(walk, place->member);
	const struct route_question question = {walk->family, traveller->source.bytes, own.bytes, 0};
	char text[TRACE_ADDRESS_SIZE];
	struct route_answer answer;
	struct error err;
	int found = netlink_look_up_route(place->inside, &question, &answer, &err);

	trace_address(&traveller->source, text);
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

/* As the gateway of its containers. */
static void check_gateway(struct walk *walk, const struct network_record *network)
{
	AUTO_FREE char *off = xprintf("net/ipv6/conf/%s/disable_ipv6", network->bridge);
	const struct trace_ip gateway = trace_gateway_of(walk, network);
	char text[TRACE_ADDRESS_SIZE], value[16];

	trace_address(&gateway, text);
	if (trace_is_local(walk, &gateway)) {
		trace_ok(walk, network->bridge, "bridge, up, the gateway %s", text);
	} else if (walk->family == AF_INET6 && sysctl_read(off, value, sizeof(value), NULL) == 0 &&
		   strcmp(value, "0") != 0) {
		trace_stop(walk, network->bridge, "has lost its address %s: %s is %s", text, off,
			   value);
		trace_remedy(walk, "sysctl -w %s=0, then cman restart %s", off,
			     network->member_count ? network->members[0].container : "NAME");
	} else {
		AUTO_FREE char *add =
			xprintf("ip address add %s/%u dev %s", text,
				walk->family == AF_INET6 ? network->prefix6 : network->prefix,
				network->bridge);

		trace_stop(walk, network->bridge, "has lost its address %s, the gateway", text);
		remedy_bridge(walk, network, add);
	}
}

bool trace_bridge(struct walk *walk, const struct network_record *network, bool as_gateway)
{
	AUTO_FREE char *up = xprintf("ip link set %s up", network->bridge);
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
	} else if (as_gateway) {
		check_gateway(walk, network);
	} else {
		trace_ok(walk, network->bridge, "bridge, up");
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

void trace_arrive_inside(struct walk *walk, struct place *place, const struct traveller *traveller)
{
	if (trace_inner_link(walk, place) && trace_listener(walk, place, traveller))
		trace_way_back(walk, place, traveller);
}
