/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_limits.c: limits written to the files of a cgroup, and read back. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/fs.h"

/* The files as they are written: only v2 has them. */
static void add_raw(const struct limits *limits, bool v2, struct cgroup_settings *out)
{
	for (size_t i = 0; i < limits->raw.count; i++) {
		const char *line = limits->raw.items[i];
		size_t length = strcspn(line, "=");
		AUTO_FREE char *file = xprintf("%.*s", (int)length, line);
		AUTO_FREE char *controller = xprintf("%.*s", (int)strcspn(line, "."), line);
		struct cgroup_setting *setting = cgroup_settings_add(
			out, "limits.raw", cgroup_controller(controller), file, line + length + 1,
			NULL);

		setting->form = SHOWN_FREELY;
		if (!v2)
			setting->refusal = "these are files of cgroup v2, but on this host the "
					   "controller is on v1";
	}
}

int cgroup_settings_make(const struct limits *limits, bool v2, struct cgroup_settings *out,
			 struct error *err)
{
	struct cgroup_setting *setting;
	char text[32] = "max";

	if (limits->pids != LIMIT_MAX)
		snprintf(text, sizeof(text), "%" PRIu64, limits->pids);
	setting = cgroup_settings_add(out, "limits.pids", "pids", "pids.max", text, NULL);
	setting->initial = limits->pids == LIMIT_MAX;
	if ((v2 ? cgroup_v2_settings(limits, out, err) : cgroup_v1_settings(limits, out, err)) < 0)
		return -1;
	add_raw(limits, v2, out);
	return 0;
}

/* Whether the controller is on in this cgroup, so that only the one file is missing. */
static bool has_controller(const struct cgroup_hierarchy *hierarchy, const char *path,
			   const char *controller)
{
	char file[CGROUP_PATH_SIZE + 32], line[1024], *position = NULL;

	if (!hierarchy->v2)
		return true;
	snprintf(file, sizeof(file), "%s/cgroup.controllers", path);
	if (fs_read_line_at(hierarchy->fd, file, line, sizeof(line), NULL) < 0)
		return false;
	for (char *name = strtok_r(line, " ", &position); name;
	     name = strtok_r(NULL, " ", &position))
		if (strcmp(name, controller) == 0)
			return true;
	return false;
}

/* The file is not there: is it the cgroup, the controller, or a part of the controller? */
static int explain_no_file(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			   const char *name, const struct cgroup_setting *setting, struct error *err)
{
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, NULL, path);
	if (!fs_exists_at(hierarchy->fd, path)) {
		error_set(err, ENOENT, "%s: cgroup %s", setting->key, path);
		return -1;
	}
	if (!has_controller(hierarchy, path, setting->controller))
		return cgroup_missing(host, setting->key, setting->controller, err);
	error_set(err, 0, "%s: the %s controller of cgroup %s has no file %s here", setting->key,
		  setting->controller, hierarchy->v2 ? "v2" : "v1", setting->file);
	if (strstr(setting->file, "swap") || strstr(setting->file, "memsw"))
		return error_hint(err, "boot with swapaccount=1; the kernel needs CONFIG_SWAP");
	if (strstr(setting->file, "weight"))
		return error_hint(err, "the kernel needs CONFIG_BLK_CGROUP_IOCOST or the I/O "
				       "scheduler bfq (CONFIG_BFQ_GROUP_IOSCHED)");
	if (strstr(setting->file, "throttle") || strcmp(setting->file, "io.max") == 0)
		return error_hint(err, "the kernel is built without CONFIG_BLK_DEV_THROTTLING");
	if (text_starts_with(setting->file, "cpu.cfs"))
		return error_hint(err, "the kernel is built without CONFIG_CFS_BANDWIDTH");
	return error_hint(err, "this kernel is too old or built without it");
}

static int explain_refusal(const struct cgroup_hierarchy *hierarchy,
			   const struct cgroup_setting *setting, const char *path, struct error *err)
{
	int code = errno;

	error_set(err, code, "%s: write \"%s\" to %s", setting->key, setting->value, path);
	if (code == EBUSY)
		return error_hint(err, "what runs there uses more, and the kernel cannot take it "
				       "back: choose a higher limit, or restart");
	if (code == ENODEV && setting->form == SHOWN_AS_LINE)
		return error_hint(err, "limits are for whole disks that exist, not for partitions");
	if (strcmp(setting->controller, "cpuset") == 0)
		return error_hint(err, "a cgroup above allows less than that, or the host has not "
				       "as many");
	if (code == EINVAL && !hierarchy->v2 && strstr(setting->file, "memsw"))
		return error_hint(err, "memory and swap together cannot be less than memory");
	if (code == EINVAL)
		return error_hint(err, "a cgroup above may allow less than that");
	return -1;
}

static int read_back(int fd, const struct cgroup_setting *setting, const char *path,
		     struct error *err)
{
	AUTO_TEXT struct text text = {0};
	const char *shown;

	if (lseek(fd, 0, SEEK_SET) < 0 || fs_read_fd(fd, CGROUP_FILE_MAX, &text, err) < 0)
		return error_wrap(err, "%s: read %s", setting->key, path);
	shown = text_value(&text);
	if (cgroup_setting_is_shown(setting, shown))
		return 0;
	return error_set(err, 0, "%s: %s should be \"%s\", but the kernel made it \"%.*s\"",
			 setting->key, path, setting->shown, (int)strcspn(shown, "\n"), shown);
}

/* A list of CPUs or nodes may be taken and yet not be in force: those above may have fewer. */
static int check_effective(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			   const char *name, const struct cgroup_setting *setting, struct error *err)
{
	char path[CGROUP_PATH_SIZE], file[64], shown[CGROUP_VALUE_SIZE];

	if (strcmp(setting->controller, "cpuset") != 0 || setting->initial)
		return 0;
	if (hierarchy->v2)
		snprintf(file, sizeof(file), "%.32s.effective", setting->file);
	else
		snprintf(file, sizeof(file), "cpuset.effective_%.16s",
			 setting->file + strlen("cpuset."));
	cgroup_path(host, name, file, path);
	if (fs_read_line_at(hierarchy->fd, path, shown, sizeof(shown), err) < 0)
		return error_wrap(err, "%s", setting->key);
	if (strcmp(shown, setting->shown) == 0)
		return 0;
	error_set(err, 0, "%s: of \"%s\" only \"%s\" is in force", setting->key, setting->shown,
		  shown);
	return error_hint(err, "a cgroup above allows no more, or they are offline");
}

int cgroup_setting_inherit(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			   struct cgroup_setting *setting, struct error *err)
{
	char above[CGROUP_PATH_SIZE + sizeof(setting->file)];

	snprintf(above, sizeof(above), "%s/%s%s", host->parent, setting->file,
		 hierarchy->v2 ? ".effective" : "");
	if (fs_read_line_at(hierarchy->fd, above, setting->value, sizeof(setting->value), err) < 0)
		return error_wrap(err, "%s", setting->key);
	memcpy(setting->shown, setting->value, sizeof(setting->shown));
	return 0;
}

static bool write_value(int fd, const struct cgroup_setting *setting)
{
	const char *value = setting->value[0] ? setting->value : "\n";

	return write(fd, value, strlen(value)) >= 0;
}

/* 1: it is in force; 0: the file is missing and something else may do; -1 */
static int apply(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		 const char *name, const struct cgroup_setting *setting, struct error *err)
{
	struct cgroup_setting inherited;
	char path[CGROUP_PATH_SIZE], above[CGROUP_PATH_SIZE];
	AUTO_FD int fd = -1;

	/* On v1 there is no word for "what the parent has". */
	if (!setting->value[0] && !hierarchy->v2) {
		inherited = *setting;
		snprintf(above, sizeof(above), "%s/%s", host->parent, setting->file);
		if (!fs_exists_at(hierarchy->fd, above))
			return 1;
		if (cgroup_setting_inherit(host, hierarchy, &inherited, err) < 0)
			return -1;
		setting = &inherited;
	}
	cgroup_path(host, name, setting->file, path);
	fd = openat(hierarchy->fd, path, O_RDWR | O_CLOEXEC);
	/* Where nothing can limit, nothing does: no limit is what one has anyway. */
	if (fd < 0 && errno == ENOENT && (setting->initial || setting->alternative))
		return setting->initial;
	if (fd < 0 && errno == ENOENT)
		return explain_no_file(host, hierarchy, name, setting, err);
	if (fd < 0)
		return error_set(err, errno, "%s: open %s", setting->key, path);
	/* On v2 there is one, which is not taken while a process is there. */
	if (!write_value(fd, setting)) {
		if (setting->value[0] || setting->form != SHOWN_ALONE || errno != ENOSPC)
			return explain_refusal(hierarchy, setting, path, err);
		inherited = *setting;
		if (cgroup_setting_inherit(host, hierarchy, &inherited, err) < 0)
			return -1;
		setting = &inherited;
		if (!write_value(fd, setting))
			return explain_refusal(hierarchy, setting, path, err);
	}
	if (read_back(fd, setting, path, err) < 0 ||
	    check_effective(host, hierarchy, name, setting, err) < 0)
		return -1;
	return 1;
}

/* Devices that were limited before and are not named any more. */
static int clear_devices(const struct cgroup_host *host, const char *name, struct error *err)
{
	static const char *const files[] = {
		"io.max",
		"blkio.throttle.read_bps_device",
		"blkio.throttle.write_bps_device",
		"blkio.throttle.read_iops_device",
		"blkio.throttle.write_iops_device",
	};
	const struct cgroup_hierarchy *hierarchy = cgroup_find(host, "io");

	for (size_t i = 0; hierarchy && i < ARRAY_SIZE(files); i++) {
		AUTO_TEXT struct text lines = {0};
		char path[CGROUP_PATH_SIZE], *position = NULL;

		cgroup_path(host, name, files[i], path);
		if (!fs_exists_at(hierarchy->fd, path))
			continue;
		if (fs_read_at(hierarchy->fd, path, CGROUP_FILE_MAX, &lines, err) < 0)
			return error_wrap(err, "limits.io");
		for (char *line = lines.data ? strtok_r(lines.data, "\n", &position) : NULL; line;
		     line = strtok_r(NULL, "\n", &position)) {
			AUTO_FREE char *nothing = xprintf(
				"%.*s %s", (int)strcspn(line, " "), line,
				hierarchy->v2 ? "rbps=max wbps=max riops=max wiops=max" : "0");

			if (fs_write_at(hierarchy->fd, path, nothing, err) < 0)
				return error_wrap(err, "limits.io");
		}
	}
	return 0;
}

static int apply_settings(const struct cgroup_host *host, const char *name,
			  const struct cgroup_settings *settings, bool v2, bool is_new,
			  struct error *err)
{
	bool before = false; /* the setting before this one is in force */

	for (size_t i = 0; i < settings->count; i++) {
		struct cgroup_setting setting = settings->items[i];
		const struct cgroup_hierarchy *hierarchy = cgroup_find(host, setting.controller);
		int done;

		if (!hierarchy && !setting.initial)
			return cgroup_missing(host, setting.key, setting.controller, err);
		if (!hierarchy || hierarchy->v2 != v2 || (is_new && setting.initial))
			continue;
		if (setting.refusal) {
			error_set(err, 0, "%s: %s", setting.key, setting.refusal);
			return error_hint(err, "leave it out, or boot with cgroup v2 alone");
		}
		/* The last one of several has to be there when none was so far. */
		if (setting.alternative && !before &&
		    (i + 1 == settings->count || !settings->items[i + 1].alternative))
			setting.alternative = false;
		done = apply(host, hierarchy, name, &setting, err);
		if (done < 0)
			return -1;
		before = done;
	}
	return 0;
}

int cgroup_apply_limits(const struct cgroup_host *host, const char *name,
			const struct limits *limits, bool is_new, struct error *err)
{
	AUTO(cgroup_settings_clear) struct cgroup_settings v1 = {0}, v2 = {0};

	if (cgroup_settings_make(limits, false, &v1, err) < 0 ||
	    cgroup_settings_make(limits, true, &v2, err) < 0)
		return -1;
	/* A limit may come to a controller that nothing needed so far. */
	if (host->count > 0 && host->hierarchies[0].v2 && cgroup_v2_enable(host, &v2, err) < 0)
		return -1;
	if (!is_new && clear_devices(host, name, err) < 0)
		return -1;
	/* A new cgroup starts without limits: there the values it has anyway need no write. */
	if (apply_settings(host, name, &v1, false, is_new, err) < 0 ||
	    apply_settings(host, name, &v2, true, is_new, err) < 0)
		return -1;
	return is_new && limits->memory_low == 0 ? 0 : cgroup_v2_sum_memory_low(host, true, err);
}
