/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/spec.h"

#include <arpa/inet.h>
#include <string.h>

#include "config/egress.h"
#include "config/marks.h"
#include "config/origin.h"

const char *const firewall_backend_names[FIREWALL_BACKEND_COUNT] = {
	[FIREWALL_AUTO] = "auto",
	[FIREWALL_IPTABLES] = "iptables",
	[FIREWALL_NFTABLES] = "nftables",
	[FIREWALL_NONE] = "none",
};

#define ORIGINS_STEP 32

struct location origin_find(const struct origins *origins, const char *key)
{
	struct location nearest = {0};
	size_t nearest_length = 0;

	for (size_t i = 0; i < origins->count; i++) {
		const struct origin *origin = &origins->items[i];
		size_t length = strlen(origin->key);

		if (length < nearest_length || strncmp(origin->key, key, length) != 0)
			continue;
		if (key[length] == '\0')
			return origin->location;
		if (length == 0 || key[length] == '.' || key[length] == '[') {
			nearest = origin->location;
			nearest_length = length;
		}
	}
	return nearest;
}

void origin_set(struct origins *origins, const char *key, struct location location,
		const char *layer)
{
	struct origin *origin = NULL;

	for (size_t i = 0; i < origins->count && !origin; i++)
		if (strcmp(origins->items[i].key, key) == 0)
			origin = &origins->items[i];
	if (!origin) {
		/* Capacity is a multiple of ORIGINS_STEP. */
		if (origins->count % ORIGINS_STEP == 0)
			origins->items = xrealloc(origins->items, origins->count + ORIGINS_STEP,
						  sizeof(*origins->items));
		origin = &origins->items[origins->count++];
		*origin = (struct origin){.key = xstrdup(key)};
	}
	origin->location = location;
	free(origin->layer);
	origin->layer = layer ? xstrdup(layer) : NULL;
}

void origin_remove_elements(struct origins *origins, const char *key)
{
	size_t kept = 0, length = strlen(key);

	for (size_t i = 0; i < origins->count; i++) {
		struct origin *origin = &origins->items[i];

		if (strncmp(origin->key, key, length) == 0 && origin->key[length] == '[') {
			free(origin->key);
			free(origin->layer);
		} else {
			origins->items[kept++] = *origin;
		}
	}
	/* The capacity follows from the count: shrink with it. */
	if (kept < origins->count)
		origins->items = xrealloc(origins->items,
					  (kept + ORIGINS_STEP - 1) / ORIGINS_STEP * ORIGINS_STEP,
					  sizeof(*origins->items));
	origins->count = kept;
}

static void origins_clear(struct origins *origins)
{
	for (size_t i = 0; i < origins->count; i++) {
		free(origins->items[i].key);
		free(origins->items[i].layer);
	}
	free(origins->items);
	*origins = (struct origins){0};
}

void mount_clear(struct mount *mount)
{
	free(mount->source);
	free(mount->target);
	*mount = (struct mount){0};
}

void spec_clear_mounts(struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		mount_clear(&spec->mounts[i]);
	free(spec->mounts);
	spec->mounts = NULL;
	spec->mount_count = 0;
}

void spec_clear_interfaces(struct spec *spec)
{
	for (size_t i = 0; i < spec->interface_count; i++) {
		free(spec->interfaces[i].network);
		strlist_clear(&spec->interfaces[i].aliases);
		free(spec->interfaces[i].ports);
		free(spec->interfaces[i].routes);
		egress_clear(&spec->interfaces[i].egress);
	}
	free(spec->interfaces);
	spec->interfaces = NULL;
	spec->interface_count = 0;
	spec->interfaces_listed = false;
	spec->host_network = false;
}

const char *spec_interface_key(const struct spec *spec, const struct interface *interface,
			       const char *member, char out[INTERFACE_KEY_MAX])
{
	size_t index = (size_t)(interface - spec->interfaces);

	if (spec->interfaces_listed)
		snprintf(out, INTERFACE_KEY_MAX, "net[%zu].%s", index, member);
	else
		snprintf(out, INTERFACE_KEY_MAX, "net.%s", member);
	return out;
}

void security_clear_devices(struct security *security)
{
	for (size_t i = 0; i < security->device_count; i++)
		free(security->devices[i].path);
	free(security->devices);
	security->devices = NULL;
	security->device_count = 0;
}

void limits_clear(struct limits *limits)
{
	free(limits->cpuset);
	free(limits->mems);
	for (size_t i = 0; i < limits->io_count; i++)
		free(limits->io[i].device);
	free(limits->io);
	free(limits->ulimits);
	strlist_clear(&limits->raw);
	*limits = (struct limits)LIMITS_NONE;
}

void spec_clear(struct spec *spec)
{
	free(spec->name);
	free(spec->file);
	strlist_clear(&spec->extends);
	free(spec->description);
	strlist_clear(&spec->labels);
	free(spec->rootfs);
	free(spec->rootfs_real);
	free(spec->rootfs_upper);
	spec_clear_mounts(spec);
	free(spec->hostname);
	free(spec->domainname);
	strlist_clear(&spec->command);
	strlist_clear(&spec->environment);
	strlist_clear(&spec->environment_copied);
	free(spec->working_dir);
	free(spec->user);
	strlist_clear(&spec->supplementary_groups);
	limits_clear(&spec->limits);
	spec_clear_interfaces(spec);
	strlist_clear(&spec->dns);
	strlist_clear(&spec->dns_search);
	strlist_clear(&spec->dns_options);
	for (size_t i = 0; i < spec->extra_host_count; i++) {
		free(spec->extra_hosts[i].name);
		free(spec->extra_hosts[i].address);
	}
	free(spec->extra_hosts);
	strlist_clear(&spec->security.cap_drop);
	strlist_clear(&spec->security.cap_add);
	free(spec->security.seccomp);
	free(spec->security.calls);
	free(spec->security.apparmor);
	strlist_clear(&spec->hooks.pre_start);
	strlist_clear(&spec->hooks.post_start);
	strlist_clear(&spec->hooks.pre_stop);
	strlist_clear(&spec->hooks.post_stop);
	strlist_clear(&spec->security.masked_paths);
	strlist_clear(&spec->security.readonly_paths);
	strlist_clear(&spec->security.sysctls);
	security_clear_devices(&spec->security);
	strlist_clear(&spec->depends_on);
	strlist_clear(&spec->after);
	strlist_clear(&spec->groups);
	strlist_clear(&spec->ready.command);
	free(spec->ready.file);
	strlist_clear(&spec->health.command);
	strlist_clear(&spec->sources);
	origins_clear(&spec->origins);
	*spec = (struct spec){0};
}

enum ready_kind ready_kind(const struct ready *ready)
{
	if (ready->port)
		return READY_PORT;
	if (ready->command.count > 0)
		return READY_COMMAND;
	if (ready->file)
		return READY_FILE;
	return ready->notify ? READY_NOTIFY : READY_NONE;
}

void spec_list_marks(const struct spec *spec, struct strlist *marks)
{
	const bool has[MARKS_OF_SPEC] = {
		[MARK_PRIVILEGED] = spec->security.privileged,
		[MARK_HOST_IDS] = spec->security.userns.mode == USERNS_NONE,
		[MARK_HOST_NET] = spec->host_network,
	};

	for (size_t i = 0; i < ARRAY_SIZE(has); i++)
		if (has[i])
			strlist_add(marks, mark_names[i]);
}

char *spec_upper(const struct spec *spec, const struct manager *manager)
{
	if (spec->rootfs_upper)
		return xstrdup(spec->rootfs_upper);
	return xprintf("%s/overlays/%s", manager->data_dir, spec->name);
}

void network_clear(struct network *network)
{
	free(network->name);
	origins_clear(&network->origins);
	*network = (struct network){0};
}

void manager_clear(struct manager *manager)
{
	free(manager->file);
	free(manager->conf_dir);
	free(manager->state_dir);
	free(manager->data_dir);
	free(manager->log_dir);
	free(manager->cgroup_parent);
	free(manager->firewall_prefix);
	strlist_clear(&manager->dns_servers);
	strlist_clear(&manager->dns_fallback);
	strlist_clear(&manager->dns_search);
	free(manager->dns_domain);
	free(manager->boot.group);
	for (size_t i = 0; i < manager->network_count; i++)
		network_clear(&manager->networks[i]);
	free(manager->networks);
	strlist_clear(&manager->sources);
	origins_clear(&manager->origins);
	*manager = (struct manager){0};
}

unsigned int interface_families(const struct interface *interface)
{
	return PORT_IPV4 | (IN6_IS_ADDR_UNSPECIFIED(&interface->ip6) ? 0 : PORT_IPV6);
}

struct in6_addr network_map_ip6(const struct network *network, struct in_addr address)
{
	struct in6_addr mapped = network->subnet6;
	uint32_t host = ntohl(address.s_addr) & (UINT32_MAX >> network->prefix);

	for (size_t i = 0; i < sizeof(host); i++)
		mapped.s6_addr[15 - i] |= (uint8_t)(host >> 8 * i);
	return mapped;
}

bool network_has_ip6(const struct network *network, const struct in6_addr *address)
{
	for (size_t i = 0; i < network->prefix6; i++)
		if ((address->s6_addr[i / 8] ^ network->subnet6.s6_addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

bool network_is_own(const struct network *network)
{
	return !network->external && network->parent[0] == '\0';
}

const struct network *manager_find_network(const struct manager *manager, const char *name)
{
	for (size_t i = 0; i < manager->network_count; i++)
		if (strcmp(manager->networks[i].name, name) == 0)
			return &manager->networks[i];
	return NULL;
}
