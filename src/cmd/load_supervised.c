/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/process.h"
#include "cmd/load.h"
#include "lifecycle/host.h"

#define WRITER_TIMEOUT_MS 5000
#define LOOK_AGAIN_MS     100

/* Without a word about what is wrong: it may be right in a moment, and `cman check` tells it. */
static int look(const char *file, const char *state_dir, struct conf *conf, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};

	if (conf_load_manager(file, conf, &diagnostics, err) < 0)
		return -1;
	if (strcmp(conf->manager.state_dir, state_dir) == 0)
		return 0;
	return error_set(err, 0, "the manager file %s names another state_dir than %s", file, state_dir);
}

int load_supervised(const struct options *options, bool waits, struct conf *conf, struct error *err)
{
	const char *state_dir = getenv(HOST_STATE_VARIABLE);
	const uint64_t end_ms = process_monotonic_ms() + WRITER_TIMEOUT_MS;

	if (!state_dir || *state_dir != '/')
		return load_manager(options, conf, err);
	while (look(options->config_file, state_dir, conf, err) < 0) {
		if (waits && process_monotonic_ms() < end_ms) {
			conf_clear(conf);
			poll(NULL, 0, LOOK_AGAIN_MS);
			continue;
		}
		if (!load_is_of_use(&conf->manager))
			return -1;
		if (waits)
			log_warning("%s, going on with what it says", err->text);
		error_clear(err);
		free(conf->manager.state_dir);
		conf->manager.state_dir = xstrdup(state_dir);
		break;
	}
	return 0;
}
