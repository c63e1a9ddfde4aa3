/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.h: what the rules ask the machine. One struct, so that tests can put a machine of their
 * own in its place; the program never does.
 */
#ifndef CONFIG_MACHINE_H
#define CONFIG_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

struct machine {
	unsigned int cpus;   /* online */
	char cpu_list[256];  /* the same as a list, "0-3" */
	char node_list[256]; /* memory nodes */
	uint64_t memory;     /* bytes of RAM */
	char machine_id[40]; /* machine-id(5), "" when the host has none */
	bool may_reboot;     /* CAP_SYS_BOOT is in the bounding set, to be handed on */
	bool apparmor;       /* the kernel has it, and it is on */
	/* Whether only root (or we) may write the file and every directory above it. */
	int (*check_trusted)(const char *path, struct error *err);
	/* What an absolute path without symlinks leads to: ELOOP where there are any. */
	int (*look_at)(const char *path, struct stat *st, struct error *err);
};

/* The facts of this machine, found out once. */
const struct machine *machine_get(void);

/* For tests: what machine_get() returns from now on; NULL: the machine again. */
void machine_replace(const struct machine *machine);

#endif
