/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/drift_look.h"

#include "lifecycle/dns.h"
#include "lifecycle/drift_parts.h"
#include "lifecycle/hosts_file.h"
#include "lifecycle/resolv_conf.h"
#include "lifecycle/rules.h"
#include "state/network_files.h"

#define NETWORK_TIMEOUT_MS 30000

/* ---- rules and hosts files ---- */

static int look_at_hosts(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	AUTO(hosts_look_clear) struct hosts_look look = {0};

	if (hosts_file_look(&hold->host->state, &hold->manager, hold->networks, hold->network_count,
			    &look, err) < 0)
		return -1;
	strlist_copy(&scene->hosts_missing, &look.missing);
	strlist_copy(&scene->hosts, &look.changed);
	for (size_t i = 0; i < look.missing.count; i++)
		strlist_add(&scene->hosts, look.missing.items[i]);
	return 0;
}

static void add_rules(struct drift_scene *scene, char *chain, char *recorded, const char *actual)
{
	scene->rules = xrealloc(scene->rules, scene->rules_count + 1, sizeof(*scene->rules));
	scene->rules[scene->rules_count++] = (struct drift_rules){chain, recorded, actual};
}

static const char *fault_of(enum firewall_presence presence)
{
	switch (presence) {
	case FIREWALL_PRESENT:
		break;
	case FIREWALL_DIFFERENT:
		return "other rules";
	case FIREWALL_UNCALLED:
		return "not entered";
	case FIREWALL_MISSING:
		return "gone";
	}
	return NULL;
}

static int look_at_rules(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	static const char *const families[FIREWALL_FAMILY_COUNT] = {"", " of IPv6"};
	AUTO(rules_look_clear) struct rules_look look;
	const struct firewall_sight *sight = &look.sight;
	bool nftables;

	if (rules_look(&hold->manager, &hold->host->state, hold->networks, hold->network_count,
		       &look, err) < 0)
		return -1;
	nftables = look.in_force.backend == FIREWALL_NFTABLES;
	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT && look.differs; i++) {
		for (unsigned int j = 0; j < FIREWALL_CHAIN_COUNT; j++) {
			const char *fault = fault_of(sight->presence[i][j]);
			size_t count = 0;

			if (!fault)
				continue;
			firewall_rules_of(&look.in_force.rules, i, j, &count);
			add_rules(scene,
				  xprintf("%s%s", sight->names[i][j], nftables ? "" : families[i]),
				  xprintf("%zu rule%s", count, count == 1 ? "" : "s"), fault);
		}
	}
	/* The rules are there, but with something before them, twice, or beside them. */
	if (look.differs && scene->rules_count == 0)
		add_rules(scene, xprintf("%s", nftables ? "table" : "jumps"),
			  xstrdup(nftables ? "nothing else" : "in their place"),
			  nftables ? "something else" : "elsewhere");
	return 0;
}

/* Of busy ones nothing is known: who works on them looks after the watch in the end. */
static void look_at_watch(const struct drift_hold *hold, struct drift_scene *scene)
{
	for (size_t i = 0; i < hold->count && !scene->needs_watch; i++)
		scene->needs_watch = hold->items[i].state == DRIFT_RUNNING &&
				     dns_wants_host(&hold->items[i].spec, &hold->manager);
	scene->has_watch = scene->needs_watch && resolv_conf_has_watcher(hold->host);
}

int drift_look(struct drift_hold *hold, struct drift_scene *scene, struct error *err)
{
	AUTO_FD int lock_fd = network_lock(&hold->host->state, NETWORK_TIMEOUT_MS, err);
	struct netlink *netlink = host_netlink(hold->host, err);

	*scene = (struct drift_scene){0};
	if (lock_fd < 0 || !netlink || drift_read_networks(hold, scene, err) < 0)
		return -1;
	if (drift_look_at_networks(hold, netlink, scene, err) < 0 ||
	    drift_look_at_containers(hold, scene, err) < 0)
		return -1;
	/* Between joining a network and the commit of the rules its lock is given back. */
	if (scene->busy.count > 0)
		return 0;
	look_at_watch(hold, scene);
	if (look_at_rules(hold, scene, err) < 0)
		return error_wrap(err, "firewall");
	return look_at_hosts(hold, scene, err);
}
