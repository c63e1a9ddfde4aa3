/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cman-supervisor: the parent of one container's init while it runs, and nothing else. It takes
 * the payload's output from the FIFOs to the log, keeps the exit status and then becomes
 * "cman finish", which undoes what up has done. There is one per running container, so memory
 * counts: no heap, no stdio, no libc (system.h).
 *
 * It is made of parts, a header each, that wait for what concerns them (supervisor.h, sources.h).
 *
 * A container that is to be started again (lifecycle/revive.h) has one as well, with a timer for an
 * init; SIGTERM ends it.
 *
 * SIGTERM is passed on to init as the container's stop signal, SIGUSR1 makes it the one that
 * watches for other name servers (watch.h), SIGUSR2 says that its settings have changed; all other
 * signals stay blocked, also in "cman finish": a clean-up is not to be interrupted halfway. (It gets
 * SIGALRM, which ends its waits for locks.) The arguments are in lifecycle/supervisor_args.h, the
 * settings in lifecycle/supervisor_settings.h.
 */
#include "supervisor/console.h"
#include "supervisor/fault.h"
#include "supervisor/file.h"
#include "supervisor/health.h"
#include "supervisor/log.h"
#include "supervisor/notify.h"
#include "supervisor/run.h"
#include "supervisor/settings.h"
#include "supervisor/supervisor.h"
#include "supervisor/system.h"
#include "supervisor/watch.h"

/* The host's process 1 may have other things to do. */
#define REAP_TIMEOUT_SECONDS 1

/* What signals are for: parts that add themselves to the sources later, or when they are told to. */
struct signals {
	int fd;
	struct watch watch;
	struct health_timer health;
};

static bool is_waiting(const struct supervisor *supervisor)
{
	return supervisor->args.init_pid == 0;
}

/* What ends after it has ended because of it: no policy starts that again. */
static void stop(struct supervisor *supervisor)
{
	if (is_waiting(supervisor))
		system_exit(0);
	supervisor->purpose = "stop";
	system_signal_process(supervisor->args.init_pidfd, (int)supervisor->settings.stop_signal);
}

static void take_settings(struct supervisor *supervisor, struct health_timer *health)
{
	settings_read(supervisor);
	health_set(health, supervisor);
}

static void take_children(struct supervisor *supervisor, struct signals *signals)
{
	watch_reap(&signals->watch, false);
	health_reap(&signals->health, supervisor);
}

static void take_signals(struct supervisor *supervisor, void *part)
{
	struct signals *signals = part;
	struct signalfd_siginfo info;

	if (system_read(signals->fd, &info, sizeof(info)) <= 0)
		return;
	if (info.ssi_signo == SIGTERM)
		stop(supervisor);
	else if (info.ssi_signo == SIGUSR1)
		watch_begin(&signals->watch, supervisor);
	else if (info.ssi_signo == SIGUSR2)
		take_settings(supervisor, &signals->health);
	else
		take_children(supervisor, signals);
}

static long signals_begin(struct signals *signals, struct supervisor *supervisor)
{
	const uint64_t wanted = SYSTEM_SIGNAL_BIT(SIGTERM) | SYSTEM_SIGNAL_BIT(SIGUSR1) |
				SYSTEM_SIGNAL_BIT(SIGUSR2) | SYSTEM_SIGNAL_BIT(SIGCHLD);
	long fd = sources_add(&supervisor->sources, system_open_signals(wanted), take_signals,
			      signals);

	signals->fd = (int)fd;
	return fd;
}

static void take_end(struct supervisor *supervisor, void *part)
{
	(void)part;
	supervisor->ended = true;
}

/* Until init has ended: 0; a negative errno value when we cannot wait for it. */
static long supervise(struct supervisor *supervisor, struct signals *signals,
		      struct console *console)
{
	struct notify notify = {.ready = false};
	long failed = sources_open(&supervisor->sources);

	if (failed >= 0)
		failed = sources_add(&supervisor->sources, supervisor->args.init_pidfd, take_end,
				     NULL);
	if (failed >= 0)
		failed = signals_begin(signals, supervisor);
	if (failed >= 0)
		failed = log_begin(supervisor);
	if (failed >= 0)
		failed = console_begin(console, supervisor);
	if (failed >= 0)
		failed = notify_begin(&notify, supervisor);
	if (failed < 0)
		return failed;
	take_settings(supervisor, &signals->health);
	return sources_run(&supervisor->sources, supervisor, &supervisor->ended);
}

/*
 * "status N" as of wait(2), unless that is not known (-1), "ended SECONDS" since the epoch and what it
 * ended for; whole or not at all.
 */
static void write_exit_file(struct supervisor *supervisor, int status)
{
	struct line line = {.length = 0};

	if (status >= 0) {
		line_add(&line, "status ");
		line_add_number(&line, (uint64_t)status);
		line_add(&line, "\n");
	}
	line_add(&line, "ended ");
	line_add_number(&line, (uint64_t)system_seconds());
	line_add(&line, "\n");
	if (supervisor->purpose) {
		line_add(&line, "for ");
		line_add(&line, supervisor->purpose);
		line_add(&line, "\n");
	}
	/* The status is in the log then, and the clean-up goes on without it. */
	FAULT("rename exit");
	if (!replace_file(supervisor, ".exit.new", "exit", &line))
		log_line(supervisor, "the exit status cannot be recorded: wait status ",
			 (uint64_t)(unsigned int)status, "");
}

/* Of one that is not our child: the kernel tells once it was reaped, by its parent of now. */
static long ask_status(struct supervisor *supervisor, int *status)
{
	long result = system_get_exit_status(supervisor->args.init_pidfd, status);

	if (result <= 0)
		return result;
	system_wait_reaped(supervisor->args.init_pidfd, REAP_TIMEOUT_SECONDS);
	result = system_get_exit_status(supervisor->args.init_pidfd, status);
	return result <= 0 ? result : SYSTEM_ECHILD;
}

/* How it ended, as of wait(2); -1: nobody knows. */
static int reap(struct supervisor *supervisor)
{
	int status = 0;
	long result;

	do
		result = system_wait(supervisor->args.init_pid, &status);
	while (result == SYSTEM_EINTR);
	if (result == SYSTEM_ECHILD)
		result = ask_status(supervisor, &status);
	if (result >= 0)
		return status;
	log_line(supervisor, "the exit status is not known: error ", (uint64_t)-result, "");
	return -1;
}

/*
 * Waits for a command that works on the container, most often the `down` that ended it, and keeps
 * the lock from others. -1: nothing is left to clean up. A `down` that went well has removed the
 * lock file; whoever emptied the directory to start the container anew has removed our FIFO, and
 * what we wrote there now would be told of that one.
 */
static int take_what_is_left(struct supervisor *supervisor)
{
	long fd, result;

	fd = system_open_at(supervisor->args.run_dir_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	do
		result = system_lock((int)fd);
	while (result == SYSTEM_EINTR);
	if (system_count_links((int)fd) != 0 &&
	    system_count_links(supervisor->args.output_fd) != 0)
		return (int)fd;
	system_close((int)fd);
	return -1;
}

/*
 * "cman finish" locks the container, looks whether it is still ours, and cleans up, or leaves a
 * supervisor that waits to start it again; that becomes "cman revive".
 */
static void become(struct supervisor *supervisor, const char *command)
{
	const struct supervisor_args *args = &supervisor->args;
	const char *argv[] = {"cman", "-c",       args->manager_file, command,
			      "--",   args->name, args->instance,     NULL};
	long result = run_cman(supervisor, argv, -1);

	log_line(supervisor, "cman cannot be run to clean up: error ", (uint64_t)-result,
		 "; \"cman down\" does it");
}

static bool is_non_blocking(int fd)
{
	long flags = system_get_flags(fd);

	return flags >= 0 && flags & O_NONBLOCK;
}

int main(int argc, char *argv[], char *envp[])
{
	struct supervisor supervisor = {.envp = envp};
	struct signals signals = {.watch = WATCH_INIT, .health = HEALTH_INIT};
	struct console console = CONSOLE_INIT;
	int status, lock_fd;
	long failed;

	fault_begin(envp);
	if (argc == 1)
		return keep_console();
	if (!supervisor_args_parse(argc, argv, &supervisor.args))
		return 2;
	if (!is_non_blocking(supervisor.args.output_fd) ||
	    !is_non_blocking(supervisor.args.error_fd))
		return 2;
	supervisor_settings_reset(&supervisor.settings);
	failed = system_block_signals(~UINT64_C(0));
	FAULT("begin");
	if (failed == 0)
		failed = supervise(&supervisor, &signals, &console);
	if (failed < 0) {
		log_line(&supervisor, "cannot watch the container: error ", (uint64_t)-failed, "");
		return 1;
	}
	FAULT("init has ended");
	health_end(&signals.health);
	console_end(&console, &supervisor);
	log_end(&supervisor);
	status = is_waiting(&supervisor) ? -1 : reap(&supervisor);
	FAULT("reaped");
	watch_end(&signals.watch); /* while a `down` has other things to do */
	lock_fd = take_what_is_left(&supervisor);
	if (lock_fd < 0)
		return 0;
	if (!is_waiting(&supervisor))
		write_exit_file(&supervisor, status);
	system_close(lock_fd);
	FAULT("finish");
	become(&supervisor, is_waiting(&supervisor) ? "revive" : "finish");
	return 1;
}
