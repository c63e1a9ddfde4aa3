/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/copy_receive.h"

#include <fcntl.h>
#include <search.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/fs.h"

/* A directory that entries are for. */
struct place {
	int fd;
	bool made; /* by us: it gets its attributes when all is in it */
	struct copy_attributes attributes;
	size_t path_length; /* of receiver.path, without what is in it */
};

struct receiver {
	const struct copy_stream *stream;
	const struct copy_target *target;
	int base_fd;            /* the target, or the directory it is in */
	char *name;             /* of the target in that; NULL: the target is the directory */
	bool must_be_directory; /* its path ends with a slash */
	size_t begun;           /* trees */
	struct place *places;
	size_t depth, size;
	struct text path;   /* below the target */
	size_t top_length;  /* of that, for what is below the top of a tree */
	void *left_out;     /* tsearch(3), of paths below the top */
	char temporary[32]; /* "": none is in the directory of the current entry */
	struct copy_entry entry;
	bool file_open;    /* more of the current file is to come */
	bool target_fails; /* what went wrong last is about the target, not the stream */
	char *buffer;
	unsigned long long files, directories;
};

static void pop_place(struct receiver *receiver)
{
	close_fd(&receiver->places[--receiver->depth].fd);
}

static void receiver_clear(struct receiver *receiver)
{
	while (receiver->depth > 0)
		pop_place(receiver);
	free(receiver->places);
	free(receiver->buffer);
	free(receiver->name);
	tdestroy(receiver->left_out, free);
	text_clear(&receiver->path);
	close_fd(&receiver->base_fd);
}

static int fail(struct receiver *receiver, int code, const char *what, struct error *err)
{
	const char *below = text_value(&receiver->path);

	receiver->target_fails = true;
	return error_set(err, code, "%s %s%s%s", what, receiver->target->path, *below ? "/" : "",
			 below);
}

static int owner_failed(struct receiver *receiver, const struct copy_attributes *wanted, int code,
			struct error *err)
{
	fail(receiver, code, "set the owner of", err);
	if (code == EINVAL || code == EOVERFLOW)
		error_hint(err,
			   "user %u or group %u has no number there, see security.userns; without -a "
			   "the owner is root",
			   wanted->uid, wanted->gid);
	return -1;
}

static int make_no_sense(struct error *err)
{
	return error_set(err, EPROTO, "order of the files");
}

/* ---- the target ---- */

/* The last part of a path without slashes behind it; "" where that is no name. */
static char *last_part(const char *path)
{
	size_t end = strlen(path), begin;
	char *part;

	while (end > 0 && path[end - 1] == '/')
		end--;
	begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	part = xprintf("%.*s", (int)(end - begin), path + begin);
	if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
		*part = '\0';
	return part;
}

static int open_parent(struct receiver *receiver, const char *path, struct error *err)
{
	AUTO_FREE char *name = last_part(path);
	const char *end = path + strlen(path);
	AUTO_FREE char *parent = NULL;

	if (!*name)
		return error_set(err, ENOENT, "%s", path);
	receiver->must_be_directory = end[-1] == '/';
	while (end[-1] == '/')
		end--;
	end -= strlen(name);
	parent = end == path ? xstrdup(".") : xprintf("%.*s", (int)(end - path), path);
	receiver->base_fd = fs_open_at(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0, err);
	if (receiver->base_fd < 0 && err && err->code == ENOENT)
		error_hint(err, "directories above the target are not made");
	if (receiver->base_fd < 0)
		return -1;
	receiver->name = take_pointer(&name);
	return 0;
}

/* As cp(1): what is in the place of a file is written to where a link there leads. */
static int open_target(struct receiver *receiver, struct error *err)
{
	const char *path = receiver->target->path;
	AUTO_FREE char *resolved = NULL;
	struct stat st;

	receiver->base_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (receiver->base_fd >= 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return error_set(err, errno, "open %s", path);
	if (receiver->target->count > 1)
		return error_set(err, errno, "%s is to take several files", path);
	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		resolved = realpath(path, NULL);
		if (!resolved)
			return error_set(err, errno, "follow the link %s", path);
		path = resolved;
	}
	return open_parent(receiver, path, err);
}

/* ---- what an entry is about ---- */

static int directory_of(const struct receiver *receiver)
{
	return receiver->depth ? receiver->places[receiver->depth - 1].fd : receiver->base_fd;
}

/* The name in that directory, owned by the caller; "": the directory itself. NULL with err. */
static char *name_of(struct receiver *receiver, struct error *err)
{
	const struct copy_target *target = receiver->target;

	if (receiver->depth > 0) {
		if (*receiver->entry.name)
			return xstrdup(receiver->entry.name);
	} else if (!*receiver->entry.name && receiver->begun < target->count) {
		receiver->begun++;
		return receiver->name ? xstrdup(receiver->name)
				      : last_part(target->sources[receiver->begun - 1]);
	}
	make_no_sense(err);
	return NULL;
}

static void enter_path(struct receiver *receiver, const char *name)
{
	struct text *path = &receiver->path;

	/* The target itself is named by its own path. */
	if (*name && (receiver->depth > 0 || !receiver->name))
		text_addf(path, "%s%s", path->length ? "/" : "", name);
}

/* ---- making things ---- */

static void choose_temporary(struct receiver *receiver)
{
	unsigned long long number = 0;

	/* Where it fails the name is a fixed one: that is then told to exist. */
	if (getrandom(&number, sizeof(number), 0) < 0)
		number = 0;
	snprintf(receiver->temporary, sizeof(receiver->temporary), ".cman-%016llx", number);
}

static mode_t wanted_mode(const struct receiver *receiver, const struct copy_attributes *wanted)
{
	return wanted->mode & (receiver->target->keep_owner ? 07777 : 0777);
}

static void times_of(const struct copy_attributes *wanted, struct timespec times[2])
{
	times[0] = (struct timespec){wanted->accessed, (long)wanted->accessed_ns};
	times[1] = (struct timespec){wanted->modified, (long)wanted->modified_ns};
}

/* Owner first: that takes away set-user-ID. */
static int set_attributes(struct receiver *receiver, int fd, const struct copy_attributes *wanted,
			  struct error *err)
{
	struct timespec times[2];

	times_of(wanted, times);
	if (receiver->target->keep_owner && fchown(fd, wanted->uid, wanted->gid) < 0)
		return owner_failed(receiver, wanted, errno, err);
	if (fchmod(fd, wanted_mode(receiver, wanted)) < 0)
		return fail(receiver, errno, "set the mode of", err);
	if (futimens(fd, times) < 0)
		return fail(receiver, errno, "set the times of", err);
	return 0;
}

/* Of what is not opened: a link, a FIFO. */
static int set_attributes_of_temporary(struct receiver *receiver, int dir_fd, struct error *err)
{
	const struct copy_attributes *wanted = &receiver->entry.attributes;
	const char *name = receiver->temporary;
	struct timespec times[2];

	times_of(wanted, times);
	if (receiver->target->keep_owner &&
	    fchownat(dir_fd, name, wanted->uid, wanted->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return owner_failed(receiver, wanted, errno, err);
	if (utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(receiver, errno, "set the times of", err);
	return 0;
}

/* A device or a socket is not what somebody wants to lose who names it, /dev/null above all. */
static bool may_be_replaced(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	       !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int put_in_place(struct receiver *receiver, int dir_fd, const char *name, struct error *err)
{
	if (receiver->must_be_directory && receiver->depth == 0)
		return fail(receiver, ENOTDIR, "make", err);
	if (!*name)
		return fail(receiver, EISDIR, "make", err);
	if (!may_be_replaced(dir_fd, name)) {
		fail(receiver, EEXIST, "replace", err);
		return error_hint(err, "devices and sockets are left as they are");
	}
	if (renameat(dir_fd, receiver->temporary, dir_fd, name) < 0) {
		fail(receiver, errno, "replace", err);
		if (err && err->code == EBUSY)
			error_hint(err, "something is mounted on it: write into it by cman exec");
		return -1;
	}
	/* Two names of one file: rename(2) does nothing then. */
	if (receiver->entry.type == COPY_HARDLINK)
		unlinkat(dir_fd, receiver->temporary, 0);
	receiver->temporary[0] = '\0';
	receiver->files++;
	return 0;
}

static int write_chunk(struct receiver *receiver, int fd, struct error *err)
{
	const struct copy_entry *entry = &receiver->entry;
	size_t written = 0;

	if (copy_take_bytes(receiver->stream, receiver->buffer, entry->length, err) < 0)
		return -1;
	while (written < entry->length) {
		ssize_t count = pwrite(fd, receiver->buffer + written, entry->length - written,
				       (off_t)(entry->offset + written));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fail(receiver, errno, "write", err);
		written += (size_t)count;
	}
	return 0;
}

static int write_data(struct receiver *receiver, int fd, struct error *err)
{
	struct copy_entry *entry = &receiver->entry;

	for (;;) {
		if (copy_take(receiver->stream, entry, err) < 0)
			return -1;
		if (entry->type == COPY_FILE_END)
			break;
		if (entry->type != COPY_DATA)
			return make_no_sense(err);
		if (write_chunk(receiver, fd, err) < 0)
			return -1;
	}
	receiver->file_open = false;
	if (ftruncate(fd, (off_t)entry->offset) < 0)
		return fail(receiver, errno, "write", err);
	return 0;
}

static int make_file(struct receiver *receiver, int dir_fd, struct error *err)
{
	const struct copy_attributes wanted = receiver->entry.attributes;
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	AUTO_FD int fd = openat(dir_fd, receiver->temporary, flags, S_IRUSR | S_IWUSR);

	if (fd < 0) {
		receiver->temporary[0] = '\0'; /* not ours */
		return fail(receiver, errno, "make", err);
	}
	if (write_data(receiver, fd, err) < 0)
		return -1;
	return set_attributes(receiver, fd, &wanted, err);
}

static int make_symlink(struct receiver *receiver, int dir_fd, struct error *err)
{
	if (symlinkat(receiver->entry.target, dir_fd, receiver->temporary) < 0) {
		receiver->temporary[0] = '\0';
		return fail(receiver, errno, "make", err);
	}
	return set_attributes_of_temporary(receiver, dir_fd, err);
}

static int make_fifo(struct receiver *receiver, int dir_fd, struct error *err)
{
	mode_t mode = wanted_mode(receiver, &receiver->entry.attributes);

	if (mknodat(dir_fd, receiver->temporary, S_IFIFO | mode, 0) < 0) {
		receiver->temporary[0] = '\0';
		return fail(receiver, errno, "make", err);
	}
	return set_attributes_of_temporary(receiver, dir_fd, err);
}

/* ---- what was left out ---- */

static int compare_paths(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The path of the current entry: of what is no other name can be made. */
static int remember_left_out(struct receiver *receiver, struct error *err)
{
	const char *below;
	char *path, **found;

	if (receiver->depth == 0)
		return 0;
	below = text_value(&receiver->path) + receiver->top_length;
	path = xstrdup(below + strspn(below, "/"));
	found = tsearch(path, &receiver->left_out, compare_paths);
	if (!found || *found != path)
		free(path);
	return found ? 0 : error_set(err, ENOMEM, "remember what was left out");
}

static bool was_left_out(const struct receiver *receiver, const char *path)
{
	for (const char *end = path; *end;) {
		AUTO_FREE char *part = NULL;

		end = strchrnul(end + (*end == '/'), '/');
		part = xprintf("%.*s", (int)(end - path), path);
		if (tfind(part, &receiver->left_out, compare_paths))
			return true;
	}
	return false;
}

/* To what came before, which may be another thing meanwhile: it is looked for below the top alone. */
static int make_hardlink(struct receiver *receiver, int dir_fd, struct error *err)
{
	const char *path = receiver->entry.target, *slash = strrchr(path, '/');
	AUTO_FREE char *parent = slash ? xprintf("%.*s", (int)(slash - path), path) : xstrdup(".");
	AUTO_FD int parent_fd = -1;

	if (receiver->depth == 0)
		return make_no_sense(err);
	if (was_left_out(receiver, path)) {
		receiver->temporary[0] = '\0';
		fail(receiver, 0, "make", err);
		return error_hint(err, "it is another name of what was left out: %s", path);
	}
	parent_fd = fs_open_below(receiver->places[0].fd, parent, O_PATH | O_DIRECTORY);
	if (parent_fd < 0 ||
	    linkat(parent_fd, slash ? slash + 1 : path, dir_fd, receiver->temporary, 0) < 0) {
		receiver->temporary[0] = '\0';
		return fail(receiver, errno, "link", err);
	}
	return 0;
}

static int make_leaf(struct receiver *receiver, const char *name, struct error *err)
{
	int dir_fd = directory_of(receiver);
	int rc;

	choose_temporary(receiver);
	switch (receiver->entry.type) {
	case COPY_FILE:
		rc = make_file(receiver, dir_fd, err);
		break;
	case COPY_SYMLINK:
		rc = make_symlink(receiver, dir_fd, err);
		break;
	case COPY_HARDLINK:
		rc = make_hardlink(receiver, dir_fd, err);
		break;
	default:
		rc = make_fifo(receiver, dir_fd, err);
	}
	if (rc == 0)
		rc = put_in_place(receiver, dir_fd, name, err);
	if (rc < 0 && receiver->temporary[0])
		unlinkat(dir_fd, receiver->temporary, 0);
	return rc;
}

/* ---- directories ---- */

static void enter_tree(struct receiver *receiver)
{
	receiver->top_length = receiver->path.length;
	tdestroy(receiver->left_out, free);
	receiver->left_out = NULL;
}

static int make_directory(struct receiver *receiver, const char *name, size_t path_length,
			  struct error *err)
{
	struct place place = {
		.fd = -1,
		.attributes = receiver->entry.attributes,
		.path_length = path_length,
	};
	int dir_fd = directory_of(receiver);

	/* Closed to others until all is in it. */
	place.made = *name && mkdirat(dir_fd, name, S_IRWXU) == 0;
	if (*name && !place.made && errno != EEXIST)
		return fail(receiver, errno, "make", err);
	place.fd =
		openat(dir_fd, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place.fd < 0)
		return fail(receiver, errno == ELOOP ? ENOTDIR : errno, "enter", err);
	if (receiver->depth == receiver->size) {
		receiver->size = receiver->size ? 2 * receiver->size : 16;
		receiver->places =
			xrealloc(receiver->places, receiver->size, sizeof(*receiver->places));
	}
	if (receiver->depth == 0)
		enter_tree(receiver);
	receiver->places[receiver->depth++] = place;
	return 0;
}

/* ---- what goes wrong ---- */

/* What the other side has left out. */
static void tell_not_sent(struct receiver *receiver)
{
	const struct copy_target *target = receiver->target;
	const struct copy_entry *entry = &receiver->entry;

	if (entry->type == COPY_FAILED && target->faults)
		copy_tell_failed(target->faults, entry);
	if (entry->type == COPY_SKIPPED && target->tell_skipped)
		target->tell_skipped(entry->target, entry->attributes.mode);
}

/* The rest of what is open: of a file up to its FILE_END, of a directory up to its LEAVE. */
static int pass_over(struct receiver *receiver, size_t open, struct error *err)
{
	struct copy_entry *entry = &receiver->entry;

	while (open > 0) {
		if (copy_take(receiver->stream, entry, err) < 0)
			return -1;
		if (entry->type == COPY_END)
			return make_no_sense(err);
		tell_not_sent(receiver);
		open += entry->type == COPY_DIRECTORY || entry->type == COPY_FILE;
		open -= entry->type == COPY_LEAVE || entry->type == COPY_FILE_END;
		if (entry->type == COPY_DATA &&
		    copy_take_bytes(receiver->stream, receiver->buffer, entry->length, err) < 0)
			return -1;
	}
	return 0;
}

/* The next one would fail likewise. */
static bool is_of_all(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EROFS || code == EIO ||
	       copy_lacks_means(code);
}

static int tell_fault(struct receiver *receiver, const struct error *fault, struct error *err)
{
	if (!receiver->target->faults)
		return copy_put_fault(receiver->stream, fault, err);
	copy_tell_fault(receiver->target->faults, fault);
	return 0;
}

/* 0: it is told, and the copy goes on with what comes next. */
static int survive(struct receiver *receiver, const struct error *fault, struct error *err)
{
	if (receiver->target_fails && !is_of_all(fault->code))
		return tell_fault(receiver, fault, err);
	if (err)
		*err = *fault;
	return -1;
}

/* The current entry, of which so much is open, with all that is in it. */
static int leave_out(struct receiver *receiver, const struct error *fault, size_t open,
		     struct error *err)
{
	if (survive(receiver, fault, err) < 0 || remember_left_out(receiver, err) < 0)
		return -1;
	return pass_over(receiver, open, err);
}

/* ---- the stream ---- */

static int make_entry(struct receiver *receiver, struct error *err)
{
	bool is_directory = receiver->entry.type == COPY_DIRECTORY;
	size_t path_length = receiver->path.length;
	AUTO_FREE char *name = name_of(receiver, err);
	struct error fault = {0};
	int rc;

	if (!name)
		return -1;
	enter_path(receiver, name);
	receiver->target_fails = false;
	receiver->file_open = receiver->entry.type == COPY_FILE;
	rc = is_directory ? make_directory(receiver, name, path_length, &fault)
			  : make_leaf(receiver, name, &fault);
	if (rc == 0 && is_directory)
		return 0;
	if (rc < 0)
		rc = leave_out(receiver, &fault, is_directory || receiver->file_open, err);
	text_cut(&receiver->path, path_length);
	return rc;
}

static int leave_directory(struct receiver *receiver, struct error *err)
{
	struct error fault = {0};
	struct place *place;

	if (receiver->depth == 0)
		return make_no_sense(err);
	place = &receiver->places[receiver->depth - 1];
	receiver->target_fails = false;
	if (place->made && set_attributes(receiver, place->fd, &place->attributes, &fault) < 0 &&
	    survive(receiver, &fault, err) < 0)
		return -1;
	receiver->directories += place->made;
	text_cut(&receiver->path, place->path_length);
	pop_place(receiver);
	return 0;
}

static int end_stream(struct receiver *receiver, struct error *err)
{
	if (receiver->depth > 0 || receiver->begun != receiver->target->count)
		return make_no_sense(err);
	receiver->entry.offset = receiver->files + receiver->directories;
	if (!receiver->target->faults)
		return copy_put(receiver->stream, &receiver->entry, err);
	receiver->target->faults->any_copied = receiver->entry.offset > 0;
	return 0;
}

/* 1: that was the last of them. */
static int take_entry(struct receiver *receiver, struct error *err)
{
	if (copy_take(receiver->stream, &receiver->entry, err) < 0)
		return -1;
	switch (receiver->entry.type) {
	case COPY_DIRECTORY:
	case COPY_FILE:
	case COPY_SYMLINK:
	case COPY_HARDLINK:
	case COPY_FIFO:
		return make_entry(receiver, err);
	case COPY_LEAVE:
		return leave_directory(receiver, err);
	case COPY_SKIPPED:
	case COPY_FAILED:
		receiver->begun += receiver->depth == 0;
		tell_not_sent(receiver);
		return 0;
	case COPY_END:
		return end_stream(receiver, err) < 0 ? -1 : 1;
	default:
		return make_no_sense(err);
	}
}

int copy_receive(const struct copy_stream *stream, const struct copy_target *target,
		 struct error *err)
{
	AUTO(receiver_clear)
	struct receiver receiver = {
		.stream = stream,
		.target = target,
		.base_fd = -1,
		.buffer = xalloc(COPY_CHUNK, 1),
	};
	mode_t umask_before = umask(0); /* modes are those of the files */
	int rc = open_target(&receiver, err);

	while (rc == 0)
		rc = take_entry(&receiver, err);
	umask(umask_before);
	if (rc > 0)
		return 0;
	return error_hint(err, "copied before that: %llu files, %llu directories", receiver.files,
			  receiver.directories);
}
