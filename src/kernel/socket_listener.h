/* SPDX-License-Identifier: GPL-2.0-or-later */
/* socket_listener.h: whether something takes what comes for a port. proc(5): /proc/PID/net/tcp */
#ifndef KERNEL_SOCKET_LISTENER_H
#define KERNEL_SOCKET_LISTENER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct socket_listener {
	bool there;   /* something listens on that port, on whatever address */
	bool reached; /* and on one that takes what comes for the address asked about */
	char address[INET6_ADDRSTRLEN]; /* of the first of them, the one that is reached if any */
};

/* In the network namespace of a process. */
int socket_find_listener(pid_t pid, uint8_t protocol, uint16_t port, struct in_addr address,
			 struct socket_listener *listener, struct error *err);

/* The same in the text of one such table. family: AF_INET or AF_INET6, whose sockets it lists. */
void socket_search_table(const char *table, int family, uint8_t protocol, uint16_t port,
			 struct in_addr address, struct socket_listener *listener);

#endif
