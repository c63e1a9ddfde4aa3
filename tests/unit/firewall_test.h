/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_test.h: what the firewall's tests share: a network of their own to play in, and sets
 * of networks and ports to put into it.
 */
#ifndef FIREWALL_TEST_H
#define FIREWALL_TEST_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
/* after the headers it needs */
#include <cmocka.h>

#include "base/text.h"
#include "kernel/firewall.h"

/* Shown by a failed assertion on what returns -1. */
#define assert_ok(call)                                                                            \
	do {                                                                                       \
		struct error err_ = {0}, *err = &err_;                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s (%s)", #call, err->text, err->hint);                      \
	} while (0)

static inline struct in_addr address_of(const char *text)
{
	struct in_addr address;

	assert_int_equal(inet_pton(AF_INET, text, &address), 1);
	return address;
}

static inline enum firewall_family family_of(const char *address)
{
	return strchr(address, ':') ? FIREWALL_IPV6 : FIREWALL_IPV4;
}

static inline union firewall_address either_address_of(const char *text)
{
	const int family = family_of(text) == FIREWALL_IPV6 ? AF_INET6 : AF_INET;
	union firewall_address address = {.v6 = IN6ADDR_ANY_INIT};

	assert_int_equal(inet_pton(family, text, &address), 1);
	return address;
}

static inline struct firewall_network make_network(const char *bridge, const char *subnet,
						   unsigned int prefix, bool nat)
{
	return (struct firewall_network){
		.bridge = bridge,
		.subnet = address_of(subnet),
		.prefix = prefix,
		.nat = nat,
		.icc = true,
	};
}

/* host and container ports: first and last */
static inline struct firewall_forward make_forward(const char *container, const char *bridge,
						   const char *address, const char *host_address,
						   const uint16_t ports[4], uint8_t protocol)
{
	return (struct firewall_forward){container,
					 bridge,
					 family_of(address),
					 either_address_of(address),
					 either_address_of(host_address),
					 ports[0],
					 ports[1],
					 ports[2],
					 ports[3],
					 protocol,
					 NULL,
					 0};
}
#define PORTS(...) ((const uint16_t[4]){__VA_ARGS__})

/* Runs a command line of the test (never of cman) and fails where it does. */
__attribute__((format(printf, 1, 2))) static inline void run(const char *fmt, ...)
{
	char command[1024];
	va_list args;
	int rc;

	va_start(args, fmt);
	rc = vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	assert_in_range(rc, 0, sizeof(command) - 1);
	rc = system(command);
	if (rc != 0)
		fail_msg("%s: status %d", command, rc);
}

/* Output of a command line, for free(). */
static inline char *output_of(const char *command)
{
	struct text text = {0};
	char buffer[4096];
	FILE *pipe = popen(command, "re");
	size_t length;

	assert_non_null(pipe);
	while ((length = fread(buffer, 1, sizeof(buffer), pipe)) > 0)
		text_add(&text, buffer, length);
	assert_int_equal(pclose(pipe), 0);
	return text.data ? text.data : xstrdup("");
}

/* Why the test cannot enter a network of its own, or NULL. */
static inline const char *missing_for_network(void)
{
	if (geteuid() != 0)
		return "root is needed";
	if (system("command -v ip nft iptables-legacy iptables-legacy-save >/dev/null") != 0)
		return "ip, nft, iptables-legacy and iptables-legacy-save are needed";
	return NULL;
}

/*
 * A network namespace with nothing in it, and a /run of its own for ip-netns(8) and the lock of
 * iptables. The host is not touched, and nothing is left when the test ends.
 */
static inline void enter_network(void)
{
	assert_return_code(unshare(CLONE_NEWNET | CLONE_NEWNS), errno);
	assert_return_code(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), errno);
	assert_return_code(mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, NULL), errno);
	unsetenv("XTABLES_LOCKFILE");
	run("ip link set lo up");
}

#define REQUIRE_NETWORK()                                                                          \
	do {                                                                                       \
		const char *missing_ = missing_for_network();                                      \
		if (missing_) {                                                                    \
			print_message("skipped: %s\n", missing_);                                  \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

#endif
