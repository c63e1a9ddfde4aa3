/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys_hooks.c: the keys of the group "hooks". */
#include "config/keys.h"
#include "config/values.h"

static const struct key hooks_keys_array[] = {
	{
		.name = "pre_start",
		.type = &type_paths,
		.offset = offsetof(struct hooks, pre_start),
		.default_text = "[]",
		.form = "absolute paths of programs",
		.help = "run before anything is made; one that fails keeps the container down",
		.change = CHANGE_NONE,
	},
	{
		.name = "post_start",
		.type = &type_paths,
		.offset = offsetof(struct hooks, post_start),
		.default_text = "[]",
		.form = "absolute paths of programs",
		.help = "run once the command runs; one that fails undoes the start",
		.change = CHANGE_NONE,
	},
	{
		.name = "pre_stop",
		.type = &type_paths,
		.offset = offsetof(struct hooks, pre_stop),
		.default_text = "[]",
		.form = "absolute paths of programs",
		.help = "run before the stop signal, if the command still runs",
		.change = CHANGE_LIVE,
	},
	{
		.name = "post_stop",
		.type = &type_paths,
		.offset = offsetof(struct hooks, post_stop),
		.default_text = "[]",
		.form = "absolute paths of programs",
		.help = "run when all of it is gone, however it ended",
		.change = CHANGE_LIVE,
	},
	{
		.name = "timeout",
		.type = &type_time,
		.offset = offsetof(struct hooks, timeout_ms),
		.default_text = "\"30s\"",
		.form = "seconds, or a string like \"1m30s\"; 1s to 1h",
		.help = "a program that takes longer is killed and has failed",
		.change = CHANGE_LIVE,
	},
};
const struct key_table hooks_keys = KEY_TABLE(hooks_keys_array);
