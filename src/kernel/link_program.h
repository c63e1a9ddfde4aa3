/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link_program.h: what may pass a container's link, as BPF programs (BPF_PROG_TYPE_SCHED_CLS,
 * Linux 4.5) that judge each frame: made here, and handed to bpf(2) directly, for the reason that
 * device_program.h tells. bpf-helpers(7), tc-bpf(8).
 */
#ifndef KERNEL_LINK_PROGRAM_H
#define KERNEL_LINK_PROGRAM_H

#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What a link is to let through. */
struct link_gate {
	/*
	 * What the container sends comes from its own addresses: IPv4, ARP and IPv6 in frames
	 * from its own MAC, nothing else. No advertisement of a router, none of a neighbour for an
	 * address that is not its own, and no DAD for one: RFC 4861, RFC 4862.
	 */
	bool antispoof;
	bool isolate; /* nothing to or from others on the bridge, only to and from the bridge itself */
	uint8_t mac[6];
	uint8_t bridge_mac[6];   /* for isolate */
	struct in_addr address;
	struct in6_addr address6; /* in6addr_any: it has its link-local one only, made of its MAC */
	struct in_addr gateway;   /* the bridge's own, for isolate */
	struct in6_addr gateway6; /* in6addr_any: it has none */
	uint64_t bits;            /* the container sends per second at the most; 0: not limited */
	uint64_t burst;           /* bytes at once, if it sent less before */
};

/* Whether each direction has something to judge. */
bool link_program_judges_sent(const struct link_gate *gate);
bool link_program_judges_received(const struct link_gate *gate);

#define LINK_PROGRAM_MAX 448

/*
 * The instructions for frames that the container sends, and for those it is to receive; how many
 * there are. They return TC_ACT_OK or TC_ACT_SHOT. bucket_fd: see link_program_make_bucket(), needed
 * where bits is set.
 */
size_t link_program_make_sent(const struct link_gate *gate, int bucket_fd,
			      struct bpf_insn out[LINK_PROGRAM_MAX]);
size_t link_program_make_received(const struct link_gate *gate,
				  struct bpf_insn out[LINK_PROGRAM_MAX]);

/* The memory of a limit, a map with one number of 64 bits. An fd the caller closes. */
int link_program_make_bucket(struct error *err);

/* An fd the caller closes. ENOTSUP: the kernel has no such programs. */
int link_program_load(const struct bpf_insn *instructions, size_t count, struct error *err);

#endif
