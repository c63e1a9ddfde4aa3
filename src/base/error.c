/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message may carry bytes of a hostile file or container: none reaches a terminal as control. */
static void replace_control_characters(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
}

void error_clear(struct error *err)
{
	if (!err)
		return;
	err->code = 0;
	err->text[0] = '\0';
	err->hint[0] = '\0';
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list args;
	size_t length;

	if (!err)
		return -1;
	error_clear(err);
	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	length = strlen(err->text);
	if (code != 0)
		snprintf(err->text + length, sizeof(err->text) - length, "%s%s", length ? ": " : "",
			 strerror(code));
	replace_control_characters(err->text);
	return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char context[sizeof(err->text)];
	va_list args;
	size_t length;

	if (!err)
		return -1;
	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	replace_control_characters(context);
	/* The reason stands at the end and matters most: shorten the context, not the reason. */
	length = strnlen(context, sizeof(context) / 2);
	if (length + 2 + strlen(err->text) >= sizeof(err->text))
		err->text[sizeof(err->text) - length - 3] = '\0';
	memmove(err->text + length + 2, err->text, strlen(err->text) + 1);
	memcpy(err->text, context, length);
	memcpy(err->text + length, ": ", 2);
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
	replace_control_characters(err->hint);
	return -1;
}
