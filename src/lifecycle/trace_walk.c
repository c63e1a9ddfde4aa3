/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a walk is made of: its hops, what it looks at, containers on it, their names. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "kernel/namespace.h"
#include "lifecycle/rules.h"
#include "lifecycle/trace_walk.h"
#include "state/network_files.h"

#define HOSTS_SIZE_MAX (4 * 1024 * 1024)

/* ---- hops ---- */

static void clear(struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++) {
		free(trace->hops[i].where);
		free(trace->hops[i].what);
		free(trace->hops[i].remedy);
	}
	free(trace->hops);
}

void traces_clear(struct traces *traces)
{
	for (size_t i = 0; i < traces->count; i++)
		clear(&traces->items[i]);
	*traces = (struct traces){0};
}

bool trace_arrives(const struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		if (trace->hops[i].verdict == HOP_STOP)
			return false;
	return true;
}

bool traces_arrive(const struct traces *traces)
{
	for (size_t i = 0; i < traces->count; i++)
		if (!trace_arrives(&traces->items[i]))
			return false;
	return true;
}

static char *format(const char *fmt, va_list args)
{
	char *text;

	return vasprintf(&text, fmt, args) < 0 ? xstrdup(fmt) : text;
}

static void add_hop(struct walk *walk, enum hop_verdict verdict, const char *where, char *what)
{
	struct trace *trace = walk->trace;

	trace->hops = xrealloc(trace->hops, trace->count + 1, sizeof(*trace->hops));
	trace->hops[trace->count++] =
		(struct hop){.verdict = verdict, .where = xstrdup(where), .what = what};
}

#define ADD_HOP(verdict)                                                                           \
	do {                                                                                       \
		va_list args;                                                                      \
		va_start(args, fmt);                                                               \
		add_hop(walk, verdict, where, format(fmt, args));                                  \
		va_end(args);                                                                      \
	} while (0)

void trace_ok(struct walk *walk, const char *where, const char *fmt, ...)
{
	ADD_HOP(HOP_OK);
}

void trace_stop(struct walk *walk, const char *where, const char *fmt, ...)
{
	ADD_HOP(HOP_STOP);
}

void trace_unknown(struct walk *walk, const char *where, const char *fmt, ...)
{
	ADD_HOP(HOP_UNKNOWN);
}

void trace_warn(struct walk *walk, const char *where, const char *fmt, ...)
{
	ADD_HOP(HOP_WARNING);
}

void trace_remedy(struct walk *walk, const char *fmt, ...)
{
	struct hop *hop = &walk->trace->hops[walk->trace->count - 1];
	va_list args;

	va_start(args, fmt);
	free(hop->remedy);
	hop->remedy = format(fmt, args);
	va_end(args);
}

bool trace_failed(struct walk *walk, const char *where, const struct error *err)
{
	trace_unknown(walk, where, "could not be looked at: %s", err->text);
	if (err->hint[0])
		trace_remedy(walk, "%s", err->hint);
	return false;
}

void trace_stop_without_network(struct walk *walk, const struct trace_question *question)
{
	trace_stop(walk, "container", "has no network: net = \"none\"");
	trace_remedy(walk, "net : { }; in its file, and cman restart %s", question->container);
}

/* ---- addresses ---- */

static struct trace_ip make_ip(const struct walk *walk, struct in_addr v4, struct in6_addr v6)
{
	struct trace_ip ip = {.family = walk->family};

	if (walk->family == AF_INET6)
		ip.v6 = v6;
	else
		ip.v4 = v4;
	return ip;
}

struct trace_ip trace_ip_of(const struct walk *walk, const struct network_member *member)
{
	return make_ip(walk, member->address, member->address6);
}

struct trace_ip trace_gateway_of(const struct walk *walk, const struct network_record *network)
{
	return make_ip(walk, network->gateway, network->gateway6);
}

struct trace_ip trace_next_of(const struct walk *walk, const struct route_answer *answer)
{
	struct trace_ip ip = {.family = walk->family};

	memcpy(ip.bytes, answer->gateway, sizeof(ip.bytes));
	return ip;
}

bool trace_same(const struct trace_ip *a, const struct trace_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool trace_is_any(const struct trace_ip *ip)
{
	return IN6_IS_ADDR_UNSPECIFIED(&ip->v6);
}

bool trace_is_loopback(const struct trace_ip *ip)
{
	return ip->family == AF_INET6 ? IN6_IS_ADDR_LOOPBACK(&ip->v6) : ip->bytes[0] == 127;
}

bool trace_parse(const char *text, struct trace_ip *ip)
{
	struct trace_ip found = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	if (inet_pton(found.family, text, found.bytes) != 1)
		return false;
	*ip = found;
	return true;
}

const char *trace_address(const struct trace_ip *ip, char out[TRACE_ADDRESS_SIZE])
{
	return inet_ntop(ip->family, ip->bytes, out, (socklen_t)TRACE_ADDRESS_SIZE);
}

const char *trace_endpoint(const struct trace_ip *ip, uint16_t port, char out[TRACE_ADDRESS_SIZE])
{
	const bool brackets = ip->family == AF_INET6;
	char address[TRACE_ADDRESS_SIZE];

	if (port == 0)
		return trace_address(ip, out);
	snprintf(out, TRACE_ADDRESS_SIZE, "%s%.45s%s:%u", brackets ? "[" : "",
		 trace_address(ip, address), brackets ? "]" : "", port);
	return out;
}

const char *trace_family_name(const struct walk *walk)
{
	return walk->family == AF_INET6 ? "IPv6" : "IPv4";
}

struct traveller trace_set_out(const struct walk *walk, const struct trace_question *question)
{
	struct traveller traveller = {.protocol = question->protocol, .port = question->port};

	if (question->protocol == IPPROTO_ICMP && walk->family == AF_INET6)
		traveller.protocol = IPPROTO_ICMPV6;
	return traveller;
}

bool trace_is_ping(const struct traveller *traveller)
{
	return traveller->protocol == IPPROTO_ICMP || traveller->protocol == IPPROTO_ICMPV6;
}

const char *trace_protocol_name(const struct traveller *traveller)
{
	return traveller->protocol == IPPROTO_UDP ? "udp" : "tcp";
}

/* ---- what is looked at ---- */

void trace_close(struct walk *walk)
{
	for (size_t i = 0; i < walk->network_count; i++)
		network_record_clear(&walk->networks[i]);
	free(walk->networks);
	firewall_rules_clear(&walk->rules);
	netlink_close(&walk->host);
}

static int read_networks(struct walk *walk, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	/* Without the lock: a record is replaced as a whole. */
	if (network_record_list(walk->state, &names, err) < 0)
		return -1;
	walk->networks = xalloc(names.count, sizeof(*walk->networks));
	for (size_t i = 0; i < names.count; i++)
		if (network_record_read(walk->state, names.items[i],
					&walk->networks[walk->network_count], NULL) == 1)
			walk->network_count++;
	return 0;
}

int trace_open(struct walk *walk, struct error *err)
{
	struct rules_in_force in_force;

	walk->host = netlink_open(err);
	if (!walk->host || read_networks(walk, err) < 0 ||
	    rules_recall(walk->manager, walk->state, walk->networks, walk->network_count, &in_force,
			 err) < 0)
		return -1;
	walk->rules = in_force.rules;
	walk->forward_is_theirs = in_force.forward_is_theirs;
	walk->firewall_known = firewall_look(in_force.backend, in_force.prefix, &walk->rules,
					     &walk->sight, &walk->firewall_error) == 0;
	return 0;
}

void place_clear(struct place *place)
{
	netlink_close(&place->inside);
}

bool place_is_macvlan(const struct place *place)
{
	return !place->network->bridge[0];
}

static int open_inside(struct place *place, struct error *err)
{
	AUTO_FD int netns_fd = namespace_open(place->pid, "net", err);

	if (netns_fd < 0)
		return -1;
	place->inside = netlink_look_in(netns_fd, err);
	return place->inside ? 1 : -1;
}

/* The name inside of the interface with that index: "cman0 10.83.0.10 eth0[ fd00::10]". */
static void find_interface(const struct record *record, unsigned int index, char out[IFNAMSIZ])
{
	out[0] = '\0';
	if (index < record->addresses.count)
		sscanf(record->addresses.items[index], "%*s %*s %15s", out);
}

int trace_find_place(struct walk *walk, const char *container, const char *interface,
		     const struct trace_ip *address, struct place *place, struct error *err)
{
	AUTO_RECORD struct record record = {0};
	struct place found = {0};

	if (record_read(walk->state, container, &record, NULL) != 1 ||
	    record_liveness(&record) != LIVE_RUNNING)
		return 0;
	for (size_t i = 0; i < walk->network_count; i++) {
		for (size_t j = 0; j < walk->networks[i].member_count; j++) {
			const struct network_member *member = &walk->networks[i].members[j];
			const struct trace_ip ip = trace_ip_of(walk, member);
			char name[IFNAMSIZ];

			find_interface(&record, member->index, name);
			if (strcmp(member->container, container) != 0 ||
			    (interface && strcmp(name, interface) != 0) ||
			    (address && !trace_same(&ip, address)) ||
			    (found.member && found.member->index < member->index))
				continue;
			found = (struct place){
				.network = &walk->networks[i],
				.member = member,
				.pid = record.init.pid,
				.paused = record.paused_at != 0,
			};
			memcpy(found.interface, name, sizeof(name));
		}
	}
	if (!found.member)
		return 0;
	netlink_veth_name(container, found.member->index, found.host_end);
	*place = found;
	return open_inside(place, err);
}

const struct network_member *trace_find_owner(const struct walk *walk,
					      const struct trace_ip *address)
{
	for (size_t i = 0; i < walk->network_count; i++) {
		for (size_t j = 0; j < walk->networks[i].member_count; j++) {
			const struct network_member *member = &walk->networks[i].members[j];
			const struct trace_ip ip = trace_ip_of(walk, member);

			if (trace_same(&ip, address))
				return member;
		}
	}
	return NULL;
}

unsigned int trace_families_of_container(const struct walk *walk, const char *container)
{
	unsigned int families = 0;

	for (size_t i = 0; i < walk->network_count; i++) {
		for (size_t j = 0; j < walk->networks[i].member_count; j++) {
			const struct network_member *member = &walk->networks[i].members[j];

			if (strcmp(member->container, container) != 0)
				continue;
			families |= TRACE_IPV4;
			if (!IN6_IS_ADDR_UNSPECIFIED(&member->address6))
				families |= TRACE_IPV6;
		}
	}
	return families;
}

/* ---- names ---- */

/* The first address of a name in the text of a hosts file, of that family. */
static bool search_hosts(const char *hosts, const char *name, int family, struct trace_ip *address)
{
	AUTO_FREE char *copy = xstrdup(hosts);
	char *text = copy;

	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		char *words = line, *word = strsep(&words, " \t");
		struct trace_ip found;

		if (!word || !trace_parse(word, &found) || found.family != family)
			continue;
		while ((word = strsep(&words, " \t")) != NULL) {
			if (strcasecmp(word, name) != 0)
				continue;
			*address = found;
			return true;
		}
	}
	return false;
}

/* Its own hosts file, or that of its network: what is bound over /etc/hosts. */
static int read_hosts(const struct walk *walk, const char *container, struct text *text,
		      struct error *err)
{
	AUTO_FD int directory_fd = record_open_directory(walk->state, container, err);

	if (directory_fd >= 0 && fs_exists_at(directory_fd, "hosts"))
		return fs_read_at(directory_fd, "hosts", HOSTS_SIZE_MAX, text, err);
	for (size_t i = 0; i < walk->network_count; i++) {
		const struct network_record *network = &walk->networks[i];
		AUTO_FREE char *path = xprintf("%s/hosts", network->name);

		if (network_record_find(network, container, 0))
			return fs_read_at(walk->state->networks_fd, path, HOSTS_SIZE_MAX, text, err);
	}
	return error_set(err, ENOENT, "hosts file of %s", container);
}

unsigned int trace_families_of_name(const struct walk *walk, const struct trace_question *question)
{
	AUTO_TEXT struct text hosts = {0};
	struct trace_ip address;
	unsigned int families = 0;

	if (read_hosts(walk, question->container, &hosts, NULL) < 0)
		return 0;
	if (search_hosts(text_value(&hosts), question->destination, AF_INET, &address))
		families |= TRACE_IPV4;
	if (search_hosts(text_value(&hosts), question->destination, AF_INET6, &address))
		families |= TRACE_IPV6;
	return families;
}

bool trace_find_destination(struct walk *walk, const struct trace_question *question,
			    struct trace_ip *address)
{
	AUTO_TEXT struct text hosts = {0};
	char text[TRACE_ADDRESS_SIZE];
	struct error err;

	if (trace_parse(question->destination, address))
		return true;
	if (read_hosts(walk, question->container, &hosts, &err) < 0)
		return trace_failed(walk, "name", &err);
	if (search_hosts(text_value(&hosts), question->destination, walk->family, address)) {
		trace_ok(walk, "name", "%s is %s, by its hosts file", question->destination,
			 trace_address(address, text));
		return true;
	}
	if (trace_families_of_name(walk, question) != 0) {
		trace_stop(walk, "name", "%s has no %s address in its hosts file",
			   question->destination, trace_family_name(walk));
		return false;
	}
	trace_stop(walk, "name", "%s is not in its hosts file, and DNS is not asked here",
		   question->destination);
	if (question->port)
		trace_remedy(walk, "cman trace %s ADDRESS:%u, with the address",
			     question->container, question->port);
	else
		trace_remedy(walk, "cman trace %s ADDRESS, with the address", question->container);
	return false;
}
