/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/marks.h"

const char *const mark_names[MARK_COUNT] = {
	[MARK_PRIVILEGED] = "privileged",   [MARK_HOST_IDS] = "host-ids",
	[MARK_HOST_NET] = "host-net",       [MARK_CHANGED] = "changed",
	[MARK_TRANSIENT] = "transient",     [MARK_NO_FILE] = "no-file",
	[MARK_FILE_ERRORS] = "file-errors",
};
