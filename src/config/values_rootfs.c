/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_rootfs.c: the rootfs, a path or a group. */
#include <string.h>

#include "config/values.h"

#define SIZE_MIN         (1u << 20)
#define SIZE_MIN_OVERLAY (8u << 20) /* of a file system with a journal, if it comes to an image */

static const char *const modes[] = {
	[ROOTFS_BIND] = "bind",
	[ROOTFS_VOLATILE] = "volatile",
	[ROOTFS_OVERLAY] = "overlay",
};

static int read_rootfs_mode(struct assignment *assignment, const struct node *value, void *field)
{
	enum rootfs_mode *mode = field;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(value->string, modes[i]) == 0) {
			*mode = (enum rootfs_mode)i;
			return 0;
		}
	}
	return assignment_error(assignment, value, NULL,
				"expected \"bind\", \"volatile\" or \"overlay\", found \"%s\"",
				value->string);
}

static bool print_rootfs_mode(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_string(modes[*(const enum rootfs_mode *)field], out);
	return true;
}

static int read_rootfs_size(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type == NODE_STRING && strcmp(value->string, "max") == 0) {
		*(uint64_t *)field = LIMIT_MAX;
		return 0;
	}
	return value_read_size(assignment, value, SIZE_MIN, LIMIT_MAX, "at least 1M", field);
}

static bool print_rootfs_size(const void *field, bool resolved, struct text *out)
{
	const uint64_t bytes = *(const uint64_t *)field;
	char size[PARSE_TEXT_MAX] = "max";

	(void)resolved;
	if (bytes != LIMIT_MAX)
		parse_format_size(bytes, size);
	value_print_string(size, out);
	return true;
}

/* What goes with which mode. */
static int check_rootfs(struct assignment *assignment, const struct node *value,
			const struct spec *spec)
{
	if (spec->rootfs_mode == ROOTFS_BIND && spec->rootfs_size != LIMIT_MAX)
		return assignment_error(assignment, node_find(value, "size"),
					"mode = \"volatile\"; or mode = \"overlay\";",
					"size is for a volatile one or an overlay");
	if (spec->rootfs_mode == ROOTFS_OVERLAY && spec->rootfs_size < SIZE_MIN_OVERLAY)
		return assignment_error(assignment, node_find(value, "size"), NULL,
					"the size is out of range, at least 8M for an overlay");
	if (spec->rootfs_mode != ROOTFS_OVERLAY && spec->rootfs_upper)
		return assignment_error(assignment, node_find(value, "upper"),
					"mode = \"overlay\";", "upper is for an overlay alone");
	return 0;
}

static int read_rootfs(struct assignment *assignment, const struct node *value, void *field)
{
	struct spec *spec = field;

	spec->rootfs_mode = ROOTFS_BIND;
	spec->rootfs_size = LIMIT_MAX;
	free(spec->rootfs_upper);
	spec->rootfs_upper = NULL;
	if (value->type == NODE_STRING)
		return type_path.read(assignment, value, &spec->rootfs);
	if (value->type != NODE_GROUP)
		return assignment_wrong_type(assignment, value, "a string or a group { }");
	assign_group(assignment, keys_find(&container_keys, "rootfs")->members, value, spec);
	if (!node_find(value, "path"))
		return assignment_error(assignment, value, "the directory", "path is missing");
	return check_rootfs(assignment, value, spec);
}

static bool print_rootfs(const void *field, bool resolved, struct text *out)
{
	const struct spec *spec = field;

	if (!spec->rootfs)
		return false;
	if (spec->rootfs_mode == ROOTFS_BIND) {
		value_print_string(spec->rootfs, out);
		return true;
	}
	text_add_string(out, "{ path = ");
	value_print_string(spec->rootfs, out);
	text_add_string(out, "; mode = ");
	print_rootfs_mode(&spec->rootfs_mode, resolved, out);
	text_add_string(out, "; size = ");
	print_rootfs_size(&spec->rootfs_size, resolved, out);
	text_add_string(out, "; ");
	if (spec->rootfs_upper) {
		text_add_string(out, "upper = ");
		value_print_string(spec->rootfs_upper, out);
		text_add_string(out, "; ");
	}
	text_add_string(out, "}");
	return true;
}

const struct value_type type_rootfs = {"string or group", read_rootfs, print_rootfs};
const struct value_type type_rootfs_mode = {"string", read_rootfs_mode, print_rootfs_mode};
const struct value_type type_rootfs_size = {"size", read_rootfs_size, print_rootfs_size};
