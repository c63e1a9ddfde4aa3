/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/rule_list.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "state/network_files.h"

static int read_networks(const struct state *state, struct rule_list *list, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	/* Without the lock: a record is replaced as a whole. */
	if (network_record_list(state, &names, err) < 0)
		return -1;
	list->networks = xalloc(names.count, sizeof(*list->networks));
	for (size_t i = 0; i < names.count; i++) {
		int rc = network_record_read(state, names.items[i],
					     &list->networks[list->network_count], err);

		if (rc < 0) {
			log_warning("%s, leaving out its rules", err->text);
			error_clear(err);
		} else if (rc == 1) {
			list->network_count++;
		}
	}
	return 0;
}

int rule_list_take(const struct manager *manager, const struct state *state,
		   struct rule_list *list, struct error *err)
{
	*list = (struct rule_list){.network_count = 0};
	rule_origins_of_manager(manager, &list->today);
	if (read_networks(state, list, err) < 0 ||
	    rules_recall(manager, state, list->networks, list->network_count, &list->in_force,
			 err) < 0)
		return -1;
	/* Without rules there is no chain, and nothing of ours to be looked for. */
	if (list->in_force.rules.count == 0)
		return 0;
	return firewall_list(list->in_force.backend, list->in_force.prefix, &list->in_force.rules,
			     &list->listing, err);
}

void rule_list_clear(struct rule_list *list)
{
	firewall_listing_clear(&list->listing);
	firewall_rules_clear(&list->in_force.rules);
	network_origins_clear(&list->today);
	for (size_t i = 0; i < list->network_count; i++)
		network_record_clear(&list->networks[i]);
	free(list->networks);
	*list = (struct rule_list){.network_count = 0};
}

/*
 * Of the firewall as a whole: any command brings a change of it into force, but only `up` notes where
 * it stands, for the networks that it is about.
 */
static const struct network_origin *find_of_all(const struct rule_list *list, const char *key)
{
	const struct network_origin *origin, *found = network_origins_find(&list->today, key);

	for (size_t i = 0; i < list->network_count; i++) {
		origin = network_origins_find(&list->networks[i].origins, key);
		if (origin && rule_origin_state(origin) == RULE_ORIGIN_SAME)
			return origin;
		if (origin && !found)
			found = origin;
	}
	return found;
}

/* Of a network: "networks.cman0.nat", or "firewall.publish", which is of all of them. */
static void find_network_key(const struct rule_list *list, const struct firewall_reason *reason,
			     struct rule_source *source)
{
	source->network = reason->owner;
	if (text_starts_with(reason->key, "firewall.")) {
		snprintf(source->key, sizeof(source->key), "%s", reason->key);
		source->origin = find_of_all(list, reason->key);
		return;
	}
	snprintf(source->key, sizeof(source->key), "networks.%s%s%s", source->network->name,
		 *reason->key ? "." : "", reason->key);
	source->origin = network_origins_find(&source->network->origins, source->key);
}

/* Whether "net.ports[0]" or "net[1].ports[0]" is that key of an interface. */
static bool is_key(const char *origin, const char *key)
{
	const char *dot = strchr(origin, '.');

	return dot && strcmp(dot + 1, key) == 0;
}

/* What the network says for those of its containers that say nothing: "networks.cman0.isolate". */
static const struct network_origin *find_default(const struct network_record *network,
						 const char *key)
{
	AUTO_FREE char *path = xprintf("networks.%s.%s", network->name, key);

	return network_origins_find(&network->origins, path);
}

static void find_member_key(const struct rule_list *list, const struct firewall_reason *reason,
			    struct rule_source *source)
{
	const struct network_member *member = reason->owner;
	char key[64];

	source->container = member->container;
	for (size_t i = 0; i < list->network_count; i++)
		if (member >= list->networks[i].members &&
		    member < list->networks[i].members + list->networks[i].member_count)
			source->network = &list->networks[i];
	if (reason->listed)
		snprintf(key, sizeof(key), "%s[%u]", reason->key, reason->index);
	else
		snprintf(key, sizeof(key), "%s", reason->key);
	snprintf(source->key, sizeof(source->key), "net.%s", key);
	for (size_t i = 0; i < member->origins.count && !source->origin; i++)
		if (is_key(member->origins.items[i].key, key))
			source->origin = &member->origins.items[i];
	if (!source->origin && source->network)
		source->origin = find_default(source->network, key);
	if (source->origin)
		snprintf(source->key, sizeof(source->key), "%s", source->origin->key);
}

void rule_list_find_source(const struct rule_list *list, const struct firewall_listed_rule *rule,
			   struct rule_source *source)
{
	*source = (struct rule_source){.network = NULL};
	if (!rule->rule)
		return;
	if (!rule->rule->reason.owner)
		return;
	if (rule->rule->reason.of_container)
		find_member_key(list, &rule->rule->reason, source);
	else
		find_network_key(list, &rule->rule->reason, source);
	if (source->origin)
		source->state = rule_origin_state(source->origin);
}

static bool is_on(const struct network_record *network, const char *container)
{
	for (size_t i = 0; i < network->member_count; i++)
		if (strcmp(network->members[i].container, container) == 0)
			return true;
	return false;
}

bool rule_source_concerns(const struct rule_source *source, const struct strlist *containers)
{
	if (source->container)
		return strlist_contains(containers, source->container);
	for (size_t i = 0; source->network && i < containers->count; i++)
		if (is_on(source->network, containers->items[i]))
			return true;
	return false;
}
