/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/rules.h"

#include <string.h>

#include "base/fs.h"
#include "kernel/firewall.h"

#define FIREWALL_TIMEOUT_MS 10000
#define PREFIX_FILE         "firewall_prefix" /* in the state directory: that of the rules in force */

struct rules {
	struct firewall_network *networks;
	struct firewall_forward *forwards;
	struct firewall_exception *exceptions;
	size_t network_count, forward_count, exception_count;
};

static void rules_clear(struct rules *rules)
{
	free(rules->networks);
	free(rules->forwards);
	free(rules->exceptions);
}

static struct firewall_forward forward_of(const struct network_record *network,
					  const struct network_member *member,
					  const struct port_forward *port)
{
	return (struct firewall_forward){
		.container = member->container,
		.bridge = network->bridge,
		.address = member->address,
		.host_address = port->host_address,
		.host_first = port->host_first,
		.host_last = port->host_last,
		.container_first = port->container_first,
		.container_last = port->container_last,
		.protocol = port->protocol,
	};
}

static void add_rules(struct rules *rules, const struct network_record *network)
{
	rules->networks[rules->network_count++] = (struct firewall_network){
		.bridge = network->bridge,
		.subnet = network->subnet,
		.prefix = network->prefix,
		.nat = network->nat,
		.internal = network->internal,
		.icc = network->icc,
	};
	for (size_t i = 0; i < network->member_count; i++) {
		const struct network_member *member = &network->members[i];

		for (size_t j = 0; j < member->port_count; j++)
			rules->forwards[rules->forward_count++] =
				forward_of(network, member, &member->ports[j]);
		if (member->nat != network->nat)
			rules->exceptions[rules->exception_count++] = (struct firewall_exception){
				.container = member->container,
				.address = member->address,
				.nat = member->nat,
			};
	}
}

/* The chains' prefix is part of what is in the kernel: rules of an earlier one are taken away. */
static int change_prefix(struct host *host, bool any, struct error *err)
{
	const char *prefix = host->manager->firewall_prefix;
	char before[64];
	struct firewall_set nothing = {.backend = FIREWALL_IPTABLES, .prefix = before};

	if (fs_exists_at(host->state.dir_fd, PREFIX_FILE)) {
		if (fs_read_line_at(host->state.dir_fd, PREFIX_FILE, before, sizeof(before), err) < 0)
			return -1;
		if (strcmp(before, prefix) == 0 && any)
			return 0;
		if (strcmp(before, prefix) != 0 && firewall_commit(&nothing, err) < 0)
			return -1;
	}
	if (!any)
		return fs_remove_at(host->state.dir_fd, PREFIX_FILE, err);
	return fs_replace_at(host->state.dir_fd, PREFIX_FILE, prefix, strlen(prefix), 0600, err);
}

int rules_commit(struct host *host, const struct network_record *networks, size_t count,
		 struct error *err)
{
	AUTO(rules_clear) struct rules rules = {0};
	struct firewall_set set = {.backend = FIREWALL_IPTABLES,
				   .prefix = host->manager->firewall_prefix};
	AUTO_FD int lock_fd = -1;
	size_t forwards = 0, members = 0, own = 0;

	for (size_t i = 0; i < count; i++) {
		own += networks[i].own;
		members += networks[i].member_count;
		for (size_t j = 0; j < networks[i].member_count; j++)
			forwards += networks[i].members[j].port_count;
	}
	rules.networks = xalloc(count, sizeof(*rules.networks));
	rules.forwards = xalloc(forwards, sizeof(*rules.forwards));
	rules.exceptions = xalloc(members, sizeof(*rules.exceptions));
	for (size_t i = 0; i < count; i++)
		if (networks[i].own)
			add_rules(&rules, &networks[i]);
	set.networks = rules.networks;
	set.network_count = rules.network_count;
	set.forwards = rules.forwards;
	set.forward_count = rules.forward_count;
	set.exceptions = rules.exceptions;
	set.exception_count = rules.exception_count;
	lock_fd = firewall_lock(FIREWALL_TIMEOUT_MS, err);
	if (lock_fd >= 0 && change_prefix(host, own > 0, err) == 0 &&
	    firewall_commit(&set, err) == 0)
		return 0;
	host->firewall_refused = true;
	return error_wrap(err, "firewall");
}
