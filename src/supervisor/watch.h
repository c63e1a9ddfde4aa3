/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h: one supervisor of the host watches for other name servers, for all containers that have
 * those of the host. Which files matter is the business of "cman refresh", which it runs: this
 * here only knows an inotify(7) instance, whose watches cman adds, a timer and a child.
 */
#ifndef SUPERVISOR_WATCH_H
#define SUPERVISOR_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/log.h"
#include "supervisor/run.h"
#include "supervisor/supervisor.h"

#define AWAITED "../../" SUPERVISOR_AWAITED_FILE

/*
 * From a change to cman's look at it, all further changes in between are part of it. A file that
 * is being written may be read half: its end is a further change, and a further look.
 */
#define DELAY_SECONDS 1

struct watch {
	int timer_fd;  /* -1: another supervisor watches, or none */
	int events_fd; /* inotify; -1: not yet */
	long child;    /* pid of the "cman refresh" that runs, 0: none */
};
#define WATCH_INIT {-1, -1, 0}

/* name in text, which ends with a NUL byte, as a line of its own. */
static bool has_line(const char *text, const char *name)
{
	while (*text) {
		const char *rest = name;

		while (*rest && *text == *rest)
			text++, rest++;
		if (!*rest && *text == '\n')
			return true;
		while (*text && *text++ != '\n')
			;
	}
	return false;
}

/* What cannot be looked up counts as awaited. text: room for the file. */
static bool is_awaited(int run_dir_fd, const char *name, char *text, size_t size)
{
	long fd, length;

	fd = system_open_at(run_dir_fd, AWAITED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	length = fd < 0 ? fd : system_read((int)fd, text, size - 1);
	if (fd >= 0)
		system_close((int)fd);
	if (length < 0)
		return true;
	text[length] = '\0';
	return has_line(text, name);
}

/*
 * After an event: sets the timer if it is about one of the files. Directories in which something
 * is awaited tell of all that appears in them: what is meant stands in the file dns.awaited above
 * the run directory, a name a line.
 */
static inline void watch_look(struct supervisor *supervisor, void *part)
{
	const struct watch *watch = part;
	const size_t half = sizeof(chunk) / 2;
	bool changed = false;
	long length = system_read(watch->events_fd, chunk, half);

	for (long at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(chunk + at);

		/* A watch that is gone went with its file, of which there is an event before it. */
		if (!(event->mask & IN_IGNORED) && !changed)
			changed = event->len == 0 ||
				  is_awaited(supervisor->args.run_dir_fd, event->name, chunk + half,
					     sizeof(chunk) - half);
		at += (long)sizeof(*event) + (long)event->len;
	}
	if (changed)
		system_set_timer(watch->timer_fd, DELAY_SECONDS);
}

static void run_refresh(const struct watch *watch, const struct supervisor *supervisor)
{
	char number[12];
	const char *argv[] = {"cman", "-c", supervisor->args.manager_file, "refresh",
			      "--", number, NULL};

	supervisor_format_number(number, watch->events_fd);
	run_cman(supervisor, argv, watch->events_fd);
	system_exit(1);
}

static void tell_watch(struct supervisor *supervisor, long result)
{
	if (result < 0)
		log_line(supervisor, "name servers are not watched: error ", (uint64_t)-result, "");
}

/* 0, or a negative errno value. */
static long watch_open(struct watch *watch, struct supervisor *supervisor)
{
	long fd;

	if (watch->events_fd >= 0)
		return 0;
	fd = sources_add(&supervisor->sources, system_open_inotify(), watch_look, watch);
	if (fd < 0)
		return fd;
	watch->events_fd = (int)fd;
	return 0;
}

/* After the timer: runs cman, or sets the timer again while one runs. */
static inline void watch_refresh(struct supervisor *supervisor, void *part)
{
	struct watch *watch = part;
	uint64_t count;
	long result;

	system_read(watch->timer_fd, &count, sizeof(count));
	if (watch->child > 0) {
		system_set_timer(watch->timer_fd, DELAY_SECONDS);
		return;
	}
	result = watch_open(watch, supervisor);
	if (result == 0)
		result = system_fork();
	if (result == 0)
		run_refresh(watch, supervisor);
	if (result > 0)
		watch->child = result;
	tell_watch(supervisor, result);
}

/*
 * The first look comes with the delay of all others: a container that is there for a moment only
 * costs no process more, and no instance: the kernel takes 10 ms to give up one with watches.
 */
static inline void watch_begin(struct watch *watch, struct supervisor *supervisor)
{
	long fd = watch->timer_fd;

	if (fd < 0)
		fd = sources_add(&supervisor->sources, system_open_timer(), watch_refresh, watch);
	if (fd >= 0) {
		watch->timer_fd = (int)fd;
		fd = system_set_timer((int)fd, DELAY_SECONDS);
	}
	tell_watch(supervisor, fd);
}

/* Takes up the child if it has ended; wait: once it has. */
static inline void watch_reap(struct watch *watch, bool wait)
{
	/* No EINTR, as all signals are blocked. */
	if (watch->child > 0 && system_wait_child((int)watch->child, wait ? 0 : WNOHANG) != 0)
		watch->child = 0;
}

/* At the end: no child, no instance. */
static inline void watch_end(struct watch *watch)
{
	watch_reap(watch, true);
	system_close(watch->events_fd); /* EBADF where there is none */
}

#endif
