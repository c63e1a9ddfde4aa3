/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_program: made-up frames, run by the kernel itself through the programs (BPF_PROG_TEST_RUN). */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "kernel/link_program.h"

static bool privileged; /* the kernel takes programs from us */

#define NEED_BPF()                                                                                 \
	do {                                                                                       \
		if (!privileged) {                                                                 \
			print_message("skipped: needs a kernel that takes BPF programs of us\n");  \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

#define OWN_MAC    "\x02\x63\x00\x00\x00\x0a"
#define OTHER_MAC  "\x02\x63\x00\x00\x00\x0b"
#define BRIDGE_MAC "\x00\x00\x00\x00\x00\x00" /* as lo has, through which frames come in here */
#define ALL_MAC    "\xff\xff\xff\xff\xff\xff"

#define OWN_LOCAL   "fe80::63:ff:fe00:a"
#define OTHER_LOCAL "fe80::63:ff:fe00:b"

static struct link_gate make_gate(bool antispoof, bool isolate, bool ip6)
{
	struct link_gate gate = {.antispoof = antispoof, .isolate = isolate};

	memcpy(gate.mac, OWN_MAC, 6);
	memcpy(gate.bridge_mac, BRIDGE_MAC, 6);
	inet_pton(AF_INET, "10.83.0.10", &gate.address);
	inet_pton(AF_INET, "10.83.0.1", &gate.gateway);
	if (ip6) {
		inet_pton(AF_INET6, "fd00:83::a", &gate.address6);
		inet_pton(AF_INET6, "fd00:83::1", &gate.gateway6);
	}
	return gate;
}

/* ---- frames ---- */

struct frame {
	uint8_t bytes[256];
	size_t length;
};

static void put(struct frame *frame, const void *bytes, size_t length)
{
	assert_true(frame->length + length <= sizeof(frame->bytes));
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static void put_address(struct frame *frame, int family, const char *address)
{
	uint8_t bytes[16];

	assert_int_equal(inet_pton(family, address, bytes), 1);
	put(frame, bytes, family == AF_INET ? 4 : 16);
}

static struct frame ethernet(const char *to, const char *from, uint16_t type)
{
	struct frame frame = {.length = 0};

	type = htons(type);
	put(&frame, to, 6);
	put(&frame, from, 6);
	put(&frame, &type, 2);
	return frame;
}

static struct frame ip4(const char *to, const char *from, const char *source)
{
	struct frame frame = ethernet(to, from, 0x0800);

	put(&frame, "\x45\0\0\x1c\0\0\0\0\x40\x11\0\0", 12);
	put_address(&frame, AF_INET, source);
	put_address(&frame, AF_INET, "192.0.2.1");
	put(&frame, "\x10\0\x10\0\0\x08\0\0", 8);
	return frame;
}

static struct frame arp(const char *to, const char *from, const char *mac, const char *sender,
			const char *target)
{
	struct frame frame = ethernet(to, from, 0x0806);

	put(&frame, "\0\1\x08\0\6\4\0\1", 8);
	put(&frame, mac, 6);
	put_address(&frame, AF_INET, sender);
	put(&frame, "\0\0\0\0\0\0", 6);
	put_address(&frame, AF_INET, target);
	return frame;
}

static struct frame ip6(const char *to, const char *from, const char *source,
			const char *destination, uint8_t next)
{
	struct frame frame = ethernet(to, from, 0x86dd);

	put(&frame, "\x60\0\0\0\0\x20", 6);
	put(&frame, (uint8_t[]){next, 255}, 2);
	put_address(&frame, AF_INET6, source);
	put_address(&frame, AF_INET6, destination);
	return frame;
}

static void put_icmp6(struct frame *frame, uint8_t type, const char *target)
{
	put(frame, (uint8_t[]){type, 0, 0, 0, 0, 0, 0, 0}, 8);
	put_address(frame, AF_INET6, target);
}

/* ICMPv6 behind these further headers: their types, in order. */
static struct frame behind(const char *source, const uint8_t *types, size_t count, uint8_t type,
			   const char *target)
{
	struct frame frame = ip6(ALL_MAC, OWN_MAC, source, "ff02::1", count ? types[0] : 58);

	for (size_t i = 0; i < count; i++) {
		const uint8_t next = i + 1 < count ? types[i + 1] : 58;

		/* Options are as long as they say: 16 bytes here, a fragment header has 8. */
		if (types[i] == 44)
			put(&frame, (uint8_t[]){next, 0, 0, 1, 0, 0, 0, 9}, 8);
		else
			put(&frame, (uint8_t[16]){next, 1, 1, 12}, 16);
	}
	put_icmp6(&frame, type, target);
	return frame;
}

static struct frame icmp6(const char *source, const char *destination, uint8_t type,
			  const char *target)
{
	struct frame frame = ip6(ALL_MAC, OWN_MAC, source, destination, 58);

	put_icmp6(&frame, type, target);
	return frame;
}

/* ---- through the programs ---- */

static int load(const struct bpf_insn *program, size_t count)
{
	static char log[1 << 16];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = (uint64_t)(uintptr_t)program,
		.insn_cnt = (uint32_t)count,
		.license = (uint64_t)(uintptr_t) "GPL",
		.log_buf = (uint64_t)(uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	struct error err;
	int fd = link_program_load(program, count, &err);

	assert_true(count <= LINK_PROGRAM_MAX);
	if (fd < 0) {
		syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
		fail_msg("%s: %s", err.text, log);
	}
	return fd;
}

static int load_sent(const struct link_gate *gate, int bucket_fd)
{
	struct bpf_insn program[LINK_PROGRAM_MAX];

	return load(program, link_program_make_sent(gate, bucket_fd, program));
}

static int load_received(const struct link_gate *gate)
{
	struct bpf_insn program[LINK_PROGRAM_MAX];

	return load(program, link_program_make_received(gate, program));
}

static bool passes(int program_fd, const struct frame *frame)
{
	uint8_t out[512];
	union bpf_attr attr = {.test = {
				       .prog_fd = (uint32_t)program_fd,
				       .data_in = (uint64_t)(uintptr_t)frame->bytes,
				       .data_size_in = (uint32_t)frame->length,
				       .data_out = (uint64_t)(uintptr_t)out,
				       .data_size_out = sizeof(out),
			       }};

	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0)
		fail_msg("run: %s", strerror(errno));
	assert_true(attr.test.retval == TC_ACT_OK || attr.test.retval == TC_ACT_SHOT);
	return attr.test.retval == TC_ACT_OK;
}

static void check(int program_fd, struct frame frame, bool wanted, const char *what)
{
	if (passes(program_fd, &frame) != wanted)
		fail_msg("%s: %s", wanted ? "dropped" : "passed", what);
}

/* A frame has commas in it. */
#define assert_passes(fd, ...)  check(fd, __VA_ARGS__, true, #__VA_ARGS__)
#define assert_dropped(fd, ...) check(fd, __VA_ARGS__, false, #__VA_ARGS__)

/* What is cut off behind so many bytes is dropped; with fewer the kernel does not run it. */
static void check_cuts(int fd, struct frame frame, size_t from)
{
	for (size_t length = from; length < frame.length; length++) {
		struct frame cut = frame;

		cut.length = length;
		if (passes(fd, &cut))
			fail_msg("%zu bytes of it pass", length);
	}
}

/* ---- antispoof ---- */

static void only_its_own_ipv4(void **state)
{
	const struct link_gate gate = make_gate(true, false, false);
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	assert_passes(fd, ip4(OTHER_MAC, OWN_MAC, "10.83.0.10"));
	assert_passes(fd, ip4(ALL_MAC, OWN_MAC, "10.83.0.10"));
	assert_dropped(fd, ip4(OTHER_MAC, OTHER_MAC, "10.83.0.10"));
	assert_dropped(fd, ip4(OTHER_MAC, "\x02\x63\0\0\0\x0c", "10.83.0.10"));
	assert_dropped(fd, ip4(OTHER_MAC, "\x03\x63\0\0\0\x0a", "10.83.0.10"));
	assert_dropped(fd, ip4(OTHER_MAC, OWN_MAC, "10.83.0.11"));
	assert_dropped(fd, ip4(OTHER_MAC, OWN_MAC, "10.83.0.1"));
	assert_dropped(fd, ip4(OTHER_MAC, OWN_MAC, "0.0.0.0"));
	assert_dropped(fd, ip4(OTHER_MAC, OWN_MAC, "127.0.0.1"));
}

static void only_its_own_arp(void **state)
{
	const struct link_gate gate = make_gate(true, false, false);
	struct frame odd;
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	assert_passes(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.1"));
	assert_passes(fd, arp(OTHER_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.11"));
	assert_dropped(fd, arp(ALL_MAC, OWN_MAC, OTHER_MAC, "10.83.0.10", "10.83.0.1"));
	assert_dropped(fd, arp(ALL_MAC, OTHER_MAC, OWN_MAC, "10.83.0.10", "10.83.0.1"));
	assert_dropped(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.0.1", "10.83.0.11"));
	assert_dropped(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.1.10", "10.83.0.11"));
	assert_dropped(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "0.0.0.0", "10.83.0.11"));
	odd = arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.1");
	for (size_t i = 14; i < 20; i++) {
		odd.bytes[i] ^= 1; /* of another kind of hardware, protocol or length */
		assert_dropped(fd, odd);
		odd.bytes[i] ^= 1;
	}
	check_cuts(fd, odd, 15);
}

static void no_other_ethertype(void **state)
{
	static const uint16_t types[] = {0x8100, 0x88a8, 0x8035, 0x88cc, 0x8847, 0x0026, 0x8863};
	const struct link_gate gate = make_gate(true, false, true);
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct frame frame = ip4(OTHER_MAC, OWN_MAC, "10.83.0.10");

		frame.bytes[12] = (uint8_t)(types[i] >> 8);
		frame.bytes[13] = (uint8_t)types[i];
		if (passes(fd, &frame))
			fail_msg("%04x passes", types[i]);
	}
}

static void only_its_own_ipv6(void **state)
{
	const struct link_gate gate = make_gate(true, false, true);
	const struct link_gate without = make_gate(true, false, false);
	AUTO_FD int fd = -1, without_fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	without_fd = load_sent(&without, -1);
	assert_passes(fd, ip6(OTHER_MAC, OWN_MAC, "fd00:83::a", "2001:db8::1", 17));
	assert_passes(fd, ip6(OTHER_MAC, OWN_MAC, OWN_LOCAL, "ff02::fb", 17));
	assert_dropped(fd, ip6(OTHER_MAC, OTHER_MAC, "fd00:83::a", "2001:db8::1", 17));
	assert_dropped(fd, ip6(OTHER_MAC, OWN_MAC, "fd00:83::b", "2001:db8::1", 17));
	assert_dropped(fd, ip6(OTHER_MAC, OWN_MAC, "fd00:83:0:1::a", "2001:db8::1", 17));
	assert_dropped(fd, ip6(OTHER_MAC, OWN_MAC, OTHER_LOCAL, "ff02::fb", 17));
	assert_dropped(fd, ip6(OTHER_MAC, OWN_MAC, "::ffff:10.83.0.10", "2001:db8::1", 17));
	assert_dropped(fd, ip6(OTHER_MAC, OWN_MAC, "::", "2001:db8::1", 17));
	assert_dropped(without_fd, ip6(OTHER_MAC, OWN_MAC, "fd00:83::a", "2001:db8::1", 17));
	assert_passes(without_fd, ip6(OTHER_MAC, OWN_MAC, OWN_LOCAL, "ff02::fb", 17));
	check_cuts(fd, icmp6("fd00:83::a", "ff02::1", 136, "fd00:83::a"), 14 + 40);
}

static void neighbours_are_told_the_truth(void **state)
{
	static const struct {
		uint8_t types[6];
		size_t count;
		bool passes; /* an own advertisement, and an echo request if it does */
	} ways[] = {
		{{0}, 0, true},           {{0}, 1, true},
		{{60}, 1, true},          {{0, 60, 43, 60}, 4, true},
		{{0, 60, 60}, 3, true},   {{60, 60, 60, 60, 60}, 5, false},
		{{44}, 1, false},         {{0, 44}, 2, false},
		{{44, 60}, 2, false},     {{44, 44}, 2, false},
	};
	const struct link_gate gate = make_gate(true, false, true);
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		const uint8_t *types = ways[i].types;
		const size_t count = ways[i].count;

		print_message("way %zu\n", i);
		assert_dropped(fd, behind("fd00:83::a", types, count, 136, "fd00:83::b"));
		assert_dropped(fd, behind("fd00:83::a", types, count, 136, "fd00:83::1"));
		assert_dropped(fd, behind(OWN_LOCAL, types, count, 136, OTHER_LOCAL));
		assert_dropped(fd, behind(OWN_LOCAL, types, count, 134, "::"));
		assert_dropped(fd, behind(OWN_LOCAL, types, count, 137, "fd00:83::b"));
		if (!ways[i].passes) {
			assert_dropped(fd, behind("fd00:83::a", types, count, 136, "fd00:83::a"));
			continue;
		}
		assert_passes(fd, behind("fd00:83::a", types, count, 136, "fd00:83::a"));
		assert_passes(fd, behind(OWN_LOCAL, types, count, 136, OWN_LOCAL));
		assert_passes(fd, behind("fd00:83::a", types, count, 135, "fd00:83::b"));
		assert_passes(fd, behind(OWN_LOCAL, types, count, 133, "::"));
	}
	assert_passes(fd, behind("fd00:83::a", (uint8_t[]){44}, 1, 128, "::")); /* a large ping */
	assert_passes(fd, behind(OWN_LOCAL, (uint8_t[]){0}, 1, 143, "::"));     /* MLDv2 */
}

static void later_fragments_pass(void **state)
{
	static const struct {
		uint8_t next;
		bool passes;
	} parts[] = {{58, true}, {17, true}, {60, false}, {0, false}, {43, false}, {44, false}};
	const struct link_gate gate = make_gate(true, false, true);
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct frame frame = ip6(OTHER_MAC, OWN_MAC, "fd00:83::a", "2001:db8::1", 44);

		put(&frame, (uint8_t[]){parts[i].next, 0, 5, 1, 0, 0, 0, 9}, 8);
		put(&frame, (uint8_t[]){134, 136, 0, 0, 0, 0, 0, 0}, 8);
		assert_int_equal(passes(fd, &frame), parts[i].passes);
	}
}

static void only_its_own_addresses_are_tried_for(void **state)
{
	const struct link_gate gate = make_gate(true, false, true);
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	assert_passes(fd, icmp6("::", "ff02::1:ff00:a", 135, "fd00:83::a"));
	assert_passes(fd, icmp6("::", "ff02::1:ff00:a", 135, OWN_LOCAL));
	assert_dropped(fd, icmp6("::", "ff02::1:ff00:b", 135, "fd00:83::b"));
	assert_dropped(fd, icmp6("::", "ff02::1", 135, "fd00:83::a"));
	assert_dropped(fd, icmp6("::", "ff02::1:fe00:a", 135, "fd00:83::a"));
	assert_dropped(fd, icmp6("::", "fd00:83::b", 135, "fd00:83::a"));
	assert_dropped(fd, icmp6("::", "ff02::1:ff00:a", 136, "fd00:83::a"));
	assert_dropped(fd, icmp6("::", "ff02::2", 133, "::"));
	check_cuts(fd, icmp6("::", "ff02::1:ff00:a", 135, "fd00:83::a"), 14 + 40);
}

/* ---- isolate ---- */

static void an_isolated_one_reaches_the_bridge_alone(void **state)
{
	const struct link_gate gate = make_gate(false, true, true);
	const struct link_gate without = make_gate(false, true, false);
	struct frame frame;
	AUTO_FD int fd = -1, without_fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	without_fd = load_sent(&without, -1);
	assert_passes(fd, ip4(BRIDGE_MAC, OWN_MAC, "10.83.0.10"));
	assert_dropped(fd, ip4(OTHER_MAC, OWN_MAC, "10.83.0.10"));
	assert_dropped(fd, ip4(ALL_MAC, OWN_MAC, "10.83.0.10"));
	assert_passes(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.1"));
	assert_passes(fd, arp(BRIDGE_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.1"));
	assert_dropped(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.11"));
	assert_dropped(fd, arp(OTHER_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.1"));

	frame = icmp6("fd00:83::a", "ff02::1:ff00:1", 135, "fd00:83::1");
	memcpy(frame.bytes, "\x33\x33\xff\0\0\1", 6);
	assert_passes(fd, frame);
	assert_dropped(without_fd, frame);
	frame.bytes[54] = 136;
	assert_dropped(fd, frame);
	frame = icmp6("fd00:83::a", "ff02::1:ff00:1", 135, "fd00:83::2:1");
	memcpy(frame.bytes, "\x33\x33\xff\0\0\1", 6);
	assert_dropped(fd, frame);
	assert_dropped(fd, icmp6("fd00:83::a", "ff02::1", 135, "fd00:83::1"));
	assert_passes(fd, ip6(BRIDGE_MAC, OWN_MAC, "fd00:83::a", "2001:db8::1", 17));
}

/* Frames of a test come in through lo, whose MAC is all zeros: others are for another host. */
static void an_isolated_one_hears_the_bridge_alone(void **state)
{
	const struct link_gate gate = make_gate(false, true, false);
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_received(&gate);
	assert_passes(fd, ip4(BRIDGE_MAC, BRIDGE_MAC, "10.83.0.1"));
	assert_dropped(fd, ip4(BRIDGE_MAC, OTHER_MAC, "10.83.0.11"));
	assert_dropped(fd, ip4(OWN_MAC, BRIDGE_MAC, "10.83.0.1")); /* forged: passed on */
	assert_dropped(fd, ip4(ALL_MAC, BRIDGE_MAC, "10.83.0.1"));
}

static void both_at_once(void **state)
{
	const struct link_gate gate = make_gate(true, true, true);
	AUTO_FD int fd = -1;

	(void)state;
	NEED_BPF();
	fd = load_sent(&gate, -1);
	assert_passes(fd, ip4(BRIDGE_MAC, OWN_MAC, "10.83.0.10"));
	assert_dropped(fd, ip4(BRIDGE_MAC, OWN_MAC, "10.83.0.11"));
	assert_dropped(fd, ip4(OTHER_MAC, OWN_MAC, "10.83.0.10"));
	assert_passes(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.0.10", "10.83.0.1"));
	assert_dropped(fd, arp(ALL_MAC, OWN_MAC, OWN_MAC, "10.83.0.11", "10.83.0.1"));
}

/* ---- limit ---- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/*
 * As many frames of 200 bytes as can be sent in so many ms: a frame a ms passes, and so many more
 * as the burst. Who is not let run for a while sends, and gets, less: what a pause brings is the burst.
 */
static void check_flood(int fd, unsigned int ms, unsigned int burst)
{
	const uint64_t begun = now_ns(), end = begun + UINT64_C(1000000) * ms;
	const uint64_t burst_ns = UINT64_C(1000000) * burst;
	struct frame frame = ip4(OTHER_MAC, OWN_MAC, "10.83.0.10");
	unsigned int sent = 0, passed = 0, took, due;
	uint64_t due_ns = 0, before = begun;

	frame.length = 200;
	for (uint64_t now; (now = now_ns()) < end; sent++) {
		due_ns += now - before < burst_ns ? now - before : burst_ns;
		before = now;
		passed += passes(fd, &frame);
	}
	took = (unsigned int)((now_ns() - begun) / 1000000);
	due = (unsigned int)(due_ns / 1000000);
	if (passed > took + burst + 2 || (passed < due / 3 && passed < sent / 2))
		fail_msg("%u of %u frames passed in %u ms, %u were due", passed, sent, took, due);
}

static void a_flood_is_held_at_the_limit(void **state)
{
	struct link_gate gate = make_gate(true, false, false);
	AUTO_FD int fd = -1, bucket_fd = -1;
	struct error err;

	(void)state;
	NEED_BPF();
	gate.bits = 1600000; /* 1000 frames of 200 bytes a second */
	gate.burst = 8000;   /* 40 frames */
	bucket_fd = link_program_make_bucket(&err);
	assert_true(bucket_fd >= 0);
	fd = load_sent(&gate, bucket_fd);
	check_flood(fd, 200, 40);
	usleep(100000); /* gives back no more than the burst */
	check_flood(fd, 50, 40);
}

static void what_is_dropped_anyway_costs_nothing(void **state)
{
	struct link_gate gate = make_gate(true, false, false);
	struct frame frame = ip4(OTHER_MAC, OWN_MAC, "10.83.0.10");
	AUTO_FD int fd = -1, bucket_fd = -1;
	struct error err;

	(void)state;
	NEED_BPF();
	gate.bits = 8000; /* a frame of 200 bytes is a fifth of a second */
	gate.burst = 200;
	bucket_fd = link_program_make_bucket(&err);
	fd = load_sent(&gate, bucket_fd);
	frame.length = 200;
	for (int i = 0; i < 50; i++)
		assert_dropped(fd, ip4(OTHER_MAC, OWN_MAC, "10.83.0.11"));
	assert_passes(fd, frame);
	assert_passes(fd, frame);
	assert_dropped(fd, frame);
}

static void every_limit_can_be_loaded(void **state)
{
	static const uint64_t limits[] = {8000, 8001000, 20000000, 1000000000, 100000000000};
	AUTO_FD int bucket_fd = -1;
	struct error err;

	(void)state;
	NEED_BPF();
	bucket_fd = link_program_make_bucket(&err);
	assert_true(bucket_fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		for (int kinds = 0; kinds < 8; kinds++) {
			struct link_gate gate = make_gate(kinds & 1, kinds & 2, kinds & 4);
			AUTO_FD int fd = -1;

			gate.bits = limits[i];
			gate.burst = limits[i] / 80 + 6000;
			fd = load_sent(&gate, bucket_fd);
		}
}

static int find_out(void **state)
{
	const struct link_gate gate = make_gate(false, true, false);
	struct bpf_insn program[LINK_PROGRAM_MAX];
	struct error err;
	AUTO_FD int fd = -1;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	fd = link_program_load(program, link_program_make_received(&gate, program), &err);
	privileged = fd >= 0 || (err.code != EPERM && err.code != ENOTSUP);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_its_own_ipv4),
		cmocka_unit_test(only_its_own_arp),
		cmocka_unit_test(no_other_ethertype),
		cmocka_unit_test(only_its_own_ipv6),
		cmocka_unit_test(neighbours_are_told_the_truth),
		cmocka_unit_test(later_fragments_pass),
		cmocka_unit_test(only_its_own_addresses_are_tried_for),
		cmocka_unit_test(an_isolated_one_reaches_the_bridge_alone),
		cmocka_unit_test(an_isolated_one_hears_the_bridge_alone),
		cmocka_unit_test(both_at_once),
		cmocka_unit_test(a_flood_is_held_at_the_limit),
		cmocka_unit_test(what_is_dropped_anyway_costs_nothing),
		cmocka_unit_test(every_limit_can_be_loaded),
	};

	return cmocka_run_group_tests(tests, find_out, NULL);
}
