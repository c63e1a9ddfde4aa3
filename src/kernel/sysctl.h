/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl.h: the few switches of the host's network cman turns, and turns back: files below
 * /proc/sys, those of net/ in the network namespace of the calling thread. ip-sysctl.rst.
 */
#ifndef KERNEL_SYSCTL_H
#define KERNEL_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * name: "net/ipv4/ip_forward"; with a leading slash, an empty part, "." or ".." it is refused
 * (EINVAL). ENOENT: this kernel has no such switch. A value is one line, without its newline.
 */
int sysctl_read(const char *name, char *out, size_t size, struct error *err);
int sysctl_write(const char *name, const char *value, struct error *err);

/*
 * sysctl_read() in that network namespace, which the calling thread enters for a moment. Should it
 * not find back, the program ends.
 */
int sysctl_read_in(int netns_fd, const char *name, char *out, size_t size, struct error *err);

/* Likewise a switch of IPC ("kernel/sem", "fs/mqueue/msg_max"), in that IPC namespace. */
int sysctl_read_in_ipc(int ipcns_fd, const char *name, char *out, size_t size, struct error *err);

/* Whether the kernel shows the same value: how many blanks are in between does not matter. */
bool sysctl_is_same(const char *a, const char *b);

/*
 * Those of a container, through a procfs of our own (procfs_open()): sets a switch in the
 * namespaces of the caller. EACCES: they are not ours to set. One that has the value already is
 * success.
 */
int sysctl_set(int proc_fd, const char *name, const char *value, struct error *err);

/* The value of such a switch in the namespaces of the caller, its first line. */
int sysctl_get(int proc_fd, const char *name, char *out, size_t size, struct error *err);

#endif
