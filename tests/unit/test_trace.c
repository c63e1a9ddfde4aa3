/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `cman trace` and `cman graph` come from and need no kernel for. */
#include "firewall_test.h"

#include "cmd/dot.h"
#include "kernel/firewall_build.h"
#include "kernel/firewall_evaluate.h"

/* --- the rules, asked about one packet --------------------------------------------------------- */

/* nat; internal; without icc; routed. Two of them publish the same port, one of these on one address. */
static struct firewall_rules rules;

static int build_rules(void **state)
{
	static struct firewall_network networks[4];
	static struct firewall_forward forwards[3];
	const struct firewall_exception exception = {"job", FIREWALL_IPV4,
						     either_address_of("10.83.0.12"), false, NULL};
	const struct firewall_set set = {
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 4,
		.forwards = forwards,
		.forward_count = 3,
		.exceptions = &exception,
		.exception_count = 1,
	};

	(void)state;
	networks[0] = make_network("cman0", "10.83.0.0", 16, true);
	networks[1] = make_network("quiet", "10.91.0.0", 24, false);
	networks[1].internal = true;
	networks[2] = make_network("cells", "10.92.0.0", 24, true);
	networks[2].icc = false;
	networks[3] = make_network("plain", "10.93.0.0", 24, false);
	forwards[0] = make_forward("web", "cman0", "10.83.0.10", "0.0.0.0",
				   PORTS(8080, 8089, 80, 89), IPPROTO_TCP);
	forwards[1] = make_forward("db", "cman0", "10.83.0.11", "192.0.2.2",
				   PORTS(8080, 8080, 5432, 5432), IPPROTO_TCP);
	forwards[2] = make_forward("dns", "cman0", "10.83.0.13", "127.0.0.1", PORTS(53, 53, 53, 53),
				   IPPROTO_UDP);
	assert_ok(firewall_rules_build(&set, &rules, err));
	return 0;
}

static int clear_rules(void **state)
{
	(void)state;
	firewall_rules_clear(&rules);
	return 0;
}

static struct firewall_packet packet(const char *in, const char *out, const char *source,
				     const char *destination)
{
	return (struct firewall_packet){
		.in = in,
		.out = out,
		.family = family_of(destination),
		.source = either_address_of(source),
		.destination = either_address_of(destination),
		.protocol = IPPROTO_TCP,
		.port = 80,
	};
}

/* The action of the rule that decides; -1: none does. */
static int decide(enum firewall_chain chain, const struct firewall_packet *one)
{
	const struct firewall_rule *rule = firewall_evaluate(&rules, chain, one);

	return rule ? (int)rule->action : -1;
}

static int forward(const char *in, const char *out, unsigned int states)
{
	struct firewall_packet one = packet(in, out, "198.51.100.1", "10.83.0.10");

	one.states = states;
	return decide(FIREWALL_FORWARD, &one);
}

static void test_forward(void **state)
{
	(void)state;
	assert_int_equal(forward("cman0", "eth0", 0), FIREWALL_ACCEPT);
	assert_int_equal(forward("cman0", "cman0", 0), FIREWALL_ACCEPT);
	assert_int_equal(forward("eth0", "cman0", 0), FIREWALL_DROP);
	assert_int_equal(forward("eth0", "cman0", FIREWALL_STATE_ANSWERS), FIREWALL_ACCEPT);
	assert_int_equal(forward("eth0", "cman0", FIREWALL_STATE_DNAT), FIREWALL_ACCEPT);
	/* networks apart, internal, without icc, routed, and what is none of ours */
	assert_int_equal(forward("plain", "cman0", 0), FIREWALL_DROP);
	assert_int_equal(forward("quiet", "eth0", 0), FIREWALL_DROP);
	assert_int_equal(forward("quiet", "quiet", 0), FIREWALL_ACCEPT);
	assert_int_equal(forward("cells", "cells", 0), FIREWALL_DROP);
	assert_int_equal(forward("cells", "cells", FIREWALL_STATE_DNAT), FIREWALL_ACCEPT);
	assert_int_equal(forward("cells", "eth0", 0), FIREWALL_ACCEPT);
	assert_int_equal(forward("eth0", "plain", 0), -1);
	assert_int_equal(forward("eth0", "eth1", 0), -1);
	/* The name as a whole. */
	assert_int_equal(forward("cman01", "eth0", 0), -1);
}

static void expect_dnat(const char *address, uint16_t port, const char *to, uint16_t to_port)
{
	struct firewall_packet one = packet("eth0", "", "198.51.100.1", address);
	const struct firewall_rule *rule;

	one.port = port;
	one.destination_local = true;
	rule = firewall_evaluate(&rules, FIREWALL_DNAT, &one);
	if (!to) {
		assert_null(rule);
		return;
	}
	assert_non_null(rule);
	assert_int_equal(rule->action, FIREWALL_DNAT_TO);
	assert_int_equal(rule->to.v4.s_addr, address_of(to).s_addr);
	assert_int_equal(firewall_translated_port(rule, port), to_port);
}

static void test_dnat(void **state)
{
	struct firewall_packet one = packet("eth0", "", "198.51.100.1", "127.0.0.1");

	(void)state;
	expect_dnat("192.0.2.9", 8080, "10.83.0.10", 80);
	expect_dnat("192.0.2.9", 8089, "10.83.0.10", 89);
	expect_dnat("192.0.2.2", 8080, "10.83.0.11", 5432); /* the narrower one first */
	expect_dnat("192.0.2.2", 8081, "10.83.0.10", 81);
	expect_dnat("192.0.2.9", 8090, NULL, 0);
	expect_dnat("192.0.2.9", 8079, NULL, 0);
	expect_dnat("127.0.0.1", 53, NULL, 0); /* that is UDP */
	one.protocol = IPPROTO_UDP;
	one.port = 53;
	assert_int_equal(decide(FIREWALL_DNAT, &one), FIREWALL_DNAT_TO);
}

static void test_jumps(void **state)
{
	struct firewall_packet one = packet("eth0", "", "198.51.100.1", "192.0.2.2");

	(void)state;
	assert_true(firewall_enters(FIREWALL_HOOK_PREROUTING, FIREWALL_GUARD, &one));
	assert_false(firewall_enters(FIREWALL_HOOK_PREROUTING, FIREWALL_DNAT, &one));
	one.destination_local = true;
	assert_true(firewall_enters(FIREWALL_HOOK_PREROUTING, FIREWALL_DNAT, &one));
	one.destination = either_address_of("127.0.0.1");
	assert_false(firewall_enters(FIREWALL_HOOK_PREROUTING, FIREWALL_DNAT, &one));
	assert_true(firewall_enters(FIREWALL_HOOK_OUTPUT, FIREWALL_DNAT, &one));
	assert_false(firewall_enters(FIREWALL_HOOK_FORWARD, FIREWALL_DNAT, &one));
	assert_true(firewall_enters(FIREWALL_HOOK_FORWARD, FIREWALL_FORWARD, &one));
}

static int leave(const char *source, const char *out, unsigned int states)
{
	struct firewall_packet one = packet("", out, source, "198.51.100.1");

	one.states = states;
	return decide(FIREWALL_NAT, &one);
}

static void test_nat_and_guard(void **state)
{
	struct firewall_packet one = packet("cman0", "", "10.83.0.10", "127.0.0.53");

	(void)state;
	assert_int_equal(leave("10.83.0.10", "eth0", 0), FIREWALL_MASQUERADE);
	assert_int_equal(leave("10.83.0.12", "eth0", 0), FIREWALL_RETURN);
	assert_int_equal(leave("10.83.0.10", "cman0", 0), -1);
	assert_int_equal(leave("10.83.0.10", "cman0", FIREWALL_STATE_DNAT), FIREWALL_MASQUERADE);
	assert_int_equal(leave("127.0.0.1", "cman0", FIREWALL_STATE_DNAT), FIREWALL_MASQUERADE);
	assert_int_equal(leave("10.93.0.10", "eth0", 0), -1);
	assert_int_equal(leave("198.51.100.7", "eth0", 0), -1);

	assert_int_equal(decide(FIREWALL_GUARD, &one), FIREWALL_DROP);
	one.destination = either_address_of("192.0.2.2");
	assert_int_equal(decide(FIREWALL_GUARD, &one), -1);
	one.in = "eth0";
	one.destination = either_address_of("127.0.0.1");
	assert_int_equal(decide(FIREWALL_GUARD, &one), -1);
}

static void test_no_rules(void **state)
{
	const struct firewall_rules none = {.count = 0};
	const struct firewall_packet one = packet("a", "b", "10.0.0.1", "10.0.0.2");

	(void)state;
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++)
		assert_null(firewall_evaluate(&none, i, &one));
}

/* --- dot --------------------------------------------------------------------------------------- */

static void expect_dot(const char *text, const char *expected)
{
	AUTO_TEXT struct text out = {0};

	dot_add_string(&out, text);
	assert_string_equal(text_value(&out), expected);
}

static void test_dot_strings(void **state)
{
	(void)state;
	expect_dot("", "\"\"");
	expect_dot("web", "\"web\"");
	expect_dot("a\"b", "\"a\\\"b\"");
	expect_dot("\\N", "\"\\\\N\"");
	expect_dot("\\\"", "\"\\\\\\\"\"");
	expect_dot("one\ntwo", "\"one\\ntwo\"");
	expect_dot("\t\x01\x7f\xc3\xbc<>{}|;]--", "\"?\?\?\?\?<>{}|;]--\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward),     cmocka_unit_test(test_dnat),
		cmocka_unit_test(test_jumps),       cmocka_unit_test(test_nat_and_guard),
		cmocka_unit_test(test_no_rules),    cmocka_unit_test(test_dot_strings),
	};

	return cmocka_run_group_tests(tests, build_rules, clear_rules);
}
