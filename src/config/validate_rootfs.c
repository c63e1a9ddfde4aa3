/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_rootfs.c: the directory that keeps the changes of an overlay, as it is now. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "config/machine.h"
#include "config/validate.h"

static void report(struct diagnostics *diagnostics, const struct spec *spec, const char *hint,
		   const char *message)
{
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, "rootfs.upper"),
			hint, "rootfs.upper: %s", message);
}

static void report_link(struct diagnostics *diagnostics, const struct spec *spec, const char *path)
{
	AUTO_FREE char *resolved = realpath(path, NULL);
	AUTO_FREE char *hint = resolved ? xprintf("%s leads to %s: write that", path, resolved) : NULL;
	AUTO_FREE char *message = xprintf("there is a symbolic link in %s", spec->rootfs_upper);

	report(diagnostics, spec, hint, message);
}

/*
 * cman makes the last directory of the path, and no more: a path with a mistake in it would lead
 * to the wrong file system without a word.
 */
void validate_upper(const struct spec *spec, struct diagnostics *diagnostics)
{
	AUTO_FREE char *path = NULL;
	AUTO_FD int fd = -1;
	struct error err;

	if (!spec->rootfs_upper)
		return;
	path = xstrdup(spec->rootfs_upper);
	fd = fs_open_without_links(path, O_PATH | O_DIRECTORY, &err);
	if (fd < 0 && err.code == ENOENT) {
		char *slash = strrchr(path, '/');

		slash[slash == path] = '\0';
		fd = fs_open_without_links(path, O_PATH | O_DIRECTORY, &err);
		error_hint(&err, "mkdir -p %s", path);
	}
	if (fd < 0 && err.code == ELOOP)
		report_link(diagnostics, spec, path);
	else if (fd < 0 || machine_get()->check_trusted(path, &err) < 0)
		report(diagnostics, spec, err.hint, err.text);
}
