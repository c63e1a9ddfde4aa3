/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman check */
#include <unistd.h>

#include "base/log.h"
#include "cmd/check_drift.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "config/conf.h"
#include "lifecycle/rules.h"

/* Reads the files named on the command line into the set, in the place of those of their names. */
static void read_named(struct conf *conf, int argc, char *argv[], struct diagnostics *diagnostics,
		       struct strlist *names)
{
	for (int i = 0; i < argc; i++) {
		struct error told;

		strlist_add_taken(names, conf_name_of_file(argv[i]));
		/* A file whose name cannot be a container's is in the diagnostics as well. */
		conf_load_file(conf, argv[i], diagnostics, &told);
	}
}

/* Prints what concerns names (NULL: everything) and the manager file; the number of errors. */
static size_t print_faults(const struct diagnostics *diagnostics, const struct strlist *names)
{
	size_t errors = 0;

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		if (names && item->container && !strlist_contains(names, item->container))
			continue;
		diagnostic_print(item, stderr, log_use_color(stderr), false);
		errors += item->severity == SEVERITY_ERROR;
	}
	return errors;
}

/* What the files ask for that makes a container less safe than all others: nobody overlooks it. */
static void print_marks(const struct conf *conf, const struct strlist *names)
{
	for (size_t i = 0; i < conf->container_count; i++) {
		const struct spec *spec = &conf->containers[i];
		AUTO_STRLIST struct strlist marks = {0};

		if (names && !strlist_contains(names, spec->name))
			continue;
		spec_list_marks(spec, &marks);
		for (size_t j = 0; j < marks.count; j++)
			printf("%s%s%s", j == 0 ? spec->name : "", j == 0 ? ": " : ", ",
			       marks.items[j]);
		printf("%s", marks.count > 0 ? "\n" : "");
	}
}

static void summarize(size_t containers, size_t errors)
{
	printf("%zu container%s, ", containers, containers == 1 ? "" : "s");
	if (errors == 0)
		printf("no errors\n");
	else
		printf("%zu error%s\n", errors, errors == 1 ? "" : "s");
}

/* What is wrong in the files; the exit status, or -1. */
static int check_files(const struct options *options, int argc, char *argv[], struct conf *conf,
		       struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_STRLIST struct strlist names = {0};
	size_t errors;

	if (load_files(options, conf, &diagnostics, err) < 0) {
		if (err->code != ENOENT) /* else err says it all: there is no manager file */
			print_faults(&diagnostics, NULL);
		return -1;
	}
	read_named(conf, argc, argv, &diagnostics, &names);
	print_marks(conf, argc > 0 ? &names : NULL);
	errors = print_faults(&diagnostics, argc > 0 ? &names : NULL);
	rules_warn_of_files(conf);
	summarize(argc > 0 ? names.count : conf->container_count, errors);
	return errors > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_check(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	const bool act = options->repair || options->watch;
	int files, drift;

	if (act && argc > 0)
		return command_misused(err, "check takes either FILE or --repair and --watch, which "
					    "are about all that runs");
	if (act && geteuid() != 0)
		return error_set(err, EPERM, "mend what has drifted");
	files = check_files(options, argc, argv, &conf, err);
	if (files < 0 || argc > 0 || geteuid() != 0)
		return files;
	if (options->watch)
		return check_watch(options, &conf, err);
	drift = check_drift(&conf, options->repair, err);
	return drift < 0 || files == EXIT_SUCCESS ? drift : files;
}
