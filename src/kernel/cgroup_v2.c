/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_v2.c: what differs on v2: Documentation/admin-guide/cgroup-v2.rst. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/fs.h"

static void add_memory(const struct limits *limits, struct cgroup_settings *out)
{
	struct cgroup_setting *setting;

	setting = cgroup_settings_add_memory(out, "limits.memory", "memory.max", limits->memory,
					     "max", NULL);
	setting->initial = limits->memory == LIMIT_MAX;
	setting = cgroup_settings_add_memory(out, "limits.memory_high", "memory.high",
					     limits->memory_high, "max", NULL);
	setting->initial = limits->memory_high == LIMIT_MAX;
	setting = cgroup_settings_add_memory(out, "limits.memory_low", "memory.low",
					     limits->memory_low, "max", NULL);
	setting->initial = limits->memory_low == 0;
	setting = cgroup_settings_add_memory(out, "limits.swap", "memory.swap.max", limits->swap,
					     "max", NULL);
	setting->initial = limits->swap == LIMIT_MAX;
	setting = cgroup_settings_add(out, "limits.oom_group", "memory", "memory.oom.group",
				      limits->oom_group ? "1" : "0", NULL);
	setting->initial = !limits->oom_group;
}

static void add_cpu(const struct limits *limits, struct cgroup_settings *out)
{
	struct cgroup_setting *setting;
	char text[64];

	snprintf(text, sizeof(text), "max %d", CPU_PERIOD_US);
	if (limits->cpu_quota_us != LIMIT_MAX)
		snprintf(text, sizeof(text), "%" PRIu64 " %d", limits->cpu_quota_us, CPU_PERIOD_US);
	setting = cgroup_settings_add(out, "limits.cpus", "cpu", "cpu.max", text, NULL);
	setting->initial = limits->cpu_quota_us == LIMIT_MAX;
	snprintf(text, sizeof(text), "%u", limits->cpu_weight);
	setting = cgroup_settings_add(out, "limits.cpu_weight", "cpu", "cpu.weight", text, NULL);
	setting->initial = limits->cpu_weight == WEIGHT_DEFAULT;
	cgroup_settings_add_cpuset(out, limits);
}

static void add_rate(char *text, size_t size, const char *name, uint64_t rate)
{
	size_t length = strlen(text);

	if (rate == LIMIT_MAX)
		snprintf(text + length, size - length, " %s=max", name);
	else
		snprintf(text + length, size - length, " %s=%" PRIu64, name, rate);
}

static int add_io(const struct limits *limits, struct cgroup_settings *out, struct error *err)
{
	struct cgroup_setting *setting;
	char text[CGROUP_VALUE_SIZE];

	for (size_t i = 0; i < limits->io_count; i++) {
		const struct io_limit *io = &limits->io[i];

		if (cgroup_device_number(limits, i, text, err) < 0)
			return -1;
		add_rate(text, sizeof(text), "rbps", io->rbps);
		add_rate(text, sizeof(text), "wbps", io->wbps);
		add_rate(text, sizeof(text), "riops", io->riops);
		add_rate(text, sizeof(text), "wiops", io->wiops);
		setting = cgroup_settings_add(out, "limits.io", "io", "io.max", text, NULL);
		setting->form = SHOWN_AS_LINE;
	}
	/* The first is for the cost model of the kernel, the other for the scheduler bfq. */
	for (int bfq = 0; bfq <= 1; bfq++) {
		uint32_t weight = bfq ? cgroup_bfq_weight(limits->io_weight) : limits->io_weight;

		snprintf(text, sizeof(text), "default %u", weight);
		setting = cgroup_settings_add(out, "limits.io_weight", "io",
					      bfq ? "io.bfq.weight" : "io.weight", text, NULL);
		setting->form = SHOWN_AS_LINE;
		setting->initial = limits->io_weight == WEIGHT_DEFAULT;
		setting->alternative = true;
	}
	return 0;
}

int cgroup_v2_settings(const struct limits *limits, struct cgroup_settings *out, struct error *err)
{
	add_memory(limits, out);
	add_cpu(limits, out);
	return add_io(limits, out, err);
}

int cgroup_make_room(const struct cgroup_host *host, const char *name, const struct limits *limits,
		     struct error *err)
{
	const struct cgroup_hierarchy *memory = cgroup_find(host, "memory");
	char current[CGROUP_PATH_SIZE], high[CGROUP_PATH_SIZE], line[32], wanted[32];
	uint64_t used;

	if (!memory || !memory->v2 || limits->memory == LIMIT_MAX)
		return 0;
	cgroup_path(host, name, "memory.current", current);
	cgroup_path(host, name, "memory.high", high);
	if (!fs_exists_at(memory->fd, current))
		return 0; /* what is missing is told by who writes the limit */
	if (fs_read_line_at(memory->fd, current, line, sizeof(line), err) < 0)
		return error_wrap(err, "limits.memory");
	used = strtoull(line, NULL, 10);
	if (used <= limits->memory)
		return 0;
	/* Writing it reclaims before it returns; its own value is written with the other limits. */
	snprintf(wanted, sizeof(wanted), "%" PRIu64, limits->memory);
	if (fs_write_at(memory->fd, high, wanted, err) < 0 ||
	    fs_read_line_at(memory->fd, current, line, sizeof(line), err) < 0)
		return error_wrap(err, "limits.memory");
	used = strtoull(line, NULL, 10);
	if (used <= limits->memory)
		return 0;
	error_set(err, EBUSY, "limits.memory: %" PRIu64 " bytes are in use, and the kernel cannot take "
			      "them back", used);
	return error_hint(err, "choose a higher limit, or restart");
}

static const char *const controllers[] = {"pids", "memory", "cpu", "io", "cpuset", "hugetlb"};
#define LIMITING   3 /* the first ones are on for each container */
#define BIT(index) (1u << (index))

const char *cgroup_controller(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (strcmp(controllers[i], name) == 0)
			return controllers[i];
	return "";
}

/* Reads a space-separated list of controllers as a set of bits. */
static int read_set(int fd, const char *directory, const char *file, unsigned int *set,
		    struct error *err)
{
	char path[CGROUP_PATH_SIZE], line[1024], *position = NULL;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	if (fs_read_line_at(fd, path, line, sizeof(line), err) < 0)
		return -1;
	*set = 0;
	for (char *name = strtok_r(line, " ", &position); name;
	     name = strtok_r(NULL, " ", &position))
		for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++)
			if (strcmp(name, controllers[i]) == 0)
				*set |= BIT(i);
	return 0;
}

static int write_set(int fd, const char *directory, unsigned int set, struct error *err)
{
	char path[CGROUP_PATH_SIZE], line[128];
	size_t length = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++)
		if (set & BIT(i))
			length += (size_t)snprintf(line + length, sizeof(line) - length, "%s+%s",
						   length ? " " : "", controllers[i]);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", directory);
	return fs_write_at(fd, path, line, err);
}

/* Says why the kernel does not enable a controller; reason is that of the write. */
static int explain_refusal(const char *key, const char *controller, const struct error *reason,
			   struct error *err)
{
	cgroup_fail(err, reason);
	if (reason->code == EBUSY || reason->code == EOPNOTSUPP)
		error_hint(err, "there are processes in that cgroup itself, and v2 wants them in the "
				"leaves only: move them into a sub-cgroup first");
	if (reason->code == EINVAL)
		error_hint(err, "real-time processes outside the root cgroup may be in the way "
				"(CONFIG_RT_GROUP_SCHED)");
	return error_wrap(err, "%s: enable the %s controller", key, controller);
}

/* Enables what directory offers for its children; keys: what needs a controller, or NULL. */
static int enable_in(const struct cgroup_host *host, const char *directory, unsigned int wanted,
		     const char *const *keys, struct error *err)
{
	int fd = host->hierarchies[0].fd;
	unsigned int offered, enabled, missing;
	struct error reason;
	bool one_by_one;

	if (read_set(fd, directory, "cgroup.controllers", &offered, err) < 0 ||
	    read_set(fd, directory, "cgroup.subtree_control", &enabled, err) < 0)
		return -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++)
		if (keys[i] && !(offered & BIT(i)))
			return cgroup_missing(host, keys[i], controllers[i], err);
	missing = wanted & offered & ~enabled;
	if (missing == 0 || write_set(fd, directory, missing, &reason) == 0)
		return 0;
	/*
	 * All or nothing: one that refuses (cpu with real-time tasks) must not keep the others.
	 * But where processes are in the way nothing may be enabled: pids and cpu alone would
	 * succeed, and turn the place into a threaded one that can have no containers.
	 */
	one_by_one = reason.code != EBUSY && reason.code != EOPNOTSUPP;
	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (!(missing & BIT(i)) ||
		    (one_by_one && write_set(fd, directory, BIT(i), &reason) == 0))
			continue;
		if (keys[i])
			return explain_refusal(keys[i], controllers[i], &reason, err);
	}
	return 0;
}

int cgroup_v2_enable(const struct cgroup_host *host, const struct cgroup_settings *settings,
		     struct error *err)
{
	const char *keys[ARRAY_SIZE(controllers)] = {0};
	unsigned int ours = 0, needed = 0, enabled;
	char path[sizeof(host->parent)];

	for (unsigned int i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (cgroup_find(host, controllers[i]) != &host->hierarchies[0])
			continue; /* v1 has it */
		if (i < LIMITING)
			ours |= BIT(i);
		for (size_t j = 0; j < settings->count; j++) {
			const struct cgroup_setting *setting = &settings->items[j];

			if (!setting->initial && strcmp(setting->controller, controllers[i]) == 0)
				keys[i] = setting->key;
		}
		if (keys[i])
			needed |= BIT(i);
	}
	if ((ours | needed) == 0)
		return 0;
	if (read_set(host->hierarchies[0].fd, host->parent, "cgroup.subtree_control", &enabled,
		     err) < 0)
		return -1;
	if ((enabled & (ours | needed)) == (ours | needed))
		return 0;
	ours |= needed;
	if (enable_in(host, ".", ours, keys, err) < 0)
		return error_wrap(err, "cgroup root");
	memcpy(path, host->parent, sizeof(path));
	for (char *slash = path;; slash++) {
		char end;

		slash += strcspn(slash, "/");
		end = *slash;
		*slash = '\0';
		if (enable_in(host, path, ours, keys, err) < 0)
			return error_wrap(err, "cgroup %s", path);
		if (end == '\0')
			return 0;
		*slash = end;
	}
}

/* A number of memory.low; a cgroup that is gone, or has no such file, asks for nothing. */
static uint64_t read_memory_low(int fd, const char *directory, const char *name)
{
	AUTO_FREE char *path = xprintf("%s/%s/memory.low", directory, name);
	char line[64];

	if (fs_read_line_at(fd, path, line, sizeof(line), NULL) < 0)
		return 0;
	return strcmp(line, "max") == 0 ? LIMIT_MAX : strtoull(line, NULL, 10);
}

/* All that is promised to the cgroups in the directory. */
static int add_up_memory_low(int fd, const char *directory, uint64_t *sum, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	if (fs_list_at(fd, directory, &names, err) < 0)
		return -1;
	*sum = 0;
	for (size_t i = 0; i < names.count; i++) {
		uint64_t low = read_memory_low(fd, directory, names.items[i]);

		*sum = low > LIMIT_MAX - *sum ? LIMIT_MAX : *sum + low;
	}
	return 0;
}

int cgroup_v2_sum_memory_low(const struct cgroup_host *host, bool rises, struct error *err)
{
	const struct cgroup_hierarchy *hierarchy = cgroup_find(host, "memory");
	char path[CGROUP_PATH_SIZE], value[32];
	uint64_t sum, since;

	snprintf(path, sizeof(path), "%s/memory.low", host->parent);
	if (!hierarchy || !hierarchy->v2 || !fs_exists_at(hierarchy->fd, path))
		return 0;
	if (!rises && read_memory_low(hierarchy->fd, host->parent, ".") == 0)
		return 0;
	if (add_up_memory_low(hierarchy->fd, host->parent, &since, err) < 0)
		return -1;
	/* Another command may do the same: who writes last has to have seen what both promise. */
	do {
		sum = since;
		snprintf(value, sizeof(value), "%" PRIu64, sum);
		if (fs_write_at(hierarchy->fd, path, sum == LIMIT_MAX ? "max" : value, err) < 0)
			return error_wrap(err, "limits.memory_low");
		if (add_up_memory_low(hierarchy->fd, host->parent, &since, err) < 0)
			return -1;
	} while (since != sum);
	return 0;
}

/*
 * Reads a key of an open cgroup.events: 0 or 1. A cgroup that was removed meanwhile (ENODEV) is
 * neither populated nor frozen.
 */
static int read_event(int events_fd, const char *file, const char *key, struct error *err)
{
	char text[256];
	const char *found;
	ssize_t count = pread(events_fd, text, sizeof(text) - 1, 0);

	if (count < 0 && errno == ENODEV)
		return 0;
	if (count < 0)
		return error_set(err, errno, "read %s", file);
	text[count] = '\0';
	found = strstr(text, key);
	if (!found)
		return error_set(err, EPROTO, "no \"%s\" in %s", key, file);
	found += strlen(key);
	return strncmp(found, " 1", 2) == 0;
}

int cgroup_v2_wait_event(const struct cgroup_hierarchy *hierarchy, const char *path,
			 const char *key, bool wanted, uint64_t deadline, struct error *err)
{
	char file[CGROUP_PATH_SIZE];
	AUTO_FD int fd = -1;

	snprintf(file, sizeof(file), "%s/cgroup.events", path);
	fd = openat(hierarchy->fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_set(err, errno, "open %s", file);
	for (;;) {
		/* A change shows as POLLPRI; the file as such is always readable. */
		struct pollfd changed = {.fd = fd, .events = POLLPRI};
		int is = read_event(fd, file, key, err);
		int left = cgroup_time_left(deadline);

		if (is < 0)
			return -1;
		if (is == wanted)
			return 1;
		if (left == 0)
			return 0;
		if (poll(&changed, 1, left) < 0 && errno != EINTR)
			return error_set(err, errno, "poll %s", file);
	}
}
