/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/await.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"
#include "cmd/view.h"
#include "lifecycle/container.h"

#define NAMED_MAX  3
#define CLEAR_LINE "\r\033[K"

static bool is_told; /* there is a line on the terminal to be taken away */

static unsigned int terminal_columns(void)
{
	struct winsize size = {0};

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* "waiting for web: port 80, db: file /run/up and 2 more" */
static void describe_waits(const struct ready_wait *waits, size_t count, struct text *text)
{
	size_t pending = 0;

	text_addf(text, "waiting for");
	for (size_t i = 0; i < count; i++) {
		if (waits[i].result != READY_PENDING)
			continue;
		if (pending++ < NAMED_MAX)
			text_addf(text, "%s %s: %s", pending > 1 ? "," : "", waits[i].name,
				  waits[i].record.ready);
	}
	if (pending > NAMED_MAX)
		text_addf(text, " and %zu more", pending - NAMED_MAX);
}

/*
 * "stopping web (killed after 10s), db (after 1m) and 2 more". In whole seconds: where shutdown.timeout is
 * shared out, odd times come of it.
 */
static void describe_stops(const struct container *const *containers, size_t count,
			   struct text *text)
{
	text_addf(text, "stopping");
	for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
		uint64_t seconds = (containers[i]->record.stop_timeout_ms + UINT64_C(999)) / 1000;
		char limit[PARSE_TEXT_MAX];

		parse_format_duration(seconds * 1000, limit);
		text_addf(text, "%s %s (%safter %s)", i ? "," : "", containers[i]->name,
			  i ? "" : "killed ", limit);
	}
	if (count > NAMED_MAX)
		text_addf(text, " and %zu more", count - NAMED_MAX);
}

/*
 * One that is longer than the terminal is wide could not be taken away. There are no less bytes than
 * columns.
 */
static void show_line(const struct text *text, uint64_t waited_ms)
{
	static const char gap[] = "...";
	const size_t columns = terminal_columns();
	size_t shown = text->length, used;
	char time[32];

	/* The last column stays free: there the cursor is. */
	used = 1 + (size_t)snprintf(time, sizeof(time), ", %" PRIu64 " s", waited_ms / 1000);
	if (shown + used > columns) {
		used += strlen(gap);
		shown = columns > used ? columns - used : 0;
		while (shown > 0 && (text->data[shown] & 0xc0) == 0x80)
			shown--; /* not in the middle of a character */
	}
	fprintf(stderr, CLEAR_LINE "%.*s%s%s", (int)shown, text->data,
		shown < text->length ? gap : "", time);
	fflush(stderr);
	is_told = true;
}

void await_tell_progress(const struct ready_wait *waits, size_t count, uint64_t waited_ms)
{
	AUTO_TEXT struct text text = {0};

	describe_waits(waits, count, &text);
	show_line(&text, waited_ms);
}

void await_clear_progress(void)
{
	if (is_told)
		fprintf(stderr, CLEAR_LINE);
	is_told = false;
}

static void tell_stops(const struct container *const *containers, size_t count, uint64_t waited_ms)
{
	AUTO_TEXT struct text text = {0};

	if (count == 0) {
		await_clear_progress();
		return;
	}
	describe_stops(containers, count, &text);
	show_line(&text, waited_ms);
}

void await_tell_stops(struct host *host)
{
	if (isatty(STDERR_FILENO))
		host->stop_progress = tell_stops;
}

void await_report(struct ready_wait *wait)
{
	char duration[32], end[128];

	switch (wait->result) {
	case READY_REACHED:
		if (wait->waited_ms < 1000)
			snprintf(duration, sizeof(duration), "%" PRIu64 "ms", wait->waited_ms);
		else
			text_format_duration(duration, sizeof(duration), wait->waited_ms / 1000);
		printf("%s: ready after %s\n", wait->name, duration);
		return;
	case READY_ENDED:
		view_describe_end(&wait->record, end, sizeof(end));
		error_set(&wait->error, 0, "ended before it was ready%s%s", *end ? ", " : "", end);
		error_hint(&wait->error, "cman logs %s tells what it said", wait->name);
		break;
	case READY_TIMED_OUT:
		error_hint(&wait->error, "it goes on running: cman logs %s, cman exec %s ..., "
			   "cman down %s", wait->name, wait->name, wait->name);
		break;
	case READY_FAILED:
	case READY_PENDING:
		break;
	}
	error_wrap(&wait->error, "%s", wait->name);
	log_error(&wait->error);
}
