/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list "mounts" over layers, and printed as it reads. */
#include "config_test.h"

#define MANAGER                                                                                    \
	"defaults : { mounts = ( { type = \"tmpfs\"; target = \"/tmp\"; } ); };\n"                 \
	"templates : { more : { mounts = ( \"+\", { source = \"/etc\"; target = \"/a\"; } ); }; };\n"

/* The targets of a container with this file, in order. */
static char *targets_of(const char *text, bool *same_when_read_again)
{
	AUTO_FREE char *manager = NULL, *file = NULL;
	AUTO_DIAGNOSTICS struct diagnostics faults = {0};
	AUTO_TEXT struct text shown = {0}, printed = {0}, again = {0};
	AUTO(spec_clear) struct spec copy = {0};
	AUTO_CONF struct conf conf = {0};
	struct text targets = {0};
	const struct spec *spec;
	struct scratch scratch;
	struct error err = {0};

	scratch_make(&scratch);
	manager = scratch_manager(&scratch, MANAGER);
	file = scratch_write(&scratch, "conf.d/web.conf", text);
	assert_int_equal(conf_load(manager, NULL, &conf, &faults, &err), 0);
	scratch_remove(&scratch);
	print_all(&faults, &shown);
	assert_string_equal(text_value(&shown), "");
	spec = conf_find(&conf, "web");
	text_add(&targets, "", 0);
	for (size_t i = 0; i < spec->mount_count; i++)
		text_addf(&targets, "%s ", spec->mounts[i].target);
	conf_print_spec(spec, true, &printed);
	assert_int_equal(conf_parse_spec(text_value(&printed), "spec", "web", &copy, &err), 0);
	conf_print_spec(&copy, true, &again);
	*same_when_read_again = strcmp(text_value(&printed), text_value(&again)) == 0;
	return targets.data;
}

static void layers_of_mounts(void **state)
{
	static const char *const cases[][2] = {
		{"", "/tmp "},
		{"extends = [ \"more\" ];", "/tmp /a "},
		{"mounts = ();", ""},
		{"mounts = [];", ""},
		{"mounts = ( \"+\", { source = \"/etc\"; target = \"/b\"; optional = true; } );",
		 "/tmp /b "},
		{"mounts : { source = \"/etc/passwd\"; target = \"/b/./c//d\"; };", "/b/c/d "},
		{"extends = [ \"more\" ]; mounts = ( \"+\", { type = \"tmpfs\"; target = \"/c\";"
		 " size = \"4K\"; mode = \"1777\"; options = [ \"noexec\", \"suid\" ]; } );",
		 "/tmp /a /c "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text =
			xprintf("rootfs = \"/etc\"; command = \"x\"; %s", cases[i][0]);
		bool same = false;
		AUTO_FREE char *targets = targets_of(text, &same);

		assert_string_equal(targets, cases[i][1]);
		assert_true(same);
	}
}

static void paths_below_others(void **state)
{
	(void)state;
	assert_true(path_is_at_or_below("/a", "/a"));
	assert_true(path_is_at_or_below("/a/b", "/a"));
	assert_false(path_is_at_or_below("/ab", "/a"));
	assert_false(path_is_at_or_below("/a", "/a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_of_mounts),
		cmocka_unit_test(paths_below_others),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
