/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/addresses.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/machine.h"

/* Addresses that are taken on one network: open addressing, 0 is empty. */
struct taken {
	uint32_t *slots;
	size_t size; /* a power of two, at least twice the entries */
};

static uint64_t hash_bytes(uint64_t hash, const char *bytes)
{
	/* FNV-1a, and the terminating NUL, so that "a","bc" and "ab","c" differ. */
	do
		hash = (hash ^ (unsigned char)*bytes) * 1099511628211u;
	while (*bytes++);
	return hash;
}

/* Spreads the entropy over all bits; FNV leaves the upper ones of short names alike. */
static uint64_t hash_finish(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdu;
	hash ^= hash >> 33;
	hash *= 0xc4ceb9fe1a85ec53u;
	return hash ^ hash >> 33;
}

#define HASH_START 14695981039346656037u

void addresses_make_mac(const char *container, unsigned int index, uint8_t mac[6])
{
	uint64_t hash = hash_bytes(HASH_START, machine_get()->machine_id);
	char number[16];

	snprintf(number, sizeof(number), "%u", index);
	hash = hash_finish(hash_bytes(hash_bytes(hash, container), number));
	mac[0] = 0x02;
	for (int i = 1; i < 6; i++)
		mac[i] = (uint8_t)(hash >> 8 * i);
}

void addresses_make_subnet6(const char *network, struct in6_addr *subnet)
{
	uint64_t site = hash_finish(hash_bytes(HASH_START, machine_get()->machine_id));
	uint64_t link = hash_finish(hash_bytes(HASH_START, network));

	*subnet = (struct in6_addr){.s6_addr = {0xfd}};
	for (int i = 0; i < 5; i++)
		subnet->s6_addr[1 + i] = (uint8_t)(site >> 8 * i);
	for (int i = 0; i < 2; i++)
		subnet->s6_addr[6 + i] = (uint8_t)(link >> 8 * i);
}

static uint32_t *find_slot(const struct taken *taken, uint32_t address)
{
	size_t slot = (address * 2654435761u) & (taken->size - 1);

	while (taken->slots[slot] && taken->slots[slot] != address)
		slot = (slot + 1) & (taken->size - 1);
	return &taken->slots[slot];
}

/* One network and the interfaces that want to be on it. */
struct allocation {
	const struct network *network;
	struct taken taken;
	uint32_t first, count; /* of the pool */
	uint32_t free;         /* how many of the pool are left */
};

static bool in_pool(const struct allocation *allocation, uint32_t address)
{
	return address - allocation->first < allocation->count;
}

static void take(struct allocation *allocation, uint32_t address)
{
	uint32_t *slot = find_slot(&allocation->taken, address);

	if (*slot)
		return;
	*slot = address;
	if (in_pool(allocation, address))
		allocation->free--;
}

/* Calls visit for every interface on the allocation's network. */
struct visitor {
	struct allocation *allocation;
	const struct conf_hints *hints;
	const char *only;
	struct diagnostics *diagnostics;
	void (*visit)(const struct visitor *visitor, const struct spec *spec,
		      struct interface *interface);
};

static size_t each_interface(struct conf *conf, const struct visitor *visitor)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->container_count; i++) {
		struct spec *spec = &conf->containers[i];

		for (size_t j = 0; j < spec->interface_count; j++) {
			struct interface *interface = &spec->interfaces[j];

			if (!text_equal(interface->network, visitor->allocation->network->name))
				continue;
			count++;
			if (visitor->visit)
				visitor->visit(visitor, spec, interface);
		}
	}
	return count;
}

static void visit_taken(const struct visitor *visitor, const struct spec *spec,
			struct interface *interface)
{
	(void)spec;
	if (interface->ip.s_addr != INADDR_ANY)
		take(visitor->allocation, ntohl(interface->ip.s_addr));
}

static bool is_wanting(const struct visitor *visitor, const struct spec *spec,
		       const struct interface *interface)
{
	return interface->ip_auto && interface->ip.s_addr == INADDR_ANY &&
	       (!visitor->only || strcmp(visitor->only, spec->name) == 0);
}

static void visit_held(const struct visitor *visitor, const struct spec *spec,
		       struct interface *interface)
{
	struct allocation *allocation = visitor->allocation;
	uint32_t address;

	if (!is_wanting(visitor, spec, interface))
		return;
	address = ntohl(
		visitor->hints->held_address(visitor->hints->data, spec->name, interface->network)
			.s_addr);
	if (!in_pool(allocation, address) || *find_slot(&allocation->taken, address))
		return;
	take(allocation, address);
	interface->ip.s_addr = htonl(address);
}

static void visit_waiting(const struct visitor *visitor, const struct spec *spec,
			  struct interface *interface)
{
	struct allocation *allocation = visitor->allocation;
	char key[INTERFACE_KEY_MAX];
	uint32_t offset;

	if (!is_wanting(visitor, spec, interface))
		return;
	if (allocation->free == 0) {
		spec_interface_key(spec, interface, "ip", key);
		visitor->diagnostics->container = spec->name;
		diagnostics_add(visitor->diagnostics, SEVERITY_ERROR,
				origin_find(&spec->origins, key),
				"give the network a larger pool, or use another network",
				"%s: the pool of network %s is used up", key,
				allocation->network->name);
		visitor->diagnostics->container = NULL;
		return;
	}
	offset = (uint32_t)(hash_finish(hash_bytes(HASH_START, spec->name)) % allocation->count);
	while (*find_slot(&allocation->taken, allocation->first + offset))
		offset = (offset + 1) % allocation->count;
	take(allocation, allocation->first + offset);
	interface->ip.s_addr = htonl(allocation->first + offset);
}

static void assign_network(struct conf *conf, const struct network *network, struct visitor *visitor)
{
	struct allocation allocation = {
		.network = network,
		.first = ntohl(network->pool_first.s_addr),
		.count = ntohl(network->pool_last.s_addr) - ntohl(network->pool_first.s_addr) + 1,
	};
	size_t entries;

	allocation.free = allocation.count;
	visitor->allocation = &allocation;
	visitor->visit = NULL;
	entries = each_interface(conf, visitor) + 1; /* and the gateway */
	for (allocation.taken.size = 4; allocation.taken.size < 2 * entries;)
		allocation.taken.size *= 2;
	allocation.taken.slots = xalloc(allocation.taken.size, sizeof(*allocation.taken.slots));

	if (network->gateway.s_addr != INADDR_ANY)
		take(&allocation, ntohl(network->gateway.s_addr));
	visitor->visit = visit_taken;
	each_interface(conf, visitor);
	visitor->visit = visit_held;
	if (visitor->hints && visitor->hints->held_address)
		each_interface(conf, visitor);
	visitor->visit = visit_waiting;
	each_interface(conf, visitor);
	free(allocation.taken.slots);
	visitor->allocation = NULL;
}

/* IPv6 addresses follow from those of IPv4, which nobody else has. */
static void map_ip6(struct conf *conf)
{
	for (size_t i = 0; i < conf->container_count; i++) {
		struct spec *spec = &conf->containers[i];

		for (size_t j = 0; j < spec->interface_count; j++) {
			struct interface *interface = &spec->interfaces[j];
			const struct network *network =
				interface->network
					? manager_find_network(&conf->manager, interface->network)
					: NULL;

			if (network && network->prefix6 && interface->ip6_mode == IP6_AUTO &&
			    interface->ip.s_addr != INADDR_ANY)
				interface->ip6 = network_map_ip6(network, interface->ip);
		}
	}
}

void addresses_assign(struct conf *conf, const struct conf_hints *hints, const char *only,
		      struct diagnostics *diagnostics)
{
	struct visitor visitor = {.hints = hints, .only = only, .diagnostics = diagnostics};

	for (size_t i = 0; i < conf->manager.network_count; i++)
		assign_network(conf, &conf->manager.networks[i], &visitor);
	map_ip6(conf);
}
