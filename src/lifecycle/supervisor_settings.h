/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor_settings.h: what cman-supervisor goes by beside its arguments, and what can change
 * while it runs: the file "settings" in the run directory, "NAME NUMBER" in each line, always
 * replaced as a whole. It is read at the start and at each SIGUSR2. Both programs include this, so
 * everything is inline and needs nothing but libc's headers.
 */
#ifndef LIFECYCLE_SUPERVISOR_SETTINGS_H
#define LIFECYCLE_SUPERVISOR_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPERVISOR_SETTINGS_FILE "settings"

struct supervisor_settings {
	uint64_t stop_signal;        /* sent to init when the supervisor gets SIGTERM */
	uint64_t stop_timeout_ms;    /* from there to its end, where a health check stops it */
	uint64_t health_interval_ms; /* between two health checks; 0: there are none */
	uint64_t log_driver;
	uint64_t log_max_size; /* bytes, of a file */
	uint64_t log_max_files;
};

enum { SUPERVISOR_LOG_FILE, SUPERVISOR_LOG_SYSLOG, SUPERVISOR_LOG_NONE }; /* log_driver */
#define SUPERVISOR_LOG_FILES_MAX 100

/* A line of the file: its name, its place, the highest and lowest number, what it is without. */
struct supervisor_setting {
	const char *name;
	size_t offset;
	uint64_t lowest, highest, standard;
};

#define SUPERVISOR_SETTING(field, lowest, highest, standard)                                       \
	{                                                                                          \
		#field, offsetof(struct supervisor_settings, field), lowest, highest, standard     \
	}

static const struct supervisor_setting supervisor_settings_table[] = {
	SUPERVISOR_SETTING(stop_signal, 1, 64, 15),
	SUPERVISOR_SETTING(log_driver, SUPERVISOR_LOG_FILE, SUPERVISOR_LOG_NONE, SUPERVISOR_LOG_FILE),
	SUPERVISOR_SETTING(log_max_size, 65536, UINT64_MAX / 2, 10 << 20),
	SUPERVISOR_SETTING(log_max_files, 1, SUPERVISOR_LOG_FILES_MAX, 3),
	SUPERVISOR_SETTING(stop_timeout_ms, 0, 3600000, 10000),
	SUPERVISOR_SETTING(health_interval_ms, 0, 86400000, 0),
};

#define SUPERVISOR_SETTINGS_COUNT                                                                  \
	(sizeof(supervisor_settings_table) / sizeof(*supervisor_settings_table))
/* Room for the file, also for one with lines of a later cman. */
#define SUPERVISOR_SETTINGS_SIZE 4096

static inline uint64_t *supervisor_setting_at(struct supervisor_settings *settings, size_t i)
{
	return (uint64_t *)(void *)((char *)settings + supervisor_settings_table[i].offset);
}

static inline void supervisor_settings_reset(struct supervisor_settings *settings)
{
	for (size_t i = 0; i < SUPERVISOR_SETTINGS_COUNT; i++)
		*supervisor_setting_at(settings, i) = supervisor_settings_table[i].standard;
}

/* The row of a name that ends at a blank: its index, SUPERVISOR_SETTINGS_COUNT: there is none. */
static inline size_t supervisor_settings_find(const char *name)
{
	size_t i, at;

	for (i = 0; i < SUPERVISOR_SETTINGS_COUNT; i++) {
		const char *known = supervisor_settings_table[i].name;

		for (at = 0; known[at] && known[at] == name[at]; at++)
			;
		if (!known[at] && name[at] == ' ')
			break;
	}
	return i;
}

/* Decimal digits up to a newline: where the next line begins, NULL: it is something else. */
static inline const char *supervisor_settings_number(const char *text, uint64_t *number)
{
	*number = 0;
	if (*text == '\n')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (*number > (UINT64_MAX - 9) / 10)
			return NULL;
		*number = *number * 10 + (uint64_t)(*text - '0');
	}
	return *text == '\n' ? text + 1 : NULL;
}

/*
 * Takes the text of the file, NUL at its end. What it does not say has its standard value, names
 * that are not known here are of a later cman. false: not such a file; settings are as before.
 */
static inline bool supervisor_settings_parse(const char *text, struct supervisor_settings *settings)
{
	struct supervisor_settings read;

	supervisor_settings_reset(&read);
	while (*text) {
		size_t i = supervisor_settings_find(text);
		uint64_t number;

		while (*text && *text != ' ' && *text != '\n')
			text++;
		if (*text != ' ')
			return false;
		text = supervisor_settings_number(text + 1, &number);
		if (!text)
			return false;
		if (i == SUPERVISOR_SETTINGS_COUNT)
			continue;
		if (number < supervisor_settings_table[i].lowest ||
		    number > supervisor_settings_table[i].highest)
			return false;
		*supervisor_setting_at(&read, i) = number;
	}
	*settings = read;
	return true;
}

#endif
