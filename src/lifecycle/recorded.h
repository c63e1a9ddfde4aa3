/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded.h: what a running container was started with, whatever its file says today. */
#ifndef LIFECYCLE_RECORDED_H
#define LIFECYCLE_RECORDED_H

#include "config/spec.h"
#include "lifecycle/confinement.h"
#include "lifecycle/container.h"
#include "state/network.h"
#include "state/record.h"

/* The text of it, in the language of the files. */
int recorded_text(const struct state *state, const char *name, struct text *text,
		  struct error *err);

/* Reads the spec beside the record of a container. Release with spec_clear(). */
int recorded_spec(const struct state *state, const char *name, struct spec *spec, struct error *err);

/* The same of one at path below dir_fd, a copy or what is to be in force; name: the container's. */
int recorded_spec_at(int dir_fd, const char *path, const char *name, struct spec *spec,
		     struct error *err);

/*
 * Whether that is what would be recorded of this spec, which then need not be read. false also where
 * it cannot be told.
 */
bool recorded_is(const struct state *state, const char *name, const struct spec *spec);

/* What it is confined to; spec as recorded. Release with confinement_clear(). */
int recorded_confinement(const struct state *state, const struct record *record,
			 const struct spec *spec, struct confinement *confinement,
			 struct error *err);

/*
 * Keeps what a container runs with from now on in its history, as come about by how: "up", "apply",
 * "rollback". What fails is a warning: it runs all the same.
 */
void recorded_keep(const struct manager *manager, const struct container *container,
		   const char *how);

/*
 * The network a record tells of, for those who work with what the manager file says; file: what that
 * says of it now, or NULL. Its texts are those of the two.
 */
struct network recorded_network(const struct network *file, const struct network_record *record);

/*
 * The manager with the networks of that spec as they are recorded, where they are up. Owns its list of
 * networks and the records; all else is that of files. Release with recorded_manager_clear().
 */
struct recorded_manager {
	struct manager manager;
	struct network_record *records;
	size_t count;
};
int recorded_manager(const struct state *state, const struct manager *files,
		     const struct spec *spec, struct recorded_manager *out, struct error *err);
void recorded_manager_clear(struct recorded_manager *recorded);

#endif
