/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_v1.c: what differs on v1: Documentation/admin-guide/cgroup-v1/. */
#include "kernel/cgroup_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"

/* What memory.limit_in_bytes shows where there is no limit: the kernel's PAGE_COUNTER_MAX. */
static uint64_t memory_unlimited(void)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return sizeof(long) == 8 ? (uint64_t)LONG_MAX / page * page : (uint64_t)LONG_MAX * page;
}

size_t cgroup_v1_settings(const struct limits *limits, struct cgroup_setting out[CGROUP_SETTING_MAX])
{
	struct cgroup_setting pids = {.key = "limits.pids",
				      .controller = "pids",
				      .file = "pids.max",
				      .value = "max",
				      .shown = "max"};
	struct cgroup_setting memory = {.key = "limits.memory",
					.controller = "memory",
					.file = "memory.limit_in_bytes",
					.value = "-1"};
	/* The period first: the kernel checks each quota against the period there is. */
	struct cgroup_setting period = {.key = "limits.cpus",
					.controller = "cpu",
					.file = "cpu.cfs_period_us",
					.initial = true};
	struct cgroup_setting quota = {.key = "limits.cpus",
				       .controller = "cpu",
				       .file = "cpu.cfs_quota_us",
				       .value = "-1",
				       .shown = "-1"};

	pids.initial = limits->pids == LIMIT_MAX;
	if (!pids.initial) {
		snprintf(pids.value, sizeof(pids.value), "%" PRIu64, limits->pids);
		memcpy(pids.shown, pids.value, sizeof(pids.shown));
	}
	memory.initial = limits->memory == LIMIT_MAX;
	if (!memory.initial)
		snprintf(memory.value, sizeof(memory.value), "%" PRIu64, limits->memory);
	snprintf(memory.shown, sizeof(memory.shown), "%" PRIu64,
		 memory.initial ? memory_unlimited() : cgroup_round_memory(limits->memory));
	snprintf(period.value, sizeof(period.value), "%d", CPU_PERIOD_US);
	memcpy(period.shown, period.value, sizeof(period.shown));
	quota.initial = limits->cpu_quota_us == LIMIT_MAX;
	if (!quota.initial) {
		snprintf(quota.value, sizeof(quota.value), "%" PRIu64, limits->cpu_quota_us);
		memcpy(quota.shown, quota.value, sizeof(quota.shown));
	}
	out[0] = pids;
	out[1] = memory;
	out[2] = period;
	out[3] = quota;
	return 4;
}

int cgroup_v1_inherit_cpuset(const struct cgroup_hierarchy *hierarchy, const char *path,
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
