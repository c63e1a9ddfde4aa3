/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/status_line.h"

#include <stdarg.h>
#include <stdio.h>

const char *const status_labels[STATUS_LABEL_COUNT] = {
	[STATUS_MORE] = "",
	[STATUS_RECORD] = "record",
	[STATUS_MARK] = "mark",
	[STATUS_WAITS_FOR] = "waits for",
	[STATUS_LAST] = "last",
	[STATUS_LEFT_OVER] = "left over",
	[STATUS_SINCE] = "since",
	[STATUS_READY] = "ready",
	[STATUS_NOT_READY] = "not ready",
	[STATUS_HEALTH] = "health",
	[STATUS_CHECK] = "check",
	[STATUS_PAUSED] = "paused",
	[STATUS_PROCESS] = "process",
	[STATUS_TERMINAL] = "terminal",
	[STATUS_USERNS] = "userns",
	[STATUS_ADDRESS] = "address",
	[STATUS_PORT] = "port",
	[STATUS_DISK] = "disk",
	[STATUS_TASKS] = "tasks",
	[STATUS_MEMORY] = "memory",
	[STATUS_CPU] = "cpu",
	[STATUS_CPUS] = "cpus",
	[STATUS_SWAP] = "swap",
	[STATUS_LIMIT] = "limit",
	[STATUS_OOM] = "oom",
	[STATUS_AT] = "at",
	[STATUS_DUE] = "due",
	[STATUS_RESTARTS] = "restarts",
	[STATUS_LAST_ENDED] = "last ended",
	[STATUS_STARTED] = "started",
	[STATUS_ENDED] = "ended",
	[STATUS_WITH] = "with",
	[STATUS_INSTANCE] = "instance",
	[STATUS_FILE] = "file",
	[STATUS_LOG] = "log",
};

void status_line(enum status_label label, const char *fmt, ...)
{
	va_list args;

	printf("  %-10s ", status_labels[label]);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}
