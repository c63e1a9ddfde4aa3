/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman down */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "base/output.h"
#include "cmd/await.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/bring_down.h"
#include "state/boot_record.h"

/* A signal ends it, once the kernel is through with the call it may be in. */
#define BOOT_END_TIMEOUT_MS 5000

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
	output_flush();
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

static int end_process(const struct process_identity *process, struct error *err)
{
	AUTO_FD int process_fd = process_open(process, err);
	int ended;

	if (process_fd < 0)
		return err->code == ESRCH ? (error_clear(err), 0) : -1;
	log_warning("cman up --boot is not through, and is ended");
	if (process_signal(process_fd, SIGTERM, err) < 0)
		return -1;
	ended = process_wait_ended(process_fd, BOOT_END_TIMEOUT_MS, err);
	return ended == 0 ? error_set(err, ETIMEDOUT, "it has not ended yet") : ended;
}

/*
 * What still brings containers up, one after the other, would go on with it behind our back.
 * Whatever is wrong with the manager file is told by those who read it next.
 */
static void end_boot(const struct options *options)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_BOOT_RECORD struct boot_record record = {0};
	struct error err = {0};

	conf_load_manager(options->config_file, &conf, &diagnostics, NULL);
	if (!load_is_of_use(&conf.manager) ||
	    boot_record_read(conf.manager.data_dir, &record, NULL) <= 0 || record.end_ms != 0 ||
	    !process_is_this_boot(record.boot_id))
		return;
	if (end_process(&record.process, &err) < 0)
		log_warning("end cman up --boot: %s", err.text);
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

	/* Before it is listed what there is to stop. */
	if (options->shutdown)
		end_boot(options);
	if (load_recorded(options, argc, argv, LOAD_RECORDED, &conf, &all, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	await_tell_stops(&host);
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
