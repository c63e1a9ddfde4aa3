/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_rate: how much comes through. Bytes are counted over a time that begins 300 ms behind the
 * first of them, when whatever may pass at once has passed.
 *
 *   probe_rate receive tcp|udp PORT MS   waits for a sender; prints kbit/s
 *   probe_rate send tcp|udp HOST PORT MS as much as goes, or until the other end has enough
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define START_MS 300
#define WAIT_MS  10000

static char buffer[65536];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int wait_for(int fd, int ms)
{
	struct pollfd item = {.fd = fd, .events = POLLIN};

	return poll(&item, 1, ms);
}

static int receive(int type, const char *port, uint64_t ms)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int fd = socket(AF_INET, type, 0), on = 1;
	uint64_t first, bytes = 0, last;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 1) < 0))
		die("bind");
	if (wait_for(fd, WAIT_MS) != 1)
		die("nobody sends");
	if (type == SOCK_STREAM && (fd = accept(fd, NULL, NULL)) < 0)
		die("accept");
	first = last = now_ms();
	while (last < first + START_MS + ms && wait_for(fd, 1000) == 1) {
		ssize_t length = recv(fd, buffer, sizeof(buffer), 0);

		if (length <= 0)
			break;
		last = now_ms();
		if (last >= first + START_MS)
			bytes += (uint64_t)length;
	}
	if (last <= first + START_MS)
		die("too little");
	printf("%u\n", (unsigned int)(bytes * 8 / (last - first - START_MS)));
	return 0;
}

static int flood(int type, const char *host, const char *port, uint64_t ms)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	const size_t length = type == SOCK_STREAM ? sizeof(buffer) : 1400;
	const uint64_t end = now_ms() + ms;
	int fd = -1;

	signal(SIGPIPE, SIG_IGN);
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		die(host);
	/* The other side may not be there yet. */
	for (;;) {
		fd = socket(AF_INET, type, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			break;
		close(fd);
		if (now_ms() > end)
			die("connect");
		usleep(50000);
	}
	while (now_ms() < end)
		if (send(fd, buffer, length, 0) < 0 && type == SOCK_STREAM)
			break; /* enough */
	return 0;
}

int main(int argc, char *argv[])
{
	int type = argc > 2 && strcmp(argv[2], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;

	if (argc == 5 && strcmp(argv[1], "receive") == 0)
		return receive(type, argv[3], (uint64_t)atoi(argv[4]));
	if (argc == 6 && strcmp(argv[1], "send") == 0)
		return flood(type, argv[3], argv[4], (uint64_t)atoi(argv[5]));
	fprintf(stderr, "usage: see the source\n");
	return 2;
}
