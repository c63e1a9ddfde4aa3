/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * idrange.h: which range of host ids belongs to which container, in DATA_DIR/idranges: one
 * "NAME FIRST SIZE" a line. Survives reboots, so that a container keeps its range. No two
 * ranges overlap. user_namespaces(7).
 */
#ifndef STATE_IDRANGE_H
#define STATE_IDRANGE_H

#include <stdint.h>

#include "base/error.h"
#include "kernel/namespace.h"

/*
 * The range of a container; the first free one of size ids from base on is assigned (and
 * written down) when it has none. ENOSPC when there is none left below 2^32.
 */
int idrange_assign(const char *data_dir, const char *name, uint32_t base, uint32_t size,
		   struct id_range *range, struct error *err);

#endif
