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

#include "lifecycle/supervisor_args.h"
#include "supervisor/run.h"
#include "supervisor/system.h"

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

/* Adds a new fd of ours to the epoll: it, or a negative errno value. */
static long watch_add(int epoll_fd, long fd)
{
	long failed = fd < 0 ? fd : system_watch(epoll_fd, (int)fd);

	return failed < 0 ? failed : fd;
}

/*
 * The first look comes with the delay of all others: a container that is there for a moment only
 * costs no process more, and no instance: the kernel takes 10 ms to give up one with watches. 0, or a
 * negative errno value.
 */
static inline long watch_begin(struct watch *watch, int epoll_fd)
{
	long fd;

	if (watch->timer_fd < 0) {
		fd = watch_add(epoll_fd, system_open_timer());
		if (fd < 0)
			return fd;
		watch->timer_fd = (int)fd;
	}
	return system_set_timer(watch->timer_fd, DELAY_SECONDS);
}

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
 * run_dir_fd, a name a line. buffer: aligned as struct inotify_event.
 */
static inline void watch_look(const struct watch *watch, int run_dir_fd, char *buffer, size_t size)
{
	const size_t half = size / 2;
	bool changed = false;
	long length = system_read(watch->events_fd, buffer, half);

	for (long at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		/* A watch that is gone went with its file, of which there is an event before it. */
		if (!(event->mask & IN_IGNORED) && !changed)
			changed = event->len == 0 ||
				  is_awaited(run_dir_fd, event->name, buffer + half, size - half);
		at += (long)sizeof(*event) + (long)event->len;
	}
	if (changed)
		system_set_timer(watch->timer_fd, DELAY_SECONDS);
}

static void run_refresh(const struct watch *watch, const struct supervisor_args *args, char *envp[])
{
	char number[12];
	const char *argv[] = {"cman", "-c", args->manager_file, "refresh", "--", number, NULL};

	supervisor_format_number(number, watch->events_fd);
	run_cman(args, argv, watch->events_fd, envp);
	system_exit(1);
}

/* After the timer: runs cman, or sets the timer again while one runs. */
static inline long watch_refresh(struct watch *watch, int epoll_fd,
				 const struct supervisor_args *args, char *envp[])
{
	uint64_t count;
	long result;

	system_read(watch->timer_fd, &count, sizeof(count));
	if (watch->child > 0)
		return system_set_timer(watch->timer_fd, DELAY_SECONDS);
	if (watch->events_fd < 0) {
		result = watch_add(epoll_fd, system_open_inotify());
		if (result < 0)
			return result;
		watch->events_fd = (int)result;
	}
	result = system_fork();
	if (result == 0)
		run_refresh(watch, args, envp);
	if (result > 0)
		watch->child = result;
	return result;
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
