/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

/* CAP_CHOWN: harmless, and even an ambient one goes with the process. */
static int make_ambient(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	data[0].inheritable |= 1U << CAP_CHOWN;
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
}

static int hand_on_key(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_add_key, "user", "probe", "x", 1, KEY_SPEC_SESSION_KEYRING) < 0)
		return -1;
	return 0;
}

/* A terminal of another user. It is gone when the last one that holds it ends. */
static int hand_on_terminal(void)
{
	int unlock = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave = -1;
	unsigned int number;
	char path[40];

	if (master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0 &&
	    ioctl(master, TIOCGPTN, &number) == 0) {
		snprintf(path, sizeof(path), "/dev/pts/%u", number);
		slave = open(path, O_RDWR | O_NOCTTY);
	}
	return slave < 0 ? -1 : fchown(slave, 12345, (gid_t)-1);
}

static void ignore_and_block_signals(void)
{
	sigset_t blocked;

	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

/* Nothing is O_CLOEXEC, that is the point. What fails here shows as a check that does not fail. */
int run_careless(char **argv)
{
	const gid_t groups[] = {4, 27};

	if (!argv[0] || !argv[1]) {
		fputs("probe: --careless: ROOT CMD...\n", stderr);
		return 2;
	}
	if (dup2(open("/", O_RDONLY | O_DIRECTORY), 0) < 0)
		perror("probe: descriptor");
	if (setgroups(ARRAY_SIZE(groups), groups) < 0)
		perror("probe: groups");
	if (hand_on_key() < 0)
		perror("probe: key");
	if (hand_on_terminal() < 0)
		perror("probe: terminal");
	if (make_ambient() < 0)
		perror("probe: capabilities");
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || setpriority(PRIO_PROCESS, 0, 5) < 0)
		perror("probe: process");
	if (setenv("PROBE_SECRET", "secret", 1) < 0)
		perror("probe: environment");
	umask(0);
	ignore_and_block_signals();
	/* And no chdir(2) after it: the working directory stays outside. */
	if (chroot(argv[0]) < 0)
		perror(argv[0]);
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
