/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * why.h: which object of the kernel carries a key of a container, and what it says now, beside what the
 * container was started with. For those who look: nothing is changed, no lock is taken.
 */
#ifndef LIFECYCLE_WHY_H
#define LIFECYCLE_WHY_H

#include "config/explain.h"
#include "lifecycle/recorded.h"

enum why_state {
	WHY_SAME,    /* as the container was started, or changed live */
	WHY_DIFFERS, /* somebody else has changed it */
	WHY_SHOWN,   /* the container may change it itself, or there is nothing to compare it with */
	WHY_FILE,    /* the kernel knows nothing of it: a file carries it */
	WHY_OLDER,   /* the container was started without it */
	WHY_DOWN,    /* it does not run */
	WHY_UNKNOWN, /* it cannot be looked at: now says why */
};
const char *why_state_name(enum why_state state); /* "same", "differs" */

struct why_answer {
	enum why_state state;
	struct text object; /* "/sys/fs/cgroup/cman/web/memory.max"; while it does not run in general words */
	struct text now;    /* empty: there is nothing to be told */
	struct text wanted; /* in the same words; empty likewise */
};
void why_answer_clear(struct why_answer *answer);
#define AUTO_WHY_ANSWER AUTO(why_answer_clear)

/* A container that is looked at. What is needed for it is opened when the first key asks for it. */
struct why;
int why_open(const struct conf *conf, const struct state *state, const char *name, struct why **why,
	     struct error *err);
void why_close(struct why **why);
#define AUTO_WHY AUTO(why_close)

/* What it was started with; NULL: it does not run. */
const struct spec *why_recorded(const struct why *why);

/* path: of a key as the file has it. What fails for one is in its answer. */
void why_ask(struct why *why, const char *path, struct why_answer *answer);

/* The object of a key in general words ("limits.memory", "net.ip", "mounts.size"); NULL: none is known. */
const char *why_object(const char *key);

#endif
