/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.c: system calls that valgrind does not know, made past it. Preloaded by `make
 * check-valgrind`. A call that it does not know fails with ENOSYS there, and most of what is to be
 * checked would not be reached.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <valgrind/memcheck.h>

struct call {
	long number, arguments[6];
};

static long make_call(const struct call *call)
{
	long result;
#if defined(__x86_64__)
	register long r10 __asm__("r10") = call->arguments[3];
	register long r8 __asm__("r8") = call->arguments[4];
	register long r9 __asm__("r9") = call->arguments[5];

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(call->number), "D"(call->arguments[0]), "S"(call->arguments[1]),
			   "d"(call->arguments[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = call->number;
	register long x0 __asm__("x0") = call->arguments[0];
	register long x1 __asm__("x1") = call->arguments[1];
	register long x2 __asm__("x2") = call->arguments[2];
	register long x3 __asm__("x3") = call->arguments[3];
	register long x4 __asm__("x4") = call->arguments[4];
	register long x5 __asm__("x5") = call->arguments[5];

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	result = x0;
#else
#error "no system call for this machine"
#endif
	return result;
}

/* On the real processor: no libc, nothing of valgrind's around it. */
static long make_call_natively(unsigned int thread, const struct call *call)
{
	(void)thread;
	return make_call(call);
}

static long result_of(long result)
{
	if (result >= 0 || result < -4095)
		return result;
	errno = (int)-result;
	return -1;
}

static long past_valgrind(const struct call *call)
{
	return result_of((long)VALGRIND_NON_SIMD_CALL1(make_call_natively, call));
}

/* CLONE_INTO_CGROUP, by hand: the child waits at the pipe until it is there. */
static int enter_cgroup(int cgroup_fd, long pid)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%ld", pid);
	int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int rc = fd >= 0 && write(fd, text, (size_t)length) == length ? 0 : -1;

	close(fd);
	return rc;
}

/* As clone(2), which valgrind follows into the child. */
static long clone_as_known(const struct clone_args *args)
{
	const struct call call = {
		.number = SYS_clone,
		.arguments = {(long)((args->flags & ~CLONE_INTO_CGROUP) | args->exit_signal), 0,
			      (long)args->pidfd},
	};
	int gate[2] = {-1, -1};
	char byte;
	long pid;
	int code;

	if (args->flags & CLONE_INTO_CGROUP && fcntl((int)args->cgroup, F_GETFD) < 0)
		return -1; /* EBADF */
	if (args->flags & CLONE_INTO_CGROUP && pipe2(gate, O_CLOEXEC) < 0)
		return -1;
	pid = result_of(make_call(&call));
	if (pid == 0 && gate[0] >= 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 1)
			_exit(127);
	}
	if (pid > 0 && gate[1] >= 0 &&
	    (enter_cgroup((int)args->cgroup, pid) < 0 || write(gate[1], "", 1) != 1))
		pid = -1;
	if (pid > 0 && args->flags & CLONE_PIDFD)
		(void)VALGRIND_MAKE_MEM_DEFINED((void *)args->pidfd, sizeof(int));
	code = errno;
	close(gate[0]);
	close(gate[1]);
	errno = code;
	return pid;
}

long syscall(long number, ...)
{
	struct call call = {.number = number};
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		call.arguments[i] = va_arg(list, long);
	va_end(list);
	switch (number) {
	case SYS_clone3:
		/* Threads are for libc to make; what tests try here, the kernel refuses. */
		if (((const struct clone_args *)call.arguments[0])->flags & CLONE_THREAD)
			return past_valgrind(&call);
		return clone_as_known((const void *)call.arguments[0]);
	case SYS_openat2:
	case SYS_pidfd_getfd:
	case SYS_pidfd_open:
	case SYS_pidfd_send_signal:
	case SYS_seccomp:
	case SYS_pivot_root:
		return past_valgrind(&call);
	default: /* as any other, through valgrind */
		return result_of(make_call(&call));
	}
}

/* What libc has functions for. */
#define PAST(number, ...) ((int)past_valgrind(&(const struct call){number, {__VA_ARGS__}}))

int open_tree(int dir_fd, const char *path, unsigned int flags)
{
	return PAST(SYS_open_tree, dir_fd, (long)path, (long)flags);
}

int move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
	return PAST(SYS_move_mount, from_fd, (long)from, to_fd, (long)to, (long)flags);
}

int mount_setattr(int dir_fd, const char *path, unsigned int flags, struct mount_attr *attr,
		  size_t size)
{
	return PAST(SYS_mount_setattr, dir_fd, (long)path, (long)flags, (long)attr, (long)size);
}

int fsopen(const char *type, unsigned int flags)
{
	return PAST(SYS_fsopen, (long)type, (long)flags);
}

int fsconfig(int fd, unsigned int command, const char *key, const void *value, int aux)
{
	return PAST(SYS_fsconfig, fd, (long)command, (long)key, (long)value, aux);
}

int fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	return PAST(SYS_fsmount, fd, (long)flags, (long)attributes);
}

/* valgrind keeps limits of open files for itself. */
int prlimit(pid_t pid, __rlimit_resource_t resource, const struct rlimit *wanted,
	    struct rlimit *old)
{
	int rc = PAST(SYS_prlimit64, pid, (long)resource, (long)wanted, (long)old);

	if (rc == 0 && old)
		(void)VALGRIND_MAKE_MEM_DEFINED(old, sizeof(*old));
	return rc;
}

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	return prlimit(0, resource, limit, NULL);
}

int getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
	return prlimit(0, resource, NULL, limit);
}
