/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who listens on a port and who has it: in text made up here, and in the kernel's own tables. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "kernel/socket_look.h"

#define HEADING                                                                                    \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define TAIL    " 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n"
#define NOBODY6 " 00000000000000000000000000000000:0000 "

static struct socket_question ask(uint8_t protocol, uint16_t port, const char *address)
{
	static struct in6_addr binary;
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	assert_int_equal(inet_pton(family, address, &binary), 1);
	return (struct socket_question){protocol, port, family, &binary};
}

/* ---- text ---- */

struct sockets {
	const char *table;
	int family;
	uint8_t protocol;
};

/* The tables are of a little-endian host; where that is not so, there is nothing to compare. */
static void expect(const struct sockets *sockets, uint16_t port, const char *asked,
		   const char *found, bool reached)
{
	const struct socket_question question = ask(sockets->protocol, port, asked);
	struct socket_listener listener = {0};

	if (htonl(1) == 1)
		skip();
	socket_search_table(sockets->table, sockets->family, &question, &listener);
	assert_int_equal(listener.there, found != NULL);
	assert_string_equal(listener.address, found ? found : "");
	assert_int_equal(listener.reached, reached);
	if (found) {
		assert_int_equal(listener.family, sockets->family);
		assert_int_equal(listener.inode, 4711);
	}
}

static void test_ipv4_table(void **state)
{
	static const struct sockets tcp = {
		HEADING "   0: 0100007F:0050 00000000:0000 0A" TAIL /* 127.0.0.1:80 */
			"   1: 0A00530A:0051 00000000:0000 0A" TAIL /* 10.83.0.10:81 */
			"   2: 0A00530A:0052 0100000A:1234 01" TAIL /* a connection on port 82 */
			"   3: 0100007F:0053 00000000:0000 0A" TAIL /* 127.0.0.1:83, and on all */
			"  10: 00000000:0053 00000000:0000 0A" TAIL,
		AF_INET, IPPROTO_TCP};

	(void)state;
	expect(&tcp, 80, "10.83.0.10", "127.0.0.1", false);
	expect(&tcp, 80, "127.0.0.1", "127.0.0.1", true);
	expect(&tcp, 81, "10.83.0.10", "10.83.0.10", true);
	expect(&tcp, 82, "10.83.0.10", NULL, false);
	expect(&tcp, 83, "10.83.0.10", "0.0.0.0", true);
	expect(&tcp, 84, "10.83.0.10", NULL, false);
	/* No socket of IPv4 takes IPv6. */
	expect(&tcp, 83, "fd00::a", "127.0.0.1", false);
	expect(&tcp, 83, "::", "127.0.0.1", false);
}

static void test_ipv6_table(void **state)
{
	static const struct sockets tcp = {
		HEADING "   0: 00000000000000000000000000000000:0050" NOBODY6 "0A" TAIL
			"   1: 00000000000000000000000001000000:0051" NOBODY6 "0A" TAIL
			"   2: 0000000000000000FFFF00000A00530A:0052" NOBODY6 "0A" TAIL
			"   3: 000000FD0000000000000000BEEF0000:0053" NOBODY6 "0A" TAIL,
		AF_INET6, IPPROTO_TCP};

	(void)state;
	expect(&tcp, 80, "10.83.0.10", "::", true);
	expect(&tcp, 80, "fd00::a", "::", true);
	expect(&tcp, 81, "10.83.0.10", "::1", false);
	expect(&tcp, 81, "fd00::a", "::1", false);
	expect(&tcp, 81, "::1", "::1", true);
	expect(&tcp, 82, "10.83.0.10", "::ffff:10.83.0.10", true);
	expect(&tcp, 82, "10.83.0.11", "::ffff:10.83.0.10", false);
	expect(&tcp, 82, "fd00::a", "::ffff:10.83.0.10", false);
	expect(&tcp, 83, "fd00::efbe", "fd00::efbe", true);
	expect(&tcp, 83, "fd00::efbf", "fd00::efbe", false);
	expect(&tcp, 83, "10.83.0.10", "fd00::efbe", false);
}

static void test_udp_and_rubbish(void **state)
{
	static const struct sockets udp = {
		HEADING "  99: 00000000:0035 00000000:0000 07" TAIL
			"  99: 00000000:0036 0100000A:1234 01" TAIL, /* connected: from one alone */
		AF_INET, IPPROTO_UDP};
	static const struct sockets as_tcp = {HEADING "  99: 00000000:0035 00000000:0000 07" TAIL,
					      AF_INET, IPPROTO_TCP};
	static const struct sockets empty = {"", AF_INET, IPPROTO_TCP};
	static const struct sockets rubbish = {
		HEADING "rubbish\n 0: XYZ:0050\n 1: 00:0050 00:0 0A\n"
			" 2: 00000000:0050 00000000:0000 0A\n"
			" 3: 000000000000000000000000000000000000:0050" NOBODY6 "0A" TAIL
			" 4: 00000000000000000000000000000000:0050" NOBODY6 "0A" TAIL,
		AF_INET, IPPROTO_TCP};

	(void)state;
	expect(&udp, 53, "10.83.0.10", "0.0.0.0", true);
	expect(&udp, 54, "10.83.0.10", NULL, false);
	expect(&as_tcp, 53, "10.83.0.10", NULL, false);
	expect(&empty, 80, "10.83.0.10", NULL, false);
	expect(&rubbish, 80, "10.83.0.10", NULL, false);
}

/* ---- the kernel ---- */

static bool own_network; /* with a loopback that is up */

/* A socket of ours on that address and port; of IPv6 for that alone. */
static int hold(uint8_t protocol, uint16_t port, const char *address)
{
	const struct socket_question question = ask(protocol, port, address);
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	const bool tcp = protocol == IPPROTO_TCP;
	int on = 1, fd = socket(question.family, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

	if (question.family == AF_INET6) {
		memcpy(&six.sin6_addr, question.address, sizeof(six.sin6_addr));
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		assert_return_code(bind(fd, (struct sockaddr *)&six, sizeof(six)), errno);
	} else {
		memcpy(&four.sin_addr, question.address, sizeof(four.sin_addr));
		assert_return_code(bind(fd, (struct sockaddr *)&four, sizeof(four)), errno);
	}
	if (tcp)
		assert_return_code(listen(fd, 1), errno);
	return fd;
}

static bool is_held(uint8_t protocol, uint16_t port, const char *address)
{
	const struct socket_question question = ask(protocol, port, address);
	struct socket_holder holder;

	if (!socket_find_holder(&question, &holder))
		return false;
	assert_int_equal(holder.pid, getpid());
	assert_string_equal(holder.name, "name?with?tabs");
	return true;
}

static struct socket_listener listener_of(uint8_t protocol, uint16_t port, const char *address)
{
	const struct socket_question question = ask(protocol, port, address);
	struct socket_listener listener;
	struct error err;

	if (socket_find_listener(getpid(), &question, &listener, &err) < 0)
		fail_msg("%s", err.text);
	return listener;
}

static void check_listener(uint8_t protocol, uint16_t port, const char *asked, const char *found,
			   bool reached)
{
	struct socket_listener listener = listener_of(protocol, port, asked);
	struct socket_holder holder;

	assert_int_equal(listener.there, found != NULL);
	assert_string_equal(listener.address, found ? found : "");
	assert_int_equal(listener.reached, reached);
	if (!found)
		return;
	assert_true(socket_find_process(listener.inode, &holder));
	assert_int_equal(holder.pid, getpid());
}

static void check_ports(uint8_t protocol, bool wanted)
{
	struct socket_ports ports;
	struct error err;

	if (socket_list_ports(protocol, &ports, &err) < 0)
		fail_msg("%s", err.text);
	for (unsigned int port = 0; port <= UINT16_MAX; port++)
		assert_int_equal(socket_has_port(&ports, (uint16_t)port),
				 wanted && (port == 4004 || port == 4006 || port == 4007));
}

static void check_protocol(uint8_t protocol)
{
	const uint8_t other = protocol == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP;
	AUTO_FD int four = hold(protocol, 4004, "127.0.0.1");
	AUTO_FD int six = hold(protocol, 4006, "::1");
	AUTO_FD int any = hold(protocol, 4007, "::");

	check_ports(protocol, true);
	check_ports(other, false);
	check_listener(protocol, 4004, "127.0.0.1", "127.0.0.1", true);
	check_listener(protocol, 4004, "127.0.0.2", "127.0.0.1", false);
	check_listener(protocol, 4004, "::1", "127.0.0.1", false);
	check_listener(protocol, 4006, "::1", "::1", true);
	check_listener(protocol, 4006, "fd00::1", "::1", false);
	check_listener(protocol, 4006, "127.0.0.1", "::1", false);
	check_listener(protocol, 4007, "fd00::1", "::", true);
	check_listener(other, 4004, "127.0.0.1", NULL, false);
	check_listener(protocol, 4005, "127.0.0.1", NULL, false);

	assert_true(is_held(protocol, 4004, "127.0.0.1"));
	assert_true(is_held(protocol, 4004, "0.0.0.0"));
	assert_false(is_held(protocol, 4004, "127.0.0.2"));
	assert_false(is_held(protocol, 4004, "::"));
	assert_false(is_held(other, 4004, "127.0.0.1"));
	assert_true(is_held(protocol, 4006, "::1"));
	assert_true(is_held(protocol, 4006, "::"));
	assert_false(is_held(protocol, 4006, "fd00::1"));
	assert_false(is_held(protocol, 4006, "0.0.0.0"));
	assert_true(is_held(protocol, 4007, "fd00::1"));
	assert_false(is_held(protocol, 4008, "::"));
}

static void test_kernel(void **state)
{
	(void)state;
	if (!own_network) {
		print_message("skipped: needs root to make a network namespace with IPv6\n");
		skip();
	}
	prctl(PR_SET_NAME, "name\twith\ttabs");
	check_protocol(IPPROTO_TCP);
	check_protocol(IPPROTO_UDP);
}

static void test_nobody(void **state)
{
	const struct socket_question question = ask(IPPROTO_TCP, 80, "127.0.0.1");
	struct socket_listener listener;
	struct socket_holder holder;
	struct error err;

	(void)state;
	assert_false(socket_find_process(0, &holder));
	/* A process that is not there is no namespace without listeners. */
	assert_int_equal(socket_find_listener(0x7ffffffe, &question, &listener, &err), -1);
	assert_int_equal(err.code, ENOENT);
}

static int enter_network(void **state)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	AUTO_FD int four = -1, six = -1;

	(void)state;
	own_network = geteuid() == 0 && unshare(CLONE_NEWNET) == 0 &&
		      (four = socket(AF_INET, SOCK_DGRAM, 0)) >= 0 &&
		      ioctl(four, SIOCSIFFLAGS, &request) == 0 &&
		      (six = socket(AF_INET6, SOCK_DGRAM, 0)) >= 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_table),      cmocka_unit_test(test_ipv6_table),
		cmocka_unit_test(test_udp_and_rubbish), cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, enter_network, NULL);
}
