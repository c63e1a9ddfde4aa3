/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/check_drift.h"

#include <string.h>

#include "base/log.h"
#include "lifecycle/drift_run.h"

enum { COLUMN_OF, COLUMN_WHAT, COLUMN_WANTED, COLUMN_RECORDED, COLUMN_ACTUAL, COLUMN_RESULT,
       COLUMN_COUNT };

struct row {
	const char *cells[COLUMN_COUNT];
};

static struct row make_row(const struct difference *item, bool repair)
{
	return (struct row){{item->subject, item->what, item->wanted, item->recorded, item->actual,
			     !repair ? "" : item->mended ? "mended" : "NOT MENDED"}};
}

static void widen(size_t *widths, const struct row *row)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (strlen(row->cells[i]) > widths[i])
			widths[i] = strlen(row->cells[i]);
}

static void print_row(const struct row *row, const size_t *widths, int columns)
{
	/* The last column is not padded. */
	for (int i = 0; i < columns; i++)
		printf("%-*s%s", i + 1 < columns ? (int)widths[i] : 0, row->cells[i],
		       i + 1 < columns ? "  " : "\n");
}

static void print_table(const struct drift *drift, bool repair)
{
	const struct row titles = {{"OF", "WHAT", "WANTED", "RECORDED", "ACTUAL", "RESULT"}};
	const int columns = repair ? COLUMN_COUNT : COLUMN_RESULT;
	size_t widths[COLUMN_COUNT] = {0};

	if (drift->count == 0)
		return;
	widen(widths, &titles);
	for (size_t i = 0; i < drift->count; i++) {
		struct row row = make_row(&drift->items[i], repair);

		widen(widths, &row);
	}
	print_row(&titles, widths, columns);
	for (size_t i = 0; i < drift->count; i++) {
		struct row row = make_row(&drift->items[i], repair);

		print_row(&row, widths, columns);
	}
}

static size_t count_left(const struct drift *drift)
{
	size_t left = 0;

	for (size_t i = 0; i < drift->count; i++)
		left += !drift->items[i].mended;
	return left;
}

static void print_changed(const struct conf *conf, const char *name)
{
	if (conf_find(conf, name))
		printf("%s: runs otherwise than its file says now: cman apply %s\n", name, name);
	else
		printf("%s: runs, and has no file any more: cman down %s\n", name, name);
}

static void print_remarks(const struct conf *conf, const struct drift_report *report)
{
	for (size_t i = 0; i < report->busy.count; i++)
		printf("%s: another command works on it, left alone\n", report->busy.items[i]);
	for (size_t i = 0; i < report->changed.count; i++)
		print_changed(conf, report->changed.items[i]);
	for (size_t i = 0; i < report->failures.count; i++)
		log_warning("%s", report->failures.items[i]);
	for (size_t i = 0; i < report->drift.count; i++)
		if (report->drift.items[i].remedy == REMEDY_NONE)
			log_warning("%s: its record is damaged: cman down %s ends it, by its names",
				    report->drift.items[i].subject, report->drift.items[i].subject);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void summarize(const struct drift_report *report, bool repair)
{
	const size_t found = report->drift.count, left = count_left(&report->drift);

	if (report->containers + report->networks + found == 0)
		return;
	printf("%zu container%s and %zu network%s up, ", report->containers,
	       plural(report->containers), report->networks, plural(report->networks));
	if (found == 0)
		printf("nothing has drifted\n");
	else if (repair)
		printf("%zu difference%s, %zu mended\n", found, plural(found), found - left);
	else
		printf("%zu difference%s: cman check --repair mends\n", found, plural(found));
}

int check_drift(const struct conf *conf, bool repair, struct error *err)
{
	AUTO_DRIFT_REPORT struct drift_report report = {.containers = 0};

	if (drift_run(conf, repair, &report, err) < 0)
		return error_wrap(err, "look at what runs");
	print_table(&report.drift, repair);
	print_remarks(conf, &report);
	summarize(&report, repair);
	return count_left(&report.drift) > 0 ? EXIT_DRIFTED : EXIT_SUCCESS;
}
