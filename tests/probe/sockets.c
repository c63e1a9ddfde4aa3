/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Families of sockets that must be refused. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

/*
 * A type that no family has: the kernel says EINVAL before it looks for the family, and so does
 * not load a module for it. Nothing but a filter can say EPERM or EAFNOSUPPORT.
 */
#define NO_TYPE 15

static long open_vsock(void)
{
	return socket(AF_VSOCK, NO_TYPE, 0);
}

static long open_alg(void)
{
	return socket(AF_ALG, NO_TYPE, 0);
}

static long open_xdp(void)
{
	return socket(AF_XDP, NO_TYPE, 0);
}

static long open_tipc(void)
{
	return socket(AF_TIPC, NO_TYPE, 0);
}

static long open_key(void)
{
	return socket(AF_KEY, NO_TYPE, 0);
}

static long open_can(void)
{
	return socket(AF_CAN, NO_TYPE, 0);
}

static long open_bluetooth(void)
{
	return socket(AF_BLUETOOTH, NO_TYPE, 0);
}

static long open_raw(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
}

static long open_raw6(void)
{
	return socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
}

/* Protocol 0: it would receive nothing. */
static long open_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

/* EINVAL is how the profile of podman and docker refuses it, EPROTONOSUPPORT how cman's does. */
static long open_audit(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 9);

	if (fd < 0 && errno == EPROTONOSUPPORT)
		errno = EINVAL;
	return fd;
}

/* EAFNOSUPPORT: a kernel without IPv6, or a filter that says so */
const struct check socket_checks[] = {
	{"raw-socket", "no raw socket", check_closed, open_raw, 0},
	{"raw-socket6", "no raw IPv6 socket", check_closed, open_raw6, EAFNOSUPPORT},
	{"packet-socket", "no packet socket", check_closed, open_packet, EAFNOSUPPORT},
	{"af-vsock", "no vsock to the hypervisor", check_closed, open_vsock, EAFNOSUPPORT},
	{"af-alg", "no sockets of the kernel's ciphers", check_closed, open_alg, EAFNOSUPPORT},
	{"af-xdp", "no AF_XDP", check_closed, open_xdp, EAFNOSUPPORT},
	{"af-tipc", "no AF_TIPC", check_closed, open_tipc, EAFNOSUPPORT},
	{"af-key", "no AF_KEY", check_closed, open_key, EAFNOSUPPORT},
	{"af-can", "no AF_CAN", check_closed, open_can, EAFNOSUPPORT},
	{"af-bluetooth", "no AF_BLUETOOTH", check_closed, open_bluetooth, EAFNOSUPPORT},
	{"netlink-audit", "no audit socket", check_closed, open_audit, EINVAL},
	{0},
};
