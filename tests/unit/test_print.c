/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read and printed reads as the same again; and how faults are printed. */
#include "config_test.h"

#include <arpa/inet.h>
#include <signal.h>

#include "config/layers.h"
#include "config/source.h"
#include "config/values.h"

static bool check_fixture(const char *name)
{
	AUTO_FREE char *path = xprintf("valid/%s", name);
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *container = conf_name_of_file(path);
	AUTO_TEXT struct text printed = {0}, faults = {0};
	struct error err = {0};

	assert_int_equal(conf_load("container.conf", NULL, &conf, &diagnostics, &err), 0);
	assert_int_equal(conf_load_file(&conf, path, &diagnostics, &err), 0);
	print_all(&diagnostics, &faults);
	assert_string_equal(text_value(&faults), "");
	text_addf(&printed, "# %s, as it takes effect\n", name);
	conf_print_spec(conf_find(&conf, container), false, &printed);
	text_addf(&printed, "# resolved\n");
	conf_print_spec(conf_find(&conf, container), true, &printed);
	return compare_with_expected(path, text_value(&printed));
}

static void sound_files(void **state)
{
	AUTO_STRLIST struct strlist names = {0};
	size_t wrong = 0;
	struct error err;

	(void)state;
	assert_int_equal(fs_list_at(AT_FDCWD, "valid", &names, &err), 0);
	for (size_t i = 0; i < names.count; i++)
		if (is_conf_file(names.items[i]))
			wrong += !check_fixture(names.items[i]);
	assert_int_equal(wrong, 0);
}

/* A small generator of its own: the same sequence everywhere. */
static uint64_t seed = 3;

static unsigned int draw(unsigned int below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(seed >> 33) % below;
}

/* Any bytes but NUL; controls: also those that a description may not have. */
static char *draw_string(bool controls)
{
	static const char *const pieces[] = {
		"a",
		"Z",
		"0",
		" ",
		"\"",
		"\\",
		"\\n",
		"'",
		"#",
		"//",
		"/*",
		"{",
		"}",
		";",
		"=",
		"$",
		"%s",
		"\xc3\xbc",
		"\xe4\xbd\xa0",
		"\xf0\x9f\x98\x80",
		"\xe2\x80\xae",
		"\xed\xa0\x80",
		"\xc2\x9b",
		"\xff",
		"\xc3",
		"\n",
		"\t",
		"\r",
		"\f",
		"\x01",
		"\x1b[2J",
		"\x7f",
	};
	unsigned int last = ARRAY_SIZE(pieces) - (controls ? 0 : 10), count = 1 + draw(6);
	struct text out = {0};

	while (count-- > 0)
		text_addf(&out, "%s", pieces[draw(last)]);
	return out.data;
}

static void draw_strings(struct strlist *list, const char *prefix, bool controls)
{
	for (unsigned int count = draw(4); count > 0; count--) {
		AUTO_FREE char *text = draw_string(controls);

		strlist_add_taken(list, xprintf("%s%zu=%s", prefix, list->count, text));
	}
}

static void draw_interface(struct interface *interface)
{
	free(interface->network);
	interface->network = xprintf("net%u", draw(9));
	snprintf(interface->name, sizeof(interface->name), "if%u", draw(1000));
	interface->ip_auto = draw(2);
	interface->ip.s_addr = interface->ip_auto ? INADDR_ANY : htonl(0x0a000001 + draw(1u << 24));
	interface->nat_set = draw(2);
	interface->nat = interface->nat_set ? draw(2) : true;
	interface->port_count = draw(4);
	interface->ports = xalloc(interface->port_count, sizeof(*interface->ports));
	for (size_t i = 0; i < interface->port_count; i++) {
		struct port_forward *forward = &interface->ports[i];
		uint16_t span = (uint16_t)(draw(2) * draw(1000));

		*forward = (struct port_forward){
			.families = 1 + draw(3),
			.host_first = (uint16_t)(1 + draw(64000)),
			.container_first = (uint16_t)(1 + draw(64000)),
			.protocol = draw(2) ? IPPROTO_TCP : IPPROTO_UDP,
		};
		if (forward->families == PORT_IPV4 && draw(2))
			forward->host_address.s_addr = htonl(1 + draw(UINT32_MAX));
		for (size_t byte = 0; forward->families == PORT_IPV6 && byte < 16; byte++)
			forward->host_address6.s6_addr[byte] = (uint8_t)(byte ? draw(256) : 0x20);
		forward->host_last = (uint16_t)(forward->host_first + span);
		forward->container_last = (uint16_t)(forward->container_first + span);
	}
}

static uint64_t draw_size(unsigned int least)
{
	return draw(3) ? LIMIT_MAX : least + ((uint64_t)draw(1u << 31) << draw(20));
}

static void draw_limits(struct limits *limits)
{
	limits->memory_high = draw_size(4u << 20);
	limits->memory_low = draw_size(0);
	limits->swap = draw_size(0);
	limits->oom_group = draw(2);
	limits->cpu_weight = 1 + draw(10000);
	limits->io_weight = 1 + draw(10000);
	limits->cpuset = draw(2) ? xstrdup("0-2,4") : NULL;
	limits->mems = draw(2) ? xstrdup("0") : NULL;
	limits->io_count = draw(3);
	limits->io = xalloc(limits->io_count, sizeof(*limits->io));
	for (size_t i = 0; i < limits->io_count; i++)
		limits->io[i] = (struct io_limit){
			.device = xprintf("/dev/d%zu", i),
			.rbps = 4096 + draw(1u << 31),
			.wbps = draw_size(4096),
			.riops = draw(2) ? LIMIT_MAX : 1 + draw(1u << 31),
			.wiops = draw(2) ? LIMIT_MAX : 1 + draw(1u << 31),
		};
	limits->nofile_soft = 64 + draw(1000);
	limits->nofile_hard = limits->nofile_soft + draw(2) * draw(100000);
	limits->ulimit_count = draw(4);
	limits->ulimits = xalloc(limits->ulimit_count, sizeof(*limits->ulimits));
	for (size_t i = 0; i < limits->ulimit_count; i++) {
		struct ulimit *ulimit = &limits->ulimits[i];

		ulimit->resource = (int)(i * 3 + draw(3));
		ulimit->hard = draw_size(1);
		ulimit->soft = draw(2) ? ulimit->hard : draw(2);
	}
	limits->oom_score_adj = (int)draw(2001) - 1000;
	if (draw(2))
		strlist_add(&limits->raw, "cpu.idle=1");
}

static void draw_spec(struct spec *spec)
{
	static const int signals[] = {SIGTERM, SIGKILL, SIGHUP, SIGPWR};

	spec_set_defaults(spec, "web");
	spec->description = draw(3) ? draw_string(false) : NULL;
	draw_strings(&spec->labels, "key", false);
	spec->rootfs = xprintf("/%s%u", draw(2) ? "srv/\xc3\xbc \"x\" \\" : "a", draw(99));
	spec->rootfs_mode =
		(enum rootfs_mode[]){ROOTFS_BIND, ROOTFS_VOLATILE, ROOTFS_OVERLAY}[draw(3)];
	if (spec->rootfs_mode != ROOTFS_BIND && draw(2))
		spec->rootfs_size = (8ull << 20) + draw(1u << 31);
	if (spec->rootfs_mode == ROOTFS_OVERLAY && draw(2))
		spec->rootfs_upper = xprintf("/var/\xc3\xbc \"x\" \\%u", draw(99));
	strlist_add_taken(&spec->command, draw_string(true));
	draw_strings(&spec->command, "", true);
	draw_strings(&spec->environment, "VARIABLE", true);
	free(spec->user);
	spec->user =
		xstrdup((const char *[]){"root", "1000", "1000:100", "www-data", "a:b"}[draw(5)]);
	spec->limits.pids = draw(2) ? LIMIT_MAX : 2 + draw(4194303);
	spec->limits.memory = draw(3) ? LIMIT_MAX
				      : (4ull << 20) + ((uint64_t)draw(1u << 31) << draw(20));
	spec->limits.cpu_quota_us = draw(2) ? LIMIT_MAX : 1000 + draw(100000000);
	draw_limits(&spec->limits);
	draw_interface(&spec->interfaces[0]);
	strlist_add(&spec->dns, (const char *[]){"host", "none", "9.9.9.9", "2001:db8::1"}[draw(4)]);
	if (draw(2))
		strlist_add(&spec->dns_search, "example.org");
	if (draw(2))
		strlist_add(&spec->dns_options, "ndots:2");
	if (draw(2))
		spec->domainname = xstrdup("nis.example");
	spec->extra_host_count = draw(3);
	spec->extra_hosts = xalloc(spec->extra_host_count, sizeof(*spec->extra_hosts));
	for (size_t i = 0; i < spec->extra_host_count; i++)
		spec->extra_hosts[i] = (struct host_entry){
			.name = xprintf("host%u", draw(99)),
			.address = xstrdup(draw(2) ? "10.0.0.1" : "fe80::1"),
		};
	spec->security.device_count = draw(3);
	spec->security.devices =
		xalloc(spec->security.device_count, sizeof(*spec->security.devices));
	for (size_t i = 0; i < spec->security.device_count; i++)
		spec->security.devices[i] = (struct device){xprintf("/dev/d%zu", i), 1 + draw(7)};
	spec->autostart = draw(2);
	for (size_t i = draw(3); i > 0; i--) {
		strlist_add_taken(&spec->depends_on, xprintf("needed%zu", i));
		strlist_add_taken(&spec->after, xprintf("before%zu", i));
		strlist_add_taken(&spec->groups, xprintf("group%zu", i));
	}
	spec->start_delay_ms = draw(3600001);
	spec->restart = (struct restart){
		.policy = (enum restart_policy)draw(4),
		.delay_ms = 100 + draw(3599901),
		.max_delay_ms = 100 + draw(3599901),
		.max_retries = draw(1001),
	};
	spec->stop_signal = draw(2) ? signals[draw(4)] : SIGRTMIN + (int)draw(20);
	spec->stop_timeout_ms = draw(3600001);
	spec->log.driver = (enum log_driver)draw(3);
	spec->log.max_size = 65536 + draw(1 << 30);
	spec->log.max_files = 1 + (uint32_t)draw(LOG_FILES_MAX);
	for (size_t i = draw(3); i > 0; i--) {
		strlist_add_taken(&spec->hooks.pre_start, xprintf("/pre_start/%zu", i));
		strlist_add_taken(&spec->hooks.post_start, xprintf("/post start/%zu", i));
		strlist_add_taken(&spec->hooks.pre_stop, xprintf("/pre_stop/%zu", i));
		strlist_add_taken(&spec->hooks.post_stop, xprintf("/post_stop/%zu", i));
	}
	spec->hooks.timeout_ms = draw(3600001);
}

static void assert_same_interface(const struct interface *one, const struct interface *other)
{
	assert_string_equal(one->network, other->network);
	assert_string_equal(one->name, other->name);
	assert_int_equal(one->ip_auto, other->ip_auto);
	assert_int_equal(one->ip.s_addr, other->ip.s_addr);
	assert_int_equal(one->nat, other->nat);
	assert_int_equal(one->nat_set, other->nat_set);
	assert_int_equal(one->port_count, other->port_count);
	for (size_t i = 0; i < one->port_count; i++) {
		const struct port_forward *a = &one->ports[i], *b = &other->ports[i];

		assert_int_equal(a->families, b->families);
		assert_int_equal(a->host_address.s_addr, b->host_address.s_addr);
		assert_memory_equal(&a->host_address6, &b->host_address6, 16);
		assert_int_equal(a->host_first, b->host_first);
		assert_int_equal(a->host_last, b->host_last);
		assert_int_equal(a->container_first, b->container_first);
		assert_int_equal(a->container_last, b->container_last);
		assert_int_equal(a->protocol, b->protocol);
	}
}

static void assert_same_limits(const struct limits *one, const struct limits *other)
{
	assert_true(one->pids == other->pids);
	assert_true(one->memory == other->memory);
	assert_true(one->cpu_quota_us == other->cpu_quota_us);
	assert_true(one->memory_high == other->memory_high);
	assert_true(one->memory_low == other->memory_low);
	assert_true(one->swap == other->swap);
	assert_int_equal(one->oom_group, other->oom_group);
	assert_int_equal(one->cpu_weight, other->cpu_weight);
	assert_int_equal(one->io_weight, other->io_weight);
	assert_true(text_equal(one->cpuset, other->cpuset));
	assert_true(text_equal(one->mems, other->mems));
	assert_int_equal(one->io_count, other->io_count);
	for (size_t i = 0; i < one->io_count; i++) {
		assert_string_equal(one->io[i].device, other->io[i].device);
		assert_true(one->io[i].rbps == other->io[i].rbps);
		assert_true(one->io[i].wbps == other->io[i].wbps);
		assert_true(one->io[i].riops == other->io[i].riops);
		assert_true(one->io[i].wiops == other->io[i].wiops);
	}
	assert_true(one->nofile_soft == other->nofile_soft);
	assert_true(one->nofile_hard == other->nofile_hard);
	assert_int_equal(one->ulimit_count, other->ulimit_count);
	for (size_t i = 0; i < one->ulimit_count; i++) {
		assert_int_equal(one->ulimits[i].resource, other->ulimits[i].resource);
		assert_true(one->ulimits[i].soft == other->ulimits[i].soft);
		assert_true(one->ulimits[i].hard == other->ulimits[i].hard);
	}
	assert_int_equal(one->oom_score_adj, other->oom_score_adj);
	assert_true(strlist_equal(&one->raw, &other->raw));
}

static void assert_same_spec(const struct spec *one, const struct spec *other)
{
	assert_string_equal(one->name, other->name);
	assert_true(text_equal(one->description, other->description));
	assert_true(strlist_equal(&one->labels, &other->labels));
	assert_string_equal(one->rootfs, other->rootfs);
	assert_int_equal(one->rootfs_mode, other->rootfs_mode);
	assert_true(one->rootfs_size == other->rootfs_size);
	assert_true(text_equal(one->rootfs_upper, other->rootfs_upper));
	assert_string_equal(one->hostname, other->hostname);
	assert_true(strlist_equal(&one->command, &other->command));
	assert_true(strlist_equal(&one->environment, &other->environment));
	assert_string_equal(one->working_dir, other->working_dir);
	assert_string_equal(one->user, other->user);
	assert_same_limits(&one->limits, &other->limits);
	assert_int_equal(one->interface_count, other->interface_count);
	assert_same_interface(&one->interfaces[0], &other->interfaces[0]);
	assert_true(strlist_equal(&one->dns, &other->dns));
	assert_true(strlist_equal(&one->dns_search, &other->dns_search));
	assert_true(strlist_equal(&one->dns_options, &other->dns_options));
	assert_string_equal(one->domainname ?: "", other->domainname ?: "");
	assert_int_equal(one->extra_host_count, other->extra_host_count);
	for (size_t i = 0; i < one->extra_host_count; i++) {
		assert_string_equal(one->extra_hosts[i].name, other->extra_hosts[i].name);
		assert_string_equal(one->extra_hosts[i].address, other->extra_hosts[i].address);
	}
	assert_int_equal(one->security.device_count, other->security.device_count);
	for (size_t i = 0; i < one->security.device_count; i++) {
		assert_string_equal(one->security.devices[i].path, other->security.devices[i].path);
		assert_int_equal(one->security.devices[i].access, other->security.devices[i].access);
	}
	assert_int_equal(one->autostart, other->autostart);
	assert_true(strlist_equal(&one->depends_on, &other->depends_on));
	assert_true(strlist_equal(&one->after, &other->after));
	assert_true(strlist_equal(&one->groups, &other->groups));
	assert_int_equal(one->start_delay_ms, other->start_delay_ms);
	assert_int_equal(one->restart.policy, other->restart.policy);
	assert_int_equal(one->restart.delay_ms, other->restart.delay_ms);
	assert_int_equal(one->restart.max_delay_ms, other->restart.max_delay_ms);
	assert_int_equal(one->restart.max_retries, other->restart.max_retries);
	assert_int_equal(one->stop_signal, other->stop_signal);
	assert_int_equal(one->stop_timeout_ms, other->stop_timeout_ms);
	assert_int_equal(one->log.driver, other->log.driver);
	assert_int_equal(one->log.max_size, other->log.max_size);
	assert_int_equal(one->log.max_files, other->log.max_files);
	assert_true(strlist_equal(&one->hooks.pre_start, &other->hooks.pre_start));
	assert_true(strlist_equal(&one->hooks.post_start, &other->hooks.post_start));
	assert_true(strlist_equal(&one->hooks.pre_stop, &other->hooks.pre_stop));
	assert_true(strlist_equal(&one->hooks.post_stop, &other->hooks.post_stop));
	assert_int_equal(one->hooks.timeout_ms, other->hooks.timeout_ms);
}

static void read_of_print_is_the_same(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		AUTO(spec_clear) struct spec spec = {0}, again = {0};
		AUTO_TEXT struct text text = {0}, second = {0};
		struct error err;

		draw_spec(&spec);
		conf_print_spec(&spec, false, &text);
		if (conf_parse_spec(text.data, "printed", "web", &again, &err) < 0)
			fail_msg("%s in\n%s", err.text, text.data);
		assert_same_spec(&spec, &again);
		conf_print_spec(&again, false, &second);
		assert_string_equal(text.data, second.data);
		/* Nothing in it moves a terminal's cursor. */
		for (const char *c = text.data; *c; c++)
			assert_true((unsigned char)*c >= ' ' || *c == '\n');
	}
}

/* What cman chose is in the resolved form, and stays when that is read. */
static void records_keep_what_was_chosen(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO(spec_clear) struct spec again = {0};
	AUTO_TEXT struct text text = {0};
	struct error err;
	const struct spec *db;

	(void)state;
	assert_int_equal(conf_load("container.conf", NULL, &conf, &diagnostics, &err), 0);
	assert_int_equal(conf_load_file(&conf, "valid/minimal.conf", &diagnostics, &err), 0);
	db = conf_find(&conf, "minimal");
	assert_true(db->interfaces[0].ip_auto);
	conf_print_spec(db, true, &text);
	assert_int_equal(conf_parse_spec(text.data, "record", "minimal", &again, &err), 0);
	assert_int_equal(again.interfaces[0].ip.s_addr, db->interfaces[0].ip.s_addr);
	assert_memory_equal(again.interfaces[0].mac, db->interfaces[0].mac, 6);
	assert_int_equal(again.interfaces[0].nat, db->interfaces[0].nat);
	assert_true(strlist_equal(&again.environment, &db->environment));
}

static void records_with_faults(void **state)
{
	static const char *const bad[] = {
		"", "rootfs = \"/etc\";", "rootfs = \"/etc", "oops = 1;",
		"rootfs = \"/etc\"; command = \"x\"; limits : { pids = 0; };"};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(spec_clear) struct spec spec = {0};

		assert_int_equal(conf_parse_spec(bad[i], "record", "web", &spec, &err), -1);
		assert_true(text_starts_with(err.text, "record"));
		assert_null(spec.name);
	}
}

static void expect_printed(const char *line, unsigned int column, unsigned int length, bool color,
			   bool as_warning, const char *expected)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	struct source *source = source_get("web.conf");
	struct error err;
	char *data = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&data, &size);

	assert_int_equal(source_set_text(source, line, strlen(line), &err), 0);
	diagnostics_add(&diagnostics, SEVERITY_ERROR,
			(struct location){source->path, 1, column, length}, "do\033 that",
			"wrong\a: %d", 5);
	diagnostic_print(&diagnostics.items[0], stream, color, as_warning);
	fclose(stream);
	assert_string_equal(data, expected);
	free(data);
}

static void faults_as_printed(void **state)
{
	(void)state;
	expect_printed("a = 1;\n", 5, 1, false, false,
		       "web.conf:1:5: error: wrong<07>: 5\n    1 | a = 1;\n      |     ^\n"
		       "  hint: do<1b> that\n");
	expect_printed("a = 10;", 5, 2, true, false,
		       "\033[1mweb.conf:1:5: \033[0m\033[1;31merror:\033[0m wrong<07>: 5\n"
		       "    1 | a = 10;\n      |     \033[1;32m^~\033[0m\n  hint: do<1b> that\n");
	/* A tab moves to the next multiple of 8, wide characters take two cells, controls four. */
	expect_printed("\ta\tb", 4, 1, false, true,
		       "web.conf:1:4: warning: wrong<07>: 5\n    1 |         a       b\n"
		       "      |                 ^\n  hint: do<1b> that\n");
	expect_printed("\xe4\xbd\xa0\xc3\xbc\x01x", 7, 1, false, false,
		       "web.conf:1:7: error: wrong<07>: 5\n    1 | \xe4\xbd\xa0\xc3\xbc<01>x\n"
		       "      |        ^\n  hint: do<1b> that\n");
	/* Behind the end of the line, and beyond it altogether. */
	expect_printed("ab", 3, 1, false, false,
		       "web.conf:1:3: error: wrong<07>: 5\n    1 | ab\n      |   ^\n"
		       "  hint: do<1b> that\n");
	expect_printed("ab", 4, 1, false, false,
		       "web.conf:1:4: error: wrong<07>: 5\n  hint: do<1b> that\n");
	/* A mark never goes beyond the line. */
	expect_printed("ab", 1, 99, false, false,
		       "web.conf:1:1: error: wrong<07>: 5\n    1 | ab\n      | ^~\n"
		       "  hint: do<1b> that\n");
}

static void faults_without_a_place(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_TEXT struct text printed = {0};

	(void)state;
	diagnostics.container = "web";
	diagnostics_add(&diagnostics, SEVERITY_ERROR, (struct location){0}, NULL, "nowhere");
	diagnostics.container = NULL;
	diagnostics_add(&diagnostics, SEVERITY_WARNING,
			(struct location){.file = "never-read.conf", .line = 7, .column = 2}, "",
			"there");
	diagnostics_sort(&diagnostics);
	print_all(&diagnostics, &printed);
	assert_string_equal(printed.data, "never-read.conf:7:2: warning: there\nerror: nowhere\n");
	assert_int_equal(diagnostics_count_errors(&diagnostics, NULL), 1);
	assert_int_equal(diagnostics_count_errors(&diagnostics, "web"), 1);
	assert_int_equal(diagnostics_count_errors(&diagnostics, "db"), 0);
	diagnostics_forget(&diagnostics, "web");
	assert_int_equal(diagnostics.count, 1);
	diagnostics_add(&diagnostics, SEVERITY_ERROR, (struct location){0}, NULL, "again");
	assert_int_equal(diagnostics.count, 2);
}

static void strings_as_printed(void **state)
{
	AUTO_TEXT struct text out = {0};

	(void)state;
	value_print_string("a\"b\\c\nd\te\x01\xff\xc3\xbc\xc2\x9b$", &out);
	assert_string_equal(out.data, "\"a\\\"b\\\\c\\nd\\te\\x01\\xff\xc3\xbc\\xc2\\x9b$\"");
}

static int use_test_host(void **state)
{
	(void)state;
	machine_replace(&test_machine);
	unsetenv("LANG");
	return chdir(FIXTURES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_files),
		cmocka_unit_test(read_of_print_is_the_same),
		cmocka_unit_test(records_keep_what_was_chosen),
		cmocka_unit_test(records_with_faults),
		cmocka_unit_test(faults_as_printed),
		cmocka_unit_test(faults_without_a_place),
		cmocka_unit_test(strings_as_printed),
	};

	return cmocka_run_group_tests(tests, use_test_host, NULL);
}
