/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/inside.h"

#include "kernel/program.h"
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

/* What goes into a container without a user namespace must be nothing its root could write to. */
static int protect(const struct spec *spec, struct error *err)
{
	return spec->security.userns.mode == USERNS_NONE ? program_protect(err) : 0;
}

int inside_open(struct inside *inside, struct error *err)
{
	const struct record *record = &inside->record;

	if (!inside->spec.name &&
	    recorded_spec(&inside->state, record->name, &inside->spec, err) < 0)
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
