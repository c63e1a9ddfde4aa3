/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman ready: ready.command once, for those who wait; cman await: who waits when nobody does */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/inside.h"
#include "cmd/load.h"
#include "lifecycle/check_command.h"
#include "lifecycle/ready.h"

/* Whether that instance runs and can be looked at. */
static int require_instance(struct inside *inside, const char *name, const char *instance,
			    struct error *err)
{
	int found = record_read(&inside->state, name, &inside->record, err);

	if (found < 0)
		return -1;
	if (found == 0 || strcmp(inside->record.instance, instance) != 0 ||
	    record_liveness(&inside->record) != LIVE_RUNNING)
		return error_set(err, 0, "it has ended");
	return inside->record.paused_at ? error_set(err, 0, "it is paused") : 0;
}

/* The cgroup of the command is for one at a time; several may wait for the same container. */
static int take_turn(const struct inside *inside, struct error *err)
{
	AUTO_FD int fd = record_open_directory(&inside->state, inside->record.name, err);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, 0, "somebody else who waits runs it");
	return take_fd(&fd);
}

/* Prints why it is not ready, a line. Exit status 0: it is. */
int cmd_ready(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_INSIDE struct inside inside = INSIDE_INIT;
	AUTO_FD int turn_fd = -1;
	struct check_result result;
	struct attach attach;
	uint64_t timeout_ms;
	char text[512];

	(void)argc;
	if (parse_number(argv[2], 1, UINT32_MAX, &timeout_ms, err) < 0 ||
	    load_supervised(options, false, &inside.conf, err) < 0 ||
	    state_open(inside.conf.manager.state_dir, false, &inside.state, err) < 0)
		return -1;
	if (require_instance(&inside, argv[0], argv[1], err) < 0 || inside_open(&inside, err) < 0)
		return printf("%s\n", err->text), EXIT_FAILURE;
	turn_fd = take_turn(&inside, err);
	if (turn_fd < 0)
		return printf("%s\n", err->text), EXIT_FAILURE;
	attach = inside_attach(&inside, inside.spec.ready.command.items);
	attach.below = READY_CGROUP;
	check_command_run(&attach, (uint32_t)timeout_ms, &result);
	if (check_passed(&result))
		return 0;
	check_describe(&result, (uint32_t)timeout_ms, text, sizeof(text));
	printf("%s\n", text);
	return EXIT_FAILURE;
}

/* With nobody to be told anything: what is found is in the record (ready_follow_all()). */
int cmd_await(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_HOST struct host host = HOST_INIT;
	AUTO_FREE struct ready_wait *waits = xalloc((size_t)argc, sizeof(*waits));

	if (load_supervised(options, true, &conf, err) < 0 || host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++)
		waits[i].name = argv[i];
	ready_wait_all(&host, waits, (size_t)argc, READY_OWN_TIMEOUT);
	for (int i = 0; i < argc; i++)
		ready_wait_clear(&waits[i]);
	return 0;
}
