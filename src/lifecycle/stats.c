/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/stats.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "lifecycle/heal.h"
#include "lifecycle/recorded.h"

#define HOST_LINKS "/proc/self/net/dev"

void stats_init(struct stats *stats, const struct manager *manager)
{
	*stats = (struct stats){.host = HOST_INIT, .links_fd = -1};
	stats->host.manager = manager;
}

static void forget_run(struct stats_item *item)
{
	if (item->running) {
		cgroup_meter_close(&item->meter);
		close_fd(&item->init_pidfd);
		close_fd(&item->proc_fd);
	}
	free(item->links);
	item->links = NULL;
	item->link_count = 0;
	item->running = false;
}

static void clear_items(struct stats_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		forget_run(&items[i]);
		free(items[i].name);
	}
	free(items);
}

void stats_close(struct stats *stats)
{
	clear_items(stats->items, stats->count);
	if (stats->is_open)
		host_close(&stats->host);
	close_fd(&stats->links_fd);
	stats_init(stats, stats->host.manager);
}

/* ---- who runs ---- */

static void take_spec(struct stats_item *item, const struct spec *spec)
{
	item->memory_limit = spec->limits.memory;
	item->pids_limit = spec->limits.pids;
	item->cpu_quota_us = spec->limits.cpu_quota_us;
	item->links = xalloc(spec->interface_count + 1, sizeof(*item->links));
	item->link_count = spec->interface_count;
	for (size_t i = 0; i < spec->interface_count; i++) {
		struct stats_link *link = &item->links[i];

		memcpy(link->name, spec->interfaces[i].name, sizeof(link->name));
		netlink_veth_name(item->name, (unsigned int)i, link->host_end);
	}
}

/* A link that has no end on the host, as a macvlan, has to be looked at where it is. */
static void open_inside(struct stats_item *item, const struct link_table *host)
{
	char path[32];

	for (size_t i = 0; i < item->link_count; i++) {
		if (link_table_find(host, item->links[i].host_end))
			continue;
		item->links[i].host_end[0] = '\0';
		snprintf(path, sizeof(path), "/proc/%d", (int)item->init);
		if (item->proc_fd < 0)
			item->proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	/* While our init lives nobody else has its number. */
	if (item->proc_fd >= 0 && process_wait_ended(item->init_pidfd, 0, NULL) != 0)
		close_fd(&item->proc_fd);
}

/* Begins to look at an instance. 1; 0: it does not run; -1. */
static int open_run(struct stats *stats, struct stats_item *item, const struct record *record,
		    struct error *err)
{
	const struct cgroup_host *cgroup;
	struct spec spec = {0};

	item->init_pidfd = process_open(&record->init, NULL);
	if (item->init_pidfd < 0)
		return 0;
	item->proc_fd = -1;
	item->init = record->init.pid;
	item->memory_limit = item->pids_limit = item->cpu_quota_us = LIMIT_MAX;
	memcpy(item->instance, record->instance, sizeof(item->instance));
	item->started_boottime = record->started_boottime;
	item->before.at_us = item->now.at_us = 0;
	cgroup = host_cgroup(&stats->host, record->cgroup_parent, err);
	if (!cgroup || cgroup_meter_open(cgroup, item->name, &item->meter, err) < 0) {
		close_fd(&item->init_pidfd);
		return error_wrap(err, "%s", item->name);
	}
	item->running = true;
	/* What has been taken away meanwhile is not known, as is what it was started with. */
	if (recorded_spec(&stats->host.state, item->name, &spec, NULL) == 0)
		take_spec(item, &spec);
	spec_clear(&spec);
	return 1;
}

/* Whether its record is another one than when it was last read. */
static bool has_changed(const struct stats *stats, struct stats_item *item)
{
	AUTO_FREE char *path = xprintf("%s/record", item->name);
	struct stat st = {0};

	if (fstatat(stats->host.state.containers_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		memset(&st, 0, sizeof(st));
	if (st.st_ino == item->record_inode && st.st_mtim.tv_sec == item->record_time.tv_sec &&
	    st.st_mtim.tv_nsec == item->record_time.tv_nsec)
		return false;
	item->record_inode = st.st_ino;
	item->record_time = st.st_mtim;
	return true;
}

static int follow_record(struct stats *stats, struct stats_item *item, struct error *err)
{
	AUTO_RECORD struct record record = {0};
	enum liveness liveness;
	bool alive;

	if (item->running && process_wait_ended(item->init_pidfd, 0, NULL) != 0)
		forget_run(item);
	if (!has_changed(stats, item))
		return 0;
	/* One that cannot be read is `cman ps`'s to tell of. */
	alive = heal_read(stats->host.manager, &stats->host.state, item->name, &record, &liveness,
			  NULL) == 1 &&
		liveness == LIVE_RUNNING;
	if (item->running && (!alive || strcmp(item->instance, record.instance) != 0))
		forget_run(item);
	if (!alive)
		return 0;
	item->paused = record.paused_at != 0;
	return item->running || open_run(stats, item, &record, err) >= 0 ? 0 : -1;
}

/* Those that were there before go over to the new list. Both are sorted. */
static void take_names(struct stats *stats, const struct strlist *names)
{
	struct stats_item *items = xalloc(names->count + 1, sizeof(*items));
	size_t old = 0;

	for (size_t i = 0; i < names->count; i++) {
		int order = 1;

		while (old < stats->count &&
		       (order = strcmp(stats->items[old].name, names->items[i])) < 0)
			old++;
		if (old < stats->count && order == 0) {
			items[i] = stats->items[old];
			/* What is left in the old list is released with it. */
			stats->items[old] = (struct stats_item){.name = xstrdup(items[i].name)};
		} else {
			items[i].name = xstrdup(names->items[i]);
		}
	}
	clear_items(stats->items, stats->count);
	stats->items = items;
	stats->count = names->count;
}

/* ---- what they use ---- */

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Opened for the moment only: it keeps the namespace from going. */
static void read_inside(const struct stats_item *item, struct link_table *table)
{
	AUTO_FD int fd = -1;

	if (item->proc_fd >= 0)
		fd = openat(item->proc_fd, "net/dev", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		link_table_read(fd, table, NULL);
}

static void add_number(uint64_t *sum, uint64_t number)
{
	*sum = *sum == UINT64_MAX || number == UINT64_MAX ? UINT64_MAX : *sum + number;
}

static void add_link(struct link_counters *sum, const struct link_counters *link)
{
	add_number(&sum->received_bytes, link->received_bytes);
	add_number(&sum->received_packets, link->received_packets);
	add_number(&sum->received_dropped, link->received_dropped);
	add_number(&sum->sent_bytes, link->sent_bytes);
	add_number(&sum->sent_packets, link->sent_packets);
	add_number(&sum->sent_dropped, link->sent_dropped);
}

static void read_links(struct stats_item *item, const struct link_table *host)
{
	struct link_table inside = {0};
	const struct link_counters *found;

	if (item->proc_fd >= 0)
		read_inside(item, &inside);
	memset(&item->now.network, item->link_count > 0 ? 0 : 0xff, sizeof(item->now.network));
	for (size_t i = 0; i < item->link_count; i++) {
		struct stats_link *link = &item->links[i];

		memset(&link->counters, 0xff, sizeof(link->counters));
		if (*link->host_end && (found = link_table_find(host, link->host_end)))
			link->counters = link_counters_turn(found);
		else if (!*link->host_end && (found = link_table_find(&inside, link->name)))
			link->counters = *found;
		add_link(&item->now.network, &link->counters);
	}
	link_table_clear(&inside);
}

static void take_sample(struct stats_item *item, const struct link_table *links)
{
	if (item->now.at_us == 0)
		open_inside(item, links);
	item->before = item->now;
	item->now.at_us = monotonic_us();
	cgroup_meter_read(&item->meter, &item->now.usage);
	read_links(item, links);
}

/* 1; 0: nothing was ever started. */
static int open_host(struct stats *stats, struct error *err)
{
	const struct manager *manager = stats->host.manager;

	if (stats->is_open)
		return 1;
	if (!fs_exists_at(AT_FDCWD, manager->state_dir))
		return 0;
	if (stats->links_fd < 0)
		stats->links_fd = fs_open_at(AT_FDCWD, HOST_LINKS, O_RDONLY, 0, err);
	if (stats->links_fd < 0 || host_open(manager, false, &stats->host, err) < 0)
		return -1;
	stats->is_open = true;
	return 1;
}

int stats_look(struct stats *stats, const struct strlist *names, struct error *err)
{
	AUTO(link_table_clear) struct link_table links = {0};
	AUTO_STRLIST struct strlist all = {0};
	int there = open_host(stats, err);

	if (there == 0 && names)
		take_names(stats, names);
	if (there <= 0)
		return there;
	if (!names && record_list(&stats->host.state, &all, err) < 0)
		return -1;
	take_names(stats, names ? names : &all);
	for (size_t i = 0; i < stats->count; i++)
		if (follow_record(stats, &stats->items[i], err) < 0)
			return -1;
	/* After the records: the links of who runs are in it. */
	if (link_table_read(stats->links_fd, &links, err) < 0)
		return -1;
	for (size_t i = 0; i < stats->count; i++)
		if (stats->items[i].running)
			take_sample(&stats->items[i], &links);
	return 0;
}

/* ---- what follows ---- */

static double percent(uint64_t part, uint64_t whole)
{
	if (part == UINT64_MAX || whole == UINT64_MAX || whole == 0)
		return NAN;
	return (double)part * 100 / (double)whole;
}

/* What came in between; UINT64_MAX: not known. */
static uint64_t gain(uint64_t before, uint64_t now)
{
	return before == UINT64_MAX || now == UINT64_MAX || now < before ? UINT64_MAX : now - before;
}

static double a_second(uint64_t before, uint64_t now, uint64_t elapsed_us)
{
	uint64_t more = gain(before, now);

	return more == UINT64_MAX || elapsed_us == 0 ? NAN : (double)more * 1e6 / (double)elapsed_us;
}

void stats_rate(const struct stats_item *item, struct stats_rates *rates)
{
	const struct cgroup_usage *old = &item->before.usage, *new = &item->now.usage;
	const struct link_counters *were = &item->before.network, *are = &item->now.network;
	uint64_t elapsed = item->before.at_us ? item->now.at_us - item->before.at_us : 0;

	rates->cpu = a_second(old->cpu_us, new->cpu_us, elapsed) / 1e4;
	rates->cpu_of_limit = NAN;
	if (item->cpu_quota_us != LIMIT_MAX)
		rates->cpu_of_limit = rates->cpu * CPU_PERIOD_US / (double)item->cpu_quota_us;
	rates->memory_of_limit = percent(new->memory, item->memory_limit);
	rates->pids_of_limit = percent(new->pids, item->pids_limit);
	rates->throttled = NAN;
	if (elapsed > 0)
		rates->throttled = percent(gain(old->throttled, new->throttled),
					   gain(old->periods, new->periods));
	rates->read = a_second(old->read_bytes, new->read_bytes, elapsed);
	rates->written = a_second(old->written_bytes, new->written_bytes, elapsed);
	rates->received = a_second(were->received_bytes, are->received_bytes, elapsed);
	rates->sent = a_second(were->sent_bytes, are->sent_bytes, elapsed);
}
