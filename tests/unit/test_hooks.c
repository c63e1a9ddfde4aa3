/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of hooks that no system test can make hang as they may. */
#include "state_fixture.h"

#include <signal.h>
#include <sys/stat.h>

#include "base/process.h"
#include "lifecycle/hooks.h"

/* A lease keeps the exec waiting as a file server does that is gone: fcntl(2), F_SETLEASE. */
static void an_exec_that_hangs_is_limited(void **data)
{
	AUTO_FREE char *path = xprintf("%s/hook", directory);
	const struct manager manager = {.state_dir = directory, .file = "/etc/cman/cman.conf"};
	struct host host = HOST_INIT;
	const struct record record = {.name = "web"};
	struct spec spec = {.rootfs = "/", .hooks.timeout_ms = 300};
	struct hook_run run = HOOK_RUN_INIT;
	const uint64_t begin = process_monotonic_ms();
	struct error err = {0};
	AUTO_FD int fd = -1;

	(void)data;
	host.manager = &manager;
	assert_int_equal(fs_rewrite_at(AT_FDCWD, path, "#!/bin/sh\n", 10, 0755, &err), 0);
	strlist_add(&spec.hooks.pre_start, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	signal(SIGIO, SIG_IGN);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		skip();
	assert_int_equal(hooks_begin(&host, &record, &spec, HOOK_PRE_START, &run, &err), 0);
	assert_int_equal(hooks_await(&spec, HOOK_PRE_START, &run, &err), -1);
	assert_non_null(strstr(err.text, "did not end within 300 ms"));
	assert_true(process_monotonic_ms() - begin < 10000);
	strlist_clear(&spec.hooks.pre_start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(an_exec_that_hangs_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
