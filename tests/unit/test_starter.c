/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file a container is started from: right as it is, and with every line that is offered taken up. */
#include "config_test.h"

#include "config/starter.h"

/* Loads the text as the file of a container, in a set with two templates; what is wrong goes to out. */
static void load(const char *text, struct conf *conf, struct text *out)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_FREE char *manager = NULL, *file = NULL;
	struct scratch scratch;
	struct error err;

	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "templates : { small : { limits : { pids = 7; }; }; };");
	file = scratch_write(&scratch, "conf.d/web.conf", text);
	assert_int_equal(conf_load(manager, NULL, conf, &diagnostics, &err), 0);
	print_all(&diagnostics, out);
	scratch_remove(&scratch);
}

static void holds_as_it_is(void **state)
{
	const struct starter starter = {"web", "/etc", "small"};
	AUTO_TEXT struct text text = {0}, faults = {0};
	AUTO_CONF struct conf conf = {0};

	(void)state;
	starter_print(&starter, &text);
	load(text.data, &conf, &faults);
	assert_string_equal(text_value(&faults), "");
	assert_string_equal(conf.containers[0].rootfs, "/etc");
	assert_int_equal(conf.containers[0].limits.pids, 7);
	assert_int_equal(conf.containers[0].interfaces[0].port_count, 0);
}

/* The only thing that is wrong with it is what the writer has to be asked. */
static void asks_for_its_rootfs(void **state)
{
	const struct starter starter = {"web", NULL, NULL};
	AUTO_TEXT struct text text = {0}, faults = {0};
	AUTO_CONF struct conf conf = {0};

	(void)state;
	starter_print(&starter, &text);
	load(text.data, &conf, &faults);
	assert_non_null(strstr(faults.data, "rootfs is missing"));
	assert_null(strstr(strstr(faults.data, "error:") + 1, "error:"));
}

/* Takes one '#' away from each line that is a setting. */
static char *take_up(const char *text)
{
	struct text out = {0};

	while (*text) {
		const size_t length = strcspn(text, "\n") + 1;
		const bool taken = text[0] == '#' && text[1] != ' ' && text[1] != '#';

		text_add(&out, text + taken, length - taken);
		text += length;
	}
	return out.data;
}

static void holds_with_all_of_it(void **state)
{
	const struct starter starter = {"web", "/etc", NULL};
	AUTO_TEXT struct text text = {0}, faults = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *taken = NULL;
	const struct spec *spec;

	(void)state;
	starter_print(&starter, &text);
	taken = take_up(text.data);
	assert_null(strstr(taken, "\n#\t"));
	load(taken, &conf, &faults);
	assert_string_equal(text_value(&faults), "");
	spec = &conf.containers[0];
	assert_int_equal(spec->limits.memory, 4ull << 30);
	assert_int_equal(spec->limits.pids, 512);
	assert_int_equal(spec->interfaces[0].port_count, 1);
	assert_int_equal(spec->mount_count, 1);
	assert_int_equal(spec->restart.policy, RESTART_ON_FAILURE);
	assert_int_equal(spec->security.cap_add.count, 1);
}

/* A path may have anything in it. */
static void quotes_what_it_is_told(void **state)
{
	const struct starter starter = {"web", "/srv/a \"b\"\\c\n#d", NULL};
	AUTO_TEXT struct text text = {0}, faults = {0};
	AUTO_CONF struct conf conf = {0};

	(void)state;
	starter_print(&starter, &text);
	load(text.data, &conf, &faults);
	assert_non_null(strstr(text.data, "rootfs = \"/srv/a \\\"b\\\"\\\\c\\n#d\";\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_as_it_is),
		cmocka_unit_test(asks_for_its_rootfs),
		cmocka_unit_test(holds_with_all_of_it),
		cmocka_unit_test(quotes_what_it_is_told),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
