/* SPDX-License-Identifier: GPL-2.0-or-later */
/* origin.h: keeping account of where each key came from (struct origins of spec.h). */
#ifndef CONFIG_ORIGIN_H
#define CONFIG_ORIGIN_H

#include "config/spec.h"

/*
 * Notes where key was set last; layer may be NULL. Copies both texts. The key "" is the file as
 * a whole.
 */
void origin_set(struct origins *origins, const char *key, struct location location,
		const char *layer);

/* Forgets "KEY[0]", "KEY[1]" ... of a list that is replaced. */
void origin_remove_elements(struct origins *origins, const char *key);

#endif
