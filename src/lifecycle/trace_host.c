/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host does with a packet, its firewall apart: switches, routes, its own programs. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/socket_look.h"
#include "kernel/sysctl.h"
#include "lifecycle/trace_walk.h"

/* Of an interface, or of "all". -1: there is none, or it cannot be read. */
static int read_switch(const char *interface, const char *name)
{
	AUTO_FREE char *path = xprintf("net/ipv4/conf/%s/%s", interface, name);
	char value[16];

	return sysctl_read(path, value, sizeof(value), NULL) < 0 ? -1 : atoi(value);
}

bool trace_forwarding(struct walk *walk, const struct traveller *traveller)
{
	char value[16];
	struct error err;

	if (sysctl_read("net/ipv4/ip_forward", value, sizeof(value), &err) < 0)
		return trace_failed(walk, "forwarding", &err);
	if (strcmp(value, "0") == 0) {
		trace_stop(walk, "forwarding", "net.ipv4.ip_forward is 0, somebody switched it off");
		trace_remedy(walk, "sysctl -w net.ipv4.ip_forward=1, and find out who");
	} else if (read_switch(traveller->in, "forwarding") == 0) {
		trace_stop(walk, "forwarding", "net/ipv4/conf/%s/forwarding is 0", traveller->in);
		trace_remedy(walk, "sysctl -w net/ipv4/conf/%s/forwarding=1", traveller->in);
	} else {
		trace_ok(walk, "forwarding", "on, also for %s", traveller->in);
	}
	return true;
}

bool trace_reverse_path(struct walk *walk, const struct traveller *traveller)
{
	const struct route_question question = {.family = AF_INET,
						.destination = &traveller->source};
	int of_all = read_switch("all", "rp_filter"), own = read_switch(traveller->in, "rp_filter");
	int mode = of_all > own ? of_all : own;
	char source[TRACE_ADDRESS_SIZE];
	struct route_answer answer;
	struct error err;
	int found;

	trace_address(traveller->source, source);
	if (mode <= 0) {
		trace_ok(walk, "rp_filter", "off for %s", traveller->in);
		return true;
	}
	found = netlink_look_up_route(walk->host, &question, &answer, &err);
	if (found < 0)
		return trace_failed(walk, "rp_filter", &err);
	if (found == 1 && (mode == 2 || strcmp(answer.out, traveller->in) == 0)) {
		trace_ok(walk, "rp_filter", "%s, and the way back to %s is %s",
			 mode == 1 ? "strict" : "loose", source, answer.out);
		return true;
	}
	trace_stop(walk, "rp_filter", "%s comes in on %s, but the way back is %s", source,
		   traveller->in, found == 1 ? answer.out : "none");
	trace_remedy(walk,
		     "mend the route: ip route get %s; or: sysctl -w net/ipv4/conf/%s/rp_filter=%d",
		     source, traveller->in, found == 1 ? 2 : 0);
	return true;
}

static bool has_stop(const struct walk *walk)
{
	return !trace_arrives(walk->trace);
}

bool trace_host_route(struct walk *walk, struct traveller *traveller)
{
	const struct route_question from_here = {.family = AF_INET,
						 .destination = &traveller->destination};
	struct link_state in = {0};
	struct route_question question = from_here;
	char text[TRACE_ADDRESS_SIZE], via[TRACE_ADDRESS_SIZE];
	struct in_addr gateway;
	struct route_answer answer;
	struct error err;
	int found;

	trace_address(traveller->destination, text);
	if (traveller->in[0] && netlink_look_at_link(walk->host, traveller->in, 0, &in, &err) < 0)
		return trace_failed(walk, "route", &err);
	question.source = &traveller->source;
	question.in_index = in.index;
	/* What comes from where it cannot come (a switch is off, a link down) has no route at all. */
	found = netlink_look_up_route(
		walk->host, in.index && !has_stop(walk) ? &question : &from_here, &answer, &err);
	if (found < 0)
		return trace_failed(walk, "route", &err);
	if (found == 0) {
		trace_stop(walk, "route", "the host drops what is for %s: %s", text,
			   strerror(err.code));
		trace_remedy(walk, "ip route get %s", text);
		return false;
	}
	memcpy(&gateway, answer.gateway, sizeof(gateway));
	snprintf(traveller->out, IFNAMSIZ, "%s", answer.out);
	if (answer.has_gateway)
		trace_ok(walk, "route", "to %s over %s by %s", text, answer.out,
			 trace_address(gateway, via));
	else
		trace_ok(walk, "route", "to %s over %s", text, answer.out);
	return true;
}

bool trace_is_local(struct walk *walk, struct in_addr address)
{
	const struct route_question question = {.family = AF_INET, .destination = &address};
	struct route_answer answer;

	return netlink_look_up_route(walk->host, &question, &answer, NULL) == 1 && answer.local;
}

void trace_host_listener(struct walk *walk, const struct traveller *traveller)
{
	const struct socket_question question = {traveller->protocol, traveller->port, AF_INET,
						 &traveller->destination};
	const char *protocol = traveller->protocol == IPPROTO_TCP ? "tcp" : "udp";
	struct socket_listener listener;
	struct error err;

	if (socket_find_listener(getpid(), &question, &listener, &err) < 0) {
		trace_failed(walk, "listener", &err);
	} else if (listener.reached) {
		trace_ok(walk, "listener", "the host listens on port %u/%s, address %s",
			 traveller->port, protocol, listener.address);
	} else if (listener.there) {
		trace_stop(walk, "listener", "the host listens on %s alone", listener.address);
		trace_remedy(walk, "let that program listen on the bridge's address as well");
	} else {
		trace_stop(walk, "listener", "nothing on the host has port %u/%s", traveller->port,
			   protocol);
		trace_remedy(walk, "start the program, or publish the port of a container");
	}
}

bool trace_bridge_is_filtered(void)
{
	char value[16];

	return sysctl_read("net/bridge/bridge-nf-call-iptables", value, sizeof(value), NULL) == 0 &&
	       strcmp(value, "1") == 0;
}
