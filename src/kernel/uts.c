/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/uts.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/namespace.h"

/* Does something in the UTS namespace of process pid. */
static int act_in(pid_t pid, int (*act)(void *data, struct error *err), void *data,
		  struct error *err)
{
	AUTO_FD int own_fd = fs_open_at(AT_FDCWD, "/proc/thread-self/ns/uts", O_RDONLY, 0, err);
	AUTO_FD int uts_fd = own_fd < 0 ? -1 : namespace_open(pid, "uts", err);
	int rc;

	if (uts_fd < 0)
		return -1;
	if (setns(uts_fd, CLONE_NEWUTS) < 0)
		return error_set(err, errno, "enter UTS namespace");
	rc = act(data, err);
	/* Everything that follows would be said in the name of the container. */
	if (setns(own_fd, CLONE_NEWUTS) < 0)
		abort();
	return rc;
}

static int set_hostname(void *data, struct error *err)
{
	const char *name = data;

	return sethostname(name, strlen(name)) < 0 ? error_set(err, errno, "set the host name") : 0;
}

int uts_set_hostname(pid_t pid, const char *name, struct error *err)
{
	return act_in(pid, set_hostname, (char *)name, err);
}

static int read_names(void *data, struct error *err)
{
	struct uts_names *names = data;
	struct utsname found;

	if (uname(&found) < 0)
		return error_set(err, errno, "read the host name");
	snprintf(names->hostname, sizeof(names->hostname), "%s", found.nodename);
	snprintf(names->domainname, sizeof(names->domainname), "%s", found.domainname);
	return 0;
}

int uts_look(pid_t pid, struct uts_names *names, struct error *err)
{
	return act_in(pid, read_names, names, err);
}
