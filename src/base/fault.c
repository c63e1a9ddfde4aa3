/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fault.h"

#ifdef CMAN_FAULTS

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define COUNTED_MAX 512

extern const char *const __start_fault_points[], *const __stop_fault_points[];

static const char *current_role = "cman";

/* Kept open: init has another root later on. */
static int trace_fd = -1;

int fault_descriptor(void)
{
	return trace_fd;
}

void fault_set_role(const char *role)
{
	current_role = role;
}

/* How often the point was passed, this time included. */
static unsigned int count(const char *text)
{
	static struct {
		char *text;
		unsigned int count;
	} passed[COUNTED_MAX];
	size_t i = 0;

	while (i < COUNTED_MAX - 1 && passed[i].text && strcmp(passed[i].text, text) != 0)
		i++;
	if (!passed[i].text)
		passed[i].text = xstrdup(text);
	return ++passed[i].count;
}

static bool is_in(int fd, const char *line, size_t length)
{
	AUTO_TEXT struct text text = {0};
	char bytes[4096];
	ssize_t count;

	text_add(&text, "\n", 1);
	while ((count = pread(fd, bytes, sizeof(bytes), (off_t)text.length - 1)) > 0)
		text_add(&text, bytes, (size_t)count);
	for (const char *at = text_value(&text); (at = strstr(at, "\n")) != NULL; at++)
		if (strncmp(at + 1, line, length) == 0)
			return true;
	return false;
}

/* false: it has been passed before, by some other process. */
static bool trace(const char *line, size_t length)
{
	const char *file = getenv("CMAN_FAULT_TRACE");
	bool first;

	if (!file || !*file)
		return true;
	for (int attempt = 0; attempt < 2; attempt++) {
		first = trace_fd < 0 || !is_in(trace_fd, line, length);
		if (trace_fd >= 0 && write(trace_fd, line, length) == (ssize_t)length)
			return first;
		trace_fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	}
	return true;
}

/* _exit(): the first process of a pid namespace is spared by its own SIGKILL. */
static _Noreturn void die(void)
{
	kill(getpid(), SIGKILL);
	_exit(128 + SIGKILL);
}

int fault_pass(const char *point, const char *of, struct error *err)
{
	const char *wanted = getenv("CMAN_FAULT");
	AUTO_FREE char *name = xprintf("%s %s%s%s", current_role, point, *of ? " " : "", of);
	AUTO_FREE char *line = xprintf("%s %u\n", name, count(name));
	size_t length = strlen(line) - 1;
	bool first = trace(line, length + 1);

	line[length] = '\0';
	if (!first || !wanted || strncmp(wanted, line, length) != 0 || wanted[length] != '=')
		return 0;
	if (strcmp(wanted + length + 1, "kill") == 0)
		die();
	if (strcmp(wanted + length + 1, "stop") == 0)
		return raise(SIGSTOP);
	errno = atoi(wanted + length + 1);
	return err ? error_set(err, errno, "fault at %s", line) : -1;
}

void fault_begin(void)
{
	const char *wanted = getenv("CMAN_FAULT");

	if (!wanted || strcmp(wanted, "list") != 0)
		return;
	for (const char *const *point = __start_fault_points; point < __stop_fault_points; point++)
		puts(*point);
	exit(EXIT_SUCCESS);
}

char *const *fault_environment(void)
{
	static char *variables[3];
	const char *wanted = getenv("CMAN_FAULT"), *file = getenv("CMAN_FAULT_TRACE");

	variables[0] = xprintf("CMAN_FAULT=%s", wanted ? wanted : "");
	variables[1] = xprintf("CMAN_FAULT_TRACE=%s", file ? file : "");
	return variables;
}

#endif
