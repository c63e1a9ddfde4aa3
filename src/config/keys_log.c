/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys_log.c: the keys of the group "log". */
#include "config/keys.h"
#include "config/values.h"

static const struct key log_keys_array[] = {
	{
		.name = "driver",
		.type = &type_log_driver,
		.offset = offsetof(struct log_settings, driver),
		.default_text = "\"file\"",
		.form = "\"file\", \"syslog\" or \"none\"",
		.help = "where the output of the command goes",
		.change = CHANGE_LIVE,
	},
	{
		.name = "max_size",
		.type = &type_log_size,
		.offset = offsetof(struct log_settings, max_size),
		.default_text = "\"10M\"",
		.form = "64K or more",
		.help = "a file that would become longer is followed by a new one",
		.change = CHANGE_LIVE,
	},
	{
		.name = "max_files",
		.type = &type_log_files,
		.offset = offsetof(struct log_settings, max_files),
		.default_text = "3",
		.form = "1 to 100",
		.help = "how many files there are, the current one among them",
		.change = CHANGE_LIVE,
	},
};
const struct key_table log_keys = KEY_TABLE(log_keys_array);
