/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/scrollback.h"

#include <stdbool.h>
#include <string.h>

#define ESC '\033'
#define BEL '\a'
#define ENQ '\005'

/* Held: "ESC [ parameters final". Whether it draws, or sets how it is drawn. */
static bool draws(const char *sequence, size_t length)
{
	const char final = sequence[length - 1];
	bool is_private = false;

	for (size_t i = 2; i + 1 < length; i++) {
		if (sequence[i] == '?')
			is_private = true;
		else if (sequence[i] < '0' || sequence[i] > ';')
			return false;
	}
	return strchr(is_private ? "JKhlrs" : "@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu", final) != NULL;
}

static size_t give_held(struct scrollback *scrollback, char *out)
{
	const size_t length = scrollback->length;

	memcpy(out, scrollback->held, length);
	scrollback->length = 0;
	scrollback->state = SCROLLBACK_TEXT;
	return length;
}

static void drop_held(struct scrollback *scrollback, int state)
{
	scrollback->length = 0;
	scrollback->state = state;
}

/* Behind ESC. */
static size_t take_second(struct scrollback *scrollback, char byte, char *out)
{
	if (byte == '[')
		scrollback->state = SCROLLBACK_CONTROL;
	else if (strchr("]P_^X", byte) && byte)
		drop_held(scrollback, SCROLLBACK_STRING);
	else if (byte == 'Z') /* what are you? */
		drop_held(scrollback, SCROLLBACK_TEXT);
	else
		return give_held(scrollback, out);
	return 0;
}

/* Behind ESC [. */
static size_t take_control(struct scrollback *scrollback, char byte, char *out)
{
	if (byte >= ' ' && byte <= '?')
		return 0;
	if (byte >= '@' && byte <= '~' && scrollback->length < SCROLLBACK_HELD &&
	    draws(scrollback->held, scrollback->length))
		return give_held(scrollback, out);
	drop_held(scrollback, SCROLLBACK_TEXT);
	return 0;
}

static void hold(struct scrollback *scrollback, char byte)
{
	if (scrollback->length < SCROLLBACK_HELD)
		scrollback->held[scrollback->length++] = byte;
}

static size_t take(struct scrollback *scrollback, char byte, char *out)
{
	switch (scrollback->state) {
	case SCROLLBACK_TEXT:
		if (byte == ESC) {
			hold(scrollback, byte);
			scrollback->state = SCROLLBACK_ESCAPE;
		} else if (byte != ENQ) {
			*out = byte;
			return 1;
		}
		return 0;
	case SCROLLBACK_ESCAPE:
		hold(scrollback, byte);
		return take_second(scrollback, byte, out);
	case SCROLLBACK_CONTROL:
		hold(scrollback, byte);
		return take_control(scrollback, byte, out);
	case SCROLLBACK_STRING_ESCAPE:
	case SCROLLBACK_STRING:
		if (byte == BEL || (byte == '\\' && scrollback->state == SCROLLBACK_STRING_ESCAPE))
			scrollback->state = SCROLLBACK_TEXT;
		else
			scrollback->state = byte == ESC ? SCROLLBACK_STRING_ESCAPE : SCROLLBACK_STRING;
		return 0;
	}
	return 0;
}

size_t scrollback_clean(struct scrollback *scrollback, const char *bytes, size_t length, char *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++)
		kept += take(scrollback, bytes[i], out + kept);
	return kept;
}
