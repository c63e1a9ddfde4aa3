/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static void test_ipv6(void **state)
{
	static const char *const bad[] = {
		"",         "10.83.0.2",    "fd00",        "fd00::g",
		"fd00:::1", "fd00::1%eth0", " fd00::1",    "fd00::1 ",
		"fd00::/",  "fd00::/129",   "fd00::/-1",   "fd00::1/64/2",
		"/64",      "fd00::0/64x",  "[fd00::]/64", "1:2:3:4:5:6:7:8:9/64"};
	struct in6_addr address, wanted;
	unsigned int prefix;
	struct error err;
	char text[PARSE_TEXT_MAX];

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "fd00:83::2", &wanted), 1);
	assert_int_equal(parse_ipv6("fd00:83::2", &address, &err), 0);
	assert_memory_equal(&address, &wanted, sizeof(wanted));
	parse_format_ipv6(&address, text);
	assert_string_equal(text, "fd00:83::2");
	assert_int_equal(parse_ipv6_network("fd00:83::/64", &address, &prefix, &err), 0);
	assert_int_equal(prefix, 64);
	assert_int_equal(parse_ipv6_network("::/0", &address, &prefix, &err), 0);
	assert_int_equal(parse_ipv6_network("fd00:83::2/128", &address, &prefix, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_ipv6_network(bad[i], &address, &prefix, &err) == 0 ||
		    (!strchr(bad[i], '/') && parse_ipv6(bad[i], &address, &err) == 0))
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(parse_ipv6_network("fd00:83::2/63", &address, &prefix, &err), -1);
	assert_string_equal(err.hint, "the network is \"fd00:83::/63\"");
}

static void numbers(void **state)
{
	struct error err;
	uint64_t value = 7;

	(void)state;
	assert_int_equal(parse_number("0", 0, 9, &value, &err), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_number("18446744073709551615", 0, UINT64_MAX, &value, &err), 0);
	assert_true(value == UINT64_MAX);
	value = 7;
	assert_int_equal(parse_number("18446744073709551616", 0, UINT64_MAX, &value, &err), -1);
	assert_int_equal(parse_number("10", 0, 9, &value, &err), -1);
	assert_string_equal(err.text, "10 is out of range, 0 to 9");
	static const char *const bad[] = {"", " 1", "1 ", "-1", "+1", "0x1", "1.0", "one"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_number(bad[i], 0, 99, &value, &err), -1);
	assert_int_equal(value, 7);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"0", 0},
		{"1", 1},
		{"17B", 17},
		{"4K", 4 * KIB},
		{"4k", 4 * KIB},
		{"4KB", 4 * KIB},
		{"4KiB", 4 * KIB},
		{"4kib", 4 * KIB},
		{"512M", 512 * MIB},
		{"1.5G", 3 * GIB / 2},
		{"0.25M", 256 * KIB},
		{"2T", 2048 * GIB},
		{"16777215T", 16777215 * (1024 * GIB)},
		{"18446744073709551615", UINT64_MAX},
	};
	static const char *const bad[] = {
		"",
		"M",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1 b",
		"1 M",
		"1.5",
		"1.M",
		".5M",
		"1.1234567M",
		"1Q",
		"1MM",
		"1iB",
		"1Mi",
		"max",
		"0x10",
		"18446744073709551616",
		"16777216T",
		"99999999999G",
		"1e3",
	};
	struct error err;
	uint64_t bytes = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_size(good[i].text, &bytes, &err), 0);
		assert_true(bytes == good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_size(bad[i], &bytes, &err), -1);
		assert_true(err.text[0] && err.hint[0]);
	}
}

static void sizes_come_back(void **state)
{
	static const uint64_t sizes[] = {0,
					 1,
					 1023,
					 1024,
					 1025,
					 MIB,
					 1536 * KIB,
					 GIB,
					 5 * GIB,
					 2048 * GIB,
					 4096 * 1024 * GIB,
					 UINT64_MAX};
	char text[PARSE_TEXT_MAX];
	struct error err;
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		parse_format_size(sizes[i], text);
		assert_int_equal(parse_size(text, &bytes, &err), 0);
		assert_true(bytes == sizes[i]);
	}
	parse_format_size(512 * MIB, text);
	assert_string_equal(text, "512M");
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
		{"0s", 0},        {"500ms", 500},     {"10s", 10000},
		{"1m30s", 90000}, {"1h", 3600000},    {"1d2h3m4s5ms", 93784005},
		{"90m", 5400000}, {"1h5ms", 3600005},
	};
	static const char *const bad[] = {
		"",
		"10",
		"s",
		"1.5s",
		"1s1m",
		"1s1s",
		"10 s",
		"1S",
		"1min",
		"-1s",
		"1h-1m",
		"99999999999999999999s",
		"213503982335d",
	};
	char text[PARSE_TEXT_MAX];
	struct error err;
	uint64_t ms = 7, again;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_duration(good[i].text, &ms, &err), 0);
		assert_true(ms == good[i].ms);
		parse_format_duration(ms, text);
		assert_int_equal(parse_duration(text, &again, &err), 0);
		assert_true(ms == again);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_duration(bad[i], &ms, &err), -1);
	parse_format_duration(90000, text);
	assert_string_equal(text, "1m30s");
}

static void addresses(void **state)
{
	static const char *const bad[] = {
		"",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"01.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1..3.4",
		"a.b.c.d",
		"1.2.3.-4",
		"1.2.3.4/8",
		"0x1.2.3.4",
		"1.2.3.99999999999999999999",
	};
	struct in_addr address;
	struct error err;

	(void)state;
	assert_int_equal(parse_ipv4("10.83.0.2", &address, &err), 0);
	assert_int_equal(ntohl(address.s_addr), 0x0a530002);
	assert_int_equal(parse_ipv4("255.255.255.255", &address, &err), 0);
	assert_int_equal(parse_ipv4("0.0.0.0", &address, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_ipv4(bad[i], &address, &err), -1);
	assert_true(parse_is_ip("10.0.0.1"));
	assert_true(parse_is_ip("2001:db8::1"));
	assert_true(parse_is_ip("::"));
	assert_false(parse_is_ip("10.0.0"));
	assert_false(parse_is_ip("fe80::1%eth0"));
	assert_false(parse_is_ip("host"));
	assert_false(parse_is_ip(""));
}

static void networks(void **state)
{
	static const char *const bad[] = {
		"10.0.0.0", "10.0.0.0/",   "10.0.0.0/33",  "10.0.0.0/8 ", "10.0.0/8",
		"/8",       "10.0.0.0/-1", "10.0.0.0/08x", "10.0.0.1/24",
	};
	struct in_addr network, last;
	unsigned int prefix;
	struct error err;

	(void)state;
	assert_int_equal(parse_ipv4_network("10.83.0.0/16", &network, &prefix, &err), 0);
	assert_int_equal(ntohl(network.s_addr), 0x0a530000);
	assert_int_equal(prefix, 16);
	assert_int_equal(parse_ipv4_network("0.0.0.0/0", &network, &prefix, &err), 0);
	assert_int_equal(parse_ipv4_network("1.2.3.4/32", &network, &prefix, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_ipv4_network(bad[i], &network, &prefix, &err), -1);
	assert_string_equal(err.hint, "the network is \"10.0.0.0/24\"");
	assert_int_equal(parse_ipv4_range("10.0.0.1-10.0.0.1", &network, &last, &err), 0);
	assert_int_equal(parse_ipv4_range("10.0.0.1-10.0.1.0", &network, &last, &err), 0);
	assert_int_equal(ntohl(last.s_addr), 0x0a000100);
	assert_int_equal(parse_ipv4_range("10.0.0.2-10.0.0.1", &network, &last, &err), -1);
	assert_int_equal(parse_ipv4_range("10.0.0.2", &network, &last, &err), -1);
	assert_int_equal(parse_ipv4_range("10.0.0.2-", &network, &last, &err), -1);
	assert_int_equal(parse_ipv4_range("10.0.0.2 - 10.0.0.3", &network, &last, &err), -1);
}

static void macs(void **state)
{
	static const uint8_t expected[6] = {0x02, 0x00, 0x5e, 0xab, 0xCD, 0xff};
	static const char *const bad[] = {
		"",
		"02:00:5e:ab:cd",
		"02:00:5e:ab:cd:ff:",
		"02-00-5e-ab-cd-ff",
		"02:00:5e:ab:cd:fg",
		"2:0:5e:ab:cd:ff",
		"01:00:5e:00:00:01",
		"ff:ff:ff:ff:ff:ff",
		"02:00:5e:ab:cd:f",
	};
	struct error err;
	uint8_t mac[6];

	(void)state;
	assert_int_equal(parse_mac("02:00:5e:aB:Cd:ff", mac, &err), 0);
	assert_memory_equal(mac, expected, 6);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_mac(bad[i], mac, &err), -1);
}

static void port_forwards(void **state)
{
	/* As written, and as printed. */
	static const char *const good[][2] = {
		{"8080:80", "8080:80"},
		{"8080:80/tcp", "8080:80"},
		{"53:53/udp", "53:53/udp"},
		{"127.0.0.1:8443:443", "127.0.0.1:8443:443"},
		{"0.0.0.0:1:65535", "0.0.0.0:1:65535"},
		{"[::]:8080:80", "[::]:8080:80"},
		{"[::1]:8443:443/tcp", "[::1]:8443:443"},
		{"[2001:0DB8::0:1]:5000-5001:6000-6001/udp", "[2001:db8::1]:5000-5001:6000-6001/udp"},
		{"[2fff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:60000-60001:60000-60001/udp",
		 "[2fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:60000-60001:60000-60001/udp"},
		{"5000-5009:6000-6009/udp", "5000-5009:6000-6009/udp"},
		{"7-7:8-8", "7:8"},
		{"255.255.255.254:60000-60001:60000-60001/udp",
		 "255.255.255.254:60000-60001:60000-60001/udp"},
	};
	static const char *const bad[] = {
		"",
		"80",
		":80",
		"80:",
		"80:80:80",
		"80:80/",
		"80:80/TCP",
		"80:80/icmp",
		"80:80 ",
		" 80:80",
		"0:80",
		"80:0",
		"65536:80",
		"80:65536",
		"9-8:9-8",
		"80-81:80",
		"80:80-81",
		"1.2.3:80:80",
		"1.2.3.4:80",
		"host:80:80",
		"80-:80-",
		"-80:80",
		"80:80-",
		"80;80",
		"::1:80:80",
		"[::1:80:80",
		"[::1]80:80",
		"[::1]:80",
		"[]:80:80",
		"[1.2.3.4]:80:80",
		"[fe80::1%eth0]:80:80",
		"[fe80::1]:80:80",
		"[ff02::1]:80:80",
		"[::1]:[::1]:80",
		"99999999999999999999:80",
	};
	struct port_forward forward;
	char text[PARSE_TEXT_MAX];
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_port_forward(good[i][0], &forward, &err), 0);
		parse_format_port_forward(&forward, text);
		assert_string_equal(text, good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_port_forward(bad[i], &forward, &err), -1);
		assert_true(err.text[0] != '\0');
	}
	assert_int_equal(parse_port_forward("1.2.3.4:5-6:7-8/udp", &forward, &err), 0);
	assert_int_equal(ntohl(forward.host_address.s_addr), 0x01020304);
	assert_int_equal(forward.host_first, 5);
	assert_int_equal(forward.host_last, 6);
	assert_int_equal(forward.container_first, 7);
	assert_int_equal(forward.container_last, 8);
	assert_int_equal(forward.protocol, IPPROTO_UDP);
	assert_int_equal(forward.families, PORT_IPV4);
}

/* Which of two would take the other's packets, where both containers have both families or not. */
static void port_forwards_that_meet(void **state)
{
	static const struct {
		const char *one, *other;
		unsigned int families;
		bool meet;
	} pairs[] = {
		{"80:80", "80:8080", PORT_IPV4, true},
		{"80:80", "80:80/udp", PORT_IPV4, false},
		{"80:80", "81:80", PORT_IPV4 | PORT_IPV6, false},
		{"80-90:80-90", "90-99:90-99", PORT_IPV4, true},
		{"80:80", "127.0.0.1:80:80", PORT_IPV4, true},
		{"192.0.2.1:80:80", "127.0.0.1:80:80", PORT_IPV4, false},
		{"80:80", "[::]:80:80", PORT_IPV4, false},
		{"80:80", "[::]:80:80", PORT_IPV4 | PORT_IPV6, true},
		{"0.0.0.0:80:80", "[::]:80:80", PORT_IPV4 | PORT_IPV6, false},
		{"80:80", "[::1]:80:80", PORT_IPV4 | PORT_IPV6, true},
		{"[2001:db8::1]:80:80", "[::1]:80:80", PORT_IPV4 | PORT_IPV6, false},
		{"[2001:db8::1]:80:80", "[2001:db8:0::1]:80:80", PORT_IPV4 | PORT_IPV6, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct port_forward one, other;
		struct error err;

		assert_int_equal(parse_port_forward(pairs[i].one, &one, &err), 0);
		assert_int_equal(parse_port_forward(pairs[i].other, &other, &err), 0);
		if (parse_port_forwards_meet(&one, &other, pairs[i].families) != pairs[i].meet ||
		    parse_port_forwards_meet(&other, &one, pairs[i].families) != pairs[i].meet)
			fail_msg("%s and %s", pairs[i].one, pairs[i].other);
	}
}

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void names(void **state)
{
	static const char *const containers[] = {"a", "0", "web-1", A63};
	static const char *const no_containers[] = {"",    "-a",    "a-",       "A",   "a_b", "a.b",
						    "a b", A63 "a", "\xc3\xbc", "a/b", ".."};
	static const char *const hosts[] = {"a", "A.b-c.9", "example.org", A63 "." A63};
	static const char *const no_hosts[] = {"",   ".",    "a.",  ".a",    "a..b", "-a",
					       "a-", "a-.b", "a_b", A63 "a", "a b"};
	static const char *const interfaces[] = {"eth0", "a", "br-lan.1", "123456789012345", "a@b"};
	static const char *const no_interfaces[] = {
		"",      "1234567890123456", "a/b", "a b", ".", "..", "lo", "a:1",
		"eth%d", "\xc3\xbc",         "a\n"};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++)
		assert_int_equal(parse_check_container_name(containers[i], &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no_containers); i++)
		assert_int_equal(parse_check_container_name(no_containers[i], &err), -1);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		assert_int_equal(parse_check_hostname(hosts[i], 253, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no_hosts); i++)
		assert_int_equal(parse_check_hostname(no_hosts[i], 253, &err), -1);
	assert_int_equal(parse_check_hostname(A63 "." A63, 64, &err), -1);
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++)
		assert_int_equal(parse_check_interface_name(interfaces[i], &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no_interfaces); i++)
		assert_int_equal(parse_check_interface_name(no_interfaces[i], &err), -1);
	assert_int_equal(parse_check_name("Back_2-x", &err), 0);
	assert_int_equal(parse_check_name("2back", &err), -1);
	assert_int_equal(parse_check_name("a*b", &err), -1);
	assert_int_equal(parse_check_name("", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv6),     cmocka_unit_test(numbers),
		cmocka_unit_test(sizes),         cmocka_unit_test(sizes_come_back),
		cmocka_unit_test(durations),     cmocka_unit_test(addresses),
		cmocka_unit_test(networks),      cmocka_unit_test(macs),
		cmocka_unit_test(port_forwards), cmocka_unit_test(port_forwards_that_meet),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
