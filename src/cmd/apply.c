/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman apply */
#include "cmd/apply_names.h"
#include "cmd/command.h"
#include "cmd/confirm.h"
#include "cmd/load.h"

int cmd_apply(const struct options *options, int argc, char *argv[], struct error *err)
{
	struct apply_options how = {
		.restart = !options->no_restart,
		.named = argc > 0,
		.prune = options->prune,
		.only_running = options->confirm != NULL,
	};
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	int broken, status;
	uint64_t timeout_ms = 0;
	bool changed;

	if (options->confirm && confirm_parse_time(options->confirm, &timeout_ms, err) < 0)
		return COMMAND_MISUSED;
	if (load_to_compare(options, argc, argv, true, &conf, &names, &broken, err) < 0)
		return -1;
	how.left_out = broken != 0;
	status = options->confirm ? confirm_apply(options, timeout_ms, &conf, &names, &how, err)
				  : apply_names(&conf, &names, &how, "apply", &changed, err);
	return status == 0 ? broken : status;
}
