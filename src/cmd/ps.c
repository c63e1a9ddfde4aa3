/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman ps */
#include <string.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/view_list.h"

enum { COLUMN_NAME, COLUMN_STATE, COLUMN_ADDRESS, COLUMN_PORTS, COLUMN_UPTIME,
       COLUMN_MARKS, COLUMN_COUNT };

struct row {
	char *cells[COLUMN_COUNT]; /* owned */
	const char *color;         /* of the state, "" for none */
};

static const char *color_of(const struct view *view)
{
	switch (view->state) {
	case VIEW_RUNNING:
		if (view_is_unwell(view))
			return "\033[33m";
		return "\033[32m";
	case VIEW_PAUSED:
	case VIEW_STARTING:
	case VIEW_STOPPING:
	case VIEW_RESTARTING:
	case VIEW_STALE:
	case VIEW_UNKNOWN:
		return "\033[33m";
	case VIEW_EXITED:
		return view->record.wait_status != 0 ? "\033[31m" : "";
	case VIEW_STOPPED:
		break;
	}
	return "";
}

/* "5m 12s", "5s, restarted 3x", "in 4s, restart 4": nobody takes one that flaps for a healthy one. */
static char *uptime_cell(const struct view *view)
{
	const uint32_t restarts = view->record.restarts.count;
	char uptime[32], delay[32];

	if (view->state == VIEW_RESTARTING) {
		text_format_duration(delay, sizeof(delay), (view_restart_wait(view) + 999) / 1000);
		return xprintf("in %s, restart %u", delay, restarts + 1);
	}
	if (!view->alive)
		return xstrdup("-");
	text_format_duration(uptime, sizeof(uptime), view_uptime(view));
	return restarts ? xprintf("%s, restarted %ux", uptime, restarts) : xstrdup(uptime);
}

static char *join_or_dash(const struct text *text)
{
	return xstrdup(text->length > 0 ? text->data : "-");
}

static char *address_cell(const struct record *record)
{
	AUTO_TEXT struct text text = {0};

	for (size_t i = 0; i < record->addresses.count; i++)
		text_addf(&text, "%s%s", i ? "," : "", load_record_address(record, i));
	return join_or_dash(&text);
}

static char *list_cell(const struct strlist *list)
{
	AUTO_TEXT struct text text = {0};

	for (size_t i = 0; i < list->count; i++)
		text_addf(&text, "%s%s", i ? "," : "", list->items[i]);
	return join_or_dash(&text);
}

static struct row make_row(const struct view *view)
{
	static const struct record none;
	/* One that is started again keeps them. */
	const struct record *record =
		view->alive || view->state == VIEW_RESTARTING ? &view->record : &none;

	return (struct row){
		.cells = {xstrdup(view->name), view_describe_state(view), address_cell(record),
			  list_cell(&record->ports), uptime_cell(view), list_cell(&view->marks)},
		.color = color_of(view),
	};
}

static void print_row(const char *const *cells, const size_t *widths, const char *color)
{
	for (int i = 0; i < COLUMN_COUNT; i++) {
		bool colored = i == COLUMN_STATE && *color;

		fputs(colored ? color : "", stdout);
		fputs(cells[i], stdout);
		fputs(colored ? "\033[0m" : "", stdout);
		/* The last column is not padded. */
		for (size_t at = strlen(cells[i]); i + 1 < COLUMN_COUNT && at < widths[i] + 2; at++)
			putchar_unlocked(' ');
	}
	putchar_unlocked('\n');
}

static void print_table(const struct row *rows, size_t count)
{
	static const char *const titles[COLUMN_COUNT] = {"NAME", "STATE", "ADDRESS", "PORTS",
							 "UPTIME", "MARKS"};
	bool color = log_use_color(stdout);
	size_t widths[COLUMN_COUNT];

	for (int column = 0; column < COLUMN_COUNT; column++) {
		widths[column] = strlen(titles[column]);
		for (size_t i = 0; i < count; i++)
			if (strlen(rows[i].cells[column]) > widths[column])
				widths[column] = strlen(rows[i].cells[column]);
	}
	print_row(titles, widths, "");
	for (size_t i = 0; i < count; i++)
		print_row((const char *const *)rows[i].cells, widths, color ? rows[i].color : "");
}

static void clear_rows(struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (int column = 0; column < COLUMN_COUNT; column++)
			free(rows[i].cells[column]);
}

int cmd_ps(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_VIEW_LIST struct view_list list = {.state = {-1, -1, -1}};
	AUTO_JSON struct json *json = NULL;
	AUTO_FREE struct row *rows = NULL;

	if (view_list_take(options, argc, argv, &list, err) < 0)
		return -1;
	if (options->json) {
		json = json_new_list();
		for (size_t i = 0; i < list.count; i++)
			json_append(json, view_to_json(&list.views[i]));
		json_print(json, stdout);
		return 0;
	}
	rows = xalloc(list.count, sizeof(*rows));
	for (size_t i = 0; i < list.count; i++)
		rows[i] = make_row(&list.views[i]);
	print_table(rows, list.count);
	clear_rows(rows, list.count);
	return 0;
}
