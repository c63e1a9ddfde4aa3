/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/conflicts.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/values.h"

/*
 * What one container claims: a value that must be unique on its network, a published port, or its
 * ids.
 */
struct claim {
	const struct spec *spec;
	const struct interface *interface; /* NULL: its ids */
	char value[PARSE_TEXT_MAX];        /* of the member, as text; "" for a port */
	size_t element;                    /* index into its ports or aliases */
	const struct claim *rival;         /* another one that claims the same */
};

struct claims {
	const char *member; /* of the interface: "ip", "mac", "aliases", "ports" */
	struct claim *items;
	size_t count, size;
};

static struct claim *add_claim(struct claims *claims, const struct spec *spec,
			       const struct interface *interface, size_t element)
{
	struct claim *claim;

	if (claims->count == claims->size) {
		claims->size = claims->size ? 2 * claims->size : 64;
		claims->items = xrealloc(claims->items, claims->size, sizeof(*claims->items));
	}
	claim = &claims->items[claims->count++];
	*claim = (struct claim){.spec = spec, .interface = interface, .element = element};
	return claim;
}

static void set_rivals(struct claim *one, struct claim *other)
{
	if (!one->rival)
		one->rival = other;
	if (!other->rival)
		other->rival = one;
}

/* A container on one network twice has its name there twice: told elsewhere. */
static bool is_same_name(const struct claim *one, const struct claim *other)
{
	return one->spec == other->spec && one->element == SIZE_MAX && other->element == SIZE_MAX;
}

static const char *key_of(const struct claim *claim, const char *member, char out[INTERFACE_KEY_MAX])
{
	if (claim->interface)
		return spec_interface_key(claim->spec, claim->interface, member, out);
	snprintf(out, INTERFACE_KEY_MAX, "%s", member);
	return out;
}

/* The element of a list, which may be the key as a whole. Freed by the caller. */
static char *path_of(const struct claim *claim, const char *member)
{
	char key[INTERFACE_KEY_MAX];

	return xprintf("%s[%zu]", key_of(claim, member, key), claim->element);
}

static struct location place_of(const struct claim *claim, const char *member)
{
	AUTO_FREE char *path = path_of(claim, member);

	return origin_find(&claim->spec->origins, path);
}

/* Everything is reported for the container it keeps from starting. */
static void report(struct diagnostics *diagnostics, const struct claim *claim, const char *member,
		   const char *what, const char *hint)
{
	const struct spec *rival = claim->rival->spec;
	AUTO_FREE char *path = path_of(claim->rival, member);
	AUTO_FREE char *place = conflicts_format_place(rival, path);
	char key[INTERFACE_KEY_MAX];

	key_of(claim, member, key);
	diagnostics->container = claim->spec->name;
	if (rival == claim->spec)
		diagnostics_add(diagnostics, SEVERITY_ERROR, place_of(claim, member), hint,
				"%s: %s by this container already (%s)", key, what, place);
	else
		diagnostics_add(diagnostics, SEVERITY_ERROR, place_of(claim, member), hint,
				"%s: %s by container %s too (%s)", key, what, rival->name, place);
	diagnostics->container = NULL;
}

static int compare_values(const void *a, const void *b)
{
	const struct claim *one = a, *other = b;
	int order = strcmp(one->value, other->value);

	if (order)
		return order;
	order = strcmp(one->interface->network, other->interface->network);
	if (order)
		return order;
	if (one->spec != other->spec)
		return one->spec < other->spec ? -1 : 1;
	return one->element < other->element ? -1 : one->element > other->element;
}

static void check_values(struct claims *claims, const char *only, const char *hint,
			 struct diagnostics *diagnostics)
{
	if (claims->count < 2)
		return;
	qsort(claims->items, claims->count, sizeof(*claims->items), compare_values);
	for (size_t i = 1; i < claims->count; i++) {
		struct claim *one = &claims->items[i - 1], *other = &claims->items[i];

		if (strcmp(one->value, other->value) == 0 &&
		    strcmp(one->interface->network, other->interface->network) == 0 &&
		    !is_same_name(one, other))
			set_rivals(one, other);
	}
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];
		AUTO_FREE char *what = xprintf("%s is used", claim->value);

		if (claim->rival && (!only || strcmp(only, claim->spec->name) == 0))
			report(diagnostics, claim, claims->member, what, hint);
	}
}

static const struct port_forward *forward_of(const struct claim *claim)
{
	return &claim->interface->ports[claim->element];
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
	return one->element < other->element ? -1 : one->element > other->element;
}

static void report_port(const struct claim *claim, struct diagnostics *diagnostics)
{
	const struct port_forward *mine = forward_of(claim), *other = forward_of(claim->rival);
	AUTO_FREE char *what =
		xprintf("port %u/%s of the host is published",
			mine->host_first > other->host_first ? mine->host_first : other->host_first,
			mine->protocol == IPPROTO_UDP ? "udp" : "tcp");

	report(diagnostics, claim, "ports", what, NULL);
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
			if (parse_port_forwards_meet(
				    mine, other,
				    interface_families(claims->items[i].interface) &
					    interface_families(claims->items[j].interface)))
				set_rivals(&claims->items[i], &claims->items[j]);
		}
	}
	for (size_t i = 0; i < claims->count; i++)
		if (claims->items[i].rival &&
		    (!only || strcmp(only, claims->items[i].spec->name) == 0))
			report_port(&claims->items[i], diagnostics);
}

static int compare_ids(const void *a, const void *b)
{
	const struct claim *one = a, *other = b;
	const struct userns *first = &one->spec->security.userns;
	const struct userns *second = &other->spec->security.userns;

	if (first->host_first != second->host_first)
		return first->host_first < second->host_first ? -1 : 1;
	return one->spec < other->spec ? -1 : one->spec > other->spec;
}

static void check_ids(struct claims *claims, const char *only, struct diagnostics *diagnostics)
{
	if (claims->count < 2)
		return;
	qsort(claims->items, claims->count, sizeof(*claims->items), compare_ids);
	for (size_t i = 0; i < claims->count; i++) {
		const struct userns *mine = &claims->items[i].spec->security.userns;

		/* Sorted by their first id: those that may meet follow at once. */
		for (size_t j = i + 1; j < claims->count; j++) {
			const struct userns *other = &claims->items[j].spec->security.userns;

			if (other->host_first - mine->host_first >= mine->count)
				break;
			set_rivals(&claims->items[i], &claims->items[j]);
		}
	}
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];
		AUTO_FREE char *what = NULL;
		char range[PARSE_TEXT_MAX];

		if (!claim->rival || (only && strcmp(only, claim->spec->name) != 0))
			continue;
		userns_format(&claim->spec->security.userns, range);
		what = xprintf("ids of %s are taken", range);
		report(diagnostics, claim, claims->member, what,
		       "\"auto\" gives each container ids of its own");
	}
}

/* Names siblings know a container by; no two of a network may share one. */
static void claim_names(struct claims *names, const struct spec *spec,
			const struct interface *interface)
{
	struct claim *claim = add_claim(names, spec, interface, SIZE_MAX);

	snprintf(claim->value, sizeof(claim->value), "%s", spec->name);
	for (size_t i = 0; i < interface->aliases.count; i++) {
		claim = add_claim(names, spec, interface, i);
		snprintf(claim->value, sizeof(claim->value), "%s", interface->aliases.items[i]);
	}
}

/* Automatic IPv6 addresses follow from IPv4 alone: a static one may be in the way. */
static void claim_ip6(struct claims *ip6s, const struct spec *spec,
		      const struct interface *interface)
{
	if (!IN6_IS_ADDR_UNSPECIFIED(&interface->ip6))
		parse_format_ipv6(&interface->ip6, add_claim(ip6s, spec, interface, 0)->value);
}

/* What cman chose itself keeps clear of all others. */
static void claim_addresses(struct claims *ips, struct claims *macs, const struct spec *spec,
			    const struct interface *interface)
{
	if (!interface->ip_auto)
		parse_format_ipv4(interface->ip, add_claim(ips, spec, interface, 0)->value);
	if (!interface->mac_auto)
		parse_format_mac(interface->mac, add_claim(macs, spec, interface, 0)->value);
}

static bool has_aliases(const struct conf *conf)
{
	for (size_t i = 0; i < conf->container_count; i++)
		for (size_t j = 0; j < conf->containers[i].interface_count; j++)
			if (conf->containers[i].interfaces[j].aliases.count > 0)
				return true;
	return false;
}

static bool has_static_ip6(const struct conf *conf)
{
	for (size_t i = 0; i < conf->container_count; i++)
		for (size_t j = 0; j < conf->containers[i].interface_count; j++)
			if (conf->containers[i].interfaces[j].ip6_mode == IP6_STATIC)
				return true;
	return false;
}

/* ---- all of it ---- */

void conflicts_check(const struct conf *conf, const char *only, struct diagnostics *diagnostics)
{
	struct claims ips = {.member = "ip"}, macs = {.member = "mac"},
		      names = {.member = "aliases"};
	struct claims ports = {.member = "ports"}, ip6s = {.member = "ip6"};
	struct claims ids = {.member = "security.userns"};
	bool aliases = has_aliases(conf), static_ip6 = has_static_ip6(conf);

	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];

		if (spec->security.userns.mode == USERNS_RANGE)
			add_claim(&ids, spec, NULL, 0);
		for (size_t j = 0; j < spec->interface_count; j++) {
			const struct interface *interface = &spec->interfaces[j];

			for (size_t k = 0; k < interface->port_count; k++)
				add_claim(&ports, spec, interface, k);
			if (!interface->network)
				continue;
			claim_addresses(&ips, &macs, spec, interface);
			if (static_ip6)
				claim_ip6(&ip6s, spec, interface);
			if (aliases)
				claim_names(&names, spec, interface);
		}
	}
	check_values(&ips, only, "\"auto\" gives each container an address of its own", diagnostics);
	check_values(&ip6s, only, "\"auto\" takes the host bits of the IPv4 address", diagnostics);
	check_values(&macs, only, "\"auto\" gives each interface an address of its own",
		     diagnostics);
	check_values(&names, only, "the name of a container is one as well", diagnostics);
	check_ports(&ports, only, diagnostics);
	check_ids(&ids, only, diagnostics);
	conflicts_check_trees(conf, only, diagnostics);
	conflicts_check_uppers(conf, only, diagnostics);
	free(ips.items);
	free(ip6s.items);
	free(macs.items);
	free(names.items);
	free(ports.items);
	free(ids.items);
}
