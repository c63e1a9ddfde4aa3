/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h: the default filter, call by call, in groups that files may name as well. A call that
 * stands nowhere here is unknown (ENOSYS): that is how programs find out that a kernel is older
 * than they are, and what they can handle. Part of the build tool generate.c.
 */
#ifndef SECCOMP_POLICY_H
#define SECCOMP_POLICY_H

#include <linux/capability.h>

#include "config/calls.h"

struct section {
	const char *group;
	uint32_t verdict;
	const char *calls; /* separated by blanks */
};

static const struct section policy[] = {
	/* ---- allowed ---- */
	/* Without these no program starts, or its failure could not be told: in every filter. */
	{"start", CALL_ALLOW,
	 "execve exit exit_group faccessat faccessat2 fstatat64 newfstatat restart_syscall rt_sigreturn "
	 "sendmsg sigreturn"},
	{"file", CALL_ALLOW,
	 "_llseek access arm_fadvise64_64 arm_sync_file_range cachestat chdir chmod chown chown32 close "
	 "close_range copy_file_range creat dup dup2 dup3 fadvise64 fadvise64_64 fallocate "
	 "fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 "
	 "fdatasync fgetxattr file_getattr file_setattr flistxattr flock fremovexattr fsetxattr fstat "
	 "fstat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 "
	 "getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lchown "
	 "lchown32 lgetxattr link linkat listmount listxattr listxattrat llistxattr lremovexattr lseek "
	 "lsetxattr lstat lstat64 memfd_create mkdir mkdirat mknod mknodat name_to_handle_at open openat "
	 "openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat "
	 "readv removexattr removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr "
	 "setxattrat splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync "
	 "sync_file_range sync_file_range2 syncfs tee truncate truncate64 umask unlink unlinkat utime "
	 "utimensat utimensat_time64 utimes vmsplice write writev"},
	{"file", CALL_IOCTL, "ioctl"},
	{"event", CALL_ALLOW,
	 "_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 "
	 "epoll_wait epoll_wait_old eventfd eventfd2 io_cancel io_destroy io_getevents io_pgetevents "
	 "io_pgetevents_time64 io_setup io_submit pipe pipe2 poll ppoll ppoll_time64 pselect6 "
	 "pselect6_time64 select"},
	{"memory", CALL_ALLOW,
	 "brk madvise map_shadow_stack membarrier memfd_secret mincore mlock mlock2 mlockall mmap mmap2 "
	 "mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect "
	 "process_mrelease remap_file_pages"},
	{"network", CALL_ALLOW,
	 "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg "
	 "recvmmsg_time64 recvmsg send sendmmsg sendto setsockopt shutdown"},
	{"network", CALL_SOCKET, "socket socketpair"},
	{"network", CALL_SOCKETCALL, "socketcall"},
	{"process", CALL_ALLOW,
	 "arch_prctl breakpoint cacheflush capget capset execveat fork futex futex_requeue futex_time64 futex_wait "
	 "futex_waitv futex_wake get_robust_list get_thread_area get_tls getcpu getpgid getpgrp getpid "
	 "getppid getpriority getrandom getrlimit getrusage getsid gettid ioprio_get ioprio_set "
	 "landlock_add_rule landlock_create_ruleset landlock_restrict_self modify_ldt nice "
	 "pidfd_open pidfd_send_signal prctl prlimit64 process_vm_readv process_vm_writev ptrace rseq "
	 "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
	 "sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity "
	 "sched_setattr sched_setparam sched_setscheduler sched_yield seccomp set_robust_list "
	 "set_thread_area set_tid_address set_tls setpgid setpriority setrlimit setsid sysinfo times "
	 "ugetrlimit uname vfork wait4 waitid waitpid"},
	{"process", CALL_CLONE, "clone"},
	{"process", CALL_PERSONALITY, "personality"},
	{"signal", CALL_ALLOW,
	 "alarm kill pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigsuspend "
	 "rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal signalfd "
	 "signalfd4 sigpending sigprocmask sigsuspend tgkill tkill"},
	{"time", CALL_ALLOW,
	 "adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime "
	 "clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep "
	 "setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
	 "timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
	 "timerfd_settime64"},
	{"ipc", CALL_ALLOW,
	 "ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend "
	 "mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
	 "semtimedop_time64 shmat shmctl shmdt shmget"},
	{"user", CALL_ALLOW,
	 "getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid "
	 "getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 "
	 "setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid "
	 "setresuid32 setreuid setreuid32 setuid setuid32"},

	/* ---- with a capability, or with nesting ---- */
	{"mount", CALL_IF_CAPABLE + CAPABILITY_NESTING,
	 "fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree open_tree_attr "
	 "pivot_root umount umount2"},
	{"namespace", CALL_IF_CAPABLE + CAPABILITY_NESTING, "setns unshare"},
	/* Its flags are in memory, where a filter cannot look. Programs fall back to clone. */
	{"namespace", CALL_IF_CAPABLE_OR_UNKNOWN + CAPABILITY_NESTING, "clone3"},
	{"admin", CALL_IF_CAPABLE + CAPABILITY_NESTING, "setdomainname sethostname"},
	{"admin", CALL_IF_CAPABLE + CAP_SYS_ADMIN,
	 "fanotify_init lookup_dcookie quotactl quotactl_fd"},
	{"admin", CALL_IF_CAPABLE + CAP_SYSLOG, "syslog"},
	{"admin", CALL_IF_CAPABLE + CAP_SYS_PACCT, "acct"},
	{"admin", CALL_IF_CAPABLE + CAP_SYS_BOOT, "reboot"},
	{"admin", CALL_IF_CAPABLE + CAP_SYS_TTY_CONFIG, "vhangup"},
	{"admin", CALL_IF_CAPABLE + CAP_SYS_CHROOT, "chroot"},
	{"admin", CALL_IF_CAPABLE + CAP_DAC_READ_SEARCH, "open_by_handle_at"},
	{"bpf", CALL_IF_CAPABLE + CAP_BPF, "bpf"},
	{"bpf", CALL_IF_CAPABLE + CAP_PERFMON, "perf_event_open"},
	{"trace", CALL_IF_CAPABLE + CAP_SYS_PTRACE, "kcmp pidfd_getfd process_madvise"},
	{"clock", CALL_IF_CAPABLE + CAP_SYS_TIME, "clock_settime clock_settime64 settimeofday stime"},
	{"numa", CALL_IF_CAPABLE + CAP_SYS_NICE,
	 "get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node"},
	{"module", CALL_IF_CAPABLE + CAP_SYS_MODULE, "delete_module finit_module init_module"},
	{"rawio", CALL_IF_CAPABLE + CAP_SYS_RAWIO, "ioperm iopl"},

	/* ---- never ---- */
	{"keyring", CALL_REFUSE_OR_UNKNOWN, "add_key keyctl request_key"},
	{"io_uring", CALL_REFUSE, "io_uring_enter io_uring_register io_uring_setup"},
	{"userfaultfd", CALL_REFUSE, "userfaultfd"},
	{"kexec", CALL_REFUSE, "kexec_file_load kexec_load"},
	{"swap", CALL_REFUSE, "swapoff swapon"},
	{"obsolete", CALL_REFUSE,
	 "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock "
	 "mpx nfsservctl oldfstat oldlstat oldolduname oldstat olduname prof profil putpmsg "
	 "query_module readdir security sgetmask ssetmask stty sysfs tuxcall ulimit uselib ustat vm86 "
	 "vm86old vserver"},
};

/*
 * Newer than the libseccomp of some distributions; one number for all ABIs, as is the rule since
 * Linux 5.1. arch/SYSCALL_TABLE of the kernel: scripts/syscall.tbl.
 */
static const struct {
	const char *name;
	int number;
} newer_calls[] = {
	{"process_mrelease", 448}, {"futex_waitv", 449},    {"set_mempolicy_home_node", 450},
	{"cachestat", 451},        {"fchmodat2", 452},      {"map_shadow_stack", 453},
	{"futex_wake", 454},       {"futex_wait", 455},     {"futex_requeue", 456},
	{"statmount", 457},        {"listmount", 458},      {"mseal", 462},
	{"setxattrat", 463},       {"getxattrat", 464},     {"listxattrat", 465},
	{"removexattrat", 466},    {"open_tree_attr", 467}, {"file_getattr", 468},
	{"file_setattr", 469},
};

#endif
