/* SPDX-License-Identifier: GPL-2.0-or-later */
/* settings.h: a part of the supervisor: its settings, as they are in the run directory. */
#ifndef SUPERVISOR_SETTINGS_H
#define SUPERVISOR_SETTINGS_H

#include "supervisor/log.h"
#include "supervisor/supervisor.h"

_Static_assert(SUPERVISOR_SETTINGS_SIZE <= CHUNK, "the settings are read into the chunk");

/* When they cannot be read, they stay as they are. */
static inline void settings_read(struct supervisor *supervisor)
{
	long fd = system_open_at(supervisor->args.run_dir_fd, SUPERVISOR_SETTINGS_FILE,
				 O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	long length = fd < 0 ? fd : system_read((int)fd, chunk, SUPERVISOR_SETTINGS_SIZE - 1);

	if (fd >= 0)
		system_close((int)fd);
	if (length >= 0) {
		chunk[length] = '\0';
		if (supervisor_settings_parse(chunk, &supervisor->settings))
			return;
		length = SYSTEM_EINVAL;
	}
	log_line(supervisor, "the settings cannot be read, they stay as they are: error ",
		 (uint64_t)-length, "");
}

#endif
