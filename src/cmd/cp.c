/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman cp */
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/inside.h"
#include "lifecycle/copy.h"

/* What "NAME:PATH" says; name is owned, and NULL for a path of the host. */
struct place {
	char *name;
	const char *path;
};

/* As scp(1): a slash before the colon makes it a path of the host. */
static void place_read(const char *argument, struct place *place)
{
	size_t length = strcspn(argument, ":/");

	*place = (struct place){.path = argument};
	if (length == 0 || argument[length] != ':')
		return;
	place->name = xprintf("%.*s", (int)length, argument);
	place->path = argument + length + 1;
}

static int check_path(const struct place *place, struct error *err)
{
	if (place->name && *place->path != '/') {
		command_misused(err, "%s:%s: a path in a container begins with a slash",
				place->name, place->path);
		error_hint(err, "a file of the host with a colon in its name is written ./NAME");
		return COMMAND_MISUSED;
	}
	if (!*place->path)
		return command_misused(err, "\"\" is no path");
	return 0;
}

/* The arguments, the last of which is the target. */
struct call {
	struct copy copy;
	struct strlist sources;
	char *name;   /* of the container */
	char *target; /* owned */
};

static void call_clear(struct call *call)
{
	strlist_clear(&call->sources);
	free(call->name);
	free(call->target);
}

static int take_source(struct call *call, const char *argument, const struct place *target,
		       struct error *err)
{
	struct place source;
	int rc;

	place_read(argument, &source);
	rc = check_path(&source, err);
	if (rc == 0 && source.name && target->name)
		rc = command_misused(err, "both %s and the target are in a container", argument);
	if (rc == 0 && !source.name && !target->name)
		rc = command_misused(err, "neither %s nor the target is in a container: NAME:/PATH",
				     argument);
	if (rc == 0 && call->name && source.name && strcmp(call->name, source.name) != 0)
		rc = command_misused(err, "%s and %s are two containers", call->name, source.name);
	if (rc == 0)
		strlist_add(&call->sources, source.path);
	if (rc == 0 && source.name && !call->name)
		call->name = take_pointer(&source.name);
	free(source.name);
	return rc;
}

static int read_arguments(struct call *call, int argc, char *argv[], struct error *err)
{
	struct place target;
	int rc;

	place_read(argv[argc - 1], &target);
	rc = check_path(&target, err);
	for (int i = 0; i < argc - 1 && rc == 0; i++)
		rc = take_source(call, argv[i], &target, err);
	if (rc == 0) {
		call->copy.into = target.name != NULL;
		call->target = xstrdup(target.path);
		if (target.name)
			call->name = take_pointer(&target.name);
	}
	free(target.name);
	return rc;
}

static void tell_skipped(const char *path, mode_t mode)
{
	AUTO_FREE char *shown = xstrdup(path);

	text_replace_controls(shown);
	if (S_ISDIR(mode))
		log_warning("%s is a file system of the kernel, left out", shown);
	else
		log_warning("%s is %s, left out", shown, fs_kind(mode));
}

static void tell_fault(const char *container, const struct error *fault)
{
	struct error err = *fault;

	error_wrap(&err, "%s", container);
	log_error(&err);
}

int cmd_cp(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_INSIDE struct inside inside = INSIDE_INIT;
	AUTO(call_clear)
	struct call call = {
		.copy =
			{
				.archive = options->archive,
				.follow = options->dereference,
				.tell_skipped = tell_skipped,
				.tell_fault = tell_fault,
			},
	};
	struct attach attach = inside_attach(&inside, NULL);
	int rc = read_arguments(&call, argc, argv, err);

	if (rc < 0)
		return rc;
	call.copy.sources = call.sources.items;
	call.copy.count = call.sources.count;
	call.copy.target = call.target;
	call.copy.container = call.name;
	if (inside_find(options, call.name, &inside, err) < 0 || inside_open(&inside, err) < 0)
		return -1;
	if (copy_run(&attach, &call.copy, err) < 0)
		return error_wrap(err, "%s", call.name);
	return 0;
}
