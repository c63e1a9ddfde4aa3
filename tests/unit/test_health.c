/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What checks say about a container, and what is kept of them. */
#include "state_fixture.h"

#include <signal.h>

#include "lifecycle/health.h"

static const struct health rules = {.retries = 3, .start_period_ms = 10000, .timeout_ms = 5000};

/* A check that ends at that moment; whether on_failure is due. */
static bool check(struct health_record *record, bool passed, uint64_t at)
{
	const struct health_check done = {.at = 1000 + at, .passed = passed, .exit_status = !passed};

	return health_judge(record, &rules, &done, at * 1000);
}

static void failures_in_a_row_make_it_unhealthy(void **data)
{
	struct health_record record = {.condition = HEALTH_STARTING};

	(void)data;
	assert_false(check(&record, true, 1));
	assert_int_equal(record.condition, HEALTH_HEALTHY);
	assert_int_equal(record.since, 1001);
	/* One that was healthy once is not starting any more. */
	assert_false(check(&record, false, 2));
	assert_false(check(&record, false, 3));
	assert_int_equal(record.failures, 2);
	assert_false(check(&record, true, 4));
	assert_int_equal(record.failures, 0);
	assert_int_equal(record.since, 1001);
	assert_false(check(&record, false, 5));
	assert_false(check(&record, false, 6));
	assert_int_equal(record.condition, HEALTH_HEALTHY);
	assert_true(check(&record, false, 7));
	assert_int_equal(record.condition, HEALTH_UNHEALTHY);
	assert_int_equal(record.since, 1007);
	/* As long as it is so: what was to be done may have failed. */
	assert_true(check(&record, false, 8));
	assert_int_equal(record.since, 1007);
	assert_false(check(&record, true, 9));
	assert_int_equal(record.condition, HEALTH_HEALTHY);
	assert_int_equal(record.since, 1009);
}

static void failures_at_the_start_do_not_count(void **data)
{
	struct health_record record = {.condition = HEALTH_STARTING};

	(void)data;
	for (uint64_t at = 1; at < 10; at++)
		assert_false(check(&record, false, at));
	assert_int_equal(record.condition, HEALTH_STARTING);
	assert_int_equal(record.failures, 0);
	assert_int_equal(record.count, 9);
	assert_false(check(&record, false, 10));
	assert_false(check(&record, false, 11));
	assert_int_equal(record.condition, HEALTH_STARTING);
	assert_true(check(&record, false, 12));
	assert_int_equal(record.condition, HEALTH_UNHEALTHY);
}

static void verdicts(void **data)
{
	(void)data;
	assert_int_equal(health_verdict(ON_FAILURE_NONE, true), HEALTH_GO_ON);
	assert_int_equal(health_verdict(ON_FAILURE_KILL, true), HEALTH_KILL);
	assert_int_equal(health_verdict(ON_FAILURE_STOP, true), HEALTH_STOP);
	assert_int_equal(health_verdict(ON_FAILURE_STOP, false), HEALTH_STOP_DEAF);
	assert_int_equal(health_verdict(ON_FAILURE_RESTART, true), HEALTH_RESTART);
	assert_int_equal(health_verdict(ON_FAILURE_RESTART, false), HEALTH_RESTART_DEAF);
}

static void results_in_words(void **data)
{
	struct check_result result = {.outcome = CHECK_ENDED, .wait_status = 3 << 8,
				      .output = "no answer", .duration_ms = 12};
	struct health_check described;

	(void)data;
	described = health_describe(&result, 5000, 7);
	assert_int_equal(described.at, 7);
	assert_int_equal(described.duration_ms, 12);
	assert_false(described.passed);
	assert_int_equal(described.exit_status, 3);
	assert_string_equal(described.text, "exit status 3: no answer");
	result.wait_status = SIGSEGV;
	described = health_describe(&result, 5000, 7);
	assert_int_equal(described.exit_status, -1);
	assert_string_equal(described.text, "killed by SIGSEGV: no answer");
	result.wait_status = 0;
	described = health_describe(&result, 5000, 7);
	assert_true(described.passed);
	assert_string_equal(described.text, "no answer");
	result.outcome = CHECK_LATE;
	result.output[0] = '\0';
	described = health_describe(&result, 5000, 7);
	assert_false(described.passed);
	assert_int_equal(described.exit_status, -1);
	assert_string_equal(described.text, "no end within 5s");
	result.outcome = CHECK_FLOODED;
	described = health_describe(&result, 5000, 7);
	assert_string_equal(described.text, "more than 1 MiB of output");
	result.outcome = CHECK_NOT_RUN;
	error_set(&result.error, ENOENT, "/bin/x");
	described = health_describe(&result, 5000, 7);
	assert_string_equal(described.text, "/bin/x: No such file or directory");
}

static void the_history_has_an_end(void **data)
{
	struct health_record record = {.condition = HEALTH_HEALTHY}, read;

	(void)data;
	for (uint64_t at = 0; at < 1000; at++)
		check(&record, at % 2, at);
	assert_int_equal(record.count, HEALTH_HISTORY_MAX);
	assert_int_equal(record.history[HEALTH_HISTORY_MAX - 1].at, 1999);
	assert_int_equal(record.history[0].at, 2000 - HEALTH_HISTORY_MAX);
	strcpy(record.history[3].text, "exit status 1: what it said");
	assert_int_equal(health_read(state.dir_fd, &read, NULL), 0);
	assert_int_equal(read.condition, HEALTH_STARTING);
	assert_int_equal(health_write(state.dir_fd, &record, NULL), 0);
	assert_int_equal(health_read(state.dir_fd, &read, NULL), 1);
	assert_int_equal(read.condition, record.condition);
	assert_int_equal(read.since, record.since);
	assert_int_equal(read.failures, record.failures);
	assert_int_equal(read.count, record.count);
	for (size_t i = 0; i < read.count; i++) {
		assert_int_equal(read.history[i].at, record.history[i].at);
		assert_int_equal(read.history[i].passed, record.history[i].passed);
		assert_int_equal(read.history[i].exit_status, record.history[i].exit_status);
		assert_string_equal(read.history[i].text, record.history[i].text);
	}
}

static void what_is_damaged_is_an_error(void **data)
{
	static const char *const files[] = {
		"condition healthy\n",
		"condition fine\nend\n",
		"condition healthy\nsince x\nend\n",
		"condition healthy\nfailures 4294967296\nend\n",
		"condition healthy\ncheck 1 2 3\nend\n",
		"condition healthy\ncheck\nend\n",
		"condition healthy\nother 1\nend\n",
		"",
	};
	struct health_record read;

	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_int_equal(fs_replace_at(state.dir_fd, HEALTH_FILE, files[i], strlen(files[i]),
					       0600, NULL), 0);
		assert_int_equal(health_read(state.dir_fd, &read, NULL), -1);
		assert_int_equal(read.condition, HEALTH_STARTING);
		assert_int_equal(read.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_in_a_row_make_it_unhealthy),
		cmocka_unit_test(failures_at_the_start_do_not_count),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(results_in_words),
		STATE_TEST(the_history_has_an_end),
		STATE_TEST(what_is_damaged_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
