/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/mount_table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/fs.h"

#define TABLE_SIZE_MAX (64u << 20)
#define SEPARATOR      " - " /* before the fields of the file system */

int mount_table_read(pid_t pid, struct text *table, struct error *err)
{
	char path[64] = "/proc/self/mountinfo";

	if (pid > 0)
		snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	return fs_read_at(AT_FDCWD, path, TABLE_SIZE_MAX, table, err);
}

/* "\040" is a space. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] <= '3' && strspn(from + 1, "01234567") >= 3) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS"; SOURCE may be empty. */
static bool parse_line(char *line, struct mount_line *mount)
{
	char *rest = strstr(line, SEPARATOR), *device;
	unsigned int major, minor;

	if (!rest)
		return false;
	*rest = '\0';
	rest += strlen(SEPARATOR);
	mount->id = strtoull(line, NULL, 10);
	strsep(&line, " ");
	strsep(&line, " ");
	device = strsep(&line, " ");
	mount->root = strsep(&line, " ");
	mount->point = strsep(&line, " ");
	mount->own_options = strsep(&line, " ");
	mount->type = strsep(&rest, " ");
	strsep(&rest, " ");
	mount->options = strsep(&rest, " ");
	if (!mount->own_options || !mount->options ||
	    sscanf(device, "%u:%u", &major, &minor) != 2)
		return false;
	mount->device = makedev(major, minor);
	unescape(mount->root);
	unescape(mount->point);
	return true;
}

/* A look that costs no copy. */
static bool is_of_type(const char *line, size_t length, const char *type)
{
	const char *separator = memmem(line, length, SEPARATOR, strlen(SEPARATOR));

	return separator && text_starts_with(separator + strlen(SEPARATOR), type);
}

bool mount_table_next(const char **rest, const char *type, struct text *line,
		      struct mount_line *mount)
{
	while (**rest) {
		const char *begin = *rest;
		const size_t length = strcspn(begin, "\n");

		*rest += length + (begin[length] == '\n');
		if (type && !is_of_type(begin, length, type))
			continue;
		text_cut(line, 0);
		text_add(line, begin, length);
		if (parse_line(line->data, mount))
			return true;
	}
	return false;
}
