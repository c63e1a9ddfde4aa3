/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of changes of a made-up host's name servers, by the kernel itself. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "lifecycle/dns_watch.h"

static char root[64]; /* of the made-up host, made anew for each test */
static int inotify_fd;

static int make_host(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/cman-test-dns-watch.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return inotify_fd < 0 ? -1 : 0;
}

static int remove_host(void **state)
{
	(void)state;
	close(inotify_fd);
	return fs_remove_tree_at(AT_FDCWD, root, NULL);
}

/* Path of a file on the made-up host, with the directories above it made. */
static const char *host_path(const char *file)
{
	static char paths[2][256];
	static int next;
	char *path = paths[next = !next], *slash;

	snprintf(path, sizeof(paths[0]), "%s%s", root, file);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(fs_make_directories(path, 0755, NULL), 0);
	*slash = '/';
	return path;
}

static void put_file(const char *file, const char *text)
{
	FILE *stream = fopen(host_path(file), "we");

	assert_non_null(stream);
	fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
}

static void put_link(const char *target, const char *file)
{
	unlink(host_path(file));
	assert_int_equal(symlink(target, host_path(file)), 0);
}

/* Watches; what is awaited are these names, a blank between two. */
static void watch(const char *names)
{
	AUTO_TEXT struct text awaited = {0}, found = {0};
	struct error err;

	if (dns_watch(root, inotify_fd, &awaited, &err) < 0)
		fail_msg("%s", err.text);
	for (char *c = awaited.data; c && *c; c++)
		*c = *c == '\n' && c[1] ? ' ' : *c;
	text_addf(&found, "%.*s", awaited.length ? (int)awaited.length - 1 : 0, text_value(&awaited));
	assert_string_equal(text_value(&found), names);
}

/* Whether anything has been told since the last time; names: the one event is of that name. */
static bool is_told(const char *name)
{
	char events[4096] __attribute__((aligned(8)));
	const struct inotify_event *event = (const void *)events;
	ssize_t length = read(inotify_fd, events, sizeof(events));

	if (length < 0)
		assert_int_equal(errno, EAGAIN);
	else
		assert_string_equal(event->len ? event->name : "", name);
	return length > 0;
}

static void a_plain_file(void **state)
{
	(void)state;
	put_file("/etc/resolv.conf", "nameserver 192.0.2.1\n");
	watch("");
	assert_false(is_told(""));
	/* The directory is nobody's business. */
	put_file("/etc/passwd", "");
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.2\n");
	assert_false(is_told(""));
	put_file("/etc/resolv.conf", "nameserver 192.0.2.3\n");
	assert_true(is_told(""));
	put_file("/etc/resolv.new", "nameserver 192.0.2.4\n");
	assert_int_equal(rename(host_path("/etc/resolv.new"), host_path("/etc/resolv.conf")), 0);
	assert_true(is_told(""));
	watch("");
	put_file("/etc/resolv.conf", "nameserver 192.0.2.5\n");
	assert_true(is_told(""));
	assert_int_equal(unlink(host_path("/etc/resolv.conf")), 0);
	assert_true(is_told(""));
}

static void links(void **state)
{
	(void)state;
	put_link("../opt/first", "/etc/resolv.conf");
	put_link("/opt/second", "/opt/first");
	put_file("/opt/second", "nameserver 192.0.2.1\n");
	put_file("/opt/third", "nameserver 192.0.2.2\n");
	watch("");
	put_file("/opt/second", "nameserver 192.0.2.3\n");
	assert_true(is_told(""));
	put_link("third", "/opt/first");
	assert_true(is_told(""));
	watch("");
	put_file("/opt/third", "nameserver 192.0.2.4\n");
	assert_true(is_told(""));
	put_link("../opt/third", "/etc/resolv.conf");
	assert_true(is_told(""));
	/* In a circle. */
	put_link("first", "/opt/first");
	put_link("../opt/first", "/etc/resolv.conf");
	watch("run run run run");
}

static void a_stub_and_what_is_behind_it(void **state)
{
	(void)state;
	put_file("/etc/resolv.conf", "nameserver 127.0.0.53\n");
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.1\n");
	put_file("/run/NetworkManager/resolv.conf", "nameserver 192.0.2.2\n");
	watch("");
	put_file("/run/NetworkManager/resolv.conf", "nameserver 192.0.2.3\n");
	assert_false(is_told("")); /* not looked at */
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.4\n");
	assert_true(is_told(""));
	put_file("/etc/resolv.conf", "nameserver 192.0.2.5\n");
	assert_true(is_told(""));
}

static void what_is_not_there_yet(void **state)
{
	(void)state;
	put_link("../run/systemd/resolve/stub-resolv.conf", "/etc/resolv.conf");
	assert_int_equal(mkdir(host_path("/run"), 0755), 0);
	watch("systemd systemd NetworkManager NetworkManager dnsmasq");
	assert_int_equal(mkdir(host_path("/run/systemd"), 0755), 0);
	assert_true(is_told("systemd"));
	watch("resolve resolve NetworkManager NetworkManager dnsmasq");
	assert_int_equal(mkdir(host_path("/run/systemd/resolve"), 0755), 0);
	assert_true(is_told("resolve"));
	watch("stub-resolv.conf resolv.conf NetworkManager NetworkManager dnsmasq");
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.1\n");
	assert_true(is_told("resolv.conf"));
	watch("stub-resolv.conf");
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.2\n");
	assert_true(is_told(""));
	put_file("/run/systemd/resolve/stub-resolv.conf", "nameserver 192.0.2.3\n");
	assert_true(is_told("stub-resolv.conf"));
}

static void a_host_without_anything(void **state)
{
	(void)state;
	watch("etc run run run run");
	assert_int_equal(mkdir(host_path("/etc"), 0755), 0);
	assert_true(is_told("etc"));
}

static void no_host(void **state)
{
	AUTO_TEXT struct text awaited = {0};
	struct error err;

	(void)state;
	assert_int_equal(dns_watch("/nowhere-at-all", inotify_fd, &awaited, &err), -1);
	assert_int_equal(dns_watch(root, STDIN_FILENO, &awaited, &err), -1);
	assert_int_equal(err.code, EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_host, remove_host)
	const struct CMUnitTest tests[] = {
		TEST(a_plain_file),
		TEST(links),
		TEST(a_stub_and_what_is_behind_it),
		TEST(what_is_not_there_yet),
		TEST(a_host_without_anything),
		TEST(no_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
