/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copy_stream.h: a tree of files on its way through a pipe, entry by entry, between the process of
 * cman on the host and the one in the container. No descriptor travels with it, and whoever reads
 * believes nothing of it: a name is one name, never a path.
 *
 *   DIRECTORY entries... LEAVE      what is in a directory, then its end
 *   FILE DATA... FILE_END           holes are what no DATA is for
 *   SYMLINK, HARDLINK, FIFO         in one piece
 *   SKIPPED, FAILED                 nothing is made, whoever reads may tell
 *   END                             behind the last tree
 *
 * From the container FAILED comes back by a pipe of its own, of what could not be made there, and END
 * when all is done.
 */
#ifndef LIFECYCLE_COPY_STREAM_H
#define LIFECYCLE_COPY_STREAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

enum copy_type {
	COPY_DIRECTORY = 1,
	COPY_LEAVE,
	COPY_FILE,
	COPY_DATA,
	COPY_FILE_END,
	COPY_SYMLINK,
	COPY_HARDLINK,
	COPY_FIFO,
	COPY_SKIPPED,
	COPY_FAILED,
	COPY_END,
};

#define COPY_CHUNK 131072 /* bytes, most of one DATA */

struct copy_attributes {
	uint32_t mode; /* with its type, as st_mode; of SKIPPED, too */
	uint32_t uid, gid;
	int64_t accessed, modified; /* seconds */
	uint32_t accessed_ns, modified_ns;
};

/* All of it is written as it stands: both ends are the same program. */
struct copy_entry {
	enum copy_type type;
	struct copy_attributes attributes; /* of what is made */
	/* DATA: where it belongs; FILE_END: size of the file; END that comes back: how many were made. */
	uint64_t offset;
	uint32_t length;                   /* DATA: bytes that follow, 1 to COPY_CHUNK */
	char name[NAME_MAX + 1];           /* "" for the top of a tree */
	/*
	 * SYMLINK: where it points; HARDLINK: path of the other below the top; SKIPPED: path; FAILED: why, and
	 * in a line of its own the hint, if there is one.
	 */
	char target[PATH_MAX];
};

/* What could not be copied while all else is; kept on the host, whichever side it is on. */
struct copy_faults {
	void (*tell)(const char *container, const struct error *fault);
	const char *container;
	unsigned long long count;
	bool any_copied; /* known once all is: there was something else */
};

struct copy_stream {
	int in_fd, out_fd; /* of pipes; not owned; what is written to must be nonblocking */
	int stop_fd;       /* not owned; once it can be read, all fails as interrupted; -1: never */
	struct copy_faults *back; /* what comes back while it is written; NULL: nothing does */
};

/* Without these nothing else can be opened either. */
bool copy_lacks_means(int code);

void copy_tell_fault(struct copy_faults *faults, const struct error *fault);
void copy_tell_failed(struct copy_faults *faults, const struct copy_entry *entry); /* FAILED */

/* As FAILED, for the other side to tell. */
int copy_put_fault(const struct copy_stream *stream, const struct error *fault, struct error *err);

/* What still comes back, up to its END. */
int copy_take_back(const struct copy_stream *stream, struct error *err);

/* EPIPE: nobody reads any more. */
int copy_put(const struct copy_stream *stream, const struct copy_entry *entry, struct error *err);
int copy_put_bytes(const struct copy_stream *stream, const void *bytes, size_t length,
		   struct error *err);

/* EPIPE: it has ended early. EPROTO: what was read makes no sense. */
int copy_take(const struct copy_stream *stream, struct copy_entry *entry, struct error *err);
int copy_take_bytes(const struct copy_stream *stream, void *bytes, size_t length, struct error *err);

#endif
