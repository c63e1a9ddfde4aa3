/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/check_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/parse.h"
#include "base/process.h"
#include "kernel/namespace.h"

#define OUTPUT_LIMIT    (1024u * 1024) /* then it is killed: reading costs the host */
#define KILL_TIMEOUT_MS 5000

/* What the runner has to say of the program, in one write. */
struct report {
	bool ran;
	int wait_status;
	struct error error;
};

/* ---- the runner: a child that may be killed whatever it waits for ---- */

static int use_streams(int output_fd, struct error *err)
{
	AUTO_FD int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
	    dup2(output_fd, STDERR_FILENO) < 0)
		return error_set(err, errno, "streams of the check");
	return 0;
}

static _Noreturn void run(const struct attach *attach, int output_fd, int report_fd)
{
	struct attached attached = ATTACHED_INIT;
	struct report report = {0};
	int status;

	if (use_streams(output_fd, &report.error) == 0 &&
	    attach_start(attach, &attached, &status, &report.error) == 0) {
		report.wait_status = process_reap(attached.pid, &report.error);
		report.ran = report.wait_status >= 0;
	}
	if (write(report_fd, &report, sizeof(report)) != (ssize_t)sizeof(report))
		_exit(1);
	_exit(0);
}

/* ---- the one who waits ---- */

struct watched {
	int runner_pidfd, output_fd;
	uint64_t deadline_ms;
	size_t length; /* of all that was written */
};

/* The first line is kept, the rest is read so that nobody has to wait for us. */
static void take_output(struct watched *watched, struct check_result *result)
{
	char bytes[16384];
	ssize_t count = read(watched->output_fd, bytes, sizeof(bytes));

	if (count <= 0) {
		if (count == 0)
			close_fd(&watched->output_fd);
		return;
	}
	if (watched->length < CHECK_OUTPUT_MAX - 1) {
		size_t room = CHECK_OUTPUT_MAX - 1 - watched->length;
		size_t kept = (size_t)count < room ? (size_t)count : room;

		memcpy(result->output + watched->length, bytes, kept);
	}
	watched->length += (size_t)count;
}

static enum check_outcome watch(struct watched *watched, struct check_result *result)
{
	for (;;) {
		uint64_t now = process_monotonic_ms();
		struct pollfd wanted[] = {
			{.fd = watched->runner_pidfd, .events = POLLIN},
			{.fd = watched->output_fd, .events = POLLIN},
		};

		if (now >= watched->deadline_ms)
			return CHECK_LATE;
		if (watched->length > OUTPUT_LIMIT)
			return CHECK_FLOODED;
		if (poll(wanted, 2, (int)(watched->deadline_ms - now)) < 0 && errno != EINTR)
			return CHECK_LATE;
		if (wanted[1].revents)
			take_output(watched, result);
		if (wanted[0].revents)
			return CHECK_ENDED;
	}
}

/* What is in the pipe when nobody is left to write. */
static void drain(struct watched *watched, struct check_result *result)
{
	size_t before;

	do {
		before = watched->length;
		if (watched->output_fd >= 0)
			take_output(watched, result);
	} while (watched->length > before && watched->length < CHECK_OUTPUT_MAX);
}

/* One line of it, which may hold anything. */
static void tidy_output(struct check_result *result)
{
	size_t blank = strspn(result->output, "\n");

	memmove(result->output, result->output + blank, strlen(result->output + blank) + 1);
	result->output[strcspn(result->output, "\n")] = '\0';
	text_replace_controls(result->output);
}

static int open_pipe(int ends[2], int flags, struct error *err)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "pipe");
	fcntl(ends[0], F_SETFL, flags);
	return 0;
}

static pid_t fork_runner(const struct attach *attach, struct watched *watched, int *report_fd,
			 struct error *err)
{
	int output[2] = {-1, -1}, report[2] = {-1, -1};
	pid_t pid = -1;

	if (open_pipe(output, O_NONBLOCK, err) == 0 && open_pipe(report, O_NONBLOCK, err) == 0)
		pid = namespace_clone(0, -1, &watched->runner_pidfd, err);
	if (pid == 0)
		run(attach, output[1], report[1]);
	close_fd(&output[1]);
	close_fd(&report[1]);
	watched->output_fd = output[0];
	*report_fd = report[0];
	return pid;
}

static void settle(const struct attach *attach, int report_fd, struct check_result *result)
{
	struct report report;
	struct error err;

	if (result->outcome == CHECK_ENDED) {
		if (read(report_fd, &report, sizeof(report)) != (ssize_t)sizeof(report)) {
			report.ran = false;
			error_set(&report.error, 0, "the process that starts the check was killed");
		}
		result->wait_status = report.ran ? report.wait_status : 0;
		if (!report.ran) {
			result->outcome = CHECK_NOT_RUN;
			result->error = report.error;
		}
	}
	if (cgroup_remove_below(attach->cgroup, attach->record->name, attach->below,
				KILL_TIMEOUT_MS, &err) < 0 && result->outcome == CHECK_ENDED) {
		result->outcome = CHECK_NOT_RUN;
		result->error = err;
	}
}

void check_command_run(const struct attach *attach, uint32_t timeout_ms,
		       struct check_result *result)
{
	uint64_t begin = process_monotonic_ms();
	struct watched watched = {-1, -1, begin + timeout_ms, 0};
	AUTO_FD int report_fd = -1;
	pid_t runner = -1;

	*result = (struct check_result){.outcome = CHECK_NOT_RUN};
	/* What an earlier one left whose cman was killed. */
	if (cgroup_remove_below(attach->cgroup, attach->record->name, attach->below,
				KILL_TIMEOUT_MS, &result->error) == 0)
		runner = fork_runner(attach, &watched, &report_fd, &result->error);
	if (runner > 0) {
		result->outcome = watch(&watched, result);
		result->duration_ms = process_monotonic_ms() - begin;
		if (result->outcome != CHECK_ENDED) {
			/* First, so that it makes nothing more in there. */
			process_signal(watched.runner_pidfd, SIGKILL, NULL);
			process_reap(runner, NULL);
		}
		settle(attach, report_fd, result);
		if (result->outcome == CHECK_ENDED || result->outcome == CHECK_NOT_RUN)
			process_reap(runner, NULL);
		drain(&watched, result);
		tidy_output(result);
	}
	close_fd(&watched.runner_pidfd);
	close_fd(&watched.output_fd);
}

bool check_passed(const struct check_result *result)
{
	return result->outcome == CHECK_ENDED && WIFEXITED(result->wait_status) &&
	       WEXITSTATUS(result->wait_status) == 0;
}

void check_describe(const struct check_result *result, uint32_t timeout_ms, char *out, size_t size)
{
	char what[PARSE_TEXT_MAX + 32] = "", name[32] = "", time[PARSE_TEXT_MAX];

	switch (result->outcome) {
	case CHECK_NOT_RUN:
		snprintf(out, size, "%s", result->error.text);
		return;
	case CHECK_LATE:
		parse_format_duration(timeout_ms, time);
		snprintf(what, sizeof(what), "no end within %s", time);
		break;
	case CHECK_FLOODED:
		snprintf(what, sizeof(what), "more than 1 MiB of output");
		break;
	case CHECK_ENDED:
		if (WIFEXITED(result->wait_status))
			snprintf(what, sizeof(what), "exit status %d",
				 WEXITSTATUS(result->wait_status));
		else
			snprintf(what, sizeof(what), "killed by %s",
				 process_signal_name(WTERMSIG(result->wait_status), name,
						     sizeof(name)) ?: "a signal");
		break;
	}
	snprintf(out, size, "%s%s%s", what, *result->output ? ": " : "", result->output);
}
