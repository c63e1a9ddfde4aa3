/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/socket_look.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"

#define TABLE_SIZE_MAX (64u << 20)

/* A line of a table. */
struct entry {
	int family;
	struct in6_addr local; /* the first word alone: an IPv4 address */
	unsigned int port, state;
	uint64_t inode;
};

/* false: enough has been seen. */
typedef bool visit_entry(const struct entry *entry, void *data);

/* ---- tables ---- */

/* "0100007F", four times that for IPv6: words as they lie in memory. */
static bool parse_address(const char *text, int family, struct in6_addr *address)
{
	size_t words = family == AF_INET6 ? 4 : 1;

	*address = (struct in6_addr){0};
	if (strlen(text) != 8 * words)
		return false;
	for (size_t i = 0; i < words; i++)
		if (sscanf(text + 8 * i, "%8x", &address->s6_addr32[i]) != 1)
			return false;
	return true;
}

/* Local and remote address, state, queues, timer, retransmits, uid, time-out, inode. */
static bool parse_entry(const char *line, struct entry *entry)
{
	char address[33];

	return sscanf(line,
		      " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64,
		      address, &entry->port, &entry->state, &entry->inode) == 4 &&
	       parse_address(address, entry->family, &entry->local);
}

static bool read_table(const char *table, int family, visit_entry *visit, void *data)
{
	struct entry entry = {.family = family};

	/* The first line is the heading. */
	for (const char *line = strchr(table, '\n'); line; line = strchr(line + 1, '\n'))
		if (parse_entry(line + 1, &entry) && !visit(&entry, data))
			return false;
	return true;
}

/* Both of a protocol, in the network namespace of a process ("self", "4711"). */
static int read_tables(const char *process, uint8_t protocol, visit_entry *visit, void *data,
		       struct error *err)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < 2; i++) {
		AUTO_FREE char *path = xprintf("/proc/%s/net/%s%s", process,
					       protocol == IPPROTO_TCP ? "tcp" : "udp",
					       families[i] == AF_INET6 ? "6" : "");
		AUTO_TEXT struct text table = {0};
		struct error why;

		if (fs_read_at(AT_FDCWD, path, TABLE_SIZE_MAX, &table, &why) == 0) {
			if (!read_table(text_value(&table), families[i], visit, data))
				break;
		} else if (families[i] == AF_INET || why.code != ENOENT) { /* ENOENT: no IPv6 */
			if (err)
				*err = why;
			return -1;
		}
	}
	return 0;
}

/* ---- addresses ---- */

static bool is_any(int family, const struct in6_addr *address)
{
	return family == AF_INET ? address->s6_addr32[0] == INADDR_ANY
				 : IN6_IS_ADDR_UNSPECIFIED(address);
}

static struct in6_addr address_of(const struct socket_question *question)
{
	struct in6_addr address = {0};

	memcpy(&address, question->address,
	       question->family == AF_INET ? sizeof(struct in_addr) : sizeof(address));
	return address;
}

/*
 * Whether a socket bound there takes what comes for the address. "::" takes IPv4 as well, unless a
 * socket option that is not in the table says otherwise.
 */
static bool takes(const struct entry *entry, int family, const struct in6_addr *address)
{
	if (entry->family == AF_INET && family == AF_INET6)
		return false;
	if (is_any(entry->family, &entry->local))
		return true;
	if (entry->family == family)
		return memcmp(&entry->local, address, sizeof(*address)) == 0;
	return IN6_IS_ADDR_V4MAPPED(&entry->local) &&
	       entry->local.s6_addr32[3] == address->s6_addr32[0];
}

/* ---- who listens ---- */

struct search {
	const struct socket_question *question;
	struct in6_addr address;
	struct socket_listener *listener;
};

static bool note_listener(const struct entry *entry, void *data)
{
	const struct search *search = data;
	const struct socket_question *question = search->question;
	struct socket_listener *listener = search->listener;
	/* UDP has no state but this for a socket that takes from anybody. */
	const unsigned int wanted = question->protocol == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE;

	if (entry->port != question->port || entry->state != wanted)
		return true;
	listener->reached = takes(entry, question->family, &search->address);
	if (!listener->there || listener->reached) {
		listener->there = true;
		listener->family = entry->family;
		listener->inode = entry->inode;
		inet_ntop(entry->family, &entry->local, listener->address,
			  sizeof(listener->address));
	}
	return !listener->reached;
}

void socket_search_table(const char *table, int family, const struct socket_question *question,
			 struct socket_listener *listener)
{
	struct search search = {question, address_of(question), listener};

	if (!listener->reached)
		read_table(table, family, note_listener, &search);
}

int socket_find_listener(pid_t pid, const struct socket_question *question,
			 struct socket_listener *listener, struct error *err)
{
	AUTO_FREE char *process = xprintf("%d", (int)pid);
	struct search search = {question, address_of(question), NULL};

	*listener = (struct socket_listener){0};
	search.listener = listener;
	return read_tables(process, question->protocol, note_listener, &search, err);
}

/* ---- which ports are in use ---- */

static bool mark_port(const struct entry *entry, void *data)
{
	struct socket_ports *ports = data;

	if (entry->port <= UINT16_MAX)
		ports->bits[entry->port / 8] |= (uint8_t)(1u << entry->port % 8);
	return true;
}

int socket_list_ports(uint8_t protocol, struct socket_ports *ports, struct error *err)
{
	*ports = (struct socket_ports){{0}};
	return read_tables("self", protocol, mark_port, ports, err);
}

bool socket_has_port(const struct socket_ports *ports, uint16_t port)
{
	return ports->bits[port / 8] >> port % 8 & 1;
}

/* ---- whose socket it is ---- */

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

bool socket_find_process(uint64_t inode, struct socket_holder *holder)
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

struct claim {
	const struct socket_question *question;
	struct in6_addr address;
	uint64_t inode; /* 0: nobody holds it */
};

static bool note_holder(const struct entry *entry, void *data)
{
	struct claim *claim = data;
	const int family = claim->question->family;
	bool tcp = claim->question->protocol == IPPROTO_TCP;
	bool collides = takes(entry, family, &claim->address);

	/* Who wants all addresses collides with each of its family. */
	if (is_any(family, &claim->address))
		collides |= entry->family == family || IN6_IS_ADDR_V4MAPPED(&entry->local);
	if (entry->port == claim->question->port && (!tcp || entry->state == TCP_LISTEN) && collides)
		claim->inode = entry->inode;
	return claim->inode == 0;
}

bool socket_find_holder(const struct socket_question *question, struct socket_holder *holder)
{
	struct claim claim = {question, address_of(question), 0};

	return read_tables("self", question->protocol, note_holder, &claim, NULL) == 0 &&
	       claim.inode != 0 && socket_find_process(claim.inode, holder);
}
