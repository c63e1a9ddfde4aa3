/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/machine.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/fs.h"

static const struct machine *replaced;

const struct machine *machine_get(void)
{
	static struct machine machine;
	static bool known;

	if (replaced)
		return replaced;
	if (!known) {
		long cpus = sysconf(_SC_NPROCESSORS_ONLN);
		long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);

		machine.cpus = cpus > 0 ? (unsigned int)cpus : 1;
		machine.memory = pages > 0 ? (uint64_t)pages * (uint64_t)page_size : UINT64_MAX;
		/* A host without one gets by: only the MAC addresses lose their salt. */
		if (fs_read_line_at(AT_FDCWD, "/etc/machine-id", machine.machine_id,
				    sizeof(machine.machine_id), NULL) < 0)
			machine.machine_id[0] = '\0';
		machine.check_trusted = fs_check_trusted;
		known = true;
	}
	return &machine;
}

void machine_replace(const struct machine *machine)
{
	replaced = machine;
}
