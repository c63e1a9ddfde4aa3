/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host does with a packet, its firewall apart: switches, routes, its own programs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/socket_look.h"
#include "kernel/sysctl.h"
#include "lifecycle/trace_walk.h"

/* Of an interface, or of "all". -1: there is none, or it cannot be read. */
static int read_switch(const struct walk *walk, const char *interface, const char *name)
{
	AUTO_FREE char *path = xprintf("net/%s/conf/%s/%s",
				       walk->family == AF_INET6 ? "ipv6" : "ipv4", interface, name);
	char value[16];

	return sysctl_read(path, value, sizeof(value), NULL) < 0 ? -1 : atoi(value);
}

/*
 * In IPv6 the switch of all decides; that of an interface says whether it is a router's there. Since
 * Linux 6.17 force_forwarding lets in what comes from one interface.
 */
static void check_forwarding6(struct walk *walk, const struct traveller *traveller)
{
	if (read_switch(walk, "all", "forwarding") == 0 &&
	    read_switch(walk, traveller->in, "force_forwarding") != 1) {
		trace_stop(walk, "forwarding",
			   "net.ipv6.conf.all.forwarding is 0, somebody switched it off");
		trace_remedy(walk, "sysctl -w net.ipv6.conf.all.forwarding=1, and find out who");
	} else if (read_switch(walk, traveller->in, "disable_ipv6") == 1) {
		trace_stop(walk, "forwarding", "IPv6 is off for %s: net/ipv6/conf/%s/disable_ipv6",
			   traveller->in, traveller->in);
		trace_remedy(walk, "sysctl -w net/ipv6/conf/%s/disable_ipv6=0", traveller->in);
	} else {
		trace_ok(walk, "forwarding", "on");
	}
}

bool trace_forwarding(struct walk *walk, const struct traveller *traveller)
{
	const bool six = walk->family == AF_INET6;
	char value[16];
	struct error err;

	if (sysctl_read(six ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward", value,
			sizeof(value), &err) < 0)
		return trace_failed(walk, "forwarding", &err);
	if (six) {
		check_forwarding6(walk, traveller);
	} else if (strcmp(value, "0") == 0) {
		trace_stop(walk, "forwarding", "net.ipv4.ip_forward is 0, somebody switched it off");
		trace_remedy(walk, "sysctl -w net.ipv4.ip_forward=1, and find out who");
	} else if (read_switch(walk, traveller->in, "forwarding") == 0) {
		trace_stop(walk, "forwarding", "net/ipv4/conf/%s/forwarding is 0", traveller->in);
		trace_remedy(walk, "sysctl -w net/ipv4/conf/%s/forwarding=1", traveller->in);
	} else {
		trace_ok(walk, "forwarding", "on, also for %s", traveller->in);
	}
	return true;
}

bool trace_reverse_path(struct walk *walk, const struct traveller *traveller)
{
	const struct route_question question = {walk->family, traveller->source.bytes, NULL, 0};
	int of_all = read_switch(walk, "all", "rp_filter");
	int own = read_switch(walk, traveller->in, "rp_filter");
	int mode = of_all > own ? of_all : own;
	char source[TRACE_ADDRESS_SIZE];
	struct route_answer answer;
	struct error err;
	int found;

	if (walk->family == AF_INET6) /* has no such switch */
		return true;
	trace_address(&traveller->source, source);
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

/*
 * A host that forwards IPv6 believes no router's advertisement, unless accept_ra is 2: what it has
 * learned before, it forgets after a while.
 */
static bool remedy_advertisements(struct walk *walk)
{
	char uplink[IFNAMSIZ];

	if (walk->family != AF_INET6 ||
	    netlink_find_uplink(walk->host, AF_INET6, uplink, NULL) != 0 ||
	    netlink_find_uplink(walk->host, AF_INET, uplink, NULL) != 1 ||
	    read_switch(walk, uplink, "accept_ra") != 1 ||
	    read_switch(walk, uplink, "forwarding") != 1)
		return false;
	trace_remedy(walk, "sysctl -w net/ipv6/conf/%s/accept_ra=2, if a router advertises it",
		     uplink);
	return true;
}

bool trace_host_route(struct walk *walk, struct traveller *traveller)
{
	const struct route_question from_here = {walk->family, traveller->destination.bytes, NULL,
						 0};
	struct route_question question = from_here;
	char text[TRACE_ADDRESS_SIZE], via[TRACE_ADDRESS_SIZE];
	struct link_state in = {0};
	struct route_answer answer;
	struct error err;
	int found;

	trace_address(&traveller->destination, text);
	if (traveller->in[0] && netlink_look_at_link(walk->host, traveller->in, 0, &in, &err) < 0)
		return trace_failed(walk, "route", &err);
	question.source = traveller->source.bytes;
	question.in_index = in.index;
	/* What comes from where it cannot come (a switch is off, a link down) has no route at all. */
	found = netlink_look_up_route(
		walk->host, in.index && !has_stop(walk) ? &question : &from_here, &answer, &err);
	if (found < 0)
		return trace_failed(walk, "route", &err);
	if (found == 0) {
		trace_stop(walk, "route", "the host drops what is for %s: %s", text,
			   strerror(err.code));
		if (!remedy_advertisements(walk))
			trace_remedy(walk, "ip route get %s", text);
		return false;
	}
	snprintf(traveller->out, IFNAMSIZ, "%s", answer.out);
	traveller->gateway = trace_next_of(walk, &answer);
	if (answer.has_gateway)
		trace_ok(walk, "route", "to %s over %s by %s", text, answer.out,
			 trace_address(&traveller->gateway, via));
	else
		trace_ok(walk, "route", "to %s over %s", text, answer.out);
	return true;
}

bool trace_neighbour(struct walk *walk, const char *link, const struct trace_ip *address)
{
	char text[TRACE_ADDRESS_SIZE];
	struct link_state state;
	struct error err;
	int silent;

	if (netlink_look_at_link(walk->host, link, 0, &state, &err) <= 0)
		return true; /* told by whoever looks at the link */
	silent = netlink_is_silent(walk->host, address->family, state.index, address->bytes, &err);
	if (silent < 0)
		return trace_failed(walk, link, &err);
	if (silent == 0)
		return true;
	trace_unknown(walk, link, "%s did not answer there when the host last looked for it",
		      trace_address(address, text));
	trace_remedy(walk, "ip neighbour show dev %s; ping -c 1 %s", link, text);
	return false;
}

bool trace_is_local(struct walk *walk, const struct trace_ip *address)
{
	const struct route_question question = {address->family, address->bytes, NULL, 0};
	struct route_answer answer;

	return netlink_look_up_route(walk->host, &question, &answer, NULL) == 1 && answer.local;
}

static void answer_ping(struct walk *walk)
{
	const char *name = walk->family == AF_INET6 ? "net/ipv6/icmp/echo_ignore_all"
						    : "net/ipv4/icmp_echo_ignore_all";
	char value[16];

	if (sysctl_read(name, value, sizeof(value), NULL) < 0 || strcmp(value, "0") == 0) {
		trace_ok(walk, "ping", "the host answers");
		return;
	}
	trace_stop(walk, "ping", "the host does not answer: %s is %s", name, value);
	trace_remedy(walk, "sysctl -w %s=0", name);
}

/* Whose port it is helps, as the whole host is in question. */
static void tell_listener(struct walk *walk, const struct traveller *traveller,
			  const struct socket_listener *listener)
{
	AUTO_FREE char *whose = NULL;
	struct socket_holder holder;

	if (socket_find_process(listener->inode, &holder))
		whose = xprintf("%s (process %d)", holder.name, (int)holder.pid);
	if (listener->reached) {
		trace_ok(walk, "listener", "the host listens on port %u/%s, address %s%s%s",
			 traveller->port, trace_protocol_name(traveller), listener->address,
			 whose ? ": " : "", whose ? whose : "");
	} else {
		trace_stop(walk, "listener", "the host listens on %s alone", listener->address);
		trace_remedy(walk, "let %s listen on the bridge's address as well",
			     whose ? whose : "that program");
	}
}

void trace_host_listener(struct walk *walk, const struct traveller *traveller)
{
	const struct socket_question question = {traveller->protocol, traveller->port, walk->family,
						 traveller->destination.bytes};
	struct socket_listener listener;
	struct error err;

	if (trace_is_ping(traveller)) {
		answer_ping(walk);
	} else if (socket_find_listener(getpid(), &question, &listener, &err) < 0) {
		trace_failed(walk, "listener", &err);
	} else if (!listener.there) {
		trace_stop(walk, "listener", "nothing on the host has port %u/%s", traveller->port,
			   trace_protocol_name(traveller));
		trace_remedy(walk, "start the program, or publish the port of a container");
	} else {
		tell_listener(walk, traveller, &listener);
	}
}

bool trace_bridge_is_filtered(const struct walk *walk)
{
	const char *name = walk->family == AF_INET6 ? "net/bridge/bridge-nf-call-ip6tables"
						    : "net/bridge/bridge-nf-call-iptables";
	char value[16];

	return sysctl_read(name, value, sizeof(value), NULL) == 0 && strcmp(value, "1") == 0;
}
