/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module.h: (libkmod) load a kernel module. modprobe(8), modules.dep(5). */
#ifndef KERNEL_MODULE_H
#define KERNEL_MODULE_H

#include "base/error.h"

/*
 * Loads a module and what it depends on, honouring modprobe.d(5) blacklists; one that is loaded
 * or built in is success. ENOENT: this kernel has none of that name. The library is opened by
 * the first call only: hardly a start needs it, and it brings a large one along. ENOSYS: it is
 * not installed.
 */
int module_load(const char *name, struct error *err);

#endif
