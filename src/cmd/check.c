/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman check */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/check_drift.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "config/conf.h"
#include "lifecycle/rules.h"

/* A container's name, or a directory, where a file is to be named. */
static int check_is_file(const struct conf *conf, const char *file, struct error *err)
{
	struct stat st;

	if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
		error_set(err, EISDIR, "%s", file);
		return error_hint(err, "check takes files; without any it is about all in %s",
				  conf->manager.conf_dir);
	}
	if (access(file, F_OK) == 0 || !conf_find(conf, file))
		return 0;
	error_set(err, ENOENT, "%s", file);
	return error_hint(err, "check takes files: cman check %s/%s.conf", conf->manager.conf_dir,
			  file);
}

/* Reads the files named on the command line into the set, in the place of those of their names. */
static int read_named(struct conf *conf, int argc, char *argv[], struct diagnostics *diagnostics,
		      struct strlist *names, struct error *err)
{
	for (int i = 0; i < argc; i++) {
		struct error told;

		if (check_is_file(conf, argv[i], err) < 0)
			return -1;
		strlist_add_taken(names, conf_name_of_file(argv[i]));
		/* A file whose name cannot be a container's is in the diagnostics as well. */
		conf_load_file(conf, argv[i], diagnostics, &told);
	}
	return 0;
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
	if (read_named(conf, argc, argv, &diagnostics, &names, err) < 0)
		return -1;
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
