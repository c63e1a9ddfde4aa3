/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/exchange.h"

#include <string.h>

#include "base/parse.h"

static bool is_none(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address);
}

static bool share_address(const struct interface *one, const struct interface *other)
{
	if (strcmp(one->network, other->network) != 0)
		return false;
	return (one->ip.s_addr != 0 && one->ip.s_addr == other->ip.s_addr) ||
	       (!is_none(&one->ip6) && IN6_ARE_ADDR_EQUAL(&one->ip6, &other->ip6)) ||
	       memcmp(one->mac, other->mac, sizeof(one->mac)) == 0;
}

static bool share_port(const struct interface *one, const struct interface *other)
{
	const unsigned int families = interface_families(one) & interface_families(other);

	for (size_t i = 0; i < one->port_count; i++)
		for (size_t j = 0; j < other->port_count; j++)
			if (parse_port_forwards_meet(&one->ports[i], &other->ports[j], families))
				return true;
	return false;
}

bool exchange_meets(const struct spec *one, const struct spec *other)
{
	for (size_t i = 0; i < one->interface_count; i++)
		for (size_t j = 0; j < other->interface_count; j++)
			if (share_address(&one->interfaces[i], &other->interfaces[j]) ||
			    share_port(&one->interfaces[i], &other->interfaces[j]))
				return true;
	return false;
}
