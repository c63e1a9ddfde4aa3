/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capabilities.h: names of capabilities, without CAP_, as bits. capabilities(7). */
#ifndef CONFIG_CAPABILITIES_H
#define CONFIG_CAPABILITIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define CAPABILITIES_ALL UINT64_MAX /* "ALL": whatever the host has */

/* Refuses what is no name; hints at the one that was meant. */
int capabilities_check_name(const char *name, struct error *err);

/* The name of capability number n, or NULL for one we do not know. */
const char *capabilities_name(unsigned int number);

/* Bit n for each name of capability n in a list of checked names; CAPABILITIES_ALL for "ALL". */
uint64_t capabilities_of(const struct strlist *names);

#endif
