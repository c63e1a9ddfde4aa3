/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman refresh, which a supervisor runs when the name servers of the host have changed */
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/network.h"
#include "lifecycle/resolv_conf.h"

/* An instance of inotify(7) that the supervisor has left open for us. */
static int take_inotify(const char *text, int *fd, struct error *err)
{
	uint64_t number;

	if (parse_number(text, STDERR_FILENO + 1, INT_MAX, &number, err) < 0)
		return -1;
	*fd = (int)number;
	return fcntl(*fd, F_SETFD, FD_CLOEXEC) < 0
		       ? error_set(err, errno, "descriptor %d of the supervisor", *fd)
		       : 0;
}

int cmd_refresh(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_HOST struct host host = HOST_INIT;
	int inotify_fd = -1;

	/* Somebody may be writing the manager file: where nothing is, nothing is made. */
	if ((argc > 0 && take_inotify(argv[0], &inotify_fd, err) < 0) ||
	    load_supervised(options, true, &conf, err) < 0 ||
	    host_open(&conf.manager, false, &host, err) < 0)
		return -1;
	if (resolv_conf_refresh(&host, inotify_fd, err) < 0)
		return -1;
	return network_refresh_servers(&host, err);
}
