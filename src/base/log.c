/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"

static bool verbose_wanted;

bool log_use_color(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no_color && *no_color) && term && strcmp(term, "dumb") != 0 &&
	       isatty(fileno(stream));
}

/* One write(2) a message, so that lines of commands that run side by side do not mix. */
static void print_line(const char *level, const char *color, const char *text, const char *hint)
{
	bool colored = log_use_color(stderr);
	char line[2048];
	int length;

	length = snprintf(line, sizeof(line), "cman: %s%s%s%s%s\n", colored ? color : "", level,
			  *level ? ": " : "", colored ? "\033[0m" : "", text);
	if (length >= (int)sizeof(line))
		length = (int)sizeof(line) - 1;
	if (hint && *hint && length < (int)sizeof(line) - 1)
		length += snprintf(line + length, sizeof(line) - (size_t)length, "  hint: %s\n", hint);
	if (length >= (int)sizeof(line))
		length = (int)sizeof(line) - 1;
	output_flush();
	fwrite(line, 1, (size_t)length, stderr);
	fflush(stderr);
}

/* Wherever it was that root alone is let in. */
static const char *hint_of(const struct error *err)
{
	if (!*err->hint && (err->code == EACCES || err->code == EPERM) && geteuid() != 0)
		return "run it as root, with sudo for example";
	return err->hint;
}

void log_error(const struct error *err)
{
	print_line("error", "\033[1;31m", err->text, hint_of(err));
}

static void log_formatted(const char *level, const char *color, const char *fmt, va_list args)
{
	char text[1536];

	vsnprintf(text, sizeof(text), fmt, args);
	print_line(level, color, text, NULL);
}

void log_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_formatted("warning", "\033[1;33m", fmt, args);
	va_end(args);
}

void log_set_verbose(bool verbose)
{
	verbose_wanted = verbose;
}

void log_verbose(const char *fmt, ...)
{
	va_list args;

	if (!verbose_wanted)
		return;
	va_start(args, fmt);
	log_formatted("", "", fmt, args);
	va_end(args);
}
