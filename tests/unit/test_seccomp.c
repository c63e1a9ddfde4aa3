/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters, run by an interpreter of their few instructions: each call against the table. */
#include "config_test.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/calls.h"
#include "config/source.h"
#include "kernel/capability.h"
#include "kernel/seccomp.h"
#include "kernel/seccomp_compile.h"

#if defined(__x86_64__)
#define NATIVE  AUDIT_ARCH_X86_64
#define FOREIGN AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define NATIVE  AUDIT_ARCH_AARCH64
#define FOREIGN AUDIT_ARCH_ARM
#endif

#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)

static uint32_t word_at(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	assert_true(offset % 4 == 0 && offset < sizeof(*data));
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static uint32_t interpret(const struct sock_filter *code, size_t length,
			  const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t i = 0; i < length; i++) {
		const struct sock_filter *now = &code[i];
		bool yes = false;

		switch (now->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = word_at(data, now->k);
			continue;
		case BPF_RET | BPF_K:
			return now->k;
		case BPF_JMP | BPF_JA:
			i += now->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == now->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= now->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = (a & now->k) != 0;
			break;
		default:
			fail_msg("instruction %#x at %zu", now->code, i);
		}
		i += yes ? now->jt : now->jf;
	}
	fail_msg("ran off the end");
	return 0;
}

static uint32_t judge(const struct seccomp_filter *filter, uint32_t arch, int number,
		      const uint64_t *arguments)
{
	struct seccomp_data data = {.arch = arch, .nr = number};

	if (arguments)
		memcpy(data.args, arguments, sizeof(data.args));
	return interpret(filter->code, filter->length, &data);
}

static const struct call *find(const char *name)
{
	for (size_t i = 0; i < calls_count; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	fail_msg("no call %s", name);
	return NULL;
}

static uint32_t judge_native(const struct seccomp_filter *filter, const char *name, uint64_t first,
			     uint64_t second, uint64_t third)
{
	const uint64_t arguments[6] = {first, second, third};

	return judge(filter, NATIVE, find(name)->native, arguments);
}

/* What a verdict means for a payload without capabilities, where arguments do not matter. */
static uint32_t expect(uint32_t verdict)
{
	if (verdict == CALL_ALLOW)
		return SECCOMP_RET_ALLOW;
	return verdict == CALL_UNKNOWN || verdict >= CALL_IF_CAPABLE_OR_UNKNOWN ? UNKNOWN : REFUSED;
}

static void check_abi(const struct seccomp_filter *filter, uint32_t arch, bool foreign)
{
	uint32_t wanted[CALLS_MAX];

	for (size_t i = 0; i < CALLS_MAX; i++)
		wanted[i] = UNKNOWN;
	for (size_t i = 0; i < calls_count; i++) {
		int number = foreign ? calls[i].foreign : calls[i].native;

		if (number < 0 || number >= CALLS_MAX)
			continue;
		assert_int_equal(wanted[number], UNKNOWN);
		wanted[number] = expect(calls[i].verdict);
		if (calls[i].verdict >= CALL_CLONE && calls[i].verdict < CALL_IF_CAPABLE)
			wanted[number] = UINT32_MAX; /* by argument */
	}
	for (int number = 0; number < CALLS_MAX; number++) {
		uint32_t found = judge(filter, arch, number, NULL);

		if (wanted[number] != UINT32_MAX && found != wanted[number])
			fail_msg("%s call %d: %#x, not %#x", foreign ? "foreign" : "native", number,
				 found, wanted[number]);
	}
	assert_int_equal(judge(filter, arch, -1, NULL), UNKNOWN);
	assert_int_equal(judge(filter, arch, 100000, NULL), UNKNOWN);
}

static void default_filter_is_the_table(void **state)
{
	struct seccomp_filter filter = {0};

	(void)state;
	seccomp_default(0, &filter);
	check_abi(&filter, NATIVE, false);
	check_abi(&filter, FOREIGN, true);
	assert_int_equal(judge(&filter, AUDIT_ARCH_PPC64LE, 1, NULL), SECCOMP_RET_KILL_PROCESS);
	if (NATIVE == AUDIT_ARCH_X86_64)
		assert_int_equal(judge(&filter, NATIVE, 0x40000000, NULL), SECCOMP_RET_KILL_PROCESS);
	seccomp_clear(&filter);
}

/* With every capability nothing is left to settle, and what is refused then is refused always. */
static void markers_are_settled(void **state)
{
	static const char *const never[] = {"keyctl", "io_uring_setup", "userfaultfd", "kexec_load"};
	struct seccomp_filter filter = {0};

	(void)state;
	seccomp_default(UINT64_MAX >> 1, &filter); /* all but CAPABILITY_NESTING */
	for (size_t i = 0; i < calls_count; i++)
		if (calls[i].native >= 0 && calls[i].verdict >= CALL_IF_CAPABLE)
			assert_int_equal(judge(&filter, NATIVE, calls[i].native, NULL),
					 SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		assert_int_equal(judge_native(&filter, never[i], 0, 0, 0), REFUSED);
	seccomp_clear(&filter);
	seccomp_default((uint64_t)1 << CAP_SYS_ADMIN, &filter);
	assert_int_equal(judge_native(&filter, "bpf", 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(judge_native(&filter, "init_module", 0, 0, 0), REFUSED);
	seccomp_clear(&filter);
}

/* Nesting opens these, makes keyrings unknown, and changes nothing else. */
static void nesting_opens(void **state)
{
	static const char opened[] = " clone3 fsconfig fsmount fsopen fspick mount mount_setattr"
				     " move_mount open_tree open_tree_attr pivot_root setdomainname"
				     " sethostname setns umount2 unshare ",
			  hidden[] = " add_key keyctl request_key ";
	struct seccomp_filter without = {0}, with = {0};
	size_t changes = 0;

	(void)state;
	seccomp_default(0, &without);
	seccomp_default((uint64_t)1 << CAPABILITY_NESTING, &with);
	for (size_t i = 0; i < calls_count; i++) {
		AUTO_FREE char *word = xprintf(" %s ", calls[i].name);
		uint32_t before, after;

		if (calls[i].native < 0)
			continue;
		before = judge(&without, NATIVE, calls[i].native, NULL);
		after = judge(&with, NATIVE, calls[i].native, NULL);
		changes += before != after;
		if (strstr(opened, word))
			assert_int_equal(after, SECCOMP_RET_ALLOW);
		else if (strstr(hidden, word))
			assert_int_equal(after, UNKNOWN);
		else if (before != after)
			fail_msg("nesting changes %s", calls[i].name);
	}
	assert_int_equal(changes, 19);
	for (unsigned int bit = 0; bit < 32; bit++)
		assert_int_equal(judge_native(&with, "clone", (uint64_t)1 << bit, 0, 0),
				 SECCOMP_RET_ALLOW);
	assert_int_equal(judge_native(&with, "socket", AF_PACKET, 3, 0),
			 SECCOMP_RET_ERRNO | EAFNOSUPPORT);
	assert_int_equal(judge_native(&with, "ioctl", 0, TIOCSTI, 0), REFUSED);
	seccomp_clear(&without);
	/* With the capability keyrings are known. */
	seccomp_default((uint64_t)1 << CAP_SYS_ADMIN, &without);
	assert_int_equal(judge_native(&without, "keyctl", 0, 0, 0), REFUSED);
	assert_int_equal(judge_native(&without, "sethostname", 0, 0, 0), SECCOMP_RET_ALLOW);
	seccomp_clear(&without);
	seccomp_clear(&with);
}

static void arguments_decide(void **state)
{
	const uint32_t family = SECCOMP_RET_ERRNO | EAFNOSUPPORT, allow = SECCOMP_RET_ALLOW;
	const uint64_t high = (uint64_t)1 << 32;
	struct seccomp_filter filter = {0};

	(void)state;
	seccomp_default(0, &filter);
	assert_int_equal(judge_native(&filter, "clone", 0x3d0f00, 0, 0), allow); /* a thread */
	for (unsigned int bit = 0; bit < 32; bit++) {
		const uint32_t flag = (uint32_t)1 << bit;
		bool new = flag &(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET);

		assert_int_equal(judge_native(&filter, "clone", flag, 0, 0), new ? REFUSED : allow);
		assert_int_equal(judge_native(&filter, "clone", flag | high, 0, 0),
				 new ? REFUSED : allow);
	}
	for (uint64_t i = 0; i < 64; i++)
		assert_int_equal(judge_native(&filter, "socket", i | high, 1, NETLINK_ROUTE),
				 i == AF_UNIX || i == AF_INET || i == AF_INET6 || i == AF_NETLINK
					 ? allow
					 : family);
	assert_int_equal(judge_native(&filter, "socket", AF_NETLINK, 3, NETLINK_AUDIT),
			 SECCOMP_RET_ERRNO | EPROTONOSUPPORT);
	assert_int_equal(judge_native(&filter, "socket", AF_NETLINK, 3, NETLINK_XFRM),
			 SECCOMP_RET_ERRNO | EPROTONOSUPPORT);
	assert_int_equal(judge_native(&filter, "socketpair", AF_TIPC, 1, 0), family);
	assert_int_equal(judge_native(&filter, "ioctl", 0, TIOCSTI | high, 0), REFUSED);
	assert_int_equal(judge_native(&filter, "ioctl", TIOCSTI, TIOCSCTTY, 0), allow);
	assert_int_equal(judge_native(&filter, "personality", 0x40000, 0, 0), REFUSED);
	assert_int_equal(judge_native(&filter, "personality", 8, 0, 0), allow);
	seccomp_clear(&filter);
}

/* Trees so wide that jumps need a second instruction, and one that does not fit. */
static void large_programs(void **state)
{
	static struct seccomp_rule rules[3000];
	static struct sock_filter code[BPF_MAXINSNS];
	struct seccomp_abi abi = {.arch = NATIVE, .rules = rules, .count = CALLS_MAX};
	size_t length;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = (struct seccomp_rule){i, i % 2 ? CALL_ALLOW : CALL_IOCTL};
	length = seccomp_compile(code, &abi, 1);
	assert_in_range(length, 1000, BPF_MAXINSNS);
	for (int i = 0; i < CALLS_MAX; i++) {
		struct seccomp_data data = {.arch = NATIVE, .nr = i, .args = {0, TIOCSTI}};

		assert_int_equal(interpret(code, length, &data),
				 rules[i].verdict == CALL_ALLOW ? SECCOMP_RET_ALLOW : REFUSED);
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = (struct seccomp_rule){2 * i, CALL_ALLOW};
	assert_int_equal(seccomp_compile(code, (struct seccomp_abi[]){abi, abi, abi}, 3), 0);
	abi.count = 0;
	length = seccomp_compile(code, &abi, 1);
	assert_int_equal(interpret(code, length, &(struct seccomp_data){.arch = NATIVE}), UNKNOWN);
}

/* ---- files ---- */

static uint32_t *read_calls(const char *text, struct text *messages)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_FREE char *path = NULL;
	struct scratch scratch;
	uint32_t *verdicts;

	scratch_make(&scratch);
	path = scratch_write(&scratch, "calls", text);
	verdicts = calls_read(path, (struct location){0}, &diagnostics);
	scratch_remove(&scratch);
	print_all(&diagnostics, messages);
	return verdicts;
}

static uint32_t verdict_of(const uint32_t *verdicts, const char *name)
{
	return verdicts[find(name) - calls];
}

static void files_open_calls(void **state)
{
	AUTO_TEXT struct text messages = {0};
	AUTO_FREE uint32_t *verdicts = read_calls("# comment\n\n\tread\t# why\r\n@mount\nclone\n"
						  "socket any\nsocket\nioctl",
						  &messages);
	struct seccomp_filter filter = {0};
	struct error err;

	(void)state;
	assert_string_equal(text_value(&messages), "");
	assert_non_null(verdicts);
	assert_int_equal(verdict_of(verdicts, "read"), CALL_ALLOW);
	assert_int_equal(verdict_of(verdicts, "write"), CALL_REFUSE);
	assert_int_equal(verdict_of(verdicts, "execve"), CALL_ALLOW); /* @start */
	assert_int_equal(verdict_of(verdicts, "mount"), CALL_ALLOW);
	assert_int_equal(verdict_of(verdicts, "clone"), CALL_CLONE);
	assert_int_equal(verdict_of(verdicts, "socket"), CALL_ALLOW);
	assert_int_equal(verdict_of(verdicts, "socketpair"), CALL_REFUSE);
	assert_int_equal(verdict_of(verdicts, "ioctl"), CALL_IOCTL);
	assert_int_equal(seccomp_from_calls(verdicts, 0, &filter, &err), 0);
	assert_int_equal(judge_native(&filter, "write", 0, 0, 0), REFUSED);
	assert_int_equal(judge_native(&filter, "read", 0, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(judge(&filter, NATIVE, 999, NULL), UNKNOWN);
	assert_int_equal(judge_native(&filter, "socket", AF_VSOCK, 0, 0), SECCOMP_RET_ALLOW);
	seccomp_clear(&filter);
}

/* "@default" in a file is the default filter. */
static void default_group(void **state)
{
	AUTO_TEXT struct text messages = {0};
	AUTO_FREE uint32_t *verdicts = read_calls("@default\n", &messages);
	struct seccomp_filter ours = {0}, built_in = {0};
	struct error err;

	(void)state;
	assert_non_null(verdicts);
	assert_int_equal(seccomp_from_calls(verdicts, 0x3, &ours, &err), 0);
	seccomp_default(0x3, &built_in);
	assert_int_equal(ours.length, built_in.length);
	assert_memory_equal(ours.code, built_in.code, ours.length * sizeof(*ours.code));
	seccomp_clear(&ours);
	seccomp_clear(&built_in);
}

static void faults_of_files(void **state)
{
	static const char *const faults[] = {"mout",         "@mont",      "read write",
					     "read any any", "@mount any", "READ",
					     "re\x1b[31md",  "@",          "any",
					     "read,write"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		AUTO_FREE char *text = xprintf("@default\n%s\n", faults[i]);
		AUTO_TEXT struct text messages = {0};

		assert_null(read_calls(text, &messages));
		if (!strstr(text_value(&messages), "calls:2:") ||
		    strchr(text_value(&messages), '\x1b'))
			fail_msg("%s: %s", faults[i], text_value(&messages));
	}
}

/* container.conf(5) lists all groups. */
static void manual_has_the_groups(void **state)
{
	AUTO_TEXT struct text manual = {0};

	(void)state;
	read_whole_file("docs/container.conf.5", &manual);
	for (size_t i = 0; i < calls_count; i++) {
		AUTO_FREE char *group = xprintf("@%s", calls[i].group);

		if (*calls[i].group && !strstr(manual.data, group))
			fail_msg("container.conf.5 does not tell about %s", group);
	}
}

/* ---- the kernel ---- */

static void saved_and_installed(void **state)
{
	struct seccomp_filter filter = {0}, loaded = {0};
	struct scratch scratch;
	struct error err;
	int dir_fd, status;
	pid_t child;

	(void)state;
	scratch_make(&scratch);
	dir_fd = fs_open_directory(scratch.path, 0700, &err);
	seccomp_default(0, &filter);
	assert_int_equal(seccomp_save(&filter, dir_fd, "filter", &err), 0);
	assert_int_equal(seccomp_load(dir_fd, "filter", &loaded, &err), 0);
	assert_int_equal(loaded.length, filter.length);
	assert_memory_equal(loaded.code, filter.code, loaded.length * sizeof(*loaded.code));
	child = fork();
	if (child == 0) {
		if (capability_forbid_gain(NULL) < 0 || seccomp_install(&loaded, NULL) < 0)
			_exit(1);
		_exit(socket(AF_ALG, SOCK_SEQPACKET, 0) < 0 && errno == EAFNOSUPPORT ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	seccomp_clear(&loaded);
	assert_int_equal(fs_rewrite_at(dir_fd, "filter", "", 0, 0600, &err), 0);
	assert_int_equal(seccomp_load(dir_fd, "filter", &loaded, &err), -1);
	assert_int_equal(fs_rewrite_at(dir_fd, "filter", "1234567", 7, 0600, &err), 0);
	assert_int_equal(seccomp_load(dir_fd, "filter", &loaded, &err), -1);
	close(dir_fd);
	scratch_remove(&scratch);
	seccomp_clear(&filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_filter_is_the_table),
		cmocka_unit_test(markers_are_settled),
		cmocka_unit_test(nesting_opens),
		cmocka_unit_test(arguments_decide),
		cmocka_unit_test(large_programs),
		cmocka_unit_test(files_open_calls),
		cmocka_unit_test(default_group),
		cmocka_unit_test(faults_of_files),
		cmocka_unit_test(manual_has_the_groups),
		cmocka_unit_test(saved_and_installed),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
