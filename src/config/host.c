/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/host.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/fs.h"

static const struct host *replaced;

const struct host *host_get(void)
{
	static struct host host;
	static bool known;

	if (replaced)
		return replaced;
	if (!known) {
		long cpus = sysconf(_SC_NPROCESSORS_ONLN);
		long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);

		host.cpus = cpus > 0 ? (unsigned int)cpus : 1;
		host.memory = pages > 0 ? (uint64_t)pages * (uint64_t)page_size : UINT64_MAX;
		/* A host without one gets by: only the MAC addresses lose their salt. */
		if (fs_read_line_at(AT_FDCWD, "/etc/machine-id", host.machine_id,
				    sizeof(host.machine_id), NULL) < 0)
			host.machine_id[0] = '\0';
		host.check_trusted = fs_check_trusted;
		known = true;
	}
	return &host;
}

void host_replace(const struct host *host)
{
	replaced = host;
}
