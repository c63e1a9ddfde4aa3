/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/diagnostic.h"

#include <stdarg.h>
#include <string.h>

#include "config/source.h"
#include "config/utf8.h"

#define TAB_WIDTH 8

int diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
		    struct location location, const char *hint, const char *fmt, ...)
{
	struct diagnostic *item;
	va_list args;

	/* Grown at powers of two. */
	if ((diagnostics->count & (diagnostics->count - 1)) == 0)
		diagnostics->items = xrealloc(diagnostics->items,
					      diagnostics->count ? 2 * diagnostics->count : 1,
					      sizeof(*diagnostics->items));
	item = &diagnostics->items[diagnostics->count++];
	*item = (struct diagnostic){
		.severity = severity,
		.location = location,
		.container = diagnostics->container ? xstrdup(diagnostics->container) : NULL,
		.source = source_copy_line(location.file, location.line),
		.hint = hint && *hint ? xstrdup(hint) : NULL,
	};
	va_start(args, fmt);
	if (vasprintf(&item->message, fmt, args) < 0)
		item->message = xstrdup(fmt);
	va_end(args);
	return -1;
}

size_t diagnostics_count_errors(const struct diagnostics *diagnostics, const char *container)
{
	size_t errors = 0;

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		if (item->severity == SEVERITY_ERROR &&
		    (!container || !item->container || strcmp(item->container, container) == 0))
			errors++;
	}
	return errors;
}

/* Appends the visible form of the character at c, returns its bytes and adds up its width. */
static size_t add_visible(struct text *out, const char *c, unsigned int *width)
{
	uint32_t code;
	size_t length = utf8_decode(c, &code), before = out->length;

	if (length > 0 && *c == '\t') {
		unsigned int blanks = TAB_WIDTH - *width % TAB_WIDTH;

		text_addf(out, "%*s", (int)blanks, "");
		*width += blanks;
	} else if (length > 0 && !utf8_is_control(code)) {
		text_add(out, c, length);
		*width += utf8_width(code);
	} else {
		text_addf(out, "<%02x>", length > 1 ? code : (unsigned char)*c);
		*width += (unsigned int)(out->length - before);
	}
	return length ? length : 1;
}

static void add_visible_text(struct text *out, const char *text)
{
	unsigned int width = 0;

	while (*text)
		text += add_visible(out, text, &width);
}

struct style {
	const char *bold, *severity, *mark, *off;
};

static void add_source(struct text *out, const struct diagnostic *diagnostic,
		       const struct style *style)
{
	const struct location *at = &diagnostic->location;
	size_t first = at->column - 1, last = first + (at->length ? at->length : 1);
	unsigned int width = 0, start = 0, end = 0;
	const char *c = diagnostic->source;
	size_t length = strlen(c), offset = 0;

	text_addf(out, "%5u | ", at->line);
	while (offset < length) {
		if (offset <= first)
			start = width;
		offset += add_visible(out, c + offset, &width);
		if (offset <= last)
			end = width;
	}
	if (first >= length) {
		/* Behind the end of the line, as for what is missing there. */
		start = width;
		end = width + 1;
	}
	text_addf(out, "\n      | %*s%s^", (int)start, "", style->mark);
	for (unsigned int i = start + 1; i < end; i++)
		text_add(out, "~", 1);
	text_addf(out, "%s\n", style->off);
}

void diagnostic_print(const struct diagnostic *diagnostic, FILE *stream, bool color, bool as_warning)
{
	static const struct style plain = {"", "", "", ""};
	struct style style = plain;
	AUTO_TEXT struct text out = {0};
	const struct location *at = &diagnostic->location;
	bool warning = as_warning || diagnostic->severity == SEVERITY_WARNING;

	if (color)
		style = (struct style){"\033[1m", warning ? "\033[1;33m" : "\033[1;31m",
				       "\033[1;32m", "\033[0m"};
	text_addf(&out, "%s", style.bold);
	if (at->file) {
		add_visible_text(&out, at->file);
		if (at->line)
			text_addf(&out, ":%u:%u", at->line, at->column);
		text_addf(&out, ": ");
	}
	text_addf(&out, "%s%s%s:%s ", style.off, style.severity, warning ? "warning" : "error",
		  style.off);
	add_visible_text(&out, diagnostic->message);
	text_add(&out, "\n", 1);
	if (diagnostic->source && at->line && at->column <= strlen(diagnostic->source) + 1)
		add_source(&out, diagnostic, &style);
	if (diagnostic->hint) {
		text_addf(&out, "  hint: ");
		add_visible_text(&out, diagnostic->hint);
		text_add(&out, "\n", 1);
	}
	/* One piece, so that lines of commands that run side by side do not mix. */
	fwrite(out.data, 1, out.length, stream);
}

static void diagnostic_clear(struct diagnostic *diagnostic)
{
	free(diagnostic->container);
	free(diagnostic->message);
	free(diagnostic->source);
	free(diagnostic->hint);
}

static int compare_texts(const char *one, const char *other)
{
	if (!one || !other)
		return one ? 1 : other ? -1 : 0;
	return strcmp(one, other);
}

static int compare_diagnostics(const void *a, const void *b)
{
	const struct diagnostic *one = a, *other = b;
	int order = compare_texts(one->container, other->container);

	if (!order)
		order = compare_texts(one->location.file, other->location.file);
	if (!order && one->location.line != other->location.line)
		order = one->location.line < other->location.line ? -1 : 1;
	if (!order && one->location.column != other->location.column)
		order = one->location.column < other->location.column ? -1 : 1;
	return order ? order : strcmp(one->message, other->message);
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
	if (diagnostics->count > 1)
		qsort(diagnostics->items, diagnostics->count, sizeof(*diagnostics->items),
		      compare_diagnostics);
}

void diagnostics_forget(struct diagnostics *diagnostics, const char *container)
{
	size_t kept = 0, capacity = 1;

	for (size_t i = 0; i < diagnostics->count; i++) {
		struct diagnostic *item = &diagnostics->items[i];

		if (item->container && strcmp(item->container, container) == 0)
			diagnostic_clear(item);
		else
			diagnostics->items[kept++] = *item;
	}
	/* The capacity follows from the count: shrink with it. */
	while (capacity < kept)
		capacity *= 2;
	if (kept < diagnostics->count)
		diagnostics->items =
			xrealloc(diagnostics->items, capacity, sizeof(*diagnostics->items));
	diagnostics->count = kept;
}

void diagnostics_clear(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		diagnostic_clear(&diagnostics->items[i]);
	free(diagnostics->items);
	*diagnostics = (struct diagnostics){0};
}
