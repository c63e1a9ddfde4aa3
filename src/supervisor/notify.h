/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify.h: a part of the supervisor: the socket at which a container with ready.notify says that it
 * is ready (lifecycle/notify.h). It is read as long as the container runs, as one who finds nobody
 * there, or waits for ever, may take that for a failure. Passed descriptors are not taken: the
 * kernel closes them, which is what sd_notify_barrier(3) waits for.
 */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include "lifecycle/supervisor_notify.h"
#include "supervisor/file.h"

struct notify {
	bool ready; /* it has said so, be it to another supervisor */
};

static void take_notification(struct supervisor *supervisor, void *part)
{
	static const char temporary[] = "." NOTIFY_FILE ".new";
	struct notify *notify = part;
	struct notify_message message;
	struct line line = {.length = 0};
	long length = system_read(supervisor->args.notify_fd, chunk, sizeof(chunk));

	/* Once it is ready, nobody asks any more. */
	if (length <= 0 || notify->ready ||
	    !notify_parse(chunk, (size_t)length, (size_t)length == sizeof(chunk), &message))
		return;
	if (message.ready) {
		notify->ready = true;
		line_add(&line, "ready ");
		line_add_number(&line, (uint64_t)system_seconds());
		line_add(&line, "\n");
	}
	if (message.has_status) {
		line_add(&line, "status ");
		line_add(&line, message.status);
		line_add(&line, "\n");
	}
	if (!replace_file(supervisor, temporary, NOTIFY_FILE, &line))
		log_line(supervisor, "that it is ready cannot be recorded: ", message.ready, "");
}

static bool was_ready(const struct supervisor *supervisor)
{
	long fd = system_open_at(supervisor->args.run_dir_fd, NOTIFY_FILE,
				 O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	long length = fd < 0 ? fd : system_read((int)fd, chunk, sizeof(chunk));

	if (fd >= 0)
		system_close((int)fd);
	return length > 0 && notify_match(chunk, (size_t)length, "ready ") > 0;
}

static inline long notify_begin(struct notify *notify, struct supervisor *supervisor)
{
	if (supervisor->args.notify_fd == 0)
		return 0;
	notify->ready = was_ready(supervisor);
	return sources_add(&supervisor->sources, supervisor->args.notify_fd, take_notification,
			   notify);
}

#endif
