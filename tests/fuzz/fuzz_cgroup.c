/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the mount table, as far as cgroups are concerned. A path of it may be anybody's. */
#include "kernel/cgroup_host.c"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_string(data, size);
	AUTO_TEXT struct text line = {0};
	const char *rest = text;
	struct mount_line mount;

	while (mount_table_next(&rest, NULL, &line, &mount)) {
		char controllers[64];
		bool optional;

		fuzz_assert(mount.root && mount.point && mount.own_options, "a field");
		fuzz_assert(mount.type && mount.options, "a field");
		pick_controllers(mount.options, size % 2, controllers, sizeof(controllers), &optional);
		fuzz_assert(strlen(controllers) < sizeof(controllers), "%s", controllers);
	}
	return 0;
}
