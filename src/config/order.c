/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/order.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void add(struct order_edges *edges, size_t node)
{
	/* Capacity is the next power of two. */
	if ((edges->count & (edges->count - 1)) == 0)
		edges->items = xrealloc(edges->items, edges->count ? 2 * edges->count : 1,
					sizeof(*edges->items));
	edges->items[edges->count++] = node;
}

void order_edges_clear(struct order_edges *edges)
{
	free(edges->items);
	*edges = (struct order_edges){0};
}

size_t order_find(const struct order *order, const char *name)
{
	size_t first = 0, end = order->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		int difference = strcmp(order->nodes[middle].name, name);

		if (difference == 0)
			return middle;
		if (difference < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return ORDER_NEVER;
}

/* ---- circles of after ---- */

/* A walk along all edges: seen[i] is the number of the last walk that came by. */
struct walk {
	size_t *stack, *seen, number;
};

static void push(struct walk *walk, const struct order_edges *edges, size_t *depth)
{
	for (size_t i = 0; i < edges->count; i++) {
		size_t node = edges->items[i];

		if (walk->seen[node] == walk->number)
			continue;
		walk->seen[node] = walk->number;
		walk->stack[(*depth)++] = node;
	}
}

static void walk_init(struct walk *walk, const struct order *order)
{
	*walk = (struct walk){
		.stack = xalloc(order->count + 1, sizeof(size_t)),
		.seen = xalloc(order->count + 1, sizeof(size_t)),
	};
}

static void walk_clear(struct walk *walk)
{
	free(walk->stack);
	free(walk->seen);
}

static bool waits_for(const struct order *order, struct walk *walk, size_t node, size_t other)
{
	size_t depth = 0;

	walk->number++;
	walk->seen[node] = walk->number;
	walk->stack[depth++] = node;
	while (depth > 0 && walk->seen[other] != walk->number) {
		const struct order_node *next = &order->nodes[walk->stack[--depth]];

		push(walk, &next->needs, &depth);
		push(walk, &next->follows, &depth);
	}
	return walk->seen[other] == walk->number;
}

static void add_afters(struct order *order, const struct order_item *items)
{
	AUTO(walk_clear) struct walk walk;

	walk_init(&walk, order);
	for (size_t i = 0; i < order->count; i++) {
		struct order_node *node = &order->nodes[i];

		for (size_t j = 0; j < items[i].after->count; j++) {
			size_t other = order_find(order, items[i].after->items[j]);

			if (other == ORDER_NEVER)
				continue;
			add(waits_for(order, &walk, other, i) ? &node->refused : &node->follows, other);
		}
	}
}

/* ---- levels ---- */

static void list_waiting(const struct order *order, struct order_edges *waiting, size_t *missing)
{
	for (size_t i = 0; i < order->count; i++) {
		const struct order_edges *const lists[] = {&order->nodes[i].needs,
							   &order->nodes[i].follows};

		for (size_t j = 0; j < ARRAY_SIZE(lists); j++)
			for (size_t k = 0; k < lists[j]->count; k++)
				add(&waiting[lists[j]->items[k]], i);
		missing[i] = lists[0]->count + lists[1]->count;
	}
}

/* Each node when all it waits for have their levels; those of a circle never do. */
static void find_levels(struct order *order)
{
	AUTO_FREE struct order_edges *waiting = xalloc(order->count, sizeof(*waiting));
	AUTO_FREE size_t *missing = xalloc(order->count, sizeof(*missing));
	AUTO_FREE size_t *queue = xalloc(order->count, sizeof(*queue));
	size_t queued = 0;

	list_waiting(order, waiting, missing);
	for (size_t i = 0; i < order->count; i++)
		if (missing[i] == 0)
			queue[queued++] = i;
	for (size_t i = 0; i < queued; i++) {
		const struct order_edges *list = &waiting[queue[i]];
		size_t level = order->nodes[queue[i]].level + 1;

		if (order->level_count < level)
			order->level_count = level;
		for (size_t j = 0; j < list->count; j++) {
			size_t node = list->items[j];

			if (order->nodes[node].level < level)
				order->nodes[node].level = level;
			if (--missing[node] == 0)
				queue[queued++] = node;
		}
	}
	for (size_t i = 0; i < order->count; i++) {
		if (missing[i] > 0)
			order->nodes[i].level = ORDER_NEVER;
		order_edges_clear(&waiting[i]);
	}
}

void order_init(struct order *order, const struct order_item *items, size_t count)
{
	*order = (struct order){.nodes = xalloc(count, sizeof(*order->nodes)), .count = count};
	for (size_t i = 0; i < count; i++)
		order->nodes[i].name = items[i].name;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < items[i].depends_on->count; j++) {
			size_t other = order_find(order, items[i].depends_on->items[j]);

			if (other != ORDER_NEVER)
				add(&order->nodes[i].needs, other);
		}
	}
	add_afters(order, items);
	find_levels(order);
}

/* ---- a part ---- */

/* The chosen ones that a node waits for, up to which the walk goes: places in the part. */
static void add_reached(const struct order *whole, const size_t *places, size_t node,
			struct walk *walk, struct order_edges *reached)
{
	size_t depth = 0;

	walk->number++;
	push(walk, &whole->nodes[node].needs, &depth);
	push(walk, &whole->nodes[node].follows, &depth);
	while (depth > 0) {
		size_t next = walk->stack[--depth];

		if (places[next] != ORDER_NEVER) {
			add(reached, places[next]);
			continue;
		}
		push(walk, &whole->nodes[next].needs, &depth);
		push(walk, &whole->nodes[next].follows, &depth);
	}
}

void order_init_part(struct order *part, const struct order *whole, const bool *chosen)
{
	AUTO_FREE size_t *places = xalloc(whole->count, sizeof(*places));
	AUTO(walk_clear) struct walk walk;

	walk_init(&walk, whole);
	*part = (struct order){.nodes = xalloc(whole->count, sizeof(*part->nodes))};
	for (size_t i = 0; i < whole->count; i++) {
		places[i] = chosen[i] ? part->count : ORDER_NEVER;
		if (chosen[i])
			part->nodes[part->count++].name = whole->nodes[i].name;
	}
	for (size_t i = 0; i < whole->count; i++)
		if (chosen[i])
			add_reached(whole, places, i, &walk, &part->nodes[places[i]].needs);
	find_levels(part);
}

void order_clear(struct order *order)
{
	for (size_t i = 0; i < order->count; i++) {
		order_edges_clear(&order->nodes[i].needs);
		order_edges_clear(&order->nodes[i].follows);
		order_edges_clear(&order->nodes[i].refused);
	}
	free(order->nodes);
	*order = (struct order){0};
}

/* ---- circles of depends_on ---- */

/* from[i]: where the search came to i from. */
static void collect(const size_t *from, size_t node, size_t last, struct order_edges *circle)
{
	size_t length = 1, at = last;

	for (; at != node; at = from[at])
		length++;
	circle->items = xalloc(length, sizeof(*circle->items));
	circle->count = length;
	for (at = last; at != node; at = from[at])
		circle->items[--length] = at;
	circle->items[0] = node;
}

bool order_find_circle(const struct order *order, size_t node, struct order_edges *circle)
{
	AUTO_FREE size_t *from = xalloc(order->count, sizeof(*from));
	AUTO_FREE size_t *queue = xalloc(order->count, sizeof(*queue));
	AUTO_FREE bool *seen = xalloc(order->count, sizeof(*seen));
	size_t queued = 0;

	*circle = (struct order_edges){0};
	if (order->nodes[node].level != ORDER_NEVER)
		return false;
	queue[queued++] = node;
	for (size_t i = 0; i < queued; i++) {
		const struct order_edges *needs = &order->nodes[queue[i]].needs;

		for (size_t j = 0; j < needs->count; j++) {
			size_t next = needs->items[j];

			if (next == node) {
				collect(from, node, queue[i], circle);
				return true;
			}
			if (seen[next])
				continue;
			seen[next] = true;
			from[next] = queue[i];
			queue[queued++] = next;
		}
	}
	return false;
}
