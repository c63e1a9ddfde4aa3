/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_devices.c: the devices of security.devices as they are now. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/machine.h"
#include "config/validate.h"

static int report(struct diagnostics *diagnostics, const struct spec *spec, size_t index,
		  const char *hint, const char *message)
{
	AUTO_FREE char *key = xprintf("security.devices[%zu].path", index);

	return diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, key), hint,
			       "%s: %s", key, message);
}

static const char *hint_for(const char *path, int code)
{
	if (code == ENOENT && strcmp(path, "/dev/net/tun") == 0)
		return "the module tun makes it: modprobe tun";
	if (code == ENOENT)
		return "the driver that makes it may not be loaded";
	return NULL;
}

static int check_device(struct diagnostics *diagnostics, const struct spec *spec, size_t index,
			struct stat *st)
{
	const char *path = spec->security.devices[index].path;
	AUTO_FREE char *resolved = NULL, *text = NULL;
	struct error err;

	if (machine_get()->look_at(path, st, &err) < 0) {
		if (err.code != ELOOP)
			return report(diagnostics, spec, index, hint_for(path, err.code), err.text);
		resolved = realpath(path, NULL);
		text = resolved ? xprintf("it leads to %s: write that", resolved) : NULL;
		return report(diagnostics, spec, index, text, "there is a symbolic link in the path");
	}
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		return 0;
	text = xprintf("%s is not a device", path);
	return report(diagnostics, spec, index, "use mounts for files and directories", text);
}

/* Mounts are made later, on top of what is in /dev. */
static void check_mounts(struct diagnostics *diagnostics, const struct spec *spec, size_t index)
{
	const char *path = spec->security.devices[index].path;

	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *target = spec->mounts[i].target;
		AUTO_FREE char *message = NULL;

		if (!target ||
		    (!path_is_at_or_below(path, target) && !path_is_at_or_below(target, path)))
			continue;
		message = xprintf("mounts[%zu] on \"%s\" is in the way of %s", i, target, path);
		report(diagnostics, spec, index, NULL, message);
	}
}

void validate_devices(const struct spec *spec, struct diagnostics *diagnostics)
{
	const struct device *devices = spec->security.devices;
	struct stat found[DEVICES_MAX] = {0};

	for (size_t i = 0; i < spec->security.device_count; i++) {
		check_mounts(diagnostics, spec, i);
		if (check_device(diagnostics, spec, i, &found[i]) < 0)
			continue;
		for (size_t j = 0; j < i; j++) {
			AUTO_FREE char *message = NULL;

			if ((found[j].st_mode & S_IFMT) != (found[i].st_mode & S_IFMT) ||
			    found[j].st_rdev != found[i].st_rdev)
				continue;
			message = xprintf("%s and %s are the same device", devices[j].path,
					  devices[i].path);
			report(diagnostics, spec, i, NULL, message);
			break;
		}
	}
}
