/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy of a program that runs and cannot be changed, whoever tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "kernel/sealed.h"

/* The copy of a program, open for reading where the mode lets us; else -1. */
static int reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static int make_copy(const char *program)
{
	AUTO_FD int file_fd = open(program, O_RDONLY | O_CLOEXEC);
	struct error err = {0};
	int fd = sealed_copy(file_fd, "copy", &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	return fd;
}

static void runs(void **state)
{
	AUTO_FD int fd = make_copy("/bin/sh");
	char *const argv[] = {(char *)"sh", (char *)"-c", (char *)"exit 7", NULL}, *envp[] = {NULL};
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		execveat(fd, "", argv, envp, AT_EMPTY_PATH);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 7 << 8);
}

static void is_the_same(void **state)
{
	AUTO_FD int file_fd = open("/bin/sh", O_RDONLY | O_CLOEXEC), fd = make_copy("/bin/sh");
	struct stat original, copy;

	(void)state;
	assert_int_equal(fstat(file_fd, &original), 0);
	assert_int_equal(fstat(fd, &copy), 0);
	assert_int_equal(copy.st_size, original.st_size);
	assert_int_equal(copy.st_mode & 07777, 0111);
}

static void cannot_be_changed(void **state)
{
	AUTO_FD int fd = make_copy("/bin/sh");
	AUTO_FD int write_fd = reopen(fd, O_RDWR), read_fd = reopen(fd, O_RDONLY);

	(void)state;
	if (geteuid() != 0) {
		assert_int_equal(write_fd, -1);
		assert_int_equal(read_fd, -1);
		return;
	}
	/* Root may open what nobody else can, and gets no further. */
	if (write_fd >= 0) {
		assert_int_equal(write(write_fd, "x", 1), -1);
		assert_int_equal(ftruncate(write_fd, 0), -1);
		assert_ptr_equal(mmap(NULL, 1, PROT_WRITE, MAP_SHARED, write_fd, 0), MAP_FAILED);
	}
	assert_true(read_fd >= 0);
	assert_int_equal(fcntl(read_fd, F_GET_SEALS) & 0xf, 0xf);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	AUTO_FD int directory_fd = open("/", O_RDONLY | O_CLOEXEC);
	struct error err = {0};

	(void)state;
	assert_int_equal(sealed_copy(directory_fd, "copy", &err), -1);
	assert_non_null(strstr(err.text, "copy copy"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs),
		cmocka_unit_test(is_the_same),
		cmocka_unit_test(cannot_be_changed),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests_name("sealed", tests, NULL, NULL);
}
