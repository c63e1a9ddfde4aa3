/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the inside of a container looks like, and what the outside looks like afterwards. */
#include "rootfs_fixture.h"

#include <dirent.h>
#include <linux/magic.h>
#include <mqueue.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

/* The names in a directory, sorted, with a space behind each. */
static char *list(const char *path)
{
	AUTO_STRLIST struct strlist names = {0};
	struct text text = {0};

	REQUIRE(fs_list_at(AT_FDCWD, path, &names, NULL) == 0);
	for (size_t i = 0; i < names.count; i++)
		text_addf(&text, "%s ", names.items[i]);
	return text.data ? text.data : xstrdup("");
}

static bool on_file_system(const char *path, long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (long)fs.f_type == magic;
}

/* Not for the owner's sake alone: the mount says so. */
static void require_read_only(const char *path)
{
	struct statfs fs;

	REQUIRE(statfs(path, &fs) == 0 && (fs.f_flags & ST_RDONLY));
	REQUIRE(open(path, O_WRONLY) < 0 && (errno == EROFS || errno == EACCES));
}

static void look_at_root(void *argument)
{
	char cwd[64], line[512], point[256];
	AUTO_FREE char *names = list("/");
	AUTO_FREE char *processes = list("/proc");
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	struct stat root, above;
	int roots = 0;

	(void)argument;
	REQUIRE(strcmp(names, "bin dev etc mnt proc sys tmp ") == 0);
	REQUIRE(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/") == 0);
	REQUIRE(getpid() == 1 && text_starts_with(processes, "1 "));
	REQUIRE(strspn(processes + 2, "0123456789") == 0); /* the only process */
	REQUIRE(stat("/", &root) == 0 && root.st_uid == 0);
	REQUIRE(stat("/..", &above) == 0 && above.st_ino == root.st_ino);
	REQUIRE(stat("/proc/1/root/..", &above) == 0 && above.st_ino == root.st_ino &&
		above.st_dev == root.st_dev);
	REQUIRE(mounts);
	while (fgets(line, sizeof(line), mounts)) {
		REQUIRE(sscanf(line, "%*s %*s %*s %*s %255s", point) == 1);
		roots += strcmp(point, "/") == 0;
		REQUIRE(strcmp(point, "/") == 0 || text_starts_with(point, "/proc") ||
			text_starts_with(point, "/sys") || text_starts_with(point, "/dev") ||
			text_starts_with(point, "/etc/"));
		REQUIRE(!strstr(line, " shared:") && !strstr(line, " master:"));
		REQUIRE(strcmp(point, "/") != 0 || strstr(line, "nodev"));
	}
	REQUIRE(roots == 1);
	/* The way out of a chroot that is none: nothing is above. */
	REQUIRE(chroot("/mnt") == 0);
	for (int i = 0; i < 32; i++)
		REQUIRE(chdir("..") == 0);
	REQUIRE(stat(".", &above) == 0 && above.st_ino == root.st_ino && above.st_dev == root.st_dev);
	REQUIRE(umount2("/", MNT_DETACH) < 0);
}

static void test_root(void **state)
{
	assert_lives(need_fixture(state), look_at_root, NULL);
}

static void look_at_owners(void *argument)
{
	struct stat st;
	int fd;

	(void)argument;
	REQUIRE(stat("/etc/hosts", &st) == 0 && st.st_uid == 0 && st.st_gid == 0);
	REQUIRE(stat("/tmp/of-web", &st) == 0 && st.st_uid == 33 && st.st_gid == 34);
	REQUIRE(stat("/tmp/of-nobody", &st) == 0 && st.st_uid == 65534);
	fd = open("/etc/hosts", O_WRONLY | O_APPEND);
	REQUIRE(fd >= 0 && write(fd, "more\n", 5) == 5);
	fd = open("/tmp/new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	REQUIRE(fd >= 0 && write(fd, "x", 1) == 1);
	REQUIRE(chown("/tmp/of-web", 35, 36) == 0);
}

/* The disk knows nothing of the map: numbers are those of the image. */
static void test_owners(void **state)
{
	struct fixture *fixture = need_fixture(state);
	struct stat st;

	put_file(fixture->root_fd, "tmp/of-web", "");
	put_file(fixture->root_fd, "tmp/of-nobody", "");
	assert_int_equal(fchownat(fixture->root_fd, "tmp/of-web", 33, 34, 0), 0);
	assert_int_equal(fchownat(fixture->root_fd, "tmp/of-nobody", 100000, 0, 0), 0);
	assert_lives(fixture, look_at_owners, NULL);
	assert_int_equal(fstatat(fixture->root_fd, "etc/hosts", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_size, 11);
	assert_int_equal(fstatat(fixture->root_fd, "tmp/new", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(fstatat(fixture->root_fd, "tmp/of-web", &st, 0), 0);
	assert_int_equal(st.st_uid, 35);
	assert_int_equal(st.st_gid, 36);
	assert_int_equal(fstatat(fixture->root_fd, "tmp/of-nobody", &st, 0), 0);
	assert_int_equal(st.st_uid, 100000);
}

static void require_node(const char *path, unsigned int major_number, unsigned int minor_number)
{
	struct stat st;

	REQUIRE(stat(path, &st) == 0 && S_ISCHR(st.st_mode) && (st.st_mode & 07777) == 0666);
	REQUIRE(st.st_rdev == makedev(major_number, minor_number));
}

static void look_at_terminals(void)
{
	char name[64];
	struct stat st;
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	REQUIRE(master >= 0 && unlockpt(master) == 0);
	REQUIRE(ptsname_r(master, name, sizeof(name)) == 0 && strcmp(name, "/dev/pts/0") == 0);
	REQUIRE(stat(name, &st) == 0 && (st.st_mode & 07777) == 0620 && st.st_gid == 5 &&
		st.st_uid == 0);
	REQUIRE(stat("/dev/ptmx", &st) == 0 && (st.st_mode & 07777) == 0666);
	REQUIRE(on_file_system("/dev/pts", DEVPTS_SUPER_MAGIC));
	close(master);
}

static void look_at_shared_memory(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
	struct statfs fs;
	struct stat st;

	REQUIRE(statfs("/dev/shm", &fs) == 0 && fs.f_type == TMPFS_MAGIC);
	REQUIRE((long long)fs.f_blocks * fs.f_bsize == 64 << 20);
	REQUIRE(stat("/dev/shm", &st) == 0 && (st.st_mode & 07777) == 01777 && st.st_uid == 0);
	REQUIRE(shm_open("/test", O_RDWR | O_CREAT, 0600) >= 0);
	REQUIRE(stat("/dev/shm/test", &st) == 0);
	if (mq_open("/test", O_RDWR | O_CREAT, 0600, &attributes) >= 0)
		REQUIRE(stat("/dev/mqueue/test", &st) == 0);
	else
		REQUIRE(errno == ENOSYS);
}

static void look_at_dev(void *argument)
{
	AUTO_FREE char *names = list("/dev");
	char bytes[4] = "abcd";
	struct stat st;
	int fd;

	(void)argument;
	REQUIRE(strcmp(names, "fd full mqueue null ptmx pts random shm stderr stdin stdout tty "
			      "urandom zero ") == 0);
	REQUIRE(stat("/dev", &st) == 0 && st.st_uid == 0 && (st.st_mode & 07777) == 0755);
	REQUIRE(on_file_system("/dev", TMPFS_MAGIC));
	require_node("/dev/null", 1, 3);
	require_node("/dev/zero", 1, 5);
	require_node("/dev/full", 1, 7);
	require_node("/dev/random", 1, 8);
	require_node("/dev/urandom", 1, 9);
	require_node("/dev/tty", 5, 0);
	fd = open("/dev/null", O_RDWR);
	REQUIRE(fd >= 0 && write(fd, "x", 1) == 1 && read(fd, bytes, 1) == 0);
	fd = open("/dev/zero", O_RDONLY);
	REQUIRE(fd >= 0 && read(fd, bytes, 4) == 4 && memcmp(bytes, "\0\0\0\0", 4) == 0);
	fd = open("/dev/full", O_WRONLY);
	REQUIRE(fd >= 0 && write(fd, "x", 1) < 0 && errno == ENOSPC);
	fd = open("/dev/urandom", O_RDONLY);
	REQUIRE(fd >= 0 && read(fd, bytes, 4) == 4);
	REQUIRE(mknod("/dev/disk", S_IFCHR | 0600, makedev(1, 1)) < 0 && errno == EPERM);
	/* A node that came with the image opens nothing. */
	REQUIRE(open("/mnt/zero", O_RDONLY) < 0 && errno == EACCES);
	look_at_terminals();
	look_at_shared_memory();
}

static void test_dev(void **state)
{
	struct fixture *fixture = need_fixture(state);

	assert_int_equal(mknodat(fixture->root_fd, "mnt/zero", S_IFCHR | 0666, makedev(1, 5)), 0);
	put_file(fixture->root_fd, "dev/of-the-image", "");
	assert_lives(fixture, look_at_dev, NULL);
}

static void require_masked_file(const char *path)
{
	AUTO_FREE char *text = read_all(path);

	if (access(path, F_OK) == 0)
		REQUIRE(text && *text == '\0');
}

static void require_empty_directory(const char *path)
{
	if (access(path, F_OK) < 0)
		return;
	AUTO_FREE char *names = list(path);

	REQUIRE(*names == '\0');
}

static void look_at_kernel_views(void *argument)
{
	static const char *const files[] = {
		"/proc/interrupts",       "/proc/kallsyms",    "/proc/kcore",
		"/proc/key-users",        "/proc/keys",        "/proc/latency_stats",
		"/proc/pagetypeinfo",     "/proc/sched_debug", "/proc/slabinfo",
		"/proc/timer_list",       "/proc/vmallocinfo", "/sys/kernel/notes",
		"/sys/kernel/vmcoreinfo",
	};
	static const char *const directories[] = {
		"/proc/acpi",           "/proc/asound",
		"/proc/scsi",           "/sys/dev/block",
		"/sys/firmware",        "/sys/devices/virtual/powercap",
		"/sys/fs/selinux",      "/sys/kernel/debug",
		"/sys/kernel/security", "/sys/kernel/slab",
		"/sys/kernel/tracing",  "/sys/devices/system/cpu/cpu0/thermal_throttle",
	};
	static const char *const read_only[] = {
		"/proc/sys/kernel/hostname",      "/proc/sysrq-trigger",
		"/proc/irq/default_smp_affinity", "/sys/kernel/rcu_normal",
		"/sys/class/net/lo/mtu",
	};
	AUTO_FREE char *interfaces = list("/sys/class/net");
	const bool *unified = argument;

	REQUIRE(on_file_system("/proc", PROC_SUPER_MAGIC) && on_file_system("/sys", SYSFS_MAGIC));
	REQUIRE(strstr(interfaces, "lo ") && !strstr(interfaces, "eth"));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		require_masked_file(files[i]);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		require_empty_directory(directories[i]);
	for (size_t i = 0; i < ARRAY_SIZE(read_only); i++)
		if (access(read_only[i], F_OK) == 0)
			require_read_only(read_only[i]);
	REQUIRE(mkdir("/proc/acpi/x", 0755) < 0);
	REQUIRE(open("/proc/1/attr/current", O_RDONLY) >= 0 || errno == ENOENT);
	if (*unified)
		REQUIRE(on_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC));
	else
		require_empty_directory("/sys/fs/cgroup");
}

static void test_kernel_views(void **state)
{
	bool unified = on_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC);

	assert_lives(need_fixture(state), look_at_kernel_views, &unified);
}

/* What a program of the image reads, through symlinks or whatever was there. */
static void look_at_generated(void *argument)
{
	AUTO_FREE char *resolv_conf = read_all("/etc/resolv.conf");
	AUTO_FREE char *hosts = read_all("/etc/hosts");
	char text[64] = "";
	int ends[2];
	pid_t pid;

	(void)argument;
	REQUIRE(resolv_conf && strcmp(resolv_conf, "ours\n") == 0);
	REQUIRE(hosts && strcmp(hosts, "127.0.0.1 us\n") == 0);
	require_read_only("/etc/resolv.conf");
	REQUIRE(unlink("/etc/resolv.conf") < 0 && errno == EBUSY);
	REQUIRE(pipe(ends) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		execl("/bin/busybox", "cat", "/etc/resolv.conf", NULL);
		_exit(127);
	}
	close(ends[1]);
	REQUIRE(read(ends[0], text, sizeof(text) - 1) == 5 && strcmp(text, "ours\n") == 0);
}

static void test_generated_files(void **state)
{
	struct fixture *fixture = need_fixture(state);
	static const char *const links[] = {
		"../run/systemd/resolve/stub-resolv.conf",
		"/etc/passwd",
		"resolv.conf",
		"/proc/self/fd/0",
		"hosts",
	};

	put_file(fixture->base_fd, "resolv.conf", "ours\n");
	put_file(fixture->base_fd, "hosts", "127.0.0.1 us\n");
	assert_lives(fixture, look_at_generated, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		unlinkat(fixture->root_fd, "etc/resolv.conf", 0);
		assert_int_equal(symlinkat(links[i], fixture->root_fd, "etc/resolv.conf"), 0);
		assert_lives(fixture, look_at_generated, NULL);
	}
	unlinkat(fixture->root_fd, "etc/resolv.conf", 0);
	assert_int_equal(mkfifoat(fixture->root_fd, "etc/resolv.conf", 0600), 0);
	assert_lives(fixture, look_at_generated, NULL);
}

static void look_for_change(void *argument)
{
	const int *pipe_fds = argument;
	char byte;
	AUTO_FREE char *before = read_all("/etc/hosts");

	REQUIRE(strcmp(before, "old\n") == 0);
	REQUIRE(write(pipe_fds[1], "x", 1) == 1 && read(pipe_fds[2], &byte, 1) == 1);
	AUTO_FREE char *after = read_all("/etc/hosts");

	REQUIRE(strcmp(after, "new and longer\n") == 0);
}

/* The hosts file changes as siblings come and go. */
static void test_generated_file_rewritten(void **state)
{
	struct fixture *fixture = need_fixture(state);
	int fds[4], status, result;
	struct error err;
	pid_t writer;
	char byte;

	put_file(fixture->base_fd, "hosts", "old\n");
	assert_int_equal(pipe(fds) | pipe(fds + 2), 0);
	writer = fork();
	if (writer == 0) {
		close(fds[1]);
		REQUIRE(read(fds[0], &byte, 1) == 1);
		put_file(fixture->base_fd, "hosts", "new and longer\n");
		REQUIRE(write(fds[3], "x", 1) == 1);
		_exit(0);
	}
	result = run_container(fixture, look_for_change, fds, &err);
	close(fds[1]); /* a writer that still waits is told so */
	assert_int_equal(result, 0);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	close(fds[0]);
	close(fds[2]);
	close(fds[3]);
}

static void look_at_submount(void *argument)
{
	struct stat st;

	(void)argument;
	REQUIRE(stat("/mnt/file", &st) == 0 && st.st_uid == 33);
	REQUIRE(open("/mnt/zero", O_RDONLY) < 0 && errno == EACCES);
	REQUIRE(mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0);
}

/* What the admin mounted below the image is there, with mapped owners and without devices. */
static void with_submount(struct fixture *fixture)
{
	AUTO_FREE char *before = NULL;
	AUTO_FREE char *after = NULL;
	char source[128], target[128];

	snprintf(source, sizeof(source), "%s/data", fixture->base);
	snprintf(target, sizeof(target), "%s/mnt", fixture->rootfs);
	REQUIRE(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	REQUIRE(mkdirat(fixture->base_fd, "data", 0755) == 0);
	put_file(fixture->base_fd, "data/file", "");
	REQUIRE(fchownat(fixture->base_fd, "data/file", 33, 33, 0) == 0);
	REQUIRE(mknodat(fixture->base_fd, "data/zero", S_IFCHR | 0666, makedev(1, 5)) == 0);
	REQUIRE(mount(source, target, NULL, MS_BIND, NULL) == 0);
	before = read_all("/proc/self/mountinfo");
	require_lives(fixture, look_at_submount, NULL);
	after = read_all("/proc/self/mountinfo");
	REQUIRE(strcmp(before, after) == 0); /* shared as the mounts are, nothing came out */
}

static void test_submount(void **state)
{
	struct fixture *fixture = need_fixture(state);

	assert_apart(with_submount, fixture);
}

/* In the place of the host's sysfs: what a machine has whose CPUs are not numbered without a gap. */
static void make_cpus(const struct fixture *fixture)
{
	static const char *const directories[] = {
		"sys", "sys/fs", "sys/fs/cgroup", "sys/devices", "sys/devices/system",
		"sys/devices/system/cpu", "sys/devices/system/cpu/cpu1",
		"sys/devices/system/cpu/cpu1/thermal_throttle", "sys/devices/system/cpu/cpu4",
		"sys/devices/system/cpu/cpu4/thermal_throttle",
	};

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		assert_int_equal(mkdirat(fixture->base_fd, directories[i], 0755), 0);
	put_file(fixture->base_fd, "sys/devices/system/cpu/cpu1/thermal_throttle/count", "7\n");
	put_file(fixture->base_fd, "sys/devices/system/cpu/cpu4/thermal_throttle/count", "7\n");
	put_file(fixture->base_fd, "sys/devices/system/cpu/cpu4/online", "1\n");
}

static void look_at_cpus(void *argument)
{
	(void)argument;
	REQUIRE(access("/sys/devices/system/cpu/cpu4/online", F_OK) == 0);
	require_empty_directory("/sys/devices/system/cpu/cpu1/thermal_throttle");
	require_empty_directory("/sys/devices/system/cpu/cpu4/thermal_throttle");
}

static void test_cpus_with_gaps(void **state)
{
	struct fixture *fixture = need_fixture(state);

	make_cpus(fixture);
	assert_lives(fixture, look_at_cpus, NULL);
}

static void look_at_cgroup(void *argument)
{
	AUTO_FREE char *own = read_all("/proc/self/cgroup");

	(void)argument;
	REQUIRE(on_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC));
	REQUIRE(own && strstr(own, "0::/\n"));
	REQUIRE(access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0);
	require_read_only("/sys/fs/cgroup/cgroup.procs");
}

/* What is mounted already is bound: mounting it again sets its options for the whole host. */
static void on_unified_host(struct fixture *fixture)
{
	if (on_file_system("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC))
		REQUIRE(mount("/sys/fs/cgroup/unified", "/sys/fs/cgroup", NULL, MS_BIND, NULL) == 0);
	else if (!on_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC))
		REQUIRE(mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, "nsdelegate") == 0);
	require_lives(fixture, look_at_cgroup, NULL);
}

static void test_cgroup_view(void **state)
{
	assert_apart(on_unified_host, need_fixture(state));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_root),
		TEST(test_owners),
		TEST(test_dev),
		TEST(test_kernel_views),
		TEST(test_generated_files),
		TEST(test_generated_file_rewritten),
		TEST(test_submount),
		TEST(test_cpus_with_gaps),
		TEST(test_cgroup_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
