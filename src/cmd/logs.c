/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman logs */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/heal.h"

#define CHUNK (64 * 1024)

struct log {
	int fd;
	off_t offset; /* what stands before it is printed, or not wanted */
	bool for_terminal;
};

/* ---- printing ---- */

/* "ESC [ 1 ; 31 m": its length, 0 when bytes do not begin with one. */
static size_t color_sequence(const char *bytes, size_t length)
{
	size_t i = 2;

	if (length < 3 || bytes[0] != '\033' || bytes[1] != '[')
		return 0;
	while (i < length && (bytes[i] == ';' || (bytes[i] >= '0' && bytes[i] <= '9')))
		i++;
	return i < length && bytes[i] == 'm' ? i + 1 : 0;
}

/*
 * Colours may pass; all else that a terminal obeys becomes '?'. What a container prints must not
 * retitle our window, answer its queries or hide lines.
 */
static void make_harmless(char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];
		size_t color = color_sequence(bytes + i, length - i);

		if (color > 0) {
			i += color - 1;
		} else if ((c < ' ' && !strchr("\n\t\r", c)) || c == '\0' || c == 0x7f) {
			bytes[i] = '?';
		} else if (c == 0xc2 && i + 1 == length) {
			bytes[i] = '?'; /* what follows may have been meant to come later */
		} else if (c == 0xc2 && (bytes[i + 1] & 0xe0) == 0x80) {
			/* U+0080 to U+009F in UTF-8: control characters as well */
			bytes[i] = bytes[i + 1] = '?';
		}
	}
}

/* Prints what was added since. */
static int print_new(struct log *log, struct error *err)
{
	static char bytes[CHUNK];
	struct stat st;

	if (fstat(log->fd, &st) < 0)
		return error_set(err, errno, "look at the log");
	if (st.st_size < log->offset)
		log->offset = 0; /* emptied by somebody: it begins anew */
	for (;;) {
		ssize_t count = pread(log->fd, bytes, sizeof(bytes), log->offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(err, errno, "read the log");
		if (count == 0)
			break;
		/* A character that may go on in the next piece is left for that. */
		if (log->for_terminal && count == sizeof(bytes) &&
		    (unsigned char)bytes[count - 1] == 0xc2)
			count--;
		log->offset += count;
		if (log->for_terminal)
			make_harmless(bytes, (size_t)count);
		if (fwrite(bytes, 1, (size_t)count, stdout) != (size_t)count)
			return error_set(err, errno, "write to standard output");
	}
	if (fflush(stdout) != 0)
		return error_set(err, errno, "write to standard output");
	return 0;
}

/* Where the last lines begin. */
static int find_last_lines(struct log *log, uint64_t lines, struct error *err)
{
	char bytes[4096];
	struct stat st;
	off_t end;

	if (fstat(log->fd, &st) < 0)
		return error_set(err, errno, "look at the log");
	log->offset = end = st.st_size;
	while (end > 0 && lines > 0) {
		size_t part = end < (off_t)sizeof(bytes) ? (size_t)end : sizeof(bytes);

		if (pread(log->fd, bytes, part, end - (off_t)part) != (ssize_t)part)
			return error_set(err, errno, "read the log");
		for (size_t i = part; i > 0; i--) {
			off_t place = end - (off_t)(part - i);

			/* The newline at the very end does not begin a line. */
			if (bytes[i - 1] == '\n' && place != st.st_size && --lines == 0) {
				log->offset = place;
				return 0;
			}
		}
		end -= (off_t)part;
	}
	if (lines > 0)
		log->offset = 0;
	return 0;
}

/* ---- following ---- */

/* The processes whose end is that of the log: supervisor and init, -1 where there is none. */
struct writers {
	int fds[2];
};

static void close_writers(struct writers *writers)
{
	close_fd(&writers->fds[0]);
	close_fd(&writers->fds[1]);
}

static int open_writers(const struct conf *conf, const char *name, struct writers *writers,
			struct error *err)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_RECORD struct record record = {0};
	enum liveness liveness = LIVE_NONE;
	int found = load_state(conf, &state, err);

	if (found > 0)
		found = heal_read(&conf->manager, &state, name, &record, &liveness, err);
	if (found < 0)
		return -1;
	if (found > 0 && liveness != LIVE_STALE) {
		writers->fds[0] = process_open(&record.supervisor, NULL);
		writers->fds[1] = process_open(&record.init, NULL);
	}
	return 0;
}

/* Until the container has ended; what it printed last is printed by the caller. */
static int follow(struct log *log, int watch_fd, struct writers *writers, struct error *err)
{
	char events[4096];

	while (writers->fds[0] >= 0 || writers->fds[1] >= 0) {
		struct pollfd wanted[] = {
			{.fd = watch_fd, .events = POLLIN},
			{.fd = writers->fds[0], .events = POLLIN},
			{.fd = writers->fds[1], .events = POLLIN},
			{.fd = STDOUT_FILENO, .events = 0}, /* only whether its reader has gone */
		};

		if (print_new(log, err) < 0)
			return -1;
		if (poll(wanted, ARRAY_SIZE(wanted), -1) < 0 && errno != EINTR)
			return error_set(err, errno, "poll");
		if (wanted[3].revents & POLLERR)
			return error_set(err, EPIPE, "write to standard output");
		if (wanted[0].revents && read(watch_fd, events, sizeof(events)) < 0 &&
		    errno != EINTR && errno != EAGAIN)
			return error_set(err, errno, "watch the log");
		for (int i = 0; i < 2; i++)
			if (wanted[1 + i].revents)
				close_fd(&writers->fds[i]);
	}
	return 0;
}

static int print_log(struct log *log, const char *path, bool following, struct writers *writers,
		     struct error *err)
{
	AUTO_FD int watch_fd = -1;

	if (following) {
		/* Before the first look: what is written from now on wakes us up. */
		watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_MODIFY) < 0)
			return error_set(err, errno, "watch %s", path);
		if (follow(log, watch_fd, writers, err) < 0)
			return -1;
	}
	return print_new(log, err);
}

int cmd_logs(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;
	AUTO(close_writers) struct writers writers = {{-1, -1}};
	struct log log = {.for_terminal = isatty(STDOUT_FILENO)};
	uint64_t lines = 0;

	if (options->lines && parse_number(options->lines, 0, 1000000000, &lines, err) < 0) {
		error_wrap(err, "--lines");
		return COMMAND_MISUSED;
	}
	if (load_recorded(options, argc, argv, LOAD_KNOWN, &conf, &names, err) < 0)
		return -1;
	path = xprintf("%s/%s.log", conf.manager.log_dir, names.items[0]);
	log.fd = fd = fs_open_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	if (fd < 0 && err->code == ENOENT) {
		error_set(err, ENOENT, "%s", path);
		return error_hint(err, "%s was never started", names.items[0]);
	}
	if (fd < 0 || open_writers(&conf, names.items[0], &writers, err) < 0)
		return -1;
	if (options->lines && find_last_lines(&log, lines, err) < 0)
		return -1;
	return print_log(&log, path, options->follow, &writers, err);
}
