/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/rule_places.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "kernel/firewall.h"

/*
 * In the state directory, a line for each place: "nftables CMAN BOOT-ID", and behind it what is not
 * the default: "host-firewall", "own-forward".
 */
#define PLACES_FILE "firewall"

bool rule_place_equals(const struct rule_place *a, const struct rule_place *b)
{
	return a->backend == b->backend && strcmp(a->prefix, b->prefix) == 0;
}

bool rule_place_same_words(const struct rule_place *a, const struct rule_place *b)
{
	return a->host_firewall == b->host_firewall && a->forward_is_theirs == b->forward_is_theirs;
}

struct rule_place rule_place_of(const struct manager *manager, enum firewall_backend backend)
{
	struct rule_place place = {
		.backend = backend,
		.host_firewall = manager->firewall_publish == PUBLISH_HOST_FIREWALL,
		.forward_is_theirs = !manager->manage_forward,
	};

	snprintf(place.prefix, sizeof(place.prefix), "%s", manager->firewall_prefix);
	return place;
}

void rule_places_add(struct rule_places *places, const struct rule_place *place)
{
	for (size_t i = 0; i < places->count; i++)
		if (rule_place_equals(&places->items[i], place))
			return;
	if (places->count < ARRAY_SIZE(places->items))
		places->items[places->count++] = *place;
}

/* A line that says nothing of this boot, or nothing at all, is none. */
static void read_place(struct rule_places *places, const char *line, const char *boot_id)
{
	struct rule_place place = {.backend = FIREWALL_AUTO};
	char backend[16], boot[64];

	if (sscanf(line, "%15s %15s %63s", backend, place.prefix, boot) != 3 ||
	    strcmp(boot, boot_id) != 0)
		return;
	for (unsigned int i = FIREWALL_AUTO + 1; i < FIREWALL_BACKEND_COUNT; i++)
		if (strcmp(backend, firewall_backend_names[i]) == 0)
			place.backend = (enum firewall_backend)i;
	place.host_firewall = strstr(line, " host-firewall") != NULL;
	place.forward_is_theirs = strstr(line, " own-forward") != NULL;
	if (place.backend != FIREWALL_AUTO)
		rule_places_add(places, &place);
}

int rule_places_read(const struct state *state, struct rule_places *places, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	char boot_id[37], *line, *rest;

	*places = (struct rule_places){.count = 0};
	if (!fs_exists_at(state->dir_fd, PLACES_FILE))
		return 0;
	if (fs_read_at(state->dir_fd, PLACES_FILE, 4096, &text, err) < 0 ||
	    process_boot_id(boot_id, err) < 0)
		return -1;
	rest = text.data;
	while ((line = strsep(&rest, "\n")))
		read_place(places, line, boot_id);
	return 0;
}

int rule_places_write(const struct state *state, const struct rule_places *places,
		      struct error *err)
{
	AUTO_TEXT struct text text = {0};
	char boot_id[37];

	if (places->count == 0)
		return fs_remove_replaced_at(state->dir_fd, PLACES_FILE, err);
	if (process_boot_id(boot_id, err) < 0)
		return -1;
	for (size_t i = 0; i < places->count; i++)
		text_addf(&text, "%s %s %s%s%s\n",
			  firewall_backend_names[places->items[i].backend],
			  places->items[i].prefix, boot_id,
			  places->items[i].host_firewall ? " host-firewall" : "",
			  places->items[i].forward_is_theirs ? " own-forward" : "");
	return fs_replace_at(state->dir_fd, PLACES_FILE, text.data, text.length, 0600, err);
}

enum firewall_backend rule_places_backend(const struct manager *manager,
					  const struct rule_places *places)
{
	enum firewall_backend wanted = manager->firewall_backend;
	enum firewall_backend there = places->count ? places->items[0].backend : FIREWALL_NONE;

	if (there != FIREWALL_NONE && (wanted == FIREWALL_AUTO || wanted == FIREWALL_NONE))
		return there;
	return wanted;
}

int rule_place_choose(const struct manager *manager, const struct rule_places *places, bool ipv6,
		      struct rule_place *place, struct error *err)
{
	*place = rule_place_of(manager, rule_places_backend(manager, places));
	if (place->backend != FIREWALL_NONE && manager->firewall_backend == FIREWALL_NONE)
		log_warning("firewall.backend = \"none\" has to wait until no container runs: the "
			    "rules stay with %s",
			    firewall_backend_names[place->backend]);
	if (place->backend == FIREWALL_AUTO)
		return firewall_choose(place->prefix, ipv6, &place->backend, err);
	return 0;
}
