/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/log_print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/moment.h"
#include "base/output.h"
#include "base/text.h"

#define CHUNK (64 * 1024)

/* Where the lines of a stream go. */
struct out {
	FILE *file;
	bool is_terminal;
	bool inside; /* its last line goes on */
	bool left_out; /* and its beginning was not wanted */
};

struct log_print {
	struct log_files files;
	size_t held;  /* of bytes: the line that has no end yet */
	off_t start;  /* where in its file it begins */
	bool cut;     /* what was held was too long for it: it goes on as it is */
	bool wanted;  /* the line before was: one without a time is, too */
	bool times;
	char since[MOMENT_TEXT_MAX]; /* "": from the beginning */
	struct out out[2];           /* standard output, standard error */
	char bytes[CHUNK];
};

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

/* Of a line all parts are wanted, or none: by the time of its first one. */
static bool is_wanted(struct log_print *log, struct out *out, const struct log_line *line,
		      const char *bytes, off_t start)
{
	if (!log_files_is_wanted(&log->files, line->stream, start))
		return false;
	if (!line->marked)
		return log->wanted;
	log->wanted = !out->left_out &&
		      memcmp(bytes, log->since, strnlen(log->since, LOG_MOMENT_LENGTH)) >= 0;
	out->left_out = !log->wanted && line->goes_on;
	return log->wanted;
}

/* What the payload has written comes out as it was, on the stream that it was written to. */
static int print_line(struct log_print *log, char *bytes, size_t length, struct error *err)
{
	struct log_line line;
	struct out *out;

	if (log->cut)
		line = (struct log_line){.stream = 'o', .text = bytes, .length = length};
	else
		log_line_parse(bytes, length, &line);
	out = &log->out[line.stream != 'o'];
	if (log->cut ? !log->wanted : !is_wanted(log, out, &line, bytes, log->start))
		return 0;
	/* What both print on one terminal is to keep its order. */
	if (out->file == stderr && output_finish(err) < 0)
		return -1;
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
static int print_held(struct log_print *log, bool at_end, struct error *err)
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
		log->start += (off_t)length;
		done += length;
	}
	log->held -= done;
	memmove(log->bytes, log->bytes + done, log->held);
	return 0;
}

/* Prints what was added to the file at hand. */
static int print_file(struct log_print *log, struct error *err)
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
		log->start = log->files.offset - (off_t)log->held;
		log->files.offset += count;
		log->held += (size_t)count;
		if (print_held(log, false, err) < 0)
			return -1;
	}
}

static int watch_file(const struct log_print *log, int watch_fd, struct error *err)
{
	AUTO_FREE char *path = xprintf("/proc/self/fd/%d", log_files_fd(&log->files));

	if (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_MODIFY | IN_MOVE_SELF) >= 0)
		return 0;
	return error_set(err, errno, "watch the log");
}

int log_print_new(struct log_print *log, int watch_fd, struct error *err)
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
	return output_finish(err);
}

int log_print_rest(struct log_print *log, struct error *err)
{
	if (log_print_new(log, -1, err) < 0 || print_held(log, true, err) < 0)
		return -1;
	return output_finish(err);
}

bool log_print_is_between(const struct log_print *log)
{
	return log->files.between;
}

struct log_print *log_print_open(int dir_fd, const char *name, struct error *err)
{
	struct log_print *log = xalloc(1, sizeof(*log));

	log->wanted = true;
	log->out[0] = (struct out){.file = stdout, .is_terminal = isatty(STDOUT_FILENO)};
	log->out[1] = (struct out){.file = stderr, .is_terminal = isatty(STDERR_FILENO)};
	if (log_files_open(dir_fd, name, &log->files, err) == 0)
		return log;
	log_print_close(log);
	return NULL;
}

void log_print_close(struct log_print *log)
{
	if (!log)
		return;
	log_files_close(&log->files);
	free(log);
}

void log_print_since(struct log_print *log, uint64_t since)
{
	moment_format_utc(since, log->since);
	log->wanted = false;
}

void log_print_times(struct log_print *log)
{
	log->times = true;
}

int log_print_last(struct log_print *log, uint64_t lines, struct error *err)
{
	return log_files_find_last(&log->files, lines, err);
}
