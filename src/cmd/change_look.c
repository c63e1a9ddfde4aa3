/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/change_look.h"

#include "lifecycle/recorded.h"
#include "state/network_files.h"

int change_look_open(const struct conf *conf, const struct state *state, struct change_look *look,
		     struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	*look = (struct change_look){.conf = conf, .state = state};
	/* Without the lock: a record is replaced as a whole. */
	if (state && network_record_list(state, &names, err) < 0)
		return -1;
	look->networks = xalloc(names.count, sizeof(*look->networks));
	for (size_t i = 0; i < names.count; i++)
		if (network_record_read(state, names.items[i], &look->networks[look->network_count],
					NULL) == 1)
			look->network_count++;
	return 0;
}

void change_look_clear(struct change_look *look)
{
	for (size_t i = 0; i < look->network_count; i++)
		network_record_clear(&look->networks[i]);
	free(look->networks);
	*look = (struct change_look){0};
}

static enum liveness liveness_of(const struct view *view)
{
	if (view->alive)
		return LIVE_RUNNING;
	if (view->state == VIEW_EXITED)
		return LIVE_ENDED;
	if (view->state == VIEW_RESTARTING)
		return LIVE_WAITING;
	return view->state == VIEW_STALE ? LIVE_STALE : LIVE_NONE;
}

/* Whose record cannot be read, or is about to change: there is nothing to compare with. */
static int check_settled(const struct view *view, struct error *err)
{
	switch (view->state) {
	case VIEW_UNKNOWN:
		*err = *view->error;
		return error_wrap(err, "%s", view->name);
	case VIEW_STARTING:
	case VIEW_STOPPING:
		error_set(err, EAGAIN, "%s is %s", view->name, view_state_name(view->state));
		return error_hint(err, "ask again when the command that works on it is through");
	default:
		return 0;
	}
}

/* Its file may say something else than what it was started with. */
static bool may_differ(const struct view *view)
{
	return (view->alive || view->state == VIEW_RESTARTING) && view->spec;
}

bool change_look_is_same(const struct change_look *look, const struct view *view)
{
	return may_differ(view) && recorded_is(look->state, view->name, view->spec);
}

/* What it was started with. */
static int read_recorded(const struct change_look *look, const struct view *view, bool is_same,
			 struct spec *recorded, struct change_input *input, struct error *err)
{
	if (!may_differ(view))
		return 0;
	if (is_same) {
		input->recorded = view->spec;
		return 0;
	}
	if (recorded_spec(look->state, view->name, recorded, err) < 0)
		return -1;
	input->recorded = recorded;
	return 0;
}

int change_look_find(const struct change_look *look, const struct view *view, bool is_wanted,
		     bool is_same, struct spec *recorded, struct container_change *change,
		     struct error *err)
{
	struct change_input input = {
		.name = view->name,
		.liveness = liveness_of(view),
		.cgroup_parent = view->record.cgroup_parent,
		.transient = view->record.transient,
		.wanted = view->spec,
		.is_wanted = is_wanted,
	};

	if (check_settled(view, err) < 0 ||
	    read_recorded(look, view, is_same, recorded, &input, err) < 0)
		return -1;
	change_find(&input, &look->conf->manager, look->networks, look->network_count, change);
	return 0;
}
