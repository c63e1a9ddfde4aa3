/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of profiles, the kernel's list of them, and a kernel that has none. */
#include "config_test.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/values.h"
#include "kernel/apparmor.h"
#include "kernel/procfs.h"

static bool is_taken(const char *name)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_FREE char *field = xstrdup("before");
	struct assignment assignment = {.diagnostics = &diagnostics};
	struct node node = {.type = NODE_STRING, .string = (char *)name};
	int rc = type_apparmor.read(&assignment, &node, &field);

	assert_string_equal(field, rc < 0 ? "before" : name);
	assert_int_equal(diagnostics.count, rc < 0);
	return rc == 0;
}

static void test_names(void **state)
{
	static const char *const taken[] = {
		"unconfined", "web", "7zip", "/usr/sbin/nginx", "/{,usr/}{,s}bin/dhclient",
		"lxc-container-default-cgns", "a web server", "parent//child", "a//b//c",
		"snap.name.app", "php(fpm)", "web (odd)", "web(enforce)", "caf\xc3\xa9", "a:b", "a&b",
	};
	static const char *const refused[] = {
		"", " ", " web", "web ", "web\n", "web\nexec other", "a\tb", "a\x7f", ":web", ":ns:web",
		":ns://web", "&web", "web//&other", "web (enforce)", "a b (complain)", "web (kill)",
		"web (unconfined)", "(enforce)", "-web", ".web", "_web", "*",
	};
	char name[600];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (!is_taken(taken[i]))
			fail_msg("\"%s\" was refused", taken[i]);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (is_taken(refused[i]))
			fail_msg("\"%s\" was taken", refused[i]);
	memset(name, 'a', sizeof(name));
	name[512] = '\0';
	assert_true(is_taken(name));
	name[512] = 'a';
	name[513] = '\0';
	assert_false(is_taken(name));
}

static void test_list(void **state)
{
	static const char list[] = "web (enforce)\n"
				   "/usr/bin/web server (complain)\n"
				   "web//child (kill)\n"
				   "php (fpm) (enforce)\n"
				   ":space://inner (enforce)\n"
				   "newest (unconfined)\n"
				   "nothing behind it\n"
				   "last (enforce)";
	char mode[16] = "";

	(void)state;
	assert_true(apparmor_find(list, "web", mode));
	assert_string_equal(mode, "enforce");
	assert_true(apparmor_find(list, "/usr/bin/web server", mode));
	assert_string_equal(mode, "complain");
	assert_true(apparmor_find(list, "web//child", mode));
	assert_string_equal(mode, "kill");
	assert_true(apparmor_find(list, "php (fpm)", mode));
	assert_string_equal(mode, "enforce");
	assert_true(apparmor_find(list, "newest", mode));
	assert_string_equal(mode, "unconfined");
	assert_true(apparmor_find(list, "last", mode));
	assert_false(apparmor_find(list, "we", mode));
	assert_false(apparmor_find(list, "eb", mode));
	assert_false(apparmor_find(list, "web//", mode));
	assert_false(apparmor_find(list, "child", mode));
	assert_false(apparmor_find(list, "inner", mode));
	assert_false(apparmor_find(list, "php", mode));
	assert_false(apparmor_find(list, "web (enforce)", mode));
	assert_false(apparmor_find(list, "nothing behind it", mode));
	assert_false(apparmor_find("", "web", mode));
	assert_false(apparmor_find("\n\n", "web", mode));
}

/* What is written is one write of one line; pipes show it. */
static void test_command(void **state)
{
	char text[64];
	struct error err = {0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(apparmor_set_exec(ends[1], "a web server", &err), 0);
	assert_int_equal(read(ends[0], text, sizeof(text)), 17);
	assert_memory_equal(text, "exec a web server", 17);
	assert_int_equal(apparmor_set_exec(ends[1], "web\nexec other", &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_int_equal(read(ends[0], text, sizeof(text)), -1);
	close(ends[0]);
	close(ends[1]);
}

/* Our own, and that of another; a process can set its own alone. */
static void test_attribute(void **state)
{
	struct error err = {0};
	char *profile = NULL;
	int proc_fd, fd, status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip(); /* a procfs of our own */
	proc_fd = procfs_open(&err);
	if (proc_fd < 0)
		fail_msg("%s", err.text);
	fd = apparmor_open_exec(proc_fd, getpid(), &err);
	if (fd < 0)
		fail_msg("%s", err.text);
	pid = fork();
	if (pid == 0)
		_exit(apparmor_set_exec(fd, "cman-test-not-loaded", &err) == -1 &&
		      (err.code == EPERM || err.code == EACCES) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Not loaded, or no AppArmor at all. */
	assert_int_equal(apparmor_set_exec(fd, "cman-test-not-loaded", &err), -1);
	close(fd);
	assert_int_equal(apparmor_open_exec(proc_fd, 0x7fffffff, &err), -1);
	assert_int_equal(err.code, ENOENT);
	close(proc_fd);
	machine_replace(NULL);
	if (!machine_get()->apparmor) {
		assert_int_equal(apparmor_confining(getpid(), &profile, &err), 0);
		assert_null(profile);
	}
	machine_replace(&test_machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_attribute),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
