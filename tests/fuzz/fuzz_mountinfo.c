/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mount table, as it is looked through for one type and for all. */
#include "kernel/mount_table.h"

#include <string.h>

#include "fuzz.h"

static size_t count(const char *table, const char *type)
{
	AUTO_TEXT struct text line = {0};
	struct mount_line mount;
	size_t lines = 0;

	while (mount_table_next(&table, type, &line, &mount)) {
		fuzz_assert(mount.root && mount.own_options && mount.options, "a field");
		fuzz_assert(strlen(mount.point) <= line.length, "\"%s\"", mount.point);
		fuzz_assert(text_starts_with(mount.type, type ? type : ""), "%s", mount.type);
		lines++;
	}
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_string(data, size);

	fuzz_assert(count(text, "cgroup") <= count(text, NULL), "more of one type than of all");
	return 0;
}
