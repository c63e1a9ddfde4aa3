/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor_args.h: what cman hands to cman-supervisor on its command line. Both programs
 * include it, so everything is inline and needs nothing but libc.
 *
 *   cman-supervisor NAME INSTANCE MANAGER_FILE INIT_PID
 *                   INIT_PIDFD RUN_DIR_FD OUTPUT_FD ERROR_FD LOG_DIR_FD LOG_FD CMAN_FD
 *                   NOTIFY_FD CONSOLE_FD
 *
 * What can change while it runs is in a file instead: supervisor_settings.h.
 */
#ifndef LIFECYCLE_SUPERVISOR_ARGS_H
#define LIFECYCLE_SUPERVISOR_ARGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* In STATE_DIR: see supervisor/watch.h. SIGUSR1 tells a supervisor to watch from now on. */
#define SUPERVISOR_AWAITED_FILE "dns.awaited"

/* The fds are inherited (not close-on-exec) and the supervisor's own from then on. */
struct supervisor_args {
	const char *name;
	const char *instance;
	const char *manager_file; /* for "cman -c" */
	/* Of a container that runs. It need not be our child: another supervisor may have died. */
	pid_t init_pid; /* 0: none does, the container is to be started again */
	int init_pidfd; /* then a timer that goes off at that moment */
	int run_dir_fd; /* STATE_DIR/containers/NAME: "exit" is written there */
	int output_fd;  /* FIFOs: O_RDWR | O_NONBLOCK, an open(2) of its own: the payload's */
	int error_fd;   /* must not become non-blocking */
	int log_dir_fd; /* where the log stands */
	int log_fd;     /* NAME.log, O_WRONLY | O_APPEND */
	int cman_fd;    /* O_PATH of the cman program */
	int notify_fd;  /* socket of ready.notify; 0: there is none */
	int console_fd; /* master of its terminal, O_NONBLOCK; 0: it has none */
};

#define SUPERVISOR_NUMBERS 10
#define SUPERVISOR_ARGC    (4 + SUPERVISOR_NUMBERS) /* with argv[0] */

/* Room for the command line. */
struct supervisor_argv {
	char numbers[SUPERVISOR_NUMBERS][12];
	char *argv[SUPERVISOR_ARGC + 1]; /* for execve(2); points into numbers and the args */
};

/* Writes a number that is not negative in decimal. */
static inline void supervisor_format_number(char out[12], int number)
{
	char digits[12];
	int count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (count > 0)
		*out++ = digits[--count];
	*out = '\0';
}

/* Decimal digits only, 0 to INT_MAX; -1: something else. */
static inline int supervisor_parse_number(const char *text)
{
	int number = 0;

	if (*text == '\0')
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || number > (INT_MAX - 9) / 10)
			return -1;
		number = number * 10 + (*text - '0');
	}
	return number;
}

static inline void supervisor_args_format(const struct supervisor_args *args,
					  struct supervisor_argv *out)
{
	const int numbers[SUPERVISOR_NUMBERS] = {args->init_pid,   args->init_pidfd,
						 args->run_dir_fd, args->output_fd,
						 args->error_fd,   args->log_dir_fd,
						 args->log_fd,     args->cman_fd,
						 args->notify_fd,  args->console_fd};

	out->argv[0] = (char *)(size_t) "cman-supervisor";
	out->argv[1] = (char *)(size_t)args->name;
	out->argv[2] = (char *)(size_t)args->instance;
	out->argv[3] = (char *)(size_t)args->manager_file;
	for (int i = 0; i < SUPERVISOR_NUMBERS; i++) {
		supervisor_format_number(out->numbers[i], numbers[i]);
		out->argv[4 + i] = out->numbers[i];
	}
	out->argv[SUPERVISOR_ARGC] = NULL;
}

/* false: not what supervisor_args_format() writes. */
static inline bool supervisor_args_parse(int argc, char *argv[], struct supervisor_args *args)
{
	int numbers[SUPERVISOR_NUMBERS];

	if (argc != SUPERVISOR_ARGC)
		return false;
	for (int i = 0; i < SUPERVISOR_NUMBERS; i++) {
		numbers[i] = supervisor_parse_number(argv[4 + i]);
		if (numbers[i] < 0)
			return false;
	}
	if (!*argv[1] || !*argv[2] || !*argv[3] || numbers[0] == 1)
		return false;
	*args = (struct supervisor_args){
		.name = argv[1],
		.instance = argv[2],
		.manager_file = argv[3],
		.init_pid = numbers[0],
		.init_pidfd = numbers[1],
		.run_dir_fd = numbers[2],
		.output_fd = numbers[3],
		.error_fd = numbers[4],
		.log_dir_fd = numbers[5],
		.log_fd = numbers[6],
		.cman_fd = numbers[7],
		.notify_fd = numbers[8],
		.console_fd = numbers[9],
	};
	return true;
}

#endif
