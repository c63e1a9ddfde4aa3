/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diagnostic.h: everything wrong in all files, collected; nothing stops at the first error.
 *
 *   /etc/cman/conf.d/web.conf:3:1: error: unknown key "hostnme"
 *       3 | hostnme = "web";
 *         | ^~~~~~~
 *     hint: did you mean "hostname"?
 */
#ifndef CONFIG_DIAGNOSTIC_H
#define CONFIG_DIAGNOSTIC_H

#include <stdio.h>

#include "config/spec.h"

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

struct diagnostic {
	enum severity severity;
	struct location location;
	char *container; /* the container it keeps from starting, NULL: all (manager file) */
	char *message;
	char *source; /* the line of the file, NULL when there is none to show */
	char *hint;   /* what would be right, or NULL */
};

struct diagnostics {
	struct diagnostic *items;
	size_t count;
	const char *container; /* what diagnostics_add() marks new items with; may be NULL */
};

/* Adds one; hint may be NULL, then it is not printed. Returns -1 always. */
int diagnostics_add(struct diagnostics *diagnostics, enum severity severity,
		    struct location location, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Errors that concern container, or the manager file; NULL: all errors. */
size_t diagnostics_count_errors(const struct diagnostics *diagnostics, const char *container);

/*
 * Prints one in the form above. as_warning: an error that this command can live with.
 * Control characters of the source line are made visible, never sent to the terminal.
 */
void diagnostic_print(const struct diagnostic *diagnostic, FILE *stream, bool color,
		      bool as_warning);

/* Puts them in order: those of the manager file first, then by container, file and place. */
void diagnostics_sort(struct diagnostics *diagnostics);

/* Drops what was said about a container. */
void diagnostics_forget(struct diagnostics *diagnostics, const char *container);

void diagnostics_clear(struct diagnostics *diagnostics);
#define AUTO_DIAGNOSTICS AUTO(diagnostics_clear)

#endif
