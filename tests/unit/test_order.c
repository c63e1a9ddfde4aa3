/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The graph of depends_on and after, and what is told of it. */
#include "config_test.h"

#include "base/process.h"
#include "config/order.h"

#define NODES_MAX 8

/* "a: b c < d" is a, which needs b and c and comes after d. */
struct set {
	struct strlist names, needs[NODES_MAX], after[NODES_MAX];
	struct order_item items[NODES_MAX];
	struct order order;
};

static void make(struct set *set, const char *const lines[], size_t count)
{
	*set = (struct set){.names = {0}};
	assert_true(count <= NODES_MAX);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *line = xstrdup(lines[i]);
		struct strlist *list = &set->needs[i];
		char *position = NULL, *word = strtok_r(line, ": ", &position);

		strlist_add(&set->names, word);
		while ((word = strtok_r(NULL, " ", &position))) {
			if (strcmp(word, "<") == 0)
				list = &set->after[i];
			else
				strlist_add(list, word);
		}
		set->items[i] = (struct order_item){set->names.items[i], &set->needs[i],
						    &set->after[i]};
	}
	order_init(&set->order, set->items, count);
}

static void clear(struct set *set)
{
	order_clear(&set->order);
	for (size_t i = 0; i < NODES_MAX; i++) {
		strlist_clear(&set->needs[i]);
		strlist_clear(&set->after[i]);
	}
	strlist_clear(&set->names);
}

/* levels: a digit for each, '-' for never. */
static void expect_levels(const char *const lines[], size_t count, const char *levels)
{
	struct set set;

	make(&set, lines, count);
	for (size_t i = 0; i < count; i++) {
		size_t expected = levels[i] == '-' ? ORDER_NEVER : (size_t)(levels[i] - '0');

		if (set.order.nodes[i].level != expected)
			fail_msg("%s: level %zd, expected %zd", lines[i],
				 (ssize_t)set.order.nodes[i].level, (ssize_t)expected);
	}
	clear(&set);
}
#define EXPECT_LEVELS(levels, ...)                                                                 \
	do {                                                                                       \
		const char *const lines[] = {__VA_ARGS__};                                         \
		expect_levels(lines, ARRAY_SIZE(lines), levels);                                   \
	} while (0)

static void levels(void **state)
{
	(void)state;
	EXPECT_LEVELS("0", "a");
	EXPECT_LEVELS("000", "a", "b", "c");
	EXPECT_LEVELS("210", "a: b", "b: c", "c");
	EXPECT_LEVELS("2110", "a: b c", "b: d", "c: d", "d");       /* a diamond */
	EXPECT_LEVELS("3210", "a: b d", "b: c", "c: d", "d");       /* the longest way counts */
	EXPECT_LEVELS("10", "a: b gone", "b");                      /* not in the set */
	EXPECT_LEVELS("10", "a: < b gone", "b");
	EXPECT_LEVELS("2010", "a: c < b", "b", "c: d", "d");
	EXPECT_LEVELS("10", "a: b < b", "b");                       /* said twice */
}

static void circles_of_needs(void **state)
{
	struct order_edges circle;
	struct set set;

	(void)state;
	EXPECT_LEVELS("-", "a: a");
	EXPECT_LEVELS("--0", "a: b", "b: a", "c");
	EXPECT_LEVELS("---", "a: b", "b: c", "c: b"); /* a waits for one */
	EXPECT_LEVELS("--0", "a: b c", "b: a c", "c");
	make(&set, (const char *const[]){"a: b", "b: c e", "c: d", "d: b", "e: b"}, 5);
	assert_false(order_find_circle(&set.order, 0, &circle));
	assert_true(order_find_circle(&set.order, 1, &circle)); /* the shorter one */
	assert_int_equal(circle.count, 2);
	assert_int_equal(circle.items[0], 1);
	assert_int_equal(circle.items[1], 4);
	order_edges_clear(&circle);
	assert_true(order_find_circle(&set.order, 2, &circle));
	assert_int_equal(circle.count, 3);
	assert_int_equal(circle.items[0], 2);
	assert_int_equal(circle.items[1], 3);
	assert_int_equal(circle.items[2], 1);
	order_edges_clear(&circle);
	clear(&set);
}

/* Nobody waits for ever by after alone: the first ones stay. */
static void circles_of_after(void **state)
{
	struct set set;

	(void)state;
	EXPECT_LEVELS("10", "a: < b", "b: < a");
	EXPECT_LEVELS("01", "a: < b", "b: a"); /* what is needed wins */
	EXPECT_LEVELS("0", "a: < a");
	EXPECT_LEVELS("210", "a: < b", "b: < c", "c: < a");
	make(&set, (const char *const[]){"a: < b", "b: < a"}, 2);
	assert_int_equal(set.order.nodes[0].follows.count, 1);
	assert_int_equal(set.order.nodes[0].refused.count, 0);
	assert_int_equal(set.order.nodes[1].follows.count, 0);
	assert_int_equal(set.order.nodes[1].refused.count, 1);
	clear(&set);
}

/* chosen: their letters, which are the first nodes of their names. */
static void expect_part(const char *const lines[], size_t count, const char *chosen,
			const char *levels)
{
	AUTO_FREE bool *is_chosen = xalloc(count, sizeof(bool));
	struct order part;
	struct set set;

	make(&set, lines, count);
	for (size_t i = 0; i < count; i++)
		is_chosen[i] = strchr(chosen, *lines[i]) != NULL;
	order_init_part(&part, &set.order, is_chosen);
	assert_int_equal(part.count, strlen(chosen));
	for (size_t i = 0; i < part.count; i++) {
		assert_int_equal(*part.nodes[i].name, chosen[i]);
		assert_int_equal(part.nodes[i].level,
				 levels[i] == '-' ? ORDER_NEVER : (size_t)(levels[i] - '0'));
	}
	order_clear(&part);
	clear(&set);
}
#define EXPECT_PART(chosen, levels, ...)                                                           \
	do {                                                                                       \
		const char *const lines[] = {__VA_ARGS__};                                         \
		expect_part(lines, ARRAY_SIZE(lines), chosen, levels);                             \
	} while (0)

static void parts(void **state)
{
	(void)state;
	EXPECT_PART("abc", "210", "a: b", "b: c", "c");
	EXPECT_PART("ac", "10", "a: b", "b: c", "c");
	EXPECT_PART("ac", "10", "a: b", "b: < c", "c"); /* by way of either */
	EXPECT_PART("ad", "10", "a: b", "b: < c", "c: d", "d");
	EXPECT_PART("ace", "100", "a: b", "b: c d", "c", "d: b", "e"); /* past a circle */
	EXPECT_PART("ab", "-0", "a: c", "b", "c: a");                  /* in one */
	EXPECT_PART("bc", "00", "a: b c", "b", "c");                   /* somebody needs both */
	EXPECT_PART("abd", "110", "a: d", "b: c", "c: d", "d");        /* no gaps in the levels */
	EXPECT_PART("", "", "a: b", "b");
}

/* In milliseconds: a thousand, in a chain of either kind, in a star, and in one circle. */
static void a_thousand(void **state)
{
	enum { COUNT = 1000, KINDS = 4 };
	AUTO_FREE struct order_item *items = xalloc(COUNT, sizeof(*items));
	AUTO_FREE struct strlist *lists = xalloc(COUNT, sizeof(*lists));
	AUTO_FREE bool *every_other = xalloc(COUNT, sizeof(bool));
	AUTO_STRLIST struct strlist names = {0};
	static const struct strlist none;
	uint64_t begin = process_monotonic_ms();

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		strlist_add_taken(&names, xprintf("c%04zu", i));
		every_other[i] = i % 2 == 0;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		struct order order, part;

		for (size_t i = 0; i < COUNT; i++) {
			bool is_star = kind == 2;

			if (i > 0 || kind == 3)
				strlist_add(&lists[i],
					    names.items[is_star ? 0 : (i + COUNT - 1) % COUNT]);
			items[i] = (struct order_item){names.items[i], kind == 1 ? &none : &lists[i],
						       kind == 1 ? &lists[i] : &none};
		}
		order_init(&order, items, COUNT);
		order_init_part(&part, &order, every_other);
		order_clear(&part);
		for (size_t i = 0; i < COUNT; i++) {
			size_t level = kind == 3 ? ORDER_NEVER : kind != 2 ? i : (size_t)(i > 0);

			assert_int_equal(order.nodes[i].level, level);
			strlist_clear(&lists[i]);
		}
		order_clear(&order);
	}
	/* About 10 ms here: enough above it that only another order of growth fails. */
	assert_true(process_monotonic_ms() - begin < 5000);
}

static char *check(const char *manager_rest, const char *const files[][2], size_t count)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL;
	struct text printed = {0};
	struct scratch scratch;
	struct error err = {0};

	scratch_make(&scratch);
	manager = scratch_manager(&scratch, manager_rest);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = xprintf("conf.d/%s.conf", files[i][0]);
		AUTO_FREE char *text = xprintf("rootfs = \"/etc\"; read_only = true; %s", files[i][1]);

		free(scratch_write(&scratch, path, text));
	}
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	print_all(&diagnostics, &printed);
	scratch_remove(&scratch);
	return printed.data ? printed.data : xstrdup("");
}

static void expect_text(const char *printed, const char *expected)
{
	if (!strstr(printed, expected))
		fail_msg("expected \"%s\", found:\n%s", expected, printed);
}

static void a_circle_is_named(void **state)
{
	const char *const files[][2] = {
		{"cache", "depends_on = [ \"web\" ];"},
		{"db", "depends_on = [ \"cache\" ];"},
		{"shop", "depends_on = [ \"web\" ];"},
		{"web", "depends_on = [ \"db\" ];"},
	};
	AUTO_FREE char *printed = check("", files, ARRAY_SIZE(files));

	(void)state;
	expect_text(printed, "cache.conf:1:51: error: depends_on: these wait for each other: "
			     "cache -> web -> db -> cache");
	expect_text(printed, "these wait for each other: db -> cache -> web -> db");
	expect_text(printed, "these wait for each other: web -> db -> cache -> web");
	assert_null(strstr(printed, "shop"));
}

static void names_are_checked(void **state)
{
	const char *const files[][2] = {
		{"db", "after = [ \"web\" ]; groups = [ \"front\" ];"},
		{"web", "depends_on = [ \"db\", \"dbb\" ]; after = [ \"gone\" ];"},
	};
	AUTO_FREE char *printed = check("boot : { group = \"frunt\"; };", files, ARRAY_SIZE(files));

	(void)state;
	expect_text(printed, "depends_on: there is no container \"dbb\"");
	expect_text(printed, "hint: did you mean \"db\"?");
	expect_text(printed, "db.conf:1:46: warning: after: web is not waited for, as it waits for db");
	expect_text(printed, "warning: boot.group: no container is in a group \"frunt\"");
	expect_text(printed, "hint: did you mean \"front\"?");
	assert_null(strstr(printed, "container \"gone\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels),
		cmocka_unit_test(circles_of_needs),
		cmocka_unit_test(circles_of_after),
		cmocka_unit_test(parts),
		cmocka_unit_test(a_thousand),
		cmocka_unit_test(a_circle_is_named),
		cmocka_unit_test(names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
