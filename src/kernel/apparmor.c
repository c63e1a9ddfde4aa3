/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/apparmor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "config/machine.h"
#include "kernel/procfs.h"

#define PROFILES_FILE "/sys/kernel/security/apparmor/profiles"
#define PROFILES_SIZE_MAX (16 * 1024 * 1024)
#define ATTRIBUTE_MAX 4096 /* the kernel takes and gives no more than a page */

/* The length of the name in "NAME (MODE)", which may hold blanks and parentheses itself. */
static size_t name_length(const char *label, size_t length)
{
	size_t open = length;

	if (length == 0 || label[length - 1] != ')')
		return length;
	while (open > 0 && label[open - 1] != '(')
		open--;
	return open >= 3 && label[open - 2] == ' ' ? open - 2 : length;
}

bool apparmor_find(const char *list, const char *name, char mode[16])
{
	size_t wanted = strlen(name);

	for (const char *line = list; *line; line += *line == '\n') {
		size_t length = strcspn(line, "\n");

		if (name_length(line, length) == wanted && length > wanted &&
		    memcmp(line, name, wanted) == 0) {
			snprintf(mode, 16, "%.*s", (int)(length - wanted - 3), line + wanted + 2);
			return true;
		}
		line += length;
	}
	return false;
}

int apparmor_check(const char *profile, bool *complains, struct error *err)
{
	AUTO_TEXT struct text list = {0};
	char mode[16];

	*complains = false;
	if (fs_read_at(AT_FDCWD, PROFILES_FILE, PROFILES_SIZE_MAX, &list, err) < 0) {
		if (err->code == ENOENT)
			return error_clear(err), 0;
		return -1;
	}
	if (!apparmor_find(text_value(&list), profile, mode)) {
		error_set(err, 0, "no profile \"%s\" is loaded", profile);
		return error_hint(err, "load it with apparmor_parser -r FILE; aa-status lists those "
				       "that are");
	}
	*complains = strcmp(mode, "enforce") != 0 && strcmp(mode, "kill") != 0;
	return 0;
}

/* Before Linux 5.8 there is only the file that all security modules share. */
static int open_attribute(int proc_fd, pid_t pid, const char *name, int flags, struct error *err)
{
	char path[64];
	struct error first;
	int fd;

	snprintf(path, sizeof(path), "%d/attr/apparmor/%s", (int)pid, name);
	fd = procfs_open_file(proc_fd, path, flags, &first);
	if (fd >= 0)
		return fd;
	if (first.code == ENOENT) {
		snprintf(path, sizeof(path), "%d/attr/%s", (int)pid, name);
		return procfs_open_file(proc_fd, path, flags, err);
	}
	if (err)
		*err = first;
	return -1;
}

int apparmor_open_exec(int proc_fd, pid_t pid, struct error *err)
{
	return open_attribute(proc_fd, pid, "exec", O_WRONLY, err);
}

int apparmor_set_exec(int fd, const char *profile, struct error *err)
{
	char command[ATTRIBUTE_MAX];
	int length = snprintf(command, sizeof(command), "exec %s", profile);

	if (length >= (int)sizeof(command) || strchr(profile, '\n'))
		return error_set(err, EINVAL, "profile \"%.64s...\"", profile);
	/* One write(2): the kernel takes nothing in parts. */
	if (write(fd, command, (size_t)length) == length)
		return 0;
	error_set(err, errno, "change to the profile \"%s\"", profile);
	if (err && err->code == ENOENT)
		error_hint(err, "it is not loaded, or not any more: apparmor_parser -r FILE");
	else if (err && (err->code == EACCES || err->code == EPERM))
		error_hint(err, "cman itself is confined by a profile: it must allow the change "
				"(change_profile), which with no_new_privs the kernel still refuses; "
				"run cman unconfined");
	return -1;
}

int apparmor_confining(pid_t pid, char **profile, struct error *err)
{
	AUTO_FD int proc_fd = -1;
	AUTO_FD int fd = -1;
	char label[ATTRIBUTE_MAX + 1];
	ssize_t length;

	*profile = NULL;
	if (!machine_get()->apparmor)
		return 0;
	proc_fd = procfs_open(err);
	if (proc_fd < 0)
		return -1;
	fd = open_attribute(proc_fd, pid, "current", O_RDONLY, err);
	if (fd < 0)
		return -1;
	length = read(fd, label, sizeof(label) - 1);
	if (length < 0)
		return error_set(err, errno, "read the profile of process %d", (int)pid);
	label[length] = '\0';
	label[strcspn(label, "\n")] = '\0';
	label[name_length(label, strlen(label))] = '\0';
	if (*label && strcmp(label, APPARMOR_UNCONFINED) != 0)
		*profile = xstrdup(label);
	return 0;
}
