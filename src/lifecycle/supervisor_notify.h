/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor_notify.h: what a container says of itself at NOTIFY_SOCKET: a datagram of lines
 * "NAME=VALUE", sd_notify(3). Both cman and cman-supervisor include it, so everything is inline and
 * needs nothing but the headers. The sender is any process of the container: nothing is believed
 * but what is asked here, and nothing is too long or too odd.
 */
#ifndef LIFECYCLE_SUPERVISOR_NOTIFY_H
#define LIFECYCLE_SUPERVISOR_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

/* What the supervisor has taken down, in the run directory: "ready SECONDS", "status TEXT". */
#define NOTIFY_FILE "readiness"

#define NOTIFY_STATUS_MAX 128 /* bytes kept of a status, with the NUL */

struct notify_message {
	bool ready;      /* READY=1 */
	bool has_status; /* STATUS=TEXT, also an empty one */
	char status[NOTIFY_STATUS_MAX]; /* one line of printable bytes; the encoding is not looked at */
};

/* The length of name where the line begins with it, else 0. */
static inline size_t notify_match(const char *line, size_t length, const char *name)
{
	size_t at = 0;

	while (at < length && name[at] && line[at] == name[at])
		at++;
	return name[at] ? 0 : at;
}

static inline void notify_take_line(const char *line, size_t length, struct notify_message *message)
{
	size_t at = notify_match(line, length, "READY=1"), kept = 0;

	if (at > 0 && at == length)
		message->ready = true;
	at = notify_match(line, length, "STATUS=");
	if (at == 0)
		return;
	for (; at < length && kept < NOTIFY_STATUS_MAX - 1; at++) {
		unsigned char byte = (unsigned char)line[at];

		message->status[kept++] = byte < ' ' || byte == 0x7f ? '?' : line[at];
	}
	message->status[kept] = '\0';
	message->has_status = true;
}

/*
 * The last of several lines of a kind counts. cut: the datagram was longer, so that its last line is
 * not whole and is left out. Returns whether it says anything that is asked.
 */
static inline bool notify_parse(const char *bytes, size_t length, bool cut,
				struct notify_message *message)
{
	size_t start = 0;

	message->ready = message->has_status = false;
	for (size_t at = 0; at <= length; at++) {
		if (at < length ? bytes[at] != '\n' : cut)
			continue;
		notify_take_line(bytes + start, at - start, message);
		start = at + 1;
	}
	return message->ready || message->has_status;
}

#endif
