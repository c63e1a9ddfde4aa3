/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/payload.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "kernel/apparmor.h"
#include "kernel/rlimit.h"
#include "kernel/user.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

int payload_shed_inherited(struct error *err)
{
	const struct sched_param no_priority = {0};

	if (sched_setscheduler(0, SCHED_OTHER, &no_priority) < 0)
		return error_set(err, errno, "set the scheduling policy");
	if (setpriority(PRIO_PROCESS, 0, 0) < 0)
		return error_set(err, errno, "set the nice value");
	/*
	 * Lowering it needs CAP_SYS_RESOURCE, which a host that is a container itself may lack. A
	 * payload more likely to be killed than others harms nobody else: go on then.
	 */
	if (rlimit_set_oom_score_adj(0, 0, err) < 0 && (!err || err->code != EACCES))
		return -1;
	return 0;
}

int payload_grant_limits(pid_t pid, const struct limits *limits, const char **key,
			 struct error *err)
{
	if (rlimit_raise(pid, limits, key, err) < 0)
		return -1;
	*key = "limits.oom_score_adj";
	/* 0 is what payload_shed_inherited() saw to, as far as it could. */
	return limits->oom_score_adj == 0
		       ? 0
		       : rlimit_set_oom_score_adj(pid, limits->oom_score_adj, err);
}

static int start_session(void)
{
	if (setsid() < 0 && getsid(0) != getpid()) /* EPERM: we lead one already */
		return -1;
	return 0;
}

static int take_terminal(const struct payload *payload, const struct user *user, struct error *err)
{
	int fd = payload->terminal_fd;

	if (fd < 0)
		return 0;
	/* The user must be able to open it again, by /dev/tty or /proc/self/fd/0. tty(4) */
	if (fchown(fd, user->uid, (gid_t)-1) < 0 || fchmod(fd, S_IRUSR | S_IWUSR | S_IWGRP) < 0)
		return error_set(err, errno, "hand the terminal to user %u", user->uid);
	if (!payload->terminal_is_shared && ioctl(fd, TIOCSCTTY, 0) < 0)
		return error_set(err, errno, "take the terminal");
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    (payload->terminal_is_stderr && dup2(fd, STDERR_FILENO) < 0))
		return error_set(err, errno, "use the terminal");
	return 0;
}

static int reset_process(struct error *err)
{
	umask(S_IWGRP | S_IWOTH);
	return process_reset_signals(err);
}

/* The caller's session keyring would let the payload find keys of the host. keyrings(7) */
static int start_keyring(struct error *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return error_set(err, errno, "make a session keyring");
	return 0;
}

static int enter_working_dir(const char *path, struct error *err)
{
	char now[PATH_MAX];

	if (chdir(path) < 0)
		return error_set(err, errno, "enter working_dir %s", path);
	/* A directory outside of the root has no name in it: the class of CVE-2024-21626. */
	if (!getcwd(now, sizeof(now)) || now[0] != '/')
		return error_set(err, EXDEV, "working_dir %s is not inside the container", path);
	return 0;
}

static const char *environment_value(char *const *envp, const char *name)
{
	size_t length = strlen(name);

	for (; *envp; envp++)
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}

/* The file is there and may be executed, yet execve(2) said ENOENT. */
static int missing_interpreter(const char *path, struct error *err)
{
	error_set(err, 0, "run %s: its interpreter is not in the root filesystem", path);
	error_hint(err, "the program named by its first line (#!), or the dynamic loader of a "
			"program built for another libc or architecture, is missing");
	return PAYLOAD_NOT_FOUND;
}

static int describe_failure(const char *path, int code, struct error *err)
{
	struct stat st;

	if (code == ENOENT && stat(path, &st) == 0)
		return missing_interpreter(path, err);
	error_set(err, code, "run %s", path);
	if (code == ENOENT || code == ENOTDIR) {
		error_hint(err, "there is no such program in the root filesystem");
		return PAYLOAD_NOT_FOUND;
	}
	if (code == EACCES && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		error_hint(err, "it is a directory");
	else if (code == EACCES)
		error_hint(err, "the file is not executable for this user, or the file system is "
				"mounted noexec");
	else if (code == ENOEXEC)
		error_hint(err, "it is no program for this machine, or a script without a first line "
				"like \"#!/bin/sh\"");
	return PAYLOAD_NOT_EXECUTABLE;
}

/* As execvp(3) does, in the container, with the PATH the payload is to have. */
static int search_and_exec(char *const *argv, char *const *envp, struct error *err)
{
	const char *path = environment_value(envp, "PATH");
	char file[PATH_MAX], denied[PATH_MAX] = "";

	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, envp);
		return describe_failure(argv[0], errno, err);
	}
	if (!path)
		path = DEFAULT_PATH;
	for (const char *part = path;; part++) {
		size_t length = strcspn(part, ":");
		/* An empty part is the working directory, as in a shell. */
		int written = snprintf(file, sizeof(file), "%.*s/%s", length ? (int)length : 1,
				       length ? part : ".", argv[0]);

		if (*argv[0] && written < (int)sizeof(file)) {
			execve(file, argv, envp);
			if (errno == EACCES) {
				memcpy(denied, file, sizeof(denied));
			} else if (errno != ENOENT && errno != ENOTDIR) {
				return describe_failure(file, errno, err);
			} else if (faccessat(AT_FDCWD, file, X_OK, 0) == 0) {
				return missing_interpreter(file, err);
			}
		}
		part += length;
		if (*part == '\0')
			break;
	}
	if (*denied)
		return describe_failure(denied, EACCES, err);
	error_set(err, ENOENT, "run %s", argv[0]);
	error_hint(err, "no such program in any directory of PATH (%s) in the root filesystem",
		   path);
	return PAYLOAD_NOT_FOUND;
}

/* Everything but the filter of system calls, which must let pass what we still have to do. */
static int confine(const struct confinement *confinement, const struct user *user, struct error *err)
{
	capability_set ambient = user->uid == 0 ? 0 : confinement->added;
	capability_set set = user->uid == 0 ? confinement->capabilities : ambient;

	/* The filter wants one of both; execve(2) takes the capability away again. */
	if (!confinement->no_new_privs && confinement->filter.length > 0)
		set |= (capability_set)1 << CAP_SYS_ADMIN;
	if (capability_limit_bounding(confinement->capabilities, err) < 0)
		return -1;
	if (capability_become(user->uid, user->gid, user->groups, user->group_count, set, ambient,
			      err) < 0)
		return -1;
	return confinement->no_new_privs ? capability_forbid_gain(err) : 0;
}

static int find_user(const struct payload *payload, struct user *user, char *key, size_t key_size,
		     struct error *err)
{
	AUTO_FD int root_fd = fs_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, err);
	const struct strlist *groups = payload->supplementary_groups;

	if (root_fd < 0)
		return -1;
	if (user_lookup(root_fd, payload->user, user, err) < 0) {
		snprintf(key, key_size, "user");
		return -1;
	}
	for (size_t i = 0; i < groups->count; i++) {
		if (user_add_group(root_fd, groups->items[i], user, err) == 0)
			continue;
		snprintf(key, key_size, "supplementary_groups[%zu]", i);
		return -1;
	}
	return 0;
}

static int become_user(const struct payload *payload, const struct user *user, struct error *err)
{
	if (start_session() < 0)
		return error_set(err, errno, "start a session");
	if (take_terminal(payload, user, err) < 0)
		return -1;
	if (reset_process(err) < 0)
		return -1;
	if (confine(payload->confinement, user, err) < 0)
		return -1;
	/* Becoming another user may undo it (fs.suid_dumpable); execve(2) does, which is right. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(err, errno, "protect the process");
	return 0;
}

/*
 * After no_new_privs: what the kernel does not permit with it is then an error here, not one of
 * execve(2) that says nothing.
 */
static int set_profile(const struct payload *payload, char *key, size_t key_size, struct error *err)
{
	const char *profile = payload->confinement->profile;

	if (!profile || apparmor_set_exec(payload->profile_fd, profile, err) == 0)
		return 0;
	snprintf(key, key_size, "security.apparmor");
	return -1;
}

int payload_exec(const struct payload *payload, char *key, size_t key_size, struct error *err)
{
	AUTO_STRLIST struct strlist environment = {0};
	const char *limit;
	struct user user;

	if (find_user(payload, &user, key, key_size, err) < 0 ||
	    become_user(payload, &user, err) < 0)
		return PAYLOAD_FAILED;
	/* As the user: the key counts against its quota, the directory must be one it may enter. */
	if (start_keyring(err) < 0)
		return PAYLOAD_FAILED;
	if (enter_working_dir(payload->working_dir, err) < 0) {
		snprintf(key, key_size, "working_dir");
		return PAYLOAD_FAILED;
	}
	for (char *const *entry = payload->envp; *entry; entry++)
		strlist_add(&environment, *entry);
	if (!environment_value(payload->envp, "HOME"))
		strlist_add_taken(&environment, xprintf("HOME=%s", user.home));
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		error_set(err, errno, "close files");
		return PAYLOAD_FAILED;
	}
	/* Late, so that nothing of ours stumbles over them, but before the filter may forbid it. */
	if (rlimit_apply(payload->limits, &limit, err) < 0) {
		error_wrap(err, "%s", limit ? limit : "limits");
		return PAYLOAD_FAILED;
	}
	if (set_profile(payload, key, key_size, err) < 0 ||
	    seccomp_install(&payload->confinement->filter, err) < 0)
		return PAYLOAD_FAILED;
	return search_and_exec(payload->argv, environment.items, err);
}

static int block_signals(struct error *err)
{
	sigset_t all;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return error_set(err, errno, "block signals");
	return 0;
}

int payload_exec_init(const struct payload *payload, int program_fd, pid_t command, char *key,
		      size_t key_size, struct error *err)
{
	const struct limits usual = LIMITS_NONE;
	char number[12];
	char *argv[] = {(char *)(uintptr_t)"cman-init", number, NULL}, *envp[] = {NULL};
	const char *limit;
	struct user user;

	snprintf(number, sizeof(number), "%d", (int)command);
	if (find_user(payload, &user, key, key_size, err) < 0 ||
	    become_user(payload, &user, err) < 0 || start_keyring(err) < 0 ||
	    block_signals(err) < 0 || rlimit_apply(&usual, &limit, err) < 0)
		return PAYLOAD_FAILED;
	if (close_range(0, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
		error_set(err, errno, "close files");
		return PAYLOAD_FAILED;
	}
	if (set_profile(payload, key, key_size, err) < 0 ||
	    seccomp_install(&payload->confinement->filter, err) < 0)
		return PAYLOAD_FAILED;
	execveat(program_fd, "", argv, envp, AT_EMPTY_PATH);
	error_set(err, errno, "run cman-init");
	return PAYLOAD_FAILED;
}
