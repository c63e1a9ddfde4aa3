/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket_look.h: who has a port, and who takes what comes for it, by IPv4 and IPv6. For those who
 * look: what is found may have changed by then. proc(5): /proc/PID/net/tcp, tcp6, udp, udp6.
 * Addresses are struct in_addr or struct in6_addr, as the family says.
 */
#ifndef KERNEL_SOCKET_LOOK_H
#define KERNEL_SOCKET_LOOK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* What is asked for; protocol: IPPROTO_TCP or IPPROTO_UDP. */
struct socket_question {
	uint8_t protocol;
	uint16_t port;
	int family;
	const void *address;
};

/* What of a network namespace answers it. */
struct socket_listener {
	bool there;   /* something listens on that port, on whatever address */
	bool reached; /* and on one that takes what comes for the address asked about */
	int family;   /* of the first of them, the one that is reached if any, */
	char address[INET6_ADDRSTRLEN]; /* its address, */
	uint64_t inode;                 /* and its number, for socket_find_process() */
};

/* In the network namespace of a process. */
int socket_find_listener(pid_t pid, const struct socket_question *question,
			 struct socket_listener *listener, struct error *err);

/*
 * The same in the text of one such table, added to what is known. family: AF_INET or AF_INET6,
 * whose sockets it lists.
 */
void socket_search_table(const char *table, int family, const struct socket_question *question,
			 struct socket_listener *listener);

/* The ports that sockets of a protocol have in this network namespace, in whatever state. */
struct socket_ports {
	uint8_t bits[(UINT16_MAX + 1) / 8];
};
int socket_list_ports(uint8_t protocol, struct socket_ports *ports, struct error *err);
bool socket_has_port(const struct socket_ports *ports, uint16_t port);

struct socket_holder {
	pid_t pid;
	char name[64]; /* as in /proc/PID/comm; bytes that a terminal would obey are '?' */
};

/*
 * A process that has the socket with that number. It looks through all of /proc. false: there is
 * none, or it cannot be seen from this pid namespace.
 */
bool socket_find_process(uint64_t inode, struct socket_holder *holder);

/*
 * The process whose socket in this network namespace keeps another one from the port of that
 * address ("0.0.0.0" and "::": of any). false: nobody that is seen does.
 */
bool socket_find_holder(const struct socket_question *question, struct socket_holder *holder);

#endif
