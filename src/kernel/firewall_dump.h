/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firewall_dump.h: what is in nf_tables, read through a netlink socket of our own: for questions
 * that are asked often and are not worth opening a library. linux/netfilter/nf_tables.h.
 */
#ifndef KERNEL_FIREWALL_DUMP_H
#define KERNEL_FIREWALL_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * A socket of netfilter; ENOENT: this kernel has none (and none of the modules was loadable by
 * itself). Asking it anything loads nf_tables.
 */
int firewall_dump_open(struct error *err);

/* Bytes of one attribute; data is NULL when it is not there. */
struct firewall_attribute {
	const void *data;
	size_t length;
};

/* Sorts attributes by type; those above most are left out. nested flags of types are ignored. */
void firewall_dump_parse(const void *data, size_t length, struct firewall_attribute *attributes,
			 unsigned int most);
/* Of the kernel's: a number in network order (0 when missing), a text ("" when missing). */
uint32_t firewall_dump_u32(const struct firewall_attribute *attribute);
const char *firewall_dump_text(const struct firewall_attribute *attribute);

/* Walks the elements of a list: true and the next one, at first with *element zeroed. */
bool firewall_dump_next(const struct firewall_attribute *list, struct firewall_attribute *element);

/* family: AF_UNSPEC in a dump of all. Not 0: no more of them. */
typedef int firewall_dump_callback(void *data, uint8_t family, const void *attributes,
				   size_t length);

/*
 * Dumps tables (NFT_MSG_GETTABLE), chains (NFT_MSG_GETCHAIN) or rules (NFT_MSG_GETRULE) of a
 * family, or of all; rules of one table and chain only where these are named. A kernel without
 * nf_tables has none. EINTR: somebody changed them meanwhile.
 */
int firewall_dump(int fd, uint16_t type, uint8_t family, const char *table, const char *chain,
		  firewall_dump_callback *callback, void *data, struct error *err);

#endif
