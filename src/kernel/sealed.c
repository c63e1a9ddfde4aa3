/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/sealed.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/fs.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int new_memory_file(const char *name, struct error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) /* an older kernel, where all are executable */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0)
		return fd;
	error_set(err, errno, "memfd_create");
	if (errno == EACCES)
		error_hint(err, "programs in memory are forbidden here: sysctl vm.memfd_noexec=1");
	return -1;
}

int sealed_copy(int file_fd, const char *name, struct error *err)
{
	AUTO_FD int memory_fd = new_memory_file(name, err);
	char path[32];
	ssize_t count;

	if (memory_fd < 0)
		return -1;
	while ((count = sendfile(memory_fd, file_fd, NULL, INT_MAX)) > 0)
		;
	if (count < 0)
		return error_set(err, errno, "copy %s", name);
	if (fchmod(memory_fd, S_IXUSR | S_IXGRP | S_IXOTH) < 0 ||
	    fcntl(memory_fd, F_ADD_SEALS, SEALS) < 0)
		return error_set(err, errno, "seal %s", name);
	/* As long as it is open for writing, execve(2) says ETXTBSY. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory_fd);
	return fs_open_at(AT_FDCWD, path, O_PATH, 0, err);
}
