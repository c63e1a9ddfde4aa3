/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * supervisor.h: the parent of one container. It is forked from the command, makes init in its
 * new namespaces and hands it the mounts only the host may make; then it becomes the small
 * program cman-supervisor, which keeps init as its child.
 */
#ifndef LIFECYCLE_SUPERVISOR_H
#define LIFECYCLE_SUPERVISOR_H

#include "config/spec.h"
#include "kernel/cgroup.h"
#include "kernel/namespace.h"
#include "lifecycle/confinement.h"
#include "lifecycle/layers.h"
#include "state/record.h"

/* All fds belong to the caller. */
struct launch {
	const struct spec *spec;
	const char *instance;
	const char *manager_file;          /* absolute path */
	const char *state_dir;
	const struct layers *layers;       /* of an overlay */
	const struct cgroup_host *cgroup;
	struct id_range ids;               /* unused where there is no user namespace */
	const struct device_policy *devices;
	const struct confinement *confinement;
	const struct confinement *init_confinement; /* of the built-in init */
	int directory_fd;                  /* run directory: resolv.conf, hostname */
	int hosts_directory_fd;            /* where the file "hosts" stands */
	int output_fd, error_fd;           /* FIFOs, open for reading and writing */
	int log_dir_fd, log_fd;            /* where the log stands, and the log */
	int notify_fd;                     /* socket of ready.notify; 0: there is none */
	int program_fd, supervisor_fd;
	int init_fd;                       /* of the built-in init, where spec wants it */
};

/*
 * Starts the supervisor: its pid, and in *control_fd the channel on which it and init report
 * (MESSAGE_CLONED, MESSAGE_READY, MESSAGE_FAILED; end of file once both have exec'd).
 */
pid_t supervisor_start(const struct launch *launch, int *control_fd, struct error *err);

/*
 * One more, for an init that runs without (init_pid, watched_fd: its pidfd), or for a container that
 * is to be started again (0, a timer that goes off then); console_fd: the master of its terminal, -1: it
 * has none. It does nothing until it gets MESSAGE_GO on *control_fd; then MESSAGE_FAILED or end of file.
 * launch: name, instance, manager_file, state_dir, cgroup, and fds of run directory, log and programs.
 */
pid_t supervisor_replace(const struct launch *launch, pid_t init_pid, int watched_fd,
			 int console_fd, int *control_fd, struct error *err);

/*
 * One more keeper of a terminal (supervisor_console.h), our child, that ends with init; program_fd: that of
 * cman-supervisor. It does nothing until it gets MESSAGE_CONSOLE with the master on *channel_fd, and ends
 * where that is closed before.
 */
pid_t supervisor_replace_keeper(const struct cgroup_host *cgroup, int program_fd, int init_pidfd,
				int *channel_fd, struct error *err);

/*
 * fork(2), into the cgroup of the supervisors and a session of its own: for what is to outlive the end of
 * the caller's session or unit. 0 in the child.
 */
pid_t supervisor_fork_beside(const struct cgroup_host *cgroup, struct error *err);

/*
 * Writes what the supervisor goes by while it runs (supervisor_settings.h) into the run directory.
 * A supervisor that runs already reads it once it is told.
 */
int supervisor_settings_write(int directory_fd, const struct spec *spec, struct error *err);

/* Tells the supervisor of the record that its settings have changed. ESRCH: there is none. */
int supervisor_tell(const struct record *record, struct error *err);

#endif
