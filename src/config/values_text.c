/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_text.c: texts with a rule each: paths, names, users. */
#include <inttypes.h>
#include <string.h>

#include "config/utf8.h"
#include "config/values.h"

#define TEXT_MAX 255
#define PROFILE_NAME_MAX 512

/* Bytes that stand for themselves in a string. */
static size_t count_plain(const char *text)
{
	size_t count = 0;

	while (text[count] >= ' ' && text[count] < 0x7f && text[count] != '"' &&
	       text[count] != '\\')
		count++;
	return count;
}

void value_print_string(const char *text, struct text *out)
{
	static const char plain[] = "\"\\\n\r\t\f", escaped[] = "\"\\nrtf";

	text_add(out, "\"", 1);
	while (*text) {
		uint32_t code;
		size_t length = count_plain(text);
		const char *known;

		if (length > 0) {
			text_add(out, text, length);
			text += length;
			continue;
		}
		length = utf8_decode(text, &code);
		known = strchr(plain, *text);
		if (known) {
			text_addf(out, "\\%c", escaped[known - plain]);
		} else if (length > 0 && !utf8_is_control(code)) {
			text_add(out, text, length);
		} else {
			for (size_t i = 0; i < (length ? length : 1); i++)
				text_addf(out, "\\x%02x", (unsigned char)text[i]);
		}
		text += length ? length : 1;
	}
	text_add(out, "\"", 1);
}

static bool print_text(const void *field, bool resolved, struct text *out)
{
	const char *text = *(char *const *)field;

	(void)resolved;
	value_print_string(text ? text : "", out);
	return true;
}

/* For keys whose values cannot be empty. */
static bool print_if_set(const void *field, bool resolved, struct text *out)
{
	return *(char *const *)field && print_text(field, resolved, out);
}

/* Replaces the string of a field when check finds nothing wrong with it. */
static int read_checked(struct assignment *assignment, const struct node *value, void *field,
			int (*check)(const char *text, struct error *err))
{
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	if (check(value->string, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	free(*(char **)field);
	*(char **)field = xstrdup(value->string);
	return 0;
}

static int check_text(const char *text, struct error *err)
{
	if (strlen(text) > TEXT_MAX)
		return error_set(err, 0, "%zu bytes are too long, up to %d", strlen(text), TEXT_MAX);
	if (text_has_controls(text))
		return error_set(err, 0, "control characters are not allowed");
	return 0;
}

static int read_text_value(struct assignment *assignment, const struct node *value, void *field)
{
	char **text = field;

	if (read_checked(assignment, value, field, check_text) < 0)
		return -1;
	if (**text == '\0') {
		free(*text);
		*text = NULL;
	}
	return 0;
}

static int check_path(const char *path, struct error *err)
{
	if (strlen(path) >= 4096)
		return error_set(err, 0, "the path is too long, up to 4095 bytes");
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return error_set(err, 0, "control characters are not allowed in a path");
	if (*path == '\0')
		return error_set(err, 0, "the path is empty");
	return 0;
}

static int check_absolute_path(const char *path, struct error *err)
{
	if (check_path(path, err) < 0)
		return -1;
	if (*path == '/')
		return 0;
	error_set(err, 0, "\"%s\" is not an absolute path", path);
	return error_hint(err, "begin it with /");
}

/* "/srv/web/" and "/srv/web" are one. */
static void strip_slashes(char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		path[--length] = '\0';
}

static int read_path(struct assignment *assignment, const struct node *value, void *field)
{
	if (read_checked(assignment, value, field, check_absolute_path) < 0)
		return -1;
	strip_slashes(*(char **)field);
	return 0;
}

int value_tidy_path(char *path, struct error *err)
{
	char *out = path;

	if (check_absolute_path(path, err) < 0)
		return -1;
	for (const char *part = path; *part;) {
		size_t length = strcspn(++part, "/");

		if (length == 2 && strncmp(part, "..", 2) == 0)
			return error_set(err, 0, "\"..\" is not allowed in it");
		if (length > 0 && !(length == 1 && *part == '.')) {
			*out++ = '/';
			memmove(out, part, length);
			out += length;
		}
		part += length;
	}
	*out = '\0';
	return *path ? 0 : error_set(err, 0, "\"/\" is not allowed");
}

static int read_plain_path(struct assignment *assignment, const struct node *value, void *field)
{
	AUTO_FREE char *path = NULL;
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	path = xstrdup(value->string);
	if (value_tidy_path(path, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	free(*(char **)field);
	*(char **)field = take_pointer(&path);
	return 0;
}

static int read_directory(struct assignment *assignment, const struct node *value, void *field)
{
	if (read_checked(assignment, value, field, check_path) < 0)
		return -1;
	strip_slashes(*(char **)field);
	return 0;
}

static int check_hostname(const char *name, struct error *err)
{
	return parse_check_hostname(name, 64, err);
}

static int read_hostname(struct assignment *assignment, const struct node *value, void *field)
{
	return read_checked(assignment, value, field, check_hostname);
}

/* The same letters as in a host name; the kernel takes 64 bytes. */
static int check_domainname(const char *name, struct error *err)
{
	if (*name && parse_check_hostname(name, 64, err) < 0)
		return error_wrap(err, "domain name");
	return 0;
}

static int read_domainname(struct assignment *assignment, const struct node *value, void *field)
{
	char **name = field;

	if (read_checked(assignment, value, field, check_domainname) < 0)
		return -1;
	if (**name == '\0') {
		free(*name);
		*name = NULL;
	}
	return 0;
}

static int check_domain(const char *name, struct error *err)
{
	return *name ? parse_check_hostname(name, 253, err) : 0;
}

static int read_domain(struct assignment *assignment, const struct node *value, void *field)
{
	return read_checked(assignment, value, field, check_domain);
}

static int read_name(struct assignment *assignment, const struct node *value, void *field)
{
	return read_checked(assignment, value, field, parse_check_name);
}

/* One side of "USER:GROUP": an id up to 2^32-2, or a name as useradd(8) allows. */
bool value_is_user_name(const char *text, size_t length)
{
	if (length == 0 || length > 32)
		return false;
	if (strspn(text, "0123456789") >= length)
		return length < 11 && strtoull(text, NULL, 10) < UINT32_MAX;
	for (size_t i = 0; i < length; i++) {
		char c = text[i], lower = (char)(c | 0x20);
		bool start = (lower >= 'a' && lower <= 'z') || c == '_';

		if (!start && (i == 0 || !strchr("0123456789-.$", c)))
			return false;
	}
	return true;
}

static int check_user(const char *user, struct error *err)
{
	size_t length = strcspn(user, ":");

	if (value_is_user_name(user, length) &&
	    (user[length] == '\0' ||
	     value_is_user_name(user + length + 1, strlen(user + length + 1))))
		return 0;
	error_set(err, 0, "\"%s\" is not a user", user);
	return error_hint(err, "a name, an id, or \"USER:GROUP\" like \"1000:1000\"");
}

static int read_user(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_INTEGER)
		return read_checked(assignment, value, field, check_user);
	if (value->integer < 0 || value->integer >= UINT32_MAX)
		return assignment_error(assignment, value, NULL,
					"%" PRId64 " is out of range, 0 to %u", value->integer,
					UINT32_MAX - 1);
	free(*(char **)field);
	*(char **)field = xprintf("%" PRId64, value->integer);
	return 0;
}

static int check_cgroup_path(const char *path, struct error *err)
{
	bool component = false;

	for (const char *c = path; *c; c += strcspn(c, "/"), c += *c == '/') {
		size_t length = strcspn(c, "/");

		if (length == 0 || *c == '.' ||
		    strspn(c, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@") <
			    length)
			goto invalid;
		component = true;
	}
	if (component && path[strlen(path) - 1] != '/' && strlen(path) < 200)
		return 0;
invalid:
	error_set(err, 0, "\"%s\" cannot be a path of cgroups", path);
	return error_hint(err, "names like \"cman\" or \"services/cman\" below the cgroup root");
}

static int read_cgroup_path(struct assignment *assignment, const struct node *value, void *field)
{
	return read_checked(assignment, value, field, check_cgroup_path);
}

static int check_chain_prefix(const char *prefix, struct error *err)
{
	size_t length = strspn(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	if (length >= 1 && length <= 10 && prefix[length] == '\0')
		return 0;
	error_set(err, 0, "\"%s\" cannot be the prefix of chain names", prefix);
	return error_hint(err, "1 to 10 capital letters");
}

static int read_chain_prefix(struct assignment *assignment, const struct node *value, void *field)
{
	return read_checked(assignment, value, field, check_chain_prefix);
}

static int check_seccomp(const char *value, struct error *err)
{
	if (strcmp(value, "default") == 0 || strcmp(value, "none") == 0)
		return 0;
	if (*value == '/')
		return check_path(value, err);
	error_set(err, 0, "\"%s\" is no filter of system calls", value);
	return error_hint(err, "\"default\", \"none\" for no filter, or the absolute path of a file");
}

static int read_seccomp(struct assignment *assignment, const struct node *value, void *field)
{
	return read_checked(assignment, value, field, check_seccomp);
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/*
 * As apparmor.d(5) has it. What else the kernel would take is no profile: ":NAMESPACE:NAME", the
 * stacks "&NAME" and "A//&B"; of blanks at either end it would see nothing.
 */
static int check_apparmor(const char *name, struct error *err)
{
	static const char *const modes[] = {" (enforce)", " (complain)", " (kill)", " (unconfined)"};
	const char *mode = strrchr(name, '(');
	size_t length = strlen(name);

	if (length > PROFILE_NAME_MAX)
		return error_set(err, 0, "the name is too long, up to %d bytes", PROFILE_NAME_MAX);
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return error_set(err, 0, "control characters are not allowed in it");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!mode || mode == name || strcmp(mode - 1, modes[i]) != 0)
			continue;
		error_set(err, 0, "\"%s\" is not the name of a profile alone", name);
		return error_hint(err, "leave out its mode, %s", mode);
	}
	if ((is_alphanumeric(*name) || *name == '/') && name[length - 1] != ' ' &&
	    !strstr(name, "//&"))
		return 0;
	error_set(err, 0, "\"%s\" is not the name of a profile", name);
	return error_hint(err, "one that aa-status lists, beginning with a letter, a digit or /; or "
			       "\"unconfined\"");
}

static int read_apparmor(struct assignment *assignment, const struct node *value, void *field)
{
	return read_checked(assignment, value, field, check_apparmor);
}

const struct value_type type_text = {"string", read_text_value, print_text};
const struct value_type type_path = {"path", read_path, print_if_set};
const struct value_type type_plain_path = {"path", read_plain_path, print_if_set};
const struct value_type type_directory = {"path", read_directory, NULL};
const struct value_type type_hostname = {"string", read_hostname, print_if_set};
const struct value_type type_domainname = {"string", read_domainname, print_text};
const struct value_type type_domain = {"string", read_domain, NULL};
const struct value_type type_user = {"string or integer", read_user, print_if_set};
const struct value_type type_name = {"string", read_name, print_if_set};
const struct value_type type_cgroup_path = {"string", read_cgroup_path, NULL};
const struct value_type type_chain_prefix = {"string", read_chain_prefix, NULL};
const struct value_type type_seccomp = {"string", read_seccomp, print_if_set};
const struct value_type type_apparmor = {"string", read_apparmor, print_if_set};
