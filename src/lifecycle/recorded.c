/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/recorded.h"

#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "config/conf.h"
#include "state/history.h"
#include "state/network_files.h"

#define SPEC_SIZE_MAX (1024 * 1024)

int recorded_text(const struct state *state, const char *name, struct text *text,
		  struct error *err)
{
	return record_read_file(state, name, "spec", SPEC_SIZE_MAX, text, err);
}

int recorded_spec(const struct state *state, const char *name, struct spec *spec, struct error *err)
{
	AUTO_TEXT struct text text = {0};

	if (recorded_text(state, name, &text, err) < 0 ||
	    conf_parse_spec(text_value(&text), "spec", name, spec, err) < 0)
		return error_wrap(err, "recorded configuration of %s", name);
	return 0;
}

int recorded_spec_at(int dir_fd, const char *path, const char *name, struct spec *spec,
		     struct error *err)
{
	AUTO_TEXT struct text text = {0};

	if (fs_read_at(dir_fd, path, SPEC_SIZE_MAX, &text, err) < 0)
		return -1;
	return conf_parse_spec(text_value(&text), path, name, spec, err);
}

bool recorded_is(const struct state *state, const char *name, const struct spec *spec)
{
	AUTO_TEXT struct text recorded = {0}, text = {0};

	if (recorded_text(state, name, &recorded, NULL) < 0)
		return false;
	conf_print_spec(spec, true, &text);
	return recorded.length == text.length &&
	       memcmp(text_value(&recorded), text_value(&text), text.length) == 0;
}

int recorded_confinement(const struct state *state, const struct record *record,
			 const struct spec *spec, struct confinement *confinement,
			 struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(state, record->name, err);

	if (dir_fd < 0)
		return -1;
	return confinement_recall(&spec->security, record, dir_fd, confinement, err);
}

void recorded_keep(const struct manager *manager, const struct container *container,
		   const char *how)
{
	AUTO_TEXT struct text text = {0};
	struct error err = {0};

	if (fs_read_at(container->directory_fd, "spec", SPEC_SIZE_MAX, &text, &err) < 0 ||
	    history_add(manager->data_dir, container->name, how, &text, &err) < 0)
		log_warning("%s: %s", container->name, err.text);
}

struct network recorded_network(const struct network *file, const struct network_record *record)
{
	struct network network = {.external = !record->own && record->bridge[0]};

	if (file)
		network = *file;
	network.name = record->name;
	snprintf(network.bridge, sizeof(network.bridge), "%s", record->bridge);
	network.subnet = record->subnet;
	network.prefix = record->prefix;
	network.gateway = record->gateway;
	network.subnet6 = record->subnet6;
	network.prefix6 = record->prefix6;
	network.gateway6 = record->gateway6;
	network.mtu = record->mtu;
	network.nat = record->nat ? SETTING_YES : SETTING_NO;
	network.internal = record->internal;
	network.icc = record->icc;
	memcpy(network.uplink, record->uplink, sizeof(network.uplink));
	return network;
}

static bool is_recorded(const struct recorded_manager *recorded, const char *name)
{
	for (size_t i = 0; i < recorded->count; i++)
		if (strcmp(recorded->records[i].name, name) == 0)
			return true;
	return false;
}

int recorded_manager(const struct state *state, const struct manager *files,
		     const struct spec *spec, struct recorded_manager *out, struct error *err)
{
	struct manager *manager = &out->manager;

	*out = (struct recorded_manager){
		.manager = *files,
		.records = xalloc(spec->interface_count, sizeof(*out->records)),
	};
	manager->network_count = 0;
	manager->networks = xalloc(files->network_count + spec->interface_count,
				   sizeof(*manager->networks));
	for (size_t i = 0; i < spec->interface_count; i++) {
		const char *name = spec->interfaces[i].network;
		struct network_record *record = &out->records[out->count];
		int rc = network_record_read(state, name, record, err);

		if (rc < 0)
			return -1;
		if (rc == 0)
			return error_set(err, ENOENT, "record of network %s", name);
		out->count++;
		manager->networks[manager->network_count++] =
			recorded_network(manager_find_network(files, name), record);
	}
	for (size_t i = 0; i < files->network_count; i++)
		if (!is_recorded(out, files->networks[i].name))
			manager->networks[manager->network_count++] = files->networks[i];
	return 0;
}

void recorded_manager_clear(struct recorded_manager *recorded)
{
	for (size_t i = 0; i < recorded->count; i++)
		network_record_clear(&recorded->records[i]);
	free(recorded->records);
	free(recorded->manager.networks);
	*recorded = (struct recorded_manager){.count = 0};
}
