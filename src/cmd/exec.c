/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman exec */
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "kernel/program.h"
#include "lifecycle/attach.h"
#include "lifecycle/recorded.h"

static int require_running(const struct state *state, const char *name, struct record *record,
			   struct error *err)
{
	int found = state ? record_read(state, name, record, err) : 0;

	if (found < 0)
		return -1;
	if (found > 0 && record_liveness(record) == LIVE_RUNNING) {
		if (!record->paused_at)
			return 0;
		/* What enters it would stand still as well. */
		error_set(err, 0, "%s is paused", name);
		return error_hint(err, "cman resume %s", name);
	}
	error_set(err, 0, "%s does not run", name);
	return error_hint(err, "cman up %s", name);
}

/* What goes into a container without a user namespace must be nothing its root could write to. */
static int protect(const struct spec *spec, struct error *err)
{
	return spec->security.userns.mode == USERNS_NONE ? program_protect(err) : 0;
}

int cmd_exec(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_RECORD struct record record = {0};
	AUTO_CGROUP_HOST struct cgroup_host cgroup = {0};
	AUTO(spec_clear) struct spec spec = {0};
	AUTO(confinement_clear) struct confinement confinement = {0};
	struct attach attach = {
		.record = &record,
		.spec = &spec,
		.confinement = &confinement,
		.cgroup = &cgroup,
		.argv = argv + 1,
	};
	int there, status;

	(void)argc;
	if (load_recorded(options, 1, argv, LOAD_RECORDED, &conf, &names, err) < 0)
		return -1;
	there = load_state(&conf, &state, err);
	if (there < 0 || require_running(there ? &state : NULL, argv[0], &record, err) < 0 ||
	    recorded_spec(&state, argv[0], &spec, err) < 0 ||
	    protect(&spec, err) < 0 ||
	    recorded_confinement(&state, &record, &spec, &confinement, err) < 0 ||
	    cgroup_host_open(&cgroup, conf.manager.cgroup_version, record.cgroup_parent, err) < 0)
		return -1;
	if (attach_run(&attach, &status, err) < 0) {
		error_wrap(err, "%s", argv[0]);
		log_error(err);
	}
	return status;
}
