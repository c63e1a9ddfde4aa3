/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pty plays the terminal cman is called on: a child has it as its standard streams and runs the
 * relay for a program on a second pty. The test is the user in front of the first one.
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
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "base/process.h"
#include "base/text.h"
#include "kernel/pty.h"
#include "kernel/terminal.h"

#define PATIENCE_MS 20000

struct session {
	pid_t pid;            /* of the relay */
	int user_fd;          /* the user's side of the outer terminal */
	struct termios modes; /* of it, before the relay */
	struct text seen;
};

/* ---- in the child ---- */

static _Noreturn void run_program(int peer_fd, const char *script)
{
	setsid();
	ioctl(peer_fd, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(peer_fd, fd);
	close_range(3, ~0U, 0);
	execl("/bin/sh", "sh", "-c", script, (char *)NULL);
	_exit(127);
}

static _Noreturn void run_relay(int outer_fd, const char *script)
{
	int master_fd, peer_fd, pidfd, status, end;
	struct error err;
	pid_t pid;

	setsid();
	ioctl(outer_fd, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(outer_fd, fd);
	if (!terminal_is_interactive() || pty_open(&master_fd, &peer_fd, &err) < 0 ||
	    pty_copy_settings(0, peer_fd, &err) < 0)
		_exit(99);
	pid = fork();
	if (pid == 0)
		run_program(peer_fd, script);
	close(peer_fd);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	end = terminal_relay(pidfd, master_fd, &err);
	if (end == TERMINAL_HUNG_UP)
		_exit(88);
	if (end < 0 || waitpid(pid, &status, 0) != pid)
		_exit(98);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* ---- the user ---- */

static struct session start(const char *script)
{
	const struct winsize size = {.ws_row = 33, .ws_col = 101};
	struct session session = {.user_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
	int outer_fd;

	assert_true(session.user_fd >= 0);
	assert_int_equal(unlockpt(session.user_fd), 0);
	outer_fd = ioctl(session.user_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	assert_true(outer_fd >= 0);
	assert_int_equal(ioctl(session.user_fd, TIOCSWINSZ, &size), 0);
	assert_int_equal(tcgetattr(session.user_fd, &session.modes), 0);
	session.pid = fork();
	assert_true(session.pid >= 0);
	if (session.pid == 0) {
		close(session.user_fd); /* the last copy of it hangs up */
		run_relay(outer_fd, script);
	}
	close(outer_fd);
	return session;
}

static void type(const struct session *session, const char *text)
{
	assert_int_equal(write(session->user_fd, text, strlen(text)), strlen(text));
}

/* Reads what is on the screen; false at its end. */
static bool look(struct session *session, int timeout_ms)
{
	char bytes[8192];
	ssize_t count;

	if (process_poll(session->user_fd, timeout_ms, NULL) != 1) {
		kill(session->pid, SIGKILL);
		fail_msg("nothing comes any more after: %s", text_value(&session->seen));
	}
	count = read(session->user_fd, bytes, sizeof(bytes));
	if (count > 0)
		text_add(&session->seen, bytes, (size_t)count);
	return count > 0;
}

static void expect(struct session *session, const char *text)
{
	while (!strstr(text_value(&session->seen), text))
		if (!look(session, PATIENCE_MS))
			fail_msg("the screen shows: %s", text_value(&session->seen));
}

static void expect_end(struct session *session, int expected)
{
	int status;

	while (session->user_fd >= 0 && look(session, PATIENCE_MS))
		;
	assert_int_equal(waitpid(session->pid, &status, 0), session->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
	close_fd(&session->user_fd);
	text_clear(&session->seen);
}

static void keys_and_exit_status(void **state)
{
	struct session session = start("echo ready; read line; echo \"got $line\"; exit 7");

	(void)state;
	expect(&session, "ready");
	type(&session, "abc\r");
	expect(&session, "got abc");
	expect_end(&session, 7);
}

static void interrupt_key_reaches_the_program(void **state)
{
	struct session session = start("trap 'echo caught; exit 5' INT; echo ready; "
				       "while :; do sleep 0.1; done");

	(void)state;
	expect(&session, "ready");
	type(&session, "\003");
	expect(&session, "caught");
	expect_end(&session, 5);
}

static void window_size_follows(void **state)
{
	const struct winsize size = {.ws_row = 50, .ws_col = 120};
	struct session session = start("stty size; read x; stty size");

	(void)state;
	expect(&session, "33 101");
	assert_int_equal(ioctl(session.user_fd, TIOCSWINSZ, &size), 0); /* the kernel signals it */
	/* The relay handles the signal before the key: both wake it, signals come first. */
	type(&session, "\r");
	expect(&session, "50 120");
	expect_end(&session, 0);
}

static void trailing_output_is_not_lost(void **state)
{
	struct session session = start("i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i+1)); "
				       "done");

	(void)state;
	expect(&session, "line 8999\r\n");
	expect_end(&session, 0);
}

static void signals_are_passed_on(void **state)
{
	struct session session = start("trap 'echo asked; exit 6' TERM; echo ready; "
				       "while :; do sleep 0.1; done");

	(void)state;
	expect(&session, "ready");
	kill(session.pid, SIGTERM);
	expect(&session, "asked");
	expect_end(&session, 6);
}

static void the_modes_are_put_back(void **state)
{
	struct session session = start("echo ready; read x");
	struct termios meanwhile, after;
	int status;

	(void)state;
	expect(&session, "ready");
	assert_int_equal(tcgetattr(session.user_fd, &meanwhile), 0);
	assert_false(meanwhile.c_lflag & ICANON);
	/* A job that stops leaves the terminal to the shell as it was. */
	kill(session.pid, SIGTSTP);
	assert_int_equal(waitpid(session.pid, &status, WUNTRACED), session.pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(tcgetattr(session.user_fd, &meanwhile), 0);
	assert_true(meanwhile.c_lflag & ICANON);
	kill(session.pid, SIGCONT);
	while (meanwhile.c_lflag & ICANON) {
		assert_int_equal(tcgetattr(session.user_fd, &meanwhile), 0);
		poll(NULL, 0, 5);
	}
	type(&session, "\r");
	assert_int_equal(waitpid(session.pid, &status, 0), session.pid);
	assert_int_equal(tcgetattr(session.user_fd, &after), 0);
	assert_int_equal(session.modes.c_lflag, after.c_lflag);
	assert_int_equal(session.modes.c_iflag, after.c_iflag);
	assert_int_equal(session.modes.c_oflag, after.c_oflag);
	close_fd(&session.user_fd);
	text_clear(&session.seen);
}

static void a_program_that_closes_its_terminal_costs_nothing(void **state)
{
	struct session session =
		start("trap '' HUP; exec </dev/null >/dev/null 2>&1; sleep 3; exit 4");
	struct rusage usage;
	int status;

	(void)state;
	assert_int_equal(wait4(session.pid, &status, 0, &usage), session.pid);
	assert_int_equal(WEXITSTATUS(status), 4);
	/* Valgrind takes a part of a second to begin with, one that asks again and again all three. */
	assert_true(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec < 1);
	close_fd(&session.user_fd);
	text_clear(&session.seen);
}

static void a_terminal_that_goes_away(void **state)
{
	struct session session = start("echo ready; sleep 100");

	(void)state;
	expect(&session, "ready");
	close_fd(&session.user_fd);
	expect_end(&session, 88);
}

/* Without a terminal only signals are passed on. This one waits until the relay takes it. */
static void without_a_terminal(void **state)
{
	struct error err;
	int ready[2], status, pidfd;
	sigset_t signals;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ready[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c",
		      "trap 'exit 9' USR1; echo; while :; do sleep 0.1; done", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &signals, NULL), 0);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_int_equal(terminal_relay(pidfd, -1, &err), TERMINAL_ENDED);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 9);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &signals, NULL), 0);
	close(pidfd);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_exit_status),
		cmocka_unit_test(interrupt_key_reaches_the_program),
		cmocka_unit_test(window_size_follows),
		cmocka_unit_test(trailing_output_is_not_lost),
		cmocka_unit_test(signals_are_passed_on),
		cmocka_unit_test(the_modes_are_put_back),
		cmocka_unit_test(a_program_that_closes_its_terminal_costs_nothing),
		cmocka_unit_test(a_terminal_that_goes_away),
		cmocka_unit_test(without_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
