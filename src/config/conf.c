/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "config/addresses.h"
#include "config/conflicts.h"
#include "config/keys.h"
#include "config/layers.h"
#include "config/origin.h"
#include "config/read.h"
#include "config/source.h"
#include "config/validate.h"

static const char suffix[] = ".conf";

char *conf_name_of_file(const char *file)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	size_t length = strlen(name), end = sizeof(suffix) - 1;

	if (length > end && strcmp(name + length - end, suffix) == 0)
		length -= end;
	return xprintf("%.*s", (int)length, name);
}

/* Seen from the current directory, which may change later. */
static char *make_absolute(const char *path)
{
	char directory[PATH_MAX];

	if (*path == '/' || !getcwd(directory, sizeof(directory)))
		return xstrdup(path);
	while (text_starts_with(path, "./"))
		path += 2;
	return xprintf("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, path);
}

/* Seen from the directory of the manager file. */
static char *beside(const char *manager_file, const char *path)
{
	const char *slash = strrchr(manager_file, '/');

	if (*path == '/' || !slash)
		return xstrdup(path);
	return xprintf("%.*s/%s", (int)(slash - manager_file), manager_file, path);
}

/* Directories of the manager are absolute from here on; conf_dir also as messages show it. */
static char *resolve_directories(struct manager *manager, const char *manager_file)
{
	char **const directories[] = {&manager->conf_dir, &manager->state_dir, &manager->data_dir,
				      &manager->log_dir};
	char *shown = beside(manager_file, manager->conf_dir);

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		AUTO_FREE char *path = beside(manager_file, *directories[i]);

		free(*directories[i]);
		*directories[i] = make_absolute(path);
	}
	return shown;
}

static int compare_specs(const void *a, const void *b)
{
	return strcmp(((const struct spec *)a)->name, ((const struct spec *)b)->name);
}

static struct spec *find_spec(const struct conf *conf, const char *name)
{
	const struct spec wanted = {.name = (char *)name};

	if (conf->container_count == 0)
		return NULL;
	return bsearch(&wanted, conf->containers, conf->container_count, sizeof(wanted),
		       compare_specs);
}

const struct spec *conf_find(const struct conf *conf, const char *name)
{
	return find_spec(conf, name);
}

static void make_macs(struct spec *spec)
{
	for (size_t i = 0; i < spec->interface_count; i++)
		if (spec->interfaces[i].mac_auto)
			addresses_make_mac(spec->name, (unsigned int)i, spec->interfaces[i].mac);
}

/* Reads a container's file, or text in its place, to an empty spec; the manager has no errors. */
static void load_spec(const struct conf *conf, struct validation *validation, const char *file,
		      const char *text, const char *name, bool in_conf_dir, struct spec *spec)
{
	struct diagnostics *diagnostics = validation->diagnostics;
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	struct strlist sources = {0};
	enum read_status status;
	unsigned int faults;

	diagnostics->container = name;
	/* What stands in the place of its file does not tell whether that says the same. */
	source_collect(in_conf_dir ? &sources : NULL);
	status = text ? read_text(file, text, diagnostics, &root)
		      : read_file(file, in_conf_dir, diagnostics, &root);
	if (status == READ_NOTHING) {
		spec_set_defaults(spec, name);
	} else {
		faults = layers_apply(conf->manager_root, &root, name, diagnostics, spec);
		validate_container(validation, spec, status == READ_COMPLETE && faults == 0);
	}
	source_collect(NULL);
	spec->sources = sources;
	spec->file = in_conf_dir ? xprintf("%s/%s%s", conf->manager.conf_dir, name, suffix)
		     : text      ? xstrdup(file)
				 : make_absolute(file);
	make_macs(spec);
	diagnostics->container = NULL;
}

/* Looks for faults in a container's file where the manager file has too many to go on. */
static void check_alone(const char *file, const char *name, struct diagnostics *diagnostics)
{
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	AUTO(spec_clear) struct spec scratch = {0};
	struct assignment assignment = {.root = &container_keys, .diagnostics = diagnostics};

	diagnostics->container = name;
	spec_set_defaults(&scratch, name);
	if (read_file(file, false, diagnostics, &root) != READ_NOTHING)
		assign_group(&assignment, &container_keys, &root, &scratch);
	diagnostics->container = NULL;
}

static bool is_container_file(const char *name)
{
	size_t length = strlen(name), end = sizeof(suffix) - 1;

	return name[0] != '.' && length > end && strcmp(name + length - end, suffix) == 0;
}

int conf_list(const struct conf *conf, struct strlist *names, struct error *err)
{
	AUTO_STRLIST struct strlist files = {0};
	struct error invalid;

	if (fs_list_at(AT_FDCWD, conf->manager.conf_dir, &files, err) < 0)
		return error_wrap(err, "conf_dir");
	for (size_t i = 0; i < files.count; i++) {
		AUTO_FREE char *name = conf_name_of_file(files.items[i]);

		if (is_container_file(files.items[i]) &&
		    parse_check_container_name(name, &invalid) == 0)
			strlist_add_taken(names, take_pointer(&name));
	}
	strlist_sort(names);
	return 0;
}

void conf_list_templates(const struct conf *conf, struct strlist *names)
{
	const struct node *templates = node_find(conf->manager_root, "templates");

	for (size_t i = 0; templates && i < templates->count; i++)
		strlist_add(names, templates->children[i].name);
}

static int check_name(const char *file, const char *name, struct diagnostics *diagnostics,
		      struct error *err)
{
	if (parse_check_container_name(name, err) == 0)
		return 0;
	diagnostics->container = name;
	diagnostics_add(diagnostics, SEVERITY_ERROR,
			(struct location){.file = source_get(file)->path}, err->hint,
			"%s, which the name of the file gives it", err->text);
	diagnostics->container = NULL;
	return -1;
}

/* All files of conf_dir, or those of only (sorted); sound: the manager has no errors. */
static void read_containers(struct conf *conf, const char *shown_directory, bool sound,
			    const struct strlist *only, struct diagnostics *diagnostics)
{
	struct validation validation = {.manager = &conf->manager, .diagnostics = diagnostics};
	AUTO_STRLIST struct strlist names = {0};
	struct error err;

	if (fs_list_at(AT_FDCWD, conf->manager.conf_dir, &names, &err) < 0) {
		/* Anything but a lack of permission was reported by validate_manager(). */
		if (sound)
			diagnostics_add(diagnostics, SEVERITY_ERROR,
					origin_find(&conf->manager.origins, "conf_dir"), NULL,
					"conf_dir: %s", err.text);
		return;
	}
	conf->containers = xalloc(names.count, sizeof(*conf->containers));
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *file = xprintf("%s/%s", shown_directory, names.items[i]);
		AUTO_FREE char *name = conf_name_of_file(file);

		if (!is_container_file(names.items[i]) || (only && !strlist_contains_sorted(only, name)) ||
		    check_name(file, name, diagnostics, &err) < 0)
			continue;
		if (sound)
			load_spec(conf, &validation, file, NULL, name, true,
				  &conf->containers[conf->container_count++]);
		else
			check_alone(file, name, diagnostics);
	}
	free(validation.trusted_parent);
	qsort(conf->containers, conf->container_count, sizeof(*conf->containers), compare_specs);
}

static int report_missing_manager(const char *manager_file, struct diagnostics *diagnostics,
				  struct error *err)
{
	error_set(err, ENOENT, "%s", manager_file);
	error_hint(err, "copy container.conf.sample there, or name another file with -c FILE");
	return diagnostics_add(diagnostics, SEVERITY_ERROR,
			       (struct location){.file = source_get(manager_file)->path}, err->hint,
			       "No such file or directory");
}

/* Reads the manager file; -1: it could not be read at all. */
static int read_manager(const char *manager_file, struct conf *conf, char **shown_directory,
			struct diagnostics *diagnostics)
{
	struct manager *manager = &conf->manager;
	struct assignment assignment = {
		.root = &manager_keys,
		.diagnostics = diagnostics,
		.origins = &manager->origins,
	};
	enum read_status status;

	manager_set_defaults(manager);
	manager->file = make_absolute(manager_file);
	conf->manager_root = xalloc(1, sizeof(*conf->manager_root));
	source_collect(&manager->sources);
	status = read_file(manager_file, false, diagnostics, conf->manager_root);
	source_collect(NULL);
	if (status == READ_NOTHING)
		return -1;
	origin_set(&manager->origins, "", (struct location){.file = conf->manager_root->at.file},
		   NULL);
	assign_group(&assignment, &manager_keys, conf->manager_root, manager);
	*shown_directory = resolve_directories(manager, manager_file);
	validate_manager(manager, diagnostics);
	return 0;
}

static int load(const char *manager_file, bool containers, const struct strlist *only,
		const struct conf_hints *hints, struct conf *conf, struct diagnostics *diagnostics,
		struct error *err)
{
	AUTO_FREE char *shown_directory = NULL;
	bool readable, sound;

	*conf = (struct conf){0};
	if (access(manager_file, F_OK) < 0 && errno == ENOENT)
		return report_missing_manager(manager_file, diagnostics, err);
	readable = read_manager(manager_file, conf, &shown_directory, diagnostics) == 0;
	sound = diagnostics_count_errors(diagnostics, NULL) == 0;
	if (readable && containers)
		read_containers(conf, shown_directory, sound, only, diagnostics);
	if (sound && containers) {
		addresses_assign(conf, hints, NULL, diagnostics);
		conflicts_check(conf, NULL, diagnostics);
		/* Where only some files were read, others may be missing without a fault. */
		if (!only)
			validate_order(conf, NULL, diagnostics);
	}
	diagnostics_sort(diagnostics);
	return sound ? 0 : error_set(err, 0, "the manager file %s has errors", manager_file);
}

int conf_load(const char *manager_file, const struct conf_hints *hints, struct conf *conf,
	      struct diagnostics *diagnostics, struct error *err)
{
	return load(manager_file, true, NULL, hints, conf, diagnostics, err);
}

int conf_load_some(const char *manager_file, const struct strlist *names,
		   const struct conf_hints *hints, struct conf *conf,
		   struct diagnostics *diagnostics, struct error *err)
{
	return load(manager_file, true, names, hints, conf, diagnostics, err);
}

int conf_load_manager(const char *manager_file, struct conf *conf, struct diagnostics *diagnostics,
		      struct error *err)
{
	return load(manager_file, false, NULL, NULL, conf, diagnostics, err);
}

/* Room for one more, at its place in the order, or the old one of that name, emptied. */
static struct spec *make_room(struct conf *conf, const char *name)
{
	struct spec *spec = find_spec(conf, name);
	size_t place = 0;

	if (spec) {
		spec_clear(spec);
		return spec;
	}
	conf->containers =
		xrealloc(conf->containers, conf->container_count + 1, sizeof(*conf->containers));
	while (place < conf->container_count && strcmp(conf->containers[place].name, name) < 0)
		place++;
	spec = &conf->containers[place];
	memmove(spec + 1, spec, (conf->container_count - place) * sizeof(*spec));
	conf->container_count++;
	*spec = (struct spec){0};
	return spec;
}

/* text NULL: the file is read. */
static void load_one(struct conf *conf, const char *file, const char *text, const char *name,
		     struct diagnostics *diagnostics)
{
	struct validation validation = {.manager = &conf->manager, .diagnostics = diagnostics};

	diagnostics_forget(diagnostics, name);
	load_spec(conf, &validation, file, text, name, false, make_room(conf, name));
	free(validation.trusted_parent);
	addresses_assign(conf, NULL, name, diagnostics);
	conflicts_check(conf, name, diagnostics);
	validate_order(conf, name, diagnostics);
	diagnostics_sort(diagnostics);
}

int conf_load_file(struct conf *conf, const char *file, struct diagnostics *diagnostics,
		   struct error *err)
{
	AUTO_FREE char *name = conf_name_of_file(file);

	if (check_name(file, name, diagnostics, err) < 0)
		return error_wrap(err, "%s", file);
	load_one(conf, file, NULL, name, diagnostics);
	return 0;
}

int conf_load_text(struct conf *conf, const char *place, const char *text, const char *name,
		   struct diagnostics *diagnostics, struct error *err)
{
	if (parse_check_container_name(name, err) < 0)
		return -1;
	load_one(conf, place, text, name, diagnostics);
	return 0;
}

void conf_add(struct conf *conf, struct spec *spec)
{
	/* In the place of a file and line. */
	origin_set(&spec->origins, "", (struct location){.file = "which has no file"}, NULL);
	*make_room(conf, spec->name) = *spec;
	*spec = (struct spec){0};
}

int conf_parse_spec(const char *text, const char *file, const char *name, struct spec *spec,
		    struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	struct assignment assignment = {.root = &container_keys, .diagnostics = &diagnostics};
	const struct diagnostic *first;

	*spec = (struct spec){0};
	spec_set_defaults(spec, name);
	if (read_text(file, text, &diagnostics, &root) != READ_NOTHING)
		assign_group(&assignment, &container_keys, &root, spec);
	if (diagnostics.count == 0 && spec->rootfs && spec->command.count > 0) {
		spec->file = xstrdup(file);
		make_macs(spec);
		return 0;
	}
	spec_clear(spec);
	if (diagnostics.count == 0)
		return error_set(err, 0, "%s: rootfs or command is missing", file);
	first = &diagnostics.items[0];
	return error_set(err, 0, "%s:%u: %s", file, first->location.line, first->message);
}

void conf_clear(struct conf *conf)
{
	manager_clear(&conf->manager);
	for (size_t i = 0; i < conf->container_count; i++)
		spec_clear(&conf->containers[i]);
	free(conf->containers);
	if (conf->manager_root)
		node_clear(conf->manager_root);
	free(conf->manager_root);
	*conf = (struct conf){0};
}
