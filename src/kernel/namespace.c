/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"

static int clone_failed(int code, struct error *err)
{
	error_set(err, code, "create namespaces");
	switch (code) {
	case EPERM:
		return error_hint(err, "namespaces are made by root, and user namespaces not "
				       "from within a chroot: is this one, or another container?");
	case ENOSPC:
	case EUSERS:
		return error_hint(err, "the limit for namespaces is reached: look at "
				       "/proc/sys/user/max_*_namespaces");
	case EINVAL:
		return error_hint(err, "the kernel may lack a namespace type: see /proc/self/ns");
	case ENOSYS:
		return error_hint(err, "clone3(2) needs Linux 5.7; inside another container its "
				       "seccomp filter may forbid it");
	default:
		return -1;
	}
}

pid_t namespace_clone(uint64_t namespaces, int cgroup_v2_fd, int *pidfd, struct error *err)
{
	struct clone_args args = {
		.flags = namespaces | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		/* A sibling has that of its parent: clone3(2). */
		.exit_signal = namespaces & CLONE_PARENT ? 0 : SIGCHLD,
	};
	long pid;

	if (cgroup_v2_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (unsigned int)cgroup_v2_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return clone_failed(errno, err);
	return (pid_t)pid;
}

int namespace_map_ids(pid_t pid, const struct id_range *range, struct error *err)
{
	static const char *const files[] = {"uid_map", "gid_map"};
	char line[64], path[64];

	snprintf(line, sizeof(line), "0 %" PRIu32 " %" PRIu32, range->host_first, range->size);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, files[i]);
		if (fs_write_at(AT_FDCWD, path, line, err) < 0) {
			if (err && err->code == EPERM)
				error_hint(err,
					   "ids %" PRIu32 " to %" PRIu64 " must exist in our own "
					   "user namespace: see /proc/self/uid_map",
					   range->host_first,
					   (uint64_t)range->host_first + range->size - 1);
			return error_wrap(err, "map ids");
		}
	}
	return 0;
}

int namespace_open(pid_t pid, const char *type, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, type);
	return fs_open_at(AT_FDCWD, path, O_RDONLY, 0, err);
}

int namespace_open_user(pid_t pid, struct error *err)
{
	return namespace_open(pid, "user", err);
}

/* As error: a namespace that cannot be looked at. */
static int look_at(pid_t pid, const char *type, struct stat *out, struct error *err)
{
	AUTO_FD int fd = namespace_open(pid, type, err);

	if (fd < 0)
		return -1;
	return fstat(fd, out) < 0 ? error_set(err, errno, "stat namespace %s", type) : 0;
}

int namespace_is_ours(pid_t pid, const char *type, bool *ours, struct error *err)
{
	struct stat theirs, own;

	if (look_at(pid, type, &theirs, err) < 0 || look_at(getpid(), type, &own, err) < 0)
		return -1;
	*ours = theirs.st_ino == own.st_ino && theirs.st_dev == own.st_dev;
	return 0;
}

int namespace_join(int pidfd, bool user, struct error *err)
{
	int all = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
		  CLONE_NEWCGROUP;

	if (setns(pidfd, all | (user ? CLONE_NEWUSER : 0)) < 0)
		return error_set(err, errno, "join the namespaces of the container");
	return 0;
}

int namespace_become_root(struct error *err)
{
	/* Groups first: after setresuid the right to set them could be gone. */
	if (setgroups(0, NULL) < 0)
		return error_set(err, errno, "clear the supplementary groups");
	if (setresgid(0, 0, 0) < 0)
		return error_set(err, errno, "become group 0 of the user namespace");
	if (setresuid(0, 0, 0) < 0)
		return error_set(err, errno, "become user 0 of the user namespace");
	return 0;
}
