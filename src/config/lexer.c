/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "config/utf8.h"

#define ERRORS_MAX 50 /* of one file: behind them it is hardly the file that was meant */

static struct lexer_frame *current(struct lexer *lexer)
{
	return &lexer->frames[lexer->depth];
}

void lexer_init(struct lexer *lexer, const struct source *source, bool trusted_directory,
		struct diagnostics *diagnostics)
{
	*lexer = (struct lexer){
		.trusted_directory = trusted_directory,
		.first = true,
		.diagnostics = diagnostics,
		.frames = {{
			.source = source,
			.next = source->text,
			.line_start = source->text,
			.copied = source->text,
			.line = 1,
		}},
	};
}

void lexer_clear(struct lexer *lexer)
{
	text_clear(&lexer->expanded);
}

void token_clear(struct token *token)
{
	free(token->text);
	*token = (struct token){0};
}

static struct location location_of(struct lexer *lexer, const char *start, const char *end)
{
	const struct lexer_frame *frame = current(lexer);

	return (struct location){
		.file = frame->source->path,
		.line = frame->line,
		.column = (unsigned int)(start - frame->line_start) + 1,
		.length = end > start ? (unsigned int)(end - start) : 1,
	};
}

void lexer_error(struct lexer *lexer, struct location location, const char *hint, const char *fmt,
		 ...)
{
	AUTO_FREE char *message = NULL;
	va_list args;

	if (lexer->stopped)
		return;
	va_start(args, fmt);
	if (vasprintf(&message, fmt, args) < 0)
		message = xstrdup(fmt);
	va_end(args);
	diagnostics_add(lexer->diagnostics, SEVERITY_ERROR, location, hint, "%s", message);
	if (++lexer->errors < ERRORS_MAX)
		return;
	lexer->stopped = true;
	location.line = 0;
	diagnostics_add(lexer->diagnostics, SEVERITY_ERROR, location, NULL,
			"too many errors, the rest of the file is not checked");
}

static void start_line(struct lexer *lexer, const char *start)
{
	struct lexer_frame *frame = current(lexer);

	frame->line++;
	frame->line_start = start;
	frame->next = start;
	lexer->first = true;
}

static char *copy_text(const char *start, const char *end)
{
	size_t length = (size_t)(end - start);
	char *copy = xalloc(length + 1, 1);

	memcpy(copy, start, length);
	return copy;
}

/* Skips a comment between the signs of C; it may span lines. */
static void skip_block_comment(struct lexer *lexer)
{
	struct lexer_frame *frame = current(lexer);
	struct location opened = location_of(lexer, frame->next, frame->next + 2);
	const char *c = frame->next + 2;

	for (; *c && !(c[0] == '*' && c[1] == '/'); c++)
		if (*c == '\n')
			start_line(lexer, c + 1);
	if (*c)
		c += 2;
	else
		lexer_error(lexer, opened, "end it with */", "the comment is never closed");
	frame->next = c;
}

static bool is_comment(const char *c)
{
	return *c == '#' || (*c == '/' && c[1] == '/');
}

static void leave_include(struct lexer *lexer)
{
	struct lexer_frame *frame = current(lexer);

	text_add(&lexer->expanded, frame->copied,
		 (size_t)(frame->source->text + frame->source->length - frame->copied));
	lexer->depth--;
	lexer->first = true;
}

/* The file named by an @include: relative to the directory of the file that has it. */
static struct source *include_source(const struct lexer_frame *frame, const char *name)
{
	const char *slash = strrchr(frame->source->path, '/');
	AUTO_FREE char *path = NULL;

	if (*name == '/' || !slash)
		path = xstrdup(name);
	else
		path = xprintf("%.*s/%s", (int)(slash - frame->source->path), frame->source->path,
			       name);
	return source_get(path);
}

static void enter_include(struct lexer *lexer, const char *name, struct location at)
{
	struct lexer_frame *frame = current(lexer);
	struct source *source = include_source(frame, name);
	bool trusted = lexer->trusted_directory && !strchr(name, '/');
	struct error err = {0};

	for (unsigned int i = 0; i <= lexer->depth; i++) {
		if (lexer->frames[i].source == source) {
			lexer_error(lexer, at, NULL, "\"%s\" includes itself", source->path);
			return;
		}
	}
	if (lexer->depth == LEXER_INCLUDE_MAX) {
		lexer_error(lexer, at, NULL, "more than %d files include one another",
			    LEXER_INCLUDE_MAX);
		return;
	}
	if (source_read(source, trusted, &err) < 0) {
		lexer_error(lexer, at, err.hint, "cannot include \"%s\": %s", source->path,
			    err.text);
		return;
	}
	lexer->frames[++lexer->depth] = (struct lexer_frame){
		.source = source,
		.next = source->text,
		.line_start = source->text,
		.copied = source->text,
		.line = 1,
	};
	lexer->first = true;
}

/* A line '@include "FILE"' at the current place. */
static void read_include(struct lexer *lexer)
{
	static const char usage[] = "a line of its own: @include \"FILE\"";
	struct lexer_frame *frame = current(lexer);
	const char *start = frame->next, *end = strchrnul(start, '\n');
	const char *c = start + strlen("@include"), *name, *rest;
	AUTO_FREE char *path = NULL;
	struct location at;

	c += strspn(c, " \t");
	name = c + 1;
	rest = *c == '"' ? name + strcspn(name, "\"\n\\") : c;
	if (*rest != '"' || rest == name || !lexer->first) {
		lexer_error(lexer, location_of(lexer, start, start + 8), usage,
			    "malformed @include");
		frame->next = end;
		return;
	}
	path = copy_text(name, rest);
	at = location_of(lexer, c, rest + 1);
	rest++;
	rest += strspn(rest, " \t\r;");
	if (*rest != '\n' && !is_comment(rest))
		lexer_error(lexer, location_of(lexer, rest, rest + 1), usage,
			    "unexpected text behind @include");
	text_add(&lexer->expanded, frame->copied, (size_t)(frame->line_start - frame->copied));
	frame->next = end;
	frame->copied = end;
	enter_include(lexer, path, at);
}

/* Moves to the next token; false at the end of it all. */
static bool skip_blanks(struct lexer *lexer)
{
	for (;;) {
		struct lexer_frame *frame = current(lexer);
		const char *c = frame->next;

		if (*c == ' ' || *c == '\t' || *c == '\r' || *c == '\f')
			frame->next++;
		else if (*c == '\n')
			start_line(lexer, c + 1);
		else if (is_comment(c))
			frame->next = strchrnul(c, '\n');
		else if (c[0] == '/' && c[1] == '*')
			skip_block_comment(lexer);
		else if (text_starts_with(c, "@include") && !isalnum((unsigned char)c[8]))
			read_include(lexer);
		else if (*c == '\0' && lexer->depth > 0)
			leave_include(lexer);
		else
			return *c != '\0';
		if (lexer->stopped)
			return false;
	}
}

/* The escape at c, a backslash: adds what it stands for and returns its length. */
static size_t read_escape(struct lexer *lexer, struct token *token, const char *c, struct text *out)
{
	static const char known[] = "nrtf\\\"", meaning[] = "\n\r\t\f\\\"";
	const char *found = c[1] ? strchr(known, c[1]) : NULL;

	if (found) {
		text_add(out, &meaning[found - known], 1);
		return 2;
	}
	if ((c[1] | 0x20) == 'x' && isxdigit((unsigned char)c[2]) && isxdigit((unsigned char)c[3])) {
		char digits[3] = {c[2], c[3], '\0'};
		char byte = (char)strtoul(digits, NULL, 16);

		text_add(out, &byte, 1);
		if (byte)
			return 4;
		lexer_error(lexer, location_of(lexer, c, c + 4), NULL,
			    "a string cannot hold a NUL byte");
		token->broken = true;
		return 4;
	}
	lexer_error(lexer, location_of(lexer, c, c + (c[1] == '\n' ? 1 : 2)),
		    "write \\\\ for a backslash; known are \\n \\r \\t \\f \\\\ \\\" and \\xHH",
		    "unknown escape \\%.*s in a string", c[1] == '\n' ? 0 : 1, c + 1);
	token->broken = true;
	return c[1] == '\n' ? 1 : 2;
}

/* One byte or character of a string that is no escape; returns its length. */
static size_t read_string_character(struct lexer *lexer, struct token *token, const char *c,
				    struct text *out)
{
	unsigned char byte = (unsigned char)*c;
	uint32_t code;
	size_t length = utf8_decode(c, &code);

	if (length == 0 || (byte < 0x20 && byte != '\t') || byte == 0x7f) {
		if (!token->broken)
			lexer_error(lexer, location_of(lexer, c, c + 1),
				    "write it as an escape \\xHH", "byte 0x%02x in a string is %s",
				    byte, length ? "a control character" : "no UTF-8");
		token->broken = true;
		length = 1;
	}
	text_add(out, c, length);
	return length;
}

static void read_string(struct lexer *lexer, struct token *token)
{
	struct lexer_frame *frame = current(lexer);
	const char *start = frame->next, *c = start + 1;
	struct text value = {0};

	text_add(&value, "", 0);
	while (*c != '"' && *c != '\n' && *c != '\0' && !(c[0] == '\r' && c[1] == '\n')) {
		if (*c == '\\')
			c += read_escape(lexer, token, c, &value);
		else
			c += read_string_character(lexer, token, c, &value);
	}
	if (*c == '"') {
		c++;
	} else if (!token->broken) {
		lexer_error(lexer, location_of(lexer, start, start + 1),
			    "a string ends on the line it begins on; \\n in it is a line break",
			    "the string is never closed");
		token->broken = true;
	}
	token->type = TOKEN_STRING;
	token->at = location_of(lexer, start, c);
	token->text = take_pointer(&value.data);
	frame->next = c;
}

static bool ends_word(const char *c, bool number)
{
	return *c == '\0' || strchr(" \t\r\n\f;,{}[]()=\"#", *c) ||
	       (number && c[0] == '/' && (c[1] == '/' || c[1] == '*'));
}

enum number_kind { NUMBER_NONE, NUMBER_INTEGER, NUMBER_HEX, NUMBER_FLOAT };

/* Tells what libconfig takes the text for, if it takes the whole of it for a number. */
static enum number_kind classify_number(const char *text, bool *wide)
{
	const char *c = text + (*text == '+' || *text == '-');
	size_t whole, fraction;

	if (c == text && c[0] == '0' && (c[1] | 0x20) == 'x' && isxdigit((unsigned char)c[2])) {
		for (c += 2; isxdigit((unsigned char)*c);)
			c++;
		*wide = *c == 'L';
		c += strspn(c, "L") <= 2 ? strspn(c, "L") : 0;
		return *c ? NUMBER_NONE : NUMBER_HEX;
	}
	whole = strspn(c, "0123456789");
	c += whole;
	if (whole && (*c == 'L' || *c == '\0')) {
		*wide = *c == 'L';
		c += strspn(c, "L") <= 2 ? strspn(c, "L") : 0;
		return *c ? NUMBER_NONE : NUMBER_INTEGER;
	}
	fraction = 0;
	if (*c == '.') {
		fraction = strspn(++c, "0123456789");
		c += fraction;
	}
	if (whole + fraction == 0)
		return NUMBER_NONE;
	if (*c == 'e' || *c == 'E') {
		c += 1 + (c[1] == '+' || c[1] == '-');
		if (!isdigit((unsigned char)*c))
			return NUMBER_NONE;
		c += strspn(c, "0123456789");
	}
	return *c ? NUMBER_NONE : NUMBER_FLOAT;
}

/* "0755" is 755 to older versions of libconfig and something else to newer ones. */
static bool begins_with_zero(const char *text)
{
	text += *text == '-' || *text == '+';
	return text[0] == '0' && isdigit((unsigned char)text[1]);
}

static void refuse_zero(struct lexer *lexer, struct token *token)
{
	const char *digits = token->text + strspn(token->text, "+-0");
	AUTO_FREE char *hint = xprintf("write %s; file modes are strings: \"%s\"",
				       isdigit((unsigned char)*digits) ? digits : "0", token->text);

	lexer_error(lexer, token->at, hint, "%s begins with a zero, which elsewhere means octal",
		    token->text);
	token->broken = true;
}

static void read_integer(struct lexer *lexer, struct token *token, bool hex)
{
	AUTO_FREE char *hint = NULL;
	bool fits;

	token->type = TOKEN_INTEGER;
	if (!hex && begins_with_zero(token->text)) {
		refuse_zero(lexer, token);
		return;
	}
	errno = 0;
	/* libconfig reads hex digits as unsigned and lets them wrap: that one is refused. */
	token->integer = strtoll(token->text, NULL, hex ? 16 : 10);
	fits = errno == 0;
	if (fits && (token->wide || (token->integer >= INT32_MIN && token->integer <= INT32_MAX)))
		return;
	if (fits)
		hint = xprintf("put L behind it: %sL; sizes may be strings: \"64G\"", token->text);
	lexer_error(lexer, token->at, hint, "%s does not fit into %d bits%s", token->text,
		    fits ? 32 : 64, fits ? " without L" : "");
	token->broken = true;
}

static void read_number(struct lexer *lexer, struct token *token)
{
	struct lexer_frame *frame = current(lexer);
	const char *start = frame->next, *end = start;
	enum number_kind kind;

	while (!ends_word(end, true))
		end++;
	token->at = location_of(lexer, start, end);
	token->text = copy_text(start, end);
	frame->next = end;
	kind = classify_number(token->text, &token->wide);
	if (kind == NUMBER_NONE) {
		token->type = TOKEN_WORD;
	} else if (kind == NUMBER_FLOAT) {
		token->type = TOKEN_FLOAT;
		token->real = strtod(token->text, NULL);
	} else {
		read_integer(lexer, token, kind == NUMBER_HEX);
	}
}

/* A name, true, false, or a word of something else. */
static void read_word(struct lexer *lexer, struct token *token)
{
	struct lexer_frame *frame = current(lexer);
	const char *start = frame->next, *end = start;

	token->type = TOKEN_WORD;
	if (isalpha((unsigned char)*start) || *start == '*') {
		while (isalnum((unsigned char)*end) || (*end && strchr("-_*", *end)))
			end++;
		if (*end == ':' || ends_word(end, true))
			token->type = TOKEN_NAME;
	}
	if (token->type == TOKEN_WORD)
		while (!ends_word(end, false) && !(*end == ':' && end[1] == ' '))
			end++;
	token->at = location_of(lexer, start, end);
	token->text = copy_text(start, end);
	frame->next = end;
	if (strcasecmp(token->text, "true") == 0 || strcasecmp(token->text, "false") == 0) {
		token->type = TOKEN_BOOLEAN;
		token->boolean = (token->text[0] | 0x20) == 't';
	}
}

static void read_sign(struct lexer *lexer, struct token *token, enum token_type type)
{
	struct lexer_frame *frame = current(lexer);

	token->type = type;
	token->character = *frame->next;
	token->at = location_of(lexer, frame->next, frame->next + 1);
	frame->next++;
}

void lexer_next(struct lexer *lexer, struct token *token)
{
	const char *c;

	token_clear(token);
	if (lexer->stopped || !skip_blanks(lexer)) {
		struct lexer_frame *frame = &lexer->frames[0];

		if (frame->copied != frame->source->text)
			text_add(&lexer->expanded, frame->copied,
				 (size_t)(frame->source->text + frame->source->length -
					  frame->copied));
		frame->copied = frame->source->text + frame->source->length;
		token->at = location_of(lexer, current(lexer)->next, current(lexer)->next);
		return;
	}
	c = current(lexer)->next;
	token->first = lexer->first;
	lexer->first = false;
	if (*c == '"')
		read_string(lexer, token);
	else if (*c == '=' || *c == ':')
		read_sign(lexer, token, TOKEN_EQUALS);
	else if (*c == ',' || *c == ';')
		read_sign(lexer, token, TOKEN_SEPARATOR);
	else if (strchr("([{", *c))
		read_sign(lexer, token, TOKEN_OPEN);
	else if (strchr(")]}", *c))
		read_sign(lexer, token, TOKEN_CLOSE);
	else if (isdigit((unsigned char)*c) || strchr("+-.", *c))
		read_number(lexer, token);
	else
		read_word(lexer, token);
}
