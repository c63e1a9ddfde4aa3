/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_device.c: the list of groups security.devices. */
#include <string.h>

#include "config/origin.h"
#include "config/values.h"

bool value_is_own_device(const char *path)
{
	static const char *const names[] = {"null",   "zero", "full",   "random", "urandom",
					    "tty",    "ptmx", "fd",     "stdin",  "stdout",
					    "stderr", "pts",  "mqueue", "console"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *own = xprintf("/dev/%s", names[i]);

		if (path_is_at_or_below(path, own))
			return true;
	}
	return false;
}

static int read_device_path(struct assignment *assignment, const struct node *value, void *field)
{
	AUTO_FREE char *path = NULL;

	if (type_plain_path.read(assignment, value, &path) < 0)
		return -1;
	if (!text_starts_with(path, "/dev/"))
		return assignment_error(assignment, value,
					"it has the same place in the container and on the host",
					"\"%s\" is not below /dev", path);
	if (value_is_own_device(path) || path_is_at_or_below(path, "/dev/shm"))
		return assignment_error(assignment, value, NULL,
					"\"%s\": cman fills this part of /dev by itself", path);
	free(*(char **)field);
	*(char **)field = take_pointer(&path);
	return 0;
}

static const struct {
	char letter;
	enum device_access access;
} letters[] = {{'r', DEVICE_READ}, {'w', DEVICE_WRITE}, {'m', DEVICE_MKNOD}};

static int read_access(struct assignment *assignment, const struct node *value, void *field)
{
	unsigned int access = 0;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	for (const char *c = value->string; *c || !access; c++) {
		unsigned int found = 0;

		for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
			if (*c == letters[i].letter)
				found = letters[i].access;
		if (!found || access & found)
			return assignment_error(assignment, value,
						"r: read, w: write, m: make nodes of it; \"rw\"",
						"\"%s\" is not an access", value->string);
		access |= found;
	}
	*(unsigned int *)field = access;
	return 0;
}

static bool print_device_path(const void *field, bool resolved, struct text *out)
{
	return type_plain_path.print(field, resolved, out);
}

static bool print_access(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_add_string(out, "\"");
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (*(const unsigned int *)field & letters[i].access)
			text_add(out, &letters[i].letter, 1);
	text_add_string(out, "\"");
	return true;
}

static bool has_device(const struct security *security, const char *path)
{
	for (size_t i = 0; i < security->device_count; i++)
		if (strcmp(security->devices[i].path, path) == 0)
			return true;
	return false;
}

/* Reads one group; the path is that of its element, "security.devices[0]". */
static int add_device(struct assignment *assignment, const struct node *group, void *field)
{
	struct security *security = field;
	const struct key *key =
		keys_find(keys_find(&container_keys, "security")->members, "devices");
	struct device device = {NULL, DEVICE_READ | DEVICE_WRITE};
	unsigned int errors = assignment->errors;

	if (group->type != NODE_GROUP)
		return assignment_wrong_type(assignment, group, "a group { }");
	if (security->device_count == DEVICES_MAX)
		return assignment_error(assignment, group, NULL, "there are more than %d of them",
					DEVICES_MAX);
	if (assignment->origins)
		origin_set(assignment->origins, assignment->path + assignment->origin_offset,
			   group->at, assignment->layer);
	assign_group(assignment, key->members, group, &device);
	if (assignment->errors == errors && !device.path)
		assignment_error(assignment, group, "a device of the host, as \"/dev/fuse\"",
				 "path is missing");
	else if (assignment->errors == errors && has_device(security, device.path))
		assignment_error(assignment, group, NULL, "%s is there twice", device.path);
	if (assignment->errors > errors) {
		free(device.path);
		return -1;
	}
	security->devices = xrealloc(security->devices, security->device_count + 1,
				     sizeof(*security->devices));
	security->devices[security->device_count++] = device;
	return 0;
}

static size_t count_devices(const void *field)
{
	return ((const struct security *)field)->device_count;
}

static void clear_devices(void *field)
{
	security_clear_devices(field);
}

static int read_devices(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct group_access access = {count_devices, clear_devices, add_device};

	return assign_groups(assignment, value, field, &access);
}

static bool print_devices(const void *field, bool resolved, struct text *out)
{
	const struct security *security = field;

	text_add_string(out, security->device_count ? "( " : "(");
	for (size_t i = 0; i < security->device_count; i++) {
		const struct device *device = &security->devices[i];

		text_addf(out, "%s{ path = ", i ? ", " : "");
		value_print_string(device->path, out);
		text_add_string(out, "; access = ");
		print_access(&device->access, resolved, out);
		text_add_string(out, "; }");
	}
	text_add_string(out, security->device_count ? " )" : ")");
	return true;
}

static const void *get_device(const void *field, size_t index)
{
	return &((const struct security *)field)->devices[index];
}

static const char *name_device(const void *element)
{
	return ((const struct device *)element)->path;
}

const struct key_elements device_elements = {count_devices, get_device, name_device, NULL};
const struct value_type type_devices = {"list of groups", read_devices, print_devices};
const struct value_type type_device_path = {"path", read_device_path, print_device_path};
const struct value_type type_device_access = {"string", read_access, print_access};
