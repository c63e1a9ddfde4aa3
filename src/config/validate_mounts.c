/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_mounts.c: the sources of mounts as they are now, and targets that hide each other. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "config/machine.h"
#include "config/validate.h"

static int report(struct diagnostics *diagnostics, const struct spec *spec, size_t index,
		  const char *member, const char *hint, const char *message)
{
	AUTO_FREE char *key = xprintf("mounts[%zu].%s", index, member);

	return diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, key), hint,
			       "%s: %s", key, message);
}

/* A mount on top of an earlier one, or of a directory above it, would hide that. */
static void check_order(struct diagnostics *diagnostics, const struct spec *spec, size_t index)
{
	const char *target = spec->mounts[index].target;

	for (size_t i = 0; i < index; i++) {
		const char *earlier = spec->mounts[i].target;
		AUTO_FREE char *message = NULL;

		if (!earlier || !path_is_at_or_below(earlier, target))
			continue;
		message = xprintf("\"%s\" hides \"%s\" of mounts[%zu]", target, earlier, i);
		report(diagnostics, spec, index, "target",
		       strcmp(earlier, target) == 0 ? NULL
						    : "they are mounted in order: write it first",
		       message);
		return;
	}
}

static int report_missing(struct diagnostics *diagnostics, const struct spec *spec, size_t index)
{
	const struct mount *mount = &spec->mounts[index];
	AUTO_FREE char *key = xprintf("mounts[%zu].source", index);

	return diagnostics_add(diagnostics, mount->optional ? SEVERITY_WARNING : SEVERITY_ERROR,
			       origin_find(&spec->origins, key),
			       mount->optional ? NULL : "make it, or write optional = true;",
			       "%s: %s: %s%s", key, mount->source, strerror(ENOENT),
			       mount->optional ? ", so it is not mounted" : "");
}

static int report_link(struct diagnostics *diagnostics, const struct spec *spec, size_t index)
{
	const char *source = spec->mounts[index].source;
	AUTO_FREE char *resolved = realpath(source, NULL);
	AUTO_FREE char *hint = resolved ? xprintf("it leads to %s: write that", resolved) : NULL;
	AUTO_FREE char *message = xprintf("there is a symbolic link in %s", source);

	return report(diagnostics, spec, index, "source", hint, message);
}

/* What volume_open() will find: no symlink on the way, and above it nothing that others may change. */
static int check_source(struct diagnostics *diagnostics, const struct spec *spec, size_t index)
{
	const char *source = spec->mounts[index].source;
	AUTO_FD int fd = -1;
	AUTO_FREE char *parent = xstrdup(source);
	char *slash = strrchr(parent, '/');
	struct error err;
	struct stat st;

	fd = fs_open_without_links(source, O_PATH, &err);
	if (fd < 0 && err.code == ENOENT)
		return report_missing(diagnostics, spec, index);
	if (fd < 0 && err.code == ELOOP)
		return report_link(diagnostics, spec, index);
	if (fd < 0 || fstat(fd, &st) < 0)
		return report(diagnostics, spec, index, "source", NULL, err.text);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return report(diagnostics, spec, index, "source",
			      "write it into security.devices",
			      "a device cannot be mounted into a container");
	slash[slash == parent] = '\0';
	if (machine_get()->check_trusted(parent, &err) < 0)
		return report(diagnostics, spec, index, "source", err.hint, err.text);
	return 0;
}

void validate_mounts(const struct spec *spec, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		if (!spec->mounts[i].target)
			continue;
		check_order(diagnostics, spec, i);
		if (spec->mounts[i].type == MOUNT_BIND)
			check_source(diagnostics, spec, i);
	}
}
