/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "config/machine.h"

#define SHOWN_LINE_MAX 1024
#define BUCKETS        1024

/* A clock tick: what is changed again within one may have the same times. */
#define TICK_NS 20000000

static struct source *buckets[BUCKETS];
static struct strlist *collected;
static const struct stat *replaced;
static const struct text *replacement;

struct source *source_get(const char *path)
{
	uint32_t hash = 2166136261u;
	struct source **bucket, *source;

	for (const char *c = path; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	bucket = &buckets[hash % BUCKETS];
	for (source = *bucket; source; source = source->next)
		if (strcmp(source->path, path) == 0)
			return source;
	source = xalloc(1, sizeof(*source));
	source->path = xstrdup(path);
	source->next = *bucket;
	*bucket = source;
	return source;
}

int source_set_text(struct source *source, const char *text, size_t length, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t line = 1, clean = strnlen(text, length);

	if (clean < length) {
		for (size_t i = 0; i < clean; i++)
			line += text[i] == '\n';
		error_set(err, 0, "there is a NUL byte in line %zu", line);
		return error_hint(err, "a configuration file is plain text");
	}
	if (length >= 3 && memcmp(text, mark, 3) == 0) {
		text += 3;
		length -= 3;
	}
	free(source->text);
	source->text = xalloc(length + 2, 1);
	memcpy(source->text, text, length);
	/* libconfig takes a comment without a newline behind it for an error. */
	if (length == 0 || text[length - 1] != '\n')
		source->text[length++] = '\n';
	source->length = length;
	source->digest = 0;
	return 0;
}

/* What is open is what counts: the checks are made on the fd, where that can be. */
static int check_open_file(const struct stat *st, const struct stat *link, const char *path,
			   bool trusted_directory, struct error *err)
{
	if (!S_ISREG(st->st_mode)) {
		error_set(err, 0, "it is %s, not a file", fs_kind(st->st_mode));
		return -1;
	}
	/* In a directory only we write, the file's own owner and mode are all there is to ask. */
	if (trusted_directory && link->st_ino == st->st_ino && link->st_dev == st->st_dev &&
	    (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	return machine_get()->check_trusted(path, err);
}

void source_replace(const struct stat *file, const struct text *text)
{
	replaced = file;
	replacement = text;
}

static bool is_replaced(const struct stat *st)
{
	return replaced && st->st_dev == replaced->st_dev && st->st_ino == replaced->st_ino;
}

void source_collect(struct strlist *list)
{
	collected = list;
}

/* "CTIME SIZE INODE PATH", with an absolute path. No program sets the time of the last change. */
static char *describe(const struct stat *st, const char *path)
{
	AUTO_FREE char *directory = *path == '/' ? NULL : get_current_dir_name();
	const char *slash = directory ? "/" : "";

	return xprintf("%lld.%09ld %lld %llu %s%s%s", (long long)st->st_ctim.tv_sec,
		       st->st_ctim.tv_nsec, (long long)st->st_size, (unsigned long long)st->st_ino,
		       directory ?: "", slash, path);
}

static bool is_new(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - st->st_ctim.tv_sec) * 1000000000ll +
		       (now.tv_nsec - st->st_ctim.tv_nsec) <
	       TICK_NS;
}

static void collect(const struct stat *st, const char *path)
{
	if (!collected)
		return;
	if (is_new(st) || strchr(path, '\n'))
		strlist_add(collected, "");
	else
		strlist_add_taken(collected, describe(st, path));
}

bool source_is_as(const char *line, const char **known)
{
	const char *path = strchr(line, '/');
	AUTO_FREE char *now = NULL;
	struct stat st;

	if (text_equal(*known, line))
		return true;
	if (!path || stat(path, &st) < 0)
		return false;
	now = describe(&st, path);
	if (strcmp(now, line) != 0)
		return false;
	if (!*known)
		*known = line;
	return true;
}

/* link: what has that name itself; st: where it leads. false: nowhere. */
static bool look_at(const char *path, struct stat *link, struct stat *st)
{
	*link = (struct stat){0};
	if (lstat(path, link) < 0)
		return false;
	*st = *link;
	return !S_ISLNK(link->st_mode) || stat(path, st) == 0;
}

int source_read(struct source *source, bool trusted_directory, struct error *err)
{
	AUTO_TEXT struct text content = {0};
	AUTO_FD int fd = -1;
	struct stat link, st;

	/* A device is not even opened: that alone may do something. What counts is asked below. */
	if (look_at(source->path, &link, &st) && !S_ISREG(st.st_mode))
		return error_set(err, 0, "it is %s, not a file", fs_kind(st.st_mode));
	/* O_NONBLOCK: a FIFO in the place of the file must not make us wait for a writer. */
	fd = open(source->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		int code = errno;

		error_set(err, 0, "%s", strerror(code));
		err->code = code;
		if (code == ENOENT && S_ISLNK(link.st_mode))
			error_hint(err, "it is a symbolic link to what is not there");
		return -1;
	}
	/* Once, and before it is read: what is written meanwhile shows. */
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "%s", source->path);
	if (check_open_file(&st, &link, source->path, trusted_directory, err) < 0)
		return -1;
	if (is_replaced(&st))
		return source_set_text(source, text_value(replacement), replacement->length, err);
	collect(&st, source->path);
	if (fs_read_known_fd(fd, &st, SOURCE_SIZE_MAX, &content, err) < 0) {
		if (err->code == EFBIG)
			error_set(err, 0, "the file is larger than %d bytes", SOURCE_SIZE_MAX);
		return -1;
	}
	return source_set_text(source, text_value(&content), content.length, err);
}

uint64_t source_digest(struct source *source)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	if (!source->text || source->digest)
		return source->digest;
	for (size_t i = 0; i < source->length; i++)
		hash = (hash ^ (unsigned char)source->text[i]) * 1099511628211u;
	source->digest = hash ? hash : 1;
	return source->digest;
}

static const struct source *find_by_pointer(const char *path)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct source *source = buckets[i]; source; source = source->next)
			if (source->path == path)
				return source;
	return NULL;
}

char *source_copy_line(const char *path, unsigned int line)
{
	const struct source *source = path ? find_by_pointer(path) : NULL;
	const char *start, *end;

	if (!source || !source->text || line == 0)
		return NULL;
	start = source->text;
	while (--line > 0) {
		start = strchr(start, '\n');
		if (!start || *++start == '\0')
			return NULL;
	}
	/* A line may be as long as the file: look no further than is shown. */
	end = memchr(start, '\n', strnlen(start, SHOWN_LINE_MAX + 1));
	if (!end)
		return xprintf("%.*s...", SHOWN_LINE_MAX, start);
	if (end > start && end[-1] == '\r')
		end--;
	return xprintf("%.*s", (int)(end - start), start);
}
