/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev, nodes that could be made, terminals. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "probe.h"

/* tiocl_linux: a subcode that does not exist. ioctl_console(2) */
#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

static struct seen *walk_seen;

static bool is_usual(dev_t device)
{
	static const unsigned char usual[][2] = {
		{1, 3}, /* null */
		{1, 5}, /* zero */
		{1, 7}, /* full */
		{1, 8}, /* random */
		{1, 9}, /* urandom */
		{5, 0}, /* tty */
		{5, 2}, /* ptmx */
	};
	unsigned int number = major(device);

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (device == makedev(usual[i][0], usual[i][1]))
			return true;
	/* Unix98 terminals: of a devpts of its own, see check_terminals() */
	return number >= 136 && number <= 143;
}

static int look_at_node(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	if (S_ISBLK(st->st_mode) || (S_ISCHR(st->st_mode) && !is_usual(st->st_rdev)))
		seen_item(walk_seen, path);
	return 0;
}

static enum verdict check_nodes(const struct check *check, struct seen *seen)
{
	(void)check;
	walk_seen = seen;
	nftw("/dev", look_at_node, 16, FTW_PHYS);
	return seen_verdict(seen);
}

/* What the usual names are for: opened here, they must be what they say. */
static enum verdict check_named_nodes(const struct check *check, struct seen *seen)
{
	static const struct {
		const char *path;
		unsigned int minor;
	} nodes[] = {{"/dev/null", 3},
		     {"/dev/zero", 5},
		     {"/dev/full", 7},
		     {"/dev/random", 8},
		     {"/dev/urandom", 9}};
	struct stat st;

	(void)check;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (stat(nodes[i].path, &st) < 0 || !S_ISCHR(st.st_mode) ||
		    st.st_rdev != makedev(1, nodes[i].minor) ||
		    access(nodes[i].path, R_OK | W_OK) < 0)
			seen_item(seen, nodes[i].path);
	return seen_verdict(seen);
}

/*
 * Makes a node, removes it, and has opened it for reading in between if that is asked for. 0 where
 * it could be made (and opened), -1 with EPERM where not.
 */
static long try_node(mode_t type, dev_t device, bool open_it)
{
	static const char *const places[] = {"/dev/shm", "/dev", "/tmp", "/run", "/"};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int fd = -1, code;

		snprintf(path, sizeof(path), "%s/probe.%d", places[i], (int)getpid());
		if (mknod(path, type | 0600, device) < 0)
			continue;
		if (open_it)
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		code = errno;
		unlink(path);
		/* ENXIO: nobody kept us from it, there is only no such device here. */
		if (!open_it || fd >= 0 || code == ENXIO)
			return 0;
	}
	errno = EPERM;
	return -1;
}

static long make_any(void)
{
	return try_node(S_IFCHR, makedev(1, 3), false);
}

/* /dev/mem: opened, not read. */
static long make_memory(void)
{
	return try_node(S_IFCHR, makedev(1, 1), true);
}

/* Major 0 belongs to no driver. */
static long make_block(void)
{
	return try_node(S_IFBLK, makedev(0, 255), true);
}

/* Not usual, on many machines, and opened without any effect. */
static const unsigned char unusual[][2] = {
	{1, 11},   /* kmsg */
	{10, 200}, /* net/tun */
	{10, 229}, /* fuse */
	{10, 237}, /* loop-control */
};

static int open_node(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	for (size_t i = 0; S_ISCHR(st->st_mode) && i < ARRAY_SIZE(unusual); i++) {
		int fd;

		if (st->st_rdev != makedev(unusual[i][0], unusual[i][1]))
			continue;
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd >= 0)
			close(fd);
		/* As in try_node(). */
		if (fd >= 0 || errno == ENXIO || errno == ENODEV)
			seen_item(walk_seen, path);
	}
	return 0;
}

/* By nodes that are there, and by nodes made for it. */
static enum verdict check_unusual(const struct check *check, struct seen *seen)
{
	char item[40];

	(void)check;
	walk_seen = seen;
	nftw("/dev", open_node, 16, FTW_PHYS);
	for (size_t i = 0; i < ARRAY_SIZE(unusual); i++) {
		if (try_node(S_IFCHR, makedev(unusual[i][0], unusual[i][1]), true) < 0)
			continue;
		snprintf(item, sizeof(item), "c %d:%d", unusual[i][0], unusual[i][1]);
		seen_item(seen, item);
	}
	return seen_verdict(seen);
}

/* A devpts that is the host's has the terminals of the host's users. */
static enum verdict check_terminals(const struct check *check, struct seen *seen)
{
	int fd = open("/dev/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY);
	unsigned int number;
	char item[40];

	(void)check;
	if (fd < 0 || ioctl(fd, TIOCGPTN, &number) < 0) {
		if (fd >= 0)
			close(fd);
		return skip(seen, "/dev/ptmx: %s", strerror(errno));
	}
	for (unsigned int other = 0; other < 64; other++) {
		struct stat st;

		snprintf(item, sizeof(item), "/dev/pts/%u", other);
		if (other == number || stat(item, &st) < 0)
			continue;
		/* Those of `exec` belong to this container's root or user. */
		if (st.st_uid != getuid() && st.st_uid != 0)
			seen_item(seen, item);
	}
	close(fd);
	return seen_verdict(seen);
}

/* The address is invalid: EFAULT says that a byte could have been pushed. */
static long push_input(void)
{
	char slave[40];
	int unlock = 0, fd, master = open("/dev/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY);
	unsigned int number;

	/* A terminal of our own, so that it is not about whose it is. */
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(master, TIOCGPTN, &number) < 0) {
		errno = EPERM;
		return -1;
	}
	snprintf(slave, sizeof(slave), "/dev/pts/%u", number);
	setsid();
	fd = open(slave, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		errno = EPERM;
		return -1;
	}
	return ioctl(fd, TIOCSTI, NULL);
}

/* Answered by consoles only: any other terminal says ENOTTY, which is the answer of the driver. */
static long select_text(void)
{
	int fd = open("/dev/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		errno = EPERM;
		return -1;
	}
	return ioctl(fd, TIOCLINUX, NULL);
}

const struct check device_checks[] = {
	{"dev", "/dev has the harmless nodes only", check_nodes, NULL, 0},
	{"dev-names", "/dev/null and the like are what they say", check_named_nodes, NULL, 0},
	{"dev-open", "only the usual devices open", check_unusual, NULL, 0},
	{"mknod", "no device node can be made", check_closed, make_any, 0},
	{"mknod-memory", "a node of /dev/mem would not open", check_closed, make_memory, 0},
	{"mknod-block", "a node of a disk would not open", check_closed, make_block, 0},
	{"terminals", "no terminal of the host in /dev/pts", check_terminals, NULL, 0},
	{"tiocsti", "nothing can be typed into a terminal (TIOCSTI)", check_closed, push_input, EIO},
	{"tioclinux", "nothing can be pasted on a console (TIOCLINUX)", check_closed, select_text, 0},
	{0},
};
