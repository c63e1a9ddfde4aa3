/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/bring_up.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/fault.h"

static const struct strlist nobody;

/* ---- who ---- */

void bring_up_add_needed(const struct conf *conf, struct strlist *names)
{
	/* The list grows while it is walked. */
	for (size_t i = 0; i < names->count; i++) {
		const struct spec *spec = conf_find(conf, names->items[i]);

		for (size_t j = 0; spec && j < spec->depends_on.count; j++)
			if (conf_find(conf, spec->depends_on.items[j]) &&
			    !strlist_contains(names, spec->depends_on.items[j]))
				strlist_add(names, spec->depends_on.items[j]);
	}
	strlist_sort(names);
}

static void leave_out_broken(struct bring_item *item)
{
	item->state = BRING_LEFT_OUT;
	item->broken = true;
	error_set(&item->error, 0, "not started: its configuration has errors");
	error_hint(&item->error, "cman check %s tells them", item->spec->file);
}

/* Those of the group that goes first, and what they need. */
static void mark_first(struct bring_up *up)
{
	AUTO_FREE size_t *stack = xalloc(up->order.count + 1, sizeof(*stack));
	size_t depth = 0;

	for (size_t i = 0; i < up->order.count; i++) {
		up->items[i].first = strlist_contains(&up->items[i].spec->groups, up->first);
		if (up->items[i].first)
			stack[depth++] = i;
	}
	while (depth > 0) {
		const struct order_edges *needs = &up->order.nodes[stack[--depth]].needs;

		for (size_t i = 0; i < needs->count; i++) {
			struct bring_item *item = &up->items[needs->items[i]];

			if (!item->first)
				stack[depth++] = needs->items[i];
			item->first = true;
		}
	}
}

void bring_up_init(struct bring_up *up, const struct strlist *names, const struct strlist *broken,
		   bool alone)
{
	AUTO_STRLIST struct strlist all = {0}, sorted = {0};
	AUTO_FREE struct order_item *items = NULL;

	strlist_copy(&all, names);
	strlist_sort(&all);
	strlist_copy(&sorted, &all);
	if (!alone)
		bring_up_add_needed(up->conf, &all);
	up->items = xalloc(all.count, sizeof(*up->items));
	items = xalloc(all.count, sizeof(*items));
	for (size_t i = 0; i < all.count; i++) {
		struct bring_item *item = &up->items[i];

		item->spec = conf_find(up->conf, all.items[i]);
		item->named = strlist_contains_sorted(&sorted, all.items[i]);
		items[i] = (struct order_item){item->spec->name,
					       alone ? &nobody : &item->spec->depends_on,
					       alone ? &nobody : &item->spec->after};
		if (broken && strlist_contains(broken, all.items[i]))
			leave_out_broken(item);
	}
	order_init(&up->order, items, all.count);
	if (up->first)
		mark_first(up);
}

void bring_up_clear(struct bring_up *up)
{
	order_clear(&up->order);
	free(up->items);
	up->items = NULL;
}

/* ---- whose turn it is ---- */

static bool is_settled(enum bring_state state)
{
	return state != BRING_WAITING && state != BRING_STARTED;
}

static void change_state(const struct bring_up *up, size_t index, enum bring_state state,
			 const struct container *container)
{
	up->items[index].state = state;
	if (up->tell)
		up->tell(up->data, up, index, container);
}

static void leave_out(const struct bring_up *up, size_t index, const char *fmt, const char *word)
{
	AUTO_FREE char *reason = xprintf(fmt, word);

	error_set(&up->items[index].error, 0, "not started: %s", reason);
	change_state(up, index, BRING_LEFT_OUT, NULL);
}

/* What became of one that others need. */
static const char *reason_of(enum bring_state state)
{
	switch (state) {
	case BRING_NOT_READY:
		return "needs %s, which is not ready";
	case BRING_LEFT_OUT:
		return "needs %s, which was not started";
	case BRING_FAILED:
	case BRING_WAITING:
	case BRING_STARTED:
	case BRING_UP:
		break;
	}
	return "needs %s, which failed";
}

/* Those that need what will not be; again, for those that need these. */
static void leave_out_dependants(const struct bring_up *up)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < up->order.count; i++) {
			const struct order_edges *needs = &up->order.nodes[i].needs;

			if (up->items[i].state != BRING_WAITING)
				continue;
			for (size_t j = 0; j < needs->count; j++) {
				enum bring_state state = up->items[needs->items[j]].state;

				if (!is_settled(state) || state == BRING_UP)
					continue;
				leave_out(up, i, reason_of(state),
					  up->items[needs->items[j]].spec->name);
				again = true;
				break;
			}
		}
	}
}

static bool has_its_turn(const struct bring_up *up, size_t index)
{
	const struct order_node *node = &up->order.nodes[index];

	if (up->items[index].state != BRING_WAITING)
		return false;
	for (size_t i = 0; i < node->needs.count; i++)
		if (up->items[node->needs.items[i]].state != BRING_UP)
			return false;
	for (size_t i = 0; i < node->follows.count; i++)
		if (!is_settled(up->items[node->follows.items[i]].state))
			return false;
	return true;
}

/* Whether its start_delay is over; it begins when it has its turn. */
static bool is_due(const struct bring_up *up, struct bring_item *item, uint64_t now,
		   uint64_t *next_ms)
{
	if (!up->delays || item->spec->start_delay_ms == 0)
		return true;
	if (item->due_ms == 0)
		item->due_ms = now + item->spec->start_delay_ms;
	if (item->due_ms > now && item->due_ms < *next_ms)
		*next_ms = item->due_ms;
	return item->due_ms <= now;
}

/* The names whose turn it is, as many as may be on their way. */
static void choose(const struct bring_up *up, struct strlist *names, uint64_t *next_ms)
{
	const uint32_t limit = up->conf->manager.boot.parallel;
	uint64_t now = process_monotonic_ms();
	size_t under_way = 0;
	bool only_first = false;

	*next_ms = UINT64_MAX;
	for (size_t i = 0; i < up->order.count; i++) {
		under_way += up->items[i].state == BRING_STARTED;
		only_first |= up->items[i].first && !is_settled(up->items[i].state);
	}
	for (size_t i = 0; i < up->order.count; i++) {
		if (only_first && !up->items[i].first)
			continue;
		if (!has_its_turn(up, i) || !is_due(up, &up->items[i], now, next_ms))
			continue;
		if (limit && under_way >= limit)
			break;
		under_way++;
		strlist_add(names, up->items[i].spec->name);
	}
}

/* ---- starting ---- */

/* Whether somebody waits for it to be ready, or is to. */
static bool is_awaited(const struct bring_up *up, size_t index)
{
	if (!up->no_wait)
		return true;
	for (size_t i = 0; i < up->order.count; i++) {
		const struct order_edges *const lists[] = {&up->order.nodes[i].needs,
							   &up->order.nodes[i].follows};

		for (size_t j = 0; j < ARRAY_SIZE(lists); j++)
			for (size_t k = 0; k < lists[j]->count; k++)
				if (lists[j]->items[k] == index &&
				    up->items[i].state == BRING_WAITING)
					return true;
	}
	return false;
}

static void note_start(const struct bring_up *up, const struct container *container)
{
	const size_t index = order_find(&up->order, container->name);
	struct bring_item *item = &up->items[index];
	const struct record *record = &container->record;

	item->ran = container->action == PLAN_NOTHING;
	item->running_ms = process_boottime_ms();
	if (container->failed) {
		item->error = container->error;
		change_state(up, index, BRING_FAILED, container);
	} else if (record->ready && !record->ready_at && is_awaited(up, index)) {
		change_state(up, index, BRING_STARTED, container);
	} else {
		item->left_alone = record->ready && !record->ready_at;
		item->ready_ms = item->running_ms;
		change_state(up, index, BRING_UP, container);
	}
}

/* All of one plan, side by side. */
static void start_wave(struct bring_up *up, const struct strlist *names,
		       enum plan_action (*plan)(enum liveness))
{
	struct wave wave;

	if (names->count == 0)
		return;
	for (size_t i = 0; i < names->count; i++)
		up->items[order_find(&up->order, names->items[i])].begun_ms = process_boottime_ms();
	wave_take(&wave, up->host, names);
	wave.how = up->how;
	wave_plan(&wave, plan);
	wave_up(&wave, up->conf);
	for (size_t i = 0; i < wave.count; i++)
		note_start(up, &wave.containers[i]);
	wave_release(&wave);
}

static void start(struct bring_up *up, const struct strlist *names)
{
	AUTO_STRLIST struct strlist named = {0}, needed = {0};

	for (size_t i = 0; i < names->count; i++) {
		const struct bring_item *item =
			&up->items[order_find(&up->order, names->items[i])];
		bool apart = up->plan != plan_up && !item->named;

		strlist_add(apart ? &needed : &named, names->items[i]);
	}
	start_wave(up, &needed, plan_up);
	start_wave(up, &named, up->plan);
	(void)FAULT("started", names->items[0], NULL);
}

/* ---- what can be found out beforehand ---- */

static void list_waiting(const struct bring_up *up, bool named_only, struct strlist *names)
{
	for (size_t i = 0; i < up->order.count; i++)
		if (up->items[i].state == BRING_WAITING && (up->items[i].named || !named_only))
			strlist_add(names, up->items[i].spec->name);
}

/* Whether any was refused: it stays, and so does what it has, which others may have counted on. */
static bool refuse_some(struct bring_up *up)
{
	AUTO_STRLIST struct strlist names = {0};
	struct wave wave;
	bool any = false;

	list_waiting(up, false, &names);
	if (names.count == 0)
		return false;
	wave_take(&wave, up->host, &names);
	wave_plan(&wave, plan_up);
	for (size_t i = 0; i < wave.count; i++) {
		struct container *container = &wave.containers[i];

		if (container->action == PLAN_NOTHING &&
		    up->items[order_find(&up->order, container->name)].named)
			container->action = PLAN_RENEW;
	}
	wave_check_with(&wave, up->conf);
	for (size_t i = 0; i < wave.count; i++) {
		const size_t index = order_find(&up->order, wave.containers[i].name);

		if (!wave.containers[i].failed)
			continue;
		any = true;
		up->items[index].error = wave.containers[i].error;
		change_state(up, index, BRING_FAILED, NULL);
	}
	wave_release(&wave);
	leave_out_dependants(up);
	return any;
}

void bring_up_check(struct bring_up *up, struct strlist *names)
{
	leave_out_dependants(up);
	while (refuse_some(up))
		;
	list_waiting(up, true, names);
}

/* ---- waiting ---- */

struct waits {
	struct ready_wait *items; /* as many as there are containers: they must not move */
	size_t count;
};

static void begin_waiting(const struct bring_up *up, struct waits *waits)
{
	for (size_t i = 0; i < up->order.count; i++) {
		struct bring_item *item = &up->items[i];

		if (item->state != BRING_STARTED || item->wait)
			continue;
		item->wait = &waits->items[waits->count++];
		item->wait->name = item->spec->name;
		ready_open(up->host, item->wait, READY_OWN_TIMEOUT);
	}
}

/* Whether there was any. */
static bool take_results(const struct bring_up *up)
{
	bool any = false;

	for (size_t i = 0; i < up->order.count; i++) {
		struct bring_item *item = &up->items[i];

		if (item->state != BRING_STARTED || item->wait->result == READY_PENDING)
			continue;
		any = true;
		if (item->wait->result == READY_REACHED) {
			item->ready_ms = process_boottime_ms();
			change_state(up, i, BRING_UP, NULL);
			continue;
		}
		item->error = item->wait->error;
		change_state(up, i, BRING_NOT_READY, NULL);
	}
	return any;
}

/* When to look again at the latest: a delay is over, or all of boot.timeout. */
static uint64_t end_of_wait(const struct bring_up *up, uint64_t next_ms)
{
	return up->deadline_ms && up->deadline_ms < next_ms ? up->deadline_ms : next_ms;
}

static void sleep_until(uint64_t until_ms)
{
	uint64_t now = process_monotonic_ms();

	if (until_ms > now)
		poll(NULL, 0, until_ms - now < INT_MAX ? (int)(until_ms - now) : INT_MAX);
}

/* Until somebody is ready, or a delay is over. */
static void wait_for_some(struct bring_up *up, struct waits *waits, uint64_t next_ms)
{
	begin_waiting(up, waits);
	if (!take_results(up)) {
		ready_wait_some(up->host, waits->items, waits->count, end_of_wait(up, next_ms),
				up->progress);
		take_results(up);
	}
	leave_out_dependants(up);
}

/* What is on its way goes on; those that were not started, or are not ready, are told so. */
static void give_up(const struct bring_up *up)
{
	char limit[PARSE_TEXT_MAX];

	parse_format_duration(up->conf->manager.boot.timeout_ms, limit);
	for (size_t i = 0; i < up->order.count; i++) {
		struct bring_item *item = &up->items[i];

		if (item->state == BRING_WAITING) {
			leave_out(up, i, "boot.timeout is over, %s", limit);
		} else if (item->state == BRING_STARTED) {
			error_set(&item->error, 0, "not ready when boot.timeout was over, %s", limit);
			change_state(up, i, BRING_NOT_READY, NULL);
		}
	}
}

static bool is_under_way(const struct bring_up *up, enum bring_state state)
{
	for (size_t i = 0; i < up->order.count; i++)
		if (up->items[i].state == state)
			return true;
	return false;
}

static void follow_others(const struct bring_up *up)
{
	AUTO_STRLIST struct strlist names = {0};

	for (size_t i = 0; i < up->order.count; i++)
		if (up->items[i].left_alone)
			strlist_add(&names, up->items[i].spec->name);
	ready_follow_all(up->host, &names);
}

void bring_up_run(struct bring_up *up)
{
	struct waits waits = {.items = xalloc(up->order.count, sizeof(*waits.items))};
	uint64_t next_ms;

	for (size_t i = 0; i < up->order.count; i++)
		if (up->items[i].broken && up->tell)
			up->tell(up->data, up, i, NULL);
	leave_out_dependants(up);
	for (;;) {
		AUTO_STRLIST struct strlist names = {0};

		if (up->deadline_ms && process_monotonic_ms() >= up->deadline_ms) {
			give_up(up);
			break;
		}
		choose(up, &names, &next_ms);
		if (names.count > 0) {
			start(up, &names);
			leave_out_dependants(up);
			continue;
		}
		if (is_under_way(up, BRING_STARTED))
			wait_for_some(up, &waits, next_ms);
		else if (next_ms != UINT64_MAX)
			sleep_until(end_of_wait(up, next_ms));
		else
			break;
	}
	for (size_t i = 0; i < waits.count; i++) {
		ready_close(&waits.items[i]);
		ready_wait_clear(&waits.items[i]);
	}
	free(waits.items);
	follow_others(up);
}
