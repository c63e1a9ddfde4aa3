/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_list.h: the rules that hold for what is up, as firewall_list.h gives them, and for each who
 * asks for it and where that stands in the files. Nothing is changed.
 */
#ifndef LIFECYCLE_RULE_LIST_H
#define LIFECYCLE_RULE_LIST_H

#include "kernel/firewall_list.h"
#include "lifecycle/rule_origins.h"
#include "lifecycle/rules.h"

struct rule_list {
	struct network_record *networks; /* that are up */
	size_t network_count;
	struct rules_in_force in_force;
	struct firewall_listing listing;
	struct network_origins today; /* of the firewall as a whole, in the manager file of now */
};

/* Of the kernel as it is now. EPERM: root alone can see it. */
int rule_list_take(const struct manager *manager, const struct state *state,
		   struct rule_list *list, struct error *err);
void rule_list_clear(struct rule_list *list);
#define AUTO_RULE_LIST AUTO(rule_list_clear)

/* Who asks for a rule. The strings and structs are those of the list. */
struct rule_source {
	const struct network_record *network; /* NULL: a jump */
	const char *container; /* NULL: the network as such */
	char key[128];         /* "net.ports[0]", "networks.cman0.nat"; "": a jump */
	const struct network_origin *origin; /* NULL: a default, or it was not recorded */
	enum rule_origin_state state;        /* of the origin's file */
};
void rule_list_find_source(const struct rule_list *list, const struct firewall_listed_rule *rule,
			   struct rule_source *source);

/* Whether it is a rule of one of the containers, or of a network that one of them is on. */
bool rule_source_concerns(const struct rule_source *source, const struct strlist *containers);

#endif
