/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and servers, on made-up hosts below a directory of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "lifecycle/dns.h"

static char root[64]; /* of the made-up host, made anew for each test */

static int make_host(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/cman-test-dns.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_host(void **state)
{
	(void)state;
	return fs_remove_tree_at(AT_FDCWD, root, NULL);
}

/* Path of a file on the made-up host, with the directories above it made. */
static const char *host_path(const char *file)
{
	static char path[256];
	char *slash;

	snprintf(path, sizeof(path), "%s%s", root, file);
	slash = strrchr(path, '/');
	*slash = '\0';
	assert_int_equal(fs_make_directories(path, 0755, NULL), 0);
	*slash = '/';
	return path;
}

static void put_file_bytes(const char *file, const char *bytes, size_t length)
{
	FILE *stream = fopen(host_path(file), "we");

	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, length, stream), length);
	assert_int_equal(fclose(stream), 0);
}

static void put_file(const char *file, const char *text)
{
	put_file_bytes(file, text, strlen(text));
}

static struct dns_host find(void)
{
	struct dns_host host;
	struct error err;

	assert_int_equal(dns_find_host_servers(root, false, &host, &err), 0);
	return host;
}

/* The list as one string, for comparing. */
static const char *joined(const struct strlist *list)
{
	static char text[1024];

	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 list->items[i]);
	return text;
}

static void expect_host(const char *source, const char *servers, const char *search,
			const char *options)
{
	AUTO_DNS_HOST struct dns_host host = find();

	if (source)
		assert_string_equal(host.source, source);
	else
		assert_null(host.source);
	assert_string_equal(joined(&host.servers), servers);
	assert_string_equal(joined(&host.search), search);
	assert_string_equal(joined(&host.options), options);
}

static void test_plain_host(void **state)
{
	(void)state;
	put_file("/etc/resolv.conf", "# comment\n; another\nnameserver 192.0.2.1\n"
				     "nameserver\t192.0.2.2  \r\n nameserver 192.0.2.3\n"
				     "domain old.example\nsearch a.example b.example\n"
				     "options edns0 trust-ad\noptions ndots:2\n"
				     "nameserver 2001:db8::1\nnameserver 192.0.2.1");
	expect_host("/etc/resolv.conf", "192.0.2.1 192.0.2.2 2001:db8::1", "a.example b.example",
		    "edns0 trust-ad ndots:2");
}

static void test_stub_of_systemd(void **state)
{
	(void)state;
	put_file("/run/systemd/resolve/stub-resolv.conf",
		 "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch stub.example\n");
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\nsearch .\n");
	assert_int_equal(symlink("../run/systemd/resolve/stub-resolv.conf",
				 host_path("/etc/resolv.conf")),
			 0);
	expect_host("/run/systemd/resolve/resolv.conf", "192.0.2.53", "stub.example", "");
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\nsearch lan.example\n");
	expect_host("/run/systemd/resolve/resolv.conf", "192.0.2.53", "lan.example", "");
}

static void test_network_manager_with_dnsmasq(void **state)
{
	(void)state;
	put_file("/etc/resolv.conf", "nameserver 127.0.1.1\n");
	put_file("/run/NetworkManager/resolv.conf", "nameserver 127.0.1.1\n");
	put_file("/run/NetworkManager/no-stub-resolv.conf", "nameserver 192.0.2.9\n");
	expect_host("/run/NetworkManager/no-stub-resolv.conf", "192.0.2.9", "", "");
}

static void test_addresses_of_the_host_alone(void **state)
{
	(void)state;
	put_file("/etc/resolv.conf",
		 "nameserver ::1\nnameserver 127.9.9.9\nnameserver 0.0.0.0\nnameserver ::\n"
		 "nameserver ::ffff:127.0.0.1\nnameserver fe80::1%eth0\nnameserver fe80::1\n"
		 "nameserver nonsense\nnameserver\nnameserver 192.0.2.7\noptions trust-ad rotate\n");
	expect_host("/etc/resolv.conf", "192.0.2.7", "", "rotate");
}

static void test_on_the_network_of_the_host(void **state)
{
	AUTO_DNS_HOST struct dns_host host = {0};

	(void)state;
	put_file("/etc/resolv.conf",
		 "nameserver 127.0.0.53\nnameserver ::1\nnameserver fe80::1%eth0\nnameserver words\n"
		 "search a.example\noptions edns0\n");
	put_file("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\n");
	assert_int_equal(dns_find_host_servers(root, true, &host, NULL), 0);
	assert_string_equal(host.source, "/etc/resolv.conf");
	assert_string_equal(joined(&host.servers), "127.0.0.53 ::1 fe80::1%eth0");
	assert_string_equal(joined(&host.search), "a.example");
}

static void test_links_stay_on_the_host(void **state)
{
	(void)state;
	put_file("/opt/resolv.conf", "nameserver 192.0.2.8\n");
	assert_int_equal(symlink("/opt/resolv.conf", host_path("/etc/resolv.conf")), 0);
	expect_host("/etc/resolv.conf", "192.0.2.8", "", "");
	assert_int_equal(unlink(host_path("/opt/resolv.conf")), 0); /* now it dangles */
	AUTO_DNS_HOST struct dns_host host = find();

	assert_null(host.source);
	assert_string_equal(joined(&host.notes), "/etc/resolv.conf: there is none");
}

static void test_hostile_files(void **state)
{
	static char large[100000];
	AUTO_DNS_HOST struct dns_host host = {0};

	(void)state;
	memset(large, 'x', sizeof(large));
	assert_int_equal(mkfifo(host_path("/etc/resolv.conf"), 0644), 0);
	put_file_bytes("/run/systemd/resolve/resolv.conf", large, sizeof(large));
	assert_int_equal(mkdir(host_path("/run/NetworkManager/no-stub-resolv.conf"), 0755), 0);
	put_file_bytes("/run/NetworkManager/resolv.conf",
		       "\0nameserver 192.0.2.1\0\n\nsearch a\tb\033[31m c\nnameserver", 53);
	host = find();
	assert_string_equal(joined(&host.servers), "192.0.2.1");
	assert_string_equal(joined(&host.search), "a c");
	assert_int_equal(host.notes.count, 3);
}

static void test_missing_root(void **state)
{
	struct dns_host host;
	struct error err;

	(void)state;
	assert_int_equal(dns_find_host_servers("/nowhere-at-all", false, &host, &err), -1);
	assert_int_equal(err.code, ENOENT);
}

/* Values a test fills; released together. */
struct world {
	struct spec spec;
	struct manager manager;
	struct dns_host host;
	struct text text;
};

static void world_clear(struct world *world)
{
	strlist_clear(&world->spec.dns);
	strlist_clear(&world->spec.dns_search);
	strlist_clear(&world->spec.dns_options);
	strlist_clear(&world->manager.dns_servers);
	strlist_clear(&world->manager.dns_fallback);
	strlist_clear(&world->manager.dns_search);
	dns_host_clear(&world->host);
	text_clear(&world->text);
}
#define AUTO_WORLD AUTO(world_clear)

static const char *resolv_conf(struct world *world, bool ipv6)
{
	text_clear(&world->text);
	dns_resolv_conf(&world->spec, &world->manager, &world->host, ipv6, &world->text);
	return text_value(&world->text);
}

static void test_container_takes_the_host_servers(void **state)
{
	AUTO_WORLD struct world world = {0};

	(void)state;
	put_file("/etc/resolv.conf", "nameserver 127.0.0.53\n");
	put_file("/run/systemd/resolve/resolv.conf",
		 "nameserver 2001:db8::1\nnameserver 192.0.2.1\nsearch lan.example\n"
		 "options timeout:1\n");
	world.host = find();
	strlist_add(&world.manager.dns_servers, "host");
	strlist_add(&world.manager.dns_fallback, "203.0.113.1");
	assert_string_equal(resolv_conf(&world, true),
			    "# Made by cman; what is changed here is lost.\n"
			    "# Servers of the host, from /run/systemd/resolve/resolv.conf.\n"
			    "# Not used: /etc/resolv.conf: only servers nobody but the host can reach\n"
			    "nameserver 2001:db8::1\nnameserver 192.0.2.1\n"
			    "search lan.example\noptions timeout:1\n");
	assert_string_equal(resolv_conf(&world, false),
			    "# Made by cman; what is changed here is lost.\n"
			    "# Servers of the host, from /run/systemd/resolve/resolv.conf.\n"
			    "# Not used: /etc/resolv.conf: only servers nobody but the host can reach\n"
			    "# Not used: 1 of the host's servers, which need IPv6.\n"
			    "nameserver 192.0.2.1\nsearch lan.example\noptions timeout:1\n");
}

static void test_fallback(void **state)
{
	AUTO_WORLD struct world world = {0};

	(void)state;
	put_file("/etc/resolv.conf", "nameserver 127.0.0.1\nsearch lan.example\n");
	world.host = find();
	assert_non_null(strstr(resolv_conf(&world, false), "# No servers: neither"));
	assert_null(strstr(resolv_conf(&world, false), "\nnameserver"));
	strlist_add(&world.manager.dns_fallback, "203.0.113.1");
	assert_non_null(strstr(resolv_conf(&world, false),
			       "# Servers of last resort (dns.fallback): the host has none.\n"));
	assert_non_null(strstr(resolv_conf(&world, false),
			       "\nnameserver 203.0.113.1\nsearch lan.example\n"));
}

static void test_configured_servers(void **state)
{
	AUTO_WORLD struct world world = {0};

	(void)state;
	put_file("/etc/resolv.conf", "nameserver 192.0.2.1\nsearch lan.example\noptions rotate\n");
	world.host = find();
	strlist_add(&world.manager.dns_servers, "198.51.100.1");
	strlist_add(&world.manager.dns_fallback, "203.0.113.1");
	strlist_add(&world.manager.dns_search, "manager.example");
	assert_string_equal(resolv_conf(&world, false),
			    "# Made by cman; what is changed here is lost.\n"
			    "# Servers as configured (dns).\n"
			    "nameserver 198.51.100.1\nsearch manager.example\n");
	strlist_add(&world.spec.dns, "198.51.100.2"); /* the container's own go first of all */
	strlist_add(&world.spec.dns, "host");
	strlist_add(&world.spec.dns_search, "own.example");
	assert_string_equal(resolv_conf(&world, false),
			    "# Made by cman; what is changed here is lost.\n"
			    "# Servers of the host, from /etc/resolv.conf.\n"
			    "nameserver 198.51.100.2\nnameserver 192.0.2.1\n"
			    "search own.example\noptions rotate\n");
	strlist_add(&world.spec.dns_options, "ndots:3");
	strlist_add(&world.spec.dns_options, "use-vc");
	assert_string_equal(resolv_conf(&world, false),
			    "# Made by cman; what is changed here is lost.\n"
			    "# Servers of the host, from /etc/resolv.conf.\n"
			    "nameserver 198.51.100.2\nnameserver 192.0.2.1\n"
			    "search own.example\noptions ndots:3 use-vc\n");
	strlist_clear(&world.spec.dns_options);
	strlist_clear(&world.spec.dns);
	strlist_add(&world.spec.dns, "none");
	assert_string_equal(resolv_conf(&world, false),
			    "# Made by cman; what is changed here is lost.\n"
			    "# No servers, as configured (dns).\nsearch own.example\n");
}

static void test_limits_of_libc(void **state)
{
	AUTO_WORLD struct world world = {0};
	char word[32];

	(void)state;
	for (int i = 1; i <= 4; i++) {
		snprintf(word, sizeof(word), "192.0.2.%d", i);
		strlist_add(&world.spec.dns, word);
	}
	for (int i = 1; i <= 8; i++) {
		snprintf(word, sizeof(word), "d%d", i);
		strlist_add(&world.spec.dns_search, word);
	}
	assert_string_equal(resolv_conf(&world, false),
			    "# Made by cman; what is changed here is lost.\n"
			    "# Servers as configured (dns).\n"
			    "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
			    "# Not used: libc reads no more than 3 servers.\n"
			    "# nameserver 192.0.2.4\n"
			    "search d1 d2 d3 d4 d5 d6\n"
			    "# Not used: libc may read no more than 6 domains.\n"
			    "# search d7 d8\n");
}

static void test_no_line_is_smuggled_in(void **state)
{
	AUTO_WORLD struct world world = {0};
	struct dns_name name = {.name = "a\n1.2.3.4 bank", .domain = "x y"};
	struct host_entry extra = {.name = "b\tc", .address = "1.1.1.1\n2.2.2.2"};

	(void)state;
	strlist_add(&world.spec.dns, "192.0.2.1\nnameserver 192.0.2.66");
	strlist_add(&world.spec.dns_search, "a\nb");
	assert_non_null(strstr(resolv_conf(&world, false),
			       "nameserver 192.0.2.1?nameserver?192.0.2.66\nsearch a?b\n"));
	text_clear(&world.text);
	dns_hosts(&name, 1, &extra, 1, &world.text);
	assert_non_null(strstr(world.text.data, "\n1.1.1.1?2.2.2.2\tb?c\n"
						"0.0.0.0\ta?1.2.3.4?bank.x?y a?1.2.3.4?bank\n"));
}

static void test_hosts(void **state)
{
	AUTO_TEXT struct text text = {0}, again = {0};
	AUTO_STRLIST struct strlist aliases = {0};
	struct dns_name names[] = {
		{.name = "web", .domain = "cman", .aliases = &aliases},
		{.name = "db", .domain = ""},
		{.name = "cache"},
	};
	struct dns_name turned[3];
	struct host_entry extra[] = {
		{.name = "zoo", .address = "192.0.2.1"},
		{.name = "db", .address = "2001:db8::1"},
	};

	(void)state;
	strlist_add(&aliases, "www");
	inet_pton(AF_INET, "10.83.0.200", &names[0].address);
	inet_pton(AF_INET, "10.83.0.30", &names[1].address);
	inet_pton(AF_INET, "10.83.0.30", &names[2].address);
	dns_hosts(names, 3, extra, 2, &text);
	assert_string_equal(text.data, "# Made by cman; what is changed here is lost.\n"
				       "127.0.0.1\tlocalhost\n"
				       "::1\tlocalhost ip6-localhost ip6-loopback\n"
				       "192.0.2.1\tzoo\n2001:db8::1\tdb\n"
				       "10.83.0.30\tcache\n10.83.0.30\tdb\n"
				       "10.83.0.200\tweb.cman web www\n");
	turned[0] = names[2];
	turned[1] = names[0];
	turned[2] = names[1];
	dns_hosts(turned, 3, extra, 2, &again);
	assert_string_equal(text.data, again.data);
	text_clear(&text);
	dns_hosts(NULL, 0, NULL, 0, &text);
	assert_non_null(strstr(text.data, "localhost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain_host, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_stub_of_systemd, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_network_manager_with_dnsmasq, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_addresses_of_the_host_alone, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_on_the_network_of_the_host, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_links_stay_on_the_host, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_hostile_files, make_host, remove_host),
		cmocka_unit_test(test_missing_root),
		cmocka_unit_test_setup_teardown(test_container_takes_the_host_servers, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_fallback, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_configured_servers, make_host, remove_host),
		cmocka_unit_test(test_limits_of_libc),
		cmocka_unit_test(test_no_line_is_smuggled_in),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
