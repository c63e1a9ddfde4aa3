/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check_drift.h: the part of `cman check` that is about what runs. */
#ifndef CMD_CHECK_DRIFT_H
#define CMD_CHECK_DRIFT_H

#include "cmd/command.h"
#include "config/conf.h"

#define EXIT_DRIFTED 3

/* Looks once, mends where repair is set, and prints it. The exit status; -1. */
int check_drift(const struct conf *conf, bool repair, struct error *err);

/* Looks again and again until SIGINT or SIGTERM, a line for each difference. The exit status; -1. */
int check_watch(const struct options *options, struct conf *conf, struct error *err);

#endif
