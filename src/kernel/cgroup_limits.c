/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_limits.c: limits written to the files of a cgroup, and read back. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fs.h"

struct cgroup_setting *cgroup_settings_add(struct cgroup_settings *settings, const char *key,
					   const char *controller, const char *file,
					   const char *value, const char *shown)
{
	struct cgroup_setting *setting;

	settings->items = xrealloc(settings->items, settings->count + 1, sizeof(*settings->items));
	setting = &settings->items[settings->count++];
	*setting = (struct cgroup_setting){.key = key, .controller = controller};
	snprintf(setting->file, sizeof(setting->file), "%s", file);
	snprintf(setting->value, sizeof(setting->value), "%s", value);
	snprintf(setting->shown, sizeof(setting->shown), "%s", shown ? shown : value);
	return setting;
}

static uint64_t round_memory(uint64_t bytes)
{
	return bytes - bytes % (uint64_t)sysconf(_SC_PAGESIZE);
}

struct cgroup_setting *cgroup_settings_add_memory(struct cgroup_settings *settings, const char *key,
						  const char *file, uint64_t bytes,
						  const char *none, const char *none_shown)
{
	char value[32], shown[32];

	if (bytes == LIMIT_MAX)
		return cgroup_settings_add(settings, key, "memory", file, none, none_shown);
	snprintf(value, sizeof(value), "%" PRIu64, bytes);
	snprintf(shown, sizeof(shown), "%" PRIu64, round_memory(bytes));
	return cgroup_settings_add(settings, key, "memory", file, value, shown);
}

void cgroup_settings_add_cpuset(struct cgroup_settings *settings, const struct limits *limits)
{
	struct cgroup_setting *setting;

	setting = cgroup_settings_add(settings, "limits.cpuset", "cpuset", "cpuset.cpus",
				      limits->cpuset ? limits->cpuset : "", NULL);
	setting->initial = !limits->cpuset;
	setting = cgroup_settings_add(settings, "limits.mems", "cpuset", "cpuset.mems",
				      limits->mems ? limits->mems : "", NULL);
	setting->initial = !limits->mems;
}

void cgroup_settings_clear(struct cgroup_settings *settings)
{
	free(settings->items);
	*settings = (struct cgroup_settings){0};
}

static int find_device(const char *device, char out[32], struct error *err)
{
	struct stat st;
	unsigned int numbers[2];

	if (sscanf(device, "%u:%u", &numbers[0], &numbers[1]) == 2) {
		snprintf(out, 32, "%u:%u", numbers[0], numbers[1]);
		return 0;
	}
	if (stat(device, &st) < 0)
		return error_set(err, errno, "limits.io: %s", device);
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ENOTBLK, "limits.io: %s", device);
	snprintf(out, 32, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	return 0;
}

int cgroup_device_number(const struct limits *limits, size_t index, char out[32], struct error *err)
{
	char other[32];

	if (find_device(limits->io[index].device, out, err) < 0)
		return -1;
	for (size_t i = 0; i < index; i++)
		if (find_device(limits->io[i].device, other, NULL) == 0 && strcmp(other, out) == 0)
			return error_set(err, 0, "limits.io: %s and %s are the same device, %s",
					 limits->io[i].device, limits->io[index].device, out);
	return 0;
}

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

static bool has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, line, length) == 0 &&
		    (text[length] == '\n' || text[length] == '\0'))
			return true;
	return false;
}

/* What a file of limits.raw means is not known here: a number may have been rounded to pages. */
static bool raw_is_shown(const char *shown, const char *value)
{
	size_t length = strcspn(shown, "\n");
	char *end, rounded[32];
	uint64_t number = strtoull(value, &end, 10);

	if (strncmp(shown, value, length) == 0 && value[length] == '\0')
		return true;
	if (*end == '\0' && *value) {
		snprintf(rounded, sizeof(rounded), "%" PRIu64, round_memory(number));
		return strncmp(shown, rounded, length) == 0 && rounded[length] == '\0';
	}
	/* Several words in or out: the kernel adds what was not said. */
	return strpbrk(value, " =") || memchr(shown, ' ', length) || shown[length] == '\n';
}

bool cgroup_setting_is_shown(const struct cgroup_setting *setting, const char *shown)
{
	const size_t length = strcspn(shown, "\n");

	switch (setting->form) {
	case SHOWN_ALONE:
		return strlen(setting->shown) == length &&
		       strncmp(shown, setting->shown, length) == 0;
	case SHOWN_AS_LINE:
		return !setting->shown[0] || has_line(shown, setting->shown);
	case SHOWN_FREELY:
		return raw_is_shown(shown, setting->value);
	}
	return false;
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
