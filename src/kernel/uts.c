/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/uts.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/namespace.h"

int uts_set_hostname(pid_t pid, const char *name, struct error *err)
{
	AUTO_FD int own_fd = fs_open_at(AT_FDCWD, "/proc/thread-self/ns/uts", O_RDONLY, 0, err);
	AUTO_FD int uts_fd = own_fd < 0 ? -1 : namespace_open(pid, "uts", err);
	int rc = 0;

	if (uts_fd < 0)
		return -1;
	if (setns(uts_fd, CLONE_NEWUTS) < 0)
		return error_set(err, errno, "enter UTS namespace");
	if (sethostname(name, strlen(name)) < 0)
		rc = error_set(err, errno, "set the host name");
	/* Everything that follows would be said in the name of the container. */
	if (setns(own_fd, CLONE_NEWUTS) < 0)
		abort();
	return rc;
}
