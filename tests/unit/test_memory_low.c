/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sum of memory.low, made by two commands at once; of plain files, in the place of cgroups. */
#include "state_fixture.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"
#include "kernel/cgroup_internal.h"

#define ROUNDS 1500

static void promise(int fd, const char *name, unsigned int low)
{
	AUTO_FREE char *path = xprintf("cman/%s/memory.low", name);
	AUTO_FREE char *value = xprintf("%u", low);

	fs_write_at(fd, path, value, NULL);
}

static void make_cgroup(int fd, const char *path)
{
	AUTO_FREE char *file = xprintf("%s/memory.low", path);

	assert_int_equal(mkdirat(fd, path, 0700), 0);
	assert_int_equal(fs_rewrite_at(fd, file, "1000000", 7, 0600, NULL), 0);
}

/* The other command: ends with this one. All numbers have the same length. */
static _Noreturn void promise_each_round(const struct cgroup_host *host, pid_t parent, int go_fd,
					 int done_fd)
{
	unsigned int low = 1000000;
	char byte;

	if (process_end_with(parent, NULL) < 0)
		_exit(1);
	while (read(go_fd, &byte, 1) == 1) {
		promise(host->hierarchies[0].fd, "b", ++low);
		cgroup_v2_sum_memory_low(host, true, NULL);
		if (write(done_fd, "", 1) != 1)
			break;
	}
	_exit(0);
}

static void two_at_once_miss_nothing(void **data)
{
	AUTO_FD int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_host host = {.count = 1, .hierarchies = {{.fd = fd, .v2 = true}},
				   .parent = "cman"};
	const pid_t self = getpid();
	int go[2], done[2];
	pid_t child;

	(void)data;
	make_cgroup(fd, "cman");
	make_cgroup(fd, "cman/a");
	make_cgroup(fd, "cman/b");
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	child = fork();
	if (child == 0)
		promise_each_round(&host, self, go[0], done[1]);
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		char line[32], byte;

		assert_int_equal(write(go[1], "", 1), 1);
		promise(fd, "a", 1000000 + i);
		assert_int_equal(cgroup_v2_sum_memory_low(&host, true, NULL), 0);
		assert_int_equal(read(done[0], &byte, 1), 1);
		assert_int_equal(fs_read_line_at(fd, "cman/memory.low", line, sizeof(line), NULL), 0);
		assert_int_equal(strtoul(line, NULL, 10), 2 * (1000000 + i));
	}
	kill(child, SIGKILL);
	assert_int_equal(process_reap(child, NULL) >= 0, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(two_at_once_miss_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
