/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "kernel/mount.h"

#define PTMX "/dev/pts/ptmx"

/* The container may have put anything in the place of ptmx. */
static int check_ptmx(int fd, struct error *err)
{
	struct statfs file_system;
	struct stat st;

	if (fstatfs(fd, &file_system) < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "look at %s", PTMX);
	if (file_system.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(5, 2))
		return error_set(err, 0, "%s is not the one of a devpts file system", PTMX);
	return 0;
}

int pty_open(int *master_fd, int *peer_fd, struct error *err)
{
	/* O_NONBLOCK: for what is no ptmx, and for the relay afterwards. */
	AUTO_FD int master =
		fs_open_at(AT_FDCWD, PTMX, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	int unlocked = 0, peer;

	if (master < 0 || check_ptmx(master, err) < 0)
		return -1;
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return error_set(err, errno, "unlock the pty");
	/* By the master itself: a name under /dev/pts could lead elsewhere. */
	peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0)
		return error_set(err, errno, "open the pty's other end");
	*peer_fd = peer;
	*master_fd = take_fd(&master);
	return 0;
}

int pty_show_console(int peer_fd, struct error *err)
{
	AUTO_FD int dev_fd = fs_open_at(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, err);
	AUTO_FD int mount_fd = dev_fd < 0 ? -1 : mount_clone(peer_fd, "", 0, err);

	if (mount_fd < 0)
		return -1;
	if (mknodat(dev_fd, "console", S_IFREG, 0) < 0)
		return error_set(err, errno, "create /dev/console");
	return mount_attach(mount_fd, dev_fd, "console", err);
}

int pty_copy_size(int from_fd, int to_fd, struct error *err)
{
	struct winsize size;

	if (ioctl(from_fd, TIOCGWINSZ, &size) < 0 || ioctl(to_fd, TIOCSWINSZ, &size) < 0)
		return error_set(err, errno, "copy the window size");
	return 0;
}

int pty_copy_settings(int terminal_fd, int pty_fd, struct error *err)
{
	struct termios from, to;

	if (tcgetattr(terminal_fd, &from) < 0 || tcgetattr(pty_fd, &to) < 0)
		return error_set(err, errno, "read the terminal settings");
	/* Not the modes: ours may be those of an editor. */
	for (size_t i = 0; i < NCCS; i++)
		to.c_cc[i] = from.c_cc[i];
	to.c_cc[VMIN] = 1;
	to.c_cc[VTIME] = 0;
	to.c_iflag = (to.c_iflag & ~(tcflag_t)IUTF8) | (from.c_iflag & (tcflag_t)IUTF8);
	if (tcsetattr(pty_fd, TCSANOW, &to) < 0)
		return error_set(err, errno, "set the pty's settings");
	return pty_copy_size(terminal_fd, pty_fd, err);
}
