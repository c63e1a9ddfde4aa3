/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/init.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/process.h"
#include "kernel/apparmor.h"
#include "kernel/cover.h"
#include "kernel/namespace.h"
#include "kernel/procfs.h"
#include "kernel/pty.h"
#include "kernel/rootfs.h"
#include "lifecycle/channel.h"
#include "lifecycle/payload.h"
#include "lifecycle/sysctls.h"
#include "lifecycle/volumes.h"

/* Notes which configuration key asked for what failed. */
static int fail_at(struct message *failure, const char *key)
{
	failure->type = MESSAGE_FAILED;
	snprintf(failure->key, sizeof(failure->key), "%s", key);
	return -1;
}

/* Takes the mounts; the ids are mapped, if at all, once they are here. */
static int receive_rootfs(const struct spec *spec, int rootfs_fd, struct rootfs *rootfs,
			  int mount_fds[MOUNTS_MAX], struct error *err)
{
	struct message message;
	int fds[8];
	int rc = channel_receive(rootfs_fd, &message, fds, ARRAY_SIZE(fds), -1, err);

	if (rc == 1)
		rc = volumes_receive(spec, rootfs_fd, mount_fds, err);
	/* The supervisor has told why it gave up, or was killed: nobody is left to tell. */
	if (rc == 0)
		_exit(PAYLOAD_FAILED);
	if (rc < 0)
		return -1;
	rootfs->tree_fd = fds[0];
	rootfs->resolv_conf_fd = fds[1];
	rootfs->hosts_fd = fds[2];
	rootfs->hostname_fd = fds[3];
	rootfs->layers_fd = fds[4];
	rootfs->devices_fd = fds[5];
	rootfs->sys_fd = fds[6];
	rootfs->notify_fd = fds[7];
	return 0;
}

static int cover(const struct strlist *paths, const char *key,
		 int (*apply)(int root_fd, const char *path, struct error *err),
		 struct message *failure)
{
	AUTO_FD int root_fd = -1;

	if (paths->count == 0)
		return 0;
	root_fd = fs_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, &failure->error);
	for (size_t i = 0; i < paths->count; i++) {
		if (root_fd >= 0 && apply(root_fd, paths->items[i], &failure->error) == 0)
			continue;
		failure->type = MESSAGE_FAILED;
		snprintf(failure->key, sizeof(failure->key), "%s[%zu]", key, i);
		return -1;
	}
	return 0;
}

/* What the files ask for on top of the rootfs; masks last, so that nothing covers them. */
static int complete_rootfs(const struct spec *spec, int mount_fds[MOUNTS_MAX],
			   struct message *failure)
{
	if (volumes_attach(spec, mount_fds, failure) < 0 ||
	    cover(&spec->security.readonly_paths, "security.readonly_paths", cover_make_read_only,
		  failure) < 0)
		return -1;
	return cover(&spec->security.masked_paths, "security.masked_paths", cover_mask, failure);
}

/* For what is to be set behind the gate: opened while /proc is still the host's. */
struct opened {
	int sysctls_fd;  /* a procfs, as is the other: execve(2) closes that */
	int profiles_fd; /* with the files that take profiles of AppArmor */
	int terminal_fd; /* of the payload, where it has one */
};

static int open_for_later(const struct launch *launch, struct opened *opened,
			  struct message *failure)
{
	if (sysctls_open(launch->spec, &opened->sysctls_fd, failure) < 0)
		return -1;
	if (!launch->confinement->profile)
		return 0;
	opened->profiles_fd = procfs_open(&failure->error);
	return opened->profiles_fd < 0 ? fail_at(failure, "security.apparmor") : 0;
}

/* The master goes to the supervisor, and is nowhere in the container from then on. */
static int make_terminal(const struct launch *launch, int rootfs_fd, int *terminal_fd,
			 struct message *failure)
{
	const struct message message = {.type = MESSAGE_CONSOLE};
	AUTO_FD int master_fd = -1;

	if (!launch->spec->tty)
		return 0;
	if (pty_open(&master_fd, terminal_fd, &failure->error) < 0 ||
	    pty_show_console(*terminal_fd, &failure->error) < 0 ||
	    channel_send(rootfs_fd, &message, &master_fd, 1, &failure->error) < 0)
		return fail_at(failure, "tty");
	return 0;
}

static int set_up(const struct launch *launch, const struct cgroup_entry *entry, int rootfs_fd,
		  struct opened *opened, struct message *failure)
{
	struct rootfs rootfs = ROOTFS_INIT;
	int mount_fds[MOUNTS_MAX];
	struct error *err = &failure->error;

	if (cgroup_enter(entry, entry->v2_fd >= 0, err) < 0)
		return fail_at(failure, "limits");
	rootfs.path = launch->spec->rootfs;
	rootfs.is_overlay = launch->spec->rootfs_mode != ROOTFS_BIND;
	rootfs.tmpfs_size = launch->spec->rootfs_size == LIMIT_MAX ? 0 : launch->spec->rootfs_size;
	rootfs.read_only = launch->spec->read_only;
	rootfs.nesting = launch->spec->security.nesting;
	rootfs.uncovered = launch->spec->security.privileged;
	rootfs.host_ids = launch->spec->security.userns.mode == USERNS_NONE;
	rootfs.devices = launch->devices;
	rootfs.delegated = launch->spec->full_init == FULL_INIT_SYSTEMD;
	if (receive_rootfs(launch->spec, rootfs_fd, &rootfs, mount_fds, err) < 0 ||
	    namespace_become_root(err) < 0)
		return fail_at(failure, "");
	/* Only now: the cgroup we are in becomes the root of what the container sees. */
	if (unshare(CLONE_NEWCGROUP) < 0) {
		error_set(err, errno, "new cgroup namespace");
		return fail_at(failure, "");
	}
	if (sethostname(launch->spec->hostname, strlen(launch->spec->hostname)) < 0) {
		error_set(err, errno, "set hostname %s", launch->spec->hostname);
		return fail_at(failure, "hostname");
	}
	if (launch->spec->domainname &&
	    setdomainname(launch->spec->domainname, strlen(launch->spec->domainname)) < 0) {
		error_set(err, errno, "set domain name %s", launch->spec->domainname);
		return fail_at(failure, "domainname");
	}
	if (open_for_later(launch, opened, failure) < 0)
		return -1;
	if (rootfs_enter(&rootfs, err) < 0)
		return fail_at(failure, "rootfs");
	if (make_terminal(launch, rootfs_fd, &opened->terminal_fd, failure) < 0)
		return -1;
	return complete_rootfs(launch->spec, mount_fds, failure);
}

/*
 * What is left of the host's and of cman's goes now, and not with execve(2): that looks for the program, and
 * for its interpreter, before it closes anything, and links of the image may lead there by way of
 * /proc/self/fd. CVE-2024-21626.
 */
static int shed_descriptors(const struct launch *launch, const struct opened *opened, int control_fd,
			    struct error *err)
{
	const int kept[] = {STDIN_FILENO,       STDOUT_FILENO,        STDERR_FILENO,
		      launch->output_fd,  launch->error_fd,     launch->init_fd,
		      opened->sysctls_fd, opened->profiles_fd,  opened->terminal_fd,
		      control_fd,         fault_descriptor()};

	return process_close_others(kept, ARRAY_SIZE(kept), err);
}

/* Waits until links and rules are in force. */
static void wait_at_gate(int control_fd)
{
	struct message message = {.type = MESSAGE_READY};

	if (channel_send(control_fd, &message, NULL, 0, NULL) < 0 ||
	    channel_receive(control_fd, &message, NULL, 0, -1, NULL) != 1 ||
	    message.type != MESSAGE_GO)
		_exit(PAYLOAD_FAILED); /* the command is gone: its successor cleans up */
}

static int connect_streams(const struct launch *launch, struct error *err)
{
	AUTO_FD int null_fd = -1;

	if (launch->spec->tty)
		return 0; /* payload_exec() connects its terminal */
	null_fd = fs_open_at(AT_FDCWD, "/dev/null", O_RDONLY, 0, err);
	if (null_fd < 0)
		return -1;
	if (dup2(null_fd, 0) < 0 || dup2(launch->output_fd, 1) < 0 ||
	    dup2(launch->error_fd, 2) < 0)
		return error_set(err, errno, "connect the payload's streams");
	return 0;
}

/* Each process by itself: it can set none but its own. */
static int open_profile(int profiles_fd, struct payload *payload, struct message *failure)
{
	if (!payload->confinement->profile)
		return 0;
	payload->profile_fd = apparmor_open_exec(profiles_fd, getpid(), &failure->error);
	close(profiles_fd);
	return payload->profile_fd < 0 ? fail_at(failure, "security.apparmor") : 0;
}

static int become_payload(const struct launch *launch, int profiles_fd, struct payload *payload,
			  struct message *failure)
{
	if (connect_streams(launch, &failure->error) < 0)
		return fail_at(failure, "");
	if (open_profile(profiles_fd, payload, failure) < 0)
		return -1;
	fail_at(failure, "command"); /* unless it is known better */
	payload_exec(payload, failure->key, sizeof(failure->key), &failure->error);
	return -1;
}

/*
 * The command as a child of the built-in init. It waits at the pipe until process 1 has ceased
 * to be a copy of cman: of that the container is not to see anything.
 */
static int run_below_init(const struct launch *launch, int profiles_fd, struct payload *payload,
			  struct message *failure)
{
	AUTO_FD int pidfd = -1;
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(&failure->error, errno, "make a pipe");
		return fail_at(failure, "init");
	}
	pid = namespace_clone(0, -1, &pidfd, &failure->error);
	if (pid < 0)
		return fail_at(failure, "init");
	if (pid == 0) {
		close_fd(&ends[1]);
		if (read(ends[0], &byte, 1) != 0)
			_exit(PAYLOAD_FAILED);
		return become_payload(launch, profiles_fd, payload, failure);
	}
	payload->confinement = launch->init_confinement;
	payload->terminal_fd = -1; /* that of the command alone */
	if (open_profile(profiles_fd, payload, failure) < 0)
		return -1;
	fail_at(failure, "command");
	payload_exec_init(payload, launch->init_fd, pid, failure->key, sizeof(failure->key),
			  &failure->error);
	return -1;
}

static int run_payload(const struct launch *launch, const struct opened *opened,
		       struct message *failure)
{
	const struct spec *spec = launch->spec;
	struct payload payload = {
		.argv = spec->command.items,
		.envp = spec->environment.items,
		.working_dir = spec->working_dir,
		.user = spec->user,
		.supplementary_groups = &spec->supplementary_groups,
		.confinement = launch->confinement,
		.limits = &spec->limits,
		.profile_fd = -1,
		.terminal_fd = opened->terminal_fd,
		.terminal_is_stderr = true,
		/* It gives it to sessions of its own, which could not take it from that of process 1. */
		.terminal_is_shared = spec->full_init != FULL_INIT_NONE,
	};

	if (spec->init)
		return run_below_init(launch, opened->profiles_fd, &payload, failure);
	return become_payload(launch, opened->profiles_fd, &payload, failure);
}

_Noreturn void init_run(const struct launch *launch, const struct cgroup_entry *entry,
			int rootfs_fd, int control_fd)
{
	struct message failure = {.type = MESSAGE_FAILED};
	struct opened opened = {-1, -1, -1};

	fault_set_role("init");
	if (FAULT("set up", "", &failure.error) == 0 &&
	    set_up(launch, entry, rootfs_fd, &opened, &failure) == 0 &&
	    FAULT("ready", "", &failure.error) == 0 &&
	    shed_descriptors(launch, &opened, control_fd, &failure.error) == 0) {
		wait_at_gate(control_fd);
		if (FAULT("passed the gate", "", &failure.error) == 0 &&
		    sysctls_set(launch->spec, &opened.sysctls_fd, &failure) == 0)
			run_payload(launch, &opened, &failure);
	}
	channel_send(control_fd, &failure, NULL, 0, NULL);
	_exit(PAYLOAD_FAILED);
}
