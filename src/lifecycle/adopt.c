/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/adopt.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/fault.h"
#include "base/log.h"
#include "lifecycle/channel.h"
#include "lifecycle/console.h"
#include "lifecycle/ready.h"
#include "lifecycle/steps.h"
#include "lifecycle/supervisor.h"

#define EXEC_TIMEOUT_MS 10000

bool supervisor_is_missing(const struct record *record)
{
	AUTO_FD int supervisor_fd = process_open(&record->supervisor, NULL);

	if (supervisor_fd >= 0)
		return false;
	if (record->phase != PHASE_RESTARTING)
		return record_liveness(record) == LIVE_RUNNING;
	return process_is_this_boot(record->boot_id);
}

/* Goes off at that moment of CLOCK_BOOTTIME, also where it has passed. */
static int open_timer(uint64_t due_ms, struct error *err)
{
	/* All zero would be none. */
	const struct itimerspec when = {
		.it_value = {(time_t)(due_ms / 1000), (long)(due_ms % 1000) * 1000000 + 1}};
	AUTO_FD int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return error_set(err, errno, "timer");
	return take_fd(&fd);
}

/* It waits until the record names it; end of file says that it is there. */
static int let_go(struct host *host, struct container *container, pid_t pid, int control_fd,
		  struct error *err)
{
	struct message message = {.type = MESSAGE_GO};
	int rc;

	if (FAULT("adopt", "", err) < 0 ||
	    process_identify(pid, &container->record.supervisor, err) < 0 ||
	    record_write(&host->state, &container->record, err) < 0 ||
	    FAULT("adopted", "", err) < 0 ||
	    channel_send(control_fd, &message, NULL, 0, err) < 0)
		return -1;
	rc = channel_receive(control_fd, &message, NULL, 0, EXEC_TIMEOUT_MS, err);
	if (rc > 0)
		*err = message.error;
	return rc == 0 ? 0 : -1;
}

/* ---- its terminal ---- */

static int lose_terminal(struct record *record, const struct error *err)
{
	log_warning("%s: its terminal is lost: %s; cman restart %s gives it another", record->name,
		    err->text, record->name);
	record->keeper = (struct process_identity){0};
	record->terminal_lost = true;
	return -1;
}

/* Without its terminal the container goes on all the same; whoever reads that has been told by it. */
static int take_console(struct record *record)
{
	struct error err;
	int fd;

	if (record->keeper.pid == 0)
		return -1;
	fd = console_open_master(record, &err);
	if (fd < 0 && err.code == ESRCH)
		return lose_terminal(record, &err);
	if (fd < 0)
		log_warning("%s: its terminal is lost: %s", record->name, err.text);
	return fd;
}

bool keeper_is_missing(const struct record *record)
{
	return record->phase == PHASE_RUNNING && record->keeper.pid > 0 &&
	       !process_is_there(&record->keeper);
}

/* It waits until the record names it: whoever is killed in between leaves none that nobody knows of. */
static int start_keeper(struct host *host, struct container *container, int master_fd,
			struct error *err)
{
	struct record *record = &container->record;
	const struct message message = {.type = MESSAGE_CONSOLE};
	const struct cgroup_host *cgroup = host_cgroup(host, record->cgroup_parent, err);
	AUTO_FD int init_fd = cgroup ? process_open(&record->init, err) : -1;
	AUTO_FD int channel_fd = -1;
	pid_t pid;

	if (init_fd < 0 || host_open_programs(host, err) < 0 || FAULT("replace the keeper", "", err) < 0)
		return -1;
	pid = supervisor_replace_keeper(cgroup, host->supervisor_fd, init_fd, &channel_fd, err);
	if (pid < 0 || process_identify(pid, &record->keeper, err) < 0 ||
	    record_write(&host->state, record, err) < 0 || FAULT("replaced the keeper", "", err) < 0)
		return -1;
	return channel_send(channel_fd, &message, &master_fd, 1, err);
}

bool keeper_keep(struct host *host, struct container *container)
{
	struct record *record = &container->record;
	AUTO_FD int master_fd = -1;
	struct error err = {0};

	if (container->any_step || !keeper_is_missing(record) ||
	    record_liveness(record) != LIVE_RUNNING)
		return false;
	master_fd = console_take_master(record, &err);
	if (master_fd >= 0 && start_keeper(host, container, master_fd, &err) == 0) {
		log_warning("%s: the process that keeps its terminal was gone, it has another",
			    container->name);
		return true;
	}
	if (master_fd < 0 && err.code == ENOENT) {
		lose_terminal(record, &err);
		if (record_write(&host->state, record, &err) == 0)
			return true;
	}
	log_warning("%s: another process to keep its terminal: %s", container->name, err.text);
	return false;
}

/* ---- a supervisor ---- */

int supervisor_adopt(struct host *host, struct container *container, struct error *err)
{
	struct record *record = &container->record;
	const bool waits = record->phase == PHASE_RESTARTING;
	const struct spec named = {.name = container->name};
	AUTO_FD int control_fd = -1;
	AUTO_FD int notify_fd = -1;
	AUTO_FD int console_fd = -1;
	AUTO_FD int watched_fd = waits ? open_timer(record->restarts.due_ms, err)
				       : process_open(&record->init, err);
	struct launch launch = {
		.spec = &named,
		.instance = record->instance,
		.manager_file = host->manager->file,
		.state_dir = host->manager->state_dir,
		.cgroup = host_cgroup(host, record->cgroup_parent, err),
		.directory_fd = container->directory_fd,
	};
	int rc = -1;
	pid_t pid;

	if (watched_fd < 0 || !launch.cgroup || host_open_programs(host, err) < 0 ||
	    files_open_log(host, container, err) < 0 ||
	    (!waits && ready_adopt(container, &notify_fd, err) < 0))
		return error_wrap(err, "start a supervisor");
	launch.notify_fd = notify_fd < 0 ? 0 : notify_fd;
	launch.log_dir_fd = container->log_dir_fd;
	launch.log_fd = container->log_fd;
	launch.program_fd = host->program_fd;
	launch.supervisor_fd = host->supervisor_fd;
	if (!waits)
		console_fd = take_console(record);
	pid = supervisor_replace(&launch, waits ? 0 : record->init.pid, watched_fd, console_fd,
				 &control_fd, err);
	if (pid > 0)
		rc = let_go(host, container, pid, control_fd, err);
	close_fd(&container->log_dir_fd);
	close_fd(&container->log_fd);
	return rc < 0 ? error_wrap(err, "start a supervisor") : 0;
}

bool supervisor_keep(struct host *host, struct container *container)
{
	struct error err = {0};

	if (container->any_step || container->record.phase != PHASE_RUNNING)
		return false;
	if (!supervisor_is_missing(&container->record)) {
		keeper_keep(host, container);
		return false;
	}
	if (supervisor_adopt(host, container, &err) == 0) {
		/* The one that is gone may have been who watched: wave_release() looks. */
		container->has_host_servers = true;
		return true;
	}
	log_warning("%s: %s", container->name, err.text);
	return false;
}
