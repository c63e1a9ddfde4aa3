/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/bring_down.h"

#include "base/fault.h"
#include "base/log.h"
#include "config/order.h"

/* What the records say that concerns the order. */
struct stopping {
	struct strlist names; /* sorted */
	struct record *records;
	const char **needed;  /* for whose sake each is stopped; NULL: it was named; not owned */
	bool *chosen;
};

static void stopping_clear(struct stopping *stopping)
{
	for (size_t i = 0; stopping->records && i < stopping->names.count; i++)
		record_clear(&stopping->records[i]);
	free(stopping->records);
	free(stopping->needed);
	free(stopping->chosen);
	strlist_clear(&stopping->names);
}

static void read_records(const struct state *state, struct stopping *stopping)
{
	const size_t count = stopping->names.count;

	stopping->records = xalloc(count, sizeof(*stopping->records));
	stopping->needed = xalloc(count, sizeof(*stopping->needed));
	stopping->chosen = xalloc(count, sizeof(*stopping->chosen));
	/* One that cannot be read is told when it is worked on. */
	for (size_t i = 0; i < count; i++)
		record_read(state, stopping->names.items[i], &stopping->records[i], NULL);
}

static bool lives(const struct record *record)
{
	enum liveness liveness = record->name ? record_liveness(record) : LIVE_NONE;

	return liveness == LIVE_RUNNING || liveness == LIVE_WAITING;
}

static const char *find_needed(const struct stopping *stopping, const struct record *record)
{
	for (size_t i = 0; i < stopping->names.count; i++)
		if (stopping->chosen[i] &&
		    strlist_contains(&record->needs, stopping->names.items[i]))
			return stopping->names.items[i];
	return NULL;
}

/* Those that run and need one that is stopped, and those that need these. */
static void choose_dependants(struct stopping *stopping)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < stopping->names.count; i++) {
			if (stopping->chosen[i] || stopping->records[i].needs.count == 0 ||
			    !lives(&stopping->records[i]))
				continue;
			stopping->needed[i] = find_needed(stopping, &stopping->records[i]);
			stopping->chosen[i] = stopping->needed[i] != NULL;
			again |= stopping->chosen[i];
		}
	}
}

/* ---- one wave after the other ---- */

/*
 * How long those of one wave have: their share of what is left, and all that those who come later do not
 * need; whoever is waited for by many comes last, and is to have its time.
 */
static uint32_t share_of(uint64_t left_ms, size_t waves_left, uint64_t needed_later_ms)
{
	uint64_t share = left_ms / waves_left;

	if (left_ms > needed_later_ms && left_ms - needed_later_ms > share)
		share = left_ms - needed_later_ms;
	return share < UINT32_MAX ? (uint32_t)share : UINT32_MAX;
}

/* For whose sake one is stopped, or NULL. Where nobody asked for an order, nobody is. */
static const char *needed_by(const struct stopping *stopping, const char *name)
{
	return stopping->needed ? stopping->needed[strlist_find_sorted(&stopping->names, name)] : NULL;
}

static void stop_wave(const struct bring_down *down, const struct stopping *stopping,
		      const struct strlist *names, const uint32_t *limit_ms)
{
	struct wave wave;

	wave_take(&wave, down->host, names);
	wave_plan(&wave, plan_down);
	if (limit_ms)
		wave_limit_stop(&wave, *limit_ms);
	if (down->by_hand)
		wave_note_wish(&wave);
	wave_down(&wave, false);
	for (size_t i = 0; i < wave.count; i++) {
		struct container *container = &wave.containers[i];

		down->tell(down->data, container, needed_by(stopping, container->name));
	}
	wave_release(&wave);
	(void)FAULT("stopped", names->items[0], NULL);
}

/* The longest stop_timeout of each level. */
static void find_times(const struct order *order, const struct record *const *records,
		       uint64_t *times, size_t count)
{
	for (size_t i = 0; i < order->count; i++) {
		size_t level = order->nodes[i].level < count ? order->nodes[i].level : count - 1;

		if (records[i]->stop_timeout_ms > times[level])
			times[level] = records[i]->stop_timeout_ms;
	}
}

/* From the last level to the first; what is in a circle, by files that changed meanwhile, before. */
static void stop_in_order(const struct bring_down *down, const struct stopping *stopping,
			  const struct order *order, const struct record *const *records)
{
	const uint64_t end_ms = process_monotonic_ms() + down->limit_ms;
	const size_t levels = order->level_count + 1;
	AUTO_FREE uint64_t *times = xalloc(levels, sizeof(*times));

	find_times(order, records, times, levels);
	for (size_t level = levels; level-- > 0;) {
		AUTO_STRLIST struct strlist names = {0};
		uint64_t now = process_monotonic_ms(), later_ms = 0;
		uint32_t limit_ms;

		for (size_t i = 0; i < order->count; i++) {
			size_t own = order->nodes[i].level;

			if (own == level || (own == ORDER_NEVER && level == levels - 1))
				strlist_add(&names, order->nodes[i].name);
		}
		for (size_t i = 0; i < level; i++)
			later_ms += times[i];
		limit_ms = share_of(end_ms > now ? end_ms - now : 0, level + 1, later_ms);
		if (names.count > 0)
			stop_wave(down, stopping, &names, down->limit_ms ? &limit_ms : NULL);
	}
}

/* One that stays is of concern as well where it is needed: who is stopped may wait for another by way of it. */
static void find_concerned(const struct stopping *stopping, bool *concerned)
{
	const struct strlist *names = &stopping->names;
	AUTO_FREE size_t *stack = xalloc(names->count, sizeof(*stack));
	size_t depth = 0;

	for (size_t i = 0; i < names->count; i++) {
		concerned[i] = stopping->chosen[i];
		if (concerned[i])
			stack[depth++] = i;
	}
	while (depth > 0) {
		const struct strlist *needs = &stopping->records[stack[--depth]].needs;

		for (size_t i = 0; i < needs->count; i++) {
			size_t needed = strlist_find_sorted(names, needs->items[i]);

			if (needed == names->count || concerned[needed])
				continue;
			concerned[needed] = true;
			stack[depth++] = needed;
		}
	}
}

static void stop_chosen(const struct bring_down *down, const struct stopping *stopping)
{
	const size_t count = stopping->names.count;
	AUTO_FREE struct order_item *items = xalloc(count, sizeof(*items));
	AUTO_FREE const struct record **records = xalloc(count, sizeof(*records));
	AUTO_FREE bool *concerned = xalloc(count, sizeof(*concerned));
	AUTO_FREE bool *chosen = xalloc(count, sizeof(*chosen));
	AUTO_ORDER struct order whole = {0}, order = {0};
	size_t item_count = 0, chosen_count = 0;

	find_concerned(stopping, concerned);
	for (size_t i = 0; i < count; i++) {
		const struct record *record = &stopping->records[i];

		if (!concerned[i])
			continue;
		if (stopping->chosen[i])
			records[chosen_count++] = record;
		chosen[item_count] = stopping->chosen[i];
		items[item_count++] = (struct order_item){stopping->names.items[i], &record->needs,
							  &record->after};
	}
	order_init(&whole, items, item_count);
	order_init_part(&order, &whole, chosen);
	stop_in_order(down, stopping, &order, records);
}

int bring_down_run(const struct bring_down *down, const struct strlist *names, struct error *err)
{
	const struct state *state = &down->host->state;
	AUTO(stopping_clear) struct stopping stopping = {.names = {0}};
	bool ordered = record_any_order(state);
	struct error failure = {0};

	if (ordered && record_list(state, &stopping.names, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++)
		if (!strlist_contains(&stopping.names, names->items[i]))
			strlist_add(&stopping.names, names->items[i]);
	strlist_sort(&stopping.names);
	if (!ordered && !down->limit_ms) {
		if (stopping.names.count > 0)
			stop_wave(down, &stopping, &stopping.names, NULL);
		return 0;
	}
	read_records(state, &stopping);
	for (size_t i = 0; i < stopping.names.count; i++)
		stopping.chosen[i] = strlist_contains(names, stopping.names.items[i]);
	if (!down->alone)
		choose_dependants(&stopping);
	stop_chosen(down, &stopping);
	if (ordered && record_forget_order(state, &failure) < 0)
		log_warning("%s", failure.text);
	return 0;
}

int bring_down_list_group(const struct state *state, const char *group, struct strlist *names,
			  struct error *err)
{
	AUTO_STRLIST struct strlist all = {0};

	if (record_list(state, &all, err) < 0)
		return -1;
	for (size_t i = 0; i < all.count; i++) {
		AUTO_RECORD struct record record = {0};

		if (record_read(state, all.items[i], &record, NULL) > 0 &&
		    strlist_contains(&record.groups, group))
			strlist_add(names, all.items[i]);
	}
	return names->count > 0;
}
