/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/read.h"

#include <libconfig.h>
#include <string.h>

#include "config/source.h"
#include "config/syntax.h"

static const char report_hint[] = "this is a bug of cman; please report it with the file";

static bool types_agree(int theirs, enum node_type ours)
{
	switch (theirs) {
	case CONFIG_TYPE_GROUP:
		return ours == NODE_GROUP;
	case CONFIG_TYPE_LIST:
		return ours == NODE_LIST;
	case CONFIG_TYPE_ARRAY:
		return ours == NODE_ARRAY;
	case CONFIG_TYPE_STRING:
		return ours == NODE_STRING;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return ours == NODE_INTEGER;
	case CONFIG_TYPE_FLOAT:
		return ours == NODE_FLOAT;
	case CONFIG_TYPE_BOOL:
		return ours == NODE_BOOLEAN;
	default:
		return false;
	}
}

/* Whether a plain value is the same; the fraction is taken over, its digits are libconfig's. */
static bool values_agree(const config_setting_t *theirs, struct node *ours)
{
	switch (ours->type) {
	case NODE_STRING:
		return text_equal(config_setting_get_string(theirs), ours->string);
	case NODE_INTEGER:
		return config_setting_get_int64(theirs) == ours->integer;
	case NODE_BOOLEAN:
		return (config_setting_get_bool(theirs) != 0) == ours->boolean;
	case NODE_FLOAT:
		ours->real = config_setting_get_float(theirs);
		return true;
	default:
		return config_setting_length(theirs) == (int)ours->count;
	}
}

/* Compares both trees; the node where they differ, or NULL. */
static const struct node *find_disagreement(config_setting_t *theirs, struct node *ours)
{
	if (!types_agree(config_setting_type(theirs), ours->type) || !values_agree(theirs, ours) ||
	    !text_equal(config_setting_name(theirs), ours->name))
		return ours;
	for (size_t i = 0; i < ours->count; i++) {
		const struct node *differs = find_disagreement(
			config_setting_get_elem(theirs, (unsigned int)i), &ours->children[i]);

		if (differs)
			return differs;
	}
	return NULL;
}

static bool confirm_with_libconfig(const char *text, struct diagnostics *diagnostics,
				   struct node *root)
{
	const struct node *differs;
	bool agreed = false;
	config_t config;

	config_init(&config);
	if (config_read_string(&config, text) != CONFIG_TRUE) {
		diagnostics_add(diagnostics, SEVERITY_ERROR,
				(struct location){.file = root->at.file}, report_hint,
				"libconfig refuses what cman accepts: %s in line %d",
				config_error_text(&config), config_error_line(&config));
	} else {
		differs = find_disagreement(config_root_setting(&config), root);
		if (differs)
			diagnostics_add(diagnostics, SEVERITY_ERROR, differs->at, report_hint,
					"libconfig reads this value in another way than cman");
		agreed = !differs;
	}
	config_destroy(&config);
	return agreed;
}

static enum read_status read_source(const struct source *source, bool trusted_directory,
				    struct diagnostics *diagnostics, struct node *root)
{
	AUTO_SYNTAX struct syntax_result result = {0};
	const char *text;

	syntax_parse(source, trusted_directory, diagnostics, &result);
	*root = result.root;
	result.root = (struct node){.type = NODE_BROKEN};
	if (result.unbalanced)
		return READ_NOTHING;
	if (result.errors > 0)
		return READ_PARTIAL;
	text = result.expanded.length ? result.expanded.data : source->text;
	return confirm_with_libconfig(text, diagnostics, root) ? READ_COMPLETE : READ_NOTHING;
}

enum read_status read_file(const char *path, bool trusted_directory,
			   struct diagnostics *diagnostics, struct node *root)
{
	struct source *source = source_get(path);
	struct error err;

	*root = (struct node){.type = NODE_GROUP, .at.file = source->path};
	if (source_read(source, trusted_directory, &err) < 0) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, root->at, err.hint, "%s", err.text);
		return READ_NOTHING;
	}
	return read_source(source, trusted_directory, diagnostics, root);
}

enum read_status read_text(const char *path, const char *text, struct diagnostics *diagnostics,
			   struct node *root)
{
	struct source *source = source_get(path);
	struct error err;

	*root = (struct node){.type = NODE_GROUP, .at.file = source->path};
	if (source_set_text(source, text, strlen(text), &err) < 0) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, root->at, err.hint, "%s", err.text);
		return READ_NOTHING;
	}
	return read_source(source, false, diagnostics, root);
}
