/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/load.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/confirm.h"
#include "kernel/program.h"
#include "lifecycle/bring_up.h"
#include "lifecycle/recorded.h"
#include "state/network_files.h"
#include "state/wish.h"

/* ---- addresses running containers hold ---- */

bool load_split_address(const char *entry, struct load_address *address)
{
	*address = (struct load_address){.network = ""};
	return sscanf(entry, "%63s %63s %63s %63s", address->network, address->address,
		      address->interface, address->address6) >= 2;
}

const char *load_record_address(const struct record *record, size_t index)
{
	static struct load_address address;

	if (!load_split_address(record->addresses.items[index], &address))
		return record->addresses.items[index];
	return address.address;
}

/* The networks that are up, each read when it is first asked for. */
struct held {
	struct conf *conf; /* being filled; its manager has been read */
	struct network_record *networks;
	size_t count;
};

static void held_clear(struct held *held)
{
	for (size_t i = 0; i < held->count; i++)
		network_record_clear(&held->networks[i]);
	free(held->networks);
}

/* A network that is not up, or whose record is damaged, has no members. */
static const struct network_record *find_network(struct held *held, const char *name)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	struct network_record *network;

	for (size_t i = 0; i < held->count; i++)
		if (strcmp(held->networks[i].name, name) == 0)
			return &held->networks[i];
	held->networks = xrealloc(held->networks, held->count + 1, sizeof(*held->networks));
	network = &held->networks[held->count++];
	*network = (struct network_record){0};
	if (load_state(held->conf, &state, NULL) == 1)
		network_record_read(&state, name, network, NULL);
	if (!network->name)
		network->name = xstrdup(name);
	return network;
}

static struct in_addr find_held_address(void *data, const char *container, const char *name)
{
	const struct network_record *network = find_network(data, name);

	/* Whichever of its interfaces it is: a container is on a network once. */
	for (size_t i = 0; i < network->member_count; i++)
		if (strcmp(network->members[i].container, container) == 0)
			return network->members[i].address;
	return (struct in_addr){.s_addr = INADDR_ANY};
}

/* ---- printing what is wrong ---- */

static void print_in_full(const struct diagnostic *item, bool as_warning)
{
	diagnostic_print(item, stderr, log_use_color(stderr), as_warning);
}

static void print_as_line(const struct diagnostic *item)
{
	struct diagnostic line = *item;

	line.source = NULL;
	line.hint = NULL;
	diagnostic_print(&line, stderr, log_use_color(stderr), true);
}

/* Whether it is about the manager file or one of names. */
static bool concerns(const struct diagnostic *item, const struct strlist *names)
{
	return !item->container || (names && strlist_contains(names, item->container));
}

/* needed: the containers whose errors are errors of the command; NULL: only the manager's are. */
static void print_diagnostics(const struct diagnostics *diagnostics, const struct strlist *needed,
			      bool tell_others, bool verbose)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		if (concerns(item, needed))
			print_in_full(item, false);
		else if (tell_others && verbose)
			print_in_full(item, true);
		else if (tell_others && item->severity == SEVERITY_ERROR)
			print_as_line(item);
	}
}

void load_tell(const struct diagnostics *diagnostics, const struct strlist *names, bool verbose)
{
	print_diagnostics(diagnostics, names, true, verbose);
}

int load_files(const struct options *options, struct conf *conf, struct diagnostics *diagnostics,
	       struct error *err)
{
	AUTO(held_clear) struct held held = {.conf = conf};
	const struct conf_hints hints = {.held_address = find_held_address, .data = &held};

	return conf_load(options->config_file, &hints, conf, diagnostics, err);
}

int load_some(const struct options *options, const struct strlist *names, struct conf *conf,
	      struct diagnostics *diagnostics, struct error *err)
{
	AUTO(held_clear) struct held held = {.conf = conf};
	const struct conf_hints hints = {.held_address = find_held_address, .data = &held};

	return conf_load_some(options->config_file, names, &hints, conf, diagnostics, err);
}

/* Prints nothing unless the manager file has errors. */
static int read_files(const struct options *options, struct conf *conf,
		      struct diagnostics *diagnostics, struct error *err)
{
	if (load_files(options, conf, diagnostics, err) == 0) {
		confirm_resume(options, &conf->manager);
		return 0;
	}
	/* That the manager file is missing is all there is to say, and err says it. */
	if (err->code != ENOENT)
		print_diagnostics(diagnostics, NULL, false, options->verbose);
	return -1;
}

bool load_is_of_use(const struct manager *manager)
{
	return manager->state_dir && manager->log_dir && manager->data_dir &&
	       manager->cgroup_parent && manager->firewall_prefix;
}

static int go_on_without(const struct manager *manager, struct error *err)
{
	if (!load_is_of_use(manager))
		return -1;
	log_warning("%s, going on with the rest of it", err->text);
	error_clear(err);
	return 0;
}

int load_configuration(const struct options *options, struct conf *conf, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	int rc = load_files(options, conf, &diagnostics, err);

	if (rc == 0 || err->code != ENOENT)
		print_diagnostics(&diagnostics, NULL, options->verbose, options->verbose);
	if (rc < 0 && go_on_without(&conf->manager, err) < 0)
		return -1;
	confirm_resume(options, &conf->manager);
	return 0;
}

int load_manager(const struct options *options, struct conf *conf, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	int rc = conf_load_manager(options->config_file, conf, &diagnostics, err);

	if (rc == 0 || err->code != ENOENT)
		print_diagnostics(&diagnostics, NULL, false, options->verbose);
	if (rc < 0 && go_on_without(&conf->manager, err) < 0)
		return -1;
	confirm_resume(options, &conf->manager);
	return 0;
}

/* ---- names ---- */

int load_state(const struct conf *conf, struct state *state, struct error *err)
{
	struct error failure = {0};

	*state = (struct state){-1, -1, -1};
	if (state_open(conf->manager.state_dir, false, state, &failure) == 0)
		return 1;
	if (failure.code == ENOENT)
		return 0;
	if (err)
		*err = failure;
	return -1;
}

static int list_records(const struct conf *conf, struct strlist *names, struct error *err)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	int there = load_state(conf, &state, err);

	return there == 1 ? record_list(&state, names, err) : there;
}

static void add_once(struct strlist *names, const char *name)
{
	if (!strlist_contains(names, name))
		strlist_add(names, name);
}

/* For who has the first one before him. */
#define WHERE_FILES_GO "a container is a file NAME.conf in %s"

static int unknown_name(const struct conf *conf, const struct strlist *known, const char *name,
			struct error *err)
{
	AUTO_FREE char *of_file = conf_name_of_file(name);
	const char *nearest = text_nearest(of_file, (const char *const *)known->items, known->count);

	error_set(err, 0, "no container \"%s\"", name);
	if (nearest)
		return error_hint(err, "did you mean \"%s\"?", nearest);
	return error_hint(err, WHERE_FILES_GO, conf->manager.conf_dir);
}

/* argv, or all of known, which is sorted. */
static int choose_names(const struct conf *conf, const struct strlist *known, int argc,
			char *argv[], struct strlist *names, struct error *err)
{
	if (argc == 0)
		strlist_copy(names, known);
	for (int i = 0; i < argc; i++) {
		if (!strlist_contains_sorted(known, argv[i]))
			return unknown_name(conf, known, argv[i], err);
		add_once(names, argv[i]);
	}
	return 0;
}

/* Adds those of others, which are not in the list twice, to a sorted list, and sorts it. */
static void add_all(struct strlist *sorted, const struct strlist *others)
{
	const struct strlist before = {sorted->items, sorted->count};
	struct strlist all = {0};

	for (size_t i = 0; i < before.count; i++)
		strlist_add(&all, before.items[i]);
	for (size_t i = 0; i < others->count; i++)
		if (!strlist_contains_sorted(&before, others->items[i]))
			strlist_add(&all, others->items[i]);
	strlist_sort(&all);
	strlist_clear(sorted);
	*sorted = all;
}

int load_names(const struct conf *conf, int argc, char *argv[], enum load_known all,
	       struct strlist *names, struct error *err)
{
	AUTO_STRLIST struct strlist known = {0}, files = {0};

	if (list_records(conf, &known, err) < 0)
		return -1;
	if (argc > 0 || all == LOAD_KNOWN)
		for (size_t i = 0; i < conf->container_count; i++)
			strlist_add(&files, conf->containers[i].name);
	add_all(&known, &files);
	return choose_names(conf, &known, argc, argv, names, err);
}

int load_listed(const struct options *options, int argc, char *argv[], struct conf *conf,
		struct strlist *names, struct strlist *files, bool *files_known, struct error *err)
{
	AUTO_STRLIST struct strlist known = {0};
	struct error failure = {0};

	if (load_manager(options, conf, err) < 0 || list_records(conf, &known, err) < 0)
		return -1;
	*files_known = conf_list(conf, files, &failure) == 0;
	if (!*files_known)
		log_warning("%s", failure.text);
	add_all(&known, files);
	return choose_names(conf, &known, argc, argv, names, err);
}

static bool are_recorded(const struct conf *conf, int count, char *const names[])
{
	AUTO_STRLIST struct strlist recorded = {0};

	if (list_records(conf, &recorded, NULL) < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (!strlist_contains(&recorded, names[i]))
			return false;
	return true;
}

int load_recorded(const struct options *options, int argc, char *argv[], enum load_known all,
		  struct conf *conf, struct strlist *names, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};

	if ((argc > 0 || all == LOAD_RECORDED) &&
	    conf_load_manager(options->config_file, conf, &diagnostics, NULL) == 0 &&
	    are_recorded(conf, argc, argv)) {
		print_diagnostics(&diagnostics, NULL, false, options->verbose);
		confirm_resume(options, &conf->manager);
		/* They are known, even if one ends meanwhile and its record is no longer there. */
		for (int i = 0; i < argc; i++)
			add_once(names, argv[i]);
		if (argc > 0)
			return 0;
	} else {
		conf_clear(conf);
		if (load_configuration(options, conf, err) < 0)
			return -1;
	}
	return load_names(conf, argc, argv, all, names, err);
}

/* ---- containers to start ---- */

static int require_files(const struct conf *conf, const struct strlist *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		if (conf_find(conf, names->items[i]))
			continue;
		error_set(err, ENOENT, "%s/%s.conf", conf->manager.conf_dir, names->items[i]);
		return error_hint(err, "what is left of it is taken away by: cman down %s",
				  names->items[i]);
	}
	return 0;
}

static int require_no_errors(const struct diagnostics *diagnostics, const struct strlist *names,
			     struct error *err)
{
	AUTO_TEXT struct text broken = {0};

	for (size_t i = 0; i < names->count; i++)
		if (diagnostics_count_errors(diagnostics, names->items[i]) > 0)
			text_addf(&broken, "%s%s", broken.length ? ", " : "", names->items[i]);
	if (broken.length == 0)
		return 0;
	return error_set(err, 0, "nothing was done: errors in the configuration of %s", broken.data);
}

/* Those of needed without errors; the others are told, and *status becomes 1. */
static void choose_sound(const struct strlist *needed, const struct diagnostics *diagnostics,
			 struct strlist *names, int *status)
{
	for (size_t i = 0; i < needed->count; i++) {
		const char *name = needed->items[i];

		if (diagnostics_count_errors(diagnostics, name) == 0) {
			strlist_add(names, name);
			continue;
		}
		log_warning("%s: left out, its configuration has errors", name);
		*status = 1;
	}
}

/*
 * As early as it is known, so that nothing is told or done twice: what goes into a container without
 * a user namespace must be nothing its root could write to.
 */
static int protect_program(const struct conf *conf, const struct strlist *names, struct error *err)
{
	bool needed = false;

	for (size_t i = 0; i < names->count; i++) {
		const struct spec *spec = conf_find(conf, names->items[i]);

		needed = needed || (spec && spec->security.userns.mode == USERNS_NONE);
	}
	return needed && geteuid() == 0 ? program_protect(err) : 0;
}

int load_containers(const struct options *options, int argc, char *argv[], struct conf *conf,
		    struct strlist *names, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};

	if (read_files(options, conf, &diagnostics, err) < 0 ||
	    load_names(conf, argc, argv, LOAD_KNOWN, names, err) < 0 ||
	    require_files(conf, names, err) < 0)
		return -1;
	print_diagnostics(&diagnostics, names, true, options->verbose);
	return require_no_errors(&diagnostics, names, err);
}

static const struct strlist *groups_of(const struct conf *conf, size_t index)
{
	return &conf->containers[index].groups;
}

static int unknown_group(const struct conf *conf, const char *group, struct error *err)
{
	AUTO_STRLIST struct strlist groups = {0};
	const char *nearest;

	for (size_t i = 0; i < conf->container_count; i++)
		for (size_t j = 0; j < groups_of(conf, i)->count; j++)
			strlist_add(&groups, groups_of(conf, i)->items[j]);
	nearest = text_nearest(group, (const char *const *)groups.items, groups.count);
	error_set(err, 0, "no container is in a group \"%s\"", group);
	if (nearest)
		return error_hint(err, "did you mean \"%s\"?", nearest);
	return error_hint(err, "the key groups of their files says in which they are");
}

/* At boot all that has autostart, but what is to stay as it was left. */
static bool is_for_boot(const struct manager *manager, const struct spec *spec)
{
	return spec->autostart && (spec->restart.policy != RESTART_UNLESS_STOPPED ||
				   !wish_is_stopped(manager->data_dir, spec->name));
}

/* Those that an option stands for. */
static int list_many(const struct options *options, const struct conf *conf, struct strlist *names,
		     struct error *err)
{
	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];
		bool wanted = options->boot    ? is_for_boot(&conf->manager, spec)
			      : options->group ? strlist_contains(&spec->groups, options->group)
					       : options->all;

		if (wanted)
			strlist_add(names, spec->name);
	}
	return options->group && names->count == 0 ? unknown_group(conf, options->group, err) : 0;
}

/* Adds what they need, unless they are to be started alone. */
static void add_needed(const struct options *options, const struct conf *conf,
		       const struct strlist *names, struct strlist *needed)
{
	strlist_copy(needed, names);
	if (options->no_deps)
		strlist_sort(needed);
	else
		bring_up_add_needed(conf, needed);
}

int load_to_start(const struct options *options, int argc, char *argv[], struct conf *conf,
		  struct strlist *names, struct strlist *broken, int *status, struct error *err)
{
	const bool many = options->all || options->boot || options->group;
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_STRLIST struct strlist needed = {0}, sound = {0};

	*status = 0;
	if (read_files(options, conf, &diagnostics, err) < 0 ||
	    (many ? list_many(options, conf, names, err)
		  : load_names(conf, argc, argv, LOAD_KNOWN, names, err)) < 0 ||
	    require_files(conf, names, err) < 0)
		return -1;
	add_needed(options, conf, names, &needed);
	if (protect_program(conf, &needed, err) < 0)
		return -1;
	print_diagnostics(&diagnostics, &needed, true, options->verbose);
	if (options->all && conf->container_count == 0)
		printf("there is no container: " WHERE_FILES_GO "\n", conf->manager.conf_dir);
	if (!many)
		return require_no_errors(&diagnostics, &needed, err);
	choose_sound(&needed, &diagnostics, &sound, status);
	for (size_t i = 0; i < needed.count; i++)
		if (!strlist_contains_sorted(&sound, needed.items[i]))
			strlist_add(broken, needed.items[i]);
	return 0;
}

int load_to_compare(const struct options *options, int argc, char *argv[], bool acts,
		    struct conf *conf, struct strlist *names, int *status, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_STRLIST struct strlist needed = {0};

	*status = 0;
	if (read_files(options, conf, &diagnostics, err) < 0 ||
	    load_names(conf, argc, argv, LOAD_KNOWN, &needed, err) < 0 ||
	    (acts && protect_program(conf, &needed, err) < 0))
		return -1;
	print_diagnostics(&diagnostics, &needed, true, options->verbose);
	choose_sound(&needed, &diagnostics, names, status);
	return 0;
}

/* What runs without a file has addresses and ports, too. */
static int add_without_file(struct conf *conf, struct error *err)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	int there = load_state(conf, &state, err);

	if (there < 0 || (there && record_list(&state, &names, err) < 0))
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_RECORD struct record record = {0};
		AUTO(spec_clear) struct spec spec = {0};

		/* One that cannot be read, or is just going, holds nothing that is looked at here. */
		if (!conf_find(conf, names.items[i]) &&
		    record_read(&state, names.items[i], &record, NULL) == 1 &&
		    recorded_spec(&state, names.items[i], &spec, NULL) == 0)
			conf_add(conf, &spec);
	}
	return 0;
}

int load_transient(const struct options *options, const char *name, const char *text,
		   struct conf *conf, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_STRLIST struct strlist names = {0};
	const struct spec *other;

	strlist_add(&names, name);
	if (read_files(options, conf, &diagnostics, err) < 0)
		return -1;
	other = conf_find(conf, name);
	if (other) {
		error_set(err, EEXIST, "%s, whose file is %s", name, other->file);
		return error_hint(err, "cman up %s starts that; --name gives another name", name);
	}
	if (add_without_file(conf, err) < 0)
		return -1;
	other = conf_find(conf, name);
	if (other) {
		error_set(err, EEXIST, "%s", name);
		return error_hint(err, "cman down %s stops it, or takes away what it has left", name);
	}
	if (conf_load_text(conf, "argument", text, name, &diagnostics, err) < 0 ||
	    protect_program(conf, &names, err) < 0)
		return -1;
	print_diagnostics(&diagnostics, &names, true, options->verbose);
	return require_no_errors(&diagnostics, &names, err);
}
