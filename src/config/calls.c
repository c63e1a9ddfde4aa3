/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/calls.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "config/calls_table.h"
#include "config/source.h"

#define FAULTS_MAX 20 /* shown of one file */

struct reader {
	struct location at; /* the word that is read; its file */
	struct diagnostics *diagnostics;
	unsigned int faults;
	uint32_t *verdicts;
};

static void report(struct reader *reader, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void report(struct reader *reader, const char *hint, const char *fmt, ...)
{
	char message[256];
	va_list args;

	if (++reader->faults > FAULTS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	diagnostics_add(reader->diagnostics, SEVERITY_ERROR, reader->at, hint, "%s", message);
}

/* How far a verdict opens the call. */
static unsigned int openness(uint32_t verdict)
{
	if (verdict == CALL_ALLOW)
		return 3;
	if (verdict == CALL_REFUSE || verdict == CALL_UNKNOWN || verdict == CALL_REFUSE_OR_UNKNOWN)
		return 0;
	return verdict < CALL_IF_CAPABLE ? 2 : 1;
}

static void open_call(struct reader *reader, size_t i, uint32_t verdict)
{
	if (openness(verdict) > openness(reader->verdicts[i]))
		reader->verdicts[i] = verdict;
}

/* What a name opens: all of the call, or what can be said for it by its arguments. */
static uint32_t named_verdict(size_t i)
{
	return openness(calls[i].verdict) == 2 ? calls[i].verdict : CALL_ALLOW;
}

static bool open_group(struct reader *reader, const char *group)
{
	bool found = false;

	for (size_t i = 0; i < calls_count; i++) {
		if (strcmp(group, "default") == 0)
			open_call(reader, i, calls[i].verdict);
		else if (strcmp(group, calls[i].group) == 0)
			open_call(reader, i, named_verdict(i));
		else
			continue;
		found = true;
	}
	return found;
}

static void read_group(struct reader *reader, const char *group)
{
	AUTO_FREE const char **names = NULL;
	AUTO_FREE char *hint = NULL;
	const char *nearest;

	if (open_group(reader, group))
		return;
	names = xalloc(calls_count + 1, sizeof(*names));
	for (size_t i = 0; i < calls_count; i++)
		names[i] = calls[i].group;
	names[calls_count] = "default";
	nearest = text_nearest(group, names, calls_count + 1);
	if (nearest && *nearest)
		hint = xprintf("did you mean \"@%s\"?", nearest);
	report(reader, hint ? hint : "container.conf(5) lists the groups",
	       "there is no group \"@%s\"", group);
}

static void read_name(struct reader *reader, const char *name, bool any)
{
	AUTO_FREE const char **names = NULL;
	AUTO_FREE char *hint = NULL;
	const char *nearest;

	for (size_t i = 0; i < calls_count; i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		open_call(reader, i, any ? CALL_ALLOW : named_verdict(i));
		return;
	}
	names = xalloc(calls_count, sizeof(*names));
	for (size_t i = 0; i < calls_count; i++)
		names[i] = calls[i].name;
	nearest = text_nearest(name, names, calls_count);
	if (nearest)
		hint = xprintf("did you mean \"%s\"?", nearest);
	report(reader, hint ? hint : "a name of syscalls(2)", "there is no system call \"%s\"",
	       name);
}

/* Takes the next word of a line: a copy, or NULL at its end. Sets its place. */
static char *take_word(struct reader *reader, const char *line, size_t *position)
{
	size_t start = *position + strspn(line + *position, " \t\r"), length;

	length = strcspn(line + start, " \t\r#\n");
	if (length == 0)
		return NULL;
	reader->at.column = (unsigned int)start + 1;
	reader->at.length = (unsigned int)length;
	*position = start + length;
	return xprintf("%.*s", (int)length, line + start);
}

static void read_line(struct reader *reader, const char *line)
{
	size_t position = 0;
	AUTO_FREE char *word = take_word(reader, line, &position), *second = NULL, *third = NULL;
	struct location first_at = reader->at;
	bool group = word && *word == '@';

	if (!word)
		return;
	second = take_word(reader, line, &position);
	if (second && (group || strcmp(second, "any") != 0)) {
		report(reader,
		       "one name or group a line; behind a name, \"any\" opens all of the call",
		       "unexpected word");
		return;
	}
	third = second ? take_word(reader, line, &position) : NULL;
	if (third) {
		report(reader, "one name or group a line", "unexpected word");
		return;
	}
	reader->at = first_at;
	if (word[strspn(word + group, "abcdefghijklmnopqrstuvwxyz0123456789_") + group]) {
		report(reader, "small letters, digits and '_'", "this is no name of a system call");
		return;
	}
	if (group)
		read_group(reader, word + 1);
	else
		read_name(reader, word, second != NULL);
}

uint32_t *calls_read(const char *path, struct location at, struct diagnostics *diagnostics)
{
	struct source *source = source_get(path);
	struct reader reader = {.at = {.file = source->path}, .diagnostics = diagnostics};
	AUTO_FREE uint32_t *verdicts = NULL;
	struct error err;

	if (source_read(source, false, &err) < 0) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, at, err.hint,
				"security.seccomp: %s: %s", path, err.text);
		return NULL;
	}
	verdicts = reader.verdicts = xalloc(calls_count, sizeof(*verdicts));
	for (size_t i = 0; i < calls_count; i++)
		verdicts[i] = openness(calls[i].verdict) == 0 ? calls[i].verdict : CALL_REFUSE;
	open_group(&reader, "start");
	for (const char *line = source->text; *line;) {
		reader.at.line++;
		read_line(&reader, line);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return reader.faults ? NULL : take_pointer(&verdicts);
}
