/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/inside.h"

#include "cmd/load.h"
#include "kernel/program.h"
#include "lifecycle/heal.h"
#include "lifecycle/recorded.h"

void inside_clear(struct inside *inside)
{
	cgroup_host_close(&inside->cgroup);
	confinement_clear(&inside->confinement);
	spec_clear(&inside->spec);
	record_clear(&inside->record);
	state_close(&inside->state);
	conf_clear(&inside->conf);
}

static int require_running(const struct conf *conf, const struct state *state, const char *name,
			   struct record *record, struct error *err)
{
	enum liveness liveness = LIVE_NONE;
	int found = state ? heal_read(&conf->manager, state, name, record, &liveness, err) : 0;

	if (found < 0)
		return -1;
	if (liveness == LIVE_RUNNING) {
		if (!record->paused_at)
			return 0;
		/* What enters it would stand still as well. */
		error_set(err, 0, "%s is paused", name);
		return error_hint(err, "cman resume %s", name);
	}
	error_set(err, 0, "%s does not run", name);
	return error_hint(err, "cman up %s", name);
}

int inside_find(const struct options *options, const char *name, struct inside *inside,
		struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	char *argv[] = {(char *)(uintptr_t)name, NULL};
	int there;

	if (load_recorded(options, 1, argv, LOAD_RECORDED, &inside->conf, &names, err) < 0)
		return -1;
	there = load_state(&inside->conf, &inside->state, err);
	if (there < 0)
		return -1;
	return require_running(&inside->conf, there ? &inside->state : NULL, name, &inside->record,
			       err);
}

/* What goes into a container without a user namespace must be nothing its root could write to. */
static int protect(const struct spec *spec, struct error *err)
{
	return spec->security.userns.mode == USERNS_NONE ? program_protect(err) : 0;
}

int inside_open(struct inside *inside, struct error *err)
{
	const struct record *record = &inside->record;

	if (!inside->spec.name && recorded_spec(&inside->state, record->name, &inside->spec, err) < 0)
		return -1;
	if (protect(&inside->spec, err) < 0 ||
	    recorded_confinement(&inside->state, record, &inside->spec, &inside->confinement, err) <
		    0)
		return -1;
	return cgroup_host_open(&inside->cgroup, inside->conf.manager.cgroup_version,
				record->cgroup_parent, err);
}

struct attach inside_attach(const struct inside *inside, char *const *argv)
{
	return (struct attach){
		.record = &inside->record,
		.spec = &inside->spec,
		.confinement = &inside->confinement,
		.cgroup = &inside->cgroup,
		.argv = argv,
	};
}
