/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/parted.h"

#include <string.h>

#include "lifecycle/change.h"
#include "state/network_files.h"

#define NETWORK_TIMEOUT_MS 30000

static const struct container *find_container(const struct wave *wave, const char *name)
{
	for (size_t i = 0; i < wave->count; i++)
		if (strcmp(wave->containers[i].name, name) == 0)
			return &wave->containers[i];
	return NULL;
}

/* One on the network that will not go down now; NULL: all of them do. */
static const char *find_remaining(const struct wave *wave, const struct network_record *network)
{
	for (size_t i = 0; i < network->member_count; i++) {
		const char *name = network->members[i].container;
		const struct container *container = find_container(wave, name);

		if (!container || container->failed || container->action == PLAN_NOTHING)
			return name;
	}
	return NULL;
}

static bool has_changed(const struct host *host, const struct network_record *network)
{
	const struct network *wanted = manager_find_network(host->manager, network->name);
	AUTO_CHANGES struct changes changes = {0};

	if (wanted)
		change_find_network(network, wanted, &changes);
	return changes.count > 0;
}

static bool joins(const struct spec *spec, const char *network)
{
	for (size_t i = 0; spec && i < spec->interface_count; i++)
		if (strcmp(spec->interfaces[i].network, network) == 0)
			return true;
	return false;
}

struct question {
	struct wave *wave;
	const struct spec *(*wanted)(void *data, const char *name);
	void *data;
};

static void refuse(const struct question *question, const struct network_record *network)
{
	struct wave *wave = question->wave;
	const char *remaining = has_changed(wave->host, network) ? find_remaining(wave, network)
								 : NULL;
	struct error err = {0};

	if (!remaining)
		return;
	error_set(&err, EBUSY, "network %s is up otherwise than %s says now", network->name,
		  wave->host->manager->file);
	error_hint(&err, "%s is on it, and would not be stopped by this: name it as well, or take it "
		   "down", remaining);
	for (size_t i = 0; i < wave->count; i++) {
		struct container *container = &wave->containers[i];

		if (!container_is_to_start(container) ||
		    !joins(question->wanted(question->data, container->name), network->name))
			continue;
		container->failed = true;
		container->error = err;
	}
}

static int refuse_all(const struct question *question, struct error *err)
{
	const struct state *state = &question->wave->host->state;
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = network_lock(state, NETWORK_TIMEOUT_MS, err);

	if (lock_fd < 0 || network_record_list(state, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_NETWORK_RECORD struct network_record network = {0};

		/* One that is damaged is the commit's to remove. */
		if (network_record_read(state, names.items[i], &network, NULL) == 1)
			refuse(question, &network);
	}
	return 0;
}

void parted_refuse(struct wave *wave, const struct spec *(*wanted)(void *data, const char *name),
		   void *data)
{
	const struct question question = {wave, wanted, data};
	struct error err = {0};
	bool any = false;

	for (size_t i = 0; i < wave->count; i++)
		any |= container_is_to_start(&wave->containers[i]);
	if (!any || refuse_all(&question, &err) == 0)
		return;
	for (size_t i = 0; i < wave->count; i++) {
		if (!container_is_to_start(&wave->containers[i]))
			continue;
		wave->containers[i].failed = true;
		wave->containers[i].error = err;
	}
}
