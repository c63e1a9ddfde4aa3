/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman up, cman restart */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "cmd/await.h"
#include "cmd/command.h"
#include "cmd/foreground.h"
#include "cmd/load.h"
#include "cmd/up.h"
#include "lifecycle/bring_down.h"
#include "lifecycle/bring_up.h"
#include "state/boot_record.h"

/* What has been told so far. */
struct told {
	bool quiet;  /* only what fails */
	int boot_fd; /* the record of the boot; -1: there is none */
	int status;
};

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

static void print_failure(const struct bring_item *item)
{
	struct error err = item->error;

	error_wrap(&err, "%s", item->spec->name);
	log_error(&err);
}

/* ---- the record of the boot ---- */

static void begin_record(const struct bring_up *up, struct told *told)
{
	struct error err = {0};

	told->boot_fd = boot_record_begin(up->conf->manager.data_dir, &err);
	if (told->boot_fd < 0)
		log_warning("%s; cman boot will not tell of this boot", err.text);
	for (size_t i = 0; i < up->order.count; i++) {
		const struct order_node *node = &up->order.nodes[i];
		AUTO_TEXT struct text line = {0};

		text_addf(&line, "container %s", node->name);
		for (size_t j = 0; j < node->needs.count; j++)
			text_addf(&line, " %s", up->order.nodes[node->needs.items[j]].name);
		for (size_t j = 0; j < node->follows.count; j++)
			text_addf(&line, " %s", up->order.nodes[node->follows.items[j]].name);
		boot_record_add(told->boot_fd, "%s", text_value(&line));
	}
}

static void end_record(struct told *told)
{
	struct error err = {0};

	if (told->boot_fd >= 0 && boot_record_end(told->boot_fd, &err) < 0)
		log_warning("%s", err.text);
	close_fd(&told->boot_fd);
}

static void note_failure(int fd, const char *word, const struct bring_item *item)
{
	const char *name = item->spec->name, *text = item->error.text;
	size_t length = strlen(name);

	/* As it was told: with the name in front. */
	if (strncmp(text, name, length) == 0 && text_starts_with(text + length, ": "))
		text += length + 2;
	boot_record_add(fd, "%s %s %" PRIu64 " %" PRIu64 " %s", word, name, item->begun_ms,
			process_boottime_ms(), text);
}

static void note_in_record(int fd, const struct bring_item *item, bool just_started)
{
	const char *name = item->spec->name;

	switch (item->state) {
	case BRING_STARTED:
		boot_record_add(fd, "running %s %" PRIu64 " %" PRIu64, name, item->begun_ms,
				item->running_ms);
		break;
	case BRING_UP:
		if (item->ran && just_started)
			boot_record_add(fd, "ran %s %" PRIu64, name, item->running_ms);
		else
			boot_record_add(fd, "up %s %" PRIu64 " %" PRIu64 " %" PRIu64, name,
					item->begun_ms, item->running_ms, item->ready_ms);
		break;
	case BRING_NOT_READY:
		note_failure(fd, "unready", item);
		break;
	case BRING_FAILED:
		note_failure(fd, "failed", item);
		break;
	case BRING_LEFT_OUT:
		note_failure(fd, "out", item);
		break;
	case BRING_WAITING:
		break;
	}
}

/* ---- telling ---- */

static void print_state(struct told *told, struct bring_item *item,
			const struct container *container)
{
	await_clear_progress();
	if (item->state != BRING_STARTED && item->state != BRING_UP)
		told->status = EXIT_FAILURE;
	switch (item->state) {
	case BRING_STARTED:
	case BRING_UP:
		/* What is needed and there already is no news. */
		if (told->quiet)
			break;
		if (container && (item->named || !item->ran))
			print_started(container);
		else if (!container)
			await_report(item->wait);
		output_flush(); /* what is up may be told while we wait for the rest */
		break;
	case BRING_NOT_READY:
		if (item->wait->result == READY_PENDING) {
			print_failure(item);
			break;
		}
		await_report(item->wait);
		item->error = item->wait->error;
		break;
	case BRING_FAILED:
		print_failure(item);
		break;
	case BRING_LEFT_OUT:
		/* Its errors were told when they were read. */
		if (!item->broken)
			print_failure(item);
		break;
	case BRING_WAITING:
		break;
	}
}

static void tell(void *data, const struct bring_up *up, size_t index,
		 const struct container *container)
{
	struct bring_item *item = &up->items[index];
	struct told *told = data;

	print_state(told, item, container);
	if (told->boot_fd >= 0)
		note_in_record(told->boot_fd, item, container != NULL);
}

/* The line behind all others where not everything went well: "2 of 5 are up; db failed; ..." */
static void print_summary(const struct bring_up *up)
{
	static const struct {
		enum bring_state state;
		const char *word;
	} bad[] = {
		{BRING_FAILED, "failed"},
		{BRING_NOT_READY, "not ready"},
		{BRING_LEFT_OUT, "not started"},
	};
	size_t good = 0;

	for (size_t i = 0; i < up->order.count; i++)
		good += up->items[i].state == BRING_UP;
	if (up->order.count < 2 || good == up->order.count)
		return;
	printf("%zu of %zu are up", good, up->order.count);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		size_t count = 0;

		for (size_t j = 0; j < up->order.count; j++)
			if (up->items[j].state == bad[i].state)
				printf("%s%s", count++ ? ", " : i ? "; " : "; ",
				       up->items[j].spec->name);
		printf("%s%s", count ? " " : "", count ? bad[i].word : "");
	}
	printf("\n");
}

static void begin(const struct options *options, struct bring_up *up, const struct strlist *names,
		  const struct strlist *broken)
{
	if (isatty(STDERR_FILENO) && !options->foreground) {
		up->progress = await_tell_progress;
		await_tell_stops(up->host);
	}
	if (options->boot) {
		up->delays = true;
		up->first = up->conf->manager.boot.group;
		up->deadline_ms = process_monotonic_ms() + up->conf->manager.boot.timeout_ms;
	}
	bring_up_init(up, names, broken, options->no_deps);
	if (options->boot)
		begin_record(up, up->data);
}

static void run(const struct options *options, struct bring_up *up)
{
	bring_up_run(up);
	end_record(up->data);
	await_clear_progress();
	if (!options->foreground)
		print_summary(up);
	bring_up_clear(up);
}

static int bring(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0}, broken = {0};
	AUTO_HOST struct host host = HOST_INIT;
	struct told told = {.quiet = options->foreground, .boot_fd = -1};
	struct bring_up up = {.host = &host, .conf = &conf, .how = "up", .plan = plan_up,
			      .no_wait = options->no_wait || options->foreground, .tell = tell, .data = &told};
	int status;

	if (load_to_start(options, argc, argv, &conf, &names, &broken, &status, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	begin(options, &up, &names, &broken);
	run(options, &up);
	return status | told.status;
}

int cmd_up(const struct options *options, int argc, char *argv[], struct error *err)
{
	if (!options->foreground)
		return bring(options, argc, argv, err);
	if (options->all || argc != 1)
		return command_misused(err, "up --foreground takes one NAME");
	return foreground_run(options, argc, argv, bring, NULL, err);
}

/* ---- restart ---- */

static void tell_stopped(void *data, struct container *container, const char *needed)
{
	struct told *told = data;

	(void)needed;
	if (!container->failed)
		return;
	error_wrap(&container->error, "%s", container->name);
	log_error(&container->error);
	told->status = EXIT_FAILURE;
}

/* Whether one of those that were named has to be stopped before another one of them. */
static bool are_ordered(const struct bring_up *up)
{
	AUTO_FREE bool *named = xalloc(up->order.count, sizeof(*named));
	AUTO_ORDER struct order order = {0};

	for (size_t i = 0; i < up->order.count; i++)
		named[i] = up->items[i].named;
	order_init_part(&order, &up->order, named);
	return order.level_count > 1;
}

/* Those that can be started again, in the order in which they run. */
static int stop_in_order(struct bring_up *up, struct error *err)
{
	const struct bring_down down = {.host = up->host, .alone = true, .tell = tell_stopped,
					.data = up->data};
	AUTO_STRLIST struct strlist names = {0};

	bring_up_check(up, &names);
	return names.count > 0 ? bring_down_run(&down, &names, err) : 0;
}

int cmd_restart(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0}, broken = {0};
	AUTO_HOST struct host host = HOST_INIT;
	struct told told = {.boot_fd = -1};
	struct bring_up up = {.host = &host, .conf = &conf, .how = "up", .plan = plan_restart,
			      .no_wait = options->no_wait, .tell = tell, .data = &told};
	int status;

	if (load_to_start(options, argc, argv, &conf, &names, &broken, &status, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	for (size_t i = 0; i < broken.count; i++)
		strlist_remove(&names, broken.items[i]);
	begin(options, &up, &names, &broken);
	/* Else each is stopped just before it is started, which keeps its networks where they are. */
	if (are_ordered(&up) && stop_in_order(&up, err) < 0) {
		bring_up_clear(&up);
		return -1;
	}
	run(options, &up);
	return status | told.status;
}

int restart_in_order(struct host *host, const struct conf *conf, const struct strlist *names,
		     const char *how)
{
	struct told told = {.boot_fd = -1};
	struct bring_up up = {.host = host, .conf = conf, .how = how, .plan = plan_up,
			      .no_wait = true, .tell = tell, .data = &told};
	const struct bring_down down = {.host = host, .alone = true, .tell = tell_stopped,
					.data = &told};
	struct error err = {0};

	if (bring_down_run(&down, names, &err) < 0) {
		log_error(&err);
		return EXIT_FAILURE;
	}
	bring_up_init(&up, names, NULL, false);
	bring_up_run(&up);
	print_summary(&up);
	bring_up_clear(&up);
	return told.status;
}
