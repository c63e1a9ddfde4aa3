/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_origins.h: where in the files the keys stand that make rules of the firewall: noted in the
 * network records at `up`, so that it can be told of rules whose file has changed since.
 */
#ifndef LIFECYCLE_RULE_ORIGINS_H
#define LIFECYCLE_RULE_ORIGINS_H

#include "state/network.h"

/*
 * What the files say of the firewall as a whole, of a network (and of that whole), of a container's
 * interface; added to origins.
 */
void rule_origins_of_manager(const struct manager *manager, struct network_origins *origins);
void rule_origins_of_network(const struct manager *manager, const struct network *network,
			     struct network_origins *origins);
void rule_origins_of_interface(const struct spec *spec, const struct interface *interface,
			       struct network_origins *origins);

enum rule_origin_state {
	RULE_ORIGIN_SAME,
	RULE_ORIGIN_CHANGED, /* the file is another one now: the line may be elsewhere */
	RULE_ORIGIN_GONE,    /* there is no such file any more */
};
/* Reads the file where it was not read yet. */
enum rule_origin_state rule_origin_state(const struct network_origin *origin);

#endif
