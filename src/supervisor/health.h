/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.h: a part of the supervisor: the health check of its container. What is run, how it went and
 * what follows is the business of "cman health", which it runs when one is due, one at a time; this
 * here only knows a timer, a child, and how to end the container when that says so. Without a check
 * there is not even the timer.
 */
#ifndef SUPERVISOR_HEALTH_H
#define SUPERVISOR_HEALTH_H

#include "lifecycle/supervisor_health.h"
#include "supervisor/log.h"
#include "supervisor/run.h"

struct health_timer {
	int timer_fd;         /* -1: there is no check */
	long child;           /* pid of the "cman health" that runs, 0: none */
	uint64_t interval_ms; /* as the timer was set last */
	bool ending;          /* the container was told to stop: the timer is that of the kill */
};
#define HEALTH_INIT {.timer_fd = -1}

static void tell_health(struct supervisor *supervisor, long result)
{
	if (result < 0)
		log_line(supervisor, "the health check cannot be run: error ", (uint64_t)-result, "");
}

static void run_check(const struct supervisor *supervisor)
{
	const struct supervisor_args *args = &supervisor->args;
	const char *argv[] = {"cman", "-c",       args->manager_file, "health",
			      "--",   args->name, args->instance,     NULL};

	run_cman(supervisor, argv, -1);
	system_exit(1);
}

static void kill_container(const struct supervisor *supervisor)
{
	system_signal_process(supervisor->args.init_pidfd, SIGKILL);
}

static void take_due(struct supervisor *supervisor, void *part)
{
	struct health_timer *health = part;
	uint64_t count;
	long pid;

	if (system_read(health->timer_fd, &count, sizeof(count)) <= 0)
		return;
	if (health->ending) {
		kill_container(supervisor);
		return;
	}
	if (health->child > 0)
		return; /* its end sets the timer */
	pid = system_fork();
	if (pid == 0)
		run_check(supervisor);
	if (pid > 0)
		health->child = pid;
	else
		system_set_timer_ms(health->timer_fd, health->interval_ms);
	tell_health(supervisor, pid);
}

/* As the settings say now: at the start, and when they have changed. */
static inline void health_set(struct health_timer *health, struct supervisor *supervisor)
{
	const uint64_t interval_ms = supervisor->settings.health_interval_ms;
	long fd = health->timer_fd;

	/* Nor while there is no init: the container waits to be started again. */
	if (interval_ms == health->interval_ms || health->ending || supervisor->args.init_pid == 0)
		return;
	health->interval_ms = interval_ms;
	if (interval_ms == 0) {
		sources_remove(&supervisor->sources, health->timer_fd);
		health->timer_fd = -1;
		return;
	}
	if (fd < 0)
		fd = sources_add(&supervisor->sources, system_open_timer(), take_due, health);
	tell_health(supervisor, fd);
	if (fd < 0)
		return;
	health->timer_fd = (int)fd;
	if (health->child == 0)
		system_set_timer_ms(health->timer_fd, interval_ms);
}

static void follow_verdict(struct health_timer *health, struct supervisor *supervisor, int verdict)
{
	const bool stops = verdict == HEALTH_STOP || verdict == HEALTH_RESTART;

	if (verdict == HEALTH_STOP || verdict == HEALTH_STOP_DEAF)
		supervisor->purpose = "stop";
	else if (verdict == HEALTH_RESTART || verdict == HEALTH_RESTART_DEAF)
		supervisor->purpose = "restart";
	health->ending = true;
	if (stops)
		system_signal_process(supervisor->args.init_pidfd,
				      (int)supervisor->settings.stop_signal);
	/* A time of zero would be no time-out at all. */
	if (stops && supervisor->settings.stop_timeout_ms > 0)
		system_set_timer_ms(health->timer_fd, supervisor->settings.stop_timeout_ms);
	else
		kill_container(supervisor);
}

/* After SIGCHLD: takes up the child if it has ended. */
static inline void health_reap(struct health_timer *health, struct supervisor *supervisor)
{
	int status = 0;

	if (health->child <= 0 || system_wait_status((int)health->child, &status, WNOHANG) == 0)
		return;
	health->child = 0;
	if (health->timer_fd < 0)
		return; /* there is none any more */
	if (WIFEXITED(status) && WEXITSTATUS(status) >= HEALTH_KILL &&
	    WEXITSTATUS(status) <= HEALTH_RESTART_DEAF)
		follow_verdict(health, supervisor, WEXITSTATUS(status));
	else
		system_set_timer_ms(health->timer_fd, health->interval_ms);
}

/* At the end: what is still being checked is gone, and nobody asks any more. */
static inline void health_end(struct health_timer *health)
{
	if (health->child <= 0)
		return;
	system_kill((int)health->child, SIGKILL);
	system_wait_child((int)health->child, 0);
	health->child = 0;
}

#endif
