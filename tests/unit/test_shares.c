/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/shares.h"
#include "base/text.h"

struct seen {
	unsigned int *times; /* of each, how often it was in a share */
	pthread_t caller;
	bool elsewhere;
};

static void see(void *data, size_t first, size_t end)
{
	struct seen *seen = data;

	if (!pthread_equal(pthread_self(), seen->caller))
		__atomic_store_n(&seen->elsewhere, true, __ATOMIC_RELAXED);
	for (size_t i = first; i < end; i++)
		seen->times[i]++;
}

static void each_once(void **state)
{
	static const size_t counts[] = {0, 1, 63, 64, 127, 128, 1000, 1001};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct seen seen = {xalloc(counts[i], sizeof(*seen.times)), pthread_self(), false};

		shares_do(counts[i], see, &seen);
		for (size_t j = 0; j < counts[i]; j++)
			assert_int_equal(seen.times[j], 1);
		/* Few are not worth a thread. */
		if (counts[i] < 128)
			assert_false(seen.elsewhere);
		free(seen.times);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
