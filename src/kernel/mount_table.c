/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/mount_table.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

/* Undoes the escapes of the mount table: "\040" is a space. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

bool mount_line_parse(char *line, struct mount_line *mount)
{
	char *rest = strstr(line, " - "), *position = NULL, *device;
	unsigned int major, minor;

	if (!rest)
		return false;
	*rest = '\0';
	rest += 3;
	if (!strtok_r(line, " ", &position) || !strtok_r(NULL, " ", &position))
		return false;
	device = strtok_r(NULL, " ", &position);
	mount->root = strtok_r(NULL, " ", &position);
	mount->point = strtok_r(NULL, " ", &position);
	mount->own_options = strtok_r(NULL, " ", &position);
	mount->type = strtok_r(rest, " ", &position);
	if (!mount->own_options || !mount->type || !strtok_r(NULL, " ", &position))
		return false;
	mount->options = strtok_r(NULL, " ", &position);
	if (!mount->options || sscanf(device, "%u:%u", &major, &minor) != 2)
		return false;
	mount->device = makedev(major, minor);
	unescape(mount->root);
	unescape(mount->point);
	return true;
}
