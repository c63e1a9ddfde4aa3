/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/foreground.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/service_notify.h"
#include "lifecycle/heal.h"
#include "lifecycle/ready.h"
#include "lifecycle/revive.h"
#include "lifecycle/steps.h"
#include "lifecycle/wave.h"

#define SETTLE_MS      50   /* others work on it: look again after so long */
#define STATUS_UNKNOWN 255
#define STOP_EXTRA_MS  30000 /* of a stop: hooks, links, rules */

enum standing {
	STANDS,   /* it runs, or waits for a restart: something will tell when that is over */
	SETTLING, /* between two states */
	OVER,
};

struct foreground {
	struct host *host;
	const char *name;
	int signal_fd;
	const struct foreground_output *output;
	int watch_fd;      /* inotify, on its run directory */
	struct record record;
	enum liveness liveness;
	int process_fd;    /* of its init, or of the supervisor that waits; -1 */
	bool gone_once;    /* there was no record when we looked last */
	bool ready_told;
	bool unready_told;
	uint64_t kill_at_ms; /* CLOCK_MONOTONIC; 0: nobody has stopped it */
};

static void list_signals(sigset_t *mask)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

	sigemptyset(mask);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		sigaddset(mask, wanted[i]);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(mask, number);
}

void foreground_hold_signals(void)
{
	sigset_t mask;

	list_signals(&mask);
	sigprocmask(SIG_BLOCK, &mask, NULL);
}

int foreground_open_signals(struct error *err)
{
	sigset_t mask;
	int fd;

	foreground_hold_signals();
	list_signals(&mask);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_set(err, errno, "signalfd") : fd;
}

/* ---- looking ---- */

/* Nobody who is told depends on it, and the container does not either. */
static void tell_service_manager(const char *lines)
{
	struct error err;

	if (service_notify(lines, &err) < 0)
		log_warning("%s", err.text);
}

static void tell_readiness(struct foreground *foreground)
{
	struct ready_state ready;

	if (foreground->ready_told || foreground->record.phase != PHASE_RUNNING)
		return;
	ready_look(&foreground->host->state, &foreground->record, &ready);
	switch (ready.readiness) {
	case READINESS_UNASKED:
	case READINESS_READY:
		tell_service_manager("READY=1\nSTATUS=running");
		foreground->ready_told = true;
		break;
	case READINESS_FAILED:
		if (!foreground->unready_told)
			log_warning("%s: %s", foreground->name, ready.text);
		foreground->unready_told = true;
		break;
	case READINESS_WAITING:
		break;
	}
}

/* What changes in its run directory from now on wakes us up. The directory may be another one by now. */
static void watch(struct foreground *foreground)
{
	AUTO_FREE char *path = xprintf("/proc/self/fd/%d/%s", foreground->host->state.containers_fd,
				       foreground->name);

	inotify_add_watch(foreground->watch_fd, path, IN_MOVED_TO | IN_DELETE_SELF);
}

/*
 * Without a record it is over, unless a command brings it up anew just now: that holds its lock. One that
 * was through with that between our two looks has left a record.
 */
static enum standing judge_without_record(struct foreground *foreground)
{
	const bool was_gone = foreground->gone_once;

	foreground->gone_once = !record_is_locked(&foreground->host->state, foreground->name);
	return was_gone && foreground->gone_once ? OVER : SETTLING;
}

static enum standing judge(struct foreground *foreground, struct error *err)
{
	const struct record *record = &foreground->record;

	switch (foreground->liveness) {
	case LIVE_RUNNING:
		foreground->process_fd = process_open(&record->init, err);
		break;
	case LIVE_WAITING:
		foreground->process_fd = process_open(&record->supervisor, err);
		break;
	case LIVE_ENDED:
		return OVER;
	case LIVE_NONE:
		return judge_without_record(foreground);
	case LIVE_STALE:
		break;
	}
	foreground->gone_once = false;
	return foreground->process_fd >= 0 ? STANDS : SETTLING;
}

static int look(struct foreground *foreground, enum standing *standing, struct error *err)
{
	close_fd(&foreground->process_fd);
	watch(foreground);
	record_clear(&foreground->record);
	if (heal_read(foreground->host->manager, &foreground->host->state, foreground->name,
		      &foreground->record, &foreground->liveness, err) < 0)
		return error_wrap(err, "%s", foreground->name);
	*standing = judge(foreground, err);
	if (foreground->liveness == LIVE_RUNNING)
		tell_readiness(foreground);
	return 0;
}

/* ---- signals ---- */

/* To its first process; that an end which comes of it was wanted is noted before. */
static int pass_on(struct foreground *foreground, const struct record *record, int number,
		struct error *err)
{
	AUTO_FD int init_fd = process_open(&record->init, err);

	if (init_fd < 0)
		return err->code == ESRCH ? (error_clear(err), 0) : -1;
	if (revive_note_kill(&foreground->host->state, record, number, err) < 0)
		return -1;
	return process_signal(init_fd, number, err);
}

static void announce_stop(const struct record *record)
{
	char lines[128];

	snprintf(lines, sizeof(lines), "STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=%" PRIu64,
		 ((uint64_t)record->stop_timeout_ms + STOP_EXTRA_MS) * 1000);
	tell_service_manager(lines);
}

/*
 * The first half of what `down` does; the rest follows from its end, as if it had ended by itself, so that
 * it is known how it did.
 */
static int ask_to_end(struct foreground *foreground, struct container *container, struct error *err)
{
	struct record *record = &container->record;
	const int number = record->stop_signal;

	if (container_has_step(container, "post_start") &&
	    (post_start_undo(foreground->host, container, err) < 0 ||
	     post_start_undo_await(foreground->host, container, err) < 0))
		return -1;
	start_thaw(foreground->host, container);
	if (record_write(&foreground->host->state, record, err) < 0)
		return -1;
	foreground->kill_at_ms = process_monotonic_ms() + record->stop_timeout_ms;
	return pass_on(foreground, record,
		    start_would_react(record->init.pid, number) ? number : SIGKILL, err);
}

/* One that does not run now: a restart that it waits for is not to be. */
static int take_down(struct wave *wave, struct error *err)
{
	wave_down(wave, false);
	if (!wave->containers[0].failed)
		return 0;
	*err = wave->containers[0].error;
	return -1;
}

static int stop(struct foreground *foreground, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	struct container *container;
	struct wave wave;
	int rc = -1;

	announce_stop(&foreground->record);
	strlist_add(&names, foreground->name);
	wave_take(&wave, foreground->host, &names);
	wave_plan(&wave, plan_down);
	container = &wave.containers[0];
	if (container->failed) {
		*err = container->error;
	} else if (!container->any_step && container->record.name &&
		   container->record.phase == PHASE_RUNNING &&
		   record_liveness(&container->record) == LIVE_RUNNING) {
		rc = ask_to_end(foreground, container, err);
	} else {
		rc = take_down(&wave, err);
		wave_release(&wave);
		return rc;
	}
	wave_abandon(&wave);
	return rc;
}

static void take_signal(struct foreground *foreground)
{
	struct signalfd_siginfo info;
	struct error err = {0};
	int number, rc = 0;

	if (read(foreground->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	number = (int)info.ssi_signo;
	if (number != SIGTERM && number != SIGINT)
		rc = foreground->record.name ? pass_on(foreground, &foreground->record, number, &err) : 0;
	else if (foreground->kill_at_ms == 0)
		rc = stop(foreground, &err);
	/* It stands as before; who has asked may ask again. */
	if (rc < 0) {
		error_wrap(&err, "%s", foreground->name);
		log_error(&err);
	}
}

static void kill_when_due(struct foreground *foreground)
{
	struct error err = {0};

	if (foreground->kill_at_ms == 0 || foreground->liveness != LIVE_RUNNING ||
	    process_monotonic_ms() < foreground->kill_at_ms)
		return;
	log_warning("%s: did not end within %u ms of its stop signal, killing it", foreground->name,
		    foreground->record.stop_timeout_ms);
	foreground->kill_at_ms = UINT64_MAX;
	if (pass_on(foreground, &foreground->record, SIGKILL, &err) < 0)
		log_warning("%s: %s", foreground->name, err.text);
}

/* ---- waiting ---- */

/* Until the moment it is to be killed, at most. */
static int time_left(const struct foreground *foreground, int limit_ms)
{
	const uint64_t now = process_monotonic_ms(), at = foreground->kill_at_ms;
	uint64_t left = at > now ? at - now : 0;

	if (at == 0 || at == UINT64_MAX || foreground->liveness != LIVE_RUNNING)
		return limit_ms;
	return limit_ms < 0 || left < (uint64_t)limit_ms ? (int)(left + 1) : limit_ms;
}

/* Returns when it is time for another look; all else is done here. */
static int wait_for_change(struct foreground *foreground, enum standing standing, struct error *err)
{
	const struct foreground_output *output = foreground->output;
	char events[4096];

	for (;;) {
		struct pollfd fds[] = {
			{.fd = foreground->signal_fd, .events = POLLIN},
			{.fd = foreground->watch_fd, .events = POLLIN},
			{.fd = foreground->process_fd, .events = POLLIN},
			{.fd = output ? output->fd : -1, .events = POLLIN},
		};
		int again_ms = output ? output->print(output->data, false) : -1;
		int limit_ms = standing == SETTLING ? SETTLE_MS : again_ms;

		if (poll(fds, ARRAY_SIZE(fds), time_left(foreground, limit_ms)) < 0 && errno != EINTR)
			return error_set(err, errno, "poll");
		kill_when_due(foreground);
		if (fds[0].revents)
			take_signal(foreground);
		if (fds[1].revents && read(foreground->watch_fd, events, sizeof(events)) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			return error_set(err, errno, "watch the records");
		if (standing == SETTLING || fds[0].revents || fds[1].revents || fds[2].revents)
			return 0;
	}
}

static int exit_status(const struct foreground *foreground)
{
	const struct record *record = &foreground->record;
	int status = record->wait_status;

	/* `down` keeps nothing. */
	if (foreground->liveness == LIVE_NONE)
		return 0;
	if (!record->exited)
		return STATUS_UNKNOWN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int stand_by(struct foreground *foreground, struct error *err)
{
	enum standing standing = SETTLING;

	for (;;) {
		if (look(foreground, &standing, err) < 0)
			return -1;
		if (standing == OVER)
			return exit_status(foreground);
		if (wait_for_change(foreground, standing, err) < 0)
			return -1;
	}
}

int foreground_wait(struct host *host, const char *name, int signal_fd,
		    const struct foreground_output *output, struct error *err)
{
	struct foreground foreground = {
		.host = host,
		.name = name,
		.signal_fd = signal_fd,
		.output = output,
		.watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
		.process_fd = -1,
	};
	int status;

	if (foreground.watch_fd < 0)
		return error_set(err, errno, "inotify");
	status = stand_by(&foreground, err);
	if (output)
		output->print(output->data, true);
	close_fd(&foreground.watch_fd);
	close_fd(&foreground.process_fd);
	record_clear(&foreground.record);
	return status;
}
