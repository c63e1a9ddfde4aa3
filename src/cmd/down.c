/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman down */
#include <stdio.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/bring_down.h"

/* Prints how it went; data: the exit status. */
static void tell(void *data, struct container *container, const char *needed)
{
	int *status = data;

	if (container->failed) {
		error_wrap(&container->error, "%s", container->name);
		error_hint(&container->error, "what is left is recorded: cman down %s "
			   "tries again", container->name);
		log_error(&container->error);
		*status = EXIT_FAILURE;
	} else if (needed) {
		printf("%s: stopped, as it needs %s\n", container->name, needed);
	} else {
		printf("%s: %s\n", container->name,
		       container->action == PLAN_NOTHING ? "is not running" : "stopped");
	}
	fflush(stdout);
}

/* Those of a group, by what was recorded when they were started. */
static int list_group(const struct options *options, const struct host *host, struct strlist *names,
		      struct error *err)
{
	int found = bring_down_list_group(&host->state, options->group, names, err);

	if (found == 0)
		printf("nothing runs of group %s\n", options->group);
	return found;
}

int cmd_down(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0}, all = {0};
	AUTO_HOST struct host host = HOST_INIT;
	int status = EXIT_SUCCESS, found = 1;
	struct bring_down down = {
		.host = &host,
		.alone = options->no_deps,
		.by_hand = !options->shutdown,
		.tell = tell,
		.data = &status,
	};

	if (load_recorded(options, argc, argv, LOAD_RECORDED, &conf, &all, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	if (options->group)
		found = list_group(options, &host, &names, err);
	else
		strlist_copy(&names, &all);
	if (options->shutdown)
		down.limit_ms = conf.manager.shutdown_timeout_ms;
	if (found <= 0)
		return found;
	return bring_down_run(&down, &names, err) < 0 ? -1 : status;
}
