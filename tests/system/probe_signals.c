/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_signals: says "ready", then "signal NUMBER" for each one it gets, until it is killed. By
 * system calls, as libc keeps two of them for itself.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	uint64_t all = ~UINT64_C(0);

	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all)) < 0)
		return 1;
	puts("ready");
	for (;;) {
		fflush(stdout);
		printf("signal %ld\n", syscall(SYS_rt_sigtimedwait, &all, NULL, NULL, sizeof(all)));
	}
}
