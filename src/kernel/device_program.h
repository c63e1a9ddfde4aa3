/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device_program.h: a device policy as a BPF program of a v2 cgroup (BPF_PROG_TYPE_CGROUP_DEVICE,
 * Linux 4.15): made here, and handed to bpf(2) directly. libbpf would do no more than that, and
 * opening it with libelf and libz alone costs each start 300 us, three times what making, loading,
 * attaching and asking after the program take together.
 */
#ifndef KERNEL_DEVICE_PROGRAM_H
#define KERNEL_DEVICE_PROGRAM_H

#include <linux/bpf.h>
#include <stddef.h>

#include "kernel/device.h"

#define DEVICE_PROGRAM_MAX (64 + DEVICE_RULES_MAX)

/* The instructions that return 1 for what the policy allows, else 0; how many there are. */
size_t device_program_make(const struct device_policy *policy,
			   struct bpf_insn out[DEVICE_PROGRAM_MAX]);

/*
 * Loads it and attaches it to an open v2 cgroup, where it is asked besides those of the cgroups
 * above; then looks whether it is there. It goes with the cgroup. ENOTSUP: the kernel has no such
 * programs.
 */
int device_program_attach(const struct device_policy *policy, int cgroup_fd, struct error *err);

/*
 * The same for a cgroup that has one: what it has goes once the new one is there, so that at no time more
 * is allowed than by one of both.
 */
int device_program_replace(const struct device_policy *policy, int cgroup_fd, struct error *err);

#endif
