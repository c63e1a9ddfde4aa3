/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman run */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/id.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/environment.h"
#include "cmd/foreground.h"
#include "cmd/load.h"
#include "config/arguments.h"
#include "kernel/terminal.h"
#include "lifecycle/ready.h"
#include "lifecycle/wave.h"

/* ---- what the arguments say, as a file would ---- */

/* Seen from here; one that is not there is told by who checks the rest. */
static void add_rootfs(struct arguments *arguments, const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);
	bool has_group = arguments_have_group(arguments, "rootfs");

	arguments_add_string(arguments, has_group ? "rootfs.path" : "rootfs", real ? real : path);
}

static bool has_terminal(const struct options *options)
{
	return !options->no_terminal && terminal_is_interactive();
}

static int add_options(const struct options *options, struct arguments *arguments, struct error *err)
{
	AUTO_STRLIST struct strlist environment = {0};
	int rc = environment_add(&options->environment, &environment, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < options->sets.count; i++)
		if (arguments_add(arguments, options->sets.items[i], err) < 0) {
			error_wrap(err, "--set");
			return COMMAND_MISUSED;
		}
	if (environment.count > 0)
		arguments_add_strings(arguments, "environment", &environment);
	if (options->ports.count > 0)
		arguments_add_strings(arguments, "net.ports", &options->ports);
	if (options->user)
		arguments_add_string(arguments, "user", options->user);
	if (options->directory)
		arguments_add_string(arguments, "working_dir", options->directory);
	if (has_terminal(options) && !strlist_contains(&arguments->keys, "tty"))
		arguments_add(arguments, "tty=true", NULL);
	return 0;
}

/* words: the root filesystem, then the command. */
static int write_text(const struct options *options, char *words[], struct text *text,
		      struct error *err)
{
	AUTO_ARGUMENTS struct arguments arguments = {0};
	struct strlist command = {.items = words + 1};
	int rc = add_options(options, &arguments, err);

	if (rc < 0)
		return rc;
	while (command.items[command.count])
		command.count++;
	add_rootfs(&arguments, words[0]);
	arguments_add_strings(&arguments, "command", &command);
	arguments_print(&arguments, text);
	return 0;
}

/* ---- its log ---- */

/* NAME.log and NAME.log.1, NAME.log.2, ... */
static bool is_log_of(const char *file, const char *log)
{
	const char *rest = text_starts_with(file, log) ? file + strlen(log) : NULL;

	return rest && (!*rest || (*rest == '.' && !rest[strspn(rest, ".0123456789")]));
}

static int remove_logs(const struct host *host, const char *name, struct error *err)
{
	AUTO_FD int dir_fd =
		fs_open_at(AT_FDCWD, host->manager->log_dir, O_RDONLY | O_DIRECTORY, 0, err);
	AUTO_FREE char *log = xprintf("%s.log", name);
	AUTO_STRLIST struct strlist files = {0};

	if (dir_fd < 0 || fs_list_at(dir_fd, ".", &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.count; i++)
		if (is_log_of(files.items[i], log) && fs_remove_at(dir_fd, files.items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- up ---- */

static enum plan_action plan_run(enum liveness liveness)
{
	return liveness == LIVE_NONE ? PLAN_START : PLAN_NOTHING;
}

/* As load_transient(), for one that was faster than we. Whether it is none of ours. */
static bool refuse_taken(struct container *container)
{
	if (container->failed || (!container->record.name && !container->any_step))
		return container->failed;
	container->action = PLAN_NOTHING;
	container->failed = true;
	error_set(&container->error, EEXIST, "the name");
	error_hint(&container->error, "cman down %s stops it, or takes away what it has left",
		   container->name);
	return true;
}

static void report_failure(const struct host *host, struct container *container, bool taken)
{
	struct error err = {0};

	error_wrap(&container->error, "%s", container->name);
	log_error(&container->error);
	/* The beginning of a log is there. */
	if (!taken && !container->undo_failed && remove_logs(host, container->name, &err) < 0)
		log_warning("%s: its log: %s", container->name, err.text);
}

static int bring_up(struct host *host, const struct conf *conf, const char *name)
{
	AUTO_STRLIST struct strlist names = {0}, awaited = {0};
	struct container *container;
	struct wave wave;
	bool taken;
	int status = 0;

	strlist_add(&names, name);
	wave_take(&wave, host, &names);
	wave.transient = true;
	container = &wave.containers[0];
	wave_plan(&wave, plan_run);
	taken = refuse_taken(container);
	wave_up(&wave, conf);
	if (container->failed) {
		report_failure(host, container, taken);
		status = 1;
	} else if (container->record.ready) {
		strlist_add(&awaited, name);
	}
	wave_release(&wave);
	ready_follow_all(host, &awaited);
	return status;
}

/* argv: the name, then what the user gave. */
static int start(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_HOST struct host host = HOST_INIT;
	AUTO_TEXT struct text text = {0};
	int rc = write_text(options, argv + 1, &text, err);

	(void)argc;
	if (rc < 0)
		return rc;
	if (load_transient(options, argv[0], text_value(&text), &conf, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	return bring_up(&host, &conf, argv[0]);
}

/* ---- the end ---- */

/* Of the same name another one may run by now. */
static enum plan_action plan_gone(enum liveness liveness)
{
	return liveness == LIVE_RUNNING || liveness == LIVE_WAITING ? PLAN_NOTHING
								    : plan_down(liveness);
}

static void take_away(struct host *host, const char *name, enum plan_action (*plan)(enum liveness))
{
	AUTO_STRLIST struct strlist names = {0};
	struct container *container;
	struct error err = {0};
	struct wave wave;

	strlist_add(&names, name);
	wave_take(&wave, host, &names);
	container = &wave.containers[0];
	wave_plan(&wave, plan);
	/* `down` was here first, or it is a container with a file now. */
	if (container->record.name && !container->record.transient)
		container->action = PLAN_NOTHING;
	wave_down(&wave, false);
	if (container->failed)
		log_error(&container->error);
	else if (!container->record.name && remove_logs(host, name, &err) < 0)
		log_warning("%s: its log: %s", name, err.text);
	wave_release(&wave);
}

static void remove_container(struct host *host, const char *name)
{
	take_away(host, name, plan_gone);
}

/* ---- on a terminal ---- */

/* Also where it runs on, for our terminal is gone, or a signal has ended us. */
static int stop(const struct options *options, const char *name, struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_HOST struct host host = HOST_INIT;

	if (load_manager(options, &conf, err) < 0 || host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	take_away(&host, name, plan_down);
	return 0;
}

/* words: the name, then what the user gave. */
static int run_on_terminal(const struct options *options, int argc, char *words[], struct error *err)
{
	struct options console = *options;
	char *name[] = {words[0], NULL};
	int status = start(options, argc, words, err);

	if (status != 0)
		return status < 0 ? status : FOREGROUND_FAILED;
	console.detach_key = "none";
	status = cmd_console(&console, 1, name, err);
	/* It has ended before anybody was attached, or has no terminal: its log tells. */
	if (status < 0)
		return foreground_run(options, 1, name, NULL, remove_container, err);
	return stop(options, words[0], err) < 0 ? -1 : status;
}

static char *choose_name(const struct options *options)
{
	char id[ID_SIZE];

	if (options->name)
		return xstrdup(options->name);
	id_generate(id);
	return xprintf("run-%.8s", id);
}

int cmd_run(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_FREE char *name = choose_name(options);
	AUTO_FREE char **words = xalloc((size_t)argc + 2, sizeof(*words));

	words[0] = name;
	memcpy(words + 1, argv, ((size_t)argc + 1) * sizeof(*words));
	if (has_terminal(options))
		return run_on_terminal(options, argc + 1, words, err);
	return foreground_run(options, argc + 1, words, start, remove_container, err);
}
