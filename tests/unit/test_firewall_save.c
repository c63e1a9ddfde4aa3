/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules in the words of both backends: what the keys that leave something to others make of them,
 * and what each rule is there for. That iptables-save prints the same is a system test.
 */
#include "firewall_test.h"

#include "kernel/firewall_build.h"
#include "kernel/firewall_list.h"
#include "kernel/firewall_save.h"
#include "kernel/firewall_text.h"

static const char *const chain_names[FIREWALL_CHAIN_COUNT] = {
	[FIREWALL_GUARD] = "GUARD", [FIREWALL_FORWARD] = "FWD", [FIREWALL_EGRESS] = "EGRESS",
	[FIREWALL_HOST] = "HOST",   [FIREWALL_DNAT] = "DNAT",   [FIREWALL_NAT] = "NAT",
};

/* Chains of IPv4 and IPv6, lines without the comment of the network. */
static char *in_iptables(const struct firewall_set *set)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	struct text text = {0};

	assert_ok(firewall_rules_build(set, &rules, err));
	for (size_t i = 0; i < rules.count; i++) {
		static const char comment[] = " -m comment --comment \"cman:network:cman0\"";
		AUTO_FREE char *line =
			firewall_save_rule(&rules.items[i], chain_names[rules.items[i].chain]);
		char *at = strstr(line, comment);

		if (at)
			text_addf(&text, "%.*s%s\n", (int)(at - line), line, at + strlen(comment));
		else
			text_addf(&text, "%s\n", line);
	}
	return text.data ? text.data : xstrdup("");
}

static char *in_nftables(const struct firewall_set *set)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_FIREWALL_TEXT struct firewall_text_table table = {0};
	struct text text = {0};

	assert_ok(firewall_rules_build(set, &rules, err));
	firewall_text_build(&rules, &table);
	for (size_t i = 0; i < table.count; i++)
		for (size_t j = 0; j < table.chains[i].rules.count; j++) {
			const char *line = table.chains[i].rules.items[j];
			const char *at = strstr(line, " comment \"cman:network:cman0\"");

			text_addf(&text, "%s: %.*s\n", table.chains[i].name,
				  at ? (int)(at - line) : (int)strlen(line), line);
		}
	return text.data ? text.data : xstrdup("");
}

/* The lines that begin so, of a text of lines. */
static char *lines_of(char *text, const char *beginning)
{
	struct text found = {0};
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, beginning, strlen(beginning)) == 0)
			text_addf(&found, "%s\n", line);
	free(text);
	return found.data ? found.data : xstrdup("");
}

static void assert_lines(char *text, const char *beginning, const char *expected)
{
	AUTO_FREE char *found = lines_of(text, beginning);

	assert_string_equal(found, expected);
}

static void test_words_of_iptables(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	const struct firewall_forward forwards[] = {
		make_forward("web", "cman0", "10.83.0.10", "0.0.0.0", PORTS(8080, 8080, 80, 80),
			     IPPROTO_TCP),
		make_forward("web", "cman0", "10.83.0.10", "192.0.2.2", PORTS(53, 54, 53, 54),
			     IPPROTO_UDP),
		make_forward("a-name", "cman0", "10.83.0.11", "0.0.0.0", PORTS(81, 82, 91, 92),
			     IPPROTO_TCP),
	};
	const struct firewall_set set = {
		.backend = FIREWALL_IPTABLES,
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 1,
		.forwards = forwards,
		.forward_count = 3,
	};
	AUTO_FREE char *text = in_iptables(&set);

	(void)state;
	assert_string_equal(
		text,
		"-A GUARD -d 127.0.0.0/8 -i cman0 -j DROP\n"
		"-A GUARD -s 127.0.0.0/8 -i cman0 -j DROP\n"
		"-A FWD -o cman0 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT\n"
		"-A FWD ! -i cman0 -o cman0 -j DROP\n"
		"-A FWD -i cman0 -j ACCEPT\n"
		"-A DNAT -d 192.0.2.2/32 -p udp -m udp --dport 53:54 -m comment --comment "
		"\"cman:web\" -j DNAT --to-destination 10.83.0.10\n"
		"-A DNAT -p tcp -m tcp --dport 81:82 -m comment --comment \"cman:a-name\" "
		"-j DNAT --to-destination 10.83.0.11:91-92/81\n"
		"-A DNAT -p tcp -m tcp --dport 8080 -m comment --comment \"cman:web\" -j DNAT "
		"--to-destination 10.83.0.10:80\n"
		"-A NAT -s 10.83.0.0/16 -o cman0 -m conntrack --ctstate DNAT -j MASQUERADE\n"
		"-A NAT -s 127.0.0.0/8 -o cman0 -j MASQUERADE\n"
		"-A NAT -s 10.83.0.0/16 ! -o cman0 -j MASQUERADE\n");
}

static void test_jumps_of_iptables(void **state)
{
	struct text text = {0};

	(void)state;
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		AUTO_FREE char *line = firewall_save_jump(&firewall_jumps[i], "HOOK", "CHAIN");

		if (firewall_jumps[i].family == FIREWALL_IPV4 &&
		    firewall_jumps[i].hook == FIREWALL_HOOK_PREROUTING)
			text_addf(&text, "%s\n", line);
	}
	assert_string_equal(text_value(&text),
			    "-A HOOK -m comment --comment cman -j CHAIN\n"
			    "-A HOOK ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -m comment "
			    "--comment cman -j CHAIN\n");
	text_clear(&text);
}

static void test_words_of_ipv6(void **state)
{
	struct firewall_rule rule = {
		.family = FIREWALL_IPV6,
		.chain = FIREWALL_DNAT,
		.action = FIREWALL_DNAT_TO,
		.match = {.protocol = IPPROTO_TCP, .port_first = 8080, .port_last = 8080},
		.to_first = 80,
		.to_last = 80,
		.comment = "cman:web",
	};
	AUTO_FREE char *one = NULL, *range = NULL;

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "fd00:83::10", &rule.to), 1);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &rule.match.destination.address), 1);
	rule.match.destination.prefix = 128;
	one = firewall_save_rule(&rule, "CMAN-DNAT");
	assert_string_equal(one, "-A CMAN-DNAT -d 2001:db8::1/128 -p tcp -m tcp --dport 8080 "
				 "-m comment --comment \"cman:web\" -j DNAT --to-destination "
				 "[fd00:83::10]:80");
	rule.match.port_last = rule.to_last = 8081;
	rule.to_first = 8080;
	range = firewall_save_rule(&rule, "CMAN-DNAT");
	assert_non_null(strstr(range, "--dport 8080:8081 "));
	assert_non_null(strstr(range, "--to-destination fd00:83::10"));
	assert_null(strchr(range, '['));
}

static void test_words_of_egress(void **state)
{
	const struct firewall_rule tcp = {
		.match = {.in = "cman0", .by_mac = true, .mac = {2, 0, 0, 0, 0xab, 1},
			  .protocol = IPPROTO_TCP, .port_first = 443, .port_last = 443},
		.action = FIREWALL_RETURN,
		.comment = "cman:web",
	};
	const struct firewall_rule neighbour = {
		.family = FIREWALL_IPV6,
		.match = {.protocol = IPPROTO_ICMPV6, .icmp_type = 135},
		.action = FIREWALL_RETURN,
		.comment = "cman",
	};
	const struct firewall_rule ping = {
		.match = {.protocol = IPPROTO_ICMP},
		.action = FIREWALL_DROP,
		.comment = "cman",
	};
	AUTO_FREE char *one = firewall_save_rule(&tcp, "C"), *two = firewall_save_rule(&neighbour, "C"),
		       *three = firewall_save_rule(&ping, "C");

	(void)state;
	assert_string_equal(one, "-A C -i cman0 -p tcp -m mac --mac-source 02:00:00:00:ab:01 -m tcp "
				 "--dport 443 -m comment --comment \"cman:web\" -j RETURN");
	assert_string_equal(two, "-A C -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m comment --comment "
				 "cman -j RETURN");
	assert_string_equal(three, "-A C -p icmp -m comment --comment cman -j DROP");
}

static void test_host_firewall(void **state)
{
	struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	struct firewall_set set = {
		.backend = FIREWALL_IPTABLES,
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 1,
		.host_firewall = true,
	};

	(void)state;
	assert_lines(in_iptables(&set), "-A FWD",
		     "-A FWD -o cman0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
		     "-A FWD -i cman0 -o cman0 -m conntrack --ctstate DNAT -j ACCEPT\n"
		     "-A FWD -o cman0 -m conntrack --ctstate DNAT -j RETURN\n"
		     "-A FWD ! -i cman0 -o cman0 -j DROP\n"
		     "-A FWD -i cman0 -j ACCEPT\n");
	/* Siblings that do not reach each other still do by published ports. */
	networks[0].icc = false;
	assert_lines(in_nftables(&set), "FWD: ",
		     "FWD: oifname \"cman0\" ct state established,related accept\n"
		     "FWD: iifname \"cman0\" oifname \"cman0\" ct status dnat accept\n"
		     "FWD: oifname \"cman0\" ct status dnat return\n"
		     "FWD: iifname != \"cman0\" oifname \"cman0\" drop\n"
		     "FWD: iifname \"cman0\" oifname \"cman0\" drop\n"
		     "FWD: iifname \"cman0\" accept\n");
}

static void test_host_firewall_of_many(void **state)
{
	const struct firewall_network networks[] = {make_network("b", "10.84.0.0", 24, true),
						    make_network("a", "10.83.0.0", 24, false)};
	const struct firewall_set set = {
		.backend = FIREWALL_NFTABLES,
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 2,
		.host_firewall = true,
	};
	AUTO_FREE char *text = in_nftables(&set);
	const char *last_accept = strstr(text, "iifname \"b\" oifname \"b\" ct status dnat accept");
	const char *first_return = strstr(text, "oifname \"a\" ct status dnat return");
	const char *drop = strstr(text, "iifname != \"b\" oifname \"b\" drop");

	(void)state;
	/* What is accepted comes first, over all networks; and nothing is dropped before. */
	assert_non_null(last_accept);
	assert_true(first_return > last_accept);
	assert_true(drop > first_return);
}

static void test_uplink(void **state)
{
	struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	const struct firewall_exception exceptions[] = {
		{.container = "job", .address = either_address_of("10.83.0.7"), .nat = false}};
	struct firewall_set set = {
		.backend = FIREWALL_IPTABLES,
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 1,
		.exceptions = exceptions,
		.exception_count = 1,
	};
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};

	(void)state;
	networks[0].uplink = "wan1";
	assert_lines(in_iptables(&set), "-A NAT",
		     "-A NAT -s 10.83.0.0/16 -o cman0 -m conntrack --ctstate DNAT -j MASQUERADE\n"
		     "-A NAT -s 127.0.0.0/8 -o cman0 -j MASQUERADE\n"
		     "-A NAT -s 10.83.0.7/32 -o wan1 -m comment --comment \"cman:job\" -j RETURN\n"
		     "-A NAT -s 10.83.0.0/16 -o wan1 -j MASQUERADE\n");
	assert_lines(in_nftables(&set), "NAT: oifname \"wan1\"",
		     "NAT: oifname \"wan1\" ip saddr 10.83.0.7 return comment \"cman:job\"\n"
		     "NAT: oifname \"wan1\" ip saddr 10.83.0.0/16 masquerade\n");
	/* Who goes in and out does not depend on it. */
	assert_lines(in_iptables(&set), "-A FWD !", "-A FWD ! -i cman0 -o cman0 -j DROP\n");
	networks[0].uplink = "";
	assert_lines(in_iptables(&set), "-A NAT -s 10.83.0.0/16 !",
		     "-A NAT -s 10.83.0.0/16 ! -o cman0 -j MASQUERADE\n");
	networks[0].uplink = "a-name-of-16-byt";
	assert_int_equal(firewall_rules_build(&set, &rules, NULL), -1);
}

static void test_forward_is_theirs(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	struct firewall_set set = {
		.backend = FIREWALL_IPTABLES,
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 1,
		.forward_is_theirs = true,
	};
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_FREE char *nft = NULL;
	size_t wanted = 0;

	(void)state;
	/* The chain is there, the jump is not. */
	assert_lines(in_iptables(&set), "-A FWD -i", "-A FWD -i cman0 -j ACCEPT\n");
	assert_ok(firewall_rules_build(&set, &rules, err));
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++) {
		bool is_wanted = firewall_jump_is_wanted(&rules, &firewall_jumps[i]);

		assert_int_equal(is_wanted, firewall_jumps[i].chain != FIREWALL_FORWARD);
		wanted += is_wanted;
	}
	assert_int_equal(wanted, FIREWALL_JUMP_COUNT - FIREWALL_FAMILY_COUNT);
	/* nftables: neither. */
	set.backend = FIREWALL_NFTABLES;
	nft = in_nftables(&set);
	assert_null(strstr(nft, "FWD"));
	assert_null(strstr(nft, "filter-forward"));
	assert_non_null(strstr(nft, "nat-postrouting: meta nfproto ipv4 jump NAT"));
}

/* What a rule is there for: "KEY" of a network, "container: KEY[INDEX]". */
static char *reasons_of(const struct firewall_set *set, enum firewall_chain chain)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	struct text text = {0};
	size_t count;
	const struct firewall_rule *items;

	assert_ok(firewall_rules_build(set, &rules, err));
	items = firewall_rules_of(&rules, FIREWALL_IPV4, chain, &count);
	for (size_t i = 0; i < count; i++) {
		const struct firewall_reason *reason = &items[i].reason;

		text_addf(&text, "%s%s:%s", text.length ? " " : "", (const char *)reason->owner,
			  reason->key);
		if (reason->listed)
			text_addf(&text, "[%u]", reason->index);
		assert_int_equal(reason->of_container, *(const char *)reason->owner != 'n');
	}
	return text.data ? text.data : xstrdup("");
}

static void assert_reasons(const struct firewall_set *set, enum firewall_chain chain,
			   const char *expected)
{
	AUTO_FREE char *reasons = reasons_of(set, chain);

	assert_string_equal(reasons, expected);
}

static void test_reasons(void **state)
{
	struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	struct firewall_forward forwards[] = {
		make_forward("web", "cman0", "10.83.0.10", "0.0.0.0", PORTS(8443, 8443, 443, 443),
			     IPPROTO_TCP),
		make_forward("web", "cman0", "10.83.0.10", "0.0.0.0", PORTS(8080, 8080, 80, 80),
			     IPPROTO_TCP),
	};
	const struct firewall_exception exceptions[] = {
		{.container = "job", .address = either_address_of("10.83.0.7"), .owner = "job"}};
	struct firewall_set set = {
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 1,
		.forwards = forwards,
		.forward_count = 2,
		.exceptions = exceptions,
		.exception_count = 1,
	};

	(void)state;
	networks[0].owner = "net";
	forwards[0].owner = forwards[1].owner = "web";
	forwards[1].index = 1;
	assert_reasons(&set, FIREWALL_GUARD, "net: net:");
	assert_reasons(&set, FIREWALL_FORWARD, "net: net:nat net:");
	assert_reasons(&set, FIREWALL_DNAT, "web:ports[1] web:ports[0]");
	assert_reasons(&set, FIREWALL_NAT, "net: net: job:nat net:nat");
	networks[0].icc = false;
	set.host_firewall = true;
	assert_reasons(&set, FIREWALL_FORWARD,
		       "net: net:firewall.publish net:firewall.publish net:nat net:icc net:");
	networks[0].internal = true;
	networks[0].nat = false;
	set.exception_count = 0;
	set.host_firewall = false;
	assert_reasons(&set, FIREWALL_FORWARD, "net: net:internal net:icc net:internal net:");
}

/* ---- in the kernel ---- */

static const struct firewall_listed_rule *find_listed(const struct firewall_listing *listing,
						      const char *text)
{
	for (size_t i = 0; i < listing->count; i++)
		for (size_t j = 0; j < listing->chains[i].count; j++)
			if (strstr(listing->chains[i].rules[j].text, text))
				return &listing->chains[i].rules[j];
	fail_msg("no rule with %s", text);
	return NULL;
}

static size_t count_missing(const struct firewall_listing *listing, size_t *strangers,
			    size_t *disordered)
{
	size_t missing = 0;

	*strangers = *disordered = 0;
	for (size_t i = 0; i < listing->count; i++) {
		*strangers += listing->chains[i].strangers;
		*disordered += listing->chains[i].disordered;
		for (size_t j = 0; j < listing->chains[i].count; j++)
			missing += !listing->chains[i].rules[j].present;
	}
	return missing;
}

static void check_listing(const struct firewall_set *set, size_t missing, size_t strangers,
			  size_t disordered)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_FIREWALL_LISTING struct firewall_listing listing = {0};
	size_t found_strangers, found_disordered;

	assert_ok(firewall_rules_build(set, &rules, err));
	assert_ok(firewall_list(set->backend, set->prefix, &rules, &listing, err));
	assert_int_equal(count_missing(&listing, &found_strangers, &found_disordered), missing);
	assert_int_equal(found_strangers, strangers);
	assert_int_equal(found_disordered, disordered);
	if (missing == 0)
		assert_true(find_listed(&listing, "8080")->present);
}

static void test_listing(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	const struct firewall_forward forwards[] = {
		make_forward("web", "cman0", "10.83.0.10", "0.0.0.0", PORTS(8080, 8080, 80, 80),
			     IPPROTO_TCP),
	};
	struct firewall_set set = {
		.backend = FIREWALL_IPTABLES,
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 1,
		.forwards = forwards,
		.forward_count = 1,
	};

	(void)state;
	REQUIRE_NETWORK();
	enter_network();
	/* Nothing there yet: nine rules and five jumps. */
	check_listing(&set, 14, 0, 0);
	assert_ok(firewall_commit(&set, err));
	check_listing(&set, 0, 0, 0);
	run("iptables-legacy -t nat -F CMAN-DNAT; iptables-legacy -D FORWARD 1; "
	    "iptables-legacy -A CMAN-FWD -j RETURN");
	check_listing(&set, 2, 1, 0);
	assert_ok(firewall_commit(&set, err));
	run("iptables-legacy -D CMAN-FWD -i cman0 -m comment --comment cman:network:cman0 -j ACCEPT");
	run("iptables-legacy -I CMAN-FWD -i cman0 -m comment --comment cman:network:cman0 -j ACCEPT");
	check_listing(&set, 0, 0, 1);
	/* One of the ten lines of nft is a second of a rule. */
	set.backend = FIREWALL_NFTABLES;
	check_listing(&set, 15, 0, 0);
	assert_ok(firewall_commit(&set, err));
	check_listing(&set, 0, 0, 0);
	run("nft flush chain inet cman DNAT");
	run("nft add rule inet cman NAT counter");
	check_listing(&set, 1, 1, 0);
	run("nft add table inet cman2");
	run("nft delete table inet cman");
	check_listing(&set, 15, 0, 0);
}

static void test_jumps_of_others_stay(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	struct firewall_set set = {
		.backend = FIREWALL_IPTABLES,
		.prefix = "CMAN",
		.networks = networks,
		.network_count = 1,
	};
	AUTO_FREE char *ours = NULL, *theirs = NULL, *emptied = NULL;

	(void)state;
	REQUIRE_NETWORK();
	enter_network();
	assert_ok(firewall_commit(&set, err));
	set.forward_is_theirs = true;
	assert_ok(firewall_commit(&set, err));
	ours = output_of("iptables-legacy -S FORWARD");
	assert_string_equal(ours, "-P FORWARD ACCEPT\n");
	run("iptables-legacy -A FORWARD -s 10.0.0.0/8 -j CMAN-FWD");
	assert_ok(firewall_commit(&set, err));
	set.network_count = 0;
	assert_ok(firewall_commit(&set, err));
	theirs = output_of("iptables-legacy -S FORWARD");
	assert_string_equal(theirs, "-P FORWARD ACCEPT\n-A FORWARD -s 10.0.0.0/8 -j CMAN-FWD\n");
	emptied = output_of("iptables-legacy -S CMAN-FWD");
	assert_string_equal(emptied, "-N CMAN-FWD\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_of_iptables),
		cmocka_unit_test(test_jumps_of_iptables),
		cmocka_unit_test(test_words_of_ipv6),
		cmocka_unit_test(test_words_of_egress),
		cmocka_unit_test(test_host_firewall),
		cmocka_unit_test(test_host_firewall_of_many),
		cmocka_unit_test(test_uplink),
		cmocka_unit_test(test_forward_is_theirs),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_jumps_of_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
