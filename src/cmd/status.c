/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman status */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/moment.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/status_line.h"
#include "cmd/status_why.h"
#include "cmd/view_list.h"
#include "config/keys.h"
#include "config/ulimit.h"
#include "config/values.h"
#include "kernel/cgroup.h"
#include "lifecycle/layers.h"
#include "lifecycle/recorded.h"

/* Exit statuses of an init script's "status", LSB 5.0 */
enum { LSB_RUNNING = 0, LSB_DEAD = 1, LSB_STOPPED = 3, LSB_UNKNOWN = 4 };

/* A container with what only one who asks for it alone wants to know. */
struct status {
	const struct view *view;
	bool knows_spec;           /* else the next two are not known */
	struct userns userns;      /* it was started with */
	struct limits limits;      /* it was started with; LIMIT_MAX: not limited or unknown */
	struct cgroup_usage usage; /* UINT64_MAX: unknown */
	struct layers_usage disk;
	char *log_file;
	struct status_why why;
};

static int lsb_status(enum view_state state)
{
	switch (state) {
	case VIEW_RUNNING:
	case VIEW_PAUSED:
	case VIEW_STOPPING:
		return LSB_RUNNING;
	case VIEW_STALE:
		return LSB_DEAD;
	case VIEW_STOPPED:
	case VIEW_STARTING:
	case VIEW_RESTARTING:
	case VIEW_EXITED:
		return LSB_STOPPED;
	case VIEW_UNKNOWN:
		break;
	}
	return LSB_UNKNOWN;
}

static void read_disk(const struct state *state, const struct spec *spec,
		      const struct record *record, struct layers_usage *disk)
{
	AUTO_FD int run_dir_fd = record_open_directory(state, record->name, NULL);

	if (run_dir_fd >= 0)
		layers_read_usage(run_dir_fd, spec, record->init.pid, disk);
}

/* A running container's limits and use; what cannot be found out stays unknown. */
static int look_inside(const struct conf *conf, const struct state *state, struct status *status,
		       struct error *err)
{
	AUTO_CGROUP_HOST struct cgroup_host host = {0};
	const struct record *record = &status->view->record;
	struct spec spec = {0};

	if (recorded_spec(state, record->name, &spec, err) < 0)
		return -1;
	status->userns = spec.security.userns;
	status->knows_spec = true;
	read_disk(state, &spec, record, &status->disk);
	status->limits = spec.limits; /* taken over */
	spec.limits = (struct limits)LIMITS_NONE;
	spec_clear(&spec);
	if (cgroup_host_open(&host, conf->manager.cgroup_version, record->cgroup_parent, err) < 0)
		return -1;
	cgroup_read_usage(&host, record->name, &status->usage);
	return 0;
}

/* ---- for people ---- */

static void print_time(enum status_label label, uint64_t seconds, const char *addition)
{
	char text[MOMENT_TEXT_MAX];

	moment_format_seconds(seconds, text);
	status_line(label, "%s%s", text, addition);
}

static void print_addresses(const struct record *record)
{
	for (size_t i = 0; i < record->addresses.count; i++) {
		struct load_address address;

		if (load_split_address(record->addresses.items[i], &address))
			status_line(STATUS_ADDRESS, "%s%s%s on %s%s%s", address.address,
				    *address.address6 ? ", " : "", address.address6, address.network,
				    *address.interface ? ", inside " : "", address.interface);
	}
	for (size_t i = 0; i < record->ports.count; i++)
		status_line(STATUS_PORT, "%s", record->ports.items[i]);
}

/* "3 of 512", "3", "of 512" */
static void print_use(enum status_label label, uint64_t use, const char *use_text, uint64_t limit,
		      const char *limit_text)
{
	if (use == UINT64_MAX && limit == LIMIT_MAX)
		return;
	status_line(label, "%s%s%s", use == UINT64_MAX ? "unknown" : use_text,
		    limit == LIMIT_MAX ? "" : " of ", limit == LIMIT_MAX ? "" : limit_text);
}

/* Where a process is killed when it is passed: what held when it was started. */
static void print_memory_limit(const struct record *record)
{
	char size[PARSE_TEXT_MAX];

	if (record->memory_limit == 0)
		return;
	parse_format_size(record->memory_limit, size);
	status_line(STATUS_AT, "limits.memory = %s%s%s", size, record->memory_origin ? ", " : "",
		    record->memory_origin ? record->memory_origin : "");
}

/* The other limits that are not the built-in ones, in the words of the file. */
static void print_further_limits(const struct limits *limits)
{
	const struct key_table *table = keys_find(&container_keys, "limits")->members;
	const struct limits none = LIMITS_NONE;

	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		AUTO_TEXT struct text value = {0}, usual = {0};

		if (key->type == &type_pids || key->offset == offsetof(struct limits, memory) ||
		    key->type == &type_cpus)
			continue; /* shown with what is used of it */
		key->type->print((const char *)limits + key->offset, true, &value);
		key->type->print((const char *)&none + key->offset, true, &usual);
		if (strcmp(text_value(&value), text_value(&usual)) != 0)
			status_line(STATUS_LIMIT, "%s = %s", key->name, text_value(&value));
	}
}

/* "12 MiB of 1 GiB (project quota)" */
static void print_disk(const struct layers_usage *disk)
{
	char used[32] = "unknown", limit[32];

	if (!disk->kind)
		return;
	if (disk->used != UINT64_MAX)
		text_format_size(used, sizeof(used), disk->used);
	text_format_size(limit, sizeof(limit), disk->limit);
	status_line(STATUS_DISK, "%s%s%s (%s)", used, disk->limit == UINT64_MAX ? "" : " of ",
		    disk->limit == UINT64_MAX ? "" : limit, disk->kind);
}

static void print_limits(const struct status *status)
{
	const struct cgroup_usage *usage = &status->usage;
	const struct limits *limits = &status->limits;
	char use[PARSE_TEXT_MAX], limit[PARSE_TEXT_MAX];

	snprintf(use, sizeof(use), "%" PRIu64, usage->pids);
	snprintf(limit, sizeof(limit), "%" PRIu64, limits->pids);
	print_use(STATUS_TASKS, usage->pids, use, limits->pids, limit);
	text_format_size(use, sizeof(use), usage->memory);
	text_format_size(limit, sizeof(limit), limits->memory);
	print_use(STATUS_MEMORY, usage->memory, use, limits->memory, limit);
	if (usage->cpu_us != UINT64_MAX)
		status_line(STATUS_CPU, "%.1f s used", (double)usage->cpu_us / 1e6);
	if (limits->cpu_quota_us != LIMIT_MAX)
		status_line(STATUS_CPUS, "at most %g", (double)limits->cpu_quota_us / CPU_PERIOD_US);
	if (limits->cpu_quota_us != LIMIT_MAX && usage->throttled_us != UINT64_MAX)
		status_line(STATUS_MORE, "%.1f s its tasks were held back",
			    (double)usage->throttled_us / 1e6);
	if (usage->swap != UINT64_MAX && usage->swap > 0) {
		text_format_size(use, sizeof(use), usage->swap);
		status_line(STATUS_SWAP, "%s", use);
	}
	if (usage->high != UINT64_MAX && usage->high > 0)
		status_line(STATUS_MEMORY, "%" PRIu64 " times held back at memory_high",
			    usage->high);
	print_further_limits(limits);
	if (usage->oom_kills != UINT64_MAX && usage->oom_kills > 0) {
		status_line(STATUS_OOM, "%" PRIu64 " times a process was killed at the memory limit",
			    usage->oom_kills);
		print_memory_limit(&status->view->record);
	}
}

static void print_ready(const struct view *view)
{
	const struct ready_state *ready = view->ready;
	AUTO_FREE char *awaited = xprintf(" (%s)", view->record.ready ?: "");

	if (!ready)
		return;
	if (ready->readiness == READINESS_READY)
		print_time(STATUS_READY, ready->since, awaited);
	else if (ready->readiness == READINESS_FAILED)
		status_line(STATUS_NOT_READY, "%s", ready->text);
	/* What is waited for yet is what status_why_print() tells. */
}

/* "19:02:11 failed, 1 s: exit status 1: no answer" */
static void print_check(const struct health_check *check)
{
	AUTO_FREE char *rest = xprintf(" %s, %" PRIu64 ".%" PRIu64 " s%s%s",
				       check->passed ? "passed" : "failed",
				       check->duration_ms / 1000, check->duration_ms % 1000 / 100,
				       *check->text ? ": " : "", check->text);

	print_time(STATUS_CHECK, check->at, rest);
}

static void print_health(const struct view *view)
{
	const struct health_record *health = view->health;
	AUTO_FREE char *failures = NULL;

	if (!health)
		return;
	failures = xprintf(", %u failed in a row", health->failures);
	status_line(STATUS_HEALTH, "%s%s", health_condition_names[health->condition],
		    health->failures > 0 ? failures : "");
	if (health->since)
		print_time(STATUS_MORE, health->since, " since then");
	for (size_t i = 0; i < health->count; i++)
		print_check(&health->history[i]);
}

static void print_alive(const struct status *status)
{
	const struct record *record = &status->view->record;
	char uptime[32], text[64];

	text_format_duration(uptime, sizeof(uptime), view_uptime(status->view));
	snprintf(text, sizeof(text), " (%s)", uptime);
	print_time(STATUS_SINCE, record->started_at, text);
	print_ready(status->view);
	print_health(status->view);
	if (record->paused_at)
		print_time(STATUS_PAUSED, record->paused_at, "");
	status_line(STATUS_PROCESS, "%d, supervised by %d", (int)record->init.pid,
		    (int)record->supervisor.pid);
	if (record->terminal_lost)
		status_line(STATUS_TERMINAL, "lost, what held it was killed: cman restart %s",
			    record->name);
	if (status->knows_spec && status->userns.mode == USERNS_NONE)
		status_line(STATUS_USERNS, "none: root inside is root of the host");
	print_addresses(record);
	print_disk(&status->disk);
	print_limits(status);
}

/* Whether it flaps, and what it ends by. */
static void print_restarts(const struct view *view)
{
	const struct record_restarts *restarts = &view->record.restarts;
	char text[128], delay[32];

	if (view->state == VIEW_RESTARTING) {
		text_format_duration(delay, sizeof(delay), (view_restart_wait(view) + 999) / 1000);
		snprintf(text, sizeof(text), " (in %s)", delay);
		print_time(STATUS_DUE,
			   (uint64_t)time(NULL) + (view_restart_wait(view) + 999) / 1000, text);
	}
	if (restarts->count + restarts->retries > 0)
		status_line(STATUS_RESTARTS, "%u, %u in a row", restarts->count, restarts->retries);
	if (!restarts->has_last || view->record.exited)
		return;
	view_describe_last_end(&view->record, text, sizeof(text));
	if (*text)
		print_time(STATUS_LAST_ENDED, restarts->last_ended_at, "");
	status_line(STATUS_WITH, "%s", *text ? text : "an exit status that nobody saw");
}

static void print_status(const struct status *status)
{
	const struct view *view = status->view;
	const struct record *record = &view->record;
	char end[128];

	printf("%s: %s\n", view->name, view_state_name(view->state));
	if (view->state == VIEW_UNKNOWN)
		status_line(STATUS_RECORD, "%s", view->error->text);
	for (size_t i = 0; i < view->marks.count; i++)
		status_line(STATUS_MARK, "%s", view->marks.items[i]);
	status_why_print(view, &status->why);
	if (view->state == VIEW_STALE)
		status_line(STATUS_LEFT_OVER,
			    "it is cleaned up by the next \"cman up\" or \"cman down\"");
	if (view->alive)
		print_alive(status);
	print_restarts(view);
	view_describe_end(record, end, sizeof(end));
	if (*end) {
		print_time(STATUS_STARTED, record->started_at, "");
		print_time(STATUS_ENDED, record->ended_at, "");
		status_line(STATUS_WITH, "%s", end);
		if (record->oom_killed)
			print_memory_limit(record);
	}
	if (record->name)
		status_line(STATUS_INSTANCE, "%s", record->instance);
	status_line(STATUS_FILE, "%s", view->file ?: "none (any more)");
	status_line(STATUS_LOG, "%s", status->log_file);
}

/* ---- for programs ---- */

static struct json *io_to_json(const struct limits *limits)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < limits->io_count; i++) {
		const struct io_limit *io = &limits->io[i];
		struct json *item = json_new_object();

		json_add_text(item, "device", io->device);
		json_add_number(item, "rbps", io->rbps);
		json_add_number(item, "wbps", io->wbps);
		json_add_number(item, "riops", io->riops);
		json_add_number(item, "wiops", io->wiops);
		json_append(list, item);
	}
	return list;
}

static struct json *limits_to_json(const struct limits *limits)
{
	AUTO_STRLIST struct strlist ulimits = {0};
	char score[16];
	struct json *object = json_new_object();

	json_add_number(object, "pids", limits->pids);
	json_add_number(object, "memory", limits->memory);
	json_add_number(object, "cpu_quota_us", limits->cpu_quota_us);
	json_add_number(object, "memory_high", limits->memory_high);
	json_add_number(object, "memory_low", limits->memory_low);
	json_add_number(object, "swap", limits->swap);
	json_add_bool(object, "oom_group", limits->oom_group);
	json_add_number(object, "cpu_weight", limits->cpu_weight);
	json_add_text(object, "cpuset", limits->cpuset);
	json_add_text(object, "mems", limits->mems);
	json_add(object, "io", io_to_json(limits));
	json_add_number(object, "io_weight", limits->io_weight);
	json_add_number(object, "nofile_soft", limits->nofile_soft);
	json_add_number(object, "nofile_hard", limits->nofile_hard);
	for (size_t i = 0; i < limits->ulimit_count; i++) {
		char text[PARSE_TEXT_MAX];

		ulimit_format(&limits->ulimits[i], text);
		strlist_add(&ulimits, text);
	}
	json_add_strings(object, "ulimits", &ulimits);
	snprintf(score, sizeof(score), "%d", limits->oom_score_adj);
	json_add_text(object, "oom_score_adj", score);
	json_add_strings(object, "raw", &limits->raw);
	return object;
}

static struct json *usage_to_json(const struct cgroup_usage *usage)
{
	struct json *object = json_new_object();

	json_add_number(object, "pids", usage->pids);
	json_add_number(object, "memory", usage->memory);
	json_add_number(object, "cpu_us", usage->cpu_us);
	json_add_number(object, "oom_kills", usage->oom_kills);
	json_add_number(object, "swap", usage->swap);
	json_add_number(object, "memory_high_events", usage->high);
	json_add_number(object, "throttled_us", usage->throttled_us);
	return object;
}

static struct json *disk_to_json(const struct layers_usage *disk)
{
	struct json *object = json_new_object();

	json_add_text(object, "kind", disk->kind);
	json_add_number(object, "used", disk->used);
	json_add_number(object, "limit", disk->limit);
	return object;
}

static void print_json(const struct status *status)
{
	AUTO_JSON struct json *object = view_to_json(status->view);

	json_add_text(object, "log", status->log_file);
	status_why_to_json(&status->why, object);
	if (status->view->record.name) {
		const struct record *record = &status->view->record;

		json_add_number(object, "memory_limit",
				record->memory_limit > 0 ? record->memory_limit : UINT64_MAX);
		json_add_text(object, "memory_limit_at", record->memory_origin);
	}
	if (status->view->alive && status->knows_spec) {
		char userns[PARSE_TEXT_MAX];

		userns_format(&status->userns, userns);
		json_add_text(object, "userns", userns);
	}
	if (status->view->alive) {
		json_add_number(object, "supervisor_pid",
				(uint64_t)status->view->record.supervisor.pid);
		json_add_bool(object, "terminal_lost", status->view->record.terminal_lost);
		json_add(object, "limits", limits_to_json(&status->limits));
		json_add(object, "usage", usage_to_json(&status->usage));
		if (status->disk.kind)
			json_add(object, "disk", disk_to_json(&status->disk));
		else
			json_add_text(object, "disk", NULL);
	}
	json_print(object, stdout);
}

int cmd_status(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_VIEW_LIST struct view_list list = {.state = {-1, -1, -1}};
	AUTO_FREE char *log_file = NULL;
	struct status status = {
		.limits = LIMITS_NONE,
	};
	int code;

	cgroup_usage_clear(&status.usage);
	if (view_list_take(options, argc, argv, &list, err) < 0)
		return -1;
	status.view = &list.views[0];
	status.log_file = log_file =
		xprintf("%s/%s.log", list.conf.manager.log_dir, list.names.items[0]);
	status_why_take(status.view, list.state.dir_fd >= 0 ? &list.state : NULL, &status.why);
	code = lsb_status(status.view->state);
	if (status.view->alive && look_inside(&list.conf, &list.state, &status, err) < 0)
		log_warning("%s, limits and use are not known", err->text);
	if (options->json)
		print_json(&status);
	else
		print_status(&status);
	limits_clear(&status.limits);
	status_why_clear(&status.why);
	return code;
}
