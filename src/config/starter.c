/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/starter.h"

#include <string.h>

#include "config/keys.h"
#include "config/values.h"

/* What most containers want to say something about, in the order of the file. */
static const struct {
	const char *path;
	const char *example; /* NULL: its default */
} shown[] = {
	{"description", NULL},
	{"command", "[ \"/sbin/init\" ]"},
	{"environment", "[ \"TZ=Europe/Berlin\" ]"},
	{"user", NULL},
	{"mounts", "( { source = \"/srv\"; target = \"/srv\"; read_only = true; } )"},
	{"limits", NULL},
	{"limits.memory", "\"50%\""},
	{"limits.cpus", "1"},
	{"limits.pids", NULL},
	{"net", NULL},
	{"net.ip", NULL},
	{"net.ports", "[ \"8080:80\" ]"},
	{"security", NULL},
	{"security.cap_add", "[ \"NET_RAW\" ]"},
	{"restart", NULL},
	{"restart.policy", "\"on-failure\""},
	{"autostart", NULL},
	{"stop_timeout", NULL},
};

/* The key of a path like "limits.memory"; *depth: in how many groups it stands. */
static const struct key *find(const char *path, size_t *depth)
{
	const struct key_table *table = &container_keys;
	AUTO_FREE char *copy = xstrdup(path);
	const struct key *key = NULL;
	char *rest;

	*depth = 0;
	for (char *part = strtok_r(copy, ".", &rest); part && table;
	     part = strtok_r(NULL, ".", &rest)) {
		*depth += key != NULL;
		key = keys_find(table, part);
		table = key ? key->members : NULL;
	}
	return key;
}

#define LINE_MAX_BYTES 96

static void print_comment(const struct key *key, const char *indent, bool with_form, struct text *out)
{
	const bool fits = with_form && strlen(key->help) + strlen(key->form) < LINE_MAX_BYTES;

	text_addf(out, "%s# %s", indent, key->help);
	if (with_form && !fits)
		text_addf(out, ":\n%s#", indent);
	text_addf(out, "%s%s%s\n", fits ? ":" : "", with_form ? " " : "", with_form ? key->form : "");
}

static void print_key(const struct key *key, size_t depth, const char *example, struct text *out)
{
	const char *value = example ?: key->default_text;
	const bool group = key->members && !value;

	if (depth == 0)
		text_addf(out, "\n");
	print_comment(key, depth ? "#\t" : "", key->form && !group, out);
	if (group)
		text_addf(out, "#%s : {\n", key->name);
	else
		text_addf(out, "#%s%s = %s;\n", depth ? "\t" : "", key->name, value);
}

static void print_shown(struct text *out)
{
	bool open = false;

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		size_t depth;
		const struct key *key = find(shown[i].path, &depth);

		if (open && depth == 0)
			text_addf(out, "#};\n");
		print_key(key, depth, shown[i].example, out);
		open = depth > 0 || (key->members && !shown[i].example);
	}
	if (open)
		text_addf(out, "#};\n");
}

static void print_setting(const char *name, const char *value, bool in_list, struct text *out)
{
	text_addf(out, "%s = %s", name, in_list ? "[ " : "");
	value_print_string(value, out);
	text_addf(out, "%s;\n", in_list ? " ]" : "");
}

void starter_print(const struct starter *starter, struct text *out)
{
	text_addf(out,
		  "# The container %s. All keys: container.conf(5); what holds: cman show %s\n"
		  "# Lines with a # are not read: take it away where a default is not what is wanted.\n",
		  starter->name, starter->name);
	if (starter->template_name) {
		text_addf(out, "\n# %s\n", keys_find(&container_keys, "extends")->help);
		print_setting("extends", starter->template_name, true, out);
	}
	text_addf(out, "\n# %s\n", keys_find(&container_keys, "rootfs")->help);
	if (starter->rootfs)
		print_setting("rootfs", starter->rootfs, false, out);
	else
		text_addf(out, "#rootfs = \"/srv/%s\";\n", starter->name);
	print_shown(out);
}
