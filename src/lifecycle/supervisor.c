/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/supervisor.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "kernel/rlimit.h"
#include "kernel/rootfs.h"
#include "lifecycle/channel.h"
#include "lifecycle/host.h"
#include "lifecycle/init.h"
#include "lifecycle/notify.h"
#include "lifecycle/payload.h"
#include "lifecycle/supervisor_args.h"
#include "lifecycle/supervisor_console.h"
#include "lifecycle/sysctls.h"
#include "lifecycle/volumes.h"

#define CLONE_ATTEMPTS  10
#define ENVIRONMENT_MAX 4

/* The cgroup namespace is missing on purpose: init makes it once it is in its cgroup. */
#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)

/* Nothing of the caller's: session, directory, terminal, ignored signals, mask. */
static int leave_caller(struct error *err)
{
	int null_fd;

	setsid();
	umask(022);
	if (process_reset_signals(err) < 0)
		return -1;
	if (chdir("/") < 0)
		return error_set(err, errno, "change to /");
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(null_fd, 2) < 0)
		return error_set(err, errno, "/dev/null");
	return 0;
}

static bool has_userns(const struct launch *launch)
{
	return launch->spec->security.userns.mode != USERNS_NONE;
}

static uint64_t choose_namespaces(const struct launch *launch)
{
	return NAMESPACES | (has_userns(launch) ? CLONE_NEWUSER : 0) |
	       (launch->spec->host_network ? 0 : CLONE_NEWNET);
}

/* Notes which key asks for what failed. */
static int fail_at(struct message *failure, const char *key)
{
	snprintf(failure->key, sizeof(failure->key), "%s", key);
	return -1;
}

/* What only some containers have. */
static int open_further(const struct launch *launch, int userns_fd, struct rootfs *rootfs,
			struct message *failure)
{
	const struct spec *spec = launch->spec;
	struct error *err = &failure->error;

	if (spec->rootfs_mode == ROOTFS_OVERLAY) {
		rootfs->layers_fd = layers_open(launch->layers, userns_fd, err);
		if (rootfs->layers_fd < 0)
			return fail_at(failure, launch->layers->kind == LAYERS_PLAIN
							? "rootfs"
							: "rootfs.size");
	}
	if (launch->devices->node_count > 0) {
		rootfs->devices_fd = device_make_nodes(launch->devices, &launch->ids, err);
		if (rootfs->devices_fd < 0)
			return -1;
	}
	if (spec->ready.notify) {
		rootfs->notify_fd = rootfs_open_file(launch->directory_fd, NOTIFY_DIRECTORY, err);
		if (rootfs->notify_fd < 0)
			return fail_at(failure, "ready.notify");
	}
	if (spec->host_network)
		rootfs->sys_fd = rootfs_open_sys(!spec->security.privileged, err);
	return spec->host_network && rootfs->sys_fd < 0 ? -1 : 0;
}

static int open_rootfs(const struct launch *launch, int userns_fd, struct rootfs *rootfs,
		       struct message *failure)
{
	const struct spec *spec = launch->spec;
	struct error *err = &failure->error;

	rootfs->tree_fd = rootfs_open_tree(spec->rootfs, userns_fd, err);
	if (rootfs->tree_fd < 0)
		return fail_at(failure, "rootfs");
	if (spec->read_only && rootfs_make_read_only(rootfs->tree_fd, err) < 0)
		return -1;
	rootfs->resolv_conf_fd = rootfs_open_file(launch->directory_fd, "resolv.conf", err);
	if (rootfs->resolv_conf_fd >= 0)
		rootfs->hosts_fd = rootfs_open_file(launch->hosts_directory_fd, "hosts", err);
	if (rootfs->hosts_fd >= 0)
		rootfs->hostname_fd = rootfs_open_file(launch->directory_fd, "hostname", err);
	return rootfs->hostname_fd < 0 ? -1 : open_further(launch, userns_fd, rootfs, failure);
}

/* Opens what only the host may open and hands it to init. */
static int send_rootfs(const struct launch *launch, pid_t init_pid, int init_fd,
		       struct message *failure)
{
	struct message message = {.type = MESSAGE_ROOTFS};
	struct error *err = &failure->error;
	struct rootfs rootfs = ROOTFS_INIT;
	AUTO_FD int userns_fd = -1;
	int rc;

	if (has_userns(launch)) {
		if (namespace_map_ids(init_pid, &launch->ids, err) < 0)
			return -1;
		userns_fd = namespace_open_user(init_pid, err);
		if (userns_fd < 0)
			return -1;
	}
	if (FAULT("map the root", "", err) < 0)
		return -1;
	rc = open_rootfs(launch, userns_fd, &rootfs, failure);
	if (rc == 0)
		rc = channel_send(init_fd, &message,
				  (int[]){rootfs.tree_fd, rootfs.resolv_conf_fd, rootfs.hosts_fd,
					  rootfs.hostname_fd, rootfs.layers_fd, rootfs.devices_fd,
					  rootfs.sys_fd, rootfs.notify_fd}, 8, err);
	rootfs_close(&rootfs);
	return rc < 0 ? -1 : volumes_send(launch->spec, userns_fd, init_fd, failure);
}

/* ---- the keeper of a terminal ---- */

/*
 * The pidfd at its place, what is needed until the exec behind the place of the master: whoever asks for
 * that before it is there must get nothing. Nothing else stays open.
 */
#define KEEPER_CHANNEL_FD (KEEPER_MASTER_FD + 1)
#define KEEPER_PROGRAM_FD (KEEPER_MASTER_FD + 2)

static int keep_places(const int fds[3], struct error *err)
{
	static const int places[] = {KEEPER_PIDFD, KEEPER_CHANNEL_FD, KEEPER_PROGRAM_FD};
	int high[3];

	for (int i = 0; i < 3; i++)
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, KEEPER_PROGRAM_FD + 1);
	for (int i = 0; i < 3; i++)
		if (high[i] < 0 || dup3(high[i], places[i], O_CLOEXEC) < 0)
			return error_set(err, errno, "keep a descriptor");
	close(KEEPER_MASTER_FD);
	return close_range(KEEPER_PROGRAM_FD + 1, ~0U, 0);
}

/* It may have come at its place already. */
static bool keep_master(int master_fd)
{
	return master_fd == KEEPER_MASTER_FD ? fcntl(master_fd, F_SETFD, 0) == 0
					     : dup2(master_fd, KEEPER_MASTER_FD) >= 0;
}

/* Where the supervisor is killed before it has the terminal, there is nothing to be kept. */
static _Noreturn void run_keeper(const struct launch *launch, int init_pidfd, int channel_fd)
{
	char *argv[] = {(char *)(uintptr_t)"cman-keeper", NULL}, *envp[] = {NULL};
	struct message message;
	int master_fd;

	fault_set_role("keeper");
	if (keep_places((const int[]){init_pidfd, channel_fd, launch->supervisor_fd}, NULL) == 0 &&
	    channel_receive(KEEPER_CHANNEL_FD, &message, &master_fd, 1, -1, NULL) == 1 &&
	    keep_master(master_fd) && fcntl(KEEPER_PIDFD, F_SETFD, 0) == 0)
		execveat(KEEPER_PROGRAM_FD, "", argv, envp, AT_EMPTY_PATH);
	_exit(1);
}

/* Beside us, not below: we are not to reap it, and it is not to be left a zombie. */
static pid_t make_keeper(const struct launch *launch, int init_pidfd, int *channel_fd,
			 struct error *err)
{
	AUTO_FD int pidfd = -1;
	int ends[2];
	pid_t pid;

	if (channel_open(ends, err) < 0)
		return -1;
	pid = namespace_clone(CLONE_PARENT, -1, &pidfd, err);
	if (pid == 0)
		run_keeper(launch, init_pidfd, ends[1]);
	close_fd(&ends[1]);
	if (pid < 0)
		close_fd(&ends[0]);
	else
		*channel_fd = ends[0];
	return pid < 0 ? error_wrap(err, "make the keeper of its terminal") : pid;
}

pid_t supervisor_replace_keeper(const struct cgroup_host *cgroup, int program_fd, int init_pidfd,
				int *channel_fd, struct error *err)
{
	const struct launch launch = {.supervisor_fd = program_fd};
	int ends[2];
	pid_t pid;

	if (channel_open(ends, err) < 0)
		return -1;
	pid = supervisor_fork_beside(cgroup, err);
	if (pid == 0) {
		if (leave_caller(err) < 0 || payload_shed_inherited(err) < 0)
			_exit(1);
		run_keeper(&launch, init_pidfd, ends[1]);
	}
	close_fd(&ends[1]);
	if (pid < 0)
		close_fd(&ends[0]);
	else
		*channel_fd = ends[0];
	return pid < 0 ? error_wrap(err, "make the keeper of its terminal") : pid;
}

/* The terminal's master, to the keeper as well. An init that ends before has told the command why. */
static int take_terminal(int init_fd, int keeper_fd, int *master_fd, struct error *err)
{
	struct message message;
	int rc;

	if (keeper_fd < 0)
		return 0;
	rc = channel_receive(init_fd, &message, master_fd, 1, -1, err);
	if (rc <= 0)
		return rc;
	return channel_send(keeper_fd, &message, master_fd, 1, err);
}

/* What a supervisor stands by: an init it makes itself, or what is there already. */
struct ward {
	bool there;
	pid_t pid;
	int fd;         /* -1: none yet */
	int console_fd; /* master of its terminal, -1: it has none */
};

/* ---- init ---- */

/* Makes init and tells the command about it, as early as can be: it goes on in parallel. */
static int make_init(const struct launch *launch, int control_fd, struct ward *ward,
		     struct message *failure)
{
	struct message message = {.type = MESSAGE_CLONED};
	struct error *err = &failure->error;
	const char *key = NULL;
	AUTO_FD int keeper_fd = -1;
	struct cgroup_entry entry;
	int ends[2];
	int rc = -1;
	pid_t pid;

	if (cgroup_open_entry(launch->cgroup, launch->spec->name, &entry, err) < 0)
		return -1;
	if (FAULT("make init", "", err) < 0 || channel_open(ends, err) < 0)
		return -1;
	pid = namespace_clone(choose_namespaces(launch), entry.v2_fd, &ward->fd, err);
	if (pid == 0) {
		close_fd(&ends[0]);
		init_run(launch, &entry, ends[1], control_fd);
	}
	close_fd(&ends[1]);
	cgroup_entry_close(&entry);
	ward->pid = message.pid = pid;
	if (pid > 0 && payload_grant_limits(pid, &launch->spec->limits, &key, err) < 0)
		snprintf(failure->key, sizeof(failure->key), "%s", key ? key : "limits");
	else if (pid > 0 && FAULT("made init", "", err) == 0) {
		if (launch->spec->tty)
			message.keeper = make_keeper(launch, ward->fd, &keeper_fd, err);
		if (message.keeper >= 0 && channel_send(control_fd, &message, &ward->fd, 1, err) == 0)
			rc = send_rootfs(launch, pid, ends[0], failure);
	}
	if (rc == 0)
		rc = sysctls_set_ipc(launch->spec, ward->fd, failure);
	if (rc == 0)
		rc = take_terminal(ends[0], keeper_fd, &ward->console_fd, err);
	close_fd(&ends[0]);
	return rc;
}

/* Of cman-supervisor, and so of what it runs. variable: of the state directory. */
static void make_environment(char *variable, char *envp[ENVIRONMENT_MAX])
{
	char *const *faults = fault_environment();
	size_t count = 0;

	envp[count++] = variable;
	while (*faults && count < ENVIRONMENT_MAX - 1)
		envp[count++] = *faults++;
	envp[count] = NULL;
}

/* Becomes cman-supervisor; returns on failure only. */
static int exec_supervisor(const struct launch *launch, const struct ward *ward,
			   struct error *err)
{
	AUTO_FD int output_fd = fs_open_at(launch->directory_fd, "output", O_RDWR | O_NONBLOCK, 0,
					   err);
	AUTO_FD int error_fd = output_fd < 0 ? -1
					     : fs_open_at(launch->directory_fd, "error",
							  O_RDWR | O_NONBLOCK, 0, err);
	const struct supervisor_args args = {
		.name = launch->spec->name,
		.instance = launch->instance,
		.manager_file = launch->manager_file,
		.init_pid = ward->pid,
		.init_pidfd = ward->fd,
		.run_dir_fd = launch->directory_fd,
		.output_fd = output_fd,
		.error_fd = error_fd,
		.log_dir_fd = launch->log_dir_fd,
		.log_fd = launch->log_fd,
		.cman_fd = launch->program_fd,
		.notify_fd = launch->notify_fd,
		.console_fd = ward->console_fd < 0 ? 0 : ward->console_fd,
	};
	const int inherited[] = {ward->fd, launch->directory_fd, output_fd, error_fd,
				 launch->log_dir_fd, launch->log_fd, launch->program_fd,
				 launch->notify_fd, ward->console_fd};
	const struct limits usual = LIMITS_NONE;
	const char *key;
	AUTO_FREE char *variable = host_state_variable(launch->state_dir);
	struct supervisor_argv command_line;
	char *envp[ENVIRONMENT_MAX];
	sigset_t all;

	if (error_fd < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
		if (inherited[i] > 0 && fcntl(inherited[i], F_SETFD, 0) < 0)
			return error_set(err, errno, "hand over descriptor %d", inherited[i]);
	/* Init has its own already. A file size limit of the caller's would end the log, and us. */
	if (rlimit_apply(&usual, &key, err) < 0)
		return -1;
	/* A signal that comes before it has a place for it waits. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	supervisor_args_format(&args, &command_line);
	make_environment(variable, envp);
	if (FAULT("exec", "", err) < 0)
		return -1;
	execveat(launch->supervisor_fd, "", command_line.argv, envp, AT_EMPTY_PATH);
	return error_set(err, errno, "run cman-supervisor");
}

/* Until the record names us: one that nobody knows of does nothing. */
static void wait_until_known(int control_fd)
{
	struct message message;

	if (channel_receive(control_fd, &message, NULL, 0, -1, NULL) != 1 ||
	    message.type != MESSAGE_GO)
		_exit(1);
}

static _Noreturn void run_supervisor(const struct launch *launch, const struct cgroup_entry *entry,
				     struct ward *ward, int control_fd)
{
	struct message message = {.type = MESSAGE_FAILED};
	struct error *err = &message.error;

	fault_set_role("supervisor");
	if (FAULT("forked", "", err) == 0 && cgroup_enter(entry, entry->v2_fd >= 0, err) == 0 &&
	    leave_caller(err) == 0 && payload_shed_inherited(err) == 0) {
		if (ward->there)
			wait_until_known(control_fd);
		if (ward->there ||
		    make_init(launch, control_fd, ward, &message) == 0)
			exec_supervisor(launch, ward, err);
	}
	channel_send(control_fd, &message, NULL, 0, NULL);
	if (ward->fd >= 0 && !ward->there)
		process_signal(ward->fd, SIGKILL, NULL);
	_exit(1);
}

/*
 * The last supervisor of another container may remove the cgroup of the supervisors just when we
 * are about to use it (ENODEV, ENOENT): make it again. In the child *entry is what it has to enter.
 */
static pid_t fork_beside(const struct cgroup_host *cgroup, struct cgroup_entry *entry,
			 struct error *err)
{
	for (int attempt = 1;; attempt++) {
		AUTO_FD int pidfd = -1;
		struct error reason;
		pid_t pid;

		if (cgroup_open_supervisors(cgroup, entry, err) < 0)
			return -1;
		pid = namespace_clone(0, entry->v2_fd, &pidfd, &reason);
		if (pid == 0)
			return 0;
		cgroup_entry_close(entry);
		if (pid > 0)
			return pid;
		if ((reason.code != ENODEV && reason.code != ENOENT) || attempt == CLONE_ATTEMPTS) {
			*err = reason;
			return -1;
		}
	}
}

static pid_t clone_supervisor(const struct launch *launch, struct ward *ward, const int ends[2],
			      struct error *err)
{
	struct cgroup_entry entry;
	pid_t pid = fork_beside(launch->cgroup, &entry, err);

	if (pid == 0) {
		close(ends[0]);
		run_supervisor(launch, &entry, ward, ends[1]);
	}
	return pid < 0 ? error_wrap(err, "make the supervisor") : pid;
}

pid_t supervisor_fork_beside(const struct cgroup_host *cgroup, struct error *err)
{
	struct cgroup_entry entry;
	struct error reason = {0};
	pid_t pid = fork_beside(cgroup, &entry, err);

	if (pid != 0)
		return pid;
	if (cgroup_enter(&entry, entry.v2_fd >= 0, &reason) < 0)
		log_warning("%s, going on where the caller is", reason.text);
	cgroup_entry_close(&entry);
	setsid();
	return 0;
}

static pid_t start(const struct launch *launch, struct ward *ward, int *control_fd,
		   struct error *err)
{
	int ends[2];
	pid_t pid;

	if (channel_open(ends, err) < 0)
		return -1;
	pid = clone_supervisor(launch, ward, ends, err);
	close_fd(&ends[1]);
	if (pid < 0)
		close_fd(&ends[0]);
	else
		*control_fd = ends[0];
	return pid;
}

pid_t supervisor_start(const struct launch *launch, int *control_fd, struct error *err)
{
	struct ward ward = {.fd = -1, .console_fd = -1};

	return start(launch, &ward, control_fd, err);
}

pid_t supervisor_replace(const struct launch *launch, pid_t init_pid, int watched_fd,
			 int console_fd, int *control_fd, struct error *err)
{
	struct ward ward = {true, init_pid, watched_fd, console_fd};

	return start(launch, &ward, control_fd, err);
}
