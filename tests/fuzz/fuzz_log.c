/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a container on a terminal: colours, and nothing else that it would obey. */
#include "cmd/log_print.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *bytes = xalloc(size + 1, 1);

	memcpy(bytes, data, size);
	make_harmless(bytes, size);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		fuzz_assert(c >= ' ' || strchr("\n\t\r\033", c), "%zu", i);
		fuzz_assert(c != 0x7f && (c != 0xc2 || (bytes[i + 1] & 0xe0) != 0x80), "%zu", i);
		if (c == '\033')
			fuzz_assert(color_sequence(bytes + i, size - i) > 0, "%zu", i);
	}
	return 0;
}
