/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/precheck.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/parse.h"
#include "kernel/rootfs.h"
#include "kernel/socket_look.h"
#include "kernel/sysctl.h"
#include "lifecycle/confinement.h"
#include "lifecycle/rules.h"
#include "state/idrange.h"
#include "state/network_files.h"

#define NETWORK_TIMEOUT_MS 30000
#define PROBES_MAX         256 /* of a wider range only those that somebody is seen with */
#define DISABLE_IPV6       "net/ipv6/conf/default/disable_ipv6" /* of links to come */

/* "net.ports (FILE:LINE): reason" */
static int wrap_key(const struct container *container, const char *key, struct error *err)
{
	char where[512];

	return error_wrap(err, "%s%s", key, container_where(container, key, where, sizeof(where)));
}

/* The same about a key of an interface. */
static int wrap_interface(const struct container *container, const struct interface *interface,
			  const char *member, struct error *err)
{
	char key[INTERFACE_KEY_MAX];

	return wrap_key(container, spec_interface_key(container->spec, interface, member, key), err);
}

/* ---- ports ---- */

static int refuse_port(const struct socket_question *question, struct error *err)
{
	const uint8_t protocol = question->protocol;
	const unsigned int port = question->port;
	const char *word = protocol == IPPROTO_TCP ? "tcp" : "udp";
	struct socket_holder holder;

	if (socket_find_holder(question, &holder)) {
		error_set(err, EADDRINUSE, "port %u/%s of the host is taken by %s (process %d)",
			  port, word, holder.name, (int)holder.pid);
		return error_hint(err, "publish another port, or end that process");
	}
	error_set(err, EADDRINUSE, "port %u/%s of the host is taken", port, word);
	return error_hint(err, "publish another port, or find its holder: ss -l%sp sport = :%u",
			  protocol == IPPROTO_TCP ? "tn" : "un", port);
}

/* Binds the port for a moment, as the kernel's own answer to whether it is free. */
static int probe_port(int family, const struct port_forward *forward, uint16_t port,
		      struct error *err)
{
	const struct sockaddr_in name = {
		.sin_family = AF_INET,
		.sin_addr = forward->host_address,
		.sin_port = htons(port),
	};
	const struct sockaddr_in6 name6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = forward->host_address6,
		.sin6_port = htons(port),
	};
	const bool v6 = family == AF_INET6;
	const uint8_t protocol = forward->protocol;
	const struct socket_question question = {protocol, port, family,
						 v6 ? (const void *)&forward->host_address6
						    : &forward->host_address};
	int type = protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM, on = 1;
	AUTO_FD int fd = socket(family, type | SOCK_CLOEXEC, 0);
	char text[PARSE_TEXT_MAX];

	if (fd < 0)
		return error_set(err, errno, "socket");
	/* IPv4 is asked about apart. */
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	/* Connections in TIME_WAIT hold no port; for UDP it would hide a holder. socket(7) */
	if (protocol == IPPROTO_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, v6 ? (const struct sockaddr *)&name6 : (const struct sockaddr *)&name,
		 v6 ? sizeof(name6) : sizeof(name)) == 0)
		return 0;
	if (v6)
		parse_format_ipv6(&forward->host_address6, text);
	else
		parse_format_ipv4(forward->host_address, text);
	if (errno == EADDRINUSE)
		return refuse_port(&question, err);
	if (errno == EADDRNOTAVAIL) {
		error_set(err, EADDRNOTAVAIL, "%s is no address of this host", text);
		return error_hint(err, "see ip address; leave the address out to publish on all");
	}
	return error_set(err, errno, "port %u of %s", port, text);
}

static int check_localhost6(const struct port_forward *forward, struct error *err)
{
	if (!IN6_IS_ADDR_LOOPBACK(&forward->host_address6) || rules_can_answer_localhost6())
		return 0;
	error_set(err, EADDRNOTAVAIL,
		  "no container can answer on ::1 where br_netfilter calls ip6tables");
	return error_hint(err, "set net.bridge.bridge-nf-call-ip6tables = 0, or publish on another "
			       "address");
}

static int probe_forward(const struct interface *interface, const struct port_forward *forward,
			 struct error *err)
{
	const unsigned int families = forward->families & interface_families(interface);
	const bool wide = forward->host_last - forward->host_first >= PROBES_MAX;
	struct socket_ports used;

	if (check_localhost6(forward, err) < 0 ||
	    (wide && socket_list_ports(forward->protocol, &used, err) < 0))
		return -1;
	for (unsigned int port = forward->host_first; port <= forward->host_last; port++) {
		/* The first in any case: that tells whether there is such an address. */
		if (wide && port != forward->host_first && !socket_has_port(&used, (uint16_t)port))
			continue;
		if (((families & PORT_IPV4) &&
		     probe_port(AF_INET, forward, (uint16_t)port, err) < 0) ||
		    ((families & PORT_IPV6) &&
		     probe_port(AF_INET6, forward, (uint16_t)port, err) < 0))
			return -1;
	}
	return 0;
}

static int check_ports(const struct container *container, struct error *err)
{
	for (size_t i = 0; i < container->spec->interface_count; i++) {
		const struct interface *interface = &container->spec->interfaces[i];

		for (size_t j = 0; j < interface->port_count; j++)
			if (probe_forward(interface, &interface->ports[j], err) < 0)
				return wrap_interface(container, interface, "ports", err);
	}
	return 0;
}

/* ---- what running containers hold ---- */

static int refuse_address(const struct container *container, const struct interface *interface,
			  const struct network_member *member, const char *key, const char *address,
			  struct error *err)
{
	error_set(err, EADDRINUSE, "%s is held by the running container %s", address,
		  member->container);
	error_hint(err,
		   "cman down %s, or choose another address; \"cman apply %s %s\" where both "
		   "are to change",
		   member->container, container->name, member->container);
	return wrap_interface(container, interface, key, err);
}

static int check_addresses(const struct container *container, const struct interface *interface,
			   const struct network_member *member, struct error *err)
{
	char text[PARSE_TEXT_MAX];

	if (member->address.s_addr == interface->ip.s_addr) {
		parse_format_ipv4(interface->ip, text);
		return refuse_address(container, interface, member, "ip", text, err);
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&interface->ip6) &&
	    IN6_ARE_ADDR_EQUAL(&member->address6, &interface->ip6)) {
		parse_format_ipv6(&interface->ip6, text);
		return refuse_address(container, interface, member, "ip6", text, err);
	}
	return 0;
}

static int check_member(const struct container *container, const struct interface *interface,
			const struct network_record *network, const struct network_member *member,
			struct error *err)
{
	char text[PARSE_TEXT_MAX];

	if (strcmp(member->container, container->name) == 0)
		return 0;
	if (strcmp(network->name, interface->network) == 0 &&
	    check_addresses(container, interface, member, err) < 0)
		return -1;
	for (size_t i = 0; i < interface->port_count; i++) {
		for (size_t j = 0; j < member->port_count; j++) {
			if (!parse_port_forwards_meet(&interface->ports[i], &member->ports[j],
						      interface_families(interface) &
							      network_member_families(member)))
				continue;
			parse_format_port_forward(&member->ports[j], text);
			error_set(err, EADDRINUSE, "the running container %s publishes %s",
				  member->container, text);
			error_hint(err,
				   "cman down %s, or choose another port; \"cman apply %s %s\" where "
				   "both are to change",
				   member->container, container->name, member->container);
			return wrap_interface(container, interface, "ports", err);
		}
	}
	return 0;
}

static int check_members(const struct container *container, const struct network_record *network,
			 const struct strlist *leaving, struct error *err)
{
	for (size_t i = 0; i < container->spec->interface_count; i++) {
		const struct interface *interface = &container->spec->interfaces[i];

		for (size_t j = 0; j < network->member_count; j++) {
			const struct network_member *member = &network->members[j];

			if (check_member(container, interface, network, member, err) == 0)
				continue;
			if (!strlist_contains(leaving, member->container))
				return -1;
			error_clear(err);
		}
	}
	return 0;
}

/* ---- networks ---- */

static int check_overlap(struct host *host, const struct network *network, int family,
			 const void *subnet, unsigned int prefix, struct error *err)
{
	struct netlink *netlink = host_netlink(host, err);
	char route[256], text[INET6_ADDRSTRLEN];
	int rc;

	if (!netlink)
		return -1;
	rc = netlink_find_overlap(netlink, family, subnet, prefix, network->bridge, route,
				  sizeof(route), err);
	if (rc <= 0)
		return rc;
	inet_ntop(family, subnet, text, sizeof(text));
	error_set(err, EADDRINUSE, "subnet %s/%u of network %s collides with the host's route %s",
		  text, prefix, network->name, route);
	return error_hint(err, "give networks.%s another %s in %s", network->name,
			  family == AF_INET6 ? "subnet6" : "subnet", host->manager->file);
}

static int check_routes(struct host *host, const struct network *network, struct error *err)
{
	if (check_overlap(host, network, AF_INET, &network->subnet, network->prefix, err) < 0)
		return -1;
	return network->prefix6 == 0 ? 0
				     : check_overlap(host, network, AF_INET6, &network->subnet6,
						     network->prefix6, err);
}

static int refuse_ipv6(const struct host *host, const struct network *network, const char *instead,
		       struct error *err)
{
	return error_hint(err, "%stake subnet6 out of networks.%s in %s", instead, network->name,
			  host->manager->file);
}

/* Nothing is switched on that the administrator has switched off. */
static int check_ipv6(const struct host *host, const struct network *network, struct error *err)
{
	/* It loads the module where it is one. */
	AUTO_FD int fd = network->prefix6 ? socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	char value[16];

	if (network->prefix6 == 0)
		return 0;
	if (fd < 0) {
		error_set(err, errno, "network %s has a subnet6, and this kernel no IPv6",
			  network->name);
		return refuse_ipv6(host, network,
				   "start it without ipv6.disable=1, see /proc/cmdline; or ", err);
	}
	if (!network_is_own(network) || sysctl_read(DISABLE_IPV6, value, sizeof(value), NULL) < 0 ||
	    strcmp(value, "0") == 0)
		return 0;
	error_set(err, EACCES,
		  "network %s has a subnet6, and net.ipv6.conf.default.disable_ipv6 = %s keeps "
		  "IPv6 off its bridge",
		  network->name, value);
	return refuse_ipv6(host, network, "sysctl -w net.ipv6.conf.default.disable_ipv6=0; or ",
			   err);
}

/* What the administrator has to have made. */
static int check_foreign(struct host *host, const struct network *network, struct error *err)
{
	struct netlink *netlink = host_netlink(host, err);

	if (!netlink)
		return -1;
	if (network->external && netlink_check_bridge(netlink, network->bridge, err) < 0) {
		error_hint(err,
			   "networks.%s is external: make the bridge first, or take "
			   "\"external\" out",
			   network->name);
		return -1;
	}
	if (network->parent[0] && if_nametoindex(network->parent) == 0) {
		error_set(err, ENODEV, "networks.%s: there is no link %s", network->name,
			  network->parent);
		return error_hint(err, "see: ip link");
	}
	return 0;
}

/* A network that is up has been checked when it came up; its own route is no collision. */
static int check_network(struct host *host, const struct network *network, struct error *err)
{
	AUTO_NETWORK_RECORD struct network_record up = {0};

	if (!network_is_own(network))
		return check_foreign(host, network, err) < 0 ? -1 : check_ipv6(host, network, err);
	if (network_record_read(&host->state, network->name, &up, NULL) == 1)
		return 0;
	return check_ipv6(host, network, err) < 0 ? -1 : check_routes(host, network, err);
}

/* What the file asks for and we cannot give. */
static int check_confinement(const struct container *container, struct error *err)
{
	const char *key;

	if (confinement_check(&container->spec->security, container->name, &key, err) < 0)
		return wrap_key(container, key, err);
	return 0;
}

/* Ids that the file chooses and another container has. */
static int check_ids(const struct host *host, const struct container *container, struct error *err)
{
	const struct userns *userns = &container->spec->security.userns;
	const struct id_range range = {userns->host_first, userns->count};

	if (userns->mode == USERNS_RANGE &&
	    idrange_check(host->manager->data_dir, container->name, &range, err) < 0)
		return wrap_key(container, "security.userns", err);
	return 0;
}

/* Under the lock: else a network that another command takes down looks like one of the host's. */
static int check_networks(struct host *host, const struct container *container,
			  const struct strlist *leaving, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);

	if (lock_fd < 0 || network_record_list(&host->state, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_NETWORK_RECORD struct network_record network = {0};

		if (network_record_read(&host->state, names.items[i], &network, NULL) == 1 &&
		    check_members(container, &network, leaving, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < container->spec->interface_count; i++) {
		const struct network *network =
			manager_find_network(host->manager, container->spec->interfaces[i].network);

		if (check_network(host, network, err) < 0)
			return -1;
	}
	return 0;
}

int precheck_network(struct host *host, const struct container *container,
		     const struct strlist *leaving, struct error *err)
{
	return check_networks(host, container, leaving, err) < 0 ? -1 : check_ports(container, err);
}

int precheck_container(struct host *host, const struct container *container,
		       const struct strlist *leaving, struct error *err)
{
	if (rootfs_check(container->spec->rootfs, err) < 0)
		return wrap_key(container, "rootfs", err);
	if (check_confinement(container, err) < 0 || check_ids(host, container, err) < 0)
		return -1;
	return precheck_network(host, container, leaving, err);
}
