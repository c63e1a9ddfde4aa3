/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "fuzz.h"

static char path[64];
static int directory_fd = -1;

static void remove_directory(void)
{
	fs_remove_tree_at(AT_FDCWD, path, NULL);
}

int fuzz_directory(void)
{
	const char *parent = getenv("TMPDIR");

	if (directory_fd >= 0)
		return directory_fd;
	snprintf(path, sizeof(path), "%s/cman-fuzz-XXXXXX", parent ? parent : "/tmp");
	fuzz_assert(mkdtemp(path), "%s", path);
	atexit(remove_directory);
	directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_assert(directory_fd >= 0, "%s", path);
	return directory_fd;
}

const char *fuzz_directory_path(void)
{
	fuzz_directory();
	return path;
}

void fuzz_put(const char *name, const char *bytes, size_t size)
{
	int fd = openat(fuzz_directory(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, "%s", name);
	close(fd);
}

void fuzz_make_directory(const char *name)
{
	fuzz_assert(mkdirat(fuzz_directory(), name, 0700) == 0, "%s", name);
}

char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = xalloc(size + 1, 1);

	memcpy(text, data, size);
	return text;
}

char *fuzz_next_part(char **rest)
{
	char *part = *rest, *end = strstr(part, "\n%%\n");

	if (!end) {
		*rest = part + strlen(part);
		return part;
	}
	end[1] = '\0';
	*rest = end + strlen("\n%%\n");
	return part;
}
