/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink_private.h: shared by netlink.c (the socket), link.c and route.c, the only files that
 * see libnl. libnl-route builds the messages; sending and receiving are ours, because libnl 3.7
 * neither sends several requests at once nor hands on the kernel's own words (extended acks).
 */
#ifndef KERNEL_NETLINK_PRIVATE_H
#define KERNEL_NETLINK_PRIVATE_H

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/socket.h>

#include "base/error.h"
#include "base/text.h"
#include "kernel/netlink.h"

/*
 * "cman": the link group (IFLA_GROUP) of all we make. The kernel takes the group when the link is
 * born but the alias only afterwards, so a link of this group without an alias is one whose
 * making was cut short.
 */
#define NETLINK_GROUP 0x636d616eU

struct netlink {
	struct nl_sock *socket;
};

static inline void netlink_put_link(struct rtnl_link **link)
{
	if (*link)
		rtnl_link_put(*link);
	*link = NULL;
}
#define AUTO_LINK AUTO(netlink_put_link)

/* Requests that go to the kernel in one piece. It works them off in order, all of them. */
struct netlink_batch {
	struct text bytes;
	struct netlink_request {
		char *what;    /* "add address 10.83.0.1/16 to cman0", for the error */
		int tolerated; /* errno value that is no failure here; 0: none */
	} * requests;
	size_t count;
};
void netlink_batch_clear(struct netlink_batch *batch);
#define AUTO_BATCH AUTO(netlink_batch_clear)

/*
 * No container becomes the IPv6 router of that link ("default": of all links that are made from
 * now on) by sending advertisements. In the caller's network namespace.
 */
int netlink_refuse_router_advertisements(const char *name, struct error *err);

/* Adds message (released in any case; NULL: there was no memory for it). */
int netlink_batch_add(struct netlink_batch *batch, struct nl_msg *message, int tolerated,
		      struct error *err, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * Sends the batch and waits for the answer to each request. Fails with the first refusal, in the
 * kernel's words where it has some. handle, unless NULL, gets each message of data.
 */
typedef void netlink_handler(struct nlmsghdr *message, void *data);
int netlink_send(struct netlink *netlink, struct netlink_batch *batch, netlink_handler *handle,
		 void *data, struct error *err);

/*
 * Sends the batch, which deletes the link of that name, and waits only until the name is free. The
 * kernel goes on for 20 to 30 ms (RCU barriers after the fact) and keeps the sender that long:
 * that is a child process nobody waits for.
 */
int netlink_send_until_gone(struct netlink *netlink, struct netlink_batch *batch, const char *name,
			    struct error *err);

/* One dump request (RTM_GETADDR, RTM_GETROUTE) of a family. */
int netlink_dump(struct netlink *netlink, int type, int family, netlink_handler *handle, void *data,
		 struct error *err);

/* Whether name fits for a link: libnl cuts what is too long without a word. */
int netlink_check_name(const char *name, struct error *err);

/* Index of the link of that name in the socket's namespace, 0: none. Takes no kernel lock. */
int netlink_find_index(struct netlink *netlink, const char *name);
bool netlink_find_name(struct netlink *netlink, int index, char out[IFNAMSIZ]); /* backwards */

/* An address of either family. */
struct ip {
	int family;        /* AF_INET, AF_INET6 */
	uint8_t bytes[16]; /* the first four of IPv4; network byte order */
};
struct ip netlink_ip4(struct in_addr address);
struct ip netlink_ip6(struct in6_addr address);

/* A further fact, to be filled in. Valid until the next one is added. */
struct inner_fact *netlink_add_fact(struct inner_facts *facts, enum inner_kind kind, int family);

/* Adds to batch: link up; address (RTM_NEWADDR or RTM_DELADDR) of a link called name. */
int netlink_add_link_up(struct netlink_batch *batch, int index, const char *name, struct error *err);
int netlink_add_address(struct netlink_batch *batch, int type, int index, const char *name,
			struct ip address, unsigned int prefix, struct error *err);

/*
 * Adds a route by which answers to ::1 come in on that link: of what the kernel looks up for that
 * address it takes none of another link. Those are answers to connections whose addresses were
 * translated only: packets that are for ::1 themselves come in on no link but "lo".
 */
int netlink_add_localhost_route(struct netlink_batch *batch, int index, const char *name,
				struct error *err);

#endif
