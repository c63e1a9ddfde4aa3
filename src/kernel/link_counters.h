/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_counters.h: what has passed the links of a network namespace, all of them at once, out of
 * /proc/net/dev: no lock of the kernel is taken for it. proc_pid_net(5).
 */
#ifndef KERNEL_LINK_COUNTERS_H
#define KERNEL_LINK_COUNTERS_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* UINT64_MAX: not known. */
struct link_counters {
	uint64_t received_bytes, received_packets, received_dropped;
	uint64_t sent_bytes, sent_packets, sent_dropped;
};

struct link_row {
	char name[IFNAMSIZ];
	struct link_counters counters;
};

struct link_table {
	struct link_row *items; /* sorted by name */
	size_t count;
};

/* Reads an open file of that kind from its beginning, in the place of what was in the table. */
int link_table_read(int fd, struct link_table *table, struct error *err);

/* The same out of its text. Lines that are none are passed over. */
void link_table_parse(const char *text, struct link_table *table);
void link_table_clear(struct link_table *table);

/* NULL: there is no link of that name. */
const struct link_counters *link_table_find(const struct link_table *table, const char *name);

/* As the other end of a veth pair sees it: what one receives the other has sent. */
struct link_counters link_counters_turn(const struct link_counters *counters);

#endif
