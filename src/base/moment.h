/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moment.h: points in time, in microseconds since the epoch, as text. */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdint.h>

#include "base/error.h"

#define MOMENT_TEXT_MAX 40

uint64_t moment_now(void);

/*
 * What somebody means by a point in the past: "10m", "1h30m" (so long before now), "18:30" or
 * "18:30:05" (of today), "2026-11-22", "2026-11-22 18:30", "2026-11-22T18:30:05.123456Z". In local
 * time unless "Z" or an offset like "+01:00" follows.
 */
int moment_parse(const char *text, uint64_t now, uint64_t *moment, struct error *err);

/* "2026-11-22T18:30:05.123456Z", RFC 3339: sorts as text. */
void moment_format_utc(uint64_t moment, char out[MOMENT_TEXT_MAX]);

/* "2026-11-22 18:30:05.123", local time. */
void moment_format_local(uint64_t moment, char out[MOMENT_TEXT_MAX]);

/* "2026-11-22 18:30:05", local time, of whole seconds since the epoch. */
void moment_format_local_seconds(uint64_t seconds, char out[MOMENT_TEXT_MAX]);

/* "2026-11-22 18:30:05 +0100", local time, of whole seconds since the epoch. */
void moment_format_seconds(uint64_t seconds, char out[MOMENT_TEXT_MAX]);

#endif
