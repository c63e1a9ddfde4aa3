/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conflicts_trees.c: directories that a container can change. Root of a container writes there as
 * root of the disk, so that nobody may rely on what lies below: a directory can become a symbolic
 * link to anywhere between two starts.
 */
#include <stdlib.h>
#include <string.h>

#include "config/conflicts.h"

/* A directory with all below it. */
struct tree {
	const struct spec *spec;
	char *path; /* without symbolic links */
	char *key;  /* what names it in the file */
	bool is_rootfs;
	const struct tree *rival;
};

struct trees {
	struct tree *items;
	size_t count, size;
};

/* Takes path and key over. */
static void add(struct trees *trees, const struct spec *spec, char *path, char *key)
{
	if (trees->count == trees->size) {
		trees->size = trees->size ? 2 * trees->size : 64;
		trees->items = xrealloc(trees->items, trees->size, sizeof(*trees->items));
	}
	trees->items[trees->count++] =
		(struct tree){spec, path, key, strcmp(key, "rootfs.path") == 0, NULL};
}

static void trees_clear(struct trees *trees)
{
	for (size_t i = 0; i < trees->count; i++) {
		free(trees->items[i].path);
		free(trees->items[i].key);
	}
	free(trees->items);
}

/* What is not there yet has no links either. */
static char *resolve(const char *path)
{
	char *resolved = realpath(path, NULL);

	return resolved ? resolved : xstrdup(path);
}

static void add_writable(struct trees *trees, const struct manager *manager, const struct spec *spec)
{
	if (spec->rootfs_real && spec->rootfs_mode == ROOTFS_BIND && !spec->read_only)
		add(trees, spec, xstrdup(spec->rootfs_real), xstrdup("rootfs.path"));
	if (spec->rootfs_mode == ROOTFS_OVERLAY) {
		AUTO_FREE char *upper = spec_upper(spec, manager);

		add(trees, spec, resolve(upper), xstrdup("rootfs.upper"));
	}
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount *mount = &spec->mounts[i];

		if (mount->type == MOUNT_BIND && mount->source && !mount->read_only)
			add(trees, spec, xstrdup(mount->source), xprintf("mounts[%zu].source", i));
	}
}

static int compare_trees(const void *a, const void *b)
{
	const struct tree *one = a, *other = b;
	int order = strcmp(one->path, other->path);

	if (order)
		return order;
	order = strcmp(one->spec->name, other->spec->name);
	return order ? order : strcmp(one->key, other->key);
}

static int compare_path(const void *path, const void *tree)
{
	return strcmp(path, ((const struct tree *)tree)->path);
}

/* The first one with exactly this path; *end: one behind the last. */
static struct tree *find(const struct trees *trees, const char *path, struct tree **end)
{
	struct tree *last = trees->items + trees->count;
	struct tree *first = trees->count ? bsearch(path, trees->items, trees->count,
						    sizeof(*trees->items), compare_path)
					  : NULL;

	if (!first)
		return NULL;
	for (*end = first; *end < last && strcmp((*end)->path, path) == 0; (*end)++)
		;
	while (first > trees->items && strcmp(first[-1].path, path) == 0)
		first--;
	return first;
}

/* Cuts the last part off; false: there is nothing left to cut. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || strcmp(path, "/") == 0)
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* One who can write at a directory above path. Those who can are told in turn, by rival. */
static const struct tree *find_above(const struct trees *trees, const struct tree *what)
{
	AUTO_FREE char *path = xstrdup(what->path);
	const struct tree *found = NULL;

	while (go_up(path)) {
		struct tree *end, *tree = find(trees, path, &end);

		for (; tree && tree < end; tree++) {
			if (!tree->rival)
				tree->rival = what;
			if (!found)
				found = tree;
		}
	}
	return found;
}

char *conflicts_format_place(const struct spec *spec, const char *key)
{
	struct location place = origin_find(&spec->origins, key);

	return place.line ? xprintf("%s:%u", place.file, place.line)
			  : xstrdup(place.file ? place.file : spec->file);
}

/* "mounts[0].source", but "rootfs" for all of that group. */
static int shown(const char *key)
{
	return (int)(strncmp(key, "rootfs.", 7) == 0 ? 6 : strlen(key));
}

static void report(struct diagnostics *diagnostics, const char *only, const struct tree *tree,
		   const char *hint, const char *text)
{
	const struct spec *spec = tree->spec;

	if (only && strcmp(only, spec->name) != 0)
		return;
	diagnostics->container = spec->name;
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, tree->key), hint,
			"%.*s: %s", shown(tree->key), tree->key, text);
	diagnostics->container = NULL;
}

static void report_inside(struct diagnostics *diagnostics, const char *only,
			  const struct tree *inner, const struct tree *outer)
{
	static const char hint[] = "move one of them, or write read_only = true;";
	AUTO_FREE char *outer_place = conflicts_format_place(outer->spec, outer->key);
	AUTO_FREE char *text = NULL;

	text = xprintf("%s lies in %s, where container %s can put another one in its place (%s)",
		       inner->path, outer->path, outer->spec->name, outer_place);
	report(diagnostics, only, inner, hint, text);
}

static void report_around(struct diagnostics *diagnostics, const char *only,
			  const struct tree *outer)
{
	static const char hint[] = "move one of them, or write read_only = true;";
	const struct tree *inner = outer->rival;
	AUTO_FREE char *place = conflicts_format_place(inner->spec, inner->key);
	AUTO_FREE char *text = xprintf("%s holds the root filesystem of container %s, %s (%s)",
				       outer->path, inner->spec->name, inner->path, place);

	report(diagnostics, only, outer, hint, text);
}

static void check_inside(struct trees *writable, struct trees *roots, const char *only,
			 struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < roots->count; i++) {
		const struct tree *outer = find_above(writable, &roots->items[i]);

		if (outer)
			report_inside(diagnostics, only, &roots->items[i], outer);
	}
	for (size_t i = 0; i < writable->count; i++)
		if (writable->items[i].rival)
			report_around(diagnostics, only, &writable->items[i]);
}

/* Another container that changes the same, one of the two as its root filesystem. */
static const struct tree *find_rival(const struct trees *writable, const struct tree *tree)
{
	struct tree *end, *other = find(writable, tree->path, &end);

	for (; other < end; other++)
		if (other->spec != tree->spec && (other->is_rootfs || tree->is_rootfs))
			return other;
	return NULL;
}

static void check_shared(const struct trees *writable, const char *only,
			 struct diagnostics *diagnostics)
{
	static const char hint[] = "many can share it with read_only = true; or"
				   " rootfs : { mode = \"overlay\"; } or \"volatile\"";

	for (size_t i = 0; i < writable->count; i++) {
		const struct tree *tree = &writable->items[i];
		const struct tree *rival = find_rival(writable, tree);
		AUTO_FREE char *place = rival ? conflicts_format_place(rival->spec, rival->key) : NULL;
		AUTO_FREE char *text = NULL;

		if (!rival)
			continue;
		text = xprintf("%s can be changed by container %s too (%s)", tree->path,
			       rival->spec->name, place);
		report(diagnostics, only, tree, hint, text);
	}
}

/* Who can change the files of cman is root of the host. */
static void check_own(const struct trees *writable, const struct manager *manager, const char *key,
		      const char *path, const char *only, struct diagnostics *diagnostics)
{
	AUTO_FREE char *above = resolve(path);

	do {
		struct tree *end, *tree = find(writable, above, &end);

		for (; tree && tree < end; tree++) {
			AUTO_FREE char *text = xprintf("%s holds cman's %s, %s (%s)", tree->path, key,
						       path, manager->file);

			report(diagnostics, only, tree,
			       "who can write there is root of the host: read_only = true;", text);
		}
	} while (go_up(above));
}

void conflicts_check_trees(const struct conf *conf, const char *only,
			   struct diagnostics *diagnostics)
{
	const struct manager *manager = &conf->manager;
	struct trees writable = {0}, roots = {0};

	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];

		add_writable(&writable, manager, spec);
		if (spec->rootfs_real)
			add(&roots, spec, xstrdup(spec->rootfs_real), xstrdup("rootfs.path"));
	}
	if (writable.count > 0) {
		qsort(writable.items, writable.count, sizeof(*writable.items), compare_trees);
		check_inside(&writable, &roots, only, diagnostics);
		check_shared(&writable, only, diagnostics);
		check_own(&writable, manager, "manager file", manager->file, only, diagnostics);
		check_own(&writable, manager, "conf_dir", manager->conf_dir, only, diagnostics);
		check_own(&writable, manager, "state_dir", manager->state_dir, only, diagnostics);
		check_own(&writable, manager, "data_dir", manager->data_dir, only, diagnostics);
		check_own(&writable, manager, "log_dir", manager->log_dir, only, diagnostics);
	}
	trees_clear(&writable);
	trees_clear(&roots);
}
