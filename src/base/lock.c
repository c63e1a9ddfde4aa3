/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/lock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>

static void interrupt_flock(int signal_number)
{
	(void)signal_number;
}

static int take_within(int fd, int timeout_ms)
{
	/* Without SA_RESTART flock(2) ends with EINTR. The timer repeats, so that a signal that
	 * comes just before flock(2) is not the only one. */
	struct sigaction interrupt = {.sa_handler = interrupt_flock}, old_action;
	struct itimerval timer = {
		.it_value = {timeout_ms / 1000, timeout_ms % 1000 * 1000},
		.it_interval = {0, 100000},
	}, old_timer;
	int rc, saved;

	sigaction(SIGALRM, &interrupt, &old_action);
	setitimer(ITIMER_REAL, &timer, &old_timer);
	rc = flock(fd, LOCK_EX);
	saved = errno;
	setitimer(ITIMER_REAL, &old_timer, NULL);
	sigaction(SIGALRM, &old_action, NULL);
	errno = saved == EINTR ? EWOULDBLOCK : saved;
	return rc;
}

int lock_take(int fd, int timeout_ms, struct error *err)
{
	int rc = flock(fd, LOCK_EX | LOCK_NB);

	if (rc < 0 && errno == EWOULDBLOCK && timeout_ms > 0)
		rc = take_within(fd, timeout_ms);
	while (rc < 0 && timeout_ms < 0 && (errno == EWOULDBLOCK || errno == EINTR))
		rc = flock(fd, LOCK_EX);
	if (rc < 0)
		return error_set(err, errno == EWOULDBLOCK ? EAGAIN : errno, "lock");
	return 0;
}
