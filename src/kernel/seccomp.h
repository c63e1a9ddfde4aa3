/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp.h: which system calls the payload may make. seccomp(2). */
#ifndef KERNEL_SECCOMP_H
#define KERNEL_SECCOMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sock_filter;

/* A compiled filter. Zeroed: none, every call is allowed. */
struct seccomp_filter {
	struct sock_filter *code; /* owned */
	size_t length;            /* instructions */
};

/*
 * The default filter, for a payload with these capabilities (bit n: capability n); the bit
 * CAPABILITY_NESTING of config/calls.h opens what containers inside need.
 */
void seccomp_default(uint64_t capabilities, struct seccomp_filter *filter);

/* A filter from calls_read(). E2BIG: the kernel takes no program that long. */
int seccomp_from_calls(const uint32_t *verdicts, uint64_t capabilities,
		       struct seccomp_filter *filter, struct error *err);

/*
 * Puts it in force for the calling process, for good, last thing before execve(2). It must have
 * no_new_privs, or CAP_SYS_ADMIN in its user namespace. Does nothing for an empty filter.
 */
int seccomp_install(const struct seccomp_filter *filter, struct error *err);

/* Keeps a filter in a file, and takes it from there again. */
int seccomp_save(const struct seccomp_filter *filter, int dir_fd, const char *name,
		 struct error *err);
int seccomp_load(int dir_fd, const char *name, struct seccomp_filter *filter, struct error *err);

void seccomp_clear(struct seccomp_filter *filter);

#endif
