/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user.h: the user of the payload, looked up in the rootfs' own /etc/passwd and /etc/group by
 * reading them (no NSS: nothing of the container runs on our side). passwd(5), group(5).
 */
#ifndef KERNEL_USER_H
#define KERNEL_USER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

#define USER_GROUPS_MAX  64 /* of the group file */
#define USER_FURTHER_MAX 32 /* by user_add_group() */

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS_MAX + USER_FURTHER_MAX]; /* supplementary, without gid, none twice */
	size_t group_count;
	char home[256]; /* "/" when unknown */
	char shell[256]; /* "" when unknown */
	char name[64];  /* "" when unknown */
};

/*
 * who: "NAME", "UID", "UID:GID", "NAME:GROUP". Digits only are ids, always: a passwd entry named
 * "0" changes nothing. Ids are 0..2^32-2. Files that are no regular files, too large or hostile
 * are errors, never a hang; missing ones are empty, and malformed lines are passed over.
 * root_fd: the root directory of the container.
 *
 * Without a group the gid is that of the passwd entry and the supplementary groups are those of
 * the group file; a group given by the caller is the only one. A uid that has no entry has the
 * gid of the same number; "root" that has none is 0.
 */
int user_lookup(int root_fd, const char *who, struct user *user, struct error *err);

/*
 * Makes a user that was looked up a member of one more group, by its name in the group file or
 * its id; the same rules hold. Up to USER_FURTHER_MAX of them.
 */
int user_add_group(int root_fd, const char *group, struct user *user, struct error *err);

#endif
