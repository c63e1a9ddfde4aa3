/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/link_program.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* What is kept where. Calls of the kernel's functions spoil all up to the fifth. */
enum { RESULT = BPF_REG_0, FIRST, SECOND, THIRD, FOURTH, FIFTH, CONTEXT, OFFSET, TYPE, FRAGMENT };

/*
 * Parts of the frame on the stack: loads have to be aligned there. The header of Ethernet begins
 * two bytes behind a multiple of four, so that the halves of both addresses can be read at once.
 */
enum {
	ETHERNET_AT = -46, /* 14 bytes */
	PART_AT = -96,     /* the header behind it, 40 bytes at most */
	SMALL_AT = -104,   /* the beginning of a further header of IPv6 */
};

/* Offsets in headers. RFC 826, RFC 791, RFC 8200, RFC 4861 */
enum {
	ETHERNET_SOURCE = 6,
	ETHERNET_TYPE = 12,
	ETHERNET_SIZE = 14,
	ARP_SENDER_MAC = 8,
	ARP_SENDER = 14,
	ARP_TARGET = 24,
	ARP_SIZE = 28,
	IP_SOURCE = 12,
	IP_SIZE = 20,
	IP6_NEXT = 6,
	IP6_SOURCE = 8,
	IP6_DESTINATION = 24,
	IP6_SIZE = 40,
	NEIGHBOUR_TARGET = 8,
	NEIGHBOUR_SIZE = 24,
};

enum { IP6_HOPS = 0, IP6_ROUTING = 43, IP6_FRAGMENT = 44, IP6_ICMP = 58, IP6_OPTIONS = 60 };
enum { ROUTER_SOLICITATION = 133, ROUTER_ADVERTISEMENT, NEIGHBOUR_SOLICITATION,
       NEIGHBOUR_ADVERTISEMENT, REDIRECT };

/* Further headers of IPv6 that are looked behind; more than hops, options and routing is odd. */
#define FURTHER_HEADERS 4

struct program {
	struct bpf_insn *out;
	size_t count;
	size_t drops[LINK_PROGRAM_MAX]; /* jumps that lead to where the frame is dropped */
	size_t drop_count;
};

/* Jumps that all lead to the same place, which is to be said later. */
struct jumps {
	size_t items[16];
	size_t count;
};

static size_t add(struct program *program, unsigned int code, unsigned int to, unsigned int from,
		  int offset, uint32_t value)
{
	program->out[program->count] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)(to & 15),
		.src_reg = (uint8_t)(from & 15),
		.off = (int16_t)offset,
		.imm = (int32_t)value,
	};
	return program->count++;
}

static void add_number(struct program *program, unsigned int to, uint64_t number)
{
	add(program, BPF_LD | BPF_DW | BPF_IMM, to, 0, 0, (uint32_t)number);
	add(program, 0, 0, 0, 0, (uint32_t)(number >> 32));
}

static void drop_if(struct program *program, unsigned int code, unsigned int of, uint32_t value)
{
	program->drops[program->drop_count++] = add(program, BPF_JMP | code | BPF_K, of, 0, 0, value);
}

static void drop(struct program *program)
{
	program->drops[program->drop_count++] = add(program, BPF_JMP | BPF_JA, 0, 0, 0, 0);
}

static void jump(struct program *program, struct jumps *jumps)
{
	jumps->items[jumps->count++] = add(program, BPF_JMP | BPF_JA, 0, 0, 0, 0);
}

static void jump_if(struct program *program, struct jumps *jumps, unsigned int code,
		    unsigned int of, uint32_t value)
{
	jumps->items[jumps->count++] = add(program, BPF_JMP | code | BPF_K, of, 0, 0, value);
}

/* These jumps lead to what is added next. */
static void land(struct program *program, struct jumps *jumps)
{
	for (size_t i = 0; i < jumps->count; i++)
		program->out[jumps->items[i]].off =
			(int16_t)(program->count - jumps->items[i] - 1);
	jumps->count = 0;
}

/* Jumps unless these bytes of the stack are as given. */
static void jump_unless(struct program *program, struct jumps *jumps, int at, const void *wanted,
			size_t length)
{
	for (size_t done = 0; done < length;) {
		const bool whole = (at + (int)done) % 4 == 0 && length - done >= 4;
		const char *bytes = (const char *)wanted + done;
		uint32_t word;
		uint16_t half;

		/* In the order of memory, as what is loaded from the stack. */
		memcpy(&half, bytes, sizeof(half));
		word = half;
		if (whole)
			memcpy(&word, bytes, sizeof(word));
		add(program, BPF_LDX | BPF_MEM | (whole ? BPF_W : BPF_H), FIRST, BPF_REG_10,
		    at + (int)done, 0);
		jumps->items[jumps->count++] =
			add(program, BPF_JMP32 | BPF_JNE | BPF_K, FIRST, 0, 0, word);
		done += whole ? sizeof(word) : sizeof(half);
	}
}

static void drop_unless(struct program *program, int at, const void *wanted, size_t length)
{
	struct jumps others = {.count = 0};

	jump_unless(program, &others, at, wanted, length);
	for (size_t i = 0; i < others.count; i++)
		program->drops[program->drop_count++] = others.items[i];
}

/* Copies bytes of the frame, from what OFFSET says and further, to the stack; short: dropped. */
static void load_behind(struct program *program, unsigned int further, int to, uint32_t length)
{
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, FIRST, CONTEXT, 0, 0);
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, SECOND, OFFSET, 0, 0);
	if (further)
		add(program, BPF_ALU64 | BPF_ADD | BPF_K, SECOND, 0, 0, further);
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, THIRD, BPF_REG_10, 0, 0);
	add(program, BPF_ALU64 | BPF_ADD | BPF_K, THIRD, 0, 0, (uint32_t)to);
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, FOURTH, 0, 0, length);
	add(program, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes);
	drop_if(program, BPF_JNE, RESULT, 0);
}

static void load(struct program *program, uint32_t from, int to, uint32_t length)
{
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, OFFSET, 0, 0, from);
	load_behind(program, 0, to, length);
}

static void load_byte(struct program *program, unsigned int to, int at)
{
	add(program, BPF_LDX | BPF_MEM | BPF_B, to, BPF_REG_10, at, 0);
}

/* Jumps unless the frame is of this type. */
static void jump_unless_ethertype(struct program *program, struct jumps *jumps, uint16_t type)
{
	const uint8_t bytes[] = {(uint8_t)(type >> 8), (uint8_t)type};

	jump_unless(program, jumps, ETHERNET_AT + ETHERNET_TYPE, bytes, sizeof(bytes));
}

/* RFC 4291: what the kernel gives a link by itself. */
static struct in6_addr link_local(const uint8_t mac[6])
{
	return (struct in6_addr){.s6_addr = {0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff,
					     0xfe, mac[3], mac[4], mac[5]}};
}

/* Jumps unless the stack has one of the container's own IPv6 addresses there. */
static void jump_unless_own6(struct program *program, struct jumps *jumps,
			     const struct link_gate *gate, int at)
{
	const struct in6_addr local = link_local(gate->mac);
	struct jumps other = {.count = 0}, own = {.count = 0};

	if (!IN6_IS_ADDR_UNSPECIFIED(&gate->address6)) {
		jump_unless(program, &other, at, &gate->address6, sizeof(gate->address6));
		jump(program, &own);
		land(program, &other);
	}
	jump_unless(program, jumps, at, &local, sizeof(local));
	land(program, &own);
}

static void drop_unless_own6(struct program *program, const struct link_gate *gate, int at)
{
	struct jumps others = {.count = 0};

	jump_unless_own6(program, &others, gate, at);
	for (size_t i = 0; i < others.count; i++)
		program->drops[program->drop_count++] = others.items[i];
}

/* ---- antispoof ---- */

/* An address that is being tried for: RFC 4862, 5.4.2. Of others only they may try. */
static void add_unspecified(struct program *program, const struct link_gate *gate,
			    struct jumps *pass)
{
	static const uint8_t solicited_node[] = {0xff, 2, [11] = 1, 0xff, 0};
	struct jumps specified = {.count = 0};

	jump_unless(program, &specified, PART_AT + IP6_SOURCE, &in6addr_any, sizeof(in6addr_any));
	/* ff02::1:ff00:0/104; of its last word one byte is looked at, as two cannot be. */
	drop_unless(program, PART_AT + IP6_DESTINATION, solicited_node, 12);
	load_byte(program, TYPE, PART_AT + IP6_DESTINATION + 12);
	drop_if(program, BPF_JNE, TYPE, solicited_node[12]);
	load_byte(program, TYPE, PART_AT + IP6_NEXT);
	drop_if(program, BPF_JNE, TYPE, IP6_ICMP);
	load(program, ETHERNET_SIZE + IP6_SIZE, PART_AT, NEIGHBOUR_SIZE);
	load_byte(program, TYPE, PART_AT);
	drop_if(program, BPF_JNE, TYPE, NEIGHBOUR_SOLICITATION);
	drop_unless_own6(program, gate, PART_AT + NEIGHBOUR_TARGET);
	jump(program, pass);
	land(program, &specified);
}

/*
 * One further header, if there is one: leaves the type of what follows in TYPE, and in OFFSET where
 * that begins. Behind the header of a fragment there has to be what is carried: else the type of a
 * message to neighbours could stand in another fragment than the one looked at.
 */
static void add_further_header(struct program *program, struct jumps *pass, struct jumps *found)
{
	struct jumps fragment = {.count = 0}, further = {.count = 0}, next = {.count = 0},
		     first = {.count = 0};

	jump_if(program, &fragment, BPF_JEQ, TYPE, IP6_FRAGMENT);
	jump_if(program, &further, BPF_JEQ, TYPE, IP6_HOPS);
	jump_if(program, &further, BPF_JEQ, TYPE, IP6_ROUTING);
	jump_if(program, &further, BPF_JEQ, TYPE, IP6_OPTIONS);
	jump(program, found);

	land(program, &further);
	drop_if(program, BPF_JNE, FRAGMENT, 0);
	load_behind(program, 0, SMALL_AT, 2);
	load_byte(program, TYPE, SMALL_AT);
	load_byte(program, FIRST, SMALL_AT + 1);
	add(program, BPF_ALU64 | BPF_ADD | BPF_K, FIRST, 0, 0, 1);
	add(program, BPF_ALU64 | BPF_LSH | BPF_K, FIRST, 0, 0, 3);
	add(program, BPF_ALU64 | BPF_ADD | BPF_X, OFFSET, FIRST, 0, 0);
	jump(program, &next);

	land(program, &fragment);
	drop_if(program, BPF_JNE, FRAGMENT, 0);
	load_behind(program, 0, SMALL_AT, 4);
	load_byte(program, TYPE, SMALL_AT);
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, FRAGMENT, 0, 0, 1);
	add(program, BPF_ALU64 | BPF_ADD | BPF_K, OFFSET, 0, 0, 8);
	add(program, BPF_LDX | BPF_MEM | BPF_H, FIRST, BPF_REG_10, SMALL_AT + 2, 0);
	add(program, BPF_ALU | BPF_END | BPF_TO_BE, FIRST, 0, 0, 16);
	add(program, BPF_ALU64 | BPF_RSH | BPF_K, FIRST, 0, 0, 3);
	jump_if(program, &first, BPF_JEQ, FIRST, 0);
	/* A later fragment of what was judged by its first one. */
	drop_if(program, BPF_JEQ, TYPE, IP6_HOPS);
	drop_if(program, BPF_JEQ, TYPE, IP6_ROUTING);
	drop_if(program, BPF_JEQ, TYPE, IP6_OPTIONS);
	drop_if(program, BPF_JEQ, TYPE, IP6_FRAGMENT);
	jump(program, pass);
	land(program, &first);
	land(program, &next);
}

/* What neighbours believe: not in fragments (RFC 6980), not for others, not as a router. */
static void add_neighbour_discovery(struct program *program, const struct link_gate *gate,
				    struct jumps *pass)
{
	struct jumps whole = {.count = 0};

	jump_if(program, pass, BPF_JNE, TYPE, IP6_ICMP);
	load_behind(program, 0, SMALL_AT, 1);
	load_byte(program, TYPE, SMALL_AT);
	drop_if(program, BPF_JEQ, TYPE, ROUTER_ADVERTISEMENT);
	drop_if(program, BPF_JEQ, TYPE, REDIRECT);
	jump_if(program, &whole, BPF_JEQ, FRAGMENT, 0);
	drop_if(program, BPF_JEQ, TYPE, NEIGHBOUR_SOLICITATION);
	drop_if(program, BPF_JEQ, TYPE, NEIGHBOUR_ADVERTISEMENT);
	land(program, &whole);
	jump_if(program, pass, BPF_JNE, TYPE, NEIGHBOUR_ADVERTISEMENT);
	load_behind(program, NEIGHBOUR_TARGET, PART_AT, sizeof(struct in6_addr));
	drop_unless_own6(program, gate, PART_AT);
	jump(program, pass);
}

static void add_antispoof6(struct program *program, const struct link_gate *gate,
			   struct jumps *pass)
{
	struct jumps found = {.count = 0};

	load(program, ETHERNET_SIZE, PART_AT, IP6_SIZE);
	add_unspecified(program, gate, pass);
	drop_unless_own6(program, gate, PART_AT + IP6_SOURCE);
	load_byte(program, TYPE, PART_AT + IP6_NEXT);
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, OFFSET, 0, 0, ETHERNET_SIZE + IP6_SIZE);
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, FRAGMENT, 0, 0, 0);
	for (size_t i = 0; i < FURTHER_HEADERS; i++)
		add_further_header(program, pass, &found);
	drop_if(program, BPF_JEQ, TYPE, IP6_HOPS);
	drop_if(program, BPF_JEQ, TYPE, IP6_ROUTING);
	drop_if(program, BPF_JEQ, TYPE, IP6_OPTIONS);
	drop_if(program, BPF_JEQ, TYPE, IP6_FRAGMENT);
	land(program, &found);
	add_neighbour_discovery(program, gate, pass);
}

/*
 * A MAC that is not learned from others needs no fixed entry in the bridge's table: where all frames
 * have the right one, there is nothing wrong to learn.
 */
static void add_antispoof(struct program *program, const struct link_gate *gate)
{
	struct jumps other = {.count = 0}, pass = {.count = 0};

	/* The kernel has taken a tag out of the frame before anybody sees it. */
	add(program, BPF_LDX | BPF_MEM | BPF_W, FIRST, CONTEXT,
	    offsetof(struct __sk_buff, vlan_present), 0);
	drop_if(program, BPF_JNE, FIRST, 0);
	drop_unless(program, ETHERNET_AT + ETHERNET_SOURCE, gate->mac, sizeof(gate->mac));

	jump_unless_ethertype(program, &other, ETH_P_IP);
	load(program, ETHERNET_SIZE, PART_AT, IP_SIZE);
	drop_unless(program, PART_AT + IP_SOURCE, &gate->address, sizeof(gate->address));
	jump(program, &pass);

	land(program, &other);
	jump_unless_ethertype(program, &other, ETH_P_ARP);
	load(program, ETHERNET_SIZE, PART_AT, ARP_SIZE);
	drop_unless(program, PART_AT, (uint8_t[]){0, 1, 8, 0, 6, 4}, 6); /* IPv4 on Ethernet */
	drop_unless(program, PART_AT + ARP_SENDER_MAC, gate->mac, sizeof(gate->mac));
	drop_unless(program, PART_AT + ARP_SENDER, &gate->address, sizeof(gate->address));
	jump(program, &pass);

	land(program, &other);
	jump_unless_ethertype(program, &other, ETH_P_IPV6);
	add_antispoof6(program, gate, &pass);
	land(program, &other);
	drop(program);
	land(program, &pass);
}

/* ---- isolate ---- */

/* For the bridge itself, or to find out its MAC. */
static void add_isolate_sent(struct program *program, const struct link_gate *gate)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t *last = gate->gateway6.s6_addr + 13;
	const uint8_t group[6] = {0x33, 0x33, 0xff, last[0], last[1], last[2]};
	struct jumps other = {.count = 0}, pass = {.count = 0};

	jump_unless(program, &other, ETHERNET_AT, gate->bridge_mac, sizeof(gate->bridge_mac));
	jump(program, &pass);

	land(program, &other);
	jump_unless(program, &other, ETHERNET_AT, broadcast, sizeof(broadcast));
	jump_unless_ethertype(program, &other, ETH_P_ARP);
	load(program, ETHERNET_SIZE, PART_AT, ARP_SIZE);
	drop_unless(program, PART_AT + ARP_TARGET, &gate->gateway, sizeof(gate->gateway));
	jump(program, &pass);

	land(program, &other);
	if (!IN6_IS_ADDR_UNSPECIFIED(&gate->gateway6)) {
		drop_unless(program, ETHERNET_AT, group, sizeof(group));
		jump_unless_ethertype(program, &other, ETH_P_IPV6);
		load(program, ETHERNET_SIZE, PART_AT, IP6_SIZE);
		load_byte(program, TYPE, PART_AT + IP6_NEXT);
		drop_if(program, BPF_JNE, TYPE, IP6_ICMP);
		load(program, ETHERNET_SIZE + IP6_SIZE, PART_AT, NEIGHBOUR_SIZE);
		load_byte(program, TYPE, PART_AT);
		drop_if(program, BPF_JNE, TYPE, NEIGHBOUR_SOLICITATION);
		drop_unless(program, PART_AT + NEIGHBOUR_TARGET, &gate->gateway6,
			    sizeof(gate->gateway6));
		jump(program, &pass);
		land(program, &other);
	}
	drop(program);
	land(program, &pass);
}

/*
 * From the bridge itself. Its MAC can be forged by a sibling; but what the bridge only passes on
 * is marked by the kernel as for another host, for all or for a group, and stays so.
 */
static void add_isolate_received(struct program *program, const struct link_gate *gate)
{
	add(program, BPF_LDX | BPF_MEM | BPF_W, FIRST, CONTEXT, offsetof(struct __sk_buff, pkt_type),
	    0);
	drop_if(program, BPF_JNE, FIRST, PACKET_HOST);
	drop_unless(program, ETHERNET_AT + ETHERNET_SOURCE, gate->bridge_mac,
		    sizeof(gate->bridge_mac));
}

/* ---- limit ---- */

#define FRACTION 16 /* bits behind the point, of nanoseconds per byte */
#define HEADERS  42 /* bytes that each further packet of a batch has at least */

/*
 * The bucket holds the time at which all that has passed so far would have, at this rate. Up to
 * then nothing more passes; and it is never further back than what the burst takes. Processors
 * that look at the same moment may each let one frame pass, but each adds its own cost, so that
 * it is missing afterwards: nothing has to be locked.
 */
static void add_limit(struct program *program, const struct link_gate *gate, int bucket_fd)
{
	const uint64_t per_byte = (UINT64_C(8000000000) << FRACTION) / gate->bits;
	const unsigned int load_number = BPF_LDX | BPF_MEM | BPF_DW;
	struct jumps recent = {.count = 0}, single = {.count = 0};

	add(program, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns);
	add(program, BPF_LD | BPF_DW | BPF_IMM, SECOND, BPF_PSEUDO_MAP_VALUE, 0,
	    (uint32_t)bucket_fd);
	add(program, 0, 0, 0, 0, 0);
	add(program, load_number, FIRST, SECOND, 0, 0);
	add_number(program, FOURTH, (uint64_t)((unsigned __int128)gate->burst * per_byte >> FRACTION));
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, THIRD, FIRST, 0, 0);
	add(program, BPF_ALU64 | BPF_ADD | BPF_X, THIRD, FOURTH, 0, 0);
	recent.items[recent.count++] = add(program, BPF_JMP | BPF_JGE | BPF_X, THIRD, RESULT, 0, 0);
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, FIRST, RESULT, 0, 0);
	add(program, BPF_ALU64 | BPF_SUB | BPF_X, FIRST, FOURTH, 0, 0);
	add(program, BPF_STX | BPF_MEM | BPF_DW, SECOND, FIRST, 0, 0);
	land(program, &recent);
	program->drops[program->drop_count++] =
		add(program, BPF_JMP | BPF_JGT | BPF_X, FIRST, RESULT, 0, 0);

	add(program, BPF_LDX | BPF_MEM | BPF_W, THIRD, CONTEXT, offsetof(struct __sk_buff, len), 0);
	add(program, BPF_LDX | BPF_MEM | BPF_W, FOURTH, CONTEXT,
	    offsetof(struct __sk_buff, gso_segs), 0);
	jump_if(program, &single, BPF_JEQ, FOURTH, 0);
	add(program, BPF_ALU64 | BPF_SUB | BPF_K, FOURTH, 0, 0, 1);
	add(program, BPF_ALU64 | BPF_MUL | BPF_K, FOURTH, 0, 0, HEADERS);
	add(program, BPF_ALU64 | BPF_ADD | BPF_X, THIRD, FOURTH, 0, 0);
	land(program, &single);
	add_number(program, FOURTH, per_byte);
	add(program, BPF_ALU64 | BPF_MUL | BPF_X, THIRD, FOURTH, 0, 0);
	add(program, BPF_ALU64 | BPF_RSH | BPF_K, THIRD, 0, 0, FRACTION);
	add(program, BPF_STX | BPF_ATOMIC | BPF_DW, SECOND, THIRD, 0, BPF_ADD);
}

/* ---- as a whole ---- */

bool link_program_judges_sent(const struct link_gate *gate)
{
	return gate->antispoof || gate->isolate || gate->bits;
}

bool link_program_judges_received(const struct link_gate *gate)
{
	return gate->isolate;
}

static void add_start(struct program *program)
{
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, CONTEXT, FIRST, 0, 0);
	load(program, 0, ETHERNET_AT, ETHERNET_SIZE);
}

static size_t add_end(struct program *program)
{
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, TC_ACT_OK);
	add(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < program->drop_count; i++)
		program->out[program->drops[i]].off =
			(int16_t)(program->count - program->drops[i] - 1);
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, TC_ACT_SHOT);
	add(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return program->count;
}

size_t link_program_make_sent(const struct link_gate *gate, int bucket_fd,
			      struct bpf_insn out[LINK_PROGRAM_MAX])
{
	struct program program = {.out = out};

	add_start(&program);
	if (gate->antispoof)
		add_antispoof(&program, gate);
	if (gate->isolate)
		add_isolate_sent(&program, gate);
	/* Last: what is dropped anyway costs nobody his share. */
	if (gate->bits)
		add_limit(&program, gate, bucket_fd);
	return add_end(&program);
}

size_t link_program_make_received(const struct link_gate *gate,
				  struct bpf_insn out[LINK_PROGRAM_MAX])
{
	struct program program = {.out = out};

	add_start(&program);
	if (gate->isolate)
		add_isolate_received(&program, gate);
	return add_end(&program);
}

/* ---- into the kernel ---- */

static int call(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_program(const struct bpf_insn *instructions, size_t count)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = (uint64_t)(uintptr_t)instructions,
		.insn_cnt = (uint32_t)count,
		.license = (uint64_t)(uintptr_t) "GPL",
		.prog_name = "cman_link",
	};

	return call(BPF_PROG_LOAD, &attr);
}

/* EINVAL is what a kernel without such programs says, and one that finds a fault in ours. */
static bool kernel_has_them(void)
{
	struct bpf_insn instructions[2];
	struct program program = {.out = instructions};
	AUTO_FD int fd = -1;

	add(&program, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, TC_ACT_OK);
	add(&program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	fd = load_program(instructions, program.count);
	return fd >= 0;
}

static int refuse(const char *what, struct error *err)
{
	int code = errno;

	if (code == ENOSYS || (code == EINVAL && !kernel_has_them())) {
		error_set(err, ENOTSUP, "the kernel has no BPF programs that judge packets");
		return error_hint(err, "it has to be built with CONFIG_BPF_SYSCALL, "
				       "CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS");
	}
	error_set(err, code, "%s", what);
	if (code == EPERM)
		return error_hint(err, "the caller needs CAP_SYS_ADMIN on the host, or CAP_BPF and "
				       "CAP_NET_ADMIN");
	return -1;
}

int link_program_make_bucket(struct error *err)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint64_t),
		.max_entries = 1,
		.map_name = "cman_link",
	};
	int fd = call(BPF_MAP_CREATE, &attr);

	return fd < 0 ? refuse("make the BPF map of a limit", err) : fd;
}

int link_program_load(const struct bpf_insn *instructions, size_t count, struct error *err)
{
	int fd = load_program(instructions, count);

	return fd < 0 ? refuse("load a BPF program that judges packets", err) : fd;
}
