/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * screen.h: the whole of the terminal on standard input and output, for what is drawn again and
 * again. However the program ends, but by SIGKILL, the terminal is as it was before. Sequences are
 * those that every terminal since the VT100 obeys; console_codes(4), termios(3).
 */
#ifndef KERNEL_SCREEN_H
#define KERNEL_SCREEN_H

#include <stddef.h>

#include "base/error.h"

struct screen_size {
	unsigned int rows, columns; /* 24 and 80 where the terminal does not say */
};

/* What came: a byte that was typed, or one of these. */
enum {
	SCREEN_UP = 256,
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
	SCREEN_OTHER_KEY,
	SCREEN_TIMEOUT, /* nothing came */
	SCREEN_REDRAW,  /* another size, or back from being stopped */
	SCREEN_CLOSED,  /* a signal asks us to end, or the terminal is gone */
};

/*
 * Takes the terminal over. Signals that would end or stop us wait for screen_wait() from then on.
 * Both streams must be terminals.
 */
int screen_open(struct error *err);
void screen_close(void);

struct screen_size screen_get_size(void);

/* Draws a frame, from the upper left corner on; gives up when a signal comes. */
int screen_draw(const char *bytes, size_t length, struct error *err);

/* Waits up to timeout_ms for one of the above. Being stopped (^Z) is served in here. -1 */
int screen_wait(int timeout_ms, struct error *err);

/*
 * Takes one key from the beginning of what was typed: its length, and the key. An escape sequence
 * that is cut or that means nothing here is SCREEN_OTHER_KEY.
 */
size_t screen_parse_key(const char *bytes, size_t length, int *key);

#endif
