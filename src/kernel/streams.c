/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "kernel/mount.h"

#define CHUNK (64 * 1024)
/* An empty pipe may mean that its last bytes are on their way to the disk. */
#define GRACE_MS 200
#define STEP_MS  5

static const char *const names[] = {"standard input", "standard output", "standard error"};

int streams_check(struct error *err)
{
	struct stat st;

	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0 || fstat(fd, &st) < 0)
			return error_set(err, errno, "%s", names[fd]);
		if (S_ISDIR(st.st_mode) || flags & O_PATH)
			return error_set(err, EISDIR, "%s", names[fd]);
	}
	return 0;
}

/* Nobody but those who have a descriptor of it: there is nothing to be protected. */
static bool is_anonymous(int fd, const struct stat *st)
{
	struct statfs fs;

	if (S_ISSOCK(st->st_mode))
		return true;
	return S_ISFIFO(st->st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC;
}

/* For devices, terminals, FIFOs as they were opened; -1 where the mount is not in our namespace. */
static int open_read_only(int fd, int flags, struct error *err)
{
	static const struct mount_change change = {
		.attributes = MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE,
	};
	AUTO_FD int mount_fd = mount_clone(fd, "", 0, err);
	AUTO_FD int own = -1;
	char path[32];
	off_t at;

	if (mount_fd < 0 || mount_change(mount_fd, &change, 0, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", mount_fd);
	/* Without waiting for the other end of a FIFO, which may have written all and be gone. */
	own = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0 || fcntl(own, F_SETFL, flags) < 0)
		return error_set(err, errno, "open it anew");
	at = lseek(fd, 0, SEEK_CUR);
	if (at > 0 && lseek(own, at, SEEK_SET) < 0)
		return error_set(err, errno, "find the place in it");
	return take_fd(&own);
}

static _Noreturn void relay(int from_fd, int to_fd)
{
	static char bytes[CHUNK];
	ssize_t count;

	/* Keys of the terminal are for the program. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	while ((count = read(from_fd, bytes, sizeof(bytes))) > 0 ||
	       (count < 0 && errno == EINTR)) {
		for (ssize_t done = 0; done < count;) {
			ssize_t written = write(to_fd, bytes + done, (size_t)(count - done));

			if (written < 0 && errno == EINTR)
				continue;
			if (written <= 0)
				_exit(1); /* and the program gets SIGPIPE */
			done += written;
		}
	}
	_exit(0);
}

/* fd 0 is read for the program, the others are written for it. */
static int open_pipe(struct streams *streams, int fd, struct error *err)
{
	AUTO_FD int program_end = -1;
	AUTO_FD int relay_end = -1;
	const pid_t self = getpid();
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "pipe");
	program_end = ends[fd == STDIN_FILENO ? 0 : 1];
	relay_end = ends[fd == STDIN_FILENO ? 1 : 0];
	pid = fork();
	if (pid == 0) {
		int from_fd = fd == STDIN_FILENO ? fd : relay_end;
		int to_fd = fd == STDIN_FILENO ? relay_end : fd;

		if (dup2(to_fd, STDERR_FILENO) < 0 || dup2(from_fd, STDIN_FILENO) < 0)
			_exit(1);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		close_range(STDERR_FILENO, ~0U, 0);
		/* What is left to be read is for others. */
		if (fd == STDIN_FILENO && process_end_with(self, NULL) < 0)
			_exit(1);
		relay(STDIN_FILENO, STDOUT_FILENO);
	}
	if (pid < 0)
		return error_set(err, errno, "fork");
	streams->relays[fd] = pid;
	streams->fds[fd] = take_fd(&program_end);
	if (fd != STDIN_FILENO)
		streams->pipes[fd] = take_fd(&relay_end);
	return 0;
}

static int replace(struct streams *streams, int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat");
	if (is_anonymous(fd, &st))
		return 0;
	if (fd != STDIN_FILENO && S_ISREG(st.st_mode))
		return open_pipe(streams, fd, err);
	if (S_ISREG(st.st_mode))
		flags = O_RDONLY;
	streams->fds[fd] = open_read_only(fd, flags, NULL);
	/* One from another mount namespace. */
	return streams->fds[fd] < 0 ? open_pipe(streams, fd, err) : 0;
}

static bool is_same(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && S_ISREG(first.st_mode) &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

int streams_open(bool is_terminal, struct streams *streams, struct error *err)
{
	for (int fd = is_terminal ? STDERR_FILENO : STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* "2>&1": in the order in which it is written. */
		if (fd == STDERR_FILENO && streams->relays[1] > 0 && is_same(1, 2)) {
			streams->fds[2] = fcntl(streams->fds[1], F_DUPFD_CLOEXEC, 3);
			if (streams->fds[2] < 0)
				return error_set(err, errno, "%s", names[fd]);
			continue;
		}
		if (replace(streams, fd, err) < 0)
			return error_wrap(err, "%s", names[fd]);
	}
	return 0;
}

int streams_use(const struct streams *streams, struct error *err)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (streams->fds[fd] >= 0 && dup2(streams->fds[fd], fd) < 0)
			return error_set(err, errno, "%s", names[fd]);
	return 0;
}

void streams_release(struct streams *streams)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close_fd(&streams->fds[fd]);
}

static bool is_through(const struct streams *streams, int fd, int *quiet_ms)
{
	int unread = 0;

	if (waitpid(streams->relays[fd], NULL, WNOHANG) != 0)
		return true;
	if (ioctl(streams->pipes[fd], FIONREAD, &unread) < 0)
		return true;
	*quiet_ms = unread > 0 ? 0 : *quiet_ms + STEP_MS;
	return *quiet_ms >= GRACE_MS;
}

void streams_finish(struct streams *streams)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	streams_release(streams);
	if (streams->relays[STDIN_FILENO] > 0) {
		kill(streams->relays[STDIN_FILENO], SIGKILL);
		process_reap(streams->relays[STDIN_FILENO], NULL);
	}
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		int quiet_ms = 0;

		while (streams->relays[fd] > 0 && !is_through(streams, fd, &quiet_ms))
			nanosleep(&step, NULL);
		streams->relays[fd] = -1;
		close_fd(&streams->pipes[fd]);
	}
}
