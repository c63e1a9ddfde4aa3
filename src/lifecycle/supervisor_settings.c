/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/supervisor_settings.h"

#include <inttypes.h>
#include <signal.h>

#include "base/fs.h"
#include "base/process.h"
#include "lifecycle/supervisor.h"

_Static_assert((int)LOG_FILE == (int)SUPERVISOR_LOG_FILE &&
		       (int)LOG_SYSLOG == (int)SUPERVISOR_LOG_SYSLOG &&
		       (int)LOG_NONE == (int)SUPERVISOR_LOG_NONE &&
		       LOG_FILES_MAX == SUPERVISOR_LOG_FILES_MAX,
	       "the same for both programs");

static void print_settings(struct supervisor_settings settings, struct text *out)
{
	for (size_t i = 0; i < SUPERVISOR_SETTINGS_COUNT; i++)
		text_addf(out, "%s %" PRIu64 "\n", supervisor_settings_table[i].name,
			  *supervisor_setting_at(&settings, i));
}

int supervisor_settings_write(int directory_fd, const struct spec *spec, struct error *err)
{
	const struct supervisor_settings settings = {
		.stop_signal = (uint64_t)spec->stop_signal,
		.log_driver = spec->log.driver,
		.log_max_size = spec->log.max_size,
		.log_max_files = spec->log.max_files,
		.stop_timeout_ms = spec->stop_timeout_ms,
		.health_interval_ms =
			spec->health.command.count > 0 ? spec->health.interval_ms : 0,
	};
	AUTO_TEXT struct text text = {0};

	print_settings(settings, &text);
	return fs_replace_at(directory_fd, SUPERVISOR_SETTINGS_FILE, text_value(&text), text.length,
			     0600, err);
}

int supervisor_tell(const struct record *record, struct error *err)
{
	AUTO_FD int pidfd = process_open(&record->supervisor, err);

	if (pidfd < 0)
		return error_wrap(err, "the supervisor of %s", record->name);
	return process_signal(pidfd, SIGUSR2, err);
}
