/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman boot */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/moment.h"
#include "cmd/load.h"
#include "state/boot_record.h"

/* How far `cman up --boot` has come. */
enum progress {
	PROGRESS_THROUGH,
	PROGRESS_GOING_ON,
	PROGRESS_KILLED,   /* in this boot of the host */
	PROGRESS_CUT,      /* the host went down first */
	PROGRESS_EARLIER,  /* through, but the host has been booted since without it */
};

static const char *const progress_names[] = {
	[PROGRESS_THROUGH] = "through",
	[PROGRESS_GOING_ON] = "going-on",
	[PROGRESS_KILLED] = "killed",
	[PROGRESS_CUT] = "cut",
	[PROGRESS_EARLIER] = "earlier",
};

static const char *const outcome_names[] = {
	[BOOT_WAITING] = "waiting",
	[BOOT_RAN] = "ran already",
	[BOOT_RUNNING] = "starting",
	[BOOT_UP] = "up",
	[BOOT_FAILED] = "failed",
	[BOOT_UNREADY] = "not ready",
	[BOOT_OUT] = "not started",
};

static enum progress progress_of(const struct boot_record *record)
{
	if (!process_is_this_boot(record->boot_id))
		return record->end_ms ? PROGRESS_EARLIER : PROGRESS_CUT;
	if (record->end_ms)
		return PROGRESS_THROUGH;
	return process_is_there(&record->process) ? PROGRESS_GOING_ON : PROGRESS_KILLED;
}

static uint64_t after_begin(const struct boot_record *record, uint64_t ms)
{
	return ms > record->begin_ms ? ms - record->begin_ms : 0;
}

/* Of those that got that far. */
static bool has_time(const struct boot_entry *entry)
{
	return entry->begun_ms != 0 && entry->outcome != BOOT_RAN;
}

static uint64_t took(const struct boot_entry *entry)
{
	uint64_t end = entry->settled_ms ? entry->settled_ms : entry->running_ms;

	return end > entry->begun_ms ? end - entry->begun_ms : 0;
}

static void format_ms(uint64_t ms, const char *sign, char out[32])
{
	snprintf(out, 32, "%s%" PRIu64 ".%03u s", sign, ms / 1000, (unsigned int)(ms % 1000));
}

/* ---- for people ---- */

static void print_head(const struct boot_record *record, enum progress progress)
{
	char after[32], lasted[32], at[MOMENT_TEXT_MAX];

	moment_format_local_seconds(record->began_at, at);
	format_ms(record->begin_ms, "", after);
	format_ms(after_begin(record, record->end_ms), "", lasted);
	printf("boot of %s: begun %s after the kernel, ", at, after);
	switch (progress) {
	case PROGRESS_THROUGH:
	case PROGRESS_EARLIER:
		printf("through after %s\n", lasted);
		break;
	case PROGRESS_GOING_ON:
		printf("and it goes on\n");
		break;
	case PROGRESS_KILLED:
		printf("and killed before it was through: cman up --boot goes on with it\n");
		break;
	case PROGRESS_CUT:
		printf("and cut off, as the host went down before it was through\n");
		break;
	}
	if (progress == PROGRESS_EARLIER || progress == PROGRESS_CUT)
		printf("since then the host has come up again, and cman up --boot has not run\n");
	if (record->before_was_cut)
		printf("the boot before that was cut off before it was through\n");
}

static void print_after(const struct boot_entry *entry)
{
	for (size_t i = 0; i < entry->after.count; i++)
		printf("%s%s", i ? ", " : "  ", entry->after.items[i]);
	printf("\n");
}

static void print_table(const struct boot_record *record)
{
	int width = 4;

	for (size_t i = 0; i < record->count; i++)
		if ((int)strlen(record->entries[i].name) > width)
			width = (int)strlen(record->entries[i].name);
	printf("%-*s  %-11s  %12s  %12s  %s\n", width, "NAME", "STATE", "BEGUN", "TOOK", "AFTER");
	for (size_t i = 0; i < record->count; i++) {
		const struct boot_entry *entry = &record->entries[i];
		char begun[32] = "-", lasted[32] = "-";

		if (has_time(entry)) {
			format_ms(after_begin(record, entry->begun_ms), "+", begun);
			format_ms(took(entry), "", lasted);
		}
		printf("%-*s  %-11s  %12s  %12s", width, entry->name,
		       outcome_names[entry->outcome], begun, lasted);
		print_after(entry);
	}
	for (size_t i = 0; i < record->count; i++)
		if (record->entries[i].reason)
			printf("%s: %s\n", record->entries[i].name, record->entries[i].reason);
}

static void print_critical_path(const struct boot_record *record)
{
	size_t count;
	AUTO_FREE size_t *path = boot_record_critical_path(record, &count);
	char begun[32], lasted[32];

	if (count == 0)
		return;
	format_ms(after_begin(record, record->entries[path[count - 1]].settled_ms), "", lasted);
	printf("critical path, %s:\n", lasted);
	for (size_t i = 0; i < count; i++) {
		const struct boot_entry *entry = &record->entries[path[i]];

		format_ms(after_begin(record, entry->begun_ms), "+", begun);
		format_ms(took(entry), "", lasted);
		printf("  %s  %s  %s\n", begun, lasted, entry->name);
	}
}

/* ---- for programs ---- */

static void add_ms(struct json *object, const char *key, bool known, uint64_t ms)
{
	json_add_number(object, key, known ? ms : UINT64_MAX);
}

static struct json *entry_to_json(const struct boot_record *record, const struct boot_entry *entry)
{
	struct json *object = json_new_object();
	bool timed = has_time(entry);

	json_add_text(object, "name", entry->name);
	json_add_text(object, "state", outcome_names[entry->outcome]);
	add_ms(object, "begun_ms", timed, after_begin(record, entry->begun_ms));
	add_ms(object, "running_ms", timed && entry->running_ms,
	       after_begin(record, entry->running_ms));
	add_ms(object, "ready_ms", timed && entry->outcome == BOOT_UP,
	       after_begin(record, entry->settled_ms));
	add_ms(object, "took_ms", timed, took(entry));
	json_add_strings(object, "after", &entry->after);
	json_add_text(object, "error", entry->reason);
	return object;
}

static void print_json(const struct boot_record *record, enum progress progress)
{
	AUTO_JSON struct json *object = json_new_object();
	struct json *list = json_new_list();
	AUTO_STRLIST struct strlist names = {0};
	size_t count;
	AUTO_FREE size_t *path = boot_record_critical_path(record, &count);

	json_add_text(object, "progress", progress_names[progress]);
	json_add_text(object, "boot_id", record->boot_id);
	json_add_number(object, "began_at", record->began_at);
	json_add_number(object, "after_kernel_ms", record->begin_ms);
	add_ms(object, "took_ms", record->end_ms != 0, after_begin(record, record->end_ms));
	json_add_bool(object, "before_was_cut", record->before_was_cut);
	for (size_t i = 0; i < record->count; i++)
		json_append(list, entry_to_json(record, &record->entries[i]));
	json_add(object, "containers", list);
	for (size_t i = 0; i < count; i++)
		strlist_add(&names, record->entries[path[i]].name);
	json_add_strings(object, "critical_path", &names);
	json_print(object, stdout);
}

static bool all_are_up(const struct boot_record *record)
{
	for (size_t i = 0; i < record->count; i++)
		if (record->entries[i].outcome != BOOT_UP && record->entries[i].outcome != BOOT_RAN)
			return false;
	return true;
}

int cmd_boot(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_BOOT_RECORD struct boot_record record = {0};
	enum progress progress;
	int found;

	(void)argc;
	(void)argv;
	if (load_manager(options, &conf, err) < 0)
		return -1;
	found = boot_record_read(conf.manager.data_dir, &record, err);
	if (found == 0) {
		error_set(err, 0, "no boot has been recorded");
		error_hint(err, "cman up --boot does, which the init script of the host runs");
	}
	if (found <= 0)
		return -1;
	progress = progress_of(&record);
	if (options->json) {
		print_json(&record, progress);
	} else {
		print_head(&record, progress);
		if (record.count > 0)
			print_table(&record);
		else if (record.end_ms) /* else they are not noted yet */
			printf("there was nothing to start: what has autostart = true comes up with "
			       "the host\n");
		print_critical_path(&record);
	}
	return progress == PROGRESS_THROUGH && all_are_up(&record) ? EXIT_SUCCESS : EXIT_FAILURE;
}
