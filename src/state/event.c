/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/event.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/moment.h"

/* A writer holds the lock for some microseconds. */
#define LOCK_TIMEOUT_MS 2000
/* Others may put the file aside while we wait: how often to begin again. */
#define RACE_RETRIES 64

#define BUFFER_SIZE   (32 * 1024)
#define LINE_MAX_SIZE (1024 * 1024)

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = {
		[EVENT_STARTED] = "started",       [EVENT_STOPPED] = "stopped",
		[EVENT_EXITED] = "exited",         [EVENT_OOM] = "oom",
		[EVENT_FAILED] = "failed",         [EVENT_PAUSED] = "paused",
		[EVENT_RESTARTING] = "restarting", [EVENT_CHANGED] = "changed",
		[EVENT_RESUMED] = "resumed",       [EVENT_READY] = "ready",
		[EVENT_NOT_READY] = "not-ready",   [EVENT_HEALTHY] = "healthy",
		[EVENT_UNHEALTHY] = "unhealthy",
	};

	return names[kind];
}

/* ---- writing ---- */

/*
 * The file to append to, locked: as long as it is, it stands under its name, so that whoever has
 * seen it put aside knows that nothing is added to it any more.
 */
static int open_locked(int dir_fd, off_t *size, struct error *err)
{
	for (int i = 0; i < RACE_RETRIES; i++) {
		AUTO_FD int fd = fs_open_at(dir_fd, EVENT_FILE,
					    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600, err);
		struct stat st;

		if (fd < 0 || lock_take(fd, LOCK_TIMEOUT_MS, err) < 0)
			return -1;
		if (!fs_is_at(dir_fd, EVENT_FILE, fd))
			continue;
		if (fstat(fd, &st) < 0)
			return error_set(err, errno, "look at %s", EVENT_FILE);
		*size = st.st_size;
		if (st.st_size < EVENT_FILE_MAX)
			return take_fd(&fd);
		if (renameat(dir_fd, EVENT_FILE, dir_fd, EVENT_FILE_OLD) < 0)
			return error_set(err, errno, "put %s aside", EVENT_FILE);
	}
	return error_set(err, EAGAIN, "%s is put aside again and again", EVENT_FILE);
}

static void format_line(enum event_kind kind, const char *name, const char *instance,
			struct json **details, struct text *line)
{
	AUTO_JSON struct json *object = json_new_object();
	char now[MOMENT_TEXT_MAX];

	moment_format_utc(moment_now(), now);
	json_add_text(object, "time", now);
	json_add_text(object, "name", name);
	json_add_text(object, "instance", *instance ? instance : NULL);
	json_add_text(object, "event", event_kind_name(kind));
	if (*details)
		json_merge(object, take_pointer(details));
	json_add_line(object, line);
	text_add(line, "\n", 1);
}

void event_note(const struct state *state, enum event_kind kind, const char *name,
		const char *instance, struct json *details)
{
	AUTO_JSON struct json *owned = details;
	AUTO_TEXT struct text line = {0};
	struct error err = {0};
	off_t size = 0;
	/* The time is taken under the lock: the lines are in its order. */
	AUTO_FD int fd = open_locked(state->dir_fd, &size, &err);
	ssize_t count;

	if (fd >= 0) {
		format_line(kind, name, instance, &owned, &line);
		count = write(fd, line.data, line.length);
		if (count == (ssize_t)line.length)
			return;
		error_set(&err, count < 0 ? errno : ENOSPC, "write %s", EVENT_FILE);
		/* Half a line would spoil the next one. */
		if (count > 0 && ftruncate(fd, size) < 0)
			error_wrap(&err, "and shorten it again");
	}
	log_warning("%s: %s, which is not noted: %s", name, event_kind_name(kind), err.text);
}

/* ---- reading ---- */

void event_log_open(const struct state *state, struct event_log *log)
{
	*log = (struct event_log){
		.dir_fd = state->dir_fd,
		.fd = -1,
		.next_fd = -1,
		.bytes = xalloc(BUFFER_SIZE, 1),
		.size = BUFFER_SIZE,
	};
}

void event_log_close(struct event_log *log)
{
	close_fd(&log->fd);
	close_fd(&log->next_fd);
	free(log->bytes);
	log->bytes = NULL;
}

/* Missing is success: *fd stays -1. */
static int open_for_reading(int dir_fd, const char *name, int *fd, struct error *err)
{
	*fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return *fd < 0 && errno != ENOENT ? error_set(err, errno, "open %s", name) : 0;
}

/*
 * Opens what comes after the file that is read to its end: the current one, and before it the one
 * put aside, unless that is ours. The current one first: if it is put aside in between, we have it.
 */
static int open_next(struct event_log *log, struct error *err)
{
	AUTO_FD int current_fd = -1;
	AUTO_FD int old_fd = -1;

	if (open_for_reading(log->dir_fd, EVENT_FILE, &current_fd, err) < 0)
		return -1;
	if (!fs_is_at(log->dir_fd, EVENT_FILE_OLD, log->fd) &&
	    !fs_is_at(log->dir_fd, EVENT_FILE_OLD, current_fd) &&
	    open_for_reading(log->dir_fd, EVENT_FILE_OLD, &old_fd, err) < 0)
		return -1;
	if (current_fd < 0 && old_fd < 0)
		return 0;
	close_fd(&log->fd);
	log->fd = take_fd(old_fd >= 0 ? &old_fd : &current_fd);
	log->next_fd = take_fd(&current_fd);
	return 1;
}

/* At the end of a file: whether there is more, in it or in another. */
static int go_on(struct event_log *log, struct error *err)
{
	if (log->fd >= 0 && log->next_fd < 0 && !log->is_over) {
		if (fs_is_at(log->dir_fd, EVENT_FILE, log->fd))
			return 0;
		/* Put aside: what was added before that is all there will be in it. */
		log->is_over = true;
		return 1;
	}
	log->is_over = false;
	log->start = log->end = 0;
	if (log->next_fd >= 0) {
		close_fd(&log->fd);
		log->fd = take_fd(&log->next_fd);
		return 1;
	}
	return open_next(log, err);
}

/* Reads more behind what is there: its bytes, 0 at the end of the file. */
static ssize_t fill(struct event_log *log, struct error *err)
{
	ssize_t count;

	if (log->fd < 0)
		return 0;
	memmove(log->bytes, log->bytes + log->start, log->end - log->start);
	log->end -= log->start;
	log->start = 0;
	if (log->end == log->size) {
		if (log->size >= LINE_MAX_SIZE)
			return error_set(err, EFBIG, "a line of %s", EVENT_FILE);
		log->size *= 2;
		log->bytes = xrealloc(log->bytes, log->size, 1);
	}
	do
		count = read(log->fd, log->bytes + log->end, log->size - log->end);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return error_set(err, errno, "read %s", EVENT_FILE);
	log->end += (size_t)count;
	return count;
}

int event_log_next(struct event_log *log, const char **line, size_t *length, struct error *err)
{
	for (;;) {
		char *begin = log->bytes + log->start, *end = NULL;
		ssize_t count;
		int rc = 1;

		if (log->end > log->start)
			end = memchr(begin, '\n', log->end - log->start);
		if (end) {
			*line = begin;
			*length = (size_t)(end - begin);
			log->start += *length + 1;
			return 1;
		}
		count = fill(log, err);
		if (count == 0)
			rc = go_on(log, err);
		if (count < 0 || rc <= 0)
			return count < 0 ? -1 : rc;
	}
}

int event_find_last(const struct state *state, const char *name, struct text *line,
		    struct error *err)
{
	AUTO_EVENT_LOG struct event_log log;
	/* As json_add_line() writes it: a name needs no escapes. */
	AUTO_FREE char *member = xprintf(",\"name\":\"%s\",", name);
	size_t size = strlen(member), length;
	const char *bytes;
	int rc;

	text_clear(line);
	event_log_open(state, &log);
	while ((rc = event_log_next(&log, &bytes, &length, err)) > 0) {
		if (!memmem(bytes, length, member, size))
			continue;
		text_clear(line);
		text_add(line, bytes, length);
	}
	return rc < 0 ? -1 : line->length > 0;
}
