/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/record_text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "state/lines.h"

#define RECORD_VERSION 1

static const char *const phase_names[] = {"created", "running", "stopping", "stopped",
					  "restarting"};

/* ---- reading ---- */

static bool parse_version(const char *value, void *member)
{
	uint64_t number;

	(void)member;
	return lines_u64(value, &number) && number == RECORD_VERSION;
}

/* A number and the blank behind it. */
static bool take_number(const char **rest, uint64_t *number)
{
	char *end;

	if (**rest < '0' || **rest > '9')
		return false;
	errno = 0;
	*number = strtoull(*rest, &end, 10);
	*rest = end + 1;
	return errno == 0 && *end == ' ';
}

/* "PID START_TIME" or "PID START_TIME INODE" */
static bool parse_identity(const char *value, void *member)
{
	struct process_identity identity = {0};
	bool has_inode;
	uint64_t pid;

	if (!take_number(&value, &pid) || pid > INT_MAX)
		return false;
	has_inode = strchr(value, ' ') != NULL;
	if ((has_inode && !take_number(&value, &identity.start_time)) ||
	    !lines_u64(value, has_inode ? &identity.inode : &identity.start_time))
		return false;
	identity.pid = (pid_t)pid;
	*(struct process_identity *)member = identity;
	return true;
}

static bool parse_phase(const char *value, void *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(phase_names); i++) {
		if (strcmp(value, phase_names[i]) == 0) {
			*(enum record_phase *)member = (enum record_phase)i;
			return true;
		}
	}
	return false;
}

static bool parse_u64(const char *value, void *member)
{
	return lines_u64(value, member);
}

static bool parse_u32(const char *value, void *member)
{
	return lines_u32(value, member);
}

static bool parse_int(const char *value, void *member)
{
	uint32_t number;

	if (!lines_u32(value, &number) || number > INT_MAX)
		return false;
	*(int *)member = (int)number;
	return true;
}

static bool parse_bool(const char *value, void *member)
{
	return lines_bool(value, member);
}

static bool parse_text(const char *value, void *member)
{
	return lines_text(value, member);
}

static bool parse_id(const char *value, void *member)
{
	return lines_fixed(value, member, sizeof((struct record){0}.instance));
}

static bool parse_boot_id(const char *value, void *member)
{
	return lines_fixed(value, member, sizeof((struct record){0}.boot_id));
}

static bool parse_item(const char *value, void *member)
{
	strlist_add(member, value);
	return true;
}

static bool parse_capabilities(const char *value, void *member)
{
	struct record *record = member;

	return record->has_capabilities = lines_u64(value, &record->capabilities);
}

/* "67108864" or "67108864 /etc/cman/conf.d/web.conf:3" */
static bool parse_memory_limit(const char *value, void *member)
{
	struct record *record = member;
	char number[24];
	int used = 0;

	if (sscanf(value, "%23[0-9]%n", number, &used) != 1 ||
	    !lines_u64(number, &record->memory_limit))
		return false;
	return value[used] == ' ' ? lines_text(value + used + 1, &record->memory_origin)
				  : value[used] == '\0';
}

/* "EXITED STATUS OOM_KILLED ENDED_AT" */
static bool parse_last(const char *value, void *member)
{
	struct record_restarts *restarts = member;
	unsigned int exited, oom_killed;
	char end;

	if (sscanf(value, "%u %d %u %" SCNu64 "%c", &exited, &restarts->last_status, &oom_killed,
		   &restarts->last_ended_at, &end) != 4)
		return false;
	restarts->has_last = true;
	restarts->last_exited = exited != 0;
	restarts->last_oom_killed = oom_killed != 0;
	return true;
}

/* Of an earlier cman, which never used it. */
static bool parse_unused(const char *value, void *member)
{
	(void)value;
	(void)member;
	return true;
}

#define FIELD(key, parse, member) {key, parse, offsetof(struct record, member)}

/* In the order in which record_print() has them: each is mostly found where the last one ended. */
static const struct field {
	const char *key;
	bool (*parse)(const char *value, void *member);
	size_t offset;
} fields[] = {
	{"version", parse_version, 0},
	FIELD("name", parse_text, name),
	FIELD("instance", parse_id, instance),
	FIELD("boot", parse_boot_id, boot_id),
	FIELD("phase", parse_phase, phase),
	FIELD("init", parse_identity, init),
	FIELD("supervisor", parse_identity, supervisor),
	FIELD("keeper", parse_identity, keeper),
	FIELD("terminal-lost", parse_bool, terminal_lost),
	FIELD("started", parse_u64, started_at),
	FIELD("started-boottime", parse_u64, started_boottime),
	FIELD("oom-killed", parse_bool, oom_killed),
	FIELD("stop-signal", parse_int, stop_signal),
	FIELD("stop-timeout-ms", parse_u32, stop_timeout_ms),
	FIELD("oom-kills", parse_u64, oom_kills),
	{"memory-limit", parse_memory_limit, 0},
	FIELD("paused", parse_u64, paused_at),
	{"capabilities", parse_capabilities, 0},
	FIELD("cgroup-parent", parse_text, cgroup_parent),
	FIELD("health", parse_bool, has_health),
	FIELD("transient", parse_bool, transient),
	FIELD("applied", parse_bool, applied),
	FIELD("ready", parse_text, ready),
	FIELD("ready-at", parse_u64, ready_at),
	FIELD("ready-error", parse_text, ready_error),
	FIELD("unless-stopped", parse_bool, unless_stopped),
	FIELD("step", parse_item, steps),
	FIELD("address", parse_item, addresses),
	FIELD("port", parse_item, ports),
	FIELD("mark", parse_item, marks),
	FIELD("needs", parse_item, needs),
	FIELD("after", parse_item, after),
	FIELD("group", parse_item, groups),
	FIELD("exchange", parse_item, exchange),
	FIELD("source", parse_item, sources),
	FIELD("restarts", parse_u32, restarts.count),
	FIELD("retries", parse_u32, restarts.retries),
	FIELD("restart-due-ms", parse_u64, restarts.due_ms),
	FIELD("last-end", parse_last, restarts),
	{"firewall-prefix", parse_unused, 0},
};

struct parser {
	struct record *record;
	size_t at; /* the field of the last line */
};

static bool parse_line(void *data, const char *key, const char *value)
{
	struct parser *parser = data;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t at = (parser->at + i) % ARRAY_SIZE(fields);

		if (strcmp(key, fields[at].key) != 0)
			continue;
		parser->at = at;
		return fields[at].parse(value, (char *)parser->record + fields[at].offset);
	}
	return false;
}

int record_parse(char *text, struct record *record, struct error *err)
{
	struct parser parser = {record, 0};

	return lines_parse(text, parse_line, &parser, err);
}

/* ---- writing ---- */

static void print_restarts(const struct record_restarts *restarts, struct text *out)
{
	if (restarts->count)
		text_addf(out, "restarts %u\n", restarts->count);
	if (restarts->retries)
		text_addf(out, "retries %u\n", restarts->retries);
	if (restarts->due_ms)
		text_addf(out, "restart-due-ms %" PRIu64 "\n", restarts->due_ms);
	if (restarts->has_last)
		text_addf(out, "last-end %d %d %d %" PRIu64 "\n", restarts->last_exited,
			  restarts->last_status, restarts->last_oom_killed,
			  restarts->last_ended_at);
}

static void print_identity(const char *key, const struct process_identity *identity,
			   struct text *out)
{
	text_addf(out, "%s %d %" PRIu64, key, (int)identity->pid, identity->start_time);
	if (identity->inode)
		text_addf(out, " %" PRIu64, identity->inode);
	text_addf(out, "\n");
}

static void print_list(const char *key, const struct strlist *list, struct text *out)
{
	for (size_t i = 0; i < list->count; i++)
		text_addf(out, "%s %s\n", key, list->items[i]);
}

void record_print(const struct record *record, struct text *out)
{
	text_addf(out, "version %d\nname %s\ninstance %s\nboot %s\nphase %s\n", RECORD_VERSION,
		  record->name, record->instance, record->boot_id, phase_names[record->phase]);
	print_identity("init", &record->init, out);
	print_identity("supervisor", &record->supervisor, out);
	if (record->keeper.pid)
		print_identity("keeper", &record->keeper, out);
	if (record->terminal_lost)
		text_addf(out, "terminal-lost 1\n");
	text_addf(out, "started %" PRIu64 "\nstarted-boottime %" PRIu64 "\noom-killed %d\n",
		  record->started_at, record->started_boottime, record->oom_killed);
	text_addf(out, "stop-signal %d\nstop-timeout-ms %u\n", record->stop_signal,
		  record->stop_timeout_ms);
	if (record->oom_kills > 0)
		text_addf(out, "oom-kills %" PRIu64 "\n", record->oom_kills);
	if (record->memory_limit > 0)
		text_addf(out, "memory-limit %" PRIu64 "%s%s\n", record->memory_limit,
			  record->memory_origin ? " " : "",
			  record->memory_origin ? record->memory_origin : "");
	if (record->paused_at)
		text_addf(out, "paused %" PRIu64 "\n", record->paused_at);
	if (record->has_capabilities)
		text_addf(out, "capabilities %" PRIu64 "\n", record->capabilities);
	if (record->cgroup_parent)
		text_addf(out, "cgroup-parent %s\n", record->cgroup_parent);
	if (record->has_health)
		text_addf(out, "health 1\n");
	if (record->transient)
		text_addf(out, "transient 1\n");
	if (record->applied)
		text_addf(out, "applied 1\n");
	if (record->ready)
		text_addf(out, "ready %s\n", record->ready);
	if (record->ready_at)
		text_addf(out, "ready-at %" PRIu64 "\n", record->ready_at);
	if (record->ready_error)
		text_addf(out, "ready-error %s\n", record->ready_error);
	if (record->unless_stopped)
		text_addf(out, "unless-stopped 1\n");
	print_list("step", &record->steps, out);
	print_list("address", &record->addresses, out);
	print_list("port", &record->ports, out);
	print_list("mark", &record->marks, out);
	print_list("needs", &record->needs, out);
	print_list("after", &record->after, out);
	print_list("group", &record->groups, out);
	print_list("exchange", &record->exchange, out);
	print_list("source", &record->sources, out);
	print_restarts(&record->restarts, out);
	text_addf(out, "end\n");
}
