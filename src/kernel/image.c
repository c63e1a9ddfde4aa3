/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/image.h"

#include <endian.h>
#include <errno.h>
#include <ext2fs/ext2_fs.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/parse.h"
#include "kernel/image_format.h"
#include "kernel/loop.h"
#include "kernel/mount.h"

#define SUPERBLOCK      1024
#define LOCK_TIMEOUT_MS 10000
#define SIZE_MAX_IMAGE  (16ull << 40)

/* What we look at of the superblock, in the order of this machine. */
struct filesystem {
	uint64_t size; /* bytes */
	uint64_t tail; /* what may lie behind it unused: too small for another group of blocks */
	bool damaged;
};

static int not_a_filesystem(struct error *err)
{
	error_set(err, EINVAL, "there is no ext4 file system in it, or no whole one");
	return error_hint(err, "put back a copy of it, or remove it to begin anew");
}

static int read_filesystem(int fd, struct filesystem *filesystem, struct error *err)
{
	struct ext2_super_block super;
	uint64_t blocks, group_blocks, block_size, overhead;

	if (pread(fd, &super, sizeof(super), SUPERBLOCK) != (ssize_t)sizeof(super) ||
	    le16toh(super.s_magic) != EXT2_SUPER_MAGIC || le32toh(super.s_log_block_size) > 6)
		return not_a_filesystem(err);
	block_size = 1024ull << le32toh(super.s_log_block_size);
	blocks = (uint64_t)le32toh(super.s_blocks_count_hi) << 32 | le32toh(super.s_blocks_count);
	group_blocks = le32toh(super.s_blocks_per_group);
	if (group_blocks == 0 || blocks > INT64_MAX / block_size)
		return not_a_filesystem(err);
	/* Bitmaps, inodes, copies of superblock and descriptors, and a few blocks of use. */
	overhead = 100 + le16toh(super.s_reserved_gdt_blocks) +
		   (uint64_t)le32toh(super.s_inodes_per_group) * 256 / block_size +
		   blocks / group_blocks * 64 / block_size;
	filesystem->size = blocks * block_size;
	filesystem->tail = (blocks - le32toh(super.s_first_data_block)) % group_blocks
				   ? block_size
				   : overhead * block_size;
	filesystem->damaged = le16toh(super.s_state) & EXT2_ERROR_FS;
	return 0;
}

static int check_damage(const struct filesystem *filesystem, const char *path, struct error *err)
{
	if (!filesystem->damaged)
		return 0;
	error_set(err, EUCLEAN, "the kernel has found faults in it");
	return error_hint(err, "repair it: e2fsck -f %s", path);
}

static int open_image(const char *path, struct error *err)
{
	AUTO_FD int fd = fs_open_at(AT_FDCWD, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0, err);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "it is no regular file");
	if (lock_take(fd, LOCK_TIMEOUT_MS, err) < 0)
		return error_wrap(err, "it is in use");
	return take_fd(&fd);
}

/* ---- made, made larger ---- */

static int make_file(const char *path, uint64_t size, struct error *err)
{
	AUTO_FD int fd = fs_open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600,
				    err);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) < 0)
		return error_set(err, errno, "make it that long");
	if (image_format(path, size, err) < 0)
		return error_wrap(err, "make an ext4 file system");
	/* It gets its name when it is complete on disk. */
	return fsync(fd) < 0 ? error_set(err, errno, "write") : 0;
}

static int make_image(const char *path, uint64_t size, struct error *err)
{
	AUTO_FREE char *temporary = xprintf("%s.new", path);

	if (unlink(temporary) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove %s", temporary);
	if (make_file(temporary, size, err) < 0 ||
	    (rename(temporary, path) < 0 && error_set(err, errno, "rename %s", temporary) < 0)) {
		unlink(temporary);
		return -1;
	}
	return 0;
}

static int refuse_to_shrink(const char *path, uint64_t there, uint64_t size, struct error *err)
{
	char there_text[PARSE_TEXT_MAX], text[PARSE_TEXT_MAX];

	parse_format_size(there, there_text);
	parse_format_size(size, text);
	error_set(err, EINVAL, "it has %s, and cannot be made smaller to %s while it is one",
		  there_text, text);
	return error_hint(err,
			  "with the container down: e2fsck -f %s && resize2fs %s %" PRIu64
			  "K; or write %s",
			  path, path, size / 1024, there_text);
}

static int fit_image(const char *path, uint64_t size, struct error *err)
{
	AUTO_FD int fd = open_image(path, err);
	struct filesystem filesystem;
	struct stat st;

	if (fd < 0 || read_filesystem(fd, &filesystem, err) < 0 ||
	    check_damage(&filesystem, path, err) < 0)
		return -1;
	if (filesystem.size > size)
		return refuse_to_shrink(path, filesystem.size, size, err);
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat");
	if ((uint64_t)st.st_size < filesystem.size) {
		error_set(err, EINVAL, "it was cut: a part of its file system is missing");
		return error_hint(err, "put back a copy of it, or remove it to begin anew");
	}
	if ((uint64_t)st.st_size < size && ftruncate(fd, (off_t)size) < 0)
		return error_set(err, errno, "make it longer");
	return 0;
}

int image_prepare(const char *path, uint64_t size, struct error *err)
{
	int rc;

	if (size > SIZE_MAX_IMAGE) {
		error_set(err, EFBIG, "an image of more than 16T");
		return error_hint(err, "keep such changes on a file system with project quotas");
	}
	rc = fs_exists_at(AT_FDCWD, path) ? fit_image(path, size, err) : make_image(path, size, err);
	return rc < 0 ? error_wrap(err, "image %s", path) : 0;
}

/* ---- mounted ---- */

static int grow(int mount_fd, const struct filesystem *filesystem, uint64_t size, struct error *err)
{
	AUTO_FD int fd = -1;
	__u64 blocks;
	struct stat st;

	if (size - filesystem->size < filesystem->tail)
		return 0;
	fd = fs_open_at(mount_fd, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat");
	blocks = size / (uint64_t)st.st_blksize;
	if (ioctl(fd, EXT4_IOC_RESIZE_FS, &blocks) == 0)
		return 0;
	error_set(err, errno, "make the file system in it larger");
	return errno == EPERM ? error_hint(err, "that takes the capability CAP_SYS_RESOURCE") : -1;
}

static int mount_device(const char *device, struct error *err)
{
	const struct mount_option options[] = {
		{"source", device},
		/* Never panic, whatever the superblock says; and nothing is made worse. */
		{"errors", "remount-ro"},
		{"discard", NULL},
		{NULL, NULL},
	};
	int fd = mount_new("ext4", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);

	if (fd < 0)
		error_hint(err, "where it is damaged, \"dmesg\" tells what is wrong, and "
				"e2fsck(8) repairs it; or remove it to begin anew");
	return fd;
}

static int mount_image(const char *path, uint64_t size, struct error *err)
{
	AUTO_FD int fd = open_image(path, err);
	AUTO_FD int loop_fd = -1, mount_fd = -1;
	struct filesystem filesystem;
	char device[LOOP_PATH_SIZE];

	if (fd < 0)
		return -1;
	loop_fd = loop_open(fd, device, err);
	if (loop_fd < 0)
		return -1;
	mount_fd = mount_device(device, err);
	/* Faults that the journal knows of show once it is replayed. */
	if (mount_fd < 0 || read_filesystem(loop_fd, &filesystem, err) < 0 ||
	    check_damage(&filesystem, path, err) < 0 || grow(mount_fd, &filesystem, size, err) < 0)
		return -1;
	return take_fd(&mount_fd);
}

int image_mount(const char *path, uint64_t size, struct error *err)
{
	int fd = mount_image(path, size, err);

	return fd < 0 ? error_wrap(err, "image %s", path) : fd;
}

int image_await_release(const char *path, int timeout_ms, struct error *err)
{
	AUTO_FD int fd = fs_open_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, err);

	if (fd < 0)
		return err && err->code == ENOENT ? (error_clear(err), 0) : -1;
	return lock_take(fd, timeout_ms, err) < 0 ? error_wrap(err, "image %s", path) : 0;
}
