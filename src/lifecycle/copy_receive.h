/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_receive.h: files made of what comes out of a stream, in either direction of cman cp. Neither
 * names nor links of the stream lead out of the directory they are for, and a file has its name
 * once all of it is there: it is written beside it and renamed. rename(2)
 */
#ifndef LIFECYCLE_COPY_RECEIVE_H
#define LIFECYCLE_COPY_RECEIVE_H

#include <stdbool.h>

#include "lifecycle/copy_stream.h"

struct copy_target {
	const char *path;     /* looked up as open(2) does */
	char *const *sources; /* paths the trees come from: the last part is the name of each */
	size_t count;         /* of them; at least one */
	bool keep_owner;      /* owners by number, set-user-ID and its like */
	/* Of sockets, devices and file systems of the kernel; NULL: who sends them tells it. */
	void (*tell_skipped)(const char *path, mode_t mode);
	/* What could not be read or made; NULL: the other side tells it, and gets back what and END. */
	struct copy_faults *faults;
};

/*
 * Into path where it is a directory; else, of one source only, to path itself, in a directory that
 * is there. What cannot be made is told and left out, with all that is in it; but where there is no
 * room, or the file system is read-only or broken, nothing else could be made either: that ends it.
 * Returns behind the END of the stream. On failure the hint of err tells how far it came, unless there
 * is another.
 */
int copy_receive(const struct copy_stream *stream, const struct copy_target *target,
		 struct error *err);

#endif
