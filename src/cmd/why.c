/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman why */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "config/compare.h"
#include "lifecycle/why.h"

/* What was asked for, while the keys are gone through. */
struct asking {
	const struct conf *conf;
	const struct spec *spec;
	struct why *why;
	char *const *keys; /* NULL: all that are set */
	int key_count;
	bool *met; /* of each of keys: there is one */
	bool brief;
	struct json *list; /* NULL: for people */
	size_t printed, differing;
	struct error error; /* of the first that failed */
};

/* ---- words ---- */

/* "/etc/cman/conf.d/web.conf:12, template small" */
static char *describe_place(const struct key_value *value)
{
	if (value->at.line == 0)
		return NULL;
	if (!value->layer)
		return xprintf("%s:%u", value->at.file, value->at.line);
	if (strcmp(value->layer, "defaults") == 0)
		return xprintf("%s:%u, defaults", value->at.file, value->at.line);
	if (strcmp(value->layer, "container.conf") == 0)
		return xprintf("%s:%u, for all containers", value->at.file, value->at.line);
	return xprintf("%s:%u, template %s", value->at.file, value->at.line, value->layer);
}

/* Where nobody has said it: "built in", and how it was found where it is none that is always the same. */
static char *describe_default(const struct key *key)
{
	const char *rule = key->default_text ? NULL : strstr(key->help, "default: ");

	return rule ? xprintf("found by cman, %s", rule) : xstrdup("built in");
}

/* What it was started with, where the file says something else by now; NULL: the same. */
static char *find_started(const struct asking *asking, const struct key_leaf *leaf,
			  const struct explanation *explanation)
{
	const struct spec *recorded = why_recorded(asking->why);
	AUTO_FREE char *value = recorded ? spec_value(recorded, leaf->path) : NULL;

	/* It is not kept: what templates say is in the other keys. */
	if (!recorded || !leaf->key->type->print || text_equal(value, explanation->holds.value))
		return NULL;
	return value ? take_pointer(&value) : xstrdup("none");
}

/* ---- for people ---- */

static void print_line(const char *label, const char *text)
{
	printf("  %-8s %s\n", label, text);
}

static void print_value_line(const char *label, const struct key_value *value)
{
	AUTO_FREE char *place = describe_place(value);

	printf("  %-8s %s, %s\n", label, value->value, place ?: "built in");
}

static void print_now(const struct why_answer *answer)
{
	print_line("object", text_value(&answer->object));
	if (answer->state == WHY_DOWN)
		print_line("now", "not running");
	else if (answer->state == WHY_OLDER)
		print_line("now", "it was started without it");
	else if (answer->state == WHY_UNKNOWN)
		printf("  %-8s unknown: %s\n", "now", text_value(&answer->now));
	else if (answer->state != WHY_FILE)
		print_line("now", answer->now.length ? text_value(&answer->now) : "nothing");
	if (answer->state == WHY_DIFFERS)
		printf("  %-8s it should be %s\n", "DIFFERS", text_value(&answer->wanted));
}

static void print_in_full(struct asking *asking, const struct key_leaf *leaf,
			  const struct explanation *explanation, const struct why_answer *answer,
			  const char *started)
{
	AUTO_FREE char *place = describe_place(&explanation->holds);
	AUTO_FREE char *found = describe_default(leaf->key);

	printf("%s%s = %s\n", asking->printed > 0 ? "\n" : "", leaf->path,
	       explanation->holds.value ?: "none");
	print_line("from", place ?: found);
	for (size_t i = 0; i < explanation->part_count; i++)
		print_value_line("part", &explanation->parts[i]);
	for (size_t i = 0; i < explanation->older_count; i++)
		print_value_line("over", &explanation->older[i]);
	print_line("change", change_class_name(leaf->key->change));
	if (started)
		printf("  %-8s it was started with %s: cman plan %s\n", "PENDING", started,
		       asking->spec->name);
	print_now(answer);
}

static void print_briefly(const struct key_leaf *leaf, const struct explanation *explanation,
			  const struct why_answer *answer, const char *started)
{
	AUTO_FREE char *place = describe_place(&explanation->holds);

	printf("%s = %s  (%s)%s", leaf->path, explanation->holds.value ?: "none",
	       place ?: "built in", started ? "  PENDING" : "");
	if (answer->state == WHY_DIFFERS)
		printf("  DIFFERS: %s", text_value(&answer->now));
	else if (answer->state == WHY_UNKNOWN)
		printf("  unknown: %s", text_value(&answer->now));
	printf("\n");
}

/* ---- for programs ---- */

static struct json *value_to_json(const struct key_value *value)
{
	struct json *object = json_new_object();

	json_add_text(object, "value", value->value);
	json_add_text(object, "file", value->at.line ? value->at.file : NULL);
	json_add_number(object, "line", value->at.line ? value->at.line : UINT64_MAX);
	json_add_text(object, "layer", value->layer);
	return object;
}

static struct json *values_to_json(const struct key_value *values, size_t count)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < count; i++)
		json_append(list, value_to_json(&values[i]));
	return list;
}

static void add_to_list(struct asking *asking, const struct key_leaf *leaf,
			const struct explanation *explanation, const struct why_answer *answer,
			const char *started)
{
	struct json *object = value_to_json(&explanation->holds);

	json_add_text(object, "key", leaf->path);
	json_add(object, "parts", values_to_json(explanation->parts, explanation->part_count));
	json_add(object, "over", values_to_json(explanation->older, explanation->older_count));
	json_add_text(object, "change", change_class_name(leaf->key->change));
	json_add_text(object, "started_with", started);
	json_add_text(object, "object", text_value(&answer->object));
	json_add_text(object, "state", why_state_name(answer->state));
	json_add_text(object, "now", answer->now.length ? text_value(&answer->now) : NULL);
	json_add_text(object, "wanted", answer->wanted.length ? text_value(&answer->wanted) : NULL);
	json_append(asking->list, object);
}

/* ---- all of it ---- */

static bool is_asked_for(const struct asking *asking, const struct key_leaf *leaf)
{
	bool asked = false;

	for (int i = 0; i < asking->key_count; i++) {
		if (!key_is_meant(asking->keys[i], leaf->path))
			continue;
		asking->met[i] = true;
		asked = true;
	}
	return asked;
}

static void tell(const struct key_leaf *leaf, void *data)
{
	AUTO_EXPLANATION struct explanation explanation = {.older_count = 0};
	AUTO_WHY_ANSWER struct why_answer answer = {.state = WHY_DOWN};
	struct asking *asking = data;
	AUTO_FREE char *started = NULL;

	if (asking->error.text[0] || (asking->key_count > 0 && !is_asked_for(asking, leaf)) ||
	    conf_explain(asking->conf, asking->spec, leaf, &explanation, &asking->error) < 0)
		return;
	/* Without a key: what somebody has said. */
	if (asking->key_count == 0 && explanation.holds.at.line == 0)
		return;
	why_ask(asking->why, leaf->path, &answer);
	started = find_started(asking, leaf, &explanation);
	if (asking->list)
		add_to_list(asking, leaf, &explanation, &answer, started);
	else if (asking->brief)
		print_briefly(leaf, &explanation, &answer, started);
	else
		print_in_full(asking, leaf, &explanation, &answer, started);
	asking->printed++;
	asking->differing += answer.state == WHY_DIFFERS;
}

static int tell_all(struct asking *asking, struct error *err)
{
	spec_each_leaf(asking->spec, tell, asking);
	if (asking->error.text[0]) {
		*err = asking->error;
		return -1;
	}
	for (int i = 0; i < asking->key_count; i++)
		if (!asking->met[i])
			return key_unknown(asking->keys[i], err);
	if (asking->list)
		json_print(asking->list, stdout);
	return asking->differing > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int open_state(const struct conf *conf, struct state *state, struct error *err)
{
	const int there = load_state(conf, state, err);

	if (there < 0 && (err->code == EACCES || err->code == EPERM))
		return error_hint(err, "root alone can see what runs");
	return there;
}

int cmd_why(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_JSON struct json *list = NULL;
	AUTO_WHY struct why *why = NULL;
	AUTO_FREE bool *met = xalloc((size_t)argc, sizeof(*met));
	struct asking asking = {
		.conf = &conf,
		.keys = argv + 1,
		.key_count = argc - 1,
		.met = met,
		.brief = argc == 1,
	};
	int there;

	if (load_containers(options, 1, argv, &conf, &names, err) < 0)
		return -1;
	there = open_state(&conf, &state, err);
	if (there < 0 || why_open(&conf, there ? &state : NULL, names.items[0], &why, err) < 0)
		return -1;
	asking.spec = conf_find(&conf, names.items[0]);
	asking.why = why;
	asking.list = list = options->json ? json_new_list() : NULL;
	return tell_all(&asking, err);
}
