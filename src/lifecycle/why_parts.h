/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why_parts.h: what why.c is made of: who looks at what. */
#ifndef LIFECYCLE_WHY_PARTS_H
#define LIFECYCLE_WHY_PARTS_H

#include "kernel/netlink_look.h"
#include "lifecycle/rule_list.h"
#include "lifecycle/why.h"

struct why {
	const struct conf *conf;
	const struct state *state;
	char *name;
	bool runs;
	struct record record;
	struct spec spec; /* as recorded, like the next */
	struct recorded_manager recorded;
	int root_fd;   /* of the container, O_PATH */
	pid_t payload; /* its command: with a built-in init a child of process 1 */
	/* opened when they are asked for */
	struct cgroup_host cgroup;
	bool has_cgroup;
	struct netlink *outside, *inside;
	struct rule_list rules;
	bool has_rules;
	struct text mounts; /* its mountinfo */
};

struct why_question {
	struct why *why;
	const struct key_leaf *leaf; /* of the recorded spec */
	const char *detail;          /* what the table says for the key */
	const char *value;           /* as recorded, in the words of the file */
	struct why_answer *answer;
};

/* Adds a place and what it says; where there is something to compare with, also what it should say. */
void why_add(struct why_answer *answer, const char *object, const char *now, const char *wanted);
/* The same where both are known to mean the same, or not. */
void why_add_judged(struct why_answer *answer, const char *object, const char *now,
		    const char *wanted, bool same);

/* Each looks at what carries a key. -1: it cannot be looked at. */
typedef int why_look(const struct why_question *question, struct error *err);
why_look why_look_cgroup, why_look_devices;                        /* detail: the key in limits */
why_look why_look_rlimits, why_look_oom_score, why_look_uts;       /* detail of uts: which */
why_look why_look_status, why_look_id_map, why_look_process;       /* detail: line, file of /proc */
why_look why_look_capabilities, why_look_apparmor, why_look_sysctls;
why_look why_look_mount, why_look_rootfs, why_look_covers;         /* detail: which part of it */
why_look why_look_resolv_conf, why_look_hosts;                     /* detail: word, which */
why_look why_look_link, why_look_gate, why_look_rules, why_look_routes;

#endif
