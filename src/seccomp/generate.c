/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate calls|filter: a tool of the build. Prints the table of system calls (config/calls.c
 * takes it in), or the compiled default filter (kernel/seccomp.c). The numbers are libseccomp's,
 * so that the table has the calls of both ABIs whatever headers are installed.
 */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/seccomp_compile.h"
#include "seccomp/policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct call table[2 * CALLS_MAX];
static size_t count;

static uint32_t foreign_arch(uint32_t native)
{
	switch (native) {
	case SCMP_ARCH_X86_64:
		return SCMP_ARCH_X86;
	case SCMP_ARCH_AARCH64:
		return SCMP_ARCH_ARM;
	default:
		return 0;
	}
}

static _Noreturn void fail(const char *name, const char *reason)
{
	fprintf(stderr, "generate: %s: %s\n", name, reason);
	exit(1);
}

/*
 * -1: the ABI does not have it. Asked by number: by name, libseccomp has no number for a call that
 * i386 can also make through socketcall(2) or ipc(2).
 */
static int number_of(uint32_t arch, const char *name)
{
	static const char *names[2][CALLS_MAX];
	static uint32_t archs[2];
	int known = archs[0] == 0 || archs[0] == arch ? 0 : 1;
	int number;

	if (arch == 0)
		return -1;
	for (number = 0; archs[known] == 0 && number < CALLS_MAX; number++)
		names[known][number] = seccomp_syscall_resolve_num_arch(arch, number);
	archs[known] = arch;
	for (number = 0; number < CALLS_MAX; number++)
		if (names[known][number] && strcmp(names[known][number], name) == 0)
			return number;
	for (size_t i = 0; i < COUNT(newer_calls); i++)
		if (strcmp(newer_calls[i].name, name) == 0)
			return newer_calls[i].number;
	/* Those that 32 bit ARM has for itself, far above all others. */
	number = seccomp_syscall_resolve_name_arch(arch, name);
	return number >= CALLS_MAX ? number : -1;
}

static bool is_known(const char *name)
{
	for (size_t i = 0; i < COUNT(newer_calls); i++)
		if (strcmp(newer_calls[i].name, name) == 0)
			return true;
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

static const struct call *find(const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static void add(uint32_t native, const char *name, const char *group, uint32_t verdict)
{
	if (count == COUNT(table))
		fail(name, "the table is full");
	table[count++] = (struct call){
		.name = name,
		.native = number_of(native, name),
		.foreign = number_of(foreign_arch(native), name),
		.group = group,
		.verdict = verdict,
	};
}

static void add_section(uint32_t native, const struct section *section)
{
	char *names = strdup(section->calls), *position = NULL;

	for (char *name = strtok_r(names, " ", &position); name;
	     name = strtok_r(NULL, " ", &position)) {
		if (!is_known(name))
			fail(name, "there is no such call");
		if (find(name))
			fail(name, "it is in the policy twice");
		add(native, name, section->group, section->verdict);
	}
	/* The names live as long as the table: names is not freed. */
}

/* What libseccomp knows beyond the policy: a file may name it. */
static void add_rest(uint32_t native, uint32_t arch)
{
	for (int number = 0; number < CALLS_MAX; number++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, number);

		if (name && !find(name))
			add(native, name, "", CALL_UNKNOWN);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct call *)a)->name, ((const struct call *)b)->name);
}

static void print_calls(void)
{
	printf("/* Made by src/seccomp/generate.c. */\nconst struct call calls[] = {\n");
	for (size_t i = 0; i < count; i++)
		printf("\t{\"%s\", %d, %d, \"%s\", %#x},\n", table[i].name, table[i].native,
		       table[i].foreign, table[i].group, table[i].verdict);
	printf("};\nconst size_t calls_count = sizeof(calls) / sizeof(calls[0]);\n");
}

static int compare_rules(const void *a, const void *b)
{
	const struct seccomp_rule *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static struct seccomp_abi make_abi(uint32_t arch, bool foreign)
{
	struct seccomp_rule *rules = calloc(count, sizeof(*rules));
	struct seccomp_abi abi = {.arch = arch, .foreign = foreign, .rules = rules};

	for (size_t i = 0; i < count; i++) {
		int number = foreign ? table[i].foreign : table[i].native;

		if (number >= 0)
			rules[abi.count++] =
				(struct seccomp_rule){(uint32_t)number, table[i].verdict};
	}
	qsort(rules, abi.count, sizeof(*rules), compare_rules);
	for (size_t i = 1; i < abi.count; i++)
		if (rules[i].number == rules[i - 1].number)
			fail("policy", "two names have one number");
	return abi;
}

static void print_filter(uint32_t native)
{
	static struct sock_filter code[BPF_MAXINSNS];
	struct seccomp_abi abis[] = {make_abi(native, false), make_abi(foreign_arch(native), true)};
	size_t length = seccomp_compile(code, abis, foreign_arch(native) ? 2 : 1);

	if (length == 0)
		fail("policy", "the filter is too long");
	printf("/* Made by src/seccomp/generate.c. */\n#define NATIVE_ARCH %#xu\n"
	       "#define FOREIGN_ARCH %#xu\nstatic const struct sock_filter default_filter[] = {\n",
	       native, foreign_arch(native));
	for (size_t i = 0; i < length; i++)
		printf("\t{%#x, %u, %u, %#x},\n", code[i].code, code[i].jt, code[i].jf, code[i].k);
	printf("};\n");
}

int main(int argc, char *argv[])
{
	uint32_t native = seccomp_arch_native();

	for (size_t i = 0; i < COUNT(policy); i++)
		add_section(native, &policy[i]);
	add_rest(native, native);
	if (foreign_arch(native))
		add_rest(native, foreign_arch(native));
	qsort(table, count, sizeof(table[0]), compare_names);
	if (argc == 2 && strcmp(argv[1], "calls") == 0)
		print_calls();
	else if (argc == 2 && strcmp(argv[1], "filter") == 0)
		print_filter(native);
	else
		fail("usage", "generate calls|filter");
	return fflush(stdout) == 0 ? 0 : 1;
}
