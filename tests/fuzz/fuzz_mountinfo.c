/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the mount table, as they are looked through for what cannot be idmapped. */
#include "kernel/rootfs.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_string(data, size);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		const size_t length = strlen(line);
		struct mount_line mount;

		if (parse_mount_line(line, &mount))
			fuzz_assert(mount.type && strlen(mount.mount_point) <= length, "\"%s\"",
				    mount.mount_point);
	}
	return 0;
}
