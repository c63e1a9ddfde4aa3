/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/apply_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cmd/await.h"
#include "cmd/up.h"
#include "lifecycle/ready.h"

#define EXIT_LEFT 3 /* something is not as the files say */

/* "limits.memory, net.ports": of the class, or of all that change anything now. */
static void print_keys(const struct changes *changes, const enum change_class *class)
{
	const char *comma = "";

	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		if (class ? change->class != *class : change->class == CHANGE_NONE)
			continue;
		printf("%s%s", comma, change->key);
		comma = ", ";
	}
}

void apply_print_keys(const struct changes *changes)
{
	print_keys(changes, NULL);
}

static int report_failure(struct apply_item *item)
{
	struct container *container = item->container;

	error_wrap(&container->error, "%s", container->name);
	log_error(&container->error);
	if (item->taken_back)
		log_warning("%s: all of it is as before", container->name);
	return EXIT_FAILURE;
}

static int report_left(const struct apply_item *item)
{
	static const enum change_class restart = CHANGE_RESTART;

	if (item->change.action == ACTION_STOP) {
		printf("%s: left as it is, it has no file: stopped by --prune, or by its name\n",
		       item->container->name);
		return EXIT_LEFT;
	}
	if (item->change.action == ACTION_START) {
		printf("%s: left as it is, it does not run, and would not go back\n",
		       item->container->name);
		return EXIT_LEFT;
	}
	printf("%s: left as it is, these need a restart: ", item->container->name);
	print_keys(&item->change.changes, &restart);
	printf("\n");
	return EXIT_LEFT;
}

static int report_one(struct apply_item *item, bool named)
{
	const char *name = item->container->name;

	if (item->container->failed)
		return report_failure(item);
	if (item->left)
		return report_left(item);
	if (item->deferred && item->change.action == ACTION_RESTART) {
		printf("%s: is restarted in its order, changed ", name);
		print_keys(&item->change.changes, NULL);
		printf("\n");
	}
	if (item->deferred)
		return 0;
	switch (item->change.action) {
	case ACTION_NOTHING:
		if (named)
			printf("%s: is as its file says\n", name);
		return 0;
	case ACTION_LIVE:
	case ACTION_ATTACH:
		printf("%s: %s ", name,
		       item->change.action == ACTION_LIVE ? "changed" : "re-attached, changed");
		print_keys(&item->change.changes, NULL);
		printf("\n");
		return 0;
	case ACTION_RESTART:
		printf("%s: restarted, changed ", name);
		print_keys(&item->change.changes, NULL);
		printf("\n");
		return 0;
	case ACTION_START:
		printf("%s: running\n", name);
		return 0;
	case ACTION_STOP:
		printf("%s: stopped\n", name);
		return 0;
	}
	return 0;
}

static int report(struct apply *apply, const struct apply_options *options)
{
	int status = 0;
	bool any = options->named;

	for (size_t i = 0; i < apply->count; i++) {
		int one = report_one(&apply->items[i], options->named);

		any = any || one || apply->items[i].change.action != ACTION_NOTHING;
		/* A failure counts more than what is left by intention. */
		if (one == EXIT_FAILURE || status == 0)
			status = one;
	}
	if (!any)
		printf("all%s that runs is as the files say\n", options->left_out ? " else" : "");
	return status;
}

static const struct spec *find_wanted(void *data, const char *name)
{
	return conf_find(data, name);
}

/* Those that may have been started, and are to be found ready. */
static void list_awaited(const struct wave *wave, struct strlist *names)
{
	for (size_t i = 0; i < wave->count; i++) {
		const struct container *container = &wave->containers[i];

		if (!container->failed && container->action != PLAN_NOTHING &&
		    container->record.ready)
			strlist_add(names, container->name);
	}
}

static int apply_all(struct wave *wave, struct conf *conf, const struct apply_options *options,
		     bool *changed, struct strlist *deferred, struct error *err)
{
	AUTO(apply_clear) struct apply apply = {0};

	if (apply_plan(&apply, wave, options, find_wanted, conf, err) < 0)
		return -1;
	apply_defer_ordered(&apply, deferred);
	apply_run(&apply, conf);
	for (size_t i = 0; i < apply.count; i++)
		*changed |= !apply.items[i].left && !apply.items[i].taken_back &&
			    apply.items[i].change.action != ACTION_NOTHING;
	return report(&apply, options);
}

int apply_names(struct conf *conf, const struct strlist *names, const struct apply_options *how,
		const char *word, bool *changed, struct error *err)
{
	AUTO_HOST struct host host = HOST_INIT;
	AUTO_STRLIST struct strlist awaited = {0}, deferred = {0};
	struct wave wave;
	int status;

	*changed = false;
	if (host_open(&conf->manager, true, &host, err) < 0)
		return -1;
	await_tell_stops(&host);
	wave_take(&wave, &host, names);
	wave.how = word;
	status = apply_all(&wave, conf, how, changed, &deferred, err);
	list_awaited(&wave, &awaited);
	wave_release(&wave);
	ready_follow_all(&host, &awaited);
	if (deferred.count > 0 && restart_in_order(&host, conf, &deferred, word) != EXIT_SUCCESS)
		status = EXIT_FAILURE;
	return status;
}
