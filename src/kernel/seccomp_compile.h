/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seccomp_compile.h: what happens to each system call, made into a program of the kernel's
 * classic BPF. Used when cman is built, for the default filter, and when a container has a list of
 * its own. seccomp(2), the kernel's Documentation/userspace-api/seccomp_filter.rst.
 */
#ifndef KERNEL_SECCOMP_COMPILE_H
#define KERNEL_SECCOMP_COMPILE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/calls.h"

/* How the calls of one kind of program (64 bit, 32 bit) are judged. */
struct seccomp_abi {
	uint32_t arch; /* AUDIT_ARCH_... */
	bool foreign;  /* not the ABI cman itself is built for */
	const struct seccomp_rule {
		uint32_t number;
		uint32_t verdict; /* enum call_verdict */
	} * rules;    /* sorted by number, none twice; what is not among them is CALL_UNKNOWN */
	size_t count; /* up to CALLS_MAX */
};

/*
 * Writes the program to out, which has room for BPF_MAXINSNS, and returns its length; 0 when it
 * does not fit. Programs of other ABIs are killed, x32 among them. Where the verdict depends on a
 * capability there is a marker, which seccomp_settle() replaces.
 */
size_t seccomp_compile(struct sock_filter *out, const struct seccomp_abi *abis, size_t count);

/*
 * Decides in place what depends on capabilities (bit n: capability n, CAPABILITY_NESTING among
 * them).
 */
void seccomp_settle(struct sock_filter *code, size_t length, uint64_t capabilities);

#endif
