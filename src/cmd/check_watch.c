/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman check --watch */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/log.h"
#include "base/moment.h"
#include "base/output.h"
#include "base/process.h"
#include "cmd/check_drift.h"
#include "cmd/load.h"
#include "kernel/netlink_watch.h"
#include "lifecycle/drift_run.h"

/* What changes one thing often changes the next at once: that much later it is through. */
#define SETTLE_MS 200
/* For what the kernel tells nobody: the legacy tables of iptables, files, most switches. */
#define POLL_MS 5000
/* A look that takes long is followed by a rest of as many times that. */
#define REST_FACTOR 10
#define POLL_FACTOR 50

struct watch {
	const struct options *options;
	struct conf *conf;
	struct netlink_watch events;
	int signal_fd;
	struct strlist left; /* what could not be mended the last time, and was told */
	struct strlist told; /* why; likewise */
	struct error error;  /* of the last look that failed */
};

static void watch_clear(struct watch *watch)
{
	netlink_watch_close(&watch->events);
	close_fd(&watch->signal_fd);
	strlist_clear(&watch->left);
	strlist_clear(&watch->told);
}

/* Blocked for good, so that nothing is left half done. */
static int open_signals(struct error *err)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return error_set(err, errno, "block signals");
	fd = signalfd(-1, &mask, SFD_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "signalfd") : fd;
}

/* ---- printing ---- */

static void print_time(void)
{
	char text[MOMENT_TEXT_MAX];

	moment_format_local_seconds((uint64_t)time(NULL), text);
	printf("%s ", text);
}

static void print_difference(const struct difference *item)
{
	print_time();
	printf("%s: %s: wanted %s, recorded %s, was %s: %s\n", item->subject, item->what,
	       item->wanted, item->recorded, item->actual, item->mended ? "mended" : "NOT MENDED");
}

/* What cannot be mended is told once, not every few seconds. */
static void print_report(struct watch *watch, const struct drift_report *report)
{
	AUTO_STRLIST struct strlist left = {0};

	for (size_t i = 0; i < report->drift.count; i++) {
		const struct difference *item = &report->drift.items[i];
		AUTO_FREE char *key = xprintf("%s: %s", item->subject, item->what);

		if (item->mended || !strlist_contains(&watch->left, key))
			print_difference(item);
		if (!item->mended)
			strlist_add(&left, key);
	}
	for (size_t i = 0; i < report->failures.count; i++)
		if (!strlist_contains(&watch->told, report->failures.items[i]))
			log_warning("%s", report->failures.items[i]);
	strlist_copy(&watch->told, &report->failures);
	strlist_copy(&watch->left, &left);
}

/* ---- looking ---- */

/* The files may have changed since: rules go where they say now. */
static int mend(struct watch *watch, struct error *err)
{
	AUTO_DRIFT_REPORT struct drift_report report = {.containers = 0};
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};

	if (load_files(watch->options, &conf, &diagnostics, err) < 0 ||
	    drift_run(&conf, true, &report, err) < 0)
		return -1;
	print_report(watch, &report);
	return 0;
}

static int look(struct watch *watch, struct error *err)
{
	AUTO_DRIFT_REPORT struct drift_report report = {.containers = 0};

	if (drift_run(watch->conf, false, &report, err) < 0)
		return -1;
	if (report.drift.count > 0)
		return mend(watch, err);
	strlist_clear(&watch->left);
	strlist_clear(&watch->told);
	return 0;
}

static void look_or_tell(struct watch *watch)
{
	struct error err = {0};

	if (look(watch, &err) < 0 && strcmp(err.text, watch->error.text) != 0)
		log_warning("%s", err.text);
	watch->error = err;
}

/* ---- waiting ---- */

/* Whether to end. Events are waited for as well unless they only are to gather. */
static int rest(struct watch *watch, uint64_t until_ms, bool events, struct error *err)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = watch->signal_fd, .events = POLLIN},
			{.fd = events ? watch->events.fds[0] : -1, .events = POLLIN},
			{.fd = events ? watch->events.fds[1] : -1, .events = POLLIN},
		};
		uint64_t now = process_monotonic_ms();
		int count = poll(fds, ARRAY_SIZE(fds), now < until_ms ? (int)(until_ms - now) : 0);

		if (count < 0 && errno != EINTR)
			return error_set(err, errno, "wait for events");
		if (count < 0)
			continue;
		return fds[0].revents != 0;
	}
}

static uint64_t longer(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

static int go_on(struct watch *watch, struct error *err)
{
	int end = 0;

	while (end == 0) {
		uint64_t before, cost;

		/* First of all: what changes while we look is an event of the next round. */
		netlink_watch_drain(&watch->events);
		before = process_monotonic_ms();
		look_or_tell(watch);
		if (output_finish(err) < 0)
			return -1;
		cost = process_monotonic_ms() - before;
		end = rest(watch, before + cost * (REST_FACTOR + 1), false, err);
		if (end == 0)
			end = rest(watch, before + longer(POLL_MS, cost * POLL_FACTOR), true, err);
		if (end == 0)
			end = rest(watch, process_monotonic_ms() + SETTLE_MS, false, err);
	}
	return end < 0 ? -1 : EXIT_SUCCESS;
}

int check_watch(const struct options *options, struct conf *conf, struct error *err)
{
	AUTO(watch_clear) struct watch watch = {
		.options = options,
		.conf = conf,
		.events = NETLINK_WATCH_INIT,
		.signal_fd = open_signals(err),
	};

	if (watch.signal_fd < 0 || netlink_watch_open(&watch.events, err) < 0)
		return -1;
	print_time();
	printf("watching\n");
	output_flush();
	return go_on(&watch, err);
}
