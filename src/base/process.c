/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fs.h"

#define MANY_FILES 65536

#ifndef PID_FS_MAGIC /* linux/magic.h of Linux 6.9 */
#define PID_FS_MAGIC 0x50494446
#endif

/*
 * Field 3 (state) and 22 (start time) of a line of /proc/PID/stat; the command name may hold anything.
 * By hand: each look at a container asks for it, and sscanf(3) takes longer than the kernel.
 */
static bool parse_stat(const char *line, char *state, uint64_t *start_time)
{
	const char *rest = strrchr(line, ')');
	char *end;

	if (!rest || rest[1] != ' ' || rest[2] == '\0')
		return false;
	*state = rest[2];
	rest += 2;
	for (int field = 3; field < 22; field++) {
		rest = strchr(rest, ' ');
		if (!rest)
			return false;
		rest++;
	}
	errno = 0;
	*start_time = strtoull(rest, &end, 10);
	return errno == 0 && end > rest;
}

static int read_stat(pid_t pid, char *state, uint64_t *start_time, struct error *err)
{
	char path[32], line[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (fs_read_line_at(AT_FDCWD, path, line, sizeof(line), err) < 0)
		return err && err->code != ENOENT && err->code != ESRCH ? -1
			: error_set(err, ESRCH, "process %d", (int)pid);
	if (!parse_stat(line, state, start_time))
		return error_set(err, EPROTO, "%s", path);
	return 0;
}

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Before Linux 6.9 all pidfds are one inode, and with 32 bits the numbers come round again: 0. */
static uint64_t inode_of(int pidfd)
{
	struct statfs fs;
	struct stat st;

	if (sizeof(long) < sizeof(uint64_t) || pidfd < 0 || fstatfs(pidfd, &fs) < 0 ||
	    fs.f_type != PID_FS_MAGIC || fstat(pidfd, &st) < 0)
		return 0;
	return st.st_ino;
}

int process_identify(pid_t pid, struct process_identity *identity, struct error *err)
{
	AUTO_FD int pidfd = open_pidfd(pid);
	uint64_t start_time;
	char state;

	if (read_stat(pid, &state, &start_time, err) < 0)
		return -1;
	*identity = (struct process_identity){.pid = pid, .start_time = start_time};
	/* As long as it has not ended the number is its own, and what was read as well. */
	if (pidfd >= 0 && process_wait_ended(pidfd, 0, NULL) == 0)
		identity->inode = inode_of(pidfd);
	return 0;
}

/* By the time at which the process of that number has started. */
static bool is_since(const struct process_identity *identity, struct error *err)
{
	uint64_t start_time;
	char state;

	if (read_stat(identity->pid, &state, &start_time, err) < 0)
		return false;
	if (start_time == identity->start_time && state != 'Z' && state != 'X')
		return true;
	error_set(err, ESRCH, "process %d", (int)identity->pid);
	return false;
}

/* Whether pidfd, opened by the number of identity, is of that process, and it has not ended. */
static bool is_of(int pidfd, const struct process_identity *identity, struct error *err)
{
	struct stat st;

	/* A process that started before the pidfd was opened and is there still: it is of that one. */
	if (identity->inode == 0 || fstat(pidfd, &st) < 0)
		return is_since(identity, err);
	if (st.st_ino == identity->inode && process_wait_ended(pidfd, 0, NULL) == 0)
		return true;
	error_set(err, ESRCH, "process %d", (int)identity->pid);
	return false;
}

bool process_is_there(const struct process_identity *identity)
{
	/* Half the time that the kernel takes for /proc/PID/stat, a quarter where a pidfd is open. */
	AUTO_FD int pidfd = identity->pid > 0 && identity->inode ? open_pidfd(identity->pid) : -1;

	if (pidfd >= 0)
		return is_of(pidfd, identity, NULL);
	return identity->pid > 0 && is_since(identity, NULL);
}

int process_open(const struct process_identity *identity, struct error *err)
{
	AUTO_FD int pidfd = -1;

	if (identity->pid <= 0)
		return error_set(err, ESRCH, "no process");
	pidfd = open_pidfd(identity->pid);
	if (pidfd < 0)
		return error_set(err, errno, "process %d", (int)identity->pid);
	return is_of(pidfd, identity, err) ? take_fd(&pidfd) : -1;
}

int process_signal(int pidfd, int signal_number, struct error *err)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) == 0 || errno == ESRCH)
		return 0;
	error_set(err, errno, "send signal %d", signal_number);
	if (err && err->code == EACCES)
		error_hint(err, "an AppArmor profile keeps it away: add \"signal (receive) "
				"peer=unconfined,\" to the process's, and apparmor_parser -r FILE");
	return -1;
}

uint64_t process_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int process_reset_signals(struct error *err)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++) {
		/* EINVAL: SIGKILL, SIGSTOP, and the two libc keeps for itself */
		if (sigaction(number, &action, NULL) < 0 && errno != EINVAL)
			return error_set(err, errno, "reset signal %d", number);
	}
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return error_set(err, errno, "reset the signal mask");
	return 0;
}

uint64_t process_boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t process_boottime_seconds(void)
{
	return process_boottime_ms() / 1000;
}

int process_poll(int fd, int timeout_ms, struct error *err)
{
	uint64_t end = process_monotonic_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
	struct pollfd wanted = {.fd = fd, .events = POLLIN};

	for (;;) {
		int count = poll(&wanted, 1, timeout_ms);
		uint64_t now;

		if (count >= 0)
			return count;
		if (errno != EINTR)
			return error_set(err, errno, "poll");
		if (timeout_ms < 0)
			continue;
		now = process_monotonic_ms();
		timeout_ms = now < end ? (int)(end - now) : 0;
	}
}

int process_wait_ended(int pidfd, int timeout_ms, struct error *err)
{
	return process_poll(pidfd, timeout_ms, err);
}

int process_end_with(pid_t parent, struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_set(err, errno, "end with process %d", (int)parent);
	/* Only now: it may have ended before it could be asked for. */
	return getppid() == parent ? 0 : error_set(err, ESRCH, "process %d", (int)parent);
}

int process_reap(pid_t pid, struct error *err)
{
	int status;

	/* waitpid(2): without __WALL one that clone(2) made to end without a signal is not seen. */
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "wait for process %d", (int)pid);
	return status;
}

/* The lowest of keep that is not below first; UINT_MAX: there is none. */
static unsigned int next_kept(const int keep[], size_t count, unsigned int first)
{
	unsigned int lowest = UINT_MAX;

	for (size_t i = 0; i < count; i++)
		if (keep[i] >= 0 && (unsigned int)keep[i] >= first && (unsigned int)keep[i] < lowest)
			lowest = (unsigned int)keep[i];
	return lowest;
}

int process_close_others(const int keep[], size_t count, struct error *err)
{
	unsigned int first = 0, kept;

	while ((kept = next_kept(keep, count, first)) != UINT_MAX) {
		if (kept > first && close_range(first, kept - 1, 0) < 0)
			return error_set(err, errno, "close files");
		first = kept + 1;
	}
	return close_range(first, UINT_MAX, 0) < 0 ? error_set(err, errno, "close files") : 0;
}

pid_t process_fork_aside(const int keep[], size_t count)
{
	struct clone_args args = {.exit_signal = 0};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		process_close_others(keep, count, NULL);
	return pid;
}

/* Ours as it was; rlim_max is 0 as long as it is that. */
static struct rlimit file_limit;

/* fs.nr_open, 0 where it cannot be read: no hard limit above it can be set. */
static rlim_t most_files(void)
{
	char line[32];

	if (fs_read_line_at(AT_FDCWD, "/proc/sys/fs/nr_open", line, sizeof(line), NULL) < 0)
		return 0;
	return (rlim_t)strtoull(line, NULL, 10);
}

void process_raise_file_limit(void)
{
	struct rlimit limit;

	if (file_limit.rlim_max > 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	file_limit = limit;
	if (limit.rlim_max < MANY_FILES)
		limit.rlim_max = MANY_FILES;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	/* Without CAP_SYS_RESOURCE, or 65536 is beyond fs.nr_open. */
	limit.rlim_cur = limit.rlim_max = file_limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	/* Ours is beyond it, which was lowered since: more than that can be opened by nobody. */
	limit.rlim_cur = limit.rlim_max = most_files();
	if (limit.rlim_max > 0)
		setrlimit(RLIMIT_NOFILE, &limit);
}

void process_restore_file_limit(void)
{
	struct rlimit limit;

	if (file_limit.rlim_max == 0 || setrlimit(RLIMIT_NOFILE, &file_limit) == 0 ||
	    getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	/* A hard limit beyond fs.nr_open cannot be had again; the other one is what matters. */
	if (file_limit.rlim_cur < limit.rlim_max)
		limit.rlim_cur = file_limit.rlim_cur;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int process_signal_number(const char *name)
{
	char *end;
	long number;

	if (*name >= '0' && *name <= '9') {
		number = strtol(name, &end, 10);
		return *end == '\0' && number >= 1 && number <= SIGRTMAX ? (int)number : 0;
	}
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	if (strncmp(name, "RTMIN", 5) == 0 && (name[5] == '\0' || name[5] == '+')) {
		if (name[5] == '\0')
			return SIGRTMIN;
		if (name[6] < '0' || name[6] > '9')
			return 0;
		number = strtol(name + 6, &end, 10);
		return *end == '\0' && number <= SIGRTMAX - SIGRTMIN ? SIGRTMIN + (int)number : 0;
	}
	if (strcmp(name, "RTMAX") == 0)
		return SIGRTMAX;
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcmp(known, name) == 0)
			return i;
	}
	return 0;
}

const char *process_signal_name(int number, char *out, unsigned long size)
{
	const char *known = number > 0 && number < SIGRTMIN ? sigabbrev_np(number) : NULL;

	if (known)
		snprintf(out, size, "SIG%s", known);
	else if (number == SIGRTMIN)
		snprintf(out, size, "SIGRTMIN");
	else if (number > SIGRTMIN && number <= SIGRTMAX)
		snprintf(out, size, "SIGRTMIN+%d", number - SIGRTMIN);
	else
		return NULL;
	return out;
}

int process_boot_id(char out[37], struct error *err)
{
	static char known[37]; /* it stays what it is, and is asked for with each record */
	char line[64];

	if (!*known) {
		if (fs_read_line_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", line,
				    sizeof(line), err) < 0)
			return -1;
		if (strlen(line) != 36)
			return error_set(err, EPROTO, "boot id \"%s\"", line);
		memcpy(known, line, 37);
	}
	memcpy(out, known, 37);
	return 0;
}

bool process_is_this_boot(const char *boot_id)
{
	char current[37];

	return process_boot_id(current, NULL) == 0 && strcmp(current, boot_id) == 0;
}
