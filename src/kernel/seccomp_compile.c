/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/seccomp_compile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>

#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

#define X32_BIT         0x40000000u
#define RET_ERRNO(code) (SECCOMP_RET_ERRNO | (code))

/* socketcall(2) */
#define SOCKETCALL_SOCKET     1
#define SOCKETCALL_SOCKETPAIR 8

/* On s390 the new stack comes first. clone(2) */
#ifdef __s390x__
#define CLONE_FLAGS_ARGUMENT 1
#else
#define CLONE_FLAGS_ARGUMENT 0
#endif

/*
 * Stands for "allowed with this capability, else that errno": no filter of ours hands calls to a
 * tracer, and one that is forgotten refuses the call with ENOSYS.
 */
#define MARKER(errno_code, capability) (SECCOMP_RET_TRACE | (errno_code) << 8 | (capability))

/* In the place of a capability: refused in any case, see CALL_REFUSE_OR_UNKNOWN. */
#define HIDDEN 62

struct range {
	uint32_t first, verdict;
};

struct output {
	struct sock_filter *code;
	size_t length;
	bool full;
};

static void emit(struct output *out, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (out->length == BPF_MAXINSNS) {
		out->full = true;
		return;
	}
	out->code[out->length++] = (struct sock_filter){.code = code, .jt = yes, .jf = no, .k = k};
}

static void load(struct output *out, size_t offset)
{
	emit(out, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The lower half: the kernel looks at no more of any argument that is judged here. */
static void load_argument(struct output *out, unsigned int number)
{
	size_t offset = offsetof(struct seccomp_data, args) + number * sizeof(uint64_t);

	load(out, offset + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0));
}

static void give(struct output *out, uint32_t value)
{
	emit(out, BPF_RET | BPF_K, value, 0, 0);
}

/* When what was loaded equals value, the verdict is result. */
static void give_if(struct output *out, uint32_t value, uint32_t result)
{
	emit(out, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	give(out, result);
}

static void give_if_set(struct output *out, uint32_t bits, uint32_t result)
{
	emit(out, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	give(out, result);
}

static void judge_socket(struct output *out)
{
	static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6};

	load_argument(out, 0);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		give_if(out, families[i], SECCOMP_RET_ALLOW);
	give_if(out, AF_PACKET, MARKER(EAFNOSUPPORT, CAP_NET_RAW));
	emit(out, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0);
	give(out, RET_ERRNO(EAFNOSUPPORT));
	load_argument(out, 2);
	give_if(out, NETLINK_ROUTE, SECCOMP_RET_ALLOW);
	/* Audit among them: PAM and sshd take this error for "no audit here". */
	give(out, MARKER(EPROTONOSUPPORT, CAP_NET_ADMIN));
}

static void judge_personality(struct output *out)
{
	static const uint32_t harmless[] = {PER_LINUX, PER_LINUX32, UNAME26, UNAME26 | PER_LINUX32,
					    0xffffffff /* asks only */};

	load_argument(out, 0);
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		give_if(out, harmless[i], SECCOMP_RET_ALLOW);
	give(out, RET_ERRNO(EPERM));
}

/* Calls whose verdict depends on an argument. */
static void judge(struct output *out, uint32_t verdict, bool foreign)
{
	switch (verdict) {
	case CALL_CLONE:
		load_argument(out, CLONE_FLAGS_ARGUMENT);
		give_if_set(out, NEW_NAMESPACES, MARKER(EPERM, CAPABILITY_NESTING));
		break;
	case CALL_SOCKET:
		judge_socket(out);
		return;
	case CALL_SOCKETCALL:
		if (!foreign)
			break;
		load_argument(out, 0);
		give_if(out, SOCKETCALL_SOCKET, RET_ERRNO(EPERM));
		give_if(out, SOCKETCALL_SOCKETPAIR, RET_ERRNO(EPERM));
		break;
	case CALL_IOCTL:
		load_argument(out, 1);
		give_if(out, TIOCSTI, RET_ERRNO(EPERM));
		give_if(out, TIOCLINUX, RET_ERRNO(EPERM));
		break;
	case CALL_PERSONALITY:
		judge_personality(out);
		return;
	}
	give(out, SECCOMP_RET_ALLOW);
}

static bool is_judged(uint32_t verdict)
{
	return verdict >= CALL_CLONE && verdict < CALL_IF_CAPABLE;
}

static uint32_t result_of(uint32_t verdict)
{
	if (verdict >= CALL_IF_CAPABLE_OR_UNKNOWN)
		return MARKER(ENOSYS, verdict - CALL_IF_CAPABLE_OR_UNKNOWN);
	if (verdict >= CALL_IF_CAPABLE)
		return MARKER(EPERM, verdict - CALL_IF_CAPABLE);
	switch (verdict) {
	case CALL_ALLOW:
		return SECCOMP_RET_ALLOW;
	case CALL_UNKNOWN:
		return RET_ERRNO(ENOSYS);
	case CALL_REFUSE_OR_UNKNOWN:
		return MARKER(EPERM, HIDDEN);
	default:
		return RET_ERRNO(EPERM);
	}
}

/* Instructions of the tree over that many ranges. */
static size_t tree_size(size_t count)
{
	size_t left, right;

	if (count == 1)
		return 1;
	left = tree_size(count / 2);
	right = tree_size(count - count / 2);
	return (left > UINT8_MAX ? 2 : 1) + left + right;
}

/*
 * A binary tree of comparisons. A range that is judged by an argument is a jump whose target is
 * not known yet: its verdict stands there until link_judges().
 */
static void emit_tree(struct output *out, const struct range *ranges, size_t count)
{
	size_t left = count / 2, left_size;

	if (count == 1) {
		if (is_judged(ranges->verdict))
			emit(out, BPF_JMP | BPF_JA, ranges->verdict, 0, 0);
		else
			give(out, result_of(ranges->verdict));
		return;
	}
	left_size = tree_size(left);
	if (left_size <= UINT8_MAX) {
		emit(out, BPF_JMP | BPF_JGE | BPF_K, ranges[left].first, (uint8_t)left_size, 0);
	} else {
		emit(out, BPF_JMP | BPF_JGE | BPF_K, ranges[left].first, 0, 1);
		emit(out, BPF_JMP | BPF_JA, (uint32_t)left_size, 0, 0);
	}
	emit_tree(out, ranges, left);
	emit_tree(out, ranges + left, count - left);
}

/* Lays the code of each judge behind the tree that began at start, and leads the jumps there. */
static void link_judges(struct output *out, size_t start, bool foreign)
{
	size_t end = out->length;

	for (uint32_t verdict = CALL_CLONE; verdict <= CALL_PERSONALITY; verdict++) {
		size_t target = out->length;

		for (size_t i = start; i < end; i++) {
			struct sock_filter *jump = &out->code[i];

			if (jump->code != (BPF_JMP | BPF_JA) || jump->jt || jump->k != verdict)
				continue;
			jump->k = (uint32_t)(target - i - 1);
			jump->jt = 1; /* done */
			if (out->length == target)
				judge(out, verdict, foreign);
		}
	}
	for (size_t i = start; i < end; i++)
		if (out->code[i].code == (BPF_JMP | BPF_JA))
			out->code[i].jt = 0;
}

/* Neighbours of one verdict are one range; what is between the rules is unknown. */
static size_t make_ranges(const struct seccomp_abi *abi, struct range *ranges)
{
	uint32_t next = 0;
	size_t count = 0;

	for (size_t i = 0; i <= abi->count; i++) {
		const struct seccomp_rule *rule = &abi->rules[i];

		if ((i == abi->count || rule->number > next) &&
		    (count == 0 || ranges[count - 1].verdict != CALL_UNKNOWN))
			ranges[count++] = (struct range){next, CALL_UNKNOWN};
		if (i == abi->count)
			break;
		if (count == 0 || ranges[count - 1].verdict != rule->verdict)
			ranges[count++] = (struct range){rule->number, rule->verdict};
		next = rule->number + 1;
	}
	return count;
}

static void compile_abi(struct output *out, const struct seccomp_abi *abi)
{
	struct range ranges[2 * CALLS_MAX + 1];
	size_t start;

	load(out, offsetof(struct seccomp_data, nr));
	if (abi->arch == AUDIT_ARCH_X86_64) {
		/* x32 calls have numbers of their own; -1 is what a tracer makes of a call. */
		give_if(out, UINT32_MAX, RET_ERRNO(ENOSYS));
		give_if_set(out, X32_BIT, SECCOMP_RET_KILL_PROCESS);
	}
	start = out->length;
	emit_tree(out, ranges, make_ranges(abi, ranges));
	link_judges(out, start, abi->foreign);
}

size_t seccomp_compile(struct sock_filter *code, const struct seccomp_abi *abis, size_t count)
{
	struct output out = {.code = code};

	for (size_t i = 0; i < count && !out.full; i++) {
		size_t skip;

		load(&out, offsetof(struct seccomp_data, arch));
		emit(&out, BPF_JMP | BPF_JEQ | BPF_K, abis[i].arch, 1, 0);
		skip = out.length;
		emit(&out, BPF_JMP | BPF_JA, 0, 0, 0);
		compile_abi(&out, &abis[i]);
		code[skip].k = (uint32_t)(out.length - skip - 1);
	}
	give(&out, SECCOMP_RET_KILL_PROCESS);
	return out.full ? 0 : out.length;
}

/* CAP_SYS_ADMIN counts for those that were once a part of it. capabilities(7) */
static bool is_capable(uint64_t capabilities, unsigned int wanted)
{
	const uint64_t admin = (uint64_t)1 << CAP_SYS_ADMIN;

	if (capabilities >> wanted & 1)
		return true;
	return (wanted == CAP_BPF || wanted == CAP_PERFMON || wanted == CAP_SYSLOG ||
		wanted == CAPABILITY_NESTING) &&
	       capabilities & admin;
}

static uint32_t settle(uint32_t marker, uint64_t capabilities)
{
	unsigned int wanted = marker & 0xff;

	if (wanted == HIDDEN)
		return RET_ERRNO(capabilities >> CAPABILITY_NESTING & 1 ? ENOSYS : EPERM);
	return is_capable(capabilities, wanted)
		       ? SECCOMP_RET_ALLOW
		       : RET_ERRNO((marker & SECCOMP_RET_DATA) >> 8);
}

void seccomp_settle(struct sock_filter *code, size_t length, uint64_t capabilities)
{
	for (size_t i = 0; i < length; i++) {
		if (code[i].code == (BPF_RET | BPF_K) &&
		    (code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE)
			code[i].k = settle(code[i].k, capabilities);
	}
}
