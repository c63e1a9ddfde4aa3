/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switches of a network namespace of the test's own. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/sysctl.h"

static void test_names(void **state)
{
	static const char *const refused[] = {
		"",
		"/",
		"/net/ipv4/ip_forward",
		"net//ipv4",
		"net/",
		"../etc/passwd",
		"net/../../etc/passwd",
		"net/ipv4/..",
		"net/./ipv4",
		"net/ipv4/ip forward",
		"net/ipv4/ip_forward\n",
	};
	char value[64];
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(sysctl_read(refused[i], value, sizeof(value), &err), -1);
		assert_int_equal(err.code, EINVAL);
		assert_int_equal(sysctl_write(refused[i], "0", &err), -1);
		assert_int_equal(err.code, EINVAL);
	}
	assert_int_equal(sysctl_read("net/no_such_switch", value, sizeof(value), &err), -1);
	assert_int_equal(err.code, ENOENT);
}

static void test_values(void **state)
{
	char value[64], tiny[2];
	struct error err;

	(void)state;
	assert_int_equal(sysctl_read("kernel/ostype", value, sizeof(value), &err), 0);
	assert_string_equal(value, "Linux");
	assert_int_equal(sysctl_read("kernel/ostype", tiny, sizeof(tiny), &err), -1);
	assert_int_equal(sysctl_write("kernel/ostype", "Two\nlines", &err), -1);
	assert_int_equal(err.code, EINVAL);
}

static void test_write(void **state)
{
	char value[64];
	struct error err;

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("skipped: needs root to make a network namespace\n");
		skip();
	}
	assert_int_equal(sysctl_write("net/ipv4/ip_forward", "1", &err), 0);
	assert_int_equal(sysctl_read("net/ipv4/ip_forward", value, sizeof(value), &err), 0);
	assert_string_equal(value, "1");
	assert_int_equal(sysctl_write("net/ipv4/ip_forward", "0", &err), 0);
	assert_int_equal(sysctl_read("net/ipv4/ip_forward", value, sizeof(value), &err), 0);
	assert_string_equal(value, "0");
	assert_int_equal(sysctl_write("net/ipv4/ip_forward", "nonsense", &err), -1);
	assert_int_equal(err.code, EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
