/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman logs */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/moment.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/log_files.h"
#include "lifecycle/heal.h"

#define CHUNK      (64 * 1024)
#define BETWEEN_MS 50

/* Where the lines of a stream go. */
struct out {
	FILE *file;
	bool is_terminal;
	bool inside; /* its last line goes on */
};

struct log {
	struct log_files files;
	char *bytes;  /* room for CHUNK: the line that has no end yet */
	size_t held;  /* of bytes */
	bool cut;     /* what was held was too long for it: it goes on as it is */
	bool wanted;  /* the line before was: one without a time is, too */
	bool times;   /* -t */
	char since[MOMENT_TEXT_MAX]; /* "": from the beginning */
	struct out out[2];           /* standard output, standard error */
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

static int put(const struct out *out, const char *bytes, size_t length, struct error *err)
{
	if (fwrite(bytes, 1, length, out->file) == length)
		return 0;
	return error_set(err, errno, "write to standard %s", out->file == stdout ? "output" : "error");
}

/* What the payload has written comes out as it was, on the stream that it was written to. */
static int print_line(struct log *log, char *bytes, size_t length, struct error *err)
{
	struct log_line line;
	struct out *out;

	if (log->cut)
		line = (struct log_line){.stream = 'o', .text = bytes, .length = length};
	else
		log_line_parse(bytes, length, &line);
	if (line.marked)
		log->wanted = memcmp(bytes, log->since, strnlen(log->since, LOG_MOMENT_LENGTH)) >= 0;
	if (!log->wanted)
		return 0;
	out = &log->out[line.stream != 'o'];
	/* What both print on one terminal is to keep its order. */
	if (out->file == stderr && fflush(stdout) != 0)
		return error_set(err, errno, "write to standard output");
	if (log->times && line.marked && !out->inside &&
	    (put(out, bytes, LOG_MOMENT_LENGTH, err) < 0 || put(out, " ", 1, err) < 0))
		return -1;
	if (line.marked)
		out->inside = line.goes_on;
	if (out->is_terminal)
		make_harmless(bytes + (line.text - bytes), line.length);
	return put(out, line.text, line.length, err);
}

/* All whole lines of what is held, and what is too long to be held. */
static int print_held(struct log *log, bool at_end, struct error *err)
{
	size_t done = 0;

	while (done < log->held) {
		char *bytes = log->bytes + done, *end = memchr(bytes, '\n', log->held - done);
		size_t length = end ? (size_t)(end - bytes) + 1 : log->held - done;

		if (!end && !at_end && length < CHUNK)
			break;
		if (print_line(log, bytes, length, err) < 0)
			return -1;
		log->cut = !end && !at_end;
		done += length;
	}
	log->held -= done;
	memmove(log->bytes, log->bytes + done, log->held);
	return 0;
}

/* Prints what was added to the file at hand. */
static int print_file(struct log *log, struct error *err)
{
	struct stat st;

	if (fstat(log_files_fd(&log->files), &st) < 0)
		return error_set(err, errno, "look at the log");
	if (st.st_size < log->files.offset)
		log->files.offset = 0; /* emptied by somebody: it begins anew */
	for (;;) {
		ssize_t count = pread(log_files_fd(&log->files), log->bytes + log->held,
				      CHUNK - log->held, log->files.offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(err, errno, "read the log");
		if (count == 0)
			return 0;
		log->files.offset += count;
		log->held += (size_t)count;
		if (print_held(log, false, err) < 0)
			return -1;
	}
}

static int watch_file(const struct log *log, int watch_fd, struct error *err)
{
	AUTO_FREE char *path = xprintf("/proc/self/fd/%d", log_files_fd(&log->files));

	if (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_MODIFY | IN_MOVE_SELF) >= 0)
		return 0;
	return error_set(err, errno, "watch the log");
}

/* Prints what was added since. watch_fd: where the file at hand is to be watched, or -1. */
static int print_new(struct log *log, int watch_fd, struct error *err)
{
	int rc = 1;

	while (rc > 0) {
		/* Before the look: what is written from now on wakes us up. */
		if (watch_file(log, watch_fd, err) < 0 || print_file(log, err) < 0)
			return -1;
		rc = 0;
		if (log_files_is_old(&log->files)) {
			if (print_file(log, err) < 0)
				return -1;
			rc = log_files_next(&log->files, err);
		}
		if (rc > 0 && print_held(log, true, err) < 0)
			return -1;
	}
	if (rc < 0)
		return -1;
	return fflush(stdout) == 0 ? 0 : error_set(err, errno, "write to standard output");
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

	/* Of one that is being renamed no event tells when that is done. */
	while (writers->fds[0] >= 0 || writers->fds[1] >= 0) {
		struct pollfd wanted[] = {
			{.fd = watch_fd, .events = POLLIN},
			{.fd = writers->fds[0], .events = POLLIN},
			{.fd = writers->fds[1], .events = POLLIN},
			{.fd = STDOUT_FILENO, .events = 0}, /* only whether its reader has gone */
		};

		if (print_new(log, watch_fd, err) < 0)
			return -1;
		if (poll(wanted, ARRAY_SIZE(wanted), log->files.between ? BETWEEN_MS : -1) < 0 && errno != EINTR)
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

static int print_log(struct log *log, bool following, struct writers *writers, struct error *err)
{
	AUTO_FD int watch_fd = -1;

	if (following) {
		watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (watch_fd < 0)
			return error_set(err, errno, "watch the log");
		if (follow(log, watch_fd, writers, err) < 0)
			return -1;
	}
	if (print_new(log, -1, err) < 0 || print_held(log, true, err) < 0)
		return -1;
	return fflush(stdout) == 0 ? 0 : error_set(err, errno, "write to standard output");
}

static int open_files(const struct conf *conf, const char *name, struct log_files *files,
		      int *dir_fd, struct error *err)
{
	*dir_fd = fs_open_at(AT_FDCWD, conf->manager.log_dir, O_PATH | O_DIRECTORY, 0, err);
	if (*dir_fd >= 0 && log_files_open(*dir_fd, name, files, err) == 0)
		return 0;
	if (err->code != ENOENT)
		return error_wrap(err, "log in %s", conf->manager.log_dir);
	error_set(err, ENOENT, "%s/%s.log", conf->manager.log_dir, name);
	return error_hint(err, "%s was never started", name);
}

static int read_options(const struct options *options, struct log *log, uint64_t *lines,
			struct error *err)
{
	uint64_t since;

	if (options->lines && parse_number(options->lines, 0, 1000000000, lines, err) < 0)
		return error_wrap(err, "--lines");
	if (options->since && moment_parse(options->since, moment_now(), &since, err) < 0)
		return error_wrap(err, "--since");
	if (options->since)
		moment_format_utc(since, log->since);
	log->wanted = !options->since;
	log->times = options->timestamps;
	return 0;
}

int cmd_logs(const struct options *options, int argc, char *argv[], struct error *err)
{
	static char bytes[CHUNK];
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int dir_fd = -1;
	AUTO(close_writers) struct writers writers = {{-1, -1}};
	struct log log = {
		.bytes = bytes,
		.out = {{stdout, isatty(STDOUT_FILENO), false}, {stderr, isatty(STDERR_FILENO), false}},
	};
	uint64_t lines = 0;
	int rc = -1;

	if (read_options(options, &log, &lines, err) < 0)
		return COMMAND_MISUSED;
	if (load_recorded(options, argc, argv, LOAD_KNOWN, &conf, &names, err) < 0)
		return -1;
	if (open_files(&conf, names.items[0], &log.files, &dir_fd, err) == 0 &&
	    open_writers(&conf, names.items[0], &writers, err) == 0 &&
	    (!options->lines || log_files_find_last(&log.files, lines, err) == 0))
		rc = print_log(&log, options->follow, &writers, err);
	log_files_close(&log.files);
	return rc;
}
