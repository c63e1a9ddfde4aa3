/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/inside.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/process.h"
#include "kernel/namespace.h"

static int run(int mntns_fd, inside_action *act, const void *data, struct error *err)
{
	AUTO_FD int root_fd = -1;

	if (setns(mntns_fd, CLONE_NEWNS) < 0)
		return error_set(err, errno, "enter mount namespace");
	root_fd = fs_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, err);
	return root_fd < 0 ? -1 : act(root_fd, data, err);
}

static int wait_for(pid_t child, const struct error *why, struct error *err)
{
	const int status = process_reap(child, err);

	if (status < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (!why->text[0])
		return error_set(err, EIO, "a child ended early");
	if (err)
		*err = *why;
	return -1;
}

int inside_mounts(pid_t pid, inside_action *act, const void *data, struct error *err)
{
	AUTO_FD int mntns_fd = namespace_open(pid, "mnt", err);
	struct error *why;
	pid_t child;
	int rc;

	if (mntns_fd < 0)
		return -1;
	/* Shared, so that its error needs no pipe. */
	why = mmap(NULL, sizeof(*why), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (why == MAP_FAILED)
		return error_set(err, errno, "memory for the error of a child");
	child = fork();
	if (child == 0)
		_exit(run(mntns_fd, act, data, why) == 0 ? 0 : 1);
	rc = child < 0 ? error_set(err, errno, "fork") : wait_for(child, why, err);
	munmap(why, sizeof(*why));
	return rc;
}
