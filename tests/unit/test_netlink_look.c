/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, neighbours, addresses and switches as they are, in network namespaces of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "kernel/netlink_look.h"
#include "kernel/sysctl.h"

static bool privileged; /* we are in namespaces of our own, with links between two of them */
static int first_fd = -1, second_fd = -1;

#define NEED_ROOT()                                                                                \
	do {                                                                                       \
		if (!privileged) {                                                                 \
			print_message("skipped: needs root to make namespaces\n");                 \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* v1 in the first namespace leads to v2 in the second; nobody there has 192.0.2.9 or fd00:1::9. */
static const char links[] =
	"ip link set lo up && ip link add v1 type veth peer name v2 netns second &&"
	"for switch in all default; do echo 0 >/proc/sys/net/ipv6/conf/$switch/accept_dad; done;"
	"ip addr add 192.0.2.1/24 dev v1 && ip addr add fd00:1::1/64 dev v1 nodad &&"
	"ip link set v1 up && ip -n second link set lo up && ip -n second link set v2 up &&"
	"ip -n second addr add 192.0.2.2/24 dev v2 && ip -n second addr add fd00:1::2/64 dev v2 nodad &&"
	"ip route add default via 192.0.2.2 && ip -6 route add default via fd00:1::2 &&"
	"ip route add prohibit 203.0.113.0/24 && ip -6 route add prohibit fd00:2::/64 &&"
	"ip -6 route add unreachable fd00:3::/64 && ip -6 route add blackhole fd00:4::/64 &&"
	"ip -6 rule add from fd00:1::7 table 77 && ip -6 route add fd00:5::/64 dev lo table 77 &&"
	"ip -6 route add fd00:5::/64 via fd00:1::9";

struct address {
	int family;
	uint8_t bytes[16];
};

static struct address parse(const char *text)
{
	struct address address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

	assert_int_equal(inet_pton(address.family, text, address.bytes), 1);
	return address;
}

/* "v1 by fd00:1::2", "local", "EACCES" as a number; in: the link that it comes in on, or NULL */
static void expect_route(const char *to, const char *from, const char *in, const char *expected)
{
	AUTO_NETLINK struct netlink *netlink = netlink_open(NULL);
	const struct address destination = parse(to), source = parse(from ? from : to);
	const struct route_question question = {destination.family, destination.bytes,
						from ? source.bytes : NULL,
						in ? (int)if_nametoindex(in) : 0};
	char text[256] = "", gateway[INET6_ADDRSTRLEN];
	struct route_answer answer;
	struct error err = {0};
	int found = netlink_look_up_route(netlink, &question, &answer, &err);

	if (found < 0)
		fail_msg("%s", err.text);
	if (found == 0)
		snprintf(text, sizeof(text), "%s", strerror(err.code));
	else if (answer.local)
		snprintf(text, sizeof(text), "local");
	else if (answer.has_gateway)
		snprintf(text, sizeof(text), "%s by %s", answer.out,
			 inet_ntop(destination.family, answer.gateway, gateway, sizeof(gateway)));
	else
		snprintf(text, sizeof(text), "%s", answer.out);
	assert_string_equal(text, expected);
}

static void test_routes(void **state)
{
	(void)state;
	NEED_ROOT();
	expect_route("192.0.2.2", NULL, NULL, "v1");
	expect_route("192.0.2.1", NULL, NULL, "local");
	expect_route("198.51.100.1", NULL, NULL, "v1 by 192.0.2.2");
	expect_route("203.0.113.1", NULL, NULL, strerror(EACCES));
	expect_route("fd00:1::2", NULL, NULL, "v1");
	expect_route("fd00:1::1", NULL, NULL, "local");
	expect_route("::1", NULL, NULL, "local");
	expect_route("2001:db8::1", NULL, NULL, "v1 by fd00:1::2");
	expect_route("fd00:2::1", NULL, NULL, strerror(EACCES));
	expect_route("fd00:3::1", NULL, NULL, strerror(EHOSTUNREACH));
	expect_route("fd00:4::1", NULL, NULL, strerror(EINVAL));
	expect_route("fd00:5::1", NULL, NULL, "v1 by fd00:1::9");
	/* Rules of ip-rule(8) are asked with it. */
	expect_route("fd00:5::1", "fd00:1::7", "v1", "lo");
	expect_route("fd00:5::1", "fd00:1::8", "v1", "v1 by fd00:1::9");
}

static void test_uplinks(void **state)
{
	char name[IFNAMSIZ];
	struct error err;

	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = netlink_open(&err);

	assert_int_equal(netlink_find_uplink(netlink, AF_INET, name, &err), 1);
	assert_string_equal(name, "v1");
	assert_int_equal(netlink_find_uplink(netlink, AF_INET6, name, &err), 1);
	assert_string_equal(name, "v1");
	AUTO_NETLINK struct netlink *second = netlink_look_in(second_fd, &err);

	assert_int_equal(netlink_find_uplink(second, AF_INET6, name, &err), 0);
}

static int silent(struct netlink *netlink, const char *text)
{
	const struct address address = parse(text);
	struct error err;
	int is = netlink_is_silent(netlink, address.family, (int)if_nametoindex("v1"),
				   address.bytes, &err);

	if (is < 0)
		fail_msg("%s", err.text);
	return is;
}

/* A datagram, for which the kernel has to ask who has the address. */
static void send_to(const char *text)
{
	const struct address address = parse(text);
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(9)};
	const bool v6 = address.family == AF_INET6;
	AUTO_FD int fd = socket(address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&six.sin6_addr, address.bytes, sizeof(six.sin6_addr));
	memcpy(&four.sin_addr, address.bytes, sizeof(four.sin_addr));
	assert_return_code(sendto(fd, "x", 1, 0,
				  v6 ? (struct sockaddr *)&six : (struct sockaddr *)&four,
				  v6 ? sizeof(six) : sizeof(four)),
			   errno);
}

static void test_neighbours(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = netlink_open(NULL);

	/* Nobody has asked yet. */
	assert_int_equal(silent(netlink, "192.0.2.9"), 0);
	assert_int_equal(silent(netlink, "fd00:1::9"), 0);
	send_to("192.0.2.2");
	send_to("192.0.2.9");
	send_to("fd00:1::2");
	send_to("fd00:1::9");
	assert_int_equal(silent(netlink, "192.0.2.2"), 0);
	assert_int_equal(silent(netlink, "fd00:1::2"), 0);
	assert_int_equal(silent(netlink, "192.0.2.9"), 1);
	assert_int_equal(silent(netlink, "fd00:1::9"), 1);
}

static int has(struct netlink *netlink, const char *link, const char *text)
{
	const struct address address = parse(text);
	struct error err;
	int is = netlink_has_address(netlink, address.family, (int)if_nametoindex(link),
				     address.bytes, &err);

	if (is < 0)
		fail_msg("%s", err.text);
	return is;
}

static void test_addresses(void **state)
{
	char text[64] = "";
	struct error err;

	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = netlink_open(&err);
	int v1 = (int)if_nametoindex("v1");

	assert_int_equal(has(netlink, "v1", "192.0.2.1"), 1);
	assert_int_equal(has(netlink, "v1", "192.0.2.2"), 0);
	assert_int_equal(has(netlink, "lo", "192.0.2.1"), 0);
	assert_int_equal(has(netlink, "v1", "fd00:1::1"), 1);
	assert_int_equal(has(netlink, "v1", "fd00:1::2"), 0);
	assert_int_equal(has(netlink, "lo", "::1"), 1);
	assert_int_equal(netlink_find_address(netlink, AF_INET, v1, text, sizeof(text), &err), 1);
	assert_string_equal(text, "192.0.2.1/24");
	assert_int_equal(netlink_find_address(netlink, AF_INET6, v1, text, sizeof(text), &err), 1);
	assert_string_equal(text, "fd00:1::1/64");
	/* Link-local addresses are nobody's to be reached by. */
	assert_int_equal(system("ip addr del fd00:1::1/64 dev v1"), 0);
	assert_int_equal(netlink_find_address(netlink, AF_INET6, v1, text, sizeof(text), &err), 0);
	assert_int_equal(system("ip addr add fd00:1::1/64 dev v1 nodad"), 0);
}

static void test_switches_of_another_namespace(void **state)
{
	char value[16];
	struct error err;

	(void)state;
	NEED_ROOT();
	assert_int_equal(sysctl_write("net/ipv4/ip_default_ttl", "77", &err), 0);
	assert_int_equal(
		sysctl_read_in(second_fd, "net/ipv4/ip_default_ttl", value, sizeof(value), &err), 0);
	assert_string_equal(value, "64");
	assert_int_equal(sysctl_read("net/ipv4/ip_default_ttl", value, sizeof(value), &err), 0);
	assert_string_equal(value, "77");
	assert_int_equal(
		sysctl_read_in(first_fd, "net/ipv4/ip_default_ttl", value, sizeof(value), &err), 0);
	assert_string_equal(value, "77");
	assert_int_equal(sysctl_read_in(second_fd, "net/ipv4/nothing", value, sizeof(value), &err),
			 -1);
	assert_int_equal(err.code, ENOENT);
	/* And we are back. */
	assert_int_equal(sysctl_read("net/ipv4/ip_default_ttl", value, sizeof(value), &err), 0);
	assert_string_equal(value, "77");
}

static int enter_namespaces(void **state)
{
	(void)state;
	privileged = geteuid() == 0 && unshare(CLONE_NEWNET | CLONE_NEWNS) == 0;
	if (!privileged)
		return 0;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0 || system("ip netns add second") != 0 ||
	    system(links) != 0)
		return -1;
	first_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	second_fd = open("/run/netns/second", O_RDONLY | O_CLOEXEC);
	return first_fd < 0 || second_fd < 0;
}

static int leave_namespaces(void **state)
{
	(void)state;
	close_fd(&first_fd);
	close_fd(&second_fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_uplinks),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_switches_of_another_namespace),
	};

	return cmocka_run_group_tests(tests, enter_namespaces, leave_namespaces);
}
