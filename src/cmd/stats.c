/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman stats */
#include <inttypes.h>
#include <math.h>
#include <poll.h>

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/stats.h"

/* Between the two looks: long enough for a percentage of what is counted in microseconds. */
#define INTERVAL_MS 250

static const char *const pressure_names[CGROUP_PRESSURE_COUNT] = {"cpu", "memory", "io"};

/* ---- for people ---- */

/* The last of them is overwritten by the ninth call. */
static const char *take_buffer(char **buffer, size_t *size)
{
	static char buffers[8][48];
	static unsigned int next;

	*buffer = buffers[next++ % ARRAY_SIZE(buffers)];
	*size = sizeof(buffers[0]);
	return *buffer;
}

static const char *number(uint64_t value)
{
	size_t size;
	char *out;
	const char *text = take_buffer(&out, &size);

	if (value == UINT64_MAX)
		return "-";
	snprintf(out, size, "%" PRIu64, value);
	return text;
}

static const char *bytes(uint64_t value)
{
	size_t size;
	char *out;
	const char *text = take_buffer(&out, &size);

	if (value == UINT64_MAX)
		return "-";
	text_format_size(out, size, value);
	return text;
}

static const char *seconds(uint64_t microseconds)
{
	size_t size;
	char *out;
	const char *text = take_buffer(&out, &size);

	if (microseconds == UINT64_MAX)
		return "-";
	snprintf(out, size, "%.1f s", (double)microseconds / 1e6);
	return text;
}

static const char *percent(double value)
{
	size_t size;
	char *out;
	const char *text = take_buffer(&out, &size);

	if (isnan(value))
		return "-";
	snprintf(out, size, "%.1f%%", value);
	return text;
}

static double hundredths(uint64_t value)
{
	return value == UINT64_MAX ? NAN : (double)value / 100;
}

static void print_cpu(const struct stats_item *item, const struct stats_rates *rates)
{
	const struct cgroup_usage *usage = &item->now.usage;

	printf("  %-10s %s of a processor", "cpu", percent(rates->cpu));
	if (item->cpu_quota_us != LIMIT_MAX)
		printf(", %s of limits.cpus = %g", percent(rates->cpu_of_limit),
		       (double)item->cpu_quota_us / CPU_PERIOD_US);
	printf("; %s in all\n", seconds(usage->cpu_us));
	if (usage->throttled_us == UINT64_MAX)
		printf("  %-10s -\n", "throttled");
	else
		printf("  %-10s %s in %s of %s periods\n", "throttled", seconds(usage->throttled_us),
		       number(usage->throttled), number(usage->periods));
}

static void print_memory(const struct stats_item *item, const struct stats_rates *rates)
{
	const struct cgroup_usage *usage = &item->now.usage;

	printf("  %-10s %s", "memory", bytes(usage->memory));
	if (item->memory_limit != LIMIT_MAX)
		printf(" of %s, %s", bytes(item->memory_limit), percent(rates->memory_of_limit));
	printf("\n  %-10s %s\n", "swap", bytes(usage->swap));
	printf("  %-10s %s\n", "oom kills", number(usage->oom_kills));
	printf("  %-10s %s", "tasks", number(usage->pids));
	if (item->pids_limit != LIMIT_MAX)
		printf(" of %s, %s", number(item->pids_limit), percent(rates->pids_of_limit));
	printf("\n");
}

static void print_links(const struct stats_item *item)
{
	for (size_t i = 0; i < item->link_count; i++) {
		const struct link_counters *link = &item->links[i].counters;

		printf("  %-10s received %s in %s packets, %s dropped\n", item->links[i].name,
		       bytes(link->received_bytes), number(link->received_packets),
		       number(link->received_dropped));
		printf("  %-10s sent %s in %s packets, %s dropped\n", "", bytes(link->sent_bytes),
		       number(link->sent_packets), number(link->sent_dropped));
	}
}

static void print_item(const struct stats_item *item)
{
	const struct cgroup_usage *usage = &item->now.usage;
	struct stats_rates rates;

	stats_rate(item, &rates);
	printf("%s%s\n", item->name, item->paused ? " (paused)" : "");
	print_cpu(item, &rates);
	print_memory(item, &rates);
	if (usage->read_bytes == UINT64_MAX)
		printf("  %-10s -\n", "io");
	else
		printf("  %-10s read %s in %s operations, written %s in %s\n", "io",
		       bytes(usage->read_bytes), number(usage->reads), bytes(usage->written_bytes),
		       number(usage->writes));
	print_links(item);
	printf("  %-10s", "pressure");
	for (int i = 0; i < CGROUP_PRESSURE_COUNT; i++)
		printf("%s %s %s", i ? "," : "", pressure_names[i],
		       percent(hundredths(usage->pressure[i].some)));
	printf("\n");
}

/* ---- for programs ---- */

/* Percentages and rates, to a thousandth: what is behind that is chance. */
static void add_rate(struct json *object, const char *key, double value)
{
	json_add_real(object, key, isnan(value) ? value : floor(value * 1000 + 0.5) / 1000);
}

static struct json *cpu_to_json(const struct stats_item *item, const struct stats_rates *rates)
{
	const struct cgroup_usage *usage = &item->now.usage;
	struct json *object = json_new_object();

	json_add_number(object, "used_us", usage->cpu_us);
	add_rate(object, "percent", rates->cpu);
	add_rate(object, "percent_of_limit", rates->cpu_of_limit);
	json_add_number(object, "quota_us", item->cpu_quota_us);
	json_add_number(object, "period_us", CPU_PERIOD_US);
	json_add_number(object, "periods", usage->periods);
	json_add_number(object, "throttled_periods", usage->throttled);
	json_add_number(object, "throttled_us", usage->throttled_us);
	return object;
}

static struct json *memory_to_json(const struct stats_item *item, const struct stats_rates *rates)
{
	const struct cgroup_usage *usage = &item->now.usage;
	struct json *object = json_new_object();

	json_add_number(object, "used", usage->memory);
	json_add_number(object, "limit", item->memory_limit);
	add_rate(object, "percent_of_limit", rates->memory_of_limit);
	json_add_number(object, "swap", usage->swap);
	json_add_number(object, "high_events", usage->high);
	json_add_number(object, "oom_kills", usage->oom_kills);
	return object;
}

static struct json *io_to_json(const struct cgroup_usage *usage)
{
	struct json *object = json_new_object();

	json_add_number(object, "read_bytes", usage->read_bytes);
	json_add_number(object, "reads", usage->reads);
	json_add_number(object, "written_bytes", usage->written_bytes);
	json_add_number(object, "writes", usage->writes);
	return object;
}

static struct json *links_to_json(const struct stats_item *item)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < item->link_count; i++) {
		const struct link_counters *link = &item->links[i].counters;
		struct json *object = json_new_object();

		json_add_text(object, "interface", item->links[i].name);
		json_add_number(object, "received_bytes", link->received_bytes);
		json_add_number(object, "received_packets", link->received_packets);
		json_add_number(object, "received_dropped", link->received_dropped);
		json_add_number(object, "sent_bytes", link->sent_bytes);
		json_add_number(object, "sent_packets", link->sent_packets);
		json_add_number(object, "sent_dropped", link->sent_dropped);
		json_append(list, object);
	}
	return list;
}

static struct json *pressure_to_json(const struct cgroup_usage *usage)
{
	struct json *object = json_new_object();

	for (int i = 0; i < CGROUP_PRESSURE_COUNT; i++) {
		const struct cgroup_pressure *pressure = &usage->pressure[i];
		struct json *one = json_new_object();

		add_rate(one, "some_percent", hundredths(pressure->some));
		json_add_number(one, "some_us", pressure->some_us);
		add_rate(one, "full_percent", hundredths(pressure->full));
		json_add_number(one, "full_us", pressure->full_us);
		json_add(object, pressure_names[i], one);
	}
	return object;
}

static struct json *item_to_json(const struct stats_item *item)
{
	struct json *object = json_new_object(), *tasks = json_new_object();
	struct stats_rates rates;

	stats_rate(item, &rates);
	json_add_text(object, "name", item->name);
	json_add_text(object, "instance", item->instance);
	json_add_bool(object, "paused", item->paused);
	json_add(object, "cpu", cpu_to_json(item, &rates));
	json_add(object, "memory", memory_to_json(item, &rates));
	json_add_number(tasks, "used", item->now.usage.pids);
	json_add_number(tasks, "limit", item->pids_limit);
	json_add(object, "pids", tasks);
	json_add(object, "io", io_to_json(&item->now.usage));
	json_add(object, "network", links_to_json(item));
	json_add(object, "pressure", pressure_to_json(&item->now.usage));
	return object;
}

/* ---- the command ---- */

/* One that was asked for by name and does not run is an error, after the others. */
static int print_stats(const struct stats *stats, bool json, bool named, struct error *err)
{
	AUTO_JSON struct json *list = json_new_list();
	const struct stats_item *missing = NULL;
	bool first = true;

	for (size_t i = 0; i < stats->count; i++) {
		const struct stats_item *item = &stats->items[i];

		if (!item->running) {
			missing = missing ? missing : item;
		} else if (json) {
			json_append(list, item_to_json(item));
		} else {
			printf("%s", first ? "" : "\n");
			print_item(item);
			first = false;
		}
	}
	if (json)
		json_print(list, stdout);
	if (!named || !missing)
		return 0;
	error_set(err, 0, "%s does not run", missing->name);
	return error_hint(err, "cman status %s tells why", missing->name);
}

int cmd_stats(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_STATS struct stats stats;

	stats_init(&stats, &conf.manager);
	if (load_recorded(options, argc, argv, argc ? LOAD_KNOWN : LOAD_RECORDED, &conf, &names,
			  err) < 0)
		return -1;
	strlist_sort(&names);
	if (stats_look(&stats, &names, err) < 0)
		return -1;
	poll(NULL, 0, INTERVAL_MS);
	if (stats_look(&stats, &names, err) < 0)
		return -1;
	return print_stats(&stats, options->json, argc > 0, err);
}
