/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_order.c: depends_on, after and boot.group, for which all containers have to be known. */
#include <string.h>

#include "config/order.h"
#include "config/validate.h"

static struct location place_of(const struct spec *spec, const char *key, const char *name)
{
	const struct strlist *list = strcmp(key, "after") == 0 ? &spec->after : &spec->depends_on;
	AUTO_FREE char *path = NULL;
	size_t i = 0;

	while (i < list->count && strcmp(list->items[i], name) != 0)
		i++;
	path = xprintf("%s[%zu]", key, i);
	return origin_find(&spec->origins, path);
}

static void report_unknown(const struct conf *conf, const struct spec *spec, const char *name,
			   struct diagnostics *diagnostics)
{
	AUTO_FREE const char **names = xalloc(conf->container_count, sizeof(*names));
	AUTO_FREE char *hint = NULL;
	const char *nearest;

	for (size_t i = 0; i < conf->container_count; i++)
		names[i] = conf->containers[i].name;
	nearest = text_nearest(name, names, conf->container_count);
	if (nearest)
		hint = xprintf("did you mean \"%s\"?", nearest);
	diagnostics_add(diagnostics, SEVERITY_ERROR, place_of(spec, "depends_on", name),
			hint ? hint : "what may be missing is named in after, which is order alone",
			"depends_on: there is no container \"%s\"", name);
}

/* order: of all containers. */
static void check_names(const struct conf *conf, const struct spec *spec, const struct order *order,
			struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < spec->depends_on.count; i++) {
		const char *name = spec->depends_on.items[i];

		if (strcmp(name, spec->name) == 0)
			diagnostics_add(diagnostics, SEVERITY_ERROR,
					place_of(spec, "depends_on", name), NULL,
					"depends_on: a container cannot wait for itself");
		else if (order_find(order, name) == ORDER_NEVER)
			report_unknown(conf, spec, name, diagnostics);
	}
	if (strlist_contains(&spec->after, spec->name))
		diagnostics_add(diagnostics, SEVERITY_ERROR, place_of(spec, "after", spec->name), NULL,
				"after: a container cannot wait for itself");
}

/* "web -> db -> web" */
static void check_circle(const struct spec *spec, const struct order *order, size_t node,
			 struct diagnostics *diagnostics)
{
	AUTO(order_edges_clear) struct order_edges circle = {0};
	AUTO_TEXT struct text names = {0};

	/* One that names itself was told already. */
	if (!order_find_circle(order, node, &circle) || circle.count < 2)
		return;
	for (size_t i = 0; i < circle.count; i++)
		text_addf(&names, "%s -> ", order->nodes[circle.items[i]].name);
	text_addf(&names, "%s", spec->name);
	diagnostics_add(diagnostics, SEVERITY_ERROR,
			place_of(spec, "depends_on", order->nodes[circle.items[1]].name),
			"take one of them out of the circle, or make it after, which is order alone",
			"depends_on: these wait for each other: %s", text_value(&names));
}

static void check_refused(const struct spec *spec, const struct order *order, size_t node,
			  struct diagnostics *diagnostics)
{
	const struct order_edges *refused = &order->nodes[node].refused;

	for (size_t i = 0; i < refused->count; i++) {
		const char *name = order->nodes[refused->items[i]].name;

		if (strcmp(name, spec->name) != 0)
			diagnostics_add(diagnostics, SEVERITY_WARNING, place_of(spec, "after", name),
					NULL, "after: %s is not waited for, as it waits for %s", name,
					spec->name);
	}
}

static bool has_order(const struct conf *conf)
{
	for (size_t i = 0; i < conf->container_count; i++)
		if (conf->containers[i].depends_on.count + conf->containers[i].after.count > 0)
			return true;
	return false;
}

static void check_boot_group(const struct conf *conf, struct diagnostics *diagnostics)
{
	const char *group = conf->manager.boot.group;
	AUTO_STRLIST struct strlist groups = {0};
	AUTO_FREE char *hint = NULL;
	const char *nearest;

	for (size_t i = 0; i < conf->container_count; i++)
		for (size_t j = 0; j < conf->containers[i].groups.count; j++)
			strlist_add(&groups, conf->containers[i].groups.items[j]);
	if (strlist_contains(&groups, group))
		return;
	nearest = text_nearest(group, (const char *const *)groups.items, groups.count);
	if (nearest)
		hint = xprintf("did you mean \"%s\"?", nearest);
	diagnostics_add(diagnostics, SEVERITY_WARNING,
			origin_find(&conf->manager.origins, "boot.group"), hint,
			"boot.group: no container is in a group \"%s\"", group);
}

void validate_order(const struct conf *conf, const char *only, struct diagnostics *diagnostics)
{
	AUTO_FREE struct order_item *items = NULL;
	AUTO_ORDER struct order order = {0};

	if (conf->manager.boot.group && !only)
		check_boot_group(conf, diagnostics);
	if (!has_order(conf))
		return;
	items = xalloc(conf->container_count, sizeof(*items));
	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];

		items[i] = (struct order_item){spec->name, &spec->depends_on, &spec->after};
	}
	order_init(&order, items, conf->container_count);
	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];

		if (only && strcmp(spec->name, only) != 0)
			continue;
		diagnostics->container = spec->name;
		check_names(conf, spec, &order, diagnostics);
		check_circle(spec, &order, i, diagnostics);
		check_refused(spec, &order, i, diagnostics);
		diagnostics->container = NULL;
	}
}
