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
	/* A file that could not be copied, may be NULL. */
	void (*tell_skipped)(const char *path, mode_t mode);
	struct copy_faults *faults; /* what the other side could not read; may be NULL */
};

/*
 * Into path where it is a directory; else, of one source only, to path itself, in a directory that
 * is there. Returns behind the END of the stream. On failure the hint of err tells how far it came,
 * unless there is another.
 */
int copy_receive(const struct copy_stream *stream, const struct copy_target *target,
		 struct error *err);

#endif
