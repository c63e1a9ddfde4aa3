/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/status_why.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/moment.h"
#include "base/parse.h"
#include "cmd/status_line.h"
#include "state/event.h"

static long find_holder(const struct state *state, const char *name)
{
	AUTO_FD int dir_fd = record_open_directory(state, name, NULL);
	AUTO_FD int lock_fd = dir_fd < 0 ? -1 : fs_open_at(dir_fd, "lock", O_RDONLY, 0, NULL);

	return lock_fd < 0 ? 0 : lock_find_holder(lock_fd);
}

static void describe_wait(const struct view *view, char *out, size_t size)
{
	const struct record *record = &view->record;
	char timeout[PARSE_TEXT_MAX], name[32];

	if (view->state == VIEW_STARTING && record->steps.count > 0) {
		snprintf(out, size, "step \"%s\" of its start",
			 record->steps.items[record->steps.count - 1]);
	} else if (view->state == VIEW_STOPPING && view->alive) {
		parse_format_duration(record->stop_timeout_ms, timeout);
		snprintf(out, size, "its end after %s; it is killed %s after that",
			 process_signal_name(record->stop_signal, name, sizeof(name)) ?: "a signal",
			 timeout);
	} else if (view->state == VIEW_STOPPING) {
		snprintf(out, size, "the end of its clean-up");
	} else if (view->state == VIEW_RESTARTING) {
		snprintf(out, size, "the time of its restart; \"cman up %s\" is at once",
			 view->name);
	} else if (view->state == VIEW_PAUSED) {
		snprintf(out, size, "\"cman resume %s\"", view->name);
	} else if (view->state == VIEW_RUNNING && view->ready &&
		   view->ready->readiness == READINESS_WAITING) {
		snprintf(out, size, "%s", view->ready->text);
	} else {
		*out = '\0';
	}
}

/* The record is written when a wait begins; what is asked for readiness is so from the start on. */
static uint64_t find_since(const struct view *view, const struct state *state)
{
	AUTO_FREE char *path = xprintf("%s/record", view->name);
	struct stat st;

	if (view->state == VIEW_PAUSED)
		return view->record.paused_at;
	if (view->state == VIEW_RUNNING)
		return view->record.started_at;
	return fstatat(state->containers_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0
		       ? (uint64_t)st.st_mtime
		       : 0;
}

void status_why_take(const struct view *view, const struct state *state, struct status_why *why)
{
	AUTO_TEXT struct text line = {0};

	*why = (struct status_why){.holder = 0};
	if (!state)
		return;
	describe_wait(view, why->waits_for, sizeof(why->waits_for));
	if (*why->waits_for)
		why->since = find_since(view, state);
	if (view->state == VIEW_STARTING || view->state == VIEW_STOPPING)
		why->holder = find_holder(state, view->name);
	if (event_find_last(state, view->name, &line, NULL) == 1)
		why->last_event = json_parse_object(line.data, line.length, NULL);
}

void status_why_clear(struct status_why *why)
{
	json_free(&why->last_event);
}

/* Of what does not run, and has not left a record that tells it. */
static void print_last_event(const struct json *object)
{
	const char *event = json_get_text(object, "event"), *when = json_get_text(object, "time");
	const char *action = json_get_text(object, "action"),
		   *error = json_get_text(object, "error");
	char text[MOMENT_TEXT_MAX];
	uint64_t moment;

	if (!event || !when || moment_parse(when, 0, &moment, NULL) < 0)
		return;
	moment_format_local(moment, text);
	status_line(STATUS_LAST, "%s, %s", event, text);
	if (error)
		status_line(STATUS_MORE, "%s: %s", action ? action : "why", error);
}

/* "since 2026-11-22 18:30:05 +0100 (12s)" */
static void print_since(uint64_t since)
{
	const uint64_t now = (uint64_t)time(NULL);
	char duration[32], text[MOMENT_TEXT_MAX];

	moment_format_seconds(since, text);
	text_format_duration(duration, sizeof(duration), now > since ? now - since : 0);
	status_line(STATUS_MORE, "since %s (%s)", text, duration);
}

void status_why_print(const struct view *view, const struct status_why *why)
{
	if (*why->waits_for)
		status_line(STATUS_WAITS_FOR, "%s", why->waits_for);
	if (why->since)
		print_since(why->since);
	if (why->holder > 0)
		status_line(STATUS_MORE, "process %ld works on it", why->holder);
	if (why->last_event && !view->alive && !view->record.exited)
		print_last_event(why->last_event);
}

void status_why_to_json(const struct status_why *why, struct json *object)
{
	json_add_text(object, "waits_for", *why->waits_for ? why->waits_for : NULL);
	json_add_number(object, "waits_since", why->since ? why->since : UINT64_MAX);
	json_add_number(object, "worked_on_by",
			why->holder > 0 ? (uint64_t)why->holder : UINT64_MAX);
	if (why->last_event)
		json_add_copy(object, "last_event", why->last_event);
	else
		json_add_text(object, "last_event", NULL);
}
