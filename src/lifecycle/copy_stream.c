/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/copy_stream.h"

#include <poll.h>
#include <string.h>

#include "base/cleanup.h"

/* In front of each entry; name and target follow, without NUL. */
struct head {
	uint32_t type;
	uint32_t length;
	uint64_t offset;
	struct copy_attributes attributes;
	uint32_t name_length, target_length;
};

bool copy_lacks_means(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM;
}

/* ---- faults ---- */

void copy_tell_fault(struct copy_faults *faults, const struct error *fault)
{
	faults->count++;
	faults->tell(faults->container, fault);
}

/* Neither text nor hint of an error has a newline. */
void copy_tell_failed(struct copy_faults *faults, const struct copy_entry *entry)
{
	const char *hint = strchrnul(entry->target, '\n');
	struct error fault = {0};

	error_set(&fault, 0, "%.*s", (int)(hint - entry->target), entry->target);
	if (*hint && hint[1])
		error_hint(&fault, "%s", hint + 1);
	copy_tell_fault(faults, &fault);
}

int copy_put_fault(const struct copy_stream *stream, const struct error *fault, struct error *err)
{
	struct copy_entry entry = {.type = COPY_FAILED};

	snprintf(entry.target, sizeof(entry.target), "%s%s%s", fault->text,
		 *fault->hint ? "\n" : "", fault->hint);
	return copy_put(stream, &entry, err);
}

/* 1: that was the last of them. */
static int take_back_one(const struct copy_stream *stream, struct error *err)
{
	struct copy_entry entry;

	if (copy_take(stream, &entry, err) < 0)
		return -1;
	if (entry.type == COPY_FAILED)
		copy_tell_failed(stream->back, &entry);
	else if (entry.type != COPY_END)
		return error_set(err, EPROTO, "read what was not copied");
	else
		stream->back->any_copied = entry.offset > 0;
	return entry.type == COPY_END;
}

int copy_take_back(const struct copy_stream *stream, struct error *err)
{
	int rc = 0;

	while (rc == 0)
		rc = take_back_one(stream, err);
	return rc < 0 ? -1 : 0;
}

/* ---- bytes ---- */

/* Until something can be read (in_fd) or written (out_fd; -1: not asked), or need not be any more. */
static int wait_ready(const struct copy_stream *stream, int in_fd, int out_fd, short *came,
		      struct error *err)
{
	struct pollfd ready[] = {
		{.fd = in_fd, .events = POLLIN},
		{.fd = out_fd, .events = POLLOUT},
		{.fd = stream->stop_fd, .events = POLLIN},
	};

	while (poll(ready, ARRAY_SIZE(ready), -1) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "poll");
	*came = ready[0].revents;
	return ready[2].revents ? error_set(err, 0, "interrupted") : 0;
}

/* Who reads may be held up by what it has to tell: so that is taken first. */
static int wait_writable(const struct copy_stream *stream, struct error *err)
{
	short came;
	int rc;

	for (;;) {
		if (wait_ready(stream, stream->back ? stream->in_fd : -1, stream->out_fd, &came,
			       err) < 0)
			return -1;
		if (!came)
			return 0;
		rc = take_back_one(stream, err);
		if (rc > 0)
			return error_set(err, EPROTO, "it ends before all was sent");
		if (rc < 0)
			return -1;
	}
}

int copy_put_bytes(const struct copy_stream *stream, const void *bytes, size_t length,
		   struct error *err)
{
	const char *left = bytes;

	while (length > 0) {
		ssize_t written;

		if (wait_writable(stream, err) < 0)
			return -1;
		written = write(stream->out_fd, left, length);
		if (written < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (written < 0)
			return error_set(err, errno, "write to the other process of the copy");
		left += written;
		length -= (size_t)written;
	}
	return 0;
}

int copy_take_bytes(const struct copy_stream *stream, void *bytes, size_t length, struct error *err)
{
	char *left = bytes;

	while (length > 0) {
		ssize_t count;
		short came;

		if (wait_ready(stream, stream->in_fd, -1, &came, err) < 0)
			return -1;
		count = read(stream->in_fd, left, length);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (count < 0)
			return error_set(err, errno, "read from the other process of the copy");
		if (count == 0)
			return error_set(err, EPIPE,
					 "the other process of the copy has ended early");
		left += count;
		length -= (size_t)count;
	}
	return 0;
}

int copy_put(const struct copy_stream *stream, const struct copy_entry *entry, struct error *err)
{
	char bytes[sizeof(struct head) + NAME_MAX + PATH_MAX];
	const struct head head = {
		.type = entry->type,
		.length = entry->length,
		.offset = entry->offset,
		.attributes = entry->attributes,
		.name_length = (uint32_t)strlen(entry->name),
		.target_length = (uint32_t)strlen(entry->target),
	};

	memcpy(bytes, &head, sizeof(head));
	memcpy(bytes + sizeof(head), entry->name, head.name_length);
	memcpy(bytes + sizeof(head) + head.name_length, entry->target, head.target_length);
	return copy_put_bytes(stream, bytes, sizeof(head) + head.name_length + head.target_length,
			      err);
}

static bool is_a_name(const char *name, size_t length)
{
	return strlen(name) == length && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static bool makes_sense(const struct head *head)
{
	bool has_target = head->type == COPY_SYMLINK || head->type == COPY_HARDLINK ||
			  head->type == COPY_SKIPPED || head->type == COPY_FAILED;

	return head->type >= COPY_DIRECTORY && head->type <= COPY_END &&
	       head->name_length <= NAME_MAX && head->target_length < PATH_MAX &&
	       has_target == (head->target_length > 0) &&
	       (head->type != COPY_DATA || (head->length > 0 && head->length <= COPY_CHUNK)) &&
	       head->offset <= INT64_MAX - COPY_CHUNK;
}

int copy_take(const struct copy_stream *stream, struct copy_entry *entry, struct error *err)
{
	struct head head;

	if (copy_take_bytes(stream, &head, sizeof(head), err) < 0)
		return -1;
	if (!makes_sense(&head))
		return error_set(err, EPROTO, "read the next file");
	entry->type = (enum copy_type)head.type;
	entry->length = head.length;
	entry->offset = head.offset;
	entry->attributes = head.attributes;
	if (copy_take_bytes(stream, entry->name, head.name_length, err) < 0 ||
	    copy_take_bytes(stream, entry->target, head.target_length, err) < 0)
		return -1;
	entry->name[head.name_length] = '\0';
	entry->target[head.target_length] = '\0';
	if (!is_a_name(entry->name, head.name_length) || strlen(entry->target) != head.target_length)
		return error_set(err, EPROTO, "read the name of a file");
	return 0;
}
