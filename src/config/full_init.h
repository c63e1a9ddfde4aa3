/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * full_init.h: which init of a whole system a command is. Found by looking at the file in the
 * root filesystem, resolved within it; nothing of it is executed. What is found there may be made
 * up: it decides how the container is booted and stopped, not what it is kept from.
 */
#ifndef CONFIG_FULL_INIT_H
#define CONFIG_FULL_INIT_H

#include "config/spec.h"

/* root_fd: the root filesystem, O_PATH. */
enum full_init full_init_find(int root_fd, const struct strlist *command,
			      const struct strlist *environment);

/* "systemd", ... ; NULL for FULL_INIT_NONE. */
const char *full_init_name(enum full_init init);

/* The signal that makes it stop what it has started and then end. */
int full_init_stop_signal(enum full_init init);

/* Whether it ends by reboot(2), for which a container needs CAP_SYS_BOOT. */
bool full_init_reboots(enum full_init init);

#endif
