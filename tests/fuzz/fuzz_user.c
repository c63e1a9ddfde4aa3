/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user asked for, /etc/passwd and /etc/group of a root filesystem. */
#include "base/fs.h"
#include "fuzz.h"
#include "kernel/user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int root_fd = -1;
	AUTO_FREE char *text = fuzz_string(data, size);
	struct user user = {0};
	const char *part;
	struct error err;
	char *rest = text, *who;

	if (root_fd < 0) {
		root_fd = fuzz_directory();
		fuzz_make_directory("etc");
	}
	who = fuzz_next_part(&rest);
	who[strcspn(who, "\n")] = '\0';
	part = fuzz_next_part(&rest);
	fuzz_put("etc/passwd", part, strlen(part));
	fuzz_put("etc/group", rest, strlen(rest));
	if (user_lookup(root_fd, who, &user, &err) < 0)
		return 0;
	fuzz_assert(user.uid != (uid_t)-1 && user.gid != (gid_t)-1, "%s", who);
	fuzz_assert(user.group_count <= USER_GROUPS_MAX, "%s", who);
	fuzz_assert(strnlen(user.home, sizeof(user.home)) < sizeof(user.home) &&
			    strnlen(user.name, sizeof(user.name)) < sizeof(user.name),
		    "%s", who);
	if (user_add_group(root_fd, who, &user, &err) == 0)
		fuzz_assert(user.group_count <= USER_GROUPS_MAX + 1, "%s", who);
	for (size_t i = 0; i < user.group_count; i++)
		fuzz_assert(user.groups[i] != user.gid && user.groups[i] != (gid_t)-1, "%s", who);
	/* Digits are an id, whatever the files say. */
	if (*who && who[strspn(who, "0123456789")] == '\0')
		fuzz_assert(user.uid == strtoul(who, NULL, 10), "%s", who);
	return 0;
}
