/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpulist.h: lists of CPUs or memory nodes, "0-3,6": cpuset(7), FORMATS. */
#ifndef CONFIG_CPULIST_H
#define CONFIG_CPULIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define CPULIST_SIZE 256 /* of a list as text */

/* Writes the list in the form the kernel shows: sorted, joined, without repetitions. */
int cpulist_normalise(const char *text, char out[CPULIST_SIZE], struct error *err);

/* The first number of a normalised list that is not in another, or -1. */
int cpulist_first_outside(const char *list, const char *other);

#endif
