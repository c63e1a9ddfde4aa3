/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman down; cman finish, which a supervisor becomes when its container has ended by itself */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/wave.h"

static int report(const struct wave *wave)
{
	int status = 0;

	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];

		if (container->failed) {
			error_wrap(&container->error, "%s", container->name);
			error_hint(&container->error, "what is left is recorded: cman down %s "
				   "tries again", container->name);
			log_error(&container->error);
			status = 1;
		} else {
			printf("%s: %s\n", container->name,
			       container->action == PLAN_NOTHING ? "is not running" : "stopped");
		}
	}
	return status;
}

int cmd_down(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_HOST struct host host = HOST_INIT;
	struct wave wave;
	int status;

	if (load_recorded(options, argc, argv, LOAD_RECORDED, &conf, &names, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	wave_take(&wave, &host, &names);
	wave_plan(&wave, plan_down);
	wave_down(&wave, false);
	status = report(&wave);
	wave_release(&wave);
	return status;
}

/*
 * Waits for the children in which the kernel still takes links away (netlink_remove_link()): only
 * the last process may leave the supervisors' cgroup and remove it.
 */
static void wait_for_children(void)
{
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

/*
 * The clean-up after a payload that ended by itself, unless a command was quicker: another
 * instance, or none, means that there is nothing left of ours.
 */
int cmd_finish(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_HOST struct host host = HOST_INIT;
	struct container *container;
	struct wave wave;
	int status = 0;

	(void)argc;
	strlist_add(&names, argv[0]);
	if (load_manager(options, &conf, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	wave_take(&wave, &host, &names);
	container = &wave.containers[0];
	if (container->record.name && strcmp(container->record.instance, argv[1]) == 0 &&
	    record_liveness(&container->record) == LIVE_STALE) {
		container->action = PLAN_STOP;
		/* What never ran, or was being stopped when its command was killed, has no end to tell. */
		wave_down(&wave, container->record.phase == PHASE_RUNNING);
		status = report(&wave);
	}
	wait_for_children();
	wave_release(&wave);
	return status;
}
