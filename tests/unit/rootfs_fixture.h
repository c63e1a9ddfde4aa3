/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rootfs_fixture.h: a small root filesystem in a directory that others cannot even search, and a
 * container around it made of namespace.h and rootfs.h alone, in which C code looks around.
 */
#ifndef TESTS_ROOTFS_FIXTURE_H
#define TESTS_ROOTFS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "kernel/mount.h"
#include "kernel/namespace.h"
#include "kernel/rootfs.h"

#define HOST_FIRST 1879048192u /* ids nobody else uses */
#define BUSYBOX    "/bin/busybox"
#define PARENT     "/var/lib" /* root's alone, and on disk as a rule */

struct fixture {
	char base[64];   /* mode 0700 */
	char rootfs[96]; /* base/rootfs */
	int root_fd;     /* the same, as the host sees it */
	int base_fd;
	char *mounts; /* mountinfo of the host before the test */
};

/* In the container or another child: tells which condition does not hold, and ends. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(2, "%s:%d: not so inside: %s (errno: %s)\n", __FILE__, __LINE__,   \
				#condition, strerror(errno));                                      \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static inline char *read_all(const char *path)
{
	struct text text = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char buffer[4096];
	ssize_t count;

	if (fd < 0)
		return NULL;
	text_add(&text, "", 0);
	while ((count = read(fd, buffer, sizeof(buffer))) > 0)
		text_add(&text, buffer, (size_t)count);
	close(fd);
	return text.data ? text.data : xstrdup("");
}

static inline void put_file(int dir_fd, const char *path, const char *text)
{
	struct error err;

	if (fs_rewrite_at(dir_fd, path, text, strlen(text), 0644, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void copy_program(int dir_fd, const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = openat(dir_fd, to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char buffer[65536];
	ssize_t count;

	assert_true(in >= 0 && out >= 0);
	while ((count = read(in, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(out, buffer, (size_t)count), count);
	close(in);
	close(out);
}

static inline int fixture_set_up(void **state)
{
	static const char *const directories[] = {"bin", "dev", "etc", "proc", "sys", "tmp", "mnt"};
	struct fixture *fixture = xalloc(1, sizeof(*fixture));

	*state = fixture;
	if (geteuid() != 0 || access(BUSYBOX, X_OK) < 0)
		return 0;
	fixture->mounts = read_all("/proc/self/mountinfo");
	strcpy(fixture->base, PARENT "/cman-test.XXXXXX");
	if (!mkdtemp(fixture->base))
		return -1;
	snprintf(fixture->rootfs, sizeof(fixture->rootfs), "%s/rootfs", fixture->base);
	if (mkdir(fixture->rootfs, 0755) < 0)
		return -1;
	fixture->base_fd = open(fixture->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fixture->root_fd = open(fixture->rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdirat(fixture->root_fd, directories[i], 0755) < 0)
			return -1;
	copy_program(fixture->root_fd, BUSYBOX, "bin/busybox");
	put_file(fixture->root_fd, "etc/resolv.conf", "image\n");
	put_file(fixture->root_fd, "etc/hosts", "image\n");
	put_file(fixture->root_fd, "etc/hostname", "image\n");
	return 0;
}

static inline int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;
	int result = 0;

	if (fixture->mounts) {
		AUTO_FREE char *now = read_all("/proc/self/mountinfo");
		AUTO_FD int parent_fd = open(PARENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (!text_equal(now, fixture->mounts)) {
			print_error("mounts of the host before:\n%safter:\n%s", fixture->mounts,
				    now);
			result = -1;
		}
		close(fixture->root_fd);
		close(fixture->base_fd);
		if (fs_remove_tree_at(parent_fd, fixture->base + sizeof(PARENT), NULL) < 0)
			result = -1;
	}
	free(fixture->mounts);
	free(fixture);
	return result;
}

static inline void send_rootfs(int socket_fd, const struct rootfs *rootfs)
{
	const int fds[] = {rootfs->tree_fd, rootfs->resolv_conf_fd, rootfs->hosts_fd,
			   rootfs->hostname_fd, rootfs->sys_fd};
	char present[ARRAY_SIZE(fds)] = {0};
	union {
		char bytes[CMSG_SPACE(sizeof(fds))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {present, sizeof(present)};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control};
	struct cmsghdr *header = &control.align;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0) {
			present[i] = 1;
			memcpy(CMSG_DATA(header) + sizeof(int) * count++, &fds[i], sizeof(int));
		}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) != sizeof(present))
		print_error("sendmsg: %s\n", strerror(errno));
}

static inline void receive_rootfs(int socket_fd, struct rootfs *rootfs)
{
	int *const fds[] = {&rootfs->tree_fd, &rootfs->resolv_conf_fd, &rootfs->hosts_fd,
			    &rootfs->hostname_fd, &rootfs->sys_fd};
	char present[ARRAY_SIZE(fds)];
	union {
		char bytes[CMSG_SPACE(sizeof(int) * ARRAY_SIZE(fds))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {present, sizeof(present)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	size_t count = 0;

	if (recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC) != sizeof(present))
		_exit(2); /* the parent has given up and has said why */
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (present[i])
			memcpy(fds[i], CMSG_DATA(&control.align) + sizeof(int) * count++,
			       sizeof(int));
}

/* The child's side: enter, then look around; tells its error by the socket. */
_Noreturn static inline void live_in_container(int socket_fd, const char *path,
					       void (*look)(void *), void *argument)
{
	struct rootfs rootfs = ROOTFS_INIT;
	struct error err;

	alarm(30);
	rootfs.path = path;
	receive_rootfs(socket_fd, &rootfs);
	REQUIRE(namespace_become_root(&err) == 0);
	if (rootfs_enter(&rootfs, &err) < 0) {
		REQUIRE(write(socket_fd, &err, sizeof(err)) == sizeof(err));
		_exit(3);
	}
	rootfs_close(&rootfs);
	if (look)
		look(argument);
	_exit(0);
}

/* The host's half of a start: maps, mounts, hand over. */
static inline int give_rootfs(const struct fixture *fixture, pid_t pid, int socket_fd,
			      struct error *err)
{
	const struct id_range range = {HOST_FIRST, 65536};
	struct rootfs rootfs = ROOTFS_INIT;
	AUTO_FD int userns_fd = -1;
	int result = -1;

	rootfs.path = fixture->rootfs;
	if (namespace_map_ids(pid, &range, err) < 0)
		return -1;
	userns_fd = namespace_open_user(pid, err);
	if (userns_fd < 0)
		return -1;
	rootfs.tree_fd = rootfs_open_tree(fixture->rootfs, userns_fd, err);
	if (rootfs.tree_fd < 0)
		return -1;
	if (fs_exists_at(fixture->base_fd, "resolv.conf"))
		rootfs.resolv_conf_fd = rootfs_open_file(fixture->base_fd, "resolv.conf", err);
	if (fs_exists_at(fixture->base_fd, "hosts"))
		rootfs.hosts_fd = rootfs_open_file(fixture->base_fd, "hosts", err);
	if (fs_exists_at(fixture->base_fd, "hostname"))
		rootfs.hostname_fd = rootfs_open_file(fixture->base_fd, "hostname", err);
	if (fs_exists_at(fixture->base_fd, "sys"))
		rootfs.sys_fd = mount_clone(fixture->base_fd, "sys", 0, err);
	send_rootfs(socket_fd, &rootfs);
	result = 0;
	rootfs_close(&rootfs);
	return result;
}

/*
 * Brings a container up, runs look(argument) in it as its first process and returns its exit
 * status; -1 with err where it did not come up.
 */
static inline int run_container(const struct fixture *fixture, void (*look)(void *), void *argument,
				struct error *err)
{
	const uint64_t namespaces = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS |
				    CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
	int ends[2], status, pidfd = -1, result = 0;
	pid_t pid;

	error_clear(err);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "socketpair");
	pid = namespace_clone(namespaces, -1, &pidfd, err);
	if (pid < 0)
		return -1;
	if (pid == 0) {
		close(ends[0]);
		live_in_container(ends[1], fixture->rootfs, look, argument);
	}
	close(ends[1]);
	result = give_rootfs(fixture, pid, ends[0], err);
	if (result == 0 && read(ends[0], err, sizeof(*err)) == sizeof(*err))
		result = -1;
	close(ends[0]);
	close(pidfd);
	waitpid(pid, &status, 0);
	if (result < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline struct fixture *need_fixture(void **state)
{
	struct fixture *fixture = *state;
	struct error err;

	if (!fixture->mounts) {
		print_message("skipped: needs root and %s (package busybox-static)\n", BUSYBOX);
		skip();
	}
	if (run_container(fixture, NULL, NULL, &err) < 0 &&
	    strstr(err.hint, "cannot show files with other owners")) {
		print_message("skipped: %s: %s\n", err.text, err.hint);
		skip();
	}
	return fixture;
}

static inline void assert_lives(const struct fixture *fixture, void (*look)(void *), void *argument)
{
	struct error err;
	int status = run_container(fixture, look, argument, &err);

	if (status < 0)
		fail_msg("%s (hint: %s)", err.text, err.hint);
	assert_int_equal(status, 0);
}

static inline void assert_refused(const struct fixture *fixture, const char *text, const char *hint)
{
	struct error err;
	int status = run_container(fixture, NULL, NULL, &err);

	if (status != -1 || !strstr(err.text, text) || !strstr(err.hint, hint))
		fail_msg("status %d, error \"%s\", hint \"%s\"", status, err.text, err.hint);
}

/* Runs work in a child with a mount namespace of its own, whose mounts are the test's to spoil. */
static inline void assert_apart(void (*work)(struct fixture *), struct fixture *fixture)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		REQUIRE(unshare(CLONE_NEWNS) == 0);
		REQUIRE(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		work(fixture);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* The same two checks for use in such a child, where cmocka's assertions are not at home. */
static inline void require_lives(const struct fixture *fixture, void (*look)(void *), void *argument)
{
	struct error err;
	int status = run_container(fixture, look, argument, &err);

	if (status != 0)
		dprintf(2, "status %d, error \"%s\", hint \"%s\"\n", status, err.text, err.hint);
	REQUIRE(status == 0);
}

static inline void require_refused(const struct fixture *fixture, const char *text, const char *hint)
{
	struct error err;
	int status = run_container(fixture, NULL, NULL, &err);

	if (status != -1 || !strstr(err.text, text) || !strstr(err.hint, hint)) {
		dprintf(2, "status %d, error \"%s\", hint \"%s\"\n", status, err.text, err.hint);
		_exit(1);
	}
}

#endif
