/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/device_program.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* What is kept where. */
enum { RESULT = BPF_REG_0, CONTEXT, TYPE, ACCESS, NUMBER, MAJOR };

#define MINOR_BITS 20 /* the kernel's: linux/kdev_t.h */
#define ALL_ACCESS (DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD)

struct program {
	struct bpf_insn *out;
	size_t count;
};

static void add(struct program *program, unsigned int code, unsigned int to, unsigned int from,
		size_t offset, uint32_t value)
{
	program->out[program->count++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (uint8_t)(to & 15),
		.src_reg = (uint8_t)(from & 15),
		.off = (int16_t)offset,
		.imm = (int32_t)value,
	};
}

static void add_result(struct program *program, uint32_t result)
{
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, result);
	add(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* The jump at this index leads to what is added next. */
static void land(struct program *program, size_t jump)
{
	program->out[jump].off = (int16_t)(program->count - jump - 1);
}

static void add_start(struct program *program)
{
	const unsigned int load = BPF_LDX | BPF_MEM | BPF_W;

	/* The lower half of access_type is the type, the upper one what is wanted. */
	add(program, load, TYPE, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	add(program, load, MAJOR, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	add(program, load, NUMBER, CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, MAJOR, 0, 0);
	add(program, BPF_ALU64 | BPF_LSH | BPF_K, ACCESS, 0, 0, MINOR_BITS);
	add(program, BPF_ALU64 | BPF_OR | BPF_X, NUMBER, ACCESS, 0, 0);
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
	add(program, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
	add(program, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
}

/* One comparison per rule of this type; where the jumps of them lead to is to be said later. */
static void add_rules(struct program *program, const struct device_policy *policy, bool block,
		      size_t jumps[DEVICE_RULES_MAX])
{
	size_t other_type = program->count;

	add(program, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, 0,
	    block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct device_rule *rule = &policy->rules[i];

		if (rule->block != block)
			continue;
		jumps[i] = program->count;
		if (rule->minor == DEVICE_ANY)
			add(program, BPF_JMP | BPF_JEQ | BPF_K, MAJOR, 0, 0, rule->major);
		else
			add(program, BPF_JMP32 | BPF_JEQ | BPF_K, NUMBER, 0, 0,
			    rule->major << MINOR_BITS | rule->minor);
	}
	land(program, other_type);
}

/* What rules lead to that allow this: is more wanted? */
static void add_answer(struct program *program, unsigned int access)
{
	uint32_t allowed = (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0u) |
			   (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0u) |
			   (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0u);

	add(program, BPF_ALU64 | BPF_AND | BPF_K, ACCESS, 0, 0, ~allowed);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, ACCESS, 0, 2, 0);
	add_result(program, 0);
	add_result(program, 1);
}

size_t device_program_make(const struct device_policy *policy,
			   struct bpf_insn out[DEVICE_PROGRAM_MAX])
{
	struct program program = {out, 0};
	size_t jumps[DEVICE_RULES_MAX];

	if (policy->allow_all) {
		add_result(&program, 1);
		return program.count;
	}
	add_start(&program);
	add_rules(&program, policy, false, jumps);
	add_rules(&program, policy, true, jumps);
	add_result(&program, 0);
	for (unsigned int access = 1; access <= ALL_ACCESS; access++) {
		bool used = false;

		for (size_t i = 0; i < policy->rule_count; i++) {
			if (policy->rules[i].access != access)
				continue;
			land(&program, jumps[i]);
			used = true;
		}
		if (used)
			add_answer(&program, access);
	}
	return program.count;
}

static int call(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load(const struct bpf_insn *instructions, size_t count)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)instructions,
		.insn_cnt = (uint32_t)count,
		.license = (uint64_t)(uintptr_t) "GPL",
		.prog_name = "cman_devices",
	};

	return call(BPF_PROG_LOAD, &attr);
}

/* EINVAL is what a kernel without such programs says, and one that finds a fault in ours. */
static bool kernel_has_them(void)
{
	struct bpf_insn instructions[2];
	struct program program = {instructions, 0};
	AUTO_FD int fd = -1;

	add_result(&program, 1);
	fd = load(instructions, program.count);
	return fd >= 0;
}

static int explain_load(struct error *err)
{
	int code = errno;

	if (code == ENOSYS || (code == EINVAL && !kernel_has_them())) {
		error_set(err, ENOTSUP, "the kernel has no BPF programs that control devices");
		return error_hint(err, "it has to be built with CONFIG_BPF_SYSCALL and "
				       "CONFIG_CGROUP_BPF; or mount the devices controller of "
				       "cgroup v1");
	}
	error_set(err, code, "load a BPF program that controls devices");
	if (code == EPERM)
		return error_hint(err, "the caller needs CAP_SYS_ADMIN on the host, or CAP_BPF and "
				       "CAP_NET_ADMIN");
	return -1;
}

/* Whether it is the one program that the cgroup has itself. */
static int check_attached(int program_fd, int cgroup_fd, struct error *err)
{
	struct bpf_prog_info info = {0};
	uint32_t ids[2] = {0};
	union bpf_attr query = {0}, about = {0};

	query.query.target_fd = (uint32_t)cgroup_fd;
	query.query.attach_type = BPF_CGROUP_DEVICE;
	query.query.prog_ids = (uint64_t)(uintptr_t)ids;
	query.query.prog_cnt = ARRAY_SIZE(ids);
	about.info.bpf_fd = (uint32_t)program_fd;
	about.info.info_len = sizeof(info);
	about.info.info = (uint64_t)(uintptr_t)&info;
	if (call(BPF_PROG_QUERY, &query) < 0 || call(BPF_OBJ_GET_INFO_BY_FD, &about) < 0)
		return error_set(err, errno, "ask after the BPF program that controls devices");
	if (query.query.prog_cnt != 1 || ids[0] != info.id)
		return error_set(err, 0,
				 "there should be BPF program %u that controls devices, but there "
				 "are %u, the first %u",
				 info.id, query.query.prog_cnt, ids[0]);
	return 0;
}

static int attach(int program_fd, int cgroup_fd, struct error *err)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)cgroup_fd,
		.attach_bpf_fd = (uint32_t)program_fd,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	if (call(BPF_PROG_ATTACH, &attr) == 0)
		return 0;
	error_set(err, errno, "attach a BPF program that controls devices");
	if (err && err->code == EPERM)
		error_hint(err, "a cgroup above has such a program that allows no others below "
				"(bpftool cgroup tree)");
	return -1;
}

int device_program_attach(const struct device_policy *policy, int cgroup_fd, struct error *err)
{
	struct bpf_insn instructions[DEVICE_PROGRAM_MAX];
	AUTO_FD int fd = load(instructions, device_program_make(policy, instructions));

	if (fd < 0)
		return explain_load(err);
	return attach(fd, cgroup_fd, err) < 0 ? -1 : check_attached(fd, cgroup_fd, err);
}

/* ---- one in the place of another ---- */

#define PROGRAMS_MAX 16 /* of one cgroup: more than were left by whoever was killed */

struct programs {
	uint32_t ids[PROGRAMS_MAX];
	uint32_t count;
};

static int list_programs(int cgroup_fd, struct programs *programs, struct error *err)
{
	union bpf_attr query = {0};

	query.query.target_fd = (uint32_t)cgroup_fd;
	query.query.attach_type = BPF_CGROUP_DEVICE;
	query.query.prog_ids = (uint64_t)(uintptr_t)programs->ids;
	query.query.prog_cnt = PROGRAMS_MAX;
	if (call(BPF_PROG_QUERY, &query) < 0)
		return error_set(err, errno, "ask after the BPF programs that control devices");
	programs->count = query.query.prog_cnt;
	return 0;
}

static int detach(uint32_t id, int cgroup_fd, struct error *err)
{
	union bpf_attr by_id = {.prog_id = id};
	AUTO_FD int fd = call(BPF_PROG_GET_FD_BY_ID, &by_id);
	union bpf_attr attr = {
		.target_fd = (uint32_t)cgroup_fd,
		.attach_bpf_fd = (uint32_t)fd,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	/* ENOENT: it has gone meanwhile. */
	if ((fd < 0 || call(BPF_PROG_DETACH, &attr) < 0) && errno != ENOENT)
		return error_set(err, errno, "detach BPF program %u that controls devices", id);
	return 0;
}

int device_program_replace(const struct device_policy *policy, int cgroup_fd, struct error *err)
{
	struct bpf_insn instructions[DEVICE_PROGRAM_MAX];
	AUTO_FD int fd = load(instructions, device_program_make(policy, instructions));
	struct programs programs = {0};

	if (fd < 0)
		return explain_load(err);
	if (list_programs(cgroup_fd, &programs, err) < 0 || attach(fd, cgroup_fd, err) < 0)
		return -1;
	for (uint32_t i = 0; i < programs.count; i++)
		if (detach(programs.ids[i], cgroup_fd, err) < 0)
			return -1;
	return check_attached(fd, cgroup_fd, err);
}
