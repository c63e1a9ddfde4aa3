/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy.h: files into and out of a running container. Two processes do it, one on the host and one
 * in the container (attach_work()), with two pipes between them and nothing else: neither has a file
 * of the other's side open, so whatever is exchanged in there meanwhile, each reaches its own alone.
 */
#ifndef LIFECYCLE_COPY_H
#define LIFECYCLE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lifecycle/attach.h"

/* Nothing is owned. */
struct copy {
	char *const *sources; /* paths */
	size_t count;         /* of them; at least one */
	const char *target;   /* path, on the other side */
	bool into;            /* the container; else out of it */
	bool archive;         /* owners by number, set-user-ID and its like */
	bool follow;          /* what symbolic links point to */
	void (*tell_skipped)(const char *path, mode_t mode); /* a file that is none to be copied */
	const char *container;
	/* One that could not be read or made. */
	void (*tell_fault)(const char *container, const struct error *fault);
};

/*
 * Copies all of them. What cannot be read or made is told, and all else copied; in the end that is an
 * error, too. It ends where nothing else could be made either (copy_receive()), and by SIGINT, SIGTERM
 * and SIGHUP. The hint of err tells how far it came, unless there is another. Call it once, at the end of a command: signals stay as set here.
 */
int copy_run(const struct attach *attach, const struct copy *copy, struct error *err);

#endif
