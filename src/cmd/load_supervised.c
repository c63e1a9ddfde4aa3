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

static int check_directory(const struct conf *conf, const char *state_dir, struct error *err)
{
	if (strcmp(conf->manager.state_dir, state_dir) == 0)
		return 0;
	return error_set(err, 0, "the manager file %s names another state_dir than %s",
			 conf->manager.file, state_dir);
}

/* Without a word about what is wrong: it may be right in a moment, and `cman check` tells it. */
static int look(const char *file, const char *state_dir, struct conf *conf, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};

	return conf_load_manager(file, conf, &diagnostics, err) < 0
		       ? -1
		       : check_directory(conf, state_dir, err);
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

int load_supervised_files(const struct options *options, struct conf *conf, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	const char *state_dir = getenv(HOST_STATE_VARIABLE);

	if (load_files(options, conf, &diagnostics, err) == 0 &&
	    (!state_dir || check_directory(conf, state_dir, err) == 0))
		return 0;
	conf_clear(conf);
	return -1;
}
