/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/pause.h"

#include <time.h>

#include "base/log.h"
#include "kernel/cgroup.h"
#include "state/event.h"

#define FREEZE_TIMEOUT_MS 5000

static int freeze(struct host *host, struct container *container, bool frozen, struct error *err)
{
	const struct cgroup_host *cgroup = host_cgroup(host, container->record.cgroup_parent, err);

	if (!cgroup)
		return -1;
	return cgroup_freeze(cgroup, container->name, frozen, FREEZE_TIMEOUT_MS, err);
}

static int note(struct host *host, struct container *container, uint64_t paused_at,
		struct error *err)
{
	container->record.paused_at = paused_at;
	return record_write(&host->state, &container->record, err);
}

static int require_running(const struct container *container, struct error *err)
{
	if (container->record.name && container->record.phase == PHASE_RUNNING &&
	    record_liveness(&container->record) == LIVE_RUNNING)
		return 0;
	error_set(err, 0, "it does not run");
	return error_hint(err, "cman up %s", container->name);
}

int pause_begin(struct host *host, struct container *container, struct error *err)
{
	struct error ignored;

	if (require_running(container, err) < 0)
		return -1;
	/* Frozen once more all the same: somebody else may have thawed it. */
	if (container->record.paused_at)
		return freeze(host, container, true, err);
	if (note(host, container, (uint64_t)time(NULL), err) < 0)
		return -1;
	if (freeze(host, container, true, err) == 0) {
		event_note(&host->state, EVENT_PAUSED, container->name,
			   container->record.instance, NULL);
		return 1;
	}
	if (freeze(host, container, false, &ignored) < 0 ||
	    note(host, container, 0, &ignored) < 0)
		log_warning("%s: %s; it may be paused in part: cman resume %s", container->name,
			    ignored.text, container->name);
	return -1;
}

int pause_end(struct host *host, struct container *container, struct error *err)
{
	bool was = container->record.paused_at != 0;

	if (require_running(container, err) < 0 || freeze(host, container, false, err) < 0 ||
	    (was && note(host, container, 0, err) < 0))
		return -1;
	if (was)
		event_note(&host->state, EVENT_RESUMED, container->name,
			   container->record.instance, NULL);
	return was;
}
