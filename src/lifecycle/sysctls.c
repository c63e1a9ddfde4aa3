/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/sysctls.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "base/fs.h"
#include "kernel/namespace.h"
#include "kernel/procfs.h"
#include "kernel/sysctl.h"

static int fail_at(struct message *failure, size_t index)
{
	snprintf(failure->key, sizeof(failure->key), "security.sysctls[%zu]", index);
	return -1;
}

static int set_one(int proc_fd, const char *setting, struct error *err)
{
	char name[256];
	size_t length = strcspn(setting, "=");

	if (length >= sizeof(name))
		return error_set(err, ENAMETOOLONG, "sysctl %.64s...", setting);
	memcpy(name, setting, length);
	name[length] = '\0';
	return sysctl_set(proc_fd, name, setting + length + 1, err);
}

static bool is_ipc(const char *setting)
{
	return !text_starts_with(setting, "net/");
}

static int set_all_ipc(const struct spec *spec, int proc_fd, struct message *failure)
{
	const struct strlist *sysctls = &spec->security.sysctls;

	for (size_t i = 0; i < sysctls->count; i++)
		if (is_ipc(sysctls->items[i]) &&
		    set_one(proc_fd, sysctls->items[i], &failure->error) < 0 &&
		    failure->error.code != EACCES) /* init may */
			return fail_at(failure, i);
	error_clear(&failure->error);
	return 0;
}

int sysctls_set_ipc(const struct spec *spec, int init_pidfd, struct message *failure)
{
	struct error *err = &failure->error;
	AUTO_FD int own_fd = -1;
	AUTO_FD int proc_fd = -1;
	bool wanted = false;
	int rc;

	for (size_t i = 0; i < spec->security.sysctls.count; i++)
		wanted = wanted || is_ipc(spec->security.sysctls.items[i]);
	if (!wanted)
		return 0;
	own_fd = namespace_open(getpid(), "ipc", err);
	if (own_fd < 0)
		return -1;
	proc_fd = procfs_open(err);
	if (proc_fd < 0)
		return fail_at(failure, 0);
	if (setns(init_pidfd, CLONE_NEWIPC) < 0)
		return error_set(err, errno, "enter the IPC namespace of init");
	rc = set_all_ipc(spec, proc_fd, failure);
	if (setns(own_fd, CLONE_NEWIPC) < 0)
		return error_set(err, errno, "leave the IPC namespace of init");
	return rc;
}

int sysctls_open(const struct spec *spec, int *proc_fd, struct message *failure)
{
	*proc_fd = -1;
	if (spec->security.sysctls.count == 0)
		return 0;
	*proc_fd = procfs_open(&failure->error);
	return *proc_fd < 0 ? fail_at(failure, 0) : 0;
}

int sysctls_set(const struct spec *spec, int *proc_fd, struct message *failure)
{
	const struct strlist *sysctls = &spec->security.sysctls;

	for (size_t i = 0; i < sysctls->count; i++)
		if (set_one(*proc_fd, sysctls->items[i], &failure->error) < 0)
			return fail_at(failure, i);
	close_fd(proc_fd);
	return 0;
}
