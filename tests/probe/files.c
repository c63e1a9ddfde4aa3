/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc and /sys: what tells about the host, or acts on it. Nothing is written. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "probe.h"

/* All that one of the runtimes covers. */
static const char *const masked_files[] = {
	"/proc/interrupts",  "/proc/kallsyms",         "/proc/kcore",        "/proc/key-users",
	"/proc/keys",        "/proc/latency_stats",    "/proc/pagetypeinfo", "/proc/sched_debug",
	"/proc/slabinfo",    "/proc/timer_list",       "/proc/timer_stats",  "/proc/vmallocinfo",
	"/sys/kernel/notes", "/sys/kernel/vmcoreinfo",
};
static const char *const masked_directories[] = {
	"/proc/acpi",           "/proc/asound",
	"/proc/scsi",           "/sys/firmware",
	"/sys/dev/block",       "/sys/devices/virtual/powercap",
	"/sys/fs/selinux",      "/sys/kernel/slab",
	"/sys/kernel/debug",    "/sys/kernel/tracing",
	"/sys/kernel/security", "/sys/devices/system/cpu/cpu0/thermal_throttle",
};

/* What they say when they are closed is not asked: only whether a byte comes out. */
static enum verdict check_masked_files(const struct check *check, struct seen *seen)
{
	char byte[2];

	(void)check;
	for (size_t i = 0; i < ARRAY_SIZE(masked_files); i++)
		if (read_text(masked_files[i], byte, sizeof(byte)) > 0)
			seen_item(seen, masked_files[i]);
	return seen_verdict(seen);
}

static bool has_entries(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (!directory)
		return false;
	while ((entry = readdir(directory)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(directory);
	return count > 0;
}

static enum verdict check_masked_directories(const struct check *check, struct seen *seen)
{
	(void)check;
	for (size_t i = 0; i < ARRAY_SIZE(masked_directories); i++)
		if (has_entries(masked_directories[i]))
			seen_item(seen, masked_directories[i]);
	return seen_verdict(seen);
}

/* O_WRONLY without O_TRUNC does nothing to a file of procfs; it is closed at once. */
static bool can_be_written(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* nftw() hands on no context. */
static struct seen *walk_seen;
static const char *walk_except;

static int look_at_proc_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_F && S_ISREG(st->st_mode) && can_be_written(path))
		seen_item(walk_seen, path);
	return FTW_CONTINUE;
}

static int look_at_sys_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (walk_except && strcmp(path, walk_except) == 0)
		return FTW_SKIP_SUBTREE;
	/* Asked only: opening some of these files does something. */
	if (type == FTW_F && S_ISREG(st->st_mode) && access(path, W_OK) == 0)
		seen_item(walk_seen, path);
	return FTW_CONTINUE;
}

static enum verdict walk(const char *path, __nftw_func_t visit, const char *except,
			 struct seen *seen)
{
	walk_seen = seen;
	walk_except = except;
	if (access(path, F_OK) < 0)
		return skip(seen, "no %s", path);
	nftw(path, visit, 16, FTW_PHYS | FTW_ACTIONRETVAL);
	return seen_verdict(seen);
}

static enum verdict check_sysctls(const struct check *check, struct seen *seen)
{
	(void)check;
	return walk("/proc/sys", look_at_proc_file, NULL, seen);
}

static enum verdict check_sys(const struct check *check, struct seen *seen)
{
	(void)check;
	return walk("/sys", look_at_sys_file, "/sys/fs/cgroup", seen);
}

/* Processes and symlinks (net, self, mounts) are not of the host as a whole. */
static enum verdict check_proc(const struct check *check, struct seen *seen)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;

	(void)check;
	if (!directory || access("/proc/version", F_OK) < 0) {
		if (directory)
			closedir(directory);
		return skip(seen, "no /proc");
	}
	while ((entry = readdir(directory))) {
		snprintf(path, sizeof(path), "/proc/%s", entry->d_name);
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && can_be_written(path))
			seen_item(seen, path);
	}
	closedir(directory);
	return seen_verdict(seen);
}

static enum verdict check_proc_directories(const struct check *check, struct seen *seen)
{
	static const char *const paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/acpi",
					    "/proc/scsi"};

	(void)check;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct seen here = {0};

		if (walk(paths[i], look_at_proc_file, NULL, &here) == VERDICT_FAIL)
			seen_item(seen, here.text);
	}
	return seen_verdict(seen);
}

static enum verdict check_writable(const struct check *check, struct seen *seen)
{
	const char *path = strcmp(check->name, "core-pattern") == 0 ? "/proc/sys/kernel/core_pattern"
								    : "/proc/sysrq-trigger";

	if (can_be_written(path))
		return fail(seen, "%s can be opened for writing", path);
	return VERDICT_OK;
}

/* Opening it is enough to tell; reading would take messages away from the host's syslogd. */
static enum verdict check_kernel_log(const struct check *check, struct seen *seen)
{
	static const char *const paths[] = {"/proc/kmsg", "/dev/kmsg"};
	struct stat st;

	(void)check;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

		if (fd < 0)
			continue;
		if (fstat(fd, &st) == 0 && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			seen_item(seen, paths[i]);
		close(fd);
	}
	return seen_verdict(seen);
}

const struct check file_checks[] = {
	{"masked-files", "files that tell about the host are covered", check_masked_files, NULL, 0},
	{"masked-directories", "directories that do are empty", check_masked_directories, NULL, 0},
	{"proc", "no file of /proc itself can be written", check_proc, NULL, 0},
	{"proc-directories", "nor one of /proc/bus, fs, irq...", check_proc_directories, NULL, 0},
	{"sysctls", "no file below /proc/sys can be written", check_sysctls, NULL, 0},
	{"core-pattern", "kernel.core_pattern cannot be set", check_writable, NULL, 0},
	{"sysrq", "/proc/sysrq-trigger cannot be written", check_writable, NULL, 0},
	{"sys", "no file of /sys can be written", check_sys, NULL, 0},
	{"kernel-log", "/proc/kmsg and /dev/kmsg cannot be read", check_kernel_log, NULL, 0},
	{0},
};
