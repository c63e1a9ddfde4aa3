/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * idrange.h: which range of host ids belongs to which container, in DATA_DIR/idranges: one
 * "NAME FIRST SIZE" a line, with "chosen" behind it where the container's file says so. Survives
 * reboots, so that a container keeps its range. The ranges of two containers never overlap.
 * user_namespaces(7).
 * In the same manner projects, each of one id, in DATA_DIR/projects.
 */
#ifndef STATE_IDRANGE_H
#define STATE_IDRANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kernel/namespace.h"

/*
 * The range of a container; the first free one of size ids from base on is assigned (and
 * written down) when it has none. ENOSPC when there is none left below 2^32.
 */
int idrange_assign(const char *data_dir, const char *name, uint32_t base, uint32_t size,
		   struct id_range *range, struct error *err);

/*
 * A range that the container's file chooses (security.userns): written down in the place of what
 * it chose before, so that the pool leaves it out. What the pool has assigned to it stays too.
 * EADDRINUSE where another container has one of the ids: the text names both.
 */
int idrange_claim(const char *data_dir, const char *name, const struct id_range *range,
		  struct error *err);

/* Whether idrange_claim() would succeed: -1 with the same error. Writes nothing down. */
int idrange_check(const char *data_dir, const char *name, const struct id_range *range,
		  struct error *err);
/* Whether somebody else has an id. */
typedef bool idrange_is_foreign(uint32_t id, void *data);

/* The project that the changes of a container are counted for, for good. */
int idrange_assign_project(const char *data_dir, const char *name, idrange_is_foreign *is_foreign,
			   void *data, uint32_t *project, struct error *err);

#endif
