/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cman finish and cman revive: what a supervisor becomes when its container has ended by itself, and
 * when it is to be started again. Standard error is the container's log.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "kernel/program.h"
#include "lifecycle/ready.h"
#include "lifecycle/recorded.h"
#include "lifecycle/revive.h"
#include "lifecycle/wave.h"

/*
 * Waits for the children in which the kernel still takes links away (netlink_remove_link()): only
 * the last process may leave the supervisors' cgroup and remove it. Not for a supervisor that we
 * leave behind: unlike them it has a signal for its end, wait(2).
 */
static void wait_for_children(void)
{
	while (waitpid(-1, NULL, (int)__WCLONE) > 0 || errno == EINTR)
		;
}

static bool is_instance(const struct container *container, const char *instance)
{
	return container->record.name && strcmp(container->record.instance, instance) == 0;
}

static int tell(struct container *container, struct error *err)
{
	error_wrap(err, "%s", container->name);
	error_hint(err, "what is left is recorded: cman down %s tries again", container->name);
	log_error(err);
	return EXIT_FAILURE;
}

/* As `down` does, with the exit status kept. */
static int clean_up(struct wave *wave)
{
	struct container *container = &wave->containers[0];
	const enum record_phase phase = container->record.phase;

	/* What could not be undone is not tried twice. */
	if (!container->undo_failed) {
		container->failed = false;
		container->action = PLAN_STOP;
		/* What never ran, or was being stopped when its command was killed, has no end to tell. */
		wave_down(wave, phase == PHASE_RUNNING || phase == PHASE_RESTARTING);
	}
	return container->failed ? tell(container, &container->error) : EXIT_SUCCESS;
}

/* What is left to do after work: 1: nothing, 0 and -1: clean up. */
static int work_on(const struct options *options, char *argv[],
		   int (*work)(struct host *host, struct container *container, struct error *err),
		   bool (*is_ours)(const struct container *container), struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0}, awaited = {0};
	AUTO_HOST struct host host = HOST_INIT;
	struct container *container;
	struct wave wave;
	int status = EXIT_SUCCESS;

	strlist_add(&names, argv[0]);
	if (load_supervised(options, true, &conf, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	wave_take(&wave, &host, &names);
	container = &wave.containers[0];
	if (container->failed) {
		status = tell(container, &container->error);
	} else if (is_instance(container, argv[1]) && is_ours(container)) {
		int rc = work(&host, container, err);

		if (rc < 0)
			tell(container, err);
		if (rc <= 0)
			status = clean_up(&wave);
		else if (container->record.phase == PHASE_RUNNING && container->record.ready)
			strlist_add(&awaited, container->name);
	}
	wait_for_children();
	wave_release(&wave);
	ready_follow_all(&host, &awaited);
	return status;
}

static bool has_ended(const struct container *container)
{
	return record_liveness(&container->record) == LIVE_STALE;
}

/*
 * After a payload that ended by itself, unless a command was quicker: another instance, or none,
 * means that there is nothing left of ours.
 */
int cmd_finish(const struct options *options, int argc, char *argv[], struct error *err)
{
	(void)argc;
	return work_on(options, argv, revive_later, has_ended, err);
}

/* Another process in the record: somebody has taken us for dead and put it in our place. */
static bool is_due(const struct container *container)
{
	const struct record *record = &container->record;

	return record->phase == PHASE_RESTARTING && record->supervisor.pid == getpid();
}

/* What goes into a container without a user namespace must be nothing its root could write to. */
static int protect(const struct options *options, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO(spec_clear) struct spec spec = {0};

	if (load_supervised(options, true, &conf, err) < 0 || load_state(&conf, &state, err) < 0)
		return -1;
	/* Gone meanwhile, or damaged: that is found out under its lock. */
	if (recorded_spec(&state, argv[0], &spec, NULL) < 0)
		return 0;
	return spec.security.userns.mode == USERNS_NONE ? program_protect(err) : 0;
}

int cmd_revive(const struct options *options, int argc, char *argv[], struct error *err)
{
	(void)argc;
	program_renew();
	if (protect(options, argv, err) < 0)
		return -1;
	return work_on(options, argv, revive_now, is_due, err);
}
