/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/confirm_waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "cmd/confirm.h"
#include "lifecycle/supervisor.h"

#define WAITER_FILE       "waiter"    /* "PID START_TIME BOOT_ID END", END in ms since boot */
#define DECIDED_FILE      "confirmed" /* the same, once it is */
#define PARENT_TIMEOUT_MS 2000

static bool read_note(int directory_fd, const char *file, struct waiter *waiter)
{
	char line[128];

	*waiter = (struct waiter){0};
	return fs_read_line_at(directory_fd, file, line, sizeof(line), NULL) == 0 &&
	       sscanf(line, "%d %" SCNu64 " %36s %" SCNu64, &waiter->process.pid,
		      &waiter->process.start_time, waiter->boot_id, &waiter->end_ms) >= 2;
}

bool confirm_read_waiter(int directory_fd, struct waiter *waiter)
{
	return read_note(directory_fd, WAITER_FILE, waiter);
}

bool confirm_is_ours(int directory_fd)
{
	struct waiter waiter;

	return confirm_read_waiter(directory_fd, &waiter) && waiter.process.pid == getpid();
}

/* That of another boot is over, and so is one that is not known. */
uint64_t confirm_time_left(const struct waiter *waiter)
{
	const uint64_t now = process_boottime_ms();

	if (!process_is_this_boot(waiter->boot_id) || waiter->end_ms <= now)
		return 0;
	return waiter->end_ms - now;
}

static _Noreturn void run_revert(const struct host *host, const struct options *options,
				 uint64_t left_ms)
{
	char left[32];
	char *const argv[] = {(char *)(size_t) "cman",   (char *)(size_t) "-c",
			      (char *)(size_t)options->config_file,
			      (char *)(size_t) "revert", left, NULL};

	snprintf(left, sizeof(left), "%" PRIu64 "ms", left_ms);
	/* `up -f` blocks the one that ends it. */
	if (process_reset_signals(NULL) < 0)
		_exit(EXIT_FAILURE);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	setenv(HOST_STATE_VARIABLE, host->manager->state_dir, 1);
	execveat(host->program_fd, "", argv, environ, AT_EMPTY_PATH);
	_exit(EXIT_FAILURE);
}

static int note_waiter(int directory_fd, pid_t pid, uint64_t end_ms, struct error *err)
{
	struct waiter waiter = {.end_ms = end_ms};
	char line[128];

	if (process_identify(pid, &waiter.process, err) < 0 ||
	    process_boot_id(waiter.boot_id, err) < 0)
		return -1;
	snprintf(line, sizeof(line), "%d %" PRIu64 " %s %" PRIu64 "\n", (int)waiter.process.pid,
		 waiter.process.start_time, waiter.boot_id, end_ms);
	return fs_replace_at(directory_fd, WAITER_FILE, line, strlen(line), 0600, err);
}

/* -1: nobody waits for it, who would read what it prints? */
static void choose_output(int output_fd)
{
	AUTO_FD int null_fd = output_fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;

	dup2(output_fd < 0 ? null_fd : output_fd, STDOUT_FILENO);
	if (output_fd < 0)
		dup2(null_fd, STDERR_FILENO);
}

/* Nobody waits of whom no note tells: else he took back, some day, what others have made since. */
static bool is_let_go(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 1;
}

static int let_go(int directory_fd, pid_t pid, uint64_t end_ms, int go_fd, struct error *err)
{
	if (FAULT("note who waits", "", err) < 0 || note_waiter(directory_fd, pid, end_ms, err) < 0 ||
	    FAULT("noted who waits", "", err) < 0)
		return -1;
	return write(go_fd, "", 1) == 1 ? 0 : error_set(err, errno, "start who waits");
}

pid_t confirm_start_waiter(const struct options *options, struct host *host, int directory_fd,
			  uint64_t left_ms, int output_fd, struct error *err)
{
	const uint64_t end_ms = process_boottime_ms() + left_ms;
	const struct cgroup_host *cgroup = host_open_programs(host, err) < 0
						   ? NULL
						   : host_cgroup(host, host->manager->cgroup_parent,
								 err);
	AUTO_FD int go_fd = -1;
	int ends[2];
	pid_t pid;

	if (!cgroup)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	pid = supervisor_fork_beside(cgroup, err);
	if (pid == 0) {
		close(ends[1]);
		if (!is_let_go(ends[0]))
			_exit(EXIT_FAILURE);
		choose_output(output_fd);
		run_revert(host, options, left_ms);
	}
	close(ends[0]);
	go_fd = ends[1];
	if (pid < 0)
		return -1;
	if (let_go(directory_fd, pid, end_ms, go_fd, err) == 0)
		return pid;
	kill(pid, SIGKILL);
	process_reap(pid, NULL);
	return -1;
}

void confirm_remove_cgroup_parent(struct host *host)
{
	const struct cgroup_host *cgroup = host_cgroup(host, host->manager->cgroup_parent, NULL);

	if (cgroup)
		cgroup_remove_parent(cgroup, PARENT_TIMEOUT_MS);
}

int confirm_forget(struct host *host, pid_t waiter, struct error *err)
{
	if (waiter > 0) {
		kill(waiter, SIGTERM);
		process_reap(waiter, NULL);
	}
	confirm_remove_cgroup_parent(host);
	return fs_remove_tree_at(host->state.dir_fd, CONFIRM_DIRECTORY, err);
}

/* ---- the directory ---- */

/* ENOENT, too, when it was removed by who held the lock. */
static int open_locked(int dir_fd, const char *path, int timeout_ms, struct error *err)
{
	AUTO_FD int fd = fs_open_at(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);

	if (fd < 0 || FAULT("lock what waits", "", err) < 0 || lock_take(fd, timeout_ms, err) < 0)
		return -1;
	return fs_is_at(dir_fd, path, fd)
		       ? take_fd(&fd)
		       : error_set(err, ENOENT, "%s was removed meanwhile", path);
}

/* Until it is locked it is that of somebody who was killed, for all others: they remove it. */
int confirm_make(const struct state *state, struct error *err)
{
	const uint64_t end_ms = process_monotonic_ms() + CONFIRM_LOCK_TIMEOUT_MS;

	for (;;) {
		AUTO_FD int fd = -1;

		if (mkdirat(state->dir_fd, CONFIRM_DIRECTORY, 0700) < 0) {
			if (errno != EEXIST)
				return error_set(err, errno, "make directory " CONFIRM_DIRECTORY);
			error_set(err, EBUSY, "an earlier apply has not been confirmed");
			return error_hint(err, "cman confirm keeps what it has made");
		}
		fd = FAULT("made what waits", "", err) < 0
			     ? -1
			     : open_locked(state->dir_fd, CONFIRM_DIRECTORY, CONFIRM_LOCK_TIMEOUT_MS, err);
		if (fd >= 0)
			return take_fd(&fd);
		if (err->code != ENOENT || process_monotonic_ms() >= end_ms)
			break;
	}
	/* Empty, or no longer there. */
	unlinkat(state->dir_fd, CONFIRM_DIRECTORY, AT_REMOVEDIR);
	return -1;
}

int confirm_open(const struct manager *manager, int timeout_ms, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/" CONFIRM_DIRECTORY, manager->state_dir);

	return open_locked(AT_FDCWD, path, timeout_ms, err);
}

/* ---- who was killed ---- */

int confirm_decide(int directory_fd, struct error *err)
{
	if (FAULT("confirm", "", err) < 0)
		return -1;
	if (renameat(directory_fd, WAITER_FILE, directory_fd, DECIDED_FILE) < 0)
		return error_set(err, errno, "note that it is confirmed");
	return FAULT("confirmed", "", err);
}

bool confirm_end_decided(int directory_fd)
{
	AUTO_FD int waiter_fd = -1;
	struct waiter waiter;

	if (!read_note(directory_fd, DECIDED_FILE, &waiter))
		return false;
	waiter_fd = process_open(&waiter.process, NULL);
	if (waiter_fd >= 0)
		process_signal(waiter_fd, SIGTERM, NULL);
	return true;
}

/* Nothing is to be taken back: who prepared it, or confirmed it, was killed before the end of that. */
static void clean_up(const struct manager *manager)
{
	AUTO_HOST struct host host = HOST_INIT;
	struct error err = {0};

	if (host_open(manager, true, &host, &err) < 0 || confirm_forget(&host, 0, &err) < 0)
		log_warning("%s/" CONFIRM_DIRECTORY ": %s", manager->state_dir, err.text);
}

/* Under the directory's lock, which the new waiter takes when the time is over. */
static pid_t start_another(const struct options *options, const struct manager *manager,
			   int directory_fd, uint64_t *left_ms)
{
	AUTO_HOST struct host host = HOST_INIT;
	struct waiter waiter;
	struct error err = {0};
	pid_t pid;

	if (!confirm_read_waiter(directory_fd, &waiter) || process_is_there(&waiter.process))
		return -1;
	*left_ms = confirm_time_left(&waiter);
	if (host_open(manager, true, &host, &err) < 0 ||
	    (pid = confirm_start_waiter(options, &host, directory_fd, *left_ms,
				*left_ms > 0 ? -1 : STDERR_FILENO, &err)) < 0) {
		log_warning("what has not been confirmed cannot go back: %s", err.text);
		return -1;
	}
	return pid;
}

pid_t confirm_resume_waiting(const struct options *options, const struct manager *manager)
{
	AUTO_FD int directory_fd = confirm_open(manager, 0, NULL);
	struct waiter waiter;
	uint64_t left_ms = 0;
	pid_t pid;

	if (directory_fd < 0)
		return -1;
	if (confirm_end_decided(directory_fd) || !confirm_read_waiter(directory_fd, &waiter)) {
		clean_up(manager);
		return -1;
	}
	pid = start_another(options, manager, directory_fd, &left_ms);
	close_fd(&directory_fd);
	if (pid < 0 || left_ms > 0)
		return pid;
	log_warning("what was applied has not been confirmed in time: what ran before runs again");
	process_reap(pid, NULL);
	return -1;
}

void confirm_resume(const struct options *options, const struct manager *manager)
{
	if (!options->hidden && geteuid() == 0 && manager->state_dir)
		confirm_resume_waiting(options, manager);
}
