/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h: what has happened to containers, in STATE_DIR/events: one JSON object a line, in the
 * order in which it was noted, by whoever made it happen:
 *
 *   {"time":"2026-11-22T18:30:05.123456Z","name":"web","instance":"0d4f...","event":"exited",
 *    "exit_status":3}
 *
 * A file that has reached EVENT_FILE_MAX becomes events.1, in the place of the one before it. Any
 * number of processes may note and read at the same time: no line is lost or torn.
 */
#ifndef STATE_EVENT_H
#define STATE_EVENT_H

#include "base/json.h"
#include "state/record.h"

#define EVENT_FILE     "events"
#define EVENT_FILE_OLD "events.1"
#define EVENT_FILE_MAX (1024 * 1024) /* bytes; there is one file of that size and one before it */

enum event_kind {
	EVENT_STARTED, /* it runs: pid */
	EVENT_STOPPED, /* by a command */
	EVENT_EXITED,  /* it ended by itself: exit_status or signal */
	EVENT_OOM,     /* processes of it were killed at its memory limit: kills, limit, at */
	EVENT_FAILED, /* it could not be brought up, or taken down: action (start, stop, apply), error */
	EVENT_RESTARTING, /* it ended by itself, and is to be started again: delay, retries */
	EVENT_CHANGED,    /* while it runs, to what its file says: keys */
	EVENT_PAUSED,
	EVENT_RESUMED,
	EVENT_READY,     /* what it was waited for is there: awaited */
	EVENT_NOT_READY, /* the time for it is over; it goes on running: reason */
	EVENT_HEALTHY,   /* a health check passed, after it started or was unhealthy */
	EVENT_UNHEALTHY, /* so many checks in a row have failed: failures, reason, on_failure */
};

/* "started"; what stands in the file. */
const char *event_kind_name(enum event_kind kind);

/*
 * Notes what has just happened to a container. instance: "" where there is none (yet). details:
 * further members, as told above, or NULL; taken. What cannot be written is told as a warning: it
 * has happened all the same.
 */
void event_note(const struct state *state, enum event_kind kind, const char *name,
		const char *instance, struct json *details);

/* The last line about a container, without its newline: 1; 0: there is none; -1. */
int event_find_last(const struct state *state, const char *name, struct text *line,
		    struct error *err);

/* Reading, from the oldest on. */
struct event_log {
	int dir_fd;      /* STATE_DIR, of the state it was opened with */
	int fd, next_fd; /* what is read now, and what comes after it; -1: none */
	bool is_over;    /* nobody writes to fd any more */
	char *bytes;
	size_t start, end, size;
};
void event_log_open(const struct state *state, struct event_log *log);
void event_log_close(struct event_log *log);
#define AUTO_EVENT_LOG AUTO(event_log_close)

/*
 * The next line, without its newline, good until the next call: 1; 0: there is none now, and may
 * be one later; -1.
 */
int event_log_next(struct event_log *log, const char **line, size_t *length, struct error *err);

#endif
