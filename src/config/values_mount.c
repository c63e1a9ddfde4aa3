/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_mount.c: the list of groups "mounts", and the values in it. */
#include <string.h>

#include "config/origin.h"
#include "config/values.h"

#define SIZE_MIN     4096
#define SIZE_DEFAULT (64u << 20)
#define MODE_DEFAULT 0755

/* Each word sets or clears; nodev is always on: see security.devices for devices. */
static const struct mount_word {
	const char *name;
	unsigned int set, clear;
} mount_words[] = {
	{"nosuid", MOUNT_NOSUID, 0}, {"suid", 0, MOUNT_NOSUID},     {"nodev", 0, 0},
	{"noexec", MOUNT_NOEXEC, 0}, {"noatime", MOUNT_NOATIME, 0}, {"rbind", MOUNT_RBIND, 0},
	{"rslave", MOUNT_RSLAVE, 0},
};

static int read_mount_type(struct assignment *assignment, const struct node *value, void *field)
{
	enum mount_type *type = field;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	if (strcmp(value->string, "bind") == 0)
		*type = MOUNT_BIND;
	else if (strcmp(value->string, "tmpfs") == 0)
		*type = MOUNT_TMPFS;
	else
		return assignment_error(assignment, value, NULL,
					"expected \"bind\" or \"tmpfs\", found \"%s\"",
					value->string);
	return 0;
}

static int refuse_target(struct assignment *assignment, const struct node *value, const char *hint)
{
	return assignment_error(assignment, value, hint, "nothing can be mounted on \"%s\"",
				value->string);
}

static bool print_mount_type(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_string(*(const enum mount_type *)field == MOUNT_BIND ? "bind" : "tmpfs", out);
	return true;
}

static int read_target(struct assignment *assignment, const struct node *value, void *field)
{
	AUTO_FREE char *target = NULL;

	if (type_plain_path.read(assignment, value, &target) < 0)
		return -1;
	if (path_is_at_or_below(target, "/proc") || path_is_at_or_below(target, "/sys"))
		return refuse_target(assignment, value, "cman mounts /proc and /sys by itself");
	if (strcmp(target, "/dev") == 0 || value_is_own_device(target))
		return refuse_target(assignment, value,
				     "cman fills /dev by itself; /dev/shm and new names in it, like"
				     " /dev/log, can be mounted on");
	free(*(char **)field);
	*(char **)field = take_pointer(&target);
	return 0;
}

static bool print_target(const void *field, bool resolved, struct text *out)
{
	return type_plain_path.print(field, resolved, out);
}

static int read_size(struct assignment *assignment, const struct node *value, void *field)
{
	return value_read_size(assignment, value, SIZE_MIN, LIMIT_MAX, "at least 4K", field);
}

static bool print_size(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_size(*(const uint64_t *)field, out);
	return true;
}

static int read_mode(struct assignment *assignment, const struct node *value, void *field)
{
	size_t length;

	if (value->type == NODE_INTEGER)
		return assignment_error(assignment, value,
					"put it in quotes, as there are no octal numbers: \"0755\"",
					"expected a string of octal digits");
	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string of octal digits");
	length = strspn(value->string, "01234567");
	if (length == 0 || length > 4 || value->string[length] != '\0')
		return assignment_error(assignment, value, "\"0755\", or \"1777\" for all, as /tmp",
					"\"%s\" is not a mode", value->string);
	*(unsigned int *)field = (unsigned int)strtoul(value->string, NULL, 8);
	return 0;
}

static bool print_mode(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_addf(out, "\"%04o\"", *(const unsigned int *)field);
	return true;
}

static size_t count_words(const void *field)
{
	return (size_t)__builtin_popcount(*(const unsigned int *)field);
}

static void clear_words(void *field)
{
	*(unsigned int *)field = MOUNT_NOSUID;
}

static int add_word(void *field, const char *text, struct error *err)
{
	unsigned int *options = field;

	for (size_t i = 0; i < ARRAY_SIZE(mount_words); i++) {
		if (strcmp(mount_words[i].name, text) != 0)
			continue;
		*options = (*options | mount_words[i].set) & ~mount_words[i].clear;
		return 0;
	}
	error_set(err, 0, "\"%s\" is not an option of mounts", text);
	if (strcmp(text, "ro") == 0)
		return error_hint(err, "read_only = true;");
	if (strcmp(text, "dev") == 0)
		return error_hint(err, "devices on it can never be opened; see security.devices");
	if (strcmp(text, "rshared") == 0 || strcmp(text, "shared") == 0)
		return error_hint(err,
				  "what a container mounts never shows on the host; \"rslave\" is "
				  "the other direction");
	return error_hint(err, "noexec, nosuid, suid, nodev, noatime, rbind, rslave");
}

static int read_options(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_words, clear_words, add_word};

	return assign_list(assignment, value, field, &access);
}

static bool print_options(const void *field, bool resolved, struct text *out)
{
	const unsigned int options = *(const unsigned int *)field;

	(void)resolved;
	text_addf(out, "[ \"%s\", \"nodev\"", options & MOUNT_NOSUID ? "nosuid" : "suid");
	for (size_t i = 0; i < ARRAY_SIZE(mount_words); i++)
		if (options & mount_words[i].set & ~(unsigned int)MOUNT_NOSUID)
			text_addf(out, ", \"%s\"", mount_words[i].name);
	text_add_string(out, " ]");
	return true;
}

/* What a group says must fit together; where it stands is known here only. */
static int check_mount(struct assignment *assignment, const struct node *group,
		       const struct mount *mount)
{
	const char *const foreign_to_bind[] = {"size", "mode"};
	const struct node *found;

	if (!mount->target && !node_find(group, "target"))
		return assignment_error(assignment, group, "a path in the container",
					"target is missing");
	if (mount->type == MOUNT_TMPFS) {
		found = node_find(group, "source");
		if (found)
			return assignment_error(assignment, found, NULL, "a tmpfs has no source");
		if (mount->options & (MOUNT_RBIND | MOUNT_RSLAVE))
			return assignment_error(assignment, node_find(group, "options"), NULL,
						"rbind and rslave are not for a tmpfs");
		return 0;
	}
	if (!mount->source && !node_find(group, "source"))
		return assignment_error(assignment, group,
					"a path of the host; type = \"tmpfs\" needs none",
					"source is missing");
	for (size_t i = 0; i < ARRAY_SIZE(foreign_to_bind); i++) {
		found = node_find(group, foreign_to_bind[i]);
		if (found)
			return assignment_error(assignment, found, NULL, "%s is for a tmpfs alone",
						foreign_to_bind[i]);
	}
	return 0;
}

/* One that has a fault is kept without a target: the others keep their number. */
static void add_mount(struct assignment *assignment, const struct node *group, struct spec *spec)
{
	const struct key_table *members = keys_find(&container_keys, "mounts")->members;
	struct mount mount = {
		.type = MOUNT_BIND,
		.size = SIZE_DEFAULT,
		.mode = MODE_DEFAULT,
		.options = MOUNT_NOSUID,
	};
	unsigned int errors = assignment->errors;

	if (assignment->origins)
		origin_set(assignment->origins, assignment->path + assignment->origin_offset,
			   group->at, assignment->layer);
	if (group->type == NODE_GROUP)
		assign_group(assignment, members, group, &mount);
	else
		assignment_wrong_type(assignment, group, "a group { }");
	if (assignment->errors == errors && group->type == NODE_GROUP)
		check_mount(assignment, group, &mount);
	if (assignment->errors > errors || !mount.target ||
	    (mount.type == MOUNT_BIND && !mount.source))
		mount_clear(&mount);
	spec->mounts = xrealloc(spec->mounts, spec->mount_count + 1, sizeof(*spec->mounts));
	spec->mounts[spec->mount_count++] = mount;
}

static int read_mounts(struct assignment *assignment, const struct node *value, void *field)
{
	size_t length = strlen(assignment->path), first = 0;
	struct spec *spec = field;
	bool list = value->type == NODE_LIST || value->type == NODE_ARRAY;

	if (list && value->count > 0 && value->children[0].type == NODE_STRING &&
	    strcmp(value->children[0].string, "+") == 0)
		first = 1;
	if (first == 0) {
		spec_clear_mounts(spec);
		if (assignment->origins)
			origin_remove_elements(assignment->origins,
					       assignment->path + assignment->origin_offset);
	}
	for (size_t i = first; i < (list ? value->count : 1); i++) {
		const struct node *group = list ? &value->children[i] : value;

		if (spec->mount_count == MOUNTS_MAX)
			return assignment_error(assignment, group, NULL,
						"there are more than %d of them", MOUNTS_MAX);
		snprintf(assignment->path + length, sizeof(assignment->path) - length, "[%zu]",
			 spec->mount_count);
		add_mount(assignment, group, spec);
		assignment->path[length] = '\0';
	}
	return 0;
}

static void print_mount(const struct mount *mount, bool resolved, struct text *out)
{
	text_add_string(out, "{\n");
	if (mount->type == MOUNT_BIND) {
		text_add_string(out, "  source = ");
		value_print_string(mount->source, out);
		text_add_string(out, ";\n");
	}
	text_add_string(out, "  target = ");
	value_print_string(mount->target, out);
	text_add_string(out, ";\n  type = ");
	print_mount_type(&mount->type, resolved, out);
	text_addf(out, ";\n  read_only = %s;\n", mount->read_only ? "true" : "false");
	if (mount->type == MOUNT_TMPFS) {
		text_add_string(out, "  size = ");
		print_size(&mount->size, resolved, out);
		text_add_string(out, ";\n  mode = ");
		print_mode(&mount->mode, resolved, out);
		text_add_string(out, ";\n");
	}
	text_add_string(out, "  options = ");
	print_options(&mount->options, resolved, out);
	text_addf(out, ";\n  optional = %s;\n}", mount->optional ? "true" : "false");
}

static bool print_mounts(const void *field, bool resolved, struct text *out)
{
	const struct spec *spec = field;

	text_add_string(out, spec->mount_count ? "( " : "(");
	for (size_t i = 0; i < spec->mount_count; i++) {
		text_add_string(out, i ? ", " : "");
		if (spec->mounts[i].target)
			print_mount(&spec->mounts[i], resolved, out);
	}
	text_add_string(out, spec->mount_count ? " )" : ")");
	return true;
}

static size_t count_mounts(const void *field)
{
	return ((const struct spec *)field)->mount_count;
}

static const void *get_mount(const void *field, size_t index)
{
	return &((const struct spec *)field)->mounts[index];
}

static const char *name_mount(const void *element)
{
	return ((const struct mount *)element)->target ?: "";
}

const struct key_elements mount_elements = {count_mounts, get_mount, name_mount, NULL};
const struct value_type type_mounts = {"list of groups", read_mounts, print_mounts};
const struct value_type type_mount_target = {"path", read_target, print_target};
const struct value_type type_mount_type = {"string", read_mount_type, print_mount_type};
const struct value_type type_mount_size = {"size", read_size, print_size};
const struct value_type type_mode = {"string", read_mode, print_mode};
const struct value_type type_mount_options = {"array", read_options, print_options};
