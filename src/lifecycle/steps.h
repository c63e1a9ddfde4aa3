/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steps.h: the one table of steps that bring a container up, and the two walks over it. A step
 * is noted in the record before it is begun; a failed `up`, a `down`, a payload that ended by
 * itself and what a killed command left all walk the table backwards. Undo takes "not there"
 * for success, so it may run twice, or after half of its step.
 */
#ifndef LIFECYCLE_STEPS_H
#define LIFECYCLE_STEPS_H

#include "lifecycle/container.h"

/*
 * One step. Every function may be NULL. A step goes over all containers of the wave before the
 * next one begins: begin for each, then await for each, then commit once for all of them.
 */
struct step {
	const char *name;
	bool (*wanted)(const struct container *container); /* NULL: by every container */
	int (*begin)(struct host *host, struct container *container, struct error *err);
	int (*await)(struct host *host, struct container *container, struct error *err);
	int (*commit)(struct host *host, struct error *err);
	int (*undo)(struct host *host, struct container *container, struct error *err);
	/* Waits for all of them before one is awaited; only where host->stop_progress wants to be told. */
	void (*undo_watch)(struct host *host, struct container **containers, size_t count);
	int (*undo_await)(struct host *host, struct container *container, struct error *err);
	int (*undo_commit)(struct host *host, struct error *err);
	/* What belongs to the container and not to its processes stays when these are started anew. */
	bool stays;
	int (*again)(struct host *host, struct container *container, struct error *err); /* then */
};

/*
 * Brings up all containers of the wave side by side. One that fails is taken back whole, has
 * failed set and the reason in error; the others go on.
 */
void steps_up(struct host *host, struct container **containers, size_t count);

/*
 * Takes away whatever the records of the containers say was begun. What goes wrong is in error
 * of the container (failed set), and does not keep the rest from being undone. Containers
 * without a record are left alone.
 */
void steps_down(struct host *host, struct container **containers, size_t count);

/*
 * For a restart that cman does by itself. steps_rest() takes away what belongs to the processes of a
 * container that have ended: addresses, rules, ids and files stay, so that the firewall is not
 * touched. It leaves the record to its caller, with the steps that are left; undo_failed: nothing
 * was taken off it. steps_again() brings the processes up on top of that, from the recorded spec;
 * where it fails it takes back as much, with failed and error set.
 */
void steps_rest(struct host *host, struct container *container);
void steps_again(struct host *host, struct container *container);

/*
 * The functions of the table, by file: step_files.c, step_network.c, step_link.c, step_process.c,
 * step_hooks.c.
 */
int files_begin(struct host *host, struct container *container, struct error *err);
int files_again(struct host *host, struct container *container, struct error *err);

/* Adds the text of a file as it is made now: "resolv.conf" or "hostname". */
int files_generate(const struct manager *manager, const struct spec *spec, const char *name,
		   struct text *text, struct error *err);

/* Opens log_fd of the container, and what goes with it. */
int files_open_log(const struct host *host, struct container *container, struct error *err);
int files_undo(struct host *host, struct container *container, struct error *err);
int cgroup_begin(struct host *host, struct container *container, struct error *err);
int cgroup_undo(struct host *host, struct container *container, struct error *err);
int network_begin(struct host *host, struct container *container, struct error *err);
int network_undo(struct host *host, struct container *container, struct error *err);
int network_commit(struct host *host, struct error *err);
int network_up_commit(struct host *host, struct error *err); /* warns of rules of others, too */
int init_begin(struct host *host, struct container *container, struct error *err);
int init_undo(struct host *host, struct container *container, struct error *err);
int link_await(struct host *host, struct container *container, struct error *err);
int link_undo(struct host *host, struct container *container, struct error *err);
int init_receive_cloned(struct container *container, struct error *err);

/*
 * After a failure: init may have failed itself meanwhile, and its end be all that we ran into. Puts
 * what it has told, if anything, into the place of err. Always -1.
 */
int init_prefer_reason(struct container *container, struct error *err);
int start_begin(struct host *host, struct container *container, struct error *err);
int start_await(struct host *host, struct container *container, struct error *err);
int start_undo(struct host *host, struct container *container, struct error *err);
void start_undo_watch(struct host *host, struct container **containers, size_t count);
int start_undo_await(struct host *host, struct container *container, struct error *err);
bool pre_start_wanted(const struct container *container);
int pre_start_begin(struct host *host, struct container *container, struct error *err);
int pre_start_await(struct host *host, struct container *container, struct error *err);
int pre_start_undo(struct host *host, struct container *container, struct error *err);
int pre_start_undo_await(struct host *host, struct container *container, struct error *err);
bool post_start_wanted(const struct container *container);
int post_start_begin(struct host *host, struct container *container, struct error *err);
int post_start_await(struct host *host, struct container *container, struct error *err);
int post_start_undo(struct host *host, struct container *container, struct error *err);
int post_start_undo_await(struct host *host, struct container *container, struct error *err);

/* Whether the signal, none that always does, would do anything to the first process of a container. */
bool start_would_react(pid_t pid, int signal_number);

/*
 * Who is paused could not take a signal, nor be seen waiting for one: it goes on. The record is not
 * written.
 */
void start_thaw(struct host *host, struct container *container);

#endif
