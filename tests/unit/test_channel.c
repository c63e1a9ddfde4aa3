/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between command, supervisor and init: what is none of ours leaves nothing open. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "lifecycle/channel.h"

static size_t count_open(void)
{
	AUTO_STRLIST struct strlist names = {0};

	assert_int_equal(fs_list_at(AT_FDCWD, "/proc/self/fd", &names, NULL), 0);
	return names.count;
}

static void fds_arrive_at_their_places(void **state)
{
	const struct message sent = {.type = MESSAGE_ROOTFS};
	struct message message;
	struct error err = {0};
	int ends[2], fds[3];

	(void)state;
	assert_int_equal(channel_open(ends, &err), 0);
	assert_int_equal(channel_send(ends[0], &sent, (int[]){-1, ends[0]}, 2, &err), 0);
	assert_int_equal(channel_receive(ends[1], &message, fds, 3, 0, &err), 1);
	assert_int_equal(message.type, MESSAGE_ROOTFS);
	assert_int_equal(fds[0], -1);
	assert_true(fds[1] >= 0);
	assert_int_equal(fds[2], -1);
	close(fds[1]);
	close(ends[0]);
	close(ends[1]);
}

static void send_short(int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(sizeof(int))}};
	struct iovec vector = {.iov_base = (char[]){"short"}, .iov_len = 5};
	struct msghdr header = {.msg_iov = &vector,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(fd, &header, 0), 5);
}

static void fds_of_what_is_refused_are_closed(void **state)
{
	struct message message;
	struct error err = {0};
	int ends[2], fds[3];
	size_t before;

	(void)state;
	assert_int_equal(channel_open(ends, &err), 0);
	before = count_open();
	send_short(ends[0]);
	assert_int_equal(channel_receive(ends[1], &message, fds, 3, 0, &err), -1);
	assert_int_equal(err.code, EPROTO);
	assert_int_equal(count_open(), before);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fds_arrive_at_their_places),
		cmocka_unit_test(fds_of_what_is_refused_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
