/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk: two ends for topology.bats, run in the network namespaces of a host or of a container.
 *
 *   talk 4|6 listen PORT LOG            until LOG is gone, at most LISTEN_SECONDS
 *   talk 4|6 ask tcp|udp|icmp ADDRESS PORT MILLISECONDS
 *
 * The listener writes "PROTOCOL SOURCE" to LOG for each packet that would begin something (SYN,
 * datagram to PORT, echo request), by raw sockets: what arrives there has arrived, be it answered or
 * not. It answers over TCP and UDP with the source it saw, from the address that was asked. To ask
 * ends with status 0 when there was an answer, and 1 when there was none in that time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_SECONDS 60
#define ECHO_ID        0x6374

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static int family;

static void fail(const char *what)
{
	fprintf(stderr, "talk: %s: %s\n", what, strerror(errno));
	exit(2);
}

static socklen_t size_of_address(void)
{
	return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static union address address_of(const char *text, uint16_t port)
{
	union address address = {0};

	address.any.sa_family = (sa_family_t)family;
	address.in.sin_port = htons(port); /* the same place in both */
	if (text && inet_pton(family, text,
			      family == AF_INET ? (void *)&address.in.sin_addr
						: (void *)&address.in6.sin6_addr) != 1)
		fail(text);
	return address;
}

static const char *text_of(const union address *address)
{
	static char text[INET6_ADDRSTRLEN];

	inet_ntop(family,
		  family == AF_INET ? (const void *)&address->in.sin_addr
				    : (const void *)&address->in6.sin6_addr,
		  text, sizeof(text));
	return text;
}

static int open_socket(int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	int on = 1;

	if (fd < 0)
		fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6 && type != SOCK_RAW)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return fd;
}

static int icmp_protocol(void)
{
	return family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

/* ---- listen ---- */

/* Whether the packet, without its IP header, begins something. */
static bool begins(int protocol, const unsigned char *data, size_t length, uint16_t port)
{
	const struct tcphdr *tcp = (const void *)data;
	const struct udphdr *udp = (const void *)data;

	if (protocol == IPPROTO_TCP)
		return length >= sizeof(*tcp) && tcp->dest == htons(port) && tcp->syn && !tcp->ack;
	if (protocol == IPPROTO_UDP)
		return length >= sizeof(*udp) && udp->dest == htons(port);
	return length > 0 && data[0] == (family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
}

static void note(int fd, int protocol, const char *log, uint16_t port)
{
	const char *name = protocol == IPPROTO_TCP   ? "tcp"
			   : protocol == IPPROTO_UDP ? "udp"
						     : "icmp";
	unsigned char data[2048];
	union address source;
	socklen_t size = sizeof(source);
	ssize_t length = recvfrom(fd, data, sizeof(data), 0, &source.any, &size);
	size_t header = 0;
	int log_fd;

	if (length <= 0)
		return;
	if (family == AF_INET) /* a raw socket of IPv4 gives the header along */
		header = 4 * (size_t)(data[0] & 15);
	if (header > (size_t)length ||
	    !begins(protocol, data + header, (size_t)length - header, port))
		return;
	log_fd = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (log_fd < 0)
		return; /* it is over */
	dprintf(log_fd, "%s %s\n", name, text_of(&source));
	close(log_fd);
}

static void answer_tcp(int fd)
{
	union address source;
	socklen_t size = sizeof(source);
	int connection = accept(fd, &source.any, &size);

	if (connection < 0)
		return;
	dprintf(connection, "%s\n", text_of(&source));
	close(connection);
}

/* The answer takes along where the question was sent to, and comes from there. */
static void answer_udp(int fd)
{
	union address source;
	char data[256], control[256];
	struct iovec part = {data, sizeof(data)};
	struct msghdr message = {
		.msg_name = &source,
		.msg_namelen = sizeof(source),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	if (recvmsg(fd, &message, 0) < 0)
		return;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO)
			((struct in_pktinfo *)(void *)CMSG_DATA(at))->ipi_ifindex = 0;
		if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)(void *)CMSG_DATA(at))->ipi6_ifindex = 0;
	}
	part.iov_len = (size_t)snprintf(data, sizeof(data), "%s\n", text_of(&source));
	sendmsg(fd, &message, 0);
}

static int listen_on(uint16_t port, const char *log)
{
	const int protocols[] = {IPPROTO_TCP, IPPROTO_UDP, icmp_protocol()};
	const union address address = address_of(NULL, port);
	const time_t end = time(NULL) + LISTEN_SECONDS;
	struct pollfd fds[5];
	int on = 1;

	for (int i = 0; i < 3; i++)
		fds[i] = (struct pollfd){open_socket(SOCK_RAW, protocols[i]), POLLIN, 0};
	fds[3] = (struct pollfd){open_socket(SOCK_STREAM, 0), POLLIN, 0};
	fds[4] = (struct pollfd){open_socket(SOCK_DGRAM, 0), POLLIN, 0};
	if (family == AF_INET)
		setsockopt(fds[4].fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	else
		setsockopt(fds[4].fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	for (int i = 3; i < 5; i++)
		if (bind(fds[i].fd, &address.any, size_of_address()) < 0)
			fail("bind");
	if (listen(fds[3].fd, 16) < 0)
		fail("listen");
	puts("ready");
	fflush(stdout);
	while (access(log, F_OK) == 0 && time(NULL) < end) {
		if (poll(fds, 5, 50) <= 0)
			continue;
		/* What has arrived is noted before it is answered. */
		for (int i = 0; i < 3; i++)
			if (fds[i].revents)
				note(fds[i].fd, protocols[i], log, port);
		if (fds[3].revents)
			answer_tcp(fds[3].fd);
		if (fds[4].revents)
			answer_udp(fds[4].fd);
	}
	return 0;
}

/* ---- ask ---- */

static bool readable(int fd, int timeout_ms)
{
	struct pollfd wanted = {fd, POLLIN, 0};

	return poll(&wanted, 1, timeout_ms) == 1;
}

static int print_answer(int fd, int timeout_ms)
{
	char data[256];
	ssize_t length = readable(fd, timeout_ms) ? recv(fd, data, sizeof(data), 0) : -1;

	if (length <= 0)
		return 1;
	fwrite(data, 1, (size_t)length, stdout);
	return 0;
}

static int ask_tcp(const union address *to, int timeout_ms)
{
	int fd = open_socket(SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd connected = {fd, POLLOUT, 0};

	if (connect(fd, &to->any, size_of_address()) < 0 && errno != EINPROGRESS)
		return 1;
	if (poll(&connected, 1, timeout_ms) != 1)
		return 1;
	return print_answer(fd, timeout_ms);
}

static int ask_udp(const union address *to, int timeout_ms)
{
	int fd = open_socket(SOCK_DGRAM, 0);

	/* Connected: an answer of any other address is none. */
	if (connect(fd, &to->any, size_of_address()) < 0 || send(fd, "ping", 4, 0) != 4)
		return 1;
	return print_answer(fd, timeout_ms);
}

static uint16_t checksum(const unsigned char *data, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static int ask_icmp(const union address *to, int timeout_ms)
{
	int fd = open_socket(SOCK_RAW, icmp_protocol());
	struct icmphdr echo = {.un.echo = {htons(ECHO_ID), htons(1)}};
	const unsigned char reply = family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;

	echo.type = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	if (family == AF_INET) /* that of ICMPv6 is the kernel's */
		echo.checksum = checksum((const void *)&echo, sizeof(echo));
	if (connect(fd, &to->any, size_of_address()) < 0 ||
	    send(fd, &echo, sizeof(echo), 0) != sizeof(echo))
		return 1;
	while (readable(fd, timeout_ms)) {
		unsigned char data[2048];
		ssize_t length = recv(fd, data, sizeof(data), 0);
		size_t header = family == AF_INET && length > 0 ? 4 * (size_t)(data[0] & 15) : 0;

		if (length < 0)
			return 1; /* an error of ICMP */
		if ((size_t)length < header + sizeof(echo))
			continue;
		memcpy(&echo, data + header, sizeof(echo));
		if (echo.type == reply && echo.un.echo.id == htons(ECHO_ID)) {
			puts("answered");
			return 0;
		}
	}
	return 1;
}

int main(int argc, char *argv[])
{
	union address to;

	family = argc > 1 && strcmp(argv[1], "6") == 0 ? AF_INET6 : AF_INET;
	if (argc == 5 && strcmp(argv[2], "listen") == 0)
		return listen_on((uint16_t)atoi(argv[3]), argv[4]);
	if (argc != 7 || strcmp(argv[2], "ask") != 0) {
		fprintf(stderr, "usage: talk 4|6 listen PORT LOG\n"
				"       talk 4|6 ask tcp|udp|icmp ADDRESS PORT MILLISECONDS\n");
		return 2;
	}
	to = address_of(argv[4], (uint16_t)(strcmp(argv[3], "icmp") == 0 ? 0 : atoi(argv[5])));
	if (strcmp(argv[3], "tcp") == 0)
		return ask_tcp(&to, atoi(argv[6]));
	if (strcmp(argv[3], "udp") == 0)
		return ask_udp(&to, atoi(argv[6]));
	return ask_icmp(&to, atoi(argv[6]));
}
