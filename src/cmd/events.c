/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman events */
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/json.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/output.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "state/event.h"

/* What was asked for, and what was seen so far. */
struct printer {
	char **names; /* NULL-terminated; none: all */
	bool *seen;   /* whether there was an event of it, whenever */
	uint64_t since;
	bool json, color;
	struct text details; /* of the event that is printed */
};

/* Whether an event of that name is wanted. */
static bool is_wanted(const struct printer *printer, const char *name)
{
	for (size_t i = 0; printer->names[i]; i++)
		if (strcmp(printer->names[i], name) == 0)
			return printer->seen[i] = true;
	return !printer->names[0];
}

static const char *color_of(const char *event, const struct json *object)
{
	static const struct {
		const char *event, *color;
	} colors[] = {
		{"started", "\033[32m"}, {"healthy", "\033[32m"},    {"resumed", "\033[32m"},
		{"oom", "\033[31m"},     {"failed", "\033[31m"},     {"unhealthy", "\033[31m"},
		{"paused", "\033[33m"},  {"restarting", "\033[33m"},  {"not-ready", "\033[33m"},
		{"ready", "\033[32m"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(colors); i++)
		if (strcmp(colors[i].event, event) == 0)
			return colors[i].color;
	return strcmp(event, "exited") == 0 && json_get_text(object, "signal") ? "\033[31m" : "";
}

/* "exit status 3", "action start, error rootfs: ...": what no column is for. */
static void add_detail(void *data, const char *key, const char *value)
{
	static const char *const columns[] = {"time", "name", "instance", "event"};
	struct printer *printer = data;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (strcmp(columns[i], key) == 0)
			return;
	text_addf(&printer->details, "%s%s %s", printer->details.length ? ", " : "", key, value);
}

static void print_for_people(struct printer *printer, const struct json *object, uint64_t moment,
			     const char *name, const char *event)
{
	const char *color = printer->color ? color_of(event, object) : "";
	char when[MOMENT_TEXT_MAX];

	text_clear(&printer->details);
	json_visit(object, add_detail, printer);
	for (char *c = printer->details.data; c && *c; c++)
		if (*c == '_')
			*c = ' ';
	moment_format_local(moment, when);
	printf("%s  %-15s  %s%s%s", when, name, color, event, *color ? "\033[0m" : "");
	if (printer->details.length > 0)
		printf("%*s  %s", strlen(event) < 10 ? (int)(10 - strlen(event)) : 0, "",
		       printer->details.data);
	putchar('\n');
}

static void print_event(struct printer *printer, const char *line, size_t length)
{
	AUTO_JSON struct json *object = NULL;
	const char *name, *event, *when;
	struct error err = {0};
	uint64_t moment;

	object = json_parse_object(line, length, &err);
	name = object ? json_get_text(object, "name") : NULL;
	event = object ? json_get_text(object, "event") : NULL;
	when = object ? json_get_text(object, "time") : NULL;
	if (!name || !event || !when || moment_parse(when, 0, &moment, NULL) < 0) {
		log_warning("a line of the events cannot be read%s%s", *err.text ? ": " : "",
			    err.text);
		return;
	}
	if (!is_wanted(printer, name) || moment < printer->since)
		return;
	if (printer->json)
		printf("%.*s\n", (int)length, line);
	else
		print_for_people(printer, object, moment, name, event);
}

/* All there is now. */
static int print_new(struct printer *printer, struct event_log *log, struct error *err)
{
	const char *line;
	size_t length;
	int rc;

	while ((rc = event_log_next(log, &line, &length, err)) > 0)
		print_event(printer, line, length);
	return rc == 0 ? output_finish(err) : rc;
}

/* Until we are interrupted, or nobody reads any more. */
static int follow(struct printer *printer, struct event_log *log, int watch_fd, struct error *err)
{
	char changes[4096];

	while (print_new(printer, log, err) == 0) {
		struct pollfd wanted[] = {
			{.fd = watch_fd, .events = POLLIN},
			{.fd = STDOUT_FILENO, .events = 0}, /* only whether its reader has gone */
		};

		if (poll(wanted, ARRAY_SIZE(wanted), -1) < 0 && errno != EINTR)
			return error_set(err, errno, "poll");
		if (wanted[1].revents & POLLERR)
			return error_set(err, EPIPE, "write to standard output");
		if (wanted[0].revents && read(watch_fd, changes, sizeof(changes)) < 0 &&
		    errno != EINTR && errno != EAGAIN)
			return error_set(err, errno, "watch the events");
	}
	return -1;
}

/* A name that nothing ever happened to is most often a mistake. */
static int check_names(const struct printer *printer, const struct conf *conf, struct error *err)
{
	for (size_t i = 0; printer->names[i]; i++) {
		AUTO_STRLIST struct strlist known = {0};

		if (!printer->seen[i] &&
		    load_names(conf, 1, &printer->names[i], LOAD_KNOWN, &known, err) < 0)
			return -1;
	}
	return 0;
}

static int print_events(struct printer *printer, const struct conf *conf, bool following,
			struct error *err)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_EVENT_LOG struct event_log log = {.fd = -1, .next_fd = -1};
	AUTO_FD int watch_fd = -1;
	int there = following ? state_open(conf->manager.state_dir, true, &state, err)
			      : load_state(conf, &state, err);

	if (there < 0)
		return -1;
	if (following) {
		/* Before the first look: what is noted from now on wakes us up. */
		watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		if (watch_fd < 0 || inotify_add_watch(watch_fd, conf->manager.state_dir,
						      IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
			return error_set(err, errno, "watch %s", conf->manager.state_dir);
	}
	if (following || there > 0) {
		event_log_open(&state, &log);
		if (print_new(printer, &log, err) < 0)
			return -1;
	}
	if (check_names(printer, conf, err) < 0)
		return -1;
	return following ? follow(printer, &log, watch_fd, err) : 0;
}

int cmd_events(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_FREE bool *seen = xalloc((size_t)argc + 1, sizeof(*seen));
	struct printer printer = {
		.names = argv,
		.seen = seen,
		.json = options->json,
		.color = log_use_color(stdout),
	};
	int rc;

	if (options->since && moment_parse(options->since, moment_now(), &printer.since, err) < 0) {
		error_wrap(err, "--since");
		return COMMAND_MISUSED;
	}
	if (load_configuration(options, &conf, err) < 0)
		return -1;
	rc = print_events(&printer, &conf, options->follow, err);
	text_clear(&printer.details);
	return rc;
}
