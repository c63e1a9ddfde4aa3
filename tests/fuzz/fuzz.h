/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h: what the targets share. A target is one libFuzzer program: bytes go to one reader of
 * foreign text, which must neither crash nor hang nor leak, and what it accepted must survive
 * being written and read again. Input for several files is split at lines of "%%".
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A directory in memory, made on first use and removed at the end of the process. */
int fuzz_directory(void);
const char *fuzz_directory_path(void);

/* Replaces a file below the directory; parents must exist. */
void fuzz_put(const char *name, const char *bytes, size_t size);
void fuzz_make_directory(const char *name);

/* The bytes as a string, which ends at the first NUL. Freed by the caller. */
char *fuzz_string(const uint8_t *data, size_t size);

/* Cuts the next part off; "" when there is none left. */
char *fuzz_next_part(char **rest);

/* Says what does not hold and aborts, which libFuzzer takes for a crash. */
#define fuzz_assert(condition, ...)                                                                \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "does not hold: %s: ", #condition);                        \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
