/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

static void begin_one(const struct sockaddr_storage *address, uint16_t port,
		      struct connect_attempt *attempt)
{
	struct sockaddr_storage to = *address;
	socklen_t size = to.ss_family == AF_INET ? sizeof(struct sockaddr_in)
						 : sizeof(struct sockaddr_in6);
	AUTO_FD int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	set_port(&to, port);
	if (fd < 0 || attempt->count == CONNECT_MAX)
		return;
	if (connect(fd, (const struct sockaddr *)&to, size) == 0)
		attempt->connected = true;
	else if (errno == EINPROGRESS)
		attempt->fds[attempt->count++] = take_fd(&fd);
}

int connect_begin(int netns_fd, const struct sockaddr_storage *addresses, size_t count,
		  uint16_t port, struct connect_attempt *attempt, struct error *err)
{
	AUTO_FD int own_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	connect_end(attempt);
	if (own_fd < 0)
		return error_set(err, errno, "open our network namespace");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return error_set(err, errno, "enter network namespace");
	for (size_t i = 0; i < count; i++)
		begin_one(&addresses[i], port, attempt);
	/* In the wrong namespace everything that follows would hit the wrong machine. */
	if (setns(own_fd, CLONE_NEWNET) < 0)
		abort();
	return 0;
}

void connect_look(struct connect_attempt *attempt)
{
	size_t kept = 0;

	for (size_t i = 0; i < attempt->count; i++) {
		struct pollfd wanted = {.fd = attempt->fds[i], .events = POLLOUT};
		int code = 0;
		socklen_t size = sizeof(code);

		if (poll(&wanted, 1, 0) == 0) {
			attempt->fds[kept++] = attempt->fds[i];
			continue;
		}
		if (getsockopt(attempt->fds[i], SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0)
			attempt->connected = true;
		close(attempt->fds[i]);
	}
	attempt->count = kept;
}

void connect_end(struct connect_attempt *attempt)
{
	for (size_t i = 0; i < attempt->count; i++)
		close(attempt->fds[i]);
	*attempt = (struct connect_attempt){.count = 0};
}
