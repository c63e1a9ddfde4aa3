/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "cmd/load.h"
#include "cmd/log_print.h"
#include "lifecycle/foreground.h"
#include "lifecycle/recorded.h"

/* What it prints, from now on. */
struct output {
	const char *name;
	int dir_fd;
	struct log_print *log; /* NULL: there is none yet, or nobody reads it */
	int watch_fd;
};

static void output_close(struct output *output)
{
	log_print_close(output->log);
	close_fd(&output->dir_fd);
	close_fd(&output->watch_fd);
}

/* Called before it is started, and after: most logs are there before. 0 also where there is none. */
static int output_open(struct output *output, const char *log_dir, struct error *err)
{
	if (output->log)
		return 0;
	if (output->dir_fd < 0)
		output->dir_fd = fs_open_at(AT_FDCWD, log_dir, O_PATH | O_DIRECTORY, 0, err);
	if (output->dir_fd >= 0)
		output->log = log_print_open(output->dir_fd, output->name, err);
	if (output->log)
		return 0;
	if (err->code == ENOENT)
		return error_clear(err), 0;
	return error_wrap(err, "log in %s", log_dir);
}

/* The container does not end with those who read what it prints: the log has it all the same. */
static void give_up(struct output *output, const struct error *err)
{
	if (err->code != EPIPE)
		log_warning("%s: %s; what it prints is in its log", output->name, err->text);
	log_print_close(output->log);
	output->log = NULL;
}

static int print(void *data, bool at_end)
{
	struct output *output = data;
	struct error err = {0};
	char events[4096];
	int rc;

	if (!output->log)
		return -1;
	while (read(output->watch_fd, events, sizeof(events)) > 0)
		;
	rc = at_end ? log_print_rest(output->log, &err)
		    : log_print_new(output->log, output->watch_fd, &err);
	if (rc < 0) {
		give_up(output, &err);
		return -1;
	}
	return log_print_is_between(output->log) ? LOG_PRINT_BETWEEN_MS : -1;
}

static void warn_of_other_drivers(const struct host *host, const char *name)
{
	AUTO(spec_clear) struct spec spec = {0};

	if (recorded_spec(&host->state, name, &spec, NULL) == 0 && spec.log.driver != LOG_FILE)
		log_warning("%s: what it prints is not shown: log.driver is not \"file\"", name);
}

static int stand_by(struct host *host, const char *name, int signal_fd, struct output *output,
		    struct error *err)
{
	const struct foreground_output shown = {print, output, output->watch_fd};

	if (output_open(output, host->manager->log_dir, err) < 0)
		return -1;
	warn_of_other_drivers(host, name);
	return foreground_wait(host, name, signal_fd, &shown, err);
}

static int run(const struct options *options, int argc, char *argv[], foreground_up *up,
	       foreground_gone *gone, struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_HOST struct host host = HOST_INIT;
	AUTO_FD int signal_fd = foreground_open_signals(err);
	AUTO(output_close) struct output output = {
		.name = argv[0],
		.dir_fd = -1,
		.watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
	};
	int status;

	if (signal_fd < 0)
		return -1;
	if (output.watch_fd < 0)
		return error_set(err, errno, "inotify");
	if (load_manager(options, &conf, err) < 0 ||
	    output_open(&output, conf.manager.log_dir, err) < 0 ||
	    (up && output.log && log_print_last(output.log, 0, err) < 0))
		return -1;
	status = up ? up(options, argc, argv, err) : 0;
	if (status != 0)
		return status < 0 ? status : FOREGROUND_FAILED;
	if (host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	status = stand_by(&host, argv[0], signal_fd, &output, err);
	if (status >= 0 && gone)
		gone(&host, argv[0]);
	return status;
}

int foreground_run(const struct options *options, int argc, char *argv[], foreground_up *up,
		   foreground_gone *gone, struct error *err)
{
	int status = run(options, argc, argv, up, gone, err);

	if (status != -1)
		return status;
	log_error(err);
	return FOREGROUND_FAILED;
}
