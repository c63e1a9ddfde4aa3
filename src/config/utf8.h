/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.h: characters of UTF-8, as far as showing and checking text needs it. RFC 3629. */
#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at text: its length in bytes, 0 when it is not valid. */
size_t utf8_decode(const char *text, uint32_t *code);

/* Whether it moves the cursor, hides, or turns the direction of text (never to be printed). */
bool utf8_is_control(uint32_t code);

/* Cells of a terminal that it takes. */
unsigned int utf8_width(uint32_t code);

#endif
