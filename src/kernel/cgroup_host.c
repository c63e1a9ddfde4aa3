/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_host.c: which cgroup hierarchies this host has, and PARENT in them. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/fs.h"
#include "kernel/mount_table.h"

#define DEFAULT_MOUNT_POINT "/sys/fs/cgroup"
#define MARK                "trusted.cman" /* extended attribute of what we made above PARENT */

const struct cgroup_hierarchy *cgroup_find(const struct cgroup_host *host, const char *controller)
{
	const struct cgroup_hierarchy *v2 = NULL;

	/* The one that has changed its name. */
	if (strcmp(controller, "io") == 0)
		controller = "blkio";
	for (int i = 0; i < host->count; i++) {
		if (host->hierarchies[i].v2)
			v2 = &host->hierarchies[i];
		else if (cgroup_list_has(host->hierarchies[i].controllers, controller))
			return &host->hierarchies[i];
	}
	return v2;
}

/* What a v2 tree does without a controller, and v1 with one. */
static bool v2_does(const char *controllers)
{
	return strcmp(controllers, "cpuacct") == 0 || strcmp(controllers, "freezer") == 0;
}

/* The controllers of a v1 mount that cman has a use for, among its other mount options. */
static void pick_controllers(const char *options, bool have_v2, char *out, size_t size,
			     bool *optional)
{
	/*
	 * v2 counts CPU time and freezes without a controller; v1 does not. devices holds who may
	 * open what.
	 * Named hierarchies belong to a service manager, which kills what it finds in its own part.
	 */
	static const char *const used[] = {"pids",    "memory",  "cpu",    "devices",
					   "freezer", "cpuacct", "cpuset", "blkio"};
	size_t always = 6; /* the first ones; of the others only what has limits is in it */
	bool useful = false;

	*out = '\0';
	for (const char *item = options; *item;) {
		int span = (int)strcspn(item, ",");
		size_t length = strlen(out);
		bool named = text_starts_with(item, "name="), wanted = named;

		for (size_t i = 0; i < ARRAY_SIZE(used); i++)
			wanted = wanted || ((size_t)span == strlen(used[i]) &&
					    strncmp(item, used[i], (size_t)span) == 0);
		if (wanted)
			snprintf(out + length, size - length, "%s%.*s", length ? "," : "", span,
				 item);
		item += span + (item[span] == ',');
	}
	for (size_t i = 0; i < always; i++)
		if (cgroup_list_has(out, used[i]) && !(have_v2 && v2_does(used[i])))
			useful = true;
	*optional = !useful && !strstr(out, "name=");
	if (*optional && have_v2 && v2_does(out))
		*out = '\0';
}

static bool is_known(const struct cgroup_host *host, bool v2, const char *controllers)
{
	for (int i = 0; i < host->count; i++)
		if (host->hierarchies[i].v2 == v2 &&
		    strcmp(host->hierarchies[i].controllers, controllers) == 0)
			return true;
	return false;
}

/* Takes the mount when it is of the wanted version, of use and what one sees at its place. */
static void consider_mount(struct cgroup_host *host, const struct mount_line *mount, bool v2)
{
	struct cgroup_hierarchy *hierarchy = &host->hierarchies[host->count];
	AUTO_FD int fd = -1;
	struct stat st;

	if (host->count == CGROUP_HIERARCHY_MAX ||
	    strcmp(mount->type, v2 ? "cgroup2" : "cgroup") != 0 ||
	    strlen(mount->root) >= sizeof(hierarchy->root))
		return;
	hierarchy->controllers[0] = '\0';
	hierarchy->optional = false;
	if (!v2) {
		pick_controllers(mount->options, host->count > 0 && host->hierarchies[0].v2,
				 hierarchy->controllers, sizeof(hierarchy->controllers),
				 &hierarchy->optional);
		if (!hierarchy->controllers[0])
			return;
	}
	if (is_known(host, v2, hierarchy->controllers))
		return;
	/* Another mount may cover this one: the device number tells which one is seen. */
	fd = open(mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev != mount->device)
		return;
	hierarchy->v2 = v2;
	snprintf(hierarchy->root, sizeof(hierarchy->root), "%s", mount->root);
	hierarchy->fd = take_fd(&fd);
	host->count++;
}

static int find_hierarchies(struct cgroup_host *host, struct error *err)
{
	AUTO_TEXT struct text table = {0}, line = {0};
	struct mount_line mount;

	if (mount_table_read(0, &table, err) < 0)
		return -1;
	/* v2 first: it is what we track by, and what is needed of v1 depends on it. */
	for (int v2 = 1; v2 >= 0; v2--) {
		const char *rest = text_value(&table);

		while (mount_table_next(&rest, "cgroup", &line, &mount))
			consider_mount(host, &mount, v2);
	}
	return 0;
}

/*
 * Without a v2 tree the hierarchy with pids comes first: it can stop forks while we kill. Where
 * there is none, one that each container is in.
 */
static void order_hierarchies(struct cgroup_host *host)
{
	int best = 0;

	if (host->count == 0 || host->hierarchies[0].v2)
		return;
	for (int i = host->count - 1; i >= 0; i--)
		if (!host->hierarchies[i].optional)
			best = i;
	for (int i = 0; i < host->count; i++)
		if (cgroup_list_has(host->hierarchies[i].controllers, "pids"))
			best = i;
	if (best != 0) {
		struct cgroup_hierarchy first = host->hierarchies[0];

		host->hierarchies[0] = host->hierarchies[best];
		host->hierarchies[best] = first;
	}
}

/* An init without service management mounts nothing. */
static int mount_v2(struct cgroup_host *host, struct error *err)
{
	if (mount("cgroup2", DEFAULT_MOUNT_POINT, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "nsdelegate") < 0) {
		error_set(err, errno, "no cgroup file system is mounted; mount cgroup2 on %s",
			  DEFAULT_MOUNT_POINT);
		if (err && err->code == ENOENT)
			error_hint(err, "mount sysfs on /sys first");
		return error_hint(err, "the kernel needs CONFIG_CGROUPS, and the caller "
				       "CAP_SYS_ADMIN");
	}
	return find_hierarchies(host, err);
}

/* Whether there is what the admin insists on; and whether limits go to v2 alone. */
static int check_version(struct cgroup_host *host, enum cgroup_version version, struct error *err)
{
	static const char *const limiting[] = {"pids", "memory", "cpu"};
	char on_v1[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(limiting); i++) {
		const struct cgroup_hierarchy *hierarchy = cgroup_find(host, limiting[i]);
		size_t length = strlen(on_v1);

		if (hierarchy && !hierarchy->v2)
			snprintf(on_v1 + length, sizeof(on_v1) - length, "%s%s", length ? ", " : "",
				 limiting[i]);
	}
	host->unified = on_v1[0] == '\0';
	if (version == CGROUP_V1 && host->unified) {
		error_set(err, 0,
			  "cgroup.version is 1, but no v1 hierarchy of this host has pids, "
			  "memory or cpu");
		return error_hint(err, "set cgroup.version = \"auto\", or boot with "
				       "systemd.unified_cgroup_hierarchy=0");
	}
	if (version == CGROUP_V2 && !host->unified) {
		error_set(err, 0,
			  "cgroup.version is 2, but on this host v1 hierarchies have "
			  "the controllers: %s",
			  on_v1);
		return error_hint(err, "set cgroup.version = \"auto\", or boot with "
				       "systemd.unified_cgroup_hierarchy=1");
	}
	return 0;
}

/* PARENT goes into paths: nothing in it may lead upwards. */
static int set_parent(struct cgroup_host *host, const char *parent, struct error *err)
{
	if (strlen(parent) >= sizeof(host->parent))
		return error_set(err, ENAMETOOLONG, "cgroup.parent");
	for (const char *part = parent;;) {
		size_t span = strcspn(part, "/");

		if (span == 0 || span > 255 || part[0] == '.') {
			error_set(err, EINVAL, "cgroup.parent \"%s\"", parent);
			return error_hint(err, "write a relative path like \"cman\", no part of "
					       "which is empty or begins with a dot");
		}
		if (part[span] == '\0')
			break;
		part += span + 1;
	}
	snprintf(host->parent, sizeof(host->parent), "%s", parent);
	return 0;
}

int cgroup_host_open(struct cgroup_host *host, enum cgroup_version version, const char *parent,
		     struct error *err)
{
	host->count = 0;
	if (set_parent(host, parent, err) < 0)
		return -1;
	if (find_hierarchies(host, err) < 0)
		goto fail;
	if (host->count == 0 && version != CGROUP_V1 && mount_v2(host, err) < 0)
		goto fail;
	order_hierarchies(host);
	if (check_version(host, version, err) < 0)
		goto fail;
	return 0;
fail:
	cgroup_host_close(host);
	return -1;
}

void cgroup_host_close(struct cgroup_host *host)
{
	for (int i = 0; i < host->count; i++)
		close_fd(&host->hierarchies[i].fd);
	host->count = 0;
}

/* What /proc/cgroups says of a controller: 1 on, 0 switched off, -1 not built in. */
static int kernel_has(const char *controller)
{
	AUTO_TEXT struct text table = {0};
	char name[64];
	int enabled;

	if (strcmp(controller, "io") == 0)
		controller = "blkio";
	if (fs_read_at(AT_FDCWD, "/proc/cgroups", 65536, &table, NULL) < 0)
		return -1;
	for (const char *line = text_value(&table); *line;) {
		if (sscanf(line, "%63s %*d %*d %d", name, &enabled) == 2 &&
		    strcmp(name, controller) == 0)
			return enabled;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return -1;
}

static const char *build_option(const char *controller)
{
	static const char *const options[][2] = {
		{"memory", "CONFIG_MEMCG"},     {"pids", "CONFIG_CGROUP_PIDS"},
		{"cpu", "CONFIG_CFS_BANDWIDTH"}, {"cpuset", "CONFIG_CPUSETS"},
		{"io", "CONFIG_BLK_CGROUP"},    {"blkio", "CONFIG_BLK_CGROUP"},
		{"hugetlb", "CONFIG_CGROUP_HUGETLB"}, {"devices", "CONFIG_CGROUP_DEVICE"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i][0], controller) == 0)
			return options[i][1];
	return "that controller";
}

int cgroup_missing(const struct cgroup_host *host, const char *key, const char *controller,
		   struct error *err)
{
	bool have_v2 = host->count > 0 && host->hierarchies[0].v2;

	error_set(err, 0, "%s: this host offers no %s controller, neither on cgroup v1 nor on v2",
		  key, controller);
	switch (kernel_has(controller)) {
	case 0:
		return error_hint(err,
				  "the kernel has it switched off: boot with cgroup_enable=%s, "
				  "without cgroup_disable=%s",
				  controller, controller);
	case 1:
		if (have_v2)
			return error_hint(err, "the kernel has it, but the v2 tree's "
					       "cgroup.controllers does not list it: free it from "
					       "v1, or have it delegated to this container");
		return error_hint(err,
				  "mount it: mkdir %s/%s && mount -t cgroup -o %s cgroup "
				  "%s/%s",
				  DEFAULT_MOUNT_POINT, controller, controller, DEFAULT_MOUNT_POINT,
				  controller);
	default:
		if (strcmp(key, "limits.pids") == 0) /* left out there is a limit as well */
			return error_hint(err, "the kernel has to be built with %s, or set %s = "
					       "\"max\"",
					  build_option(controller), key);
		return error_hint(err, "the kernel has to be built with %s, or leave %s out",
				  build_option(controller), key);
	}
}

static void mark_path(const struct cgroup_hierarchy *hierarchy, const char *path,
		      char out[CGROUP_PATH_SIZE])
{
	/* There are no *at() calls for extended attributes. */
	snprintf(out, CGROUP_PATH_SIZE, "/proc/self/fd/%d/%s", hierarchy->fd, path);
}

int cgroup_make_directory(const struct cgroup_hierarchy *hierarchy, const char *path)
{
	if (mkdirat(hierarchy->fd, path, 0755) < 0)
		return -1;
	/* ENOENT: another clean-up took it away again. */
	return fchmodat(hierarchy->fd, path, 0755, 0) < 0 ? -1 : 0;
}

int cgroup_inherit_cpuset(const struct cgroup_hierarchy *hierarchy, const char *path,
			  struct error *err)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

	if (!cgroup_list_has(hierarchy->controllers, "cpuset"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char own[CGROUP_PATH_SIZE], above[CGROUP_PATH_SIZE], value[1024];
		const char *slash = strrchr(path, '/');

		snprintf(own, sizeof(own), "%s/%s", path, files[i]);
		snprintf(above, sizeof(above), "%.*s%s%s", slash ? (int)(slash - path) : 0, path,
			 slash ? "/" : "", files[i]);
		if (fs_read_line_at(hierarchy->fd, own, value, sizeof(value), err) < 0)
			return -1;
		if (value[0])
			continue;
		if (fs_read_line_at(hierarchy->fd, above, value, sizeof(value), err) < 0 ||
		    fs_write_at(hierarchy->fd, own, value, err) < 0)
			return -1;
	}
	return 0;
}

int cgroup_make_parent(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy,
		       struct error *err)
{
	char path[sizeof(host->parent)], marked[CGROUP_PATH_SIZE];

	memcpy(path, host->parent, sizeof(path));
	for (char *slash = path;; slash++) {
		char end;

		slash += strcspn(slash, "/");
		end = *slash;
		*slash = '\0';
		if (cgroup_make_directory(hierarchy, path) == 0) {
			mark_path(hierarchy, path, marked);
			/*
			 * PARENT is ours by its name; what is above may be anybody's. ENOENT:
			 * another clean-up took it away again, and our caller retries.
			 */
			if (end && setxattr(marked, MARK, "1", 1, 0) < 0 && errno != ENOENT)
				return error_set(err, errno, "mark cgroup %s", path);
		} else if (errno == ENOENT) {
			return 0;
		} else if (errno != EEXIST) {
			error_set(err, errno, "make cgroup %s", path);
			if (err && err->code == EROFS)
				error_hint(err, "the cgroup file system is mounted read-only here");
			return -1;
		}
		if (end == '\0')
			return hierarchy->v2 ? 0 : cgroup_inherit_cpuset(hierarchy, path, err);
		if (!hierarchy->v2 && cgroup_inherit_cpuset(hierarchy, path, err) < 0)
			return -1;
		*slash = end;
	}
}

bool cgroup_unmake_parent(const struct cgroup_host *host, const struct cgroup_hierarchy *hierarchy)
{
	char path[sizeof(host->parent)], marked[CGROUP_PATH_SIZE], value[8], *slash;
	bool in_use = false;

	memcpy(path, host->parent, sizeof(path));
	do {
		mark_path(hierarchy, path, marked);
		if (strcmp(path, host->parent) != 0 &&
		    getxattr(marked, MARK, value, sizeof(value)) < 0 && errno != ENOENT)
			break;
		if (unlinkat(hierarchy->fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT) {
			in_use = strcmp(path, host->parent) == 0;
			break;
		}
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return !in_use;
}
