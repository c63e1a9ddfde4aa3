/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/log_files.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"

#define NEXT_ATTEMPTS 100

/* ---- files ---- */

/* O_NONBLOCK: a FIFO in its place must not make us wait. */
static int open_file(const struct log_files *files, int number, struct error *err)
{
	AUTO_FREE char *name = number ? xprintf("%s.log.%d", files->name, number)
				      : xprintf("%s.log", files->name);

	return fs_open_at(files->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);
}

static bool is_same(int one_fd, int other_fd)
{
	struct stat one, other;

	return fstat(one_fd, &one) == 0 && fstat(other_fd, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void want_all(struct log_files *files)
{
	for (int i = 0; i < 2; i++)
		files->from[i] = (struct log_place){INT_MAX, 0};
}

int log_files_open(int dir_fd, const char *name, struct log_files *files, struct error *err)
{
	*files = (struct log_files){.dir_fd = dir_fd, .name = name};
	want_all(files);
	for (int number = 0; number < LOG_FILES_MAX; number++) {
		int fd = open_file(files, number, err);

		/* There may be a gap: they are renamed one after the other. */
		if (fd < 0 && err->code == ENOENT)
			continue;
		if (fd < 0)
			return -1;
		/* It has got a new name since we opened it. */
		if (files->count > 0 && is_same(fd, files->fds[files->count - 1])) {
			close_fd(&fd);
			continue;
		}
		files->fds[files->count++] = fd;
	}
	if (files->count == 0)
		return error_set(err, ENOENT, "%s.log", name);
	error_clear(err);
	return 0;
}

void log_files_close(struct log_files *files)
{
	while (files->count > 0)
		close_fd(&files->fds[--files->count]);
}

int log_files_fd(const struct log_files *files)
{
	return files->fds[files->count - 1];
}

static void go_on_with(struct log_files *files, int fd)
{
	close_fd(&files->fds[0]);
	files->fds[0] = fd;
	files->offset = 0;
	want_all(files);
}

/*
 * The number that the file at hand has now; -1: none any more. *oldest: the highest there is. Numbers
 * grow, and those of older files first, so who looks from 0 on meets it, with a gap on the way at most.
 */
static int find_number(const struct log_files *files, int *oldest)
{
	*oldest = -1;
	for (int number = 0; number < LOG_FILES_MAX; number++) {
		struct error err;
		AUTO_FD int fd = open_file(files, number, &err);

		if (fd < 0)
			continue;
		*oldest = number;
		if (is_same(fd, files->fds[0]))
			return number;
	}
	return -1;
}

bool log_files_is_old(const struct log_files *files)
{
	int oldest;

	return files->count > 1 || find_number(files, &oldest) != 0;
}

int log_files_next(struct log_files *files, struct error *err)
{
	files->between = false;
	if (files->count > 1) {
		close_fd(&files->fds[--files->count]);
		files->offset = 0;
		return 1;
	}
	for (int attempt = 0; attempt < NEXT_ATTEMPTS; attempt++) {
		int oldest, number = find_number(files, &oldest), fd;

		if (number == 0)
			return 0;
		/* Removed, after we had read all of it: what is oldest now comes next. */
		fd = open_file(files, number < 0 ? (oldest < 0 ? 0 : oldest) : number - 1, err);
		if (fd < 0 && err->code == ENOENT) {
			error_clear(err);
			files->between = true;
			return 0;
		}
		if (fd < 0)
			return -1;
		if (number < 0 || find_number(files, &oldest) == number) {
			go_on_with(files, fd);
			return 1;
		}
		close_fd(&fd); /* they were renamed meanwhile */
	}
	files->between = true;
	return 0;
}

/* ---- lines ---- */

void log_line_parse(const char *bytes, size_t length, struct log_line *line)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	bool marked = length > LOG_MARK_LENGTH && bytes[LOG_MOMENT_LENGTH] == ' ' &&
		      memchr("oes", bytes[LOG_MOMENT_LENGTH + 1], 3) &&
		      memchr(" +", bytes[LOG_MOMENT_LENGTH + 2], 2);

	for (size_t i = 0; i < LOG_MOMENT_LENGTH && marked; i++)
		marked = form[i] == 'd' ? bytes[i] >= '0' && bytes[i] <= '9' : bytes[i] == form[i];
	*line = (struct log_line){.stream = 'o', .text = bytes, .length = length};
	if (!marked)
		return;
	line->marked = true;
	line->stream = bytes[LOG_MOMENT_LENGTH + 1];
	line->goes_on = bytes[LOG_MOMENT_LENGTH + 2] == '+';
	line->text += LOG_MARK_LENGTH;
	line->length -= LOG_MARK_LENGTH;
	if (line->goes_on && line->text[line->length - 1] == '\n')
		line->length--;
}

/* How far the beginning of a line is looked for that lines of the other stream stand in front of. */
#define LOOK_BACK (1024 * 1024)

/* Counting lines backwards. */
struct search {
	uint64_t missing; /* lines still to be found */
	int index;        /* of the file at hand */
	off_t passed;     /* bytes that were looked at since there were enough */
	struct log_place last; /* the line that made it enough */
	struct {
		bool seen;              /* a line of it is wanted */
		bool open;              /* whether that is its beginning is not known yet */
		struct log_place first; /* the first part that is wanted */
	} streams[2];
};

static int stream_index(char stream)
{
	return stream != 'o';
}

static bool is_before(const struct log_place *one, const struct log_place *other)
{
	return one->index > other->index ||
	       (one->index == other->index && one->offset < other->offset);
}

/* A line begins at offset, in front of all that were seen before. false: there was enough. */
static bool take_line(struct search *search, int fd, off_t offset)
{
	char bytes[LOG_MARK_LENGTH + 1];
	ssize_t length = pread(fd, bytes, sizeof(bytes), offset);
	struct log_line line;
	int stream;

	log_line_parse(bytes, length > 0 ? (size_t)length : 0, &line);
	stream = stream_index(line.stream);
	if (search->missing > 0) {
		if (!line.goes_on || !search->streams[stream].seen)
			search->missing--;
		search->streams[stream].seen = search->streams[stream].open = true;
		search->last = (struct log_place){search->index, offset};
	} else if (!line.goes_on) {
		search->streams[stream].open = false;
	}
	/* The beginning of a line that is wanted is wanted as well. */
	if (search->streams[stream].open)
		search->streams[stream].first = (struct log_place){search->index, offset};
	return search->missing > 0 || search->streams[0].open || search->streams[1].open;
}

static int search_file(struct search *search, int fd, bool *enough, struct error *err)
{
	char bytes[4096];
	struct stat st;
	off_t end;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at the log");
	for (end = st.st_size; end > 0;) {
		size_t part = end < (off_t)sizeof(bytes) ? (size_t)end : sizeof(bytes);

		if (pread(fd, bytes, part, end - (off_t)part) != (ssize_t)part)
			return error_set(err, errno, "read the log");
		for (size_t i = part; i > 0; i--) {
			off_t place = end - (off_t)(part - i);

			/* The newline at the very end does not begin a line. */
			if (bytes[i - 1] == '\n' && place != st.st_size &&
			    !take_line(search, fd, place)) {
				*enough = true;
				return 0;
			}
		}
		end -= (off_t)part;
		if (search->missing == 0)
			search->passed += (off_t)part;
		if (search->passed > LOOK_BACK) {
			*enough = true;
			return 0;
		}
	}
	if (st.st_size > 0)
		*enough = !take_line(search, fd, 0);
	return 0;
}

/* Where the first of the lines begins that are wanted, and how far those of the other stream do not count. */
static void begin_at(struct log_files *files, const struct search *search)
{
	struct log_place first = search->last;

	for (int i = 0; i < 2; i++) {
		const bool seen = search->streams[i].seen;

		files->from[i] = seen ? search->streams[i].first : search->last;
		if (is_before(&files->from[i], &first))
			first = files->from[i];
	}
	while (files->count > first.index + 1)
		close_fd(&files->fds[--files->count]);
	files->offset = first.offset;
}

bool log_files_is_wanted(const struct log_files *files, char stream, off_t offset)
{
	const struct log_place here = {files->count - 1, offset};

	return !is_before(&here, &files->from[stream_index(stream)]);
}

int log_files_find_last(struct log_files *files, uint64_t lines, struct error *err)
{
	struct search search = {.missing = lines};
	bool enough = false;

	if (files->count == 0 || lines == 0) {
		while (files->count > 1)
			close_fd(&files->fds[--files->count]);
		files->offset = files->count ? lseek(files->fds[0], 0, SEEK_END) : 0;
		return 0;
	}
	for (; search.index < files->count && !enough; search.index++)
		if (search_file(&search, files->fds[search.index], &enough, err) < 0)
			return -1;
	if (search.missing == 0)
		begin_at(files, &search);
	return 0;
}
