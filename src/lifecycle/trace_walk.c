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

#define HOSTS_SIZE_MAX (4 * 1024 * 1024)

/* ---- hops ---- */

void trace_clear(struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++) {
		free(trace->hops[i].where);
		free(trace->hops[i].what);
		free(trace->hops[i].remedy);
	}
	free(trace->hops);
	*trace = (struct trace){0};
}

bool trace_arrives(const struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++)
		if (trace->hops[i].verdict == HOP_STOP)
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

const char *trace_address(struct in_addr address, char out[TRACE_ADDRESS_SIZE])
{
	return inet_ntop(AF_INET, &address, out, TRACE_ADDRESS_SIZE);
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
	walk->firewall_known = firewall_look(in_force.backend, in_force.prefix, &walk->rules,
					     &walk->sight, &walk->firewall_error) == 0;
	return 0;
}

void place_clear(struct place *place)
{
	netlink_close(&place->inside);
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
		     const struct in_addr *address, struct place *place, struct error *err)
{
	AUTO_RECORD struct record record = {0};
	struct place found = {0};

	if (record_read(walk->state, container, &record, NULL) != 1 ||
	    record_liveness(&record) != LIVE_RUNNING)
		return 0;
	for (size_t i = 0; i < walk->network_count; i++) {
		for (size_t j = 0; j < walk->networks[i].member_count; j++) {
			const struct network_member *member = &walk->networks[i].members[j];
			char name[IFNAMSIZ];

			find_interface(&record, member->index, name);
			if (strcmp(member->container, container) != 0 ||
			    (interface && strcmp(name, interface) != 0) ||
			    (address && member->address.s_addr != address->s_addr) ||
			    (found.member && found.member->index < member->index))
				continue;
			found = (struct place){
				&walk->networks[i], member, record.init.pid, "", "", NULL};
			memcpy(found.interface, name, sizeof(name));
		}
	}
	if (!found.member)
		return 0;
	netlink_veth_name(container, found.member->index, found.host_end);
	*place = found;
	return open_inside(place, err);
}

const char *trace_find_owner(const struct walk *walk, struct in_addr address)
{
	for (size_t i = 0; i < walk->network_count; i++)
		for (size_t j = 0; j < walk->networks[i].member_count; j++)
			if (walk->networks[i].members[j].address.s_addr == address.s_addr)
				return walk->networks[i].members[j].container;
	return NULL;
}

/* ---- names ---- */

/* The first IPv4 address of a name in the text of a hosts file. */
static bool search_hosts(char *text, const char *name, struct in_addr *address)
{
	for (char *line; (line = strsep(&text, "\n")) != NULL;) {
		char *words = line, *word = strsep(&words, " \t");
		struct in_addr found;

		if (!word || inet_pton(AF_INET, word, &found) != 1)
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

bool trace_find_destination(struct walk *walk, const struct trace_question *question,
			    struct in_addr *address)
{
	AUTO_TEXT struct text hosts = {0};
	char text[TRACE_ADDRESS_SIZE];
	struct error err;

	if (inet_pton(AF_INET, question->destination, address) == 1)
		return true;
	if (read_hosts(walk, question->container, &hosts, &err) < 0)
		return trace_failed(walk, "name", &err);
	if (hosts.data && search_hosts(hosts.data, question->destination, address)) {
		trace_ok(walk, "name", "%s is %s, by its hosts file", question->destination,
			 trace_address(*address, text));
		return true;
	}
	trace_stop(walk, "name", "%s is not in its hosts file, and DNS is not asked here",
		   question->destination);
	trace_remedy(walk, "cman trace %s ADDRESS:%u, with the address", question->container,
		     question->port);
	return false;
}
