/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "kernel/namespace.h"

#define ALL                                                                                        \
	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | \
	 CLONE_NEWCGROUP)

static const struct id_range range = {1879048192u, 65536};

/* In a child: tells which condition does not hold, and ends. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(2, "%s:%d: not so: %s (errno: %s)\n", __FILE__, __LINE__,          \
				#condition, strerror(errno));                                      \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: needs root\n");
	skip();
}

static void assert_ends_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A child in namespaces of its own that waits for a byte, then runs work. */
struct child {
	pid_t pid;
	int pidfd;
	int go_fd;
};

static struct child start_child(void (*work)(void))
{
	struct child child = {.pidfd = -1};
	struct error err;
	int ends[2];
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child.pid = namespace_clone(ALL, -1, &child.pidfd, &err);
	if (child.pid < 0)
		fail_msg("%s", err.text);
	if (child.pid == 0) {
		alarm(20);
		close(ends[1]);
		REQUIRE(read(ends[0], &byte, 1) == 1);
		work();
		_exit(0);
	}
	close(ends[0]);
	child.go_fd = ends[1];
	return child;
}

static void finish_child(struct child *child)
{
	assert_int_equal(write(child->go_fd, "x", 1), 1);
	assert_ends_well(child->pid);
	close(child->go_fd);
	close(child->pidfd);
}

static void inside(void)
{
	REQUIRE(getpid() == 1);
	REQUIRE(getuid() == 65534); /* of the host's ids, none is here */
	REQUIRE(namespace_become_root(NULL) == 0);
	REQUIRE(getuid() == 0 && geteuid() == 0 && getgid() == 0 && getgroups(0, NULL) == 0);
	REQUIRE(sethostname("inside", 6) == 0);
}

static void test_clone(void **state)
{
	struct child child;
	struct error err;
	char line[64];

	(void)state;
	need_root();
	child = start_child(inside);
	assert_true(fcntl(child.pidfd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(process_wait_ended(child.pidfd, 0, &err), 0);
	assert_int_equal(namespace_map_ids(child.pid, &range, &err), 0);
	snprintf(line, sizeof(line), "/proc/%d/gid_map", (int)child.pid);
	FILE *map = fopen(line, "re");
	unsigned int numbers[3];

	assert_int_equal(fscanf(map, "%u %u %u", &numbers[0], &numbers[1], &numbers[2]), 3);
	fclose(map);
	assert_int_equal(numbers[0], 0);
	assert_int_equal(numbers[1], range.host_first);
	assert_int_equal(numbers[2], range.size);
	assert_int_equal(namespace_map_ids(child.pid, &range, &err), -1); /* once only */
	assert_int_equal(err.code, EPERM);
	finish_child(&child);
}

static void nothing(void)
{
}

static void test_open(void **state)
{
	struct stat ours, theirs;
	struct child child;
	struct error err;
	int user_fd, net_fd;

	(void)state;
	need_root();
	child = start_child(nothing);
	user_fd = namespace_open_user(child.pid, &err);
	net_fd = namespace_open(child.pid, "net", &err);
	assert_true(user_fd >= 0 && net_fd >= 0);
	assert_int_equal(fstat(net_fd, &theirs), 0);
	assert_int_equal(stat("/proc/self/ns/net", &ours), 0);
	assert_int_not_equal(ours.st_ino, theirs.st_ino);
	assert_int_equal(namespace_open(child.pid, "nonsense", &err), -1);
	assert_int_equal(err.code, ENOENT);
	close(user_fd);
	close(net_fd);
	finish_child(&child);
}

static void join(int pidfd)
{
	char name[64] = "";
	int status;
	pid_t pid;

	alarm(20);
	REQUIRE(namespace_join(pidfd, true, NULL) == 0);
	REQUIRE(namespace_become_root(NULL) == 0);
	REQUIRE(gethostname(name, sizeof(name)) == 0 && strcmp(name, "joined") == 0);
	pid = fork();
	if (pid == 0)
		_exit(getpid() == 2 ? 0 : 1);
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
}

static int name_fds[2];

static void name_and_wait(void)
{
	REQUIRE(namespace_become_root(NULL) == 0);
	REQUIRE(sethostname("joined", 6) == 0);
	REQUIRE(write(name_fds[1], "x", 1) == 1);
	pause();
}

static void test_join(void **state)
{
	struct child child;
	struct error err;
	int status;
	char byte;
	pid_t pid;

	(void)state;
	need_root();
	assert_int_equal(pipe2(name_fds, O_CLOEXEC), 0);
	child = start_child(name_and_wait);
	assert_int_equal(namespace_map_ids(child.pid, &range, &err), 0);
	assert_int_equal(write(child.go_fd, "x", 1), 1);
	assert_int_equal(read(name_fds[0], &byte, 1), 1);
	pid = fork();
	if (pid == 0) {
		join(child.pidfd);
		_exit(0);
	}
	assert_ends_well(pid);
	assert_int_equal(process_signal(child.pidfd, SIGKILL, &err), 0);
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	/* Of one that is gone there is nothing to join. */
	assert_int_equal(namespace_join(child.pidfd, true, &err), -1);
	assert_int_equal(err.code, ESRCH);
	close(child.go_fd);
	close(child.pidfd);
	close(name_fds[0]);
	close(name_fds[1]);
}

static void clone_in_chroot(void)
{
	struct error err;
	int pidfd;

	REQUIRE(chroot("/tmp") == 0 && chdir("/") == 0);
	REQUIRE(namespace_clone(ALL, -1, &pidfd, &err) == -1);
	REQUIRE(err.code == EPERM && strstr(err.hint, "chroot"));
}

static void clone_nonsense(void)
{
	struct error err;
	int pidfd;

	REQUIRE(namespace_clone(CLONE_THREAD, -1, &pidfd, &err) == -1);
	REQUIRE(err.code == EINVAL && strstr(err.text, "create namespaces"));
	REQUIRE(namespace_clone(ALL, 0x7fffffff, &pidfd, &err) == -1);
	REQUIRE(err.code == EBADF);
}

static void test_refused(void **state)
{
	void (*const works[])(void) = {clone_in_chroot, clone_nonsense};
	struct error err;

	(void)state;
	need_root();
	for (size_t i = 0; i < ARRAY_SIZE(works); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			works[i]();
			_exit(0);
		}
		assert_ends_well(pid);
	}
	assert_int_equal(namespace_map_ids(getpid(), &range, &err), -1);
	assert_true(strstr(err.text, "map ids: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clone),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
