/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman wait */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/output.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/view.h"
#include "lifecycle/ready.h"

/* A state also changes without a file that does: a lock is given back, a process is gone. */
#define LOOK_AGAIN_MS 500

struct wish {
	bool any_end; /* "ended": stopped, or exited, or what a killed command left */
	bool ready;   /* "ready": it runs, and is ready */
	enum view_state state;
};

static const struct {
	const char *word;
	struct wish wish;
} words[] = {
	{"ended", {.any_end = true}},
	{"running", {.state = VIEW_RUNNING}},
	{"ready", {.ready = true, .state = VIEW_RUNNING}},
	{"paused", {.state = VIEW_PAUSED}},
	{"restarting", {.state = VIEW_RESTARTING}},
	{"stopped", {.state = VIEW_STOPPED}},
	{"exited", {.state = VIEW_EXITED}},
};

static int parse_wish(const char *word, struct wish *wish, struct error *err)
{
	const char *known[ARRAY_SIZE(words)], *nearest;

	*wish = words[0].wish;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		known[i] = words[i].word;
		if (word && strcmp(word, words[i].word) == 0) {
			*wish = words[i].wish;
			return 0;
		}
	}
	if (!word)
		return 0;
	command_misused(err, "--state: no state \"%s\" to wait for", word);
	nearest = text_nearest(word, known, ARRAY_SIZE(known));
	if (nearest)
		error_hint(err, "did you mean \"%s\"?", nearest);
	error_hint(err, "one of ended, running, ready, paused, restarting, stopped, exited");
	return COMMAND_MISUSED;
}

/* Between the end of a payload and what its supervisor notes of it there is a moment. */
static bool is_left_behind(const struct view *view)
{
	AUTO_FD int supervisor_fd = process_open(&view->record.supervisor, NULL);

	return view->state == VIEW_STALE && supervisor_fd < 0;
}

static bool comes_true(const struct wish *wish, const struct view *view)
{
	if (wish->any_end)
		return view->state == VIEW_STOPPED || view->state == VIEW_EXITED ||
		       is_left_behind(view);
	return view->state == wish->state;
}

static void tell(const struct view *view)
{
	char end[128] = "";

	if (view->state == VIEW_EXITED)
		view_describe_end(&view->record, end, sizeof(end));
	printf("%s: %s%s%s\n", view->name, view_state_name(view->state), *end ? ", " : "", end);
}

/*
 * Whether it is as wished now: 1, told; 0; -1. What can be watched of it is, from before the
 * look on: what changes afterwards wakes us up.
 */
static int look(const struct conf *conf, const char *name, const struct wish *wish, int watch_fd,
		struct error *err)
{
	AUTO_FREE char *containers = xprintf("%s/containers", conf->manager.state_dir);
	AUTO_FREE char *directory = xprintf("%s/%s", containers, name);
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_VIEW struct view view = {0};
	int there;

	inotify_add_watch(watch_fd, containers, IN_CREATE | IN_DELETE | IN_MOVED_TO);
	inotify_add_watch(watch_fd, directory, IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE);
	there = load_state(conf, &state, err);
	if (there < 0)
		return -1;
	view_take(conf, there ? &state : NULL, name, &view);
	if (view.state == VIEW_UNKNOWN)
		return *err = *view.error, error_wrap(err, "%s", name);
	if (!comes_true(wish, &view))
		return 0;
	if (!wish->ready)
		tell(&view);
	return 1;
}

/* Until something has changed, or it is time to look again. 0: the deadline has passed. */
static int wait_for_change(int watch_fd, uint64_t deadline_ms, struct error *err)
{
	struct pollfd wanted = {.fd = watch_fd, .events = POLLIN};
	uint64_t now = process_monotonic_ms();
	uint64_t left = deadline_ms > now ? deadline_ms - now : 0;
	char events[4096];

	if (left == 0)
		return 0;
	if (poll(&wanted, 1, left < LOOK_AGAIN_MS ? (int)left : LOOK_AGAIN_MS) < 0 && errno != EINTR)
		return error_set(err, errno, "poll");
	if (read(watch_fd, events, sizeof(events)) < 0 && errno != EINTR && errno != EAGAIN)
		return error_set(err, errno, "watch the records");
	return 1;
}

/* For one that runs: 1 it is ready, 0 it has ended meanwhile, -1. */
static int become_ready(const struct conf *conf, const char *name, uint64_t deadline_ms,
			struct error *err)
{
	AUTO_HOST struct host host = HOST_INIT;
	AUTO(ready_wait_clear) struct ready_wait wait = {.name = name};
	uint64_t now = process_monotonic_ms(), limit_ms = READY_NO_TIMEOUT;

	if (deadline_ms != UINT64_MAX)
		limit_ms = deadline_ms > now ? deadline_ms - now : 1;
	if (host_open(&conf->manager, true, &host, err) < 0)
		return -1;
	ready_wait_all(&host, &wait, 1, limit_ms);
	if (wait.result == READY_ENDED)
		return 0;
	if (wait.result != READY_REACHED)
		return *err = wait.error, error_wrap(err, "%s", name);
	printf("%s: ready\n", name);
	return 1;
}

/* As look(), and whether it is ready where that is wished. */
static int look_closer(const struct conf *conf, const char *name, const struct wish *wish,
		       int watch_fd, uint64_t deadline_ms, struct error *err)
{
	int rc = look(conf, name, wish, watch_fd, err);

	return rc > 0 && wish->ready ? become_ready(conf, name, deadline_ms, err) : rc;
}

static int wait_for(const struct conf *conf, const char *name, const struct wish *wish,
		    uint64_t deadline_ms, struct error *err)
{
	AUTO_FD int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int rc;

	if (watch_fd < 0)
		return error_set(err, errno, "inotify");
	while ((rc = look_closer(conf, name, wish, watch_fd, deadline_ms, err)) == 0) {
		rc = wait_for_change(watch_fd, deadline_ms, err);
		if (rc == 0)
			error_set(err, 0, "%s: the time is up", name);
		if (rc <= 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

static int parse_deadline(const char *text, uint64_t *deadline_ms, struct error *err)
{
	uint64_t timeout_ms;

	*deadline_ms = UINT64_MAX;
	if (!text)
		return 0;
	if (parse_duration(text, &timeout_ms, err) < 0) {
		error_wrap(err, "--timeout");
		return COMMAND_MISUSED;
	}
	if (__builtin_add_overflow(process_monotonic_ms(), timeout_ms, deadline_ms))
		*deadline_ms = UINT64_MAX;
	return 0;
}

int cmd_wait(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	uint64_t deadline_ms;
	struct wish wish;
	int rc = parse_wish(options->state, &wish, err);

	if (rc == 0)
		rc = parse_deadline(options->timeout, &deadline_ms, err);
	if (rc < 0)
		return rc;
	if (load_recorded(options, argc, argv, LOAD_KNOWN, &conf, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		if (wait_for(&conf, names.items[i], &wish, deadline_ms, err) < 0)
			return -1;
		output_flush();
	}
	return 0;
}
