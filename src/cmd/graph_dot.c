/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman graph --dot, for Graphviz. dot(1) */
#include <stdio.h>
#include <string.h>

#include "cmd/dot.h"
#include "cmd/graph.h"

/* KIND and name make the id of a node: a network may be called as a container is. */
static void add_id(struct text *out, const char *kind, const char *name)
{
	AUTO_FREE char *id = xprintf("%s %s", kind, name);

	dot_add_string(out, id);
}

static void add_node(struct text *out, const char *kind, const char *name, const char *label,
		     const char *shape, const char *style)
{
	text_addf(out, "\t");
	add_id(out, kind, name);
	text_addf(out, " [shape=%s, style=\"%s\", label=", shape, style);
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

/* Parts joined by ", " as lines. */
static void add_parts(struct text *out, const char *parts)
{
	while (*parts) {
		size_t length = strcspn(parts, ",");

		text_addf(out, "\n%.*s", (int)length, parts);
		parts += length;
		parts += strspn(parts, ", ");
	}
}

/* With the ports published on any of its interfaces. */
static void add_container_node(struct text *out, const struct graph *graph, const char *name)
{
	bool up = strlist_contains(&graph->running, name);
	AUTO_TEXT struct text label = {0};

	text_addf(&label, "%s", name);
	for (size_t i = 0; i < graph->attachment_count; i++)
		if (strcmp(graph->attachments[i].container, name) == 0 &&
		    *graph->attachments[i].ports)
			text_addf(&label, "\n%s", graph->attachments[i].ports);
	add_node(out, "container", name, text_value(&label), "box", up ? "solid" : "dashed");
	/* In the column of the others, too. */
	if (strlist_contains(&graph->sharing, name))
		add_edge(out, (const char *const[]){"host", ""},
			 (const char *const[]){"container", name}, "the host's network", up);
	if (strlist_contains(&graph->alone, name)) {
		text_addf(out, "\t");
		add_id(out, "host", "");
		text_addf(out, " -- ");
		add_id(out, "container", name);
		text_addf(out, " [style=invis, minlen=2];\n");
	}
}

static void add_network_node(struct text *out, const struct node *network)
{
	AUTO_TEXT struct text label = {0};

	text_addf(&label, "%s", network->name);
	add_parts(&label, network->description);
	add_node(out, "network", network->name, text_value(&label), "box",
		 network->up ? "rounded" : "rounded,dashed");
	add_edge(out, (const char *const[]){"host", ""},
		 (const char *const[]){"network", network->name}, "", network->up);
}

void graph_print_dot(const struct graph *graph)
{
	AUTO_TEXT struct text host = {0}, out = {0};

	text_addf(&host, "%s", graph->host);
	for (size_t i = 0; i < graph->uplinks.count; i++)
		add_parts(&host, graph->uplinks.items[i]);
	add_node(&out, "host", "", text_value(&host), "house", "solid");
	for (size_t i = 0; i < graph->network_count; i++)
		add_network_node(&out, &graph->networks[i]);
	for (size_t i = 0; i < graph->containers.count; i++)
		add_container_node(&out, graph, graph->containers.items[i]);
	for (size_t i = 0; i < graph->attachment_count; i++) {
		const struct attachment *one = &graph->attachments[i];
		AUTO_FREE char *label = xprintf("%s\n%s", one->interface, one->addresses);

		add_edge(&out, (const char *const[]){"network", one->network},
			 (const char *const[]){"container", one->container}, label, one->up);
	}
	printf("graph cman {\n\trankdir=LR;\n\tranksep=1;\n"
	       "\tnode [fontname=\"sans-serif\", fontsize=11];\n"
	       "\tedge [fontname=\"sans-serif\", fontsize=9];\n%s}\n",
	       text_value(&out));
}
