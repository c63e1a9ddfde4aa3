/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a container: written, read back, damaged in every way, locked. */
#include "state_fixture.h"

#include "config/origin.h"
#include "config/source.h"
#include "state/record_looks.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static struct record example(void)
{
	struct record record = {
		.name = xstrdup("web"),
		.phase = PHASE_RUNNING,
		.init = {.pid = getpid()},
		.started_at = 1700000000,
		.started_boottime = 77,
		.cgroup_parent = xstrdup("cman"),
		.stop_signal = 15,
		.oom_kills = 2,
		.transient = true,
		.applied = true,
		.memory_limit = 67108864,
		.memory_origin = xstrdup("/etc/cman/conf.d/my web.conf:3"),
		.stop_timeout_ms = 10000,
	};

	assert_int_equal(process_identify(getpid(), &record.init, NULL), 0);
	record.supervisor = record.keeper = record.init;
	id_generate(record.instance);
	assert_int_equal(process_boot_id(record.boot_id, NULL), 0);
	strlist_add(&record.steps, "files");
	strlist_add(&record.steps, "cgroup");
	strlist_add(&record.addresses, "cman0 10.83.0.10 eth0");
	strlist_add(&record.ports, "8080:80");
	strlist_add(&record.marks, "privileged");
	strlist_add(&record.exchange, "db");
	record.terminal_lost = true;
	strlist_add(&record.sources, "17.000000001 120 4711 /etc/cman/conf.d/my web.conf");
	strlist_add(&record.sources, "");
	return record;
}

/* Of another process that has its number now. */
static void make_other(struct process_identity *identity)
{
	identity->start_time++;
	if (identity->inode)
		identity->inode++;
}

static void write_example(void)
{
	AUTO_RECORD struct record record = example();
	struct error err = {0};
	int lock_fd = record_lock(&state, "web", 0, &err);

	assert_true(lock_fd >= 0);
	assert_int_equal(record_write(&state, &record, &err), 0);
	close(lock_fd);
}

static void put_file(const char *name, const char *text)
{
	AUTO_FREE char *path = xprintf("web/%s", name);

	fs_remove_tree_at(state.containers_fd, path, NULL);
	assert_int_equal(fs_rewrite_at(state.containers_fd, path, text, strlen(text), 0600, NULL), 0);
}

static void read_source(const char *path, struct strlist *sources)
{
	struct error err;

	strlist_clear(sources);
	source_collect(sources);
	assert_int_equal(source_read(source_get(path), true, &err), 0);
	source_collect(NULL);
	assert_int_equal(sources->count, 1);
}

static void write_source(const char *path, const char *text)
{
	const struct timespec ticks = {.tv_nsec = 100000000};

	assert_int_equal(fs_rewrite_at(AT_FDCWD, path, text, strlen(text), 0600, NULL), 0);
	nanosleep(&ticks, NULL); /* what is newer is not known again */
}

/* By its times: two texts of the same length in one file. */
static bool is_as_files(const struct record *record)
{
	const char *known = NULL;

	return record_is_as_files(record, &known);
}

static void test_files_are_known_again(void **data)
{
	AUTO(manager_clear) struct manager manager = {0};
	AUTO(spec_clear) struct spec spec = {0};
	AUTO_RECORD struct record record = {0};
	AUTO_FREE char *one = xprintf("/tmp/cman-test-%d-1.conf", (int)getpid());
	AUTO_FREE char *two = xprintf("/tmp/cman-test-%d-2.conf", (int)getpid());

	(void)data;
	write_source(one, "a = 1;");
	write_source(two, "b = 1;");
	read_source(one, &manager.sources);
	read_source(two, &spec.sources);
	record_set_sources(&record, &manager, &spec);
	assert_true(is_as_files(&record));
	write_source(two, "b = 2;");
	assert_false(is_as_files(&record));
	read_source(two, &spec.sources);
	record_set_sources(&record, &manager, &spec);
	assert_true(is_as_files(&record));
	unlink(two);
	assert_false(is_as_files(&record));
	unlink(one);
	/* A record of an older cman has none. */
	strlist_clear(&record.sources);
	assert_false(is_as_files(&record));
}

static void test_read_is_what_was_written(void **data)
{
	AUTO_RECORD struct record written = example();
	AUTO_RECORD struct record read = {0};

	(void)data;
	write_example();
	assert_int_equal(record_read(&state, "web", &read, NULL), 1);
	assert_string_equal(read.name, "web");
	assert_string_equal(read.boot_id, written.boot_id);
	assert_int_equal(read.phase, PHASE_RUNNING);
	assert_int_equal(read.init.pid, written.init.pid);
	assert_int_equal(read.init.start_time, written.init.start_time);
	assert_true(read.init.inode == written.init.inode);
	assert_int_equal(read.stop_timeout_ms, 10000);
	assert_true(strlist_equal(&read.steps, &written.steps));
	assert_true(strlist_equal(&read.addresses, &written.addresses));
	assert_true(strlist_equal(&read.ports, &written.ports));
	assert_true(strlist_equal(&read.marks, &written.marks));
	assert_true(strlist_equal(&read.exchange, &written.exchange));
	assert_true(read.terminal_lost);
	assert_true(strlist_equal(&read.sources, &written.sources));
	assert_int_equal(read.oom_kills, 2);
	assert_true(read.transient);
	assert_true(read.applied);
	assert_int_equal(read.memory_limit, 67108864);
	assert_string_equal(read.memory_origin, written.memory_origin);
	assert_false(read.exited);
	assert_int_equal(record_liveness(&read), LIVE_RUNNING);
}

static void test_memory_limit_has_a_place(void **data)
{
	AUTO_RECORD struct record record = {0};
	struct spec spec = {.limits = {.memory = LIMIT_MAX}};

	(void)data;
	record_set_memory_limit(&record, &spec);
	assert_int_equal(record.memory_limit, 0);
	assert_null(record.memory_origin);
	spec.limits.memory = 4096;
	record_set_memory_limit(&record, &spec);
	assert_int_equal(record.memory_limit, 4096);
	assert_null(record.memory_origin);
	origin_set(&spec.origins, "limits.memory", (struct location){.file = "/x/web.conf", .line = 7},
		   NULL);
	record_set_memory_limit(&record, &spec);
	assert_string_equal(record.memory_origin, "/x/web.conf:7");
	spec_clear(&spec);
}

static void test_missing_is_no_error(void **data)
{
	struct record record = {0};

	(void)data;
	assert_int_equal(record_read(&state, "nobody", &record, NULL), 0);
}

static void test_exit_is_the_supervisors_word(void **data)
{
	AUTO_RECORD struct record record = {0};

	(void)data;
	write_example();
	put_file("exit", "status 768\nended 1700000100\n");
	assert_int_equal(record_read(&state, "web", &record, NULL), 1);
	assert_true(record.exited);
	assert_int_equal(WEXITSTATUS(record.wait_status), 3);
	assert_int_equal(record.ended_at, 1700000100);
}

/* Who looks gets the word on an end of what has ended, and no other. */
static void test_look(void **data)
{
	AUTO_RECORD struct record record = {0}, ended = example();
	enum liveness liveness = LIVE_STALE;
	int lock_fd;

	(void)data;
	assert_int_equal(record_look(&state, "web", &record, &liveness, NULL), 0);
	assert_int_equal(liveness, LIVE_NONE);
	write_example();
	put_file("exit", "status 768\nended 1700000100\n");
	assert_int_equal(record_look(&state, "web", &record, &liveness, NULL), 1);
	assert_int_equal(liveness, LIVE_RUNNING);
	assert_false(record.exited);
	record_clear(&record);
	make_other(&ended.init);
	lock_fd = record_lock(&state, "web", 0, NULL);
	assert_int_equal(record_write(&state, &ended, NULL), 0);
	close(lock_fd);
	assert_int_equal(record_look(&state, "web", &record, &liveness, NULL), 1);
	assert_int_equal(liveness, LIVE_STALE);
	assert_true(record.exited);
}

/* The kernel puts the name of the program in front of what is asked for, as it is. */
static void write_of(const char *name, bool damaged)
{
	AUTO_RECORD struct record record = example();
	AUTO_FREE char *path = xprintf("%s/record", name);

	free(record.name);
	record.name = xstrdup(name);
	assert_int_equal(mkdirat(state.containers_fd, name, 0700), 0);
	if (damaged)
		assert_int_equal(
			fs_rewrite_at(state.containers_fd, path, "version 1\n", 10, 0600, NULL), 0);
	else
		assert_int_equal(record_write(&state, &record, NULL), 0);
}

/* Enough of them for several threads. */
static void test_look_at_many(void **data)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FREE struct record_look *looks = NULL;

	(void)data;
	for (int i = 0; i < 1000; i++) {
		AUTO_FREE char *name = xprintf("web%d", i);

		strlist_add(&names, name);
		if (i % 7)
			write_of(name, i % 11 == 0);
	}
	looks = record_look_all(&state, &names);
	for (int i = 0; i < 1000; i++) {
		struct record_look *look = &looks[i];

		assert_int_equal(look->found, i % 7 == 0 ? 0 : i % 11 == 0 ? -1 : 1);
		if (look->found > 0)
			assert_string_equal(look->record.name, names.items[i]);
		assert_int_equal(look->liveness, look->found > 0 ? LIVE_RUNNING : LIVE_NONE);
		assert_true(look->found < 0 ? strstr(look->error->text, names.items[i]) != NULL
					    : look->error == NULL);
		record_look_clear(look);
	}
}

static void test_look_where_nothing_was_started(void **data)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FREE struct record_look *looks = NULL;

	(void)data;
	strlist_add(&names, "web");
	looks = record_look_all(NULL, &names);
	assert_int_equal(looks[0].found, 0);
	assert_int_equal(looks[0].liveness, LIVE_NONE);
}

static void test_name_of_the_program(void **data)
{
	struct process_identity known, now;
	char name[16];

	(void)data;
	prctl(PR_GET_NAME, name);
	assert_int_equal(process_identify(getpid(), &known, NULL), 0);
	assert_true(known.start_time > 0);
	prctl(PR_SET_NAME, ") Z 1 (2) X 3");
	assert_int_equal(process_identify(getpid(), &now, NULL), 0);
	assert_true(now.start_time == known.start_time);
	assert_true(process_is_there(&known));
	prctl(PR_SET_NAME, name);
}

static void expect_exit(const char *text, bool exited, uint64_t ended_at, enum record_purpose purpose)
{
	AUTO_RECORD struct record record = {0};

	put_file("exit", text);
	assert_int_equal(record_read(&state, "web", &record, NULL), 1);
	assert_int_equal(record.exited, exited);
	assert_int_equal(record.ended_at, ended_at);
	assert_int_equal(record.purpose, purpose);
}

static void test_exit_without_status_and_with_purpose(void **data)
{
	(void)data;
	write_example();
	expect_exit("ended 1700000100\n", false, 1700000100, PURPOSE_NONE);
	expect_exit("status 9\nended 1700000100\nfor stop\n", true, 1700000100, PURPOSE_STOP);
	expect_exit("ended 1700000100\nfor restart\n", false, 1700000100, PURPOSE_RESTART);
	expect_exit("status 9\nended 1700000100\nfor fun\n", true, 1700000100, PURPOSE_NONE);
	expect_exit("status 9\n", false, 0, PURPOSE_NONE);
	expect_exit("", false, 0, PURPOSE_NONE);
}

static void test_restarts_there_and_back(void **data)
{
	AUTO_RECORD struct record written = example();
	AUTO_RECORD struct record read = {0};
	int lock_fd = record_lock(&state, "web", 0, NULL);

	(void)data;
	written.restarts = (struct record_restarts){
		.count = 7,
		.retries = 3,
		.due_ms = UINT64_MAX,
		.has_last = true,
		.last_exited = true,
		.last_status = 256,
		.last_oom_killed = true,
		.last_ended_at = 1700000100,
	};
	assert_int_equal(record_write(&state, &written, NULL), 0);
	assert_int_equal(record_read(&state, "web", &read, NULL), 1);
	assert_memory_equal(&read.restarts, &written.restarts, sizeof(read.restarts));
	close(lock_fd);
}

/* Its supervisor is who waits; without one nobody does. */
static void test_waiting(void **data)
{
	AUTO_RECORD struct record record = example();

	(void)data;
	record.phase = PHASE_RESTARTING;
	record.init = (struct process_identity){0};
	assert_int_equal(record_liveness(&record), LIVE_WAITING);
	record.boot_id[0] ^= 1;
	assert_int_equal(record_liveness(&record), LIVE_STALE);
	record.boot_id[0] ^= 1;
	make_other(&record.supervisor);
	assert_int_equal(record_liveness(&record), LIVE_STALE);
}

/* Every prefix of a record, and everything it never was, is refused and never crashes. */
static void test_damaged(void **data)
{
	static const char *const texts[] = {
		"", "\n", "end\n", "version 2\nend\n", "garbage", "name\nend\n",
		"version 1\nname other\nend\n", "version 1\nname web\ninit 1\nend\n",
		"version 1\nname web\ninit -4 5\nend\n", "version 1\nname web\ninit 4 5 \nend\n",
		"version 1\nname web\ninit 4 5 -6\nend\n", "version 1\nname web\ninit 4 5 6 7\nend\n",
		"version 1\nname web\ninit 4  6\nend\n", "version 1\nname web\ninit 4 5 18446744073709551616\nend\n",
		"version 1\nname web\ninit 99999999999 5\nend\n", "version 1\nname web\nend\n", "version 1\nname web\nphase flying\nend\n",
		"version 1\nname web\nmemory-limit 5x\nend\n", "version 1\nname web\nmemory-limit\nend\n",
		"version 1\nname web\nboot short\nend\n",
		"version 1\nname web\nlast-end 1 2 3\nend\n", "version 1\nname web\nretries -1\nend\n", "version 1\nname web\nend\nmore 1\n",
	};
	AUTO_TEXT struct text good = {0};
	struct record record = {0};

	(void)data;
	write_example();
	assert_int_equal(fs_read_at(state.containers_fd, "web/record", 65536, &good, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct error err = {0};

		put_file("record", texts[i]);
		assert_int_equal(record_read(&state, "web", &record, &err), -1);
		assert_non_null(strstr(err.text, "record of web"));
	}
	for (size_t length = 0; length < good.length; length++) {
		AUTO_FREE char *prefix = strndup(good.data, length);

		put_file("record", prefix);
		assert_int_equal(record_read(&state, "web", &record, NULL), -1);
	}
}

/* A container that an earlier cman has started is still stopped by this one. */
static void test_line_of_an_earlier_version(void **data)
{
	AUTO_RECORD struct record record = {0};
	AUTO_TEXT struct text text = {0}, older = {0};

	(void)data;
	write_example();
	assert_int_equal(fs_read_at(state.containers_fd, "web/record", 65536, &text, NULL), 0);
	assert_null(strstr(text.data, "firewall-prefix"));
	text_addf(&older, "%.*sfirewall-prefix CMAN\nend\n", (int)(text.length - strlen("end\n")),
		  text.data);
	put_file("record", older.data);
	assert_int_equal(record_read(&state, "web", &record, NULL), 1);
	assert_int_equal(record_liveness(&record), LIVE_RUNNING);
	assert_int_equal(record.steps.count, 2);
}

/* Without the inode of its pidfd, as an earlier cman wrote it and one on an older kernel does. */
static void test_identity_of_an_earlier_version(void **data)
{
	AUTO_RECORD struct record record = example(), read = {0};
	AUTO_FREE char *line = xprintf("\ninit %d %" PRIu64 "\n", (int)record.init.pid,
				       record.init.start_time);
	AUTO_TEXT struct text text = {0};

	(void)data;
	write_example();
	record.init.inode = 0;
	assert_int_equal(record_write(&state, &record, NULL), 0);
	assert_int_equal(fs_read_at(state.containers_fd, "web/record", 65536, &text, NULL), 0);
	assert_non_null(strstr(text.data, line));
	assert_int_equal(record_read(&state, "web", &read, NULL), 1);
	assert_true(read.init.inode == 0);
	assert_int_equal(record_liveness(&read), LIVE_RUNNING);
	read.init.start_time++;
	assert_int_equal(record_liveness(&read), LIVE_STALE);
}

static void test_not_a_file(void **data)
{
	struct record record = {0};

	(void)data;
	write_example();
	assert_int_equal(unlinkat(state.containers_fd, "web/record", 0), 0);
	assert_int_equal(mkfifoat(state.containers_fd, "web/record", 0600), 0);
	assert_int_equal(record_read(&state, "web", &record, NULL), -1);
	assert_int_equal(unlinkat(state.containers_fd, "web/record", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", state.containers_fd, "web/record"), 0);
	assert_int_equal(record_read(&state, "web", &record, NULL), -1);
	assert_int_equal(unlinkat(state.containers_fd, "web/record", 0), 0);
	assert_int_equal(mkdirat(state.containers_fd, "web/record", 0700), 0);
	assert_int_equal(record_read(&state, "web", &record, NULL), -1);
}

static void test_not_believed(void **data)
{
	AUTO_RECORD struct record record = example();

	(void)data;
	assert_int_equal(record_liveness(&record), LIVE_RUNNING);
	make_other(&record.init);
	assert_int_equal(record_liveness(&record), LIVE_STALE);
	record.init = record.supervisor;
	assert_int_equal(record_liveness(&record), LIVE_RUNNING);
	record.boot_id[0] = record.boot_id[0] == 'a' ? 'b' : 'a';
	assert_int_equal(record_liveness(&record), LIVE_STALE);
	record.phase = PHASE_STOPPED;
	assert_int_equal(record_liveness(&record), LIVE_ENDED);
}

/* A second command waits, learns who holds the lock, and gets it when the first one is done. */
static void test_lock(void **data)
{
	struct error err = {0};
	int status, ready[2];
	char byte;
	pid_t child;

	(void)data;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		int lock_fd = record_lock(&state, "web", 1000, NULL);

		if (lock_fd < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(record_lock(&state, "web", 50, &err), -1);
	assert_int_equal(err.code, EAGAIN);
	AUTO_FREE char *pid = xprintf("process %d", (int)child);
	assert_non_null(strstr(err.hint, pid));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	int lock_fd = record_lock(&state, "web", 1000, &err);
	assert_true(lock_fd >= 0);
	close(lock_fd);
}

/* Whoever waited for a lock that was removed with its directory takes the new one. */
static void test_lock_removed_while_waiting(void **data)
{
	int lock_fd = record_lock(&state, "web", 0, NULL);
	struct error err = {0};
	int status;
	pid_t child;

	(void)data;
	assert_true(lock_fd >= 0);
	child = fork();
	if (child == 0) {
		struct stat held, current;
		int fd;

		close(lock_fd); /* the lock goes with the open file, which fork has shared */
		fd = record_lock(&state, "web", 5000, NULL);
		if (fd < 0 || fstat(fd, &held) < 0 ||
		    fstatat(state.containers_fd, "web/lock", &current, 0) < 0)
			_exit(1);
		_exit(held.st_ino == current.st_ino ? 0 : 2);
	}
	usleep(50000);
	assert_int_equal(record_remove(&state, "web", &err), 0);
	close(lock_fd);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_remove_leaves_nothing(void **data)
{
	AUTO_STRLIST struct strlist names = {0};

	(void)data;
	write_example();
	assert_int_equal(record_list(&state, &names, NULL), 0);
	assert_int_equal(names.count, 1);
	assert_int_equal(record_remove(&state, "web", NULL), 0);
	assert_int_equal(record_remove(&state, "web", NULL), 0);
	assert_false(fs_exists_at(state.containers_fd, "web"));
}

/* Notes of who takes no lock, made again and again while it is removed. */
static void test_remove_while_notes_are_made(void **data)
{
	int status;
	pid_t child;

	(void)data;
	child = fork();
	if (child == 0) {
		alarm(20);
		close(STDOUT_FILENO); /* whoever reads there does not wait for this one */
		close(STDERR_FILENO);
		for (;;) {
			AUTO_FD int dir_fd = record_open_directory(&state, "web", NULL);

			if (dir_fd >= 0)
				fs_replace_at(dir_fd, "killed", "9 1\n", 4, 0600, NULL);
		}
	}
	for (int i = 0; i < 500; i++) {
		int lock_fd = record_lock(&state, "web", 1000, NULL);

		assert_true(lock_fd >= 0);
		assert_int_equal(record_remove(&state, "web", NULL), 0);
		assert_false(fs_exists_at(state.containers_fd, "web"));
		close(lock_fd);
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
}

static void test_lock_where_the_state_directory_is_gone(void **data)
{
	const uint64_t begin = process_monotonic_ms();
	struct error err = {0};

	(void)data;
	assert_int_equal(unlinkat(state.dir_fd, "containers", AT_REMOVEDIR), 0);
	assert_int_equal(record_lock(&state, "web", 3000, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_true(process_monotonic_ms() - begin < 1000);
	assert_non_null(strstr(err.text, "make directory "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_read_is_what_was_written),
		STATE_TEST(test_files_are_known_again),
		STATE_TEST(test_memory_limit_has_a_place),
		STATE_TEST(test_missing_is_no_error),
		STATE_TEST(test_exit_is_the_supervisors_word),
		STATE_TEST(test_look),
		STATE_TEST(test_look_at_many),
		STATE_TEST(test_look_where_nothing_was_started),
		STATE_TEST(test_name_of_the_program),
		STATE_TEST(test_exit_without_status_and_with_purpose),
		STATE_TEST(test_restarts_there_and_back),
		STATE_TEST(test_waiting),
		STATE_TEST(test_damaged),
		STATE_TEST(test_line_of_an_earlier_version),
		STATE_TEST(test_identity_of_an_earlier_version),
		STATE_TEST(test_not_a_file),
		STATE_TEST(test_not_believed),
		STATE_TEST(test_lock),
		STATE_TEST(test_lock_removed_while_waiting),
		STATE_TEST(test_lock_where_the_state_directory_is_gone),
		STATE_TEST(test_remove_leaves_nothing),
		STATE_TEST(test_remove_while_notes_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
