/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state_fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "state/event.h"

#define WRITERS 8

static size_t lines_left(struct event_log *log)
{
	struct error err = {0};
	const char *line;
	size_t length, count = 0;
	int rc;

	while ((rc = event_log_next(log, &line, &length, &err)) > 0)
		count++;
	if (rc < 0)
		fail_msg("%s", err.text);
	return count;
}

static off_t file_size(const char *name)
{
	struct stat st;

	return fstatat(state.dir_fd, name, &st, 0) == 0 ? st.st_size : -1;
}

/* So many bytes in the file, in lines like those of others. */
static void make_large(const char *name, size_t bytes)
{
	static const char line[] = "{\"time\":\"2026-11-22T18:30:05Z\",\"name\":\"old\"}\n";
	AUTO_TEXT struct text text = {0};

	while (text.length < bytes)
		text_add(&text, line, sizeof(line) - 1);
	assert_int_equal(fs_rewrite_at(state.dir_fd, name, text.data, text.length, 0600, NULL), 0);
}

static void a_line_says_what_happened(void **data)
{
	static const char end[] = "\"name\":\"db\",\"instance\":null,\"event\":\"failed\"}";
	AUTO_EVENT_LOG struct event_log log;
	AUTO_JSON struct json *object = NULL;
	struct json *details = json_new_object();
	AUTO_TEXT struct text line = {0};
	const char *bytes;
	size_t length;
	struct stat st;

	(void)data;
	json_add_number(details, "exit_status", 3);
	event_note(&state, EVENT_EXITED, "web", "0d4f", details);
	event_note(&state, EVENT_FAILED, "db", "", NULL);
	event_log_open(&state, &log);
	assert_int_equal(event_log_next(&log, &bytes, &length, NULL), 1);
	text_add(&line, bytes, length);
	assert_non_null(strstr(text_value(&line), "\"name\":\"web\",\"instance\":\"0d4f\","
						  "\"event\":\"exited\",\"exit_status\":3}"));
	object = json_parse_object(line.data, line.length, NULL);
	assert_non_null(json_get_text(object, "time"));
	assert_int_equal(event_log_next(&log, &bytes, &length, NULL), 1);
	assert_true(length > sizeof(end));
	assert_memory_equal(bytes + length - (sizeof(end) - 1), end, sizeof(end) - 1);
	assert_int_equal(event_log_next(&log, &bytes, &length, NULL), 0);
	assert_int_equal(fstatat(state.dir_fd, EVENT_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_last_of_a_container_is_found(void **data)
{
	AUTO_TEXT struct text line = {0};

	(void)data;
	assert_int_equal(event_find_last(&state, "web", &line, NULL), 0);
	event_note(&state, EVENT_STARTED, "web", "", NULL);
	event_note(&state, EVENT_STOPPED, "web", "", NULL);
	event_note(&state, EVENT_STARTED, "we", "", NULL);
	event_note(&state, EVENT_STARTED, "web2", "", NULL);
	assert_int_equal(event_find_last(&state, "web", &line, NULL), 1);
	assert_non_null(strstr(text_value(&line), "\"event\":\"stopped\"}"));
	assert_int_equal(event_find_last(&state, "none", &line, NULL), 0);
}

static void a_reader_gets_what_is_noted_later(void **data)
{
	AUTO_EVENT_LOG struct event_log log;

	(void)data;
	event_log_open(&state, &log);
	assert_int_equal(lines_left(&log), 0);
	event_note(&state, EVENT_STARTED, "web", "", NULL);
	assert_int_equal(lines_left(&log), 1);
	event_note(&state, EVENT_STOPPED, "web", "", NULL);
	event_note(&state, EVENT_STARTED, "web", "", NULL);
	assert_int_equal(lines_left(&log), 2);
	assert_int_equal(lines_left(&log), 0);
}

static void a_full_file_is_put_aside(void **data)
{
	AUTO_EVENT_LOG struct event_log log, later;
	size_t first, second;

	(void)data;
	make_large(EVENT_FILE, EVENT_FILE_MAX);
	event_log_open(&state, &log);
	first = lines_left(&log);
	assert_true(first > 1000);
	event_note(&state, EVENT_STARTED, "web", "", NULL);
	assert_true(file_size(EVENT_FILE_OLD) >= EVENT_FILE_MAX);
	assert_in_range(file_size(EVENT_FILE), 1, 200);
	/* who was at it goes on in the new file; who comes later reads both */
	assert_int_equal(lines_left(&log), 1);
	event_log_open(&state, &later);
	assert_int_equal(lines_left(&later), first + 1);
	/* the one before goes */
	make_large(EVENT_FILE, EVENT_FILE_MAX + 100000);
	second = lines_left(&log);
	event_note(&state, EVENT_STOPPED, "web", "", NULL);
	assert_true(file_size(EVENT_FILE_OLD) >= EVENT_FILE_MAX + 100000);
	assert_true(second > first);
	assert_int_equal(lines_left(&log), 1);
}

/* Two files were put aside while it slept: it begins again with the older one there is. */
static void a_slow_reader_loses_only_what_is_gone(void **data)
{
	AUTO_EVENT_LOG struct event_log log;
	size_t lines;

	(void)data;
	event_note(&state, EVENT_STARTED, "web", "", NULL);
	event_log_open(&state, &log);
	assert_int_equal(lines_left(&log), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(renameat(state.dir_fd, EVENT_FILE, state.dir_fd, EVENT_FILE_OLD),
				 0);
		make_large(EVENT_FILE, 10000);
	}
	lines = lines_left(&log);
	assert_true(lines > 300 && lines % 2 == 0);
	assert_int_equal(lines_left(&log), 0);
}

static void a_write_that_fails_leaves_no_half_line(void **data)
{
	AUTO_EVENT_LOG struct event_log log;

	(void)data;
	assert_int_equal(mkdirat(state.dir_fd, EVENT_FILE, 0700), 0);
	event_note(&state, EVENT_STARTED, "web", "", json_new_object()); /* warns */
	assert_int_equal(unlinkat(state.dir_fd, EVENT_FILE, AT_REMOVEDIR), 0);
	event_note(&state, EVENT_STARTED, "web", "", NULL);
	event_log_open(&state, &log);
	assert_int_equal(lines_left(&log), 1);
}

/* Of a process of its own; what happens is numbered. */
static void write_many(int writer, int count)
{
	char name[16];

	snprintf(name, sizeof(name), "w%d", writer);
	for (int i = 0; i < count; i++) {
		struct json *details = json_new_object();

		json_add_number(details, "number", (uint64_t)i);
		event_note(&state, EVENT_PAUSED, name, "6e9b2f0c-73d5-4b8e-8f21-5f2d1c0a9b7e",
			   details);
	}
}

static uint64_t member_number(const char *line, const char *key)
{
	const char *found = strstr(line, key);

	return found ? strtoull(found + strlen(key), NULL, 10) : UINT64_MAX;
}

/* One turn of files, and nothing of eight writers is lost, torn or out of order. */
static void writers_do_not_lose_lines(void **data)
{
	enum { EACH = 1100 }; /* by eight: more than one file, less than two */
	AUTO_EVENT_LOG struct event_log log;
	uint64_t next[WRITERS] = {0};
	pid_t pids[WRITERS];
	char before[64] = "";
	struct error err = {0};
	const char *line;
	size_t length;
	int status;

	(void)data;
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			write_many(i, EACH);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_true(file_size(EVENT_FILE_OLD) >= EVENT_FILE_MAX);
	event_log_open(&state, &log);
	while (event_log_next(&log, &line, &length, &err) > 0) {
		AUTO_TEXT struct text copy = {0};
		uint64_t writer;

		text_add(&copy, line, length);
		writer = member_number(text_value(&copy), "\"name\":\"w");
		assert_in_range(writer, 0, WRITERS - 1);
		assert_int_equal(member_number(text_value(&copy), "\"number\":"), next[writer]);
		next[writer]++;
		/* "{"time":"2026-11-22T18:30:05.123456Z": in its order, too */
		assert_true(strncmp(before, copy.data, 36) <= 0);
		snprintf(before, sizeof(before), "%.36s", copy.data);
	}
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(next[i], EACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(a_line_says_what_happened),
		STATE_TEST(the_last_of_a_container_is_found),
		STATE_TEST(a_reader_gets_what_is_noted_later),
		STATE_TEST(a_full_file_is_put_aside),
		STATE_TEST(a_slow_reader_loses_only_what_is_gone),
		STATE_TEST(a_write_that_fails_leaves_no_half_line),
		STATE_TEST(writers_do_not_lose_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
