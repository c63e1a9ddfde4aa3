/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of use, and what follows from it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/cgroup_internal.h"
#include "lifecycle/stats.h"

static void numbers_are_found_by_their_whole_key(void **state)
{
	static const char text[] = "nr_periods 12\nnr_throttled 3\nthrottled_usec 450\noom_kill x\n";

	(void)state;
	assert_int_equal(cgroup_usage_find(text, "nr_periods"), 12);
	assert_int_equal(cgroup_usage_find(text, "throttled_usec"), 450);
	assert_true(cgroup_usage_find(text, "throttled") == UINT64_MAX);
	assert_true(cgroup_usage_find(text, "oom_kill") == UINT64_MAX);
	assert_true(cgroup_usage_find("", "nr_periods") == UINT64_MAX);
	assert_int_equal(
		cgroup_usage_find("low 0\noom 1\noom_kill 2\noom_group_kill 0\n", "oom_kill"), 2);
}

static void io_is_summed_over_devices(void **state)
{
	uint64_t read, written, reads, writes;

	(void)state;
	cgroup_usage_parse_io("8:0 rbytes=100 wbytes=20 rios=3 wios=4 dbytes=9 dios=9\n"
			      "253:1 rbytes=11 wbytes=2 rios=1 wios=1 dbytes=0 dios=0\n"
			      "7:0 \n",
			      true, &read, &written, &reads, &writes);
	assert_int_equal(read, 111);
	assert_int_equal(written, 22);
	assert_int_equal(reads, 4);
	assert_int_equal(writes, 5);
	cgroup_usage_parse_io("", true, &read, &written, &reads, &writes);
	assert_true(read == 0 && written == 0 && reads == 0 && writes == 0);
	reads = 77;
	cgroup_usage_parse_io("8:0 Read 100\n8:0 Write 20\n8:0 Sync 100\n8:0 Async 20\n8:0 Discard 0\n"
			      "8:0 Total 120\n8:16 Read 1\n8:16 Write 2\nTotal 123\n",
			      false, &read, &written, &reads, &writes);
	assert_int_equal(read, 101);
	assert_int_equal(written, 22);
	assert_int_equal(reads, 77);
}

static void pressure_is_read(void **state)
{
	struct cgroup_pressure pressure = {1, 2, 3, 4};

	(void)state;
	assert_false(cgroup_usage_parse_pressure("", &pressure));
	assert_false(cgroup_usage_parse_pressure("some avg10=x\n", &pressure));
	assert_int_equal(pressure.some, 1);
	assert_true(cgroup_usage_parse_pressure(
		"some avg10=12.34 avg60=1.00 avg300=0.00 total=98765432101\n"
		"full avg10=0.07 avg60=0.00 avg300=0.00 total=42\n",
		&pressure));
	assert_int_equal(pressure.some, 1234);
	assert_true(pressure.some_us == UINT64_C(98765432101));
	assert_int_equal(pressure.full, 7);
	assert_int_equal(pressure.full_us, 42);
	/* cpu.pressure before Linux 5.13 */
	assert_true(cgroup_usage_parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
						&pressure));
	assert_int_equal(pressure.some, 0);
	assert_true(pressure.full == UINT64_MAX && pressure.full_us == UINT64_MAX);
}

static const char links[] =
	"Inter-|   Receive                                                |  Transmit\n"
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
	"fifo colls carrier compressed\n"
	"    lo:     100       1    0    0    0     0          0         0      200       2    0    0  "
	"  0     0       0          0\n"
	"veth-with-15ch: 18446744073709551614 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
	"c-web:1 2 0 3 0 0 0 0 4 5 0 6 0 0 0 0\n"
	"cut: 1 2 3\n";

static void links_are_found_by_name(void **state)
{
	AUTO(link_table_clear) struct link_table table = {0};
	const struct link_counters *found;
	struct link_counters turned;

	(void)state;
	link_table_parse(links, &table);
	assert_int_equal(table.count, 3);
	assert_null(link_table_find(&table, "c-we"));
	assert_null(link_table_find(&table, "cut"));
	found = link_table_find(&table, "veth-with-15ch");
	assert_non_null(found);
	assert_true(found->received_bytes == UINT64_MAX - 1 && found->sent_dropped == 13);
	found = link_table_find(&table, "c-web");
	assert_non_null(found);
	assert_int_equal(found->received_bytes, 1);
	assert_int_equal(found->received_packets, 2);
	assert_int_equal(found->received_dropped, 3);
	assert_int_equal(found->sent_bytes, 4);
	turned = link_counters_turn(found);
	assert_int_equal(turned.received_bytes, 4);
	assert_int_equal(turned.received_packets, 5);
	assert_int_equal(turned.received_dropped, 6);
	assert_int_equal(turned.sent_bytes, 1);
	link_table_parse("", &table);
	assert_int_equal(table.count, 0);
	assert_null(link_table_find(&table, "c-web"));
}

static void rates_follow_from_two_looks(void **state)
{
	struct stats_item item = {
		.memory_limit = 1000,
		.pids_limit = LIMIT_MAX,
		.cpu_quota_us = CPU_PERIOD_US / 2,
		.before = {.at_us = 1000000,
			   .usage = {.cpu_us = 5000, .periods = 10, .throttled = 1, .reads = 0},
			   .network = {.sent_bytes = 100}},
		.now = {.at_us = 1500000,
			.usage = {.cpu_us = 130000,
				  .periods = 15,
				  .throttled = 3,
				  .memory = 125,
				  .read_bytes = 4096},
			.network = {.sent_bytes = 50, .received_bytes = 512}},
	};
	struct stats_rates rates;

	(void)state;
	item.before.usage.written_bytes = item.now.usage.written_bytes = UINT64_MAX;
	stats_rate(&item, &rates);
	assert_true(fabs(rates.cpu - 25) < 1e-9);
	assert_true(fabs(rates.cpu_of_limit - 50) < 1e-9);
	assert_true(fabs(rates.memory_of_limit - 12.5) < 1e-9);
	assert_true(isnan(rates.pids_of_limit));
	assert_true(fabs(rates.throttled - 40) < 1e-9);
	assert_true(fabs(rates.read - 8192) < 1e-9);
	assert_true(isnan(rates.written));
	assert_true(fabs(rates.received - 1024) < 1e-9);
	/* a counter that went back was begun anew */
	assert_true(isnan(rates.sent));
}

static void one_look_has_no_rates(void **state)
{
	struct stats_item item = {
		.memory_limit = 1000,
		.pids_limit = 10,
		.cpu_quota_us = LIMIT_MAX,
		.now = {.at_us = 7, .usage = {.cpu_us = 5000, .memory = 500, .pids = 9}},
	};
	struct stats_rates rates;

	(void)state;
	stats_rate(&item, &rates);
	assert_true(isnan(rates.cpu) && isnan(rates.cpu_of_limit) && isnan(rates.throttled));
	assert_true(isnan(rates.read) && isnan(rates.sent));
	assert_true(fabs(rates.memory_of_limit - 50) < 1e-9 && fabs(rates.pids_of_limit - 90) < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_found_by_their_whole_key),
		cmocka_unit_test(io_is_summed_over_devices),
		cmocka_unit_test(pressure_is_read),
		cmocka_unit_test(links_are_found_by_name),
		cmocka_unit_test(rates_follow_from_two_looks),
		cmocka_unit_test(one_look_has_no_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
