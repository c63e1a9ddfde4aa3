/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h: what survives us: STATE_DIR/containers/NAME, made of
 *   lock     flock(2)ed while a command works on the container
 *   record   the struct below, replaced atomically before each step
 *   spec     the effective configuration it was started with (conf_print_spec)
 *   settings what its supervisor goes by (lifecycle/supervisor_settings.h)
 *   output error   FIFOs of the payload's output and error output
 *   exit     the supervisor's word on how it ended
 *   killed   when `cman kill` has sent it a signal to end by: seconds since the epoch
 *   console  what was written to its terminal last (lifecycle/supervisor_console.h)
 *   hostname resolv.conf   bound over the rootfs's
 * A record is a cache: believed only while boot id and identity of its process
 * (base/process.h) are the kernel's.
 */
#ifndef STATE_RECORD_H
#define STATE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"
#include "base/process.h"
#include "config/spec.h"

enum record_phase {
	PHASE_CREATED,
	PHASE_RUNNING,
	PHASE_STOPPING,
	PHASE_STOPPED,
	PHASE_RESTARTING, /* it has ended by itself, and its supervisor waits to start it again */
};

/* What cman has started again by itself since the last `up`: see lifecycle/restart.h. */
struct record_restarts {
	uint32_t count;         /* all of them */
	uint32_t retries;       /* those in a row, without a life long enough in between */
	uint64_t due_ms;        /* of CLOCK_BOOTTIME; PHASE_RESTARTING: when the next one is due */
	/* how the run before this one ended */
	bool has_last;
	bool last_exited;       /* false: not known */
	int last_status;        /* of wait(2) */
	bool last_oom_killed;
	uint64_t last_ended_at; /* seconds since the epoch */
};

/* What the end of a payload was for, as its supervisor knows it. */
enum record_purpose {
	PURPOSE_NONE,    /* it ended by itself */
	PURPOSE_STOP,    /* somebody asked the supervisor to stop it */
	PURPOSE_RESTART, /* its supervisor ended it, so that it be started again */
};

struct record {
	char *name;
	char instance[ID_SIZE];
	char boot_id[37];
	enum record_phase phase;
	struct process_identity init;       /* the payload's pid 1, as the host sees it */
	struct process_identity supervisor;
	struct process_identity keeper;     /* of its terminal (lifecycle/console.h); pid 0: it has none */
	bool terminal_lost;                 /* its keeper and its supervisor were killed */
	uint64_t started_at;                /* seconds since the epoch */
	uint64_t started_boottime;          /* seconds of CLOCK_BOOTTIME, for the uptime */
	uint64_t paused_at;                 /* seconds since the epoch; 0: it is not */
	struct strlist steps;               /* names of steps begun, in order */
	struct strlist addresses;           /* "cman0 10.83.0.10 eth0[ fd00::10]", per interface */
	struct strlist ports;               /* as in the file, for ps */
	struct strlist marks;               /* of spec_list_marks(), for ps */
	struct strlist needs, after;        /* depends_on and after, for who stops it */
	struct strlist groups;
	struct strlist exchange;            /* with whom its last change was one: lifecycle/exchange.h */
	bool unless_stopped;                /* its restart.policy: see state/wish.h */
	struct strlist sources;             /* the files it was read from: see source_collect() */
	char *cgroup_parent;                /* where it is, whatever the manager file says today */
	int stop_signal;                    /* asks the payload to end */
	uint32_t stop_timeout_ms;           /* then it is killed */
	uint64_t memory_limit;              /* bytes; 0: none, or of an older cman */
	char *memory_origin;                /* "FILE:LINE" it stood at; NULL: not known */
	bool has_capabilities;              /* false: of an older cman */
	uint64_t capabilities;              /* its bounding set, whatever a later command may give */
	char *ready;                        /* what it is waited for: "port 80"; NULL: nothing */
	uint64_t ready_at;                  /* seconds since the epoch; 0: not found so yet */
	bool has_health;                    /* it is checked: see state/health.h */
	bool transient;                     /* it never had a file: `cman run` */
	bool applied;                       /* a change was begun since it runs: see lifecycle/apply.h */
	char *ready_error;                  /* why those who waited last gave up, or NULL */
	/* once it has ended */
	bool exited;
	int wait_status;                    /* of wait(2) */
	bool oom_killed;
	uint64_t oom_kills;                 /* processes killed at the memory limit */
	uint64_t ended_at;                  /* seconds since the epoch; 0: not known */
	enum record_purpose purpose;
	struct record_restarts restarts;
};

void record_clear(struct record *record);

/* Takes over the memory limit of a configuration, with where it stands. */
void record_set_memory_limit(struct record *record, const struct spec *spec);

/*
 * Notes which files say what the container is started with; record_is_as_files() then tells, without
 * reading any, whether all of them are as they were. false: they may say something else. known: see
 * source_is_as().
 */
void record_set_sources(struct record *record, const struct manager *manager,
			const struct spec *spec);
bool record_is_as_files(const struct record *record, const char **known);
#define AUTO_RECORD AUTO(record_clear)

/* The directories of the state, opened once; made (0700) when missing and create is true. */
struct state {
	int dir_fd;        /* STATE_DIR */
	int containers_fd;
	int networks_fd;
};
int state_open(const char *state_dir, bool create, struct state *state, struct error *err);
void state_close(struct state *state);
#define AUTO_STATE AUTO(state_close)

/*
 * Locks a container against other commands: an fd whose close releases. Waits up to timeout_ms,
 * then EAGAIN with the holder's pid in the text. Makes the container's directory. A lock file
 * that was removed while we waited is noticed and taken anew. ENOENT: STATE_DIR/containers is gone.
 */
int record_lock(const struct state *state, const char *name, int timeout_ms, struct error *err);

/* Whether a command works on the container right now; waits for nothing. */
bool record_is_locked(const struct state *state, const char *name);

/* Directory of a container, for its other files. -1 with ENOENT when there is none. */
int record_open_directory(const struct state *state, const char *name, struct error *err);

/* Reads one of them: -1 as well beyond limit bytes. Never follows a symlink, never waits. */
int record_read_file(const struct state *state, const char *name, const char *file, size_t limit,
		     struct text *out, struct error *err);

/* Under the lock: removes what a process that was killed while it wrote the record has left. */
int record_take_over(int dir_fd, struct error *err);

/*
 * Whether any container since the last boot of the host had needs or after: where there was none, nobody
 * has to read all records to find who needs a container.
 */
bool record_any_order(const struct state *state);
/* That is forgotten when there is no container left. */
int record_forget_order(const struct state *state, struct error *err);

int record_write(const struct state *state, const struct record *record, struct error *err);

/*
 * 1: read; 0: there is none; -1: it is there but cannot be read or is not what we wrote (a
 * caller cleans up by the names in the kernel). Never follows a symlink, never waits.
 */
int record_read(const struct state *state, const char *name, struct record *record,
		struct error *err);

/* What the kernel says about a record, without waiting for anything. */
enum liveness {
	LIVE_NONE,      /* nothing runs, nothing is left */
	LIVE_RUNNING,   /* init is there and is the one we started */
	LIVE_ENDED,     /* ended by itself, cleaned up, exit status kept */
	LIVE_STALE,     /* of an earlier boot, or init is gone and nobody cleaned up */
	LIVE_WAITING,   /* ended by itself, a supervisor waits to start it again */
};
enum liveness record_liveness(const struct record *record);

/*
 * As record_read(), and its liveness; LIVE_NONE where there is none. Of one that runs there is no word on
 * an end: what may stand there is about the run before.
 */
int record_look(const struct state *state, const char *name, struct record *record,
		enum liveness *liveness, struct error *err);

/*
 * Removes the container's directory with everything in it, the lock last; and what is put there
 * meanwhile by who takes no lock, unless somebody else has locked it since.
 */
int record_remove(const struct state *state, const char *name, struct error *err);

/* Names that have a directory, sorted. */
int record_list(const struct state *state, struct strlist *names, struct error *err);

#endif
