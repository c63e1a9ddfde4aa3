/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/sysctl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"

/* Writes "/proc/sys/NAME" into path; a name that would lead elsewhere is refused. */
static int build_path(const char *name, char path[PATH_MAX], struct error *err)
{
	const char *part = name;

	for (;;) {
		size_t length = strcspn(part, "/");

		if (length == 0 || (length <= 2 && strncmp(part, "..", length) == 0))
			return error_set(err, EINVAL, "sysctl name \"%s\"", name);
		for (size_t i = 0; i < length; i++)
			if (!isgraph((unsigned char)part[i]))
				return error_set(err, EINVAL, "sysctl name \"%s\"", name);
		if (part[length] == '\0')
			break;
		part += length + 1;
	}
	if (snprintf(path, PATH_MAX, "/proc/sys/%s", name) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "sysctl name \"%.64s...\"", name);
	return 0;
}

int sysctl_read(const char *name, char *out, size_t size, struct error *err)
{
	char path[PATH_MAX];

	if (build_path(name, path, err) < 0)
		return -1;
	return fs_read_line_at(AT_FDCWD, path, out, size, err);
}

int sysctl_write(const char *name, const char *value, struct error *err)
{
	char path[PATH_MAX];

	if (build_path(name, path, err) < 0)
		return -1;
	if (strchr(value, '\n'))
		return error_set(err, EINVAL, "value of sysctl %s has more than one line", name);
	return fs_write_at(AT_FDCWD, path, value, err);
}
