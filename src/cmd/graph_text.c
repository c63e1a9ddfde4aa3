/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman graph, for a terminal of 80 columns. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cmd/graph.h"

#define COLUMNS    80
#define BELOW      6  /* what has no room beside is indented by that, below */
#define NAME_WIDTH 16 /* up to which names of networks have what follows in one column */

struct widths {
	int container, interface, address;
};

static int longest_line(const char *lines)
{
	int longest = 0;

	for (; *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n')
		if ((int)strcspn(lines, "\n") > longest)
			longest = (int)strcspn(lines, "\n");
	return longest;
}

static void widen(int *width, const char *lines)
{
	if (longest_line(lines) > *width)
		*width = longest_line(lines);
}

/* Prints a line of them and goes on to the next; its length. */
static int print_line(const char **lines)
{
	int length = (int)strcspn(*lines, "\n");

	printf("%.*s", length, *lines);
	*lines += length;
	*lines += **lines == '\n';
	return length;
}

/*
 * Lines beside lines, the first at the place where the line is now unless below, the others under
 * it. trunk: what goes on to the left of them; indent: how far they are from it.
 */
static void print_columns(const char *left, int width, const char *right, const char *trunk,
			  int indent, bool below)
{
	for (bool first = true; *left || *right; first = false) {
		int length;

		if (!first || below)
			printf("\n%s%*s", trunk, indent, "");
		length = print_line(&left);
		if (*right)
			printf("%*s", width - length, "");
		print_line(&right);
	}
}

/*
 * Parts joined by ", ", broken between them where the line ends. here: where it is now; indent: that
 * of what comes below, behind trunk.
 */
static void print_parts(const char *parts, int here, const char *trunk, int indent)
{
	for (bool first = true; *parts; first = false) {
		const char *comma = strstr(parts, ", ");
		int length = comma ? (int)(comma - parts) + 1 : (int)strlen(parts);

		if (!first && here + 1 + length > COLUMNS)
			here = printf("\n%s%*s", trunk, indent, "") - 1;
		else if (!first)
			here += printf(" ");
		here += printf("%.*s", length, parts);
		parts += length + (comma ? 1 : 0);
	}
	putchar('\n');
}

static void print_attachment(const struct attachment *attachment, const struct widths *widths,
			     const char *trunk, bool last)
{
	const bool color = attachment->up && log_use_color(stdout);
	AUTO_FREE char *beside = xprintf("%s%s", trunk, last ? " " : "|");
	int indent = 2 + widths->container + 8 + widths->interface + 2;
	const int start = (int)strlen(beside);
	const bool below = start + indent + widths->address > COLUMNS;
	const int gap = widths->address + 2;
	bool ports_below;

	printf("%s%c- %-*s  %s%s%s  %-*s", trunk, last ? '`' : '|', widths->container,
	       attachment->container, color ? "\033[32m" : "", attachment->up ? "up  " : "down",
	       color ? "\033[0m" : "", below ? 0 : widths->interface, attachment->interface);
	indent = below ? BELOW : indent;
	ports_below = start + indent + gap + longest_line(attachment->ports) > COLUMNS;
	if (!below)
		printf("  ");
	print_columns(attachment->addresses, gap, ports_below ? "" : attachment->ports, beside,
		      indent, below);
	if (ports_below)
		print_columns("", 0, attachment->ports, beside, BELOW, true);
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
		widen(&widths.address, attachment->addresses);
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

static void print_uplinks(const struct graph *graph)
{
	if (graph->uplinks.count == 0)
		printf("%s\n", graph->host);
	for (size_t i = 0; i < graph->uplinks.count; i++)
		print_parts(graph->uplinks.items[i], printf("%s  uplink ", i ? "|" : graph->host),
			    "|", BELOW);
}

static void print_names(const char *title, const struct strlist *names, bool last)
{
	for (size_t i = 0; i < names->count; i++)
		printf("%s%s%s%s", i ? " " : last ? "`- " : "|- ", i ? "" : title, i ? "" : ": ",
		       names->items[i]);
	if (names->count > 0)
		putchar('\n');
}

void graph_print_text(const struct graph *graph)
{
	const bool more = graph->alone.count > 0 || graph->sharing.count > 0;
	int width = 0;

	for (size_t i = 0; i < graph->network_count; i++)
		widen(&width, graph->networks[i].name);
	width = width > NAME_WIDTH ? NAME_WIDTH : width;
	print_uplinks(graph);
	for (size_t i = 0; i < graph->network_count; i++) {
		const struct node *network = &graph->networks[i];
		bool last = !more && i + 1 == graph->network_count;

		print_parts(network->description,
			    printf("%c- %-*s  ", last ? '`' : '|', width, network->name),
			    last ? " " : "|", width + 4);
		print_members(graph, network->name, last);
	}
	print_names("the host's network", &graph->sharing, graph->alone.count == 0);
	print_names("no network", &graph->alone, true);
}
