/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.h: the host as one command works on it: everything opened once and shared by all
 * containers of the command. */
#ifndef LIFECYCLE_HOST_H
#define LIFECYCLE_HOST_H

#include "config/spec.h"
#include "kernel/cgroup.h"
#include "kernel/netlink.h"
#include "state/record.h"

/* In the environment of a cman that a supervisor runs, or that cman leaves behind: STATE_DIR. */
#define HOST_STATE_VARIABLE "CMAN_STATE_DIR"

struct container;

#define PROGRESS_MS 1000 /* how often it is told that something is waited for */

/* Those that are waited for to end, and for how long so far; none: nobody is any more. */
typedef void stop_progress(const struct container *const *containers, size_t count,
			   uint64_t waited_ms);

struct host {
	const struct manager *manager;
	struct state state;
	struct cgroup_host cgroup;
	bool cgroup_is_open;
	struct netlink *netlink;   /* opened on first use */
	bool keep_networks;        /* containers come back at once: networks stay without members */
	bool never_waits;          /* a container that another command works on is left alone */
	bool firewall_refused;     /* a commit failed and changed nothing: nothing to take back */
	stop_progress *stop_progress; /* told every PROGRESS_MS; NULL: nobody is */
	int program_fd;            /* O_PATH of cman itself: the supervisor runs it to clean up */
	int supervisor_fd;         /* O_PATH of cman-supervisor */
	int init_fd;               /* O_PATH of a sealed copy of cman-init */
};

/*
 * Opens the state; the rest follows on first use. create: to change something: makes the state
 * when missing, EPERM for who is not root.
 */
int host_open(const struct manager *manager, bool create, struct host *host, struct error *err);
void host_close(struct host *host);
/* For declarations: closing a host that was never opened closes nothing. */
#define HOST_INIT {.state = {-1, -1, -1}, .program_fd = -1, .supervisor_fd = -1, .init_fd = -1}
#define AUTO_HOST AUTO(host_close)

/* The cgroup tree with PARENT, for containers started below it. Owned by host. */
const struct cgroup_host *host_cgroup(struct host *host, const char *parent, struct error *err);

/* "CMAN_STATE_DIR=...", for such an environment. Owned by the caller. */
char *host_state_variable(const char *state_dir);

struct netlink *host_netlink(struct host *host, struct error *err);

/* Finds cman-supervisor: beside the running program, else in the compiled-in LIBEXECDIR. */
int host_open_programs(struct host *host, struct error *err);

/* Likewise cman-init, copied: one copy for all containers of the command. */
int host_open_init(struct host *host, struct error *err);

#endif
