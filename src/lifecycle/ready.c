/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/ready.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "lifecycle/events.h"
#include "lifecycle/notify.h"
#include "lifecycle/ready_probe.h"
#include "lifecycle/recorded.h"
#include "state/health.h"

#define NOTIFICATION "notification"

/* From one look to the next: soon at first, then seldom; programs cost more than a port. */
#define FIRST_DELAY_MS   10
#define DELAY_MAX_MS     250
#define COMMAND_DELAY_MS 1000

#define NOTE_TIMEOUT_MS  5000 /* for the lock of the container */
#define END_TIMEOUT_MS   5000 /* from the end of init until its supervisor has noted how */
#define COMMAND_GRACE_MS 3000 /* for the last command to be killed by who runs it */
#define COMMAND_LEAST_MS 1000 /* what a command gets, so that the last one still says what is wrong */
#define COMMAND_MOST_MS  3600000 /* also of who waits for ever: another one may do better */

/* What ready_wait_all() keeps of each while it waits. */
struct ready_target {
	struct spec spec;
	struct probe probe;
	bool busy;           /* a look is under way */
	int pidfd;           /* of init */
	uint64_t begin_ms, limit_ms;
	uint64_t next_ms;    /* of the next look */
	uint64_t delay_ms;   /* to the one after it */
	uint64_t deadline_ms;
};

/* One line: "port 80"; NULL: nothing, it is ready once it runs. */
static char *describe(const struct ready *ready)
{
	char *text = NULL;

	switch (ready_kind(ready)) {
	case READY_NONE:
		return NULL;
	case READY_PORT:
		return xprintf("port %u", ready->port);
	case READY_COMMAND:
		text = xprintf("command %s", ready->command.items[0]);
		break;
	case READY_FILE:
		text = xprintf("file %s", ready->file);
		break;
	case READY_NOTIFY:
		return xstrdup(NOTIFICATION);
	}
	text_replace_controls(text);
	return text;
}

void ready_describe_container(const struct spec *spec, struct record *record)
{
	if (record->phase == PHASE_RUNNING && !record->ready)
		record->ready_at = record->started_at;
	free(record->ready);
	record->ready = describe(&spec->ready);
	record->has_health = spec->health.command.count > 0;
}

static bool says_itself(const struct record *record)
{
	return record->ready && strcmp(record->ready, NOTIFICATION) == 0;
}

int ready_adopt(const struct container *container, int *notify_fd, struct error *err)
{
	if (!says_itself(&container->record))
		return 0;
	*notify_fd = notify_open_socket(container->directory_fd, err);
	return *notify_fd < 0 ? error_wrap(err, "ready.notify") : 0;
}

int ready_begin(struct container *container, int *notify_fd, struct error *err)
{
	struct record *record = &container->record;

	record->ready_at = 0;
	free(take_pointer(&record->ready_error));
	/* In a new directory there is none; one that is started again may have had a check before. */
	if (container->again && fs_remove_at(container->directory_fd, HEALTH_FILE, err) < 0)
		return -1;
	if (says_itself(record) &&
	    (fs_remove_at(container->directory_fd, NOTIFY_FILE, err) < 0 ||
	     notify_make_directory(container->directory_fd, err) < 0))
		return error_wrap(err, "ready.notify");
	return ready_adopt(container, notify_fd, err);
}

void ready_look(const struct state *state, const struct record *record, struct ready_state *out)
{
	struct notify_said said = {0};
	AUTO_FD int dir_fd = -1;

	*out = (struct ready_state){.readiness = READINESS_UNASKED, .since = record->started_at};
	if (!record->ready)
		return;
	out->readiness = READINESS_READY;
	out->since = record->ready_at;
	if (out->since)
		return;
	/* Nobody needs to have waited for what it says itself. */
	if (says_itself(record))
		dir_fd = record_open_directory(state, record->name, NULL);
	if (dir_fd >= 0 && notify_read(dir_fd, &said) && said.ready_at) {
		out->since = said.ready_at;
		return;
	}
	out->readiness = record->ready_error ? READINESS_FAILED : READINESS_WAITING;
	if (record->ready_error)
		snprintf(out->text, sizeof(out->text), "%s", record->ready_error);
	else
		snprintf(out->text, sizeof(out->text), "%s%s%s", record->ready,
			 *said.status ? ", its status: " : "", said.status);
}

/* ---- what was found, into the record ---- */

/* The record of that instance, locked: 1; 0: it is gone. */
static int take_record(const struct state *state, const struct record *known, int *lock_fd,
		       struct record *record, struct error *err)
{
	int found = record_read(state, known->name, record, err);

	/* The lock would make the directory of what is gone. */
	if (found > 0) {
		record_clear(record);
		*lock_fd = record_lock(state, known->name, NOTE_TIMEOUT_MS, err);
		if (*lock_fd < 0)
			return -1;
		found = record_read(state, known->name, record, err);
		if (found == 0 && record_remove(state, known->name, err) < 0)
			return -1;
	}
	if (found <= 0)
		return found;
	return strcmp(record->instance, known->instance) == 0 &&
	       record_liveness(record) == LIVE_RUNNING;
}

static void note(const struct state *state, const struct record *known, uint64_t ready_at,
		 const char *reason)
{
	AUTO_RECORD struct record record = {0};
	AUTO_FD int lock_fd = -1;
	struct error err = {0};
	int found = take_record(state, known, &lock_fd, &record, &err);

	if (found == 0 || (found > 0 && record.ready_at))
		return; /* gone, or somebody was quicker */
	if (found > 0) {
		const bool told = reason && record.ready_error &&
				  strcmp(reason, record.ready_error) == 0;

		record.ready_at = ready_at;
		free(record.ready_error);
		record.ready_error = reason ? xstrdup(reason) : NULL;
		found = record_write(state, &record, &err);
		if (found == 0 && !told)
			events_note_ready(state, &record, reason);
	}
	if (found < 0)
		log_warning("%s: %s, whether it is ready is not noted", known->name, err.text);
}

/* ---- ends of waiting ---- */

static void reach(struct host *host, struct ready_wait *wait)
{
	wait->result = READY_REACHED;
	note(&host->state, &wait->record, (uint64_t)time(NULL), NULL);
}

static void fail(struct ready_wait *wait, const struct error *err)
{
	wait->result = READY_FAILED;
	wait->error = *err;
}

static void time_out(struct host *host, struct ready_wait *wait)
{
	const uint64_t limit_ms = wait->target->limit_ms;
	const char *missing = wait->target->probe.missing;
	char limit[PARSE_TEXT_MAX];

	wait->result = READY_TIMED_OUT;
	/* A time the caller gave is none that could be told in round numbers. */
	parse_format_duration(limit_ms == READY_OWN_TIMEOUT ? wait->target->spec.ready.timeout_ms
							    : wait->waited_ms / 1000 * 1000,
			      limit);
	error_set(&wait->error, 0, "%s, for %s", *missing ? missing : wait->record.ready, limit);
	if (limit_ms == READY_OWN_TIMEOUT)
		note(&host->state, &wait->record, 0, wait->error.text);
	error_wrap(&wait->error, "not ready");
}

/* Between the end of init and what its supervisor writes of it there is a moment. */
static void take_end(struct host *host, struct ready_wait *wait)
{
	const uint64_t end = process_monotonic_ms() + END_TIMEOUT_MS;
	char instance[ID_SIZE];

	memcpy(instance, wait->record.instance, sizeof(instance));
	wait->result = READY_ENDED;
	while (process_monotonic_ms() < end) {
		struct record record = {0};
		int found = record_read(&host->state, wait->name, &record, NULL);
		enum liveness liveness;

		if (found <= 0 || strcmp(record.instance, instance) != 0) {
			record_clear(&record);
			return;
		}
		record_clear(&wait->record);
		wait->record = record;
		liveness = record_liveness(&wait->record);
		if (liveness == LIVE_ENDED || liveness == LIVE_WAITING)
			return;
		poll(NULL, 0, 10);
	}
}

/* ---- one look after the other ---- */

/* Whether the wait is over; now: monotonic. */
static void judge(struct host *host, struct ready_wait *wait, enum probe_answer answer, uint64_t now)
{
	struct ready_target *target = wait->target;
	bool is_command = target->spec.ready.command.count > 0;

	target->busy = answer == PROBE_BUSY;
	if (answer == PROBE_YES)
		reach(host, wait);
	if (answer != PROBE_NO)
		return;
	target->next_ms = now + target->delay_ms;
	target->delay_ms *= 2;
	if (target->delay_ms > (is_command ? COMMAND_DELAY_MS : DELAY_MAX_MS))
		target->delay_ms = is_command ? COMMAND_DELAY_MS : DELAY_MAX_MS;
}

/* The moment at which waiting for it ends: a command that runs then is about to be killed. */
static uint64_t last_moment(const struct ready_target *target)
{
	uint64_t grace = target->busy && target->spec.ready.command.count > 0 ? COMMAND_GRACE_MS : 0;

	return target->deadline_ms > UINT64_MAX - grace ? UINT64_MAX : target->deadline_ms + grace;
}

static void advance(struct host *host, struct ready_wait *wait)
{
	struct ready_target *target = wait->target;
	uint64_t now = process_monotonic_ms(), left_ms;
	enum probe_answer answer;
	struct error err = {0};

	wait->waited_ms = now - target->begin_ms;
	if (process_poll(target->pidfd, 0, NULL) != 0) {
		take_end(host, wait);
		return;
	}
	if (target->busy)
		judge(host, wait, probe_continue(&target->probe), now);
	if (wait->result == READY_PENDING && now >= last_moment(target))
		time_out(host, wait);
	if (wait->result != READY_PENDING || target->busy || now < target->next_ms)
		return;
	left_ms = target->deadline_ms - now;
	if (left_ms < COMMAND_LEAST_MS)
		left_ms = COMMAND_LEAST_MS;
	if (left_ms > COMMAND_MOST_MS)
		left_ms = COMMAND_MOST_MS;
	if (probe_begin(&target->probe, left_ms, &answer, &err) == 0)
		judge(host, wait, answer, now);
	else if (process_poll(target->pidfd, 0, NULL) == 0)
		fail(wait, &err);
}

/* ---- all of them ---- */

static int open_target(struct host *host, struct ready_wait *wait, struct error *err)
{
	struct ready_target *target = wait->target;
	int found = record_read(&host->state, wait->name, &wait->record, err);

	if (found < 0)
		return -1;
	if (found == 0 || record_liveness(&wait->record) != LIVE_RUNNING) {
		wait->result = READY_ENDED;
		return 0;
	}
	if (!wait->record.ready || wait->record.ready_at) {
		wait->result = READY_REACHED;
		return 0;
	}
	if (recorded_spec(&host->state, wait->name, &target->spec, err) < 0)
		return -1;
	target->pidfd = process_open(&wait->record.init, err);
	if (target->pidfd < 0 && err->code == ESRCH) {
		take_end(host, wait);
		return 0;
	}
	return target->pidfd < 0 ? -1 : 0;
}

void ready_open(struct host *host, struct ready_wait *wait, uint64_t limit_ms)
{
	struct ready_target *target = xalloc(1, sizeof(*target));
	const uint64_t begin = process_monotonic_ms();
	struct error err = {0};
	uint64_t limit;

	*target = (struct ready_target){.probe = PROBE_INIT, .pidfd = -1, .delay_ms = FIRST_DELAY_MS,
					.begin_ms = begin, .limit_ms = limit_ms};
	wait->target = target;
	if (open_target(host, wait, &err) < 0)
		fail(wait, &err);
	limit = limit_ms == READY_OWN_TIMEOUT ? target->spec.ready.timeout_ms : limit_ms;
	target->deadline_ms = limit > UINT64_MAX - begin ? UINT64_MAX : begin + limit;
	target->probe.host = host;
	target->probe.record = &wait->record;
	target->probe.spec = &target->spec;
}

void ready_close(struct ready_wait *wait)
{
	struct ready_target *target = wait->target;

	if (!target)
		return;
	probe_end(&target->probe);
	spec_clear(&target->spec);
	close_fd(&target->pidfd);
	free(target);
	wait->target = NULL;
}

/* What a container says of itself wakes us; without the watch we look often enough. */
static int watch_files(const struct host *host, const struct ready_wait *waits, size_t count)
{
	int fd = -1;

	for (size_t i = 0; i < count; i++) {
		AUTO_FD int dir_fd = -1;
		char path[32];

		if (waits[i].result != READY_PENDING || !waits[i].target->spec.ready.notify)
			continue;
		if (fd < 0)
			fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		dir_fd = record_open_directory(&host->state, waits[i].name, NULL);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
		if (fd >= 0 && dir_fd >= 0)
			inotify_add_watch(fd, path, IN_MOVED_TO);
	}
	return fd;
}

/* Looks at those that are pending; whether one of them no longer is. */
static bool advance_all(struct host *host, struct ready_wait *waits, size_t count, bool *pending)
{
	bool settled = false;

	*pending = false;
	for (size_t i = 0; i < count; i++) {
		if (waits[i].result != READY_PENDING)
			continue;
		advance(host, &waits[i]);
		settled |= waits[i].result != READY_PENDING;
		*pending |= waits[i].result == READY_PENDING;
	}
	return settled;
}

/* How long the first of those has been waited for. */
static uint64_t waited_for(const struct ready_wait *waits, size_t count)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < count; i++)
		if (waits[i].result == READY_PENDING && waits[i].waited_ms > longest)
			longest = waits[i].waited_ms;
	return longest;
}

/* Sleeps until one of them may have changed, a look is due, or it is time to tell the progress. */
static void sleep_for(struct ready_wait *waits, size_t count, int watch_fd, uint64_t wake_ms)
{
	AUTO_FREE struct pollfd *fds = xalloc(count * (PROBE_FDS_MAX + 1) + 1, sizeof(*fds));
	uint64_t now = process_monotonic_ms();
	char events[4096];
	nfds_t used = 0;

	fds[used++] = (struct pollfd){.fd = watch_fd, .events = POLLIN};
	for (size_t i = 0; i < count; i++) {
		const struct ready_target *target = waits[i].target;
		uint64_t due;

		if (waits[i].result != READY_PENDING)
			continue;
		fds[used++] = (struct pollfd){.fd = target->pidfd, .events = POLLIN};
		if (target->busy)
			used += probe_fds(&target->probe, fds + used);
		due = target->busy || last_moment(target) < target->next_ms ? last_moment(target)
									    : target->next_ms;
		if (due < wake_ms)
			wake_ms = due;
	}
	poll(fds, used, wake_ms > now ? (int)(wake_ms - now < INT_MAX ? wake_ms - now : INT_MAX) : 0);
	if (!fds[0].revents || read(watch_fd, events, sizeof(events)) <= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (waits[i].result == READY_PENDING && waits[i].target->spec.ready.notify)
			waits[i].target->next_ms = 0;
}

bool ready_wait_some(struct host *host, struct ready_wait *waits, size_t count, uint64_t until_ms,
		     ready_progress *progress)
{
	uint64_t told_ms = process_monotonic_ms();
	AUTO_FD int watch_fd = watch_files(host, waits, count);
	bool pending;

	while (!advance_all(host, waits, count, &pending) && pending) {
		uint64_t now = process_monotonic_ms();

		if (now >= until_ms)
			break;
		if (progress && now >= told_ms + PROGRESS_MS) {
			told_ms = now;
			progress(waits, count, waited_for(waits, count));
		}
		sleep_for(waits, count, watch_fd,
			  until_ms < told_ms + PROGRESS_MS ? until_ms : told_ms + PROGRESS_MS);
	}
	return pending;
}

void ready_wait_all(struct host *host, struct ready_wait *waits, size_t count, uint64_t limit_ms)
{
	for (size_t i = 0; i < count; i++)
		ready_open(host, &waits[i], limit_ms);
	while (ready_wait_some(host, waits, count, UINT64_MAX, NULL))
		;
	for (size_t i = 0; i < count; i++)
		ready_close(&waits[i]);
}

void ready_wait_clear(struct ready_wait *wait)
{
	record_clear(&wait->record);
	*wait = (struct ready_wait){.name = NULL};
}

/* In a child that has nothing of ours but the program: system calls alone. */
static _Noreturn void become_follower(int program_fd, const char *const argv[], char *variable)
{
	char *const envp[] = {variable, NULL};
	int fd;

	setsid();
	process_reset_signals(NULL); /* whatever our caller holds back */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < STDERR_FILENO);
	execveat(program_fd, "", (char *const *)(uintptr_t)argv, envp, AT_EMPTY_PATH);
	_exit(1);
}

void ready_follow_all(struct host *host, const struct strlist *names)
{
	const char *const words[] = {"cman", "-c", host->manager->file, "await", "--"};
	AUTO_FREE const char **argv = xalloc(ARRAY_SIZE(words) + names->count + 1, sizeof(*argv));
	AUTO_FREE char *variable = host_state_variable(host->manager->state_dir);
	struct error err = {0};
	int program_fd;

	if (names->count == 0)
		return;
	memcpy(argv, words, sizeof(words));
	memcpy(argv + ARRAY_SIZE(words), names->items, names->count * sizeof(*argv));
	if (host_open_programs(host, &err) < 0) {
		log_warning("%s; whether they are ready is not noted", err.text);
		return;
	}
	/* Above the standard streams, which the child opens anew. */
	program_fd = fcntl(host->program_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (program_fd >= 0 && process_fork_aside(&program_fd, 1) == 0)
		become_follower(program_fd, argv, variable);
	close_fd(&program_fd);
}
