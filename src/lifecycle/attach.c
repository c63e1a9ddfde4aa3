/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/attach.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/process.h"
#include "kernel/apparmor.h"
#include "kernel/namespace.h"
#include "kernel/procfs.h"
#include "kernel/pty.h"
#include "kernel/streams.h"
#include "kernel/terminal.h"
#include "lifecycle/channel.h"
#include "lifecycle/payload.h"

#define WORK_END_MS 2000 /* a process that was killed is gone by then, unless it is frozen */

/* Tells the caller why there will be no program. */
static _Noreturn void give_up(int channel_fd, struct message *failure, int status)
{
	failure->type = MESSAGE_FAILED;
	channel_send(channel_fd, failure, NULL, 0, NULL);
	_exit(status);
}

static bool has_terminal(const struct attach *attach)
{
	return !attach->no_terminal && terminal_is_interactive();
}

/* ---- the program, up to execve ---- */

static int open_terminal(int channel_fd, struct payload *payload, struct error *err)
{
	const struct message message = {.type = MESSAGE_READY};
	AUTO_FD int master_fd = -1;

	if (pty_open(&master_fd, &payload->terminal_fd, err) < 0 ||
	    pty_copy_settings(STDIN_FILENO, payload->terminal_fd, err) < 0)
		return -1;
	return channel_send(channel_fd, &message, &master_fd, 1, err);
}

/* Opened by the caller: here there is no /proc to be trusted, and nothing of the host's. */
static int receive_profile(const struct attach *attach, int channel_fd, int *profile_fd,
			   struct error *err)
{
	struct message message;
	int rc;

	if (!attach->confinement->profile)
		return 0;
	rc = channel_receive(channel_fd, &message, profile_fd, 1, -1, err);
	if (rc == 0)
		_exit(PAYLOAD_FAILED); /* the caller is gone */
	return rc < 0 ? -1 : 0;
}

static _Noreturn void run_program(const struct attach *attach, int channel_fd)
{
	struct message failure = {0};
	struct payload payload = {
		.argv = attach->argv,
		.envp = attach->spec->environment.items,
		.working_dir = attach->spec->working_dir,
		.user = attach->spec->user,
		.supplementary_groups = &attach->spec->supplementary_groups,
		.confinement = attach->confinement,
		.limits = &attach->spec->limits,
		.profile_fd = -1,
		.terminal_fd = -1,
		.terminal_is_stderr = isatty(STDERR_FILENO),
	};
	int status;

	if (namespace_become_root(&failure.error) < 0)
		give_up(channel_fd, &failure, PAYLOAD_FAILED);
	if (has_terminal(attach) && open_terminal(channel_fd, &payload, &failure.error) < 0)
		give_up(channel_fd, &failure, PAYLOAD_FAILED);
	if (receive_profile(attach, channel_fd, &payload.profile_fd, &failure.error) < 0)
		give_up(channel_fd, &failure, PAYLOAD_FAILED);
	status = payload_exec(&payload, failure.key, sizeof(failure.key), &failure.error);
	if (failure.key[0])
		error_wrap(&failure.error, "%s", failure.key);
	give_up(channel_fd, &failure, status);
}

/* ---- the joiner ---- */

/* A child of our parent, in the pid namespace we joined: 0 in the child. */
static pid_t clone_sibling(int *pidfd, struct error *err)
{
	struct clone_args args = {
		.flags = CLONE_PARENT | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid >= 0)
		return (pid_t)pid;
	error_set(err, errno, "make a process in the container");
	if (errno == EAGAIN)
		error_hint(err, "the container has as many processes as limits.pids allows");
	else if (errno == ENOMEM)
		error_hint(err, "the container has just ended, or is at its memory limit");
	return -1;
}

static bool has_userns(const struct attach *attach)
{
	return attach->spec->security.userns.mode != USERNS_NONE;
}

/*
 * Without a user namespace ours are those of the host, and a container that has SYS_PTRACE could
 * take hold of the program before payload_exec() takes them away: that needs these alone.
 */
static int shed_capabilities(const struct confinement *confinement, struct error *err)
{
	static const int needed[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,
				     CAP_SETGID, CAP_SETPCAP,      CAP_SETUID};
	capability_set kept = confinement->capabilities;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		kept |= (capability_set)1 << needed[i];
	/* As in payload.c: a filter takes this, or no_new_privs. */
	if (!confinement->no_new_privs && confinement->filter.length > 0)
		kept |= (capability_set)1 << CAP_SYS_ADMIN;
	return capability_keep(kept, err);
}

static int enter_cgroup(const struct cgroup_entry *entry, struct error *err)
{
	if (cgroup_enter(entry, entry->v2_fd >= 0, err) < 0)
		return -1;
	/* Nobody in the container may trace us or look through our /proc/PID (CVE-2016-9962). */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(err, errno, "protect the process");
	return payload_shed_inherited(err);
}

static int enter_container(const struct attach *attach, const struct cgroup_entry *entry,
			   int init_pidfd, int channel_fd, struct error *err)
{
	const int kept[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, init_pidfd, channel_fd};
	const char *key = NULL;

	if (enter_cgroup(entry, err) < 0)
		return -1;
	if (payload_grant_limits(0, &attach->spec->limits, &key, err) < 0)
		return error_wrap(err, "%s", key ? key : "limits");
	/* Until execve the program is in the container with files of the host. */
	if (process_close_others(kept, ARRAY_SIZE(kept), err) < 0 ||
	    namespace_join(init_pidfd, has_userns(attach), err) < 0)
		return -1;
	return has_userns(attach) ? 0 : shed_capabilities(attach->confinement, err);
}

static _Noreturn void join(const struct attach *attach, const struct streams *streams,
			   const struct cgroup_entry *entry, int init_pidfd, int channel_fd)
{
	struct message message = {.type = MESSAGE_CLONED};
	int pidfd = -1;

	if (streams_use(streams, &message.error) < 0 ||
	    enter_container(attach, entry, init_pidfd, channel_fd, &message.error) < 0)
		give_up(channel_fd, &message, PAYLOAD_FAILED);
	message.pid = clone_sibling(&pidfd, &message.error);
	if (message.pid == 0) {
		close_fd(&init_pidfd);
		run_program(attach, channel_fd);
	}
	if (message.pid < 0)
		give_up(channel_fd, &message, PAYLOAD_FAILED);
	if (channel_send(channel_fd, &message, &pidfd, 1, &message.error) < 0) {
		process_signal(pidfd, SIGKILL, NULL);
		give_up(channel_fd, &message, PAYLOAD_FAILED);
	}
	_exit(0);
}

/* ---- work of ours ---- */

/* Not the caller's streams and session: it has nothing to say, and no key typed is for it. */
static int leave_caller(struct error *err)
{
	AUTO_FD int fd = fs_open_at(AT_FDCWD, "/dev/null", O_RDWR, 0, err);

	if (fd < 0)
		return -1;
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (fd != i && dup2(fd, i) < 0)
			return error_set(err, errno, "leave the streams");
	if (fd <= STDERR_FILENO)
		take_fd(&fd);
	if (setsid() < 0)
		return error_set(err, errno, "start a session");
	return process_reset_signals(err);
}

/* As payload.c does it for a program, with what is in the place of a program's rights. */
static int confine_work(const struct confinement *confinement, struct error *err)
{
	if (namespace_become_root(err) < 0 ||
	    capability_limit_bounding(confinement->capabilities, err) < 0 ||
	    capability_become(0, 0, NULL, 0, confinement->capabilities, 0, err) < 0 ||
	    capability_forbid_gain(err) < 0)
		return -1;
	/* Becoming root may have undone it (fs.suid_dumpable). */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(err, errno, "protect the process");
	return seccomp_install(&confinement->filter, err);
}

static _Noreturn void work(const struct attach *attach, const struct cgroup_entry *entry,
			   int init_pidfd, int channel_fd, int in_fd, int out_fd,
			   attach_action *act, const void *data)
{
	const int kept[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, init_pidfd,
			    channel_fd,   in_fd,         out_fd};
	struct message message = {.type = MESSAGE_DONE};
	struct confinement confinement;
	struct error *err = &message.error;

	confinement_make_files(&confinement);
	if (leave_caller(err) < 0 || enter_cgroup(entry, err) < 0 ||
	    process_close_others(kept, ARRAY_SIZE(kept), err) < 0 ||
	    namespace_join(init_pidfd, has_userns(attach), err) < 0)
		give_up(channel_fd, &message, PAYLOAD_FAILED);
	close_fd(&init_pidfd);
	if (confine_work(&confinement, err) < 0)
		give_up(channel_fd, &message, PAYLOAD_FAILED);
	/* A pipe that nobody reads is an error of write(2). */
	signal(SIGPIPE, SIG_IGN);
	if (act(in_fd, out_fd, data, err) < 0)
		give_up(channel_fd, &message, PAYLOAD_FAILED);
	channel_send(channel_fd, &message, NULL, 0, NULL);
	_exit(0);
}

/* ---- the caller ---- */

/* Hands the program the file that takes its profile: it is our child, so the pid is its own. */
static int send_profile(const struct attach *attach, const struct attached *started, int channel_fd,
			struct error *err)
{
	const struct message message = {.type = MESSAGE_GO};
	AUTO_FD int proc_fd = -1;
	AUTO_FD int fd = -1;

	if (!attach->confinement->profile)
		return 0;
	proc_fd = procfs_open(err);
	if (proc_fd >= 0)
		fd = apparmor_open_exec(proc_fd, started->pid, err);
	if (fd < 0)
		return error_wrap(err, "security.apparmor");
	/* Where it has ended already, it has told why, or its wait status does. */
	channel_send(channel_fd, &message, &fd, 1, NULL);
	return 0;
}

/*
 * Until the program runs (end of file), or why it does not. The joiner and the program write to
 * the same channel: what comes first is not said, so everything is read.
 */
static int wait_started(const struct attach *attach, int channel_fd, struct attached *started,
			struct error *err)
{
	bool failed = false;
	int rc;

	for (;;) {
		struct message message;
		int fd = -1;

		rc = channel_receive(channel_fd, &message, &fd, 1, -1, err);
		if (rc <= 0)
			break;
		if (message.type == MESSAGE_CLONED) {
			started->pid = message.pid;
			started->pidfd = fd;
			if (send_profile(attach, started, channel_fd, err) < 0) {
				process_signal(fd, SIGKILL, NULL);
				failed = true;
			}
		} else if (message.type == MESSAGE_READY) {
			started->master_fd = fd;
		} else {
			*err = message.error;
			failed = true;
		}
	}
	if (rc < 0 && started->pidfd >= 0)
		process_signal(started->pidfd, SIGKILL, NULL);
	if (rc < 0 || failed)
		return -1;
	if (started->pidfd >= 0)
		return 0;
	error_set(err, 0, "the process that enters the container was killed");
	return error_hint(err, "the container has just ended, or is at its memory limit");
}

static int open_cgroup(const struct attach *attach, struct cgroup_entry *entry, struct error *err)
{
	const struct record *record = attach->record;

	if (attach->below)
		return cgroup_open_entry_below(attach->cgroup, record->name, attach->below, entry,
					       err);
	return cgroup_open_entry_beside(attach->cgroup, record->name, record->init.pid, entry, err);
}

/* 0 in the joiner, which has the cgroup's files and its own end of the channel. */
static pid_t fork_joiner(const struct attach *attach, struct cgroup_entry *entry, int *pidfd,
			 int *channel_fd, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (open_cgroup(attach, entry, err) < 0)
		return -1;
	if (channel_open(ends, err) < 0) {
		cgroup_entry_close(entry);
		return -1;
	}
	pid = namespace_clone(0, entry->v2_fd, pidfd, err);
	if (pid == 0) {
		*channel_fd = ends[1];
		return 0;
	}
	cgroup_entry_close(entry);
	close_fd(&ends[1]);
	if (pid < 0)
		close_fd(&ends[0]);
	else
		*channel_fd = ends[0];
	return pid;
}

/* The process the record names, and no other: CVE-2022-31214. */
static int open_init(const struct attach *attach, struct error *err)
{
	const struct record *record = attach->record;
	AUTO_FD int pidfd = process_open(&record->init, err);
	bool host_ids;

	if (pidfd < 0)
		return -1;
	if (!cgroup_contains(attach->cgroup, record->name, record->init.pid))
		return error_set(err, ESRCH, "process %d is not in the container's cgroup",
				 (int)record->init.pid);
	/* With our rights into a namespace that is none of root's: that must not be a mistake. */
	if (namespace_is_ours(record->init.pid, "user", &host_ids, err) < 0)
		return -1;
	if (host_ids == has_userns(attach))
		return error_set(err, EPERM, "process %d has %s user namespace, against the record",
				 (int)record->init.pid, host_ids ? "no" : "a");
	return take_fd(&pidfd);
}

int attach_start(const struct attach *attach, struct attached *started, int *status,
		 struct error *err)
{
	AUTO_FD int init_pidfd = open_init(attach, err);
	AUTO_FD int channel_fd = -1;
	AUTO_FD int joiner_pidfd = -1;
	struct cgroup_entry entry;
	pid_t joiner;
	int rc, end;

	*status = PAYLOAD_FAILED;
	if (init_pidfd < 0)
		return -1;
	if (streams_check(err) < 0)
		return -1;
	if (!has_userns(attach) && streams_open(has_terminal(attach), &started->streams, err) < 0)
		return -1;
	joiner = fork_joiner(attach, &entry, &joiner_pidfd, &channel_fd, err);
	if (joiner == 0)
		join(attach, &started->streams, &entry, init_pidfd, channel_fd);
	streams_release(&started->streams);
	if (joiner < 0)
		return -1;
	rc = wait_started(attach, channel_fd, started, err);
	if (process_reap(joiner, rc < 0 ? NULL : err) < 0)
		rc = -1;
	if (rc < 0 && started->pid > 0) {
		end = process_reap(started->pid, NULL);
		if (WIFEXITED(end))
			*status = WEXITSTATUS(end);
	}
	return rc;
}

void attached_close(struct attached *attached)
{
	close_fd(&attached->master_fd);
	close_fd(&attached->pidfd);
	streams_finish(&attached->streams);
}

int attach_run(const struct attach *attach, int *status, struct error *err)
{
	struct attached attached = ATTACHED_INIT;
	int rc, end;

	rc = attach_start(attach, &attached, status, err);
	if (rc == 0) {
		rc = terminal_relay(attached.pidfd, attached.master_fd, err);
		/* Closing it hangs up on the program, as our terminal did on us. */
		close_fd(&attached.master_fd);
		end = rc == TERMINAL_ENDED ? process_reap(attached.pid, err) : SIGHUP;
		if (end < 0)
			rc = -1;
		if (rc >= 0)
			*status = WIFEXITED(end) ? WEXITSTATUS(end) : 128 + WTERMSIG(end);
	}
	attached_close(&attached);
	return rc < 0 ? -1 : 0;
}

int attach_work(const struct attach *attach, int in_fd, int out_fd, attach_action *act,
		const void *data, struct attached_work *attached, struct error *err)
{
	AUTO_FD int init_pidfd = open_init(attach, err);
	struct cgroup_entry entry;

	if (init_pidfd < 0)
		return -1;
	attached->pid = fork_joiner(attach, &entry, &attached->pidfd, &attached->channel_fd, err);
	if (attached->pid == 0)
		work(attach, &entry, init_pidfd, attached->channel_fd, in_fd, out_fd, act, data);
	return attached->pid < 0 ? -1 : 0;
}

static int killed_inside(struct error *err)
{
	error_set(err, 0, "the process inside the container was killed");
	return error_hint(err, "the container has ended, or is at its memory limit");
}

int attached_work_wait(struct attached_work *attached, int timeout_ms, struct error *err)
{
	struct message message;
	int rc = channel_receive(attached->channel_fd, &message, NULL, 0, timeout_ms, err);

	if (rc > 0 && message.type == MESSAGE_FAILED && err)
		*err = message.error;
	if (rc == 0)
		killed_inside(err);
	rc = rc > 0 && message.type == MESSAGE_DONE ? 0 : -1;
	process_signal(attached->pidfd, SIGKILL, NULL);
	/* Frozen it cannot die before it goes on; it is init's then, as we end. */
	if (process_wait_ended(attached->pidfd, WORK_END_MS, NULL) > 0)
		process_reap(attached->pid, NULL);
	close_fd(&attached->channel_fd);
	close_fd(&attached->pidfd);
	return rc;
}
