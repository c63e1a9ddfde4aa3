/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/netlink_watch.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/cleanup.h"

static const int route_groups[] = {
	RTNLGRP_LINK,	    RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,	 RTNLGRP_IPV4_RULE,
	RTNLGRP_IPV6_RULE,  RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF,
};
static const int netfilter_groups[] = {NFNLGRP_NFTABLES};

static int open_socket(int protocol, const int *groups, size_t count, struct error *err)
{
	AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	struct sockaddr_nl own = {.nl_family = AF_NETLINK};
	int on = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		return error_set(err, errno, "netlink socket for events");
	for (size_t i = 0; i < count; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])) < 0)
			return error_set(err, errno, "listen to netlink events");
	return setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on)) < 0
		       ? error_set(err, errno, "listen to netlink events of containers")
		       : take_fd(&fd);
}

int netlink_watch_open(struct netlink_watch *watch, struct error *err)
{
	struct error why = {0};

	watch->fds[0] = open_socket(NETLINK_ROUTE, route_groups, ARRAY_SIZE(route_groups), err);
	if (watch->fds[0] < 0)
		return -1;
	watch->fds[1] = open_socket(NETLINK_NETFILTER, netfilter_groups,
				    ARRAY_SIZE(netfilter_groups), &why);
	if (watch->fds[1] >= 0 || why.code == EPROTONOSUPPORT)
		return 0;
	if (err)
		*err = why;
	netlink_watch_close(watch);
	return -1;
}

void netlink_watch_close(struct netlink_watch *watch)
{
	for (size_t i = 0; i < ARRAY_SIZE(watch->fds); i++)
		close_fd(&watch->fds[i]);
}

static bool drain(int fd)
{
	char discarded[64]; /* a datagram that is longer is cut */
	bool any = false;

	for (;;) {
		if (recv(fd, discarded, sizeof(discarded), 0) >= 0) {
			any = true;
			continue;
		}
		/* ENOBUFS: there were more than the socket holds. */
		if (errno != EINTR && errno != ENOBUFS)
			return any;
		any = true;
	}
}

bool netlink_watch_drain(struct netlink_watch *watch)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(watch->fds); i++)
		if (watch->fds[i] >= 0)
			any |= drain(watch->fds[i]);
	return any;
}
