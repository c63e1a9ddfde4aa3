/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two walks over the table of steps, with the real records and with steps that only tell that
 * they were called, or fail where the test wants it. The functions here take the place of those in
 * step_files.c, step_hooks.c, step_network.c and step_process.c, which the linker then has no use for.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fs.h"
#include "lifecycle/steps.h"

static struct {
	struct text calls;   /* "files_begin(a) files_begin(b) ..." */
	const char *failing; /* the function that fails, for container; NULL: none */
	const char *container;
	bool undo_fails; /* and every undo of it as well */
	const char *hooked; /* the container that has hooks; NULL: none */
} trace;

/* The record on disk names the step before anything of it happens. */
static void check_noted(const struct host *host, const char *function, const char *name)
{
	AUTO_RECORD struct record record = {0};
	AUTO_FREE char *step = xprintf("%.*s", (int)(strrchr(function, '_') - function), function);

	assert_int_equal(record_read(&host->state, name, &record, NULL), 1);
	if (!strlist_contains(&record.steps, step))
		fail_msg("%s of %s: its step is not noted", function, name);
}

static int call(const char *function, const struct host *host, const struct container *container,
		struct error *err)
{
	bool undo = strstr(function, "undo") != NULL;

	text_addf(&trace.calls, "%s%s(%s)", trace.calls.length ? " " : "", function,
		  container ? container->name : "all");
	if (container && !undo)
		check_noted(host, function, container->name);
	if (!trace.failing || (container && strcmp(container->name, trace.container) != 0))
		return 0;
	if (strcmp(function, trace.failing) != 0 && !(undo && trace.undo_fails))
		return 0;
	return error_set(err, 0, "%s failed", function);
}

#define FAKE(function)                                                                             \
	int function(struct host *host, struct container *container, struct error *err)            \
	{                                                                                          \
		return call(#function, host, container, err);                                      \
	}

FAKE(files_begin)
FAKE(files_again)
FAKE(cgroup_begin)
FAKE(cgroup_undo)
FAKE(network_begin)
FAKE(network_undo)
FAKE(init_begin)
FAKE(init_undo)
FAKE(link_await)
FAKE(link_undo)
FAKE(start_begin)
FAKE(start_await)
FAKE(start_undo)
FAKE(start_undo_await)

void start_undo_watch(struct host *host, struct container **containers, size_t count)
{
	(void)host;
	(void)containers;
	text_addf(&trace.calls, " start_undo_watch(%zu)", count);
}

FAKE(pre_start_begin)
FAKE(pre_start_await)
FAKE(pre_start_undo)
FAKE(pre_start_undo_await)
FAKE(post_start_begin)
FAKE(post_start_await)
FAKE(post_start_undo)
FAKE(post_start_undo_await)

bool pre_start_wanted(const struct container *container)
{
	return trace.hooked && strcmp(container->name, trace.hooked) == 0;
}

bool post_start_wanted(const struct container *container)
{
	return pre_start_wanted(container);
}

int files_undo(struct host *host, struct container *container, struct error *err)
{
	if (call("files_undo", host, container, err) < 0)
		return -1;
	return container->undo_failed ? 0 : container_empty(host, container, err);
}

int network_commit(struct host *host, struct error *err)
{
	return call("network_commit", host, NULL, err);
}

int network_up_commit(struct host *host, struct error *err)
{
	return network_commit(host, err);
}

/* ---- a wave of two ---- */

struct wave_of_two {
	char directory[32];
	struct host host;
	struct container items[2];
	struct container *pointers[2];
};

static void take(struct host *host, struct container *container, const char *name)
{
	struct error err = {0};

	/* As container_take() does, but for looking at the cgroups of this machine. */
	container_init(container, name);
	container->lock_fd = record_lock(&host->state, name, 1000, &err);
	if (container->lock_fd >= 0)
		container->directory_fd = record_open_directory(&host->state, name, &err);
	if (container->directory_fd < 0)
		fail_msg("%s", err.text);
	container->record.name = xstrdup(name);
	id_generate(container->record.instance);
	assert_int_equal(process_boot_id(container->record.boot_id, NULL), 0);
}

static void begin_test(struct wave_of_two *wave, const char *failing, const char *container)
{
	struct error err = {0};

	*wave = (struct wave_of_two){.directory = "/tmp/cman-steps-XXXXXX"};
	text_clear(&trace.calls);
	trace.failing = failing;
	trace.container = container;
	trace.undo_fails = false;
	trace.hooked = NULL;
	assert_non_null(mkdtemp(wave->directory));
	if (state_open(wave->directory, true, &wave->host.state, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < 2; i++) {
		wave->pointers[i] = &wave->items[i];
		take(&wave->host, &wave->items[i], i ? "b" : "a");
	}
}

static void end_test(struct wave_of_two *wave)
{
	for (size_t i = 0; i < 2; i++)
		container_clear(&wave->items[i]);
	state_close(&wave->host.state);
	assert_int_equal(fs_remove_tree_at(AT_FDCWD, wave->directory, NULL), 0);
	text_clear(&trace.calls);
}

/* The calls that were about one container, "all" left out. */
static char *calls_of(const char *name)
{
	AUTO_FREE char *wanted = xprintf("(%s)", name), *copy = xstrdup(text_value(&trace.calls));
	struct text out = {0};
	char *position = NULL;

	text_add(&out, "", 0);
	for (char *word = strtok_r(copy, " ", &position); word;
	     word = strtok_r(NULL, " ", &position)) {
		char *paren = strchr(word, '(');

		if (strcmp(paren, wanted) != 0)
			continue;
		text_addf(&out, "%s%.*s", out.length ? " " : "", (int)(paren - word), word);
	}
	return out.data;
}

#define ALL_FORWARDS                                                                               \
	"files_begin cgroup_begin network_begin init_begin link_await start_begin start_await"

static void step_by_step_side_by_side(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	steps_up(&wave.host, wave.pointers, 2);
	assert_string_equal(text_value(&trace.calls),
			    "files_begin(a) files_begin(b) cgroup_begin(a) cgroup_begin(b) "
			    "network_begin(a) network_begin(b) init_begin(a) init_begin(b) "
			    "link_await(a) link_await(b) network_commit(all) "
			    "start_begin(a) start_begin(b) start_await(a) start_await(b)");
	assert_false(wave.items[0].failed || wave.items[1].failed);
	end_test(&wave);
}

static void tell_nobody(const struct container *const *containers, size_t count, uint64_t waited_ms)
{
	(void)containers;
	(void)count;
	(void)waited_ms;
}

static void watched_before_anything_is_awaited(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	wave.host.stop_progress = tell_nobody;
	steps_up(&wave.host, wave.pointers, 2);
	text_clear(&trace.calls);
	steps_down(&wave.host, wave.pointers, 2);
	assert_true(text_starts_with(text_value(&trace.calls),
				     "start_undo(a) start_undo(b) start_undo_watch(2) "
				     "start_undo_await(a) start_undo_await(b) init_undo(a)"));
	end_test(&wave);
}

static void backwards_with_everything_awaited(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	steps_up(&wave.host, wave.pointers, 2);
	text_clear(&trace.calls);
	steps_down(&wave.host, wave.pointers, 2);
	assert_string_equal(text_value(&trace.calls),
			    "start_undo(a) start_undo(b) start_undo_await(a) start_undo_await(b) "
			    "init_undo(a) init_undo(b) link_undo(a) link_undo(b) "
			    "network_undo(a) network_undo(b) network_commit(all) "
			    "cgroup_undo(a) cgroup_undo(b) files_undo(a) files_undo(b)");
	assert_null(wave.items[0].record.name);
	end_test(&wave);
}

/* Wherever one fails: it is taken back as far as it was begun, the other comes up. */
static void one_that_fails_is_taken_back_alone(void **data)
{
	static const struct {
		const char *function, *undone;
	} cases[] = {
		{"files_begin", "files_undo"},
		{"cgroup_begin", "cgroup_undo files_undo"},
		{"network_begin", "network_undo cgroup_undo files_undo"},
		{"init_begin", "init_undo link_undo network_undo cgroup_undo files_undo"},
		{"link_await", "init_undo link_undo network_undo cgroup_undo files_undo"},
		{"start_begin", "start_undo start_undo_await init_undo link_undo network_undo "
				"cgroup_undo files_undo"},
		{"start_await", "start_undo start_undo_await init_undo link_undo network_undo "
				"cgroup_undo files_undo"},
	};

	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *of_a = NULL, *of_b = NULL, *reason = NULL;
		struct wave_of_two wave;
		const char *undone;

		begin_test(&wave, cases[i].function, "a");
		steps_up(&wave.host, wave.pointers, 2);
		of_a = calls_of("a");
		of_b = calls_of("b");
		reason = xprintf("%s failed", cases[i].function);
		undone = strstr(of_a, cases[i].function) + strlen(cases[i].function) + 1;
		assert_string_equal(undone, cases[i].undone);
		assert_string_equal(of_b, ALL_FORWARDS);
		assert_true(wave.items[0].failed);
		assert_string_equal(wave.items[0].error.text, reason);
		assert_null(wave.items[0].record.name);
		assert_false(wave.items[1].failed);
		end_test(&wave);
	}
}

static void a_commit_that_fails_takes_all_back(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, "network_commit", "a");
	steps_up(&wave.host, wave.pointers, 2);
	for (size_t i = 0; i < 2; i++) {
		AUTO_FREE char *calls = calls_of(wave.items[i].name);

		assert_true(wave.items[i].failed);
		assert_string_equal(wave.items[i].error.text, "network_commit failed");
		assert_null(strstr(calls, "start_begin"));
		assert_non_null(strstr(calls, "files_undo"));
	}
	end_test(&wave);
}

/* What cannot be undone is told and kept in the record; all else is undone. */
static void an_undo_that_fails_keeps_nothing_from_being_undone(void **data)
{
	AUTO_FREE char *of_a = NULL, *of_b = NULL;
	AUTO_RECORD struct record left = {0};
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, "cgroup_undo", "a");
	steps_up(&wave.host, wave.pointers, 2);
	text_clear(&trace.calls);
	steps_down(&wave.host, wave.pointers, 2);
	of_a = calls_of("a");
	of_b = calls_of("b");
	assert_string_equal(of_a, of_b);
	assert_true(wave.items[0].failed && wave.items[0].undo_failed);
	assert_string_equal(wave.items[0].error.text, "cgroup_undo failed");
	assert_int_equal(record_read(&wave.host.state, "a", &left, NULL), 1);
	assert_true(strlist_contains(&left.steps, "cgroup"));
	assert_false(wave.items[1].failed);
	assert_null(wave.items[1].record.name);
	end_test(&wave);
}

static void the_first_reason_is_the_one_told(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, "link_await", "a");
	trace.undo_fails = true;
	steps_up(&wave.host, wave.pointers, 2);
	assert_string_equal(wave.items[0].error.text, "link_await failed");
	assert_true(wave.items[0].undo_failed);
	assert_false(wave.items[1].failed);
	end_test(&wave);
}

/* Its undo comes when all of it is gone; of who has none there is no step in the record. */
static void steps_that_only_one_wants(void **data)
{
	AUTO_FREE char *up = NULL, *down = NULL;
	AUTO_RECORD struct record other = {0};
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	trace.hooked = "a";
	steps_up(&wave.host, wave.pointers, 2);
	up = calls_of("a");
	assert_string_equal(up, "files_begin pre_start_begin pre_start_await cgroup_begin network_begin "
				"init_begin link_await start_begin start_await post_start_begin "
				"post_start_await");
	assert_int_equal(record_read(&wave.host.state, "b", &other, NULL), 1);
	assert_false(strlist_contains(&other.steps, "pre_start"));
	text_clear(&trace.calls);
	steps_down(&wave.host, wave.pointers, 2);
	down = calls_of("a");
	assert_string_equal(down, "post_start_undo post_start_undo_await start_undo start_undo_await "
				  "init_undo link_undo network_undo cgroup_undo pre_start_undo "
				  "pre_start_undo_await files_undo");
	assert_null(strstr(text_value(&trace.calls), "pre_start_undo(b)"));
	end_test(&wave);
}

/* What ended processes leave goes; what belongs to the container stays, and nothing is committed. */
static void a_restart_is_of_the_processes_alone(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	trace.hooked = "a";
	steps_up(&wave.host, wave.pointers, 1);
	text_clear(&trace.calls);
	steps_rest(&wave.host, wave.pointers[0]);
	assert_string_equal(text_value(&trace.calls),
			    "post_start_undo(a) post_start_undo_await(a) start_undo(a) "
			    "start_undo_await(a) init_undo(a) link_undo(a) cgroup_undo(a) "
			    "pre_start_undo(a) pre_start_undo_await(a)");
	assert_int_equal(wave.items[0].record.steps.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(wave.items[0].record.steps.items[i],
				    ((const char *[]){"files", "network", "firewall"})[i]);
	text_clear(&trace.calls);
	steps_again(&wave.host, wave.pointers[0]);
	assert_false(wave.items[0].failed);
	assert_string_equal(text_value(&trace.calls),
			    "files_again(a) pre_start_begin(a) pre_start_await(a) cgroup_begin(a) "
			    "init_begin(a) link_await(a) start_begin(a) start_await(a) "
			    "post_start_begin(a) post_start_await(a)");
	assert_int_equal(wave.items[0].record.steps.count, 9);
	end_test(&wave);
}

static void a_restart_that_fails_is_taken_back(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	steps_up(&wave.host, wave.pointers, 1);
	steps_rest(&wave.host, wave.pointers[0]);
	text_clear(&trace.calls);
	trace.failing = "link_await";
	trace.container = "a";
	steps_again(&wave.host, wave.pointers[0]);
	assert_true(wave.items[0].failed);
	assert_false(wave.items[0].undo_failed);
	assert_string_equal(wave.items[0].error.text, "link_await failed");
	assert_string_equal(text_value(&trace.calls),
			    "files_again(a) cgroup_begin(a) init_begin(a) link_await(a) "
			    "init_undo(a) link_undo(a) cgroup_undo(a)");
	assert_int_equal(wave.items[0].record.steps.count, 3);
	end_test(&wave);
}

/* Then all of it is left to a walk down. */
static void a_rest_that_fails_takes_nothing_off_the_record(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	steps_up(&wave.host, wave.pointers, 1);
	trace.failing = "cgroup_undo";
	trace.container = "a";
	steps_rest(&wave.host, wave.pointers[0]);
	assert_true(wave.items[0].undo_failed);
	assert_int_equal(wave.items[0].record.steps.count, 7);
	end_test(&wave);
}

static void what_has_no_record_is_left_alone(void **data)
{
	struct wave_of_two wave;

	(void)data;
	begin_test(&wave, NULL, NULL);
	steps_up(&wave.host, wave.pointers, 2);
	record_clear(&wave.items[0].record);
	text_clear(&trace.calls);
	steps_down(&wave.host, wave.pointers, 2);
	assert_null(strstr(text_value(&trace.calls), "(a)"));
	assert_non_null(strstr(text_value(&trace.calls), "files_undo(b)"));
	end_test(&wave);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(step_by_step_side_by_side),
		cmocka_unit_test(backwards_with_everything_awaited),
		cmocka_unit_test(watched_before_anything_is_awaited),
		cmocka_unit_test(one_that_fails_is_taken_back_alone),
		cmocka_unit_test(a_commit_that_fails_takes_all_back),
		cmocka_unit_test(an_undo_that_fails_keeps_nothing_from_being_undone),
		cmocka_unit_test(the_first_reason_is_the_one_told),
		cmocka_unit_test(steps_that_only_one_wants),
		cmocka_unit_test(a_restart_is_of_the_processes_alone),
		cmocka_unit_test(a_restart_that_fails_is_taken_back),
		cmocka_unit_test(a_rest_that_fails_takes_nothing_off_the_record),
		cmocka_unit_test(what_has_no_record_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
