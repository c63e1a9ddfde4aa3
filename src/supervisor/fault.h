/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault.h: the points of base/fault.h for a program without libc. Here one can only be killed:
 * CMAN_FAULT="cman-supervisor POINT 1=kill".
 */
#ifndef SUPERVISOR_FAULT_H
#define SUPERVISOR_FAULT_H

#ifdef CMAN_FAULTS

#include "supervisor/system.h"

#define FAULT(point)                                                                               \
	do {                                                                                       \
		static const char *const fault_point_                                              \
			__attribute__((section("fault_points"), used)) = "cman-supervisor " point; \
		fault_pass(fault_point_);                                                          \
	} while (0)

extern const char *const __start_fault_points[], *const __stop_fault_points[];

static const char *fault_wanted = "", *fault_trace = "";

/* Returns what follows in text, or NULL when it begins otherwise. */
static const char *fault_after(const char *text, const char *beginning)
{
	while (*beginning && *text == *beginning)
		text++, beginning++;
	return *beginning ? 0 : text;
}

static size_t fault_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

static void fault_pass(const char *point)
{
	const char *rest = fault_after(fault_wanted, point);
	long fd = *fault_trace ? system_open_at(AT_FDCWD, fault_trace,
						O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)
			       : -1;

	if (fd >= 0) {
		system_write((int)fd, point, fault_length(point));
		system_write((int)fd, " 1\n", 3);
		system_close((int)fd);
	}
	rest = rest ? fault_after(rest, " 1=kill") : 0;
	if (rest && !*rest) {
		system_block_signals(0);
		system_call(SYS_kill, system_call(SYS_getpid, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0);
	}
}

static void fault_begin(char *envp[])
{
	for (; *envp; envp++) {
		const char *fault = fault_after(*envp, "CMAN_FAULT=");
		const char *trace = fault_after(*envp, "CMAN_FAULT_TRACE=");

		fault_wanted = fault ? fault : fault_wanted;
		fault_trace = trace ? trace : fault_trace;
	}
	if (!fault_after(fault_wanted, "list"))
		return;
	for (const char *const *point = __start_fault_points; point < __stop_fault_points; point++) {
		system_write(1, *point, fault_length(*point));
		system_write(1, "\n", 1);
	}
	system_call(SYS_exit_group, 0, 0, 0, 0, 0);
}

#else

#define FAULT(point) ((void)0)
#define fault_begin(envp) ((void)(envp))

#endif

#endif
