/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity of a process: by the inode of its pidfd, where there is one, else by its start time. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/process.h"

static struct process_identity identity_of(pid_t pid)
{
	struct process_identity identity = {.inode = 1};

	assert_int_equal(process_identify(pid, &identity, NULL), 0);
	assert_int_equal(identity.pid, pid);
	assert_true(identity.start_time > 0);
	return identity;
}

/* Both ways of asking say the same. */
static bool is_there(const struct process_identity *identity)
{
	struct error err = {0};
	AUTO_FD int pidfd = process_open(identity, &err);

	assert_true(pidfd >= 0 || err.code == ESRCH);
	assert_int_equal(process_is_there(identity), pidfd >= 0);
	return pidfd >= 0;
}

static pid_t start_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	for (;;)
		pause();
}

static void itself(void **state)
{
	struct process_identity identity = identity_of(getpid());

	(void)state;
	assert_true(is_there(&identity));
	assert_false(is_there(&(struct process_identity){0}));
}

/* A record of an older cman, or of a kernel before Linux 6.9. */
static void by_start_time(void **state)
{
	struct process_identity identity = identity_of(getpid());

	(void)state;
	identity.inode = 0;
	assert_true(is_there(&identity));
	identity.start_time++;
	assert_false(is_there(&identity));
}

/* One that got the number within the same clock tick has the same start time. */
static void other_of_the_same_tick(void **state)
{
	struct process_identity identity = identity_of(getpid());

	(void)state;
	if (identity.inode == 0)
		skip(); /* no pidfs */
	identity.inode++;
	assert_false(is_there(&identity));
}

static void no_two_alike(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		pid_t pid = start_child();
		struct process_identity identity = identity_of(pid);

		assert_true(is_there(&identity));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_false(is_there(&identity));
		assert_true(identity.inode == 0 || identity.inode != last);
		last = identity.inode;
	}
}

static void zombie(void **state)
{
	pid_t pid = start_child();
	struct process_identity alive = identity_of(pid), ended;
	siginfo_t info;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(is_there(&alive));
	alive.inode = 0;
	assert_false(is_there(&alive));
	/* Its number could have passed on while it was asked for. */
	ended = identity_of(pid);
	assert_int_equal(ended.inode, 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void *wait_for_end(void *data)
{
	pause();
	return data;
}

static bool first_thread_has_ended(pid_t pid)
{
	char path[32], line[256] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	return strstr(line, ") Z ") != NULL;
}

/* A process is there as long as any of its threads is, whatever /proc says of the first. */
static void first_thread_ends(void **state)
{
	struct process_identity identity;
	pthread_t thread;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		pthread_create(&thread, NULL, wait_for_end, NULL);
		pthread_exit(NULL);
	}
	identity = identity_of(pid);
	for (int i = 0; i < 1000 && !first_thread_has_ended(pid); i++)
		usleep(10000);
	assert_true(first_thread_has_ended(pid));
	if (identity.inode > 0)
		assert_true(is_there(&identity));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (identity.inode == 0)
		skip(); /* no pidfs */
}

static void deny_pidfd_open(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(2);
}

/* Of what runs nobody says that it is gone, because there is no pidfd to be had. */
static void without_a_pidfd(void **state)
{
	struct process_identity identity = identity_of(getpid()), other = identity;
	pid_t pid = fork();
	int status;

	(void)state;
	other.start_time++;
	if (pid == 0) {
		deny_pidfd_open();
		_exit(process_is_there(&identity) && !process_is_there(&other) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In a child of somebody who has ended by then: nothing would ever end it. */
static void end_with_who_has_ended(int result_fd, pid_t parent)
{
	struct error err = {0};

	while (getppid() == parent)
		usleep(1000);
	process_end_with(parent, &err);
	_exit(write(result_fd, &err.code, sizeof(err.code)) < 0);
}

static void the_parent_has_ended(void **state)
{
	int result[2], code = 0, status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(result), 0);
	child = fork();
	if (child == 0) {
		const pid_t self = getpid();

		if (fork() == 0)
			end_with_who_has_ended(result[1], self);
		_exit(process_end_with(getppid(), NULL) < 0);
	}
	close(result[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(read(result[0], &code, sizeof(code)), sizeof(code));
	assert_int_equal(code, ESRCH);
	close(result[0]);
}

/* ---- limits on files ---- */

#ifdef __GLIBC__ /* others declare them in another way */
static struct rlimit file_limit; /* of the kernel that is played here, 0: the real one */

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
	if (file_limit.rlim_max == 0)
		return (int)syscall(SYS_prlimit64, 0, resource, NULL, limit);
	*limit = file_limit;
	return 0;
}

/* As the kernel does it where fs.nr_open was lowered since: not even the same can be set again. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	if (file_limit.rlim_max == 0)
		return (int)syscall(SYS_prlimit64, 0, resource, limit, NULL);
	if (limit->rlim_max == RLIM_INFINITY) {
		errno = EPERM;
		return -1;
	}
	file_limit = *limit;
	return 0;
}

/* In a process of its own: what the limit was is kept for good. */
static void raise_and_restore(void)
{
	file_limit = (struct rlimit){1024, RLIM_INFINITY};
	process_raise_file_limit();
	if (file_limit.rlim_cur <= 1024 || file_limit.rlim_cur != file_limit.rlim_max)
		_exit(1);
	process_restore_file_limit();
	_exit(file_limit.rlim_cur == 1024 && file_limit.rlim_max > 1024 ? 0 : 2);
}

static void a_limit_beyond_what_may_be_set(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		raise_and_restore();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(itself),
		cmocka_unit_test(by_start_time),
		cmocka_unit_test(other_of_the_same_tick),
		cmocka_unit_test(no_two_alike),
		cmocka_unit_test(zombie),
		cmocka_unit_test(first_thread_ends),
		cmocka_unit_test(without_a_pidfd),
		cmocka_unit_test(the_parent_has_ended),
#ifdef __GLIBC__
		cmocka_unit_test(a_limit_beyond_what_may_be_set),
#endif
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
