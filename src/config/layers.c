/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/layers.h"

#include <arpa/inet.h>
#include <signal.h>

#include "config/keys.h"
#include "config/origin.h"
#include "config/paths.h"

void spec_set_defaults(struct spec *spec, const char *name)
{
	*spec = (struct spec){
		.name = xstrdup(name),
		.hostname = xstrdup(name),
		.rootfs_size = LIMIT_MAX,
		.working_dir = xstrdup("/"),
		.user = xstrdup("root"),
		.limits = LIMITS_NONE,
		.security = {.no_new_privs = true, .seccomp = xstrdup("default"),
			     .apparmor = xstrdup("unconfined")},
		.restart = {.delay_ms = 1000, .max_delay_ms = 60000},
		.stop_signal = SIGTERM,
		.stop_timeout_ms = 10000,
		.log = LOG_STANDARD,
		.hooks = HOOKS_NONE,
		.ready = READY_USUAL,
		.health = HEALTH_USUAL,
	};
	spec->limits.pids = 512;
	spec_add_default_interface(spec);
}

void spec_add_default_interface(struct spec *spec)
{
	struct interface *interface;

	spec->interfaces =
		xrealloc(spec->interfaces, spec->interface_count + 1, sizeof(*spec->interfaces));
	interface = &spec->interfaces[spec->interface_count];
	*interface = (struct interface){
		.ip_auto = true,
		.mac_auto = true,
		.nat = true,
		.host_access = true,
	};
	snprintf(interface->name, sizeof(interface->name), "eth%zu", spec->interface_count);
	spec->interface_count++;
}

void network_set_defaults(struct network *network, const char *name)
{
	/* Bridge, gateway and pool depend on others: see validate_manager(). */
	*network = (struct network){
		.name = xstrdup(name),
		.subnet.s_addr = htonl(0x0a530000), /* 10.83.0.0 */
		.prefix = 16,
		.icc = true,
		.mtu = 1500,
	};
}

void manager_set_defaults(struct manager *manager)
{
	*manager = (struct manager){
		.conf_dir = xstrdup(PATH_CONF_DIR),
		.state_dir = xstrdup(PATH_STATE_DIR),
		.data_dir = xstrdup(PATH_DATA_DIR),
		.log_dir = xstrdup(PATH_LOG_DIR),
		.cgroup_parent = xstrdup("cman"),
		.firewall_prefix = xstrdup("CMAN"),
		.manage_forward = true,
		.dns_domain = xstrdup("cman"),
		.dns_hosts = true,
		.userns_base = 524288,
		.userns_size = 65536,
		.boot.timeout_ms = 90000,
		.shutdown_timeout_ms = 60000,
	};
	strlist_add(&manager->dns_servers, "host");
	strlist_add(&manager->dns_fallback, "1.1.1.1");
	strlist_add(&manager->dns_fallback, "8.8.8.8");
}

/* The faults of defaults and templates were reported with the manager file. */
static void apply_shared(const struct node *group, const char *layer, struct spec *spec)
{
	struct assignment assignment = {
		.root = &container_keys,
		.origins = &spec->origins,
		.layer = layer,
		.shared = true,
	};

	assign_group(&assignment, &container_keys, group, spec);
}

static void report_unknown_template(struct assignment *assignment, const struct node *templates,
				    const char *name, struct location location)
{
	size_t count = templates ? templates->count : 0;
	AUTO_FREE const char **names = xalloc(count, sizeof(*names));
	AUTO_FREE char *hint = NULL;
	struct node node = {.at = location};
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		names[i] = templates->children[i].name;
	nearest = text_nearest(name, names, count);
	if (nearest)
		hint = xprintf("did you mean \"%s\"?", nearest);
	snprintf(assignment->path, sizeof(assignment->path), "extends");
	assignment_error(assignment, &node,
			 hint ? hint : "templates are declared in the manager file",
			 "there is no template \"%s\"", name);
	assignment->path[0] = '\0';
}

static unsigned int apply_layers(const struct node *manager_root, const struct node *own,
				 const char *name, struct diagnostics *diagnostics,
				 layers_visitor *visit, void *data, struct spec *spec)
{
	const struct node *defaults = node_find(manager_root, "defaults");
	const struct node *templates = node_find(manager_root, "templates");
	const struct node *extends = node_find(own, "extends");
	struct assignment assignment = {
		.root = &container_keys,
		.diagnostics = diagnostics,
		.origins = &spec->origins,
	};

	spec_set_defaults(spec, name);
	origin_set(&spec->origins, "", (struct location){.file = own->at.file}, NULL);
	visit(data, NULL, spec);
	if (defaults)
		apply_shared(defaults, "defaults", spec);
	visit(data, "defaults", spec);
	/* Read before all other keys of the file, as these go on top of what it names. */
	if (extends) {
		AUTO(spec_clear) struct spec scratch = {0};
		struct node group = {
			.type = NODE_GROUP, .children = (struct node *)extends, .count = 1};
		struct assignment quiet = {.root = &container_keys, .origins = &scratch.origins};

		spec_set_defaults(&scratch, name);
		assign_group(&quiet, &container_keys, &group, &scratch);
		for (size_t i = 0; i < scratch.extends.count; i++) {
			const char *wanted = scratch.extends.items[i];
			const struct node *found = node_find(templates, wanted);
			AUTO_FREE char *key = xprintf("extends[%zu]", i);

			if (!found) {
				report_unknown_template(&assignment, templates, wanted,
							origin_find(&scratch.origins, key));
				continue;
			}
			apply_shared(found, found->name, spec);
			visit(data, found->name, spec);
		}
	}
	assign_group(&assignment, &container_keys, own, spec);
	visit(data, NULL, spec);
	return assignment.errors;
}

static void visit_nothing(void *data, const char *layer, const struct spec *spec)
{
	(void)data;
	(void)layer;
	(void)spec;
}

unsigned int layers_apply(const struct node *manager_root, const struct node *own, const char *name,
			  struct diagnostics *diagnostics, struct spec *spec)
{
	return apply_layers(manager_root, own, name, diagnostics, visit_nothing, NULL, spec);
}

void layers_each(const struct node *manager_root, const struct node *own, const char *name,
		 layers_visitor *visit, void *data, struct spec *spec)
{
	apply_layers(manager_root, own, name, NULL, visit, data, spec);
}
