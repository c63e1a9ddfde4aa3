/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether and when a container is started again: policies, back-off, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "lifecycle/restart.h"

static const struct restart on_failure = {RESTART_ON_FAILURE, 1000, 60000, 0};
static const struct restart always = {RESTART_ALWAYS, 1000, 60000, 0};

static enum restart_verdict verdict(enum restart_policy policy, struct restart_end end)
{
	const struct restart restart = {policy, 1000, 60000, 0};

	return restart_decide(&restart, &end).verdict;
}

static void policies(void **state)
{
	static const struct {
		struct restart_end end;
		enum restart_verdict verdicts[4]; /* no, on-failure, always, unless-stopped */
	} cases[] = {
		{{.failed = false}, {RESTART_NEVER, RESTART_NEVER, RESTART_AGAIN, RESTART_AGAIN}},
		{{.failed = true}, {RESTART_NEVER, RESTART_AGAIN, RESTART_AGAIN, RESTART_AGAIN}},
		{{.failed = true, .wanted = true},
		 {RESTART_NEVER, RESTART_NEVER, RESTART_NEVER, RESTART_NEVER}},
		{{.forced = true}, {RESTART_AGAIN, RESTART_AGAIN, RESTART_AGAIN, RESTART_AGAIN}},
		{{.forced = true, .wanted = true},
		 {RESTART_NEVER, RESTART_NEVER, RESTART_NEVER, RESTART_NEVER}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (unsigned int policy = RESTART_NO; policy <= RESTART_UNLESS_STOPPED; policy++)
			if (verdict((enum restart_policy)policy, cases[i].end) !=
			    cases[i].verdicts[policy])
				fail_msg("case %zu, policy %u", i, policy);
}

static void the_delay_doubles_up_to_its_limit(void **state)
{
	static const uint64_t delays[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	struct restart_end end = {.failed = true};

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(*delays); i++) {
		const struct restart_plan plan = restart_decide(&on_failure, &end);

		assert_int_equal(plan.verdict, RESTART_AGAIN);
		assert_int_equal(plan.retries, i + 1);
		assert_int_equal(plan.delay_ms, delays[i]);
		end.retries = plan.retries;
	}
}

/* The ends of the ranges: nothing overflows, and one delay may be all there is. */
static void extremes(void **state)
{
	static const struct restart longest = {RESTART_ALWAYS, 3600000, 3600000, 1000};
	static const struct restart shortest = {RESTART_ALWAYS, 100, 3600000, 0};
	struct restart_end end = {.retries = 999};

	(void)state;
	assert_int_equal(restart_decide(&longest, &end).delay_ms, 3600000);
	end.retries = UINT32_MAX - 1;
	assert_int_equal(restart_decide(&shortest, &end).delay_ms, 3600000);
	end.retries = 15;
	assert_int_equal(restart_decide(&shortest, &end).delay_ms, 100 << 15);
	end.retries = 16;
	assert_int_equal(restart_decide(&shortest, &end).delay_ms, 3600000);
}

static void a_life_long_enough_begins_anew(void **state)
{
	struct restart_end end = {.failed = true, .retries = 5, .lived_ms = 9999};

	(void)state;
	assert_int_equal(restart_decide(&on_failure, &end).retries, 6);
	end.lived_ms = 10000;
	assert_int_equal(restart_decide(&on_failure, &end).retries, 1);
	assert_int_equal(restart_decide(&on_failure, &end).delay_ms, 1000);
}

static void max_retries_are_those_in_a_row(void **state)
{
	static const struct restart thrice = {RESTART_ALWAYS, 100, 100, 3};
	struct restart_end end = {.retries = 2};

	(void)state;
	assert_int_equal(restart_decide(&thrice, &end).verdict, RESTART_AGAIN);
	end.retries = 3;
	assert_int_equal(restart_decide(&thrice, &end).verdict, RESTART_GIVE_UP);
	end.lived_ms = 1000;
	assert_int_equal(restart_decide(&thrice, &end).verdict, RESTART_AGAIN);
	end.retries = UINT32_MAX - 1;
	end.lived_ms = 0;
	assert_int_equal(restart_decide(&always, &end).verdict, RESTART_AGAIN);
}

static void what_a_record_says(void **state)
{
	const uint64_t ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	struct record record = {.init = {.pid = 7, .start_time = 100 * ticks + ticks / 2}};
	struct restart_end end;

	(void)state;
	end = restart_end_of(&record, 103500);
	assert_true(end.failed); /* nobody knows how it ended */
	assert_false(end.wanted || end.forced);
	assert_int_equal(end.lived_ms, 3000);
	assert_int_equal(end.retries, 0);
	record.exited = true;
	record.restarts.retries = 4;
	record.purpose = PURPOSE_STOP;
	end = restart_end_of(&record, 99);
	assert_false(end.failed);
	assert_true(end.wanted);
	assert_int_equal(end.lived_ms, 0);
	assert_int_equal(end.retries, 4);
	record.wait_status = 9;
	record.purpose = PURPOSE_RESTART;
	end = restart_end_of(&record, 0);
	assert_true(end.failed && end.forced);
	assert_false(end.wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(the_delay_doubles_up_to_its_limit),
		cmocka_unit_test(extremes),
		cmocka_unit_test(a_life_long_enough_begins_anew),
		cmocka_unit_test(max_retries_are_those_in_a_row),
		cmocka_unit_test(what_a_record_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
