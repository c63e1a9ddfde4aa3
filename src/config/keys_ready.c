/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys in the groups ready and health of a container. */
#include "config/keys.h"
#include "config/values.h"

static const struct key ready_keys_array[] = {
	{
		.name = "port",
		.type = &type_tcp_port,
		.offset = offsetof(struct ready, port),
		.default_text = "0",
		.form = "0 to 65535; 0: none",
		.help = "it is ready once this TCP port of it takes connections",
		.change = CHANGE_LIVE,
	},
	{
		.name = "command",
		.type = &type_check_command,
		.offset = offsetof(struct ready, command),
		.default_text = "[]",
		.form = "a string split at blanks (quotes are honoured), or an array; []: none",
		.help = "it is ready once this program, run inside it, ends with 0",
		.change = CHANGE_LIVE,
	},
	{
		.name = "file",
		.type = &type_inner_path,
		.offset = offsetof(struct ready, file),
		.default_text = "\"\"",
		.form = "absolute path in the container, or \"\"",
		.help = "it is ready once this file is there",
		.change = CHANGE_LIVE,
	},
	{
		.name = "notify",
		.type = &type_boolean,
		.offset = offsetof(struct ready, notify),
		.default_text = "false",
		.form = "true or false",
		.help = "it is ready once it says so, to NOTIFY_SOCKET: sd_notify(3)",
		.change = CHANGE_RESTART,
	},
	{
		.name = "timeout",
		.type = &type_wait,
		.offset = offsetof(struct ready, timeout_ms),
		.default_text = "\"30s\"",
		.form = "seconds, or a string like \"1m30s\"; 1s to 1h",
		.help = "time to become ready in, before up fails",
		.change = CHANGE_LIVE,
	},
};
const struct key_table ready_keys = KEY_TABLE(ready_keys_array);

static const struct key health_keys_array[] = {
	{
		.name = "command",
		.type = &type_check_command,
		.offset = offsetof(struct health, command),
		.default_text = "[]",
		.form = "a string split at blanks (quotes are honoured), or an array; []: none",
		.help = "program that is run inside it, and ends with 0 if all is well",
		.change = CHANGE_LIVE,
	},
	{
		.name = "interval",
		.type = &type_period,
		.offset = offsetof(struct health, interval_ms),
		.default_text = "\"30s\"",
		.form = "seconds, or a string like \"1m30s\"; 1s to 1d",
		.help = "from its start to the first check, and from the end of one to the next",
		.change = CHANGE_LIVE,
	},
	{
		.name = "timeout",
		.type = &type_period,
		.offset = offsetof(struct health, timeout_ms),
		.default_text = "\"5s\"",
		.form = "seconds, or a string like \"1m30s\"; 1s to 1d",
		.help = "a check that takes longer is killed and has failed",
		.change = CHANGE_LIVE,
	},
	{
		.name = "retries",
		.type = &type_retries,
		.offset = offsetof(struct health, retries),
		.default_text = "3",
		.form = "1 to 100",
		.help = "so many failed checks in a row make it unhealthy",
		.change = CHANGE_LIVE,
	},
	{
		.name = "start_period",
		.type = &type_start_period,
		.offset = offsetof(struct health, start_period_ms),
		.default_text = "0",
		.form = "seconds, or a string like \"1m30s\"; 0 to 1d",
		.help = "time after its start in which failed checks do not count yet",
		.change = CHANGE_LIVE,
	},
	{
		.name = "on_failure",
		.type = &type_on_failure,
		.offset = offsetof(struct health, on_failure),
		.default_text = "\"none\"",
		.form = "\"none\", \"restart\", \"stop\" or \"kill\"",
		.help = "what is done with it once it is unhealthy",
		.change = CHANGE_LIVE,
	},
};
const struct key_table health_keys = KEY_TABLE(health_keys_array);

bool ready_is_set(const void *group)
{
	static const struct ready usual = READY_USUAL;
	const struct ready *ready = group;

	return ready_kind(ready) != READY_NONE || ready->timeout_ms != usual.timeout_ms;
}

bool health_is_set(const void *group)
{
	static const struct health usual = HEALTH_USUAL;
	const struct health *health = group;

	return health->command.count > 0 || health->interval_ms != usual.interval_ms ||
	       health->timeout_ms != usual.timeout_ms || health->retries != usual.retries ||
	       health->start_period_ms != usual.start_period_ms ||
	       health->on_failure != usual.on_failure;
}
