/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "base/text.h"
#include "kernel/seccomp_compile.h"
#include "kernel/seccomp_filter.h"

static void copy_code(const struct sock_filter *code, size_t length, struct seccomp_filter *filter)
{
	filter->code = xalloc(length, sizeof(*code));
	filter->length = length;
	memcpy(filter->code, code, length * sizeof(*code));
}

void seccomp_default(uint64_t capabilities, struct seccomp_filter *filter)
{
	copy_code(default_filter, ARRAY_SIZE(default_filter), filter);
	seccomp_settle(filter->code, filter->length, capabilities);
}

static int compare_rules(const void *a, const void *b)
{
	const struct seccomp_rule *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static size_t make_rules(const uint32_t *verdicts, bool foreign, struct seccomp_rule *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < calls_count; i++) {
		int number = foreign ? calls[i].foreign : calls[i].native;

		if (number >= 0)
			rules[count++] = (struct seccomp_rule){(uint32_t)number, verdicts[i]};
	}
	qsort(rules, count, sizeof(*rules), compare_rules);
	return count;
}

int seccomp_from_calls(const uint32_t *verdicts, uint64_t capabilities,
		       struct seccomp_filter *filter, struct error *err)
{
	AUTO_FREE struct seccomp_rule *native = xalloc(calls_count, sizeof(*native));
	AUTO_FREE struct seccomp_rule *foreign = xalloc(calls_count, sizeof(*foreign));
	AUTO_FREE struct sock_filter *code = xalloc(BPF_MAXINSNS, sizeof(*code));
	const struct seccomp_abi abis[] = {
		{NATIVE_ARCH, false, native, make_rules(verdicts, false, native)},
		{FOREIGN_ARCH, true, foreign, make_rules(verdicts, true, foreign)},
	};
	size_t length = seccomp_compile(code, abis, FOREIGN_ARCH ? 2 : 1);

	if (length == 0)
		return error_set(err, E2BIG, "compile the system call filter");
	copy_code(code, length, filter);
	seccomp_settle(filter->code, filter->length, capabilities);
	return 0;
}

int seccomp_install(const struct seccomp_filter *filter, struct error *err)
{
	const struct sock_fprog program = {(unsigned short)filter->length, filter->code};

	if (filter->length == 0)
		return 0;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	error_set(err, errno, "install the system call filter");
	if (err && (err->code == ENOSYS || err->code == EINVAL))
		error_hint(err, "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER); without "
				"them only security.seccomp = \"none\" works");
	return -1;
}

int seccomp_save(const struct seccomp_filter *filter, int dir_fd, const char *name,
		 struct error *err)
{
	return fs_rewrite_at(dir_fd, name, (const char *)filter->code,
			     filter->length * sizeof(*filter->code), 0600, err);
}

int seccomp_load(int dir_fd, const char *name, struct seccomp_filter *filter, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	size_t size = sizeof(*filter->code);

	if (fs_read_at(dir_fd, name, BPF_MAXINSNS * size, &text, err) < 0)
		return -1;
	/* Nothing in it would be no filter at all. */
	if (text.length == 0 || text.length % size != 0)
		return error_set(err, EINVAL, "%s is damaged", name);
	copy_code((const struct sock_filter *)(const void *)text.data, text.length / size, filter);
	return 0;
}

void seccomp_clear(struct seccomp_filter *filter)
{
	free(filter->code);
	*filter = (struct seccomp_filter){0};
}
