/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/rules.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "kernel/firewall.h"
#include "kernel/firewall_build.h"
#include "kernel/sysctl.h"
#include "lifecycle/rule_places.h"

#define FIREWALL_TIMEOUT_MS 10000
#define LOOK_TRIES 4 /* while others change rules */

struct rules {
	struct firewall_network *networks;
	struct firewall_forward *forwards;
	struct firewall_exception *exceptions;
	struct firewall_isolated *isolated;
	struct firewall_limit *limits;
	bool filtered6; /* br_netfilter looks at IPv6 on one of the bridges, for the limits */
	size_t network_count, forward_count, exception_count, isolated_count, limit_count;
};

static void rules_clear(struct rules *rules)
{
	free(rules->networks);
	free(rules->forwards);
	free(rules->exceptions);
	free(rules->isolated);
	free(rules->limits);
}

static union firewall_address address_of(const struct network_member *member,
					 enum firewall_family family)
{
	union firewall_address address = {.v6 = member->address6};

	if (family == FIREWALL_IPV4)
		address.v4 = member->address;
	return address;
}

static void add_forward(struct rules *rules, const struct network_record *network,
			const struct network_member *member, size_t index,
			enum firewall_family family)
{
	const struct port_forward *port = &member->ports[index];
	struct firewall_forward forward = {
		.container = member->container,
		.bridge = network->bridge,
		.family = family,
		.address = address_of(member, family),
		.host_address = {.v6 = port->host_address6},
		.host_first = port->host_first,
		.host_last = port->host_last,
		.container_first = port->container_first,
		.container_last = port->container_last,
		.protocol = port->protocol,
		.owner = member,
		.index = (unsigned int)index,
	};

	if (family == FIREWALL_IPV4)
		forward.host_address.v4 = port->host_address;
	rules->forwards[rules->forward_count++] = forward;
}

static void add_member(struct rules *rules, const struct network_record *network,
		       const struct network_member *member)
{
	static const unsigned int bits[FIREWALL_FAMILY_COUNT] = {PORT_IPV4, PORT_IPV6};
	const unsigned int families = network_member_families(member);

	for (unsigned int family = 0; family < FIREWALL_FAMILY_COUNT; family++) {
		if (!(families & bits[family]))
			continue;
		for (size_t i = 0; i < member->port_count; i++)
			if (member->ports[i].families & bits[family])
				add_forward(rules, network, member, i, family);
		if (member->isolated)
			rules->isolated[rules->isolated_count++] = (struct firewall_isolated){
				.container = member->container,
				.bridge = network->bridge,
				.family = family,
				.address = address_of(member, family),
				.owner = member,
			};
		if (member->nat != network->nat)
			rules->exceptions[rules->exception_count++] = (struct firewall_exception){
				.container = member->container,
				.family = family,
				.address = address_of(member, family),
				.nat = member->nat,
				.owner = member,
			};
	}
}

static void add_rules(struct rules *rules, const struct network_record *network)
{
	rules->networks[rules->network_count++] = (struct firewall_network){
		.bridge = network->bridge,
		.subnet = network->subnet,
		.prefix = network->prefix,
		.subnet6 = network->subnet6,
		.prefix6 = network->prefix6,
		.nat = network->nat,
		.internal = network->internal,
		.icc = network->icc,
		.uplink = network->uplink,
		.owner = network,
	};
	for (size_t i = 0; i < network->member_count; i++)
		add_member(rules, network, &network->members[i]);
}

/* Room for them is made only where there are any. */
static void add_limits(struct rules *rules, const struct network_record *network)
{
	rules->filtered6 |= network->filtered && network->prefix6;
	for (size_t i = 0; i < network->member_count; i++) {
		const struct network_member *member = &network->members[i];
		struct firewall_limit *limit;

		if (!network_member_is_limited(member))
			continue;
		rules->limits =
			xrealloc(rules->limits, rules->limit_count + 1, sizeof(*rules->limits));
		limit = &rules->limits[rules->limit_count++];
		*limit = (struct firewall_limit){
			.container = member->container,
			.bridge = network->bridge,
			.ipv6 = fs_exists_at(AT_FDCWD, "/proc/thread-self/net/if_inet6"),
			.no_host_access = member->no_host_access,
			.egress = &member->egress,
			.servers = &member->servers,
			.owner = member,
		};
		memcpy(limit->mac, member->mac, sizeof(limit->mac));
	}
}

static void build_rules(struct rules *rules, const struct network_record *networks, size_t count)
{
	size_t forwards = 0, members = 0;

	for (size_t i = 0; i < count; i++) {
		members += networks[i].member_count;
		for (size_t j = 0; j < networks[i].member_count; j++)
			forwards += networks[i].members[j].port_count;
	}
	rules->networks = xalloc(count, sizeof(*rules->networks));
	/* In either family. */
	rules->forwards = xalloc(2 * forwards, sizeof(*rules->forwards));
	rules->exceptions = xalloc(2 * members, sizeof(*rules->exceptions));
	rules->isolated = xalloc(2 * members, sizeof(*rules->isolated));
	for (size_t i = 0; i < count; i++)
		if (networks[i].own) {
			add_rules(rules, &networks[i]);
			add_limits(rules, &networks[i]);
		}
}

bool rules_can_answer_localhost6(void)
{
	char value[16];
	struct error ignored;

	/* No such switch: no br_netfilter. */
	return sysctl_read("net/bridge/bridge-nf-call-ip6tables", value, sizeof(value), &ignored) <
		       0 ||
	       strcmp(value, "0") == 0;
}

static bool has_forward6(const struct rules *rules)
{
	for (size_t i = 0; i < rules->forward_count; i++)
		if (rules->forwards[i].family == FIREWALL_IPV6)
			return true;
	return false;
}

static struct firewall_set set_of(const struct rules *rules)
{
	return (struct firewall_set){
		.without_localhost6 = has_forward6(rules) &&
				      (rules->filtered6 || !rules_can_answer_localhost6()),
		.networks = rules->networks,
		.network_count = rules->network_count,
		.forwards = rules->forwards,
		.forward_count = rules->forward_count,
		.exceptions = rules->exceptions,
		.exception_count = rules->exception_count,
		.isolated = rules->isolated,
		.isolated_count = rules->isolated_count,
		.limits = rules->limits,
		.limit_count = rules->limit_count,
	};
}

/* ---- getting them there ---- */

bool rules_are_wanted(const struct host *host)
{
	struct rule_places places;

	if (host->manager->firewall_backend != FIREWALL_NONE)
		return true;
	return rule_places_read(&host->state, &places, NULL) == 0 &&
	       rule_places_backend(host->manager, &places) != FIREWALL_NONE;
}

static int commit_at(const struct rule_place *place, const struct firewall_set *set,
		     struct error *err)
{
	struct firewall_set there = *set;

	if (place->backend == FIREWALL_NONE)
		return 0;
	there.backend = place->backend;
	there.prefix = place->prefix;
	there.host_firewall = place->host_firewall;
	there.forward_is_theirs = place->forward_is_theirs;
	return firewall_commit(&there, err);
}

static int remove_from(const struct rule_places *places, const struct rule_place *except,
		       struct error *err)
{
	const struct firewall_set nothing = {.prefix = NULL};

	for (size_t i = 0; i < places->count; i++)
		if ((!except || !rule_place_equals(&places->items[i], except)) &&
		    commit_at(&places->items[i], &nothing, err) < 0)
			return -1;
	return 0;
}

/* The new rules before the old ones go: there is no moment without. */
static int put_rules(const struct host *host, const struct rule_places *had,
		     const struct rule_place *place, const struct firewall_set *set,
		     struct error *err)
{
	struct rule_places both = {.items = {*place}, .count = 1}, one = both;

	if (had->count == 1 && rule_place_equals(&had->items[0], place)) {
		if (commit_at(place, set, err) < 0)
			return -1;
		return rule_place_same_words(&had->items[0], place)
			       ? 0
			       : rule_places_write(&host->state, &one, err);
	}
	for (size_t i = 0; i < had->count; i++)
		rule_places_add(&both, &had->items[i]);
	if (rule_places_write(&host->state, &both, err) < 0)
		return -1;
	if (commit_at(place, set, err) < 0) {
		struct error ignored;

		rule_places_write(&host->state, had, &ignored); /* there is nothing in the new place */
		return -1;
	}
	if (remove_from(had, place, err) < 0) {
		log_warning("%s; rules are left there, the next command tries again", err->text);
		error_clear(err);
		return 0;
	}
	return both.count > 1 ? rule_places_write(&host->state, &one, err) : 0;
}

/* Without a word on where they are, they may be in either. */
static int remove_rules(const struct host *host, struct rule_places *had, struct error *err)
{
	const struct rule_places none = {.count = 0};
	struct rule_place place = rule_place_of(host->manager, FIREWALL_IPTABLES);

	if (had->count == 0) {
		rule_places_add(had, &place);
		place.backend = FIREWALL_NFTABLES;
		rule_places_add(had, &place);
	}
	if (remove_from(had, NULL, err) < 0)
		return -1;
	return rule_places_write(&host->state, &none, err);
}

static bool needs_lock(const struct rule_places *places, const struct rule_place *place)
{
	for (size_t i = 0; i < places->count; i++)
		if (places->items[i].backend == FIREWALL_IPTABLES)
			return true;
	return place ? place->backend == FIREWALL_IPTABLES : places->count == 0;
}

static bool has_network6(const struct firewall_set *set)
{
	for (size_t i = 0; i < set->network_count; i++)
		if (set->networks[i].prefix6)
			return true;
	return false;
}

static int commit(const struct host *host, const struct firewall_set *set, struct error *err)
{
	struct rule_places had;
	struct rule_place place;
	bool any = set->network_count > 0;
	AUTO_FD int lock_fd = -1;

	if (rule_places_read(&host->state, &had, err) < 0 ||
	    (any && rule_place_choose(host->manager, &had, has_network6(set), &place, err) < 0))
		return -1;
	if (needs_lock(&had, any ? &place : NULL)) {
		lock_fd = firewall_lock(FIREWALL_TIMEOUT_MS, err);
		if (lock_fd < 0)
			return -1;
	}
	return any ? put_rules(host, &had, &place, set, err) : remove_rules(host, &had, err);
}

int rules_commit(struct host *host, const struct network_record *networks, size_t count,
		 struct error *err)
{
	AUTO(rules_clear) struct rules rules = {0};
	struct firewall_set set;

	build_rules(&rules, networks, count);
	set = set_of(&rules);
	if (commit(host, &set, err) == 0)
		return 0;
	host->firewall_refused = true;
	return error_wrap(err, "firewall");
}

/* ---- those of others ---- */

/* Links come and go: until this one comes, what would leave by it is not masqueraded. */
static void warn_of_uplink(const char *network, const char *uplink)
{
	if (uplink[0] && if_nametoindex(uplink) == 0)
		log_warning("networks.%s.uplink: there is no link %s: nothing is masqueraded until "
			    "it comes",
			    network, uplink);
}

static void warn_of_obstacles(const struct manager *manager, const struct state *state,
			      const struct rules *rules)
{
	AUTO_STRLIST struct strlist warnings = {0};
	struct firewall_set set = set_of(rules);
	struct rule_places places = {.count = 0};
	struct error err;

	if (state->dir_fd >= 0 && rule_places_read(state, &places, &err) < 0)
		places.count = 0;
	set.backend = rule_places_backend(manager, &places);
	set.prefix = manager->firewall_prefix;
	set.host_firewall = manager->firewall_publish == PUBLISH_HOST_FIREWALL;
	set.forward_is_theirs = !manager->manage_forward;
	if (set.backend == FIREWALL_NONE)
		return;
	if (firewall_find_obstacles(&set, &warnings, &err) < 0) {
		log_verbose("rules of others: %s, ignoring", err.text);
		return;
	}
	for (size_t i = 0; i < warnings.count; i++)
		log_warning("%s", warnings.items[i]);
}

void rules_warn(const struct host *host, const struct network_record *networks, size_t count)
{
	AUTO(rules_clear) struct rules rules = {0};

	for (size_t i = 0; i < count; i++)
		warn_of_uplink(networks[i].name, networks[i].uplink);
	build_rules(&rules, networks, count);
	warn_of_obstacles(host->manager, &host->state, &rules);
}

/* One port of each network with any stands for all of a family: that is what is asked about. */
static void add_files(struct rules *rules, const struct conf *conf, const struct network *network)
{
	const struct firewall_network item = {
		.bridge = network->bridge,
		.subnet = network->subnet,
		.prefix = network->prefix,
		.subnet6 = network->subnet6,
		.prefix6 = network->prefix6,
		.nat = network->nat == SETTING_YES,
		.internal = network->internal,
		.icc = network->icc,
		.uplink = network->uplink,
	};
	struct firewall_forward forward = {.bridge = network->bridge};
	struct in6_addr address6 = in6addr_any;

	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];

		for (size_t j = 0; j < spec->interface_count; j++)
			if (spec->interfaces[j].port_count > 0 && spec->interfaces[j].network &&
			    strcmp(spec->interfaces[j].network, network->name) == 0) {
				forward.container = spec->name;
				forward.address.v4 = spec->interfaces[j].ip;
				address6 = spec->interfaces[j].ip6;
			}
	}
	rules->networks[rules->network_count++] = item;
	if (forward.container)
		rules->forwards[rules->forward_count++] = forward;
	if (!IN6_IS_ADDR_UNSPECIFIED(&address6)) {
		forward.family = FIREWALL_IPV6;
		forward.address.v6 = address6;
		rules->forwards[rules->forward_count++] = forward;
	}
}

void rules_warn_of_files(const struct conf *conf)
{
	const struct manager *manager = &conf->manager;
	AUTO(rules_clear)
	struct rules rules = {
		.networks = xalloc(manager->network_count, sizeof(*rules.networks)),
		.forwards = xalloc(2 * manager->network_count, sizeof(*rules.forwards)),
	};
	AUTO_STATE struct state state = {-1, -1, -1};
	struct error err;

	for (size_t i = 0; i < manager->network_count; i++)
		warn_of_uplink(manager->networks[i].name, manager->networks[i].uplink);
	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < manager->network_count; i++)
		if (network_is_own(&manager->networks[i]))
			add_files(&rules, conf, &manager->networks[i]);
	if (state_open(manager->state_dir, false, &state, &err) < 0)
		state = (struct state){-1, -1, -1};
	warn_of_obstacles(manager, &state, &rules);
}

/* ---- looking ---- */

int rules_recall(const struct manager *manager, const struct state *state,
		 const struct network_record *networks, size_t count,
		 struct rules_in_force *in_force, struct error *err)
{
	AUTO(rules_clear) struct rules rules = {0};
	struct firewall_set set;
	struct rule_places places;
	struct rule_place place;

	if (rule_places_read(state, &places, err) < 0)
		return -1;
	place = places.count > 0 ? places.items[0] : rule_place_of(manager, manager->firewall_backend);
	*in_force = (struct rules_in_force){
		.backend = place.backend,
		.decided = places.count > 0,
		.host_firewall = place.host_firewall,
		.forward_is_theirs = place.forward_is_theirs,
	};
	memcpy(in_force->prefix, place.prefix, sizeof(in_force->prefix));
	if (in_force->backend == FIREWALL_AUTO)
		in_force->backend = FIREWALL_IPTABLES;
	build_rules(&rules, networks, count);
	set = set_of(&rules);
	set.backend = in_force->backend;
	set.host_firewall = in_force->host_firewall;
	set.forward_is_theirs = in_force->forward_is_theirs;
	if (in_force->backend == FIREWALL_NONE)
		set = (struct firewall_set){.prefix = NULL};
	return firewall_rules_build(&set, &in_force->rules, err);
}

int rules_look(const struct manager *manager, const struct state *state,
	       const struct network_record *networks, size_t count, struct rules_look *look,
	       struct error *err)
{
	struct rules_in_force *in_force = &look->in_force;
	struct error why = {0};
	int differs = -1;

	*look = (struct rules_look){.differs = false};
	if (rules_recall(manager, state, networks, count, in_force, err) < 0)
		return -1;
	/* With none to be there, nobody is made to look into a table, which would make it. */
	if (in_force->backend == FIREWALL_NONE || in_force->rules.count == 0)
		return 0;
	for (int tries = 0; tries < LOOK_TRIES; tries++) {
		differs = firewall_differs(in_force->backend, in_force->prefix, &in_force->rules,
					   &why);
		if (differs >= 0 || why.code != EINTR)
			break;
	}
	if (differs < 0 && err)
		*err = why;
	if (differs < 0)
		return -1;
	look->differs = differs == 1;
	return !look->differs ? 0
			      : firewall_look(in_force->backend, in_force->prefix, &in_force->rules,
					      &look->sight, err);
}

void rules_look_clear(struct rules_look *look)
{
	firewall_rules_clear(&look->in_force.rules);
}
