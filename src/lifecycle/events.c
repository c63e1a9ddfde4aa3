/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/events.h"

#include <string.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/parse.h"
#include "state/event.h"

void events_remember(struct container *container)
{
	const struct record *record = &container->record;
	struct past *past = &container->past;

	*past = (struct past){.liveness = LIVE_NONE};
	if (!record->name)
		return;
	past->liveness = record_liveness(record);
	past->was_stopping = record->phase == PHASE_STOPPING;
	past->was_waiting = record->phase == PHASE_RESTARTING;
	past->exited = record->exited;
	past->wait_status = record->wait_status;
	past->memory_limit = record->memory_limit;
	snprintf(past->memory_origin, sizeof(past->memory_origin), "%s",
		 record->memory_origin ? record->memory_origin : "");
	memcpy(past->instance, record->instance, sizeof(past->instance));
}

void events_add_end(struct json *details, bool exited, int wait_status)
{
	char name[32], number[16];

	if (!exited || WIFEXITED(wait_status)) {
		json_add_number(details, "exit_status",
				exited ? (uint64_t)WEXITSTATUS(wait_status) : UINT64_MAX);
		return;
	}
	snprintf(number, sizeof(number), "%d", WTERMSIG(wait_status));
	json_add_text(details, "signal",
		      process_signal_name(WTERMSIG(wait_status), name, sizeof(name)) ?: number);
}

static struct json *failure(const char *action, const struct error *err)
{
	struct json *details = json_new_object();

	json_add_text(details, "action", action);
	json_add_text(details, "error", err->text);
	return details;
}

static void note_oom(const struct host *host, const struct container *container)
{
	const struct past *past = &container->past;
	struct json *details = json_new_object();
	char limit[PARSE_TEXT_MAX];

	json_add_number(details, "kills", container->oom_kills);
	parse_format_size(past->memory_limit, limit);
	json_add_text(details, "limit", past->memory_limit > 0 ? limit : NULL);
	json_add_text(details, "at", *past->memory_origin ? past->memory_origin : NULL);
	event_note(&host->state, EVENT_OOM, container->name, past->instance, details);
}

void events_note_end(const struct host *host, const struct container *container)
{
	const struct past *past = &container->past;
	struct json *details;

	if (past->liveness == LIVE_NONE || past->liveness == LIVE_ENDED)
		return;
	if (container->oom_kills > 0)
		note_oom(host, container);
	if (container->failed) {
		event_note(&host->state, EVENT_FAILED, container->name, past->instance,
			   failure("stop", &container->error));
	} else if (past->liveness == LIVE_RUNNING || past->was_stopping || past->was_waiting) {
		event_note(&host->state, EVENT_STOPPED, container->name, past->instance, NULL);
	} else {
		details = json_new_object();
		events_add_end(details, past->exited, past->wait_status);
		event_note(&host->state, EVENT_EXITED, container->name, past->instance, details);
	}
}

void events_note_restart(const struct host *host, const struct container *container,
			 uint64_t delay_ms, unsigned int retries)
{
	struct json *details = json_new_object();
	char delay[PARSE_TEXT_MAX];

	parse_format_duration(delay_ms, delay);
	json_add_text(details, "delay", delay);
	json_add_number(details, "retries", retries);
	event_note(&host->state, EVENT_RESTARTING, container->name, container->record.instance,
		   details);
}

void events_note_given_up(const struct host *host, const struct container *container,
			  unsigned int retries)
{
	struct error err;

	error_set(&err, 0, "%u restarts in a row, giving up (restart.max_retries)", retries);
	log_warning("%s: %s", container->name, err.text);
	event_note(&host->state, EVENT_FAILED, container->name, container->record.instance,
		   failure("restart", &err));
}

void events_note_change(const struct host *host, const struct container *container,
			const struct strlist *keys)
{
	struct json *details;

	if (container->failed) {
		event_note(&host->state, EVENT_FAILED, container->name, container->record.instance,
			   failure("apply", &container->error));
		return;
	}
	details = json_new_object();
	json_add_strings(details, "keys", keys);
	event_note(&host->state, EVENT_CHANGED, container->name, container->record.instance,
		   details);
}

void events_note_start(const struct host *host, const struct container *container)
{
	const struct record *record = &container->record;
	struct json *details;

	if (container->past.failed)
		return; /* told already */
	if (container->failed) {
		event_note(&host->state, EVENT_FAILED, container->name, record->instance,
			   failure("start", &container->error));
		return;
	}
	details = json_new_object();
	json_add_number(details, "pid", (uint64_t)record->init.pid);
	event_note(&host->state, EVENT_STARTED, container->name, record->instance, details);
}

void events_note_ready(const struct state *state, const struct record *record, const char *reason)
{
	struct json *details = json_new_object();

	json_add_text(details, reason ? "reason" : "awaited", reason ?: record->ready);
	event_note(state, reason ? EVENT_NOT_READY : EVENT_READY, record->name, record->instance,
		   details);
}

void events_note_health(const struct state *state, const struct record *record,
			const struct health_record *health, const struct health_check *check,
			enum on_failure on_failure)
{
	const bool healthy = health->condition == HEALTH_HEALTHY;
	struct json *details = healthy ? NULL : json_new_object();

	if (!healthy) {
		json_add_number(details, "failures", health->failures);
		json_add_text(details, "reason", check->text);
		json_add_text(details, "on_failure", on_failure_names[on_failure]);
	}
	event_note(state, healthy ? EVENT_HEALTHY : EVENT_UNHEALTHY, record->name, record->instance,
		   details);
}
