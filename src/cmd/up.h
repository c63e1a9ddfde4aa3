/* SPDX-License-Identifier: GPL-2.0-or-later */
/* up.h: containers brought up in their order, told as `cman up` tells it, for other commands. */
#ifndef CMD_UP_H
#define CMD_UP_H

#include "config/conf.h"
#include "lifecycle/host.h"

/*
 * Stops those of names that run, in the reverse of their order, and brings them up again as conf says,
 * with what they need; how: as of a wave. Whether they are ready is waited for only where others need
 * them. The exit status.
 */
int restart_in_order(struct host *host, const struct conf *conf, const struct strlist *names,
		     const char *how);

#endif
