/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman graph */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/graph.h"
#include "cmd/load.h"
#include "cmd/view.h"
#include "config/marks.h"
#include "kernel/netlink_look.h"
#include "state/network_files.h"

static void graph_clear(struct graph *graph)
{
	for (size_t i = 0; i < graph->network_count; i++) {
		free(graph->networks[i].name);
		free(graph->networks[i].description);
	}
	for (size_t i = 0; i < graph->attachment_count; i++) {
		free(graph->attachments[i].network);
		free(graph->attachments[i].container);
		free(graph->attachments[i].interface);
		free(graph->attachments[i].addresses);
		free(graph->attachments[i].ports);
	}
	free(graph->networks);
	free(graph->attachments);
	strlist_clear(&graph->uplinks);
	strlist_clear(&graph->alone);
	strlist_clear(&graph->sharing);
	strlist_clear(&graph->containers);
	strlist_clear(&graph->running);
}

/* ---- gathering ---- */

/* ip6 "": it has none */
static char *join_addresses(const char *ip, const char *ip6)
{
	return xprintf("%s%s%s", ip, *ip6 ? "\n" : "", ip6);
}

static char *join_ports(const struct port_forward *ports, size_t count, bool isolated)
{
	AUTO_TEXT struct text text = {0};

	for (size_t i = 0; i < count; i++) {
		char port[PARSE_TEXT_MAX];

		parse_format_port_forward(&ports[i], port);
		text_addf(&text, "%s%s", i ? "\n" : "", port);
	}
	if (isolated)
		text_addf(&text, "%sisolated", count ? "\n" : "");
	return xstrdup(text_value(&text));
}

static void attach(struct graph *graph, struct attachment attachment)
{
	graph->attachments = xrealloc(graph->attachments, graph->attachment_count + 1,
				      sizeof(*graph->attachments));
	graph->attachments[graph->attachment_count++] = attachment;
}

static void attach_recorded(struct graph *graph, const struct state *state,
			    const struct record *record)
{
	for (size_t i = 0; i < record->addresses.count; i++) {
		AUTO_NETWORK_RECORD struct network_record network = {0};
		const struct network_member *member = NULL;
		struct load_address entry;

		if (!load_split_address(record->addresses.items[i], &entry))
			continue;
		if (network_record_read(state, entry.network, &network, NULL) == 1)
			member = network_record_find(&network, record->name, (unsigned int)i);
		attach(graph, (struct attachment){
				      .network = xstrdup(entry.network),
				      .container = xstrdup(record->name),
				      .interface = xstrdup(entry.interface),
				      .addresses = join_addresses(entry.address, entry.address6),
				      .ports = member ? join_ports(member->ports, member->port_count,
								   member->isolated)
						      : xstrdup(""),
				      .up = true,
			      });
	}
}

static void attach_configured(struct graph *graph, const struct spec *spec)
{
	for (size_t i = 0; i < spec->interface_count; i++) {
		const struct interface *interface = &spec->interfaces[i];
		char ip[PARSE_TEXT_MAX], ip6[PARSE_TEXT_MAX] = "";

		parse_format_ipv4(interface->ip, ip);
		if (!IN6_IS_ADDR_UNSPECIFIED(&interface->ip6))
			parse_format_ipv6(&interface->ip6, ip6);
		if (!interface->network) /* its file has errors */
			continue;
		attach(graph,
		       (struct attachment){
			       .network = xstrdup(interface->network),
			       .container = xstrdup(spec->name),
			       .interface = xstrdup(interface->name),
			       .addresses = join_addresses(interface->ip.s_addr ? ip : "?", ip6),
			       .ports = join_ports(interface->ports, interface->port_count,
						   interface->isolate == SETTING_YES),
		       });
	}
}

static void add_container(struct graph *graph, const struct conf *conf, const struct state *state,
			  const char *name)
{
	AUTO_VIEW struct view view;
	size_t before = graph->attachment_count;

	view_take(conf, state, name, &view);
	strlist_add(&graph->containers, name);
	if (view.alive) {
		strlist_add(&graph->running, name);
		attach_recorded(graph, state, &view.record);
	} else if (view.spec) {
		attach_configured(graph, view.spec);
	}
	if (strlist_contains(&view.marks, mark_names[MARK_HOST_NET]))
		strlist_add(&graph->sharing, name);
	else if (graph->attachment_count == before)
		strlist_add(&graph->alone, name);
}

static void add_flag(struct text *text, bool is_set, const char *flag)
{
	if (is_set)
		text_addf(text, ", %s", flag);
}

/* What the manager file says, in the form of a record; nothing in it is owned. */
static struct network_record as_configured(const struct network *network)
{
	return (struct network_record){
		.bridge = (char *)network->bridge,
		.subnet = network->subnet,
		.gateway = network->gateway,
		.prefix = network->prefix,
		.subnet6 = network->subnet6,
		.gateway6 = network->gateway6,
		.prefix6 = network->prefix6,
		.nat = network->nat == SETTING_YES,
		.internal = network->internal,
		.icc = network->icc,
		.own = network_is_own(network),
	};
}

static void describe(struct text *text, const struct network_record *network, const char *parent)
{
	const bool has_gateway6 = !IN6_IS_ADDR_UNSPECIFIED(&network->gateway6);
	char address[PARSE_TEXT_MAX], address6[PARSE_TEXT_MAX];

	parse_format_ipv6(has_gateway6 ? &network->gateway6 : &network->subnet6, address6);
	parse_format_ipv4(network->gateway.s_addr ? network->gateway : network->subnet, address);
	if (network->bridge[0])
		text_addf(text, "%sbridge %s", network->own ? "" : "external ", network->bridge);
	else
		text_addf(text, "macvlan of %s", parent);
	text_addf(text, ", %s/%u", address, network->prefix);
	if (network->prefix6 != 0)
		text_addf(text, ", %s/%u", address6, network->prefix6);
	add_flag(text, network->nat, "nat");
	add_flag(text, network->internal, "internal");
	add_flag(text, !network->icc, "no icc");
}

/* As it is when it is up, else as the manager file says. */
static void add_network(struct graph *graph, const struct conf *conf, const struct state *state,
			const char *name)
{
	const struct network *network = manager_find_network(&conf->manager, name);
	const char *parent = network && network->parent[0] ? network->parent : "?";
	AUTO_NETWORK_RECORD struct network_record record = {0};
	AUTO_TEXT struct text text = {0};
	bool up = state && network_record_read(state, name, &record, NULL) == 1;

	if (up) {
		describe(&text, &record, parent);
	} else if (network) {
		const struct network_record configured = as_configured(network);

		describe(&text, &configured, parent);
		add_flag(&text, true, "not up");
	} else {
		text_addf(&text, "unknown to %s", conf->manager.file);
	}
	graph->networks =
		xrealloc(graph->networks, graph->network_count + 1, sizeof(*graph->networks));
	graph->networks[graph->network_count++] =
		(struct node){xstrdup(name), xstrdup(text_value(&text)), up};
}

static bool is_used(const struct graph *graph, const char *network)
{
	for (size_t i = 0; i < graph->attachment_count; i++)
		if (strcmp(graph->attachments[i].network, network) == 0)
			return true;
	return false;
}

/* Those of the manager file, then those that containers are on all the same. */
static void add_networks(struct graph *graph, const struct conf *conf, const struct state *state,
			 bool only_used)
{
	AUTO_STRLIST struct strlist names = {0};

	for (size_t i = 0; i < conf->manager.network_count; i++)
		if (!only_used || is_used(graph, conf->manager.networks[i].name))
			strlist_add(&names, conf->manager.networks[i].name);
	for (size_t i = 0; i < graph->attachment_count; i++)
		if (!strlist_contains(&names, graph->attachments[i].network))
			strlist_add(&names, graph->attachments[i].network);
	for (size_t i = 0; i < names.count; i++)
		add_network(graph, conf, state, names.items[i]);
}

/* The link that leads out by a family, and its address; "" where there is none. */
struct uplink {
	char name[IFNAMSIZ], address[64];
};

static int find_uplink(struct netlink *netlink, int family, struct uplink *uplink, struct error *err)
{
	struct link_state link;
	int found;

	*uplink = (struct uplink){.name = ""};
	found = netlink_find_uplink(netlink, family, uplink->name, err);
	if (found <= 0)
		uplink->name[0] = '\0';
	if (found <= 0)
		return found;
	if (netlink_look_at_link(netlink, uplink->name, 0, &link, err) < 0)
		return -1;
	return netlink_find_address(netlink, family, link.index, uplink->address,
				    sizeof(uplink->address), err);
}

static void add_uplink(struct graph *graph, const struct uplink *uplink, const char *address6)
{
	const char *comma = *uplink->address && *address6 ? ", " : "";

	if (uplink->name[0])
		strlist_add_taken(&graph->uplinks, xprintf("%s %s%s%s", uplink->name,
							   uplink->address, comma, address6));
}

static int add_host(struct graph *graph, struct error *err)
{
	AUTO_NETLINK struct netlink *netlink = netlink_open(err);
	struct uplink four, six;

	if (gethostname(graph->host, sizeof(graph->host) - 1) < 0)
		snprintf(graph->host, sizeof(graph->host), "host");
	if (!netlink || find_uplink(netlink, AF_INET, &four, err) < 0 ||
	    find_uplink(netlink, AF_INET6, &six, err) < 0)
		return -1;
	if (strcmp(four.name, six.name) == 0) {
		add_uplink(graph, &four, six.address);
	} else {
		add_uplink(graph, &four, "");
		add_uplink(graph, &six, "");
	}
	return 0;
}

int cmd_graph(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	AUTO(graph_clear) struct graph graph = {.host = ""};
	int there;

	if (load_configuration(options, &conf, err) < 0 ||
	    load_names(&conf, argc, argv, LOAD_KNOWN, &names, err) < 0)
		return -1;
	there = load_state(&conf, &state, err);
	if (there < 0 || add_host(&graph, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		add_container(&graph, &conf, there ? &state : NULL, names.items[i]);
	add_networks(&graph, &conf, there ? &state : NULL, argc > 0);
	if (options->dot)
		graph_print_dot(&graph);
	else
		graph_print_text(&graph);
	return 0;
}
