/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every fault in tests/fixtures/invalid with its exact message, and what needs files made here. */
#include "config_test.h"

/*
 * A fixture is a container file that is added to the set of tests/fixtures/container.conf; those
 * named manager-... are manager files themselves.
 */
static bool check_fixture(const char *name)
{
	AUTO_FREE char *path = xprintf("invalid/%s", name);
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_TEXT struct text printed = {0};
	struct error err = {0};

	if (text_starts_with(name, "manager-")) {
		assert_int_equal(conf_load(path, NULL, &conf, &diagnostics, &err), -1);
	} else {
		assert_int_equal(conf_load("container.conf", NULL, &conf, &diagnostics, &err), 0);
		assert_int_equal(diagnostics.count, 0);
		assert_int_equal(conf_load_file(&conf, path, &diagnostics, &err), 0);
	}
	assert_true(diagnostics_count_errors(&diagnostics, NULL) > 0);
	print_all(&diagnostics, &printed);
	return compare_with_expected(path, text_value(&printed));
}

static void every_fault_has_its_message(void **state)
{
	AUTO_STRLIST struct strlist names = {0};
	size_t checked = 0, wrong = 0;
	struct error err;

	(void)state;
	assert_int_equal(fs_list_at(AT_FDCWD, "invalid", &names, &err), 0);
	for (size_t i = 0; i < names.count; i++) {
		if (!is_conf_file(names.items[i]))
			continue;
		checked++;
		wrong += !check_fixture(names.items[i]);
	}
	assert_true(checked > 40);
	assert_int_equal(wrong, 0);
}

/* Loads a manager file and expects one error with this text in it. */
static void expect_manager_error(const char *path, const char *expected)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_TEXT struct text printed = {0};
	struct error err = {0};

	assert_int_equal(conf_load(path, NULL, &conf, &diagnostics, &err), -1);
	assert_true(err.text[0] != '\0');
	print_all(&diagnostics, &printed);
	if (diagnostics.count != 1 || !strstr(text_value(&printed), expected))
		fail_msg("expected \"%s\", found:\n%s", expected, text_value(&printed));
}

static void odd_manager_files(void **state)
{
	struct scratch scratch;
	AUTO_FREE char *path = NULL, *huge = NULL;

	(void)state;
	scratch_make(&scratch);
	expect_manager_error("/nowhere/container.conf", "No such file or directory");
	expect_manager_error(scratch.path, "it is a directory");
	expect_manager_error("/dev/null", "it is a device, not a file");
	path = xprintf("%s/fifo", scratch.path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_manager_error(path, "it is a FIFO");
	free(path);
	path = xprintf("%s/link", scratch.path);
	assert_int_equal(symlink("link", path), 0);
	expect_manager_error(path, "Too many levels of symbolic links");
	huge = xalloc((1 << 20) + 2, 1);
	memset(huge, '\n', (1 << 20) + 1);
	free(path);
	path = scratch_write(&scratch, "huge", huge);
	expect_manager_error(path, "larger than 1048576 bytes");
	scratch_remove(&scratch);
}

/* One container file next to a sound one: the manager is fine, and only that one is hit. */
static void expect_container_error(const struct scratch *scratch, const char *manager,
				   const char *expected)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_TEXT struct text printed = {0};
	struct error err = {0};

	(void)scratch;
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	print_all(&diagnostics, &printed);
	if (diagnostics_count_errors(&diagnostics, "bad") == 0 ||
	    !strstr(text_value(&printed), expected))
		fail_msg("expected \"%s\", found:\n%s", expected, text_value(&printed));
	assert_int_equal(diagnostics_count_errors(&diagnostics, "good"), 0);
	assert_non_null(conf_find(&conf, "good"));
	assert_non_null(conf_find(&conf, "bad"));
	assert_null(conf_find(&conf, "b"));
}

static void odd_container_files(void **state)
{
	struct scratch scratch;
	AUTO_FREE char *manager = NULL, *good = NULL, *bad = NULL;

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "");
	good = scratch_write(&scratch, "conf.d/good.conf", "rootfs = \"/etc\";");
	bad = xprintf("%s/conf.d/bad.conf", scratch.path);
	assert_int_equal(mkdir(bad, 0755), 0);
	expect_container_error(&scratch, manager, "it is a directory");
	assert_int_equal(rmdir(bad), 0);
	assert_int_equal(mkfifo(bad, 0644), 0);
	expect_container_error(&scratch, manager, "it is a FIFO");
	assert_int_equal(unlink(bad), 0);
	assert_int_equal(symlink("/nowhere", bad), 0);
	expect_container_error(
		&scratch, manager,
		"No such file or directory\n  hint: it is a symbolic link to what is not there");
	scratch_remove(&scratch);
}

/* The real check, in a place where only root may write. */
static void files_that_others_may_write(void **state)
{
	struct machine machine = test_machine;
	char path[] = "/root/cman-test-XXXXXX";
	struct scratch scratch;
	AUTO_FREE char *manager = NULL, *good = NULL, *bad = NULL, *target = NULL;

	(void)state;
	if (geteuid() != 0 || !mkdtemp(path))
		skip();
	machine.check_trusted = fs_check_trusted;
	machine_replace(&machine);
	snprintf(scratch.path, sizeof(scratch.path), "%s", path);
	manager = scratch_manager(&scratch, "");
	good = scratch_write(&scratch, "conf.d/good.conf", "rootfs = \"/etc\";");
	bad = scratch_write(&scratch, "conf.d/bad.conf", "rootfs = \"/etc\";");
	assert_int_equal(chmod(bad, 0666), 0);
	expect_container_error(&scratch, manager, "bad.conf is writable by everybody");
	assert_int_equal(chmod(bad, 0660), 0);
	expect_container_error(&scratch, manager, "bad.conf is writable by its group");
	assert_int_equal(chmod(bad, 0600), 0);
	assert_int_equal(chown(bad, 12345, 0), 0);
	expect_container_error(&scratch, manager, "bad.conf belongs to user 12345");
	/* A symlink leads to a file that others may replace. */
	assert_int_equal(unlink(bad), 0);
	target = xprintf("%s/open", scratch.path);
	assert_int_equal(mkdir(target, 0777), 0);
	assert_int_equal(chmod(target, 0777), 0);
	free(target);
	target = scratch_write(&scratch, "open/target", "rootfs = \"/etc\";");
	assert_int_equal(symlink(target, bad), 0);
	expect_container_error(&scratch, manager, "open is writable by everybody");
	/* So does a rootfs. */
	assert_int_equal(unlink(bad), 0);
	free(bad);
	free(target);
	target = xprintf("%s/open/rootfs", scratch.path);
	assert_int_equal(mkdir(target, 0755), 0);
	bad = xprintf("rootfs = \"%s\";", target);
	free(scratch_write(&scratch, "conf.d/bad.conf", bad));
	expect_container_error(&scratch, manager, "open is writable by everybody");
	assert_int_equal(chmod(manager, 0666), 0);
	expect_manager_error(manager, "container.conf is writable by everybody");
	scratch_remove(&scratch);
	machine_replace(&test_machine);
}

static void a_kernel_without_apparmor(void **state)
{
	struct machine machine = test_machine;
	struct scratch scratch;
	AUTO_FREE char *manager = NULL;

	(void)state;
	machine.apparmor = false;
	machine_replace(&machine);
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "defaults : { security : { apparmor = \"web\"; }; };");
	free(scratch_write(&scratch, "conf.d/good.conf",
			   "rootfs = \"/etc\"; security : { apparmor = \"unconfined\"; };"));
	free(scratch_write(&scratch, "conf.d/bad.conf",
			   "rootfs = \"/usr\";\nsecurity : { apparmor = \"web\"; };"));
	expect_container_error(&scratch, manager, "bad.conf:2:25: error: security.apparmor: this "
						  "host's kernel has no AppArmor");
	free(scratch_write(&scratch, "conf.d/bad.conf", "rootfs = \"/usr\";"));
	expect_container_error(&scratch, manager, "security.apparmor: this host's kernel");
	machine_replace(&test_machine);
	scratch_remove(&scratch);
}

/* What cannot be kept is refused, with the reason; what is of no effect is told. */
static void calls_that_cannot_be_kept(void **state)
{
	static const struct {
		const char *manager, *net, *expected;
	} cases[] = {
		{"networks : { lan : { subnet = \"10.90.0.0/24\"; external = true; bridge = \"br0\"; }; };",
		 "host_access = false;",
		 "bad.conf:2:23: error: net.host_access: network lan is external: rules for its"},
		{"networks : { lan : { subnet = \"10.90.0.0/24\"; parent = \"eth0\"; }; };",
		 "egress : { default = \"deny\"; };",
		 "bad.conf:2:30: error: net.egress.default: network lan is a macvlan: its packets"},
		{"networks : { lan : { subnet = \"10.90.0.0/24\"; nat = false; }; };"
		 "firewall : { backend = \"none\"; };",
		 "egress : { deny = [ \"icmp\" ]; };",
		 "bad.conf:2:27: error: net.egress.deny: there are no rules with firewall.backend"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *manager = NULL, *bad = NULL;
		struct scratch scratch;

		scratch_make(&scratch);
		manager = scratch_manager(&scratch, cases[i].manager);
		bad = xprintf("rootfs = \"/usr\";\nnet : { %s };", cases[i].net);
		free(scratch_write(&scratch, "conf.d/good.conf", "rootfs = \"/etc\";"));
		free(scratch_write(&scratch, "conf.d/bad.conf", bad));
		expect_container_error(&scratch, manager, cases[i].expected);
		scratch_remove(&scratch);
	}
}

/* Loads one container with these settings; expected: the only warning, "" for none. */
static void expect_warning(const char *settings, const char *expected)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_TEXT struct text printed = {0};
	AUTO_FREE char *manager = NULL, *text = NULL;
	struct scratch scratch;
	struct error err = {0};

	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "");
	text = xprintf("rootfs = \"/etc\"; %s", settings);
	free(scratch_write(&scratch, "conf.d/a.conf", text));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	print_all(&diagnostics, &printed);
	assert_int_equal(diagnostics.count, *expected ? 1 : 0);
	assert_int_equal(diagnostics_count_errors(&diagnostics, NULL), 0);
	assert_non_null(strstr(text_value(&printed), expected));
	scratch_remove(&scratch);
}

static void calls_that_are_kept_in_part(void **state)
{
	static const char forges[] = "security : { cap_add = [ \"NET_RAW\" ]; };";
	AUTO_FREE char *limited = xprintf("net : { antispoof = false; host_access = false; }; %s",
					  forges);
	AUTO_FREE char *sound = xprintf("net : { egress : { default = \"deny\"; }; }; %s", forges);
	AUTO_FREE char *free_one = xprintf("net : { antispoof = false; }; %s", forges);

	(void)state;
	expect_warning("net : { egress : { allow = [ \"dns\" ]; }; };",
		       "warning: net.egress.allow: it changes nothing while");
	expect_warning(limited, "warning: net.antispoof: NET_RAW or NET_ADMIN lead past egress");
	expect_warning(sound, "");
	expect_warning(free_one, "");
	expect_warning("net : { antispoof = false; host_access = false; };", "");
}

static void names_of_files(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL;
	AUTO_TEXT struct text printed = {0};
	struct scratch scratch;
	struct error err = {0};

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, SHARED_ROOTFS);
	free(scratch_write(&scratch, "conf.d/a-b.conf", "rootfs = \"/etc\";"));
	free(scratch_write(&scratch, "conf.d/a.conf", "rootfs = \"/etc\";"));
	free(scratch_write(&scratch, "conf.d/a.conf~", "nonsense"));
	free(scratch_write(&scratch, "conf.d/.a.conf", "nonsense"));
	free(scratch_write(&scratch, "conf.d/README", "nonsense"));
	free(scratch_write(&scratch, "conf.d/Web_1.conf", "rootfs = \"/etc\";"));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	assert_int_equal(conf.container_count, 2);
	assert_string_equal(conf.containers[0].name, "a");
	assert_string_equal(conf.containers[1].name, "a-b");
	assert_ptr_equal(conf_find(&conf, "a-b"), &conf.containers[1]);
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(diagnostics_count_errors(&diagnostics, "a"), 0);
	assert_int_equal(diagnostics_count_errors(&diagnostics, "Web_1"), 1);
	print_all(&diagnostics, &printed);
	assert_non_null(strstr(text_value(&printed), "\"Web_1\" cannot be the name of a container"));
	scratch_remove(&scratch);
}

/* A broken manager file does not hide the faults of the others. */
static void all_faults_in_one_run(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL;
	AUTO_TEXT struct text printed = {0};
	struct scratch scratch;
	struct error err = {0};

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "networks : { lan : { subnet = 1; }; };");
	free(scratch_write(&scratch, "conf.d/a.conf", "rootfs = \"/etc\"; oops = 1;"));
	free(scratch_write(&scratch, "conf.d/b.conf",
			   "net : { network = \"lan\"; };\nautostart = on;"));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), -1);
	print_all(&diagnostics, &printed);
	assert_non_null(strstr(text_value(&printed), "networks.lan.subnet: expected a network"));
	assert_non_null(strstr(text_value(&printed), "a.conf:1:18: error: unknown key \"oops\""));
	assert_non_null(strstr(text_value(&printed), "b.conf:2:13: error: on is no value"));
	assert_int_equal(diagnostics.count, 3);
	scratch_remove(&scratch);
}

/* Both sides of a conflict are told, each naming the other. */
static void conflicts_name_both_places(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL;
	AUTO_TEXT struct text printed = {0};
	struct scratch scratch;
	struct error err = {0};

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, SHARED_ROOTFS);
	free(scratch_write(
		&scratch, "conf.d/a.conf",
		"rootfs = \"/etc\";\nnet : { ip = \"10.83.0.9\"; ports = [ \"80:80\" ]; };"));
	free(scratch_write(&scratch, "conf.d/b.conf",
			   "rootfs = \"/etc\";\n\n"
			   "net : { ip = \"10.83.0.9\"; ports = [ \"1.2.3.4:70-90:70-90\" ]; };"));
	free(scratch_write(&scratch, "conf.d/c.conf", "rootfs = \"/etc\";"));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	assert_int_equal(diagnostics_count_errors(&diagnostics, "a"), 2);
	assert_int_equal(diagnostics_count_errors(&diagnostics, "b"), 2);
	assert_int_equal(diagnostics_count_errors(&diagnostics, "c"), 0);
	print_all(&diagnostics, &printed);
	assert_non_null(strstr(text_value(&printed), "10.83.0.9 is used by container b too ("));
	assert_non_null(strstr(text_value(&printed), "/conf.d/b.conf:3)"));
	assert_non_null(strstr(text_value(&printed), "/conf.d/a.conf:2)"));
	assert_non_null(strstr(text_value(&printed), "port 80/tcp of the host is published"));
	scratch_remove(&scratch);
}

/* A container of its own rootfs below roots/, with more in its file. */
static void write_tree(const struct scratch *scratch, const char *name, const char *root,
		       const char *more)
{
	AUTO_FREE char *directory = xprintf("%s/roots/%s", scratch->path, root);
	AUTO_FREE char *file = xprintf("conf.d/%s.conf", name);
	AUTO_FREE char *text = xprintf("# %s\nrootfs = \"%s\";\n%s", name, directory, more);
	struct error err;

	if (fs_make_directories(directory, 0755, &err) < 0)
		fail_msg("%s", err.text);
	free(scratch_write(scratch, file, text));
}

/* What is wrong with the set, with "DIR" for the scratch directory. */
static char *load_trees(const struct scratch *scratch, const char *manager)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_TEXT struct text printed = {0}, short_names = {0};
	struct error err = {0};

	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	for (size_t i = 0; i < diagnostics.count; i++) {
		const char *rest = diagnostics.items[i].message;

		text_addf(&short_names, "%s:%u ", diagnostics.items[i].container,
			  diagnostics.items[i].location.line);
		for (const char *at; (at = strstr(rest, scratch->path)); ) {
			text_addf(&short_names, "%.*sDIR", (int)(at - rest), rest);
			rest = at + strlen(scratch->path);
		}
		text_addf(&short_names, "%s\n", rest);
	}
	return xstrdup(text_value(&short_names));
}

static void expect_trees(const struct scratch *scratch, const char *manager, const char *expected)
{
	AUTO_FREE char *found = load_trees(scratch, manager);

	if (strcmp(found, expected) != 0)
		fail_msg("expected:\n%sfound:\n%s", expected, found);
}

/* Who writes to a directory could replace what lies below by a symbolic link to the outside. */
static void rootfs_within_reach_of_another(void **state)
{
	AUTO_FREE char *manager = NULL, *link = NULL, *more = NULL;
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "data_dir = \"data\";");
	write_tree(&scratch, "a", "a", "");
	write_tree(&scratch, "b", "a/srv/b", "read_only = true;");
	write_tree(&scratch, "c", "a-side", "");
	expect_trees(&scratch, manager,
		     "a:2 rootfs: DIR/roots/a holds the root filesystem of container b,"
		     " DIR/roots/a/srv/b (DIR/conf.d/b.conf:2)\n"
		     "b:2 rootfs: DIR/roots/a/srv/b lies in DIR/roots/a, where container a can put"
		     " another one in its place (DIR/conf.d/a.conf:2)\n");
	write_tree(&scratch, "a", "a", "read_only = true;");
	expect_trees(&scratch, manager, "");
	/* Through a link it is the same place; a volume of its own is no better than another's. */
	link = xprintf("%s/link", scratch.path);
	assert_int_equal(symlink("roots", link), 0);
	more = xprintf("rootfs = \"%s/a/srv/b\";\nmounts = ( { source = \"%s/roots/a\";"
		       " target = \"/mnt\"; } );", link, scratch.path);
	free(scratch_write(&scratch, "conf.d/b.conf", more));
	expect_trees(&scratch, manager,
		     "b:1 rootfs: DIR/roots/a/srv/b lies in DIR/roots/a, where container b can put"
		     " another one in its place (DIR/conf.d/b.conf:2)\n"
		     "b:2 mounts[0].source: DIR/roots/a holds the root filesystem of container b,"
		     " DIR/roots/a/srv/b (DIR/conf.d/b.conf:1)\n");
	/* The layer that takes the changes of an overlay. */
	free(more);
	more = xprintf("rootfs : { path = \"%s/roots/a-side\"; mode = \"overlay\"; };", scratch.path);
	free(scratch_write(&scratch, "conf.d/c.conf", more));
	write_tree(&scratch, "b", "../data/overlays/c/upper", "");
	expect_trees(&scratch, manager,
		     "b:2 rootfs: DIR/data/overlays/c/upper lies in DIR/data/overlays/c, where"
		     " container c can put another one in its place (DIR/conf.d/c.conf:1)\n"
		     "c:1 rootfs: DIR/data/overlays/c holds the root filesystem of container b,"
		     " DIR/data/overlays/c/upper (DIR/conf.d/b.conf:2)\n");
	scratch_remove(&scratch);
}

static size_t errors_of(const char *manager, const char *name, const char *text)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_TEXT struct text printed = {0};
	struct error err = {0};

	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	print_all(&diagnostics, &printed);
	if (text && !strstr(text_value(&printed), text))
		fail_msg("no \"%s\" in:\n%s", text, text_value(&printed));
	return diagnostics_count_errors(&diagnostics, name);
}

static void write_overlay(const struct scratch *scratch, const char *name, const char *upper)
{
	AUTO_FREE char *file = xprintf("conf.d/%s.conf", name);
	AUTO_FREE char *text = xprintf("rootfs : { path = \"/usr\"; mode = \"overlay\"; %s%s%s };",
				       *upper ? "upper = \"" : "", upper, *upper ? "\";" : "");

	free(scratch_write(scratch, file, text));
}

/* Changes of an overlay are for one container, and for nobody else to see. */
static void uppers_are_apart(void **state)
{
	static const struct {
		const char *a, *b;
		size_t errors; /* of each */
	} cases[] = {
		{"/srv/x", "/srv/x", 1},  {"/srv/x", "/srv/x/", 1},
		{"/srv", "/srv/x", 1},    {"/srv/x", "/srv/x.ext4", 1},
		{"/srv/x", "/srv/xy", 0}, {"/srv/x", "/srv/y", 0},
		{"/srv/x", "", 0},        {"", "", 0},
	};
	AUTO_FREE char *manager = NULL, *volume = NULL, *upper = NULL;
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "data_dir = \"data\";");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].errors ? "meets rootfs.upper of container " : NULL;

		write_overlay(&scratch, "a", cases[i].a);
		write_overlay(&scratch, "b", cases[i].b);
		assert_int_equal(errors_of(manager, "a", text), cases[i].errors);
		assert_int_equal(errors_of(manager, "b", text), cases[i].errors);
	}
	/* The place that is built in is one like others. */
	upper = xprintf("%s/data/overlays/b", scratch.path);
	AUTO_FREE char *parent = xprintf("%s/data/overlays", scratch.path);

	assert_int_equal(fs_make_directories(parent, 0755, NULL), 0);
	write_overlay(&scratch, "a", upper);
	assert_int_equal(errors_of(manager, "b", "meets rootfs.upper of container a"), 1);
	write_overlay(&scratch, "a", "/srv/x");
	volume = xprintf("rootfs = \"/etc\"; mounts = ( { source = \"%s\"; target = \"/mnt\"; } );",
			 parent);
	free(scratch_write(&scratch, "conf.d/c.conf", volume));
	assert_int_equal(errors_of(manager, "b", "lies in mounts[0].source of container c"), 1);
	assert_int_equal(errors_of(manager, "c", "in it lies rootfs.upper of container b"), 1);
	assert_int_equal(errors_of(manager, "a", NULL), 0);
	/* A rootfs by another name is that rootfs. */
	free(volume);
	volume = xprintf("%s/link", scratch.path);
	assert_int_equal(symlink("data", volume), 0);
	free(scratch_write(&scratch, "conf.d/c.conf", "rootfs = \"/etc\";"));
	AUTO_FREE char *linked = xprintf("rootfs = \"%s\";", volume);

	free(scratch_write(&scratch, "conf.d/c.conf", linked));
	assert_int_equal(errors_of(manager, "b", "lies in rootfs.path of container c"), 1);
	/* A link on the way to an upper is refused. */
	free(volume);
	volume = xprintf("%s/link/overlays/a", scratch.path);
	write_overlay(&scratch, "a", volume);
	assert_int_equal(errors_of(manager, "a", "there is a symbolic link in"), 1);
	scratch_remove(&scratch);
}

static void rootfs_of_two(void **state)
{
	AUTO_FREE char *manager = NULL, *more = NULL;
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "");
	write_tree(&scratch, "a", "a", "");
	write_tree(&scratch, "b", "a", "");
	expect_trees(&scratch, manager,
		     "a:2 rootfs: DIR/roots/a can be changed by container b too (DIR/conf.d/b.conf:2)\n"
		     "b:2 rootfs: DIR/roots/a can be changed by container a too (DIR/conf.d/a.conf:2)\n");
	/* One who writes and any number who read: who looks after it, say. */
	write_tree(&scratch, "b", "a", "read_only = true;");
	more = xprintf("rootfs : { path = \"%s/roots/a\"; mode = \"volatile\"; };", scratch.path);
	free(scratch_write(&scratch, "conf.d/c.conf", more));
	expect_trees(&scratch, manager, "");
	/* As a volume it is the same directory. */
	free(more);
	more = xprintf("mounts = ( { source = \"%s/roots/a\"; target = \"/mnt\"; } );", scratch.path);
	write_tree(&scratch, "c", "c", more);
	expect_trees(&scratch, manager,
		     "a:2 rootfs: DIR/roots/a can be changed by container c too (DIR/conf.d/c.conf:3)\n"
		     "c:3 mounts[0].source: DIR/roots/a can be changed by container a too"
		     " (DIR/conf.d/a.conf:2)\n");
	scratch_remove(&scratch);
}

/* Whoever can change the configuration is root of the host. */
static void files_of_cman_within_reach(void **state)
{
	AUTO_FREE char *manager = NULL, *more = NULL;
	struct scratch scratch;

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "state_dir = \"roots/a/state\"; data_dir = \"other/data\";");
	more = xprintf("mounts = ( { source = \"%s/conf.d\"; target = \"/mnt\"; },\n"
		       "{ source = \"%s\"; target = \"/data\"; read_only = true; } );",
		       scratch.path, scratch.path);
	write_tree(&scratch, "a", "a", more);
	expect_trees(&scratch, manager,
		     "a:2 rootfs: DIR/roots/a holds cman's state_dir, DIR/roots/a/state"
		     " (DIR/container.conf)\n"
		     "a:3 mounts[0].source: DIR/conf.d holds cman's conf_dir, DIR/conf.d"
		     " (DIR/container.conf)\n");
	scratch_remove(&scratch);
}

static struct in_addr hold_address(void *data, const char *container, const char *network)
{
	struct in_addr address = {INADDR_ANY};

	assert_string_equal(network, "cman0");
	if (strcmp(container, "b") == 0)
		address = *(struct in_addr *)data;
	return address;
}

/* The address of b in a set of a, b and c. */
static struct in_addr load_abc(const char *manager, const struct conf_hints *hints,
			       struct in_addr *a)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	struct error err = {0};
	const struct spec *b;

	assert_int_equal(conf_load(manager, hints, &conf, &diagnostics, &err), 0);
	assert_int_equal(diagnostics.count, 0);
	b = conf_find(&conf, "b");
	assert_true(b->interfaces[0].ip_auto);
	assert_int_equal(b->interfaces[0].mac[0], 2);
	assert_memory_not_equal(b->interfaces[0].mac, conf_find(&conf, "a")->interfaces[0].mac, 6);
	*a = conf_find(&conf, "a")->interfaces[0].ip;
	return b->interfaces[0].ip;
}

static void automatic_addresses(void **state)
{
	AUTO_FREE char *manager = NULL;
	struct scratch scratch;
	struct error err;
	struct in_addr first, a, again, held, c;
	struct conf_hints hints = {hold_address, &held};

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, SHARED_ROOTFS);
	free(scratch_write(&scratch, "conf.d/a.conf", "rootfs = \"/etc\";"));
	free(scratch_write(&scratch, "conf.d/b.conf", "rootfs = \"/etc\";"));
	free(scratch_write(&scratch, "conf.d/c.conf",
			   "rootfs = \"/etc\"; net : { ip = \"10.83.1.9\"; };"));
	first = load_abc(manager, NULL, &a);
	again = load_abc(manager, NULL, &a);
	assert_int_equal(first.s_addr, again.s_addr);
	assert_int_not_equal(first.s_addr, a.s_addr);
	/* What it holds stays, if it is free and in the pool. */
	assert_int_equal(parse_ipv4("10.83.77.7", &held, &err), 0);
	again = load_abc(manager, &hints, &a);
	assert_int_equal(again.s_addr, held.s_addr);
	assert_int_equal(parse_ipv4("10.83.0.7", &held, &err), 0); /* not in the pool */
	again = load_abc(manager, &hints, &a);
	assert_int_equal(again.s_addr, first.s_addr);
	assert_int_equal(parse_ipv4("10.83.1.9", &held, &err), 0); /* taken by c */
	again = load_abc(manager, &hints, &c);
	assert_int_equal(again.s_addr, first.s_addr);
	scratch_remove(&scratch);
}

/* The pool of five holds two statics and the gateway: two are left, the third gets an error. */
static void pool_used_up(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL;
	struct scratch scratch;
	struct error err = {0};

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, SHARED_ROOTFS
				  "networks : { lan : { subnet = \"10.9.0.0/24\";"
				  " pool = \"10.9.0.1-10.9.0.5\"; }; };");
	free(scratch_write(&scratch, "conf.d/s.conf",
			   "rootfs = \"/etc\"; net : { ip = \"10.9.0.3\"; };"));
	free(scratch_write(&scratch, "conf.d/t.conf",
			   "rootfs = \"/etc\"; net : { ip = \"10.9.0.5\"; };"));
	for (const char *c = "abc"; *c; c++) {
		AUTO_FREE char *name = xprintf("conf.d/%c.conf", *c);

		free(scratch_write(&scratch, name, "rootfs = \"/etc\";"));
	}
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	assert_int_equal(diagnostics.count, 1);
	assert_string_equal(diagnostics.items[0].container, "c");
	assert_string_equal(diagnostics.items[0].message,
			    "net.ip: the pool of network lan is used up");
	assert_int_not_equal(conf.containers[0].interfaces[0].ip.s_addr,
			     conf.containers[1].interfaces[0].ip.s_addr);
	scratch_remove(&scratch);
}

/* The program that a rootfs brings, and nothing outside of it. */
static void default_command(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL, *link = NULL;
	struct scratch scratch;
	struct error err = {0};
	static const char *const roots[] = {"with", "without", "outside"};

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "");
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		AUTO_FREE char *sbin = xprintf("%s/roots/%s/sbin", scratch.path, roots[i]);
		AUTO_FREE char *name = xprintf("conf.d/%s.conf", roots[i]);
		AUTO_FREE char *text = xprintf("rootfs = \"%s/roots/%s\";", scratch.path, roots[i]);

		assert_int_equal(fs_make_directories(sbin, 0755, &err), 0);
		free(scratch_write(&scratch, name, text));
	}
	link = scratch_write(&scratch, "roots/with/sbin/init", "#!/bin/sh");
	assert_int_equal(chmod(link, 0755), 0);
	free(link);
	link = xprintf("%s/roots/outside/sbin/init", scratch.path);
	assert_int_equal(symlink("/bin/sh", link), 0); /* of the host: not in the rootfs */
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	assert_string_equal(conf_find(&conf, "with")->command.items[0], "/sbin/init");
	assert_string_equal(conf_find(&conf, "without")->command.items[0], "/bin/sh");
	assert_string_equal(conf_find(&conf, "outside")->command.items[0], "/bin/sh");
	scratch_remove(&scratch);
}

static const struct spec *load_in(struct conf *conf, const struct scratch *scratch, const char *name,
				  const char *text)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_FREE char *relative = xprintf("conf.d/%s.conf", name);
	AUTO_FREE char *whole = xprintf("rootfs = \"/etc\"; read_only = true; %s", text);
	AUTO_FREE char *path = scratch_write(scratch, relative, whole);
	struct error err = {0};

	assert_int_equal(conf_load_file(conf, path, &diagnostics, &err), 0);
	assert_int_equal(diagnostics.count, 0);
	return conf_find(conf, name);
}

/* A group goes onto the interface of an earlier layer, a list replaces it or is added. */
static void interfaces_of_layers(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL;
	struct scratch scratch;
	struct error err = {0};
	const struct spec *spec;

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "networks : { a : { subnet = \"10.1.0.0/24\"; };"
					    " b : { subnet = \"10.2.0.0/24\"; };"
					    " c : { subnet = \"10.3.0.0/24\"; }; };"
					    "defaults : { net : { network = \"b\"; mtu = 1400; }; };"
					    "templates : { two : { net = ( { }, { network = \"c\"; } ); }; };");
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);

	spec = load_in(&conf, &scratch, "group", "net : { name = \"lan\"; };");
	assert_int_equal(spec->interface_count, 1);
	assert_string_equal(spec->interfaces[0].network, "b");
	assert_string_equal(spec->interfaces[0].name, "lan");
	assert_int_equal(spec->interfaces[0].mtu, 1400);

	spec = load_in(&conf, &scratch, "list", "net = ( { }, { network = \"c\"; } );");
	assert_int_equal(spec->interface_count, 2);
	assert_string_equal(spec->interfaces[0].network, "a");
	assert_int_equal(spec->interfaces[0].mtu, 1500);
	assert_string_equal(spec->interfaces[1].name, "eth1");

	spec = load_in(&conf, &scratch, "more", "net = ( \"+\", { network = \"c\"; } );");
	assert_int_equal(spec->interface_count, 2);
	assert_string_equal(spec->interfaces[0].network, "b");
	assert_int_equal(spec->interfaces[0].default_route, SETTING_YES);
	assert_int_equal(spec->interfaces[1].default_route, SETTING_NO);

	spec = load_in(&conf, &scratch, "back", "extends = [ \"two\" ]; net : { network = \"b\"; };");
	assert_int_equal(spec->interface_count, 1);
	assert_string_equal(spec->interfaces[0].network, "b");
	assert_int_equal(spec->interfaces[0].mtu, 1500);
	scratch_remove(&scratch);
}

static void environment_is_complete(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL;
	struct scratch scratch;
	struct error err = {0};
	const struct strlist *environment;

	(void)state;
	setenv("CMAN_TEST_HERE", "from the host", 1);
	unsetenv("CMAN_TEST_GONE");
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "");
	free(scratch_write(
		&scratch, "conf.d/a.conf",
		"rootfs = \"/etc\"; user = \"www-data\";"
		"environment = [ \"CMAN_TEST_HERE\", \"CMAN_TEST_GONE\", \"TERM=dumb\" ];"));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	environment = &conf.containers[0].environment;
	assert_true(strlist_contains(environment, "CMAN_TEST_HERE=from the host"));
	assert_true(strlist_contains(environment, "TERM=dumb"));
	assert_true(strlist_contains(environment, "container=cman"));
	assert_true(text_starts_with(environment->items[0], "PATH="));
	assert_int_equal(environment->count, 4); /* whose home is known on the way up only */
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(diagnostics.items[0].severity, SEVERITY_WARNING);
	assert_int_equal(diagnostics_count_errors(&diagnostics, NULL), 0);
	scratch_remove(&scratch);
}

static void assert_origin(const struct spec *spec, const char *key, const char *layer,
			  const char *file, unsigned int line)
{
	for (size_t i = 0; i < spec->origins.count; i++) {
		const struct origin *origin = &spec->origins.items[i];

		if (strcmp(origin->key, key) != 0)
			continue;
		if (!text_equal(origin->layer, layer))
			fail_msg("%s is from %s", key, origin->layer ? origin->layer : "its file");
		assert_string_equal(origin->location.file, file);
		assert_int_equal(origin->location.line, line);
		return;
	}
	fail_msg("nobody knows where %s is from", key);
}

/* Each value knows its file, line and layer. */
static void origins(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	static const char file[] = "valid/everything.conf";
	struct location at;
	struct error err;
	const struct spec *spec;

	(void)state;
	assert_int_equal(conf_load("container.conf", NULL, &conf, &diagnostics, &err), 0);
	assert_int_equal(conf_load_file(&conf, file, &diagnostics, &err), 0);
	spec = conf_find(&conf, "everything");
	assert_origin(spec, "rootfs", NULL, file, 5);
	assert_origin(spec, "limits.pids", "small", "container.conf", 19);
	assert_origin(spec, "limits.memory", NULL, file, 11);
	assert_origin(spec, "labels[0]", "small", "container.conf", 19);
	assert_origin(spec, "labels[2]", NULL, file, 4);
	assert_origin(spec, "environment[0]", "defaults", "container.conf", 15);
	assert_origin(spec, "environment[1]", "debug", "container.conf", 20);
	assert_origin(spec, "net.ports[2]", NULL, file, 17);
	/* What was not set: the group it belongs to, or else the file. */
	at = origin_find(&spec->origins, "net.mtu");
	assert_int_equal(at.line, 12);
	at = origin_find(&spec->origins, "oops");
	assert_int_equal(at.line, 0);
	assert_string_equal(at.file, file);
	at = origin_find(&manager_find_network(&conf.manager, "back")->origins, "subnet");
	assert_int_equal(at.line, 6);
}

/* Reading a file anew replaces what was known and said of it. */
static void loading_a_file_again(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = NULL, *file = NULL, *other = NULL;
	struct scratch scratch;
	struct error err = {0};

	(void)state;
	scratch_make(&scratch);
	manager = scratch_manager(&scratch, SHARED_ROOTFS);
	file = scratch_write(&scratch, "conf.d/b.conf", "rootfs = \"/etc\"; oops = 1;");
	free(scratch_write(&scratch, "conf.d/c.conf", "rootfs = \"/etc\"; oops = 1;"));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	assert_int_equal(diagnostics.count, 2);
	free(scratch_write(&scratch, "conf.d/b.conf", "rootfs = \"/etc\";"));
	assert_int_equal(conf_load_file(&conf, file, &diagnostics, &err), 0);
	assert_int_equal(diagnostics.count, 1);
	assert_int_equal(conf.container_count, 2);
	other = scratch_write(&scratch, "a.conf", "rootfs = \"/etc\"; hostname = \"x\";");
	assert_int_equal(conf_load_file(&conf, other, &diagnostics, &err), 0);
	assert_int_equal(conf.container_count, 3);
	assert_string_equal(conf.containers[0].hostname, "x");
	assert_string_equal(conf.containers[0].file, other);
	assert_int_not_equal(conf.containers[0].interfaces[0].ip.s_addr, INADDR_ANY);
	free(other);
	other = scratch_write(&scratch, "Not-a-name", "rootfs = \"/etc\";");
	assert_int_equal(conf_load_file(&conf, other, &diagnostics, &err), -1);
	assert_int_equal(conf.container_count, 3);
	scratch_remove(&scratch);
}

static int use_test_host(void **state)
{
	(void)state;
	machine_replace(&test_machine);
	return chdir(FIXTURES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_message),
		cmocka_unit_test(odd_manager_files),
		cmocka_unit_test(odd_container_files),
		cmocka_unit_test(files_that_others_may_write),
		cmocka_unit_test(a_kernel_without_apparmor),
		cmocka_unit_test(calls_that_cannot_be_kept),
		cmocka_unit_test(calls_that_are_kept_in_part),
		cmocka_unit_test(names_of_files),
		cmocka_unit_test(all_faults_in_one_run),
		cmocka_unit_test(uppers_are_apart),
		cmocka_unit_test(conflicts_name_both_places),
		cmocka_unit_test(rootfs_within_reach_of_another),
		cmocka_unit_test(rootfs_of_two),
		cmocka_unit_test(files_of_cman_within_reach),
		cmocka_unit_test(automatic_addresses),
		cmocka_unit_test(pool_used_up),
		cmocka_unit_test(default_command),
		cmocka_unit_test(interfaces_of_layers),
		cmocka_unit_test(environment_is_complete),
		cmocka_unit_test(origins),
		cmocka_unit_test(loading_a_file_again),
	};

	return cmocka_run_group_tests(tests, use_test_host, NULL);
}
