/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would have to be done: no key is forgotten, and what is the same is no change. */
#include "config_test.h"

#include <arpa/inet.h>

#include "config/compare.h"
#include "config/layers.h"
#include "config/read.h"
#include "lifecycle/change.h"

/* A text read onto the built-in defaults, with the places of its keys. */
static void read_spec(const char *text, struct spec *spec)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	AUTO_TEXT struct text faults = {0};
	struct assignment assignment = {
		.root = &container_keys,
		.diagnostics = &diagnostics,
		.origins = &spec->origins,
	};

	spec_set_defaults(spec, "web");
	assert_int_equal(read_text("web.conf", text, &diagnostics, &root), READ_COMPLETE);
	assign_group(&assignment, &container_keys, &root, spec);
	print_all(&diagnostics, &faults);
	assert_string_equal(text_value(&faults), "");
}

static const struct manager no_manager;

static void compare(const char *recorded_text, const char *wanted_text, struct changes *changes)
{
	AUTO(spec_clear) struct spec recorded = {0}, wanted = {0};

	read_spec(recorded_text, &recorded);
	read_spec(wanted_text, &wanted);
	spec_compare(&recorded, &wanted, &no_manager, changes);
}

/* "KEY: OLD -> NEW [CLASS] web.conf:LINE", a line each. */
static void print_changes(const struct changes *changes, struct text *out)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		text_addf(out, "%s: %s -> %s [%s]", change->key, change->old_value ?: "(none)",
			  change->new_value ?: "(none)", change_class_name(change->class));
		if (change->at.line)
			text_addf(out, " %s:%u", change->at.file, change->at.line);
		if (change->layer)
			text_addf(out, " (%s)", change->layer);
		text_addf(out, "\n");
	}
}

static void assert_changes(const char *recorded, const char *wanted, const char *expected)
{
	AUTO_CHANGES struct changes changes = {0};
	AUTO_TEXT struct text text = {0};

	compare(recorded, wanted, &changes);
	print_changes(&changes, &text);
	assert_string_equal(text_value(&text), expected);
}

/* ---- every key ---- */

/* Two values for each key; behind "net." as a group of one interface. */
static const struct {
	const char *path, *before, *after;
} samples[] = {
	{"description", "\"a\"", "\"b\""},
	{"labels", "[ \"a=1\" ]", "[ \"a=2\" ]"},
	{"rootfs.path", "rootfs = \"/a\";", "rootfs = \"/b\";"},
	{"rootfs.mode", "rootfs : { path = \"/a\"; mode = \"volatile\"; };",
	 "rootfs : { path = \"/a\"; mode = \"overlay\"; };"},
	{"rootfs.size", "rootfs : { path = \"/a\"; mode = \"volatile\"; size = \"8M\"; };",
	 "rootfs : { path = \"/a\"; mode = \"volatile\"; size = \"9M\"; };"},
	{"rootfs.upper", "rootfs : { path = \"/a\"; mode = \"overlay\"; };",
	 "rootfs : { path = \"/a\"; mode = \"overlay\"; upper = \"/b\"; };"},
	{"read_only", "false", "true"},
	{"mounts[].source", "{ source = \"/a\"; target = \"/t\"; }",
	 "{ source = \"/b\"; target = \"/t\"; }"},
	{"mounts[].target", "{ source = \"/a\"; target = \"/t\"; }",
	 "{ source = \"/a\"; target = \"/u\"; }"},
	{"mounts[].type", "{ source = \"/a\"; target = \"/t\"; }",
	 "{ type = \"tmpfs\"; target = \"/t\"; }"},
	{"mounts[].read_only", "{ source = \"/a\"; target = \"/t\"; }",
	 "{ source = \"/a\"; target = \"/t\"; read_only = true; }"},
	{"mounts[].size", "{ type = \"tmpfs\"; target = \"/t\"; }",
	 "{ type = \"tmpfs\"; target = \"/t\"; size = \"1M\"; }"},
	{"mounts[].mode", "{ type = \"tmpfs\"; target = \"/t\"; }",
	 "{ type = \"tmpfs\"; target = \"/t\"; mode = \"1777\"; }"},
	{"mounts[].options", "{ source = \"/a\"; target = \"/t\"; }",
	 "{ source = \"/a\"; target = \"/t\"; options = [ \"noexec\" ]; }"},
	{"mounts[].optional", "{ source = \"/a\"; target = \"/t\"; }",
	 "{ source = \"/a\"; target = \"/t\"; optional = true; }"},
	{"hostname", "\"a\"", "\"b\""},
	{"domainname", "\"\"", "\"nis.example\""},
	{"command", "[ \"/a\" ]", "[ \"/a\", \"b\" ]"},
	{"init", "false", "true"},
	{"tty", "false", "true"},
	{"environment", "[ \"A=1\" ]", "[ \"A=2\" ]"},
	{"working_dir", "\"/\"", "\"/srv\""},
	{"user", "\"root\"", "1000"},
	{"supplementary_groups", "[]", "[ 5 ]"},
	{"limits.pids", "64", "65"},
	{"limits.memory", "\"8M\"", "\"16M\""},
	{"limits.memory_high", "\"8M\"", "\"16M\""},
	{"limits.memory_low", "\"8M\"", "\"16M\""},
	{"limits.swap", "\"0\"", "\"max\""},
	{"limits.oom_group", "false", "true"},
	{"limits.cpus", "0.5", "\"max\""},
	{"limits.cpu_weight", "100", "101"},
	{"limits.cpuset", "\"all\"", "\"0\""},
	{"limits.mems", "\"all\"", "\"0\""},
	{"limits.io", "()", "( { device = \"/dev/sda\"; rbps = \"1M\"; } )"},
	{"limits.io_weight", "100", "101"},
	{"limits.nofile", "64", "65"},
	{"limits.ulimits", "[]", "[ \"core=0\" ]"},
	{"limits.oom_score_adj", "0", "1"},
	{"limits.raw", "[]", "[ \"cpu.idle=1\" ]"},
	{"net.network", "\"a\"", "\"b\""},
	{"net.name", "\"eth0\"", "\"lan0\""},
	{"net.ip", "\"10.83.0.2\"", "\"10.83.0.3\""},
	{"net.ip6", "\"fd00::2\"", "\"fd00::3\""},
	{"net.mac", "\"02:00:00:00:00:01\"", "\"02:00:00:00:00:02\""},
	{"net.mtu", "1500", "1400"},
	{"net.default_route", "true", "false"},
	{"net.antispoof", "true", "false"},
	{"net.isolate", "true", "false"},
	{"net.bandwidth.ingress", "\"max\"", "\"1Mbit\""},
	{"net.bandwidth.egress", "\"max\"", "\"1Mbit\""},
	{"net.routes", "[]", "[ \"10.9.0.0/16 via 10.83.0.7\" ]"},
	{"net.aliases", "[]", "[ \"www\" ]"},
	{"net.nat", "true", "false"},
	{"net.ports", "[]", "[ \"8080:80\" ]"},
	{"net.host_access", "true", "false"},
	{"net.egress.default", "\"allow\"", "\"deny\""},
	{"net.egress.allow", "[]", "[ \"dns\" ]"},
	{"net.egress.deny", "[]", "[ \"icmp\" ]"},
	{"dns", "[ \"host\" ]", "[ \"9.9.9.9\" ]"},
	{"dns_search", "[]", "[ \"example.org\" ]"},
	{"dns_options", "[]", "[ \"rotate\" ]"},
	{"extra_hosts", "[]", "[ \"a=10.0.0.1\" ]"},
	{"security.userns", "\"auto\"", "\"none\""},
	{"security.cap_drop", "[]", "[ \"CHOWN\" ]"},
	{"security.cap_add", "[]", "[ \"SYS_TIME\" ]"},
	{"security.no_new_privs", "true", "false"},
	{"security.nesting", "false", "true"},
	{"security.privileged", "false", "true"},
	{"security.seccomp", "\"default\"", "\"none\""},
	{"security.apparmor", "\"unconfined\"", "\"web\""},
	{"security.masked_paths", "[]", "[ \"/a\" ]"},
	{"security.readonly_paths", "[]", "[ \"/a\" ]"},
	{"security.sysctls", "[]", "[ \"net.core.somaxconn=1024\" ]"},
	{"security.devices[].path", "{ path = \"/dev/fuse\"; }", "{ path = \"/dev/kvm\"; }"},
	{"security.devices[].access", "{ path = \"/dev/fuse\"; }",
	 "{ path = \"/dev/fuse\"; access = \"r\"; }"},
	{"autostart", "false", "true"},
	{"depends_on", "[]", "[ \"db\" ]"},
	{"after", "[]", "[ \"db\" ]"},
	{"start_delay", "0", "\"1s\""},
	{"groups", "[]", "[ \"front\" ]"},
	{"restart.policy", "\"no\"", "\"always\""},
	{"restart.delay", "\"1s\"", "\"2s\""},
	{"restart.max_delay", "\"60s\"", "\"50s\""},
	{"restart.max_retries", "0", "3"},
	{"stop_signal", "\"SIGTERM\"", "\"SIGHUP\""},
	{"stop_timeout", "\"10s\"", "\"20s\""},
	{"log.driver", "\"file\"", "\"none\""},
	{"log.max_size", "\"64K\"", "\"65K\""},
	{"log.max_files", "1", "100"},
	{"hooks.pre_start", "[]", "[ \"/a\" ]"},
	{"hooks.post_start", "[]", "[ \"/a\" ]"},
	{"hooks.pre_stop", "[]", "[ \"/a\" ]"},
	{"hooks.post_stop", "[]", "[ \"/a\" ]"},
	{"hooks.timeout", "\"30s\"", "\"1m\""},
	{"ready.port", "80", "81"},
	{"ready.command", "[ \"/a\" ]", "[ \"/b\" ]"},
	{"ready.file", "\"/a\"", "\"/b\""},
	{"ready.notify", "false", "true"},
	{"ready.timeout", "\"30s\"", "\"1m\""},
	{"health.command", "[ \"/a\" ]", "[ \"/b\" ]"},
	{"health.interval", "\"30s\"", "\"1m\""},
	{"health.timeout", "\"5s\"", "\"1m\""},
	{"health.retries", "3", "4"},
	{"health.start_period", "0", "\"1m\""},
	{"health.on_failure", "\"none\"", "\"kill\""},
};

/* "limits : { memory = VALUE; };" for "limits.memory"; a list of groups has one of them. */
static char *write_setting(const char *path, const char *value)
{
	AUTO_FREE char *rest = xstrdup(path);
	char *position = NULL, *part = strtok_r(rest, ".", &position);
	AUTO_TEXT struct text out = {0};
	size_t groups = 0;

	if (text_starts_with(path, "rootfs."))
		return xstrdup(value);
	for (char *next = NULL; part; part = next) {
		char *brackets = strstr(part, "[]");

		next = strtok_r(NULL, ".", &position);
		if (brackets) {
			text_addf(&out, "%.*s = ( %s );", (int)(brackets - part), part, value);
			break;
		}
		groups += next != NULL;
		text_addf(&out, next ? "%s : { " : "%s = ", part);
		if (!next)
			text_addf(&out, "%s;", value);
	}
	while (groups-- > 0)
		text_addf(&out, " };");
	return take_pointer(&out.data);
}

/* "mounts[0].size" of "mounts[].size" */
static char *number_elements(const char *path)
{
	const char *brackets = strstr(path, "[]");

	if (!brackets)
		return xstrdup(path);
	return xprintf("%.*s[0]%s", (int)(brackets - path), path, brackets + 2);
}

static const struct change *find_change(const struct changes *changes, const char *key)
{
	for (size_t i = 0; i < changes->count; i++)
		if (strcmp(changes->items[i].key, key) == 0)
			return &changes->items[i];
	return NULL;
}

static void check_sample(const char *path, const struct key *key, const char *before_value,
			 const char *after_value)
{
	AUTO_FREE char *before = write_setting(path, before_value);
	AUTO_FREE char *after = write_setting(path, after_value);
	AUTO_FREE char *numbered = number_elements(path);
	AUTO_CHANGES struct changes changes = {0}, none = {0};
	const struct change *change;

	compare(before, after, &changes);
	/* One that came is a change of its own. */
	change = find_change(&changes, strcmp(path, "limits.io") == 0 ? "limits.io[0]" : numbered);
	if (!change)
		fail_msg("%s: %s to %s is no change", path, before, after);
	assert_int_equal(change->class, key->change);
	assert_int_equal(change->at.line, 1);
	compare(after, after, &none);
	assert_int_equal(none.count, 0);
}

static void check_key(const char *path, const struct key *key, void *data)
{
	size_t *checked = data;

	if (key->members)
		return;
	/* Its templates are merged into what is compared. */
	if (strcmp(path, "extends") == 0) {
		assert_null(key->type->print);
		return;
	}
	if (!key->type->print)
		fail_msg("%s cannot be printed: no change of it would be seen", path);
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		if (strcmp(samples[i].path, path) != 0)
			continue;
		check_sample(path, key, samples[i].before, samples[i].after);
		(*checked)++;
		return;
	}
	fail_msg("%s: no two values to try", path);
}

static void every_key_is_seen(void **state)
{
	size_t checked = 0;

	(void)state;
	keys_each(&container_keys, check_key, &checked);
	assert_int_equal(checked, ARRAY_SIZE(samples));
}

/* What comes and changes of net does so while it runs; what goes, and all of IPC, does not. */
static void sysctls(void **state)
{
	static const char one[] = "security : { sysctls = [ \"net.a=1\", \"kernel.sem=1\" ]; };";
	static const struct {
		const char *text, *class;
	} cases[] = {
		{"security : { sysctls = [ \"net.a=2\", \"kernel.sem=1\" ]; };", "[live]"},
		{"security : { sysctls = [ \"kernel.sem=1\", \"net.b=1\", \"net.a=1\" ]; };", "[live]"},
		{"security : { sysctls = [ \"net.a=1\", \"kernel.sem=2\" ]; };", "[restart]"},
		{"security : { sysctls = [ \"net.a=1\" ]; };", "[restart]"},
		{"security : { sysctls = [ \"kernel.sem=1\" ]; };", "[restart]"},
		{"security : { sysctls = [ \"net.ab=1\", \"kernel.sem=1\" ]; };", "[restart]"},
		{"security : { sysctls = [ \"net.a=1\", \"kernel.sem=1\", \"kernel.shmmni=9\" ]; };",
		 "[restart]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_CHANGES struct changes changes = {0};
		AUTO_TEXT struct text text = {0};

		compare(one, cases[i].text, &changes);
		print_changes(&changes, &text);
		if (!strstr(text_value(&text), cases[i].class))
			fail_msg("%s: %s", cases[i].text, text_value(&text));
	}
}

/* ---- lists of groups ---- */

static void interfaces(void **state)
{
	(void)state;
	assert_changes("net : { ip = \"10.83.0.2\"; };",
		       "net = ( { ip = \"10.83.0.2\"; },\n"
		       "{ network = \"back\"; ip = \"10.84.0.2\"; } );",
		       "net[1]: (none) -> { network = \"back\"; name = \"eth1\"; ip = \"10.84.0.2\";"
		       " ip6 = \"none\"; mac = \"00:00:00:00:00:00\"; nat = true; }"
		       " [re-attach] web.conf:2\n");
	assert_changes("net = ( { ip = \"10.83.0.2\"; }, { name = \"back\"; } );",
		       "net = ( { ip = \"10.83.0.2\"; mtu = 1400; } );",
		       "net[0].mtu: (none) -> 1400 [re-attach] web.conf:1\n"
		       "net: { name = \"back\"; ip6 = \"none\"; mac = \"00:00:00:00:00:00\";"
		       " nat = true; } -> (none) [re-attach] web.conf:1\n");
	assert_changes("net = ( { name = \"a\"; }, { name = \"b\"; } );",
		       "net = ( { name = \"b\"; }, { name = \"a\"; } );",
		       "net: order: a, b -> order: b, a [re-attach] web.conf:1\n");
	assert_changes("net = \"host\";", "net = \"none\";",
		       "net: \"host\" -> \"none\" [restart] web.conf:1\n");
	assert_changes("net = \"none\";", "\nnet : { ip = \"10.83.0.2\"; };",
		       "net: \"none\" -> { ip = \"10.83.0.2\"; ip6 = \"none\";"
		       " mac = \"00:00:00:00:00:00\"; nat = true; }"
		       " [restart] web.conf:2\n");
	assert_changes("net = \"host\";", "net = \"host\";", "");
}

static void mounts_and_devices(void **state)
{
	(void)state;
	/* One in front of the others is one more, not a change of all. */
	assert_changes("mounts = ( { source = \"/a\"; target = \"/a\"; } );",
		       "mounts = ( { type = \"tmpfs\"; target = \"/tmp\"; },\n"
		       "{ source = \"/a\"; target = \"/a\"; read_only = true; } );",
		       "mounts[0]: (none) -> { target = \"/tmp\"; type = \"tmpfs\"; }"
		       " [restart] web.conf:1\n"
		       "mounts[1].read_only: false -> true [restart] web.conf:2\n");
	assert_changes("mounts = ( { source = \"/a\"; target = \"/a\"; },"
		       " { source = \"/b\"; target = \"/b\"; } );",
		       "mounts = ( { source = \"/b\"; target = \"/b\"; },"
		       " { source = \"/a\"; target = \"/a\"; } );",
		       "mounts: order: /a, /b -> order: /b, /a [restart] web.conf:1\n");
	assert_changes("security : { devices = ( { path = \"/dev/fuse\"; } ); };", "",
		       "security.devices: { path = \"/dev/fuse\"; } -> (none) [live]\n");
	/* What a group leaves out stands where the group does. */
	assert_changes("mounts = ( { source = \"/a\"; target = \"/a\"; read_only = true; } );",
		       "\n\nmounts = ( { source = \"/a\"; target = \"/a\"; } );",
		       "mounts[0].read_only: true -> false [restart] web.conf:3\n");
	assert_changes("limits : { io = ( { device = \"/dev/sda\"; rbps = \"1M\"; } ); };",
		       "limits : { io = ( { device = \"/dev/sda\"; rbps = \"2M\"; wiops = 9; } ); };",
		       "limits.io[0].rbps: \"1M\" -> \"2M\" [live] web.conf:1\n"
		       "limits.io[0].wiops: (none) -> 9 [live] web.conf:1\n");
}

static void a_key_that_is_gone(void **state)
{
	(void)state;
	assert_changes("limits : { memory = \"64M\"; };", "limits : { pids = 512; };",
		       "limits.memory: \"64M\" -> \"max\" [live]\n");
}

/* ---- values that follow from others ---- */

static void given_addresses(void **state)
{
	AUTO(spec_clear) struct spec recorded = {0}, wanted = {0};
	AUTO_CHANGES struct changes changes = {0};

	(void)state;
	read_spec("net : { ip = \"10.83.1.7\"; mac = \"02:01:02:03:04:05\"; };", &recorded);
	read_spec("net : { ip = \"auto\"; };", &wanted);
	wanted.interfaces[0].ip.s_addr = htonl(0x0a530107);
	memcpy(wanted.interfaces[0].mac, recorded.interfaces[0].mac, 6);
	spec_compare(&recorded, &wanted, &no_manager, &changes);
	assert_int_equal(changes.count, 0);
	wanted.interfaces[0].ip.s_addr = htonl(0x0a530108);
	spec_compare(&recorded, &wanted, &no_manager, &changes);
	assert_int_equal(changes.count, 1);
	assert_string_equal(changes.items[0].key, "net.ip");
	assert_string_equal(changes.items[0].new_value, "\"10.83.1.8\"");
}

static size_t count_changes(const struct spec *recorded, const struct spec *wanted)
{
	AUTO_CHANGES struct changes changes = {0};

	spec_compare(recorded, wanted, &no_manager, &changes);
	return changes.count;
}

static void variables_of_the_host(void **state)
{
	AUTO(spec_clear) struct spec recorded = {0}, wanted = {0};

	(void)state;
	read_spec("environment = [ \"A=1\", \"LANG=C\" ];", &recorded);
	read_spec("environment = [ \"A=1\", \"LANG=de\" ];", &wanted);
	strlist_add(&wanted.environment_copied, "LANG");
	assert_int_equal(count_changes(&recorded, &wanted), 0);
	strlist_add(&wanted.environment, "B=2");
	assert_int_equal(count_changes(&recorded, &wanted), 1);
}

/* Who asks does not have it: no change. The file names one that it was started without: a change. */
static void variables_that_one_side_lacks(void **state)
{
	AUTO(spec_clear) struct spec recorded = {0}, wanted = {0};

	(void)state;
	read_spec("environment = [ \"LANG=C\", \"A=1\" ];", &recorded);
	read_spec("environment = [ \"A=1\" ];", &wanted);
	strlist_add(&wanted.environment_copied, "LANG");
	assert_int_equal(count_changes(&recorded, &wanted), 0);
	assert_int_equal(count_changes(&wanted, &recorded), 1);
	strlist_add(&recorded.environment_copied, "LANG");
	assert_int_equal(count_changes(&wanted, &recorded), 1);
}

/* ---- with the whole configuration ---- */

struct set {
	struct scratch scratch;
	struct conf conf;
	char *manager_file;
};

static void set_load(struct set *set, const char *manager_text, const char *container_text)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_TEXT struct text faults = {0};
	AUTO_FREE char *root = NULL, *file = NULL;
	struct error err = {0};

	scratch_make(&set->scratch);
	set->manager_file = scratch_manager(&set->scratch, manager_text);
	root = xprintf("%s/root", set->scratch.path);
	assert_int_equal(mkdir(root, 0755), 0);
	file = xprintf("rootfs = \"%s\";\ncommand = \"/bin/web\";\n%s", root, container_text);
	free(scratch_write(&set->scratch, "conf.d/web.conf", file));
	assert_int_equal(conf_load(set->manager_file, NULL, &set->conf, &diagnostics, &err), 0);
	print_all(&diagnostics, &faults);
	assert_string_equal(text_value(&faults), "");
}

static void set_clear(struct set *set)
{
	conf_clear(&set->conf);
	free(set->manager_file);
	scratch_remove(&set->scratch);
}

/* What a record of that spec says, read back. */
static void record_spec(const struct spec *spec, struct spec *recorded)
{
	AUTO_TEXT struct text text = {0};
	struct error err = {0};

	conf_print_spec(spec, true, &text);
	assert_int_equal(conf_parse_spec(text_value(&text), "spec", "web", recorded, &err), 0);
}

static const char networks[] =
	"defaults : { limits : { pids = 64; }; };\n"
	"templates : {\n"
	"  small : { limits : { memory = \"64M\"; }; };\n"
	"};\n"
	"networks : {\n"
	"  front : { subnet = \"10.90.0.0/24\"; mtu = 1500;\n"
	"    nat = true; };\n"
	"  back : { subnet = \"10.91.0.0/24\"; internal = true; };\n"
	"};\n"
	"dns : { servers = [ \"9.9.9.9\" ]; };\n";

static void what_was_started_is_no_change(void **state)
{
	AUTO(spec_clear) struct spec recorded = {0};
	AUTO_CHANGES struct changes changes = {0};
	AUTO_TEXT struct text text = {0};
	struct set set = {0};

	(void)state;
	set_load(&set, networks,
		 "extends = [ \"small\" ];\n"
		 "environment = [ \"PATH\", \"X=1\" ];\n"
		 "net = ( { network = \"back\"; }, { ports = [ \"8080:80\" ]; egress : {"
		 " allow = [ \"dns\" ]; default = \"deny\"; }; } );\n"
		 "limits : { memory = \"50%\"; cpus = 0.5; };\n");
	record_spec(&set.conf.containers[0], &recorded);
	spec_compare(&recorded, &set.conf.containers[0], &set.conf.manager, &changes);
	print_changes(&changes, &text);
	assert_string_equal(text_value(&text), "");
	set_clear(&set);
}

static void places_in_all_layers(void **state)
{
	AUTO(spec_clear) struct spec recorded = {0};
	AUTO_CHANGES struct changes changes = {0};
	const struct change *change;
	struct set set = {0};
	struct spec *wanted;

	(void)state;
	set_load(&set, networks, "extends = [ \"small\" ];\nhostname = \"www\";\n");
	wanted = &set.conf.containers[0];
	record_spec(wanted, &recorded);
	recorded.limits.pids = 65;
	recorded.limits.memory = 65 << 20;
	recorded.interfaces[0].mtu = 1400;
	strlist_clear(&recorded.dns);
	free(recorded.hostname);
	recorded.hostname = xstrdup("web");
	recorded.stop_timeout_ms = 1;
	spec_compare(&recorded, wanted, &set.conf.manager, &changes);
	assert_int_equal(changes.count, 6);

	change = find_change(&changes, "hostname");
	assert_int_equal(change->at.line, 4);
	assert_null(change->layer);
	change = find_change(&changes, "limits.pids");
	assert_string_equal(change->layer, "defaults");
	assert_int_equal(change->at.line, 2);
	change = find_change(&changes, "limits.memory");
	assert_string_equal(change->layer, "small");
	assert_int_equal(change->at.line, 4);
	change = find_change(&changes, "net.mtu");
	assert_string_equal(change->layer, "container.conf");
	assert_int_equal(change->at.line, 7);
	change = find_change(&changes, "dns");
	assert_string_equal(change->layer, "container.conf");
	assert_int_equal(change->at.line, 11);
	change = find_change(&changes, "stop_timeout");
	assert_int_equal(change->at.line, 0);
	assert_null(change->layer);
	set_clear(&set);
}

/* ---- networks ---- */

static struct network_record record_of(const struct network *network)
{
	struct network_record record = {
		.name = xstrdup(network->name), .bridge = xstrdup(network->bridge),
		.subnet = network->subnet,      .gateway = network->gateway,
		.prefix = network->prefix,      .subnet6 = network->subnet6,
		.gateway6 = network->gateway6,  .prefix6 = network->prefix6,
		.mtu = network->mtu,            .nat = network->nat == SETTING_YES,
		.internal = network->internal,  .icc = network->icc,
		.own = network_is_own(network),
	};

	memcpy(record.uplink, network->uplink, sizeof(record.uplink));
	return record;
}

/* Each key of a network, on a line of its own. */
static const struct {
	const char *key, *setting;
} network_samples[] = {
	{"bridge", "bridge = \"br9\";"},
	{"external", "external = true;"},
	{"parent", "parent = \"eth9\"; bridge = \"\";"},
	{"subnet", "subnet = \"10.92.0.0/24\";"},
	{"gateway", "gateway = \"10.90.0.9\";"},
	{"subnet6", "subnet6 = \"fd00:9::/64\";"},
	{"gateway6", "subnet6 = \"fd00:9::/64\"; gateway6 = \"fd00:9::9\";"},
	{"nat", "nat = false;"},
	{"uplink", "uplink = \"eth9\";"},
	{"internal", "internal = true;"},
	{"icc", "icc = false;"},
	{"mtu", "mtu = 1400;"},
};

static void check_network_key(const char *path, const struct key *key, void *data)
{
	const char *setting = NULL;
	AUTO_FREE char *manager_text = NULL, *wanted_key = NULL;
	AUTO_NETWORK_RECORD struct network_record up = {0};
	AUTO_CHANGES struct changes changes = {0};
	const struct change *change;
	struct set before = {0}, after = {0};
	size_t *checked = data;

	if (!text_starts_with(path, "networks.NAME."))
		return;
	/* Through net.ip and net.isolate of those on it. */
	if (strcmp(key->name, "pool") == 0 || strcmp(key->name, "isolate") == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(network_samples); i++)
		if (strcmp(network_samples[i].key, key->name) == 0)
			setting = network_samples[i].setting;
	if (!setting)
		fail_msg("%s: no other value to try", path);
	if (strcmp(key->name, "parent") == 0)
		setting = "parent = \"eth9\";";
	manager_text = xprintf("networks : { front : {%s\n%s }; };",
			       strstr(setting, "subnet = ") ? "" : " subnet = \"10.90.0.0/24\";",
			       setting);
	set_load(&before, "networks : { front : { subnet = \"10.90.0.0/24\"; }; };", "");
	set_load(&after, manager_text, "net = \"none\";");
	up = record_of(&before.conf.manager.networks[0]);
	change_find_network(&up, &after.conf.manager.networks[0], &changes);
	wanted_key = xprintf("networks.front.%s", key->name);
	change = find_change(&changes, wanted_key);
	if (!change)
		fail_msg("%s: %s is no change", path, setting);
	assert_int_equal(change->at.line, 3);
	assert_int_equal(change->class, CHANGE_RESTART);
	(*checked)++;
	set_clear(&before);
	set_clear(&after);
}

static void every_key_of_a_network(void **state)
{
	size_t checked = 0;

	(void)state;
	keys_each(&manager_keys, check_network_key, &checked);
	assert_int_equal(checked, ARRAY_SIZE(network_samples));
}

/* ---- what is to be done ---- */

static void actions(void **state)
{
	static const struct {
		enum liveness liveness;
		bool has_file, is_wanted;
		enum change_action action;
	} cases[] = {
		{LIVE_NONE, true, true, ACTION_START},    {LIVE_NONE, true, false, ACTION_NOTHING},
		{LIVE_ENDED, true, true, ACTION_START},   {LIVE_STALE, true, true, ACTION_START},
		{LIVE_ENDED, true, false, ACTION_NOTHING}, {LIVE_RUNNING, true, true, ACTION_NOTHING},
		{LIVE_NONE, false, true, ACTION_NOTHING}, {LIVE_ENDED, false, true, ACTION_NOTHING},
		{LIVE_STALE, false, false, ACTION_STOP},  {LIVE_RUNNING, false, false, ACTION_STOP},
	};
	AUTO(spec_clear) struct spec spec = {0};

	(void)state;
	read_spec("", &spec);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct change_input input = {
			.name = "web",
			.liveness = cases[i].liveness,
			.recorded = cases[i].liveness == LIVE_RUNNING ? &spec : NULL,
			.wanted = cases[i].has_file ? &spec : NULL,
			.is_wanted = cases[i].is_wanted,
		};
		struct container_change change;

		change_find(&input, &no_manager, NULL, 0, &change);
		if (change.action != cases[i].action)
			fail_msg("case %zu: %s, not %s", i, change_action_name(change.action),
				 change_action_name(cases[i].action));
		assert_int_equal(change.changes.count, 0);
		container_change_clear(&change);
	}
}

/* What never had a file does not miss it. */
static void transient(void **state)
{
	static const enum liveness cases[] = {LIVE_NONE, LIVE_ENDED, LIVE_STALE, LIVE_RUNNING, LIVE_WAITING};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct change_input input = {
			.name = "job",
			.liveness = cases[i],
			.transient = true,
			.is_wanted = true,
		};
		struct container_change change;

		change_find(&input, &no_manager, NULL, 0, &change);
		assert_int_equal(change.action, ACTION_NOTHING);
		container_change_clear(&change);
	}
}

/* The hardest change decides; one that is read at the next start only asks for nothing. */
static void hardest_change(void **state)
{
	static const struct {
		const char *wanted;
		enum change_action action;
	} cases[] = {
		{"autostart = true;", ACTION_NOTHING},
		{"autostart = true; limits : { pids = 9; };", ACTION_LIVE},
		{"limits : { pids = 9; }; net : { mtu = 1400; };", ACTION_ATTACH},
		{"read_only = true; limits : { pids = 9; }; net : { mtu = 1400; };", ACTION_RESTART},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(spec_clear) struct spec recorded = {0}, wanted = {0};
		const struct change_input input = {
			.name = "web",
			.liveness = LIVE_RUNNING,
			.recorded = &recorded,
			.wanted = &wanted,
		};
		struct container_change change;

		read_spec("", &recorded);
		read_spec(cases[i].wanted, &wanted);
		change_find(&input, &no_manager, NULL, 0, &change);
		assert_int_equal(change.action, cases[i].action);
		container_change_clear(&change);
	}
}

/* What the manager file says of a network and of cgroups is about those that are in them. */
static void changes_of_the_manager_file(void **state)
{
	AUTO_NETWORK_RECORD struct network_record up = {0};
	AUTO(spec_clear) struct spec recorded = {0};
	AUTO_TEXT struct text text = {0};
	struct container_change change;
	struct set set = {0};
	struct change_input input;

	(void)state;
	set_load(&set, "networks : { front : { subnet = \"10.90.0.0/24\";\n  icc = false; }; };\n"
		       "cgroup : { parent = \"apps\"; };", "");
	up = record_of(&set.conf.manager.networks[0]);
	up.icc = true;
	record_spec(&set.conf.containers[0], &recorded);
	input = (struct change_input){
		.name = "web",
		.liveness = LIVE_RUNNING,
		.cgroup_parent = "cman",
		.recorded = &recorded,
		.wanted = &set.conf.containers[0],
	};
	change_find(&input, &set.conf.manager, &up, 1, &change);
	assert_int_equal(change.action, ACTION_RESTART);
	assert_int_equal(change.changes.count, 2);
	assert_string_equal(change.changes.items[0].key, "networks.front.icc");
	assert_string_equal(change.changes.items[0].old_value, "true");
	assert_int_equal(change.changes.items[0].at.line, 3);
	assert_string_equal(change.changes.items[1].key, "cgroup.parent");
	assert_string_equal(change.changes.items[1].new_value, "\"apps\"");
	assert_int_equal(change.changes.items[1].at.line, 4);
	container_change_clear(&change);
	set_clear(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_seen),
		cmocka_unit_test(sysctls),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(mounts_and_devices),
		cmocka_unit_test(a_key_that_is_gone),
		cmocka_unit_test(given_addresses),
		cmocka_unit_test(variables_of_the_host),
		cmocka_unit_test(variables_that_one_side_lacks),
		cmocka_unit_test(what_was_started_is_no_change),
		cmocka_unit_test(places_in_all_layers),
		cmocka_unit_test(every_key_of_a_network),
		cmocka_unit_test(actions),
		cmocka_unit_test(transient),
		cmocka_unit_test(hardest_change),
		cmocka_unit_test(changes_of_the_manager_file),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
