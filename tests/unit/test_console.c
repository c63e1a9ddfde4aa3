/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal of a container: the ring, with the supervisor's writer (with libc, see
 * test_supervisor.c) and cman's reader; lines for the log; scroll-back; keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kernel/terminal.h"
#include "lifecycle/console.h"

#define main supervisor_main
#include "supervisor/main.c"
#undef main

static char directory[64];
static int directory_fd;

static int set_up(void **state)
{
	const struct spec spec = {.tty = true};

	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/test-console-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory_fd < 0 ? -1 : console_make_ring(directory_fd, &spec, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	unlinkat(directory_fd, CONSOLE_FILE, 0);
	close(directory_fd);
	return rmdir(directory);
}

static struct console open_writer(uint64_t total)
{
	return (struct console){
		.ring_fd = openat(directory_fd, CONSOLE_FILE, O_RDWR | O_CLOEXEC), .total = total};
}

static struct console_reader open_reader(void)
{
	struct console_reader reader = CONSOLE_READER_INIT;

	assert_int_equal(console_reader_open(directory_fd, &reader, NULL), 0);
	return reader;
}

/* All that is there now, ended by NUL. */
static size_t read_all(struct console_reader *reader, char *out, size_t size)
{
	size_t length = 0;
	ssize_t count;

	while ((count = console_read(reader, out + length, 1000)) > 0) {
		length += (size_t)count;
		assert_true(length + 1000 < size);
	}
	assert_int_equal(count, -1);
	assert_int_equal(errno, EAGAIN);
	out[length] = '\0';
	return length;
}

static void pieces_end_with_the_ring(void **state)
{
	size_t length = 100;

	(void)state;
	assert_int_equal(console_place(0, &length), CONSOLE_RING_AT);
	assert_int_equal(length, 100);
	assert_int_equal(console_place(CONSOLE_RING - 7, &length), CONSOLE_RING_AT + CONSOLE_RING - 7);
	assert_int_equal(length, 7);
	length = 100;
	assert_int_equal(console_place((uint64_t)CONSOLE_RING * 5 + 3, &length), CONSOLE_RING_AT + 3);
	assert_int_equal(length, 100);
	assert_true(console_is_kept(10, 10));
	assert_true(console_is_kept(0, CONSOLE_KEPT));
	assert_false(console_is_kept(0, CONSOLE_KEPT + 1));
	assert_false(console_is_kept(11, 10));
}

static void what_is_written_is_read(void **state)
{
	static char out[200000], wanted[200000];
	struct console writer = open_writer(0);
	struct console_reader reader = open_reader();
	size_t total = 0;

	(void)state;
	assert_int_equal(read_all(&reader, out, sizeof(out)), 0);
	/* Round the ring, at all places of it. */
	for (int round = 0; round < 3000; round++) {
		char line[100];
		int length = snprintf(line, sizeof(line), "line %d of what was written\n", round);

		ring_put(&writer, line, (size_t)length);
		memcpy(wanted + total, line, (size_t)length);
		total += (size_t)length;
		assert_int_equal(read_all(&reader, out, sizeof(out)), length);
		assert_string_equal(out, line);
	}
	assert_true(total > CONSOLE_RING);
	console_reader_close(&reader);
	/* Another one begins with the last lines of it that are whole. */
	reader = open_reader();
	read_all(&reader, out, sizeof(out));
	assert_true(strlen(out) <= CONSOLE_KEPT && strlen(out) > CONSOLE_KEPT - 100);
	assert_memory_equal(out, "line ", 5);
	assert_string_equal(out, wanted + total - strlen(out));
	console_reader_close(&reader);
	close(writer.ring_fd);
}

static void who_is_too_slow_is_told(void **state)
{
	static char bytes[CONSOLE_PIECE], out[200000];
	struct console writer = open_writer(0);
	struct console_reader reader = open_reader();

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (int i = 0; i < 5; i++)
		ring_put(&writer, bytes, sizeof(bytes));
	read_all(&reader, out, sizeof(out));
	assert_non_null(strstr(out, "[cman: 49152 bytes came faster than they were read]"));
	assert_int_equal(strlen(strchr(out, 'x')), CONSOLE_KEPT / 2);
	console_reader_close(&reader);
	close(writer.ring_fd);
}

/* A supervisor that took over goes on behind what the first one has written. */
static void half_a_head_is_not_believed(void **state)
{
	struct console writer = open_writer(0);
	struct console_reader reader = open_reader();
	const uint64_t torn = 1000;
	char out[2000];

	(void)state;
	ring_put(&writer, "text", 4);
	assert_int_equal(pwrite(writer.ring_fd, &torn, sizeof(torn), 0), sizeof(torn));
	assert_int_equal(read_all(&reader, out, sizeof(out)), 0);
	ring_put(&writer, " more", 5);
	read_all(&reader, out, sizeof(out));
	assert_string_equal(out, "text more");
	console_reader_close(&reader);
	close(writer.ring_fd);
}

static void expect_plain(const char *const pieces[], const char *wanted)
{
	char out[200] = "";
	bool held = false;

	for (size_t i = 0; pieces[i]; i++) {
		char bytes[100];
		char *first;
		size_t length = strlen(pieces[i]);

		memcpy(bytes + 1, pieces[i], length + 1);
		length = console_make_plain(bytes + 1, length, &held, &first);
		strncat(out, first, length);
	}
	strcat(out, held ? "(held)" : "");
	assert_string_equal(out, wanted);
}

static void lines_for_the_log(void **state)
{
	(void)state;
	expect_plain((const char *[]){"one\r\ntwo\r\n", NULL}, "one\ntwo\n");
	expect_plain((const char *[]){"one\r", "\ntwo\r", "three\r\n", NULL}, "one\ntwo\rthree\n");
	expect_plain((const char *[]){"10%\r20%\r", NULL}, "10%\r20%(held)");
	expect_plain((const char *[]){"\r", "\r", "\n", NULL}, "\r\n");
	expect_plain((const char *[]){"\r\r\n", "", "\n\r\n", NULL}, "\r\n\n\n");
}

/* Fed in one piece, and byte by byte. */
static void expect_clean(const char *bytes, const char *wanted)
{
	for (size_t step = 1; step <= strlen(bytes); step += strlen(bytes) - 1) {
		struct scrollback scrollback = {.length = 0};
		char out[200] = "";
		size_t length = 0;

		for (size_t i = 0; i < strlen(bytes); i += step)
			length += scrollback_clean(&scrollback, bytes + i, step, out + length);
		assert_int_equal(length, strlen(wanted));
		assert_memory_equal(out, wanted, length);
	}
}

static void old_questions_are_not_asked_again(void **state)
{
	(void)state;
	expect_clean("\033[31mred\033[0m\r\n\033[2J\033[10;20H\033[?25l", "\033[31mred\033[0m\r\n\033[2J\033[10;20H\033[?25l");
	expect_clean("a\033[6nb\033[cd\033[>ce\033[?1;2cf", "abdef");
	expect_clean("a\033[18tb\033[?u\033[>q\033[?2026$pc\005d\033Ze", "abcde");
	expect_clean("a\033]0;title\007b\033]11;?\033\\c\033P+q544e\033\\d\033Xx\033y\033\\e", "abcde");
	expect_clean("\0337a\0338\033(Bb\033=", "\0337a\0338\033(Bb\033=");
	/* Too long, or broken off. */
	expect_clean("a\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17mb", "ab");
	expect_clean("a\033[12\rb", "ab");
	expect_clean("ends with \033[3", "ends with ");
}

static void names_of_keys(void **state)
{
	(void)state;
	assert_int_equal(terminal_parse_key("ctrl-]"), 0x1d);
	assert_int_equal(terminal_parse_key("ctrl-a"), 1);
	assert_int_equal(terminal_parse_key("^A"), 1);
	assert_int_equal(terminal_parse_key("^_"), 0x1f);
	assert_int_equal(terminal_parse_key("^@"), 0);
	assert_int_equal(terminal_parse_key("none"), -1);
	for (const char *const *text =
		     (const char *[]){"", "^", "a", "ctrl-", "ctrl-aa", "^?", "^1", "ctrl-{", "None", NULL};
	     *text; text++)
		assert_int_equal(terminal_parse_key(*text), -2);
}

#define RING_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_end_with_the_ring),
		RING_TEST(what_is_written_is_read),
		RING_TEST(who_is_too_slow_is_told),
		RING_TEST(half_a_head_is_not_believed),
		cmocka_unit_test(lines_for_the_log),
		cmocka_unit_test(old_questions_are_not_asked_again),
		cmocka_unit_test(names_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
