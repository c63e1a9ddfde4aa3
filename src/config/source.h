/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h: the text of the files that were read, kept for the messages about them. The names of
 * files live as long as the program, so a struct location can point at them.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"

#define SOURCE_SIZE_MAX (1024 * 1024)

struct source {
	char *path; /* as reported */
	char *text; /* ends with a newline and NUL; NULL: never read */
	size_t length;
	uint64_t digest; /* 0: not asked for yet */
	struct source *next;
};

/* The source of that path, empty when it was not read. Never NULL; owned by this module. */
struct source *source_get(const char *path);

/*
 * Gives a source its text, which is copied: without a byte order mark, with a newline at the
 * end. Returns -1 for text with a NUL byte in it.
 */
int source_set_text(struct source *source, const char *text, size_t length, struct error *err);

/*
 * Reads the file of a source. It must be a regular file of at most SOURCE_SIZE_MAX bytes that
 * only root (or we) may write: see host.h. trusted_directory: its directory was checked already.
 */
int source_read(struct source *source, bool trusted_directory, struct error *err);

/*
 * From now on source_read() takes this text where it would read that very file, for who wants to know
 * what it would mean there. NULL: no longer. Both have to stay.
 */
void source_replace(const struct stat *file, const struct text *text);

/*
 * From now on source_read() adds to list what it has read, as one line each by which source_is_as() knows
 * it again; "" for a file so new that its next change might not show. NULL: no longer.
 */
void source_collect(struct strlist *list);

/*
 * Whether a file is, by its times, size and number, the one that was read: it is not opened. *known: NULL at
 * first; the first line of whose file that was so, which has to stay. It is not asked about again: the
 * manager file comes with each container.
 */
bool source_is_as(const char *collected, const char **known);

/*
 * A number that differs, but for bad luck, when the text does; 0: it has none. Of the text as it was
 * read, not of the file as it is now.
 */
uint64_t source_digest(struct source *source);

/*
 * A line (from 1) of the source whose path is this very pointer; without its newline, cut where
 * it is unreasonably long. NULL when there is none. The caller frees it.
 */
char *source_copy_line(const char *path, unsigned int line);

#endif
