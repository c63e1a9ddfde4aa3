/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/sysctls.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/fs.h"
#include "kernel/namespace.h"
#include "kernel/procfs.h"
#include "kernel/sysctl.h"

#define NAME_SIZE   256
#define BEFORE_FILE "sysctls" /* "net/core/somaxconn=4096" a line: as it was before a change */
#define BEFORE_SIZE_MAX (64 * 1024)

static int fail_at(struct message *failure, size_t index)
{
	snprintf(failure->key, sizeof(failure->key), "security.sysctls[%zu]", index);
	return -1;
}

static int cut_name(const char *setting, char name[NAME_SIZE], struct error *err)
{
	size_t length = strcspn(setting, "=");

	if (length >= NAME_SIZE)
		return error_set(err, ENAMETOOLONG, "sysctl %.64s...", setting);
	memcpy(name, setting, length);
	name[length] = '\0';
	return 0;
}

static int set_one(int proc_fd, const char *setting, struct error *err)
{
	char name[NAME_SIZE];
	const size_t length = strcspn(setting, "=");

	if (cut_name(setting, name, err) < 0)
		return -1;
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

/* ---- while it runs ---- */

/* The setting of that name in the list, or NULL. */
static const char *find_setting(const struct strlist *sysctls, const char *setting)
{
	const size_t length = strcspn(setting, "=") + 1;

	for (size_t i = 0; i < sysctls->count; i++)
		if (strncmp(sysctls->items[i], setting, length) == 0)
			return sysctls->items[i];
	return NULL;
}

/* Those that come. One that cannot be read cannot be set either. */
static int note_before(int proc_fd, int directory_fd, const struct spec *from,
		       const struct spec *to, size_t *index, struct error *err)
{
	const struct strlist *sysctls = &to->security.sysctls;
	AUTO_TEXT struct text text = {0};
	char name[NAME_SIZE], value[512];

	for (size_t i = 0; i < sysctls->count; i++) {
		*index = i;
		if (is_ipc(sysctls->items[i]) ||
		    find_setting(&from->security.sysctls, sysctls->items[i]))
			continue;
		if (cut_name(sysctls->items[i], name, err) < 0)
			return -1;
		if (sysctl_get(proc_fd, name, value, sizeof(value), err) == 0)
			text_addf(&text, "%s=%s\n", name, value);
		else if (err->code != EACCES && err->code != ENOENT && err->code != EPERM)
			return -1;
		error_clear(err);
	}
	if (text.length == 0)
		return 0;
	return fs_replace_at(directory_fd, BEFORE_FILE, text.data, text.length, 0600, err);
}

/* What only the other spec has, as it was; with its link a switch may have gone. */
static int restore_before(int proc_fd, int directory_fd, const struct spec *from,
			  const struct spec *to, struct error *err)
{
	const struct strlist *sysctls = &from->security.sysctls;
	AUTO_TEXT struct text text = {0};
	AUTO_STRLIST struct strlist before = {0};
	char *position = NULL;

	if (!fs_exists_at(directory_fd, BEFORE_FILE))
		return 0;
	if (fs_read_at(directory_fd, BEFORE_FILE, BEFORE_SIZE_MAX, &text, err) < 0)
		return -1;
	for (char *line = text.data ? strtok_r(text.data, "\n", &position) : NULL; line;
	     line = strtok_r(NULL, "\n", &position))
		strlist_add(&before, line);
	for (size_t i = 0; i < sysctls->count; i++) {
		const char *setting = find_setting(&before, sysctls->items[i]);

		if (!setting || find_setting(&to->security.sysctls, setting))
			continue;
		if (set_one(proc_fd, setting, err) < 0 && err->code != ENOENT)
			return -1;
	}
	error_clear(err);
	return 0;
}

static int change(int directory_fd, const struct spec *from, const struct spec *to, size_t *index,
		  struct error *err)
{
	const struct strlist *sysctls = &to->security.sysctls;
	AUTO_FD int proc_fd = procfs_open(err);

	if (proc_fd < 0 || restore_before(proc_fd, directory_fd, from, to, err) < 0 ||
	    note_before(proc_fd, directory_fd, from, to, index, err) < 0)
		return -1;
	for (size_t i = 0; i < sysctls->count; i++) {
		*index = i;
		if (!is_ipc(sysctls->items[i]) && set_one(proc_fd, sysctls->items[i], err) < 0)
			return -1;
	}
	return 0;
}

int sysctls_change(pid_t pid, int directory_fd, const struct spec *from, const struct spec *to,
		   size_t *index, struct error *err)
{
	AUTO_FD int own_fd = namespace_open(getpid(), "net", err);
	AUTO_FD int netns_fd = own_fd < 0 ? -1 : namespace_open(pid, "net", err);
	int rc;

	*index = 0;
	if (netns_fd < 0)
		return -1;
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return error_set(err, errno, "enter network namespace");
	rc = change(directory_fd, from, to, index, err);
	if (setns(own_fd, CLONE_NEWNET) < 0)
		abort();
	return rc;
}

int sysctls_forget(int directory_fd, struct error *err)
{
	return fs_remove_at(directory_fd, BEFORE_FILE, err);
}
