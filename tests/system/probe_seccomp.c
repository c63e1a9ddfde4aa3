/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_seccomp [CALL...]: makes system calls and prints what came of each, "CALL RESULT", where
 * RESULT is "ok", the name of an errno, or "killed". The arguments are such that a call that gets
 * through does no harm, and if possible fails otherwise than a refusal. Without CALL: all of them.
 * On x86-64 there are i386: and x32: calls as well.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

enum abi { NATIVE, I386, X32 };

struct probe {
	const char *name;
	enum abi abi;
	long number;
	long arguments[5];
};

#define BAD_FD     -1
#define HIGH_BITS  0x100000000L
#define NEW_THREAD (CLONE_NEWUSER | SIGCHLD)

static const struct probe probes[] = {
	{"getpid", NATIVE, SYS_getpid, {0}},
	{"add_key", NATIVE, SYS_add_key, {0}},
	{"keyctl", NATIVE, SYS_keyctl, {9999}},
	{"request_key", NATIVE, SYS_request_key, {0}},
	{"bpf", NATIVE, SYS_bpf, {9999, 0, 0}},
	{"perf_event_open", NATIVE, SYS_perf_event_open, {0, BAD_FD, BAD_FD, BAD_FD, 9999}},
	{"userfaultfd", NATIVE, SYS_userfaultfd, {0x10001}},
	{"io_uring_setup", NATIVE, SYS_io_uring_setup, {0}},
	{"io_uring_enter", NATIVE, SYS_io_uring_enter, {BAD_FD}},
	{"io_uring_register", NATIVE, SYS_io_uring_register, {BAD_FD}},
	{"kexec_load", NATIVE, SYS_kexec_load, {0, 9999}},
	{"init_module", NATIVE, SYS_init_module, {0}},
	{"finit_module", NATIVE, SYS_finit_module, {BAD_FD}},
	{"delete_module", NATIVE, SYS_delete_module, {0}},
	{"open_by_handle_at", NATIVE, SYS_open_by_handle_at, {BAD_FD}},
	{"mount", NATIVE, SYS_mount, {0}},
	{"umount2", NATIVE, SYS_umount2, {0, 0x10000}},
	{"pivot_root", NATIVE, SYS_pivot_root, {0}},
	{"fsopen", NATIVE, SYS_fsopen, {0, 9999}},
	{"fsmount", NATIVE, SYS_fsmount, {BAD_FD, 9999}},
	{"open_tree", NATIVE, SYS_open_tree, {BAD_FD, 0, 0x40000000}},
	{"move_mount", NATIVE, SYS_move_mount, {BAD_FD, 0, BAD_FD, 0, 0x40000000}},
	{"mount_setattr", NATIVE, SYS_mount_setattr, {BAD_FD, 0, 0x40000000}},
	{"unshare", NATIVE, SYS_unshare, {0}},
	{"unshare-user", NATIVE, SYS_unshare, {CLONE_NEWUSER}},
	{"setns", NATIVE, SYS_setns, {BAD_FD}},
	{"clone", NATIVE, SYS_clone, {SIGCHLD}},
	{"clone-user", NATIVE, SYS_clone, {NEW_THREAD}},
	{"clone-user-high", NATIVE, SYS_clone, {NEW_THREAD | HIGH_BITS}},
	{"clone3", NATIVE, SYS_clone3, {0}},
	{"ptrace", NATIVE, SYS_ptrace, {9999}},
	{"personality", NATIVE, SYS_personality, {0xffffffff}},
	{"personality-odd", NATIVE, SYS_personality, {ADDR_NO_RANDOMIZE}},
	{"personality-odd-high", NATIVE, SYS_personality, {ADDR_NO_RANDOMIZE | HIGH_BITS}},
	{"tiocgwinsz", NATIVE, SYS_ioctl, {BAD_FD, TIOCGWINSZ}},
	{"tiocsti", NATIVE, SYS_ioctl, {BAD_FD, TIOCSTI}},
	{"tiocsti-high", NATIVE, SYS_ioctl, {BAD_FD, TIOCSTI | HIGH_BITS}},
	{"tioclinux", NATIVE, SYS_ioctl, {BAD_FD, TIOCLINUX}},
	{"unix", NATIVE, SYS_socket, {AF_UNIX, SOCK_STREAM}},
	{"inet", NATIVE, SYS_socket, {AF_INET, SOCK_STREAM}},
	{"inet6", NATIVE, SYS_socket, {AF_INET6, SOCK_DGRAM}},
	{"netlink-route", NATIVE, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}},
	{"netlink-audit", NATIVE, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_AUDIT}},
	{"netlink-uevent", NATIVE, SYS_socket, {AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT}},
	{"packet", NATIVE, SYS_socket, {AF_PACKET, SOCK_RAW}},
	{"vsock", NATIVE, SYS_socket, {AF_VSOCK, SOCK_STREAM}},
	{"vsock-high", NATIVE, SYS_socket, {AF_VSOCK | HIGH_BITS, SOCK_STREAM}},
	{"alg", NATIVE, SYS_socket, {AF_ALG, SOCK_SEQPACKET}},
	{"xdp", NATIVE, SYS_socket, {AF_XDP, SOCK_RAW}},
	{"tipc-pair", NATIVE, SYS_socketpair, {AF_TIPC, SOCK_STREAM}},
	{"swapon", NATIVE, SYS_swapon, {0}},
	{"settimeofday", NATIVE, SYS_settimeofday, {1, 1}},
	{"process_mrelease", NATIVE, SYS_process_mrelease, {BAD_FD, 1}},
	{"new-call", NATIVE, 999, {0}},
	{"no-call", NATIVE, -1, {0}},
#ifdef __x86_64__
	{"iopl", NATIVE, SYS_iopl, {0}},
	{"i386:getpid", I386, 20, {0}},
	{"i386:mount", I386, 21, {0}},
	{"i386:keyctl", I386, 288, {9999}},
	{"i386:bpf", I386, 357, {9999}},
	{"i386:unshare", I386, 310, {0}},
	{"i386:clone-user", I386, 120, {NEW_THREAD}},
	{"i386:clone3", I386, 435, {0}},
	{"i386:io_uring_setup", I386, 425, {0}},
	{"i386:inet", I386, 359, {AF_INET, SOCK_STREAM}},
	{"i386:vsock", I386, 359, {AF_VSOCK, SOCK_STREAM}},
	{"i386:socketcall", I386, 102, {1, 0}},
	{"i386:socketcall-shutdown", I386, 102, {13, 0}},
	{"i386:tiocsti", I386, 54, {BAD_FD, TIOCSTI}},
	{"i386:vm86", I386, 166, {9999}},
	{"i386:new-call", I386, 999, {0}},
	{"x32:getpid", X32, 39, {0}},
	{"x32:mount", X32, 165, {0}},
#endif
};

#ifdef __x86_64__
static long call_i386(const struct probe *probe)
{
	long result;

	/* The 32 bit gate of the kernel is open to 64 bit programs. */
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(probe->number), "b"(probe->arguments[0]), "c"(probe->arguments[1]),
			   "d"(probe->arguments[2]), "S"(probe->arguments[3])
			 : "r8", "r9", "r10", "r11", "memory");
	result = (int)result;
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
#endif

static long call(const struct probe *probe)
{
	const long *a = probe->arguments;
	long number = probe->number;

#ifdef __x86_64__
	if (probe->abi == I386)
		return call_i386(probe);
	if (probe->abi == X32)
		number |= 0x40000000;
#endif
	return syscall(number, a[0], a[1], a[2], a[3], a[4]);
}

/* In a child: the filter may kill it, and some calls change the process. */
static void run(const struct probe *probe)
{
	pid_t parent = getpid(), child = fork();
	int status, code = 0;

	if (child == 0) {
		long result = call(probe);

		if (getpid() == parent || getppid() != parent)
			_exit(0); /* made by clone */
		_exit(result < 0 ? errno : 0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		printf("%s fork failed\n", probe->name);
		return;
	}
	if (WIFEXITED(status))
		code = WEXITSTATUS(status);
	printf("%s %s\n", probe->name,
	       WIFSIGNALED(status) ? "killed"
	       : code              ? strerrorname_np(code)
				   : "ok");
}

int main(int argc, char *argv[])
{
	setvbuf(stdout, NULL, _IONBF, 0);
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		int wanted = argc == 1;

		for (int j = 1; j < argc && !wanted; j++)
			wanted = strcmp(argv[j], probes[i].name) == 0;
		if (wanted)
			run(&probes[i]);
	}
	return 0;
}
