/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uts.h: the host name of a container that runs. uts_namespaces(7), sethostname(2). */
#ifndef KERNEL_UTS_H
#define KERNEL_UTS_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Sets the host name in the UTS namespace of process pid, which the calling thread enters for a moment.
 * Should it not find back, the program ends. name: up to 64 bytes.
 */
int uts_set_hostname(pid_t pid, const char *name, struct error *err);

/* The names there are now in the UTS namespace of process pid, likewise. */
struct uts_names {
	char hostname[65], domainname[65];
};
int uts_look(pid_t pid, struct uts_names *names, struct error *err);

#endif
