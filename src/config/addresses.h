/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addresses.h: the addresses cman chooses. Nothing is stored anywhere: the files are the
 * reservation. The same set of files gives the same addresses.
 */
#ifndef CONFIG_ADDRESSES_H
#define CONFIG_ADDRESSES_H

#include "config/conf.h"

/*
 * Gives every interface with ip_auto an address of its network's pool, or leaves INADDR_ANY and
 * says so when the pool is used up. Static addresses come first, then those that running
 * containers hold (hints may be NULL), then each container, sorted by name, takes the first free
 * address from where its name points to.
 * only: nobody but this container is given one; the others keep what they have. NULL: all.
 */
void addresses_assign(struct conf *conf, const struct conf_hints *hints, const char *only,
		      struct diagnostics *diagnostics);

/* A /64 of fd00::/8 made from this machine's id and the name: RFC 4193. */
void addresses_make_subnet6(const char *network, struct in6_addr *subnet);

/* Locally administered and stable: a hash of the machine, the container's name and the index. */
void addresses_make_mac(const char *container, unsigned int index, uint8_t mac[6]);

#endif
