/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready_probe.h: looks at a running container once: whether it is ready, and if not, what is missing. */
#ifndef LIFECYCLE_READY_PROBE_H
#define LIFECYCLE_READY_PROBE_H

#include <poll.h>

#include "kernel/connect.h"
#include "lifecycle/host.h"

enum probe_answer {
	PROBE_YES,
	PROBE_NO,
	PROBE_BUSY, /* not known yet: probe_fds() tells when to look again */
};

struct probe {
	const struct record *record; /* not owned, like the next two */
	const struct spec *spec;     /* as recorded */
	struct host *host;
	struct connect_attempt connection;
	pid_t child; /* 0: none */
	int child_pidfd, output_fd;
	char missing[512]; /* after PROBE_NO: "port 80 takes no connection" */
};
#define PROBE_INIT {.child_pidfd = -1, .output_fd = -1}
#define PROBE_FDS_MAX CONNECT_MAX

/* Begins a look, with at most timeout_ms for what is a program. -1: it cannot be looked at. */
int probe_begin(struct probe *probe, uint64_t timeout_ms, enum probe_answer *answer,
		struct error *err);
/* While it is PROBE_BUSY. */
enum probe_answer probe_continue(struct probe *probe);
size_t probe_fds(const struct probe *probe, struct pollfd fds[PROBE_FDS_MAX]);
/* Ends what is under way; may be called at any time. */
void probe_end(struct probe *probe);

#endif
