/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drift_look.h: the containers there are records of, held while they are looked at and mended. The
 * locks are those of up and down: what another command works on is left alone.
 */
#ifndef LIFECYCLE_DRIFT_LOOK_H
#define LIFECYCLE_DRIFT_LOOK_H

#include "config/conf.h"
#include "lifecycle/container.h"
#include "lifecycle/drift.h"
#include "state/network.h"

struct drift_held {
	struct container container; /* its spec is the one it was started with, where it runs */
	struct spec spec;
	enum drift_state state;
};

struct drift_hold {
	struct host *host;
	const struct conf *conf;
	/* what the files say, but networks that are up as they are recorded */
	struct manager manager;
	struct network_record *networks;
	size_t network_count;
	struct drift_held *items;
	size_t count;
	struct strlist busy;
};

/*
 * Locks every container there is a record of, but for those that are locked for longer than a
 * moment, and reads what is recorded. From here on host->manager is that of hold. Only root.
 */
int drift_take(struct host *host, const struct conf *conf, struct drift_hold *hold,
	       struct error *err);
void drift_let_go(struct drift_hold *hold);
#define AUTO_DRIFT_HOLD AUTO(drift_let_go)

/* Fills the scene, under network_lock(), and changes nothing. */
int drift_look(struct drift_hold *hold, struct drift_scene *scene, struct error *err);

/* A container that is held, or NULL; one that runs. */
struct drift_held *drift_find_any(const struct drift_hold *hold, const char *name);
struct drift_held *drift_find(const struct drift_hold *hold, const char *name);

/* The network as it is recorded; NULL: it is not, or cannot be read. */
const struct network_record *drift_find_network(const struct drift_hold *hold, const char *name);

/*
 * Does what is to be done about the differences: bridges, links, addresses, rules, files. Whether
 * it helped tells a second look. What fails is in failures, a line each; the others go on.
 */
void drift_repair(struct drift_hold *hold, const struct drift *drift, struct strlist *failures);

#endif
