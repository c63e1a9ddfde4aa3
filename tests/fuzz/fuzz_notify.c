/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that a container sends to NOTIFY_SOCKET. */
#include "fuzz.h"
#include "lifecycle/supervisor_notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory of just that size, so that a byte too many is noticed. */
	AUTO_FREE char *bytes = xalloc(size ? size : 1, 1);
	struct notify_message message;

	memcpy(bytes, data, size);
	for (int cut = 0; cut < 2; cut++) {
		bool any = notify_parse(bytes, size, cut, &message);

		fuzz_assert(any == (message.ready || message.has_status), "%d", cut);
		for (const char *c = message.status; message.has_status && *c; c++)
			fuzz_assert((unsigned char)*c >= ' ' && *c != 0x7f, "%d", *c);
		if (message.ready)
			fuzz_assert(memmem(bytes, size, "READY=1", 7) != NULL, "%d", cut);
	}
	return 0;
}
