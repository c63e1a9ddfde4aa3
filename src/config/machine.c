/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fs.h"

static const struct machine *replaced;

/* What the kernel lists; without sysfs, or without such a file, the first count of them. */
static void read_list(const char *path, unsigned int count, char *out, size_t size)
{
	if (fs_read_line_at(AT_FDCWD, path, out, size, NULL) < 0)
		snprintf(out, size, count > 1 ? "0-%u" : "%u", count - 1);
}

static int look_at(const char *path, struct stat *st, struct error *err)
{
	AUTO_FD int fd = fs_open_without_links(path, O_PATH, err);

	if (fd < 0)
		return -1;
	return fstat(fd, st) < 0 ? error_set(err, errno, "%s", path) : 0;
}

static bool has_apparmor(void)
{
	char enabled[8];

	return fs_read_line_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", enabled,
			       sizeof(enabled), NULL) >= 0 &&
	       *enabled == 'Y';
}

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
		read_list("/sys/devices/system/cpu/online", machine.cpus, machine.cpu_list,
			  sizeof(machine.cpu_list));
		read_list("/sys/devices/system/node/online", 1, machine.node_list,
			  sizeof(machine.node_list));
		/* A host without one gets by: only the MAC addresses lose their salt. */
		if (fs_read_line_at(AT_FDCWD, "/etc/machine-id", machine.machine_id,
				    sizeof(machine.machine_id), NULL) < 0)
			machine.machine_id[0] = '\0';
		machine.may_reboot = prctl(PR_CAPBSET_READ, CAP_SYS_BOOT) == 1;
		machine.apparmor = has_apparmor();
		machine.check_trusted = fs_check_trusted;
		machine.look_at = look_at;
		known = true;
	}
	return &machine;
}

void machine_replace(const struct machine *machine)
{
	replaced = machine;
}
