/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/addresses.h"
#include "config/machine.h"
#include "config/layers.h"
#include "config/validate.h"

/* In a network this large or larger the first addresses are left for static ones. */
#define LARGE_PREFIX   16
#define RESERVED_FIRST 256

struct check {
	struct manager *manager;
	struct diagnostics *diagnostics;
};

static struct location network_location(const struct manager *manager,
					const struct network *network, const char *key)
{
	struct location location = origin_find(&network->origins, key);
	AUTO_FREE char *path = xprintf("networks.%s", network->name);

	return location.file ? location : origin_find(&manager->origins, path);
}

static uint32_t first_address(const struct network *network)
{
	return ntohl(network->subnet.s_addr);
}

static uint32_t last_address(const struct network *network)
{
	return first_address(network) | (UINT32_MAX >> network->prefix);
}

static void report(const struct check *check, const struct network *network, const char *key,
		   const char *hint, const char *message)
{
	diagnostics_add(check->diagnostics, SEVERITY_ERROR,
			network_location(check->manager, network, key), hint, "networks.%s%s%s: %s",
			network->name, *key ? "." : "", key, message);
}

/* Gateway and pool must be hosts of the subnet. */
static void check_inside(const struct check *check, const struct network *network, const char *key,
			 struct in_addr address)
{
	AUTO_FREE char *message = NULL, *hint = NULL;
	char subnet[PARSE_TEXT_MAX], text[PARSE_TEXT_MAX], first[PARSE_TEXT_MAX],
		last[PARSE_TEXT_MAX];
	uint32_t value = ntohl(address.s_addr);

	if (value > first_address(network) && value < last_address(network))
		return;
	parse_format_ipv4(network->subnet, subnet);
	parse_format_ipv4(address, text);
	parse_format_ipv4((struct in_addr){htonl(first_address(network) + 1)}, first);
	parse_format_ipv4((struct in_addr){htonl(last_address(network) - 1)}, last);
	message = xprintf("%s is not an address for a host in %s/%u", text, subnet, network->prefix);
	hint = xprintf("%s to %s are", first, last);
	report(check, network, key, hint, message);
}

static bool is_set(const struct network *network, const char *key)
{
	return origin_find(&network->origins, key).line != 0;
}

/* What goes with a bridge of cman's own only. */
static void check_kind(const struct check *check, struct network *network)
{
	const char *whose = network->external ? "the bridge is external" : "it is a macvlan";
	AUTO_FREE char *nat = xprintf("%s: cman does not masquerade there", whose);
	AUTO_FREE char *internal = xprintf("%s: cman does not filter there", whose);
	AUTO_FREE char *icc = xprintf("%s: cman does not part its ports", whose);

	if (network->parent[0] && network->external)
		report(check, network, "external", NULL, "a macvlan has no bridge");
	if (network->parent[0] && is_set(network, "bridge"))
		report(check, network, "bridge", NULL, "a macvlan has no bridge");
	if (network_is_own(network)) {
		if (network->internal && network->nat == SETTING_YES)
			report(check, network, "nat", "there is no way out of it",
			       "the network is internal");
		if (network->internal && network->uplink[0])
			report(check, network, "uplink", "there is no way out of it",
			       "the network is internal");
		return;
	}
	if (!is_set(network, "subnet")) {
		report(check, network, "", "subnet = \"192.168.1.0/24\"; as it is in use there",
		       "the subnet is missing");
		network->prefix = 0;
	}
	if (network->nat == SETTING_YES)
		report(check, network, "nat", NULL, nat);
	if (network->uplink[0])
		report(check, network, "uplink", NULL, nat);
	if (network->internal)
		report(check, network, "internal", NULL, internal);
	if (!network->icc)
		report(check, network, "icc", NULL, icc);
	if (network->isolate)
		report(check, network, "isolate", NULL, icc);
}

static void finish_network(const struct check *check, struct network *network)
{
	const bool own = network_is_own(network);
	uint32_t first, last;

	check_kind(check, network);
	if (network->nat == SETTING_UNSET)
		network->nat = own && !network->internal ? SETTING_YES : SETTING_NO;
	if (network->parent[0])
		network->bridge[0] = '\0';
	else if (network->bridge[0] == '\0' && strlen(network->name) < IFNAMSIZ)
		memcpy(network->bridge, network->name, strlen(network->name) + 1);
	else if (network->bridge[0] == '\0')
		report(check, network, "", "bridge = \"...\"; gives it a name of at most 15 bytes",
		       "the name is too long for its bridge");
	if (network->uplink[0] && strcmp(network->uplink, network->bridge) == 0)
		report(check, network, "uplink", "the link that leads out, or \"auto\"",
		       "it is the network's own bridge");
	if (network->prefix == 0)
		return; /* the subnet had a fault */
	first = first_address(network);
	last = last_address(network);
	if (network->gateway.s_addr == INADDR_ANY && own)
		network->gateway.s_addr = htonl(first + 1);
	else if (network->gateway.s_addr != INADDR_ANY)
		check_inside(check, network, "gateway", network->gateway);
	if (network->pool_last.s_addr == INADDR_ANY) {
		network->pool_first.s_addr =
			htonl(network->prefix <= LARGE_PREFIX ? first + RESERVED_FIRST : first + 1);
		network->pool_last.s_addr = htonl(last - 1);
		return;
	}
	check_inside(check, network, "pool", network->pool_first);
	if (network->pool_last.s_addr != network->pool_first.s_addr)
		check_inside(check, network, "pool", network->pool_last);
}

static void finish_network6(const struct check *check, struct network *network)
{
	const bool gateway_set = !IN6_IS_ADDR_UNSPECIFIED(&network->gateway6);

	if (network->subnet6_auto) {
		addresses_make_subnet6(network->name, &network->subnet6);
		network->prefix6 = 64;
	}
	if (network->prefix == 0)
		return; /* the subnet had a fault */
	if (network->prefix6 == 0) {
		if (gateway_set)
			report(check, network, "gateway6", "subnet6 = \"auto\"; makes one",
			       "there is no subnet6");
		return;
	}
	if (network->mtu < IPV6_MTU_MIN)
		report(check, network, "mtu", NULL, "IPv6 takes 1280 bytes or more");
	/* So that each IPv4 address stands for an IPv6 address: network_map_ip6(). */
	if (128 - network->prefix6 < 32 - network->prefix)
		report(check, network, "subnet6", NULL, "it has room for less than the subnet");
	if (gateway_set && !network_has_ip6(network, &network->gateway6))
		report(check, network, "gateway6", NULL, "it is not on subnet6");
	if (!gateway_set && network->gateway.s_addr != INADDR_ANY)
		network->gateway6 = network_map_ip6(network, network->gateway);
}

static void check_overlaps6(const struct check *check)
{
	const struct manager *manager = check->manager;

	for (size_t i = 0; i < manager->network_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct network *one = &manager->networks[i], *other = &manager->networks[j];
			AUTO_FREE char *message =
				xprintf("it overlaps with that of networks.%s (line %u)", other->name,
					network_location(manager, other, "subnet6").line);

			if (one->prefix6 && other->prefix6 &&
			    (network_has_ip6(one, &other->subnet6) ||
			     network_has_ip6(other, &one->subnet6)))
				report(check, one, "subnet6", NULL, message);
		}
	}
}

static int compare_subnets(const void *a, const void *b)
{
	const struct network *one = *(struct network *const *)a,
			     *other = *(struct network *const *)b;
	uint32_t first = first_address(one), second = first_address(other);

	if (first != second)
		return first < second ? -1 : 1;
	return one < other ? -1 : one > other;
}

/* Two subnets overlap only if one holds the other: sorted, the larger one comes right before. */
static void check_overlaps(const struct check *check)
{
	size_t count = 0;
	AUTO_FREE struct network **sorted = xalloc(check->manager->network_count, sizeof(void *));
	const struct network *widest = NULL;

	for (size_t i = 0; i < check->manager->network_count; i++)
		if (check->manager->networks[i].prefix > 0)
			sorted[count++] = &check->manager->networks[i];
	qsort(sorted, count, sizeof(void *), compare_subnets);
	for (size_t i = 0; i < count; i++) {
		/* The one written later in the file is the one to blame. */
		const struct network *earlier = widest, *later = sorted[i];
		char subnet[PARSE_TEXT_MAX], other[PARSE_TEXT_MAX];
		AUTO_FREE char *message = NULL;

		if (!widest || first_address(sorted[i]) > last_address(widest)) {
			widest = sorted[i];
			continue;
		}
		if (earlier > later) {
			earlier = sorted[i];
			later = widest;
		}
		parse_format_ipv4(later->subnet, subnet);
		parse_format_ipv4(earlier->subnet, other);
		message = xprintf("%s/%u overlaps with %s/%u of networks.%s (line %u)", subnet,
				  later->prefix, other, earlier->prefix, earlier->name,
				  network_location(check->manager, earlier, "subnet").line);
		report(check, later, "subnet", "give each network a subnet of its own", message);
		if (last_address(sorted[i]) > last_address(widest))
			widest = sorted[i];
	}
}

static int compare_bridges(const void *a, const void *b)
{
	const struct network *one = *(struct network *const *)a,
			     *other = *(struct network *const *)b;
	int order = strcmp(one->bridge, other->bridge);

	return order ? order : one < other ? -1 : one > other;
}

static void check_bridges(const struct check *check)
{
	size_t count = check->manager->network_count;
	AUTO_FREE struct network **sorted = xalloc(count, sizeof(void *));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &check->manager->networks[i];
	qsort(sorted, count, sizeof(void *), compare_bridges);
	for (size_t i = 1; i < count; i++) {
		AUTO_FREE char *message = NULL;

		if (strcmp(sorted[i]->bridge, sorted[i - 1]->bridge) != 0 || !sorted[i]->bridge[0])
			continue;
		message = xprintf("\"%s\" is the bridge of networks.%s (line %u) already",
				  sorted[i]->bridge, sorted[i - 1]->name,
				  network_location(check->manager, sorted[i - 1], "bridge").line);
		report(check, sorted[i], "bridge", NULL, message);
	}
}

/* Without rules there is no NAT: it is no default then, and asked for it is a fault. */
static void check_rules(const struct check *check, struct network *network)
{
	static const char hint[] = "rules of your own, or another firewall.backend";

	if (check->manager->firewall_backend != FIREWALL_NONE)
		return;
	if (network->nat == SETTING_YES && is_set(network, "nat"))
		report(check, network, "nat",
		       "nat = false; and rules of your own, or another firewall.backend",
		       "there is no NAT with firewall.backend = \"none\"");
	network->nat = SETTING_NO;
	if (network->uplink[0])
		report(check, network, "uplink", hint,
		       "there is no NAT with firewall.backend = \"none\"");
	if (network->internal)
		report(check, network, "internal", hint,
		       "nothing is filtered with firewall.backend = \"none\"");
	if (!network->icc)
		report(check, network, "icc", hint,
		       "nothing is filtered with firewall.backend = \"none\"");
	if (network->isolate)
		report(check, network, "isolate", hint,
		       "nothing is filtered with firewall.backend = \"none\"");
}

/* What keeps containers in or apart stands in a chain that nothing leads to then. */
static void warn_of_forward(const struct check *check, const struct network *network)
{
	const struct manager *manager = check->manager;
	const char *key = network->internal ? "internal" : "icc";
	AUTO_FREE char *hint =
		manager->firewall_backend == FIREWALL_NFTABLES
			? xstrdup("rules of your own in the hook forward")
			: xprintf("with iptables: iptables-legacy -I FORWARD -j %s-FWD; with "
				  "nftables rules of your own",
				  manager->firewall_prefix);

	if (manager->manage_forward || manager->firewall_backend == FIREWALL_NONE ||
	    (!network->internal && network->icc))
		return;
	diagnostics_add(check->diagnostics, SEVERITY_WARNING,
			network_location(manager, network, key), hint,
			"networks.%s.%s: left to you by firewall.manage_forward = false",
			network->name, key);
}

static void add_default_network(struct manager *manager)
{
	manager->networks = xalloc(1, sizeof(*manager->networks));
	manager->network_count = 1;
	network_set_defaults(manager->networks, "cman0");
}

static void check_conf_dir(const struct check *check)
{
	const char *path = check->manager->conf_dir;
	struct location at = origin_find(&check->manager->origins, "conf_dir");
	AUTO_FREE char *hint = NULL;
	struct error err;
	struct stat st;

	if (stat(path, &st) < 0) {
		int code = errno;

		hint = code == ENOENT ? xprintf("make it with: mkdir -p %s", path) : NULL;
		diagnostics_add(check->diagnostics, SEVERITY_ERROR, at, hint, "conf_dir: %s: %s",
				path, strerror(code));
	} else if (!S_ISDIR(st.st_mode)) {
		diagnostics_add(check->diagnostics, SEVERITY_ERROR, at, NULL,
				"conf_dir: %s is not a directory", path);
	} else if (machine_get()->check_trusted(path, &err) < 0) {
		diagnostics_add(check->diagnostics, SEVERITY_ERROR, at, err.hint, "conf_dir: %s",
				err.text);
	}
}

static void check_user_ids(const struct check *check)
{
	uint32_t base = check->manager->userns_base, size = check->manager->userns_size;
	AUTO_FREE char *hint = NULL;

	if (base % size == 0 && (uint64_t)base + size <= UINT32_MAX)
		return;
	hint = xprintf("%u would be one", base / size > 1 ? base / size * size - size : size);
	diagnostics_add(check->diagnostics, SEVERITY_ERROR,
			origin_find(&check->manager->origins, "userns.base"), hint,
			"userns.base: %u is not a multiple of userns.size, %u, below 2^32", base,
			size);
}

void validate_manager(struct manager *manager, struct diagnostics *diagnostics)
{
	struct check check = {manager, diagnostics};

	if (manager->network_count == 0)
		add_default_network(manager);
	for (size_t i = 0; i < manager->network_count; i++) {
		finish_network(&check, &manager->networks[i]);
		finish_network6(&check, &manager->networks[i]);
		check_rules(&check, &manager->networks[i]);
		warn_of_forward(&check, &manager->networks[i]);
	}
	check_overlaps(&check);
	check_overlaps6(&check);
	check_bridges(&check);
	check_user_ids(&check);
	check_conf_dir(&check);
}
