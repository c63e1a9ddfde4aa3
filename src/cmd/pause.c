/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman pause, cman resume */
#include <stdio.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/heal.h"
#include "lifecycle/pause.h"

struct verb {
	int (*act)(struct host *host, struct container *container, struct error *err);
	const char *done, *idle;
};

/* Looked at first: the lock of one that is not there would make a directory for it. */
static bool is_running(const struct host *host, const char *name)
{
	AUTO_RECORD struct record record = {0};
	enum liveness liveness;

	heal_read(host->manager, &host->state, name, &record, &liveness, NULL);
	return liveness == LIVE_RUNNING;
}

static int act_on(struct host *host, const char *name, const struct verb *verb, struct error *err)
{
	struct container container;
	int rc;

	if (!is_running(host, name))
		return error_set(err, 0, "%s does not run", name);
	container_init(&container, name);
	rc = container_take(host, &container, err) < 0 ? -1 : verb->act(host, &container, err);
	/* It ended, and was cleaned up, before we had the lock. */
	if (container.lock_fd >= 0 && !container.record.name)
		container_forget(host, &container, NULL);
	container_clear(&container);
	if (rc < 0)
		return error_wrap(err, "%s", name);
	printf("%s: %s\n", name, rc ? verb->done : verb->idle);
	return 0;
}

static int run(const struct options *options, int argc, char *argv[], const struct verb *verb,
	       struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_HOST struct host host = HOST_INIT;
	int status = 0;

	if (load_recorded(options, argc, argv, LOAD_RECORDED, &conf, &names, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		struct error failure = {0};

		if ((options->all && !is_running(&host, names.items[i])) ||
		    act_on(&host, names.items[i], verb, &failure) == 0)
			continue;
		log_error(&failure);
		status = EXIT_FAILURE;
	}
	return status;
}

int cmd_pause(const struct options *options, int argc, char *argv[], struct error *err)
{
	static const struct verb verb = {pause_begin, "paused", "is paused already"};

	return run(options, argc, argv, &verb, err);
}

int cmd_resume(const struct options *options, int argc, char *argv[], struct error *err)
{
	static const struct verb verb = {pause_end, "resumed", "is not paused"};

	return run(options, argc, argv, &verb, err);
}
