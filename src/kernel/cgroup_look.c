/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_look.c: what the files of a cgroup say, beside what its limits want. */
#include "kernel/cgroup_internal.h"

#include <limits.h>
#include <string.h>

#include "base/fs.h"

/* Where a hierarchy is mounted. */
static char *find_mount_point(const struct cgroup_hierarchy *hierarchy)
{
	char path[PATH_MAX];

	return fs_path_of(hierarchy->fd, path) < 0 ? NULL : xstrdup(path);
}

char *cgroup_find_path(const struct cgroup_host *host, const char *name, const char *controller,
		       bool *v2)
{
	const struct cgroup_hierarchy *hierarchy = cgroup_find(host, controller);
	AUTO_FREE char *mount_point = hierarchy ? find_mount_point(hierarchy) : NULL;
	char path[CGROUP_PATH_SIZE];

	if (!mount_point)
		return NULL;
	cgroup_path(host, name, NULL, path);
	*v2 = hierarchy->v2;
	return xprintf("%s/%s", mount_point, path);
}

/* Of a file with a line for each device the one that the setting is about. */
static char *find_line(const struct cgroup_setting *setting, const char *text)
{
	const size_t length = strcspn(setting->shown, " ");

	if (setting->form == SHOWN_AS_LINE)
		for (const char *line = text; *line;
		     line += strcspn(line, "\n"), line += *line == '\n')
			if (strncmp(line, setting->shown, length) == 0 && line[length] == ' ')
				return xprintf("%.*s", (int)strcspn(line, "\n"), line);
	return xprintf("%.*s", (int)strcspn(text, "\n"), text);
}

/* "" of a list of CPUs: on v1, that of the parent; on v2, where there is one, as well. */
static int find_inherited(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
			  const char *shown, struct cgroup_setting *setting, struct error *err)
{
	if (setting->value[0] || setting->form != SHOWN_ALONE ||
	    (hierarchy->v2 && strcspn(shown, "\n") == 0))
		return 0;
	return cgroup_setting_inherit(host, hierarchy, setting, err);
}

static int look(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		const char *name, struct cgroup_setting setting,
		void (*visit)(const struct cgroup_limit *limit, void *data), void *data,
		struct error *err)
{
	AUTO_FREE char *mount_point = find_mount_point(hierarchy), *full = NULL, *line = NULL;
	struct cgroup_limit limit = {.v2 = hierarchy->v2, .wanted = setting.shown};
	AUTO_TEXT struct text text = {0};
	char path[CGROUP_PATH_SIZE];

	cgroup_path(host, name, setting.file, path);
	full = xprintf("%s/%s", mount_point ?: "", path);
	limit.path = full;
	if (!fs_exists_at(hierarchy->fd, path)) {
		/* Another file may have it, or no cgroup was made where nothing is limited. */
		if (setting.alternative)
			return 0;
		limit.same = setting.initial;
		visit(&limit, data);
		return 0;
	}
	if (fs_read_at(hierarchy->fd, path, CGROUP_FILE_MAX, &text, err) < 0 ||
	    find_inherited(host, hierarchy, text_value(&text), &setting, err) < 0)
		return -1;
	line = find_line(&setting, text_value(&text));
	limit.now = line;
	limit.same = cgroup_setting_is_shown(&setting, text_value(&text));
	visit(&limit, data);
	return 0;
}

int cgroup_look_at_limit(const struct cgroup_host *host, const char *name,
			 const struct limits *limits, const char *key,
			 void (*visit)(const struct cgroup_limit *limit, void *data), void *data,
			 struct error *err)
{
	for (int v2 = 0; v2 <= 1; v2++) {
		AUTO(cgroup_settings_clear) struct cgroup_settings settings = {0};

		if (cgroup_settings_make(limits, v2, &settings, err) < 0)
			return -1;
		for (size_t i = 0; i < settings.count; i++) {
			const struct cgroup_setting *setting = &settings.items[i];
			const struct cgroup_hierarchy *hierarchy =
				cgroup_find(host, setting->controller);

			if (strcmp(setting->key, key) == 0 && hierarchy && !setting->refusal &&
			    hierarchy->v2 == (bool)v2 &&
			    look(host, hierarchy, name, *setting, visit, data, err) < 0)
				return -1;
		}
	}
	return 0;
}
