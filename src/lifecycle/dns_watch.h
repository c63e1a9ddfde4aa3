/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_watch.h: inotify(7) on the files that dns_find_host_servers() reads. A file, and each symlink
 * on the way to it, is watched itself: that tells of a file that is written, replaced, removed or
 * renamed and of a link that is switched, and of nothing else in busy directories. Where something
 * is missing, the directory in which it would appear is watched.
 */
#ifndef LIFECYCLE_DNS_WATCH_H
#define LIFECYCLE_DNS_WATCH_H

#include "base/error.h"
#include "base/text.h"

/*
 * Adds watches for what dns_find_host_servers(root, false) looks at now; those that are there
 * already stay. A change from before they were added is not told: look at the servers afterwards.
 * awaited: a line for each name that a directory is watched for; other names in events of
 * directories mean nothing. ENOSPC: fs.inotify.max_user_watches.
 */
int dns_watch(const char *root, int inotify_fd, struct text *awaited, struct error *err);

#endif
