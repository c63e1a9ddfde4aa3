/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/layers.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "kernel/image.h"
#include "kernel/overlay.h"
#include "kernel/quota.h"
#include "state/idrange.h"

#define NOTE               "disk" /* in the run directory: "image 0 PATH", "project ID PATH" */
#define RELEASE_TIMEOUT_MS 10000
/* A file takes a block at least; those without content must not use up the inodes of the host. */
#define BYTES_PER_FILE 4096
#define FILES_AT_LEAST 1024
/*
 * Beyond the limit until the overlay is there: one that cannot make its work directory is read-only,
 * and from a full one nothing could be removed any more.
 */
#define HEADROOM_BYTES (1u << 20)
#define HEADROOM_FILES 64

void layers_clear(struct layers *layers)
{
	free(layers->path);
	*layers = (struct layers){0};
}

/* ---- what is there ---- */

/* Removes the empty directories of an overlay in which nothing was ever changed. */
static void remove_empty(int dir_fd)
{
	static const char *const names[] = {"work/work", "work/index", "work",
					    "upper",     "upper.new",  "lower"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(dir_fd, names[i], AT_REMOVEDIR);
}

static bool has_changes(int dir_fd)
{
	remove_empty(dir_fd);
	return fs_exists_at(dir_fd, "upper") || fs_exists_at(dir_fd, "work");
}

static int refuse_changes(const char *path, struct error *err)
{
	error_set(err, EEXIST, "the changes in %s were made without this limit", path);
	return error_hint(err, "move them away (mv %s %s.old); container.conf(5), rootfs.size, tells "
			       "how to take them over",
			  path, path);
}

/* ---- project quota ---- */

/* What the ids of others are: those in the files that name them, and those with a quota. */
struct foreign {
	int dir_fd;
	struct text projects; /* "ID:PATH" */
	struct text names;    /* "NAME:ID" */
};

static void foreign_clear(struct foreign *foreign)
{
	text_clear(&foreign->projects);
	text_clear(&foreign->names);
}

static bool is_named(const struct text *text, bool behind_colon, uint32_t id)
{
	for (const char *line = text_value(text); *line; line += *line == '\n') {
		size_t length = strcspn(line, "\n");
		const char *colon = memchr(line, ':', length);
		const char *number = behind_colon && colon ? colon + 1 : line;

		if (*line != '#' && colon && strtoull(number, NULL, 10) == id)
			return true;
		line += length;
	}
	return false;
}

static bool is_foreign(uint32_t id, void *data)
{
	const struct foreign *foreign = data;
	struct quota quota = {0};

	return is_named(&foreign->projects, false, id) || is_named(&foreign->names, true, id) ||
	       (quota_read(foreign->dir_fd, id, &quota, NULL) == 0 &&
		(quota.bytes || quota.files || quota.bytes_limit || quota.files_limit));
}

static int read_names(const char *path, struct text *out, struct error *err)
{
	struct error reason;

	if (fs_read_at(AT_FDCWD, path, 1 << 20, out, &reason) == 0 || reason.code == ENOENT)
		return 0;
	if (err)
		*err = reason;
	return -1;
}

static int assign_project(const struct host *host, const char *name, int dir_fd, uint32_t *project,
			  struct error *err)
{
	AUTO(foreign_clear) struct foreign foreign = {.dir_fd = dir_fd};

	if (read_names("/etc/projects", &foreign.projects, err) < 0 ||
	    read_names("/etc/projid", &foreign.names, err) < 0)
		return -1;
	return idrange_assign_project(host->manager->data_dir, name, is_foreign, &foreign, project,
				      err);
}

/* Whether the directory and what is in it is counted for the project already. */
static int is_counted(int dir_fd, uint32_t project, bool *counted, struct error *err)
{
	AUTO_FD int upper_fd = -1;
	uint32_t found;

	*counted = false;
	if (quota_get_project(dir_fd, &found, err) < 0)
		return -1;
	if (found != project)
		return 0;
	*counted = true;
	if (!fs_exists_at(dir_fd, "upper"))
		return 0;
	upper_fd = fs_open_at(dir_fd, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (upper_fd < 0 || quota_get_project(upper_fd, &found, err) < 0)
		return -1;
	*counted = found == project;
	return 0;
}

static int set_limits(int dir_fd, uint32_t project, uint64_t size, bool headroom, struct error *err)
{
	uint64_t files = size / BYTES_PER_FILE;

	if (files < FILES_AT_LEAST)
		files = FILES_AT_LEAST;
	return quota_set_limits(dir_fd, project, size + (headroom ? HEADROOM_BYTES : 0),
				files + (headroom ? HEADROOM_FILES : 0), err);
}

static int check_use(const char *name, int dir_fd, const struct layers *layers, struct error *err)
{
	char used[32], limit[PARSE_TEXT_MAX];
	struct quota quota;

	if (quota_read(dir_fd, layers->project, &quota, err) < 0)
		return -1;
	/* A start when it is full may have taken a little of the headroom. */
	if (quota.bytes <= layers->size + HEADROOM_BYTES / 2)
		return 0;
	text_format_size(used, sizeof(used), quota.bytes);
	parse_format_size(layers->size, limit);
	error_set(err, ENOSPC, "its changes take %s, more than %s", used, limit);
	return error_hint(err, "start it with the size it had, remove some of them inside (cman exec "
			       "%s), then make it smaller", name);
}

static int prepare_project(const struct host *host, const char *name, int dir_fd,
			   struct layers *layers, struct error *err)
{
	bool counted;

	layers->kind = LAYERS_PROJECT;
	if (assign_project(host, name, dir_fd, &layers->project, err) < 0 ||
	    is_counted(dir_fd, layers->project, &counted, err) < 0)
		return -1;
	if (!counted && has_changes(dir_fd))
		return refuse_changes(layers->path, err);
	if (check_use(name, dir_fd, layers, err) < 0)
		return -1;
	/* The limit comes first: nothing is ever written without. */
	if (set_limits(dir_fd, layers->project, layers->size, true, err) < 0 ||
	    (!counted && quota_set_project(dir_fd, layers->project, err) < 0))
		return error_wrap(err, "%s", layers->path);
	return 0;
}

/* The limit of an earlier start, where there was one. */
static int lift_limit(const struct host *host, const char *name, const struct layers *layers,
		      struct error *err)
{
	AUTO_FD int dir_fd = fs_open_at(AT_FDCWD, layers->path, O_RDONLY | O_DIRECTORY, 0, NULL);
	uint32_t found = 0, project;

	if (dir_fd < 0 || !quota_is_enforced(dir_fd))
		return 0;
	if (quota_get_project(dir_fd, &found, err) < 0)
		return -1;
	if (found == 0)
		return 0;
	if (assign_project(host, name, dir_fd, &project, err) < 0)
		return -1;
	return found == project ? quota_set_limits(dir_fd, project, 0, 0, err) : 0;
}

/* ---- image ---- */

static int prepare_image(struct layers *layers, char *image, struct error *err)
{
	layers->kind = LAYERS_IMAGE;
	free(layers->path);
	layers->path = image;
	return image_prepare(image, layers->size, err);
}

/* ---- which one ---- */

static int open_parent(const char *path, struct error *err)
{
	AUTO_FREE char *parent = xstrdup(path);
	char *slash = strrchr(parent, '/');

	slash[slash == parent] = '\0';
	return fs_open_directory(parent, 0700, err);
}

/* Whoever is in the user namespace of the host may take his files out of their project. */
static bool obeys_quota(const struct spec *spec)
{
	return spec->security.userns.mode != USERNS_NONE;
}

/* The project of a directory whose file system, or container, does not keep its limit any more. */
static int refuse_lost_quota(const struct spec *spec, const char *path, struct error *err)
{
	error_set(err, ENOTSUP, "the changes in %s were limited by a project quota", path);
	if (!obeys_quota(spec))
		return error_hint(err, "with security.userns = \"none\" only an image limits them: move "
				       "them away (mv %s %s.old); container.conf(5), rootfs.size, "
				       "tells how to take them over",
				  path, path);
	return error_hint(err, "mount their file system with prjquota (ext4, xfs), as it was");
}

static int prepare_limited(const struct host *host, const struct spec *spec, struct layers *layers,
			   struct error *err)
{
	AUTO_FREE char *image = xprintf("%s.ext4", layers->path);
	AUTO_FD int dir_fd = -1;
	uint32_t project = 0;
	bool there;

	if (fs_exists_at(AT_FDCWD, image))
		return prepare_image(layers, take_pointer(&image), err);
	there = fs_exists_at(AT_FDCWD, layers->path);
	dir_fd = there ? fs_open_directory(layers->path, 0700, err) : open_parent(layers->path, err);
	if (dir_fd < 0)
		return -1;
	if (obeys_quota(spec) && quota_is_enforced(dir_fd)) {
		close_fd(&dir_fd);
		dir_fd = fs_open_directory(layers->path, 0700, err);
		return dir_fd < 0 ? -1 : prepare_project(host, spec->name, dir_fd, layers, err);
	}
	if (there && has_changes(dir_fd))
		return quota_get_project(dir_fd, &project, NULL) == 0 && project
			       ? refuse_lost_quota(spec, layers->path, err)
			       : refuse_changes(layers->path, err);
	return prepare_image(layers, take_pointer(&image), err);
}

static int prepare_unlimited(const struct host *host, const char *name, struct layers *layers,
			     struct error *err)
{
	AUTO_FREE char *image = xprintf("%s.ext4", layers->path);

	layers->kind = LAYERS_PLAIN;
	if (!fs_exists_at(AT_FDCWD, image))
		return lift_limit(host, name, layers, err);
	error_set(err, EEXIST, "its changes are in the image %s, which has a size", image);
	return error_hint(err, "give rootfs.size, or move the image away to begin anew");
}

static int note(const struct container *container, const struct layers *layers, struct error *err)
{
	AUTO_FREE char *line = NULL;

	if (layers->kind == LAYERS_PLAIN)
		return 0;
	line = xprintf("%s %" PRIu32 " %s\n", layers->kind == LAYERS_IMAGE ? "image" : "project",
		       layers->project, layers->path);
	return fs_rewrite_at(container->directory_fd, NOTE, line, strlen(line), 0600, err);
}

int layers_prepare(const struct host *host, const struct container *container,
		   struct layers *layers, struct error *err)
{
	const struct spec *spec = container->spec;
	char where[512];
	int rc;

	*layers = (struct layers){
		.path = spec_upper(spec, host->manager),
		.size = spec->rootfs_size,
	};
	rc = spec->rootfs_size == LIMIT_MAX ? prepare_unlimited(host, spec->name, layers, err)
					    : prepare_limited(host, spec, layers, err);
	if (rc == 0)
		rc = note(container, layers, err);
	if (rc < 0)
		return error_wrap(err, "rootfs.size%s",
				  container_where(container, "rootfs.size", where, sizeof(where)));
	return 0;
}

int layers_open(const struct layers *layers, int userns_fd, struct error *err)
{
	int mount_fd;

	if (layers->kind != LAYERS_IMAGE)
		return overlay_open_layers(layers->path, userns_fd, err);
	mount_fd = image_mount(layers->path, layers->size, err);
	return mount_fd < 0 ? -1 : overlay_map_layers(mount_fd, layers->path, userns_fd, err);
}

/* ---- what was noted ---- */

static bool recall(int run_dir_fd, struct layers *layers)
{
	char line[PATH_MAX + 64], kind[8];
	int path = 0;

	*layers = (struct layers){.kind = LAYERS_PLAIN};
	if (fs_read_line_at(run_dir_fd, NOTE, line, sizeof(line), NULL) < 0 ||
	    sscanf(line, "%7s %" SCNu32 " %n", kind, &layers->project, &path) != 2 || path == 0)
		return false;
	layers->kind = strcmp(kind, "image") == 0 ? LAYERS_IMAGE : LAYERS_PROJECT;
	layers->path = xstrdup(line + path);
	return true;
}

int layers_take_headroom(const struct container *container, struct error *err)
{
	AUTO_LAYERS struct layers layers = {0};
	AUTO_FD int dir_fd = -1;

	if (!recall(container->directory_fd, &layers) || layers.kind != LAYERS_PROJECT)
		return 0;
	dir_fd = fs_open_at(AT_FDCWD, layers.path, O_RDONLY | O_DIRECTORY, 0, err);
	if (dir_fd < 0)
		return -1;
	return set_limits(dir_fd, layers.project, container->spec->rootfs_size, false, err);
}

void layers_await_release(const struct container *container)
{
	AUTO_LAYERS struct layers layers = {0};
	struct error err;

	if (!recall(container->directory_fd, &layers) || layers.kind != LAYERS_IMAGE)
		return;
	if (image_await_release(layers.path, RELEASE_TIMEOUT_MS, &err) < 0)
		log_warning("%s: %s", container->name, err.text);
}

/* As df inside tells it: an overlay answers for its upper layer. */
static void read_overlay(pid_t init_pid, struct layers_usage *usage)
{
	char root[32];
	struct statfs st;

	snprintf(root, sizeof(root), "/proc/%d/root", (int)init_pid);
	/* The payload may have changed its root: to something else, or to a part of the overlay. */
	if (statfs(root, &st) < 0 || st.f_type != OVERLAYFS_SUPER_MAGIC)
		return;
	usage->used = (uint64_t)(st.f_blocks - st.f_bfree) * (uint64_t)st.f_frsize;
	usage->limit = (uint64_t)st.f_blocks * (uint64_t)st.f_frsize;
}

static void read_project(const struct layers *layers, struct layers_usage *usage)
{
	AUTO_FD int dir_fd = fs_open_at(AT_FDCWD, layers->path, O_RDONLY | O_DIRECTORY, 0, NULL);
	struct quota quota;

	if (dir_fd < 0 || quota_read(dir_fd, layers->project, &quota, NULL) < 0)
		return;
	usage->used = quota.bytes;
	usage->limit = quota.bytes_limit ? quota.bytes_limit : UINT64_MAX;
}

void layers_read_usage(int run_dir_fd, const struct spec *spec, pid_t init_pid,
		       struct layers_usage *usage)
{
	AUTO_LAYERS struct layers layers = {0};

	*usage = (struct layers_usage){NULL, UINT64_MAX, UINT64_MAX};
	if (spec->rootfs_mode == ROOTFS_VOLATILE) {
		usage->kind = "memory";
		read_overlay(init_pid, usage);
	} else if (spec->rootfs_mode == ROOTFS_OVERLAY && recall(run_dir_fd, &layers)) {
		usage->kind = layers.kind == LAYERS_IMAGE ? "image" : "project quota";
		if (layers.kind == LAYERS_IMAGE)
			read_overlay(init_pid, usage);
		else
			read_project(&layers, usage);
	}
}
