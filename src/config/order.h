/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.h: which containers wait for which: depends_on and after of a set of them, as a graph. Pure.
 * What depends_on says always holds. An "after" that would make containers wait for each other in a
 * circle is left out: the first ones stay, by the names of the containers and then in the order of
 * the list.
 */
#ifndef CONFIG_ORDER_H
#define CONFIG_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* What one container says; not owned. */
struct order_item {
	const char *name;
	const struct strlist *depends_on, *after; /* those that are not in the set do not count */
};

struct order_edges {
	size_t *items; /* indices of nodes */
	size_t count;
};

#define ORDER_NEVER SIZE_MAX

struct order_node {
	const char *name;
	struct order_edges needs;   /* depends_on */
	struct order_edges follows; /* after */
	struct order_edges refused; /* after, left out: in a circle with others */
	/*
	 * 0: it waits for nobody; else one more than the highest of those it waits for. ORDER_NEVER: it is
	 * in a circle of depends_on, or waits for one that is.
	 */
	size_t level;
};

struct order {
	struct order_node *nodes; /* as the items */
	size_t count;
	size_t level_count;
};

/* items: sorted by name, each name once. */
void order_init(struct order *order, const struct order_item *items, size_t count);
void order_clear(struct order *order);
#define AUTO_ORDER AUTO(order_clear)

/*
 * The chosen nodes alone (one of chosen for each of the whole): each needs those it waits for there, at once
 * or by way of nodes that are not chosen. Their names are those of the whole, and not owned either.
 */
void order_init_part(struct order *part, const struct order *whole, const bool *chosen);

/* ORDER_NEVER: it is not in the set. */
size_t order_find(const struct order *order, const char *name);

/* The shortest circle of depends_on from a node to itself, that node first: false, there is none. */
bool order_find_circle(const struct order *order, size_t node, struct order_edges *circle);
void order_edges_clear(struct order_edges *edges);

#endif
