/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/hooks.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/process.h"
#include "kernel/namespace.h"

#define HOOK_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What came of the programs: written by who runs them, into a pipe. */
struct result {
	size_t index;   /* of the last that was run */
	int wait_status;
	int error;      /* errno: it could not be run */
	bool timed_out;
};

const char *hook_key(enum hook hook)
{
	static const char *const keys[] = {"hooks.pre_start", "hooks.post_start", "hooks.pre_stop",
					   "hooks.post_stop"};

	return keys[hook];
}

static const struct strlist *paths_of(const struct spec *spec, enum hook hook)
{
	const struct strlist *const paths[] = {&spec->hooks.pre_start, &spec->hooks.post_start,
					       &spec->hooks.pre_stop, &spec->hooks.post_stop};

	return paths[hook];
}

static void make_environment(const struct host *host, const struct record *record,
			     const struct spec *spec, enum hook hook, struct strlist *environment)
{
	strlist_add(environment, HOOK_PATH);
	strlist_add_taken(environment, xprintf("CMAN_HOOK=%s", hook_key(hook) + strlen("hooks.")));
	strlist_add_taken(environment, xprintf("CMAN_NAME=%s", record->name));
	if (hook == HOOK_POST_START || hook == HOOK_PRE_STOP)
		strlist_add_taken(environment,
				  xprintf("CMAN_PID=%d", (int)record->init.pid));
	strlist_add_taken(environment, xprintf("CMAN_ROOTFS=%s", spec->rootfs));
	strlist_add_taken(environment, xprintf("CMAN_STATE=%s/containers/%s",
					       host->manager->state_dir, record->name));
	strlist_add_taken(environment, xprintf("CMAN_CONFIG=%s", host->manager->file));
}

/* ---- in the processes of the hooks ---- */

/* Becomes the program, in a session of its own; an errno value when it cannot. */
static int become(const char *path, const struct strlist *environment, pid_t parent)
{
	AUTO_FREE char **envp = xalloc(environment->count + 1, sizeof(*envp));
	char *const argv[] = {(char *)(size_t)path, NULL};
	struct error err;

	for (size_t i = 0; i < environment->count; i++)
		envp[i] = environment->items[i];
	if (process_end_with(parent, &err) < 0)
		return err.code;
	if (setsid() < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 || chdir("/") < 0)
		return errno;
	umask(022);
	process_restore_file_limit();
	if (process_reset_signals(&err) < 0)
		return err.code;
	execve(path, argv, envp);
	return errno;
}

/* Takes back one that is to end: it, and what it has started in its process group. */
static void end_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL); /* it may not have come to its own group */
}

/* false: its time is up. *error, 0 before: why it could not become the program. */
static bool await_one(int told_fd, int pidfd, int timeout_ms, int *error)
{
	const uint64_t end = process_monotonic_ms() + (uint64_t)timeout_ms;
	struct error err;
	uint64_t now;

	/* The pipe is closed by the exec, which may hang itself: on a file server that is gone. */
	if (process_poll(told_fd, timeout_ms, &err) == 0)
		return false;
	if (read(told_fd, error, sizeof(*error)) <= 0)
		*error = 0;
	now = process_monotonic_ms();
	return process_wait_ended(pidfd, now < end ? (int)(end - now) : 0, &err) != 0;
}

static void run_one(const char *path, const struct strlist *environment, int timeout_ms,
		    struct result *result)
{
	const pid_t self = getpid();
	struct error err;
	int told[2], pidfd = -1;
	pid_t pid;

	if (pipe2(told, O_CLOEXEC) < 0) {
		result->error = errno;
		return;
	}
	pid = namespace_clone(0, -1, &pidfd, &err);
	if (pid == 0) {
		int error = become(path, environment, self);

		_exit(write(told[1], &error, sizeof(error)) < 0 ? 1 : 0);
	}
	close(told[1]);
	if (pid < 0) {
		result->error = err.code;
	} else {
		result->timed_out = !await_one(told[0], pidfd, timeout_ms, &result->error);
		if (result->timed_out)
			end_group(pid);
		result->wait_status = process_reap(pid, NULL);
		close(pidfd);
	}
	close(told[0]);
}

static _Noreturn void run_all(const struct strlist *paths, const struct strlist *environment,
			      int timeout_ms, pid_t command, int result_fd)
{
	struct result result = {0};

	/* With the command that waits for us we end, and with us the hook: nobody would know of it. */
	if (process_end_with(command, NULL) < 0)
		_exit(1);
	fault_set_role("hooks");
	for (size_t i = 0; i < paths->count; i++) {
		result = (struct result){.index = i};
		if (FAULT("hook", "", NULL) < 0) {
			result.error = errno;
			break;
		}
		run_one(paths->items[i], environment, timeout_ms, &result);
		if (result.error || result.timed_out || result.wait_status)
			break;
	}
	_exit(write(result_fd, &result, sizeof(result)) == sizeof(result) ? 0 : 1);
}

/* Descriptors 0 to 3 are all that stays: nothing, two times cman's messages, the result. */
static int keep_descriptors(int result_fd, struct error *err)
{
	int null_fd = open("/dev/null", O_RDONLY);

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
		return error_set(err, errno, "/dev/null");
	if (result_fd != 3 && dup3(result_fd, 3, O_CLOEXEC) < 0)
		return error_set(err, errno, "descriptor 3");
	if (close_range(4, UINT_MAX, 0) < 0)
		return error_set(err, errno, "close descriptors");
	return 3;
}

/* ---- in the command ---- */

int hooks_begin(const struct host *host, const struct record *record, const struct spec *spec,
		enum hook hook, struct hook_run *run, struct error *err)
{
	const struct strlist *paths = paths_of(spec, hook);
	AUTO_STRLIST struct strlist environment = {0};
	const pid_t self = getpid();
	AUTO_FD int pidfd = -1;
	int ends[2];

	if (paths->count == 0)
		return 0;
	/* What was trusted when the files were read may be another file by now. */
	for (size_t i = 0; i < paths->count; i++)
		if (fs_check_trusted(paths->items[i], err) < 0)
			return -1;
	make_environment(host, record, spec, hook, &environment);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	if (FAULT("run hooks", hook_key(hook), err) < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	run->pid = namespace_clone(0, -1, &pidfd, err);
	if (run->pid == 0) {
		int result_fd = keep_descriptors(ends[1], err);

		if (result_fd < 0)
			_exit(1);
		run_all(paths, &environment, (int)spec->hooks.timeout_ms, self, result_fd);
	}
	close(ends[1]);
	if (run->pid < 0) {
		close(ends[0]);
		return -1;
	}
	run->result_fd = ends[0];
	return 0;
}

static int tell(const struct spec *spec, enum hook hook, const struct result *result,
		struct error *err)
{
	const char *path = paths_of(spec, hook)->items[result->index];
	char name[32];

	if (result->error)
		error_set(err, result->error, "cannot be run");
	else if (result->timed_out)
		error_set(err, 0, "did not end within %u ms, and was killed",
			  spec->hooks.timeout_ms);
	else if (WIFSIGNALED(result->wait_status))
		error_set(err, 0, "ended by %s",
			  process_signal_name(WTERMSIG(result->wait_status), name, sizeof(name)));
	else if (result->wait_status)
		error_set(err, 0, "exit status %d", WEXITSTATUS(result->wait_status));
	else
		return 0;
	return error_wrap(err, "%s", path);
}

int hooks_await(const struct spec *spec, enum hook hook, struct hook_run *run, struct error *err)
{
	struct result result;
	ssize_t length;

	if (run->result_fd < 0)
		return 0;
	do
		length = read(run->result_fd, &result, sizeof(result));
	while (length < 0 && errno == EINTR);
	close_fd(&run->result_fd);
	process_reap(run->pid, NULL);
	if (length != sizeof(result))
		return error_set(err, 0, "who was to run them has ended");
	if (FAULT("ran hooks", hook_key(hook), err) < 0)
		return -1;
	return tell(spec, hook, &result, err);
}
