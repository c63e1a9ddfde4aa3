/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/lock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include "base/fs.h"
#include "base/process.h"

#define FOR_EVER UINT64_MAX

static void ignore_signal(int signal_number)
{
	(void)signal_number;
}

/*
 * Lets SIGALRM end system calls after timeout_ms, and again every 100 ms: the first may come just
 * before the call it is meant for.
 */
struct alarm_clock {
	struct sigaction old_action;
	sigset_t old_mask;
	struct itimerval old_timer;
};

static void alarm_start(struct alarm_clock *alarm, int timeout_ms)
{
	struct sigaction action = {.sa_handler = ignore_signal}; /* no SA_RESTART */
	struct itimerval timer = {
		.it_value = {timeout_ms / 1000, timeout_ms % 1000 * 1000},
		.it_interval = {.tv_usec = 100000},
	};
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGALRM);
	sigaction(SIGALRM, &action, &alarm->old_action);
	sigprocmask(SIG_UNBLOCK, &mask, &alarm->old_mask);
	setitimer(ITIMER_REAL, &timer, &alarm->old_timer);
}

static void alarm_stop(struct alarm_clock *alarm)
{
	int saved = errno;

	setitimer(ITIMER_REAL, &alarm->old_timer, NULL);
	sigprocmask(SIG_SETMASK, &alarm->old_mask, NULL);
	sigaction(SIGALRM, &alarm->old_action, NULL);
	errno = saved;
}

/* 0, or -1 with errno: EWOULDBLOCK when the time went by. */
static int lock_until(int fd, uint64_t deadline_ms)
{
	struct alarm_clock alarm;
	uint64_t now = process_monotonic_ms();
	int rc;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK || now >= deadline_ms)
		return -1;
	if (deadline_ms != FOR_EVER)
		alarm_start(&alarm, (int)(deadline_ms - now));
	do
		rc = flock(fd, LOCK_EX);
	while (rc < 0 && errno == EINTR && process_monotonic_ms() < deadline_ms);
	if (deadline_ms != FOR_EVER)
		alarm_stop(&alarm);
	if (rc < 0 && errno == EINTR)
		errno = EWOULDBLOCK;
	return rc;
}

/* The process that holds a lock on the file: "1: FLOCK ADVISORY WRITE 7 fe:00:42", proc(5). */
long lock_find_holder(int fd)
{
	AUTO_TEXT struct text locks = {0};
	struct stat st;

	if (fstat(fd, &st) < 0 || fs_read_at(AT_FDCWD, "/proc/locks", 16 << 20, &locks, NULL) < 0)
		return 0;
	for (const char *line = text_value(&locks); line; line = strchr(line, '\n')) {
		unsigned int major_number, minor_number;
		uint64_t inode;
		long pid;

		line += *line == '\n';
		if (sscanf(line, "%*d: FLOCK %*s WRITE %ld %x:%x:%" SCNu64, &pid, &major_number,
			   &minor_number, &inode) == 4 &&
		    major_number == major(st.st_dev) && minor_number == minor(st.st_dev) &&
		    inode == st.st_ino)
			return pid;
	}
	return 0;
}

static int timed_out(int fd, int timeout_ms, struct error *err)
{
	long holder = lock_find_holder(fd);

	error_set(err, EAGAIN, "held by %s for more than %d ms",
		  holder > 0 ? "another process" : "somebody", timeout_ms);
	if (holder > 0)
		error_hint(err, "process %ld holds it (ps -fp %ld); try again when it is done",
			   holder, holder);
	return -1;
}

int lock_take(int fd, int timeout_ms, struct error *err)
{
	uint64_t deadline_ms = timeout_ms < 0 ? FOR_EVER
					      : process_monotonic_ms() + (uint64_t)timeout_ms;

	if (lock_until(fd, deadline_ms) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return timed_out(fd, timeout_ms, err);
	return error_set(err, errno, "lock");
}
