/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's code, compiled into the test (with libc, so that sanitizers see it), run in a
 * child that has a child of its own for an init, as after lifecycle/supervisor.c. /bin/echo takes
 * the part of "cman finish" and shows the arguments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/process.h"
#include "lifecycle/supervisor.h"

static char log_socket[100];
#define SYSTEM_LOG_SOCKET log_socket
#define main supervisor_main
#include "supervisor/main.c"
#undef main

static char state_directory[64], directory[96]; /* as STATE_DIR and STATE_DIR/containers/web */

static char *in_directory(const char *name)
{
	static char path[192];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *stream = fopen(in_directory(name), "we");

	assert_non_null(stream);
	fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
}

static int set_up(void **state)
{
	AUTO_FD int lock_fd = -1;

	(void)state;
	snprintf(state_directory, sizeof(state_directory), "/tmp/test-supervisor-XXXXXX");
	if (!mkdtemp(state_directory))
		return -1;
	snprintf(directory, sizeof(directory), "%s/containers/web", state_directory);
	if (fs_make_directories(directory, 0700, NULL) < 0)
		return -1;
	write_file("settings", "stop_signal 10\n"); /* SIGUSR1 */
	lock_fd = open(in_directory("lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return lock_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return fs_remove_tree_at(AT_FDCWD, state_directory, NULL);
}

static int open_in(int dir_fd, const char *name, int flags)
{
	int fd = openat(dir_fd, name, flags, 0600);

	assert_true(fd >= 0);
	return fd;
}

static _Noreturn void run_init(int dir_fd, const char *script)
{
	dup2(openat(dir_fd, "output", O_RDWR), STDOUT_FILENO);
	dup2(openat(dir_fd, "error", O_RDWR), STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

/* In a child: starts an init and becomes its supervisor. Output of "finish" goes to DIR/finish. */
static _Noreturn void become_supervisor(const char *script, const char *log_path)
{
	char *environment[] = {(char *)"A=b", NULL};
	int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	struct supervisor_args args = {
		.name = "web",
		.instance = "0-1-2",
		.manager_file = "/etc/x.conf",
		.run_dir_fd = dir_fd,
		.cman_fd = open("/bin/echo", O_PATH),
	};
	struct supervisor_argv command_line;

	setsid();
	mkfifoat(dir_fd, "output", 0600);
	mkfifoat(dir_fd, "error", 0600);
	args.output_fd = openat(dir_fd, "output", O_RDWR | O_NONBLOCK);
	args.error_fd = openat(dir_fd, "error", O_RDWR | O_NONBLOCK);
	args.log_dir_fd = dir_fd;
	args.log_fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	args.init_pid = fork();
	if (args.init_pid == 0)
		run_init(dir_fd, script);
	args.init_pidfd = (int)syscall(SYS_pidfd_open, args.init_pid, 0);
	dup2(openat(dir_fd, "finish", O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
	supervisor_args_format(&args, &command_line);
	_exit(supervisor_main(SUPERVISOR_ARGC, command_line.argv, environment));
}

static pid_t start(const char *script, const char *log_path)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		become_supervisor(script, log_path);
	return pid;
}

static void wait_for(pid_t pid, int expected)
{
	struct process_identity identity;
	int status, pidfd;

	assert_int_equal(process_identify(pid, &identity, NULL), 0);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process_wait_ended(pidfd, 20000, NULL) != 1) {
		kill(-pid, SIGKILL);
		fail_msg("the supervisor does not end");
	}
	close(pidfd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, expected << 8);
}

static void expect_file(const char *name, const char *expected)
{
	AUTO_FD int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	AUTO_TEXT struct text text = {0};

	assert_int_equal(fs_read_at(dir_fd, name, 1 << 20, &text, NULL), 0);
	assert_string_equal(text_value(&text), expected);
}

static const char *in_file(const char *name)
{
	static char text[4096];
	AUTO_FD int fd = open(in_directory(name), O_RDONLY);
	ssize_t length = read(fd, text, sizeof(text) - 1);

	assert_true(length >= 0);
	text[length] = '\0';
	return text;
}

/* What was written to a stream, joined again; all lines of the file have their form. */
static void add_stream(const char *name, char stream, struct text *out)
{
	AUTO_FD int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	AUTO_TEXT struct text text = {0};
	const char *at, *end;

	assert_int_equal(fs_read_at(dir_fd, name, 64 << 20, &text, NULL), 0);
	end = text.data + text.length;
	for (at = text.data; text.length > 0 && at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		char letter, mark;
		int length = 0;

		assert_non_null(newline);
		assert_int_equal(sscanf(at, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*6dZ %c%c%n", &letter, &mark,
					&length), 2);
		assert_int_equal(length, 30);
		assert_true(mark == ' ' || mark == '+');
		if (letter == stream)
			text_add(out, at + 30, (size_t)(newline - at) - 30 + (mark == ' '));
		at = newline + 1;
	}
}

static void expect_log(char stream, const char *expected)
{
	AUTO_TEXT struct text text = {0};

	add_stream("log", stream, &text);
	assert_string_equal(text_value(&text), expected);
}

static void expect_exit(int status)
{
	AUTO_FD int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	AUTO_TEXT struct text text = {0};
	unsigned long long ended;
	int recorded;
	char rest;

	assert_int_equal(fs_read_at(dir_fd, "exit", 256, &text, NULL), 0);
	assert_int_equal(sscanf(text.data, "status %d\nended %llu%c", &recorded, &ended, &rest), 3);
	assert_int_equal(rest, '\n');
	assert_int_equal(recorded, status);
	/* time(2) is of the last tick: it may still say the second before. */
	assert_true((time_t)ended >= time(NULL) - 60 && (time_t)ended <= time(NULL) + 1);
	assert_false(fs_exists_at(dir_fd, ".exit.new"));
}

static void output_status_and_finish(void **state)
{
	(void)state;
	wait_for(start("echo hello; echo error >&2; exit 3", in_directory("log")), 0);
	expect_log('o', "hello\n");
	expect_log('e', "error\n");
	expect_exit(3 << 8);
	expect_file("finish", "-c /etc/x.conf finish -- web 0-1-2\n");
}

/* Prompts and the like: what has no newline is there at once, and marked. */
static void parts_of_lines(void **state)
{
	(void)state;
	wait_for(start("printf a; sleep 0.3; printf 'b\\n\\nc\\n'; printf d >&2", in_directory("log")), 0);
	expect_log('o', "ab\n\nc\n");
	expect_log('e', "d");
}

static void moments(void **state)
{
	(void)state;
	for (uint64_t day = 0; day < 60000; day++) {
		struct line line = {.length = 0};
		const time_t seconds = (time_t)(day * 86400 + day % 86400);
		char expected[40];
		struct tm tm;

		line_add_moment(&line, (uint64_t)seconds, day);
		line.bytes[line.length] = '\0';
		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
		snprintf(expected + strlen(expected), 9, ".%06uZ", (unsigned int)day);
		assert_string_equal(line.bytes, expected);
	}
}

/* Numbered lines, far more than may be kept: those that are there are the last ones, all of them. */
static void a_log_is_capped(void **state)
{
	static const char *const names[] = {"web.log.2", "web.log.1", "web.log"};
	AUTO_FD int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	AUTO_TEXT struct text text = {0};
	char *at;
	long number;

	(void)state;
	write_file("settings", "stop_signal 10\nlog_max_size 65536\nlog_max_files 3\n");
	write_file("web.log.3", "of a time when there were more\n");
	wait_for(start("seq 1 30000", in_directory("web.log")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct stat st;

		assert_int_equal(stat(in_directory(names[i]), &st), 0);
		assert_true(st.st_size <= 65536 && (i == 2 || st.st_size > 65536 - 64));
		add_stream(names[i], 'o', &text);
	}
	assert_false(fs_exists_at(dir_fd, "web.log.3"));
	assert_false(fs_exists_at(dir_fd, "web.log.new"));
	number = strtol(text_value(&text), &at, 10);
	assert_true(number < 30000 - 2 * 65536 / 40);
	/* The first may be the second part of one. */
	for (number = strtol(at, &at, 10); *at == '\n' && at[1]; number++)
		assert_int_equal(strtol(at, &at, 10), number + 1);
	assert_int_equal(number, 30000);
}

/* Where no new file can be made, nothing grows, and what is lost is counted. */
static void a_log_that_cannot_be_rotated(void **state)
{
	struct stat st;

	(void)state;
	write_file("settings", "log_max_size 65536\nlog_max_files 2\n");
	assert_int_equal(mkdir(in_directory("web.log.1"), 0700), 0);
	wait_for(start("seq 1 30000; exit 3", in_directory("web.log")), 0);
	expect_exit(3 << 8);
	assert_int_equal(stat(in_directory("web.log"), &st), 0);
	assert_true(st.st_size <= 65536);
}

/* A file system without room: counted, and told once there is some again. */
static void what_a_full_disk_takes_is_told(void **state)
{
	struct supervisor supervisor = {.args.name = "web", .args.log_fd = -1};
	char text[] = "0123456789\n", more[] = "more\n";
	AUTO_FD int full_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	AUTO_FD int log_fd = open(in_directory("log"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	supervisor_settings_reset(&supervisor.settings);
	supervisor.log.syslog_fd = -1;
	supervisor.args.log_fd = full_fd;
	log_chunk(&supervisor, text, 11, "o");
	log_chunk(&supervisor, text, 11, "e");
	assert_int_equal(supervisor.log.dropped, 22);
	tell_losses(&supervisor);
	assert_int_equal(supervisor.log.dropped, 22);
	supervisor.args.log_fd = log_fd;
	log_chunk(&supervisor, more, 5, "o");
	assert_int_equal(supervisor.log.dropped, 0);
	expect_log('s', "cman-supervisor: the log file could not be written, bytes of output lost: 22\n");
	expect_log('o', "more\n");
	/* A line that was cut off does not swallow the next. */
	assert_int_equal(write(log_fd, "2026-11-22T18:30:05.123456Z o torn", 34), 34);
	supervisor.log.torn = true;
	log_chunk(&supervisor, more, 5, "o");
	expect_log('o', "more\ntorn\nmore\n");
}

/* Whoever wants none, gets none: neither file nor daemon. */
static void without_a_log(void **state)
{
	(void)state;
	write_file("settings", "log_driver 2\n");
	wait_for(start("seq 1 100000; exit 3", in_directory("log")), 0);
	expect_exit(3 << 8);
	expect_file("log", "");
}

static int open_daemon(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", log_socket);
	unlink(log_socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void expect_message(int fd, const char *format, pid_t pid)
{
	char expected[128], message[128] = "";

	snprintf(expected, sizeof(expected), format, (int)pid);
	assert_true(recv(fd, message, sizeof(message) - 1, 0) > 0);
	assert_string_equal(message, expected);
}

static void lines_for_syslog(void **state)
{
	struct supervisor supervisor = {.args.name = "web", .args.init_pid = 77};
	AUTO_FD int log_fd = open(in_directory("log"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	char lines[] = "one\n\ntwo", error[] = "bad\n", flood[] = "x\n";
	unsigned int sent = 0;
	char message[8];
	int fd;

	(void)state;
	snprintf(log_socket, sizeof(log_socket), "%.60s/log.socket", state_directory);
	supervisor_settings_reset(&supervisor.settings);
	supervisor.settings.log_driver = SUPERVISOR_LOG_SYSLOG;
	supervisor.args.log_fd = log_fd;
	supervisor.log.syslog_fd = -1;
	/* Nobody is there. */
	log_chunk(&supervisor, error, 4, "e");
	assert_int_equal(supervisor.log.missed, 1);
	/* Now somebody is, and is told, as is the log: as soon as the next line is taken. */
	fd = open_daemon();
	supervisor.log.syslog_tried = 0;
	log_chunk(&supervisor, lines, 8, "o");
	expect_message(fd, "<30>web[%d]: one", 77);
	expect_message(fd, "<30>web[%d]: two", 77);
	log_chunk(&supervisor, error, 4, "e");
	expect_message(fd, "<27>web[%d]: bad", 77);
	expect_log('s', "cman-supervisor: syslog did not take it, lines of output lost: 1\n");
	/* One that is slow is not waited for. */
	while (supervisor.log.missed == 0 && sent < 1000000) {
		log_chunk(&supervisor, flood, 2, "o");
		sent++;
	}
	assert_int_equal(supervisor.log.missed, 1);
	assert_true(supervisor.log.syslog_fd >= 0);
	while (recv(fd, message, sizeof(message), 0) > 0)
		sent--;
	assert_int_equal(sent, 1);
	/* One that was started anew is found. */
	close(fd);
	log_chunk(&supervisor, flood, 2, "o");
	assert_int_equal(supervisor.log.missed, 2);
	fd = open_daemon();
	supervisor.log.syslog_tried = 0;
	log_chunk(&supervisor, error, 4, "e");
	expect_message(fd, "<27>web[%d]: bad", 77);
	assert_int_equal(supervisor.log.missed, 0);
	close(fd);
	close(supervisor.log.syslog_fd);
}

static void a_signal_as_status(void **state)
{
	(void)state;
	wait_for(start("kill -9 $$", in_directory("log")), 0);
	expect_exit(9);
}

/* As lifecycle/supervisor.c does: a signal that comes before there is a place for it waits. */
static pid_t fork_deaf(void)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid != 0)
		sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* Of a container that runs: its init is the child of the test, as after another's death. */
static pid_t adopt(pid_t init_pid, int watched_fd)
{
	pid_t pid = fork_deaf();
	char *environment[] = {NULL};
	int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	struct supervisor_args args = {
		.name = "web",
		.instance = "0-1-2",
		.manager_file = "/etc/x.conf",
		.init_pid = init_pid,
		.init_pidfd = watched_fd,
		.run_dir_fd = dir_fd,
		.log_dir_fd = dir_fd,
	};
	struct supervisor_argv command_line;

	assert_true(pid >= 0);
	if (pid > 0) {
		close(dir_fd);
		return pid;
	}
	setsid();
	mkfifoat(dir_fd, "output", 0600);
	mkfifoat(dir_fd, "error", 0600);
	args.output_fd = openat(dir_fd, "output", O_RDWR | O_NONBLOCK);
	args.error_fd = openat(dir_fd, "error", O_RDWR | O_NONBLOCK);
	args.log_fd = openat(dir_fd, "log", O_WRONLY | O_APPEND | O_CREAT, 0600);
	args.cman_fd = open("/bin/echo", O_PATH);
	dup2(openat(dir_fd, "finish", O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
	supervisor_args_format(&args, &command_line);
	_exit(supervisor_main(SUPERVISOR_ARGC, command_line.argv, environment));
}

/* Whether this kernel tells how a process ended whose pidfd one has: Linux 6.15. */
static bool tells_status(void)
{
	pid_t pid = fork();
	int pidfd, status = 0;
	bool tells;

	if (pid == 0)
		_exit(5);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	waitpid(pid, NULL, 0);
	tells = system_get_exit_status(pidfd, &status) == 0;
	assert_true(!tells || status == 5 << 8);
	close(pidfd);
	return tells;
}

static void an_init_that_is_not_its_child(void **state)
{
	pid_t init_pid = fork(), pid;
	int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	int pidfd, status;

	(void)state;
	if (init_pid == 0)
		run_init(dir_fd, "sleep 0.2; exit 7");
	pidfd = (int)syscall(SYS_pidfd_open, init_pid, 0);
	pid = adopt(init_pid, pidfd);
	assert_int_equal(waitpid(init_pid, &status, 0), init_pid);
	wait_for(pid, 0);
	if (tells_status())
		expect_exit(7 << 8);
	else
		assert_int_equal(strncmp(in_file("exit"), "ended ", 6), 0);
	expect_file("finish", "-c /etc/x.conf finish -- web 0-1-2\n");
	close(pidfd);
	close(dir_fd);
}

static int open_timer(long milliseconds)
{
	const struct itimerspec when = {
		.it_value = {milliseconds / 1000, milliseconds % 1000 * 1000000}};
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);

	assert_int_equal(timerfd_settime(fd, 0, &when, NULL), 0);
	return fd;
}

static void a_timer_instead_of_an_init(void **state)
{
	int timer_fd = open_timer(100);

	(void)state;
	wait_for(adopt(0, timer_fd), 0);
	expect_file("finish", "-c /etc/x.conf revive -- web 0-1-2\n");
	assert_int_equal(access(in_directory("exit"), F_OK), -1);
	close(timer_fd);
}

static void sigterm_ends_the_waiting(void **state)
{
	int timer_fd = open_timer(1000000);
	pid_t pid = adopt(0, timer_fd);

	(void)state;
	kill(pid, SIGTERM);
	wait_for(pid, 0);
	assert_int_equal(access(in_directory("exit"), F_OK), -1);
	close(timer_fd);
}

/* More than a FIFO holds, and all of it written just before the end. */
static void no_output_is_lost(void **state)
{
	AUTO_TEXT struct text text = {0};

	(void)state;
	wait_for(start("head -c 1000000 /dev/zero; head -c 60000 /dev/zero; exit 0",
		       in_directory("log")),
		 0);
	add_stream("log", 'o', &text);
	assert_int_equal(text.length, 1060000);
}

static void a_full_disk_does_not_stop_the_payload(void **state)
{
	(void)state;
	wait_for(start("head -c 1000000 /dev/zero; exit 5", "/dev/full"), 0);
	expect_exit(5 << 8);
}

static void wait_for_file(const char *name, off_t size)
{
	struct stat st;

	for (int i = 0; i < 2000; i++) {
		if (stat(in_directory(name), &st) == 0 && st.st_size >= size)
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("%s does not grow to %ld bytes", name, (long)size);
}

static void wait_for_lines(const char *name, size_t lines)
{
	for (int i = 0; i < 2000; i++) {
		size_t count = 0;

		for (const char *at = in_file(name); (at = strchr(at, '\n')); at++)
			count++;
		if (count >= lines)
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("%s does not get %zu lines: %s", name, lines, in_file(name));
}

static void sigterm_is_the_stop_signal(void **state)
{
	pid_t pid = start("trap 'echo asked; exit 4' USR1; echo ready; "
			  "while :; do sleep 0.1; done",
			  in_directory("log"));

	(void)state;
	wait_for_file("log", 6);
	kill(pid, SIGHUP);
	kill(pid, SIGINT);
	kill(pid, SIGPIPE);
	kill(pid, SIGTERM);
	wait_for(pid, 0);
	expect_log('o', "ready\nasked\n");
	expect_exit(4 << 8);
	assert_non_null(strstr(in_file("exit"), "\nfor stop\n"));
}

/* Changed while it runs: written, told, used; a file that makes no sense changes nothing. */
static void settings_change_while_it_runs(void **state)
{
	static const char *const refused[] = {"stop_signal 0\n", "stop_signal x\n", "stop_signal\n",
					      "stop_signal 12"};
	pid_t pid = start("trap 'exit 4' USR2; trap 'echo one' USR1; echo ready; "
			  "while :; do sleep 0.1; done",
			  in_directory("log"));

	(void)state;
	wait_for_file("log", 6);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		write_file("settings", refused[i]);
		kill(pid, SIGUSR2);
		wait_for_lines("log", 2 + i);
	}
	kill(pid, SIGTERM);
	wait_for_lines("log", 2 + ARRAY_SIZE(refused));
	write_file("settings", "later 3\nstop_signal 12\n"); /* SIGUSR2 */
	kill(pid, SIGUSR2);
	kill(pid, SIGTERM); /* the higher number, so it is taken up later */
	wait_for(pid, 0);
	expect_exit(4 << 8);
}

/* As cman writes them. */
static void settings_there_and_back(void **state)
{
	AUTO_FD int dir_fd = open(directory, O_RDONLY | O_DIRECTORY);
	const struct spec spec = {.stop_signal = 37,
				  .log = {.driver = LOG_SYSLOG, .max_size = UINT64_C(1) << 60, .max_files = 100}};
	struct supervisor_settings settings;

	(void)state;
	assert_int_equal(supervisor_settings_write(dir_fd, &spec, NULL), 0);
	assert_true(supervisor_settings_parse(in_file("settings"), &settings));
	assert_int_equal(settings.stop_signal, 37);
	assert_int_equal(settings.log_driver, SUPERVISOR_LOG_SYSLOG);
	assert_true(settings.log_max_size == UINT64_C(1) << 60);
	assert_int_equal(settings.log_max_files, 100);
	assert_true(supervisor_settings_parse("", &settings));
	assert_int_equal(settings.stop_signal, SIGTERM);
	assert_int_equal(settings.log_driver, SUPERVISOR_LOG_FILE);
	assert_int_equal(settings.log_max_size, 10 << 20);
	assert_int_equal(settings.log_max_files, 3);
	assert_true(supervisor_settings_parse("a 18446744073709551609\n", &settings));
	assert_false(supervisor_settings_parse("a 18446744073709551616\n", &settings));
	assert_false(supervisor_settings_parse("a \n", &settings));
	assert_false(supervisor_settings_parse("a 1 2\n", &settings));
	assert_false(supervisor_settings_parse("stop_signal 65\n", &settings));
	assert_true(supervisor_settings_parse("stop_signa 1\nstop_signals 2\n", &settings));
	assert_int_equal(settings.stop_signal, SIGTERM);
}

static unsigned int calls;

static void count_call(struct supervisor *supervisor, void *part)
{
	int *ends = part;

	calls++;
	sources_remove(&supervisor->sources, ends[0]);
	supervisor->ended = calls == SOURCES_MAX;
}

/* As many as there are places, again and again; a source that is removed is called no more. */
static void sources_come_and_go(void **state)
{
	static int ends[SOURCES_MAX + 1][2];
	struct supervisor supervisor = {.envp = NULL};

	(void)state;
	assert_int_equal(sources_open(&supervisor.sources), 0);
	assert_int_equal(sources_add(&supervisor.sources, -9, count_call, NULL), -9);
	for (int round = 0; round < 2; round++) {
		calls = 0;
		supervisor.ended = false;
		for (int i = 0; i <= SOURCES_MAX; i++) {
			long added;

			assert_int_equal(pipe2(ends[i], O_CLOEXEC | O_NONBLOCK), 0);
			assert_int_equal(write(ends[i][1], "x", 1), 1);
			added = sources_add(&supervisor.sources, ends[i][0], count_call, ends[i]);
			assert_int_equal(added, i < SOURCES_MAX ? ends[i][0] : SYSTEM_ENOSPC);
		}
		assert_int_equal(sources_run(&supervisor.sources, &supervisor, &supervisor.ended), 0);
		assert_int_equal(calls, SOURCES_MAX);
		for (int i = 0; i <= SOURCES_MAX; i++) {
			assert_int_equal(fcntl(ends[i][0], F_GETFD), i < SOURCES_MAX ? -1 : FD_CLOEXEC);
			close(ends[i][1]);
		}
		close(ends[SOURCES_MAX][0]);
	}
	close(supervisor.sources.epoll_fd);
}

/* A payload that reads its own output must not make the supervisor wait. */
static void a_thief_at_the_fifo(void **state)
{
	(void)state;
	wait_for(start("cat <&1 >/dev/null & i=0; while [ $i -lt 3000 ]; do echo x; i=$((i+1)); "
		       "done; kill $!; exit 6",
		       in_directory("log")),
		 0);
	expect_exit(6 << 8);
}

/* "cman down" has done it all, the lock file with the rest. */
static void nothing_left_to_finish(void **state)
{
	(void)state;
	assert_int_equal(unlink(in_directory("lock")), 0);
	wait_for(start("exit 3", in_directory("log")), 0);
	expect_file("finish", "");
}

static bool exists(const char *name)
{
	return access(in_directory(name), F_OK) == 0;
}

/*
 * A command works on the container while it ends: its result is waited for, and nothing is written
 * before into a directory that the command may be about to remove.
 */
static void the_lock_is_waited_for(void **state)
{
	AUTO_FD int lock_fd = open(in_directory("lock"), O_RDWR | O_CLOEXEC);
	char script[256];
	pid_t pid;

	(void)state;
	for (int removed = 0; removed < 2; removed++) {
		assert_int_equal(flock(lock_fd, LOCK_EX), 0);
		unlink(in_directory("output"));
		unlink(in_directory("exit"));
		unlink(in_directory("finish"));
		unlink(in_directory("ended"));
		snprintf(script, sizeof(script), "touch %s", in_directory("ended"));
		pid = start(script, in_directory("log"));
		wait_for_file("ended", 0);
		poll(NULL, 0, 100);
		assert_false(exists("exit"));
		if (removed)
			assert_int_equal(unlink(in_directory("lock")), 0);
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		assert_int_equal(flock(lock_fd, LOCK_UN), 0);
		wait_for(pid, 0);
		expect_file("finish", removed ? "" : "-c /etc/x.conf finish -- web 0-1-2\n");
		assert_int_equal(exists("exit"), !removed);
	}
}

/* Another instance has the directory: it was emptied under the lock, and has another FIFO now. */
static void the_status_is_of_its_own_instance(void **state)
{
	AUTO_FD int lock_fd = open(in_directory("lock"), O_RDWR | O_CLOEXEC);
	char script[256];
	pid_t pid;

	(void)state;
	assert_int_equal(flock(lock_fd, LOCK_EX), 0);
	snprintf(script, sizeof(script), "touch %s; exit 3", in_directory("ended"));
	pid = start(script, in_directory("log"));
	wait_for_file("ended", 0);
	wait_for_file("finish", 0);
	assert_int_equal(unlink(in_directory("output")), 0);
	assert_int_equal(mkfifo(in_directory("output"), 0600), 0);
	assert_int_equal(flock(lock_fd, LOCK_UN), 0);
	wait_for(pid, 0);
	assert_false(exists("exit"));
	expect_file("finish", "");
}

static void arguments_there_and_back(void **state)
{
	const struct supervisor_args args = {
		.name = "web",
		.instance = "i",
		.manager_file = "/m",
		.init_pid = 2147483,
		.init_pidfd = 3,
		.run_dir_fd = 4,
		.output_fd = 50,
		.error_fd = 52,
		.log_dir_fd = 51,
		.log_fd = 600,
		.cman_fd = 0,
		.notify_fd = 7,
		.console_fd = 8,
	};
	struct supervisor_argv command_line;
	struct supervisor_args parsed;

	(void)state;
	supervisor_args_format(&args, &command_line);
	assert_null(command_line.argv[SUPERVISOR_ARGC]);
	assert_true(supervisor_args_parse(SUPERVISOR_ARGC, command_line.argv, &parsed));
	assert_string_equal(parsed.name, "web");
	assert_string_equal(parsed.instance, "i");
	assert_string_equal(parsed.manager_file, "/m");
	assert_int_equal(parsed.init_pid, 2147483);
	assert_int_equal(parsed.init_pidfd, 3);
	assert_int_equal(parsed.run_dir_fd, 4);
	assert_int_equal(parsed.output_fd, 50);
	assert_int_equal(parsed.error_fd, 52);
	assert_int_equal(parsed.log_dir_fd, 51);
	assert_int_equal(parsed.log_fd, 600);
	assert_int_equal(parsed.cman_fd, 0);
	assert_int_equal(parsed.notify_fd, 7);
	assert_int_equal(parsed.console_fd, 8);
}

static void strange_arguments_are_refused(void **state)
{
	static const char *const numbers[] = {"", "-1", " 3", "3 ", "0x3", "99999999999", "3a"};
	const struct supervisor_args args = {
		.name = "w", .instance = "i", .manager_file = "/m", .init_pid = 7};
	struct supervisor_argv command_line;
	struct supervisor_args parsed;

	(void)state;
	supervisor_args_format(&args, &command_line);
	assert_false(supervisor_args_parse(SUPERVISOR_ARGC - 1, command_line.argv, &parsed));
	assert_false(supervisor_args_parse(SUPERVISOR_ARGC + 1, command_line.argv, &parsed));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		supervisor_args_format(&args, &command_line);
		command_line.argv[6] = (char *)numbers[i];
		assert_false(supervisor_args_parse(SUPERVISOR_ARGC, command_line.argv, &parsed));
	}
	assert_int_equal(supervisor_parse_number("2147483639"), 2147483639);
	assert_int_equal(supervisor_parse_number("2147483648"), -1);
}

/* What the "cman refresh" of the test, /bin/echo, has said so far. */
static void expect_refreshes(const char *expected)
{
	wait_for_file("finish", (off_t)strlen(expected));
	expect_file("finish", expected);
}

/* The inotify instance of a supervisor, for the part of cman: watches are added by way of it. */
static int open_instance(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), fd;

	for (int number = 3; number < 64; number++) {
		char path[64], target[64] = "";

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, number);
		if (readlink(path, target, sizeof(target) - 1) < 0 || !strstr(target, "inotify"))
			continue;
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
		close(pidfd);
		assert_true(fd >= 0);
		return fd;
	}
	fail_msg("no inotify instance");
	return -1;
}

/* Where a change is told, cman is run a second later, once for all there is until then. */
static void a_watcher_runs_cman(void **state)
{
	char once[80], twice[160], thrice[240];
	int number, instance;
	pid_t pid;

	(void)state;
	pid = start("trap 'exit 7' USR1; echo ready; while :; do sleep 0.01; done",
		    in_directory("log"));
	wait_for_file("log", 6);
	kill(pid, SIGUSR1);
	wait_for_file("finish", 10);
	instance = open_instance(pid);
	/* The number it has there, as the command line of cman has it. */
	assert_int_equal(sscanf(in_file("finish"), "-c /etc/x.conf refresh -- %d\n", &number), 1);
	snprintf(once, sizeof(once), "-c /etc/x.conf refresh -- %d\n", number);
	snprintf(twice, sizeof(twice), "%s%s", once, once);
	snprintf(thrice, sizeof(thrice), "%s%s", twice, once);
	expect_refreshes(once);
	write_file("watched", "one");
	assert_int_equal(inotify_add_watch(instance, in_directory("watched"), IN_MODIFY), 1);
	write_file("watched", "two");
	write_file("watched", "three");
	expect_refreshes(twice);
	/* Names nobody waits for start nothing, whatever stands beside them. */
	write_file("../../dns.awaited", "resolv.conf\n");
	assert_int_equal(mkdir(in_directory("dir"), 0700), 0);
	assert_int_equal(inotify_add_watch(instance, in_directory("dir"), IN_CREATE), 2);
	write_file("dir/resolv", "");
	poll(NULL, 0, 1500);
	expect_file("finish", twice);
	write_file("dir/resolv.conf", "");
	expect_refreshes(thrice);
	close(instance);
	kill(pid, SIGTERM);
	wait_for(pid, 0);
	expect_exit(7 << 8);
}

static void lines_of_what_is_awaited(void **state)
{
	(void)state;
	assert_true(has_line("a\nresolv.conf\n", "resolv.conf"));
	assert_true(has_line("a\nresolv.conf\n", "a"));
	assert_false(has_line("a\nresolv.conf\n", "resolv"));
	assert_false(has_line("resolv.conf.new\n", "resolv.conf"));
	assert_false(has_line("resolv.conf\n", "resolv.conf.new"));
	assert_false(has_line("my resolv.conf\n", "resolv.conf"));
	assert_false(has_line("resolv.conf", "resolv.conf")); /* cut off: not read whole */
	assert_false(has_line("", "a"));
}

/* The payload's descriptions must not become non-blocking by ours. */
static void a_blocking_fifo_is_refused(void **state)
{
	struct supervisor_args args = {
		.name = "w", .instance = "i", .manager_file = "/m", .init_pid = 7};
	struct supervisor_argv command_line;
	AUTO_FD int fd = -1;

	(void)state;
	assert_int_equal(mkfifo(in_directory("output"), 0600), 0);
	args.output_fd = fd = open_in(AT_FDCWD, in_directory("output"), O_RDWR);
	supervisor_args_format(&args, &command_line);
	assert_int_equal(supervisor_main(SUPERVISOR_ARGC, command_line.argv, command_line.argv), 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* At each place, behind bytes that differ from it in a bit or by one. */
static void newlines_are_found(void **state)
{
	static const char others[] = {'x', '\t', '\v', '\x8a', '\x8b', '\0', '\x1a', '\xff'};
	char text[48];

	(void)state;
	for (size_t length = 0; length <= 40; length++)
		for (size_t at = 0; at <= length; at++) {
			for (size_t i = 0; i < sizeof(text); i++)
				text[i] = others[(i + at) % sizeof(others)];
			text[length] = '\n'; /* behind the end: none of it */
			text[at] = '\n';
			if (at + 1 < length)
				text[at + 1] = '\n';
			assert_ptr_equal(find_newline(text, text + length), text + at);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(newlines_are_found),
		TEST(output_status_and_finish),   TEST(a_signal_as_status),
		TEST(an_init_that_is_not_its_child), TEST(a_timer_instead_of_an_init),
		TEST(sigterm_ends_the_waiting),
		TEST(no_output_is_lost),          TEST(a_full_disk_does_not_stop_the_payload),
		TEST(sigterm_is_the_stop_signal), TEST(a_thief_at_the_fifo),
		TEST(nothing_left_to_finish),     TEST(the_lock_is_waited_for),
		TEST(parts_of_lines), TEST(moments), TEST(a_log_is_capped),
		TEST(a_log_that_cannot_be_rotated), TEST(what_a_full_disk_takes_is_told),
		TEST(without_a_log), TEST(lines_for_syslog),
		TEST(settings_change_while_it_runs), TEST(settings_there_and_back),
		TEST(sources_come_and_go),
		TEST(the_status_is_of_its_own_instance),
		TEST(arguments_there_and_back),   TEST(strange_arguments_are_refused),
		TEST(a_watcher_runs_cman),
		TEST(lines_of_what_is_awaited),
		TEST(a_blocking_fifo_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
