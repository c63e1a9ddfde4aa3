/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_list.c: lists of strings, each with a rule for its elements. */
#include <inttypes.h>
#include <string.h>

#include "config/capabilities.h"
#include "config/values.h"

#define TEMPLATES_MAX    16
#define LABELS_MAX       64
#define NAME_SERVERS_MAX 3 /* resolv.conf(5) takes no more */
#define DOMAINS_MAX      6
#define PATHS_MAX        64
#define OPTIONS_MAX      16
#define ALIASES_MAX      32
#define GROUPS_MAX       32
#define NAMES_MAX        256
#define ELEMENTS_MAX     4096

static size_t count_strings(const void *field)
{
	return ((const struct strlist *)field)->count;
}

static void clear_strings(void *field)
{
	strlist_clear(field);
}

static int add_limited(struct strlist *list, const char *text, size_t limit, struct error *err)
{
	if (list->count >= limit)
		return error_set(err, 0, "there are more than %zu of them", limit);
	strlist_add(list, text);
	return 0;
}

static int add_unique(struct strlist *list, const char *text, size_t limit, struct error *err)
{
	if (strlist_contains(list, text))
		return error_set(err, 0, "\"%s\" is there twice", text);
	return add_limited(list, text, limit, err);
}

static int add_template_name(void *field, const char *text, struct error *err)
{
	if (parse_check_name(text, err) < 0)
		return -1;
	return add_unique(field, text, TEMPLATES_MAX, err);
}

/* Whether a list has "KEY=..." already. */
static bool has_key(const struct strlist *list, const char *text, size_t key_length)
{
	for (size_t i = 0; i < list->count; i++)
		if (strncmp(list->items[i], text, key_length) == 0 &&
		    list->items[i][key_length] == '=')
			return true;
	return false;
}

static int add_label(void *field, const char *text, struct error *err)
{
	size_t length = strcspn(text, "=");

	if (length == 0 || length > 63 || text[length] != '=' || strlen(text) > 255 ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") <
		    length) {
		error_set(err, 0, "\"%s\" is not a label", text);
		return error_hint(err, "KEY=VALUE like \"tier=front\"");
	}
	if (text_has_controls(text))
		return error_set(err, 0, "control characters are not allowed in a label");
	if (has_key(field, text, length))
		return error_set(err, 0, "the label %.*s is there twice", (int)length, text);
	return add_limited(field, text, LABELS_MAX, err);
}

static int add_argument(void *field, const char *text, struct error *err)
{
	return add_limited(field, text, ELEMENTS_MAX, err);
}

static int add_variable(void *field, const char *text, struct error *err)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			length = 0;
	}
	if (length == 0) {
		error_set(err, 0, "\"%s\" is not an environment variable", text);
		return error_hint(
			err, "\"NAME=VALUE\", or \"NAME\" to take the value over from the host");
	}
	return add_limited(field, text, ELEMENTS_MAX, err);
}

static int add_address(void *field, const char *text, struct error *err)
{
	if (!parse_is_ip(text)) {
		error_set(err, 0, "\"%s\" is not an address", text);
		return error_hint(err, "an address like \"10.83.0.1\" or \"2001:db8::1\"");
	}
	return add_unique(field, text, NAME_SERVERS_MAX, err);
}

static int add_name_server(void *field, const char *text, struct error *err)
{
	struct strlist *list = field;

	if (strlist_contains(list, "none") || (strcmp(text, "none") == 0 && list->count > 0))
		return error_set(err, 0, "\"none\" and others exclude each other");
	if (strcmp(text, "none") == 0 || strcmp(text, "host") == 0)
		return add_unique(list, text, NAME_SERVERS_MAX, err);
	if (!parse_is_ip(text)) {
		error_set(err, 0, "\"%s\" is not a name server", text);
		return error_hint(err, "\"host\" for those of the host, \"none\", or an address like"
				       " \"9.9.9.9\"");
	}
	return add_unique(list, text, NAME_SERVERS_MAX, err);
}

static int add_domain(void *field, const char *text, struct error *err)
{
	if (parse_check_hostname(text, 253, err) < 0)
		return error_wrap(err, "search domain");
	return add_unique(field, text, DOMAINS_MAX, err);
}

/* resolv.conf(5). libc passes over what it does not know, and makes numbers smaller, in silence. */
static const struct {
	const char *name;
	unsigned int least, most; /* 0, 0: without a number */
} resolver_options[] = {
	{"ndots", 0, 15},         {"timeout", 1, 30},
	{"attempts", 1, 5},       {"debug", 0, 0},
	{"rotate", 0, 0},         {"no-aaaa", 0, 0},
	{"no-check-names", 0, 0}, {"edns0", 0, 0},
	{"single-request", 0, 0}, {"single-request-reopen", 0, 0},
	{"use-vc", 0, 0},         {"no-reload", 0, 0},
	{"no-tld-query", 0, 0},   {"trust-ad", 0, 0},
	{"strict-error", 0, 0},
};

static int unknown_option(const char *name, struct error *err)
{
	const char *names[ARRAY_SIZE(resolver_options)], *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(resolver_options); i++)
		names[i] = resolver_options[i].name;
	nearest = text_nearest(name, names, ARRAY_SIZE(names));
	error_set(err, 0, "resolv.conf(5) has no option \"%s\"", name);
	return nearest ? error_hint(err, "did you mean \"%s\"?", nearest)
		       : error_hint(err, "one like \"ndots:2\", \"timeout:3\" or \"rotate\"");
}

/* "ndots:2" and "ndots:3" are one option. */
static bool has_option(const struct strlist *list, const char *text, size_t length)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcspn(list->items[i], ":") == length &&
		    strncmp(list->items[i], text, length) == 0)
			return true;
	return false;
}

static int add_resolver_option(void *field, const char *text, struct error *err)
{
	const size_t length = strcspn(text, ":");
	AUTO_FREE char *name = xprintf("%.*s", (int)length, text);
	unsigned int least = 0, most = 0;
	bool known = false;
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(resolver_options) && !known; i++) {
		known = strcmp(resolver_options[i].name, name) == 0;
		least = resolver_options[i].least;
		most = resolver_options[i].most;
	}
	if (!known)
		return unknown_option(name, err);
	if (most == 0 && text[length] != '\0')
		return error_set(err, 0, "the option %s has no number", name);
	if (most > 0 && (text[length] == '\0' ||
			 parse_number(text + length + 1, least, most, &number, NULL) < 0)) {
		error_set(err, 0, "\"%s\" is not \"%s:NUMBER\"", text, name);
		return error_hint(err, "a number from %u to %u", least, most);
	}
	if (has_option(field, text, length))
		return error_set(err, 0, "the option %s is there twice", name);
	return add_limited(field, text, OPTIONS_MAX, err);
}

static int add_alias(void *field, const char *text, struct error *err)
{
	if (parse_check_hostname(text, 63, err) < 0)
		return -1;
	if (strchr(text, '.')) {
		error_set(err, 0, "\"%s\" is more than a name", text);
		return error_hint(err, "leave out what is behind the dot; extra_hosts takes whole names");
	}
	return add_unique(field, text, ALIASES_MAX, err);
}

static int add_capability(void *field, const char *text, struct error *err)
{
	if (capabilities_check_name(text, err) < 0)
		return -1;
	return add_unique(field, text, ELEMENTS_MAX, err);
}

static int add_path(void *field, const char *text, struct error *err)
{
	AUTO_FREE char *path = xstrdup(text);

	if (value_tidy_path(path, err) < 0)
		return -1;
	return add_unique(field, path, PATHS_MAX, err);
}

static int add_group(void *field, const char *text, struct error *err)
{
	size_t digits = strspn(text, "-0123456789");
	uint64_t id;

	/* Plain decimal, as in the group file: what one reader takes for octal is no id. */
	if (*text && text[digits] == '\0' &&
	    ((*text == '0' && text[1]) || parse_number(text, 0, UINT32_MAX - 1, &id, NULL) < 0)) {
		error_set(err, 0, "%s is no id of a group", text);
		return error_hint(err, "0 to %u, in decimal and without leading zeros",
				  UINT32_MAX - 1);
	}
	if (!value_is_user_name(text, strlen(text))) {
		error_set(err, 0, "\"%s\" is not a group", text);
		return error_hint(err, "a name of /etc/group in the root filesystem, or an id");
	}
	return add_unique(field, text, GROUPS_MAX, err);
}

static int add_container_name(void *field, const char *text, struct error *err)
{
	if (parse_check_container_name(text, err) < 0)
		return -1;
	return add_unique(field, text, NAMES_MAX, err);
}

int value_check_group_name(const char *text, struct error *err)
{
	struct error reason = {0};

	if (parse_check_container_name(text, &reason) == 0)
		return 0;
	error_set(err, 0, "\"%s\" cannot be the name of a group", text);
	return error_hint(err, "%s", reason.hint);
}

static int add_group_name(void *field, const char *text, struct error *err)
{
	if (value_check_group_name(text, err) < 0)
		return -1;
	return add_unique(field, text, NAMES_MAX, err);
}

#define LIST_TYPE(name, text, add)                                                                 \
	static int read_##name(struct assignment *assignment, const struct node *value,            \
			       void *field)                                                        \
	{                                                                                          \
		static const struct list_access access = {count_strings, clear_strings, add};      \
                                                                                                   \
		return assign_list(assignment, value, field, &access);                             \
	}                                                                                          \
	const struct value_type type_##name = {text, read_##name, print_strings}

static bool print_strings(const void *field, bool resolved, struct text *out)
{
	const struct strlist *list = field;

	(void)resolved;
	text_add_string(out, list->count ? "[ " : "[");
	for (size_t i = 0; i < list->count; i++) {
		text_add_string(out, i ? ", " : "");
		value_print_string(list->items[i], out);
	}
	text_add_string(out, list->count ? " ]" : "]");
	return true;
}

/*
 * Takes the next word from *text: words end at blanks, quotes keep blanks, a backslash keeps the
 * next character (not inside ' '). 1: there was one; 0: none is left; -1: a quote is not closed.
 */
static int next_word(const char **text, struct text *word)
{
	const char *c = *text + strspn(*text, " \t\n");
	char quote = '\0';

	if (*c == '\0')
		return 0;
	text_add(word, "", 0);
	for (; *c && (quote || !strchr(" \t\n", *c)); c++) {
		if (*c == quote) {
			quote = '\0';
		} else if (!quote && (*c == '"' || *c == '\'')) {
			quote = *c;
		} else if (*c == '\\' && quote != '\'' && c[1]) {
			text_add(word, ++c, 1);
		} else {
			text_add(word, c, 1);
		}
	}
	*text = c;
	return quote ? -1 : 1;
}

static int split_command(struct assignment *assignment, const struct node *value,
			 struct strlist *command)
{
	const char *rest = value->string;
	int result;

	for (;;) {
		AUTO_TEXT struct text word = {0};

		result = next_word(&rest, &word);
		if (result <= 0)
			break;
		strlist_add(command, word.data);
	}
	if (result < 0)
		return assignment_error(assignment, value, NULL, "a quote is not closed");
	return 0;
}

static bool print_command(const void *field, bool resolved, struct text *out)
{
	/* Empty only where the file had an error: then there is nothing to print. */
	return ((const struct strlist *)field)->count > 0 && print_strings(field, resolved, out);
}

static int read_command(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_strings, clear_strings, add_argument};
	struct strlist *command = field;

	if (value->type == NODE_STRING) {
		strlist_clear(command);
		if (split_command(assignment, value, command) < 0)
			return -1;
	} else if (assign_list(assignment, value, field, &access) < 0) {
		return -1;
	}
	if (command->count > 0 && command->items[0][0] != '\0')
		return 0;
	strlist_clear(command);
	return assignment_error(assignment, value,
				"the program and its arguments, like"
				" [ \"/bin/sh\", \"-c\", \"...\" ]",
				"the command is empty");
}

static int read_template_names(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_strings, clear_strings, add_template_name};

	return assign_list(assignment, value, field, &access);
}

/* Ids may be written as numbers: taken as their text, a number is not told from a name. */
static void number_to_text(struct node *node)
{
	if (node->type != NODE_INTEGER)
		return;
	node->string = xprintf("%" PRId64, node->integer);
	node->type = NODE_STRING;
}

static int read_groups(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_strings, clear_strings, add_group};
	bool is_list = value->type == NODE_ARRAY || value->type == NODE_LIST;
	size_t count = is_list ? value->count : 0;
	AUTO_FREE struct node *children = xalloc(count, sizeof(*children));
	struct node copy = *value;
	int result;

	number_to_text(&copy);
	for (size_t i = 0; i < count; i++) {
		children[i] = value->children[i];
		number_to_text(&children[i]);
	}
	copy.children = is_list ? children : value->children;
	result = assign_list(assignment, &copy, field, &access);
	for (size_t i = 0; i < count; i++)
		if (value->children[i].type == NODE_INTEGER)
			free(children[i].string);
	if (value->type == NODE_INTEGER)
		free(copy.string);
	return result;
}

LIST_TYPE(labels, "array", add_label);
LIST_TYPE(environment, "array", add_variable);
LIST_TYPE(dns_servers, "array", add_name_server);
LIST_TYPE(addresses, "array", add_address);
LIST_TYPE(domains, "array", add_domain);
LIST_TYPE(resolver_options, "array", add_resolver_option);
LIST_TYPE(aliases, "array", add_alias);
LIST_TYPE(paths, "array", add_path);
LIST_TYPE(container_names, "array", add_container_name);
LIST_TYPE(group_names, "array", add_group_name);
LIST_TYPE(capabilities, "array", add_capability);
const struct value_type type_template_names = {"array", read_template_names, NULL};
const struct value_type type_groups = {"array", read_groups, print_strings};
const struct value_type type_command = {"string or array", read_command, print_command};
