/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify.h: the socket at which a container with ready.notify says that it is ready, sd_notify(3),
 * unix(7). It stands in the directory "notify" of the run directory, which is bound to /dev/.notify
 * in the container: a supervisor that takes over makes a new socket there, and the container finds
 * it under the same name. Not an abstract one, which everybody on the host's network could write to
 * with net = "host". What came is in the file "readiness" beside it, written by the supervisor
 * (supervisor/notify.h).
 */
#ifndef LIFECYCLE_NOTIFY_H
#define LIFECYCLE_NOTIFY_H

#include <stdint.h>

#include "base/error.h"
#include "lifecycle/supervisor_notify.h"

#define NOTIFY_DIRECTORY "notify"

/* Makes the directory in a run directory. */
int notify_make_directory(int run_dir_fd, struct error *err);

/*
 * Makes the socket anew, in the place of an earlier one: non-blocking, close-on-exec, owned by the
 * caller. All users of the container may write to it, nobody else gets there.
 */
int notify_open_socket(int run_dir_fd, struct error *err);

/* What has been said until now; false: nothing. */
struct notify_said {
	uint64_t ready_at; /* seconds since the epoch; 0: not ready yet */
	char status[NOTIFY_STATUS_MAX];
};
bool notify_read(int run_dir_fd, struct notify_said *said);

#endif
