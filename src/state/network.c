/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/network.h"

#include <string.h>

#include "config/egress.h"

/* ---- origins ---- */

void network_origins_add(struct network_origins *origins, const char *key, const char *file,
			 unsigned int line, uint64_t digest)
{
	if (strpbrk(key, " \n") || strchr(file, '\n'))
		return;
	origins->items =
		xrealloc(origins->items, origins->count + 1, sizeof(*origins->items));
	origins->items[origins->count++] = (struct network_origin){
		.key = xstrdup(key),
		.file = xstrdup(file),
		.line = line,
		.digest = digest,
	};
}

void network_origins_clear(struct network_origins *origins)
{
	for (size_t i = 0; i < origins->count; i++) {
		free(origins->items[i].key);
		free(origins->items[i].file);
	}
	free(origins->items);
	*origins = (struct network_origins){0};
}

const struct network_origin *network_origins_find(const struct network_origins *origins,
						  const char *key)
{
	for (size_t i = 0; i < origins->count; i++)
		if (strcmp(origins->items[i].key, key) == 0)
			return &origins->items[i];
	return NULL;
}

static struct network_origins copy_origins(const struct network_origins *origins)
{
	struct network_origins copy = {0};

	for (size_t i = 0; i < origins->count; i++)
		network_origins_add(&copy, origins->items[i].key, origins->items[i].file,
				    origins->items[i].line, origins->items[i].digest);
	return copy;
}

/* ---- members ---- */

static void member_clear(struct network_member *member)
{
	free(member->container);
	strlist_clear(&member->aliases);
	free(member->ports);
	network_origins_clear(&member->origins);
	egress_clear(&member->egress);
	strlist_clear(&member->servers);
	*member = (struct network_member){0};
}

void network_record_clear(struct network_record *network)
{
	for (size_t i = 0; i < network->member_count; i++)
		member_clear(&network->members[i]);
	free(network->members);
	network_origins_clear(&network->origins);
	free(network->name);
	free(network->bridge);
	*network = (struct network_record){0};
}

struct network_member *network_record_find(const struct network_record *network,
					   const char *container, unsigned int index)
{
	for (size_t i = 0; i < network->member_count; i++)
		if (network->members[i].index == index &&
		    strcmp(network->members[i].container, container) == 0)
			return &network->members[i];
	return NULL;
}

unsigned int network_member_families(const struct network_member *member)
{
	return PORT_IPV4 | (IN6_IS_ADDR_UNSPECIFIED(&member->address6) ? 0 : PORT_IPV6);
}

static struct network_member copy_member(const struct network_member *member)
{
	struct network_member copy = *member;

	copy.container = xstrdup(member->container);
	copy.aliases = (struct strlist){0};
	strlist_copy(&copy.aliases, &member->aliases);
	copy.ports = xalloc(member->port_count, sizeof(*copy.ports));
	if (member->port_count)
		memcpy(copy.ports, member->ports, member->port_count * sizeof(*copy.ports));
	copy.origins = copy_origins(&member->origins);
	egress_copy(&copy.egress, &member->egress);
	copy.servers = (struct strlist){0};
	strlist_copy(&copy.servers, &member->servers);
	return copy;
}

/* The next power of two: a record of a thousand members is read without a thousand moves. */
static size_t room_for(size_t count)
{
	size_t room = 1;

	while (room < count)
		room *= 2;
	return room;
}

void network_record_append(struct network_record *network, const struct network_member *member)
{
	if (network->member_count == room_for(network->member_count) || !network->members)
		network->members = xrealloc(network->members, room_for(network->member_count + 1),
					    sizeof(*network->members));
	network->members[network->member_count++] = copy_member(member);
}

void network_record_add(struct network_record *network, const struct network_member *member)
{
	struct network_member *slot = network_record_find(network, member->container, member->index);
	struct network_member copy;

	if (!slot) {
		network_record_append(network, member);
		return;
	}
	copy = copy_member(member);
	member_clear(slot);
	*slot = copy;
}

bool network_member_is_limited(const struct network_member *member)
{
	return member->no_host_access || egress_limits(&member->egress);
}

bool network_needs_filter(const struct network_record *network)
{
	bool any = false;

	for (size_t i = 0; i < network->member_count; i++)
		any |= egress_limits(&network->members[i].egress) && !network->members[i].isolated;
	return any && network->own && network->icc;
}

/* index NULL: all of them */
static bool drop(struct network_record *network, const char *container, const unsigned int *index)
{
	size_t kept = 0;
	bool found = false;

	for (size_t i = 0; i < network->member_count; i++) {
		if (strcmp(network->members[i].container, container) == 0 &&
		    (!index || network->members[i].index == *index)) {
			member_clear(&network->members[i]);
			found = true;
		} else {
			network->members[kept++] = network->members[i];
		}
	}
	network->member_count = kept;
	network->members = xrealloc(network->members, room_for(kept), sizeof(*network->members));
	return found;
}

bool network_record_drop(struct network_record *network, const char *container)
{
	return drop(network, container, NULL);
}

bool network_record_drop_one(struct network_record *network, const char *container,
			     unsigned int index)
{
	return drop(network, container, &index);
}
