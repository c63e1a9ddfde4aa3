/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/link_counters.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define TEXT_MAX (16u << 20) /* a hundred thousand links */
#define CHUNK    (32 * 1024)

/* "  eth0: BYTES PACKETS ERRORS DROPPED FIFO FRAME COMPRESSED MULTICAST BYTES PACKETS ERRORS DROPPED ..." */
static bool parse_line(const char *line, char name[IFNAMSIZ], struct link_counters *counters)
{
	int used = 0;

	line += strspn(line, " ");
	if (sscanf(line, "%15[^: \n]:%n", name, &used) != 1 || used == 0)
		return false;
	return sscanf(line + used,
		      "%" SCNu64 "%" SCNu64 "%*u %" SCNu64 "%*u %*u %*u %*u %" SCNu64 "%" SCNu64
		      "%*u %" SCNu64,
		      &counters->received_bytes, &counters->received_packets,
		      &counters->received_dropped, &counters->sent_bytes, &counters->sent_packets,
		      &counters->sent_dropped) == 6;
}

static int compare(const void *one, const void *other)
{
	return strcmp(one, other); /* the name comes first */
}

void link_table_parse(const char *text, struct link_table *table)
{
	size_t lines = 0;

	link_table_clear(table);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	table->items = xalloc(lines + 1, sizeof(*table->items));
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (table->count <= lines && parse_line(line, table->items[table->count].name,
							&table->items[table->count].counters))
			table->count++;
	}
	qsort(table->items, table->count, sizeof(*table->items), compare);
}

int link_table_read(int fd, struct link_table *table, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	char bytes[CHUNK];
	ssize_t count;

	do {
		count = pread(fd, bytes, sizeof(bytes), (off_t)text.length);
		if (count < 0 && errno != EINTR)
			return error_set(err, errno, "read /proc/net/dev");
		if (count > 0)
			text_add(&text, bytes, (size_t)count);
	} while (count != 0 && text.length < TEXT_MAX);
	link_table_parse(text_value(&text), table);
	return 0;
}

void link_table_clear(struct link_table *table)
{
	free(table->items);
	*table = (struct link_table){.items = NULL};
}

const struct link_counters *link_table_find(const struct link_table *table, const char *name)
{
	const struct link_row *found = NULL;

	if (table->count > 0)
		found = bsearch(name, table->items, table->count, sizeof(*table->items), compare);
	return found ? &found->counters : NULL;
}

struct link_counters link_counters_turn(const struct link_counters *counters)
{
	return (struct link_counters){
		.received_bytes = counters->sent_bytes,
		.received_packets = counters->sent_packets,
		.received_dropped = counters->sent_dropped,
		.sent_bytes = counters->received_bytes,
		.sent_packets = counters->received_packets,
		.sent_dropped = counters->received_dropped,
	};
}
