/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sources.h: what the supervisor waits for. A part of it (watch.h is one) registers an fd with the
 * function that is called whenever there is something to be read from it.
 */
#ifndef SUPERVISOR_SOURCES_H
#define SUPERVISOR_SOURCES_H

#include <stdbool.h>

#include "supervisor/system.h"

#define SOURCES_MAX 16
#define EVENTS_MAX 8 /* taken at once */

struct supervisor;

/*
 * There may be nothing to be read after all, so the fd is non-blocking. part is what was given to
 * sources_add().
 */
typedef void (*source_handler)(struct supervisor *supervisor, void *part);

struct source {
	int fd;
	source_handler handler; /* NULL: a free place */
	void *part;
};

struct sources {
	int epoll_fd;
	struct source places[SOURCES_MAX];
};

static inline long sources_open(struct sources *sources)
{
	long fd = system_open_epoll();

	sources->epoll_fd = (int)fd;
	return fd < 0 ? fd : 0;
}

static inline long sources_add_for(struct sources *sources, long fd, uint32_t events_wanted,
				   source_handler handler, void *part)
{
	long failed;

	if (fd < 0)
		return fd;
	for (unsigned int i = 0; i < SOURCES_MAX; i++) {
		if (sources->places[i].handler)
			continue;
		failed = system_watch(sources->epoll_fd, EPOLL_CTL_ADD, (int)fd, events_wanted, i);
		if (failed < 0)
			return failed;
		sources->places[i] = (struct source){(int)fd, handler, part};
		return fd;
	}
	return SYSTEM_ENOSPC;
}

/*
 * fd may be the negative errno value of the call that should have opened it: it comes back. So does
 * what went wrong here; the fd then stays the caller's, else it is returned.
 */
static inline long sources_add(struct sources *sources, long fd, source_handler handler, void *part)
{
	return sources_add_for(sources, fd, EPOLLIN, handler, part);
}

/*
 * The same for one whose handler is called when something changes, not as long as it is so: who has
 * not taken all there is calls sources_look_again().
 */
static inline long sources_add_changes(struct sources *sources, long fd, source_handler handler,
				       void *part)
{
	return sources_add_for(sources, fd, EPOLLIN | EPOLLET, handler, part);
}

static inline void sources_look_again(const struct sources *sources, int fd)
{
	for (uint32_t i = 0; i < SOURCES_MAX; i++)
		if (sources->places[i].handler && sources->places[i].fd == fd)
			system_watch(sources->epoll_fd, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET, i);
}

/* Its handler is not called any more, not even for what is there already. Closes the fd. */
static inline void sources_remove(struct sources *sources, int fd)
{
	for (int i = 0; i < SOURCES_MAX; i++)
		if (sources->places[i].handler && sources->places[i].fd == fd) {
			system_unwatch(sources->epoll_fd, fd);
			system_close(fd);
			sources->places[i].handler = 0;
		}
}

/* Until *ended: 0, or a negative errno value when there is no waiting. */
static inline long sources_run(struct sources *sources, struct supervisor *supervisor,
			       const bool *ended)
{
	struct epoll_event events[EVENTS_MAX];

	while (!*ended) {
		long count = system_wait_events(sources->epoll_fd, events, EVENTS_MAX);

		if (count < 0 && count != SYSTEM_EINTR)
			return count;
		for (long i = 0; i < count && !*ended; i++) {
			const struct source *source = &sources->places[events[i].data.u32];

			if (source->handler)
				source->handler(supervisor, source->part);
		}
	}
	return 0;
}

#endif
