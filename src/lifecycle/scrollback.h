/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scrollback.h: what was written to a terminal, before it is written to another one later. A terminal
 * answers to some sequences as if somebody typed, and these questions are old: they are left out, as
 * is what sets titles and the like. What draws stays. ECMA-48, ctlseqs of xterm.
 */
#ifndef LIFECYCLE_SCROLLBACK_H
#define LIFECYCLE_SCROLLBACK_H

#include <stddef.h>

#define SCROLLBACK_HELD 32 /* bytes of a sequence, whose end is not there yet; longer ones are left out */

/* Between two pieces. All zero: at the beginning. */
struct scrollback {
	char held[SCROLLBACK_HELD];
	size_t length;
	enum {
		SCROLLBACK_TEXT,
		SCROLLBACK_ESCAPE,  /* behind ESC */
		SCROLLBACK_CONTROL, /* behind ESC [ */
		SCROLLBACK_STRING,  /* of a title or a question: up to BEL or ESC \ */
		SCROLLBACK_STRING_ESCAPE,
	} state;
};

/* What is left of the next piece goes to out, SCROLLBACK_HELD bytes before it or elsewhere: its length. */
size_t scrollback_clean(struct scrollback *scrollback, const char *bytes, size_t length, char *out);

#endif
