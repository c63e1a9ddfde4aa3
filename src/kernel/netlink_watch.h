/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_watch.h: that something has changed in the network, without what: links, addresses, routes,
 * rules, forwarding, nf_tables; in other network namespaces too, where the kernel has a number for
 * them (it has for the containers at the other ends of our veths). rtnetlink(7), netlink(7).
 * The legacy tables of iptables and most of /proc/sys tell nobody.
 */
#ifndef KERNEL_NETLINK_WATCH_H
#define KERNEL_NETLINK_WATCH_H

#include <stdbool.h>

#include "base/error.h"

struct netlink_watch {
	int fds[2]; /* readable when something has changed; the second is -1 without nf_tables */
};
#define NETLINK_WATCH_INIT {{-1, -1}}

int netlink_watch_open(struct netlink_watch *watch, struct error *err);
void netlink_watch_close(struct netlink_watch *watch);
#define AUTO_NETLINK_WATCH AUTO(netlink_watch_close)

/* Reads all there is to read, without waiting: whether there was anything. */
bool netlink_watch_drain(struct netlink_watch *watch);

#endif
