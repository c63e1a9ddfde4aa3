/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.h: an error is a value that collects its story. It has no heap, so it is safe after
 * clone(2) and travels through a socket as it is. The function that fails says what failed, each
 * caller adds what only it knows: "outer: inner: reason".
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
	int code;        /* errno value, or 0 when none fits */
	char text[1024]; /* one line, no newline at the end, control characters replaced by '?' */
	char hint[512];  /* what to do about it, a sentence; "" when there is nothing to say */
};

/*
 * Sets the text, appends ": strerror(code)" when code is not 0, clears the hint. Always -1.
 * err may be NULL where the caller does not care for the reason.
 */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text. Always -1. */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Says what to do about it; the first hint (the one nearest to the cause) stays. Always -1. */
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Empties err: code 0, no text, no hint. */
void error_clear(struct error *err);

#endif
