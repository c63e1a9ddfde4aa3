/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.h: what running containers use, looked at once or again and again. Takes no lock, changes
 * nothing. What is opened for a container stays open until it has ended; of that nothing keeps the
 * kernel from taking it away.
 */
#ifndef LIFECYCLE_STATS_H
#define LIFECYCLE_STATS_H

#include <sys/stat.h>
#include <time.h>

#include "kernel/link_counters.h"
#include "lifecycle/host.h"

/* An interface of a container. */
struct stats_link {
	char name[IFNAMSIZ];     /* inside */
	char host_end[IFNAMSIZ]; /* of the veth; "": none, it is looked at inside */
	struct link_counters counters;
};

struct stats_sample {
	uint64_t at_us; /* CLOCK_MONOTONIC; 0: there is none */
	struct cgroup_usage usage;
	struct link_counters network; /* sum of its links */
};

/* A container that is recorded. */
struct stats_item {
	char *name;
	ino_t record_inode; /* of the record that all of this follows from */
	struct timespec record_time;
	bool running; /* the rest holds only then */
	bool paused;
	char instance[ID_SIZE];
	uint64_t started_boottime; /* seconds of CLOCK_BOOTTIME */
	/* LIMIT_MAX: not limited, or not known */
	uint64_t memory_limit, pids_limit, cpu_quota_us;
	struct stats_link *links;
	size_t link_count;
	pid_t init;
	int init_pidfd;
	int proc_fd; /* /proc/PID of its init; -1 unless a link has no end here */
	struct cgroup_meter meter;
	struct stats_sample before, now; /* before.at_us 0: it was looked at once */
};

struct stats {
	struct host host;
	bool is_open;
	int links_fd;             /* /proc/net/dev of the host */
	struct stats_item *items; /* sorted by name */
	size_t count;
};

/* Nothing is looked at yet. manager must live as long. */
void stats_init(struct stats *stats, const struct manager *manager);
void stats_close(struct stats *stats);
#define AUTO_STATS AUTO(stats_close)

/*
 * Looks who runs, and what each of them uses now; what was now becomes before. names NULL: all.
 * Nothing that was ever started is success.
 */
int stats_look(struct stats *stats, const struct strlist *names, struct error *err);

/* What follows from two samples, or from one and the limits. NaN: not known. */
struct stats_rates {
	double cpu;             /* percent of one processor */
	double cpu_of_limit;    /* percent of limits.cpus */
	double memory_of_limit; /* percent */
	double pids_of_limit;   /* percent */
	double throttled;       /* percent of the time it had something to do */
	double read, written;   /* bytes a second */
	double received, sent;  /* bytes a second */
};
void stats_rate(const struct stats_item *item, struct stats_rates *rates);

#endif
