/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cleanup.h: release at the end of the scope, and handing ownership on. */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(fn) __attribute__((cleanup(fn)))

/* Closes *fd unless it is negative, sets it to -1 and keeps errno. */
static inline void close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void free_pointer(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

static inline void close_dir(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	errno = saved;
}

#define AUTO_FD   AUTO(close_fd)
#define AUTO_FREE AUTO(free_pointer)
#define AUTO_DIR  AUTO(close_dir)

/* Moves ownership to the caller: the variable no longer releases it. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *take_pointer(void *pointer)
{
	void *taken = *(void **)pointer;

	*(void **)pointer = NULL;
	return taken;
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
