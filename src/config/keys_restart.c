/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of the group restart of a container. */
#include "config/keys.h"
#include "config/values.h"

static const struct key restart_keys_array[] = {
	{
		.name = "policy",
		.type = &type_restart_policy,
		.offset = offsetof(struct restart, policy),
		.default_text = "\"no\"",
		.form = "\"no\", \"on-failure\", \"always\" or \"unless-stopped\"",
		.help = "when the command is started again",
		.change = CHANGE_LIVE,
	},
	{
		.name = "delay",
		.type = &type_restart_delay,
		.offset = offsetof(struct restart, delay_ms),
		.default_text = "\"1s\"",
		.form = "100ms to 1h",
		.help = "time before the first restart; it doubles with each further one",
		.change = CHANGE_LIVE,
	},
	{
		.name = "max_delay",
		.type = &type_restart_delay,
		.offset = offsetof(struct restart, max_delay_ms),
		.default_text = "\"60s\"",
		.form = "delay to 1h",
		.help = "longest time before a restart",
		.change = CHANGE_LIVE,
	},
	{
		.name = "max_retries",
		.type = &type_restart_count,
		.offset = offsetof(struct restart, max_retries),
		.default_text = "0",
		.form = "0 to 1000",
		.help = "restarts in a row before cman gives up; 0 for no limit",
		.change = CHANGE_LIVE,
	},
};
const struct key_table restart_keys = KEY_TABLE(restart_keys_array);
