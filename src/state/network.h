/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.h: which containers hold a network: the record of it (network_files.h) as a value. From the
 * members of all networks the whole firewall is computed.
 */
#ifndef STATE_NETWORK_H
#define STATE_NETWORK_H

#include "config/spec.h"

/* Where a key that makes rules stood in the files when it was read: for those who look. */
struct network_origin {
	char *key;  /* "net.ports[0]", "networks.cman0.nat", "networks.cman0" */
	char *file; /* absolute path */
	unsigned int line;
	uint64_t digest; /* of the file: source_digest() */
};
struct network_origins {
	struct network_origin *items;
	size_t count;
};

struct network_member {
	char *container;
	struct strlist aliases; /* further names siblings know it by */
	unsigned int index;     /* of the container's interface */
	struct in_addr address;
	struct in6_addr address6; /* in6addr_any: none */
	bool nat;                 /* may differ from the network's */
	bool isolated;            /* others on the network do not reach it */
	bool own_hosts;           /* has a hosts file of its own (extra_hosts) to be kept current */
	struct port_forward *ports;
	size_t port_count;
	/* what its interface may call; not written where it is everything, as are the servers */
	bool no_host_access;
	struct egress egress;
	uint8_t mac[6];          /* by which its packets are known; with one of the two only */
	struct strlist servers;  /* addresses in its resolv.conf, likewise */
	struct network_origins origins;
};

/* Families that the member has addresses of: PORT_IPV4 and PORT_IPV6. */
unsigned int network_member_families(const struct network_member *member);

/* Whether there are rules for what it may call. */
bool network_member_is_limited(const struct network_member *member);

/* A network as it is on the host, whatever the manager file says today. */
struct network_record {
	char *name;
	char boot_id[37];
	char *bridge;
	struct in_addr subnet, gateway;
	unsigned int prefix;
	struct in6_addr subnet6, gateway6;
	unsigned int prefix6; /* 0: no IPv6 */
	uint32_t mtu;         /* bytes */
	bool nat;
	bool internal, icc;
	char uplink[IFNAMSIZ];          /* masqueraded is what leaves by it; "": by any link */
	bool own;                       /* bridge and firewall are cman's; else bridge may be "" */
	bool filtered;                  /* the firewall looks at what passes between its ports */
	struct network_member *members; /* in the order they came */
	size_t member_count;
	struct network_origins origins;
};

void network_record_clear(struct network_record *network);
#define AUTO_NETWORK_RECORD AUTO(network_record_clear)

/* Adds one; a path that a line of the record cannot hold is left out. Copies both texts. */
void network_origins_add(struct network_origins *origins, const char *key, const char *file,
			 unsigned int line, uint64_t digest);
void network_origins_clear(struct network_origins *origins);
/* NULL: it is not there, which means a default. */
const struct network_origin *network_origins_find(const struct network_origins *origins,
						  const char *key);

/* A member by container and interface index, or NULL. */
struct network_member *network_record_find(const struct network_record *network,
					   const char *container, unsigned int index);

/*
 * Whether the firewall has to see what passes between ports of the bridge: there is somebody who may
 * not call everything, and who could call siblings.
 */
bool network_needs_filter(const struct network_record *network);

/* Adds a copy, or replaces the member of that container and index. */
void network_record_add(struct network_record *network, const struct network_member *member);

/* The same for one that is known not to be there. */
void network_record_append(struct network_record *network, const struct network_member *member);

/* Removes an interface of a container; whether it was there. */
bool network_record_drop_one(struct network_record *network, const char *container,
			     unsigned int index);

/* Removes all interfaces of a container; whether there was one. */
bool network_record_drop(struct network_record *network, const char *container);

#endif
