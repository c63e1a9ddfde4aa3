/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman down */
#include <stdio.h>

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
