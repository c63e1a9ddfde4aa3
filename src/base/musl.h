/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * musl.h: what musl has not, or newer versions of it only, in the words of glibc. The Makefile has each
 * file of cman begin with it where CC builds for musl; none includes it by itself.
 */
#ifndef BASE_MUSL_H
#define BASE_MUSL_H

#include <features.h>
#ifndef __GLIBC__

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The kernel's own, by names that no libc takes: STATX_MNT_ID is later than the struct of musl 1.2.5. */
#define statx           kernel_statx
#define statx_timestamp kernel_statx_timestamp
#include <linux/mount.h>
#include <linux/stat.h>

/* Added in Linux 5.14; one number for all architectures but alpha. */
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

/* Which resource: an int in musl. */
enum __rlimit_resource { RLIMIT_IS_AN_INT };

static inline int kernel_statx(int fd, const char *path, int flags, unsigned int mask, struct statx *out)
{
	return (int)syscall(SYS_statx, fd, path, flags, mask, out);
}

#define close_range kernel_close_range
static inline int close_range(unsigned int first, unsigned int last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

#define execveat kernel_execveat
static inline int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, fd, path, argv, envp, flags);
}

#define fsopen(type, flags)                   ((int)syscall(SYS_fsopen, type, flags))
#define fsconfig(fd, what, key, value, aux)   ((int)syscall(SYS_fsconfig, fd, what, key, value, aux))
#define fsmount(fd, flags, attributes)        ((int)syscall(SYS_fsmount, fd, flags, attributes))
#define fspick(fd, path, flags)               ((int)syscall(SYS_fspick, fd, path, flags))
#define open_tree(fd, path, flags)            ((int)syscall(SYS_open_tree, fd, path, flags))
#define move_mount(fd, path, to_fd, to_path, flags)                                                \
	((int)syscall(SYS_move_mount, fd, path, to_fd, to_path, flags))
#define mount_setattr(fd, path, flags, attr, size)                                                 \
	((int)syscall(SYS_mount_setattr, fd, path, flags, attr, size))

/* sigabbrev_np(3) */
static inline const char *sigabbrev_np(int number)
{
#define NAME(name) [SIG##name] = #name
	static const char *const names[] = {
		NAME(HUP),  NAME(INT),  NAME(QUIT),   NAME(ILL),    NAME(TRAP), NAME(ABRT), NAME(BUS),
		NAME(FPE),  NAME(KILL), NAME(USR1),   NAME(SEGV),   NAME(USR2), NAME(PIPE), NAME(ALRM),
		NAME(TERM), NAME(CHLD), NAME(CONT),   NAME(STOP),   NAME(TSTP), NAME(TTIN), NAME(TTOU),
		NAME(URG),  NAME(XCPU), NAME(XFSZ),   NAME(VTALRM), NAME(PROF), NAME(WINCH), NAME(POLL),
		NAME(PWR),  NAME(SYS),
#ifdef SIGSTKFLT
		NAME(STKFLT),
#endif
	};
#undef NAME

	return number > 0 && (size_t)number < sizeof(names) / sizeof(*names) ? names[number] : NULL;
}

#endif
#endif
