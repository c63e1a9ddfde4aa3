/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_forge: frames that say who they are, true ones and forged ones.
 *
 *   probe_forge send LINK IP IP6 OTHER_IP OTHER_IP6 [TO_MAC]
 *       one frame of each kind, to all neighbours or to one of them; prints the kinds
 *   probe_forge hear MS LINK...
 *       prints the kinds that come by on these links, or leave by them, sorted
 *   probe_forge freebind FROM_IP6 TO_IP6
 *       a datagram from an address that is not there, which takes no capability
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK "forge:"

static int packet_fd = -1;
static int link_index;
static uint8_t own_mac[6], to_mac[6] = {255, 255, 255, 255, 255, 255};
static const uint8_t other_mac[6] = {2, 0x63, 0, 0, 0xee, 0xee};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

struct frame {
	uint8_t bytes[256];
	size_t length;
};

static void put(struct frame *frame, const void *bytes, size_t length)
{
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static void put_address(struct frame *frame, int family, const char *address)
{
	uint8_t bytes[16];

	if (inet_pton(family, address, bytes) != 1)
		die(address);
	put(frame, bytes, family == AF_INET ? 4 : 16);
}

static struct frame ethernet(const uint8_t *from, uint16_t type)
{
	struct frame frame = {.length = 0};

	type = htons(type);
	put(&frame, to_mac, 6);
	put(&frame, from, 6);
	put(&frame, &type, 2);
	return frame;
}

static void put_ip4(struct frame *frame, const char *source)
{
	put(frame, "\x45\0\0\x40\0\0\0\0\x40\x11\0\0", 12);
	put_address(frame, AF_INET, source);
	put_address(frame, AF_INET, "255.255.255.255");
	put(frame, "\x10\0\x10\0\0\x2c\0\0", 8);
}

static struct frame ip4(const uint8_t *from, const char *source)
{
	struct frame frame = ethernet(from, ETH_P_IP);

	put_ip4(&frame, source);
	return frame;
}

static struct frame arp(const uint8_t *mac, const char *sender, const char *target)
{
	struct frame frame = ethernet(own_mac, ETH_P_ARP);

	put(&frame, "\0\1\x08\0\6\4\0\1", 8);
	put(&frame, mac, 6);
	put_address(&frame, AF_INET, sender);
	put(&frame, "\0\0\0\0\0\0", 6);
	put_address(&frame, AF_INET, target);
	return frame;
}

static struct frame ip6(const uint8_t *from, const char *source, const char *to, uint8_t next)
{
	struct frame frame = ethernet(from, ETH_P_IPV6);

	put(&frame, "\x60\0\0\0\0\x40", 6);
	put(&frame, (uint8_t[]){next, 255}, 2);
	put_address(&frame, AF_INET6, source);
	put_address(&frame, AF_INET6, to);
	return frame;
}

static struct frame icmp6(const char *source, const char *to, uint8_t type, const char *target)
{
	struct frame frame = ip6(own_mac, source, to, IPPROTO_ICMPV6);

	put(&frame, (uint8_t[]){type, 0, 0, 0, 0x20, 0, 0, 0}, 8);
	put_address(&frame, AF_INET6, target);
	return frame;
}

static struct frame behind_options(const char *source, uint8_t type, const char *target)
{
	struct frame frame = ip6(own_mac, source, "ff02::1", IPPROTO_DSTOPTS);

	put(&frame, (uint8_t[]){IPPROTO_ICMPV6, 0, 1, 4, 0, 0, 0, 0}, 8);
	put(&frame, (uint8_t[]){type, 0, 0, 0, 0x20, 0, 0, 0}, 8);
	put_address(&frame, AF_INET6, target);
	return frame;
}

static struct frame tagged(const char *source)
{
	struct frame frame = ethernet(own_mac, ETH_P_8021Q);

	put(&frame, "\0\0\x08\0", 4);
	put_ip4(&frame, source);
	return frame;
}

/* Lengths and the checksum of IPv4: where br_netfilter is on, bridges look at them. */
static void complete(struct frame *frame)
{
	uint8_t *ip = frame->bytes + 14;
	const size_t length = frame->length - 14;
	uint32_t sum = 0;

	if (frame->bytes[12] == 0x86) {
		ip[4] = (uint8_t)((length - 40) >> 8);
		ip[5] = (uint8_t)(length - 40);
	} else if (frame->bytes[12] == 8 && frame->bytes[13] == 0) {
		ip[3] = (uint8_t)length;
		for (size_t i = 0; i < 20; i += 2)
			sum += (uint32_t)ip[i] << 8 | ip[i + 1];
		sum = (sum & 0xffff) + (sum >> 16);
		ip[10] = (uint8_t)(~sum >> 8);
		ip[11] = (uint8_t)~sum;
	}
}

static void send_frame(const char *kind, struct frame frame)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = link_index, .sll_halen = 6};
	char text[40];

	snprintf(text, sizeof(text), MARK "%s;", kind);
	put(&frame, text, sizeof(text));
	complete(&frame);
	memcpy(to.sll_addr, to_mac, 6);
	if (sendto(packet_fd, frame.bytes, frame.length, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		die(kind);
	puts(kind);
}

static void open_link(const char *link)
{
	struct ifreq request = {0};

	packet_fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (packet_fd < 0)
		die("packet socket");
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", link);
	if (ioctl(packet_fd, SIOCGIFHWADDR, &request) < 0)
		die(link);
	memcpy(own_mac, request.ifr_hwaddr.sa_data, 6);
	link_index = (int)if_nametoindex(link);
}

static const char *local(void)
{
	static char text[INET6_ADDRSTRLEN];
	const uint8_t *mac = own_mac;
	const uint8_t bytes[16] = {0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe,
				   mac[3], mac[4], mac[5]};

	return inet_ntop(AF_INET6, bytes, text, sizeof(text));
}

static int send_all(char *argv[])
{
	const char *ip = argv[1], *address6 = argv[2], *other = argv[3], *other6 = argv[4];

	open_link(argv[0]);
	if (argv[5] && sscanf(argv[5], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to_mac[0], &to_mac[1],
			      &to_mac[2], &to_mac[3], &to_mac[4], &to_mac[5]) != 6)
		die(argv[5]);
	send_frame("own-arp", arp(own_mac, ip, other));
	send_frame("own-ip4", ip4(own_mac, ip));
	send_frame("own-ip6", ip6(own_mac, address6, "ff02::1", IPPROTO_UDP));
	send_frame("own-ip6-local", ip6(own_mac, local(), "ff02::1", IPPROTO_UDP));
	send_frame("own-na", icmp6(address6, "ff02::1", 136, address6));
	send_frame("own-na-options", behind_options(address6, 136, address6));
	send_frame("own-ns", icmp6(address6, "ff02::1", 135, other6));

	send_frame("arp-ip", arp(own_mac, other, ip));
	send_frame("arp-mac", arp(other_mac, ip, other));
	send_frame("arp-zero", arp(own_mac, "0.0.0.0", other));
	send_frame("dad", icmp6("::", "ff02::1:ff00:1", 135, other6));
	send_frame("ethertype", ethernet(own_mac, 0x888e));
	send_frame("ip4", ip4(own_mac, other));
	send_frame("ip4-mac", ip4(other_mac, ip));
	send_frame("ip4-zero", ip4(own_mac, "0.0.0.0"));
	send_frame("ip6", ip6(own_mac, other6, "ff02::1", IPPROTO_UDP));
	send_frame("ip6-local", ip6(own_mac, "fe80::1", "ff02::1", IPPROTO_UDP));
	send_frame("ip6-mac", ip6(other_mac, address6, "ff02::1", IPPROTO_UDP));
	send_frame("na", icmp6(address6, "ff02::1", 136, other6));
	send_frame("na-options", behind_options(address6, 136, other6));
	send_frame("ra", icmp6(local(), "ff02::1", 134, "::"));
	send_frame("redirect", icmp6(local(), "ff02::1", 137, other6));
	send_frame("vlan", tagged(ip));
	return 0;
}

/* ---- hearing ---- */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Adds the kind of a frame, unless it was heard before. */
static size_t note(const uint8_t *bytes, size_t length, char (*kinds)[40], size_t count)
{
	const uint8_t *mark = memmem(bytes, length, MARK, strlen(MARK)), *end;

	if (!mark)
		return count;
	mark += strlen(MARK);
	end = memchr(mark, ';', (size_t)(bytes + length - mark));
	if (!end || end - mark >= 40 || count == 64)
		return count;
	snprintf(kinds[count], 40, "%.*s", (int)(end - mark), mark);
	for (size_t i = 0; i < count; i++)
		if (strcmp(kinds[i], kinds[count]) == 0)
			return count;
	return count + 1;
}

static int hear(int ms, int link_count, char *links[])
{
	struct pollfd fds[8];
	char kinds[65][40];
	const uint64_t end = now_ms() + (uint64_t)ms;
	size_t count = 0;

	for (int i = 0; i < link_count; i++) {
		struct sockaddr_ll on = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

		on.sll_ifindex = (int)if_nametoindex(links[i]);
		fds[i] = (struct pollfd){.fd = socket(AF_PACKET, SOCK_RAW, 0), .events = POLLIN};
		if (!on.sll_ifindex || bind(fds[i].fd, (struct sockaddr *)&on, sizeof(on)) < 0)
			die(links[i]);
	}
	fprintf(stderr, "ready\n");
	for (uint64_t now = now_ms(); now < end; now = now_ms()) {
		if (poll(fds, (nfds_t)link_count, (int)(end - now)) < 0)
			die("poll");
		for (int i = 0; i < link_count; i++) {
			uint8_t bytes[2048];
			ssize_t length = fds[i].revents ? recv(fds[i].fd, bytes, sizeof(bytes), 0) : 0;

			if (length > 0)
				count = note(bytes, (size_t)length, kinds, count);
		}
	}
	qsort(kinds, count, sizeof(kinds[0]), compare);
	for (size_t i = 0; i < count; i++)
		puts(kinds[i]);
	return 0;
}

static int send_freebind(const char *from, const char *to)
{
	struct sockaddr_in6 source = {.sin6_family = AF_INET6, .sin6_port = htons(4096)};
	struct sockaddr_in6 target = {.sin6_family = AF_INET6, .sin6_port = htons(4096)};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;

	if (inet_pton(AF_INET6, from, &source.sin6_addr) != 1 ||
	    inet_pton(AF_INET6, to, &target.sin6_addr) != 1)
		die("address");
	if (setsockopt(fd, IPPROTO_IPV6, 78 /* IPV6_FREEBIND */, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0 ||
	    sendto(fd, MARK "freebind;", sizeof(MARK "freebind;"), 0, (struct sockaddr *)&target,
		   sizeof(target)) < 0)
		die("freebind");
	puts("freebind");
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc >= 7 && strcmp(argv[1], "send") == 0)
		return send_all(argv + 2);
	if (argc >= 4 && argc < 12 && strcmp(argv[1], "hear") == 0)
		return hear(atoi(argv[2]), argc - 3, argv + 3);
	if (argc == 4 && strcmp(argv[1], "freebind") == 0)
		return send_freebind(argv[2], argv[3]);
	fprintf(stderr, "usage: see the source\n");
	return 2;
}
