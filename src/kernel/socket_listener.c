/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/socket_listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"

#define TABLE_SIZE_MAX (64u << 20)

/* "0100007F", four times that for IPv6: words as they lie in memory. */
static bool parse_address(const char *text, int family, struct in6_addr *address)
{
	size_t words = family == AF_INET6 ? 4 : 1;

	*address = (struct in6_addr){0};
	if (strlen(text) != 8 * words)
		return false;
	for (size_t i = 0; i < words; i++)
		if (sscanf(text + 8 * i, "%8x", &address->s6_addr32[i]) != 1)
			return false;
	return true;
}

/* Whether a socket bound to local takes what comes for the address. */
static bool takes(const struct in6_addr *local, int family, struct in_addr address)
{
	if (family == AF_INET)
		return local->s6_addr32[0] == INADDR_ANY || local->s6_addr32[0] == address.s_addr;
	/* "::" takes IPv4 as well, unless a socket option we cannot see says otherwise. */
	return IN6_IS_ADDR_UNSPECIFIED(local) ||
	       (IN6_IS_ADDR_V4MAPPED(local) && local->s6_addr32[3] == address.s_addr);
}

static void note(const struct in6_addr *local, int family, struct in_addr address,
		 struct socket_listener *listener)
{
	bool reached = takes(local, family, address);

	if (listener->there && (listener->reached || !reached))
		return;
	listener->there = true;
	listener->reached = reached;
	inet_ntop(family, local, listener->address, sizeof(listener->address));
}

void socket_search_table(const char *table, int family, uint8_t protocol, uint16_t port,
			 struct in_addr address, struct socket_listener *listener)
{
	/* UDP has no state but this for a socket that takes from anybody. */
	const unsigned int wanted = protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE;

	/* The first line is the heading. */
	for (const char *line = strchr(table, '\n'); line; line = strchr(line + 1, '\n')) {
		unsigned int local_port, state;
		struct in6_addr local;
		char text[33];

		if (sscanf(line + 1, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", text, &local_port,
			   &state) == 3 &&
		    local_port == port && state == wanted && parse_address(text, family, &local))
			note(&local, family, address, listener);
	}
}

int socket_find_listener(pid_t pid, uint8_t protocol, uint16_t port, struct in_addr address,
			 struct socket_listener *listener, struct error *err)
{
	const char *name = protocol == IPPROTO_TCP ? "tcp" : "udp";

	*listener = (struct socket_listener){0};
	for (int i = 0; i < 2; i++) {
		const int family = i == 0 ? AF_INET : AF_INET6;
		AUTO_FREE char *path = xprintf("/proc/%d/net/%s%s", (int)pid, name, i ? "6" : "");
		AUTO_TEXT struct text table = {0};
		struct error why;

		if (fs_read_at(AT_FDCWD, path, TABLE_SIZE_MAX, &table, &why) == 0) {
			socket_search_table(text_value(&table), family, protocol, port, address,
					    listener);
		} else if (family == AF_INET || why.code != ENOENT) { /* a kernel without IPv6 */
			if (err)
				*err = why;
			return -1;
		}
	}
	return 0;
}
