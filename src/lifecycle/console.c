/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/console.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "lifecycle/supervisor_args.h"
#include "lifecycle/supervisor_console.h"

#define KEEPER_TIMEOUT_MS 2000
#define ATTEMPTS          8 /* to read what is being written */
#define COMMAND_LINE_MAX  (64 * 1024)

/* ---- the terminal ---- */

int console_make_ring(int directory_fd, const struct spec *spec, struct error *err)
{
	const struct console_head head = console_head_of(0);

	if (!spec->tty)
		return 0;
	return fs_replace_at(directory_fd, CONSOLE_FILE, (const char *)&head, sizeof(head), 0600, err);
}

static int take_fd_of(int pidfd, pid_t pid, int number, struct error *err)
{
	long fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);

	if (fd >= 0)
		return (int)fd;
	error_set(err, errno == EBADF ? EAGAIN : errno, "take its terminal from process %d", (int)pid);
	if (err->code == EPERM)
		return error_hint(err, "kernel.yama.ptrace_scope may be 3, which forbids it to root");
	return -1;
}

int console_open_master(const struct record *record, struct error *err)
{
	AUTO_FD int keeper_fd = process_open(&record->keeper, err);

	if (keeper_fd < 0)
		return error_wrap(err, "the process that keeps its terminal");
	return take_fd_of(keeper_fd, record->keeper.pid, KEEPER_MASTER_FD, err);
}

/* The number of its master is on the command line of the supervisor. 0: it has none; -1: not known. */
static int find_number(pid_t supervisor, struct error *err)
{
	AUTO_FREE char *path = xprintf("/proc/%d/cmdline", (int)supervisor);
	AUTO_TEXT struct text text = {0};
	char *argv[SUPERVISOR_ARGC + 1];
	struct supervisor_args args;
	int argc = 0;

	if (fs_read_at(AT_FDCWD, path, COMMAND_LINE_MAX, &text, err) < 0)
		return -1;
	for (size_t at = 0; at < text.length && argc < SUPERVISOR_ARGC + 1;
	     at += strlen(text.data + at) + 1)
		argv[argc++] = text.data + at;
	if (!supervisor_args_parse(argc, argv, &args))
		return error_set(err, EPROTO, "process %d is no supervisor of this cman", (int)supervisor);
	return args.console_fd;
}

int console_take_master(const struct record *record, struct error *err)
{
	AUTO_FD int supervisor_fd = process_open(&record->supervisor, err);
	int number;

	if (supervisor_fd < 0)
		return err->code == ESRCH ? error_set(err, ENOENT, "its supervisor is gone as well") : -1;
	number = find_number(record->supervisor.pid, err);
	if (number == 0)
		return error_set(err, ENOENT, "its supervisor has lost it");
	return number < 0 ? -1 : take_fd_of(supervisor_fd, record->supervisor.pid, number, err);
}

void console_end_keeper(struct record *record)
{
	AUTO_FD int keeper_fd = record->keeper.pid ? process_open(&record->keeper, NULL) : -1;

	/* Stopped by somebody: it holds nothing of value. */
	if (keeper_fd >= 0 && process_wait_ended(keeper_fd, KEEPER_TIMEOUT_MS, NULL) != 1) {
		process_signal(keeper_fd, SIGKILL, NULL);
		process_wait_ended(keeper_fd, KEEPER_TIMEOUT_MS, NULL);
	}
	record->keeper = (struct process_identity){0};
	record->terminal_lost = false;
}

/* ---- the ring ---- */

/* The number of bytes in it so far. -1, EAGAIN: it is just being changed. */
static int read_total(int ring_fd, uint64_t *total)
{
	struct console_head head;

	for (int i = 0; i < ATTEMPTS; i++) {
		ssize_t count = pread(ring_fd, &head, sizeof(head), 0);

		if (count < 0)
			return -1;
		if (count == sizeof(head) && console_head_is_whole(&head)) {
			*total = head.total;
			return 0;
		}
	}
	errno = EAGAIN;
	return -1;
}

/* Bytes from that number on, as many as stand there in one piece: their number; 0: they are gone. */
static ssize_t read_piece(int ring_fd, uint64_t number, char *bytes, size_t size)
{
	uint64_t at = console_place(number, &size), total;
	ssize_t count = pread(ring_fd, bytes, size, (off_t)at);

	if (count <= 0)
		return count < 0 ? -1 : (errno = EIO, -1); /* somebody has cut it off */
	if (read_total(ring_fd, &total) < 0)
		return -1;
	return console_is_kept(number, total) ? count : 0;
}

/* Behind the first newline: what stands before it has lost its beginning. */
static void skip_to_line(struct console_reader *reader)
{
	char bytes[1024];
	ssize_t count = read_piece(reader->ring_fd, reader->next, bytes, sizeof(bytes));
	const char *newline = count > 0 ? memchr(bytes, '\n', (size_t)count) : NULL;

	if (newline)
		reader->next += (uint64_t)(newline - bytes) + 1;
}

int console_reader_open(int directory_fd, struct console_reader *reader, struct error *err)
{
	AUTO_FD int ring_fd = fs_open_at(directory_fd, CONSOLE_FILE, O_RDONLY | O_NOFOLLOW, 0, err);
	AUTO_FD int watch_fd = -1;
	AUTO_FREE char *path = NULL;
	uint64_t total = 0;

	if (ring_fd < 0)
		return -1;
	watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	path = xprintf("/proc/self/fd/%d", ring_fd);
	if (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_MODIFY) < 0)
		return error_set(err, errno, "watch the console");
	if (read_total(ring_fd, &total) < 0 && errno != EAGAIN)
		return error_set(err, errno, "read the console");
	reader->ring_fd = take_fd(&ring_fd);
	reader->watch_fd = take_fd(&watch_fd);
	reader->live = total;
	reader->old = (struct scrollback){.length = 0};
	reader->next = total > CONSOLE_KEPT ? total - CONSOLE_KEPT : 0;
	if (reader->next > 0)
		skip_to_line(reader);
	return 0;
}

void console_reader_close(struct console_reader *reader)
{
	close_fd(&reader->ring_fd);
	close_fd(&reader->watch_fd);
}

/* Goes on in the middle of what is there: who was too slow at its beginning would be so again. */
static ssize_t skip(struct console_reader *reader, uint64_t total, char *bytes, size_t size)
{
	const uint64_t next = total < CONSOLE_KEPT / 2 ? 0 : total - CONSOLE_KEPT / 2;
	const uint64_t lost = next > reader->next ? next - reader->next : 0;

	reader->next = next;
	return snprintf(bytes, size, "\r\n[cman: %" PRIu64 " bytes came faster than they were read]\r\n",
			lost);
}

/* 0: nothing any more. */
static ssize_t read_up_to(struct console_reader *reader, uint64_t end, char *bytes, size_t size)
{
	const uint64_t left = end - reader->next;
	ssize_t count = read_piece(reader->ring_fd, reader->next, bytes,
				   left < size ? (size_t)left : size);

	if (count > 0)
		reader->next += (uint64_t)count;
	return count;
}

/* Of a piece that is questions alone nothing is left, and then the next one counts. */
static ssize_t read_old(struct console_reader *reader, char *bytes, size_t size)
{
	char *place = bytes + SCROLLBACK_HELD;
	ssize_t count;

	do {
		count = read_up_to(reader, reader->live, place, size - SCROLLBACK_HELD);
		if (count <= 0)
			return count;
		count = (ssize_t)scrollback_clean(&reader->old, place, (size_t)count, bytes);
	} while (count == 0 && reader->next < reader->live);
	return count;
}

ssize_t console_read(struct console_reader *reader, char *bytes, size_t size)
{
	char events[4096];

	/* Before the look: what is written from now on is told again. */
	if (read(reader->watch_fd, events, sizeof(events)) < 0 && errno != EAGAIN)
		return -1;
	for (int i = 0; i < ATTEMPTS; i++) {
		uint64_t total;
		ssize_t count;

		if (read_total(reader->ring_fd, &total) < 0)
			return -1;
		if (total == reader->next)
			break;
		if (!console_is_kept(reader->next, total))
			return skip(reader, total, bytes, size);
		count = reader->next < reader->live ? read_old(reader, bytes, size)
						    : read_up_to(reader, total, bytes, size);
		if (count != 0)
			return count;
	}
	errno = EAGAIN;
	return -1;
}
