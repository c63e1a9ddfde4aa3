/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule_places.h: where the rules of the host are, or may be, noted in the state directory. */
#ifndef LIFECYCLE_RULE_PLACES_H
#define LIFECYCLE_RULE_PLACES_H

#include "config/spec.h"
#include "state/record.h"

/* A backend, the prefix of the chains in it, and what the manager file said of them. */
struct rule_place {
	enum firewall_backend backend;
	char prefix[16];
	bool host_firewall;     /* firewall.publish */
	bool forward_is_theirs; /* not firewall.manage_forward */
};

/* Where rules of ours may be, the newest first: more than one while they move. */
struct rule_places {
	struct rule_place items[4];
	size_t count;
};

/* What the manager file says, in that backend. */
struct rule_place rule_place_of(const struct manager *manager, enum firewall_backend backend);

bool rule_place_equals(const struct rule_place *a, const struct rule_place *b); /* backend, prefix */
bool rule_place_same_words(const struct rule_place *a, const struct rule_place *b); /* the rest */

/* Puts one behind the others, unless it is known. */
void rule_places_add(struct rule_places *places, const struct rule_place *place);

/* Those of this boot; none is not an error. Under the lock of networks, as is the second. */
int rule_places_read(const struct state *state, struct rule_places *places, struct error *err);
int rule_places_write(const struct state *state, const struct rule_places *places,
		      struct error *err);

/*
 * While containers run, "auto" stays with what it chose, and "none" has to wait: their networks have
 * route_localnet, which only a rule keeps from opening the host's 127.0.0.1 to them, and ports that
 * their files promise.
 */
enum firewall_backend rule_places_backend(const struct manager *manager,
					  const struct rule_places *places);

/* Where the next rules go: never FIREWALL_AUTO. ipv6: there are to be any of that family. */
int rule_place_choose(const struct manager *manager, const struct rule_places *places, bool ipv6,
		      struct rule_place *place, struct error *err);

#endif
