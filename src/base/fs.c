/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/fs.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fault.h"

static int open_resolved(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.resolve = resolve,
	};
	long fd;

	do /* EAGAIN: something was renamed during the walk, openat2(2) asks for another try */
		fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return (int)fd;
}

int fs_open_in_root(int root_fd, const char *path, int flags, struct error *err)
{
	int fd = open_resolved(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return error_set(err, errno, "open %s in the root filesystem", path);
	return fd;
}

int fs_open_below(int dir_fd, const char *path, int flags)
{
	return open_resolved(dir_fd, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

bool fs_has_link_in_root(int root_fd, const char *path)
{
	AUTO_FD int fd = open_resolved(root_fd, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);

	return fd < 0 && errno == ELOOP;
}

const char *fs_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a file";
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

int fs_open_without_links(const char *path, int flags, struct error *err)
{
	int fd = open_resolved(AT_FDCWD, path, flags, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return error_set(err, errno, "open %s", path);
	return fd;
}

int fs_open_at(int dir_fd, const char *path, int flags, mode_t mode, struct error *err)
{
	int fd;

	do
		fd = openat(dir_fd, path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return error_set(err, errno, "open %s", path);
	return fd;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

int fs_write_at(int dir_fd, const char *path, const char *value, struct error *err)
{
	AUTO_FD int fd = fs_open_at(dir_fd, path, O_WRONLY, 0, err);
	size_t length = strlen(value);
	ssize_t written;

	if (fd < 0)
		return -1;
	/* The kernel takes a knob's value in one piece only. */
	do
		written = write(fd, value, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return error_set(err, errno, "write \"%s\" to %s", value, path);
	if ((size_t)written != length)
		return error_set(err, EIO, "write \"%s\" to %s", value, path);
	return 0;
}

int fs_read_known_fd(int fd, const struct stat *st, size_t limit, struct text *out,
		     struct error *err)
{
	char buffer[8192];
	size_t total = 0;

	if (!S_ISREG(st->st_mode))
		return error_set(err, S_ISDIR(st->st_mode) ? EISDIR : EINVAL, "not a regular file");
	for (;;) {
		ssize_t count = read(fd, buffer, sizeof(buffer));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set(err, errno, "read");
		if (count == 0)
			return 0;
		total += (size_t)count;
		if (total > limit)
			return error_set(err, EFBIG, "more than %zu bytes", limit);
		text_add(out, buffer, (size_t)count);
		/* All there was: spares a call that reads nothing. Those of the kernel have no size. */
		if ((off_t)total == st->st_size)
			return 0;
	}
}

int fs_read_fd(int fd, size_t limit, struct text *out, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat");
	return fs_read_known_fd(fd, &st, limit, out, err);
}

int fs_read_at(int dir_fd, const char *path, size_t limit, struct text *out, struct error *err)
{
	/* O_NONBLOCK: a FIFO in the place of the file must not make us wait for a writer. */
	AUTO_FD int fd = fs_open_at(dir_fd, path, O_RDONLY | O_NONBLOCK, 0, err);

	if (fd < 0)
		return -1;
	if (fs_read_fd(fd, limit, out, err) < 0)
		return error_wrap(err, "%s", path);
	return 0;
}

int fs_read_line_at(int dir_fd, const char *path, char *out, size_t size, struct error *err)
{
	AUTO_FD int fd = fs_open_at(dir_fd, path, O_RDONLY | O_NONBLOCK, 0, err);
	ssize_t count;

	if (fd < 0)
		return -1;
	do
		count = read(fd, out, size);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return error_set(err, errno, "read %s", path);
	for (ssize_t i = 0; i < count; i++) {
		if (out[i] == '\n' || out[i] == '\0') {
			out[i] = '\0';
			return 0;
		}
	}
	if ((size_t)count == size)
		return error_set(err, E2BIG, "read %s", path);
	out[count] = '\0';
	return 0;
}

/* Nothing of it is left where it fails. on_disk: also its content, not in memory alone. */
static int write_new(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		     bool on_disk)
{
	AUTO_FD int fd =
		fs_open_at(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, NULL);
	int saved;

	if (fd >= 0 && write_all(fd, bytes, length) == 0 && (!on_disk || fsync(fd) == 0))
		return 0;
	saved = errno;
	if (fd >= 0)
		unlinkat(dir_fd, name, 0);
	errno = saved;
	return -1;
}

/*
 * In the blocks that the file has already: where no other can be had, what was done can still be
 * noted, and so a container be taken down. Who is killed here leaves a file that says so by its end.
 */
static int overwrite(int dir_fd, const char *name, const char *bytes, size_t length)
{
	AUTO_FD int fd = fs_open_at(dir_fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0, NULL);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_blocks * 512 < length || write_all(fd, bytes, length) < 0)
		return -1;
	return ftruncate(fd, (off_t)length);
}

static int replace(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		   bool on_disk, struct error *err)
{
	char temporary[NAME_MAX + 1];
	int saved;

	/* Always the same: what a killed process has left is taken away by the next. */
	if (snprintf(temporary, sizeof(temporary), ".%s.new", name) >= (int)sizeof(temporary))
		return error_set(err, ENAMETOOLONG, "replace %s", name);
	if (FAULT("write", name, err) < 0)
		return -1;
	if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove %s", temporary);
	if (write_new(dir_fd, temporary, bytes, length, mode, on_disk) < 0) {
		saved = errno;
		/* On disk half a file would be worse than the old one. */
		if (!on_disk && (saved == ENOSPC || saved == EDQUOT) &&
		    overwrite(dir_fd, name, bytes, length) == 0)
			return 0;
		return error_set(err, saved, "write %s", name);
	}
	if (FAULT("rename", name, NULL) < 0 || renameat(dir_fd, temporary, dir_fd, name) < 0) {
		saved = errno;
		unlinkat(dir_fd, temporary, 0);
		return error_set(err, saved, "write %s", name);
	}
	return 0;
}

int fs_replace_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		  struct error *err)
{
	return replace(dir_fd, name, bytes, length, mode, false, err);
}

int fs_replace_on_disk_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
			  struct error *err)
{
	if (replace(dir_fd, name, bytes, length, mode, true, err) < 0)
		return -1;
	return fsync(dir_fd) < 0 ? error_set(err, errno, "write %s", name) : 0;
}

/* Without a name until it is whole. Where there is no such file, one with a name nobody looks for. */
static int open_unnamed(int dir_fd, mode_t mode, char temporary[NAME_MAX + 1], struct error *err)
{
	int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);

	temporary[0] = '\0';
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd >= 0 ? fd : error_set(err, errno, "make a file");
	snprintf(temporary, NAME_MAX + 1, ".cman.%d.new", (int)getpid());
	if (fs_remove_at(dir_fd, temporary, err) < 0)
		return -1;
	return fs_open_at(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode, err);
}

int fs_create_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		 struct error *err)
{
	char temporary[NAME_MAX + 1], path[64];
	AUTO_FD int fd = open_unnamed(dir_fd, mode, temporary, err);
	int rc = 0;

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write_all(fd, bytes, length) < 0 || fsync(fd) < 0 ||
	    (temporary[0] ? linkat(dir_fd, temporary, dir_fd, name, 0)
			  : linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW)) < 0)
		rc = error_set(err, errno, "write %s", name);
	if (temporary[0])
		unlinkat(dir_fd, temporary, 0);
	if (rc == 0 && fsync(dir_fd) < 0)
		rc = error_set(err, errno, "write %s", name);
	return rc;
}

int fs_remove_unfinished_at(int dir_fd, const char *name, struct error *err)
{
	char temporary[NAME_MAX + 1];

	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	return fs_remove_at(dir_fd, temporary, err);
}

int fs_remove_replaced_at(int dir_fd, const char *name, struct error *err)
{
	return fs_remove_unfinished_at(dir_fd, name, err) < 0 ? -1
							      : fs_remove_at(dir_fd, name, err);
}

int fs_rewrite_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		  struct error *err)
{
	AUTO_FD int fd = fs_open_at(dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW, mode, err);

	return fd < 0 ? -1 : fs_rewrite_fd(fd, name, bytes, length, err);
}

int fs_rewrite_fd(int fd, const char *name, const char *bytes, size_t length, struct error *err)
{
	if (FAULT("rewrite", name, err) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_set(err, errno, "seek in %s", name);
	/* Write first, cut afterwards: a reader never finds the file empty. */
	if (write_all(fd, bytes, length) < 0 || ftruncate(fd, (off_t)length) < 0)
		return error_set(err, errno, "write %s", name);
	return 0;
}

int fs_make_directories(const char *path, mode_t mode, struct error *err)
{
	char part[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(part))
		return error_set(err, ENAMETOOLONG, "make directory %.64s...", path);
	memcpy(part, path, length + 1);
	for (char *slash = part + 1;; slash++) {
		if (*slash != '/' && *slash != '\0')
			continue;
		char end = *slash;

		*slash = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return error_set(err, errno, "make directory %s", part);
		*slash = end;
		if (end == '\0')
			return 0;
	}
}

int fs_open_directory(const char *path, mode_t mode, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		if (fs_make_directories(path, mode, err) < 0)
			return -1;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_set(err, errno, "open directory %s", path);
	return fd;
}

int fs_remove_at(int dir_fd, const char *name, struct error *err)
{
	if (FAULT("remove", name, err) < 0)
		return -1;
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove %s", name);
	return 0;
}

/* resolve: how the directory is opened; below the first one no mount point is crossed. */
static int remove_tree(int dir_fd, const char *name, uint64_t resolve, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = resolve,
	};
	AUTO_FD int fd = (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return fs_remove_at(dir_fd, name, err);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set(err, errno, "open %s", name);
	if (fs_list_at(fd, ".", &names, err) < 0)
		return error_wrap(err, "%s", name);
	for (size_t i = 0; i < names.count; i++)
		if (remove_tree(fd, names.items[i], RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, err) < 0)
			return error_wrap(err, "%s", name);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove directory %s", name);
	return 0;
}

int fs_remove_tree_at(int dir_fd, const char *name, struct error *err)
{
	return remove_tree(dir_fd, name, 0, err);
}

int fs_list_at(int dir_fd, const char *path, struct strlist *names, struct error *err)
{
	AUTO_DIR DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set(err, errno, "open directory %s", path);
	dir = fdopendir(fd);
	if (!dir) {
		int saved = errno;

		close(fd);
		return error_set(err, saved, "read directory %s", path);
	}
	while ((errno = 0, entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strlist_add(names, entry->d_name);
	if (errno != 0)
		return error_set(err, errno, "read directory %s", path);
	strlist_sort(names);
	return 0;
}

bool fs_exists_at(int dir_fd, const char *path)
{
	return faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool fs_is_at(int dir_fd, const char *path, int fd)
{
	struct stat there, ours;

	return fstat(fd, &ours) == 0 && fstatat(dir_fd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

int fs_path_of(int fd, char path[PATH_MAX])
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	if (length < 0)
		return -1;
	path[length] = '\0';
	return 0;
}

/*
 * above: it is a directory on the way to what is checked. In a sticky one of root's (/tmp) nobody
 * else can replace what belongs to root, so that it may be passed through.
 */
static int check_owner_and_mode(const char *path, bool above, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return error_set(err, errno, "%s", path);
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		error_set(err, 0, "%s belongs to user %u", path, st.st_uid);
		return error_hint(err, "chown root %s", path);
	}
	if (above && st.st_uid == 0 && S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX)
		return 0;
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		error_set(err, 0, "%s is writable by %s", path,
			  st.st_mode & S_IWOTH ? "everybody" : "its group");
		return error_hint(err, "chmod go-w %s", path);
	}
	return 0;
}

int fs_check_trusted(const char *path, struct error *err)
{
	char resolved[PATH_MAX];
	bool above = false;

	if (!realpath(path, resolved))
		return error_set(err, errno, "%s", path);
	for (;; above = true) {
		char *slash = strrchr(resolved, '/');

		if (check_owner_and_mode(resolved, above, err) < 0)
			return -1;
		if (slash == resolved)
			return strcmp(resolved, "/") == 0 ? 0 : check_owner_and_mode("/", true, err);
		*slash = '\0';
	}
}
