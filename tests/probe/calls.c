/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls that must be refused. Each is tried in a child of its own, with arguments that the
 * kernel looks at only after it has asked for the right: any answer but EPERM tells that the call
 * would be done, and with these arguments it cannot be. Where a call succeeds, its effect ends
 * with the child.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "probe.h"

/* No type: EINVAL. */
static long call_mount(void)
{
	return mount(NULL, "/", NULL, 0, NULL);
}

/* umount(2) never takes off the caller's root with MNT_EXPIRE: EINVAL. */
static long call_umount(void)
{
	return umount2("/", MNT_EXPIRE);
}

/* The root on itself: EBUSY or EINVAL. */
static long call_pivot_root(void)
{
	return syscall(SYS_pivot_root, "/", "/");
}

/* Flags nobody knows: EINVAL. */
static long call_fsopen(void)
{
	return syscall(SYS_fsopen, NULL, ~0U);
}

static long call_move_mount(void)
{
	return syscall(SYS_move_mount, -1, "", -1, "", ~0U);
}

/* No such descriptor: EBADF. */
static long call_open_tree(void)
{
	return syscall(SYS_open_tree, -1, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
}

static long call_mount_setattr(void)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOATIME};

	return syscall(SYS_mount_setattr, -1, "", AT_EMPTY_PATH, &attributes, sizeof(attributes));
}

static long call_unshare(void)
{
	return unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC);
}

static long unshare_user(void)
{
	return unshare(CLONE_NEWUSER);
}

/* The child of the child ends at once. */
static long clone_user(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return pid;
}

/* A size that no structure has: EINVAL. */
static long call_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

/* Its own user namespace, which it is in already: EINVAL. */
static long call_setns(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		errno = EPERM;
		return -1;
	}
	return setns(fd, CLONE_NEWUTS);
}

/* A handle of "/", which is open to us anyway. */
static long call_open_by_handle(void)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[MAX_HANDLE_SZ];
	} space = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int mount_id, fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || name_to_handle_at(fd, "", &space.handle, &mount_id, AT_EMPTY_PATH) < 0) {
		space.handle.handle_bytes = 8; /* a file system without handles: ask anyway */
		space.handle.handle_type = 1;
	}
	return open_by_handle_at(fd, &space.handle, O_PATH | O_CLOEXEC);
}

/* In the process keyring, which ends with the child. */
static long call_add_key(void)
{
	return syscall(SYS_add_key, "user", "probe", "x", 1, KEY_SPEC_PROCESS_KEYRING);
}

static long call_request_key(void)
{
	return syscall(SYS_request_key, "user", "probe: no such key", NULL, 0);
}

static long call_keyctl(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0);
}

static long call_io_uring(void)
{
	struct io_uring_params parameters = {0};

	return syscall(SYS_io_uring_setup, 1, &parameters);
}

static long call_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
}

static long call_bpf(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
}

/* Counts nothing, of ourselves. */
static long call_perf_event(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
					     .size = sizeof(attributes),
					     .config = PERF_COUNT_SW_DUMMY,
					     .disabled = 1,
					     .exclude_kernel = 1,
					     .exclude_hv = 1};

	return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0UL);
}

/* Reads no byte of it: the size only. */
static long call_syslog(void)
{
	return klogctl(10, NULL, 0);
}

/* Flags nobody knows: EINVAL. No segments would unload a kernel: so there are too many. */
static long call_kexec(void)
{
	return syscall(SYS_kexec_load, 0UL, 1UL << 30, NULL, ~0UL);
}

/* Not the magic numbers: EINVAL. */
static long call_reboot(void)
{
	return syscall(SYS_reboot, 0, 0, 0, NULL);
}

/* No bytes: ENOEXEC. */
static long call_init_module(void)
{
	return syscall(SYS_init_module, NULL, 0UL, "");
}

static long call_delete_module(void)
{
	return syscall(SYS_delete_module, "probe_no_such_module", O_NONBLOCK);
}

/* Not there: ENOENT. */
static long call_swapon(void)
{
	return syscall(SYS_swapon, "/probe/no/such/file", 0);
}

static long call_acct(void)
{
	return syscall(SYS_acct, "/probe/no/such/file");
}

/* Of a length that cannot be: EINVAL. */
static long call_sethostname(void)
{
	return syscall(SYS_sethostname, "", -1);
}

/* A tick far out of its bounds: EINVAL. */
static long call_adjtimex(void)
{
	struct timex timex = {.modes = ADJ_TICK, .tick = 1};

	return adjtimex(&timex);
}

#if defined(__x86_64__)
/* Port 0x80 of the child, which touches none. */
static long call_ioperm(void)
{
	return ioperm(0x80, 1, 1);
}

/* getpid(2) as x32 has it. Where the kernel lacks x32: ENOSYS. */
static long call_x32(void)
{
	return syscall(0x40000000 | SYS_getpid);
}

/* unshare(2) is 310 in the 32 bit ABI; a kernel without it kills the child: as good as EPERM. */
static long unshare_user_32(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(310L), "b"((long)CLONE_NEWUSER)
			 : "memory", "r8", "r9", "r10", "r11");
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
#endif

const struct check call_checks[] = {
	{"mount", "mount is refused", check_closed, call_mount, 0},
	{"umount", "umount is refused", check_closed, call_umount, 0},
	{"pivot-root", "pivot_root is refused", check_closed, call_pivot_root, 0},
	{"fsopen", "fsopen is refused", check_closed, call_fsopen, 0},
	{"move-mount", "move_mount is refused", check_closed, call_move_mount, 0},
	{"open-tree", "open_tree of a copy is refused", check_closed, call_open_tree, 0},
	{"mount-setattr", "mount_setattr is refused", check_closed, call_mount_setattr, 0},
	{"unshare", "new namespaces are refused", check_closed, call_unshare, 0},
	{"userns-unshare", "so is a new user namespace (unshare)", check_closed, unshare_user, 0},
	{"userns-clone", "so is a new user namespace (clone)", check_closed, clone_user, 0},
	{"clone3", "clone3, which no filter can look into, is closed", check_closed, call_clone3, 0},
	{"setns", "joining a namespace is refused", check_closed, call_setns, 0},
	{"open-by-handle", "no file can be opened by its inode", check_closed, call_open_by_handle,
	 0},
	{"add-key", "add_key is closed", check_closed, call_add_key, 0},
	{"request-key", "request_key is closed", check_closed, call_request_key, 0},
	{"keyctl", "keyctl is closed", check_closed, call_keyctl, 0},
	{"io-uring", "io_uring is closed", check_closed, call_io_uring, 0},
	{"userfaultfd", "userfaultfd is closed", check_closed, call_userfaultfd, 0},
	{"bpf", "bpf is closed", check_closed, call_bpf, 0},
	{"perf-event", "perf_event_open is closed", check_closed, call_perf_event, EACCES},
	{"syslog", "the kernel's log is closed", check_closed, call_syslog, 0},
	{"kexec", "kexec_load is refused", check_closed, call_kexec, 0},
	{"reboot", "reboot is refused", check_closed, call_reboot, 0},
	{"init-module", "no kernel module can be loaded", check_closed, call_init_module, 0},
	{"delete-module", "none can be removed", check_closed, call_delete_module, 0},
	{"swapon", "swapon is refused", check_closed, call_swapon, 0},
	{"acct", "acct is refused", check_closed, call_acct, 0},
	{"sethostname", "the host name cannot be changed", check_closed, call_sethostname, 0},
	{"adjtimex", "the clock cannot be changed", check_closed, call_adjtimex, 0},
#if defined(__x86_64__)
	{"ioperm", "no I/O port can be reached", check_closed, call_ioperm, 0},
	{"abi-x32", "the x32 ABI is closed", check_closed, call_x32, 0},
	{"abi-32", "the 32 bit ABI is no way around", check_closed, unshare_user_32, 0},
#endif
	{0},
};
