/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs.h: files relative to a directory fd. A dir_fd of AT_FDCWD takes paths as they are.
 * Every fd returned is close-on-exec and owned by the caller.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/*
 * Opens path as if root_fd were "/": no "..", symlink or magic link of the image leads outside.
 * flags as for open(2); never blocks on a FIFO (add O_NONBLOCK for that). openat2(2), Linux 5.6.
 */
int fs_open_in_root(int root_fd, const char *path, int flags, struct error *err);

/* Whether there is a symlink on the way, or at its end, as far as the path leads. */
bool fs_has_link_in_root(int root_fd, const char *path);

/* "a directory", "a FIFO", ...: what is in the place of a regular file. */
const char *fs_kind(mode_t mode);

/*
 * Opens an absolute path on which there is no symlink and no magic link, be it at its end: ELOOP.
 */
int fs_open_without_links(const char *path, int flags, struct error *err);

/* A path below dir_fd on which there is no symlink, be it at its end: ELOOP. -1 with errno. */
int fs_open_below(int dir_fd, const char *path, int flags);

/* openat(2) with O_CLOEXEC; mode is used with O_CREAT. EINTR is retried. */
int fs_open_at(int dir_fd, const char *path, int flags, mode_t mode, struct error *err);

/* Writes value with one write(2) into an existing file (kernel knobs: cgroup, /proc). */
int fs_write_at(int dir_fd, const char *path, const char *value, struct error *err);

/*
 * Reads a regular file of at most limit bytes to the end of out. EFBIG beyond it, EINVAL for
 * what is no regular file. Files of /proc and the cgroup file systems count as regular.
 */
int fs_read_at(int dir_fd, const char *path, size_t limit, struct text *out, struct error *err);
int fs_read_fd(int fd, size_t limit, struct text *out, struct error *err);
int fs_read_known_fd(int fd, const struct stat *st, size_t limit, struct text *out,
		     struct error *err); /* st is that of fstat(2) */

/* Reads one line into out without its newline, for kernel knobs; E2BIG when it does not fit. */
int fs_read_line_at(int dir_fd, const char *path, char *out, size_t size, struct error *err);

/*
 * Replaces name in dir_fd atomically (written beside it as ".NAME.new", then renamed). mode as for
 * open(2). One process at a time: under the lock that the file belongs to. On a file system that is
 * full it is overwritten, where its blocks are enough for that.
 */
int fs_replace_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		  struct error *err);

/* The same for what is to be there, old or new, after a power cut: it is on disk afterwards. */
int fs_replace_on_disk_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
			  struct error *err);

/*
 * Makes name in dir_fd with that content, whole or not at all, and on disk. mode as for open(2). EEXIST,
 * and nothing is changed: there is something of that name.
 */
int fs_create_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		 struct error *err);

/* What a process that was killed while it replaced name has left; with name itself, the second. */
int fs_remove_unfinished_at(int dir_fd, const char *name, struct error *err);
int fs_remove_replaced_at(int dir_fd, const char *name, struct error *err);

/*
 * Rewrites a file in place, keeping its inode (it may be bind mounted): created when missing.
 * Readers may see a short moment of half the new text.
 */
int fs_rewrite_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
		  struct error *err);

/* Likewise one that is open for writing; name: for messages. */
int fs_rewrite_fd(int fd, const char *name, const char *bytes, size_t length, struct error *err);

/* Makes path and its parents; directories that exist are left as they are. */
int fs_make_directories(const char *path, mode_t mode, struct error *err);

/* Opens path as a directory (O_RDONLY), making it and its parents when missing. */
int fs_open_directory(const char *path, mode_t mode, struct error *err);

/*
 * Removes a file; missing is success. Likewise a directory with all that is in it (never
 * crossing a mount point, never following a symlink).
 */
int fs_remove_at(int dir_fd, const char *name, struct error *err);
int fs_remove_tree_at(int dir_fd, const char *name, struct error *err);

/*
 * Sorted names in a directory without "." and "..". A missing directory has none (success).
 */
int fs_list_at(int dir_fd, const char *path, struct strlist *names, struct error *err);

bool fs_exists_at(int dir_fd, const char *path);

/* Whether that is what stands under the name; fd may be -1. Who waits for a lock asks so afterwards: its
 * holder may have removed the file, or put another in its place. */
bool fs_is_at(int dir_fd, const char *path, int fd);

/* Where what is open is now, without any symbolic link. -1: not known, as without /proc. proc_pid_fd(5) */
int fs_path_of(int fd, char path[PATH_MAX]);

/*
 * Whether the file and every directory above it belong to root (or to the caller's effective
 * user) and nobody else may write them; a sticky directory of root above it, like /tmp, will do.
 * Names the offending path in err. path must be absolute; symlinks are followed.
 */
int fs_check_trusted(const char *path, struct error *err);

#endif
