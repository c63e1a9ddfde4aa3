/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_stream.h, copy_send.h, copy_receive.h: the way through a pipe, and what is not believed of it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/fs.h"
#include "lifecycle/copy_receive.h"
#include "lifecycle/copy_send.h"

struct fixture {
	char directory[32];
	int pipe[2], back[2];
	struct copy_stream in, out;
};

static int begin(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->directory, "/tmp/test-copy-XXXXXX");
	if (!mkdtemp(fixture->directory) || chdir(fixture->directory) < 0 ||
	    pipe2(fixture->pipe, O_CLOEXEC) < 0 || pipe2(fixture->back, O_CLOEXEC) < 0)
		return -1;
	fcntl(fixture->pipe[1], F_SETPIPE_SZ, 1 << 20);
	fixture->out = (struct copy_stream){
		.in_fd = fixture->pipe[0],
		.out_fd = fixture->back[1],
		.stop_fd = -1,
	};
	fixture->in = (struct copy_stream){
		.in_fd = fixture->back[0],
		.out_fd = fixture->pipe[1],
		.stop_fd = -1,
	};
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	for (int i = 0; i < 2; i++) {
		close_fd(&fixture->pipe[i]);
		close_fd(&fixture->back[i]);
	}
	if (chdir("/") < 0 || fs_remove_tree_at(AT_FDCWD, fixture->directory, &err) < 0)
		return -1;
	free(fixture);
	return 0;
}

static struct copy_entry entry(enum copy_type type, const char *name, const char *target)
{
	struct copy_entry made = {.type = type, .attributes = {.mode = 0640}};

	snprintf(made.name, sizeof(made.name), "%s", name);
	snprintf(made.target, sizeof(made.target), "%s", target);
	return made;
}

static void put(struct fixture *fixture, enum copy_type type, const char *name, const char *target)
{
	const struct copy_entry made = entry(type, name, target);

	assert_int_equal(copy_put(&fixture->in, &made, NULL), 0);
}

/* The last of what was left out. */
static struct error kept;

static void keep(const char *container, const struct error *fault)
{
	(void)container;
	kept = *fault;
}

static int receive(struct fixture *fixture, struct error *err)
{
	char *sources[] = {(char *)(uintptr_t) "tree", NULL};
	struct copy_faults faults = {.tell = keep};
	const struct copy_target target = {
		.path = "to", .sources = sources, .count = 1, .faults = &faults};

	error_clear(&kept);
	close_fd(&fixture->pipe[1]);
	return copy_receive(&fixture->out, &target, err);
}

static void test_there_and_back(void **state)
{
	struct fixture *fixture = *state;
	struct copy_entry sent = entry(COPY_SYMLINK, "name\nwith\tmore", "../over/there"), got;
	struct error err = {0};

	sent.attributes = (struct copy_attributes){.mode = S_IFLNK | 0777,
						   .uid = 4294967294U,
						   .gid = 7,
						   .accessed = -1,
						   .modified = INT64_MAX,
						   .accessed_ns = 1,
						   .modified_ns = 999999999};
	assert_int_equal(copy_put(&fixture->in, &sent, &err), 0);
	put(fixture, COPY_END, "", "");
	assert_int_equal(copy_take(&fixture->out, &got, &err), 0);
	assert_int_equal(got.type, COPY_SYMLINK);
	assert_string_equal(got.name, sent.name);
	assert_string_equal(got.target, sent.target);
	assert_memory_equal(&got.attributes, &sent.attributes, sizeof(got.attributes));
	assert_int_equal(copy_take(&fixture->out, &got, &err), 0);
	assert_int_equal(got.type, COPY_END);
	close_fd(&fixture->pipe[1]);
	assert_int_equal(copy_take(&fixture->out, &got, &err), -1);
	assert_int_equal(err.code, EPIPE);
}

static void test_names_are_no_paths(void **state)
{
	static const char *const names[] = {"..", ".", "a/b", "/", "/etc", "../x", "a/"};
	struct fixture *fixture = *state;
	struct copy_entry got;
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		put(fixture, COPY_FIFO, names[i], "");
		assert_int_equal(copy_take(&fixture->out, &got, &err), -1);
		assert_int_equal(err.code, EPROTO);
	}
}

static void test_what_makes_no_sense(void **state)
{
	struct fixture *fixture = *state;
	struct copy_entry wrong[] = {
		entry((enum copy_type)0, "", ""), entry((enum copy_type)12, "", ""),
		entry(COPY_SYMLINK, "link", ""),  entry(COPY_FILE, "file", "target"),
		entry(COPY_DATA, "", ""),         entry(COPY_DATA, "", ""),
		entry(COPY_FILE_END, "", ""),
	};
	struct copy_entry got;
	struct error err = {0};

	wrong[5].length = COPY_CHUNK + 1;
	wrong[6].offset = UINT64_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(copy_put(&fixture->in, &wrong[i], NULL), 0);
		assert_int_equal(copy_take(&fixture->out, &got, &err), -1);
		assert_int_equal(err.code, EPROTO);
		/* What stood behind the head is of no use any more. */
		while (fcntl(fixture->pipe[0], F_SETFL, O_NONBLOCK) == 0 &&
		       read(fixture->pipe[0], &got, sizeof(got)) > 0)
			;
	}
}

static void test_a_link_is_not_gone_through(void **state)
{
	struct fixture *fixture = *state;
	struct error err = {0};

	assert_int_equal(mkdir("victim", 0755), 0);
	put(fixture, COPY_DIRECTORY, "", "");
	put(fixture, COPY_SYMLINK, "x", "../victim");
	put(fixture, COPY_DIRECTORY, "x", "");
	put(fixture, COPY_FIFO, "planted", "");
	put(fixture, COPY_LEAVE, "", "");
	put(fixture, COPY_LEAVE, "", "");
	put(fixture, COPY_END, "", "");
	assert_int_equal(receive(fixture, &err), 0);
	assert_string_equal(kept.text, "enter to/x: Not a directory");
	assert_false(fs_exists_at(AT_FDCWD, "victim/planted"));
}

static void test_a_hard_link_stays_below_the_top(void **state)
{
	static const char *const targets[] = {"../secret", "/etc/passwd", "out/secret", "..",
					      "sub/../../secret"};
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct fixture *fixture = *state;

		assert_int_equal(fs_replace_at(AT_FDCWD, "secret", "x", 1, 0600, &err), 0);
		put(fixture, COPY_DIRECTORY, "", "");
		put(fixture, COPY_SYMLINK, "out", "..");
		put(fixture, COPY_HARDLINK, "stolen", targets[i]);
		put(fixture, COPY_LEAVE, "", "");
		put(fixture, COPY_END, "", "");
		assert_int_equal(receive(fixture, &err), 0);
		assert_memory_equal(kept.text, "link to/stolen: ", 16);
		assert_false(fs_exists_at(AT_FDCWD, "to/stolen"));
		assert_int_equal(end(state), 0);
		assert_int_equal(begin(state), 0);
	}
}

static void test_order(void **state)
{
	/* Each ends the stream at once: no name at the top, none below it, nothing to leave. */
	static const struct {
		enum copy_type type;
		const char *name, *target;
	} cases[][3] = {
		{{COPY_FIFO, "named", ""}},
		{{COPY_DIRECTORY, "", ""}, {COPY_FIFO, "", ""}},
		{{COPY_LEAVE, "", ""}},
		{{COPY_FILE_END, "", ""}},
		{{COPY_DIRECTORY, "", ""}, {COPY_END, "", ""}},
		{{COPY_END, "", ""}},
		{{COPY_FIFO, "", ""}, {COPY_FIFO, "", ""}},
		{{COPY_HARDLINK, "", "x"}},
		{{COPY_FILE, "", ""}, {COPY_FIFO, "", ""}},
		{{COPY_DIRECTORY, "", ""}, {COPY_HARDLINK, "x", "y"}, {COPY_END, "", ""}},
	};
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *fixture = *state;
		AUTO_STRLIST struct strlist names = {0};

		for (size_t j = 0; j < 3 && cases[i][j].type; j++)
			put(fixture, cases[i][j].type, cases[i][j].name, cases[i][j].target);
		assert_int_equal(receive(fixture, &err), -1);
		assert_int_equal(err.code, EPROTO);
		/* Nothing half done has stayed. */
		assert_int_equal(fs_list_at(AT_FDCWD, ".", &names, NULL), 0);
		for (size_t j = 0; j < names.count; j++)
			assert_string_equal(names.items[j], "to");
		assert_int_equal(end(state), 0);
		assert_int_equal(begin(state), 0);
	}
}

static void test_cut_short(void **state)
{
	struct fixture *fixture = *state;
	struct copy_entry data = entry(COPY_DATA, "", "");
	struct error err = {0};

	data.length = 10;
	put(fixture, COPY_FILE, "", "");
	assert_int_equal(copy_put(&fixture->in, &data, NULL), 0);
	assert_int_equal(copy_put_bytes(&fixture->in, "12345", 5, NULL), 0);
	assert_int_equal(receive(fixture, &err), -1);
	assert_int_equal(err.code, EPIPE);
	assert_false(fs_exists_at(AT_FDCWD, "to"));
}

static unsigned int told;

static void tell(const char *container, const struct error *fault)
{
	assert_string_equal(container, "web");
	assert_non_null(strstr(fault->text, "tree/broken"));
	told++;
}

static void test_what_cannot_be_read(void **state)
{
	struct fixture *fixture = *state;
	struct copy_faults faults = {.tell = tell, .container = "web"};
	const struct copy_sender inside = {.stream = &fixture->in, .follow = true};
	const struct copy_sender here = {.stream = &fixture->in, .follow = true, .faults = &faults};
	char *sources[] = {(char *)(uintptr_t) "tree", (char *)(uintptr_t) "tree/broken",
			   (char *)(uintptr_t) "tree", NULL};
	const struct copy_target target = {
		.path = "to", .sources = sources, .count = 3, .faults = &faults};
	struct error err = {0};

	assert_int_equal(mkdir("tree", 0700), 0);
	assert_int_equal(mkdir("to", 0700), 0);
	assert_int_equal(symlink("nowhere", "tree/broken"), 0);
	assert_int_equal(mkfifo("tree/pipe", 0600), 0);
	told = 0;
	assert_int_equal(copy_send(&here, "tree", &err), 0);
	assert_int_equal(told, 1);
	for (size_t i = 1; i < 3; i++)
		assert_int_equal(copy_send(&inside, sources[i], &err), 0);
	assert_int_equal(told, 1);
	assert_int_equal(copy_send_end(&inside, &err), 0);
	close_fd(&fixture->pipe[1]);
	assert_int_equal(copy_receive(&fixture->out, &target, &err), 0);
	assert_int_equal(told, 4);
	assert_int_equal(faults.count, 4);
	assert_true(fs_exists_at(AT_FDCWD, "to/tree/pipe"));
	assert_false(fs_exists_at(AT_FDCWD, "to/tree/broken"));
	assert_false(fs_exists_at(AT_FDCWD, "to/broken"));
}

static void put_file_with_data(struct fixture *fixture, const char *name)
{
	struct copy_entry data = entry(COPY_DATA, "", "");

	data.length = 4;
	put(fixture, COPY_FILE, name, "");
	assert_int_equal(copy_put(&fixture->in, &data, NULL), 0);
	assert_int_equal(copy_put_bytes(&fixture->in, "data", 4, NULL), 0);
	put(fixture, COPY_FILE_END, "", "");
}

/* In a place where a directory is: a file with more to come, a link to that, a tree. */
static void put_what_is_in_the_way(struct fixture *fixture)
{
	assert_int_equal(mkdir("to", 0700), 0);
	assert_int_equal(mkdir("to/taken", 0700), 0);
	assert_int_equal(symlink("taken", "to/link"), 0);
	put(fixture, COPY_DIRECTORY, "", "");
	put_file_with_data(fixture, "taken");
	put(fixture, COPY_HARDLINK, "other", "taken");
	put(fixture, COPY_DIRECTORY, "link", "");
	put_file_with_data(fixture, "in");
	put(fixture, COPY_DIRECTORY, "deeper", "");
	put(fixture, COPY_LEAVE, "", "");
	put(fixture, COPY_LEAVE, "", "");
	put(fixture, COPY_HARDLINK, "another", "link/in");
	put(fixture, COPY_FIFO, "last", "");
	put(fixture, COPY_LEAVE, "", "");
	put(fixture, COPY_END, "", "");
}

static void assert_all_else_is_there(void)
{
	AUTO_STRLIST struct strlist names = {0};

	assert_int_equal(fs_list_at(AT_FDCWD, "to/.", &names, NULL), 0);
	strlist_sort(&names);
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], "last");
	assert_string_equal(names.items[1], "link");
	assert_string_equal(names.items[2], "taken");
	assert_int_equal(rmdir("to/taken"), 0);
}

static void count(const char *container, const struct error *fault)
{
	static const struct {
		const char *text, *hint;
	} expected[] = {
		{"replace to/taken: Is a directory", ""},
		{"make to/other", "it is another name of what was left out: taken"},
		{"enter to/link: Not a directory", ""},
		{"make to/another", "it is another name of what was left out: link/in"},
	};

	assert_string_equal(container, "web");
	assert_in_range(told, 0, ARRAY_SIZE(expected) - 1);
	assert_string_equal(fault->text, expected[told].text);
	assert_string_equal(fault->hint, expected[told].hint);
	told++;
}

/* Told by who makes them, or by who sends them. */
static void test_what_cannot_be_made(void **state)
{
	char *sources[] = {(char *)(uintptr_t) ".", NULL};
	struct copy_target target = {.path = "to", .sources = sources, .count = 1};

	for (int back = 0; back < 2; back++) {
		struct fixture *fixture = *state;
		struct copy_faults faults = {.tell = count, .container = "web"};
		struct error err = {0};

		told = 0;
		put_what_is_in_the_way(fixture);
		target.faults = back ? NULL : &faults;
		fixture->in.back = &faults;
		assert_int_equal(copy_receive(&fixture->out, &target, &err), 0);
		if (back)
			assert_int_equal(copy_take_back(&fixture->in, &err), 0);
		assert_int_equal(told, 4);
		assert_int_equal(faults.count, 4);
		assert_all_else_is_there();
		assert_int_equal(end(state), 0);
		assert_int_equal(begin(state), 0);
	}
}

static void test_modes_and_holes(void **state)
{
	struct fixture *fixture = *state;
	const struct copy_sender sender = {.stream = &fixture->in};
	AUTO_FD int fd = open("tree", O_WRONLY | O_CREAT | O_EXCL, 0600);
	struct error err = {0};
	struct stat from, to;

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "middle", 6, 1 << 20), 6);
	assert_int_equal(ftruncate(fd, 3 << 20), 0);
	assert_int_equal(fchmod(fd, 06751), 0);
	assert_int_equal(fstat(fd, &from), 0);
	assert_int_equal(copy_send(&sender, "tree", &err), 0);
	assert_int_equal(copy_send_end(&sender, &err), 0);
	assert_int_equal(receive(fixture, &err), 0);
	assert_int_equal(stat("to", &to), 0);
	assert_int_equal(to.st_mode & 07777, 0751);
	assert_int_equal(to.st_size, 3 << 20);
	assert_int_equal(to.st_mtim.tv_nsec, from.st_mtim.tv_nsec);
	assert_true(to.st_blocks < (1 << 20) / 512);
}

static void test_told_to_stop(void **state)
{
	struct fixture *fixture = *state;
	struct copy_entry got;
	struct error err = {0};
	int stop[2];

	assert_int_equal(pipe(stop), 0);
	fixture->out.stop_fd = stop[0];
	put(fixture, COPY_END, "", "");
	assert_int_equal(copy_take(&fixture->out, &got, &err), 0);
	put(fixture, COPY_END, "", "");
	assert_int_equal(write(stop[1], "x", 1), 1);
	assert_int_equal(copy_take(&fixture->out, &got, &err), -1);
	assert_string_equal(err.text, "interrupted");
	close(stop[0]);
	close(stop[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_there_and_back, begin, end),
		cmocka_unit_test_setup_teardown(test_names_are_no_paths, begin, end),
		cmocka_unit_test_setup_teardown(test_what_makes_no_sense, begin, end),
		cmocka_unit_test_setup_teardown(test_a_link_is_not_gone_through, begin, end),
		cmocka_unit_test_setup_teardown(test_a_hard_link_stays_below_the_top, begin, end),
		cmocka_unit_test_setup_teardown(test_order, begin, end),
		cmocka_unit_test_setup_teardown(test_cut_short, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_read, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_made, begin, end),
		cmocka_unit_test_setup_teardown(test_modes_and_holes, begin, end),
		cmocka_unit_test_setup_teardown(test_told_to_stop, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
