/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/record_looks.h"

#include "base/shares.h"

struct looks {
	const struct state *state;
	const struct strlist *names;
	struct record_look *looks;
};

void record_look_clear(struct record_look *look)
{
	record_clear(&look->record);
	free(look->error);
	*look = (struct record_look){0};
}

void record_look_at(const struct state *state, const char *name, struct record_look *look)
{
	struct error error;

	*look = (struct record_look){0};
	look->found = record_look(state, name, &look->record, &look->liveness, &error);
	if (look->found >= 0)
		return;
	look->error = xalloc(1, sizeof(*look->error));
	*look->error = error;
}

static void look_at_share(void *data, size_t first, size_t end)
{
	const struct looks *all = data;

	for (size_t i = first; i < end; i++)
		record_look_at(all->state, all->names->items[i], &all->looks[i]);
}

struct record_look *record_look_all(const struct state *state, const struct strlist *names)
{
	struct looks all = {state, names, xalloc(names->count, sizeof(*all.looks))};
	char boot_id[37];

	if (!state)
		return all.looks;
	/* It is kept by whoever asks first; where it cannot be read each look says so. */
	process_boot_id(boot_id, NULL);
	shares_do(names->count, look_at_share, &all);
	return all.looks;
}
