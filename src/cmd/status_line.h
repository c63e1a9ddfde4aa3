/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status_line.h: a line of what `cman status` tells people: its label, which cman(8) explains, and a text. */
#ifndef CMD_STATUS_LINE_H
#define CMD_STATUS_LINE_H

enum status_label {
	STATUS_MORE, /* of the line before */
	STATUS_RECORD,
	STATUS_MARK,
	STATUS_WAITS_FOR,
	STATUS_LAST,
	STATUS_LEFT_OVER,
	STATUS_SINCE,
	STATUS_READY,
	STATUS_NOT_READY,
	STATUS_HEALTH,
	STATUS_CHECK,
	STATUS_PAUSED,
	STATUS_PROCESS,
	STATUS_TERMINAL,
	STATUS_USERNS,
	STATUS_ADDRESS,
	STATUS_PORT,
	STATUS_DISK,
	STATUS_TASKS,
	STATUS_MEMORY,
	STATUS_CPU,
	STATUS_CPUS,
	STATUS_SWAP,
	STATUS_LIMIT,
	STATUS_OOM,
	STATUS_AT,
	STATUS_DUE,
	STATUS_RESTARTS,
	STATUS_LAST_ENDED,
	STATUS_STARTED,
	STATUS_ENDED,
	STATUS_WITH,
	STATUS_INSTANCE,
	STATUS_FILE,
	STATUS_LOG,
	STATUS_LABEL_COUNT,
};

extern const char *const status_labels[STATUS_LABEL_COUNT];

void status_line(enum status_label label, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
