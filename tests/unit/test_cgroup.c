/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup: finding hierarchies, entering, and limits that are really in force. */
#include "cgroup_fixture.h"

static void test_enter(void **state)
{
	struct cgroup_usage usage;
	pid_t pid;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	pid = start_in(&host, "web", wait_for_ever);
	assert_true(comes_true(is_in_web, pid));
	assert_true(cgroup_contains(&host, "web", pid));
	assert_false(cgroup_contains(&host, "we", pid));
	assert_false(cgroup_contains(&host, "web", getpid()));
	cgroup_read_usage(&host, "web", &usage);
	assert_int_equal(usage.pids, 1);
	assert_true(usage.cpu_us != UINT64_MAX && usage.memory != UINT64_MAX);
	assert_int_equal(usage.oom_kills, 0);
	assert_ok(cgroup_kill(&host, "web", TIMEOUT_MS, &err));
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
	assert_ok(cgroup_kill(&host, "web", TIMEOUT_MS, &err));
	assert_ok(cgroup_remove(&host, "web", TIMEOUT_MS, &err));
	assert_ok(cgroup_kill(&host, "web", TIMEOUT_MS, &err));
	assert_ok(cgroup_remove(&host, "web", TIMEOUT_MS, &err));
	cgroup_read_usage(&host, "web", &usage);
	assert_true(usage.pids == UINT64_MAX && usage.cpu_us == UINT64_MAX);
}

/* Born into its namespaces, before it has an id in there. */
static void test_enter_from_user_namespace(void **state)
{
	pid_t pid;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	pid = start_with((uint64_t)CLONE_NEWUSER | CLONE_NEWPID, &host, "web", wait_for_ever);
	assert_true(comes_true(is_in_web, pid));
	assert_ok(cgroup_kill(&host, "web", TIMEOUT_MS, &err));
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
}

/* Entering without CLONE_INTO_CGROUP. */
static void test_enter_by_writing(void **state)
{
	struct cgroup_entry entry;
	pid_t pid;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	assert_ok(cgroup_open_entry(&host, "web", &entry, &err));
	pid = fork();
	if (pid == 0)
		_exit(cgroup_enter(&entry, false, NULL) == 0 && is_in_web(getpid()) ? 0 : 1);
	cgroup_entry_close(&entry);
	assert_int_equal(wait_status(pid), 0);
}

/* Exit status: how many children there could be. */
static void fork_until_refused(void)
{
	for (int count = 0; count < 50; count++) {
		pid_t pid = fork();

		if (pid == 0)
			wait_for_ever();
		if (pid < 0)
			_exit(errno == EAGAIN ? count : 98);
	}
	_exit(97);
}

static void test_pids(void **state)
{
	struct limits limits = unlimited;
	struct cgroup_usage usage;
	pid_t pid;

	(void)state;
	limits.pids = 8;
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	pid = start_in(&host, "web", fork_until_refused);
	assert_int_equal(WEXITSTATUS(wait_status(pid)), 7);
	cgroup_read_usage(&host, "web", &usage);
	assert_int_equal(usage.pids, 7);
}

static void take_memory(void)
{
	char *bytes =
		mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Locked: on a host with swap the limit would only push it out. */
	mlock(bytes, 64 * MIB);
	memset(bytes, 1, 64 * MIB);
}

static void test_memory(void **state)
{
	struct limits limits = unlimited;
	struct cgroup_usage usage;
	pid_t pid;

	(void)state;
	limits.memory = 16 * MIB;
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	pid = start_in(&host, "web", take_memory);
	assert_int_equal(WTERMSIG(wait_status(pid)), SIGKILL);
	cgroup_read_usage(&host, "web", &usage);
	assert_true(usage.oom_kills >= 1 && usage.oom_kills != UINT64_MAX);
	/* The same without a limit goes well: it was the limit that killed. */
	assert_ok(cgroup_set_limits(&host, "web", &unlimited, &err));
	assert_int_equal(wait_status(start_in(&host, "web", take_memory)), 0);
}

static void spin_a_second(void)
{
	uint64_t end = process_monotonic_ms() + 1000;

	while (process_monotonic_ms() < end)
		continue;
}

static uint64_t throttled_periods(void)
{
	char path[CGROUP_PATH_SIZE];
	AUTO_TEXT struct text text = {0};
	const char *found;

	cgroup_path(&host, "web", "cpu.stat", path);
	assert_ok(fs_read_at(cgroup_find(&host, "cpu")->fd, path, 4096, &text, &err));
	found = strstr(text_value(&text), "nr_throttled ");
	assert_non_null(found);
	return strtoull(found + strlen("nr_throttled "), NULL, 10);
}

static void test_cpu(void **state)
{
	struct limits limits = unlimited;
	struct cgroup_usage usage;

	(void)state;
	limits.cpu_quota_us = CPU_PERIOD_US / 10;
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	assert_int_equal(wait_status(start_in(&host, "web", spin_a_second)), 0);
	assert_true(throttled_periods() >= 3);
	cgroup_read_usage(&host, "web", &usage);
	if (usage.cpu_us < 20000 || usage.cpu_us > 400000)
		fail_msg("%" PRIu64 " us of CPU time in a second", usage.cpu_us);
}

static void test_values(void **state)
{
	struct limits limits = limited(100, 32 * MIB + 123, 150000);
	bool v2 = host.unified;

	(void)state;
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	assert_file("pids", "pids.max", "100");
	assert_file("memory", v2 ? "memory.max" : "memory.limit_in_bytes", "33554432");
	assert_file("cpu", v2 ? "cpu.max" : "cpu.cfs_quota_us", v2 ? "150000 100000" : "150000");
	limits = limited(200, 64 * MIB, 1000);
	assert_ok(cgroup_set_limits(&host, "web", &limits, &err));
	assert_file("pids", "pids.max", "200");
	assert_file("memory", v2 ? "memory.max" : "memory.limit_in_bytes", "67108864");
	assert_file("cpu", v2 ? "cpu.max" : "cpu.cfs_quota_us", v2 ? "1000 100000" : "1000");
	assert_ok(cgroup_set_limits(&host, "web", &unlimited, &err));
	assert_file("pids", "pids.max", "max");
	assert_file("cpu", v2 ? "cpu.max" : "cpu.cfs_quota_us", v2 ? "max 100000" : "-1");
	/* Below what the kernel takes at all. */
	limits.cpu_quota_us = 1;
	assert_int_equal(cgroup_set_limits(&host, "web", &limits, &err), -1);
	assert_says("limits.cpus");
	/* A limit for what is not there. */
	assert_int_equal(cgroup_set_limits(&host, "nobody", &limits, &err), -1);
	assert_int_equal(err.code, ENOENT);
}

/* The further limits, and what each version of cgroups makes of them. */
static void test_further_values(void **state)
{
	struct limits limits = limited(LIMIT_MAX, 64 * MIB, LIMIT_MAX);
	bool v2 = host.unified;

	(void)state;
	limits.memory_high = 48 * MIB + 17;
	limits.swap = 16 * MIB;
	limits.cpu_weight = 50;
	limits.cpuset = (char[]){"0"};
	limits.mems = (char[]){"0"};
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	assert_file("memory", v2 ? "memory.high" : "memory.soft_limit_in_bytes", "50331648");
	assert_file("memory", v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
		    v2 ? "16777216" : "83886080");
	assert_file("cpu", v2 ? "cpu.weight" : "cpu.shares", v2 ? "50" : "512");
	assert_file("cpuset", "cpuset.cpus", "0");
	assert_file("cpuset", "cpuset.mems", "0");
	/* Up, down, and to nothing, while it is there. */
	limits.memory = 256 * MIB;
	limits.swap = 0;
	limits.cpu_weight = 10000;
	assert_ok(cgroup_set_limits(&host, "web", &limits, &err));
	assert_file("memory", v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
		    v2 ? "0" : "268435456");
	limits.memory = 32 * MIB;
	assert_ok(cgroup_set_limits(&host, "web", &limits, &err));
	assert_ok(cgroup_set_limits(&host, "web", &unlimited, &err));
	assert_file("cpu", v2 ? "cpu.weight" : "cpu.shares", v2 ? "100" : "1024");
	if (v2) {
		assert_file("memory", "memory.high", "max");
		assert_file("memory", "memory.swap.max", "max");
		assert_file("cpuset", "cpuset.cpus", "");
	}
}

static void test_cpuset_is_in_force(void **state)
{
	struct limits limits = unlimited;

	(void)state;
	limits.cpuset = (char[]){"4095"};
	assert_int_equal(cgroup_create(&host, "web", &limits, &err), -1);
	assert_says("limits.cpuset");
	assert_string_not_equal(err.hint, "");
}

/* Hierarchies of v1 that hold no limit of the container stay as they are. */
static void test_optional_hierarchies(void **state)
{
	struct limits limits = unlimited;
	char path[CGROUP_PATH_SIZE];

	(void)state;
	cgroup_path(&host, "web", NULL, path);
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	for (int i = 0; i < host.count; i++)
		assert_int_equal(fs_exists_at(host.hierarchies[i].fd, path),
				 !host.hierarchies[i].optional);
	limits.cpuset = (char[]){"0"};
	assert_ok(cgroup_set_limits(&host, "web", &limits, &err));
	assert_file("cpuset", "cpuset.cpus", "0");
}

static void test_memory_low(void **state)
{
	struct limits limits = unlimited;
	char path[CGROUP_PATH_SIZE], line[64];
	const struct cgroup_hierarchy *memory = cgroup_find(&host, "memory");

	(void)state;
	limits.memory_low = 8 * MIB;
	if (!memory->v2) {
		assert_int_equal(cgroup_create(&host, "web", &limits, &err), -1);
		assert_says("limits.memory_low: the memory controller of cgroup v1");
		return;
	}
	snprintf(path, sizeof(path), "%s/memory.low", parent);
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	assert_ok(cgroup_create(&host, "db", &limits, &err));
	assert_file("memory", "memory.low", "8388608");
	assert_ok(fs_read_line_at(memory->fd, path, line, sizeof(line), &err));
	assert_string_equal(line, "16777216");
	assert_ok(cgroup_remove(&host, "db", TIMEOUT_MS, &err));
	assert_ok(fs_read_line_at(memory->fd, path, line, sizeof(line), &err));
	assert_string_equal(line, "8388608");
	assert_ok(cgroup_set_limits(&host, "web", &unlimited, &err));
	assert_ok(fs_read_line_at(memory->fd, path, line, sizeof(line), &err));
	assert_string_equal(line, "0");
}

static void test_raw(void **state)
{
	struct limits limits = unlimited;

	(void)state;
	limits.raw = (struct strlist){(char *[]){(char[]){"pids.max=77"},
						 (char[]){"memory.min=8193"}, NULL}, 2};
	if (!host.unified) {
		assert_int_equal(cgroup_create(&host, "web", &limits, &err), -1);
		assert_says("limits.raw: these are files of cgroup v2");
		return;
	}
	assert_ok(cgroup_create(&host, "web", &limits, &err));
	assert_file("pids", "pids.max", "77");
	assert_file("memory", "memory.min", "8192");
	limits.raw.items[0] = (char[]){"pids.nothing=1"};
	assert_int_equal(cgroup_set_limits(&host, "web", &limits, &err), -1);
	assert_says("limits.raw: the pids controller of cgroup v2 has no file pids.nothing");
	limits.raw.items[0] = (char[]){"pids.max=many"};
	assert_int_equal(cgroup_set_limits(&host, "web", &limits, &err), -1);
	assert_says("limits.raw: write \"many\"");
}

/* A file that does not keep what was written: a plain one, whose old end remains. */
static void test_read_back(void **state)
{
	char directory[] = "/tmp/cman-test-XXXXXX", path[128];
	struct cgroup_host fake = {.count = 1, .parent = "p"};
	struct limits limits = unlimited;
	AUTO_FD int tmp_fd = -1;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/p/web", directory);
	assert_ok(fs_make_directories(path, 0755, &err));
	fake.hierarchies[0].fd = open(directory, O_PATH | O_CLOEXEC);
	snprintf(fake.hierarchies[0].controllers, sizeof(fake.hierarchies[0].controllers), "pids");
	strcat(path, "/pids.max");
	close(open(path, O_WRONLY | O_CREAT, 0644));
	assert_ok(fs_write_at(AT_FDCWD, path, "123456", &err));
	limits.pids = 77;
	assert_int_equal(cgroup_set_limits(&fake, "web", &limits, &err), -1);
	assert_says("limits.pids: p/web/pids.max should be \"77\", but the kernel made it "
		    "\"773456\"");
	cgroup_host_close(&fake);
	tmp_fd = fs_open_at(AT_FDCWD, "/tmp", O_PATH | O_DIRECTORY, 0, &err);
	assert_ok(fs_remove_tree_at(tmp_fd, directory + strlen("/tmp/"), &err));
}

/* A v2 tree that has no controllers to give: PARENT did not enable any for what is in it. */
static void test_missing_controller(void **state)
{
	struct cgroup_host fake = {.unified = true, .count = 1, .parent = "sub"};
	char root[128];
	struct limits limits = limited(LIMIT_MAX, 16 * MIB, LIMIT_MAX);

	(void)state;
	if (!host.hierarchies[0].v2) {
		print_message("needs a cgroup v2 tree\n");
		skip();
	}
	assert_ok(cgroup_make_parent(&host, &host.hierarchies[0], &err));
	snprintf(root, sizeof(root), "%s/root", parent);
	assert_int_equal(mkdirat(host.hierarchies[0].fd, root, 0755), 0);
	fake.hierarchies[0] = host.hierarchies[0];
	fake.hierarchies[0].fd = fs_open_at(host.hierarchies[0].fd, root, O_PATH, 0, &err);
	assert_ok(cgroup_create(&fake, "web", &unlimited, &err));
	assert_int_equal(cgroup_create(&fake, "web", &limits, &err), -1);
	assert_says("limits.memory: this host offers no memory controller");
	assert_string_not_equal(err.hint, "");
	limits.pids = 3;
	assert_int_equal(cgroup_set_limits(&fake, "web", &limits, &err), -1);
	assert_says("limits.pids: this host offers no pids controller");
	assert_ok(cgroup_remove(&fake, "web", TIMEOUT_MS, &err));
	cgroup_remove_parent(&fake, TIMEOUT_MS);
	close_fd(&fake.hierarchies[0].fd);
	fake.count = 0;
	assert_int_equal(unlinkat(host.hierarchies[0].fd, root, AT_REMOVEDIR), 0);
	/* Nothing mounted at all. */
	assert_int_equal(cgroup_create(&fake, "web", &limits, &err), -1);
	assert_says("limits.pids");
}

/* As the command does it: cloned into v2, the named hierarchies entered by the process. */
static pid_t fork_supervisor(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	struct cgroup_entry entry;
	pid_t pid;

	assert_ok(cgroup_open_supervisors(&host, &entry, &err));
	if (entry.v2_fd >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)(unsigned int)entry.v2_fd;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0 && cgroup_enter(&entry, true, NULL) < 0)
		_exit(1);
	cgroup_entry_close(&entry);
	return pid;
}

static void test_supervisors(void **state)
{
	const struct limits some = limited(10, 16 * MIB, 50000);
	char path[CGROUP_PATH_SIZE];
	int gate[2];
	pid_t pid;

	(void)state;
	cgroup_path(&host, CGROUP_SUPERVISORS, NULL, path);
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	pid = fork_supervisor();
	if (pid == 0) {
		char byte;

		close(gate[1]);
		for (int i = 0; i < host.count; i++)
			if ((host.hierarchies[i].v2 ||
			     strstr(host.hierarchies[i].controllers, "name=")) &&
			    !cgroup_holds(&host.hierarchies[i], path, getpid()))
				_exit(2);
		if (read(gate[0], &byte, 1) != 0)
			_exit(3);
		/* The last one goes: nothing may be left, though it is inside itself. */
		cgroup_remove_parent(&host, TIMEOUT_MS);
		_exit(exists(&host, parent) ? 4 : 0);
	}
	close(gate[0]);
	/* Limits go together with supervisors: these sit in a leaf of their own. */
	assert_ok(cgroup_create(&host, "web", &some, &err));
	assert_ok(cgroup_remove(&host, "web", TIMEOUT_MS, &err));
	close(gate[1]);
	assert_int_equal(wait_status(pid), 0);
	cgroup_remove_parent(&host, TIMEOUT_MS);
	assert_false(exists(&host, parent));
}

/* What another one made above PARENT stays, what we made goes. */
static void test_parent_path(void **state)
{
	const struct limits some = limited(10, 16 * MIB, 50000);
	struct cgroup_host nested;
	char text[200], made[200];

	(void)state;
	snprintf(text, sizeof(text), "%s/made/cman", parent);
	snprintf(made, sizeof(made), "%s/made", parent);
	for (int i = 0; i < host.count; i++)
		assert_int_equal(mkdirat(host.hierarchies[i].fd, parent, 0755), 0);
	assert_ok(cgroup_host_open(&nested, CGROUP_AUTO, text, &err));
	assert_ok(cgroup_create(&nested, "web", &some, &err));
	assert_ok(cgroup_remove(&nested, "web", TIMEOUT_MS, &err));
	cgroup_remove_parent(&nested, TIMEOUT_MS);
	cgroup_host_close(&nested);
	assert_false(exists(&host, made));
	for (int i = 0; i < host.count; i++)
		assert_int_equal(unlinkat(host.hierarchies[i].fd, parent, AT_REMOVEDIR), 0);
}

static void test_bad_parent(void **state)
{
	static const char *const bad[] = {"", "/", "/cman", "cman/", "a//b", "..", "a/../b", ".x"};
	struct cgroup_host other;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(cgroup_host_open(&other, CGROUP_AUTO, bad[i], &err), -1);
		assert_says("cgroup.parent");
	}
}

static void test_wrong_version(void **state)
{
	struct cgroup_host other;

	(void)state;
	assert_int_equal(
		cgroup_host_open(&other, host.unified ? CGROUP_V1 : CGROUP_V2, parent, &err), -1);
	assert_says(host.unified ? "cgroup.version is 1, but" : "cgroup.version is 2, but");
	assert_string_not_equal(err.hint, "");
	assert_ok(cgroup_host_open(&other, host.unified ? CGROUP_V2 : CGROUP_V1, parent, &err));
	cgroup_host_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_enter),
		TEST(test_enter_from_user_namespace),
		TEST(test_enter_by_writing),
		TEST(test_pids),
		TEST(test_memory),
		TEST(test_cpu),
		TEST(test_values),
		TEST(test_further_values),
		TEST(test_cpuset_is_in_force),
		TEST(test_optional_hierarchies),
		TEST(test_memory_low),
		TEST(test_raw),
		TEST(test_read_back),
		TEST(test_missing_controller),
		TEST(test_supervisors),
		TEST(test_parent_path),
		TEST(test_bad_parent),
		TEST(test_wrong_version),
	};

	return RUN("cgroup", tests);
}
