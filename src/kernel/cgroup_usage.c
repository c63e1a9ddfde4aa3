/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_usage.c: what a cgroup uses, read from files that may stay open. */
#include "kernel/cgroup_internal.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"

/* io.stat has a line for each block device: this is some hundred of them. */
#define TEXT_SIZE (64 * 1024)

enum {
	FILE_PIDS,
	FILE_MEMORY,
	FILE_SWAP,
	FILE_MEMORY_EVENTS,
	FILE_THROTTLING,
	FILE_CPU,
	FILE_IO_BYTES,
	FILE_IO_OPERATIONS,
	FILE_PRESSURE, /* of cpu, memory and io */
	FILE_COUNT = FILE_PRESSURE + CGROUP_PRESSURE_COUNT,
};
_Static_assert(FILE_COUNT <= CGROUP_METER_FILES, "cgroup_meter has a place for each");

/* Where each stands; NULL: that version has none. */
static const struct {
	const char *controller; /* NULL: in the tree for tracking, which needs none */
	const char *v1, *v2;
} files[FILE_COUNT] = {
	[FILE_PIDS] = {"pids", "pids.current", "pids.current"},
	[FILE_MEMORY] = {"memory", "memory.usage_in_bytes", "memory.current"},
	[FILE_SWAP] = {"memory", "memory.memsw.usage_in_bytes", "memory.swap.current"},
	[FILE_MEMORY_EVENTS] = {"memory", "memory.oom_control", "memory.events"},
	[FILE_THROTTLING] = {"cpu", "cpu.stat", "cpu.stat"},
	[FILE_CPU] = {NULL, NULL, "cpu.stat"}, /* v1: of cpuacct, see file_of() */
	[FILE_IO_BYTES] = {"io", "blkio.throttle.io_service_bytes_recursive", "io.stat"},
	[FILE_IO_OPERATIONS] = {"io", "blkio.throttle.io_serviced_recursive", NULL},
	[FILE_PRESSURE + CGROUP_PRESSURE_CPU] = {NULL, NULL, "cpu.pressure"},
	[FILE_PRESSURE + CGROUP_PRESSURE_MEMORY] = {NULL, NULL, "memory.pressure"},
	[FILE_PRESSURE + CGROUP_PRESSURE_IO] = {NULL, NULL, "io.pressure"},
};

/* The hierarchy a file is in, and its name there; NULL: this host has none such. */
static const struct cgroup_hierarchy *file_of(const struct cgroup_host *host, int index,
					      const char **name)
{
	const struct cgroup_hierarchy *hierarchy = NULL;

	if (files[index].controller)
		hierarchy = cgroup_find(host, files[index].controller);
	else if (host->count > 0)
		hierarchy = &host->hierarchies[0];
	if (index == FILE_CPU && hierarchy && !hierarchy->v2) {
		*name = "cpuacct.usage";
		return cgroup_find(host, "cpuacct");
	}
	if (hierarchy)
		*name = hierarchy->v2 ? files[index].v2 : files[index].v1;
	return hierarchy && *name ? hierarchy : NULL;
}

int cgroup_meter_open(const struct cgroup_host *host, const char *name, struct cgroup_meter *meter,
		      struct error *err)
{
	*meter = (struct cgroup_meter){.v2 = 0};
	for (int i = 0; i < CGROUP_METER_FILES; i++)
		meter->fds[i] = -1;
	for (int i = 0; i < FILE_COUNT; i++) {
		const char *file = NULL;
		const struct cgroup_hierarchy *hierarchy = file_of(host, i, &file);
		char path[CGROUP_PATH_SIZE];

		if (!hierarchy)
			continue;
		cgroup_path(host, name, file, path);
		meter->fds[i] = openat(hierarchy->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		meter->v2 |= hierarchy->v2 ? 1u << i : 0;
		if (meter->fds[i] < 0 && (errno == EMFILE || errno == ENFILE)) {
			error_set(err, errno, "open %s", path);
			cgroup_meter_close(meter);
			return -1;
		}
	}
	return 0;
}

void cgroup_meter_close(struct cgroup_meter *meter)
{
	for (int i = 0; i < CGROUP_METER_FILES; i++)
		close_fd(&meter->fds[i]);
}

/* The whole of a file: "" when there is none, or its cgroup was removed. Valid until the next call. */
static const char *read_all(const struct cgroup_meter *meter, int index)
{
	static char text[TEXT_SIZE];
	size_t length = 0;
	ssize_t count = meter->fds[index] < 0 ? 0 : 1;

	while (count > 0 && length < sizeof(text) - 1) {
		count = pread(meter->fds[index], text + length, sizeof(text) - 1 - length,
			      (off_t)length);
		length += count > 0 ? (size_t)count : 0;
	}
	text[length] = '\0';
	return text;
}

static bool is_v2(const struct cgroup_meter *meter, int index)
{
	return meter->v2 & (1u << index);
}

static uint64_t to_number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	return end == text ? UINT64_MAX : value;
}

uint64_t cgroup_usage_find(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; *line;) {
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return to_number(line + length + 1);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return UINT64_MAX;
}

/* Adds to a sum that may be unknown yet. */
static void add(uint64_t *sum, uint64_t number)
{
	*sum = *sum == UINT64_MAX ? number : *sum + number;
}

void cgroup_usage_parse_io(const char *text, bool v2, uint64_t *read, uint64_t *written,
			   uint64_t *reads, uint64_t *writes)
{
	/* v2: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6"; v1: "8:0 Read 1" */
	const struct {
		const char *v1, *v2;
		uint64_t *sum;
	} words[] = {
		{"Read", "rbytes", read},
		{"Write", "wbytes", written},
		{NULL, "rios", reads},
		{NULL, "wios", writes},
	};

	*read = *written = 0;
	if (v2)
		*reads = *writes = 0;
	for (const char *word = text; *word; word += strspn(word, " \n")) {
		size_t length = strcspn(word, v2 ? "= \n" : " \n");

		for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
			const char *name = v2 ? words[i].v2 : words[i].v1;

			if (name && strlen(name) == length && strncmp(name, word, length) == 0 &&
			    (word[length] == '=' || word[length] == ' '))
				add(words[i].sum, to_number(word + length + 1));
		}
		word += strcspn(word, " \n");
	}
}

bool cgroup_usage_parse_pressure(const char *text, struct cgroup_pressure *pressure)
{
	double some = -1, full = -1;
	unsigned long long some_us = 0, full_us = 0;
	const char *line = strstr(text, "full ");

	if (sscanf(text, "some avg10=%lf avg60=%*f avg300=%*f total=%llu", &some, &some_us) != 2)
		return false;
	if (line)
		sscanf(line, "full avg10=%lf avg60=%*f avg300=%*f total=%llu", &full, &full_us);
	pressure->some = (uint64_t)(some * 100 + 0.5);
	pressure->some_us = some_us;
	pressure->full = full < 0 ? UINT64_MAX : (uint64_t)(full * 100 + 0.5);
	pressure->full_us = full < 0 ? UINT64_MAX : full_us;
	return true;
}

static void read_memory(const struct cgroup_meter *meter, struct cgroup_usage *usage)
{
	uint64_t swap = to_number(read_all(meter, FILE_SWAP));
	const char *events;

	usage->memory = to_number(read_all(meter, FILE_MEMORY));
	/* v1 counts memory and swap together. */
	if (!is_v2(meter, FILE_SWAP) && swap != UINT64_MAX && usage->memory != UINT64_MAX)
		swap = swap > usage->memory ? swap - usage->memory : 0;
	usage->swap = swap;
	events = read_all(meter, FILE_MEMORY_EVENTS);
	usage->oom_kills = cgroup_usage_find(events, "oom_kill");
	if (is_v2(meter, FILE_MEMORY_EVENTS))
		usage->high = cgroup_usage_find(events, "high");
}

static void read_cpu(const struct cgroup_meter *meter, struct cgroup_usage *usage)
{
	const char *stat = read_all(meter, FILE_THROTTLING);

	usage->periods = cgroup_usage_find(stat, "nr_periods");
	usage->throttled = cgroup_usage_find(stat, "nr_throttled");
	usage->throttled_us = cgroup_usage_find(stat, "throttled_usec");
	if (!is_v2(meter, FILE_THROTTLING)) {
		usage->throttled_us = cgroup_usage_find(stat, "throttled_time");
		if (usage->throttled_us != UINT64_MAX)
			usage->throttled_us /= 1000; /* nanoseconds */
	}
	stat = read_all(meter, FILE_CPU);
	if (is_v2(meter, FILE_CPU))
		usage->cpu_us = cgroup_usage_find(stat, "usage_usec");
	else if (*stat)
		usage->cpu_us = to_number(stat) / 1000; /* nanoseconds */
}

static void read_io(const struct cgroup_meter *meter, struct cgroup_usage *usage)
{
	uint64_t unused[2];

	if (meter->fds[FILE_IO_BYTES] >= 0)
		cgroup_usage_parse_io(read_all(meter, FILE_IO_BYTES), is_v2(meter, FILE_IO_BYTES),
				      &usage->read_bytes, &usage->written_bytes, &usage->reads,
				      &usage->writes);
	if (meter->fds[FILE_IO_OPERATIONS] >= 0)
		cgroup_usage_parse_io(read_all(meter, FILE_IO_OPERATIONS), false, &usage->reads,
				      &usage->writes, &unused[0], &unused[1]);
}

void cgroup_meter_read(const struct cgroup_meter *meter, struct cgroup_usage *usage)
{
	cgroup_usage_clear(usage);
	usage->pids = to_number(read_all(meter, FILE_PIDS));
	read_memory(meter, usage);
	read_cpu(meter, usage);
	read_io(meter, usage);
	for (int i = 0; i < CGROUP_PRESSURE_COUNT; i++)
		cgroup_usage_parse_pressure(read_all(meter, FILE_PRESSURE + i), &usage->pressure[i]);
}

void cgroup_usage_clear(struct cgroup_usage *usage)
{
	memset(usage, 0xff, sizeof(*usage)); /* all of it is numbers: UINT64_MAX */
}

void cgroup_read_usage(const struct cgroup_host *host, const char *name, struct cgroup_usage *usage)
{
	struct cgroup_meter meter;

	cgroup_usage_clear(usage);
	if (cgroup_meter_open(host, name, &meter, NULL) < 0)
		return;
	cgroup_meter_read(&meter, usage);
	cgroup_meter_close(&meter);
}

uint64_t cgroup_read_oom_kills(const struct cgroup_host *host, const char *name)
{
	const char *file = NULL;
	const struct cgroup_hierarchy *hierarchy = file_of(host, FILE_MEMORY_EVENTS, &file);
	AUTO_TEXT struct text events = {0};
	char path[CGROUP_PATH_SIZE];

	if (!hierarchy)
		return UINT64_MAX;
	cgroup_path(host, name, file, path);
	if (fs_read_at(hierarchy->fd, path, TEXT_SIZE, &events, NULL) < 0)
		return UINT64_MAX;
	return cgroup_usage_find(text_value(&events), "oom_kill");
}
