/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has from its birth: rights, and what a careless parent would hand on. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

#define BIT(capability) ((uint64_t)1 << (capability))

/* The default of the key "capabilities". */
static const uint64_t allowed_capabilities =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_KILL) |
	BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
	BIT(CAP_SYS_CHROOT) | BIT(CAP_SETFCAP);

static enum verdict compare_capabilities(uint64_t set, uint64_t allowed, struct seen *seen)
{
	if ((set & ~allowed) == 0)
		return VERDICT_OK;
	return fail(seen, "%#llx, of which %#llx should not be", (unsigned long long)set,
		    (unsigned long long)(set & ~allowed));
}

static enum verdict check_capabilities(const struct check *check, struct seen *seen)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t allowed = geteuid() == 0 ? allowed_capabilities : 0;

	if (syscall(SYS_capget, &header, data) < 0)
		return skip(seen, "capget: %s", strerror(errno));
	if (strcmp(check->name, "caps-inheritable") == 0)
		return compare_capabilities(
			(uint64_t)data[1].inheritable << 32 | data[0].inheritable, 0, seen);
	return compare_capabilities((uint64_t)data[1].permitted << 32 | data[0].permitted, allowed,
				    seen);
}

static enum verdict check_bounding(const struct check *check, struct seen *seen)
{
	uint64_t set = 0;

	(void)check;
	for (int number = 0; number < 64; number++)
		if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
			set |= BIT(number);
	return compare_capabilities(set, allowed_capabilities, seen);
}

static enum verdict check_ambient(const struct check *check, struct seen *seen)
{
	uint64_t set = 0;

	(void)check;
	for (int number = 0; number < 64; number++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1)
			set |= BIT(number);
	return compare_capabilities(set, 0, seen);
}

static enum verdict check_no_new_privs(const struct check *check, struct seen *seen)
{
	(void)check;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return fail(seen, "it is not set");
	return VERDICT_OK;
}

/* Mode 1 would have killed us for asking. */
static enum verdict check_seccomp(const struct check *check, struct seen *seen)
{
	(void)check;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2)
		return fail(seen, "there is none");
	return VERDICT_OK;
}

/* Without /proc too: by trying each. */
static enum verdict check_fds(const struct check *check, struct seen *seen)
{
	struct rlimit limit;
	char path[40], target[PATH_MAX], item[80];
	int end = 4096;

	(void)check;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)end)
		end = (int)limit.rlim_cur;
	for (int fd = 3; fd < end; fd++) {
		ssize_t length;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		snprintf(item, sizeof(item), "%d %.60s", fd, target);
		seen_item(seen, item);
	}
	return seen_verdict(seen);
}

static enum verdict check_streams(const struct check *check, struct seen *seen)
{
	struct stat st;
	char item[40];

	(void)check;
	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode) && !S_ISBLK(st.st_mode))
			continue;
		snprintf(item, sizeof(item), "%d is no stream", fd);
		seen_item(seen, item);
	}
	return seen_verdict(seen);
}

/* Of a directory outside of the root the kernel says "(unreachable)". */
static enum verdict check_cwd(const struct check *check, struct seen *seen)
{
	char path[PATH_MAX];

	(void)check;
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return fail(seen, "it has no name: %s", strerror(errno));
	if (path[0] != '/')
		return fail(seen, "%.200s", path);
	return VERDICT_OK;
}

static enum verdict check_environment(const struct check *check, struct seen *seen)
{
	static const char *const usual[] = {"PATH",  "HOME",     "TERM", "USER",
					    "SHELL", "HOSTNAME", "LANG", "container"};
	char item[64];

	(void)check;
	for (char **entry = environ; *entry; entry++) {
		size_t length = strcspn(*entry, "=");
		bool is_usual = false;

		for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
			is_usual |= strlen(usual[i]) == length &&
				    strncmp(*entry, usual[i], length) == 0;
		if (is_usual)
			continue;
		snprintf(item, sizeof(item), "%.*s", (int)length, *entry);
		seen_item(seen, item);
	}
	return seen_verdict(seen);
}

static enum verdict check_signals(const struct check *check, struct seen *seen)
{
	bool is_mask = strcmp(check->name, "signal-mask") == 0;
	struct sigaction action;
	sigset_t blocked;
	char item[16];

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (sigaction(number, NULL, &action) < 0)
			continue;
		if (is_mask ? !sigismember(&blocked, number) : action.sa_handler != SIG_IGN)
			continue;
		snprintf(item, sizeof(item), "%d", number);
		seen_item(seen, item);
	}
	return seen_verdict(seen);
}

static enum verdict check_umask(const struct check *check, struct seen *seen)
{
	mode_t mask = umask(077);

	(void)check;
	umask(mask);
	if (mask != 022)
		return fail(seen, "%03o", (unsigned int)mask);
	return VERDICT_OK;
}

struct membership {
	gid_t *groups;
	int count;
	char user[64];
};

static void find_user(char *line, void *context)
{
	struct membership *membership = context;
	char name[64];
	unsigned int uid;

	if (!*membership->user && sscanf(line, "%63[^:]:%*[^:]:%u:", name, &uid) == 2 &&
	    uid == getuid())
		memcpy(membership->user, name, sizeof(name));
}

/* Takes the group off the list if /etc/group gives it to the user. */
static void find_member(char *line, void *context)
{
	struct membership *membership = context;
	char *member, *members = strrchr(line, ':');
	unsigned int gid;

	if (!members || sscanf(line, "%*[^:]:%*[^:]:%u:", &gid) != 1)
		return;
	members++;
	while ((member = strsep(&members, ","))) {
		if (strcmp(member, membership->user) != 0)
			continue;
		for (int i = 0; i < membership->count; i++)
			if (membership->groups[i] == gid)
				membership->groups[i] = getgid();
	}
}

static enum verdict check_groups(const struct check *check, struct seen *seen)
{
	gid_t groups[NGROUPS_MAX > 1024 ? 1024 : NGROUPS_MAX];
	struct membership membership = {groups, getgroups(ARRAY_SIZE(groups), groups), ""};
	char item[16];

	(void)check;
	if (membership.count < 0)
		return fail(seen, "getgroups: %s", strerror(errno));
	if (each_line("/etc/passwd", find_user, &membership) == 0 && *membership.user)
		each_line("/etc/group", find_member, &membership);
	for (int i = 0; i < membership.count; i++) {
		if (groups[i] == getgid())
			continue;
		snprintf(item, sizeof(item), "%u", groups[i]);
		seen_item(seen, item);
	}
	return seen_verdict(seen);
}

/* The hard limit: kernel.core_pattern may be a pipe to a program of the host. */
static enum verdict check_core(const struct check *check, struct seen *seen)
{
	struct rlimit limit;

	(void)check;
	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0)
		return fail(seen, "the hard limit is not 0");
	return VERDICT_OK;
}

static enum verdict check_priority(const struct check *check, struct seen *seen)
{
	int nice_value, policy = sched_getscheduler(0);

	(void)check;
	errno = 0;
	nice_value = getpriority(PRIO_PROCESS, 0);
	if (errno == 0 && nice_value != 0)
		return fail(seen, "nice %d", nice_value);
	if (policy > 0)
		return fail(seen, "scheduling policy %d", policy);
	return VERDICT_OK;
}

static enum verdict check_oom(const struct check *check, struct seen *seen)
{
	char text[16];

	(void)check;
	if (read_text("/proc/self/oom_score_adj", text, sizeof(text)) < 0)
		return skip(seen, "no /proc");
	if (atoi(text) < 0)
		return fail(seen, "oom_score_adj %d", atoi(text));
	return VERDICT_OK;
}

static enum verdict check_leftovers(const struct check *check, struct seen *seen)
{
	int signal_number = 0;

	(void)check;
	if (prctl(PR_GET_PDEATHSIG, &signal_number, 0, 0, 0) == 0 && signal_number != 0)
		return fail(seen, "signal %d when the parent dies", signal_number);
	if (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) > 0)
		return fail(seen, "securebits %#x",
			    (unsigned int)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	if (prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) > 0)
		return fail(seen, "keepcaps");
	return VERDICT_OK;
}

/* A keyring made for the container is empty; the caller's has what its login put into it. */
static enum verdict check_keyring(const struct check *check, struct seen *seen)
{
	long size = syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, NULL, 0);

	(void)check;
	if (size < 0)
		return VERDICT_OK; /* keyctl is closed, or there is no keyring */
	if (size > 0)
		return fail(seen, "%ld keys", size / 4);
	return VERDICT_OK;
}

const struct check process_checks[] = {
	{"caps-permitted", "no capability beyond the default set", check_capabilities, NULL, 0},
	{"caps-bounding", "no capability can be regained", check_bounding, NULL, 0},
	{"caps-inheritable", "no capability is inheritable", check_capabilities, NULL, 0},
	{"caps-ambient", "no capability is ambient", check_ambient, NULL, 0},
	{"no-new-privs", "no program run gains rights", check_no_new_privs, NULL, 0},
	{"seccomp", "a filter of system calls is in force", check_seccomp, NULL, 0},
	{"fds", "no descriptor above 2 was handed on", check_fds, NULL, 0},
	{"streams", "descriptors 0 to 2 are streams", check_streams, NULL, 0},
	{"cwd", "the working directory is inside", check_cwd, NULL, 0},
	{"environment", "the environment is not the caller's", check_environment, NULL, 0},
	{"signals-ignored", "no signal is ignored", check_signals, NULL, 0},
	{"signal-mask", "no signal is blocked", check_signals, NULL, 0},
	{"umask", "the umask is 022", check_umask, NULL, 0},
	{"groups", "no group but those of the root filesystem", check_groups, NULL, 0},
	{"core-limit", "no core dump reaches the host", check_core, NULL, 0},
	{"priority", "nice value and scheduling policy are reset", check_priority, NULL, 0},
	{"oom-score", "it is not spared when memory is short", check_oom, NULL, 0},
	{"leftovers", "no death signal, securebits, keepcaps", check_leftovers, NULL, 0},
	{"session-keyring", "the session keyring is a fresh one", check_keyring, NULL, 0},
	{0},
};
