/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/compare.h"

#include <string.h>

#include "config/values.h"

/* A comparison under way. */
struct comparison {
	const struct spec *recorded, *wanted;
	const struct manager *manager;
	const struct interface *interface; /* the wanted one whose keys are compared, or NULL */
	struct changes *changes;
};

void changes_add(struct changes *changes, struct change change)
{
	changes->items = xrealloc(changes->items, changes->count + 1, sizeof(change));
	changes->items[changes->count++] = change;
}

void changes_clear(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].key);
		free(changes->items[i].element);
		free(changes->items[i].old_value);
		free(changes->items[i].new_value);
		free(changes->items[i].layer);
	}
	free(changes->items);
	*changes = (struct changes){0};
}

const char *change_class_name(enum change_class class)
{
	static const char *const names[] = {
		[CHANGE_LIVE] = "live",
		[CHANGE_ATTACH] = "re-attach",
		[CHANGE_RESTART] = "restart",
		[CHANGE_NONE] = "none",
	};

	return names[class];
}

enum change_class changes_hardest(const struct changes *changes)
{
	enum change_class hardest = CHANGE_NONE;

	for (size_t i = 0; i < changes->count; i++) {
		enum change_class class = changes->items[i].class;

		if (class != CHANGE_NONE && (hardest == CHANGE_NONE || class > hardest))
			hardest = class;
	}
	return hardest;
}

/* ---- where the new value stands ---- */

static const struct origin *find_origin(const struct origins *origins, const char *key,
					size_t length)
{
	for (size_t i = 0; i < origins->count; i++)
		if (strncmp(origins->items[i].key, key, length) == 0 &&
		    origins->items[i].key[length] == '\0')
			return &origins->items[i];
	return NULL;
}

/*
 * The key itself; else the element of a list it is in, which stands for what it leaves out, or the
 * string that rootfs may be. Another group around it says nothing of it.
 */
static const struct origin *find_in_file(const struct origins *origins, const char *key)
{
	const struct origin *origin = find_origin(origins, key, strlen(key));

	for (size_t length = strlen(key); !origin && length > 0; length--)
		if (key[length - 1] == ']')
			origin = find_origin(origins, key, length);
	if (!origin && text_starts_with(key, "rootfs."))
		origin = find_origin(origins, "rootfs", strlen("rootfs"));
	return origin;
}

/* Keys that a container takes from the manager file where its own does not have them. */
static const struct {
	const char *key;     /* of a container, of interfaces behind "net" */
	const char *network; /* of its network; NULL: another one of the manager file */
	const char *manager;
} inherited[] = {
	{"mtu", "mtu", NULL},         {"nat", "nat", NULL},
	{"isolate", "isolate", NULL}, {"ip", "pool", NULL},
	{"ip", "subnet", NULL},       {"ip6", "subnet6", NULL},
	{"dns", NULL, "dns.servers"}, {"dns_search", NULL, "dns.search"},
	{"network", NULL, "networks"},
};

static const struct origin *find_in_manager(const struct manager *manager,
					    const struct interface *interface, const char *key)
{
	const struct network *network =
		interface ? manager_find_network(manager, interface->network) : NULL;
	const char *dot = strrchr(key, '.'), *name = interface && dot ? dot + 1 : key;
	const struct origin *origin = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(inherited) && !origin; i++) {
		const char *from = inherited[i].manager, *of_network = inherited[i].network;

		if (strcmp(inherited[i].key, name) != 0)
			continue;
		if (from)
			origin = find_origin(&manager->origins, from, strlen(from));
		else if (network)
			origin = find_origin(&network->origins, of_network, strlen(of_network));
	}
	return origin;
}

void spec_find_place(const struct spec *spec, const struct manager *manager,
		     const struct interface *interface, const char *key, struct location *at,
		     char **layer)
{
	const struct origin *origin = find_in_file(&spec->origins, key);
	const char *name = origin ? origin->layer : NULL;

	*at = (struct location){.line = 0};
	*layer = NULL;
	if (!origin) {
		origin = find_in_manager(manager, interface, key);
		name = origin ? "container.conf" : NULL;
	}
	if (!origin)
		return;
	*at = origin->location;
	*layer = name ? xstrdup(name) : NULL;
}

static void set_place(const struct comparison *comparison, struct change *change)
{
	spec_find_place(comparison->wanted, comparison->manager, comparison->interface, change->key,
			&change->at, &change->layer);
}

/* ---- values ---- */

/* As it stands in a file; NULL: there is none. */
static char *print_value(const struct key *key, const void *object)
{
	struct text out = {0};

	if (object && key->type->print((const char *)object + key->offset, true, &out))
		return out.data ? out.data : xstrdup("");
	text_clear(&out);
	return NULL;
}

static bool has_variable(const struct spec *spec, const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 0; i < spec->environment.count; i++)
		if (strncmp(spec->environment.items[i], name, length) == 0 &&
		    spec->environment.items[i][length] == '=')
			return true;
	return false;
}

/*
 * Of the variables that the file only names no value: they have those of who starts it. And those not at all
 * that who asks does not have.
 */
static void list_own_variables(const struct spec *spec, const struct spec *wanted, struct strlist *out)
{
	for (size_t i = 0; i < spec->environment.count; i++) {
		const char *variable = spec->environment.items[i];
		AUTO_FREE char *name =
			xprintf("%.*s", (int)strcspn(variable, "="), variable);

		if (!strlist_contains(&wanted->environment_copied, name))
			strlist_add(out, variable);
		else if (has_variable(wanted, name))
			strlist_add(out, name);
	}
}

static bool has_same_environment(const struct comparison *comparison)
{
	AUTO_STRLIST struct strlist recorded = {0}, wanted = {0};

	list_own_variables(comparison->recorded, comparison->wanted, &recorded);
	list_own_variables(comparison->wanted, comparison->wanted, &wanted);
	return strlist_equal(&recorded, &wanted);
}

/* The name of both: "net/core/somaxconn=" of "net/core/somaxconn=1024". */
static bool is_same_sysctl(const char *one, const char *other)
{
	const size_t length = strcspn(one, "=") + 1;

	return strncmp(one, other, length) == 0;
}

/* Whether each of those is in the other list: one of net with any value, others as they are. */
static bool has_all_sysctls(const struct strlist *list, const struct strlist *other, bool all)
{
	for (size_t i = 0; i < list->count; i++) {
		const bool of_net = text_starts_with(list->items[i], "net/");
		bool found = of_net && !all;

		for (size_t j = 0; j < other->count && !found; j++)
			found = of_net ? is_same_sysctl(list->items[i], other->items[j])
				       : strcmp(list->items[i], other->items[j]) == 0;
		if (!found)
			return false;
	}
	return true;
}

/*
 * Those of IPC are init's to set, before the payload. What one of net was before it was in the list
 * nobody has noted: one that leaves it needs a restart.
 */
static enum change_class class_of(const struct key *key, const void *recorded, const void *wanted)
{
	const void *before = (const char *)recorded + key->offset;
	const void *after = (const char *)wanted + key->offset;

	if (key->type == &type_sysctls &&
	    (!has_all_sysctls(before, after, true) || !has_all_sysctls(after, before, false)))
		return CHANGE_RESTART;
	return key->change;
}

static void compare_value(const struct comparison *comparison, const struct key *key,
			  const char *path, const char *element, const void *recorded,
			  const void *wanted)
{
	AUTO_FREE char *old_value = print_value(key, recorded);
	AUTO_FREE char *new_value = print_value(key, wanted);
	struct change change = {.class = class_of(key, recorded, wanted)};

	if (text_equal(old_value, new_value) ||
	    (key->type == &type_environment && has_same_environment(comparison)))
		return;
	change.key = xstrdup(path);
	change.element = element ? xstrdup(element) : NULL;
	change.old_value = take_pointer(&old_value);
	change.new_value = take_pointer(&new_value);
	set_place(comparison, &change);
	changes_add(comparison->changes, change);
}

/* ---- groups and lists of groups ---- */

static void compare_elements(struct comparison *comparison, const struct key *key, const char *path,
			     const void *recorded, const void *wanted);

static void compare_table(struct comparison *comparison, const struct key_table *table,
			  const char *prefix, const char *element, const void *recorded,
			  const void *wanted)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		const char *recorded_field = (const char *)recorded + key->offset;
		const char *wanted_field = (const char *)wanted + key->offset;
		AUTO_FREE char *path = xprintf("%s%s%s", prefix, *prefix ? "." : "", key->name);

		if (key->elements)
			compare_elements(comparison, key, path, recorded_field, wanted_field);
		else if (key->members)
			compare_table(comparison, key->members, path, element, recorded_field,
				      wanted_field);
		else if (key->type->print) /* extends has none: what it names was merged */
			compare_value(comparison, key, path, element, recorded, wanted);
	}
}

/* "{ path = "/dev/fuse"; }": what is not the default. */
static void print_members(const struct key_table *table, const void *object, struct text *out)
{
	text_addf(out, "{");
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		AUTO_TEXT struct text group = {0};
		AUTO_FREE char *value = NULL;

		if (key->members) {
			print_members(key->members, (const char *)object + key->offset, &group);
			if (strcmp(group.data, "{ }") != 0)
				text_addf(out, " %s : %s;", key->name, group.data);
			continue;
		}
		value = print_value(key, object);
		if (value && !text_equal(value, key->default_text))
			text_addf(out, " %s = %s;", key->name, value);
	}
	text_addf(out, " }");
}

/* How elements of two lists belong together: by name, else, where both are left over, by place. */
struct pairing {
	const struct key_elements *elements;
	const void *recorded, *wanted;
	size_t recorded_count, wanted_count;
	size_t *partner_of_wanted; /* SIZE_MAX: none */
	bool *is_taken;            /* of the recorded ones */
};

static void pair(struct pairing *pairing, size_t recorded, size_t wanted)
{
	pairing->partner_of_wanted[wanted] = recorded;
	pairing->is_taken[recorded] = true;
}

static void pair_elements(struct pairing *pairing)
{
	const struct key_elements *elements = pairing->elements;

	for (size_t i = 0; i < pairing->wanted_count; i++) {
		const char *name = elements->name(elements->get(pairing->wanted, i));

		pairing->partner_of_wanted[i] = SIZE_MAX;
		for (size_t j = 0; j < pairing->recorded_count; j++) {
			const void *other = elements->get(pairing->recorded, j);

			if (pairing->is_taken[j] || strcmp(elements->name(other), name) != 0)
				continue;
			pair(pairing, j, i);
			break;
		}
	}
	for (size_t i = 0; i < pairing->wanted_count && i < pairing->recorded_count; i++)
		if (pairing->partner_of_wanted[i] == SIZE_MAX && !pairing->is_taken[i])
			pair(pairing, i, i);
}

/* Whether those that stay stand in another order than before. */
static bool is_reordered(const struct pairing *pairing)
{
	size_t last = 0;

	for (size_t i = 0; i < pairing->wanted_count; i++) {
		size_t partner = pairing->partner_of_wanted[i];

		if (partner == SIZE_MAX)
			continue;
		if (partner < last)
			return true;
		last = partner;
	}
	return false;
}

/* "web, db": the names of a list in their order. */
static char *print_names(const struct key_elements *elements, const void *field, size_t count)
{
	struct text out = {0};

	text_addf(&out, "order:");
	for (size_t i = 0; i < count; i++)
		text_addf(&out, "%s %s", i ? "," : "", elements->name(elements->get(field, i)));
	return out.data;
}

/* One that came, or one that went: the other is NULL. */
static void add_element(const struct comparison *comparison, const struct key *key,
			const struct key_table *members, const char *path, const void *recorded,
			const void *wanted)
{
	struct change change = {.key = xstrdup(path), .class = key->change};
	struct text value = {0};

	print_members(members, wanted ? wanted : recorded, &value);
	change.element = xstrdup(key->elements->name(wanted ? wanted : recorded));
	if (wanted)
		change.new_value = value.data;
	else
		change.old_value = value.data;
	set_place(comparison, &change);
	changes_add(comparison->changes, change);
}

static char *element_path(const struct comparison *comparison, const struct key *key,
			  const char *path, size_t index)
{
	/* One interface that stands as a group, and not in a list. */
	if (key->type == &type_interfaces && !comparison->wanted->interfaces_listed)
		return xstrdup(path);
	return xprintf("%s[%zu]", path, index);
}

static void compare_pairs(struct comparison *comparison, const struct key *key, const char *path,
			  const struct pairing *pairing)
{
	const struct key_elements *elements = key->elements;
	const struct key_table *members = elements->members ? elements->members : key->members;

	for (size_t i = 0; i < pairing->wanted_count; i++) {
		const void *wanted = elements->get(pairing->wanted, i);
		const size_t partner = pairing->partner_of_wanted[i];
		AUTO_FREE char *inner = element_path(comparison, key, path, i);

		if (partner == SIZE_MAX) {
			add_element(comparison, key, members, inner, NULL, wanted);
			continue;
		}
		comparison->interface = key->type == &type_interfaces ? wanted : NULL;
		compare_table(comparison, members, inner, elements->name(wanted),
			      elements->get(pairing->recorded, partner), wanted);
		comparison->interface = NULL;
	}
	for (size_t i = 0; i < pairing->recorded_count; i++) {
		if (pairing->is_taken[i])
			continue;
		/* The place of an element that is gone is the list. */
		add_element(comparison, key, members, path, elements->get(pairing->recorded, i),
			    NULL);
	}
}

/* net = "none" or "host" on one side: another network namespace, or none of its own. */
static bool is_word(const struct key *key, const void *field)
{
	AUTO_TEXT struct text word = {0};

	return key->type == &type_interfaces && key->type->print(field, true, &word);
}

static void compare_words(const struct comparison *comparison, const struct key *key,
			  const char *path, const void *recorded, const void *wanted)
{
	struct change change = {.key = xstrdup(path), .class = CHANGE_RESTART};
	const void *const fields[] = {recorded, wanted};
	char **const values[] = {&change.old_value, &change.new_value};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct text value = {0};

		if (!key->type->print(fields[i], true, &value))
			print_members(key->members, key->elements->get(fields[i], 0), &value);
		*values[i] = value.data;
	}
	if (!text_equal(change.old_value, change.new_value)) {
		set_place(comparison, &change);
		changes_add(comparison->changes, change);
		return;
	}
	free(change.key);
	free(change.old_value);
	free(change.new_value);
}

static void compare_elements(struct comparison *comparison, const struct key *key, const char *path,
			     const void *recorded, const void *wanted)
{
	const struct key_elements *elements = key->elements;
	const size_t recorded_count = elements->count(recorded), count = elements->count(wanted);
	AUTO_FREE size_t *partners = xalloc(count + 1, sizeof(*partners));
	AUTO_FREE bool *taken = xalloc(recorded_count + 1, sizeof(*taken));
	struct pairing pairing = {elements, recorded, wanted, recorded_count, count, partners, taken};
	struct change order = {.class = key->change};

	if (is_word(key, recorded) || is_word(key, wanted)) {
		compare_words(comparison, key, path, recorded, wanted);
		return;
	}
	pair_elements(&pairing);
	compare_pairs(comparison, key, path, &pairing);
	if (!is_reordered(&pairing))
		return;
	order.key = xstrdup(path);
	order.old_value = print_names(elements, recorded, recorded_count);
	order.new_value = print_names(elements, wanted, count);
	set_place(comparison, &order);
	changes_add(comparison->changes, order);
}

void spec_compare(const struct spec *recorded, const struct spec *wanted,
		  const struct manager *manager, struct changes *changes)
{
	struct comparison comparison = {
		.recorded = recorded,
		.wanted = wanted,
		.manager = manager,
		.changes = changes,
	};

	compare_table(&comparison, &container_keys, "", NULL, recorded, wanted);
}
