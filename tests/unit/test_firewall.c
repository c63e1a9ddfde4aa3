/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the firewall that needs no root: which rules there are, and the lock. */
#include "firewall_test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/process.h"
#include "kernel/firewall_build.h"
#include "kernel/firewall_text.h"
#include "kernel/module.h"

/* --- rules ------------------------------------------------------------------------------------ */

/* Into a buffer that the next call uses again. */
static const char *show(enum firewall_family family, const union firewall_address *address)
{
	static char text[INET6_ADDRSTRLEN];

	return inet_ntop(family == FIREWALL_IPV6 ? AF_INET6 : AF_INET, address, text, sizeof(text));
}

static void describe_subnet(struct text *text, const char *word, enum firewall_family family,
			    const struct firewall_subnet *subnet)
{
	if (subnet->prefix == 0)
		return;
	text_addf(text, " %s %s/%u", word, show(family, &subnet->address), subnet->prefix);
}

static void describe_rule(struct text *text, const struct firewall_rule *rule)
{
	static const char *const chains[] = {"guard", "egress", "forward", "host", "dnat", "nat"};
	static const char *const actions[] = {"accept", "drop", "return", "to", "masquerade"};
	const struct firewall_match *match = &rule->match;

	text_addf(text, "%s%s:", chains[rule->chain], rule->family == FIREWALL_IPV6 ? "6" : "");
	if (match->in[0])
		text_addf(text, " %s %s", match->not_in ? "not-in" : "in", match->in);
	if (match->out[0])
		text_addf(text, " %s %s", match->not_out ? "not-out" : "out", match->out);
	describe_subnet(text, "from", rule->family, &match->source);
	describe_subnet(text, "for", rule->family, &match->destination);
	if (match->protocol)
		text_addf(text, " %s %u-%u", match->protocol == IPPROTO_TCP ? "tcp" : "udp",
			  match->port_first, match->port_last);
	if (match->states & FIREWALL_STATE_ANSWERS)
		text_addf(text, " answers");
	if (match->states & FIREWALL_STATE_DNAT)
		text_addf(text, " dnatted");
	text_addf(text, " %s", actions[rule->action]);
	if (rule->action == FIREWALL_DNAT_TO)
		text_addf(text, " %s:%u-%u", show(rule->family, &rule->to), rule->to_first,
			  rule->to_last);
	text_addf(text, " (%s)\n", rule->comment);
}

static void assert_rules(const struct firewall_set *set, const char *expected)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_TEXT struct text text = {0};

	assert_ok(firewall_rules_build(set, &rules, err));
	for (size_t i = 0; i < rules.count; i++)
		describe_rule(&text, &rules.items[i]);
	assert_string_equal(text_value(&text), expected);
}

static void test_nothing_has_no_rules(void **state)
{
	const struct firewall_set set = {.prefix = "CMAN"};

	(void)state;
	assert_rules(&set, "");
}

static void test_network(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 16, true)};
	const struct firewall_set set = {.prefix = "CMAN", .networks = networks, .network_count = 1};

	(void)state;
	assert_rules(&set,
		     "guard: in cman0 for 127.0.0.0/8 drop (cman:network:cman0)\n"
		     "guard: in cman0 from 127.0.0.0/8 drop (cman:network:cman0)\n"
		     "forward: out cman0 answers dnatted accept (cman:network:cman0)\n"
		     "forward: not-in cman0 out cman0 drop (cman:network:cman0)\n"
		     "forward: in cman0 accept (cman:network:cman0)\n"
		     "nat: out cman0 from 10.83.0.0/16 dnatted masquerade (cman:network:cman0)\n"
		     "nat: out cman0 from 127.0.0.0/8 masquerade (cman:network:cman0)\n"
		     "nat: not-out cman0 from 10.83.0.0/16 masquerade (cman:network:cman0)\n");
}

/* What keeps networks apart stands before what lets each of them out. */
static void test_routed_network(void **state)
{
	const struct firewall_network networks[] = {make_network("cman1", "10.84.0.0", 24, false),
						    make_network("cman0", "10.83.0.0", 24, true)};
	const struct firewall_set set = {.prefix = "CMAN", .networks = networks, .network_count = 2};

	(void)state;
	assert_rules(&set,
		     "guard: in cman0 for 127.0.0.0/8 drop (cman:network:cman0)\n"
		     "guard: in cman1 for 127.0.0.0/8 drop (cman:network:cman1)\n"
		     "guard: in cman0 from 127.0.0.0/8 drop (cman:network:cman0)\n"
		     "guard: in cman1 from 127.0.0.0/8 drop (cman:network:cman1)\n"
		     "forward: out cman0 answers dnatted accept (cman:network:cman0)\n"
		     "forward: out cman1 answers dnatted accept (cman:network:cman1)\n"
		     "forward: not-in cman0 out cman0 drop (cman:network:cman0)\n"
		     "forward: in cman0 accept (cman:network:cman0)\n"
		     "forward: in cman1 accept (cman:network:cman1)\n"
		     "nat: out cman0 from 10.83.0.0/24 dnatted masquerade (cman:network:cman0)\n"
		     "nat: out cman1 from 10.84.0.0/24 dnatted masquerade (cman:network:cman1)\n"
		     "nat: out cman0 from 127.0.0.0/8 masquerade (cman:network:cman0)\n"
		     "nat: out cman1 from 127.0.0.0/8 masquerade (cman:network:cman1)\n"
		     "nat: not-out cman0 from 10.83.0.0/24 masquerade (cman:network:cman0)\n");
}

static void test_closed_networks(void **state)
{
	struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 24, false),
					      make_network("cman1", "10.84.0.0", 24, false)};
	const struct firewall_set set = {.prefix = "CMAN", .networks = networks, .network_count = 2};

	(void)state;
	networks[0].internal = true;
	networks[1].icc = false;
	assert_rules(&set,
		     "guard: in cman0 for 127.0.0.0/8 drop (cman:network:cman0)\n"
		     "guard: in cman1 for 127.0.0.0/8 drop (cman:network:cman1)\n"
		     "guard: in cman0 from 127.0.0.0/8 drop (cman:network:cman0)\n"
		     "guard: in cman1 from 127.0.0.0/8 drop (cman:network:cman1)\n"
		     "forward: out cman0 answers dnatted accept (cman:network:cman0)\n"
		     "forward: out cman1 answers dnatted accept (cman:network:cman1)\n"
		     "forward: not-in cman0 out cman0 drop (cman:network:cman0)\n"
		     "forward: in cman1 out cman1 drop (cman:network:cman1)\n"
		     "forward: in cman0 not-out cman0 drop (cman:network:cman0)\n"
		     "forward: in cman0 accept (cman:network:cman0)\n"
		     "forward: in cman1 accept (cman:network:cman1)\n"
		     "nat: out cman0 from 10.83.0.0/24 dnatted masquerade (cman:network:cman0)\n"
		     "nat: out cman1 from 10.84.0.0/24 dnatted masquerade (cman:network:cman1)\n"
		     "nat: out cman0 from 127.0.0.0/8 masquerade (cman:network:cman0)\n"
		     "nat: out cman1 from 127.0.0.0/8 masquerade (cman:network:cman1)\n");
}

static void assert_chain(const struct firewall_set *set, enum firewall_chain chain,
			 const char *expected)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_TEXT struct text text = {0};
	const struct firewall_rule *rule;
	size_t count;

	assert_ok(firewall_rules_build(set, &rules, err));
	rule = firewall_rules_of(&rules, FIREWALL_IPV4, chain, &count);
	for (size_t i = 0; i < count; i++)
		describe_rule(&text, &rule[i]);
	assert_string_equal(text_value(&text), expected);
}

/* A port on one address goes before the same port on all; the order of the set is of no matter. */
static void test_published_ports(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 24, true)};
	struct firewall_forward forwards[] = {
		make_forward("any", "cman0", "10.83.0.9", "0.0.0.0", PORTS(80, 80, 8080, 8080),
			     IPPROTO_TCP),
		make_forward("dns", "cman0", "10.83.0.10", "0.0.0.0", PORTS(53, 53, 53, 53),
			     IPPROTO_UDP),
		make_forward("one", "cman0", "10.83.0.11", "192.0.2.1", PORTS(80, 80, 80, 80),
			     IPPROTO_TCP),
		make_forward("range", "cman0", "10.83.0.12", "0.0.0.0",
			     PORTS(5000, 5009, 6000, 6009), IPPROTO_TCP),
	};
	const struct firewall_set set = {.prefix = "CMAN",
					 .networks = networks,
					 .network_count = 1,
					 .forwards = forwards,
					 .forward_count = 4};

	(void)state;
	for (int turn = 0; turn < 4; turn++) {
		const struct firewall_forward first = forwards[0];

		assert_chain(&set, FIREWALL_DNAT,
			     "dnat: for 192.0.2.1/32 tcp 80-80 to 10.83.0.11:80-80 (cman:one)\n"
			     "dnat: tcp 80-80 to 10.83.0.9:8080-8080 (cman:any)\n"
			     "dnat: tcp 5000-5009 to 10.83.0.12:6000-6009 (cman:range)\n"
			     "dnat: udp 53-53 to 10.83.0.10:53-53 (cman:dns)\n");
		memmove(forwards, forwards + 1, 3 * sizeof(*forwards));
		forwards[3] = first;
	}
}

static void test_exceptions_of_nat(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 24, true),
						    make_network("cman1", "10.84.0.0", 24, false)};
	const struct firewall_exception exceptions[] = {
		{"out", FIREWALL_IPV4, either_address_of("10.84.0.7"), true, NULL},
		{"same", FIREWALL_IPV4, either_address_of("10.84.0.8"), false, NULL},
		{"job", FIREWALL_IPV4, either_address_of("10.83.0.7"), false, NULL},
	};
	const struct firewall_set set = {.prefix = "CMAN",
					 .networks = networks,
					 .network_count = 2,
					 .exceptions = exceptions,
					 .exception_count = 3};

	(void)state;
	assert_chain(&set, FIREWALL_NAT,
		     "nat: out cman0 from 10.83.0.0/24 dnatted masquerade (cman:network:cman0)\n"
		     "nat: out cman1 from 10.84.0.0/24 dnatted masquerade (cman:network:cman1)\n"
		     "nat: out cman0 from 127.0.0.0/8 masquerade (cman:network:cman0)\n"
		     "nat: out cman1 from 127.0.0.0/8 masquerade (cman:network:cman1)\n"
		     "nat: not-out cman0 from 10.83.0.7/32 return (cman:job)\n"
		     "nat: not-out cman1 from 10.84.0.7/32 masquerade (cman:out)\n"
		     "nat: not-out cman0 from 10.83.0.0/24 masquerade (cman:network:cman0)\n");
}

static void test_isolated_containers(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 24, false)};
	const struct firewall_isolated isolated[] = {
		{"web", "cman0", FIREWALL_IPV4, either_address_of("10.83.0.7"), NULL}};
	const struct firewall_set set = {.prefix = "CMAN",
					 .networks = networks,
					 .network_count = 1,
					 .isolated = isolated,
					 .isolated_count = 1};

	(void)state;
	/* Behind what belongs to a published port, before what lets siblings through. */
	assert_chain(&set, FIREWALL_FORWARD,
		     "forward: out cman0 answers dnatted accept (cman:network:cman0)\n"
		     "forward: in cman0 out cman0 for 10.83.0.7/32 drop (cman:web)\n"
		     "forward: in cman0 out cman0 from 10.83.0.7/32 drop (cman:web)\n"
		     "forward: in cman0 accept (cman:network:cman0)\n");
}

static void assert_refused(const struct firewall_set *set, const char *message)
{
	struct firewall_rules rules = {0};
	struct error err;

	assert_int_equal(firewall_rules_build(set, &rules, &err), -1);
	assert_int_equal(err.code, EINVAL);
	assert_string_equal(err.text, message);
	assert_null(rules.items);
}

static void test_contradictions(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.83.0.0", 24, true)};
	struct firewall_forward forward = make_forward("web", "cman1", "10.83.0.9", "0.0.0.0",
						       PORTS(80, 80, 80, 80), IPPROTO_TCP);
	const struct firewall_exception exception = {"web", FIREWALL_IPV4,
						     either_address_of("10.83.1.9"), false, NULL};
	const struct firewall_isolated isolated = {"web", "cman1", FIREWALL_IPV4,
						   either_address_of("10.83.0.9"), NULL};
	struct firewall_set set = {.prefix = "CMAN",
				   .networks = networks,
				   .network_count = 1,
				   .forwards = &forward,
				   .forward_count = 1};

	(void)state;
	assert_refused(&set, "published port of web on unknown bridge cman1: Invalid argument");
	forward.bridge = "cman0";
	forward.host_last = 81;
	assert_refused(&set, "published ports 80-81 of web to 80-80: Invalid argument");
	set = (struct firewall_set){.prefix = "CMAN",
				    .networks = networks,
				    .network_count = 1,
				    .exceptions = &exception,
				    .exception_count = 1};
	assert_refused(&set, "address of web is in none of the networks: Invalid argument");
	set = (struct firewall_set){.prefix = "CMAN",
				    .networks = networks,
				    .network_count = 1,
				    .isolated = &isolated,
				    .isolated_count = 1};
	assert_refused(&set, "isolated container web on unknown bridge cman1: Invalid argument");
}

/* --- in the words of nft ---------------------------------------------------------------------- */

/* What nft gets to see to turn the table of a listing (NULL: none) into that of the set. */
static void assert_commands(const char *listing, const struct firewall_set *set,
			    const char *expected)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	AUTO_FIREWALL_TEXT struct firewall_text_table have = {0}, want = {0};
	AUTO_TEXT struct text commands = {0};

	if (listing)
		firewall_text_read(listing, &have);
	if (set) {
		assert_ok(firewall_rules_build(set, &rules, err));
		firewall_text_build(&rules, &want);
	}
	firewall_text_commands("cman", listing ? &have : NULL, set ? &want : NULL, &commands);
	assert_string_equal(text_value(&commands), expected);
}

#define GUARD_CHAIN                                                                                  \
	"	chain GUARD { # handle 1\n"                                                                \
	"		iifname \"cman0\" ip daddr 127.0.0.0/8 drop comment \"cman:network:cman0\" # handle 11\n" \
	"		iifname \"cman0\" ip saddr 127.0.0.0/8 drop comment \"cman:network:cman0\" # handle 12\n" \
	"	}\n\n"
#define FORWARD_CHAIN                                                                                          \
	"	chain FWD { # handle 2\n"                                                                            \
	"		oifname \"cman0\" ct state established,related accept comment \"cman:network:cman0\" # handle 13\n" \
	"		oifname \"cman0\" ct status dnat accept comment \"cman:network:cman0\" # handle 14\n"               \
	"		iifname \"cman0\" accept comment \"cman:network:cman0\" # handle 15\n"                              \
	"	}\n\n"
#define OTHER_CHAINS                                                                                                       \
	"	chain NAT { # handle 4\n"                                                                                        \
	"		oifname \"cman0\" ip saddr 10.84.0.0/24 ct status dnat masquerade comment \"cman:network:cman0\" # handle 16\n" \
	"		oifname \"cman0\" ip saddr 127.0.0.0/8 masquerade comment \"cman:network:cman0\" # handle 17\n"                 \
	"	}\n\n"                                                                                                           \
	"	chain raw-prerouting { # handle 5\n"                                                                             \
	"		type filter hook prerouting priority -310; policy accept;\n"                                                    \
	"		meta nfproto ipv4 jump GUARD comment \"cman\" # handle 18\n"                                                    \
	"	}\n\n"                                                                                                           \
	"	chain filter-forward { # handle 6\n"                                                                             \
	"		type filter hook forward priority -10; policy accept;\n"                                                        \
	"		meta nfproto ipv4 jump FWD comment \"cman\" # handle 19\n"                                                      \
	"	}\n\n"                                                                                                           \
	"	chain nat-prerouting { # handle 7\n"                                                                             \
	"		type nat hook prerouting priority -80; policy accept;\n"                                                        \
	"		ip daddr != 127.0.0.0/8 fib daddr type local jump DNAT comment \"cman\" # handle 20\n"                          \
	"	}\n\n"                                                                                                           \
	"	chain nat-output { # handle 8\n"                                                                                 \
	"		type nat hook output priority -80; policy accept;\n"                                                            \
	"		meta nfproto ipv4 fib daddr type local jump DNAT comment \"cman\" # handle 21\n"                                \
	"	}\n\n"                                                                                                           \
	"	chain nat-postrouting { # handle 9\n"                                                                            \
	"		type nat hook postrouting priority 120; policy accept;\n"                                                       \
	"		meta nfproto ipv4 jump NAT comment \"cman\" # handle 22\n"                                                      \
	"	}\n"
#define LISTING(dnat)                                                                              \
	"table inet cman { # handle 7\n" GUARD_CHAIN FORWARD_CHAIN                                 \
	"	chain DNAT { # handle 3\n" dnat "	}\n\n" OTHER_CHAINS "}\n"

static void test_text_is_edited(void **state)
{
	const struct firewall_network networks[] = {make_network("cman0", "10.84.0.0", 24, false)};
	const struct firewall_forward forwards[] = {
		make_forward("web", "cman0", "10.84.0.2", "0.0.0.0", PORTS(80, 80, 8080, 8080),
			     IPPROTO_TCP),
		make_forward("dns", "cman0", "10.84.0.3", "192.0.2.1", PORTS(53, 54, 53, 54),
			     IPPROTO_UDP),
		make_forward("dns", "cman0", "10.84.0.3", "0.0.0.0", PORTS(90, 91, 190, 191),
			     IPPROTO_UDP),
	};
	struct firewall_set set = {
		.prefix = "CMAN", .networks = networks, .network_count = 1, .forwards = forwards};

	(void)state;
	assert_commands(NULL, NULL, "");
	assert_commands(LISTING(""), &set, "");
	assert_commands(LISTING(""), NULL, "delete table inet cman\n");
	set.forward_count = 3;
	assert_commands(LISTING(""), &set,
			"add rule inet cman DNAT ip daddr 192.0.2.1 udp dport 53-54 "
			"dnat ip to 10.84.0.3 comment \"cman:dns\"\n"
			"add rule inet cman DNAT tcp dport 80 dnat ip to 10.84.0.2:8080 "
			"comment \"cman:web\"\n"
			"add rule inet cman DNAT udp dport 90-91 dnat ip to 10.84.0.3:udp dport map "
			"{ 90 : 190, 91 : 191 } comment \"cman:dns\"\n");
	/* One stays, one comes before it, one behind it, two go. */
	assert_commands(
		LISTING("		tcp dport 79 dnat ip to 10.84.0.9:1 comment \"cman:old\" # handle 41\n"
			"		tcp dport 80 dnat ip to 10.84.0.2:8080 comment \"cman:web\" # handle 42\n"
			"		tcp dport 81 accept # handle 43\n"),
		&set,
		"insert rule inet cman DNAT handle 42 ip daddr 192.0.2.1 udp dport 53-54 "
		"dnat ip to 10.84.0.3 comment \"cman:dns\"\n"
		"delete rule inet cman DNAT handle 41\n"
		"add rule inet cman DNAT udp dport 90-91 dnat ip to 10.84.0.3:udp dport map "
		"{ 90 : 190, 91 : 191 } comment \"cman:dns\"\n"
		"delete rule inet cman DNAT handle 43\n");
}

/* With chains that are not as ours the table is replaced, in the same transaction. */
static void test_text_of_a_strange_table(void **state)
{
	static const char *const strange[] = {
		"table inet cman { # handle 7\n}\n",
		"table inet cman { # handle 7\n" GUARD_CHAIN FORWARD_CHAIN OTHER_CHAINS "}\n",
		LISTING("") "	set theirs { # handle 90\n		type ipv4_addr\n	}\n",
		LISTING("") "	chain theirs { # handle 90\n	}\n",
	};
	const struct firewall_network networks[] = {make_network("cman0", "10.84.0.0", 24, false)};
	const struct firewall_set set = {.prefix = "CMAN", .networks = networks, .network_count = 1};
	static const char begin[] = "delete table inet cman\ntable inet cman {\n\tchain GUARD {\n"
				    "\t\tiifname \"cman0\" ip daddr 127.0.0.0/8 drop";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strange); i++) {
		AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
		AUTO_FIREWALL_TEXT struct firewall_text_table have = {0}, want = {0};
		AUTO_TEXT struct text commands = {0};

		assert_ok(firewall_rules_build(&set, &rules, err));
		firewall_text_build(&rules, &want);
		firewall_text_read(strange[i], &have);
		firewall_text_commands("cman", &have, &want, &commands);
		if (!text_starts_with(text_value(&commands), begin))
			fail_msg("listing %zu: %s", i, text_value(&commands));
	}
}

/* --- lock ------------------------------------------------------------------------------------- */

static char lock_file[64];

static int make_lock_file_name(void **state)
{
	(void)state;
	snprintf(lock_file, sizeof(lock_file), "/tmp/cman-test-lock-%d", (int)getpid());
	return setenv("XTABLES_LOCKFILE", lock_file, 1);
}

static int remove_lock_file(void **state)
{
	(void)state;
	unlink(lock_file);
	return unsetenv("XTABLES_LOCKFILE");
}

/* A process that holds the lock for hold_ms, and removes the file first if it is to. */
static pid_t start_holder(int hold_ms, bool remove_file)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_return_code(pipe(ready), errno);
	pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		if (firewall_lock(0, NULL) < 0)
			_exit(1);
		if (write(ready[1], "r", 1) != 1 || (poll(NULL, 0, hold_ms), false))
			_exit(1);
		_exit(remove_file && unlink(lock_file) < 0 ? 1 : 0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_holder(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void test_lock_is_taken_and_released(void **state)
{
	struct stat st;

	(void)state;
	for (int i = 0; i < 3; i++) {
		int fd;

		assert_ok(fd = firewall_lock(i - 1, err));
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	}
	assert_return_code(stat(lock_file, &st), errno);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_lock_time_out_names_the_holder(void **state)
{
	pid_t holder = start_holder(60000, false);
	uint64_t before = process_monotonic_ms();
	struct sigaction action;
	char expected[128];
	struct error err;

	(void)state;
	assert_int_equal(firewall_lock(0, &err), -1);
	assert_int_equal(err.code, EAGAIN);
	assert_int_equal(firewall_lock(150, &err), -1);
	assert_int_equal(err.code, EAGAIN);
	assert_in_range(process_monotonic_ms() - before, 150, 5000);
	snprintf(expected, sizeof(expected), "%s: held by another process for more than 150 ms",
		 lock_file);
	assert_true(text_starts_with(err.text, expected));
	snprintf(expected, sizeof(expected), "process %d holds it", (int)holder);
	assert_true(text_starts_with(err.hint, expected));
	sigaction(SIGALRM, NULL, &action);
	assert_ptr_equal(action.sa_handler, SIG_DFL);
	end_holder(holder);
}

static void test_lock_is_waited_for(void **state)
{
	pid_t holder = start_holder(200, false);
	int fd;

	(void)state;
	assert_ok(fd = firewall_lock(10000, err));
	close(fd);
	end_holder(holder);
	holder = start_holder(200, false);
	assert_ok(fd = firewall_lock(-1, err));
	close(fd);
	end_holder(holder);
}

/* A lock on a file that was removed meanwhile would exclude nobody. */
static void test_lock_of_a_removed_file(void **state)
{
	pid_t holder = start_holder(200, true);
	struct stat locked, named;
	int fd;

	(void)state;
	assert_ok(fd = firewall_lock(10000, err));
	assert_return_code(fstat(fd, &locked), errno);
	assert_return_code(stat(lock_file, &named), errno);
	assert_int_equal(locked.st_ino, named.st_ino);
	close(fd);
	end_holder(holder);
}

static void test_lock_that_cannot_be_made(void **state)
{
	struct error err;

	(void)state;
	setenv("XTABLES_LOCKFILE", "/nonexistent/lock", 1);
	assert_int_equal(firewall_lock(0, &err), -1);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.text, "lock of iptables: open /nonexistent/lock: "
				      "No such file or directory");
	setenv("XTABLES_LOCKFILE", lock_file, 1);
}

/* --- modules ---------------------------------------------------------------------------------- */

static void test_unknown_module(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(module_load("cman_no_such_module", &err), -1);
	if (err.code == ENOSYS) {
		print_message("skipped: %s\n", err.text);
		skip();
	}
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.text, "load module cman_no_such_module: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_has_no_rules),
		cmocka_unit_test(test_text_is_edited),
		cmocka_unit_test(test_text_of_a_strange_table),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_routed_network),
		cmocka_unit_test(test_closed_networks),
		cmocka_unit_test(test_published_ports),
		cmocka_unit_test(test_exceptions_of_nat),
		cmocka_unit_test(test_isolated_containers),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_lock_is_taken_and_released),
		cmocka_unit_test(test_lock_time_out_names_the_holder),
		cmocka_unit_test(test_lock_is_waited_for),
		cmocka_unit_test(test_lock_of_a_removed_file),
		cmocka_unit_test(test_lock_that_cannot_be_made),
		cmocka_unit_test(test_unknown_module),
	};

	return cmocka_run_group_tests_name("firewall", tests, make_lock_file_name, remove_lock_file);
}
