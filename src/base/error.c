/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Two paths, and what is said about them. */
#define LONGEST 8448

void error_clear(struct error *err)
{
	if (!err)
		return;
	err->code = 0;
	err->text[0] = '\0';
	err->hint[0] = '\0';
}

/*
 * Takes the text over as far as it fits. What failed stands at its beginning and why at its end,
 * so that the middle goes. It may carry bytes of a hostile file or container: none reaches a
 * terminal as control.
 */
static void take_text(struct error *err, const char *text)
{
	static const char gap[] = "...";
	const size_t room = sizeof(err->text) - 1, half = (room - strlen(gap)) / 2;
	size_t length = strlen(text);

	if (length <= room)
		memcpy(err->text, text, length + 1);
	else
		snprintf(err->text, sizeof(err->text), "%.*s%s%s", (int)half, text, gap,
			 text + length - (room - strlen(gap) - half));
	text_replace_controls(err->text);
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	char text[LONGEST + sizeof(err->text)];
	va_list args;
	size_t length;

	if (!err)
		return -1;
	error_clear(err);
	err->code = code;
	va_start(args, fmt);
	vsnprintf(text, LONGEST, fmt, args);
	va_end(args);
	length = strlen(text);
	if (code != 0)
		snprintf(text + length, sizeof(text) - length, "%s%s", length ? ": " : "",
			 strerror(code));
	take_text(err, text);
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char text[LONGEST + sizeof(": ") + sizeof(err->text)];
	va_list args;
	size_t length;

	if (!err)
		return -1;
	va_start(args, fmt);
	vsnprintf(text, LONGEST, fmt, args);
	va_end(args);
	length = strlen(text);
	snprintf(text + length, sizeof(text) - length, ": %s", err->text);
	take_text(err, text);
	return -1;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	va_list args;

	if (!err || err->hint[0])
		return -1;
	va_start(args, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
	text_replace_controls(err->hint);
	return -1;
}
