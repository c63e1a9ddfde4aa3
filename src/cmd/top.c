/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman top */
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/process.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/top_table.h"
#include "kernel/screen.h"
#include "kernel/terminal.h"

#define DELAY_MS     1000
#define DELAY_MIN_MS 100
#define DELAY_MAX_MS (3600 * 1000)

struct top {
	struct stats stats;
	const struct strlist *names; /* NULL: all */
	struct top_row *rows;
	size_t count;
	struct top_summary summary;
	struct top_view view;
	struct text frame;
	uint64_t delay_ms;
};

static void top_clear(struct top *top)
{
	screen_close();
	stats_close(&top->stats);
	free(top->rows);
	text_clear(&top->frame);
}

/* ---- looking and drawing ---- */

static void summarize(struct top_summary *summary)
{
	time_t now = time(NULL);
	struct sysinfo host;
	struct tm local;

	if (localtime_r(&now, &local))
		strftime(summary->time, sizeof(summary->time), "%T", &local);
	summary->processors = (unsigned int)get_nprocs();
	if (sysinfo(&host) == 0)
		summary->memory = (uint64_t)host.totalram * host.mem_unit;
}

static int look(struct top *top, struct error *err)
{
	uint64_t now;

	if (stats_look(&top->stats, top->names, err) < 0)
		return -1;
	now = process_boottime_seconds();
	top->rows = xrealloc(top->rows, top->stats.count + 1, sizeof(*top->rows));
	top->count = 0;
	for (size_t i = 0; i < top->stats.count; i++) {
		const struct stats_item *item = &top->stats.items[i];

		if (!item->running)
			continue;
		top->rows[top->count].item = item;
		stats_rate(item, &top->rows[top->count].rates);
		top->rows[top->count].uptime =
			now > item->started_boottime ? now - item->started_boottime : 0;
		top->count++;
	}
	summarize(&top->summary);
	return 0;
}

static int draw(struct top *top, struct error *err)
{
	struct screen_size size = screen_get_size();

	top->view.rows = size.rows;
	top->view.columns = size.columns;
	top_sort(top->rows, top->count, top->view.order, top->view.reversed);
	top->frame.length = 0;
	top_draw(top->rows, top->count, &top->summary, &top->view, &top->frame);
	return screen_draw(top->frame.data, top->frame.length, err);
}

/* ---- keys ---- */

static void scroll(struct top *top, int key)
{
	size_t page = top_page(&top->view), *first = &top->view.first;

	if (key == SCREEN_UP && *first > 0)
		(*first)--;
	else if (key == SCREEN_DOWN)
		(*first)++;
	else if (key == SCREEN_PAGE_UP)
		*first -= *first < page ? *first : page;
	else if (key == SCREEN_PAGE_DOWN)
		*first += page;
	else if (key == SCREEN_HOME)
		*first = 0;
	else if (key == SCREEN_END)
		*first = top->count; /* as far as there are rows */
}

static void take_key(struct top *top, int key)
{
	static const char orders[] = {
		[TOP_CPU] = 'c', [TOP_MEMORY] = 'm',  [TOP_TASKS] = 'p',
		[TOP_IO] = 'i',  [TOP_NETWORK] = 'n', [TOP_NAME] = 'N',
	};

	if (key == 'r')
		top->view.reversed = !top->view.reversed;
	for (size_t i = 0; i < sizeof(orders); i++) {
		if (key == orders[i]) {
			top->view.order = (enum top_order)i;
			top->view.first = 0;
		}
	}
	scroll(top, key);
}

/* Until it is time to look again: 1; 0: it is to end; -1. */
static int serve(struct top *top, uint64_t until_ms, struct error *err)
{
	for (;;) {
		uint64_t now = process_monotonic_ms();
		int key;

		if (now >= until_ms)
			return 1;
		key = screen_wait((int)(until_ms - now), err);
		if (key < 0)
			return -1;
		if (key == SCREEN_CLOSED || key == 'q')
			return 0;
		if (key == SCREEN_TIMEOUT)
			continue;
		take_key(top, key);
		if (draw(top, err) < 0)
			return -1;
	}
}

static int go_on(struct top *top, struct error *err)
{
	/* The first one has no rates yet: the second comes soon. */
	uint64_t delay_ms = top->delay_ms < 250 ? top->delay_ms : 250;
	int rc;

	for (;;) {
		uint64_t begin = process_monotonic_ms();

		if (draw(top, err) < 0)
			return -1;
		rc = serve(top, begin + delay_ms, err);
		if (rc <= 0)
			return rc;
		if (look(top, err) < 0)
			return -1;
		delay_ms = top->delay_ms;
	}
}

/* ---- the command ---- */

/* "2", "0.5" and what durations are elsewhere, "500ms". */
static int parse_delay(const char *text, uint64_t *delay_ms, struct error *err)
{
	char *end;
	double seconds;

	*delay_ms = DELAY_MS;
	if (!text)
		return 0;
	seconds = strtod(text, &end);
	if (end != text && *end == '\0' && seconds >= 0 && seconds <= DELAY_MAX_MS / 1e3)
		*delay_ms = (uint64_t)(seconds * 1000 + 0.5);
	else if (parse_duration(text, delay_ms, err) < 0)
		return error_wrap(err, "--delay"), COMMAND_MISUSED;
	if (*delay_ms < DELAY_MIN_MS || *delay_ms > DELAY_MAX_MS) {
		command_misused(err, "--delay: %s is not from 0.1 to 3600 seconds", text);
		return COMMAND_MISUSED;
	}
	return 0;
}

static int require_terminal(struct error *err)
{
	const char *term = getenv("TERM");

	if (terminal_is_interactive() && term && *term && strcmp(term, "dumb") != 0)
		return 0;
	error_set(err, 0, "standard input and output are no terminal that a table could be kept on");
	return error_hint(err, "cman stats tells the same once, with --json for programs");
}

int cmd_top(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO(top_clear) struct top top = {.names = argc > 0 ? &names : NULL};
	int rc = parse_delay(options->delay, &top.delay_ms, err);

	stats_init(&top.stats, &conf.manager);
	if (rc < 0)
		return rc;
	if (require_terminal(err) < 0 ||
	    load_recorded(options, argc, argv, LOAD_KNOWN, &conf, &names, err) < 0)
		return -1;
	strlist_sort(&names);
	top.view.color = log_use_color(stdout);
	/* What the first look finds to mend is told where it stays to be read. */
	if (look(&top, err) < 0 || screen_open(err) < 0)
		return -1;
	return go_on(&top, err) < 0 ? -1 : EXIT_SUCCESS;
}
