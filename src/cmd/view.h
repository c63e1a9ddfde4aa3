/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view.h: a container as it is now, for those who look: its record, what the kernel says about
 * it, its file. Never waits for another process. What a killed one has left of it is finished first
 * (lifecycle/heal.h); apart from that it reads only.
 */
#ifndef CMD_VIEW_H
#define CMD_VIEW_H

#include "base/json.h"
#include "config/conf.h"
#include "lifecycle/ready.h"
#include "state/health.h"
#include "state/record_looks.h"

enum view_state {
	VIEW_STOPPED,  /* nothing of it is there */
	VIEW_STARTING, /* a command is bringing it up */
	VIEW_RUNNING,
	VIEW_PAUSED,   /* it runs, and was told to stand still */
	VIEW_STOPPING, /* it is being taken down, or cleaned up */
	VIEW_EXITED,   /* ended by itself, cleaned up */
	VIEW_RESTARTING, /* ended by itself, and waits to be started again */
	VIEW_STALE,    /* it does not run, and something of it is left */
	VIEW_UNKNOWN,  /* its record cannot be read */
};

struct view {
	const char *name;
	enum view_state state;
	bool alive;              /* its init runs */
	struct record record;    /* record.name is NULL when there is none */
	const struct spec *spec; /* what its file says; NULL: there is none, or it was not read */
	char *file;              /* its path; NULL: there is none */
	bool needs_file;         /* marks: the record does not tell what the file says; view_list.c */
	struct strlist marks;    /* of what runs, else of what its file says; see view_list.h */
	/* Large, and NULL for most: of a thousand views each page would have to be made. */
	struct ready_state *ready;    /* of what runs and has something to wait for */
	struct health_record *health; /* of what runs and is checked */
	struct error *error;          /* VIEW_UNKNOWN: why */
};

/* name and conf must live as long as the view. state: NULL when nothing was ever started. */
void view_take(const struct conf *conf, const struct state *state, const char *name,
	       struct view *view);
/* Of one that was looked at already: what is in look goes over to the view. */
void view_take_looked(const struct conf *conf, const struct state *state, const char *name,
		      struct record_look *look, struct view *view);
void view_clear(struct view *view);
#define AUTO_VIEW AUTO(view_clear)

const char *view_state_name(enum view_state state);

/* How it is, of one that runs: "not ready", "healthy"; "" when there is nothing to say. */
const char *view_condition(const struct view *view);
bool view_is_unwell(const struct view *view); /* that is something to look after */

/* "exited 3", "oom-killed", "killed SIGSEGV", "running, not ready", or the name of the state. The caller's. */
char *view_describe_state(const struct view *view);

/* How it ended: "exit status 3", "killed by SIGKILL (out of memory)"; "" when not known. */
void view_describe_end(const struct record *record, char *out, size_t size);

/* The same of the run before the one that there is now. */
void view_describe_last_end(const struct record *record, char *out, size_t size);

uint64_t view_restart_wait(const struct view *view); /* milliseconds until it is started again */

uint64_t view_uptime(const struct view *view); /* seconds, 0 unless it is alive */

/* What ps and status have in common. */
struct json *view_to_json(const struct view *view);

#endif
