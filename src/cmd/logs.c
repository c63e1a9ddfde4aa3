/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman logs */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/log_print.h"
#include "lifecycle/heal.h"
#include "lifecycle/recorded.h"

/* The processes whose end is that of the log: supervisor and init, -1 where there is none. */
struct writers {
	int fds[2];
};

static void close_writers(struct writers *writers)
{
	close_fd(&writers->fds[0]);
	close_fd(&writers->fds[1]);
}

static int open_writers(const struct conf *conf, const char *name, struct writers *writers,
			struct error *err)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_RECORD struct record record = {0};
	enum liveness liveness = LIVE_NONE;
	int found = load_state(conf, &state, err);

	if (found > 0)
		found = heal_read(&conf->manager, &state, name, &record, &liveness, err);
	if (found < 0)
		return -1;
	if (found > 0 && liveness != LIVE_STALE) {
		writers->fds[0] = process_open(&record.supervisor, NULL);
		writers->fds[1] = process_open(&record.init, NULL);
	}
	return 0;
}

static enum log_driver driver_of_file(const struct options *options, const struct strlist *names)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	const struct spec *spec = NULL;

	if (load_some(options, names, &conf, &diagnostics, NULL) == 0)
		spec = conf_find(&conf, names->items[0]);
	return spec ? spec->log.driver : LOG_FILE;
}

/* What it runs with, else what its file says. */
static enum log_driver find_driver(const struct options *options, const struct conf *conf,
				   const struct strlist *names)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO(spec_clear) struct spec recorded = {0};

	if (load_state(conf, &state, NULL) == 1 &&
	    recorded_spec(&state, names->items[0], &recorded, NULL) == 0)
		return recorded.log.driver;
	return driver_of_file(options, names);
}

/* Whoever looks here for what is not here is told where it is. */
static void tell_driver(const struct options *options, const struct conf *conf,
			const struct strlist *names)
{
	const char *name = names->items[0];

	switch (find_driver(options, conf, names)) {
	case LOG_SYSLOG:
		log_warning("%s: log.driver = \"syslog\": what it prints is with the syslog daemon, under "
			    "the name %s (journalctl -t %s, or a file below /var/log)", name, name, name);
		break;
	case LOG_NONE:
		log_warning("%s: log.driver = \"none\": what it prints is kept nowhere", name);
		break;
	case LOG_FILE:
		break;
	}
}

/* Until the container has ended; what it printed last is printed by the caller. */
static int follow(struct log_print *log, int watch_fd, struct writers *writers, struct error *err)
{
	char events[4096];

	/* Of one that is being renamed no event tells when that is done. */
	while (writers->fds[0] >= 0 || writers->fds[1] >= 0) {
		struct pollfd wanted[] = {
			{.fd = watch_fd, .events = POLLIN},
			{.fd = writers->fds[0], .events = POLLIN},
			{.fd = writers->fds[1], .events = POLLIN},
			{.fd = STDOUT_FILENO, .events = 0}, /* only whether its reader has gone */
		};

		if (log_print_new(log, watch_fd, err) < 0)
			return -1;
		if (poll(wanted, ARRAY_SIZE(wanted),
			 log_print_is_between(log) ? LOG_PRINT_BETWEEN_MS : -1) < 0 &&
		    errno != EINTR)
			return error_set(err, errno, "poll");
		if (wanted[3].revents & POLLERR)
			return error_set(err, EPIPE, "write to standard output");
		if (wanted[0].revents && read(watch_fd, events, sizeof(events)) < 0 &&
		    errno != EINTR && errno != EAGAIN)
			return error_set(err, errno, "watch the log");
		for (int i = 0; i < 2; i++)
			if (wanted[1 + i].revents)
				close_fd(&writers->fds[i]);
	}
	return 0;
}

static int print_log(struct log_print *log, bool following, struct writers *writers,
		     struct error *err)
{
	AUTO_FD int watch_fd = -1;

	if (following) {
		watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (watch_fd < 0)
			return error_set(err, errno, "watch the log");
		if (follow(log, watch_fd, writers, err) < 0)
			return -1;
	}
	return log_print_rest(log, err);
}

static struct log_print *open_log(const struct conf *conf, const char *name, int *dir_fd,
				  struct error *err)
{
	struct log_print *log = NULL;

	*dir_fd = fs_open_at(AT_FDCWD, conf->manager.log_dir, O_PATH | O_DIRECTORY, 0, err);
	if (*dir_fd >= 0)
		log = log_print_open(*dir_fd, name, err);
	if (log)
		return log;
	if (err->code != ENOENT) {
		error_wrap(err, "log in %s", conf->manager.log_dir);
		return NULL;
	}
	error_set(err, ENOENT, "%s/%s.log", conf->manager.log_dir, name);
	error_hint(err, "%s was never started", name);
	return NULL;
}

static int read_options(const struct options *options, uint64_t *lines, uint64_t *since,
			struct error *err)
{
	if (options->lines && parse_number(options->lines, 0, 1000000000, lines, err) < 0)
		return error_wrap(err, "--lines");
	if (options->since && moment_parse(options->since, moment_now(), since, err) < 0)
		return error_wrap(err, "--since");
	return 0;
}

static void close_log(struct log_print **log)
{
	log_print_close(*log);
}

int cmd_logs(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int dir_fd = -1;
	AUTO(close_writers) struct writers writers = {{-1, -1}};
	AUTO(close_log) struct log_print *log = NULL;
	uint64_t lines = 0, since = 0;

	if (read_options(options, &lines, &since, err) < 0)
		return COMMAND_MISUSED;
	if (load_recorded(options, argc, argv, LOAD_KNOWN, &conf, &names, err) < 0)
		return -1;
	log = open_log(&conf, names.items[0], &dir_fd, err);
	if (!log || open_writers(&conf, names.items[0], &writers, err) < 0)
		return -1;
	tell_driver(options, &conf, &names);
	if (options->since)
		log_print_since(log, since);
	if (options->timestamps)
		log_print_times(log);
	if (options->lines && log_print_last(log, lines, err) < 0)
		return -1;
	return print_log(log, options->follow, &writers, err);
}
