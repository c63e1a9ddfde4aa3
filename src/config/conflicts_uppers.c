/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conflicts_uppers.c: where overlays keep their changes. overlayfs(5) leaves open what happens when
 * two use one directory, and as plain files the changes are nobody else's to see.
 */
#include "config/conflicts.h"

#include <stdlib.h>
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

/* ---- which two are to be looked at: with a thousand overlays, not a million pairs ---- */

/* A path of a container that somebody's changes may lie at or below. */
struct place {
	const char *path;
	size_t owner;
};

/* Whose changes (mine) have to do with something of whom (other). */
struct pair {
	size_t mine, other;
};

struct search {
	struct place *places; /* sorted by path */
	size_t place_count;
	struct pair *pairs;
	size_t pair_count;
};

static void search_clear(struct search *search)
{
	free(search->places);
	free(search->pairs);
}

static void add_place(struct search *search, const char *path, size_t owner)
{
	if (path)
		search->places[search->place_count++] = (struct place){path, owner};
}

static int compare_places(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

static void list_places(struct search *search, const struct territory *all, size_t count)
{
	size_t most = 3 * count;

	for (size_t i = 0; i < count; i++)
		most += all[i].spec->mount_count;
	search->places = xalloc(most, sizeof(*search->places));
	for (size_t i = 0; i < count; i++) {
		add_place(search, all[i].upper, i);
		add_place(search, all[i].image, i);
		add_place(search, all[i].rootfs, i);
		for (size_t j = 0; j < all[i].spec->mount_count; j++)
			add_place(search, all[i].spec->mounts[j].source, i);
	}
	qsort(search->places, search->place_count, sizeof(*search->places), compare_places);
}

static void add_pair(struct search *search, size_t mine, size_t other)
{
	/* Capacity is the next power of two: grow when count reaches one. */
	if ((search->pair_count & (search->pair_count - 1)) == 0)
		search->pairs = xrealloc(search->pairs,
					 search->pair_count ? 2 * search->pair_count : 1,
					 sizeof(*search->pairs));
	search->pairs[search->pair_count++] = (struct pair){mine, other};
}

/* The first place with that path, or where it would stand. */
static size_t find_place(const struct search *search, const char *path)
{
	size_t low = 0, high = search->place_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(search->places[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* All who have the path, or one that it lies below. */
static void add_pairs_of(struct search *search, const struct territory *all, const char *path,
			 size_t mine)
{
	AUTO_FREE char *above = xstrdup(path);

	for (char *end = above + strlen(above); end && end != above; end = strrchr(above, '/')) {
		*end = '\0';
		for (size_t i = find_place(search, above);
		     i < search->place_count && strcmp(search->places[i].path, above) == 0; i++) {
			add_pair(search, mine, search->places[i].owner);
			if (all[search->places[i].owner].upper)
				add_pair(search, search->places[i].owner, mine);
		}
	}
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;

	if (left->mine != right->mine)
		return left->mine < right->mine ? -1 : 1;
	return (left->other > right->other) - (left->other < right->other);
}

static void check_pairs(const struct territory *all, size_t count, const char *only,
			struct diagnostics *diagnostics)
{
	AUTO(search_clear) struct search search = {0};

	list_places(&search, all, count);
	for (size_t i = 0; i < count; i++) {
		if (!all[i].upper)
			continue;
		add_pairs_of(&search, all, all[i].upper, i);
		add_pairs_of(&search, all, all[i].image, i);
	}
	if (search.pair_count > 1)
		qsort(search.pairs, search.pair_count, sizeof(*search.pairs), compare_pairs);
	for (size_t i = 0; i < search.pair_count; i++)
		if (i == 0 || compare_pairs(&search.pairs[i - 1], &search.pairs[i]) != 0)
			check_upper(diagnostics, only, &all[search.pairs[i].mine],
				    &all[search.pairs[i].other]);
}

void conflicts_check_uppers(const struct conf *conf, const char *only,
			    struct diagnostics *diagnostics)
{
	AUTO_FREE struct territory *all = xalloc(conf->container_count, sizeof(*all));
	size_t count = conf->container_count;
	bool any = false;

	for (size_t i = 0; i < count && !any; i++)
		any = conf->containers[i].rootfs_mode == ROOTFS_OVERLAY;
	if (!any)
		return;
	for (size_t i = 0; i < count; i++)
		territory_set(conf, &conf->containers[i], &all[i]);
	check_pairs(all, count, only, diagnostics);
	for (size_t i = 0; i < count; i++) {
		free(all[i].upper);
		free(all[i].image);
	}
}
