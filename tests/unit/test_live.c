/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which keys can change while a container runs: what the tables claim, something does. */
#include "config_test.h"

#include "config/keys.h"
#include "lifecycle/live.h"

static void check_key(const char *path, const struct key *key, void *data)
{
	size_t *live = data;
	unsigned int parts = live_parts_of_key(path);

	/* Groups have no class of their own but where they come and go as a whole: net. */
	if (key->members && strcmp(path, "net") != 0)
		return;
	if (key->change == CHANGE_LIVE || key->change == CHANGE_ATTACH) {
		++*live;
		if (!parts)
			fail_msg("%s is said to change while it runs, and nothing does it: see parts_of_keys in "
				 "src/lifecycle/live.c", path);
	} else if (parts && (parts & LIVE_RECORD) == 0) {
		fail_msg("%s could change while it runs, but its class says otherwise", path);
	}
}

static void every_live_key_has_its_part(void **state)
{
	size_t live = 0;

	(void)state;
	keys_each(&container_keys, check_key, &live);
	assert_true(live >= 40);
}

static void keys_by_their_paths(void **state)
{
	(void)state;
	assert_int_equal(live_parts_of_key("limits.memory"), LIVE_CGROUP);
	assert_int_equal(live_parts_of_key("limits.io[2].rbps"), LIVE_CGROUP);
	assert_int_equal(live_parts_of_key("limits.nofile"), LIVE_PROCESSES);
	assert_int_equal(live_parts_of_key("limits.raw"), 0);
	assert_int_equal(live_parts_of_key("mounts[3].size"), LIVE_MOUNTS);
	assert_int_equal(live_parts_of_key("mounts[3].target"), 0);
	assert_int_equal(live_parts_of_key("security.devices[0].access"), LIVE_DEVICES);
	assert_int_equal(live_parts_of_key("security.devices"), LIVE_DEVICES);
	assert_int_equal(live_parts_of_key("security.sysctls"), LIVE_SYSCTLS);
	assert_int_equal(live_parts_of_key("security.cap_add"), 0);
	assert_int_equal(live_parts_of_key("mounts"), 0);
	assert_int_equal(live_parts_of_key("mounts[0]"), 0);
	assert_true(live_parts_of_key("net") & LIVE_NETWORK);
	assert_true(live_parts_of_key("net[1]") & LIVE_NETWORK);
	assert_true(live_parts_of_key("net[1].egress.allow") & LIVE_NETWORK);
	assert_int_equal(live_parts_of_key("networks.cman0.mtu"), 0);
	assert_int_equal(live_parts_of_key("dns"), LIVE_RESOLV | LIVE_NETWORK);
	assert_int_equal(live_parts_of_key("dns_search"), LIVE_RESOLV);
	assert_int_equal(live_parts_of_key("dns_options"), LIVE_RESOLV);
	assert_int_equal(live_parts_of_key("domainname"), 0);
	assert_int_equal(live_parts_of_key("command"), 0);
	assert_int_equal(live_parts_of_key(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_live_key_has_its_part),
		cmocka_unit_test(keys_by_their_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
