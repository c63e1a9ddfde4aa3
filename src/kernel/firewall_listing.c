/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_listing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

void firewall_listing_clear(struct firewall_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		for (size_t j = 0; j < listing->chains[i].count; j++)
			free(listing->chains[i].rules[j].text);
		free(listing->chains[i].rules);
		free(listing->chains[i].base);
	}
	free(listing->chains);
	*listing = (struct firewall_listing){0};
}

struct firewall_listed_chain *firewall_listing_add(struct firewall_listing *listing,
						   enum firewall_family family, const char *table,
						   const char *name)
{
	struct firewall_listed_chain *chain;

	listing->chains = xrealloc(listing->chains, listing->count + 1, sizeof(*listing->chains));
	chain = &listing->chains[listing->count++];
	*chain = (struct firewall_listed_chain){.family = family};
	snprintf(chain->table, sizeof(chain->table), "%s", table);
	snprintf(chain->name, sizeof(chain->name), "%s", name);
	return chain;
}

struct firewall_listed_rule *firewall_listing_add_rule(struct firewall_listed_chain *chain,
						       const struct firewall_rule *rule, char *text)
{
	/* Capacity is the next power of two: grow when count reaches one. */
	if ((chain->count & (chain->count - 1)) == 0)
		chain->rules = xrealloc(chain->rules, chain->count ? 2 * chain->count : 1,
					sizeof(*chain->rules));
	chain->rules[chain->count] = (struct firewall_listed_rule){
		.text = text,
		.rule = rule,
		.packets = UINT64_MAX,
		.bytes = UINT64_MAX,
	};
	return &chain->rules[chain->count++];
}
