/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_v1.c: what differs on v1: Documentation/admin-guide/cgroup-v1/. */
#include "kernel/cgroup_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* What memory.limit_in_bytes shows where there is no limit: the kernel's PAGE_COUNTER_MAX. */
static uint64_t memory_unlimited(void)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return sizeof(long) == 8 ? (uint64_t)LONG_MAX / page * page : (uint64_t)LONG_MAX * page;
}

static void add_memory(const struct limits *limits, struct cgroup_settings *out)
{
	struct cgroup_setting *setting;
	char none[32];
	uint64_t both = limits->memory + limits->swap;

	snprintf(none, sizeof(none), "%" PRIu64, memory_unlimited());
	/* Memory alone must never be above memory with swap, not even between two writes. */
	setting = cgroup_settings_add(out, "limits.swap", "memory", "memory.memsw.limit_in_bytes",
				      "-1", none);
	setting->initial = true;
	setting = cgroup_settings_add_memory(out, "limits.memory", "memory.limit_in_bytes",
					     limits->memory, "-1", none);
	setting->initial = limits->memory == LIMIT_MAX;
	if (limits->swap != LIMIT_MAX) {
		if (limits->memory == LIMIT_MAX || both < limits->memory)
			both = LIMIT_MAX;
		setting = cgroup_settings_add_memory(out, "limits.swap",
						     "memory.memsw.limit_in_bytes", both, "-1", none);
		if (limits->memory == LIMIT_MAX)
			setting->refusal = "the memory controller of cgroup v1 limits swap "
					   "only together with limits.memory";
	}
	setting = cgroup_settings_add_memory(out, "limits.memory_high",
					     "memory.soft_limit_in_bytes", limits->memory_high,
					     "-1", none);
	setting->initial = limits->memory_high == LIMIT_MAX;
	setting = cgroup_settings_add(out, "limits.memory_low", "memory", "memory.low", "", NULL);
	setting->initial = limits->memory_low == 0;
	if (!setting->initial)
		setting->refusal = "the memory controller of cgroup v1 cannot keep memory for a "
				   "container";
	setting = cgroup_settings_add(out, "limits.oom_group", "memory", "memory.oom.group", "",
				      NULL);
	setting->initial = !limits->oom_group;
	if (limits->oom_group)
		setting->refusal = "the memory controller of cgroup v1 cannot kill all together";
}

static void add_cpu(const struct limits *limits, struct cgroup_settings *out)
{
	struct cgroup_setting *setting;
	char text[32];
	uint32_t shares = (uint32_t)((uint64_t)limits->cpu_weight * 1024 / WEIGHT_DEFAULT);

	/* The period first: the kernel checks each quota against the period there is. */
	snprintf(text, sizeof(text), "%d", CPU_PERIOD_US);
	setting = cgroup_settings_add(out, "limits.cpus", "cpu", "cpu.cfs_period_us", text, NULL);
	setting->initial = true;
	snprintf(text, sizeof(text), "%" PRIu64, limits->cpu_quota_us);
	setting = cgroup_settings_add(out, "limits.cpus", "cpu", "cpu.cfs_quota_us",
				      limits->cpu_quota_us == LIMIT_MAX ? "-1" : text, NULL);
	setting->initial = limits->cpu_quota_us == LIMIT_MAX;
	snprintf(text, sizeof(text), "%u", shares);
	setting = cgroup_settings_add(out, "limits.cpu_weight", "cpu", "cpu.shares", text, NULL);
	setting->initial = limits->cpu_weight == WEIGHT_DEFAULT;
	cgroup_settings_add_cpuset(out, limits);
}

static int add_io(const struct limits *limits, struct cgroup_settings *out, struct error *err)
{
	struct cgroup_setting *setting;
	char text[64], device[32];

	for (size_t i = 0; i < limits->io_count; i++) {
		const struct io_limit *io = &limits->io[i];
		const struct {
			const char *file;
			uint64_t rate;
		} rates[] = {
			{"blkio.throttle.read_bps_device", io->rbps},
			{"blkio.throttle.write_bps_device", io->wbps},
			{"blkio.throttle.read_iops_device", io->riops},
			{"blkio.throttle.write_iops_device", io->wiops},
		};

		if (cgroup_device_number(limits, i, device, err) < 0)
			return -1;
		for (size_t j = 0; j < ARRAY_SIZE(rates); j++) {
			if (rates[j].rate == LIMIT_MAX)
				continue;
			snprintf(text, sizeof(text), "%s %" PRIu64, device, rates[j].rate);
			setting = cgroup_settings_add(out, "limits.io", "blkio", rates[j].file,
						      text, NULL);
			setting->form = SHOWN_AS_LINE;
		}
	}
	snprintf(text, sizeof(text), "%u", cgroup_bfq_weight(limits->io_weight));
	setting = cgroup_settings_add(out, "limits.io_weight", "blkio", "blkio.bfq.weight", text,
				      NULL);
	setting->initial = limits->io_weight == WEIGHT_DEFAULT;
	return 0;
}

int cgroup_v1_settings(const struct limits *limits, struct cgroup_settings *out, struct error *err)
{
	add_memory(limits, out);
	add_cpu(limits, out);
	return add_io(limits, out, err);
}
