/* SPDX-License-Identifier: GPL-2.0-or-later */
/* socket_holder.h: which process has a port of this network namespace. proc(5), /proc/net/tcp. */
#ifndef KERNEL_SOCKET_HOLDER_H
#define KERNEL_SOCKET_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct socket_holder {
	pid_t pid;
	char name[64]; /* as in /proc/PID/comm; bytes that a terminal would obey are '?' */
};

/*
 * The process that listens on the port (TCP) or has it (UDP), by IPv4 or IPv6, on any address.
 * false: nobody does, or a process that cannot be seen from this pid namespace. For a message: it
 * looks through all of /proc, and what it finds may have changed by then.
 */
bool socket_find_holder(uint16_t port, uint8_t protocol, struct socket_holder *holder);

#endif
