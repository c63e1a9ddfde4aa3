/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ulimit.h: limits of processes as text. prlimit(2), whose names stand here in small letters. */
#ifndef CONFIG_ULIMIT_H
#define CONFIG_ULIMIT_H

#include "base/parse.h"
#include "config/spec.h"

/* "nofile" for RLIMIT_NOFILE; NULL for a number that is none. */
const char *ulimit_name(int resource);

/* "NAME=SOFT[:HARD]"; without HARD it is the same as SOFT. Memory may have a unit: "as=1G". */
int ulimit_parse(const char *text, struct ulimit *ulimit, struct error *err);

/* The same back: "nofile=1024:4096", "core=unlimited". */
void ulimit_format(const struct ulimit *ulimit, char out[PARSE_TEXT_MAX]);

#endif
