/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a payload may send to NOTIFY_SOCKET, sd_notify(3):
 *   probe_notify TEXT...       each as a datagram
 *   probe_notify --garbage N   one of N bytes, no text among them
 *   probe_notify --flood N     N datagrams, READY=0 and the like
 *   probe_notify --barrier     waits until the reader has taken all that was sent before
 * Exit status 1: it could not be sent, 2: the barrier did not open within 10 seconds.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void send_bytes(int fd, const char *bytes, size_t length)
{
	if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) {
		fprintf(stderr, "send %zu bytes: %s\n", length, strerror(errno));
		exit(1);
	}
}

static void send_garbage(int fd, size_t length)
{
	char *bytes = malloc(length + 1);

	if (!bytes)
		exit(1);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	send_bytes(fd, bytes, length);
	free(bytes);
}

static void wait_for_barrier(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	char text[] = "BARRIER=1";
	struct iovec part = {text, strlen(text)};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	struct pollfd end = {.events = 0};
	int ends[2];

	if (pipe(ends) < 0)
		exit(1);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &ends[1], sizeof(int));
	if (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
		exit(1);
	close(ends[1]);
	end.fd = ends[0];
	exit(poll(&end, 1, 10000) == 1 ? 0 : 2);
}

int main(int argc, char *argv[])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path || fd < 0 || argc < 2)
		return 1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	if (strcmp(argv[1], "--garbage") == 0 && argc == 3) {
		send_garbage(fd, (size_t)atol(argv[2]));
	} else if (strcmp(argv[1], "--flood") == 0 && argc == 3) {
		for (long i = 0; i < atol(argv[2]); i++)
			send_bytes(fd, "READY=0\nWATCHDOG=1", 18);
	} else if (strcmp(argv[1], "--barrier") == 0) {
		wait_for_barrier(fd);
	} else {
		for (int i = 1; i < argc; i++)
			send_bytes(fd, argv[i], strlen(argv[i]));
	}
	return 0;
}
