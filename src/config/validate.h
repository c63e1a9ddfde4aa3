/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * validate.h: the rules across fields: of the manager file, and of one container on the networks
 * of the manager. What depends on others is filled in here (gateway, pool, command, environment).
 */
#ifndef CONFIG_VALIDATE_H
#define CONFIG_VALIDATE_H

#include "config/diagnostic.h"
#include "config/spec.h"

void validate_manager(struct manager *manager, struct diagnostics *diagnostics);

/*
 * The manager has no errors. complete: the whole file was read, so that what is missing is
 * really missing. Does not look at other containers: see conflicts.h.
 */
void validate_container(const struct manager *manager, struct spec *spec, bool complete,
			struct diagnostics *diagnostics);

#endif
