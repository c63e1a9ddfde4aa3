/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cman-supervisor: the parent of one container's init while it runs, and nothing else. It takes
 * the payload's output from the FIFO to the log file, keeps the exit status and then becomes
 * "cman finish", which undoes what up has done. There is one per running container, so memory
 * counts: no heap, no stdio, no libc (system.h).
 *
 * SIGTERM is passed on to init as the container's stop signal, SIGUSR1 makes it the one that
 * watches for other name servers (watch.h); all other signals stay blocked, also in "cman finish": a
 * clean-up is not to be interrupted halfway. (It gets SIGALRM, which ends its waits for locks.) The
 * arguments are in lifecycle/supervisor_args.h.
 */
#include "lifecycle/supervisor_args.h"
#include "supervisor/run.h"
#include "supervisor/system.h"
#include "supervisor/watch.h"

/* Bytes taken from the FIFO at once. Only pages that were used once count as memory. */
#define CHUNK (16 * 1024)

/* A FIFO holds 64 KiB unless somebody enlarged it, to 1 MiB at most: fcntl(2) F_SETPIPE_SZ. */
#define DRAIN_MAX (1024 * 1024)

struct supervisor {
	struct supervisor_args args;
	char **envp;
	struct watch watch;
	int epoll_fd;
	int signal_fd;
	uint64_t dropped; /* bytes of output the log file did not take */
};

/* A short text that is put together; what does not fit is left out. */
struct line {
	char bytes[200];
	size_t length;
};

static char chunk[CHUNK] __attribute__((aligned(8))); /* of inotify events, too */

static void line_add(struct line *line, const char *text)
{
	for (; *text && line->length < sizeof(line->bytes); text++)
		line->bytes[line->length++] = *text;
}

static void line_add_number(struct line *line, uint64_t number)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	line_add(line, digits + at);
}

/* Returns how much was written: less than length only when the file takes no more. */
static size_t write_out(int fd, const char *bytes, size_t length)
{
	size_t done = 0;

	while (done < length) {
		long count = system_write(fd, bytes + done, length - done);

		if (count == SYSTEM_EINTR)
			continue;
		if (count <= 0)
			break;
		done += (size_t)count;
	}
	return done;
}

/* A message of our own, a line among the payload's output. */
static void log_line(const struct supervisor *supervisor, const char *text, uint64_t number,
		     const char *rest)
{
	struct line line = {.length = 0};

	line_add(&line, "cman-supervisor: ");
	line_add(&line, text);
	line_add_number(&line, number);
	line_add(&line, rest);
	line_add(&line, "\n");
	write_out(supervisor->args.log_fd, line.bytes, line.length);
}

/*
 * The log file takes the bytes, or they are dropped and counted: a payload must not stop because
 * a disk is full. The count is told as soon as there is room again.
 */
static void log_bytes(struct supervisor *supervisor, const char *bytes, size_t length)
{
	size_t done = write_out(supervisor->args.log_fd, bytes, length);

	if (done < length) {
		supervisor->dropped += length - done;
	} else if (supervisor->dropped > 0) {
		log_line(supervisor, "the log file could not be written, bytes of output lost: ",
			 supervisor->dropped, "");
		supervisor->dropped = 0;
	}
}

/* Moves one chunk. Returns the bytes moved, 0 when the FIFO is empty. */
static size_t copy_output(struct supervisor *supervisor)
{
	long count;

	do
		count = system_read(supervisor->args.fifo_fd, chunk, sizeof(chunk));
	while (count == SYSTEM_EINTR);
	if (count <= 0)
		return 0;
	log_bytes(supervisor, chunk, (size_t)count);
	return (size_t)count;
}

static void tell_watch(const struct supervisor *supervisor, long result)
{
	if (result < 0)
		log_line(supervisor, "name servers are not watched: error ",
			 (uint64_t)-result, "");
}

static void take_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	if (system_read(supervisor->signal_fd, &info, sizeof(info)) <= 0)
		return;
	if (info.ssi_signo == SIGTERM)
		system_signal_process(supervisor->args.init_pidfd, supervisor->args.stop_signal);
	else if (info.ssi_signo == SIGUSR1)
		tell_watch(supervisor, watch_begin(&supervisor->watch, supervisor->epoll_fd));
	else
		watch_reap(&supervisor->watch, false);
}

static void take_event(struct supervisor *supervisor, int fd)
{
	struct watch *watch = &supervisor->watch;

	if (fd == supervisor->signal_fd)
		take_signal(supervisor);
	else if (fd == watch->events_fd)
		watch_look(watch, supervisor->args.run_dir_fd, chunk, sizeof(chunk));
	else if (fd == watch->timer_fd)
		tell_watch(supervisor, watch_refresh(watch, supervisor->epoll_fd, &supervisor->args,
						     supervisor->envp));
	else
		copy_output(supervisor);
}

/* Until init has ended: 0; a negative errno value when we cannot wait for it. */
static long supervise(struct supervisor *supervisor)
{
	const int watched[] = {supervisor->args.init_pidfd, supervisor->signal_fd,
			       supervisor->args.fifo_fd};
	long epoll_fd = system_open_epoll();

	if (epoll_fd < 0)
		return epoll_fd;
	supervisor->epoll_fd = (int)epoll_fd;
	for (int i = 0; i < 3; i++) {
		long failed = watch_add((int)epoll_fd, watched[i]);

		if (failed < 0)
			return failed;
	}
	for (;;) {
		struct epoll_event events[5];
		long count = system_wait_events((int)epoll_fd, events, 5);

		if (count < 0 && count != SYSTEM_EINTR)
			return count;
		for (long i = 0; i < count; i++) {
			if (events[i].data.fd == supervisor->args.init_pidfd)
				return 0;
			take_event(supervisor, events[i].data.fd);
		}
	}
}

/* All processes of the container are gone with its init: what is in the FIFO is all there is. */
static void drain_output(struct supervisor *supervisor)
{
	size_t drained = 0, count;

	do {
		count = copy_output(supervisor);
		drained += count;
	} while (count > 0 && drained < DRAIN_MAX);
	if (supervisor->dropped > 0)
		log_bytes(supervisor, "", 0);
}

/* "status N" as of wait(2) and "ended SECONDS" since the epoch, whole or not at all. */
static void write_exit_file(const struct supervisor *supervisor, int status)
{
	static const char temporary[] = ".exit.new";
	int dir_fd = supervisor->args.run_dir_fd;
	struct line line = {.length = 0};
	long fd, failed;

	line_add(&line, "status ");
	line_add_number(&line, (uint64_t)(unsigned int)status);
	line_add(&line, "\nended ");
	line_add_number(&line, (uint64_t)system_seconds());
	line_add(&line, "\n");
	fd = system_open_at(dir_fd, temporary,
			    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* A `down` that was quicker has removed the directory, and nobody asks any more. */
	if (fd == SYSTEM_ENOENT)
		return;
	failed = fd < 0 || write_out((int)fd, line.bytes, line.length) < line.length;
	if (fd >= 0)
		system_close((int)fd);
	/* The status is in the log then, and the clean-up goes on without it. */
	if (failed || system_rename_at(dir_fd, temporary, "exit") < 0)
		log_line(supervisor, "the exit status cannot be recorded: wait status ",
			 (uint64_t)(unsigned int)status, "");
}

static void reap(const struct supervisor *supervisor)
{
	int status = 0;
	long result;

	do
		result = system_wait(supervisor->args.init_pid, &status);
	while (result == SYSTEM_EINTR);
	if (result > 0)
		write_exit_file(supervisor, status);
	else
		log_line(supervisor, "the exit status is not known: error ", (uint64_t)-result, "");
}

/*
 * Waits for a command that works on the container, most often the `down` that ended it; whether
 * it has left something to clean up: a `down` that went well has removed the lock file.
 */
static bool is_left_to_finish(const struct supervisor *supervisor)
{
	long fd, result;

	fd = system_open_at(supervisor->args.run_dir_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return fd != SYSTEM_ENOENT;
	do
		result = system_lock((int)fd);
	while (result == SYSTEM_EINTR);
	result = system_count_links((int)fd);
	system_close((int)fd);
	return result != 0;
}

/* "cman finish" locks the container, looks whether it is still ours, and cleans up. */
static void become_finish(const struct supervisor *supervisor, char *envp[])
{
	const struct supervisor_args *args = &supervisor->args;
	const char *argv[] = {"cman", "-c",       args->manager_file, "finish",
			      "--",   args->name, args->instance,     NULL};
	long result = run_cman(args, argv, -1, envp);

	log_line(supervisor, "cman cannot be run to clean up: error ", (uint64_t)-result,
		 "; \"cman down\" does it");
}

int main(int argc, char *argv[], char *envp[])
{
	struct supervisor supervisor = {.envp = envp, .watch = WATCH_INIT};
	long flags, failed;

	if (!supervisor_args_parse(argc, argv, &supervisor.args))
		return 2;
	flags = system_get_flags(supervisor.args.fifo_fd);
	if (flags < 0 || !(flags & O_NONBLOCK))
		return 2;
	failed = system_block_signals(~UINT64_C(0));
	if (failed == 0)
		failed = supervisor.signal_fd = (int)system_open_signals(
			SYSTEM_SIGNAL_BIT(SIGTERM) | SYSTEM_SIGNAL_BIT(SIGUSR1) |
			SYSTEM_SIGNAL_BIT(SIGCHLD));
	if (failed >= 0)
		failed = supervise(&supervisor);
	if (failed < 0) {
		log_line(&supervisor, "cannot watch the container: error ", (uint64_t)-failed, "");
		return 1;
	}
	drain_output(&supervisor);
	reap(&supervisor);
	watch_end(&supervisor.watch); /* while a `down` has other things to do */
	if (!is_left_to_finish(&supervisor))
		return 0;
	become_finish(&supervisor, envp);
	return 1;
}
