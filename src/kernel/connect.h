/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connect.h: whether somebody takes connections at a TCP port, asked from inside a network
 * namespace: no firewall of the host stands in between, and no packet leaves it. connect(2), setns(2).
 */
#ifndef KERNEL_CONNECT_H
#define KERNEL_CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

#define CONNECT_MAX 36 /* two of loopback, and two of each interface */

/* Connections under way at several addresses; zeroed before the first use. */
struct connect_attempt {
	int fds[CONNECT_MAX];
	size_t count;
	bool connected; /* one of them is there */
};

/*
 * Begins a connection to the port at each address (its port is not looked at), without waiting. What
 * the kernel has no family or address for is left out.
 */
int connect_begin(int netns_fd, const struct sockaddr_storage *addresses, size_t count,
		  uint16_t port, struct connect_attempt *attempt, struct error *err);

/* Takes up what poll(2) may have told (POLLOUT): connections that failed go, a made one is noted. */
void connect_look(struct connect_attempt *attempt);

/* Gives up what is still under way, and the connection. */
void connect_end(struct connect_attempt *attempt);

#endif
