/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/volumes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "base/fs.h"
#include "kernel/volume.h"

static int fail_at(struct message *failure, size_t index)
{
	snprintf(failure->key, sizeof(failure->key), "mounts[%zu]", index);
	return -1;
}

static uint64_t attributes_of(const struct mount *mount)
{
	return (mount->read_only ? MOUNT_ATTR_RDONLY : 0u) |
	       (mount->options & MOUNT_NOSUID ? MOUNT_ATTR_NOSUID : 0u) |
	       (mount->options & MOUNT_NOEXEC ? MOUNT_ATTR_NOEXEC : 0u) |
	       (mount->options & MOUNT_NOATIME ? MOUNT_ATTR_NOATIME : 0u);
}

/* ---- supervisor ---- */

/* -1 in *fd and success where there is nothing to open. */
static int open_source(const struct mount *mount, int userns_fd, int *fd, struct error *err)
{
	const struct volume_source source = {
		.path = mount->source,
		.recursive = mount->options & MOUNT_RBIND,
		.follow_host = mount->options & MOUNT_RSLAVE,
		.attributes = attributes_of(mount),
	};

	*fd = -1;
	if (mount->type != MOUNT_BIND)
		return 0;
	*fd = volume_open(&source, userns_fd, err);
	if (*fd >= 0 || (mount->optional && err->code == ENOENT))
		return 0; /* that it is left out was told when the files were checked */
	return -1;
}

static int send_some(const struct spec *spec, size_t first, size_t count, int userns_fd,
		     int channel_fd, struct message *failure)
{
	const struct message message = {.type = MESSAGE_MOUNTS};
	int fds[CHANNEL_FDS_MAX];
	size_t opened = 0;
	int rc = 0;

	while (opened < count && rc == 0) {
		rc = open_source(&spec->mounts[first + opened], userns_fd, &fds[opened],
				 &failure->error);
		if (rc < 0)
			fail_at(failure, first + opened);
		else
			opened++;
	}
	if (rc == 0)
		rc = channel_send(channel_fd, &message, fds, count, &failure->error);
	while (opened > 0)
		close_fd(&fds[--opened]);
	return rc;
}

static size_t next_count(const struct spec *spec, size_t done)
{
	size_t left = spec->mount_count - done;

	return left < CHANNEL_FDS_MAX ? left : CHANNEL_FDS_MAX;
}

int volumes_send(const struct spec *spec, int userns_fd, int channel_fd, struct message *failure)
{
	for (size_t i = 0; i < spec->mount_count; i += next_count(spec, i))
		if (send_some(spec, i, next_count(spec, i), userns_fd, channel_fd, failure) < 0)
			return -1;
	return 0;
}

/* ---- init ---- */

int volumes_receive(const struct spec *spec, int channel_fd, int mount_fds[MOUNTS_MAX],
		    struct error *err)
{
	struct message message;
	int rc = 1;

	for (size_t i = 0; i < spec->mount_count && rc == 1; i += next_count(spec, i))
		rc = channel_receive(channel_fd, &message, mount_fds + i, next_count(spec, i), -1,
				     err);
	return rc;
}

/*
 * The nearest directory above target that is of our making, so that the place can be made in it:
 * a tmpfs of this list, or /dev.
 */
static void find_base(const struct spec *spec, size_t index, const int *mount_fds, int dev_fd,
		      struct volume *volume)
{
	volume->base_fd = -1;
	if (path_is_at_or_below(volume->target, "/dev")) {
		volume->base_fd = dev_fd;
		volume->base_length = (unsigned int)strlen("/dev");
	}
	for (size_t i = 0; i < index; i++) {
		const struct mount *above = &spec->mounts[i];
		unsigned int length = (unsigned int)strlen(above->target);

		if (mount_fds[i] < 0 || !path_is_at_or_below(volume->target, above->target) ||
		    length < volume->base_length)
			continue;
		volume->base_fd = above->type == MOUNT_TMPFS ? mount_fds[i] : -1;
		volume->base_length = length;
	}
}

int volumes_attach(const struct spec *spec, int mount_fds[MOUNTS_MAX], struct message *failure)
{
	struct error *err = &failure->error;
	AUTO_FD int root_fd = -1;
	AUTO_FD int dev_fd = -1;

	if (spec->mount_count == 0)
		return 0;
	root_fd = fs_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, err);
	dev_fd = fs_open_at(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (root_fd < 0 || dev_fd < 0)
		return -1;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount *mount = &spec->mounts[i];
		struct volume volume = {
			.target = mount->target,
			.mount_fd = mount_fds[i],
			.size = mount->size,
			.mode = mount->mode,
			.attributes = attributes_of(mount),
		};

		if (mount->type == MOUNT_BIND && mount_fds[i] < 0)
			continue; /* optional, and without a source */
		find_base(spec, i, mount_fds, dev_fd, &volume);
		if (volume_attach(&volume, root_fd, spec->rootfs, err) < 0)
			return fail_at(failure, i);
		mount_fds[i] = volume.mount_fd;
	}
	for (size_t i = 0; i < spec->mount_count; i++)
		close_fd(&mount_fds[i]);
	return 0;
}
