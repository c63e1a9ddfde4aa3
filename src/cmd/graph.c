/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman graph */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/dot.h"
#include "cmd/load.h"
#include "cmd/view.h"
#include "kernel/netlink_look.h"
#include "state/network.h"

/* An interface of a container: what it has while the container runs, else what its file says. */
struct attachment {
	char *network, *container, *interface, *address, *ports;
	bool up;
};

struct node {
	char *name;
	char *description; /* "bridge cman0, 10.83.0.1/16, nat" */
	bool up;
};

struct graph {
	char host[256];
	char uplink[IFNAMSIZ], uplink_address[64]; /* "": there is none */
	struct node *networks;
	size_t network_count;
	struct attachment *attachments;
	size_t attachment_count;
	struct strlist alone;      /* containers without a network */
	struct strlist containers; /* all, in order, */
	struct strlist running;    /* and which of them run */
};

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
		free(graph->attachments[i].address);
		free(graph->attachments[i].ports);
	}
	free(graph->networks);
	free(graph->attachments);
	strlist_clear(&graph->alone);
	strlist_clear(&graph->containers);
	strlist_clear(&graph->running);
}

/* ---- gathering ---- */

static char *join_ports(const struct port_forward *ports, size_t count)
{
	AUTO_TEXT struct text text = {0};

	for (size_t i = 0; i < count; i++) {
		char port[PARSE_TEXT_MAX];

		parse_format_port_forward(&ports[i], port);
		text_addf(&text, "%s%s", i ? "\n" : "", port);
	}
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
				      .address = xstrdup(entry.address),
				      .ports = member ? join_ports(member->ports, member->port_count)
						      : xstrdup(""),
				      .up = true,
			      });
	}
}

static void attach_configured(struct graph *graph, const struct spec *spec)
{
	for (size_t i = 0; i < spec->interface_count; i++) {
		const struct interface *interface = &spec->interfaces[i];
		char address[PARSE_TEXT_MAX];

		parse_format_ipv4(interface->ip, address);
		if (!interface->network) /* its file has errors */
			continue;
		attach(graph, (struct attachment){
				      .network = xstrdup(interface->network),
				      .container = xstrdup(spec->name),
				      .interface = xstrdup(interface->name),
				      .address = xstrdup(interface->ip.s_addr ? address : "?"),
				      .ports = join_ports(interface->ports, interface->port_count),
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
	if (graph->attachment_count == before)
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
		.nat = network->nat == SETTING_YES,
		.internal = network->internal,
		.icc = network->icc,
		.own = network_is_own(network),
	};
}

static void describe(struct text *text, const struct network_record *network, const char *parent)
{
	char address[PARSE_TEXT_MAX];

	parse_format_ipv4(network->gateway.s_addr ? network->gateway : network->subnet, address);
	if (network->bridge[0])
		text_addf(text, "%sbridge %s", network->own ? "" : "external ", network->bridge);
	else
		text_addf(text, "macvlan of %s", parent);
	text_addf(text, ", %s/%u", address, network->prefix);
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

static int add_host(struct graph *graph, struct error *err)
{
	AUTO_NETLINK struct netlink *netlink = netlink_open(err);
	struct link_state link;
	int found;

	if (gethostname(graph->host, sizeof(graph->host) - 1) < 0)
		snprintf(graph->host, sizeof(graph->host), "host");
	if (!netlink)
		return -1;
	found = netlink_find_uplink(netlink, AF_INET, graph->uplink, err);
	if (found <= 0)
		return found;
	if (netlink_look_at_link(netlink, graph->uplink, 0, &link, err) < 0)
		return -1;
	return netlink_find_address(netlink, AF_INET, link.index, graph->uplink_address,
				    sizeof(graph->uplink_address), err);
}

/* ---- as text ---- */

struct widths {
	int container, interface, address;
};

static void widen(int *width, const char *text)
{
	if ((int)strlen(text) > *width)
		*width = (int)strlen(text);
}

#define COLUMNS 80

static int longest_line(const char *lines)
{
	int longest = 0;

	for (; *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n')
		if ((int)strcspn(lines, "\n") > longest)
			longest = (int)strcspn(lines, "\n");
	return longest;
}

/*
 * A line each, behind the address where there is room, else below. here: where the line is now;
 * trunk: what goes on to the left of the lines.
 */
static void print_ports(const char *ports, int here, int column, const char *trunk)
{
	const bool below = column + longest_line(ports) > COLUMNS;
	const int indent = below ? 6 : column - (int)strlen(trunk);

	if (*ports && !below)
		printf("%*s", column - here, "");
	for (const char *port = ports; *port; port += *port == '\n') {
		if (below || port != ports)
			printf("\n%s%*s", trunk, indent, "");
		printf("%.*s", (int)strcspn(port, "\n"), port);
		port += strcspn(port, "\n");
	}
}

static void print_attachment(const struct attachment *attachment, const struct widths *widths,
			     const char *trunk, bool last)
{
	const bool color = attachment->up && log_use_color(stdout);
	AUTO_FREE char *beside = xprintf("%s%s", trunk, last ? " " : "|");
	int column = (int)strlen(trunk) + 3 + widths->container + 8 + widths->interface + 2;

	printf("%s%c- %-*s  %s%s%s  %-*s  %s", trunk, last ? '`' : '|', widths->container,
	       attachment->container, color ? "\033[32m" : "", attachment->up ? "up  " : "down",
	       color ? "\033[0m" : "", widths->interface, attachment->interface,
	       attachment->address);
	print_ports(attachment->ports, column + (int)strlen(attachment->address),
		    column + widths->address + 2, beside);
	putchar('\n');
}

static void print_members(const struct graph *graph, const char *network, bool last)
{
	const struct attachment *open = NULL;
	struct widths widths = {0, 0, 0};

	for (size_t i = 0; i < graph->attachment_count; i++) {
		const struct attachment *attachment = &graph->attachments[i];

		if (strcmp(attachment->network, network) != 0)
			continue;
		widen(&widths.container, attachment->container);
		widen(&widths.interface, attachment->interface);
		widen(&widths.address, attachment->address);
	}
	/* One behind, for the last one has another branch. */
	for (size_t i = 0; i < graph->attachment_count; i++) {
		if (strcmp(graph->attachments[i].network, network) != 0)
			continue;
		if (open)
			print_attachment(open, &widths, last ? "   " : "|  ", false);
		open = &graph->attachments[i];
	}
	if (open)
		print_attachment(open, &widths, last ? "   " : "|  ", true);
}

static void print_text(const struct graph *graph)
{
	const bool alone = graph->alone.count > 0;
	int width = 0;

	for (size_t i = 0; i < graph->network_count; i++)
		widen(&width, graph->networks[i].name);
	printf("%s", graph->host);
	if (graph->uplink[0])
		printf("  uplink %s %s", graph->uplink, graph->uplink_address);
	putchar('\n');
	for (size_t i = 0; i < graph->network_count; i++) {
		const struct node *network = &graph->networks[i];
		bool last = !alone && i + 1 == graph->network_count;

		printf("%c- %-*s  %s\n", last ? '`' : '|', width, network->name,
		       network->description);
		print_members(graph, network->name, last);
	}
	for (size_t i = 0; i < graph->alone.count; i++)
		printf("%s%s", i ? " " : "`- no network: ", graph->alone.items[i]);
	if (alone)
		putchar('\n');
}

/* ---- as dot ---- */

/* KIND and name make the id of a node: a network may be called as a container is. */
static void add_id(struct text *out, const char *kind, const char *name)
{
	AUTO_FREE char *id = xprintf("%s %s", kind, name);

	dot_add_string(out, id);
}

static void add_node(struct text *out, const char *kind, const char *name, const char *label,
		     const char *shape, bool up)
{
	text_addf(out, "\t");
	add_id(out, kind, name);
	text_addf(out, " [shape=%s, style=%s, label=", shape, up ? "solid" : "dashed");
	dot_add_string(out, label);
	text_addf(out, "];\n");
}

static void add_edge(struct text *out, const char *const from[2], const char *const to[2],
		     const char *label, bool up)
{
	text_addf(out, "\t");
	add_id(out, from[0], from[1]);
	text_addf(out, " -- ");
	add_id(out, to[0], to[1]);
	text_addf(out, " [style=%s, label=", up ? "solid" : "dashed");
	dot_add_string(out, label);
	text_addf(out, "];\n");
}

static void print_dot(const struct graph *graph)
{
	AUTO_FREE char *host = xprintf("%s%s%s%s%s", graph->host, graph->uplink[0] ? "\n" : "",
				       graph->uplink, graph->uplink[0] ? "\n" : "",
				       graph->uplink_address);
	AUTO_TEXT struct text out = {0};

	add_node(&out, "host", "", host, "house", true);
	for (size_t i = 0; i < graph->network_count; i++) {
		const struct node *network = &graph->networks[i];
		AUTO_FREE char *label = xprintf("%s\n%s", network->name, network->description);

		add_node(&out, "network", network->name, label, "ellipse", network->up);
		add_edge(&out, (const char *const[]){"host", ""},
			 (const char *const[]){"network", network->name}, "", network->up);
	}
	for (size_t i = 0; i < graph->containers.count; i++) {
		const char *name = graph->containers.items[i];

		add_node(&out, "container", name, name, "box",
			 strlist_contains(&graph->running, name));
	}
	for (size_t i = 0; i < graph->attachment_count; i++) {
		const struct attachment *one = &graph->attachments[i];
		AUTO_FREE char *label = xprintf("%s\n%s%s%s", one->interface, one->address,
						*one->ports ? "\n" : "", one->ports);

		add_edge(&out, (const char *const[]){"network", one->network},
			 (const char *const[]){"container", one->container}, label, one->up);
	}
	printf("graph cman {\n\trankdir=LR;\n%s}\n", text_value(&out));
}

int cmd_graph(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	AUTO(graph_clear) struct graph graph = {.uplink = ""};
	int there;

	if (load_configuration(options, false, &conf, err) < 0 ||
	    load_names(&conf, argc, argv, LOAD_KNOWN, &names, err) < 0)
		return -1;
	there = load_state(&conf, &state, err);
	if (there < 0 || add_host(&graph, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		add_container(&graph, &conf, there ? &state : NULL, names.items[i]);
	add_networks(&graph, &conf, there ? &state : NULL, argc > 0);
	if (options->dot)
		print_dot(&graph);
	else
		print_text(&graph);
	return 0;
}
