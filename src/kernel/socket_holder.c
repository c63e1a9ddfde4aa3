/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/socket_holder.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

#define TABLE_SIZE_MAX (64u << 20)

/* The inode of the socket in one table of /proc/net, 0: there is none. */
static uint64_t find_inode(const char *table, uint16_t wanted)
{
	const bool tcp = strstr(table, "/tcp") != NULL;
	AUTO_TEXT struct text text = {0};

	if (fs_read_at(AT_FDCWD, table, TABLE_SIZE_MAX, &text, NULL) < 0)
		return 0;
	for (const char *line = strchr(text_value(&text), '\n'); line; line = strchr(line + 1, '\n')) {
		unsigned int port, state;
		uint64_t inode;

		/* local and remote address, state, queues, timer, retransmits, uid, time-out */
		if (sscanf(line + 1,
			   " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64,
			   &port, &state, &inode) == 3 &&
		    port == wanted && (!tcp || state == TCP_LISTEN))
			return inode;
	}
	return 0;
}

/* Whether a descriptor of the process is that socket: "socket:[4711]". */
static bool has_socket(const char *pid, const char *socket)
{
	AUTO_FREE char *directory = xprintf("/proc/%s/fd", pid);
	AUTO_STRLIST struct strlist names = {0};

	if (fs_list_at(AT_FDCWD, directory, &names, NULL) < 0)
		return false; /* it has ended meanwhile */
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = xprintf("%s/%s", directory, names.items[i]);
		char target[64] = "";

		if (readlink(path, target, sizeof(target) - 1) > 0 && strcmp(target, socket) == 0)
			return true;
	}
	return false;
}

/* The name is the process' own choice. */
static void read_name(const char *pid, char *out, size_t size)
{
	AUTO_FREE char *path = xprintf("/proc/%s/comm", pid);

	if (fs_read_line_at(AT_FDCWD, path, out, size, NULL) < 0)
		snprintf(out, size, "?");
	for (char *c = out; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
}

static bool find_process(uint64_t inode, struct socket_holder *holder)
{
	AUTO_FREE char *socket = xprintf("socket:[%" PRIu64 "]", inode);
	AUTO_STRLIST struct strlist names = {0};

	if (fs_list_at(AT_FDCWD, "/proc", &names, NULL) < 0)
		return false;
	for (size_t i = 0; i < names.count; i++) {
		const char *pid = names.items[i];

		if (!isdigit((unsigned char)*pid) || !has_socket(pid, socket))
			continue;
		holder->pid = (pid_t)strtol(pid, NULL, 10);
		read_name(pid, holder->name, sizeof(holder->name));
		return true;
	}
	return false;
}

bool socket_find_holder(uint16_t port, uint8_t protocol, struct socket_holder *holder)
{
	static const char *const tables[][2] = {{"/proc/net/tcp", "/proc/net/tcp6"},
						{"/proc/net/udp", "/proc/net/udp6"}};

	for (size_t i = 0; i < 2; i++) {
		uint64_t inode = find_inode(tables[protocol == IPPROTO_UDP][i], port);

		if (inode != 0 && find_process(inode, holder))
			return true;
	}
	return false;
}
