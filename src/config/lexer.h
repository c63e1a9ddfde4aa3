/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lexer.h: a file of libconfig's grammar cut into tokens that know their line and column.
 * Messages about what is wrong go to diagnostics, and the lexer goes on behind it. Stricter than
 * libconfig where that takes text for something else than its writer meant: a line break in a
 * string, a number with letters at its end, an unknown escape, an integer that would wrap.
 */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "config/diagnostic.h"
#include "config/source.h"

#define LEXER_INCLUDE_MAX 10 /* as libconfig */

enum token_type {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_WORD, /* text that is neither a name nor a value: "10.83.0.2" without quotes */
	TOKEN_STRING,
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_BOOLEAN,
	TOKEN_EQUALS,    /* = or : */
	TOKEN_SEPARATOR, /* , or ; */
	TOKEN_OPEN,
	TOKEN_CLOSE,
};

struct token {
	enum token_type type;
	struct location at;
	char *text;     /* of names, words and strings (without quotes and escapes); owned */
	char character; /* of separators and brackets */
	bool broken;    /* its fault was reported */
	bool first;     /* nothing but blanks is before it on its line */
	bool wide;      /* an integer with L */
	int64_t integer;
	double real;
	bool boolean;
};

struct lexer_frame {
	const struct source *source;
	const char *next;
	const char *line_start;
	const char *copied; /* up to here the text is in expanded */
	unsigned int line;
};

struct lexer {
	struct lexer_frame frames[LEXER_INCLUDE_MAX + 1];
	unsigned int depth;     /* of the frame being read */
	bool trusted_directory; /* see source_read() */
	bool first;             /* no token on this line yet */
	bool stopped;           /* too many errors: what is left is not looked at */
	unsigned int errors;
	struct diagnostics *diagnostics;
	struct text expanded; /* when done: the text without @include; empty if it had none */
};

/* The source must have been read and stays where it is until the lexer is cleared. */
void lexer_init(struct lexer *lexer, const struct source *source, bool trusted_directory,
		struct diagnostics *diagnostics);
void lexer_clear(struct lexer *lexer);

/* Replaces token, which must be zero or come from here, by the next one. */
void lexer_next(struct lexer *lexer, struct token *token);
void token_clear(struct token *token);

/* Reports an error, unless there were too many. */
void lexer_error(struct lexer *lexer, struct location location, const char *hint, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));

#endif
