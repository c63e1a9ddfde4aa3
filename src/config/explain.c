/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/explain.h"

#include <string.h>

#include "config/compare.h"
#include "config/hint.h"
#include "config/layers.h"
#include "config/node.h"
#include "config/read.h"
#include "config/values.h"

/* ---- keys of a spec ---- */

struct walk {
	const struct spec *spec;
	void (*visit)(const struct key_leaf *leaf, void *data);
	void *data;
	const struct interface *interface;
	size_t index;
};

static void walk_table(struct walk *walk, const struct key_table *table, const char *prefix,
		       const void *object);

static void visit_leaf(const struct walk *walk, const struct key *key, const char *path,
		       const void *object)
{
	const struct key_leaf leaf = {path, key, object, walk->interface, walk->index};

	walk->visit(&leaf, walk->data);
}

static void walk_elements(struct walk *walk, const struct key *key, const char *path,
			  const void *object)
{
	const struct key_elements *elements = key->elements;
	const void *field = (const char *)object + key->offset;
	const size_t count = elements->count(field);
	const bool interfaces = key->type == &type_interfaces;

	if (count == 0)
		visit_leaf(walk, key, path, object);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *inner = interfaces && !walk->spec->interfaces_listed
						? xstrdup(path)
						: xprintf("%s[%zu]", path, i);
		const void *element = elements->get(field, i);

		walk->interface = interfaces ? element : NULL;
		walk->index = i;
		walk_table(walk, elements->members ?: key->members, inner, element);
		walk->interface = NULL;
		walk->index = 0;
	}
}

static void walk_table(struct walk *walk, const struct key_table *table, const char *prefix,
		       const void *object)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		AUTO_FREE char *path = xprintf("%s%s%s", prefix, *prefix ? "." : "", key->name);

		if (key->elements)
			walk_elements(walk, key, path, object);
		else if (key->members)
			walk_table(walk, key->members, path, (const char *)object + key->offset);
		else
			visit_leaf(walk, key, path, object);
	}
}

void spec_each_leaf(const struct spec *spec, void (*visit)(const struct key_leaf *leaf, void *data),
		    void *data)
{
	struct walk walk = {.spec = spec, .visit = visit, .data = data};

	walk_table(&walk, &container_keys, "", spec);
}

char *key_leaf_value(const struct key_leaf *leaf)
{
	const struct key *key = leaf->key;
	/* What it names was merged, so nobody else prints it. */
	bool (*print)(const void *field, bool resolved, struct text *out) =
		key->type == &type_template_names ? type_aliases.print : key->type->print;
	struct text out = {0};

	if (print && print((const char *)leaf->object + key->offset, true, &out))
		return out.data ? out.data : xstrdup("");
	text_clear(&out);
	return key->elements && !key->type->print ? xstrdup("()") : NULL;
}

struct search {
	const char *path;
	char *value;
};

static void note_value(const struct key_leaf *leaf, void *data)
{
	struct search *search = data;

	if (!search->value && strcmp(leaf->path, search->path) == 0)
		search->value = key_leaf_value(leaf);
}

char *spec_value(const struct spec *spec, const char *path)
{
	struct search search = {.path = path};

	spec_each_leaf(spec, note_value, &search);
	return search.value;
}

/* "net.ip" of "net[1].ip": without what is between brackets. */
static char *without_indexes(const char *path)
{
	char *plain = xstrdup(path), *out = plain;

	for (const char *c = path; *c; c++) {
		if (*c == '[')
			c += strcspn(c, "]");
		else
			*out++ = *c;
	}
	*out = '\0';
	return plain;
}

static bool is_at_or_above(const char *key, const char *path)
{
	const size_t length = strlen(key);

	return strncmp(key, path, length) == 0 && length > 0 &&
	       (path[length] == '\0' || path[length] == '.' || path[length] == '[');
}

bool key_is_meant(const char *key, const char *path)
{
	AUTO_FREE char *plain = without_indexes(path);

	return is_at_or_above(key, path) || is_at_or_above(key, plain);
}

/* ---- keys that there are not ---- */

struct names {
	const char *key; /* without indexes */
	bool known;
	struct strlist all;
};

static void note_name(const char *path, const struct key *key, void *data)
{
	struct names *names = data;
	AUTO_FREE char *plain = without_indexes(path);

	(void)key;
	names->known |= strcmp(plain, names->key) == 0;
	strlist_add_taken(&names->all, take_pointer(&plain));
}

/* "memory" is the last part of limits.memory alone. */
static const char *find_by_last_part(const struct strlist *all, const char *key)
{
	for (size_t i = 0; i < all->count; i++) {
		const char *dot = strrchr(all->items[i], '.');

		if (dot && strcmp(dot + 1, key) == 0)
			return all->items[i];
	}
	return NULL;
}

int key_unknown(const char *key, struct error *err)
{
	AUTO_FREE char *plain = without_indexes(key), *group = NULL, *foreign = NULL;
	struct names names = {.key = plain};
	const char *dot = strrchr(plain, '.'), *nearest;

	keys_each(&container_keys, note_name, &names);
	group = xprintf("%.*s", dot ? (int)(dot - plain) : 0, plain);
	foreign = hint_for_foreign_key(group, dot ? dot + 1 : plain);
	nearest = find_by_last_part(&names.all, plain);
	if (!nearest)
		nearest = text_nearest(plain, (const char *const *)names.all.items, names.all.count);
	if (names.known)
		error_set(err, 0, "nothing has %s", key);
	else
		error_set(err, 0, "unknown key \"%s\"", key);
	if (names.known)
		error_hint(err, "its list has no such element");
	else if (foreign)
		error_hint(err, "%s", foreign);
	else if (nearest)
		error_hint(err, "did you mean \"%s\"?", nearest);
	strlist_clear(&names.all);
	return -1;
}

/* ---- who said it ---- */

static void key_value_clear(struct key_value *value)
{
	free(value->value);
	free(value->layer);
}

void explanation_clear(struct explanation *explanation)
{
	key_value_clear(&explanation->holds);
	for (size_t i = 0; i < explanation->older_count; i++)
		key_value_clear(&explanation->older[i]);
	for (size_t i = 0; i < explanation->part_count; i++)
		key_value_clear(&explanation->parts[i]);
	free(explanation->older);
	free(explanation->parts);
	*explanation = (struct explanation){0};
}

static const struct origin *find_origin(const struct origins *origins, const char *key)
{
	for (size_t i = 0; i < origins->count; i++)
		if (strcmp(origins->items[i].key, key) == 0)
			return &origins->items[i];
	return NULL;
}

static void add_value(struct key_value **values, size_t *count, char *value,
		      const struct origin *origin)
{
	*values = xrealloc(*values, *count + 1, sizeof(**values));
	(*values)[(*count)++] = (struct key_value){
		.value = value,
		.at = origin ? origin->location : (struct location){.line = 0},
		.layer = origin && origin->layer ? xstrdup(origin->layer) : NULL,
	};
}

/* What a key was, layer by layer. */
struct stages {
	const char *path;
	struct key_value *values; /* the built-in one, then of each that has set it */
	size_t count;
};

static void note_stage(void *data, const char *layer, const struct spec *spec)
{
	struct stages *stages = data;
	const struct origin *origin = find_origin(&spec->origins, stages->path);

	if (stages->count > 0 && (!origin || !text_equal(origin->layer, layer)))
		return;
	add_value(&stages->values, &stages->count, spec_value(spec, stages->path), origin);
}

/* The next string in quotes of a printed list, with them; NULL: there is none. */
static char *next_string(const char **rest)
{
	const char *start = strchr(*rest, '"'), *end;

	if (!start)
		return NULL;
	for (end = start + 1; *end && *end != '"'; end++)
		end += *end == '\\' && end[1];
	*rest = *end ? end + 1 : end;
	return xprintf("%.*s", (int)(*rest - start), start);
}

/* Elements of a list as it was written, where not all come from one and the same. */
static void list_parts(const struct spec *spec, const struct stages *stages,
		       struct explanation *explanation)
{
	const char *rest = stages->values[stages->count - 1].value ?: "";
	const struct origin *first = NULL;
	bool several = false;
	char *string;

	while ((string = next_string(&rest)) != NULL) {
		AUTO_FREE char *key = xprintf("%s[%zu]", stages->path, explanation->part_count);
		const struct origin *origin = find_origin(&spec->origins, key);

		first = first ?: origin;
		several |= origin && !text_equal(origin->layer, first->layer);
		add_value(&explanation->parts, &explanation->part_count, string, origin);
	}
	for (; !several && explanation->part_count > 0; explanation->part_count--)
		key_value_clear(&explanation->parts[explanation->part_count - 1]);
}

static bool is_among_parts(const struct explanation *explanation, const struct key_value *value)
{
	for (size_t i = 0; i < explanation->part_count; i++)
		if (explanation->parts[i].at.line > 0 &&
		    text_equal(explanation->parts[i].layer, value->layer))
			return true;
	return false;
}

/* What was said before, unless it is still a part of what holds. */
static void list_older(struct stages *stages, struct explanation *explanation)
{
	const bool set = stages->count > 1;

	for (size_t i = set ? stages->count - 1 : 0; i-- > 0;) {
		struct key_value *value = &stages->values[i];

		if (!value->value || (explanation->part_count > 0 &&
				      (value->at.line == 0 || is_among_parts(explanation, value))))
			continue;
		explanation->older = xrealloc(explanation->older, explanation->older_count + 1,
					      sizeof(*explanation->older));
		explanation->older[explanation->older_count++] = *value;
		*value = (struct key_value){.value = NULL};
	}
}

int conf_explain(const struct conf *conf, const struct spec *spec, const struct key_leaf *leaf,
		 struct explanation *explanation, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	AUTO(spec_clear) struct spec scratch = {0};
	struct stages stages = {.path = leaf->path};

	*explanation = (struct explanation){0};
	if (read_file(spec->file, false, &diagnostics, &root) == READ_NOTHING)
		return error_set(err, 0, "%s cannot be read any more", spec->file);
	layers_each(conf->manager_root, &root, spec->name, note_stage, &stages, &scratch);
	explanation->holds.value = key_leaf_value(leaf);
	spec_find_place(spec, &conf->manager, leaf->interface, leaf->path, &explanation->holds.at,
			&explanation->holds.layer);
	list_parts(&scratch, &stages, explanation);
	list_older(&stages, explanation);
	for (size_t i = 0; i < stages.count; i++)
		key_value_clear(&stages.values[i]);
	free(stages.values);
	return 0;
}
