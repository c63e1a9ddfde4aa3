/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/rule_origins.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/source.h"

/* The keys of an interface that rules follow from; what begins so belongs to them. */
static const char *const interface_keys[] = {"ports[", "nat", "isolate", "egress",
						     "host_access"};

static void note(const char *key, struct location at, struct network_origins *origins)
{
	AUTO_FREE char *directory = NULL, *path = NULL;

	/* Line 0 is the file as a whole: nothing in it says so. */
	if (!at.file || at.line == 0)
		return;
	if (at.file[0] != '/') {
		directory = get_current_dir_name();
		path = xprintf("%s/%s", directory ? directory : "", at.file);
	}
	network_origins_add(origins, key, path ? path : at.file, at.line,
			    source_digest(source_get(at.file)));
}

void rule_origins_of_manager(const struct manager *manager, struct network_origins *origins)
{
	for (size_t i = 0; i < manager->origins.count; i++) {
		const struct origin *origin = &manager->origins.items[i];

		if (text_starts_with(origin->key, "firewall."))
			note(origin->key, origin->location, origins);
	}
}

void rule_origins_of_network(const struct manager *manager, const struct network *network,
			     struct network_origins *origins)
{
	AUTO_FREE char *group = xprintf("networks.%s", network->name);

	rule_origins_of_manager(manager, origins);
	for (size_t i = 0; i < manager->origins.count; i++)
		if (strcmp(manager->origins.items[i].key, group) == 0)
			note(group, manager->origins.items[i].location, origins);
	for (size_t i = 0; i < network->origins.count; i++) {
		AUTO_FREE char *key = xprintf("%s.%s", group, network->origins.items[i].key);

		note(key, network->origins.items[i].location, origins);
	}
}

void rule_origins_of_interface(const struct spec *spec, const struct interface *interface,
			       struct network_origins *origins)
{
	for (size_t i = 0; i < ARRAY_SIZE(interface_keys); i++) {
		char prefix[INTERFACE_KEY_MAX];

		spec_interface_key(spec, interface, interface_keys[i], prefix);
		for (size_t j = 0; j < spec->origins.count; j++) {
			const struct origin *origin = &spec->origins.items[j];

			if (text_starts_with(origin->key, prefix))
				note(origin->key, origin->location, origins);
		}
	}
}

enum rule_origin_state rule_origin_state(const struct network_origin *origin)
{
	struct source *source = source_get(origin->file);
	struct error err;

	/* What was read before may be gone by now, but not for longer than this command runs. */
	if (!source->text && source_read(source, false, &err) < 0)
		return err.code == ENOENT ? RULE_ORIGIN_GONE : RULE_ORIGIN_CHANGED;
	return source_digest(source) == origin->digest ? RULE_ORIGIN_SAME : RULE_ORIGIN_CHANGED;
}
