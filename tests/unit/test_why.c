/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman why: each key has an object; who said what; which keys are meant. */
#include "config_test.h"

#include "config/explain.h"
#include "lifecycle/why.h"

/* ---- objects ---- */

static void check_object(const char *path, const struct key *key, void *data)
{
	size_t *missing = data;

	/* Groups have none, but lists that may be empty. */
	if (key->members && !key->elements)
		return;
	if (why_object(path))
		return;
	print_error("%s: no object of the kernel, and no file: add it to src/lifecycle/why.c\n", path);
	(*missing)++;
}

static void every_key_has_an_object(void **state)
{
	size_t missing = 0;

	(void)state;
	keys_each(&container_keys, check_object, &missing);
	assert_int_equal(missing, 0);
	assert_null(why_object("nothing"));
	assert_null(why_object("limits.memor"));
	assert_non_null(why_object("limits.io[1].rbps"));
	assert_string_not_equal(why_object("limits.memory"), why_object("limits.memory_high"));
	assert_string_not_equal(why_object("dns"), why_object("dns_search"));
}

static void keys_that_are_meant(void **state)
{
	(void)state;
	assert_true(key_is_meant("net.ip", "net.ip"));
	assert_true(key_is_meant("net", "net.ip"));
	assert_true(key_is_meant("net.ip", "net[1].ip"));
	assert_true(key_is_meant("net[1]", "net[1].ip"));
	assert_true(key_is_meant("net[1].ip", "net[1].ip"));
	assert_false(key_is_meant("net[0].ip", "net[1].ip"));
	assert_false(key_is_meant("net.ip", "net.ip6"));
	assert_false(key_is_meant("net.i", "net.ip"));
	assert_false(key_is_meant("", "net.ip"));
	assert_false(key_is_meant("net.ip.more", "net.ip"));
}

static void check_hint(const char *key, const char *text, const char *hint)
{
	struct error err = {0};

	assert_int_equal(key_unknown(key, &err), -1);
	assert_non_null(strstr(err.text, text));
	if (!strstr(err.hint, hint))
		fail_msg("%s: %s", key, err.hint);
}

static void keys_that_there_are_not(void **state)
{
	(void)state;
	check_hint("limits.memroy", "unknown key", "limits.memory");
	check_hint("memory", "unknown key", "limits.memory");
	check_hint("hostnme", "unknown key", "hostname");
	check_hint("volumes", "unknown key", "mounts");
	check_hint("mounts[7].size", "nothing has mounts[7].size", "no such element");
}

/* ---- who said it ---- */

static const char manager_text[] =
	"dns : { search = [ \"manager.example\" ]; };\n"                    /* line 2 */
	"defaults : { limits : { pids = 100; memory = \"64M\"; };\n"        /* line 3 */
	"	environment = [ \"A=1\" ]; labels = [ \"a=1\" ]; };\n"      /* line 4 */
	"templates : { small : { limits : { memory = \"32M\"; };\n"         /* line 5 */
	"	environment = [ \"+\", \"B=2\" ]; labels = [ \"b=2\" ]; }; };\n"; /* line 6 */
static const char web_text[] = "rootfs = \"/etc\"; extends = [ \"small\" ];\n"
			       "limits : { memory = \"16M\"; };\n"
			       "environment = [ \"+\", \"C=\\\"3\" ];\n";

struct world {
	struct scratch scratch;
	struct conf conf;
};

static void world_make(struct world *world)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_FREE char *manager = NULL, *file = NULL;
	AUTO_TEXT struct text faults = {0};
	struct error err;

	scratch_make(&world->scratch);
	manager = scratch_manager(&world->scratch, manager_text);
	file = scratch_write(&world->scratch, "conf.d/web.conf", web_text);
	assert_int_equal(conf_load(manager, NULL, &world->conf, &diagnostics, &err), 0);
	print_all(&diagnostics, &faults);
	assert_string_equal(text_value(&faults), "");
}

static void world_clear(struct world *world)
{
	conf_clear(&world->conf);
	scratch_remove(&world->scratch);
}

struct question {
	const struct world *world;
	const char *path;
	struct text out;
};

static void add_value(struct text *out, const char *what, const struct key_value *value)
{
	const char *slash = value->at.line ? strrchr(value->at.file, '/') : NULL;

	text_addf(out, "%s %s %s:%u %s\n", what, value->value ?: "-", slash ? slash + 1 : "",
		  value->at.line, value->layer ?: "-");
}

static void answer(const struct key_leaf *leaf, void *data)
{
	AUTO_EXPLANATION struct explanation explanation = {.older_count = 0};
	struct question *question = data;
	struct error err;

	if (strcmp(leaf->path, question->path) != 0)
		return;
	assert_int_equal(conf_explain(&question->world->conf, &question->world->conf.containers[0],
				      leaf, &explanation, &err),
			 0);
	add_value(&question->out, "holds", &explanation.holds);
	for (size_t i = 0; i < explanation.part_count; i++)
		add_value(&question->out, "part", &explanation.parts[i]);
	for (size_t i = 0; i < explanation.older_count; i++)
		add_value(&question->out, "over", &explanation.older[i]);
}

static void assert_explained(const struct world *world, const char *path, const char *wanted)
{
	struct question question = {.world = world, .path = path};

	spec_each_leaf(&world->conf.containers[0], answer, &question);
	assert_string_equal(text_value(&question.out), wanted);
	text_clear(&question.out);
}

static void layer_by_layer(void **state)
{
	struct world world = {0};

	(void)state;
	world_make(&world);
	assert_explained(&world, "limits.memory",
			 "holds \"16M\" web.conf:2 -\n"
			 "over \"32M\" container.conf:5 small\n"
			 "over \"64M\" container.conf:3 defaults\n"
			 "over \"max\" :0 -\n");
	assert_explained(&world, "limits.pids",
			 "holds 100 container.conf:3 defaults\nover 512 :0 -\n");
	assert_explained(&world, "limits.cpu_weight", "holds 100 :0 -\n");
	assert_explained(&world, "dns_search",
			 "holds [ \"manager.example\" ] container.conf:2 container.conf\n");
	assert_explained(&world, "labels",
			 "holds [ \"b=2\" ] container.conf:6 small\n"
			 "over [ \"a=1\" ] container.conf:4 defaults\nover [] :0 -\n");
	assert_explained(&world, "extends", "holds [ \"small\" ] web.conf:1 -\nover [] :0 -\n");
	assert_explained(&world, "rootfs.path", "holds \"/etc\" web.conf:1 -\n");
	world_clear(&world);
}

/* PATH and the others are cman's: nobody has written them. */
static void part_by_part(void **state)
{
	struct question question = {.path = "environment"};
	struct world world = {0};

	(void)state;
	world_make(&world);
	question.world = &world;
	spec_each_leaf(&world.conf.containers[0], answer, &question);
	assert_non_null(strstr(question.out.data, "part \"A=1\" container.conf:4 defaults\n"
						  "part \"B=2\" container.conf:6 small\n"
						  "part \"C=\\\"3\" web.conf:3 -\n"));
	assert_null(strstr(question.out.data, "over"));
	text_clear(&question.out);
	world_clear(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_an_object), cmocka_unit_test(keys_that_are_meant),
		cmocka_unit_test(keys_that_there_are_not), cmocka_unit_test(layer_by_layer),
		cmocka_unit_test(part_by_part),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
