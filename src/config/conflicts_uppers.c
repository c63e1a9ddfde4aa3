/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conflicts_uppers.c: where overlays keep their changes. overlayfs(5) leaves open what happens when
 * two use one directory, and as plain files the changes are nobody else's to see.
 */
#include "config/conflicts.h"

#include <string.h>

/* What of a container others may not keep their changes in; NULL paths are not there. */
struct territory {
	const struct spec *spec;
	char *upper, *image; /* its own changes, in a directory or an image beside it */
	const char *rootfs;  /* what the path leads to */
};

static void territory_set(const struct conf *conf, const struct spec *spec,
			  struct territory *territory)
{
	*territory = (struct territory){.spec = spec, .rootfs = spec->rootfs_real};
	if (!spec->rootfs || spec->rootfs_mode != ROOTFS_OVERLAY)
		return;
	territory->upper = spec_upper(spec, &conf->manager);
	territory->image = xprintf("%s.ext4", territory->upper);
}

static void report_upper(struct diagnostics *diagnostics, const struct territory *mine,
			 const struct spec *other, const char *key, const char *lies)
{
	AUTO_FREE char *place = conflicts_format_place(other, key);

	diagnostics->container = mine->spec->name;
	diagnostics_add(diagnostics, SEVERITY_ERROR,
			origin_find(&mine->spec->origins, "rootfs.upper"),
			"give it a directory that no container sees",
			"rootfs.upper: %s %s %s of %s%s (%s)", mine->upper, lies, key,
			other == mine->spec ? "this container" : "container ",
			other == mine->spec ? "" : other->name, place);
	diagnostics->container = NULL;
}

/* Also at the one that would see or change what is another's. */
static void report_both(struct diagnostics *diagnostics, const char *only,
			const struct territory *mine, const struct spec *other, const char *key)
{
	AUTO_FREE char *place = conflicts_format_place(mine->spec, "rootfs.upper");

	if (!only || strcmp(only, mine->spec->name) == 0)
		report_upper(diagnostics, mine, other, key, "lies in");
	if (other == mine->spec || (only && strcmp(only, other->name) != 0))
		return;
	diagnostics->container = other->name;
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&other->origins, key), NULL,
			"%s: in it lies rootfs.upper of container %s, %s (%s)", key,
			mine->spec->name, mine->upper, place);
	diagnostics->container = NULL;
}

static bool uppers_meet(const struct territory *one, const struct territory *other)
{
	return path_is_at_or_below(one->upper, other->upper) ||
	       path_is_at_or_below(other->upper, one->upper) ||
	       path_is_at_or_below(one->upper, other->image) ||
	       path_is_at_or_below(other->upper, one->image);
}

static bool shows(const char *path, const struct territory *territory)
{
	return path_is_at_or_below(territory->upper, path) ||
	       path_is_at_or_below(territory->image, path);
}

static void check_upper(struct diagnostics *diagnostics, const char *only,
			const struct territory *mine, const struct territory *other)
{
	const struct spec *spec = other->spec;

	if (mine != other && other->upper && uppers_meet(mine, other) &&
	    (!only || strcmp(only, mine->spec->name) == 0))
		report_upper(diagnostics, mine, spec, "rootfs.upper", "meets");
	if (other->rootfs && shows(other->rootfs, mine))
		report_both(diagnostics, only, mine, spec, "rootfs.path");
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount *mount = &spec->mounts[i];
		AUTO_FREE char *key = NULL;

		if (mount->type != MOUNT_BIND || !mount->source || !shows(mount->source, mine))
			continue;
		key = xprintf("mounts[%zu].source", i);
		report_both(diagnostics, only, mine, spec, key);
	}
}

void conflicts_check_uppers(const struct conf *conf, const char *only,
			    struct diagnostics *diagnostics)
{
	AUTO_FREE struct territory *all = xalloc(conf->container_count, sizeof(*all));
	size_t count = conf->container_count;
	bool any = false;

	for (size_t i = 0; i < count && !any; i++)
		any = conf->containers[i].rootfs_mode == ROOTFS_OVERLAY;
	for (size_t i = 0; i < count && any; i++)
		territory_set(conf, &conf->containers[i], &all[i]);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; all[i].upper && j < count; j++)
			check_upper(diagnostics, only, &all[i], &all[j]);
	for (size_t i = 0; i < count; i++) {
		free(all[i].upper);
		free(all[i].image);
	}
}
