/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman firewall */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/rule_list.h"

/* What was asked for. */
struct printer {
	const struct rule_list *list;
	const struct strlist *names; /* NULL: all */
	const char *mark, *plain;    /* around what is missing, "" without colours */
	size_t missing;
};

/* With the names of containers: what nobody asks for in particular goes with the rules shown. */
static bool is_shown(const struct printer *printer, const struct firewall_listed_rule *rule,
		     const struct rule_source *source)
{
	return !printer->names || !rule->rule || !source->key[0] ||
	       rule_source_concerns(source, printer->names);
}

/* Whether a rule in it is shown that is no jump. */
static bool has_shown(const struct printer *printer, const struct firewall_listed_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct rule_source source;

		rule_list_find_source(printer->list, &chain->rules[i], &source);
		if (chain->rules[i].rule && is_shown(printer, &chain->rules[i], &source))
			return true;
	}
	return false;
}

/* ---- for people ---- */

/* "/etc/cman/conf.d/web.conf:12 net.ports[0]"; NULL: a jump. */
static char *describe_source(const struct rule_source *source)
{
	static const char *const states[] = {
		[RULE_ORIGIN_SAME] = "",
		[RULE_ORIGIN_CHANGED] = " (file changed since)",
		[RULE_ORIGIN_GONE] = " (file gone)",
	};

	if (!source->key[0])
		return NULL;
	if (source->origin)
		return xprintf("%s:%u %s%s", source->origin->file, source->origin->line,
			       source->key, states[source->state]);
	if (source->container)
		return xprintf("%s: %s, of a file that was not recorded", source->container,
			       source->key);
	return xprintf("default %s", source->key);
}

static void print_rule(struct printer *printer, const struct firewall_listed_rule *rule,
		       const char *indent)
{
	printf("%s", indent);
	if (!rule->present)
		printf("%sMISSING%s ", printer->mark, printer->plain);
	else if (rule->packets != UINT64_MAX)
		printf("[%" PRIu64 ":%" PRIu64 "] ", rule->packets, rule->bytes);
	printf("%s\n", rule->text);
	printer->missing += !rule->present;
}

static void print_rules(struct printer *printer, const struct firewall_listed_chain *chain,
			const char *indent)
{
	AUTO_FREE char *last = NULL; /* said already */

	for (size_t i = 0; i < chain->count; i++) {
		const struct firewall_listed_rule *rule = &chain->rules[i];
		AUTO_FREE char *text = NULL;
		struct rule_source source;

		rule_list_find_source(printer->list, rule, &source);
		if (!is_shown(printer, rule, &source))
			continue;
		text = describe_source(&source);
		if (text && !text_equal(text, last))
			printf("%s# %s\n", indent, text);
		print_rule(printer, rule, indent);
		free(last);
		last = take_pointer(&text);
	}
	if (chain->strangers)
		printf("%s# and %zu rule%s in %s not of cman's\n", indent, chain->strangers,
		       chain->strangers == 1 ? "" : "s", chain->name);
	if (chain->disordered)
		printf("%s# the rules of %s stand in another order than they should\n", indent,
		       chain->name);
}

/* As iptables-save -c has them, the rules alone. */
static void print_iptables(struct printer *printer)
{
	const struct firewall_listing *listing = &printer->list->listing;
	const struct firewall_listed_chain *last = NULL;

	for (size_t i = 0; i < listing->count; i++) {
		const struct firewall_listed_chain *chain = &listing->chains[i];

		if (printer->names && chain->ours && !has_shown(printer, chain))
			continue;
		if (!last || last->family != chain->family)
			printf("%s# %s-legacy\n", last ? "\n" : "",
			       chain->family == FIREWALL_IPV6 ? "ip6tables" : "iptables");
		if (!last || last->family != chain->family || strcmp(last->table, chain->table) != 0)
			printf("*%s\n", chain->table);
		print_rules(printer, chain, "");
		last = chain;
	}
}

/* As nft list table has it. */
static void print_nftables(struct printer *printer)
{
	const struct firewall_listing *listing = &printer->list->listing;
	bool first = true;

	for (size_t i = 0; i < listing->count; i++) {
		const struct firewall_listed_chain *chain = &listing->chains[i];

		if (printer->names && !chain->base && !has_shown(printer, chain))
			continue;
		if (first)
			printf("table %s {\n", chain->table);
		printf("%s\tchain %s {\n", first ? "" : "\n", chain->name);
		if (chain->base)
			printf("\t\t%s\n", chain->base);
		print_rules(printer, chain, "\t\t");
		printf("\t}\n");
		first = false;
	}
	if (!first)
		printf("}\n");
}

/* ---- for programs ---- */

static const char *family_name(enum firewall_family family)
{
	return family == FIREWALL_IPV6 ? "ipv6" : "ipv4";
}

static struct json *rule_to_json(const struct firewall_listed_chain *chain,
				 const struct firewall_listed_rule *rule,
				 const struct rule_source *source)
{
	static const char *const states[] = {
		[RULE_ORIGIN_SAME] = "same",
		[RULE_ORIGIN_CHANGED] = "changed",
		[RULE_ORIGIN_GONE] = "gone",
	};
	struct json *object = json_new_object();

	json_add_text(object, "family", chain->base ? NULL : family_name(chain->family));
	json_add_text(object, "table", chain->table);
	json_add_text(object, "chain", chain->name);
	json_add_text(object, "rule", rule->text);
	json_add_bool(object, "present", rule->present);
	json_add_number(object, "packets", rule->packets);
	json_add_number(object, "bytes", rule->bytes);
	json_add_text(object, "network", source->network ? source->network->name : NULL);
	json_add_text(object, "container", source->container);
	json_add_text(object, "key", source->key[0] ? source->key : NULL);
	json_add_text(object, "file", source->origin ? source->origin->file : NULL);
	json_add_number(object, "line", source->origin ? source->origin->line : UINT64_MAX);
	json_add_text(object, "file_state", source->origin ? states[source->state] : NULL);
	return object;
}

static struct json *fault_to_json(const struct firewall_listed_chain *chain)
{
	struct json *object = json_new_object();

	json_add_text(object, "family", family_name(chain->family));
	json_add_text(object, "table", chain->table);
	json_add_text(object, "chain", chain->name);
	json_add_number(object, "strangers", chain->strangers);
	json_add_bool(object, "disordered", chain->disordered);
	return object;
}

static void add_chain(struct printer *printer, const struct firewall_listed_chain *chain,
		      struct json *rules)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct rule_source source;

		rule_list_find_source(printer->list, &chain->rules[i], &source);
		if (!is_shown(printer, &chain->rules[i], &source))
			continue;
		json_append(rules, rule_to_json(chain, &chain->rules[i], &source));
		printer->missing += !chain->rules[i].present;
	}
}

/* Null: there are no rules. */
static void add_place(const struct rules_in_force *in_force, struct json *object)
{
	static const char *const keys[] = {"backend", "prefix", "publish", "manage_forward"};

	if (!in_force->decided) {
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			json_add_text(object, keys[i], NULL);
		return;
	}
	json_add_text(object, "backend", firewall_backend_names[in_force->backend]);
	json_add_text(object, "prefix", in_force->prefix);
	json_add_text(object, "publish", in_force->host_firewall ? "host-firewall" : "open");
	json_add_bool(object, "manage_forward", !in_force->forward_is_theirs);
}

static void print_json(struct printer *printer)
{
	AUTO_JSON struct json *object = json_new_object();
	struct json *rules = json_new_list(), *faults = json_new_list();
	const struct rules_in_force *in_force = &printer->list->in_force;
	const struct firewall_listing *listing = &printer->list->listing;

	for (size_t i = 0; i < listing->count; i++) {
		add_chain(printer, &listing->chains[i], rules);
		if (listing->chains[i].strangers || listing->chains[i].disordered)
			json_append(faults, fault_to_json(&listing->chains[i]));
	}
	add_place(in_force, object);
	json_add_bool(object, "complete", printer->missing == 0);
	json_add(object, "rules", rules);
	json_add(object, "faults", faults);
	json_print(object, stdout);
}

/* ---- all of it ---- */

static void print_text(struct printer *printer)
{
	const struct rules_in_force *in_force = &printer->list->in_force;

	if (in_force->backend == FIREWALL_NONE)
		printf("# none: firewall.backend = \"none\"\n");
	else if (printer->list->listing.count == 0)
		printf("# none: no container is up on a network of cman's own\n");
	else if (in_force->backend == FIREWALL_NFTABLES)
		print_nftables(printer);
	else
		print_iptables(printer);
	if (in_force->forward_is_theirs && printer->list->listing.count > 0)
		printf("# FORWARD is left to you: firewall.manage_forward = false\n");
}

static void tell_missing(const struct printer *printer)
{
	const struct rule_list *list = printer->list;

	for (size_t i = 0; i < list->network_count; i++) {
		if (!list->networks[i].own || list->networks[i].member_count == 0)
			continue;
		log_warning("%zu rule%s missing in the kernel; cman restart %s makes all rules anew",
			    printer->missing, printer->missing == 1 ? " is" : "s are",
			    list->networks[i].members[0].container);
		return;
	}
}

static int for_root_alone(struct error *err)
{
	if (err->code == EACCES || err->code == EPERM)
		error_hint(err, "root alone can see the rules");
	return -1;
}

int cmd_firewall(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_RULE_LIST struct rule_list list = {.in_force = {.backend = FIREWALL_AUTO}};
	const bool color = log_use_color(stdout);
	struct printer printer = {
		.list = &list,
		.names = argc > 0 ? &names : NULL,
		.mark = color ? "\033[31m" : "",
		.plain = color ? "\033[0m" : "",
	};
	int there;

	if (load_recorded(options, argc, argv, LOAD_RECORDED, &conf, &names, err) < 0)
		return for_root_alone(err);
	there = load_state(&conf, &state, err);
	if (there < 0)
		return for_root_alone(err);
	if (there && rule_list_take(&conf.manager, &state, &list, err) < 0)
		return for_root_alone(err);
	if (!there)
		list.in_force.backend = conf.manager.firewall_backend;
	if (options->json)
		print_json(&printer);
	else
		print_text(&printer);
	if (printer.missing)
		tell_missing(&printer);
	return printer.missing > 0;
}
