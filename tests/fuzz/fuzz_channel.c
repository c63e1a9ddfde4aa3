/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the processes that set a container up. */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "lifecycle/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message;
	int ends[2], fds[CHANNEL_FDS_MAX];
	struct error err;

	fuzz_assert(channel_open(ends, &err) == 0, "%s", err.text);
	/* What is short is filled up, so that the bytes get past the check of the size. */
	if (size > 0 && size % 2 == 0) {
		char whole[sizeof(struct message) + sizeof(uint64_t)];

		for (size_t i = 0; i < sizeof(whole); i++)
			whole[i] = (char)data[i % size];
		for (size_t length = sizeof(struct message); length <= sizeof(whole); length += 4)
			fuzz_assert(send(ends[0], whole, length, 0) == (ssize_t)length, "send");
	} else if (size > 0) {
		fuzz_assert(send(ends[0], data, size, 0) == (ssize_t)size, "send");
	}
	close(ends[0]);
	while (channel_receive(ends[1], &message, fds, ARRAY_SIZE(fds), 0, &err) != 0) {
		fuzz_assert(strnlen(message.key, sizeof(message.key)) < sizeof(message.key), "key");
		fuzz_assert(strnlen(message.error.text, sizeof(message.error.text)) <
				    sizeof(message.error.text), "text");
		fuzz_assert(strnlen(message.error.hint, sizeof(message.error.hint)) <
				    sizeof(message.error.hint), "hint");
	}
	close(ends[1]);
	return 0;
}
