/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cman-init: process 1 of a container with init = true. The command is its child, and was forked
 * before this was exec'd (lifecycle/init.c). It reaps what is orphaned, passes on each signal it
 * is sent, and ends as the command did, which ends the container. No heap, no stdio, no libc, no
 * open file; its argument is the pid of the command.
 *
 * All signals stay blocked and are taken one by one. That is why the kernel delivers them at all:
 * for a process 1 it drops those that are neither blocked nor handled. pid_namespaces(7)
 */
#include "lifecycle/supervisor_args.h"
#include "supervisor/system.h"

#define ALL_SIGNALS (~UINT64_C(0))
#define USAGE       2

/* As a shell tells it: the exit status, or 128 and the signal. wait(2) */
static int exit_status(int status)
{
	int signal_number = status & 0x7f;

	return signal_number ? 128 + signal_number : (status >> 8) & 0xff;
}

/* Takes what has ended. Whether the command is among it, then how in *status. */
static bool reap(int command, int *status)
{
	long pid;

	do {
		int how = 0;

		pid = system_reap(&how);
		if (pid == command) {
			*status = exit_status(how);
			return true;
		}
	} while (pid > 0 || pid == SYSTEM_EINTR);
	/* Somebody else has waited for it, which cannot be: do not stay without it. */
	if (pid == SYSTEM_ECHILD) {
		*status = USAGE;
		return true;
	}
	return false;
}

/* Shown in /proc/PID/status, where a blocked signal is not seen while it is waited for. */
static void never_called(int number)
{
	(void)number;
}

int main(int argc, char *argv[], char *envp[])
{
	int command = argc == 2 ? supervisor_parse_number(argv[1]) : -1;
	int status = 0;

	(void)envp;
	if (command <= 1)
		return USAGE;
	system_block_signals(ALL_SIGNALS);
	for (int number = 1; number <= 64; number++)
		system_claim_signal(number, never_called); /* fails for SIGKILL and SIGSTOP */
	system_set_name("cman-init");
	while (!reap(command, &status)) {
		long number = system_wait_signal(ALL_SIGNALS);

		/* It is our child and not yet reaped: its number cannot be another's. */
		if (number > 0 && number != SIGCHLD)
			system_kill(command, (int)number);
	}
	return status;
}
