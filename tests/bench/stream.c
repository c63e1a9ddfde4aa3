/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream receive PORT            takes what is sent, one connection after the other, for ever
 * stream send ADDRESS PORT MIB   sends so much over TCP and prints MiB a second
 * stream print MIB LINE BLOCK [stay]   prints lines of LINE bytes, BLOCK bytes at once, and to
 *                                standard error MB a second; goes on to sleep if it is to stay
 *
 * What is measured ends when the receiver has said that all of it was there; of what is printed, when
 * the pipe is empty. Static, so that it runs in any root filesystem.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MIB             (1 << 20)
#define TIMEOUT_SECONDS 30

static char buffer[1 << 18];

static int fail(const char *what)
{
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	return 1;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void limit_time(int fd)
{
	const struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

static int receive(uint16_t port)
{
	const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (const void *)&here, sizeof(here)) < 0 || listen(fd, 1) < 0)
		return fail("listen");
	for (;;) {
		int connection = accept(fd, NULL, NULL);

		if (connection < 0)
			return fail("accept");
		limit_time(connection);
		while (read(connection, buffer, sizeof(buffer)) > 0)
			;
		if (write(connection, "", 1) != 1)
			fail("say that it is there");
		close(connection);
	}
}

static int send_to(const char *address, uint16_t port, long mib)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long left = mib * MIB;
	double begin;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return fail(address);
	if (fd < 0 || connect(fd, (const void *)&to, sizeof(to)) < 0)
		return fail("connect");
	limit_time(fd);
	begin = now();
	while (left > 0) {
		size_t part = left < (long)sizeof(buffer) ? (size_t)left : sizeof(buffer);
		ssize_t sent = write(fd, buffer, part);

		if (sent <= 0)
			return fail("send");
		left -= sent;
	}
	if (shutdown(fd, SHUT_WR) < 0 || read(fd, buffer, 1) != 1)
		return fail("hear that it is there");
	printf("%.0f\n", (double)mib / (now() - begin));
	return 0;
}

static int print(long mib, size_t line, size_t block, bool stays)
{
	size_t left = (size_t)mib * MIB, unread = 1;
	double begin;

	block -= block % line;
	if (line < 2 || block == 0 || block > sizeof(buffer))
		return fail("a line, a block");
	for (size_t i = 0; i < block; i++)
		buffer[i] = i % line == line - 1 ? '\n' : 'x';
	begin = now();
	for (; left >= block; left -= block)
		for (size_t done = 0; done < block;) {
			ssize_t written = write(STDOUT_FILENO, buffer + done, block - done);

			if (written < 0)
				return fail("print");
			done += (size_t)written;
		}
	for (int waiting; unread > 0; unread = (size_t)waiting)
		if (ioctl(STDOUT_FILENO, FIONREAD, &waiting) < 0)
			return fail("what is unread");
	fprintf(stderr, "%.0f\n", (double)mib * 1.048576 / (now() - begin));
	while (stays)
		pause();
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "receive") == 0)
		return receive((uint16_t)atoi(argv[2]));
	if (argc == 5 && strcmp(argv[1], "send") == 0)
		return send_to(argv[2], (uint16_t)atoi(argv[3]), atol(argv[4]));
	if ((argc == 5 || argc == 6) && strcmp(argv[1], "print") == 0)
		return print(atol(argv[2]), (size_t)atol(argv[3]), (size_t)atol(argv[4]), argc == 6);
	fprintf(stderr, "usage: stream receive PORT\n       stream send ADDRESS PORT MIB\n"
			"       stream print MIB LINE BLOCK [stay]\n");
	return 2;
}
