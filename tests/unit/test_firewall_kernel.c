/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules in the kernel, seen through iptables-legacy-save and nft, in a network namespace of the
 * test. The system calls libiptc makes pass through here, to be counted and to fail when a test
 * says so; of nf_tables the kernel itself counts the transactions.
 */
#include "firewall_test.h"

#include "kernel/firewall_look.h"

#include <dlfcn.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netlink.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fs.h"

static struct {
	unsigned int looks;     /* at tables */
	unsigned int commits;   /* tries included */
	const char *fail_table; /* whose commits fail */
	unsigned int fail_count;
	int fail_code;
	const char *count_table; /* whose counters fail once, when the rules are in force */
	int look_code; /* errno of looking at any table, 0: works */
} calls;

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length)
{
	if (level == IPPROTO_IP && name == IPT_SO_GET_INFO) {
		calls.looks++;
		if (calls.look_code) {
			errno = calls.look_code;
			return -1;
		}
	}
	return (int)syscall(SYS_getsockopt, fd, level, name, value, length);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	if (level == IPPROTO_IP && name == IPT_SO_SET_REPLACE) {
		const struct ipt_replace *replace = value;

		calls.commits++;
		if (calls.fail_count && strcmp(replace->name, calls.fail_table) == 0) {
			calls.fail_count--;
			errno = calls.fail_code;
			return -1;
		}
	}
	if (level == IPPROTO_IP && name == IPT_SO_SET_ADD_COUNTERS && calls.count_table) {
		const struct xt_counters_info *counters = value;

		if (strcmp(counters->name, calls.count_table) == 0) {
			calls.count_table = NULL;
			errno = EINVAL;
			return -1;
		}
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}

/* How each backend is looked at, and damaged. Tests without a word of iptables run with both. */
static const struct view {
	enum firewall_backend backend;
	const char *all;      /* prints everything there is, with counters */
	const char *ours;     /* how much there is of the prefix CMAN, in whatever unit */
	const char *forwards; /* how many rules of published ports it has */
	unsigned int parts;   /* transactions that make it from nothing */
	const char *foreign;  /* loads rules of somebody else, with counters */
	const char *damages[8];
} views[] = {
	{
		.backend = FIREWALL_IPTABLES,
		.all = "iptables-legacy-save -c | grep -v '^#'",
		.ours = "iptables-legacy-save | grep -c CMAN- || :",
		.forwards = "iptables-legacy-save -t nat | grep -c 'A CMAN-DNAT' || :",
		.parts = 3,
		.foreign = "iptables-legacy-restore -c",
		.damages =
			{
				"iptables-legacy -F && iptables-legacy -X && iptables-legacy -t nat "
				"-F && iptables-legacy -t nat -X",
				"iptables-legacy -t nat -F CMAN-DNAT",
				"iptables-legacy -t nat -D CMAN-DNAT 2",
				"iptables-legacy -I CMAN-FWD -j ACCEPT",
				"iptables-legacy -t raw -A CMAN-GUARD -p icmp -j ACCEPT",
				"iptables-legacy -t nat -R CMAN-NAT 1 -j MASQUERADE",
				"iptables-legacy-save | sed '/dport 8080/s/10.83.0.10/10.83.0.99/' | "
				"iptables-legacy-restore",
			},
	},
	{
		.backend = FIREWALL_NFTABLES,
		.all = "nft list ruleset",
		.ours = "nft list ruleset | grep -c 'inet cman {' || :",
		.forwards = "nft list table inet cman | grep -c 'dnat ip to' || :",
		.parts = 1,
		.foreign = "nft -f -",
		.damages =
			{
				"nft flush ruleset",
				"nft flush chain inet cman DNAT",
				"nft delete rule inet cman DNAT handle $(nft -a list chain inet cman "
				"DNAT | sed -n 's/.*8080.*handle //p')",
				"nft insert rule inet cman FWD accept",
				"nft add set inet cman theirs '{ type ipv4_addr; }'",
				"nft chain inet cman filter-forward '{ policy drop; }'",
				"nft add chain inet cman theirs",
				"nft -s list table inet cman | sed '/dport 8080/s/10.83.0.10/10.83.0.99/' "
				">/run/bad && nft -f - <<-END\ndelete table inet cman\ninclude "
				"\"/run/bad\"\nEND",
			},
	},
};
static const struct view *view;

/* Of the transactions of nf_tables in this namespace, the number of the last one. */
static uint32_t generation(void)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
	} request = {.header = {.nlmsg_len = sizeof(request),
				.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
				.nlmsg_flags = NLM_F_REQUEST}};
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
		struct nlattr attribute;
		uint32_t id; /* NFTA_GEN_ID comes first */
		char rest[256];
	} answer = {0};
	AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	assert_return_code(fd, errno);
	assert_return_code(send(fd, &request, sizeof(request), 0), errno);
	assert_return_code(recv(fd, &answer, sizeof(answer), 0), errno);
	assert_int_equal(answer.attribute.nla_type, NFTA_GEN_ID);
	return ntohl(answer.id);
}

/* How often rules have been written. */
static uint32_t writes(void)
{
	return view->backend == FIREWALL_IPTABLES ? calls.commits : generation();
}

static const struct firewall_set *nothing_set(void)
{
	static struct firewall_set set = {.prefix = "CMAN"};

	set.backend = view->backend;
	return &set;
}

/* The first forwards of four; more of everything than one container has. */
static const struct firewall_set *sample_set(size_t forward_count)
{
	static struct firewall_network networks[2];
	static struct firewall_forward forwards[4];
	static struct firewall_exception exceptions[1];
	static struct firewall_set set = {.prefix = "CMAN",
					  .networks = networks,
					  .forwards = forwards,
					  .exceptions = exceptions};

	networks[0] = make_network("cman0", "10.83.0.0", 24, true);
	networks[1] = make_network("cman1", "10.84.0.0", 16, false);
	forwards[0] = make_forward("web", "cman0", "10.83.0.10", "0.0.0.0",
				   PORTS(8080, 8080, 80, 80), IPPROTO_TCP);
	forwards[1] = make_forward("web", "cman0", "10.83.0.10", "127.0.0.1",
				   PORTS(8443, 8443, 443, 443), IPPROTO_TCP);
	forwards[2] = make_forward("dns", "cman1", "10.84.0.11", "0.0.0.0",
				   PORTS(5000, 5009, 6000, 6009), IPPROTO_UDP);
	forwards[3] = make_forward("dns", "cman1", "10.84.0.11", "0.0.0.0",
				   PORTS(7000, 7009, 7000, 7009), IPPROTO_TCP);
	exceptions[0] = (struct firewall_exception){"job", FIREWALL_IPV4,
						    either_address_of("10.83.0.12"), false, NULL};
	set.backend = view->backend;
	set.network_count = ARRAY_SIZE(networks);
	set.forward_count = forward_count;
	set.exception_count = ARRAY_SIZE(exceptions);
	return &set;
}

#define ALL 4

static void assert_output(const char *command, const char *expected)
{
	AUTO_FREE char *output = output_of(command);

	assert_string_equal(output, expected);
}

static void assert_tables(const char *expected)
{
	assert_output(view->all, expected);
}

/* Lines of "iptables-legacy-save [-c]" that grep finds. */
static void assert_lines(const char *options, const char *pattern, const char *expected)
{
	AUTO_FREE char *command =
		xprintf("iptables-legacy-save %s | grep -E -e '%s' || :", options, pattern);

	assert_output(command, expected);
}

static int start(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof(calls));
	if (!missing_for_network())
		enter_network();
	return 0;
}

static const char foreign_rules[] =
	"*raw\n:PREROUTING ACCEPT [3:30]\n:OUTPUT ACCEPT [4:40]\n"
	"[5:50] -A PREROUTING -p icmp -j DROP\nCOMMIT\n"
	"*nat\n:PREROUTING ACCEPT [1:2]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
	":POSTROUTING ACCEPT [7:8]\n:THEIRS - [0:0]\n:ZONE - [0:0]\n"
	"[9:90] -A PREROUTING -p tcp -m tcp --dport 8080 -j THEIRS\n"
	"[1:10] -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
	"[2:20] -A THEIRS ! -i docker0 -p tcp -m tcp --dport 1 -j DNAT --to-destination 172.17.0.2:2\n"
	"[3:33] -A ZONE -m comment --comment \"cman:web\" -j RETURN\nCOMMIT\n"
	"*filter\n:INPUT DROP [11:12]\n:FORWARD DROP [13:14]\n:OUTPUT ACCEPT [15:16]\n"
	":THEIRS - [0:0]\n"
	"[17:18] -A INPUT -i eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
	"[19:20] -A FORWARD -i docker0 -j THEIRS\n"
	"[21:22] -A THEIRS -m limit --limit 5/min -j LOG\nCOMMIT\n";

/* command: reads rules from its standard input */
static void feed(const char *command, const char *rules)
{
	FILE *pipe = popen(command, "we");

	assert_non_null(pipe);
	assert_int_not_equal(fputs(rules, pipe), EOF);
	assert_int_equal(pclose(pipe), 0);
}

static void restore(const char *rules)
{
	feed("iptables-legacy-restore -c", rules);
}

static const char foreign_nft_rules[] =
	"table ip filter {\n"
	"	chain FORWARD {\n"
	"		type filter hook forward priority 0; policy drop;\n"
	"		iifname \"docker0\" counter packets 19 bytes 20 accept\n"
	"	}\n"
	"}\n"
	"table inet theirs {\n"
	"	chain GUARD {\n"
	"		type nat hook prerouting priority -100; policy accept;\n"
	"		tcp dport 8080 counter packets 9 bytes 90 accept comment \"cman:web\"\n"
	"	}\n"
	"}\n";

static void add_foreign_rules(void)
{
	feed(view->foreign, view->backend == FIREWALL_IPTABLES ? foreign_rules : foreign_nft_rules);
}

static void test_what_iptables_sees(void **state)
{
	AUTO_FREE char *saved = NULL;

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_lines(
		"", "^-A",
		"-A PREROUTING ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -m comment --comment cman -j CMAN-DNAT\n"
		"-A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment cman -j CMAN-DNAT\n"
		"-A POSTROUTING -m comment --comment cman -j CMAN-NAT\n"
		"-A CMAN-DNAT -d 127.0.0.1/32 -p tcp -m tcp --dport 8443 -m comment --comment \"cman:web\" -j DNAT --to-destination 10.83.0.10:443\n"
		"-A CMAN-DNAT -p tcp -m tcp --dport 7000:7009 -m comment --comment \"cman:dns\" -j DNAT --to-destination 10.84.0.11\n"
		"-A CMAN-DNAT -p tcp -m tcp --dport 8080 -m comment --comment \"cman:web\" -j DNAT --to-destination 10.83.0.10:80\n"
		"-A CMAN-DNAT -p udp -m udp --dport 5000:5009 -m comment --comment \"cman:dns\" -j DNAT --to-destination 10.84.0.11:6000-6009/5000\n"
		"-A CMAN-NAT -s 10.83.0.0/24 -o cman0 -m conntrack --ctstate DNAT -m comment --comment \"cman:network:cman0\" -j MASQUERADE\n"
		"-A CMAN-NAT -s 10.84.0.0/16 -o cman1 -m conntrack --ctstate DNAT -m comment --comment \"cman:network:cman1\" -j MASQUERADE\n"
		"-A CMAN-NAT -s 127.0.0.0/8 -o cman0 -m comment --comment \"cman:network:cman0\" -j MASQUERADE\n"
		"-A CMAN-NAT -s 127.0.0.0/8 -o cman1 -m comment --comment \"cman:network:cman1\" -j MASQUERADE\n"
		"-A CMAN-NAT -s 10.83.0.12/32 ! -o cman0 -m comment --comment \"cman:job\" -j RETURN\n"
		"-A CMAN-NAT -s 10.83.0.0/24 ! -o cman0 -m comment --comment \"cman:network:cman0\" -j MASQUERADE\n"
		"-A FORWARD -m comment --comment cman -j CMAN-FWD\n"
		"-A CMAN-FWD -o cman0 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -m comment --comment \"cman:network:cman0\" -j ACCEPT\n"
		"-A CMAN-FWD -o cman1 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -m comment --comment \"cman:network:cman1\" -j ACCEPT\n"
		"-A CMAN-FWD ! -i cman0 -o cman0 -m comment --comment \"cman:network:cman0\" -j DROP\n"
		"-A CMAN-FWD -i cman0 -m comment --comment \"cman:network:cman0\" -j ACCEPT\n"
		"-A CMAN-FWD -i cman1 -m comment --comment \"cman:network:cman1\" -j ACCEPT\n"
		"-A PREROUTING -m comment --comment cman -j CMAN-GUARD\n"
		"-A CMAN-GUARD -d 127.0.0.0/8 -i cman0 -m comment --comment \"cman:network:cman0\" -j DROP\n"
		"-A CMAN-GUARD -d 127.0.0.0/8 -i cman1 -m comment --comment \"cman:network:cman1\" -j DROP\n"
		"-A CMAN-GUARD -s 127.0.0.0/8 -i cman0 -m comment --comment \"cman:network:cman0\" -j DROP\n"
		"-A CMAN-GUARD -s 127.0.0.0/8 -i cman1 -m comment --comment \"cman:network:cman1\" -j DROP\n");

	/* What iptables prints is what it takes, and then still what we would have written. */
	saved = output_of(view->all);
	restore(saved);
	assert_tables(saved);
	calls.commits = 0;
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_int_equal(calls.commits, 0);
}

static void test_what_nft_sees(void **state)
{
	AUTO_FREE char *saved = NULL;
	uint32_t before;

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_output(
		"nft list ruleset",
		"table inet cman {\n"
		"	chain GUARD {\n"
		"		iifname \"cman0\" ip daddr 127.0.0.0/8 drop comment \"cman:network:cman0\"\n"
		"		iifname \"cman1\" ip daddr 127.0.0.0/8 drop comment \"cman:network:cman1\"\n"
		"		iifname \"cman0\" ip saddr 127.0.0.0/8 drop comment \"cman:network:cman0\"\n"
		"		iifname \"cman1\" ip saddr 127.0.0.0/8 drop comment \"cman:network:cman1\"\n"
		"	}\n\n"
		"	chain FWD {\n"
		"		oifname \"cman0\" ct state established,related accept comment \"cman:network:cman0\"\n"
		"		oifname \"cman0\" ct status dnat accept comment \"cman:network:cman0\"\n"
		"		oifname \"cman1\" ct state established,related accept comment \"cman:network:cman1\"\n"
		"		oifname \"cman1\" ct status dnat accept comment \"cman:network:cman1\"\n"
		"		iifname != \"cman0\" oifname \"cman0\" drop comment \"cman:network:cman0\"\n"
		"		iifname \"cman0\" accept comment \"cman:network:cman0\"\n"
		"		iifname \"cman1\" accept comment \"cman:network:cman1\"\n"
		"	}\n\n"
		"	chain DNAT {\n"
		"		ip daddr 127.0.0.1 tcp dport 8443 dnat ip to 10.83.0.10:443 comment \"cman:web\"\n"
		"		tcp dport 7000-7009 dnat ip to 10.84.0.11 comment \"cman:dns\"\n"
		"		tcp dport 8080 dnat ip to 10.83.0.10:80 comment \"cman:web\"\n"
		"		udp dport 5000-5009 dnat ip to 10.84.0.11:udp dport map { 5000 : 6000, 5001 : 6001, 5002 : 6002, 5003 : 6003, 5004 : 6004, 5005 : 6005, 5006 : 6006, 5007 : 6007, 5008 : 6008, 5009 : 6009 } comment \"cman:dns\"\n"
		"	}\n\n"
		"	chain NAT {\n"
		"		oifname \"cman0\" ip saddr 10.83.0.0/24 ct status dnat masquerade comment \"cman:network:cman0\"\n"
		"		oifname \"cman1\" ip saddr 10.84.0.0/16 ct status dnat masquerade comment \"cman:network:cman1\"\n"
		"		oifname \"cman0\" ip saddr 127.0.0.0/8 masquerade comment \"cman:network:cman0\"\n"
		"		oifname \"cman1\" ip saddr 127.0.0.0/8 masquerade comment \"cman:network:cman1\"\n"
		"		oifname != \"cman0\" ip saddr 10.83.0.12 return comment \"cman:job\"\n"
		"		oifname != \"cman0\" ip saddr 10.83.0.0/24 masquerade comment \"cman:network:cman0\"\n"
		"	}\n\n"
		"	chain raw-prerouting {\n"
		"		type filter hook prerouting priority raw - 10; policy accept;\n"
		"		meta nfproto ipv4 jump GUARD comment \"cman\"\n"
		"	}\n\n"
		"	chain filter-forward {\n"
		"		type filter hook forward priority filter - 10; policy accept;\n"
		"		meta nfproto ipv4 jump FWD comment \"cman\"\n"
		"	}\n\n"
		"	chain nat-prerouting {\n"
		"		type nat hook prerouting priority -80; policy accept;\n"
		"		ip daddr != 127.0.0.0/8 fib daddr type local jump DNAT comment \"cman\"\n"
		"	}\n\n"
		"	chain nat-output {\n"
		"		type nat hook output priority -80; policy accept;\n"
		"		meta nfproto ipv4 fib daddr type local jump DNAT comment \"cman\"\n"
		"	}\n\n"
		"	chain nat-postrouting {\n"
		"		type nat hook postrouting priority 120; policy accept;\n"
		"		meta nfproto ipv4 jump NAT comment \"cman\"\n"
		"	}\n"
		"}\n");

	/* What nft prints is what it takes, and then still what we would have written. */
	saved = output_of("nft list ruleset");
	run("nft list ruleset >/run/saved && nft flush ruleset && nft -f /run/saved");
	assert_output("nft list ruleset", saved);
	before = generation();
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_int_equal(generation(), before);
}

static void test_each_table_once_or_not_at_all(void **state)
{
	uint32_t before;

	(void)state;
	REQUIRE_NETWORK();
	before = writes();
	assert_ok(firewall_commit(sample_set(1), err));
	assert_int_equal(writes() - before, view->parts);
	assert_int_equal(calls.looks, view->backend == FIREWALL_IPTABLES ? 3 : 0);
	assert_ok(firewall_commit(sample_set(1), err));
	assert_int_equal(writes() - before, view->parts);
	/* One more container with a port: only the table of DNAT. */
	assert_ok(firewall_commit(sample_set(2), err));
	assert_int_equal(writes() - before, view->parts + 1);
}

static void test_nothing_to_remove_looks_at_nothing(void **state)
{
	AUTO_TEXT struct text tables = {0};
	uint32_t before;

	(void)state;
	REQUIRE_NETWORK();
	before = writes();
	assert_ok(firewall_commit(nothing_set(), err));
	assert_int_equal(calls.looks, 0);
	assert_int_equal(writes(), before);
	/* The library, which is a large one, is not even opened where another test has not. */
	if (view->backend == FIREWALL_IPTABLES)
		assert_null(dlopen("libnftables.so.1", RTLD_NOW | RTLD_NOLOAD));
	assert_ok(fs_read_at(AT_FDCWD, "/proc/net/ip_tables_names", 4096, &tables, err));
	assert_string_equal(text_value(&tables), "");
}

static void test_foreign_rules_and_counters_stay(void **state)
{
	AUTO_FREE char *before = NULL;

	(void)state;
	REQUIRE_NETWORK();
	add_foreign_rules();
	before = output_of(view->all);
	for (size_t forwards = 0; forwards <= ALL; forwards++)
		assert_ok(firewall_commit(sample_set(forwards), err));
	run("test $(%s) -gt 0", view->ours);
	assert_ok(firewall_commit(nothing_set(), err));
	assert_tables(before);
}

static void test_jumps_and_foreign_rules(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	restore(foreign_rules);
	assert_ok(firewall_commit(sample_set(ALL), err));
	/* Ahead of them where it is about letting in, behind them where it is about addresses. */
	assert_lines("-c", "-A (FORWARD|PREROUTING|POSTROUTING)",
		     "[0:0] -A FORWARD -m comment --comment cman -j CMAN-FWD\n"
		     "[19:20] -A FORWARD -i docker0 -j THEIRS\n"
		     "[9:90] -A PREROUTING -p tcp -m tcp --dport 8080 -j THEIRS\n"
		     "[0:0] -A PREROUTING ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL "
		     "-m comment --comment cman -j CMAN-DNAT\n"
		     "[1:10] -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
		     "[0:0] -A POSTROUTING -m comment --comment cman -j CMAN-NAT\n"
		     "[0:0] -A PREROUTING -m comment --comment cman -j CMAN-GUARD\n"
		     "[5:50] -A PREROUTING -p icmp -j DROP\n");
}

/* Gives every rule of ours a counter. */
static void count_packets(void)
{
	run("iptables-legacy-save -c | sed '/cman/s/^\\[0:0\\]/[6:66]/' | iptables-legacy-restore -c");
}

static void test_rules_that_stay_keep_their_counters(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(2), err));
	count_packets();
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_lines("-c", "^.0:0.*cman",
		     "[0:0] -A CMAN-DNAT -p tcp -m tcp --dport 7000:7009 -m comment "
		     "--comment \"cman:dns\" -j DNAT --to-destination 10.84.0.11\n"
		     "[0:0] -A CMAN-DNAT -p udp -m udp --dport 5000:5009 -m comment --comment "
		     "\"cman:dns\" -j DNAT --to-destination 10.84.0.11:6000-6009/5000\n");
	assert_ok(firewall_commit(sample_set(1), err));
	assert_lines("-c", "^.0:0.*cman", "");
	assert_lines("-c", "CMAN-DNAT -p",
		     "[6:66] -A CMAN-DNAT -p tcp -m tcp --dport 8080 -m comment --comment "
		     "\"cman:web\" -j DNAT --to-destination 10.83.0.10:80\n");
}

/* The rules with their counters; iptables-legacy itself begins those of the policies anew. */
#define RULES "iptables-legacy-save -c | grep '^\\['"

static void test_jumps_are_put_right(void **state)
{
	AUTO_FREE char *right = NULL;

	(void)state;
	REQUIRE_NETWORK();
	restore(foreign_rules);
	assert_ok(firewall_commit(sample_set(ALL), err));
	count_packets();
	right = output_of(RULES);
	/* moved back by somebody who wants to be first */
	run("iptables-legacy-save -c | awk '/-A FORWARD.*CMAN-FWD/ { held = $0; next } { print }"
	    " /-A FORWARD/ && held { print held; held = \"\" }' | iptables-legacy-restore -c");
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_output(RULES, right);
	/* doubled, before and behind */
	run("iptables-legacy -t nat -A OUTPUT -m addrtype --dst-type LOCAL -m comment"
	    " --comment cman -j CMAN-DNAT && iptables-legacy -A FORWARD -m comment"
	    " --comment cman -j CMAN-FWD && iptables-legacy -A FORWARD -j CMAN-FWD");
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_output(RULES, right);
	/* another kind of jump in the place of ours */
	run("iptables-legacy -t nat -R OUTPUT 1 -p tcp -j CMAN-DNAT");
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_lines(
		"", "-A OUTPUT",
		"-A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment cman -j CMAN-DNAT\n");
}

static void test_chains_are_put_right(void **state)
{
	AUTO_FREE char *right = NULL;

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(ALL), err));
	right = output_of(view->all);
	for (size_t i = 0; i < ARRAY_SIZE(view->damages) && view->damages[i]; i++) {
		run("%s", view->damages[i]);
		assert_ok(firewall_commit(sample_set(ALL), err));
		assert_tables(right);
	}
}

/* Somebody else's rule that jumps to our chain is not ours to delete. */
static void test_foreign_jump_to_our_chain(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(1), err));
	run("iptables-legacy -A INPUT -j CMAN-FWD");
	assert_ok(firewall_commit(nothing_set(), err));
	assert_lines("", "CMAN", ":CMAN-FWD - [0:0]\n-A INPUT -j CMAN-FWD\n");
	calls.commits = 0;
	assert_ok(firewall_commit(nothing_set(), err));
	assert_int_equal(calls.commits, 0);
	run("iptables-legacy -F INPUT");
	assert_ok(firewall_commit(nothing_set(), err));
	assert_lines("", "CMAN", "");
}

static void test_two_prefixes_side_by_side(void **state)
{
	struct firewall_set theirs;
	uint32_t before;

	(void)state;
	REQUIRE_NETWORK();
	theirs = *sample_set(1);
	theirs.prefix = "CMANTWO";
	assert_ok(firewall_commit(&theirs, err));
	assert_ok(firewall_commit(sample_set(ALL), err));
	assert_ok(firewall_commit(nothing_set(), err));
	run("test $(%s) = 0", view->ours);
	before = writes();
	assert_ok(firewall_commit(&theirs, err));
	assert_int_equal(writes(), before);
}

static void test_a_table_changed_meanwhile_is_read_again(void **state)
{
	AUTO_FREE char *before = NULL;
	struct error err_again;

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(1), err));
	before = output_of(view->all);
	calls.fail_table = "nat";
	calls.fail_code = EAGAIN;
	calls.fail_count = 3;
	calls.commits = 0;
	assert_ok(firewall_commit(sample_set(2), err));
	assert_int_equal(calls.commits, 4);
	assert_ok(firewall_commit(sample_set(1), err));
	assert_tables(before);

	calls.fail_count = 1000;
	calls.commits = 0;
	assert_int_equal(firewall_commit(sample_set(2), &err_again), -1);
	assert_int_equal(err_again.code, EAGAIN);
	assert_string_equal(err_again.text, "commit iptables table nat: "
					    "Resource temporarily unavailable");
	assert_in_range(calls.commits, 2, 100);
	assert_tables(before);
}

static void test_a_later_failure_puts_earlier_tables_back(void **state)
{
	static const struct {
		const char *table;
		size_t forwards; /* of what was there before, 0: nothing at all */
	} cases[] = {{"filter", 0}, {"nat", 0}, {"filter", 1}, {"nat", 1}};

	(void)state;
	REQUIRE_NETWORK();
	restore(foreign_rules);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct firewall_set one = *sample_set(cases[i].forwards);
		AUTO_FREE char *before = NULL;
		struct error err_commit;

		one.network_count = 1;
		one.forward_count = cases[i].forwards;
		calls.fail_count = 0;
		assert_ok(firewall_commit(cases[i].forwards ? &one : nothing_set(), err));
		count_packets();
		before = output_of(view->all);
		calls.fail_table = cases[i].table;
		calls.fail_code = ENOMEM;
		calls.fail_count = 1;
		assert_int_equal(firewall_commit(sample_set(ALL), &err_commit), -1);
		assert_int_equal(err_commit.code, ENOMEM);
		assert_true(text_starts_with(err_commit.text, "commit iptables table "));
		assert_tables(before);
		/* removing fails half way just as well */
		if (cases[i].forwards > 0) {
			calls.fail_count = 1;
			assert_int_equal(firewall_commit(nothing_set(), &err_commit), -1);
			assert_tables(before);
		}
	}
}

/* As somebody makes it fail who adds a rule between the rules and their counters. */
static void test_a_table_without_its_counters_is_put_back(void **state)
{
	AUTO_FREE char *before = NULL;
	struct error err_commit;

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(1), err));
	before = output_of("iptables-legacy-save | grep -v '^[#:]'");
	calls.count_table = "filter";
	calls.fail_table = "nat";
	calls.fail_code = ENOMEM;
	calls.fail_count = 1;
	assert_int_equal(firewall_commit(nothing_set(), &err_commit), -1);
	assert_int_equal(err_commit.code, ENOMEM);
	assert_null(calls.count_table);
	assert_output("iptables-legacy-save | grep -v '^[#:]'", before);
}

static void test_a_kernel_without_the_tables(void **state)
{
	struct error err;

	(void)state;
	REQUIRE_NETWORK();
	calls.look_code = ENOPROTOOPT;
	assert_int_equal(firewall_commit(sample_set(1), &err), -1);
	assert_int_equal(err.code, ENOPROTOOPT);
	assert_true(text_starts_with(err.text, "legacy iptables table raw"));
	assert_string_not_equal(err.hint, "");
	calls.look_code = ENOENT;
	assert_int_equal(firewall_commit(sample_set(1), &err), -1);
	assert_int_equal(err.code, ENOENT);
	calls.look_code = EPERM;
	assert_int_equal(firewall_commit(sample_set(1), &err), -1);
	assert_string_equal(err.text, "legacy iptables table raw: Operation not permitted");
}

static void assert_choice(enum firewall_backend expected)
{
	enum firewall_backend backend = FIREWALL_AUTO;

	assert_ok(firewall_choose("CMAN", true, &backend, err));
	assert_int_equal(backend, expected);
}

static void test_choice(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	assert_choice(FIREWALL_IPTABLES);
	/* a kernel without the legacy tables */
	calls.look_code = ENOPROTOOPT;
	assert_choice(FIREWALL_NFTABLES);
	calls.look_code = ENOENT;
	assert_choice(FIREWALL_NFTABLES);
	calls.look_code = 0;
	/* what is our own says nothing, nor do tables that have no rules, or none of IP */
	assert_ok(firewall_commit(sample_set(ALL), err));
	run("nft 'table ip x { chain y { type filter hook forward priority 0; }; };"
	    " table bridge x { chain y { type filter hook forward priority 0; policy drop; }; };"
	    " table netdev x { chain y { accept; }; }; table arp x { chain y { accept; }; }'");
	assert_choice(FIREWALL_IPTABLES);
	run("nft 'table ip6 cman { chain y { accept; }; }'");
	assert_choice(FIREWALL_NFTABLES);
	run("nft 'delete table ip6 cman; chain ip x y { policy drop; }'");
	assert_choice(FIREWALL_NFTABLES);
	run("nft 'delete table ip x; table inet cmantwo { chain y { accept; }; }'");
	assert_choice(FIREWALL_NFTABLES);
}

/* Warnings about a network with nat and a published port, and about one with neither. */
static void assert_obstacles(const char *setup, const char *expected)
{
	struct firewall_set set = *sample_set(1);
	AUTO_STRLIST struct strlist warnings = {0};
	AUTO_TEXT struct text text = {0};

	run("%s", setup);
	assert_ok(firewall_find_obstacles(&set, &warnings, err));
	for (size_t i = 0; i < warnings.count; i++)
		text_addf(&text, "%s\n", warnings.items[i]);
	if (strcmp(text_value(&text), expected) != 0)
		fail_msg("%s\n%s", setup, text_value(&text));
}

#define NFT_DROP                                                                                   \
	"nft 'table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }'"
#define NFT_OUT                                                                                    \
	"chain FORWARD of the nftables table ip filter drops what containers of cman0 send, add: " \
	"nft insert rule ip filter FORWARD iifname cman0 accept\n"
#define NFT_ANSWERS                                                                                 \
	"chain FORWARD of the nftables table ip filter drops answers to containers of cman0, add: " \
	"nft insert rule ip filter FORWARD oifname cman0 ct state established,related accept\n"
#define NFT_PUBLISHED                                                                                   \
	"chain FORWARD of the nftables table ip filter drops what comes for published ports of cman0, " \
	"add: nft insert rule ip filter FORWARD oifname cman0 ct status dnat accept\n"

static void test_obstacles_in_nftables(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	assert_obstacles("true", "");
	assert_ok(firewall_commit(sample_set(1), err));
	assert_obstacles("true", "");
	assert_obstacles(NFT_DROP, NFT_OUT NFT_ANSWERS NFT_PUBLISHED);
	/* what the warnings say helps, each with its own */
	assert_obstacles("nft insert rule ip filter FORWARD iifname cman0 accept",
			 NFT_ANSWERS NFT_PUBLISHED);
	assert_obstacles("nft insert rule ip filter FORWARD oifname cman0 ct status dnat accept",
			 NFT_ANSWERS);
	assert_obstacles("nft insert rule ip filter FORWARD oifname cman0 ct state "
			 "established,related accept",
			 "");
	/* the same in other words */
	assert_obstacles(
		"nft flush ruleset && " NFT_DROP " && nft add rule ip filter FORWARD ip saddr "
		"10.83.0.0/16 counter accept && nft add rule ip filter FORWARD ct state '{ "
		"established, related }' accept && nft add rule ip filter FORWARD ct status "
		"dnat accept",
		"");
	assert_obstacles(
		"nft flush ruleset && " NFT_DROP " && nft add chain ip filter mine && nft add "
		"rule ip filter FORWARD jump mine && nft add rule ip filter mine iifname "
		"'cman*' accept && nft add rule ip filter mine ip daddr 10.83.0.0/24 accept",
		"");
	/* of others, of another protocol, of another network, only now and then: no help */
	assert_obstacles("nft flush ruleset && " NFT_DROP
			 " && nft add rule ip filter FORWARD iifname docker0 accept"
			 " && nft add rule ip filter FORWARD iifname cman0 tcp dport 80 accept"
			 " && nft add rule ip filter FORWARD iifname cman0 limit rate 1/second accept"
			 " && nft add rule ip filter FORWARD ip saddr 10.99.0.0/16 accept"
			 " && nft add rule ip filter FORWARD iifname cman0 oifname eth0 accept"
			 " && nft add rule ip filter FORWARD ct state established accept"
			 " && nft add rule ip filter FORWARD ct status dnat accept",
			 NFT_OUT);
	/* no policy but a last rule, as firewalld has it; in a chain it goes to */
	assert_obstacles(
		"nft flush ruleset && nft 'table inet firewalld { chain last { reject; }; chain f "
		"{ type filter hook forward priority 10; ct state established,related accept; "
		"ct status dnat accept; iifname \"lo\" accept; ct state invalid drop; goto last; "
		"}; }'",
		"chain f of the nftables table inet firewalld drops what containers of "
		"cman0 send, add: firewall-cmd --permanent --zone=trusted --add-interface=cman0 && "
		"firewall-cmd --reload\n");
	/* input is not our business, nor are bridges */
	assert_obstacles("nft flush ruleset && nft 'table inet x { chain i { type filter hook input "
			 "priority 0; policy drop; }; }; table bridge x { chain f { type filter hook "
			 "forward priority 0; policy drop; }; }'",
			 "");
	run("nft flush ruleset");
}

/* The programs iptables-nft writes are those of iptables, not of nft. */
static void test_obstacles_of_iptables_nft(void **state)
{
	(void)state;
	REQUIRE_NETWORK();
	if (system("command -v iptables-nft >/dev/null") != 0)
		skip();
	assert_obstacles("iptables-nft -P FORWARD DROP && iptables-nft -A FORWARD -i docker0 -j ACCEPT "
			 "&& iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j "
			 "ACCEPT",
			 NFT_OUT NFT_PUBLISHED);
	assert_obstacles("iptables-nft -N MINE && iptables-nft -A FORWARD -j MINE && iptables-nft -A "
			 "MINE -i cman0 -j ACCEPT && iptables-nft -A MINE -o cman0 -m conntrack "
			 "--ctstate DNAT -m comment --comment yes -j ACCEPT",
			 "");
	assert_obstacles(
		"iptables-nft -P FORWARD ACCEPT && iptables-nft -F MINE && iptables-nft -A MINE "
		"-s 10.83.0.0/16 -j REJECT && iptables-nft -N ufw-before-forward",
		"chain FORWARD of the nftables table ip filter drops what containers of "
		"cman0 send, add: ufw route allow in on cman0\n");
	run("nft flush ruleset");
}

#define LEGACY(what, line)                                                                         \
	"chain FORWARD of the legacy iptables table filter drops " what                            \
	", add: iptables-legacy -I FORWARD " line "\n"
#define LEGACY_OUT LEGACY("what containers of cman0 send", "-i cman0 -j ACCEPT")
#define LEGACY_ANSWERS                                                                             \
	LEGACY("answers to containers of cman0",                                                   \
	       "-o cman0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
#define LEGACY_PUBLISHED                                                                           \
	LEGACY("what comes for published ports of cman0",                                          \
	       "-o cman0 -m conntrack --ctstate DNAT -j ACCEPT")

/* In the legacy table our own chain comes first; for nftables it is somebody else's. */
static void test_obstacles_in_the_legacy_table(void **state)
{
	bool ours = view->backend == FIREWALL_IPTABLES;

	(void)state;
	REQUIRE_NETWORK();
	assert_obstacles("iptables-legacy -P FORWARD DROP",
			 ours ? "" : LEGACY_OUT LEGACY_ANSWERS LEGACY_PUBLISHED);
	assert_obstacles("iptables-legacy -I FORWARD -i cman0 -j ACCEPT",
			 ours ? "" : LEGACY_ANSWERS LEGACY_PUBLISHED);
	assert_obstacles("iptables-legacy -I FORWARD -o cman0 -m conntrack --ctstate DNAT -j ACCEPT",
			 ours ? "" : LEGACY_ANSWERS);
	assert_obstacles("iptables-legacy -I FORWARD -o cman0 -m conntrack --ctstate "
			 "RELATED,ESTABLISHED -j ACCEPT",
			 "");
	assert_obstacles(
		"iptables-legacy -N MINE && iptables-legacy -P FORWARD ACCEPT && iptables-legacy "
		"-I FORWARD -g MINE && iptables-legacy -A MINE ! -i eth0 -s 10.83.0.0/24 -j "
		"REJECT && iptables-legacy -A MINE -p tcp -j DROP",
		ours ? "" : LEGACY_OUT);
	/* What stands behind a chain that was come back from. */
	assert_obstacles("iptables-legacy -F && iptables-legacy -A MINE -s 203.0.113.5 -j ACCEPT && "
			 "iptables-legacy -A FORWARD -j MINE && iptables-legacy -A FORWARD -j DROP",
			 ours ? "" : LEGACY_OUT LEGACY_ANSWERS LEGACY_PUBLISHED);
	run("iptables-legacy -F && iptables-legacy -X");
}

/* Older words for the state of a connection, and the one by what it is not. */
static void test_obstacles_by_state(void **state)
{
	bool ours = view->backend == FIREWALL_IPTABLES;

	(void)state;
	REQUIRE_NETWORK();
	assert_obstacles("iptables-legacy -A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT "
			 "&& iptables-legacy -A FORWARD -i cman0 -m state --state NEW -j ACCEPT && "
			 "iptables-legacy -A FORWARD -j DROP",
			 ours ? "" : LEGACY_PUBLISHED);
	assert_obstacles("iptables-legacy -F && iptables-legacy -A FORWARD -m conntrack ! --ctstate "
			 "ESTABLISHED,DNAT -i cman0 -j DROP",
			 ours ? "" : LEGACY_OUT);
	/* What may be meant and may not: of an address that is not known, of no known extension. */
	assert_obstacles("iptables-legacy -F && iptables-legacy -A FORWARD ! -s 198.51.100.0/24 -o "
			 "cman0 -j DROP && iptables-legacy -A FORWARD -p tcp --dport 22 -j DROP && "
			 "iptables-legacy -A FORWARD -m mark --mark 7 -j DROP",
			 "");
	run("iptables-legacy -F");
}

static const char *judge(const char *rules, struct firewall_judgement *judgement)
{
	static const char *const fates[] = {"passes", "may drop", "drops"};
	struct firewall_sight sight = {.backend = FIREWALL_NFTABLES, .prefix = "CMAN"};
	struct firewall_packet packet = {
		.in = "eth0",
		.out = "cman0",
		.protocol = IPPROTO_TCP,
		.port = 80,
		.states = FIREWALL_STATE_DNAT,
	};

	packet.destination.v4 = address_of("10.83.0.10");
	run("iptables-legacy -F && %s", rules);
	assert_ok(firewall_judge(&sight, "FORWARD", NULL, &packet, judgement, err));
	return fates[judgement->fate];
}

/* The same walk as that of the obstacles, for one packet: whoever sends it is not known. */
static void test_what_others_make_of_a_packet(void **state)
{
	struct firewall_judgement judgement;

	(void)state;
	REQUIRE_NETWORK();
	assert_string_equal(judge("true", &judgement), "passes");
	assert_string_equal(judge("iptables-legacy -A FORWARD -p tcp --dport 80 -j REJECT",
				  &judgement),
			    "drops");
	assert_int_equal(judgement.number, 1);
	assert_string_equal(judgement.chain, "FORWARD");
	assert_true(judgement.ends_in_drop);
	assert_string_equal(judge("iptables-legacy -A FORWARD -s 198.51.100.0/24 -j DROP",
				  &judgement),
			    "may drop");
	assert_false(judgement.ends_in_drop);
	assert_string_equal(judge("iptables-legacy -A FORWARD -m mark --mark 7 -j ACCEPT && "
				  "iptables-legacy -A FORWARD -m state --state NEW -j DROP",
				  &judgement),
			    "may drop");
	assert_int_equal(judgement.number, 2);
	assert_true(judgement.ends_in_drop);
	assert_string_equal(judge("iptables-legacy -A FORWARD ! -d 10.83.0.0/16 -j DROP && "
				  "iptables-legacy -A FORWARD -p udp --dport 80 -j DROP && "
				  "iptables-legacy -A FORWARD -p tcp ! --dport 80 -j DROP && "
				  "iptables-legacy -A FORWARD -m conntrack ! --ctstate DNAT -j DROP",
				  &judgement),
			    "passes");
	assert_string_equal(judge("iptables-legacy -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT "
				  "&& iptables-legacy -P FORWARD DROP",
				  &judgement),
			    "passes");
	assert_string_equal(judge("true", &judgement), "drops");
	assert_int_equal(judgement.number, 0);
	run("iptables-legacy -P FORWARD ACCEPT");
}

#define MANY 1000

static void test_many_ports(void **state)
{
	static struct firewall_forward forwards[MANY];
	struct firewall_set set = *sample_set(0);

	(void)state;
	REQUIRE_NETWORK();
	for (size_t i = 0; i < MANY; i++) {
		const uint16_t port = (uint16_t)(10000 + i);

		forwards[i] = make_forward("web", "cman0", "10.83.0.10", "0.0.0.0",
					   PORTS(port, port, port, port), IPPROTO_TCP);
	}
	set.forwards = forwards;
	for (set.forward_count = 0; set.forward_count <= MANY; set.forward_count += 250)
		assert_ok(firewall_commit(&set, err));
	run("test $(%s) = %d", view->forwards, MANY);
	set.forwards += MANY / 2;
	set.forward_count = MANY / 2;
	assert_ok(firewall_commit(&set, err));
	run("test $(%s) = %d", view->forwards, MANY / 2);
	assert_ok(firewall_commit(nothing_set(), err));
	run("test $(%s) = 0", view->ours);
}

/* Puts chains of its own prefix in and takes them out again, under the lock. Ends with a status. */
static void play_manager(int number)
{
	char prefix[16];
	struct firewall_set full = *sample_set(ALL),
			    empty = {.backend = view->backend, .prefix = prefix};

	snprintf(prefix, sizeof(prefix), "P%d", number);
	full.prefix = prefix;
	for (int i = 0; i < 25; i++) {
		int fd = firewall_lock(20000, NULL);

		if (fd < 0 || firewall_commit(i % 2 ? &empty : &full, NULL) < 0)
			_exit(1);
		close(fd);
	}
	_exit(0);
}

static void test_contention(void **state)
{
	pid_t managers[4];

	(void)state;
	REQUIRE_NETWORK();
	for (int i = 0; i < (int)ARRAY_SIZE(managers); i++) {
		managers[i] = fork();
		assert_return_code(managers[i], errno);
		if (managers[i] == 0)
			play_manager(i);
	}
	if (view->backend == FIREWALL_IPTABLES)
		run("for i in $(seq 1 40); do iptables-legacy -w 20 -A INPUT -s 192.0.2.$i -j DROP "
		    "|| exit 1; done");
	else
		run("nft add table inet theirs && nft add chain inet theirs input && for i in "
		    "$(seq 1 40); do nft add rule inet theirs input ip saddr 192.0.2.$i drop "
		    "|| exit 1; done");
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		int status;

		assert_int_equal(waitpid(managers[i], &status, 0), managers[i]);
		assert_int_equal(status, 0);
	}
	if (view->backend == FIREWALL_IPTABLES) {
		run("test $(iptables-legacy-save | grep -c 'A INPUT') = 40");
		run("test $(iptables-legacy-save | grep -c 'A P[0-3]-DNAT') = %d", 4 * ALL);
	} else {
		run("test $(nft list table inet theirs | grep -c saddr) = 40");
		run("test $(nft list ruleset | grep -c 'dnat ip to') = %d", 4 * ALL);
	}
}

/* Who may not change rules learns why; and a transaction that fails changes nothing. */
static void test_without_the_capability(void **state)
{
	AUTO_FREE char *before = NULL;
	int status;
	pid_t child;

	(void)state;
	REQUIRE_NETWORK();
	assert_ok(firewall_commit(sample_set(1), err));
	before = output_of(view->all);
	child = fork();
	assert_return_code(child, errno);
	if (child == 0) {
		struct error err = {0};

		if (setresuid(65534, 65534, 65534) < 0 ||
		    firewall_commit(sample_set(ALL), NULL) != -1)
			_exit(2);
		_exit(firewall_commit(sample_set(ALL), &err) == -1 && err.code == EPERM &&
				      strstr(err.hint, "CAP_NET_ADMIN")
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_tables(before);
}

/* A bridge may be called so; text for nft it cannot be. */
static void test_names_nft_cannot_write(void **state)
{
	static const char *const names[] = {"cman*", "c\"man", "c\\man"};

	(void)state;
	REQUIRE_NETWORK();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct firewall_network network =
			make_network(names[i], "10.83.0.0", 24, true);
		const struct firewall_set set = {.backend = view->backend,
						 .prefix = "CMAN",
						 .networks = &network,
						 .network_count = 1};
		struct error err;

		assert_int_equal(firewall_commit(&set, &err), -1);
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.text, names[i]));
	}
	assert_tables("");
}

int main(void)
{
	const struct CMUnitTest both[] = {
		cmocka_unit_test_setup(test_nothing_to_remove_looks_at_nothing, start),
		cmocka_unit_test_setup(test_each_table_once_or_not_at_all, start),
		cmocka_unit_test_setup(test_foreign_rules_and_counters_stay, start),
		cmocka_unit_test_setup(test_chains_are_put_right, start),
		cmocka_unit_test_setup(test_two_prefixes_side_by_side, start),
		cmocka_unit_test_setup(test_without_the_capability, start),
		cmocka_unit_test_setup(test_obstacles_in_nftables, start),
		cmocka_unit_test_setup(test_obstacles_of_iptables_nft, start),
		cmocka_unit_test_setup(test_obstacles_in_the_legacy_table, start),
		cmocka_unit_test_setup(test_obstacles_by_state, start),
		cmocka_unit_test_setup(test_what_others_make_of_a_packet, start),
		cmocka_unit_test_setup(test_many_ports, start),
		cmocka_unit_test_setup(test_contention, start),
	};
	const struct CMUnitTest iptables[] = {
		cmocka_unit_test_setup(test_what_iptables_sees, start),
		cmocka_unit_test_setup(test_jumps_and_foreign_rules, start),
		cmocka_unit_test_setup(test_rules_that_stay_keep_their_counters, start),
		cmocka_unit_test_setup(test_jumps_are_put_right, start),
		cmocka_unit_test_setup(test_foreign_jump_to_our_chain, start),
		cmocka_unit_test_setup(test_a_table_changed_meanwhile_is_read_again, start),
		cmocka_unit_test_setup(test_a_later_failure_puts_earlier_tables_back, start),
		cmocka_unit_test_setup(test_a_table_without_its_counters_is_put_back, start),
		cmocka_unit_test_setup(test_a_kernel_without_the_tables, start),
	};
	const struct CMUnitTest nftables[] = {
		cmocka_unit_test_setup(test_what_nft_sees, start),
		cmocka_unit_test_setup(test_names_nft_cannot_write, start),
		cmocka_unit_test_setup(test_choice, start),
	};
	int failed;

	view = &views[0];
	failed = cmocka_run_group_tests_name("firewall: kernel, iptables", both, NULL, NULL);
	failed += cmocka_run_group_tests_name("firewall: iptables", iptables, NULL, NULL);
	view = &views[1];
	failed += cmocka_run_group_tests_name("firewall: kernel, nftables", both, NULL, NULL);
	failed += cmocka_run_group_tests_name("firewall: nftables", nftables, NULL, NULL);
	return failed;
}
