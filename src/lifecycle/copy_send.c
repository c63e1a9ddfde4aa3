/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/copy_send.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <search.h>
#include <sys/vfs.h>

#include "base/fs.h"

/* How often something may have become another while it was looked at. */
#define CHANGES_MAX 64
/* Each holds a descriptor here and one where it is made. */
#define DEEPEST 8192
/* What says it is empty (files of /proc do) is read so far, in bytes. */
#define UNSIZED_MAX (16U << 20)

#define MAGIC_MQUEUE 0x19800202 /* linux/magic.h has it not */

struct level {
	int fd;
	struct strlist names;
	size_t next;        /* of names */
	size_t path_length; /* of walk.path, without what is in it */
	dev_t device;
	ino_t inode;
};

/* A file with more than one name. */
struct linked {
	dev_t device;
	ino_t inode;
	char *path; /* the one it was sent as */
};

struct walk {
	const struct copy_sender *sender;
	const char *top;
	struct text path; /* below the top */
	struct level *levels;
	size_t depth, size;
	void *links; /* tsearch(3), of struct linked */
	struct copy_entry entry;
	bool put; /* something of the current entry */
	char *buffer;
};

static int compare_linked(const void *a, const void *b)
{
	const struct linked *one = a, *other = b;

	if (one->device != other->device)
		return one->device < other->device ? -1 : 1;
	return (one->inode > other->inode) - (one->inode < other->inode);
}

static void free_linked(void *node)
{
	struct linked *linked = node;

	free(linked->path);
	free(linked);
}

static void pop_level(struct walk *walk)
{
	struct level *level = &walk->levels[--walk->depth];

	text_cut(&walk->path, level->path_length);
	strlist_clear(&level->names);
	close_fd(&level->fd);
}

static void walk_clear(struct walk *walk)
{
	while (walk->depth > 0)
		pop_level(walk);
	free(walk->levels);
	free(walk->buffer);
	tdestroy(walk->links, free_linked);
	text_clear(&walk->path);
}

static int fail(const struct walk *walk, int code, const char *what, struct error *err)
{
	const char *below = text_value(&walk->path);

	return error_set(err, code, "%s %s%s%s", what, walk->top, *below ? "/" : "", below);
}

static int put(struct walk *walk, enum copy_type type, const char *name, const struct stat *st,
	       struct error *err)
{
	struct copy_entry *entry = &walk->entry;

	walk->put = true;
	entry->type = type;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	entry->attributes = (struct copy_attributes){0};
	if (st)
		entry->attributes = (struct copy_attributes){
			.mode = st->st_mode,
			.uid = st->st_uid,
			.gid = st->st_gid,
			.accessed = st->st_atim.tv_sec,
			.modified = st->st_mtim.tv_sec,
			.accessed_ns = (uint32_t)st->st_atim.tv_nsec,
			.modified_ns = (uint32_t)st->st_mtim.tv_nsec,
		};
	return copy_put(walk->sender->stream, entry, err);
}

static void clear_entry(struct copy_entry *entry)
{
	entry->target[0] = '\0';
	entry->length = 0;
	entry->offset = 0;
}

static int skip(struct walk *walk, const struct stat *st, struct error *err)
{
	const char *below = text_value(&walk->path);
	AUTO_FREE char *path = xprintf("%s%s%s", walk->top, *below ? "/" : "", below);

	if (walk->sender->tell_skipped)
		walk->sender->tell_skipped(path, st->st_mode);
	/* What is too long is told as far as it goes. */
	snprintf(walk->entry.target, sizeof(walk->entry.target), "%s", path);
	return put(walk, COPY_SKIPPED, "", st, err);
}

/* ---- regular files ---- */

static int put_data(struct walk *walk, uint64_t offset, size_t length, struct error *err)
{
	walk->entry.offset = offset;
	walk->entry.length = (uint32_t)length;
	if (put(walk, COPY_DATA, "", NULL, err) < 0)
		return -1;
	return copy_put_bytes(walk->sender->stream, walk->buffer, length, err);
}

/* What is between two offsets; *end is where there was no more. */
static int send_range(struct walk *walk, int fd, uint64_t from, uint64_t to, uint64_t *end,
		      struct error *err)
{
	while (from < to) {
		size_t wanted = to - from < COPY_CHUNK ? (size_t)(to - from) : COPY_CHUNK;
		ssize_t count = pread(fd, walk->buffer, wanted, (off_t)from);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno != EAGAIN)
			return fail(walk, errno, "read", err);
		if (count <= 0)
			break;
		if (put_data(walk, from, (size_t)count, err) < 0)
			return -1;
		from += (uint64_t)count;
	}
	*end = from;
	return 0;
}

/* As large as it was when it was opened: who writes on and on does not keep us. lseek(2) */
static int send_data(struct walk *walk, int fd, uint64_t size, uint64_t *end, struct error *err)
{
	uint64_t at = 0;

	while (at < size) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA), hole = -1;

		if (data < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		if (data >= 0)
			hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0) {
			data = (off_t)at;
			hole = (off_t)size;
		}
		if ((uint64_t)data >= size)
			break;
		at = (uint64_t)hole < size ? (uint64_t)hole : size;
		if (send_range(walk, fd, (uint64_t)data, at, end, err) < 0)
			return -1;
		if (*end < at)
			return 0; /* it has become shorter */
	}
	*end = size;
	return 0;
}

/* 1: another name of what was sent; its path is the target then. */
static int find_link(struct walk *walk, const struct stat *st)
{
	struct linked key = {.device = st->st_dev, .inode = st->st_ino};
	struct linked *node, **found;

	/* Longer paths are none that could be opened: such a file becomes another one. */
	if (st->st_nlink < 2 || walk->depth == 0 || walk->path.length >= PATH_MAX)
		return 0;
	found = tfind(&key, &walk->links, compare_linked);
	if (found) {
		snprintf(walk->entry.target, sizeof(walk->entry.target), "%s", (*found)->path);
		return 1;
	}
	node = xalloc(1, sizeof(*node));
	*node = key;
	node->path = xstrdup(text_value(&walk->path));
	if (!tsearch(node, &walk->links, compare_linked))
		free_linked(node); /* no memory: it is sent twice */
	return 0;
}

static int send_regular(struct walk *walk, int fd, const char *name, const struct stat *st,
			struct error *err)
{
	uint64_t end = 0;
	int rc;

	if (find_link(walk, st))
		return put(walk, COPY_HARDLINK, name, st, err);
	if (put(walk, COPY_FILE, name, st, err) < 0)
		return -1;
	if (st->st_size > 0)
		rc = send_data(walk, fd, (uint64_t)st->st_size, &end, err);
	else
		rc = send_range(walk, fd, 0, UNSIZED_MAX, &end, err);
	if (rc < 0)
		return -1;
	walk->entry.length = 0;
	walk->entry.offset = end;
	return put(walk, COPY_FILE_END, "", NULL, err);
}

/* ---- directories ---- */

static bool is_of_the_kernel(int fd)
{
	static const unsigned long magic[] = {
		PROC_SUPER_MAGIC,   SYSFS_MAGIC,  CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEVPTS_SUPER_MAGIC, MAGIC_MQUEUE, DEBUGFS_MAGIC,      TRACEFS_MAGIC,
		SECURITYFS_MAGIC,   BPF_FS_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(magic); i++)
		if ((unsigned long)fs.f_type == magic[i])
			return true;
	return false;
}

/* Only by following links. */
static bool is_above(const struct walk *walk, const struct stat *st)
{
	for (size_t i = 0; i < walk->depth; i++)
		if (walk->levels[i].device == st->st_dev && walk->levels[i].inode == st->st_ino)
			return true;
	return false;
}

static int push_level(struct walk *walk, int fd, const struct stat *st, struct error *err)
{
	struct level *level;

	if (walk->depth == DEEPEST)
		return fail(walk, ENAMETOOLONG, "too many directories one in another:", err);
	if (walk->depth == walk->size) {
		walk->size = walk->size ? 2 * walk->size : 16;
		walk->levels = xrealloc(walk->levels, walk->size, sizeof(*walk->levels));
	}
	level = &walk->levels[walk->depth];
	*level = (struct level){
		.fd = fd,
		.path_length = walk->path.length,
		.device = st->st_dev,
		.inode = st->st_ino,
	};
	if (fs_list_at(fd, ".", &level->names, err) < 0) {
		strlist_clear(&level->names);
		return error_wrap(err, "%s/%s", walk->top, text_value(&walk->path));
	}
	walk->depth++;
	return 0;
}

static int send_directory(struct walk *walk, int *fd, const char *name, const struct stat *st,
			  struct error *err)
{
	/* Named itself it is what is wanted. */
	if (walk->depth > 0 && walk->levels[walk->depth - 1].device != st->st_dev &&
	    is_of_the_kernel(*fd))
		return skip(walk, st, err);
	if (walk->sender->follow && is_above(walk, st))
		return fail(walk, ELOOP, "follow", err);
	if (push_level(walk, *fd, st, err) < 0)
		return -1;
	take_fd(fd);
	return put(walk, COPY_DIRECTORY, name, st, err);
}

/* ---- anything ---- */

static int send_link(struct walk *walk, int dir_fd, const char *path, const char *name,
		     const struct stat *st, struct error *err)
{
	char *target = walk->entry.target;
	ssize_t length = readlinkat(dir_fd, path, target, sizeof(walk->entry.target));

	if (length < 0 || length == sizeof(walk->entry.target)) {
		*target = '\0';
		if (length >= 0)
			return fail(walk, ENAMETOOLONG, "read the link", err);
		return errno == EINVAL || errno == ENOENT ? 1
							  : fail(walk, errno, "read the link", err);
	}
	target[length] = '\0';
	return put(walk, COPY_SYMLINK, name, st, err);
}

static int send_opened(struct walk *walk, int dir_fd, const char *path, const char *name,
		       struct error *err)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	AUTO_FD int fd = openat(dir_fd, path, flags | (walk->sender->follow ? 0 : O_NOFOLLOW));
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO))
		return 1;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(walk, errno, "open", err);
	if (S_ISREG(st.st_mode))
		return send_regular(walk, fd, name, &st, err);
	return S_ISDIR(st.st_mode) ? send_directory(walk, &fd, name, &st, err) : 1;
}

/* 1: it is another thing than it was a moment ago. */
static int try_entry(struct walk *walk, int dir_fd, const char *path, const char *name,
		     struct error *err)
{
	struct stat st;

	clear_entry(&walk->entry);
	if (fstatat(dir_fd, path, &st, walk->sender->follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0) {
		/* Who lists a directory finds names that are gone when they are looked at. */
		if (errno == ENOENT && walk->depth > 0 &&
		    (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT))
			return 0;
		return fail(walk, errno, "look at", err);
	}
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		return send_opened(walk, dir_fd, path, name, err);
	case S_IFLNK:
		return send_link(walk, dir_fd, path, name, &st, err);
	case S_IFIFO:
		return put(walk, COPY_FIFO, name, &st, err);
	default:
		return skip(walk, &st, err);
	}
}

static int send_whatever_it_is(struct walk *walk, int dir_fd, const char *path, const char *name,
			       struct error *err)
{
	for (int i = 0; i < CHANGES_MAX; i++) {
		int rc = try_entry(walk, dir_fd, path, name, err);

		if (rc <= 0)
			return rc;
	}
	return fail(walk, EAGAIN, "is another one each time it is looked at:", err);
}

static int send_entry(struct walk *walk, int dir_fd, const char *path, const char *name,
		      struct error *err)
{
	const struct copy_sender *sender = walk->sender;
	struct error fault = {0};

	walk->put = false;
	if (send_whatever_it_is(walk, dir_fd, path, name, &fault) == 0)
		return 0;
	/* Of a file that is begun, the other side waits for the rest. */
	if (walk->put || copy_lacks_means(fault.code)) {
		if (err)
			*err = fault;
		return -1;
	}
	if (sender->faults)
		copy_tell_fault(sender->faults, &fault);
	return copy_put_fault(sender->stream, &fault, err);
}

static int send_next(struct walk *walk, struct error *err)
{
	struct level *level = &walk->levels[walk->depth - 1];
	const char *name;

	text_cut(&walk->path, level->path_length);
	clear_entry(&walk->entry);
	if (level->next == level->names.count) {
		pop_level(walk);
		return put(walk, COPY_LEAVE, "", NULL, err);
	}
	name = level->names.items[level->next++];
	text_addf(&walk->path, "%s%s", walk->path.length ? "/" : "", name);
	return send_entry(walk, level->fd, name, name, err);
}

int copy_send(const struct copy_sender *sender, const char *path, struct error *err)
{
	AUTO(walk_clear)
	struct walk walk = {
		.sender = sender,
		.top = path,
		.buffer = xalloc(COPY_CHUNK, 1),
	};

	if (send_entry(&walk, AT_FDCWD, path, "", err) < 0)
		return -1;
	while (walk.depth > 0)
		if (send_next(&walk, err) < 0)
			return -1;
	return 0;
}

int copy_send_end(const struct copy_sender *sender, struct error *err)
{
	const struct copy_entry end = {.type = COPY_END};

	if (copy_put(sender->stream, &end, err) < 0)
		return -1;
	return sender->stream->back ? copy_take_back(sender->stream, err) : 0;
}
