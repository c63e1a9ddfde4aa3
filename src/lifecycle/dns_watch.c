/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/dns_watch.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/fs.h"
#include "lifecycle/dns.h"

#define LINKS_MAX 40 /* as the kernel follows */

/* Attributes are those of an inode that loses its name, too. */
#define CHANGES  (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
#define ARRIVALS (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

/* A path taken apart at its last slash. */
struct place {
	char directory[PATH_MAX];
	char name[NAME_MAX + 1];
};

/* false: nothing is left to take apart. */
static bool split(const char *path, struct place *place)
{
	size_t length = strlen(path), start;

	while (length > 0 && path[length - 1] == '/')
		length--;
	for (start = length; start > 0 && path[start - 1] != '/';)
		start--;
	if (start == length || length - start > NAME_MAX)
		return false;
	snprintf(place->name, sizeof(place->name), "%.*s", (int)(length - start), path + start);
	snprintf(place->directory, sizeof(place->directory), "%.*s", (int)start, path);
	return true;
}

static int add_watch(int inotify_fd, int dir_fd, const char *name, uint32_t mask, struct error *err)
{
	char path[64 + NAME_MAX];

	/* Below an fd, or a symlink of a made-up host would lead out of it. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir_fd, name);
	if (inotify_add_watch(inotify_fd, path, mask | IN_MASK_ADD) >= 0)
		return 0;
	error_set(err, errno, "watch %s", name);
	if (err->code == ENOSPC)
		error_hint(err, "raise fs.inotify.max_user_watches with sysctl(8)");
	return -1;
}

/*
 * Watches the last directory there is on the way to a path for the name that comes next. 1: it has
 * appeared in the meantime.
 */
static int await(int root_fd, const char *path, int inotify_fd, struct text *awaited,
		 struct error *err)
{
	AUTO_FD int dir_fd = -1;
	struct place place;

	if (!split(path, &place))
		return error_set(err, ENOENT, "%s", path);
	dir_fd = fs_open_in_root(root_fd, place.directory, O_PATH | O_DIRECTORY, NULL);
	if (dir_fd < 0)
		return await(root_fd, place.directory, inotify_fd, awaited, err);
	if (add_watch(inotify_fd, dir_fd, ".", ARRIVALS, err) < 0)
		return -1;
	text_addf(awaited, "%s\n", place.name);
	return faccessat(dir_fd, place.name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Watches what path is. 1: path has become what to look at next (the target of a link, or itself
 * once more), 0: there is nothing behind it.
 */
static int watch_one(int root_fd, char path[PATH_MAX], int inotify_fd, struct text *awaited,
		     struct error *err)
{
	AUTO_FD int dir_fd = -1;
	char target[PATH_MAX];
	struct place place;
	ssize_t length;
	int printed;

	if (!split(path, &place))
		return 0;
	dir_fd = fs_open_in_root(root_fd, place.directory, O_PATH | O_DIRECTORY, NULL);
	if (dir_fd < 0 || add_watch(inotify_fd, dir_fd, place.name, CHANGES | IN_DONT_FOLLOW, err) < 0) {
		if (dir_fd >= 0 && err->code != ENOENT)
			return -1;
		return await(root_fd, path, inotify_fd, awaited, err);
	}
	/* Looked at when it is watched: what comes after is told. */
	length = readlinkat(dir_fd, place.name, target, sizeof(target) - 1);
	if (length <= 0)
		return 0;
	target[length] = '\0';
	printed = snprintf(path, PATH_MAX, "%s%s", target[0] == '/' ? "" : place.directory, target);
	return printed < PATH_MAX;
}

static int watch_file(int root_fd, const char *file, int inotify_fd, struct text *awaited,
		      struct error *err)
{
	char path[PATH_MAX];
	int more = 1;

	snprintf(path, sizeof(path), "%s", file);
	for (int i = 0; i < LINKS_MAX && more == 1; i++)
		more = watch_one(root_fd, path, inotify_fd, awaited, err);
	return more < 0 ? -1 : 0;
}

int dns_watch(const char *root, int inotify_fd, struct text *awaited, struct error *err)
{
	AUTO_FD int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t watched = 0;

	if (root_fd < 0)
		return error_set(err, errno, "open directory %s", root);
	for (;;) {
		AUTO_DNS_HOST struct dns_host host = {0};

		if (dns_find_host_servers(root, false, &host, err) < 0)
			return -1;
		if (host.looked <= watched)
			return 0;
		for (; watched < host.looked; watched++)
			if (watch_file(root_fd, dns_candidate(watched), inotify_fd, awaited, err) < 0)
				return error_wrap(err, "%s", dns_candidate(watched));
	}
}
