/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wish.h: what an administrator wants of a container beyond the next boot of the host: an empty file
 * DATA_DIR/stopped/NAME says that one with restart.policy "unless-stopped" was stopped by hand. Under the
 * container's lock.
 */
#ifndef STATE_WISH_H
#define STATE_WISH_H

#include <stdbool.h>

#include "base/error.h"

int wish_note_stopped(const char *data_dir, const char *name, struct error *err);
int wish_forget_stopped(const char *data_dir, const char *name, struct error *err);
bool wish_is_stopped(const char *data_dir, const char *name);

#endif
