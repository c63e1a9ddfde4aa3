/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules for what containers may call, and how they get into the kernel and out again. */
#include "firewall_test.h"

#include <stdlib.h>

#include "config/egress.h"
#include "kernel/firewall_build.h"
#include "kernel/firewall_evaluate.h"
#include "kernel/firewall_look.h"

static const uint8_t web_mac[6] = {2, 0, 0x5e, 0x10, 0, 1}, db_mac[6] = {2, 0, 0x5e, 0x10, 0, 2};

/* What a set consists of, in memory that lives as long as it. */
struct sample {
	struct firewall_network networks[1];
	struct firewall_limit limits[2];
	struct egress egresses[2];
	struct strlist servers, none;
	struct firewall_set set;
};

static void allow_or_deny(struct egress_list *list, const char *text)
{
	struct egress_item item;

	assert_ok(egress_parse(text, &item, err));
	egress_add(list, &item);
}

/* web: only what is listed, and of the host its names; db: no 10.9.0.66. In either order. */
static void make_sample(struct sample *sample, bool backwards)
{
	static const char *const allow[] = {"dns", "icmp", "tcp:443", "10.9.0.0/16:5432-5433",
					    "[2001:db8::/32]:80/udp", "192.0.2.7"};
	const size_t count = ARRAY_SIZE(allow), web = backwards ? 1 : 0;

	*sample = (struct sample){.networks = {make_network("cman0", "10.83.0.0", 24, true)}};
	for (size_t i = 0; i < count; i++)
		allow_or_deny(&sample->egresses[0].allow, allow[backwards ? count - 1 - i : i]);
	sample->egresses[0].deny_rest = true;
	allow_or_deny(&sample->egresses[1].deny, "10.9.0.66");
	strlist_add(&sample->servers, "10.83.0.1");
	strlist_add(&sample->servers, "2001:db8::53");
	sample->limits[web] = (struct firewall_limit){.container = "web",
						      .bridge = "cman0",
						      .ipv6 = true,
						      .no_host_access = true,
						      .egress = &sample->egresses[0],
						      .servers = &sample->servers};
	sample->limits[1 - web] = (struct firewall_limit){.container = "db",
							  .bridge = "cman0",
							  .ipv6 = true,
							  .egress = &sample->egresses[1],
							  .servers = &sample->none};
	memcpy(sample->limits[web].mac, web_mac, 6);
	memcpy(sample->limits[1 - web].mac, db_mac, 6);
	sample->set = (struct firewall_set){.prefix = "CMAN",
					    .networks = sample->networks,
					    .network_count = 1,
					    .limits = sample->limits,
					    .limit_count = 2};
}

static void sample_clear(struct sample *sample)
{
	egress_clear(&sample->egresses[0]);
	egress_clear(&sample->egresses[1]);
	strlist_clear(&sample->servers);
}
#define AUTO_SAMPLE AUTO(sample_clear)

static int start(void **state)
{
	(void)state;
	if (!missing_for_network())
		enter_network();
	return 0;
}

static void assert_output(const char *command, const char *expected)
{
	AUTO_FREE char *output = output_of(command);

	assert_string_equal(output, expected);
}

static void test_in_any_order(void **state)
{
	AUTO_FIREWALL_RULES struct firewall_rules one = {0}, other = {0};
	AUTO_SAMPLE struct sample forwards, backwards;

	(void)state;
	make_sample(&forwards, false);
	make_sample(&backwards, true);
	assert_ok(firewall_rules_build(&forwards.set, &one, err));
	assert_ok(firewall_rules_build(&backwards.set, &other, err));
	assert_int_equal(one.count, other.count);
	/* No rule differs by what asked for it. */
	for (size_t i = 0; i < one.count; i++)
		one.items[i].reason = other.items[i].reason = (struct firewall_reason){0};
	assert_memory_equal(one.items, other.items, one.count * sizeof(*one.items));
}

/* Who needs it not has no rule, nor has a host without IPv6 one of IPv6. */
static void test_nothing_where_nothing_is_kept(void **state)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0}, less = {0};
	AUTO_SAMPLE struct sample sample;
	size_t count;

	(void)state;
	make_sample(&sample, false);
	sample.limits[0].ipv6 = sample.limits[1].ipv6 = false;
	assert_ok(firewall_rules_build(&sample.set, &rules, err));
	assert_false(firewall_rules_have(&rules, FIREWALL_IPV6));
	sample.set.limit_count = 0;
	assert_ok(firewall_rules_build(&sample.set, &less, err));
	firewall_rules_of(&less, FIREWALL_IPV4, FIREWALL_EGRESS, &count);
	assert_int_equal(count, 0);
	firewall_rules_of(&less, FIREWALL_IPV4, FIREWALL_HOST, &count);
	assert_int_equal(count, 0);
}

static void test_a_name_that_is_too_long(void **state)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_SAMPLE struct sample sample;
	struct error err;
	char name[80];

	(void)state;
	make_sample(&sample, false);
	memset(name, 'a', 64);
	name[64] = '\0';
	sample.limits[0].container = name;
	assert_int_equal(firewall_rules_build(&sample.set, &rules, &err), -1);
	assert_int_equal(err.code, ENAMETOOLONG);
}

/* "drop", "return", or "" where no rule decides. */
static const char *fate(const struct firewall_rules *rules, enum firewall_chain chain,
			const uint8_t *mac, const char *to, uint8_t protocol, uint16_t port,
			unsigned int states)
{
	struct firewall_packet packet = {
		.family = strchr(to, ':') ? FIREWALL_IPV6 : FIREWALL_IPV4,
		.in = "cman0",
		.out = "",
		.destination = either_address_of(to),
		.protocol = protocol,
		.port = port,
		.mac = mac,
		.states = states,
	};
	const struct firewall_rule *rule = firewall_evaluate(rules, chain, &packet);

	if (!rule)
		return "";
	return rule->action == FIREWALL_DROP ? "drop" : "return";
}

static void test_what_they_make_of_a_packet(void **state)
{
	static const struct {
		enum firewall_chain chain;
		const uint8_t *mac;
		const char *to;
		uint8_t protocol;
		uint16_t port;
		unsigned int states;
		const char *fate;
	} cases[] = {
		{FIREWALL_EGRESS, web_mac, "198.51.100.1", IPPROTO_TCP, 80, 0, "drop"},
		{FIREWALL_EGRESS, web_mac, "198.51.100.1", IPPROTO_TCP, 443, 0, "return"},
		{FIREWALL_EGRESS, web_mac, "198.51.100.1", IPPROTO_UDP, 443, 0, "drop"},
		{FIREWALL_EGRESS, web_mac, "198.51.100.1", IPPROTO_TCP, 80, FIREWALL_STATE_ANSWERS,
		 "return"},
		{FIREWALL_EGRESS, web_mac, "198.51.100.1", IPPROTO_ICMP, 0, 0, "return"},
		{FIREWALL_EGRESS, web_mac, "10.9.0.1", IPPROTO_UDP, 5433, 0, "return"},
		{FIREWALL_EGRESS, web_mac, "10.9.0.1", IPPROTO_UDP, 5434, 0, "drop"},
		{FIREWALL_EGRESS, web_mac, "192.0.2.7", IPPROTO_UDP, 9, 0, "return"},
		{FIREWALL_EGRESS, web_mac, "192.0.2.8", IPPROTO_UDP, 9, 0, "drop"},
		{FIREWALL_EGRESS, web_mac, "2001:db8::1", IPPROTO_UDP, 80, 0, "return"},
		{FIREWALL_EGRESS, web_mac, "2001:db8::1", IPPROTO_TCP, 80, 0, "drop"},
		{FIREWALL_EGRESS, web_mac, "2001:db9::1", IPPROTO_TCP, 443, 0, "return"},
		{FIREWALL_EGRESS, web_mac, "10.83.0.1", IPPROTO_UDP, 53, 0, "return"},
		{FIREWALL_EGRESS, web_mac, "2001:db8::53", IPPROTO_TCP, 53, 0, "return"},
		{FIREWALL_EGRESS, db_mac, "10.9.0.66", IPPROTO_TCP, 80, 0, "drop"},
		{FIREWALL_EGRESS, db_mac, "10.9.0.67", IPPROTO_TCP, 80, 0, ""},
		{FIREWALL_EGRESS, NULL, "10.9.0.66", IPPROTO_TCP, 80, 0, ""},
		{FIREWALL_HOST, web_mac, "10.83.0.1", IPPROTO_TCP, 443, 0, "drop"},
		{FIREWALL_HOST, web_mac, "10.83.0.1", IPPROTO_TCP, 53, 0, "return"},
		{FIREWALL_HOST, db_mac, "10.83.0.1", IPPROTO_TCP, 443, 0, ""},
	};
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_SAMPLE struct sample sample;

	(void)state;
	make_sample(&sample, false);
	assert_ok(firewall_rules_build(&sample.set, &rules, err));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *found = fate(&rules, cases[i].chain, cases[i].mac, cases[i].to,
					 cases[i].protocol, cases[i].port, cases[i].states);

		if (strcmp(found, cases[i].fate) != 0)
			fail_msg("case %zu: \"%s\"", i, found);
	}
}

#define WEB         "-i cman0 -m mac --mac-source 02:00:5e:10:00:01 "
#define DB          "-i cman0 -m mac --mac-source 02:00:5e:10:00:02 "
#define OF_WEB      "-m comment --comment \"cman:web\" -j "

static void test_what_iptables_sees(void **state)
{
	AUTO_SAMPLE struct sample sample;

	(void)state;
	REQUIRE_NETWORK();
	make_sample(&sample, false);
	sample.set.backend = FIREWALL_IPTABLES;
	assert_ok(firewall_commit(&sample.set, err));
	assert_output(
		"iptables-legacy-save -t filter | grep -E '^-A (INPUT|FORWARD|CMAN-(EGRESS|HOST))'",
		"-A INPUT -m comment --comment cman -j CMAN-HOST\n"
		"-A INPUT -m comment --comment cman -j CMAN-EGRESS\n"
		"-A FORWARD -m comment --comment cman -j CMAN-EGRESS\n"
		"-A FORWARD -m comment --comment cman -j CMAN-FWD\n"
		"-A CMAN-EGRESS -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment cman -j RETURN\n"
		"-A CMAN-EGRESS -d 10.9.0.66/32 " DB "-m comment --comment \"cman:db\" -j DROP\n"
		"-A CMAN-EGRESS -d 10.83.0.1/32 -i cman0 -p tcp -m mac --mac-source 02:00:5e:10:00:01 -m tcp --dport 53 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -d 10.83.0.1/32 -i cman0 -p udp -m mac --mac-source 02:00:5e:10:00:01 -m udp --dport 53 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -d 192.0.2.7/32 " WEB OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -d 10.9.0.0/16 -i cman0 -p tcp -m mac --mac-source 02:00:5e:10:00:01 -m tcp --dport 5432:5433 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -d 10.9.0.0/16 -i cman0 -p udp -m mac --mac-source 02:00:5e:10:00:01 -m udp --dport 5432:5433 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -i cman0 -p icmp -m mac --mac-source 02:00:5e:10:00:01 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -i cman0 -p tcp -m mac --mac-source 02:00:5e:10:00:01 -m tcp --dport 443 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS " WEB OF_WEB "DROP\n"
		"-A CMAN-HOST -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment cman -j RETURN\n"
		"-A CMAN-HOST -d 10.83.0.1/32 -i cman0 -p tcp -m mac --mac-source 02:00:5e:10:00:01 -m tcp --dport 53 " OF_WEB "RETURN\n"
		"-A CMAN-HOST -d 10.83.0.1/32 -i cman0 -p udp -m mac --mac-source 02:00:5e:10:00:01 -m udp --dport 53 " OF_WEB "RETURN\n"
		"-A CMAN-HOST " WEB OF_WEB "DROP\n");
	assert_output(
		"ip6tables-legacy-save -t filter | grep -E '^-A CMAN-EGRESS'",
		"-A CMAN-EGRESS -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment cman -j RETURN\n"
		"-A CMAN-EGRESS -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m comment --comment cman -j RETURN\n"
		"-A CMAN-EGRESS -p ipv6-icmp -m icmp6 --icmpv6-type 136 -m comment --comment cman -j RETURN\n"
		"-A CMAN-EGRESS -d 2001:db8::53/128 -i cman0 -p tcp -m mac --mac-source 02:00:5e:10:00:01 -m tcp --dport 53 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -d 2001:db8::53/128 -i cman0 -p udp -m mac --mac-source 02:00:5e:10:00:01 -m udp --dport 53 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -d 2001:db8::/32 -i cman0 -p udp -m mac --mac-source 02:00:5e:10:00:01 -m udp --dport 80 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -i cman0 -p tcp -m mac --mac-source 02:00:5e:10:00:01 -m tcp --dport 443 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS -i cman0 -p ipv6-icmp -m mac --mac-source 02:00:5e:10:00:01 " OF_WEB "RETURN\n"
		"-A CMAN-EGRESS " WEB OF_WEB "DROP\n");
}

static void test_what_nft_sees(void **state)
{
	AUTO_SAMPLE struct sample sample;

	(void)state;
	REQUIRE_NETWORK();
	make_sample(&sample, false);
	sample.set.backend = FIREWALL_NFTABLES;
	assert_ok(firewall_commit(&sample.set, err));
	assert_output(
		"nft list chain inet cman EGRESS; nft list chain inet cman EGRESS6; "
		"nft list chain inet cman HOST; nft list chain inet cman filter-input; "
		"nft list chain inet cman filter-forward",
		"table inet cman {\n"
		"\tchain EGRESS {\n"
		"\t\tct state established,related return comment \"cman\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:02 ip daddr 10.9.0.66 drop comment \"cman:db\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip daddr 10.83.0.1 tcp dport 53 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip daddr 10.83.0.1 udp dport 53 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip daddr 192.0.2.7 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip daddr 10.9.0.0/16 tcp dport 5432-5433 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip daddr 10.9.0.0/16 udp dport 5432-5433 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 meta l4proto icmp return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 tcp dport 443 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 drop comment \"cman:web\"\n"
		"\t}\n"
		"}\n"
		"table inet cman {\n"
		"\tchain EGRESS6 {\n"
		"\t\tct state established,related return comment \"cman\"\n"
		"\t\ticmpv6 type nd-neighbor-solicit return comment \"cman\"\n"
		"\t\ticmpv6 type nd-neighbor-advert return comment \"cman\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip6 daddr 2001:db8::53 tcp dport 53 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip6 daddr 2001:db8::53 udp dport 53 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip6 daddr 2001:db8::/32 udp dport 80 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 tcp dport 443 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 meta l4proto ipv6-icmp return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 drop comment \"cman:web\"\n"
		"\t}\n"
		"}\n"
		"table inet cman {\n"
		"\tchain HOST {\n"
		"\t\tct state established,related return comment \"cman\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip daddr 10.83.0.1 tcp dport 53 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 ip daddr 10.83.0.1 udp dport 53 return comment \"cman:web\"\n"
		"\t\tiifname \"cman0\" ether saddr 02:00:5e:10:00:01 drop comment \"cman:web\"\n"
		"\t}\n"
		"}\n"
		"table inet cman {\n"
		"\tchain filter-input {\n"
		"\t\ttype filter hook input priority filter - 10; policy accept;\n"
		"\t\tmeta nfproto ipv4 jump HOST comment \"cman\"\n"
		"\t\tmeta nfproto ipv4 jump EGRESS comment \"cman\"\n"
		"\t\tmeta nfproto ipv6 jump HOST6 comment \"cman\"\n"
		"\t\tmeta nfproto ipv6 jump EGRESS6 comment \"cman\"\n"
		"\t}\n"
		"}\n"
		"table inet cman {\n"
		"\tchain filter-forward {\n"
		"\t\ttype filter hook forward priority filter - 10; policy accept;\n"
		"\t\tmeta nfproto ipv4 jump EGRESS comment \"cman\"\n"
		"\t\tmeta nfproto ipv4 jump FWD comment \"cman\"\n"
		"\t\tmeta nfproto ipv6 jump EGRESS6 comment \"cman\"\n"
		"\t\tmeta nfproto ipv6 jump FWD6 comment \"cman\"\n"
		"\t}\n"
		"}\n");
}

static const struct {
	enum firewall_backend backend;
	const char *all, *ours, *first, *damage;
} views[] = {
	{FIREWALL_IPTABLES, "iptables-legacy-save -t filter -c | grep -v '^#'; ip6tables-legacy-save -t filter -c | grep -v '^#'",
	 "{ iptables-legacy-save; ip6tables-legacy-save; } | grep -cE 'EGRESS|HOST|A INPUT' || :",
	 "iptables-legacy -S FORWARD | sed -n 's/.*-j //p'; iptables-legacy -S INPUT | sed -n 's/.*-j //p'",
	 "iptables-legacy -I FORWARD -p udp -j ACCEPT && iptables-legacy -I INPUT 2 -p udp -j ACCEPT && "
	 "ip6tables-legacy -F CMAN-HOST"},
	{FIREWALL_NFTABLES, "nft -a list ruleset",
	 "nft list ruleset | grep -cE 'EGRESS|HOST|input' || :", NULL,
	 "nft delete chain inet cman filter-input && nft flush chain inet cman EGRESS6"},
};

static void assert_present(const struct sample *sample)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	struct firewall_sight sight;

	assert_ok(firewall_rules_build(&sample->set, &rules, err));
	assert_ok(firewall_look(sample->set.backend, "CMAN", &rules, &sight, err));
	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT; i++)
		for (unsigned int j = 0; j < FIREWALL_CHAIN_COUNT; j++)
			assert_int_equal(sight.presence[i][j], FIREWALL_PRESENT);
}

/* Committed once more nothing changes; damaged it is mended; without limits it is gone. */
static void test_they_come_and_go(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		AUTO_FREE char *before = NULL, *after = NULL;
		AUTO_SAMPLE struct sample sample;

		make_sample(&sample, false);
		sample.set.backend = views[i].backend;
		sample.set.limit_count = 0;
		assert_ok(firewall_commit(&sample.set, err));
		assert_output(views[i].ours, "0\n");
		sample.set.limit_count = 2;
		assert_ok(firewall_commit(&sample.set, err));
		before = output_of(views[i].all);
		assert_present(&sample);
		assert_ok(firewall_commit(&sample.set, err));
		after = output_of(views[i].all);
		assert_string_equal(after, before);
		run("%s", views[i].damage);
		assert_ok(firewall_commit(&sample.set, err));
		assert_present(&sample);
		if (views[i].first)
			assert_output(views[i].first, "CMAN-EGRESS\nCMAN-FWD\nACCEPT\n"
						      "CMAN-HOST\nCMAN-EGRESS\nACCEPT\n");
		if (views[i].first)
			run("iptables-legacy -D FORWARD -p udp -j ACCEPT && "
			    "iptables-legacy -D INPUT -p udp -j ACCEPT");
		sample.set.limit_count = 0;
		assert_ok(firewall_commit(&sample.set, err));
		assert_output(views[i].ours, "0\n");
		assert_present(&sample);
		sample.set.network_count = 0;
		assert_ok(firewall_commit(&sample.set, err));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_any_order),
		cmocka_unit_test(test_nothing_where_nothing_is_kept),
		cmocka_unit_test(test_a_name_that_is_too_long),
		cmocka_unit_test(test_what_they_make_of_a_packet),
		cmocka_unit_test_setup(test_what_iptables_sees, start),
		cmocka_unit_test_setup(test_what_nft_sees, start),
		cmocka_unit_test_setup(test_they_come_and_go, start),
	};

	return cmocka_run_group_tests_name("firewall: egress", tests, NULL, NULL);
}
