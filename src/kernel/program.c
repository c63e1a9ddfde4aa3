/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/program.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/mount.h"

/* Says that we have been run again, and where what we left is: "NAMESPACE PROGRAM ROOT DIRECTORY". */
#define MARK "CMAN_PROTECTED"
#define SELF "/proc/self/exe"

/* fds of where we came from. */
struct origin_fds {
	int namespace, program, root, directory;
};

static char **arguments;
static int program_fd = -1; /* of the program as installed, once we run from a copy */

/* ---- running again ---- */

static void close_all(struct origin_fds *from)
{
	close_fd(&from->namespace);
	close_fd(&from->program);
	close_fd(&from->root);
	close_fd(&from->directory);
}

static int open_all(struct origin_fds *from, struct error *err)
{
	from->namespace = fs_open_at(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY, 0, err);
	from->program = fs_open_at(AT_FDCWD, SELF, O_PATH, 0, err);
	from->root = fs_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, err);
	from->directory = fs_open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY, 0, err);
	return from->namespace < 0 || from->program < 0 || from->root < 0 || from->directory < 0
		       ? -1
		       : 0;
}

static int hand_over(const struct origin_fds *from, struct error *err)
{
	const int fds[] = {from->namespace, from->program, from->root, from->directory};
	char value[64];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fcntl(fds[i], F_SETFD, 0) < 0)
			return error_set(err, errno, "hand over a descriptor");
	snprintf(value, sizeof(value), "%d %d %d %d", fds[0], fds[1], fds[2], fds[3]);
	if (setenv(MARK, value, 1) < 0)
		return error_set(err, errno, "set " MARK);
	return 0;
}

/*
 * Everything that is found from here on, above all the libraries, is found on read-only mounts. A
 * namespace and not a single mount, which would leave the libraries out.
 */
static int enter_read_only(struct error *err)
{
	static const struct mount_change change = {
		.attributes = MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE,
	};
	AUTO_FD int root_fd = -1;

	if (unshare(CLONE_NEWNS) < 0)
		return error_set(err, errno, "new mount namespace");
	root_fd = fs_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, err);
	return root_fd < 0 ? -1 : mount_change(root_fd, &change, AT_RECURSIVE, err);
}

/* The program on a mount of its own: its place may have been taken by another file by now. */
static int copy_program(const struct origin_fds *from, struct error *err)
{
	static const struct mount_change change = {
		.attributes = MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE,
	};
	AUTO_FD int copy_fd = mount_clone(from->program, "", 0, err);

	if (copy_fd < 0 || mount_change(copy_fd, &change, 0, err) < 0)
		return -1;
	return take_fd(&copy_fd);
}

static int run_again(struct origin_fds *from, struct error *err)
{
	AUTO_FD int copy_fd = copy_program(from, err);
	int code;

	if (copy_fd < 0 || hand_over(from, err) < 0)
		return -1;
	if (enter_read_only(err) == 0) {
		execveat(copy_fd, "", arguments, environ, AT_EMPTY_PATH);
		error_set(err, errno, "run " SELF);
	}
	code = setns(from->namespace, CLONE_NEWNS) < 0 ? errno : 0;
	unsetenv(MARK);
	if (code)
		return error_set(err, code, "leave the read-only mounts");
	return -1;
}

int program_protect(struct error *err)
{
	struct origin_fds from = {-1, -1, -1, -1};

	if (program_fd >= 0)
		return 0;
	if (open_all(&from, err) == 0)
		run_again(&from, err);
	close_all(&from);
	return error_wrap(err, "protect the program from the container");
}

/* ---- having been run again ---- */

static int go_back(const struct origin_fds *from, struct error *err)
{
	if (setns(from->namespace, CLONE_NEWNS) < 0)
		return error_set(err, errno, "return to the mount namespace");
	/* That has put us into its root, which need not be ours. */
	if (fchdir(from->root) < 0 || chroot(".") < 0 || fchdir(from->directory) < 0)
		return error_set(err, errno, "return to the directory");
	return 0;
}

static int check_read_only(struct error *err)
{
	AUTO_FD int fd = fs_open_at(AT_FDCWD, SELF, O_PATH, 0, err);
	struct statvfs mount;

	if (fd < 0)
		return -1;
	if (fstatvfs(fd, &mount) < 0)
		return error_set(err, errno, "stat " SELF);
	if (!(mount.f_flag & ST_RDONLY))
		return error_set(err, 0, SELF " can be written");
	return 0;
}

/* As it is called by the file's name else: ps -e, killall. */
static void keep_name(void)
{
	char path[PATH_MAX];
	const char *slash;

	if (program_path(path, NULL) < 0)
		return;
	slash = strrchr(path, '/');
	prctl(PR_SET_NAME, slash ? slash + 1 : path);
}

int program_begin(char *argv[], struct error *err)
{
	struct origin_fds from = {-1, -1, -1, -1};
	const char *mark = getenv(MARK);
	int end = 0, rc;

	arguments = argv;
	if (!mark)
		return 0;
	rc = sscanf(mark, "%d %d %d %d%n", &from.namespace, &from.program, &from.root,
		    &from.directory, &end) == 4 && !mark[end]
		     ? go_back(&from, err)
		     : error_set(err, EINVAL, MARK);
	unsetenv(MARK);
	if (rc == 0)
		rc = check_read_only(err);
	program_fd = rc == 0 ? fcntl(from.program, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
	if (rc == 0 && program_fd < 0)
		rc = error_set(err, errno, "keep the program");
	close_all(&from);
	if (rc < 0) {
		error_hint(err, "the variable " MARK " is for cman alone to set");
		return error_wrap(err, "protect the program from the container");
	}
	keep_name();
	return 0;
}

/* ---- after an upgrade ---- */

void program_renew(void)
{
	static const char gone[] = " (deleted)"; /* proc_pid_exe(5) */
	char path[PATH_MAX];
	size_t length;

	if (program_path(path, NULL) < 0)
		return;
	length = strlen(path);
	if (length < sizeof(gone) || strcmp(path + length - strlen(gone), gone) != 0)
		return;
	path[length - strlen(gone)] = '\0';
	execve(path, arguments, environ);
}

/* ---- asking ---- */

int program_open(struct error *err)
{
	int fd;

	if (program_fd < 0)
		return fs_open_at(AT_FDCWD, SELF, O_PATH, 0, err);
	fd = fcntl(program_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? error_set(err, errno, "open the program") : fd;
}

int program_path(char path[PATH_MAX], struct error *err)
{
	AUTO_FD int fd = program_open(err);

	if (fd < 0)
		return -1;
	return fs_path_of(fd, path) < 0 ? error_set(err, errno, "find the program") : 0;
}
