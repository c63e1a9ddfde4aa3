/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confirm.h: an apply that goes back by itself unless it is confirmed in time. */
#ifndef CMD_CONFIRM_H
#define CMD_CONFIRM_H

#include "cmd/apply_names.h"
#include "cmd/command.h"

/* The time --confirm is given. ERANGE: it is too short or too long. */
int confirm_parse_time(const char *text, uint64_t *ms, struct error *err);

/* As apply_names(), then waits as long as options->confirm says: 1 when nobody confirms and it went back. */
int confirm_apply(const struct options *options, uint64_t timeout_ms, struct conf *conf,
		  const struct strlist *names, const struct apply_options *how, struct error *err);

/*
 * For each command that a user calls: an apply that nobody has confirmed in time, and whose waiting process
 * was killed, goes back now; where there is time left, another process waits. Nothing where there is none.
 */
void confirm_resume(const struct options *options, const struct manager *manager);

#endif
