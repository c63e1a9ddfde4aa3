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

struct netlink *netlink_open(struct error *err); /* in our own namespace */

/*
 * In that namespace, which the calling thread enters for a moment. Should it not find back, the
 * program ends: all else would hit the wrong machine.
 */
struct netlink *netlink_open_in(int netns_fd, struct error *err);
struct netlink *netlink_look_in(int netns_fd, struct error *err); /* not a switch is set there */

void netlink_close(struct netlink **netlink);
#define AUTO_NETLINK AUTO(netlink_close)

/* A bridge to make. */
struct bridge {
	const char *name;
	const char *alias;
	struct in_addr address; /* its own, the gateway of the containers */
	unsigned int prefix;
	struct in6_addr address6;
	unsigned int prefix6; /* 0: it has none */
	uint32_t mtu; /* bytes */
	bool filtered; /* what passes between its ports goes through the firewall: bridge_filter.h */
};

/*
 * Makes the bridge, up, with its address, without spanning tree, its MAC made from its address.
 * It takes no IPv6 address by itself and believes no router advertisement (sysctl: netlink must be
 * of the caller's own namespace). A bridge that is there already with our alias is brought to what
 * is wanted; another link of that name is an error (EEXIST) that says what it is.
 */
int netlink_make_bridge(struct netlink *netlink, const struct bridge *bridge, struct error *err);

/* The MAC of a bridge of ours with this address. */
void netlink_bridge_mac(struct in_addr address, uint8_t mac[6]);

/* Ends what filtered began. alias: of the bridge; where it is not there that is success. */
int netlink_unfilter_bridge(struct netlink *netlink, const char *name, const char *alias,
			    struct error *err);

/* A bridge that is there already, and the administrator's. ENODEV; EINVAL: no bridge. */
int netlink_check_bridge(struct netlink *netlink, const char *name, struct error *err);

/* A macvlan (mode bridge) of parent that is born in netns_fd; it goes with the namespace. */
struct macvlan {
	const char *parent;
	int netns_fd;
	const char *inner_name;
	uint8_t mac[6];
	uint32_t mtu; /* bytes, at most the parent's */
};
int netlink_make_macvlan(struct netlink *netlink, const struct macvlan *macvlan, struct error *err);

/*
 * A veth pair whose inner end is born in netns_fd under its final name (down: it comes up from
 * inside), the outer end up and on the bridge, also known by its alias ("cman-web-eth0").
 */
struct veth {
	const char *host_name;
	const char *alias; /* of the outer end */
	const char *bridge;
	int netns_fd;
	const char *inner_name;
	uint8_t mac[6]; /* of the inner end */
	uint32_t mtu;
	bool isolated; /* reaches no other isolated port of the bridge */
};
/*
 * A left-over with our name and alias is removed first; a link of that name with another alias is
 * EEXIST. EXFULL: the bridge has its 1023 ports.
 */
int netlink_make_veth(struct netlink *netlink, const struct veth *veth, struct error *err);

/*
 * Brings the outer end of one that is there to what is wanted: up, its MTU, on the bridge with the
 * modes of its port. ENODEV: it is gone; EEXIST: the link of that name is somebody else's.
 */
int netlink_mend_veth(struct netlink *netlink, const struct veth *veth, struct error *err);

/*
 * Inside a container's namespace: lo up, address, link up, routes. Where there are several links,
 * one without the default route has a table of its own for what comes from its address, so that
 * answers leave by the link on which they were asked for. ip-rule(8)
 */
struct inner_route {
	struct in_addr destination, gateway;
	unsigned int prefix;
};
struct inner_link {
	const char *name;
	struct in_addr address;
	unsigned int prefix;
	struct in_addr gateway; /* INADDR_ANY: none */
	struct in6_addr address6;
	unsigned int prefix6;     /* 0: it has none */
	struct in6_addr gateway6; /* in6addr_any: none */
	bool default_route;       /* by the gateways; of one link at most */
	const struct inner_route *routes;
	size_t route_count;
};
int netlink_configure_inner(struct netlink *inner, const struct inner_link *links, size_t count,
			    struct error *err);

/* The same for some of them: those for which chosen is true. */
int netlink_configure_chosen(struct netlink *inner, const struct inner_link *links, size_t count,
			     const bool *chosen, struct error *err);

/* What that gives a link besides being up, addresses first. Pure. */
enum inner_kind {
	INNER_ADDRESS,
	INNER_ROUTE,
	INNER_RULE, /* what comes from address is routed by table */
};
struct inner_fact {
	enum inner_kind kind;
	int family;          /* AF_INET, AF_INET6 */
	int index;           /* of the link; 0: of a rule */
	uint32_t table;      /* of a route or rule */
	uint8_t address[16]; /* or destination, or source; the first four of IPv4 */
	unsigned int prefix;
	uint8_t gateway[16]; /* of a route; zero: none */
};
struct inner_facts {
	struct inner_fact *items;
	size_t count;
};
/* Adds those of a link; several: the container has further ones. */
void netlink_list_inner_facts(const struct inner_link *link, int index, bool several,
			      struct inner_facts *facts);
void netlink_clear_inner_facts(struct inner_facts *facts);
#define AUTO_INNER_FACTS AUTO(netlink_clear_inner_facts)

/*
 * Removes the rule by which what comes from the address of a link has a table of its own; that there is
 * none is success. The routes in that table go with the link.
 */
int netlink_remove_inner_rules(struct netlink *inner, struct in_addr address,
			       struct in6_addr address6, struct error *err);

/*
 * Removes a link inside a container by its name, whatever it is: of one that has no end outside.
 * Missing is success.
 */
int netlink_remove_inner(struct netlink *inner, const char *name, struct error *err);

/*
 * Removes the link of that name if it carries that alias, or was cut short while we made it. What
 * is missing or belongs to somebody else (another container whose name hashed alike) is success.
 * Returns when the name is free, after 1 to 2 ms. What the kernel does behind that takes 20 to
 * 30 ms more; it keeps a child process of ours which holds nothing else open and then ends.
 */
int netlink_remove_link(struct netlink *netlink, const char *name, const char *alias,
			struct error *err);

/*
 * Looks for an address or route (tables main and local) of the host that overlaps subnet/prefix
 * (family AF_INET: struct in_addr, AF_INET6: struct in6_addr),
 * other than on the link named except (may be NULL): any that is connected, and routes by a
 * gateway that are as specific as the subnet or more. Wider ones leave room for it; default-like
 * ones (0/0, 0/1, 128/1) always do. 1: found, in out ("10.83.0.0/16 dev eth1"); 0: none.
 */
int netlink_find_overlap(struct netlink *netlink, int family, const void *subnet,
			 unsigned int prefix, const char *except, char *out, size_t size,
			 struct error *err);

/*
 * Name of a container's outer veth end: "c-web", for further interfaces "c-web_1", and where that
 * is too long, its beginning and a hash of the whole: "c-produ_5g0k2m7" (container names have no
 * '_', so the three never meet).
 */
void netlink_veth_name(const char *container, unsigned int index, char out[IFNAMSIZ]);

#endif
