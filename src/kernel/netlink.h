/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink.h: (libnl-route-3) links, addresses and routes over one rtnetlink socket, which stays
 * in the network namespace it was opened in. rtnetlink(7). Everything cman makes carries its
 * mark as interface alias ("cman:web:eth0", "cman:network:cman0"), so that it can be found and
 * removed when all records are lost; what carries another alias or none is never touched.
 */
#ifndef KERNEL_NETLINK_H
#define KERNEL_NETLINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct netlink; /* one socket */

struct netlink *netlink_open(struct error *err);                  /* in our own namespace */
struct netlink *netlink_open_in(int netns_fd, struct error *err); /* in that one; we stay here */
void netlink_close(struct netlink **netlink);
#define AUTO_NETLINK AUTO(netlink_close)

/* A bridge to make. */
struct bridge {
	const char *name;
	const char *alias;
	struct in_addr address; /* its own, the gateway of the containers */
	unsigned int prefix;
	uint32_t mtu;           /* bytes */
};

/*
 * Makes the bridge, up, with its address, IPv6 autoconfiguration and router advertisements off.
 * A bridge that is there already with our alias is brought to what is wanted; another link of
 * that name is an error (EEXIST) that says whose it is.
 */
int netlink_make_bridge(struct netlink *netlink, const struct bridge *bridge, struct error *err);

/* A veth pair whose inner end is born in netns_fd under its final name, outer end up and on the
 * bridge. */
struct veth {
	const char *host_name;
	const char *alias;      /* of the outer end */
	const char *bridge;
	int netns_fd;
	const char *inner_name;
	uint8_t mac[6];         /* of the inner end */
	uint32_t mtu;
};
/* A left-over with our alias and name is removed first. EXFULL hint: bridge takes 1023 ports. */
int netlink_make_veth(struct netlink *netlink, const struct veth *veth, struct error *err);

/* Inside a container's namespace: lo up, address, link up, default route by gateway. */
struct inner_link {
	const char *name;
	struct in_addr address;
	unsigned int prefix;
	struct in_addr gateway; /* INADDR_ANY: no default route */
};
int netlink_configure_inner(struct netlink *inner, const struct inner_link *links, size_t count,
			    struct error *err);

/* Removes a link if it carries our mark ("cman:..." alias); missing is success. */
int netlink_remove_link(struct netlink *netlink, const char *name, struct error *err);

/* Waits until no link of that name is left (the dying namespace takes it along): 1 gone, 0 not. */
int netlink_wait_link_gone(struct netlink *netlink, const char *name, int timeout_ms,
			   struct error *err);

/*
 * Looks for a route or address of the host that overlaps subnet/prefix, other than on the link
 * named except. Default-like routes (0/0, 0/1, 128/1) are no overlap. 1: found, described in
 * out ("10.83.0.0/16 dev eth1"); 0: none.
 */
int netlink_find_overlap(struct netlink *netlink, struct in_addr subnet, unsigned int prefix,
			 const char *except, char *out, size_t size, struct error *err);

/* Name of a container's outer veth end: "c-" + up to 8 of the name + "-"? + 5 of a hash. */
void netlink_veth_name(const char *container, unsigned int index, char out[IFNAMSIZ]);

#endif
