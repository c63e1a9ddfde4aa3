/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foreground.h: `cman up -f`, `cman run`: a container in the foreground, with what it prints. */
#ifndef CMD_FOREGROUND_H
#define CMD_FOREGROUND_H

#include "cmd/command.h"
#include "lifecycle/host.h"

#define FOREGROUND_FAILED 125 /* exit status, as of exec: told apart from those of the container */

/* Brings up what argv names, without waiting for readiness: an exit status, or as struct command's run. */
typedef int foreground_up(const struct options *options, int argc, char *argv[], struct error *err);

/* Its end, when it is there no longer; told what fails. */
typedef void foreground_gone(struct host *host, const char *name);

/*
 * Brings the container argv[0] up and stands by it until it has ended (lifecycle/foreground.h). up
 * NULL: it was brought up, and all that its log has is printed. gone may be NULL. The exit status, or
 * COMMAND_MISUSED with err.
 */
int foreground_run(const struct options *options, int argc, char *argv[], foreground_up *up,
		   foreground_gone *gone, struct error *err);

#endif
