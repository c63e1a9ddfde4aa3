/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which init a root filesystem has, with tiny ones in place of the real and with hostile ones. */
#include "config_test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "config/full_init.h"

static struct scratch scratch;
static int root_fd;

static int set_up(void **state)
{
	static const char *const directories[] = {"sbin", "bin", "lib/systemd", "lib/runit", "etc"};

	(void)state;
	scratch_make(&scratch);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		AUTO_FREE char *path = xprintf("%s/%s", scratch.path, directories[i]);

		assert_int_equal(fs_make_directories(path, 0755, NULL), 0);
	}
	root_fd = open(scratch.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(root_fd);
	scratch_remove(&scratch);
	return 0;
}

static void program(const char *path, const char *text)
{
	AUTO_FREE char *full = scratch_write(&scratch, path, text);

	assert_int_equal(chmod(full, 0755), 0);
}

static void link_to(const char *path, const char *target)
{
	unlinkat(root_fd, path, 0);
	assert_int_equal(symlinkat(target, root_fd, path), 0);
}

static enum full_init find(const char *command)
{
	AUTO_STRLIST struct strlist argv = {0}, environment = {0};
	AUTO_FREE char *copy = xstrdup(command);
	char *position = NULL;

	for (char *word = strtok_r(copy, " ", &position); word;
	     word = strtok_r(NULL, " ", &position))
		strlist_add(&argv, word);
	strlist_add(&environment, "PATH=relative::/nowhere:/sbin:/bin");
	return full_init_find(root_fd, &argv, &environment);
}

static void by_name(void **state)
{
	(void)state;
	program("lib/systemd/systemd", "x");
	program("lib/runit/runit-init", "x");
	program("sbin/openrc-init", "x");
	link_to("sbin/init", "/lib/systemd/systemd");
	assert_int_equal(find("/sbin/init"), FULL_INIT_SYSTEMD);
	assert_int_equal(find("/lib/systemd/systemd --log-level=debug"), FULL_INIT_SYSTEMD);
	assert_int_equal(find("init"), FULL_INIT_SYSTEMD);
	assert_int_equal(find("openrc-init"), FULL_INIT_OPENRC);
	link_to("sbin/init", "../lib/runit/runit-init");
	assert_int_equal(find("/sbin/init"), FULL_INIT_RUNIT);
	assert_int_equal(find("/bin/missing"), FULL_INIT_NONE);
	assert_int_equal(find("sbin/init"), FULL_INIT_NONE);
}

static void by_content(void **state)
{
	AUTO_FREE char *across = xalloc(70000, 1);

	(void)state;
	program("sbin/init", "...INIT_VERSION=sysvinit-3.06...");
	assert_int_equal(find("/sbin/init"), FULL_INIT_SYSVINIT);
	program("sbin/init", "OpenRC init version %s starting");
	assert_int_equal(find("/sbin/init"), FULL_INIT_OPENRC);
	program("sbin/init", "an init of somebody's own");
	assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	/* Across the border between two pieces that are read, and at the end of one. */
	for (size_t at = 65530 - 24; at <= 65540; at++) {
		memset(across, 'x', 69999);
		memcpy(across + at, "INIT_VERSION=sysvinit", 21);
		program("sbin/init", across);
		if (find("/sbin/init") != FULL_INIT_SYSVINIT)
			fail_msg("not found at %zu", at);
	}
	program("bin/busybox", "BusyBox v1.35.0");
	link_to("sbin/init", "/bin/busybox");
	assert_int_equal(find("/sbin/init"), FULL_INIT_BUSYBOX);
	assert_int_equal(find("/bin/busybox init"), FULL_INIT_BUSYBOX);
	assert_int_equal(find("/bin/busybox sh"), FULL_INIT_NONE);
	link_to("bin/sh", "busybox");
	assert_int_equal(find("/bin/sh"), FULL_INIT_NONE);
}

static void hostile(void **state)
{
	AUTO_FREE char *fifo = xprintf("%s/etc/fifo", scratch.path);
	AUTO_FREE char *device = xprintf("%s/etc/device", scratch.path);

	(void)state;
	program("bin/busybox", "BusyBox v1.35.0");
	assert_int_equal(mkfifo(fifo, 0755), 0);
	link_to("sbin/init", "/etc/fifo");
	assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	link_to("sbin/init", "init");
	assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	link_to("sbin/init", "/lib");
	assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	/* What leads out of it leads to nothing in it. */
	link_to("sbin/init", "../../../../../../../../bin/busybox");
	assert_int_equal(find("/sbin/init"), FULL_INIT_BUSYBOX);
	assert_int_equal(unlinkat(root_fd, "bin/busybox", 0), 0);
	assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	link_to("sbin/init", "/proc/self/exe");
	assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	if (geteuid() == 0 && mknod(device, S_IFCHR | 0777, makedev(1, 5)) == 0) {
		link_to("sbin/init", "/etc/device"); /* zero: without end */
		assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	}
	unlinkat(root_fd, "sbin/init", 0);
	program("sbin/init", "BusyBox v");
	assert_int_equal(fchmodat(root_fd, "sbin/init", 0644, 0), 0);
	assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	/* A terabyte of nothing is not read to its end. */
	program("sbin/init", "");
	{
		AUTO_FD int fd = openat(root_fd, "sbin/init", O_WRONLY);

		if (ftruncate(fd, (off_t)1 << 40) == 0)
			assert_int_equal(find("/sbin/init"), FULL_INIT_NONE);
	}
}

static void signals(void **state)
{
	(void)state;
	assert_int_equal(full_init_stop_signal(FULL_INIT_SYSTEMD), SIGRTMIN + 3);
	assert_int_equal(full_init_stop_signal(FULL_INIT_BUSYBOX), SIGUSR2);
	assert_int_equal(full_init_stop_signal(FULL_INIT_SYSVINIT), SIGINT);
	assert_int_equal(full_init_stop_signal(FULL_INIT_RUNIT), SIGINT);
	assert_int_equal(full_init_stop_signal(FULL_INIT_OPENRC), SIGTERM);
	assert_false(full_init_reboots(FULL_INIT_SYSTEMD));
	assert_true(full_init_reboots(FULL_INIT_SYSVINIT));
	assert_false(full_init_reboots(FULL_INIT_NONE));
}

/* What follows for the container, and that its file has the last word. */
static void in_a_spec(void **state)
{
	struct machine machine = test_machine;
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = scratch_manager(&scratch, "");
	AUTO_FREE char *plain = xprintf("rootfs = \"%s\"; read_only = true;", scratch.path);
	AUTO_FREE char *own = xprintf("rootfs = \"%s\"; read_only = true; stop_signal = \"TERM\"; security : { "
				      "no_new_privs = true; cap_add = [ \"KILL\" ]; }; mounts = ( { "
				      "type = \"tmpfs\"; target = \"/run\"; } );", scratch.path);
	AUTO_FREE char *both = xprintf("rootfs = \"%s\"; read_only = true; init = true;", scratch.path);
	const struct spec *spec;
	struct error err;

	(void)state;
	unlinkat(root_fd, "sbin/init", 0);
	program("sbin/init", "INIT_VERSION=sysvinit-3.06");
	machine.may_reboot = true;
	machine_replace(&machine);
	free(scratch_write(&scratch, "conf.d/plain.conf", plain));
	free(scratch_write(&scratch, "conf.d/own.conf", own));
	free(scratch_write(&scratch, "conf.d/both.conf", both));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	spec = conf_find(&conf, "plain");
	assert_int_equal(spec->full_init, FULL_INIT_SYSVINIT);
	assert_int_equal(spec->stop_signal, SIGINT);
	assert_false(spec->security.no_new_privs);
	assert_true(strlist_contains(&spec->security.cap_add, "SYS_BOOT"));
	assert_int_equal(spec->mount_count, 2);
	assert_string_equal(spec->mounts[0].target, "/run");
	assert_string_equal(spec->mounts[1].target, "/run/lock");
	assert_true(strlist_contains(&spec->environment, "container=cman"));
	spec = conf_find(&conf, "own");
	assert_int_equal(spec->stop_signal, SIGTERM);
	assert_true(spec->security.no_new_privs);
	assert_false(strlist_contains(&spec->security.cap_add, "SYS_BOOT"));
	assert_int_equal(spec->mount_count, 1);
	assert_int_equal(diagnostics_count_errors(&diagnostics, NULL), 1); /* of both */
	machine_replace(&test_machine);
}

/* It is given a cgroup to make others in, which is not for the host's root. */
static void systemd_needs_a_user_namespace(void **state)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE char *manager = scratch_manager(&scratch, "");
	AUTO_FREE char *text =
		xprintf("rootfs = \"%s\"; read_only = true; security : { userns = \"none\"; };", scratch.path);
	AUTO_TEXT struct text printed = {0};
	struct error err;

	(void)state;
	unlinkat(root_fd, "sbin/init", 0);
	program("lib/systemd/systemd", "");
	link_to("sbin/init", "/lib/systemd/systemd");
	free(scratch_write(&scratch, "conf.d/none.conf", text));
	assert_int_equal(conf_load(manager, NULL, &conf, &diagnostics, &err), 0);
	print_all(&diagnostics, &printed);
	assert_non_null(strstr(text_value(&printed), "systemd needs a user namespace"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_content, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile, set_up, tear_down),
		cmocka_unit_test(signals),
		cmocka_unit_test_setup_teardown(in_a_spec, set_up, tear_down),
		cmocka_unit_test_setup_teardown(systemd_needs_a_user_namespace, set_up, tear_down),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests_name("full_init", tests, NULL, NULL);
}
