/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conflicts.h: what two containers cannot both have: one address, one port of the host, one
 * directory to change, one place for the changes of an overlay; and no container may see the
 * changes of another as plain files.
 */
#ifndef CONFIG_CONFLICTS_H
#define CONFIG_CONFLICTS_H

#include "config/conf.h"

/*
 * Reports every conflict at each container that takes part in it, naming another one. only: just
 * those of this container; NULL: all.
 */
void conflicts_check(const struct conf *conf, const char *only, struct diagnostics *diagnostics);

/*
 * The directories of it: a rootfs within what another container (or a volume of its own) can
 * change, a rootfs that two can change, cman's own files where a container can change them.
 */
void conflicts_check_trees(const struct conf *conf, const char *only,
			   struct diagnostics *diagnostics);

/* The places where overlays keep their changes: apart, and where no other container looks. */
void conflicts_check_uppers(const struct conf *conf, const char *only,
			    struct diagnostics *diagnostics);

/* "FILE:LINE" of a key, or the file; owned by the caller. */
char *conflicts_format_place(const struct spec *spec, const char *key);

#endif
