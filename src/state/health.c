/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/health.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/fs.h"
#include "state/lines.h"

const char *const health_condition_names[HEALTH_CONDITION_COUNT] = {"starting", "healthy",
								    "unhealthy"};

void health_add(struct health_record *health, const struct health_check *check)
{
	if (health->count == HEALTH_HISTORY_MAX)
		memmove(health->history, health->history + 1,
			--health->count * sizeof(*health->history));
	health->history[health->count++] = *check;
}

static bool parse_condition(const char *value, enum health_condition *condition)
{
	for (unsigned int i = 0; i < HEALTH_CONDITION_COUNT; i++) {
		if (strcmp(value, health_condition_names[i]) == 0) {
			*condition = (enum health_condition)i;
			return true;
		}
	}
	return false;
}

/* "AT DURATION PASSED EXIT-STATUS TEXT" */
static bool parse_check(const char *value, struct health_record *health)
{
	struct health_check check;
	unsigned int passed;
	int used = 0;

	if (sscanf(value, "%" SCNu64 " %" SCNu64 " %1u %d %n", &check.at, &check.duration_ms,
		   &passed, &check.exit_status, &used) != 4 || used == 0)
		return false;
	check.passed = passed != 0;
	snprintf(check.text, sizeof(check.text), "%s", value + used);
	text_replace_controls(check.text);
	health_add(health, &check);
	return true;
}

static bool parse_field(void *data, const char *key, const char *value)
{
	struct health_record *health = data;

	if (strcmp(key, "condition") == 0)
		return parse_condition(value, &health->condition);
	if (strcmp(key, "since") == 0)
		return lines_u64(value, &health->since);
	if (strcmp(key, "failures") == 0)
		return lines_u32(value, &health->failures);
	return strcmp(key, "check") == 0 && parse_check(value, health);
}

int health_read(int run_dir_fd, struct health_record *health, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	struct error reason;

	*health = (struct health_record){.condition = HEALTH_STARTING};
	if (fs_read_at(run_dir_fd, HEALTH_FILE, LINES_SIZE_MAX, &text, &reason) < 0) {
		if (reason.code == ENOENT)
			return 0;
		if (err)
			*err = reason;
		return -1;
	}
	if (lines_parse(text.data, parse_field, health, err) == 0)
		return 1;
	*health = (struct health_record){.condition = HEALTH_STARTING};
	return error_wrap(err, "file " HEALTH_FILE);
}

int health_write(int run_dir_fd, const struct health_record *health, struct error *err)
{
	AUTO_TEXT struct text text = {0};

	text_addf(&text, "condition %s\nsince %" PRIu64 "\nfailures %u\n",
		  health_condition_names[health->condition], health->since, health->failures);
	for (size_t i = 0; i < health->count; i++) {
		const struct health_check *check = &health->history[i];

		text_addf(&text, "check %" PRIu64 " %" PRIu64 " %d %d %s\n", check->at,
			  check->duration_ms, check->passed, check->exit_status, check->text);
	}
	text_addf(&text, "end\n");
	return fs_replace_at(run_dir_fd, HEALTH_FILE, text_value(&text), text.length, 0600, err);
}
