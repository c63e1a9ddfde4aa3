/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_syslog.h: lines of output as messages to the host's log daemon: datagrams to /dev/log in the
 * form of RFC 3164 without a time, which the daemon adds: "<30>web[1234]: text". The facility is
 * daemon; standard output is info, standard error err. Nobody waits for a daemon that is slow.
 */
#ifndef SUPERVISOR_LOG_SYSLOG_H
#define SUPERVISOR_LOG_SYSLOG_H

#include "supervisor/supervisor.h"
#include "supervisor/text.h"

#define SYSLOG_INFO 30 /* facility 3, daemon, times eight, plus severity 6 */
#define SYSLOG_ERR  27

/* At most once a second: who is not there will not be there for the next line. */
static void connect_syslog(struct log *log, int64_t now)
{
	long fd;

	if (log->syslog_fd >= 0 || log->syslog_tried == now)
		return;
	log->syslog_tried = now;
	fd = system_open_datagrams();
	if (fd < 0)
		return;
	if (system_connect_local((int)fd, SYSTEM_LOG_SOCKET) < 0) {
		system_close((int)fd);
		return;
	}
	log->syslog_fd = (int)fd;
}

/* text: without newline. now: seconds, not to try too often. */
static void log_syslog_put(struct supervisor *supervisor, bool is_error, int64_t now, char *text,
			   size_t length)
{
	struct log *log = &supervisor->log;
	struct line tag = {.length = 0};
	struct iovec parts[2];
	long sent = -1;

	if (length == 0)
		return; /* a daemon has no use for an empty message */
	line_add(&tag, "<");
	line_add_number(&tag, is_error ? SYSLOG_ERR : SYSLOG_INFO);
	line_add(&tag, ">");
	line_add(&tag, supervisor->args.name);
	line_add(&tag, "[");
	line_add_number(&tag, (uint64_t)supervisor->args.init_pid);
	line_add(&tag, "]: ");
	parts[0] = (struct iovec){tag.bytes, tag.length};
	parts[1] = (struct iovec){text, length};
	connect_syslog(log, now);
	if (log->syslog_fd >= 0)
		sent = system_write_parts(log->syslog_fd, parts, 2);
	log->syslog_works = sent >= 0;
	if (sent >= 0)
		return;
	log->missed++;
	/* Full: it is still there. All else, also a daemon that was started anew: connect again. */
	if (log->syslog_fd >= 0 && sent != SYSTEM_EAGAIN) {
		system_close(log->syslog_fd);
		log->syslog_fd = -1;
	}
}

#endif
