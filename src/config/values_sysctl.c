/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_sysctl.c: security.sysctls, "NAME=VALUE", of which only namespaced ones get through. */
#include <ctype.h>
#include <string.h>

#include "config/values.h"

#define SYSCTLS_MAX      64
#define SYSCTL_NAME_MAX  200
#define SYSCTL_VALUE_MAX 255

/* ipc_sysctl.c and mq_sysctl.c of the kernel; those of net are all in a network namespace. */
static const char *const ipc_names[] = {
	"kernel/shmall",
	"kernel/shmmax",
	"kernel/shmmni",
	"kernel/shm_rmid_forced",
	"kernel/msgmax",
	"kernel/msgmnb",
	"kernel/msgmni",
	"kernel/sem",
	"fs/mqueue/msg_default",
	"fs/mqueue/msg_max",
	"fs/mqueue/msgsize_default",
	"fs/mqueue/msgsize_max",
	"fs/mqueue/queues_max",
};

/* As sysctl(8): where a '/' comes first it separates, and dots are part of a name, else vice versa. */
static char *as_path(const char *text, size_t length)
{
	char *path = xprintf("%.*s", (int)length, text);
	bool slashes = path[strcspn(path, "./")] == '/';

	for (char *c = path; *c && !slashes; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	return path;
}

static bool is_sound_path(const char *path)
{
	for (const char *part = path;; part++) {
		size_t length = strcspn(part, "/");

		if (length == 0 || strspn(part, ".") >= length)
			return false;
		for (size_t i = 0; i < length; i++)
			if (!isalnum((unsigned char)part[i]) && !strchr("_-.:@", part[i]))
				return false;
		part += length;
		if (*part == '\0')
			return true;
	}
}

static bool is_namespaced(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(ipc_names); i++)
		if (strcmp(path, ipc_names[i]) == 0)
			return true;
	return text_starts_with(path, "net/");
}

/* One line for the kernel, in which nothing means anything to anybody else (CVE-2022-0811). */
static bool is_sound_value(const char *value)
{
	size_t length = strlen(value);

	if (length == 0 || length > SYSCTL_VALUE_MAX || value[0] == ' ' || value[length - 1] == ' ')
		return false;
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && !strchr(" _-.,:/", *value))
			return false;
	return true;
}

static bool is_set_already(const struct strlist *list, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < list->count; i++)
		if (text_starts_with(list->items[i], path) && list->items[i][length] == '=')
			return true;
	return false;
}

static int add_sysctl(void *field, const char *text, struct error *err)
{
	struct strlist *list = field;
	size_t length = strcspn(text, "=");
	AUTO_FREE char *path = as_path(text, length);

	if (text[length] != '=' || length > SYSCTL_NAME_MAX || !is_sound_path(path)) {
		error_set(err, 0, "\"%s\" is not a sysctl", text);
		return error_hint(err, "NAME=VALUE like \"net.core.somaxconn=1024\"");
	}
	if (!is_namespaced(path)) {
		error_set(err, 0, "%.*s is not the container's alone", (int)length, text);
		return error_hint(err,
				  "net.*, kernel.shm*, kernel.msg*, kernel.sem and fs.mqueue.* can "
				  "be set; others concern the whole host");
	}
	if (!is_sound_value(text + length + 1)) {
		error_set(err, 0, "\"%s\" is not a value", text + length + 1);
		return error_hint(err, "numbers or words with one blank between them");
	}
	if (is_set_already(list, path))
		return error_set(err, 0, "%.*s is there twice", (int)length, text);
	if (list->count == SYSCTLS_MAX)
		return error_set(err, 0, "there are more than %d of them", SYSCTLS_MAX);
	strlist_add_taken(list, xprintf("%s%s", path, text + length));
	return 0;
}

static size_t count_sysctls(const void *field)
{
	return ((const struct strlist *)field)->count;
}

static void clear_sysctls(void *field)
{
	strlist_clear(field);
}

static int read_sysctls(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_sysctls, clear_sysctls, add_sysctl};

	return assign_list(assignment, value, field, &access);
}

static bool print_sysctls(const void *field, bool resolved, struct text *out)
{
	return type_labels.print(field, resolved, out);
}

const struct value_type type_sysctls = {"array", read_sysctls, print_sysctls};
