/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps "network" and "firewall". Who holds which network stands in the network records;
 * bridges, rules, hosts files and ip_forward follow from these, in network_commit().
 */
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "kernel/sysctl.h"
#include "lifecycle/change.h"
#include "lifecycle/egress.h"
#include "lifecycle/forwarding.h"
#include "lifecycle/hosts_file.h"
#include "lifecycle/network.h"
#include "lifecycle/rule_origins.h"
#include "lifecycle/rules.h"
#include "lifecycle/steps.h"
#include "state/network_files.h"

#define NETWORK_TIMEOUT_MS 30000

/* ---- what marks our links in the kernel ---- */

void network_bridge_alias(const char *network, char out[NETWORK_ALIAS_SIZE])
{
	snprintf(out, NETWORK_ALIAS_SIZE, "cman:network:%s", network);
}

void network_link_alias(const char *container, const char *interface, char out[NETWORK_ALIAS_SIZE])
{
	snprintf(out, NETWORK_ALIAS_SIZE, "cman:%s:%s", container, interface);
}

/* ---- network ---- */

struct network_record network_record_of(const struct network *network)
{
	struct network_record record = {
		.name = xstrdup(network->name),
		.bridge = xstrdup(network->bridge),
		.subnet = network->subnet,
		.gateway = network->gateway,
		.prefix = network->prefix,
		.subnet6 = network->subnet6,
		.gateway6 = network->gateway6,
		.prefix6 = network->prefix6,
		.mtu = network->mtu,
		.nat = network->nat == SETTING_YES,
		.internal = network->internal,
		.icc = network->icc,
		.own = network_is_own(network),
	};

	memcpy(record.uplink, network->uplink, sizeof(record.uplink));
	process_boot_id(record.boot_id, NULL);
	return record;
}

static bool is_unchanged(const struct network_record *up, const struct network *wanted)
{
	AUTO_CHANGES struct changes changes = {0};

	change_find_network(up, wanted, &changes);
	return changes.count == 0;
}

/* A network that is up keeps its shape until its last container is gone. */
static int check_unchanged(const struct host *host, const struct network_record *up,
			   const struct network *wanted, struct error *err)
{
	if (is_unchanged(up, wanted))
		return 0;
	error_set(err, EBUSY, "network %s is up otherwise than %s says now", up->name,
		  host->manager->file);
	return error_hint(err, "take its %zu container(s) down first, beginning with %s",
			  up->member_count, up->member_count ? up->members[0].container : "none");
}

/*
 * Published ports on 127.0.0.1: martian addresses may be routed to this bridge only. Never without the
 * rules that guard it.
 */
static int route_localnet(const struct host *host, const struct network_record *network,
			  struct error *err)
{
	char knob[64];

	snprintf(knob, sizeof(knob), "net/ipv4/conf/%s/route_localnet", network->bridge);
	return sysctl_write(knob, rules_are_wanted(host) ? "1" : "0", err);
}

int network_make_bridge(struct host *host, const struct network_record *network, struct error *err)
{
	struct netlink *netlink = host_netlink(host, err);
	char alias[NETWORK_ALIAS_SIZE];
	struct bridge bridge = {
		.name = network->bridge,
		.alias = alias,
		.address = network->gateway,
		.prefix = network->prefix,
		.address6 = network->gateway6,
		.prefix6 = network->prefix6,
		.mtu = network->mtu,
		.filtered = network->filtered,
	};

	network_bridge_alias(network->name, alias);
	if (!netlink || netlink_make_bridge(netlink, &bridge, err) < 0)
		return error_wrap(err, "network %s", network->name);
	return route_localnet(host, network, err);
}

/*
 * That of a link which is on it: made when it came, and the kernel is told nothing anew, but for what
 * the manager file decides. Not of one that the rules look into: it may be that only the record says so.
 */
static int keep_bridge(struct host *host, const struct network_record *network, struct error *err)
{
	struct error gone;

	if (!network->filtered && route_localnet(host, network, &gone) == 0)
		return 0;
	return network_make_bridge(host, network, err);
}

static int add_member(const struct host *host, struct network_record *network,
		      const struct container *container, unsigned int index, struct error *err)
{
	const struct spec *spec = container->spec;
	const struct interface *interface = &spec->interfaces[index];
	struct network_member member = {
		.container = container->name,
		.index = index,
		.address = interface->ip,
		.address6 = interface->ip6,
		.nat = interface->nat_set ? interface->nat : network->nat,
		.isolated = interface->isolate == SETTING_YES,
		.own_hosts = hosts_file_is_own(spec, host->manager),
		.ports = interface->ports,
		.port_count = interface->port_count,
	};
	AUTO_STRLIST struct strlist aliases = {0};

	if (strcmp(spec->hostname, spec->name) != 0)
		strlist_add(&aliases, spec->hostname);
	for (size_t i = 0; i < interface->aliases.count; i++)
		strlist_add(&aliases, interface->aliases.items[i]);
	member.aliases = aliases;
	if (egress_note(container, interface, &member, err) < 0)
		return -1;
	rule_origins_of_interface(spec, interface, &member.origins);
	network_record_add(network, &member);
	network_origins_clear(&member.origins);
	strlist_clear(&member.servers);
	return egress_filter(container, interface, network, err);
}

bool network_forwards_ipv6(const struct network_record *network)
{
	return network->own && network->prefix6 && !network->internal;
}

int network_switch_forwarding(struct host *host, const struct network_record *network,
			      struct error *err)
{
	if (!host->manager->manage_forward)
		return 0;
	if (network->own && forwarding_on(host, err) < 0)
		return -1;
	return network_forwards_ipv6(network) ? forwarding6_on(host, err) : 0;
}

static int join_network(struct host *host, struct container *container, unsigned int index,
			bool stays, struct error *err)
{
	const struct network *wanted =
		manager_find_network(host->manager, container->spec->interfaces[index].network);
	AUTO_NETWORK_RECORD struct network_record network = {0};
	int rc = network_record_read(&host->state, wanted->name, &network, err);
	int (*make)(struct host *, const struct network_record *, struct error *) =
		rc > 0 && stays ? keep_bridge : network_make_bridge;

	if (rc < 0) {
		log_warning("%s, making it anew", err->text);
		error_clear(err);
	}
	if (rc <= 0)
		network = network_record_of(wanted);
	else if (check_unchanged(host, &network, wanted, err) < 0)
		return -1;
	/* The same network may stand in another line by now. */
	network_origins_clear(&network.origins);
	rule_origins_of_network(host->manager, wanted, &network.origins);
	/* Written first: whoever finds the bridge finds out whose it is. */
	if (add_member(host, &network, container, index, err) < 0 ||
	    network_record_write(&host->state, &network, err) < 0)
		return error_wrap(err, "network %s", wanted->name);
	/* Also when it is up already: somebody may have taken the bridge away. */
	if (network.own && (make(host, &network, err) < 0 || FAULT("made bridge", "", err) < 0))
		return -1;
	if (network_switch_forwarding(host, &network, err) < 0)
		return -1;
	return hosts_file_make(&host->state, host->manager, &network, err);
}

int network_join(struct host *host, struct container *container, const bool *stays,
		 struct error *err)
{
	AUTO_FD int lock_fd = -1;

	if (container->spec->interface_count == 0)
		return 0;
	lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);
	if (lock_fd < 0)
		return -1;
	for (unsigned int i = 0; i < container->spec->interface_count; i++)
		if (join_network(host, container, i, stays && stays[i], err) < 0)
			return -1;
	return 0;
}

int network_begin(struct host *host, struct container *container, struct error *err)
{
	return network_join(host, container, NULL, err);
}

/* All networks, whatever the record says: a lost record must not leave a member behind. */
int network_undo(struct host *host, struct container *container, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);

	if (lock_fd < 0 || network_record_list(&host->state, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_NETWORK_RECORD struct network_record network = {0};
		int rc = network_record_read(&host->state, names.items[i], &network, err);

		if (rc <= 0) {
			error_clear(err); /* network_commit() removes what is of no use */
			continue;
		}
		if (network_record_drop(&network, container->name) &&
		    network_record_write(&host->state, &network, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- what follows from the network records ---- */

struct network_records {
	struct network_record *items;
	size_t count;
};

static void network_records_clear(struct network_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		network_record_clear(&records->items[i]);
	free(records->items);
}

/* The bridge of a network whose record is lost: what the manager file says, else its name. */
static const char *bridge_by_name(const struct host *host, const char *name)
{
	const struct network *network = manager_find_network(host->manager, name);

	return network ? network->bridge : name;
}

static bool is_kept(const struct host *host, const struct network_record *network)
{
	const struct network *wanted = manager_find_network(host->manager, network->name);

	return network->member_count > 0 ||
	       (host->keep_networks && wanted && is_unchanged(network, wanted));
}

/* Reads all networks that stay; the names of the others go to unused. */
static int read_networks(struct host *host, struct network_records *records, struct strlist *unused,
			 struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	if (network_record_list(&host->state, &names, err) < 0)
		return -1;
	records->items = xalloc(names.count, sizeof(*records->items));
	for (size_t i = 0; i < names.count; i++) {
		AUTO_NETWORK_RECORD struct network_record network = {0};
		int rc = network_record_read(&host->state, names.items[i], &network, err);

		if (rc < 0)
			log_warning("%s, removing the network", err->text);
		if (rc != 1 || !is_kept(host, &network)) {
			strlist_add(unused, names.items[i]);
			continue;
		}
		records->items[records->count++] = network;
		network = (struct network_record){0};
	}
	return 0;
}

static bool has_own(const struct network_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		if (records->items[i].own)
			return true;
	return false;
}

static bool has_ipv6(const struct network_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		if (network_forwards_ipv6(&records->items[i]))
			return true;
	return false;
}

static bool has_way_out(const struct network_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		if (records->items[i].own && !records->items[i].internal)
			return true;
	return false;
}

/* The switches are the administrator's: nothing is said of those that nobody needs. */
static void warn_of_forwarding(const struct network_records *records)
{
	if (has_way_out(records))
		forwarding_warn();
	if (has_ipv6(records))
		forwarding6_warn();
}

/* Removes a network nobody holds any more, or whose record is of no use. */
static int remove_network(struct host *host, const char *name, struct error *err)
{
	AUTO_NETWORK_RECORD struct network_record network = {0};
	struct netlink *netlink = host_netlink(host, err);
	const char *bridge = bridge_by_name(host, name);
	char alias[NETWORK_ALIAS_SIZE];

	if (network_record_read(&host->state, name, &network, NULL) == 1)
		bridge = network.bridge;
	network_bridge_alias(name, alias);
	/* One that is not ours does not carry the alias: it stays. */
	if (!netlink || (*bridge && netlink_remove_link(netlink, bridge, alias, err) < 0))
		return error_wrap(err, "network %s", name);
	if (FAULT("removed bridge", "", err) < 0)
		return -1;
	return network_record_remove(&host->state, name, err);
}

int network_stop_filter(struct host *host, const struct network_record *network, struct error *err)
{
	struct netlink *netlink = host_netlink(host, err);
	char alias[NETWORK_ALIAS_SIZE];

	network_bridge_alias(network->name, alias);
	if (!netlink || netlink_unfilter_bridge(netlink, network->bridge, alias, err) < 0)
		return error_wrap(err, "network %s", network->name);
	return 0;
}

/* The firewall looks into a bridge for as long as somebody on it may not call everything. */
static int stop_filters(struct host *host, struct network_records *records, struct error *err)
{
	for (size_t i = 0; i < records->count; i++) {
		struct network_record *network = &records->items[i];

		if (!network->filtered || network_needs_filter(network))
			continue;
		if (network_stop_filter(host, network, err) < 0)
			return -1;
		network->filtered = false;
		if (network_record_write(&host->state, network, err) < 0)
			return -1;
	}
	return 0;
}

static int commit_networks(struct host *host, bool warn, struct error *err)
{
	AUTO(network_records_clear) struct network_records records = {0};
	AUTO_STRLIST struct strlist unused = {0};
	AUTO_FD int lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);

	if (lock_fd < 0 || read_networks(host, &records, &unused, err) < 0)
		return -1;
	if (hosts_file_update(&host->state, host->manager, records.items, records.count, err) < 0)
		return -1;
	/*
	 * A commit is all or nothing. On the way back from one that failed there is nothing to take
	 * away, and who kept the lock then may keep it still.
	 */
	if (!host->firewall_refused && rules_commit(host, records.items, records.count, err) < 0)
		return -1;
	if (stop_filters(host, &records, err) < 0)
		return -1;
	if (warn)
		rules_warn(host, records.items, records.count);
	if (warn && !host->manager->manage_forward)
		warn_of_forwarding(&records);
	if (FAULT("committed rules", "", err) < 0)
		return -1;
	if ((!has_own(&records) && forwarding_back(host, err) < 0) ||
	    (!has_ipv6(&records) && forwarding6_back(host, err) < 0))
		return -1;
	/* Last: for 20 ms after it the kernel lets nobody else change links or forwarding. */
	for (size_t i = 0; i < unused.count; i++)
		if (remove_network(host, unused.items[i], err) < 0)
			return -1;
	return 0;
}

int network_commit(struct host *host, struct error *err)
{
	return commit_networks(host, false, err);
}

/* ---- name servers that change while containers run ---- */

static int refresh_member(const struct host *host, struct network_member *member, bool *changed,
			  struct error *err)
{
	AUTO_STRLIST struct strlist servers = {0};
	AUTO_FD int run_dir_fd = -1;

	if (!network_member_is_limited(member))
		return 0;
	run_dir_fd = record_open_directory(&host->state, member->container, err);
	if (run_dir_fd < 0 || egress_read_servers(run_dir_fd, &servers, err) < 0)
		/* It comes up, or goes down. */
		return err->code == ENOENT ? (error_clear(err), 0) : -1;
	if (strlist_equal(&servers, &member->servers))
		return 0;
	strlist_copy(&member->servers, &servers);
	*changed = true;
	return 0;
}

static int refresh_network(const struct host *host, const char *name, bool *any, struct error *err)
{
	AUTO_NETWORK_RECORD struct network_record network = {0};
	bool changed = false;
	int rc = network_record_read(&host->state, name, &network, err);

	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < network.member_count; i++)
		if (refresh_member(host, &network.members[i], &changed, err) < 0)
			return error_wrap(err, "%s", network.members[i].container);
	*any |= changed;
	return changed ? network_record_write(&host->state, &network, err) : 0;
}

int network_refresh_servers(struct host *host, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);
	bool any = false;

	if (lock_fd < 0 || network_record_list(&host->state, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (refresh_network(host, names.items[i], &any, err) < 0)
			return -1;
	close_fd(&lock_fd);
	return any ? network_commit(host, err) : 0;
}

int network_up_commit(struct host *host, struct error *err)
{
	return commit_networks(host, true, err);
}
