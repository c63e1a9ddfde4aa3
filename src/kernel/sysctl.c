/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/sysctl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/procfs.h"

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

static int read_in(int namespace_fd, int type, const char *own, const char *name, char *out,
		   size_t size, struct error *err)
{
	AUTO_FD int own_fd = open(own, O_RDONLY | O_CLOEXEC);
	int rc;

	if (own_fd < 0)
		return error_set(err, errno, "open %s", own);
	if (setns(namespace_fd, type) < 0)
		return error_set(err, errno, "enter %s namespace",
				 type == CLONE_NEWNET ? "network" : "IPC");
	rc = sysctl_read(name, out, size, err);
	if (setns(own_fd, type) < 0)
		abort();
	return rc;
}

int sysctl_read_in(int netns_fd, const char *name, char *out, size_t size, struct error *err)
{
	return read_in(netns_fd, CLONE_NEWNET, "/proc/thread-self/ns/net", name, out, size, err);
}

int sysctl_read_in_ipc(int ipcns_fd, const char *name, char *out, size_t size, struct error *err)
{
	return read_in(ipcns_fd, CLONE_NEWIPC, "/proc/thread-self/ns/ipc", name, out, size, err);
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

/* The kernel puts tabs between numbers where we write blanks. */
bool sysctl_is_same(const char *a, const char *b)
{
	for (;; a++, b++) {
		bool blank = isblank((unsigned char)*a) && isblank((unsigned char)*b);

		if (*a != *b && !blank)
			return false;
		if (*a == '\0')
			return true;
	}
}

static const char *in_procfs(const char *path)
{
	return path + strlen("/proc/");
}

static int read_value(int proc_fd, const char *path, char *out, size_t size, struct error *err)
{
	AUTO_FD int fd = procfs_open_file(proc_fd, in_procfs(path), O_RDONLY, err);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = read(fd, out, size - 1);
	if (length < 0)
		return error_set(err, errno, "read %s", path);
	out[length] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

static bool has_value(int proc_fd, const char *path, const char *value)
{
	char now[512];

	return read_value(proc_fd, path, now, sizeof(now), NULL) == 0 && sysctl_is_same(now, value);
}

int sysctl_get(int proc_fd, const char *name, char *out, size_t size, struct error *err)
{
	char path[PATH_MAX];

	return build_path(name, path, err) < 0 ? -1 : read_value(proc_fd, path, out, size, err);
}

int sysctl_set(int proc_fd, const char *name, const char *value, struct error *err)
{
	char path[PATH_MAX];
	AUTO_FD int fd = -1;
	size_t length = strlen(value);

	if (build_path(name, path, err) < 0)
		return -1;
	if (has_value(proc_fd, path, value))
		return 0;
	fd = procfs_open_file(proc_fd, in_procfs(path), O_WRONLY, err);
	if (fd < 0) {
		if (err && err->code == ENOENT)
			error_hint(err,
				   "this kernel has no such switch, or has it for the host alone");
		return -1;
	}
	if (write(fd, value, length) != (ssize_t)length)
		return error_set(err, errno, "write \"%s\" to %s", value, path);
	return 0;
}
