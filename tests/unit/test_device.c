/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device: policies, as programs and in the kernel, on whatever cgroups there are. */
#include "cgroup_fixture.h"

#include <sys/sysmacros.h>

#include "kernel/device_program.h"

/* ---- the program, interpreted ---- */

/* As much of BPF as our programs have; anything else fails the test. */
static uint32_t interpret(const struct bpf_insn *program, size_t count,
			  const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t registers[11] = {0};
	uint32_t words[3] = {context->access_type, context->major, context->minor};

	for (size_t i = 0, steps = 0; i < count; i++, steps++) {
		const struct bpf_insn *insn = &program[i];
		uint64_t *to = &registers[insn->dst_reg], from = registers[insn->src_reg];
		uint64_t value = (uint64_t)(int64_t)insn->imm;

		assert_true(steps < count);
		switch (insn->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(insn->src_reg, 1);
			assert_true(insn->off % 4 == 0 && insn->off < 12);
			*to = words[insn->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X: *to = from; break;
		case BPF_ALU64 | BPF_MOV | BPF_K: *to = value; break;
		case BPF_ALU64 | BPF_OR | BPF_X: *to |= from; break;
		case BPF_ALU64 | BPF_AND | BPF_K: *to &= value; break;
		case BPF_ALU64 | BPF_LSH | BPF_K: *to <<= value; break;
		case BPF_ALU64 | BPF_RSH | BPF_K: *to >>= value; break;
		case BPF_JMP | BPF_JEQ | BPF_K: i += *to == value ? (size_t)insn->off : 0; break;
		case BPF_JMP | BPF_JNE | BPF_K: i += *to != value ? (size_t)insn->off : 0; break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			i += (uint32_t)*to == (uint32_t)value ? (size_t)insn->off : 0;
			break;
		case BPF_JMP | BPF_EXIT: return (uint32_t)registers[0];
		default: fail_msg("instruction %zu: code %#x", i, insn->code);
		}
	}
	fail_msg("no exit");
	return 0;
}

static bool is_allowed(const struct device_policy *policy, const struct device_rule *wanted)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct device_rule *rule = &policy->rules[i];

		if (rule->block == wanted->block && rule->major == wanted->major &&
		    (rule->minor == DEVICE_ANY || rule->minor == wanted->minor))
			return (wanted->access & ~rule->access) == 0;
	}
	return false;
}

/* Every access to devices in and around a policy: how many are allowed. */
static unsigned int check_program(const struct device_policy *policy)
{
	static const uint32_t majors[] = {0, 1, 5, 8, 10, 136, 137, 4095};
	static const uint32_t minors[] = {0, 1, 2, 3, 5, 7, 9, 229, (1u << 20) - 1};
	struct bpf_insn program[DEVICE_PROGRAM_MAX];
	size_t count = device_program_make(policy, program);
	unsigned int allowed = 0;

	assert_true(count <= DEVICE_PROGRAM_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(majors) * ARRAY_SIZE(minors) * 16; i++) {
		const struct device_rule wanted = {
			.block = i & 1,
			.major = majors[i / 16 % ARRAY_SIZE(majors)],
			.minor = minors[i / 16 / ARRAY_SIZE(majors)],
			.access = i / 2 % 8,
		};
		const uint32_t access =
			(wanted.access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0u) |
			(wanted.access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0u) |
			(wanted.access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0u);
		const struct bpf_cgroup_dev_ctx context = {
			.access_type = access << 16 | (wanted.block ? BPF_DEVCG_DEV_BLOCK
								     : BPF_DEVCG_DEV_CHAR),
			.major = wanted.major,
			.minor = wanted.minor,
		};
		uint32_t result = interpret(program, count, &context);

		if (result != (policy->allow_all || is_allowed(policy, &wanted)))
			fail_msg("%c %u:%u access %u: %u", wanted.block ? 'b' : 'c', wanted.major,
				 wanted.minor, wanted.access, result);
		allowed += result;
	}
	return allowed;
}

static void programs_do_what_the_rules_say(void **state)
{
	const struct device_policy nothing = {0}, all = {.allow_all = true};
	const struct device_policy mixed = {
		.rules = {{false, 1, 3, DEVICE_READ},
			  {true, 1, 3, DEVICE_WRITE | DEVICE_MKNOD},
			  {true, 8, DEVICE_ANY, DEVICE_READ},
			  {false, 10, 229, DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD},
			  {false, 4095, (1u << 20) - 1, DEVICE_WRITE}},
		.rule_count = 5,
	};
	struct device_policy full = {.rule_count = DEVICE_RULES_MAX}, usual;
	const struct security none = {0};

	(void)state;
	assert_int_equal(check_program(&nothing), 0);
	assert_int_equal(check_program(&all), 8 * 9 * 16);
	/* Without any access asked for, each rule counts as well. */
	assert_int_equal(check_program(&mixed), 2 + 4 + 9 * 2 + 8 + 2);
	assert_ok(device_policy_make(&none, &usual, &err));
	/* 1:3 1:5 1:7 1:9 5:0 5:2 (1:8 is not asked for) and nine of 136 */
	assert_int_equal(check_program(&usual), (6 + 9) * 4);
	for (unsigned int i = 0; i < DEVICE_RULES_MAX; i++)
		full.rules[i] = (struct device_rule){i % 2, 1 + i % 5, i % 11, 1 + i % 7};
	assert_true(check_program(&full) > 0);
}

/* ---- policies ---- */

static void policies_of_files(void **state)
{
	struct device devices[] = {{(char *)"/dev/null", DEVICE_READ | DEVICE_MKNOD}, {NULL, 0}};
	struct security security = {.devices = devices, .device_count = 1};
	struct device_policy policy;
	char rule[40];

	(void)state;
	assert_ok(device_policy_make(&security, &policy, &err));
	assert_true(policy.required && !policy.allow_all);
	assert_int_equal(policy.node_count, 1);
	assert_true(S_ISCHR(policy.nodes[0].mode) && policy.nodes[0].number == makedev(1, 3));
	/* It is a usual one: still one rule. */
	assert_int_equal(policy.rule_count, 8);
	device_rule_format(&policy.rules[0], rule);
	assert_string_equal(rule, "c 1:3 rwm");
	device_rule_format(&policy.rules[7], rule);
	assert_string_equal(rule, "c 136:* rw");

	security.device_count = 2;
	devices[1] = (struct device){(char *)"/dev/nowhere", DEVICE_READ};
	assert_int_equal(device_policy_make(&security, &policy, &err), -1);
	assert_says("security.devices[1].path: open /dev/nowhere: No such file");
	devices[1].path = (char *)"/dev";
	assert_int_equal(device_policy_make(&security, &policy, &err), -1);
	assert_says("security.devices[1].path: /dev is not a device");
	devices[1].path = (char *)"/proc/self/cwd";
	assert_int_equal(device_policy_make(&security, &policy, &err), -1);
	assert_int_equal(err.code, ELOOP);
	security.device_count = 0;
	assert_ok(device_policy_make(&security, &policy, &err));
	assert_false(policy.required || policy.allow_all);
	security.privileged = true;
	assert_ok(device_policy_make(&security, &policy, &err));
	assert_true(policy.allow_all);
}

/* ---- in force ---- */

/* This host without its devices controller of v1: what is left is the v2 tree, if there is one. */
static struct cgroup_host without_controller(void)
{
	struct cgroup_host other = host;

	for (int i = 0; i < other.count; i++)
		if (cgroup_list_has(other.hierarchies[i].controllers, "devices"))
			snprintf(other.hierarchies[i].controllers,
				 sizeof(other.hierarchies[i].controllers), "none");
	return other;
}

/* Bits of what goes wrong otherwise than with EPERM or not at all; exit status of a child. */
static void try_devices(void)
{
	char path[64];
	int got = 0;

	snprintf(path, sizeof(path), "/tmp/cman-test-node-%d", (int)getpid());
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		got |= 1;
	if (open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0 || errno != EPERM)
		got |= 2;
	if (open("/dev/zero", O_RDONLY | O_CLOEXEC) >= 0 || errno != EPERM)
		got |= 4;
	if (open("/dev/full", O_RDWR | O_CLOEXEC) < 0)
		got |= 8;
	if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0 || errno != EPERM)
		got |= 16;
	unlink(path);
	if (mknod(path, S_IFCHR | 0600, makedev(1, 7)) < 0)
		got |= 32;
	unlink(path);
	if (mknod(path, S_IFBLK | 0600, makedev(1, 7)) == 0 || errno != EPERM)
		got |= 64;
	unlink(path);
	_exit(got);
}

static const struct device_policy some = {
	.rules = {{false, 1, 3, DEVICE_READ},
		  {false, 1, 7, DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD},
		  {false, 136, DEVICE_ANY, DEVICE_READ}},
	.rule_count = 3,
};

/* What a host shows without a restriction: that the test could fail. */
static void check_in_force(const struct cgroup_host *where)
{
	const struct device_policy all = {.allow_all = true};

	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	assert_ok(cgroup_set_devices(where, "web", &all, &err));
	assert_int_equal(WEXITSTATUS(wait_status(start_in(&host, "web", try_devices))),
			 2 | 4 | 16 | 64);
	assert_ok(cgroup_set_devices(where, "web", &some, &err));
	assert_int_equal(WEXITSTATUS(wait_status(start_in(&host, "web", try_devices))), 0);
	/* It is gone with the cgroup. */
	assert_ok(cgroup_remove(&host, "web", TIMEOUT_MS, &err));
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	assert_int_equal(WEXITSTATUS(wait_status(start_in(&host, "web", try_devices))),
			 2 | 4 | 16 | 64);
}

static void policy_is_in_force(void **state)
{
	(void)state;
	if (!cgroup_find(&host, "devices"))
		skip();
	check_in_force(&host);
}

/* Also where v1 has the controller: the v2 tree beside it. */
static void policy_is_in_force_on_v2(void **state)
{
	struct cgroup_host other = without_controller();

	(void)state;
	if (!cgroup_find(&other, "devices"))
		skip();
	check_in_force(&other);
}

static void files_of_v1(void **state)
{
	const struct cgroup_hierarchy *hierarchy = cgroup_find(&host, "devices");
	AUTO_TEXT struct text list = {0};
	char path[CGROUP_PATH_SIZE];

	(void)state;
	if (!hierarchy || hierarchy->v2)
		skip();
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	assert_ok(cgroup_set_devices(&host, "web", &some, &err));
	cgroup_path(&host, "web", "devices.list", path);
	assert_ok(fs_read_at(hierarchy->fd, path, 4096, &list, &err));
	assert_string_equal(text_value(&list), "c 1:3 r\nc 1:7 rwm\nc 136:* r\n");
}

/* What those above refuse cannot be given below. */
static void v1_above_refuses(void **state)
{
	const struct cgroup_hierarchy *hierarchy = cgroup_find(&host, "devices");
	char path[CGROUP_PATH_SIZE];

	(void)state;
	if (!hierarchy || hierarchy->v2)
		skip();
	snprintf(path, sizeof(path), "%s/devices.deny", parent);
	assert_int_equal(mkdirat(hierarchy->fd, parent, 0755), 0);
	assert_ok(fs_write_at(hierarchy->fd, path, "c 1:7 w", &err));
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	assert_int_equal(cgroup_set_devices(&host, "web", &some, &err), -1);
	assert_says("security.devices: write \"c 1:7 rwm\" to");
	assert_says("Operation not permitted");
	assert_string_not_equal(err.hint, "");
}

/* A second program is one too many: it would not be known which one holds. */
static void v2_is_read_back(void **state)
{
	struct cgroup_host other = without_controller();

	(void)state;
	if (!cgroup_find(&other, "devices"))
		skip();
	assert_ok(cgroup_create(&host, "web", &unlimited, &err));
	assert_ok(cgroup_set_devices(&other, "web", &some, &err));
	assert_int_equal(cgroup_set_devices(&other, "web", &some, &err), -1);
	assert_says("that controls devices, but there are 2");
}

static void neither_controller_nor_program(void **state)
{
	struct cgroup_host other = without_controller();
	const struct device_policy all = {.allow_all = true};

	(void)state;
	if (other.count > 0 && other.hierarchies[0].v2) {
		other.count--;
		memmove(other.hierarchies, other.hierarchies + 1,
			(size_t)other.count * sizeof(other.hierarchies[0]));
	}
	assert_int_equal(cgroup_set_devices(&other, "web", &some, &err), -1);
	assert_int_equal(err.code, ENOTSUP);
	assert_says("security.devices: this host offers no devices controller");
	assert_string_not_equal(err.hint, "");
	assert_ok(cgroup_set_devices(&other, "web", &all, &err));
}

int main(void)
{
	const struct CMUnitTest pure[] = {
		cmocka_unit_test(programs_do_what_the_rules_say),
		cmocka_unit_test(policies_of_files),
	};
	const struct CMUnitTest tests[] = {
		TEST(policy_is_in_force), TEST(policy_is_in_force_on_v2),
		TEST(files_of_v1),        TEST(v1_above_refuses),
		TEST(v2_is_read_back),    TEST(neither_controller_nor_program),
	};

	return cmocka_run_group_tests_name("device policies", pure, NULL, NULL) +
	       RUN("device policies in force", tests);
}
