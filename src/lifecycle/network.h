/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.h: what the steps of step_network.c and step_link.c are made of, for who mends what they
 * have made: one function says what a link is to be like, for both.
 */
#ifndef LIFECYCLE_NETWORK_H
#define LIFECYCLE_NETWORK_H

#include "lifecycle/container.h"
#include "state/network.h"

#define NETWORK_ALIAS_SIZE 256 /* IFALIASZ */

/* The alias that marks the bridge of a network. */
void network_bridge_alias(const char *network, char out[NETWORK_ALIAS_SIZE]);

/* That of a link of a container, by the name it has inside. */
void network_link_alias(const char *container, const char *interface, char out[NETWORK_ALIAS_SIZE]);

/* What the record of a network says that comes up now, without members. */
struct network_record network_record_of(const struct network *network);

/* The bridge and its switches, made or brought to what the record says. Under network_lock(). */
int network_make_bridge(struct host *host, const struct network_record *network, struct error *err);

/* The bridge does not show its frames to the rules any more. Under network_lock(). */
int network_stop_filter(struct host *host, const struct network_record *network, struct error *err);

/*
 * Notes what each interface of the spec holds of its network, which is made where it is not there. stays:
 * of each, whether its link is on the bridge already; NULL: of none. Not under a lock.
 */
int network_join(struct host *host, struct container *container, const bool *stays,
		 struct error *err);

/* Whether the host is to forward IPv6 for it; IPv4 it does for each that is its own. */
bool network_forwards_ipv6(const struct network_record *network);

/* Switches on what it needs, unless firewall.manage_forward is false. Under network_lock(). */
int network_switch_forwarding(struct host *host, const struct network_record *network,
			      struct error *err);

/*
 * Notes which name servers containers have now that may not call everything; where that has changed,
 * commits the rules that follow from it.
 */
int network_refresh_servers(struct host *host, struct error *err);

/* A veth with its texts; not to be copied. netns_fd is -1. */
struct network_veth {
	struct veth veth;
	char host_name[IFNAMSIZ];
	char alias[NETWORK_ALIAS_SIZE];
};
void network_describe_veth(const struct container *container, unsigned int index,
			   const struct network *network, struct network_veth *out);

/* A link for each interface of the spec; all their networks are in the manager. */
struct network_inner {
	struct inner_link *links;
	struct inner_route *routes;
};
void network_describe_inner(const struct manager *manager, const struct spec *spec,
			    struct network_inner *out);
void network_inner_clear(struct network_inner *inner);

/*
 * Makes the link of that interface, with its inner end in netns_fd, where inner is open; then, with
 * all of them there, addresses and routes inside. container: name and spec. host_netlink() has been
 * called.
 */
int network_make_link(struct host *host, const struct container *container, unsigned int index,
		      int netns_fd, struct netlink *inner, struct error *err);
int network_configure_inside(const struct host *host, const struct container *container,
			     struct netlink *inner, struct error *err);

#endif
