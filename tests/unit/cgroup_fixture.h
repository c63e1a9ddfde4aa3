/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup_fixture.h: what the tests of cgroups share. They run on the cgroups of the machine they
 * find (as root; tests/vm/cgroup.sh runs them on hosts of each kind), below cman-test-PID.
 */
#ifndef CGROUP_FIXTURE_H
#define CGROUP_FIXTURE_H

#include "kernel/cgroup_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/process.h"

#define TIMEOUT_MS 20000
#define MIB        (1024 * 1024)

static struct cgroup_host host;
static char parent[64];
static struct error err;

static const struct limits unlimited = LIMITS_NONE;

static inline struct limits limited(uint64_t pids, uint64_t memory, uint64_t cpu_quota_us)
{
	struct limits limits = LIMITS_NONE;

	limits.pids = pids;
	limits.memory = memory;
	limits.cpu_quota_us = cpu_quota_us;
	return limits;
}

#define assert_ok(call)                                                                            \
	do {                                                                                       \
		error_clear(&err);                                                                 \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, err.text);                                       \
	} while (0)

static inline void assert_says(const char *part)
{
	if (!strstr(err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static inline int open_host(void **state)
{
	(void)state;
	snprintf(parent, sizeof(parent), "cman-test-%d", (int)getpid());
	if (cgroup_host_open(&host, CGROUP_AUTO, parent, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	for (int i = 0; i < host.count; i++)
		fprintf(stderr, "%s %s at %s\n", host.hierarchies[i].v2 ? "v2" : "v1",
			host.hierarchies[i].controllers, host.hierarchies[i].root);
	return 0;
}

static inline bool exists(const struct cgroup_host *where, const char *path)
{
	for (int i = 0; i < where->count; i++)
		if (fs_exists_at(where->hierarchies[i].fd, path))
			return true;
	return false;
}

/* After all tests: nothing of ours is left in any hierarchy. */
static inline int close_host(void **state)
{
	bool left;

	(void)state;
	left = exists(&host, parent);
	cgroup_host_close(&host);
	return left ? -1 : 0;
}

/* Each test ends with its cgroups and PARENT gone, whatever became of it. */
static inline int remove_all(void **state)
{
	bool left;

	(void)state;
	if (cgroup_remove(&host, "web", TIMEOUT_MS, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	cgroup_remove_parent(&host, TIMEOUT_MS);
	left = exists(&host, parent);
	for (int i = 0; i < host.count; i++)
		cgroup_remove_tree(&host.hierarchies[i], parent, NULL);
	return left ? -1 : 0;
}

/* Starts body in PARENT/name as cman does: cloned into v2, and entering v1 by itself. */
static inline pid_t start_with(uint64_t flags, const struct cgroup_host *where, const char *name,
			       void (*body)(void))
{
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = flags};
	struct cgroup_entry entry;
	pid_t pid;

	assert_ok(cgroup_open_entry(where, name, &entry, &err));
	if (entry.v2_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(unsigned int)entry.v2_fd;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		if (cgroup_enter(&entry, true, NULL) < 0)
			_exit(99);
		body();
		_exit(0);
	}
	cgroup_entry_close(&entry);
	assert_true(pid > 0);
	return pid;
}

static inline pid_t start_in(const struct cgroup_host *where, const char *name, void (*body)(void))
{
	return start_with(0, where, name, body);
}

static inline int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static inline void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* Polls for something other processes do: up to 10 s. */
static inline bool comes_true(bool (*question)(pid_t), pid_t pid)
{
	for (int i = 0; i < 1000; i++) {
		if (question(pid))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static inline bool is_in_web(pid_t pid)
{
	char path[CGROUP_PATH_SIZE];

	cgroup_path(&host, "web", NULL, path);
	for (int i = 0; i < host.count; i++)
		if (!host.hierarchies[i].optional && !cgroup_holds(&host.hierarchies[i], path, pid))
			return false;
	return true;
}

static inline void assert_file(const char *controller, const char *file, const char *wanted)
{
	char path[CGROUP_PATH_SIZE], line[128];

	cgroup_path(&host, "web", file, path);
	assert_ok(fs_read_line_at(cgroup_find(&host, controller)->fd, path, line, sizeof(line),
				  &err));
	assert_string_equal(line, wanted);
}

static inline void test_as_root(void **state)
{
	(void)state;
	print_message("cgroups can be made by root only\n");
	skip();
}

#define TEST(function) cmocka_unit_test_teardown(function, remove_all)
#define RUN(name, tests)                                                                           \
	(geteuid() == 0 ? cmocka_run_group_tests_name(name, tests, open_host, close_host)          \
			: cmocka_run_group_tests_name(name, need_root, NULL, NULL))

static const struct CMUnitTest need_root[] = {cmocka_unit_test(test_as_root)};

#endif
