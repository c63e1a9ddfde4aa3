/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * system.h: the system calls of the supervisor, and of the built-in init (src/init), without libc.
 * A static glibc maps 650 KiB and a shared one dirties 100 KiB, for every container; this maps a
 * few pages. Compiled with
 * -ffreestanding and -nostdlib on the machines named below; elsewhere, or without these flags,
 * the same calls go through libc's syscall(2) and everything else stays as it is.
 * All calls return the result, or a negative errno value.
 */
#ifndef SUPERVISOR_SYSTEM_H
#define SUPERVISOR_SYSTEM_H

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/stat.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#if !__STDC_HOSTED__ && (defined(__x86_64__) || defined(__aarch64__))
#define SYSTEM_WITHOUT_LIBC 1
#else
#define SYSTEM_WITHOUT_LIBC 0
#endif

#if !SYSTEM_WITHOUT_LIBC

#include <errno.h>
#include <string.h>
#include <unistd.h>

static inline long system_call(long number, long a, long b, long c, long d, long e)
{
	/* The sixth means something where the fifth is a pointer only: see system_wait_events(). */
	long result = syscall(number, a, b, c, d, e, 0L);

	return result < 0 ? -errno : result;
}

#elif defined(__x86_64__)

static inline long system_call(long number, long a, long b, long c, long d, long e)
{
	register long fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
			 : "rcx", "r11", "memory");
	return result;
}

#else

static inline long system_call(long number, long a, long b, long c, long d, long e)
{
	register long call __asm__("x8") = number;
	register long first __asm__("x0") = a;
	register long second __asm__("x1") = b;
	register long third __asm__("x2") = c;
	register long fourth __asm__("x3") = d;
	register long fifth __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(first)
			 : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
			 : "memory");
	return first;
}

#endif

#define SYSTEM_ENOENT (-2)
#define SYSTEM_EINTR  (-4)
#define SYSTEM_ECHILD (-10)
#define SYSTEM_EAGAIN (-11)
#define SYSTEM_EINVAL (-22)
#define SYSTEM_ENOSPC (-28)

#define SYSTEM_SIGNAL_BIT(number) (UINT64_C(1) << ((number)-1)) /* in a mask of the kernel's */

static inline long system_read(int fd, void *buffer, size_t size)
{
	return system_call(SYS_read, fd, (long)buffer, (long)size, 0, 0);
}

static inline long system_write(int fd, const void *bytes, size_t length)
{
	return system_call(SYS_write, fd, (long)bytes, (long)length, 0, 0);
}

static inline long system_write_at(int fd, const void *bytes, size_t length, uint64_t offset)
{
	return system_call(SYS_pwrite64, fd, (long)bytes, (long)length, (long)offset, 0);
}

static inline long system_write_parts(int fd, const struct iovec *parts, unsigned int count)
{
	return system_call(SYS_writev, fd, (long)parts, count, 0, 0);
}

static inline long system_open_at(int dir_fd, const char *name, int flags, int mode)
{
	return system_call(SYS_openat, dir_fd, (long)name, flags, mode, 0);
}

static inline long system_rename_at(int dir_fd, const char *from, const char *to)
{
	return system_call(SYS_renameat2, dir_fd, (long)from, dir_fd, (long)to, 0);
}

static inline long system_unlink_at(int dir_fd, const char *name)
{
	return system_call(SYS_unlinkat, dir_fd, (long)name, 0, 0, 0);
}

static inline long system_close(int fd)
{
	return system_call(SYS_close, fd, 0, 0, 0, 0);
}

static inline long system_close_on_exec_from(int first_fd)
{
	return system_call(SYS_close_range, first_fd, (long)~0U, CLOSE_RANGE_CLOEXEC, 0, 0);
}

static inline long system_duplicate(int from, int to)
{
	return system_call(SYS_dup3, from, to, 0, 0, 0);
}

static inline long system_lock(int fd)
{
	return system_call(SYS_flock, fd, LOCK_EX, 0, 0, 0);
}

/* How many names a file still has. */
static inline long system_count_links(int fd)
{
	struct statx statx;
	long result = system_call(SYS_statx, fd, (long)"", AT_EMPTY_PATH, STATX_NLINK, (long)&statx);

	return result < 0 ? result : (long)statx.stx_nlink;
}

static inline long system_get_size(int fd)
{
	struct statx statx;
	long result = system_call(SYS_statx, fd, (long)"", AT_EMPTY_PATH, STATX_SIZE, (long)&statx);

	return result < 0 ? result : (long)statx.stx_size;
}

/* Where the host's log daemon takes messages: syslog(3). */
#ifndef SYSTEM_LOG_SOCKET
#define SYSTEM_LOG_SOCKET "/dev/log"
#endif

static inline long system_open_datagrams(void)
{
	return system_call(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, 0, 0);
}

/* path: with its NUL as long as sun_path at most. */
static inline long system_connect_local(int fd, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	for (size_t i = 0; i < sizeof(address.sun_path) - 1 && path[i]; i++)
		address.sun_path[i] = path[i];
	return system_call(SYS_connect, fd, (long)&address, sizeof(address), 0, 0);
}

static inline long system_get_flags(int fd)
{
	return system_call(SYS_fcntl, fd, F_GETFL, 0, 0, 0);
}

static inline long system_wait(int pid, int *status)
{
	return system_call(SYS_wait4, pid, (long)status, 0, 0, 0);
}

/* Of linux/pidfd.h, which is younger than most headers: Linux 6.13, the status with Linux 6.15. */
struct system_process_info {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t status; /* as of wait(2) */
};
#define SYSTEM_GET_PROCESS_INFO _IOWR(0xFF, 11, struct system_process_info)
#define SYSTEM_INFO_EXIT        (UINT64_C(1) << 3)

/* How a process ended that is nobody of ours: 0; 1: it was not reaped yet, or the kernel has no word. */
static inline long system_get_exit_status(int pidfd, int *status)
{
	struct system_process_info info = {.mask = SYSTEM_INFO_EXIT};
	long result = system_call(SYS_ioctl, pidfd, (long)SYSTEM_GET_PROCESS_INFO, (long)&info, 0, 0);

	if (result < 0 || !(info.mask & SYSTEM_INFO_EXIT))
		return result < 0 ? result : 1;
	*status = info.status;
	return 0;
}

/* Until a process that has ended was reaped, or the time is up: poll(2), POLLHUP of a pidfd. */
static inline long system_wait_reaped(int pidfd, int seconds)
{
	struct pollfd wanted = {.fd = pidfd};
	const struct timespec longest = {.tv_sec = seconds};

	return system_call(SYS_ppoll, (long)&wanted, 1, (long)&longest, 0, 0);
}

/* Until there is something to be read, or a process has ended: poll(2). */
static inline long system_wait_readable(int fd)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};

	return system_call(SYS_ppoll, (long)&wanted, 1, 0, 0, 0);
}

/* One child without its status: its pid; with WNOHANG 0 while it runs. */
static inline long system_wait_child(int pid, int flags)
{
	return system_call(SYS_wait4, pid, 0, flags, 0, 0);
}

/* The same with its status. */
static inline long system_wait_status(int pid, int *status, int flags)
{
	return system_call(SYS_wait4, pid, (long)status, flags, 0, 0);
}

/* As fork(2); between it and the exec nothing but what is in here may be called. */
static inline long system_fork(void)
{
	return system_call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static inline long system_exit(int status)
{
	return system_call(SYS_exit_group, status, 0, 0, 0, 0);
}

/* Any child that has ended: its pid; 0: none has; SYSTEM_ECHILD: there are no children. */
static inline long system_reap(int *status)
{
	return system_call(SYS_wait4, -1, (long)status, WNOHANG, 0, 0);
}

static inline long system_kill(int pid, int number)
{
	return system_call(SYS_kill, pid, number, 0, 0, 0);
}

/* Takes one of these signals, which are blocked; its number. */
static inline long system_wait_signal(uint64_t mask)
{
	return system_call(SYS_rt_sigtimedwait, (long)&mask, 0, 0, sizeof(mask), 0);
}

#if SYSTEM_WITHOUT_LIBC
struct system_action { /* as the kernel has it where we do without libc */
	void (*handler)(int number);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};
#endif

/* For a signal that stays blocked: with no way back from it, the handler must not be run. */
static inline void system_claim_signal(int number, void (*handler)(int number))
{
#if SYSTEM_WITHOUT_LIBC
	const struct system_action action = {.handler = handler};

	system_call(SYS_rt_sigaction, number, (long)&action, 0, sizeof(action.mask), 0);
#else
	signal(number, handler);
#endif
}

/* What ps shows; after an exec by fd it is the number of that. */
static inline long system_set_name(const char *name)
{
	return system_call(SYS_prctl, PR_SET_NAME, (long)name, 0, 0, 0);
}

static inline long system_signal_process(int pidfd, int number)
{
	return system_call(SYS_pidfd_send_signal, pidfd, number, 0, 0, 0);
}

/* Signal masks are 64 bits of the kernel's, not libc's sigset_t: bit n - 1 is signal n. */
static inline long system_block_signals(uint64_t mask)
{
	return system_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof(mask), 0);
}

static inline long system_open_signals(uint64_t mask)
{
	return system_call(SYS_signalfd4, -1, (long)&mask, sizeof(mask), SFD_CLOEXEC | SFD_NONBLOCK,
			   0);
}

static inline long system_open_epoll(void)
{
	return system_call(SYS_epoll_create1, EPOLL_CLOEXEC, 0, 0, 0, 0);
}

/* how: EPOLL_CTL_ADD or EPOLL_CTL_MOD. number: tells its events from those of other fds. */
static inline long system_watch(int epoll_fd, int how, int fd, uint32_t events, uint32_t number)
{
	struct epoll_event event = {.events = events, .data.u32 = number};

	return system_call(SYS_epoll_ctl, epoll_fd, how, fd, (long)&event, 0);
}

static inline long system_unwatch(int epoll_fd, int fd)
{
	return system_call(SYS_epoll_ctl, epoll_fd, EPOLL_CTL_DEL, fd, 0, 0);
}

static inline long system_wait_events(int epoll_fd, struct epoll_event *events, int count)
{
	return system_call(SYS_epoll_pwait, epoll_fd, (long)events, count, -1, 0);
}

static inline long system_open_inotify(void)
{
	return system_call(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK, 0, 0, 0, 0);
}

static inline long system_open_timer(void)
{
	return system_call(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK, 0, 0, 0);
}

/* Once, from now on. */
static inline long system_set_timer(int fd, int seconds)
{
	const struct itimerspec when = {.it_value.tv_sec = seconds};

	return system_call(SYS_timerfd_settime, fd, 0, (long)&when, 0, 0);
}

/* The same in milliseconds, at least one. */
static inline long system_set_timer_ms(int fd, uint64_t ms)
{
	const struct itimerspec when = {
		.it_value.tv_sec = (time_t)(ms / 1000),
		.it_value.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	return system_call(SYS_timerfd_settime, fd, 0, (long)&when, 0, 0);
}

static inline long system_keep_on_exec(int fd)
{
	return system_call(SYS_fcntl, fd, F_SETFD, 0, 0, 0);
}

/* Since the epoch. */
static inline void system_get_time(struct timespec *now)
{
	*now = (struct timespec){0};
	system_call(SYS_clock_gettime, CLOCK_REALTIME, (long)now, 0, 0, 0);
}

static inline int64_t system_seconds(void)
{
	struct timespec now;

	system_get_time(&now);
	return now.tv_sec;
}

static inline long system_exec_fd(int fd, char *const argv[], char *const envp[])
{
	return system_call(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
}

#if SYSTEM_WITHOUT_LIBC

/* gcc may call these for copies and initialisers it finds in the code. */
__attribute__((used)) void *memcpy(void *to, const void *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

__attribute__((used)) void *memset(void *to, int value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((char *)to)[i] = (char)value;
	return to;
}

int main(int argc, char *argv[], char *envp[]);

/* stack: what the kernel left there: argc, argv, NULL, envp, NULL. */
__attribute__((used, noreturn)) static void start(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);

	system_call(SYS_exit_group, main(argc, argv, argv + argc + 1), 0, 0, 0, 0);
	__builtin_unreachable();
}

#ifdef __x86_64__
__asm__(".globl _start\n_start:\n"
	"\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#else
__asm__(".globl _start\n_start:\n"
	"\tmov x29, xzr\n\tmov x0, sp\n\tbl start\n");
#endif

#endif
#endif
