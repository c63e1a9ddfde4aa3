/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_settings.c: values for the files of a cgroup, as v1 and v2 make them of limits. */
#include "kernel/cgroup_internal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/text.h"

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

uint32_t cgroup_bfq_weight(uint32_t weight)
{
	return weight <= 100 ? weight : 100 + (weight - 100) * 900 / 9900;
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
		return !setting->shown[0] || text_has_line(shown, setting->shown);
	case SHOWN_FREELY:
		return raw_is_shown(shown, setting->value);
	}
	return false;
}
