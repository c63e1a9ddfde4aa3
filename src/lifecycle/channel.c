/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/channel.h"

#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "base/text.h"

/* Which of the places hold an fd: only those that do travel, in order. */
struct packet {
	struct message message;
	unsigned int present;
};

int channel_open(int ends[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "socketpair");
	return 0;
}

int channel_send(int fd, const struct message *message, const int *fds, size_t fd_count,
		 struct error *err)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
	} control = {0};
	struct packet packet = {.message = *message};
	struct iovec vector = {.iov_base = &packet, .iov_len = sizeof(packet)};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};
	int travelling[CHANNEL_FDS_MAX];
	size_t count = 0;
	ssize_t sent;

	for (size_t i = 0; i < fd_count && i < CHANNEL_FDS_MAX; i++) {
		if (fds[i] < 0)
			continue;
		packet.present |= 1U << i;
		travelling[count++] = fds[i];
	}
	if (count > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(count * sizeof(int)),
		};
		memcpy(CMSG_DATA(&control.header), travelling, count * sizeof(int));
	}
	do
		sent = sendmsg(fd, &header, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? error_set(err, errno, "send a message") : 0;
}

/* The fds of a received message, each at the place it was sent from. */
static void take_fds(struct msghdr *header, unsigned int present, int *fds, size_t fd_count)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	size_t count, used = 0;
	int received[CHANNEL_FDS_MAX];

	for (size_t i = 0; i < fd_count; i++)
		fds[i] = -1;
	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
		return;
	count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(received, CMSG_DATA(control), count * sizeof(int));
	for (size_t i = 0; i < fd_count && used < count; i++)
		if (present & (1U << i))
			fds[i] = received[used++];
	while (used < count)
		close(received[used++]);
}

int channel_receive(int fd, struct message *message, int *fds, size_t fd_count, int timeout_ms,
		    struct error *err)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(CHANNEL_FDS_MAX * sizeof(int))];
	} control;
	struct packet packet;
	struct iovec vector = {.iov_base = &packet, .iov_len = sizeof(packet)};
	struct msghdr header = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t length;
	int ready = process_poll(fd, timeout_ms, err);

	if (ready < 0)
		return -1;
	if (ready == 0)
		return error_set(err, ETIMEDOUT, "wait for a message");
	do
		length = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (length < 0 && errno != ECONNRESET)
		return error_set(err, errno, "receive a message");
	if (length <= 0)
		return 0;
	if (length != sizeof(packet) || header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		take_fds(&header, 0, fds, fd_count); /* what came along is closed */
		return error_set(err, EPROTO, "receive a message");
	}
	take_fds(&header, packet.present, fds, fd_count);
	*message = packet.message;
	/* The sender was about to become a program of the container: its texts end here at last. */
	message->error.text[sizeof(message->error.text) - 1] = '\0';
	message->error.hint[sizeof(message->error.hint) - 1] = '\0';
	message->key[sizeof(message->key) - 1] = '\0';
	text_replace_controls(message->error.text);
	text_replace_controls(message->error.hint);
	return 1;
}
