/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup: killing what does not want to go, and removing what it made. */
#include "cgroup_fixture.h"

static void fork_tree(void)
{
	for (int i = 0; i < 3; i++)
		fork();
	setsid();
	wait_for_ever();
}

static bool holds_eight(pid_t pid)
{
	struct cgroup_usage usage;

	(void)pid;
	cgroup_read_usage(&host, "web", &usage);
	return usage.pids == 8;
}

static void test_kill_tree(void **state)
{
	char path[CGROUP_PATH_SIZE];
	pid_t pid;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	pid = start_in(&host, "web", fork_tree);
	assert_true(comes_true(holds_eight, pid));
	/* A frozen one dies as well. */
	cgroup_path(&host, "web", "cgroup.freeze", path);
	if (host.hierarchies[0].v2)
		assert_ok(fs_write_at(host.hierarchies[0].fd, path, "1", &err));
	assert_ok(cgroup_remove(&host, "web", TIMEOUT_MS, &err));
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
}

/* Forks for ever; each generation leaves at once, so that no list of pids is true for long. */
static void fork_for_ever(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
	}
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

static void test_kill_forking(void **state)
{
	struct limits limits = unlimited;
	char path[CGROUP_PATH_SIZE];
	pid_t pid;

	(void)state;
	cgroup_path(&host, "web", NULL, path);
	limits.pids = 64;
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	pid = start_in(&host, "web", fork_for_ever);
	assert_true(comes_true(has_ended, pid));
	wait_status(pid);
	assert_ok(cgroup_kill(&host, "web", TIMEOUT_MS, &err));
	/* Not pids.current: zombies that init has yet to reap count there. */
	assert_int_equal(cgroup_list_processes(&host.hierarchies[0], path, &pid, 1, &err), 0);
}

/* The same host without its v2 tree, its fds borrowed. */
static bool make_pure_v1(struct cgroup_host *v1)
{
	*v1 = host;
	v1->count = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < host.count; i++)
			if (!host.hierarchies[i].v2 &&
			    cgroup_list_has(host.hierarchies[i].controllers, "pids") == !pass)
				v1->hierarchies[v1->count++] = host.hierarchies[i];
	return v1->count > 0 && cgroup_list_has(v1->hierarchies[0].controllers, "pids");
}

static void test_pure_v1(void **state)
{
	struct limits limits = limited(64, 32 * MIB, 50000);
	struct cgroup_host v1;
	pid_t pid;

	(void)state;
	if (!make_pure_v1(&v1)) {
		print_message("needs cgroup v1 hierarchies\n");
		skip();
	}
	assert_ok(cgroup_create(&v1, "web", &limits, &err));
	pid = start_in(&v1, "web", fork_tree);
	assert_true(comes_true(holds_eight, pid));
	assert_true(cgroup_contains(&v1, "web", pid));
	assert_ok(cgroup_kill(&v1, "web", TIMEOUT_MS, &err));
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
	assert_ok(cgroup_set_limits(&v1, "web", &limits, &err));
	pid = start_in(&v1, "web", fork_for_ever);
	assert_true(comes_true(has_ended, pid));
	wait_status(pid);
	assert_ok(cgroup_remove(&v1, "web", TIMEOUT_MS, &err));
	cgroup_remove_parent(&v1, TIMEOUT_MS);
	assert_false(exists(&v1, parent));
}

/* The kill with signals also has to work where cgroup.kill is missing: on v2. */
static void test_kill_by_signals(void **state)
{
	uint64_t deadline = cgroup_deadline(TIMEOUT_MS);
	pid_t pid;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	pid = start_in(&host, "web", fork_tree);
	assert_true(comes_true(holds_eight, pid));
	assert_ok(cgroup_kill_by_signals(&host, &host.hierarchies[0], "web", deadline, &err));
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
}

/* What a payload with access to its cgroup might do. */
static void nest(void)
{
	static const char *const names[] = {"a", "b", "a/deep", "a/deep/deeper"};

	for (int i = 0; i < host.count; i++) {
		const struct cgroup_hierarchy *hierarchy = &host.hierarchies[i];
		char path[CGROUP_PATH_SIZE];

		if (hierarchy->optional)
			continue;
		for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
			cgroup_path(&host, "web", names[n], path);
			if (mkdirat(hierarchy->fd, path, 0755) < 0 ||
			    (!hierarchy->v2 && cgroup_inherit_cpuset(hierarchy, path, NULL) < 0))
				_exit(1);
		}
		strcat(path, "/cgroup.procs");
		if (fs_write_at(hierarchy->fd, path, "0", NULL) < 0)
			_exit(2);
	}
	wait_for_ever();
}

static bool is_nested(pid_t pid)
{
	char path[CGROUP_PATH_SIZE];
	int last = host.count - 1;

	while (host.hierarchies[last].optional)
		last--;
	cgroup_path(&host, "web", "a/deep/deeper", path);
	return cgroup_holds(&host.hierarchies[last], path, pid);
}

static void test_remove_nested(void **state)
{
	pid_t pid;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	pid = start_in(&host, "web", nest);
	assert_true(comes_true(is_nested, pid));
	assert_true(cgroup_contains(&host, "web", pid));
	assert_ok(cgroup_remove(&host, "web", TIMEOUT_MS, &err));
	cgroup_remove_parent(&host, TIMEOUT_MS);
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
	assert_false(exists(&host, parent));
}

/* Left by a crash: without processes it is made afresh, with some it is refused. */
static void test_leftover(void **state)
{
	struct limits limits = unlimited;
	char path[CGROUP_PATH_SIZE];
	pid_t pid;

	(void)state;
	limits.pids = 5;
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	cgroup_path(&host, "web", "old", path);
	assert_int_equal(mkdirat(host.hierarchies[0].fd, path, 0755), 0);
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	assert_false(exists(&host, path));
	assert_file("pids", "pids.max", "max");
	pid = start_in(&host, "web", wait_for_ever);
	assert_true(comes_true(is_in_web, pid));
	assert_int_equal(cgroup_create(&host, "web", &limits, &err), -1);
	assert_int_equal(err.code, EBUSY);
	assert_says("holds process");
	assert_ok(cgroup_kill(&host, "web", TIMEOUT_MS, &err));
	wait_status(pid);
}

/* A process that cannot be waited for in time is named. */
static void test_kill_timeout(void **state)
{
	char path[CGROUP_PATH_SIZE], number[16];
	pid_t pid;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	pid = start_in(&host, "web", wait_for_ever);
	assert_true(comes_true(is_in_web, pid));
	cgroup_path(&host, "web", NULL, path);
	snprintf(number, sizeof(number), "%d", (int)pid);
	if (host.hierarchies[0].v2)
		assert_int_equal(cgroup_v2_wait_event(&host.hierarchies[0], path, "populated",
						      false, cgroup_deadline(20), &err),
				 0);
	/* Time is up before it began: what is still there is named, and dies nevertheless. */
	if (cgroup_kill_by_signals(&host, &host.hierarchies[0], "web", 0, &err) < 0) {
		assert_int_equal(err.code, ETIMEDOUT);
		assert_says(number);
	}
	wait_status(pid);
}

/* ---- standing still ---- */

static volatile uint64_t *counter; /* shared with the child */

static void count(void)
{
	for (;;)
		++*counter;
}

static bool counts(pid_t pid)
{
	uint64_t before = *counter;

	(void)pid;
	poll(NULL, 0, 5);
	return *counter > before;
}

static void assert_freezes(const struct cgroup_host *where)
{
	pid_t pid;
	uint64_t before;

	*counter = 0;
	assert_ok(cgroup_create(where, "web", &unlimited, &err));
	pid = start_in(where, "web", count);
	assert_true(comes_true(counts, pid));
	assert_ok(cgroup_freeze(where, "web", true, TIMEOUT_MS, &err));
	before = *counter;
	poll(NULL, 0, 50);
	assert_true(*counter == before);
	assert_ok(cgroup_freeze(where, "web", true, TIMEOUT_MS, &err));
	assert_ok(cgroup_freeze(where, "web", false, TIMEOUT_MS, &err));
	assert_true(comes_true(counts, pid));
	/* Who is killed dies, standing still or not. */
	assert_ok(cgroup_freeze(where, "web", true, TIMEOUT_MS, &err));
	assert_ok(cgroup_kill(where, "web", TIMEOUT_MS, &err));
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
	assert_ok(cgroup_remove(where, "web", TIMEOUT_MS, &err));
	assert_int_equal(cgroup_freeze(where, "web", true, TIMEOUT_MS, &err), -1);
}

static void test_freeze(void **state)
{
	struct cgroup_host v1;
	struct cgroup_hierarchy *freezer;

	(void)state;
	counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true((void *)counter != MAP_FAILED);
	assert_freezes(&host);
	if (make_pure_v1(&v1)) {
		AUTO_FD int fd = open("/sys/fs/cgroup/freezer", O_PATH | O_DIRECTORY | O_CLOEXEC);

		/* Where there is a v2 tree as well it is not among those of the host. */
		if (fd >= 0 && !cgroup_find(&v1, "freezer")) {
			freezer = &v1.hierarchies[v1.count++];
			*freezer = (struct cgroup_hierarchy){.fd = fd};
			snprintf(freezer->controllers, sizeof(freezer->controllers), "freezer");
			snprintf(freezer->root, sizeof(freezer->root), "/");
		}
		if (cgroup_find(&v1, "freezer"))
			assert_freezes(&v1);
		cgroup_remove_parent(&v1, TIMEOUT_MS);
		assert_false(exists(&v1, parent));
	}
	munmap((void *)counter, sizeof(*counter));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kill_tree),       TEST(test_kill_forking),  TEST(test_pure_v1),
		TEST(test_kill_by_signals), TEST(test_remove_nested), TEST(test_leftover),
		TEST(test_kill_timeout),    TEST(test_freeze),
	};

	return RUN("cgroup_kill", tests);
}
