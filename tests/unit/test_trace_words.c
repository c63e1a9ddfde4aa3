/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `cman trace` is asked, in all the ways it can be written, and mistyped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
/* after the headers it needs */
#include <cmocka.h>

#include "cmd/command.h"
#include "cmd/trace_words.h"

static void expect(const char *text, const char *host, int family, uint8_t protocol, uint16_t port)
{
	AUTO_TRACE_WORDS struct trace_words words = {0};
	struct error err = {0};

	if (trace_words_parse(text, &words, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(words.host, host);
	assert_int_equal(words.family, family);
	assert_int_equal(words.protocol, protocol);
	assert_int_equal(words.port, port);
}

static void test_what_is_asked(void **state)
{
	(void)state;
	expect("192.0.2.1:443", "192.0.2.1", AF_INET, IPPROTO_TCP, 443);
	expect("192.0.2.1:53/udp", "192.0.2.1", AF_INET, IPPROTO_UDP, 53);
	expect("192.0.2.1", "192.0.2.1", AF_INET, IPPROTO_ICMP, 0);
	expect("db:5432", "db", AF_UNSPEC, IPPROTO_TCP, 5432);
	expect("db.example.org:5432/tcp", "db.example.org", AF_UNSPEC, IPPROTO_TCP, 5432);
	expect("db", "db", AF_UNSPEC, IPPROTO_ICMP, 0);
	expect("[2001:db8::1]:443", "2001:db8::1", AF_INET6, IPPROTO_TCP, 443);
	expect("[2001:db8::1]:53/udp", "2001:db8::1", AF_INET6, IPPROTO_UDP, 53);
	expect("[2001:db8::1]", "2001:db8::1", AF_INET6, IPPROTO_ICMP, 0);
	expect("[::1]:80", "::1", AF_INET6, IPPROTO_TCP, 80);
	/* No port can be meant. */
	expect("2001:db8::1", "2001:db8::1", AF_INET6, IPPROTO_ICMP, 0);
	expect("::1", "::1", AF_INET6, IPPROTO_ICMP, 0);
	expect("2001:db8::a:b", "2001:db8::a:b", AF_INET6, IPPROTO_ICMP, 0);
	expect("2001:db8:0:0:0:0:0:80", "2001:db8:0:0:0:0:0:80", AF_INET6, IPPROTO_ICMP, 0);
}

#define USAGE "cman trace NAME TO[:PORT"

/* In the message, and in its hint. */
static void refuse(const char *text, const char *reason, const char *hint)
{
	AUTO_TRACE_WORDS struct trace_words words = {0};
	struct error err = {0};

	assert_int_equal(trace_words_parse(text, &words, &err), COMMAND_MISUSED);
	assert_null(words.host);
	if (!strstr(err.text, reason) || !strstr(err.text, text) || !strstr(err.hint, hint))
		fail_msg("%s: not \"%s\" but \"%s\", hint \"%s\"", text, reason, err.text, err.hint);
}

static void test_brackets(void **state)
{
	(void)state;
	refuse("2001:db8::1:443", "is that a port?",
	       "\"[2001:db8::1]:443\", or \"[2001:db8::1:443]\" without a port");
	refuse("2001:db8:0:0:0:0:0:1:443", "stands in brackets", "\"[2001:db8:0:0:0:0:0:1]:443\"");
	refuse("[2001:db8::1:443", "\"]\" behind the address", "[2001:db8::1:443]");
	refuse("2001:db8::1]:443", "out of place", "[2001:db8::1");
	refuse("[2001:db8::1]443", "comes a colon", "[2001:db8::1");
	refuse("[2001:db8::1]:", "a port is a number", USAGE);
	refuse("[2001:db8::1]:http", "a port is a number", USAGE);
	refuse("[2001:db8::1]/udp", "the port is missing", USAGE);
	refuse("[192.0.2.1]:80", "stands an IPv6 address", "\"192.0.2.1:80\"");
	refuse("[db]", "stands an IPv6 address", "\"db:PORT\"");
	refuse("[2001:db8::g]:80", "stands an IPv6 address", USAGE);
	refuse("[]:80", "stands an IPv6 address", "");
	refuse("2001:db8::1.443", "neither an address nor a name", USAGE);
	refuse("1:2:3", "neither an address nor a name", USAGE);
}

static void test_what_is_no_question(void **state)
{
	static const char *const ports[] = {"web:",     "web:0",  "web:65536",
					    "web:http", "web:-1", "web: 80"};

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		refuse(ports[i], "a port is a number", USAGE);
	refuse("web:80/sctp", "tcp or udp", USAGE);
	refuse("web/udp", "the port is missing", USAGE);
	refuse(":80", "before the port is missing", USAGE);
	refuse("", "before the port is missing", USAGE);
	refuse("1.2.3:80", "is not an IPv4 address", USAGE);
	refuse("1.2.3.4.5:80", "is not an IPv4 address", USAGE);
	refuse("a_b:80", "neither an address nor a name", USAGE);
	refuse("[fe80::1]:80", "link-local", USAGE);
	refuse("fe80::1%eth0", "link-local", USAGE);
	refuse("[fe80::1%eth0]:80", "link-local", USAGE);
	refuse("[::ffff:192.0.2.1]:80", "is an IPv4 address", "192.0.2.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_what_is_no_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
