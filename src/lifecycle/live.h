/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h: what runs, made to be as another spec says, without a restart. Each part can be set whatever
 * is in force of it, so that the way back is the same way with the two specs exchanged, and a command
 * that was killed in between can be taken back by the next one.
 */
#ifndef LIFECYCLE_LIVE_H
#define LIFECYCLE_LIVE_H

#include "config/compare.h"
#include "lifecycle/container.h"

/* What has to be set. */
enum live_part {
	LIVE_CGROUP = 1,     /* limits of the cgroup */
	LIVE_PROCESSES = 2,  /* limits of each process */
	LIVE_MOUNTS = 4,     /* sizes of tmpfs */
	LIVE_HOSTNAME = 8,   /* the kernel's, and the file */
	LIVE_RESOLV = 16,    /* resolv.conf */
	LIVE_HOSTS = 32,     /* which hosts file it sees, and what is its own in it */
	LIVE_NETWORK = 64,   /* records, rules, links */
	LIVE_SUPERVISOR = 128, /* what its supervisor goes by */
	LIVE_DEVICES = 1024, /* which it may open, and their nodes */
	LIVE_SYSCTLS = 512,  /* those of its network namespace */
	LIVE_RECORD = 256,   /* nothing else: it stands in the record alone */
};

/*
 * The parts a key belongs to, by its path ("limits.memory", "net[1].ip", "net.egress.allow"); 0: it
 * cannot change while the container runs.
 */
unsigned int live_parts_of_key(const char *key);

/* One container on its way from a spec to another, which is container->spec. */
struct live {
	struct container *container;
	const struct spec *from;
	unsigned int parts; /* enum live_part */
	bool back;          /* to what it was before */
};

/* Those of all changes whose class is not CHANGE_NONE. */
unsigned int live_parts(const struct changes *changes);

/* Whether a network_commit() belongs between the two halves. */
bool live_needs_commit(const struct live *live);

/*
 * The two halves. Errors name the key where the part has one. A failure leaves what was done: the
 * way back is the caller's.
 */
int live_begin(struct host *host, const struct live *live, struct error *err);
int live_finish(struct host *host, const struct live *live, struct error *err);

/* Once the new spec is on disk: what somebody may have written by the old one meanwhile. */
int live_settle(struct host *host, const struct live *live, struct error *err);

#endif
