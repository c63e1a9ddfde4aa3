/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of IPv6, and how those of both families get into the kernel together. */
#include "firewall_test.h"

#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "kernel/firewall_build.h"
#include "kernel/firewall_evaluate.h"
#include "kernel/firewall_look.h"

static struct {
	unsigned int looks, commits;
	const char *fail_table; /* of IPv6, whose commits fail */
} calls;

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length)
{
	calls.looks += level == IPPROTO_IPV6 && name == IP6T_SO_GET_INFO;
	return (int)syscall(SYS_getsockopt, fd, level, name, value, length);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	if (level == IPPROTO_IPV6 && name == IP6T_SO_SET_REPLACE) {
		const struct ip6t_replace *replace = value;

		calls.commits++;
		if (calls.fail_table && strcmp(replace->name, calls.fail_table) == 0) {
			errno = ENOMEM;
			return -1;
		}
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}

static int start(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof(calls));
	if (!missing_for_network())
		enter_network();
	return 0;
}

/* One network with IPv6 and one without; with_ipv6: else none has. */
static const struct firewall_set *sample_set(enum firewall_backend backend, bool with_ipv6)
{
	static struct firewall_network networks[2];
	static struct firewall_forward forwards[5];
	static struct firewall_exception exceptions[1];
	static struct firewall_set set = {.prefix = "CMAN",
					  .networks = networks,
					  .network_count = ARRAY_SIZE(networks),
					  .forwards = forwards,
					  .exceptions = exceptions};

	networks[0] = make_network("cman0", "10.83.0.0", 24, true);
	networks[1] = make_network("cman1", "10.84.0.0", 16, true);
	networks[0].subnet6 = either_address_of("fd00:83::").v6;
	networks[0].prefix6 = with_ipv6 ? 64 : 0;
	networks[0].icc = false;
	forwards[0] = make_forward("web", "cman0", "10.83.0.10", "0.0.0.0", PORTS(80, 80, 80, 80),
				   IPPROTO_TCP);
	forwards[1] = make_forward("web", "cman0", "fd00:83::10", "::", PORTS(8080, 8080, 80, 80),
				   IPPROTO_TCP);
	forwards[2] = make_forward("web", "cman0", "fd00:83::10", "2001:db8::1",
				   PORTS(8080, 8080, 81, 81), IPPROTO_TCP);
	forwards[3] = make_forward("dns", "cman0", "fd00:83::11",
				   "::", PORTS(5000, 5002, 6000, 6002), IPPROTO_UDP);
	forwards[4] = make_forward("dns", "cman0", "fd00:83::11",
				   "::", PORTS(7000, 7009, 7000, 7009), IPPROTO_TCP);
	exceptions[0] = (struct firewall_exception){"job", FIREWALL_IPV6,
						    either_address_of("fd00:83::12"), false, NULL};
	set.backend = backend;
	set.forward_count = with_ipv6 ? ARRAY_SIZE(forwards) : 1;
	set.exception_count = with_ipv6 ? 1 : 0;
	return &set;
}

static const struct firewall_set *nothing_set(enum firewall_backend backend)
{
	static struct firewall_set set = {.prefix = "CMAN"};

	set.backend = backend;
	return &set;
}

static void assert_output(const char *command, const char *expected)
{
	AUTO_FREE char *output = output_of(command);

	assert_string_equal(output, expected);
}

#define SAVE6 "ip6tables-legacy-save | grep -E '^-A|CMAN' || :"

static void test_what_ip6tables_sees(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(FIREWALL_IPTABLES, true), err));
	assert_output(
		SAVE6,
		":CMAN-DNAT - [0:0]\n"
		":CMAN-NAT - [0:0]\n"
		"-A PREROUTING ! -d fe80::/10 -m addrtype --dst-type LOCAL -m comment --comment cman -j CMAN-DNAT\n"
		"-A OUTPUT ! -d fe80::/10 -m addrtype --dst-type LOCAL -m comment --comment cman -j CMAN-DNAT\n"
		"-A POSTROUTING -m comment --comment cman -j CMAN-NAT\n"
		"-A CMAN-DNAT -d 2001:db8::1/128 -p tcp -m tcp --dport 8080 -m comment --comment \"cman:web\" -j DNAT --to-destination [fd00:83::10]:81\n"
		"-A CMAN-DNAT -p tcp -m tcp --dport 7000:7009 -m comment --comment \"cman:dns\" -j DNAT --to-destination fd00:83::11\n"
		"-A CMAN-DNAT -p tcp -m tcp --dport 8080 -m comment --comment \"cman:web\" -j DNAT --to-destination [fd00:83::10]:80\n"
		"-A CMAN-DNAT -p udp -m udp --dport 5000:5002 -m comment --comment \"cman:dns\" -j DNAT --to-destination [fd00:83::11]:6000-6002/5000\n"
		"-A CMAN-NAT -s fd00:83::/64 -o cman0 -m conntrack --ctstate DNAT -m comment --comment \"cman:network:cman0\" -j MASQUERADE\n"
		"-A CMAN-NAT -s ::1/128 -o cman0 -m comment --comment \"cman:network:cman0\" -j MASQUERADE\n"
		"-A CMAN-NAT -s fd00:83::12/128 ! -o cman0 -m comment --comment \"cman:job\" -j RETURN\n"
		"-A CMAN-NAT -s fd00:83::/64 ! -o cman0 -m comment --comment \"cman:network:cman0\" -j MASQUERADE\n"
		":CMAN-FWD - [0:0]\n"
		"-A FORWARD -m comment --comment cman -j CMAN-FWD\n"
		"-A CMAN-FWD -o cman0 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -m comment --comment \"cman:network:cman0\" -j ACCEPT\n"
		"-A CMAN-FWD ! -i cman0 -o cman0 -m comment --comment \"cman:network:cman0\" -j DROP\n"
		"-A CMAN-FWD -i cman0 -o cman0 -m comment --comment \"cman:network:cman0\" -j DROP\n"
		"-A CMAN-FWD -i cman0 -m comment --comment \"cman:network:cman0\" -j ACCEPT\n");

	/* What ip6tables prints is what it takes, and then still what we would have written. */
	run("ip6tables-legacy-save >/run/saved && ip6tables-legacy-restore </run/saved");
	calls.commits = 0;
	assert_ok(firewall_commit(sample_set(FIREWALL_IPTABLES, true), err));
	assert_int_equal(calls.commits, 0);
}

static void test_what_nft_sees(void **state)
{
	AUTO_FREE char *saved = NULL;

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(FIREWALL_NFTABLES, true), err));
	assert_output(
		"nft list ruleset | grep -E '6|nfproto|fib' | grep -v 'ip [sd]addr [1:]\\|dnat ip '",
		"	chain FWD6 {\n"
		"	chain DNAT6 {\n"
		"		ip6 daddr 2001:db8::1 tcp dport 8080 dnat ip6 to [fd00:83::10]:81 comment \"cman:web\"\n"
		"		tcp dport 7000-7009 dnat ip6 to fd00:83::11 comment \"cman:dns\"\n"
		"		tcp dport 8080 dnat ip6 to [fd00:83::10]:80 comment \"cman:web\"\n"
		"		udp dport 5000-5002 dnat ip6 to [fd00:83::11]:udp dport map { 5000 : 6000, 5001 : 6001, 5002 : 6002 } comment \"cman:dns\"\n"
		"	chain NAT6 {\n"
		"		oifname \"cman0\" ip6 saddr fd00:83::/64 ct status dnat masquerade comment \"cman:network:cman0\"\n"
		"		oifname \"cman0\" ip6 saddr ::1 masquerade comment \"cman:network:cman0\"\n"
		"		oifname != \"cman0\" ip6 saddr fd00:83::12 return comment \"cman:job\"\n"
		"		oifname != \"cman0\" ip6 saddr fd00:83::/64 masquerade comment \"cman:network:cman0\"\n"
		"		meta nfproto ipv4 jump GUARD comment \"cman\"\n"
		"		meta nfproto ipv4 jump FWD comment \"cman\"\n"
		"		meta nfproto ipv6 jump FWD6 comment \"cman\"\n"
		"		ip daddr != 127.0.0.0/8 fib daddr type local jump DNAT comment \"cman\"\n"
		"		ip6 daddr != fe80::/10 fib daddr type local jump DNAT6 comment \"cman\"\n"
		"		meta nfproto ipv4 fib daddr type local jump DNAT comment \"cman\"\n"
		"		ip6 daddr != fe80::/10 fib daddr type local jump DNAT6 comment \"cman\"\n"
		"		meta nfproto ipv4 jump NAT comment \"cman\"\n"
		"		meta nfproto ipv6 jump NAT6 comment \"cman\"\n");
	assert_output(
		"nft list chain inet cman FWD6 | grep -v '[{}]'",
		"		oifname \"cman0\" ct state established,related accept comment \"cman:network:cman0\"\n"
		"		oifname \"cman0\" ct status dnat accept comment \"cman:network:cman0\"\n"
		"		iifname != \"cman0\" oifname \"cman0\" drop comment \"cman:network:cman0\"\n"
		"		iifname \"cman0\" oifname \"cman0\" drop comment \"cman:network:cman0\"\n"
		"		iifname \"cman0\" accept comment \"cman:network:cman0\"\n");

	/* What nft prints is what it takes, and then rules with the same handles. */
	run("nft list ruleset >/run/saved && nft flush ruleset && nft -f /run/saved");
	saved = output_of("nft -a list ruleset");
	assert_ok(firewall_commit(sample_set(FIREWALL_NFTABLES, true), err));
	assert_output("nft -a list ruleset", saved);
}

/* The last network with IPv6 goes: so do its rules, and those of IPv4 stay as they are. */
static void test_ipv6_comes_and_goes(void **state)
{
	static const enum firewall_backend backends[] = {FIREWALL_IPTABLES, FIREWALL_NFTABLES};
	static const char all[] = "iptables-legacy-save | grep '^-A'; nft list ruleset";

	(void)state;
	REQUIRE_NETWORK();
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		AUTO_FREE char *before = NULL;

		assert_ok(firewall_commit(sample_set(backends[i], false), err));
		before = output_of(all);
		assert_ok(firewall_commit(sample_set(backends[i], true), err));
		run("{ ip6tables-legacy-save; nft list ruleset; } | grep -q 'fd00:83::10.:80'");
		assert_ok(firewall_commit(sample_set(backends[i], false), err));
		assert_output(all, before);
		assert_output(SAVE6, "");
		assert_ok(firewall_commit(sample_set(backends[i], true), err));
		assert_ok(firewall_commit(nothing_set(backends[i]), err));
		assert_output("{ ip6tables-legacy-save; iptables-legacy-save; nft list ruleset; } | "
			      "grep -i cman || :",
			      "");
	}
}

/* Looking at a table makes it: without IPv6 none of its tables is there. */
static void test_tables_of_ipv6_are_left_alone(void **state)
{
	AUTO_TEXT struct text tables = {0};

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(FIREWALL_IPTABLES, false), err));
	assert_ok(firewall_commit(nothing_set(FIREWALL_IPTABLES), err));
	assert_int_equal(calls.looks, 0);
	assert_ok(fs_read_at(AT_FDCWD, "/proc/net/ip6_tables_names", 4096, &tables, err));
	assert_string_equal(text_value(&tables), "");
}

static bool has_library_of_ipv6(void)
{
	AUTO_TEXT struct text maps = {0};

	assert_ok(fs_read_at(AT_FDCWD, "/proc/self/maps", 1 << 20, &maps, err));
	return strstr(text_value(&maps), "libip6tc") != NULL;
}

/* Tables that others have made: for the look whether anything is ours the library is not opened. */
static void test_tables_of_others(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	run("ip6tables-legacy -N CMANAGED && ip6tables-legacy -A FORWARD -j CMANAGED && "
	    "ip6tables-legacy -t raw -L >/dev/null && ip6tables-legacy -t nat -L >/dev/null");
	assert_ok(firewall_commit(sample_set(FIREWALL_IPTABLES, false), err));
	assert_int_equal(calls.looks, 3);
	assert_false(has_library_of_ipv6());
	assert_int_equal(calls.commits, 0);
	/* A chain of ours that nothing leads to. */
	run("ip6tables-legacy -t nat -N CMAN-DNAT");
	assert_ok(firewall_commit(sample_set(FIREWALL_IPTABLES, false), err));
	assert_int_equal(calls.commits, 1);
	assert_true(has_library_of_ipv6());
	assert_output("ip6tables-legacy-save | grep -e -DNAT || :", "");
	run("ip6tables-legacy -C FORWARD -j CMANAGED");
}

static void test_a_failure_in_ipv6_puts_both_back(void **state)
{
	static const char all[] = "{ iptables-legacy-save; ip6tables-legacy-save; } | grep -v '^#'";
	AUTO_FREE char *before = NULL;
	struct error err;

	(void)state;
	REQUIRE_NETWORK();
	run("ip6tables-legacy -A FORWARD -j ACCEPT && ip6tables-legacy -t nat -L >/dev/null && "
	    "ip6tables-legacy -t raw -L >/dev/null && iptables-legacy -t raw -L >/dev/null && "
	    "iptables-legacy -t nat -L >/dev/null && iptables-legacy -L >/dev/null");
	before = output_of(all);
	calls.fail_table = "nat";
	assert_int_equal(firewall_commit(sample_set(FIREWALL_IPTABLES, true), &err), -1);
	assert_int_equal(err.code, ENOMEM);
	assert_string_equal(err.text, "commit ip6tables table nat: Cannot allocate memory");
	calls.fail_table = NULL;
	assert_output(all, before);
}

static void test_looking(void **state)
{
	static const enum firewall_backend backends[] = {FIREWALL_IPTABLES, FIREWALL_NFTABLES};
	static const char *const damages[] = {
		"ip6tables-legacy -t nat -F CMAN-DNAT",
		"nft flush chain inet cman DNAT6",
	};
	static const char *const names[] = {"CMAN-DNAT", "inet cman DNAT6"};

	(void)state;
	REQUIRE_NETWORK();
	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		const struct firewall_set *set = sample_set(backends[i], true);
		AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
		struct firewall_sight sight;

		assert_ok(firewall_rules_build(set, &rules, err));
		assert_ok(firewall_commit(set, err));
		run("%s", damages[i]);
		assert_ok(firewall_look(backends[i], "CMAN", &rules, &sight, err));
		assert_int_equal(sight.presence[FIREWALL_IPV4][FIREWALL_DNAT], FIREWALL_PRESENT);
		assert_int_equal(sight.presence[FIREWALL_IPV6][FIREWALL_FORWARD], FIREWALL_PRESENT);
		assert_int_equal(sight.presence[FIREWALL_IPV6][FIREWALL_DNAT], FIREWALL_DIFFERENT);
		assert_string_equal(sight.names[FIREWALL_IPV6][FIREWALL_DNAT], names[i]);
		assert_ok(firewall_commit(nothing_set(backends[i]), err));
	}
}

/* A rule of one family does not speak of packets of the other. */
static void test_rules_of_each_family(void **state)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	struct firewall_packet packet = {
		.family = FIREWALL_IPV6,
		.in = "eth0",
		.out = "",
		.source = either_address_of("2001:db8::99"),
		.destination = either_address_of("2001:db8::1"),
		.destination_local = true,
		.protocol = IPPROTO_TCP,
		.port = 8080,
	};
	const struct firewall_rule *rule;
	struct firewall_set without;

	(void)state;
	assert_ok(firewall_rules_build(sample_set(FIREWALL_IPTABLES, true), &rules, err));
	assert_true(firewall_enters(FIREWALL_HOOK_PREROUTING, FIREWALL_DNAT, &packet));
	rule = firewall_evaluate(&rules, FIREWALL_DNAT, &packet);
	assert_non_null(rule);
	assert_int_equal(rule->to_first, 81);
	packet.destination = either_address_of("2001:db8::2");
	rule = firewall_evaluate(&rules, FIREWALL_DNAT, &packet);
	assert_non_null(rule);
	assert_int_equal(rule->to_first, 80);
	packet.port = 80; /* published in IPv4 only */
	assert_null(firewall_evaluate(&rules, FIREWALL_DNAT, &packet));
	packet.destination = either_address_of("fe80::1");
	assert_false(firewall_enters(FIREWALL_HOOK_PREROUTING, FIREWALL_DNAT, &packet));

	/* What nobody could answer is not led anywhere. */
	packet.destination = either_address_of("::1");
	packet.port = 8080;
	assert_int_equal(firewall_evaluate(&rules, FIREWALL_DNAT, &packet)->to_first, 80);
	firewall_rules_clear(&rules);
	without = *sample_set(FIREWALL_IPTABLES, true);
	without.without_localhost6 = true;
	assert_ok(firewall_rules_build(&without, &rules, err));
	assert_int_equal(firewall_evaluate(&rules, FIREWALL_DNAT, &packet)->action, FIREWALL_RETURN);

	packet.out = "cman1"; /* which has no IPv6: its rules are of IPv4 */
	assert_null(firewall_evaluate(&rules, FIREWALL_FORWARD, &packet));
	packet.family = FIREWALL_IPV4;
	rule = firewall_evaluate(&rules, FIREWALL_FORWARD, &packet);
	assert_non_null(rule);
	assert_int_equal(rule->action, FIREWALL_DROP);
}

static void assert_obstacles(const char *damage, const char *expected)
{
	struct firewall_set set = *sample_set(FIREWALL_NFTABLES, true);
	AUTO_STRLIST struct strlist warnings = {0};
	AUTO_TEXT struct text all = {0};

	set.network_count = 1;
	run("%s", damage);
	assert_ok(firewall_find_obstacles(&set, &warnings, err));
	for (size_t i = 0; i < warnings.count; i++)
		text_addf(&all, "%s\n", warnings.items[i]);
	assert_string_equal(text_value(&all), expected);
}

#define OUT       "what containers of cman0 send"
#define ANSWERS   "answers to containers of cman0"
#define PUBLISHED "what comes for published ports of cman0"

static void test_obstacles(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	assert_obstacles(":", "");
	assert_obstacles(
		"nft -f - <<-END\ntable ip6 filter {\nchain FORWARD {\ntype filter hook forward "
		"priority 0; policy drop;\nip6 daddr fd00:83::/64 ct status dnat accept\n"
		"ip6 saddr 2001:db8::/32 accept\n}\n}\nEND",
		"chain FORWARD of the nftables table ip6 filter drops " OUT
		", add: nft insert rule ip6 filter FORWARD iifname cman0 accept\n"
		"chain FORWARD of the nftables table ip6 filter drops " ANSWERS
		", add: nft insert rule ip6 filter FORWARD oifname cman0 ct state "
		"established,related accept\n");
	assert_obstacles("nft insert rule ip6 filter FORWARD ip6 saddr fd00:83::/64 accept && "
			 "nft insert rule ip6 filter FORWARD oifname cman0 ct state "
			 "established,related accept",
			 "");
	assert_obstacles(
		"ip6tables-legacy -P FORWARD DROP && ip6tables-legacy -A FORWARD -s "
		"fd00:83::/64 -j ACCEPT && ip6tables-legacy -A FORWARD -d fd00:84::/64 -j ACCEPT",
		"chain FORWARD of the legacy ip6tables table filter drops " ANSWERS
		", add: ip6tables-legacy -I FORWARD -o cman0 -m conntrack --ctstate "
		"RELATED,ESTABLISHED -j ACCEPT\n"
		"chain FORWARD of the legacy ip6tables table filter drops " PUBLISHED
		", add: ip6tables-legacy -I FORWARD -o cman0 -m conntrack --ctstate DNAT -j "
		"ACCEPT\n");
	assert_obstacles("ip6tables-legacy -I FORWARD -o cman0 -m conntrack --ctstate "
			 "RELATED,ESTABLISHED,DNAT -j ACCEPT",
			 "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_of_each_family),
		cmocka_unit_test_setup(test_tables_of_ipv6_are_left_alone, start),
		cmocka_unit_test_setup(test_tables_of_others, start), /* before any that opens it */
		cmocka_unit_test_setup(test_what_ip6tables_sees, start),
		cmocka_unit_test_setup(test_what_nft_sees, start),
		cmocka_unit_test_setup(test_ipv6_comes_and_goes, start),
		cmocka_unit_test_setup(test_a_failure_in_ipv6_puts_both_back, start),
		cmocka_unit_test_setup(test_looking, start),
		cmocka_unit_test_setup(test_obstacles, start),
	};

	return cmocka_run_group_tests_name("firewall: IPv6", tests, NULL, NULL);
}
