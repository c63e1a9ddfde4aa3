/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_place.c: where cgroups are, and who is in one; what all the others go by. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "base/process.h"

bool cgroup_list_has(const char *list, const char *controller)
{
	size_t length = strlen(controller);

	for (const char *item = list; *item;) {
		size_t span = strcspn(item, ",");

		if (span == length && strncmp(item, controller, length) == 0)
			return true;
		item += span + (item[span] == ',');
	}
	return false;
}

void cgroup_path(const struct cgroup_host *host, const char *name, const char *file,
		 char out[CGROUP_PATH_SIZE])
{
	snprintf(out, CGROUP_PATH_SIZE, "%s/%s%s%s", host->parent, name, file ? "/" : "",
		 file ? file : "");
}

char *cgroup_find_below(const struct cgroup_hierarchy *hierarchy, const char *path, pid_t pid)
{
	AUTO_TEXT struct text table = {0};
	char file[32], controller[128], wanted[CGROUP_PATH_SIZE + sizeof(hierarchy->root)];
	size_t length;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (fs_read_at(AT_FDCWD, file, 1u << 20, &table, NULL) < 0)
		return NULL;
	snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(hierarchy->controllers, ","),
		 hierarchy->controllers);
	length = (size_t)snprintf(wanted, sizeof(wanted), "%s/%s",
				  strcmp(hierarchy->root, "/") == 0 ? "" : hierarchy->root, path);
	/* Lines of ID:CONTROLLERS:PATH; those of v2 begin with "0::". */
	for (char *line = table.data, *next; line && *line; line = next) {
		char *list, *place;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		list = strchr(line, ':');
		place = list ? strchr(list + 1, ':') : NULL;
		if (!place)
			continue;
		*place++ = '\0';
		if (hierarchy->v2 ? list[1] != '\0' : !cgroup_list_has(list + 1, controller))
			continue;
		if (strncmp(place, wanted, length) != 0 ||
		    (place[length] != '\0' && place[length] != '/'))
			return NULL;
		return xstrdup(place[length] ? place + length + 1 : "");
	}
	return NULL;
}

bool cgroup_holds(const struct cgroup_hierarchy *hierarchy, const char *path, pid_t pid)
{
	AUTO_FREE char *rest = cgroup_find_below(hierarchy, path, pid);

	return rest != NULL;
}

uint64_t cgroup_deadline(int timeout_ms)
{
	return timeout_ms < 0 ? CGROUP_NO_DEADLINE : process_monotonic_ms() + (uint64_t)timeout_ms;
}

int cgroup_time_left(uint64_t deadline)
{
	uint64_t now = process_monotonic_ms();

	if (deadline == CGROUP_NO_DEADLINE)
		return -1;
	if (now >= deadline)
		return 0;
	return deadline - now > INT_MAX ? INT_MAX : (int)(deadline - now);
}
