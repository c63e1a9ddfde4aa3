/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of processes as text and in the kernel; lists of CPUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "config/cpulist.h"
#include "config/ulimit.h"
#include "kernel/rlimit.h"

static struct error err;

static void check_text(const char *text, const char *wanted)
{
	struct ulimit ulimit;
	char again[PARSE_TEXT_MAX];

	assert_int_equal(ulimit_parse(text, &ulimit, &err), 0);
	ulimit_format(&ulimit, again);
	assert_string_equal(again, wanted);
}

static void texts(void **state)
{
	static const char *const bad[] = {
		"",          "nproc",    "nproc=",   "=5",        "NPROC=5",
		"nproc=5:4", "nproc=-1", "nproc=1:", "nproc=:1",  "nproc=1:2:3",
		"cpu=1K",    "fsize=1Q", "nproc= 1", "nproc=max", "nofile=1e3"};
	struct ulimit ulimit;

	(void)state;
	check_text("nproc=64:128", "nproc=64:128");
	check_text("nproc=64:64", "nproc=64");
	check_text("as=1024K", "as=1M");
	check_text("core=0:unlimited", "core=0:unlimited");
	check_text("stack=infinity", "stack=unlimited");
	check_text("cpu=18446744073709551614", "cpu=18446744073709551614");
	for (int i = 0; i < RLIM_NLIMITS; i++)
		assert_non_null(ulimit_name(i));
	assert_null(ulimit_name(RLIM_NLIMITS));
	assert_null(ulimit_name(-1));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ulimit_parse(bad[i], &ulimit, &err) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
}

static void cpu_lists(void **state)
{
	static const struct {
		const char *text, *list;
	} good[] = {{"0", "0"},         {"3,1,2", "1-3"}, {"0-1,4-5,7", "0-1,4-5,7"},
		    {"0-3,2-6", "0-6"}, {"8191", "8191"}, {"00,01", "0-1"}};
	static const char *const bad[] = {"",    "-",   "1-",    "-1",   "2-1", "1,",
					  ",1",  "1 ",  "8192",  "1--2", "a",   "1-2-3",
					  "0x1", "1;2", "99999", "all"};
	char list[CPULIST_SIZE];
	AUTO_TEXT struct text odd = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(cpulist_normalise(good[i].text, list, &err), 0);
		assert_string_equal(list, good[i].list);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (cpulist_normalise(bad[i], list, &err) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
	for (int i = 1; i < 400; i += 2)
		text_addf(&odd, "%s%d", i == 1 ? "" : ",", i);
	assert_int_equal(cpulist_normalise(odd.data, list, &err), -1);
	assert_int_equal(cpulist_first_outside("0-3", "0-3"), -1);
	assert_int_equal(cpulist_first_outside("0,2,5", "0-3"), 5);
	assert_int_equal(cpulist_first_outside("0", "1-3"), 0);
}

/* The exit status of what a child says. */
static int in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool has(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit now;

	return getrlimit((enum __rlimit_resource)resource, &now) == 0 && now.rlim_cur == soft &&
	       now.rlim_max == hard;
}

static int apply_some(void)
{
	struct ulimit ulimits[] = {{RLIMIT_FSIZE, 4096, 8192}, {RLIMIT_CORE, 0, 4096}};
	struct limits limits = LIMITS_NONE;
	const char *key;

	limits.ulimits = ulimits;
	limits.ulimit_count = 2;
	limits.nofile_soft = 70;
	limits.nofile_hard = 80;
	/* Something of a caller's. */
	setrlimit(RLIMIT_CPU, &(struct rlimit){1000, RLIM_INFINITY});
	if (rlimit_apply(&limits, &key, &err) < 0)
		return 1;
	if (!has(RLIMIT_FSIZE, 4096, 8192) || !has(RLIMIT_NOFILE, 70, 80))
		return 2;
	if (!has(RLIMIT_CPU, RLIM_INFINITY, RLIM_INFINITY))
		return 3;
	/* What was asked for and cannot be had is an error, and the key is told. */
	limits.nofile_soft = limits.nofile_hard = 81;
	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 4;
	if (rlimit_apply(&limits, &key, &err) == 0 || strcmp(key, "limits.nofile") != 0)
		return 5;
	if (rlimit_raise(0, &limits, &key, &err) == 0 || strcmp(key, "limits.nofile") != 0)
		return 6;
	/* In the list it wins. */
	ulimits[0] = (struct ulimit){RLIMIT_NOFILE, 60, 75};
	limits.ulimits[1].hard = 0;
	if (rlimit_apply(&limits, &key, &err) < 0 || !has(RLIMIT_NOFILE, 60, 75))
		return 7;
	ulimits[0].hard = 76;
	if (rlimit_raise(0, &limits, &key, &err) == 0 || strcmp(key, "limits.ulimits") != 0)
		return 8;
	/* A default that cannot be reached is let go. */
	limits.ulimit_count = 0;
	limits.nofile_soft = NOFILE_SOFT;
	limits.nofile_hard = NOFILE_HARD;
	if (rlimit_raise(0, &limits, &key, &err) < 0 || rlimit_apply(&limits, &key, &err) < 0)
		return 9;
	return has(RLIMIT_NOFILE, 75, 75) ? 0 : 10;
}

static int score(void)
{
	char line[16];

	if (rlimit_set_oom_score_adj(0, 200, &err) < 0 ||
	    fs_read_line_at(AT_FDCWD, "/proc/self/oom_score_adj", line, sizeof(line), &err) < 0)
		return 1;
	if (strcmp(line, "200") != 0)
		return 2;
	return rlimit_set_oom_score_adj(0, 1001, &err) < 0 ? 0 : 3;
}

static void in_the_kernel(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(apply_some), 0);
	assert_int_equal(in_child(score), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(cpu_lists),
		cmocka_unit_test(in_the_kernel),
	};

	return cmocka_run_group_tests_name("rlimit", tests, NULL, NULL);
}
