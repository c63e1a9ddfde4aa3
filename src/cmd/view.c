/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/view.h"

#include <string.h>
#include <sys/wait.h>

#include "cmd/load.h"
#include "lifecycle/heal.h"
#include "lifecycle/events.h"

static enum view_state find_state(const struct state *state, const struct record *record,
				  enum liveness liveness)
{
	switch (liveness) {
	case LIVE_NONE:
		break;
	case LIVE_RUNNING:
		if (record->phase == PHASE_STOPPING)
			return VIEW_STOPPING;
		return record->paused_at ? VIEW_PAUSED : VIEW_RUNNING;
	case LIVE_ENDED:
		return VIEW_EXITED;
	case LIVE_WAITING:
		return VIEW_RESTARTING;
	case LIVE_STALE:
		if (!record_is_locked(state, record->name))
			return VIEW_STALE;
		if (record->phase == PHASE_RESTARTING)
			return VIEW_RESTARTING;
		return record->phase == PHASE_CREATED ? VIEW_STARTING : VIEW_STOPPING;
	}
	return VIEW_STOPPED;
}

/* How it feels. */
static void look_closer(const struct state *state, struct view *view)
{
	AUTO_FD int dir_fd = -1;

	if (view->record.ready) {
		view->ready = xalloc(1, sizeof(*view->ready));
		ready_look(state, &view->record, view->ready);
	}
	if (!view->record.has_health)
		return;
	view->health = xalloc(1, sizeof(*view->health));
	dir_fd = record_open_directory(state, view->name, NULL);
	health_read(dir_fd, view->health, NULL);
}

void view_take_looked(const struct conf *conf, const struct state *state, const char *name,
		      struct record_look *look, struct view *view)
{
	*view = (struct view){.name = name, .spec = conf_find(conf, name)};
	if (state)
		heal_looked(&conf->manager, state, name, look);
	view->record = look->record;
	view->error = look->error;
	*look = (struct record_look){.found = look->found, .liveness = look->liveness};
	if (look->found < 0) {
		view->state = VIEW_UNKNOWN;
	} else if (look->found > 0) {
		/* Asked once: the answer must not change while it is printed. */
		view->alive = look->liveness == LIVE_RUNNING;
		view->state = find_state(state, &view->record, look->liveness);
		if (view->alive)
			look_closer(state, view);
	}
	view->file = view->spec ? xstrdup(view->spec->file) : NULL;
	if (view->alive)
		strlist_copy(&view->marks, &view->record.marks);
	else if (view->spec)
		spec_list_marks(view->spec, &view->marks);
}

void view_take(const struct conf *conf, const struct state *state, const char *name,
	       struct view *view)
{
	struct record_look look = {0};

	if (state)
		record_look_at(state, name, &look);
	view_take_looked(conf, state, name, &look, view);
}

void view_clear(struct view *view)
{
	record_clear(&view->record);
	strlist_clear(&view->marks);
	free(view->file);
	free(view->ready);
	free(view->health);
	free(view->error);
}

const char *view_state_name(enum view_state state)
{
	static const char *const names[] = {
		[VIEW_STOPPED] = "stopped",   [VIEW_STARTING] = "starting",
		[VIEW_RUNNING] = "running",   [VIEW_PAUSED] = "paused",
		[VIEW_STOPPING] = "stopping", [VIEW_EXITED] = "exited",
		[VIEW_STALE] = "stale",       [VIEW_UNKNOWN] = "unknown",
		[VIEW_RESTARTING] = "restarting",
	};

	return names[state];
}

const char *view_condition(const struct view *view)
{
	if (view->ready && view->ready->readiness != READINESS_READY)
		return "not ready";
	return view->health ? health_condition_names[view->health->condition] : "";
}

bool view_is_unwell(const struct view *view)
{
	const char *condition = view_condition(view);

	return *condition && strcmp(condition, health_condition_names[HEALTH_HEALTHY]) != 0;
}

char *view_describe_state(const struct view *view)
{
	const struct record *record = &view->record;
	const char *addition = view_condition(view);
	char name[32];

	if (*addition)
		return xprintf("%s, %s", view_state_name(view->state), addition);
	if (view->state != VIEW_EXITED || !record->exited)
		return xstrdup(view_state_name(view->state));
	if (WIFEXITED(record->wait_status))
		return xprintf("exited %d", WEXITSTATUS(record->wait_status));
	if (record->oom_killed)
		return xstrdup("oom-killed");
	return xprintf("killed %s",
		       process_signal_name(WTERMSIG(record->wait_status), name, sizeof(name)) ?: "");
}

static void describe_end(int wait_status, bool oom_killed, char *out, size_t size)
{
	const char *reason = oom_killed ? " (out of memory)" : "";
	char name[32];

	if (WIFEXITED(wait_status))
		snprintf(out, size, "exit status %d%s", WEXITSTATUS(wait_status), reason);
	else if (process_signal_name(WTERMSIG(wait_status), name, sizeof(name)))
		snprintf(out, size, "killed by %s%s", name, reason);
	else
		snprintf(out, size, "killed by signal %d%s", WTERMSIG(wait_status), reason);
}

void view_describe_end(const struct record *record, char *out, size_t size)
{
	*out = '\0';
	if (record->exited)
		describe_end(record->wait_status, record->oom_killed, out, size);
}

void view_describe_last_end(const struct record *record, char *out, size_t size)
{
	const struct record_restarts *restarts = &record->restarts;

	*out = '\0';
	if (restarts->has_last && restarts->last_exited)
		describe_end(restarts->last_status, restarts->last_oom_killed, out, size);
}

uint64_t view_restart_wait(const struct view *view)
{
	const uint64_t now_ms = process_boottime_ms(), due_ms = view->record.restarts.due_ms;

	return view->state == VIEW_RESTARTING && due_ms > now_ms ? due_ms - now_ms : 0;
}

uint64_t view_uptime(const struct view *view)
{
	uint64_t now = process_boottime_seconds();

	if (!view->alive || now < view->record.started_boottime)
		return 0;
	return now - view->record.started_boottime;
}

static struct json *addresses_to_json(const struct record *record)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < record->addresses.count; i++) {
		struct json *item = json_new_object();
		struct load_address address;

		load_split_address(record->addresses.items[i], &address);
		json_add_text(item, "network", address.network);
		json_add_text(item, "address", address.address);
		if (*address.address6)
			json_add_text(item, "address6", address.address6);
		json_add_text(item, "interface", address.interface);
		json_append(list, item);
	}
	return list;
}

static void add_end(struct json *object, const struct record *record)
{
	json_add_number(object, "ended_at", record->ended_at);
	events_add_end(object, true, record->wait_status);
	json_add_bool(object, "oom_killed", record->oom_killed);
	json_add_number(object, "oom_kills", record->oom_kills);
}

static struct json *ready_to_json(const struct view *view)
{
	const struct ready_state *ready = view->ready;
	struct json *object = json_new_object();

	json_add_bool(object, "ready", ready->readiness == READINESS_READY);
	json_add_text(object, "awaited", view->record.ready);
	if (ready->readiness == READINESS_READY)
		json_add_number(object, "since", ready->since);
	else
		json_add_text(object, "missing", ready->text);
	return object;
}

static struct json *check_to_json(const struct health_check *check)
{
	struct json *object = json_new_object();

	json_add_number(object, "at", check->at);
	json_add_number(object, "duration_ms", check->duration_ms);
	json_add_bool(object, "passed", check->passed);
	if (check->exit_status >= 0)
		json_add_number(object, "exit_status", (uint64_t)check->exit_status);
	json_add_text(object, "text", check->text);
	return object;
}

static struct json *health_to_json(const struct health_record *health)
{
	struct json *object = json_new_object(), *history = json_new_list();

	json_add_text(object, "condition", health_condition_names[health->condition]);
	if (health->since)
		json_add_number(object, "since", health->since);
	json_add_number(object, "failures", health->failures);
	for (size_t i = 0; i < health->count; i++)
		json_append(history, check_to_json(&health->history[i]));
	json_add(object, "history", history);
	return object;
}

static struct json *last_end_to_json(const struct record_restarts *restarts)
{
	struct json *object = json_new_object();

	json_add_number(object, "ended_at", restarts->last_ended_at);
	events_add_end(object, restarts->last_exited, restarts->last_status);
	json_add_bool(object, "oom_killed", restarts->last_oom_killed);
	return object;
}

static void add_restarts(struct json *object, const struct view *view)
{
	const struct record_restarts *restarts = &view->record.restarts;

	json_add_number(object, "restarts", restarts->count);
	json_add_number(object, "restarts_in_a_row", restarts->retries);
	if (view->state == VIEW_RESTARTING)
		json_add_number(object, "restart_in_ms", view_restart_wait(view));
	if (restarts->has_last)
		json_add(object, "last_end", last_end_to_json(restarts));
}

struct json *view_to_json(const struct view *view)
{
	static const struct strlist none;
	const struct record *record = &view->record;
	struct json *object = json_new_object();

	json_add_text(object, "name", view->name);
	json_add_text(object, "state", view_state_name(view->state));
	json_add_text(object, "file", view->file);
	json_add(object, "addresses", view->alive ? addresses_to_json(record) : json_new_list());
	json_add_strings(object, "ports", view->alive ? &record->ports : &none);
	json_add_strings(object, "marks", &view->marks);
	if (record->name) {
		json_add_text(object, "instance", record->instance);
		json_add_number(object, "started_at", record->started_at);
		add_restarts(object, view);
	}
	if (view->alive) {
		json_add_number(object, "pid", (uint64_t)record->init.pid);
		json_add_number(object, "uptime_seconds", view_uptime(view));
		if (record->paused_at)
			json_add_number(object, "paused_at", record->paused_at);
	}
	if (view->health)
		json_add(object, "health", health_to_json(view->health));
	if (view->ready)
		json_add(object, "ready", ready_to_json(view));
	if (record->exited)
		add_end(object, record);
	if (view->state == VIEW_UNKNOWN)
		json_add_text(object, "error", view->error->text);
	return object;
}
