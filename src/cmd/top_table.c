/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/top_table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NAME_MIN   12u
#define NAME_USUAL 24u /* what is of less importance does not shorten names that are no longer */
#define LESSER     3
#define LEAST      6
#define CELL_MAX   80
#define LINES_MORE 4u /* summary, titles, and at the end an empty one and the keys */

#define PLAIN   "\033[0m"
#define BOLD    "\033[1m"
#define DIM     "\033[2m"
#define REVERSE "\033[7m"
#define YELLOW  "\033[1;33m"
#define RED     "\033[1;31m"

/* A limit is near from here on, percent. */
#define NEAR  80
#define AT_IT 95

enum mark { MARK_NONE, MARK_NEAR, MARK_AT_IT };

/* ---- order ---- */

static double sum(double one, double other)
{
	if (isnan(one) || isnan(other))
		return isnan(one) ? other : one;
	return one + other;
}

static double known(uint64_t value)
{
	return value == UINT64_MAX ? NAN : (double)value;
}

static double weight(const struct top_row *row, enum top_order order)
{
	switch (order) {
	case TOP_CPU:
		return row->rates.cpu;
	case TOP_MEMORY:
		return known(row->item->now.usage.memory);
	case TOP_TASKS:
		return known(row->item->now.usage.pids);
	case TOP_IO:
		return sum(row->rates.read, row->rates.written);
	case TOP_NETWORK:
		return sum(row->rates.received, row->rates.sent);
	case TOP_NAME:
		break;
	}
	return 0;
}

struct comparison {
	enum top_order order;
	bool reversed;
};

static int compare(const void *one_pointer, const void *other_pointer, void *data)
{
	const struct top_row *one = one_pointer, *other = other_pointer;
	const struct comparison *comparison = data;
	double first = weight(one, comparison->order), second = weight(other, comparison->order);
	int by_name = strcmp(one->item->name, other->item->name);

	if (comparison->order == TOP_NAME)
		return comparison->reversed ? -by_name : by_name;
	if (isnan(first) || isnan(second))
		return isnan(first) && isnan(second) ? by_name : isnan(first) ? 1 : -1;
	if (first == second)
		return by_name;
	return (first > second) != comparison->reversed ? -1 : 1;
}

void top_sort(struct top_row *rows, size_t count, enum top_order order, bool reversed)
{
	struct comparison comparison = {order, reversed};

	if (count > 0)
		qsort_r(rows, count, sizeof(*rows), compare, &comparison);
}

/* ---- cells ---- */

void top_format_bytes(double bytes, char out[8])
{
	static const char units[] = " KMGTPE";
	size_t unit = 0;

	if (isnan(bytes)) {
		strcpy(out, "-");
		return;
	}
	/* What would be rounded to 1024 belongs to the next unit. */
	while (bytes >= 1023.5 && units[unit + 1]) {
		bytes /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(out, 8, "%.0f", bytes);
	else
		snprintf(out, 8, "%.*f%c", bytes < 9.95 ? 1 : 0, bytes, units[unit]);
}

static void percent(double value, char *out)
{
	if (isnan(value))
		strcpy(out, "-");
	else
		snprintf(out, CELL_MAX, "%.*f", value < 99.95 ? 1 : 0, value);
}

static void count(uint64_t value, char *out)
{
	if (value == UINT64_MAX)
		strcpy(out, "-");
	else
		snprintf(out, CELL_MAX, "%" PRIu64, value);
}

static void bytes(uint64_t value, char *out)
{
	top_format_bytes(known(value), out);
}

static enum mark near(double percent_of_limit)
{
	if (!(percent_of_limit >= NEAR))
		return MARK_NONE;
	return percent_of_limit >= AT_IT ? MARK_AT_IT : MARK_NEAR;
}

static enum mark cell_name(const struct top_row *row, char *out)
{
	snprintf(out, CELL_MAX, "%s%s", row->item->name, row->item->paused ? " (paused)" : "");
	return MARK_NONE;
}

static enum mark cell_cpu(const struct top_row *row, char *out)
{
	percent(row->rates.cpu, out);
	return near(row->rates.cpu_of_limit);
}

static enum mark cell_cpu_limit(const struct top_row *row, char *out)
{
	percent(row->rates.cpu_of_limit, out);
	return near(row->rates.cpu_of_limit);
}

static enum mark cell_throttled(const struct top_row *row, char *out)
{
	percent(row->rates.throttled, out);
	return near(row->rates.throttled);
}

static enum mark cell_memory(const struct top_row *row, char *out)
{
	bytes(row->item->now.usage.memory, out);
	return near(row->rates.memory_of_limit);
}

static enum mark cell_memory_max(const struct top_row *row, char *out)
{
	bytes(row->item->memory_limit, out);
	return MARK_NONE;
}

static enum mark cell_memory_limit(const struct top_row *row, char *out)
{
	percent(row->rates.memory_of_limit, out);
	return near(row->rates.memory_of_limit);
}

static enum mark cell_swap(const struct top_row *row, char *out)
{
	bytes(row->item->now.usage.swap, out);
	return MARK_NONE;
}

static enum mark cell_oom(const struct top_row *row, char *out)
{
	uint64_t kills = row->item->now.usage.oom_kills;

	count(kills, out);
	return kills > 0 && kills != UINT64_MAX ? MARK_AT_IT : MARK_NONE;
}

static enum mark cell_tasks(const struct top_row *row, char *out)
{
	count(row->item->now.usage.pids, out);
	return near(row->rates.pids_of_limit);
}

static enum mark cell_tasks_max(const struct top_row *row, char *out)
{
	count(row->item->pids_limit, out);
	return MARK_NONE;
}

static enum mark cell_read(const struct top_row *row, char *out)
{
	top_format_bytes(row->rates.read, out);
	return MARK_NONE;
}

static enum mark cell_written(const struct top_row *row, char *out)
{
	top_format_bytes(row->rates.written, out);
	return MARK_NONE;
}

static enum mark cell_received(const struct top_row *row, char *out)
{
	top_format_bytes(row->rates.received, out);
	return MARK_NONE;
}

static enum mark cell_sent(const struct top_row *row, char *out)
{
	top_format_bytes(row->rates.sent, out);
	return MARK_NONE;
}

static enum mark cell_dropped(const struct top_row *row, char *out)
{
	const struct link_counters *network = &row->item->now.network;

	count(network->received_dropped == UINT64_MAX || network->sent_dropped == UINT64_MAX
		      ? UINT64_MAX
		      : network->received_dropped + network->sent_dropped,
	      out);
	return MARK_NONE;
}

static enum mark pressure(const struct top_row *row, int resource, char *out)
{
	uint64_t some = row->item->now.usage.pressure[resource].some;

	percent(known(some) / 100, out);
	return some != UINT64_MAX && some >= 4000 ? MARK_NEAR : MARK_NONE;
}

static enum mark cell_cpu_pressure(const struct top_row *row, char *out)
{
	return pressure(row, CGROUP_PRESSURE_CPU, out);
}

static enum mark cell_memory_pressure(const struct top_row *row, char *out)
{
	return pressure(row, CGROUP_PRESSURE_MEMORY, out);
}

static enum mark cell_io_pressure(const struct top_row *row, char *out)
{
	return pressure(row, CGROUP_PRESSURE_IO, out);
}

static enum mark cell_uptime(const struct top_row *row, char *out)
{
	text_format_duration(out, CELL_MAX, row->uptime);
	return MARK_NONE;
}

/* ---- columns ---- */

#define NO_ORDER ((enum top_order) - 1)

static const struct column {
	const char *title;
	unsigned int width;
	unsigned int importance; /* 0: always there; where room is short the highest go first */
	enum top_order order;    /* it is sorted by */
	enum mark (*cell)(const struct top_row *row, char *out);
} columns[] = {
	{"NAME", 0, 0, TOP_NAME, cell_name},
	{"CPU%", 5, 0, TOP_CPU, cell_cpu},
	{"LIM%", 5, 3, NO_ORDER, cell_cpu_limit},
	{"THR%", 5, 4, NO_ORDER, cell_throttled},
	{"MEM", 5, 0, TOP_MEMORY, cell_memory},
	{"LIMIT", 5, 1, NO_ORDER, cell_memory_max},
	{"MEM%", 5, 1, NO_ORDER, cell_memory_limit},
	{"SWAP", 5, 6, NO_ORDER, cell_swap},
	{"OOM", 4, 4, NO_ORDER, cell_oom},
	{"TASKS", 5, 0, TOP_TASKS, cell_tasks},
	{"MAX", 6, 3, NO_ORDER, cell_tasks_max},
	{"READ/s", 7, 2, TOP_IO, cell_read},
	{"WRITE/s", 7, 2, TOP_IO, cell_written},
	{"RX/s", 6, 0, TOP_NETWORK, cell_received},
	{"TX/s", 6, 0, TOP_NETWORK, cell_sent},
	{"DROPS", 6, 6, NO_ORDER, cell_dropped},
	{"WAIT-CPU", 8, 5, NO_ORDER, cell_cpu_pressure},
	{"WAIT-MEM", 8, 5, NO_ORDER, cell_memory_pressure},
	{"WAIT-IO", 8, 5, NO_ORDER, cell_io_pressure},
	{"UPTIME", 8, 4, NO_ORDER, cell_uptime},
};

struct layout {
	bool shown[ARRAY_SIZE(columns)];
	unsigned int name_width;
	unsigned int gap; /* blanks between columns */
};

static void lay_out(const struct top_row *rows, size_t row_count, unsigned int width,
		    struct layout *layout)
{
	unsigned int used = 0, shown = 1, longest = NAME_MIN;
	char cell[CELL_MAX];

	*layout = (struct layout){.shown = {true}};
	for (size_t i = 0; i < row_count; i++) {
		cell_name(&rows[i], cell);
		if (strlen(cell) > longest)
			longest = (unsigned int)strlen(cell);
	}
	for (unsigned int importance = 0; importance <= LEAST; importance++) {
		unsigned int kept = importance < LESSER    ? NAME_MIN
				    : longest < NAME_USUAL ? longest
							   : NAME_USUAL;

		for (size_t i = 1; i < ARRAY_SIZE(columns); i++) {
			if (columns[i].importance != importance ||
			    kept + used + columns[i].width + 1 > width)
				continue;
			layout->shown[i] = true;
			used += columns[i].width + 1;
			shown++;
		}
	}
	/* What room is left goes to names that need it, then between the columns. */
	if (width < used + NAME_MIN)
		layout->name_width = width > used ? width - used : 0;
	else
		layout->name_width = longest < width - used ? longest : width - used;
	layout->gap = used + layout->name_width + shown - 1 <= width ? 2 : 1;
}

/* ---- lines ---- */

/* A line of the frame: what does not fit is left out, and what is left of an earlier one wiped. */
struct line {
	struct text *out;
	unsigned int room;
};

static void begin_line(struct line *line, struct text *out, unsigned int width, bool first)
{
	*line = (struct line){out, width};
	text_addf(out, "%s", first ? "\033[H" : "\r\n");
}

static void add(struct line *line, const char *style, const char *text, size_t length)
{
	size_t fits = length < line->room ? length : line->room;

	if (fits == 0)
		return;
	text_addf(line->out, "%s%.*s%s", style, (int)fits, text, *style ? PLAIN : "");
	line->room -= (unsigned int)fits;
}

static void add_blanks(struct line *line, const char *style, size_t count)
{
	char blanks[256];

	memset(blanks, ' ', sizeof(blanks));
	for (; count > 0 && line->room > 0; count -= count < 256 ? count : 256)
		add(line, style, blanks, count < 256 ? count : 256);
}

/* A cursor behind the last column stays on it, and would wipe what is there. */
static void end_line(struct line *line)
{
	if (line->room > 0)
		text_addf(line->out, "\033[K");
}

static const char *style_of(enum mark mark, bool color, bool paused)
{
	if (mark == MARK_AT_IT)
		return color ? RED : BOLD;
	if (mark == MARK_NEAR)
		return color ? YELLOW : BOLD;
	return paused ? DIM : "";
}

static void add_cell(struct line *line, const struct layout *layout, size_t column,
		     const char *style, const char *between, const char *cell)
{
	size_t width = column == 0 ? layout->name_width : columns[column].width;
	size_t length = strlen(cell), padding = length < width ? width - length : 0;

	if (column > 0) {
		add_blanks(line, between, layout->gap + padding);
		add(line, style, cell, length);
		return;
	}
	/* Names stand to the left; one that is cut says so. */
	if (length > width && width > 0) {
		add(line, style, cell, width - 1);
		add(line, style, "~", 1);
	} else {
		add(line, style, cell, length);
		add_blanks(line, between, padding);
	}
}

static void draw_titles(const struct layout *layout, const struct top_view *view, struct text *out)
{
	struct line line;

	begin_line(&line, out, view->columns, false);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (layout->shown[i])
			add_cell(&line, layout, i, columns[i].order == view->order ? BOLD : REVERSE,
				 REVERSE, columns[i].title);
	add_blanks(&line, REVERSE, line.room);
	end_line(&line);
}

static void draw_row(const struct top_row *row, const struct layout *layout,
		     const struct top_view *view, struct text *out)
{
	struct line line;
	char cell[CELL_MAX];

	begin_line(&line, out, view->columns, false);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		enum mark mark;

		if (!layout->shown[i])
			continue;
		mark = columns[i].cell(row, cell);
		add_cell(&line, layout, i, style_of(mark, view->color, row->item->paused), "", cell);
	}
	end_line(&line);
}

/* A part of a line that is there as a whole, or not at all. */
static void add_part(struct line *line, const char *style, const char *text)
{
	if (strlen(text) > line->room)
		line->room = 0;
	add(line, style, text, strlen(text));
}

static void draw_summary(const struct top_row *rows, size_t row_count,
			 const struct top_summary *summary, const struct top_view *view,
			 struct text *out)
{
	char part[64], used[8], all[8];
	size_t paused = 0;
	double cpu = 0, memory = 0;
	struct line line;

	for (size_t i = 0; i < row_count; i++) {
		paused += rows[i].item->paused;
		cpu = sum(cpu, rows[i].rates.cpu);
		memory = sum(memory, known(rows[i].item->now.usage.memory));
	}
	begin_line(&line, out, view->columns, true);
	text_addf(out, "\033[K");
	add_part(&line, BOLD, "cman top");
	snprintf(part, sizeof(part), "  %s", summary->time);
	add_part(&line, "", part);
	snprintf(part, sizeof(part), "  %zu running", row_count - paused);
	add_part(&line, "", part);
	snprintf(part, sizeof(part), ", %zu paused", paused);
	add_part(&line, "", paused > 0 ? part : "");
	snprintf(part, sizeof(part), "  cpu %.0f%% of %u%%", cpu, summary->processors * 100);
	add_part(&line, "", part);
	top_format_bytes(memory, used);
	top_format_bytes((double)summary->memory, all);
	snprintf(part, sizeof(part), "  memory %s of %s", used, all);
	add_part(&line, "", part);
}

static void draw_keys(size_t row_count, size_t page, const struct top_view *view, struct text *out)
{
	static const struct {
		const char *key, *meaning;
		enum top_order order;
	} keys[] = {
		/* First what is wanted also where there is no room for all of them. */
		{"q", "quit", NO_ORDER},   {"c", "cpu", TOP_CPU},      {"m", "memory", TOP_MEMORY},
		{"p", "tasks", TOP_TASKS}, {"i", "io", TOP_IO},        {"n", "net", TOP_NETWORK},
		{"N", "name", TOP_NAME},   {"r", "reverse", NO_ORDER},
	};
	size_t last = view->first + page < row_count ? view->first + page : row_count;
	struct line line;
	char place[64];
	int length;

	begin_line(&line, out, view->columns, false);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		bool chosen = keys[i].order == view->order ||
			      (keys[i].key[0] == 'r' && view->reversed);

		if (line.room < strlen(keys[i].meaning) + 2)
			break;
		add(&line, BOLD, keys[i].key, 1);
		add(&line, "", " ", 1);
		add(&line, chosen ? REVERSE : "", keys[i].meaning, strlen(keys[i].meaning));
		add(&line, "", "  ", 2);
	}
	length = snprintf(place, sizeof(place), "%zu-%zu of %zu", view->first + 1, last, row_count);
	if (row_count > page && (unsigned int)length < line.room) {
		add_blanks(&line, "", line.room - (unsigned int)length);
		add(&line, "", place, (size_t)length);
	}
	end_line(&line);
}

size_t top_page(const struct top_view *view)
{
	return view->rows > LINES_MORE ? view->rows - LINES_MORE : 0;
}

void top_draw(const struct top_row *rows, size_t count, const struct top_summary *summary,
	      struct top_view *view, struct text *out)
{
	size_t page = top_page(view), left;
	struct layout layout;
	struct line line;

	if (view->first + page > count)
		view->first = count > page ? count - page : 0;
	lay_out(rows, count, view->columns, &layout);
	draw_summary(rows, count, summary, view, out);
	if (view->rows > 1)
		draw_titles(&layout, view, out);
	left = count - view->first < page ? count - view->first : page;
	for (size_t i = 0; i < left; i++)
		draw_row(&rows[view->first + i], &layout, view, out);
	for (size_t i = left; i < page + (view->rows >= LINES_MORE); i++) {
		begin_line(&line, out, view->columns, false);
		if (count == 0 && i == 1)
			add(&line, DIM, "nothing runs", 12);
		end_line(&line);
	}
	if (view->rows > 2)
		draw_keys(count, page, view, out);
}
