/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_table.h: the table of `cman top` as text, for a terminal of any size. Pure. */
#ifndef CMD_TOP_TABLE_H
#define CMD_TOP_TABLE_H

#include "base/text.h"
#include "lifecycle/stats.h"

enum top_order { TOP_CPU, TOP_MEMORY, TOP_TASKS, TOP_IO, TOP_NETWORK, TOP_NAME };

struct top_row {
	const struct stats_item *item;
	struct stats_rates rates;
	uint64_t uptime; /* seconds */
};

/* What stands above the table. */
struct top_summary {
	char time[16]; /* "19:12:33" */
	unsigned int processors;
	uint64_t memory; /* bytes of the host */
};

struct top_view {
	unsigned int rows, columns; /* of the terminal */
	enum top_order order;
	bool reversed;
	bool color;
	size_t first; /* row at the top; made fit by top_draw() */
};

/* The largest first; by name the other way round. What is not known comes last. */
void top_sort(struct top_row *rows, size_t count, enum top_order order, bool reversed);

/* How many rows of the table there is room for. */
size_t top_page(const struct top_view *view);

/* Adds a frame, as many lines as the terminal has, none wider than it. */
void top_draw(const struct top_row *rows, size_t count, const struct top_summary *summary,
	      struct top_view *view, struct text *out);

/* "512", "1.2K", "12M": five characters at most; "-" for what is not known. */
void top_format_bytes(double bytes, char out[8]);

#endif
