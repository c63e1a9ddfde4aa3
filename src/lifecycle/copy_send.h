/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_send.h: files read and put into a stream, in either direction of cman cp. What is read may
 * change meanwhile, by somebody who wants to harm: below what was named no link is followed (but with
 * follow), nothing but a regular file is read, and none of them without an end. path_resolution(7)
 */
#ifndef LIFECYCLE_COPY_SEND_H
#define LIFECYCLE_COPY_SEND_H

#include <stdbool.h>

#include "lifecycle/copy_stream.h"

struct copy_sender {
	const struct copy_stream *stream;
	bool follow; /* what a symbolic link points to, in its place */
	/* Of sockets, devices and file systems of the kernel; NULL: told to whoever reads. */
	void (*tell_skipped)(const char *path, mode_t mode);
	struct copy_faults *faults; /* what could not be read; NULL: whoever reads tells it */
};

/*
 * Puts the tree at path, which is looked up as open(2) does; with all that is in it. What cannot be looked at
 * or opened is told and left out. -1: one that cannot be read any further, or the other side is gone.
 */
int copy_send(const struct copy_sender *sender, const char *path, struct error *err);

/* Behind the last of them; where anything comes back, returns when the other side has made all. */
int copy_send_end(const struct copy_sender *sender, struct error *err);

#endif
