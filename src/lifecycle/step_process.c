/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps that make, start and end processes: cgroup, init, start. */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "lifecycle/channel.h"
#include "lifecycle/console.h"
#include "lifecycle/hosts_file.h"
#include "lifecycle/ready.h"
#include "lifecycle/steps.h"
#include "lifecycle/supervisor.h"

#define SETUP_TIMEOUT_MS 60000 /* a hung file system below the rootfs must not hang us */
#define KILL_TIMEOUT_MS 10000
#define THAW_TIMEOUT_MS 1000

/* ---- cgroup ---- */

/*
 * A kernel that cannot do it does no harm where nothing asks for devices: a user namespace has none
 * but those of its /dev.
 */
static int restrict_devices(const struct cgroup_host *cgroup, struct container *container,
			    struct error *err)
{
	if (device_policy_make(&container->spec->security, &container->devices, err) < 0)
		return -1;
	if (cgroup_set_devices(cgroup, container->name, &container->devices, err) == 0)
		return 0;
	if (err->code != ENOTSUP || container->devices.required)
		return -1;
	log_warning("%s: %s, going on without: its user namespace keeps it from other devices",
		    container->name, err->text);
	error_clear(err);
	return 0;
}

int cgroup_begin(struct host *host, struct container *container, struct error *err)
{
	const struct cgroup_host *cgroup = host_cgroup(host, container->record.cgroup_parent, err);

	if (!cgroup)
		return -1;
	if (cgroup_create(cgroup, container->name, &container->spec->limits, err) < 0 ||
	    restrict_devices(cgroup, container, err) < 0)
		return container_tell_place(container->spec, err);
	if (container->spec->full_init == FULL_INIT_SYSTEMD &&
	    cgroup_delegate(cgroup, container->name, container->ids.host_first, err) < 0) {
		char where[512];

		return error_wrap(err, "command%s: boot systemd",
				  container_where(container, "command", where, sizeof(where)));
	}
	return 0;
}

int cgroup_undo(struct host *host, struct container *container, struct error *err)
{
	const struct cgroup_host *cgroup = host_cgroup(host, container->record.cgroup_parent, err);

	if (!cgroup)
		return -1;
	return cgroup_remove(cgroup, container->name, KILL_TIMEOUT_MS, err);
}

/* ---- init ---- */

int init_begin(struct host *host, struct container *container, struct error *err)
{
	AUTO_FD int hosts_directory_fd = hosts_file_open_directory(
		&host->state, host->manager, container->spec, container->directory_fd, err);
	AUTO_FD int notify_fd = -1;
	AUTO(confinement_clear) struct confinement confinement = {0}, init_confinement = {0};
	AUTO_LAYERS struct layers layers = {0};
	struct launch launch = {
		.spec = container->spec,
		.instance = container->record.instance,
		.manager_file = host->manager->file,
		.state_dir = host->manager->state_dir,
		.layers = &layers,
		.cgroup = host_cgroup(host, container->record.cgroup_parent, err),
		.ids = container->ids,
		.devices = &container->devices,
		.confinement = &confinement,
		.init_confinement = &init_confinement,
		.directory_fd = container->directory_fd,
		.hosts_directory_fd = hosts_directory_fd,
		.output_fd = container->output_fd,
		.error_fd = container->error_fd,
		.log_dir_fd = container->log_dir_fd,
		.log_fd = container->log_fd,
	};

	if (container->again ? confinement_recall(&container->spec->security, &container->record,
						  container->directory_fd, &confinement, err) < 0
			     : confinement_make(&container->spec->security, container->directory_fd,
						&confinement, err) < 0)
		return -1;
	container->record.capabilities = confinement.capabilities;
	container->record.has_capabilities = true;
	if (container->spec->rootfs_mode == ROOTFS_OVERLAY &&
	    layers_prepare(host, container, &layers, err) < 0)
		return -1;
	if (hosts_directory_fd < 0 || !launch.cgroup || host_open_programs(host, err) < 0 ||
	    ready_begin(container, &notify_fd, err) < 0)
		return -1;
	launch.notify_fd = notify_fd < 0 ? 0 : notify_fd;
	launch.program_fd = host->program_fd;
	launch.supervisor_fd = host->supervisor_fd;
	if (container->spec->init) {
		if (host_open_init(host, err) < 0)
			return error_wrap(err, "init");
		confinement_make_init(&confinement, &init_confinement);
	}
	launch.init_fd = host->init_fd;
	container->supervisor_pid = supervisor_start(&launch, &container->control_fd, err);
	return container->supervisor_pid < 0 ? -1 : 0;
}

int init_undo(struct host *host, struct container *container, struct error *err)
{
	const struct cgroup_host *cgroup = host_cgroup(host, container->record.cgroup_parent, err);
	uint64_t oom_kills;

	/* Without us at the other end neither supervisor nor init passes the gate any more. */
	close_fd(&container->control_fd);
	close_fd(&container->output_fd);
	close_fd(&container->error_fd);
	close_fd(&container->log_dir_fd);
	close_fd(&container->log_fd);
	if (!cgroup)
		return -1;
	oom_kills = cgroup_read_oom_kills(cgroup, container->name);
	if (oom_kills != UINT64_MAX)
		container->oom_kills = oom_kills;
	if (container->keep_exit) {
		container->record.oom_killed = container->oom_kills > 0;
		container->record.oom_kills = container->oom_kills;
	}
	if (cgroup_kill(cgroup, container->name, KILL_TIMEOUT_MS, err) < 0)
		return -1;
	console_end_keeper(&container->record);
	layers_await_release(container);
	return 0;
}

/* ---- start ---- */

/* Adds where the file asks for what failed. */
static int tell_failure(const struct container *container, const struct message *message,
			struct error *err)
{
	char where[512];

	*err = message->error;
	if (message->key[0] && container_where(container, message->key, where, sizeof(where))[0])
		error_wrap(err, "%s%s", message->key, where);
	return -1;
}

static int receive(struct container *container, enum message_type type, int *fds, size_t fd_count,
		   struct message *message, struct error *err)
{
	int rc = channel_receive(container->control_fd, message, fds, fd_count, SETUP_TIMEOUT_MS,
				 err);

	if (rc < 0)
		return error_wrap(err, "wait for its init");
	if (rc == 0)
		return error_set(err, 0, "its init ended before it was set up");
	if (message->type == MESSAGE_FAILED)
		return tell_failure(container, message, err);
	if (message->type != type)
		return error_set(err, EPROTO, "message %d from its init", (int)message->type);
	return 0;
}

int init_receive_cloned(struct container *container, struct error *err)
{
	struct message message;

	if (receive(container, MESSAGE_CLONED, &container->init_pidfd, 1, &message, err) < 0)
		return -1;
	/* Neither can have been reaped: the supervisor waits for init, and is our own child. */
	if (process_identify(message.pid, &container->record.init, err) < 0 ||
	    process_identify(container->supervisor_pid, &container->record.supervisor, err) < 0)
		return error_wrap(err, "its init ended before it was set up");
	/* A child of ours like the supervisor. */
	if (message.keeper > 0 &&
	    process_identify(message.keeper, &container->record.keeper, err) < 0)
		return error_wrap(err, "the keeper of its terminal");
	return 0;
}

int init_prefer_reason(struct container *container, struct error *err)
{
	struct message message;

	if (container->control_fd >= 0 &&
	    channel_receive(container->control_fd, &message, NULL, 0, 0, NULL) == 1 &&
	    message.type == MESSAGE_FAILED)
		return tell_failure(container, &message, err);
	return -1;
}

/*
 * A container that comes up without a supervisor would be one of which nobody notes the end. One
 * whose payload has ended meanwhile may have exited already.
 */
static int check_supervisor(const struct container *container, struct error *err)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)container->supervisor_pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return error_set(err, errno, "its supervisor");
	if (info.si_pid == 0 || info.si_code == CLD_EXITED)
		return 0;
	return error_set(err, 0, "its supervisor was killed");
}

int start_begin(struct host *host, struct container *container, struct error *err)
{
	struct message message;

	if (receive(container, MESSAGE_READY, NULL, 0, &message, err) < 0 ||
	    layers_take_headroom(container, err) < 0 || check_supervisor(container, err) < 0)
		return -1;
	container->record.phase = PHASE_RUNNING;
	container->record.started_at = (uint64_t)time(NULL);
	container->record.started_boottime = process_boottime_seconds();
	if (record_write(&host->state, &container->record, err) < 0)
		return -1;
	message = (struct message){.type = MESSAGE_GO};
	if (FAULT("let go", "", err) < 0)
		return -1;
	return channel_send(container->control_fd, &message, NULL, 0, err);
}

int start_await(struct host *host, struct container *container, struct error *err)
{
	struct message message;
	int rc = channel_receive(container->control_fd, &message, NULL, 0, SETUP_TIMEOUT_MS, err);

	(void)host;
	if (rc < 0)
		return error_wrap(err, "wait for the payload to start");
	if (rc > 0)
		return tell_failure(container, &message, err);
	close_fd(&container->control_fd);
	return check_supervisor(container, err);
}

/*
 * Whether it waits for signals in sigtimedwait(2), as tini does: while it does so, they do not
 * count as blocked in /proc.
 */
static bool waits_for_signals(pid_t pid)
{
	char path[32], line[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	/* "running", or the number of a call with its arguments. */
	return fs_read_line_at(AT_FDCWD, path, line, sizeof(line), NULL) == 0 &&
	       *line >= '0' && *line <= '9' && strtol(line, NULL, 10) == SYS_rt_sigtimedwait;
}

/*
 * Whether the signal does anything: the kernel drops a signal for the first process of a pid
 * namespace that has no handler for it (pid_namespaces(7)), and waiting for its effect would
 * cost the whole stop_timeout. Blocked counts as handled: signalfd and sigwait work that way.
 */
bool start_would_react(pid_t pid, int signal_number)
{
	uint64_t bit = (uint64_t)1 << (signal_number - 1), mask;
	char path[32];
	AUTO_TEXT struct text status = {0};

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (fs_read_at(AT_FDCWD, path, 65536, &status, NULL) < 0)
		return true;
	for (const char *line = text_value(&status); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if ((sscanf(line, "SigCgt: %" SCNx64, &mask) == 1 ||
		     sscanf(line, "SigBlk: %" SCNx64, &mask) == 1) && mask & bit)
			return true;
		if (!*line)
			break;
	}
	return waits_for_signals(pid);
}

void start_thaw(struct host *host, struct container *container)
{
	const struct cgroup_host *cgroup;
	struct error err;

	if (!container->record.paused_at)
		return;
	cgroup = host_cgroup(host, container->record.cgroup_parent, &err);
	if (!cgroup || cgroup_freeze(cgroup, container->name, false, THAW_TIMEOUT_MS, &err) < 0)
		log_warning("%s: resume it: %s", container->name, err.text);
	/* What it did when it was paused it begins again, in a moment. */
	for (int i = 0; i < 10 && !start_would_react(container->record.init.pid,
					       container->record.stop_signal); i++)
		poll(NULL, 0, 2);
	container->record.paused_at = 0;
}

int start_undo(struct host *host, struct container *container, struct error *err)
{
	struct record *record = &container->record;

	container->stop_deadline_ms = 0; /* that of an earlier stop */
	if (record->phase != PHASE_RUNNING && record->phase != PHASE_STOPPING)
		return 0;
	close_fd(&container->init_pidfd);
	container->init_pidfd = process_open(&record->init, err);
	if (container->init_pidfd < 0)
		return err->code == ESRCH ? (error_clear(err), 0) : -1;
	record->phase = PHASE_STOPPING;
	if (record_write(&host->state, record, err) < 0)
		log_warning("%s: %s, stopping it all the same", container->name, err->text);
	start_thaw(host, container);
	if (!start_would_react(record->init.pid, record->stop_signal))
		return 0; /* init_undo kills it */
	if (process_signal(container->init_pidfd, record->stop_signal, err) < 0) {
		if (err->code != EACCES)
			return -1;
		log_warning("%s: %s, killing it", container->name, err->text);
		error_clear(err);
		return 0;
	}
	if (record->stop_timeout_ms > 0)
		container->stop_deadline_ms = process_monotonic_ms() + record->stop_timeout_ms;
	return 0;
}

static bool is_waited_for(const struct container *container)
{
	return container->init_pidfd >= 0 &&
	       process_monotonic_ms() < container->stop_deadline_ms &&
	       process_wait_ended(container->init_pidfd, 0, NULL) == 0;
}

/* Until the first of them has ended, its time is over, or it is time to tell the progress. */
static void wait_for_first(const struct container *container, uint64_t wake_ms)
{
	uint64_t now = process_monotonic_ms();

	if (container->stop_deadline_ms < wake_ms)
		wake_ms = container->stop_deadline_ms;
	if (now < wake_ms)
		process_wait_ended(container->init_pidfd, (int)(wake_ms - now), NULL);
}

void start_undo_watch(struct host *host, struct container **containers, size_t count)
{
	AUTO_FREE const struct container **waited = xalloc(count, sizeof(*waited));
	const uint64_t begun_ms = process_monotonic_ms();
	uint64_t told_ms = begun_ms;

	for (;;) {
		uint64_t now = process_monotonic_ms();
		size_t left = 0;

		for (size_t i = 0; i < count; i++)
			if (is_waited_for(containers[i]))
				waited[left++] = containers[i];
		if (left == 0)
			break;
		if (now >= told_ms + PROGRESS_MS) {
			told_ms = now;
			host->stop_progress(waited, left, now - begun_ms);
		}
		wait_for_first(waited[0], told_ms + PROGRESS_MS);
	}
	host->stop_progress(NULL, 0, 0);
}

int start_undo_await(struct host *host, struct container *container, struct error *err)
{
	const uint64_t now = process_monotonic_ms(), deadline = container->stop_deadline_ms;
	int rc;

	(void)host;
	if (container->init_pidfd < 0 || deadline == 0)
		return 0;
	/* Its time may have gone by while others were waited for. */
	rc = process_wait_ended(container->init_pidfd, deadline > now ? (int)(deadline - now) : 0, err);
	if (rc == 0)
		log_warning("%s: did not end within %u ms of its stop signal, killing it",
			    container->name, container->record.stop_timeout_ms);
	return rc < 0 ? -1 : 0;
}
