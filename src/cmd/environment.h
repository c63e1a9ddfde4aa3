/* SPDX-License-Identifier: GPL-2.0-or-later */
/* environment.h: variables of the command line (-e), for a program in a container. */
#ifndef CMD_ENVIRONMENT_H
#define CMD_ENVIRONMENT_H

#include "base/error.h"
#include "base/text.h"

/*
 * Takes them into an environment, each in the place of one of the same name: KEY=VALUE, or KEY with the
 * value it has here. COMMAND_MISUSED with err.
 */
int environment_add(const struct strlist *variables, struct strlist *environment, struct error *err);

void environment_remove(struct strlist *environment, const char *name);

#endif
