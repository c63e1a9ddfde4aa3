/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/full_init.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"

#define SCAN_MAX (4 * 1024 * 1024) /* bytes of a program that are looked through for its name */
#define CHUNK    (64 * 1024)

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * O_PATH of a program, if it is a regular file that can be executed: opening a device can do something.
 * *resolved: its name after all symbolic links.
 */
static int open_program(int root_fd, const char *path, char resolved[PATH_MAX])
{
	AUTO_FD int fd = fs_open_in_root(root_fd, path, O_PATH, NULL);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IXUSR) ||
	    fs_path_of(fd, resolved) < 0)
		return -1;
	return take_fd(&fd);
}

/* As execvp(3) will look for it, as far as can be said before it runs. */
static int find_program(int root_fd, const char *name, const struct strlist *environment,
			char resolved[PATH_MAX])
{
	const char *search = "";

	if (strchr(name, '/'))
		return *name == '/' ? open_program(root_fd, name, resolved) : -1;
	for (size_t i = 0; i < environment->count; i++)
		if (text_starts_with(environment->items[i], "PATH="))
			search = environment->items[i] + strlen("PATH=");
	while (*search) {
		size_t length = strcspn(search, ":");
		AUTO_FREE char *path = xprintf("%.*s/%s", (int)length, search, name);
		int fd = *path == '/' ? open_program(root_fd, path, resolved) : -1;

		if (fd >= 0)
			return fd;
		search += length + (search[length] == ':');
	}
	return -1;
}

/* Which of the words stands first in the table and somewhere in the program; count: none. */
static size_t scan(int fd, const char *const *words, size_t count)
{
	AUTO_FREE char *bytes = xalloc(CHUNK, 1);
	size_t kept = 0, best = count;
	ssize_t length;

	for (off_t at = 0; at < SCAN_MAX && best > 0; at += length) {
		length = pread(fd, bytes + kept, CHUNK - kept, at);
		if (length <= 0)
			break;
		kept += (size_t)length;
		for (size_t i = 0; i < best; i++)
			if (memmem(bytes, kept, words[i], strlen(words[i])))
				best = i;
		/* A word may lie across the border. */
		if (kept > 64) {
			memmove(bytes, bytes + kept - 64, 64);
			kept = 64;
		}
	}
	return best;
}

/* A program that is called init, by what it says of itself. */
static enum full_init look_into(int path_fd)
{
	static const char *const words[] = {
		"INIT_VERSION=sysvinit", "OpenRC init version", "BusyBox v", "libsystemd-core",
	};
	static const enum full_init inits[] = {
		FULL_INIT_SYSVINIT, FULL_INIT_OPENRC, FULL_INIT_BUSYBOX, FULL_INIT_SYSTEMD,
		FULL_INIT_NONE,
	};
	AUTO_FREE char *path = xprintf("/proc/self/fd/%d", path_fd);
	AUTO_FD int fd = fs_open_at(AT_FDCWD, path, O_RDONLY, 0, NULL);

	return fd < 0 ? FULL_INIT_NONE : inits[scan(fd, words, ARRAY_SIZE(words))];
}

enum full_init full_init_find(int root_fd, const struct strlist *command,
			      const struct strlist *environment)
{
	char resolved[PATH_MAX];
	AUTO_FD int fd = -1;
	const char *called, *is;
	bool applet;

	if (command->count == 0)
		return FULL_INIT_NONE;
	fd = find_program(root_fd, command->items[0], environment, resolved);
	if (fd < 0)
		return FULL_INIT_NONE;
	called = base_name(command->items[0]);
	is = base_name(resolved);
	if (strcmp(is, "systemd") == 0)
		return FULL_INIT_SYSTEMD;
	if (strcmp(is, "openrc-init") == 0)
		return FULL_INIT_OPENRC;
	if (strcmp(is, "runit-init") == 0 || strcmp(is, "runit") == 0)
		return FULL_INIT_RUNIT;
	applet = strcmp(called, "busybox") == 0 && command->count > 1 &&
		 strcmp(command->items[1], "init") == 0;
	if (applet || strcmp(called, "init") == 0 || strcmp(called, "linuxrc") == 0)
		return look_into(fd);
	return FULL_INIT_NONE;
}

const char *full_init_name(enum full_init init)
{
	static const char *const names[] = {
		[FULL_INIT_SYSTEMD] = "systemd", [FULL_INIT_SYSVINIT] = "sysvinit",
		[FULL_INIT_BUSYBOX] = "busybox", [FULL_INIT_OPENRC] = "openrc-init",
		[FULL_INIT_RUNIT] = "runit",
	};

	return names[init];
}

int full_init_stop_signal(enum full_init init)
{
	switch (init) {
	case FULL_INIT_SYSTEMD:
		return SIGRTMIN + 3; /* halt.target; systemd(1) */
	case FULL_INIT_BUSYBOX:
		return SIGUSR2; /* power off, after the shutdown lines of its inittab */
	case FULL_INIT_SYSVINIT: /* Ctrl-Alt-Del, for which an inittab has a line; SIGPWR is not */
	case FULL_INIT_RUNIT:    /* likewise, /etc/runit/ctrlaltdel */
		return SIGINT;
	case FULL_INIT_OPENRC:
	case FULL_INIT_NONE:
		break;
	}
	return SIGTERM;
}

bool full_init_reboots(enum full_init init)
{
	return init != FULL_INIT_NONE && init != FULL_INIT_SYSTEMD;
}
