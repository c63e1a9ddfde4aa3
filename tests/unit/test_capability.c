/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/capabilities.h"
#include "kernel/capability.h"

/* capabilities(7), linux/capability.h: the numbers are the kernel's interface. */
#define EXPECTED_DEFAULT 0x800405fbU

struct sets {
	uint64_t inheritable, permitted, effective, bounding, ambient;
	int no_new_privs;
	unsigned int uids[4], gids[4];
	char groups[128];
};

static struct sets read_sets(void)
{
	struct sets sets = {.no_new_privs = -1};
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	if (!status)
		_exit(9);
	while (fgets(line, sizeof(line), status)) {
		sscanf(line, "CapInh: %" SCNx64, &sets.inheritable);
		sscanf(line, "CapPrm: %" SCNx64, &sets.permitted);
		sscanf(line, "CapEff: %" SCNx64, &sets.effective);
		sscanf(line, "CapBnd: %" SCNx64, &sets.bounding);
		sscanf(line, "CapAmb: %" SCNx64, &sets.ambient);
		sscanf(line, "NoNewPrivs: %d", &sets.no_new_privs);
		sscanf(line, "Groups: %127[0-9 ]", sets.groups);
		sscanf(line, "Uid: %u %u %u %u", &sets.uids[0], &sets.uids[1], &sets.uids[2],
		       &sets.uids[3]);
		sscanf(line, "Gid: %u %u %u %u", &sets.gids[0], &sets.gids[1], &sets.gids[2],
		       &sets.gids[3]);
	}
	fclose(status);
	return sets;
}

/* In a child: tells which condition does not hold, and ends. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);         \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: needs root\n");
	skip();
}

static void assert_in_child(void (*work)(void))
{
	int status;
	pid_t pid;

	need_root();
	pid = fork();
	if (pid == 0) {
		work();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_default_set(void **state)
{
	(void)state;
	assert_int_equal(capability_default_set(), EXPECTED_DEFAULT & read_sets().bounding);
}

static void without_kill(void)
{
	REQUIRE(prctl(PR_CAPBSET_DROP, 5) == 0);
	REQUIRE(!(capability_default_set() & (1 << 5)));
	REQUIRE(capability_default_set() & (1 << 0));
}

static void test_default_set_of_less(void **state)
{
	(void)state;
	assert_in_child(without_kill);
}

static void limit(void)
{
	capability_set set = capability_default_set();
	struct sets sets;

	REQUIRE(capability_limit_bounding(set, NULL) == 0);
	sets = read_sets();
	REQUIRE(sets.bounding == set && sets.inheritable == 0 && sets.ambient == 0);
	REQUIRE(sets.permitted & ~set); /* for the work that is left, until the second half */
	REQUIRE(capability_limit_bounding(set, NULL) == 0); /* again: nothing to do */
	REQUIRE(capability_limit_bounding(0, NULL) == 0);
	REQUIRE(read_sets().bounding == 0);
}

static void test_limit(void **state)
{
	(void)state;
	assert_in_child(limit);
}

static void become_root(void)
{
	const gid_t groups[] = {7, 8};
	struct sets sets;

	REQUIRE(capability_limit_bounding(0x3, NULL) == 0);
	REQUIRE(capability_become(0, 5, groups, 2, 0x3, 0, NULL) == 0);
	REQUIRE(read_sets().no_new_privs == 0 && capability_forbid_gain(NULL) == 0);
	sets = read_sets();
	REQUIRE(sets.permitted == 0x3 && sets.effective == 0x3 && sets.inheritable == 0);
	REQUIRE(sets.no_new_privs == 1);
	REQUIRE(strcmp(sets.groups, "7 8 ") == 0);
	for (int i = 0; i < 4; i++)
		REQUIRE(sets.uids[i] == 0 && sets.gids[i] == 5);
	/* What execve makes of it is no more, though uid 0 would have everything. */
	execl("/bin/sh", "sh", "-c", "grep -q 'CapPrm:.*0000000003$' /proc/self/status", NULL);
	REQUIRE(0);
}

static void test_become_root(void **state)
{
	(void)state;
	assert_in_child(become_root);
}

static void become_user(void)
{
	struct sets sets;

	REQUIRE(capability_limit_bounding(0x3, NULL) == 0);
	REQUIRE(capability_become(1000, 1001, NULL, 0, 0, 0, NULL) == 0);
	sets = read_sets();
	REQUIRE(sets.permitted == 0 && sets.effective == 0 && sets.ambient == 0);
	REQUIRE(sets.bounding == 0x3);
	REQUIRE(sets.groups[0] == '\0');
	for (int i = 0; i < 4; i++)
		REQUIRE(sets.uids[i] == 1000 && sets.gids[i] == 1001);
	REQUIRE(setresuid(0, 0, 0) < 0 && setresgid(0, 0, 0) < 0);
}

static void test_become_user(void **state)
{
	(void)state;
	assert_in_child(become_user);
}

static void become_user_with(void)
{
	struct sets sets;

	REQUIRE(capability_limit_bounding(0x403, NULL) == 0);
	REQUIRE(capability_become(1000, 1000, NULL, 0, 0x401, 0x400, NULL) == 0);
	sets = read_sets();
	REQUIRE(sets.permitted == 0x401 && sets.effective == 0x401); /* until execve */
	REQUIRE(sets.inheritable == 0x400 && sets.ambient == 0x400);
	execl("/bin/sh", "sh", "-c", "grep -q 'CapEff:.*0000000400$' /proc/self/status", NULL);
	REQUIRE(0);
}

static void test_become_user_with(void **state)
{
	(void)state;
	assert_in_child(become_user_with);
}

/* chmod, kill and net_raw: 3, 5, 13 */
static void choose(void)
{
	const capability_set usual = capability_default_set();
	capability_set bounding = read_sets().bounding, set;
	struct error err;

	REQUIRE(capability_choose(usual, 0, 0, &set, NULL) == 0 && set == usual);
	REQUIRE(capability_choose(usual, 1 << 5, 1 << 13, &set, NULL) == 0);
	REQUIRE(set == ((usual & ~(capability_set)(1 << 5)) | 1 << 13));
	REQUIRE(capability_choose(usual, CAPABILITIES_ALL, 1 << 5, &set, NULL) == 0 && set == 1 << 5);
	REQUIRE(capability_choose(usual, 1 << 5, CAPABILITIES_ALL, &set, NULL) == 0 && set == bounding);
	REQUIRE(prctl(PR_CAPBSET_DROP, 13) == 0);
	REQUIRE(capability_choose(usual, 0, CAPABILITIES_ALL, &set, NULL) == 0);
	REQUIRE(set == (bounding & ~(capability_set)(1 << 13)));
	REQUIRE(capability_choose(capability_host_set(), 1 << 5, 0, &set, NULL) == 0);
	REQUIRE(set == (bounding & ~(capability_set)(1 << 13 | 1 << 5)));
	REQUIRE(capability_choose(usual, 0, 1 << 13, &set, &err) == -1);
	REQUIRE(strstr(err.text, "cman itself has no CAP_NET_RAW"));
}

static void test_choose(void **state)
{
	(void)state;
	assert_in_child(choose);
}

/* The names are the kernel's, at their numbers. */
static void test_names(void **state)
{
	(void)state;
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		const char *ours = capabilities_name((unsigned int)cap);
		char *theirs = cap_to_name(cap);

		if (ours) {
			assert_int_equal(strncmp(theirs, "cap_", 4), 0);
			assert_int_equal(strcasecmp(theirs + 4, ours), 0);
		}
		cap_free(theirs);
	}
	assert_null(capabilities_name(64));
}

static void without_rights(void)
{
	struct error err;

	REQUIRE(setresuid(1000, 1000, 1000) == 0);
	REQUIRE(capability_limit_bounding(0, &err) == -1);
	REQUIRE(strstr(err.text, "from the bounding set: Operation not permitted"));
	REQUIRE(capability_become(0, 0, NULL, 0, 0, 0, &err) == -1);
	REQUIRE(strstr(err.text, "set supplementary groups: Operation not permitted"));
}

static void test_refused(void **state)
{
	(void)state;
	assert_in_child(without_rights);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_set), cmocka_unit_test(test_default_set_of_less),
		cmocka_unit_test(test_limit),       cmocka_unit_test(test_become_root),
		cmocka_unit_test(test_become_user), cmocka_unit_test(test_become_user_with),
		cmocka_unit_test(test_choose),      cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
