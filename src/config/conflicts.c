/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/conflicts.h"

#include <arpa/inet.h>
#include <string.h>

/* What one container claims: the address of an interface, or one of its published ports. */
struct claim {
	const struct spec *spec;
	const struct interface *interface;
	size_t port;               /* index into its ports */
	const struct claim *rival; /* another one that claims the same */
};

struct claims {
	struct claim *items;
	size_t count, size;
};

static void add_claim(struct claims *claims, const struct spec *spec,
		      const struct interface *interface, size_t port)
{
	if (claims->count == claims->size) {
		claims->size = claims->size ? 2 * claims->size : 64;
		claims->items = xrealloc(claims->items, claims->size, sizeof(*claims->items));
	}
	claims->items[claims->count++] = (struct claim){spec, interface, port, NULL};
}

static void set_rivals(struct claim *one, struct claim *other)
{
	if (!one->rival)
		one->rival = other;
	if (!other->rival)
		other->rival = one;
}

static char *format_place(struct location place)
{
	return place.line ? xprintf("%s:%u", place.file, place.line)
			  : xstrdup(place.file ? place.file : "");
}

/* Everything is reported for the container it keeps from starting. */
static void report(struct diagnostics *diagnostics, const struct claim *claim, const char *key,
		   const char *rival_key, const char *what, const char *hint)
{
	const struct spec *rival = claim->rival->spec;
	AUTO_FREE char *place = format_place(origin_find(&rival->origins, rival_key));

	diagnostics->container = claim->spec->name;
	if (rival == claim->spec)
		diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&claim->spec->origins, key),
				hint, "%s by this container already (%s)", what, place);
	else
		diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&claim->spec->origins, key),
				hint, "%s by container %s too (%s)", what, rival->name, place);
	diagnostics->container = NULL;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct claim *one = a, *other = b;
	int order = strcmp(one->interface->network, other->interface->network);

	if (order)
		return order;
	if (one->interface->ip.s_addr != other->interface->ip.s_addr)
		return one->interface->ip.s_addr < other->interface->ip.s_addr ? -1 : 1;
	return one->spec < other->spec ? -1 : one->spec > other->spec;
}

static void check_addresses(struct claims *claims, const char *only, struct diagnostics *diagnostics)
{
	if (claims->count < 2)
		return;
	qsort(claims->items, claims->count, sizeof(*claims->items), compare_addresses);
	for (size_t i = 1; i < claims->count; i++) {
		struct claim *one = &claims->items[i - 1], *other = &claims->items[i];

		if (one->interface->ip.s_addr == other->interface->ip.s_addr &&
		    strcmp(one->interface->network, other->interface->network) == 0)
			set_rivals(one, other);
	}
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];
		AUTO_FREE char *what = NULL;
		char address[PARSE_TEXT_MAX];

		if (!claim->rival || (only && strcmp(only, claim->spec->name) != 0))
			continue;
		parse_format_ipv4(claim->interface->ip, address);
		what = xprintf("net.ip: %s is used", address);
		report(diagnostics, claim, "net.ip", "net.ip", what,
		       "\"auto\" gives each container an address of its own");
	}
}

static const struct port_forward *forward_of(const struct claim *claim)
{
	return &claim->interface->ports[claim->port];
}

static int compare_ports(const void *a, const void *b)
{
	const struct claim *one = a, *other = b;
	const struct port_forward *first = forward_of(one), *second = forward_of(other);

	if (first->protocol != second->protocol)
		return first->protocol - second->protocol;
	if (first->host_first != second->host_first)
		return first->host_first - second->host_first;
	if (one->spec != other->spec)
		return one->spec < other->spec ? -1 : 1;
	return one->port < other->port ? -1 : one->port > other->port;
}

static bool addresses_meet(struct in_addr one, struct in_addr other)
{
	return one.s_addr == other.s_addr || one.s_addr == INADDR_ANY || other.s_addr == INADDR_ANY;
}

static void report_port(const struct claim *claim, struct diagnostics *diagnostics)
{
	AUTO_FREE char *key = xprintf("net.ports[%zu]", claim->port);
	AUTO_FREE char *rival_key = xprintf("net.ports[%zu]", claim->rival->port);
	const struct port_forward *mine = forward_of(claim), *other = forward_of(claim->rival);
	AUTO_FREE char *what = NULL;

	what = xprintf("net.ports: port %u/%s of the host is published",
		       mine->host_first > other->host_first ? mine->host_first : other->host_first,
		       mine->protocol == IPPROTO_UDP ? "udp" : "tcp");
	report(diagnostics, claim, key, rival_key, what, NULL);
}

static void check_ports(struct claims *claims, const char *only, struct diagnostics *diagnostics)
{
	if (claims->count < 2)
		return;
	qsort(claims->items, claims->count, sizeof(*claims->items), compare_ports);
	for (size_t i = 0; i < claims->count; i++) {
		const struct port_forward *mine = forward_of(&claims->items[i]);

		/* Sorted by their first port: those that may meet follow at once. */
		for (size_t j = i + 1; j < claims->count; j++) {
			const struct port_forward *other = forward_of(&claims->items[j]);

			if (other->protocol != mine->protocol || other->host_first > mine->host_last)
				break;
			if (addresses_meet(mine->host_address, other->host_address))
				set_rivals(&claims->items[i], &claims->items[j]);
		}
	}
	for (size_t i = 0; i < claims->count; i++)
		if (claims->items[i].rival &&
		    (!only || strcmp(only, claims->items[i].spec->name) == 0))
			report_port(&claims->items[i], diagnostics);
}

void conflicts_check(const struct conf *conf, const char *only, struct diagnostics *diagnostics)
{
	struct claims addresses = {0}, ports = {0};

	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];

		for (size_t j = 0; j < spec->interface_count; j++) {
			const struct interface *interface = &spec->interfaces[j];

			/* Those that cman chose keep clear of all others by themselves. */
			if (!interface->ip_auto && interface->network)
				add_claim(&addresses, spec, interface, 0);
			for (size_t k = 0; k < interface->port_count; k++)
				add_claim(&ports, spec, interface, k);
		}
	}
	check_addresses(&addresses, only, diagnostics);
	check_ports(&ports, only, diagnostics);
	free(addresses.items);
	free(ports.items);
}
