/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of rootfs.h that runs inside the new namespaces. No heap; single-threaded. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "kernel/mount.h"
#include "kernel/overlay.h"
#include "kernel/rootfs.h"

#define HARMLESS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define CPUS     "devices/system/cpu" /* of sysfs */

/* What the steps below share; every fd is one of ours, none was found by a path of the image. */
struct view {
	const struct rootfs *rootfs;
	int null_fd;  /* the host's /dev/null, known to be it: covers masked files */
	int empty_fd; /* an empty directory of our sysfs: covers masked directories */
	int proc_fd;
	int sys_fd;
};

/* getdents(2) */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length; /* of all of it */
	uint8_t type;
	char name[];
};

struct usual_node {
	const char *name;
	unsigned int major, minor;
};

static const struct usual_node null_node = {"null", 1, 3};
static const struct usual_node device_nodes[] = {
	{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
	{"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

/*
 * What tells about the host, or acts on it, and is not namespaced. Paths that a kernel lacks are
 * passed over. Not here: kernel/debug, tracing and security of sysfs, which are empty in a fresh
 * one (what the host mounts there is not seen).
 */
static const char *const masked_proc_files[] = {
	"interrupts",   "kallsyms",    "kcore",    "key-users",  "keys",        "latency_stats",
	"pagetypeinfo", "sched_debug", "slabinfo", "timer_list", "timer_stats", "vmallocinfo",
};
static const char *const masked_proc_directories[] = {"acpi", "asound", "scsi"};
static const char *const masked_sys_files[] = {"kernel/notes", "kernel/vmcoreinfo"};
static const char *const masked_sys_directories[] = {
	"dev/block", "devices/virtual/powercap", "firmware", "fs/selinux", "kernel/slab",
};
static const char *const read_only_proc[] = {"bus", "fs", "irq", "sys", "sysrq-trigger"};
/*
 * What only root of the host may open, which a container's root is where there is no user
 * namespace. Memory of devices (devices/pci*) can be mapped even from a read-only sysfs.
 */
static const char *const host_proc_files[] = {
	"allocinfo", "iomem", "ioports", "kmsg", "kpagecgroup", "kpagecount", "kpageflags", "vmcore",
};
static const char *const host_proc_directories[] = {"dynamic_debug", "tty/driver"};
static const char *const host_sys_files[] = {
	"devices/virtual/dmi/id/board_serial",
	"devices/virtual/dmi/id/chassis_serial",
	"devices/virtual/dmi/id/product_serial",
	"devices/virtual/dmi/id/product_uuid",
};

/* A directory of the image to mount on. A symlink would put the mount somewhere else. */
static int open_mount_point(const struct rootfs *rootfs, const char *name, struct error *err)
{
	int fd = fs_open_in_root(rootfs->tree_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, err);

	if (fd < 0 && err->code == ENOENT)
		return error_hint(err, "mkdir %s/%s", rootfs->path, name);
	if (fd < 0 && err->code == ENOTDIR)
		return error_hint(err, "%s/%s must be a directory and no symbolic link",
				  rootfs->path, name);
	return fd;
}

/* A new file system, attached at once. */
static int attach_new(const char *type, const struct mount_option *options, unsigned int attributes,
		      int dir_fd, const char *path, struct error *err)
{
	int mount_fd = mount_new(type, options, attributes, err);

	if (mount_fd < 0)
		return -1;
	if (mount_attach(mount_fd, dir_fd, path, err) < 0)
		close_fd(&mount_fd);
	return mount_fd;
}

/* For those whose fd nobody needs. */
static int attach_and_close(const char *type, const struct mount_option *options,
			    unsigned int attributes, int dir_fd, const char *path, struct error *err)
{
	AUTO_FD int mount_fd = attach_new(type, options, attributes, dir_fd, path, err);

	return mount_fd < 0 ? -1 : 0;
}

/*
 * A copy of a device of the host's, for one place. Read-only, which keeps nobody from writing to
 * the device: but mode and owner are the host's, and root without a user namespace may change them.
 */
static int clone_node(int dir_fd, const char *path, struct error *err)
{
	static const struct mount_change change = {
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	};
	AUTO_FD int node_fd = mount_clone(dir_fd, path, 0, err);

	if (node_fd < 0 || mount_change(node_fd, &change, 0, err) < 0)
		return -1;
	return take_fd(&node_fd);
}

static int check_node(int fd, const struct usual_node *node, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat /dev/%s", node->name);
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(node->major, node->minor))
		return 0;
	error_set(err, 0, "the host's /dev/%s is not character device %u:%u", node->name,
		  node->major, node->minor);
	return error_hint(err, "rm -f /dev/%s; mknod -m 666 /dev/%s c %u %u", node->name,
			  node->name, node->major, node->minor);
}

/*
 * Attaches the image to "/", a place that always can be reached, wherever the image is kept.
 * Absolute paths go on leading to the host until pivot_root(2).
 */
static int attach_tree(struct view *view, struct error *err)
{
	view->null_fd = fs_open_at(AT_FDCWD, "/dev/null", O_PATH, 0, err);
	if (view->null_fd < 0 || check_node(view->null_fd, &null_node, err) < 0)
		return -1;
	return mount_attach(view->rootfs->tree_fd, AT_FDCWD, "/", err);
}

/*
 * In images these names are often symlinks that lead nowhere, so they are themselves covered.
 * The parent may be a symlink within the image: it harms only the image. A name that is missing
 * is left out, rootfs_check() has warned.
 */
static int bind_generated(const struct rootfs *rootfs, int file_fd, int etc_fd, const char *name,
			  struct error *err)
{
	struct stat st;

	if (file_fd < 0 || mount_attach(file_fd, etc_fd, name, err) == 0)
		return 0;
	if (err->code == ENOENT)
		return 0;
	if (fstatat(etc_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		error_hint(err, "%s/etc/%s must not be a directory", rootfs->path, name);
	return error_wrap(err, "/etc");
}

static int bind_all_generated(const struct rootfs *rootfs, struct error *err)
{
	AUTO_FD int etc_fd = -1;

	if (rootfs->resolv_conf_fd < 0 && rootfs->hosts_fd < 0 && rootfs->hostname_fd < 0)
		return 0;
	etc_fd = fs_open_in_root(rootfs->tree_fd, "etc", O_PATH | O_DIRECTORY, err);
	if (etc_fd < 0)
		return error_hint(err, "%s/etc must be a directory", rootfs->path);
	if (bind_generated(rootfs, rootfs->resolv_conf_fd, etc_fd, "resolv.conf", err) < 0 ||
	    bind_generated(rootfs, rootfs->hosts_fd, etc_fd, "hosts", err) < 0 ||
	    bind_generated(rootfs, rootfs->hostname_fd, etc_fd, "hostname", err) < 0)
		return -1;
	return 0;
}

/*
 * proc or sysfs. The kernel allows a new one in a user namespace only while an old one is there
 * of which nothing is hidden (mount_too_revealing()): so before the old root goes.
 */
static int mount_kernel_view(const struct rootfs *rootfs, const char *type, const char *name,
			     unsigned int attributes, struct error *err)
{
	AUTO_FD int target_fd = open_mount_point(rootfs, name, err);
	int fd;

	if (target_fd < 0)
		return -1;
	fd = attach_new(type, NULL, attributes, target_fd, "", err);
	if (fd < 0 && err->code == EPERM)
		error_hint(err,
			   "the host's /%s must be mounted, not read-only, and nothing may be "
			   "mounted over parts of it (findmnt -R /%s); other containers hide parts",
			   name, name);
	return fd;
}

static int add_device_nodes(int dev_fd, struct error *err)
{
	char path[32];

	for (size_t i = 0; i < ARRAY_SIZE(device_nodes); i++) {
		const struct usual_node *node = &device_nodes[i];
		AUTO_FD int node_fd = -1;

		snprintf(path, sizeof(path), "/dev/%s", node->name);
		node_fd = clone_node(AT_FDCWD, path, err);
		if (node_fd < 0 || check_node(node_fd, node, err) < 0)
			return -1;
		if (mknodat(dev_fd, node->name, S_IFREG, 0) < 0)
			return error_set(err, errno, "create %s", path);
		if (mount_attach(node_fd, dev_fd, node->name, err) < 0)
			return -1;
	}
	return 0;
}

static int add_device_links(int dev_fd, struct error *err)
{
	static const char *const links[][2] = {
		{"ptmx", "pts/ptmx"},          {"fd", "/proc/self/fd"},
		{"stdin", "/proc/self/fd/0"},  {"stdout", "/proc/self/fd/1"},
		{"stderr", "/proc/self/fd/2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i][1], dev_fd, links[i][0]) < 0)
			return error_set(err, errno, "link %s", links[i][0]);
	return 0;
}

static int add_device_mount(int dev_fd, const char *type, const struct mount_option *options,
			    unsigned int attributes, const char *name, struct error *err)
{
	if (mkdirat(dev_fd, name, 0755) < 0)
		return error_set(err, errno, "create %s", name);
	return attach_and_close(type, options, attributes, dev_fd, name, err);
}

/* Read-only, and where it may not be mounted a copy of what the host has mounted for us. */
static int add_hidden_sys(const struct rootfs *rootfs, int dev_fd, struct error *err)
{
	static const struct mount_change change = {.attributes = HARMLESS | MOUNT_ATTR_RDONLY};
	AUTO_FD int copy_fd = -1;

	if (rootfs->sys_fd < 0)
		return add_device_mount(dev_fd, "sysfs", NULL, HARMLESS | MOUNT_ATTR_RDONLY,
					".nesting/sys", err);
	if (mkdirat(dev_fd, ".nesting/sys", 0755) < 0)
		return error_set(err, errno, "create .nesting/sys");
	copy_fd = mount_clone(rootfs->sys_fd, "", 0, err);
	if (copy_fd < 0 || mount_change(copy_fd, &change, 0, err) < 0)
		return -1;
	return mount_attach(copy_fd, dev_fd, ".nesting/sys", err);
}

/*
 * A new user namespace is allowed a proc or sysfs of its own only while its mount namespace has
 * one of which nothing is hidden (mount_too_revealing()). These two serve for that alone: an empty
 * directory covers where they are, which nobody without CAP_SYS_ADMIN can take off. The sysfs
 * is read-only, so those that are made after it have to be.
 */
static int add_hidden_views(const struct rootfs *rootfs, int dev_fd, struct error *err)
{
	static const struct mount_option cover_options[] = {
		{"mode", "0555"},
		{"size", "4k"},
		{"nr_inodes", "1"},
		{NULL, NULL},
	};

	if (mkdirat(dev_fd, ".nesting", 0755) < 0)
		return error_set(err, errno, "create .nesting");
	if (add_device_mount(dev_fd, "proc", NULL, HARMLESS, ".nesting/proc", err) < 0 ||
	    add_hidden_sys(rootfs, dev_fd, err) < 0)
		return -1;
	return attach_and_close("tmpfs", cover_options, HARMLESS | MOUNT_ATTR_RDONLY, dev_fd,
				".nesting", err);
}

/* Where the container says that it is ready: of all that is on it only the sockets can be written to. */
static int add_notify(const struct rootfs *rootfs, int dev_fd, struct error *err)
{
	if (rootfs->notify_fd < 0)
		return 0;
	if (mkdirat(dev_fd, ".notify", 0755) < 0)
		return error_set(err, errno, "create .notify");
	return mount_attach(rootfs->notify_fd, dev_fd, ".notify", err);
}

/* Always a tmpfs of ours, whatever the image has there. */
static int mount_dev(const struct rootfs *rootfs, struct error *err)
{
	static const struct mount_option dev_options[] = {
		{"mode", "0755"},
		{"size", "64k"},
		{NULL, NULL},
	};
	/* 5 is group "tty" by custom; each mount of devpts is an instance of its own. */
	static const struct mount_option pts_options[] = {
		{"gid", "5"},
		{"mode", "0620"},
		{"ptmxmode", "0666"},
		{NULL, NULL},
	};
	static const struct mount_option shm_options[] = {
		{"mode", "1777"},
		{"size", "64m"},
		{NULL, NULL},
	};
	AUTO_FD int target_fd = open_mount_point(rootfs, "dev", err);
	AUTO_FD int dev_fd = -1;

	if (target_fd < 0)
		return -1;
	dev_fd = attach_new("tmpfs", dev_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, target_fd,
			    "", err);
	if (dev_fd < 0 || add_device_nodes(dev_fd, err) < 0 || add_device_links(dev_fd, err) < 0 ||
	    add_device_mount(dev_fd, "devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
			     "pts", err) < 0 ||
	    add_device_mount(dev_fd, "tmpfs", shm_options, HARMLESS, "shm", err) < 0)
		return -1;
	/* ENODEV: a kernel without POSIX message queues has nothing to show there. */
	if (add_device_mount(dev_fd, "mqueue", NULL, HARMLESS, "mqueue", err) < 0 &&
	    err->code != ENODEV)
		return -1;
	if (rootfs->devices_fd >= 0 &&
	    device_attach_nodes(rootfs->devices, rootfs->devices_fd, dev_fd, err) < 0)
		return -1;
	if (add_notify(rootfs, dev_fd, err) < 0)
		return -1;
	return rootfs->nesting ? add_hidden_views(rootfs, dev_fd, err) : 0;
}

/* The sysfs that was mounted outside. */
static int attach_sys(struct view *view, struct error *err)
{
	AUTO_FD int target_fd = open_mount_point(view->rootfs, "sys", err);

	if (target_fd < 0 || mount_attach(view->rootfs->sys_fd, target_fd, "", err) < 0)
		return -1;
	view->sys_fd = fcntl(view->rootfs->sys_fd, F_DUPFD_CLOEXEC, 0);
	return view->sys_fd < 0 ? error_set(err, errno, "duplicate a descriptor") : 0;
}

static int mount_sys(struct view *view, struct error *err)
{
	const struct rootfs *rootfs = view->rootfs;

	if (rootfs->sys_fd >= 0 && attach_sys(view, err) < 0)
		return -1;
	if (rootfs->sys_fd < 0 && rootfs->uncovered)
		view->sys_fd = mount_kernel_view(rootfs, "sysfs", "sys", HARMLESS, err);
	/* EPERM: the host's own is read-only, then ours has to be. */
	if (rootfs->sys_fd < 0 &&
	    (!rootfs->uncovered || (view->sys_fd < 0 && err->code == EPERM)))
		view->sys_fd = mount_kernel_view(rootfs, "sysfs", "sys",
						 HARMLESS | MOUNT_ATTR_RDONLY, err);
	if (view->sys_fd < 0)
		return -1;
	/* Made by the kernel as a mount point: nothing can ever be in it. */
	view->empty_fd = fs_open_at(view->sys_fd, "fs/cgroup", O_PATH | O_DIRECTORY, 0, err);
	return view->empty_fd < 0 ? -1 : 0;
}

/* Version 1 hierarchies are never shown: release_agent and devices are not for a container. */
static int mount_cgroup(const struct view *view, struct error *err)
{
	bool delegated = view->rootfs->delegated;
	struct statfs host;

	/* On a hybrid host there is a version 2 tree as well, elsewhere: for those who need one. */
	if (!delegated &&
	    (statfs("/sys/fs/cgroup", &host) < 0 || host.f_type != CGROUP2_SUPER_MAGIC))
		return 0;
	return attach_and_close("cgroup2", NULL, HARMLESS | (delegated ? 0 : MOUNT_ATTR_RDONLY),
				view->empty_fd, "", err);
}

static int mask(int cover_fd, int base_fd, const char *path, struct error *err)
{
	AUTO_FD int copy_fd = -1;

	if (!fs_exists_at(base_fd, path))
		return 0;
	copy_fd = clone_node(cover_fd, "", err);
	if (copy_fd < 0 || mount_attach(copy_fd, base_fd, path, err) < 0)
		return error_wrap(err, "mask %s", path);
	return 0;
}

static int mask_all(int cover_fd, int base_fd, const char *const *paths, size_t count,
		    struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (mask(cover_fd, base_fd, paths[i], err) < 0)
			return -1;
	return 0;
}

static int make_read_only(int base_fd, const char *path, struct error *err)
{
	static const struct mount_change read_only = {.attributes = MOUNT_ATTR_RDONLY};
	AUTO_FD int copy_fd = -1;

	if (!fs_exists_at(base_fd, path))
		return 0;
	copy_fd = mount_clone(base_fd, path, 0, err);
	if (copy_fd < 0 || mount_change(copy_fd, &read_only, 0, err) < 0 ||
	    mount_attach(copy_fd, base_fd, path, err) < 0)
		return error_wrap(err, "make %s read-only", path);
	return 0;
}

/* Not by opendir(3), which takes memory from the heap. */
static int each_entry(const struct view *view, int base_fd, const char *path,
		      int (*visit)(const struct view *, const struct directory_entry *,
				   struct error *),
		      struct error *err)
{
	AUTO_FD int dir_fd = fs_open_at(base_fd, path, O_RDONLY | O_DIRECTORY, 0, err);
	char entries[4096] __attribute__((aligned(8)));
	long length;

	if (dir_fd < 0)
		return -1;
	while ((length = syscall(SYS_getdents64, dir_fd, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < length;) {
			const struct directory_entry *entry = (const void *)(entries + at);

			at += entry->length;
			if (visit(view, entry, err) < 0)
				return -1;
		}
	}
	return length < 0 ? error_set(err, errno, "list %s", path) : 0;
}

/* CAP_DAC_OVERRIDE opens all of them for writing, whatever their mode. */
static int protect_proc_file(const struct view *view, const struct directory_entry *entry,
			     struct error *err)
{
	return entry->type == DT_REG ? make_read_only(view->proc_fd, entry->name, err) : 0;
}

/* The buses "pci0000:00" and so on, with all that is on them. */
static int mask_pci_bus(const struct view *view, const struct directory_entry *entry,
			struct error *err)
{
	char path[sizeof("devices/") + 255];

	if (!text_starts_with(entry->name, "pci"))
		return 0;
	snprintf(path, sizeof(path), "devices/%s", entry->name);
	return mask(view->empty_fd, view->sys_fd, path, err);
}

/* Counters that tell what neighbours compute; a CPU that is offline, or a virtual one, has none. */
static int mask_thermal_throttle(const struct view *view, const struct directory_entry *entry,
				 struct error *err)
{
	char path[sizeof(CPUS "//thermal_throttle") + 255];

	if (!text_starts_with(entry->name, "cpu"))
		return 0;
	snprintf(path, sizeof(path), CPUS "/%s/thermal_throttle", entry->name);
	return mask(view->empty_fd, view->sys_fd, path, err);
}

/* Listed, as their numbers may have gaps. */
static int mask_cpus(const struct view *view, struct error *err)
{
	return fs_exists_at(view->sys_fd, CPUS)
		       ? each_entry(view, view->sys_fd, CPUS, mask_thermal_throttle, err)
		       : 0;
}

/* Before the masks: theirs stay on top. */
static int restrict_host_view(const struct view *view, struct error *err)
{
	if (each_entry(view, view->proc_fd, ".", protect_proc_file, err) < 0 ||
	    make_read_only(view->proc_fd, "driver", err) < 0 ||
	    mask_all(view->null_fd, view->proc_fd, host_proc_files, ARRAY_SIZE(host_proc_files),
		     err) < 0 ||
	    mask_all(view->empty_fd, view->proc_fd, host_proc_directories,
		     ARRAY_SIZE(host_proc_directories), err) < 0)
		return error_wrap(err, "/proc");
	if (mask_all(view->null_fd, view->sys_fd, host_sys_files, ARRAY_SIZE(host_sys_files), err) <
		    0 ||
	    each_entry(view, view->sys_fd, "devices", mask_pci_bus, err) < 0)
		return error_wrap(err, "/sys");
	return 0;
}

static int restrict_view(const struct view *view, struct error *err)
{
	if (view->rootfs->host_ids && restrict_host_view(view, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(read_only_proc); i++)
		if (make_read_only(view->proc_fd, read_only_proc[i], err) < 0)
			return error_wrap(err, "/proc");
	if (mask_all(view->null_fd, view->proc_fd, masked_proc_files, ARRAY_SIZE(masked_proc_files),
		     err) < 0 ||
	    mask_all(view->empty_fd, view->proc_fd, masked_proc_directories,
		     ARRAY_SIZE(masked_proc_directories), err) < 0)
		return error_wrap(err, "/proc");
	if (mask_all(view->null_fd, view->sys_fd, masked_sys_files, ARRAY_SIZE(masked_sys_files),
		     err) < 0 ||
	    mask_all(view->empty_fd, view->sys_fd, masked_sys_directories,
		     ARRAY_SIZE(masked_sys_directories), err) < 0 ||
	    mask_cpus(view, err) < 0)
		return error_wrap(err, "/sys");
	return 0;
}

/* pivot_root(2), the part on "pivot_root(".", ".")": the old root ends up on top of the new. */
static int leave_old_root(const struct rootfs *rootfs, struct error *err)
{
	if (fchdir(rootfs->tree_fd) < 0)
		return error_set(err, errno, "change into it");
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		error_set(err, errno, "pivot_root");
		if (err->code == EINVAL)
			error_hint(err, "the host's root must be a mount point and no initramfs: "
					"see pivot_root(2), switch_root(8)");
		return -1;
	}
	/* Takes off what is topmost: nothing else may have been attached to the old root's "/". */
	if (umount2(".", MNT_DETACH) < 0)
		return error_set(err, errno, "unmount the old root");
	if (chdir("/") < 0)
		return error_set(err, errno, "change into it");
	return 0;
}

/* mount_namespaces(7): as long as "/" is shared, our mounts would show on the host. */
static int make_private(struct error *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_set(err, errno, "make mounts private");
	return 0;
}

static int build_view(struct view *view, struct error *err)
{
	const struct rootfs *rootfs = view->rootfs;

	if (attach_tree(view, err) < 0 || bind_all_generated(rootfs, err) < 0)
		return -1;
	view->proc_fd = mount_kernel_view(rootfs, "proc", "proc", HARMLESS, err);
	if (view->proc_fd < 0)
		return error_wrap(err, "/proc");
	if (mount_sys(view, err) < 0 || mount_cgroup(view, err) < 0)
		return error_wrap(err, "/sys");
	if (mount_dev(rootfs, err) < 0)
		return error_wrap(err, "/dev");
	if (!rootfs->uncovered && restrict_view(view, err) < 0)
		return -1;
	return leave_old_root(rootfs, err);
}

/* Puts an overlay into the place of the tree. */
static int cover_tree(struct rootfs *shown, struct error *err)
{
	unsigned int attributes = MOUNT_ATTR_NODEV | (shown->read_only ? MOUNT_ATTR_RDONLY : 0);
	struct statvfs below;

	if (!shown->is_overlay)
		return 0;
	/* An overlay does not ask how the layer below it is mounted. */
	if (fstatvfs(shown->tree_fd, &below) < 0)
		return error_set(err, errno, "stat");
	if (below.f_flag & ST_NOSUID)
		attributes |= MOUNT_ATTR_NOSUID;
	if (below.f_flag & ST_NOEXEC)
		attributes |= MOUNT_ATTR_NOEXEC;
	shown->tree_fd =
		overlay_new(shown->tree_fd, shown->layers_fd, shown->tmpfs_size, attributes, err);
	return shown->tree_fd < 0 ? error_wrap(err, "overlay") : 0;
}

int rootfs_enter(const struct rootfs *rootfs, struct error *err)
{
	struct rootfs shown = *rootfs;
	struct view view = {&shown, -1, -1, -1, -1};
	struct error unused;
	int result;

	if (!err) /* the steps look into it to tell failures apart */
		err = &unused;
	result = make_private(err);
	if (result == 0)
		result = cover_tree(&shown, err);
	if (result == 0)
		result = build_view(&view, err);
	if (shown.tree_fd != rootfs->tree_fd)
		close_fd(&shown.tree_fd);

	close_fd(&view.null_fd);
	close_fd(&view.empty_fd);
	close_fd(&view.proc_fd);
	close_fd(&view.sys_fd);
	if (result < 0)
		return error_wrap(err, "root filesystem %s", rootfs->path);
	return 0;
}
