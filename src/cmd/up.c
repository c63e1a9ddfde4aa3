/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman up, cman restart */
#include <stdio.h>

#include "base/log.h"
#include "cmd/await.h"
#include "cmd/command.h"
#include "cmd/foreground.h"
#include "cmd/load.h"
#include "lifecycle/ready.h"
#include "lifecycle/wave.h"

/* "web: running at 10.83.0.10, ports 8080:80" */
static void print_started(const struct container *container)
{
	const struct record *record = &container->record;

	printf("%s: %s", container->name,
	       container->action == PLAN_NOTHING ? "is running already" : "running");
	for (size_t i = 0; i < record->addresses.count; i++)
		printf("%s%s", i ? ", " : " at ", load_record_address(record, i));
	for (size_t i = 0; i < record->ports.count; i++)
		printf("%s%s", i ? " " : ", ports ", record->ports.items[i]);
	printf("\n");
}

/* Prints how it went with each, quiet: only with those that failed; the exit status. */
static int report(const struct wave *wave, bool quiet)
{
	int status = 0;

	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];

		if (!container->failed) {
			if (!quiet)
				print_started(container);
			continue;
		}
		error_wrap(&container->error, "%s", container->name);
		log_error(&container->error);
		status = 1;
	}
	return status;
}

/* Those that are to be waited for. */
static void list_awaited(const struct wave *wave, struct strlist *names)
{
	for (size_t i = 0; i < wave->count; i++) {
		const struct container *container = &wave->containers[i];

		if (!container->failed && container->record.ready && !container->record.ready_at)
			strlist_add(names, container->name);
	}
}

static int bring_up(const struct options *options, int argc, char *argv[],
		    enum plan_action (*plan)(enum liveness), struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0}, awaited = {0};
	AUTO_HOST struct host host = HOST_INIT;
	struct wave wave;
	int status;

	if (load_containers(options, argc, argv, &conf, &names, &status, err) < 0)
		return -1;
	if (host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	wave_take(&wave, &host, &names);
	wave_plan(&wave, plan);
	wave_up(&wave, &conf);
	status |= report(&wave, options->foreground);
	list_awaited(&wave, &awaited);
	wave_release(&wave);
	if (options->no_wait || options->foreground)
		ready_follow_all(&host, &awaited);
	else if (awaited.count > 0)
		status |= await_ready(&host, &awaited, READY_OWN_TIMEOUT);
	return status;
}

static int up(const struct options *options, int argc, char *argv[], struct error *err)
{
	return bring_up(options, argc, argv, plan_up, err);
}

int cmd_up(const struct options *options, int argc, char *argv[], struct error *err)
{
	if (!options->foreground)
		return up(options, argc, argv, err);
	if (options->all || argc != 1)
		return command_misused(err, "up --foreground takes one NAME");
	return foreground_run(options, argc, argv, up, NULL, err);
}

int cmd_restart(const struct options *options, int argc, char *argv[], struct error *err)
{
	return bring_up(options, argc, argv, plan_restart, err);
}
