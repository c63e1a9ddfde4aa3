/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/ready_probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/process.h"
#include "kernel/namespace.h"
#include "lifecycle/notify.h"

static int missing(struct probe *probe, enum probe_answer *answer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int missing(struct probe *probe, enum probe_answer *answer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(probe->missing, sizeof(probe->missing), fmt, args);
	va_end(args);
	text_replace_controls(probe->missing);
	*answer = PROBE_NO;
	return 0;
}

/* ---- a port ---- */

static void add_ipv4(struct sockaddr_storage *addresses, size_t *count, struct in_addr address)
{
	struct sockaddr_in *to = (struct sockaddr_in *)&addresses[(*count)++];

	to->sin_family = AF_INET;
	to->sin_addr = address;
}

static void add_ipv6(struct sockaddr_storage *addresses, size_t *count,
		     const struct in6_addr *address)
{
	struct sockaddr_in6 *to = (struct sockaddr_in6 *)&addresses[(*count)++];

	to->sin6_family = AF_INET6;
	to->sin6_addr = *address;
}

/* Loopback, and the container's own addresses: programs listen at any of them, or at all. */
static size_t list_addresses(const struct spec *spec, struct sockaddr_storage addresses[CONNECT_MAX])
{
	size_t count = 0;

	add_ipv4(addresses, &count, (struct in_addr){htonl(INADDR_LOOPBACK)});
	add_ipv6(addresses, &count, &in6addr_loopback);
	for (size_t i = 0; i < spec->interface_count && count + 2 <= CONNECT_MAX; i++) {
		const struct interface *interface = &spec->interfaces[i];

		if (interface->ip.s_addr != INADDR_ANY)
			add_ipv4(addresses, &count, interface->ip);
		if (!IN6_IS_ADDR_UNSPECIFIED(&interface->ip6))
			add_ipv6(addresses, &count, &interface->ip6);
	}
	return count;
}

static enum probe_answer answer_of_port(struct probe *probe)
{
	enum probe_answer answer = PROBE_BUSY;

	connect_look(&probe->connection);
	if (probe->connection.connected)
		answer = PROBE_YES;
	else if (probe->connection.count == 0)
		missing(probe, &answer, "port %u takes no connection", probe->spec->ready.port);
	return answer;
}

static int begin_port(struct probe *probe, enum probe_answer *answer, struct error *err)
{
	struct sockaddr_storage addresses[CONNECT_MAX] = {0};
	size_t count = list_addresses(probe->spec, addresses);
	AUTO_FD int netns_fd = namespace_open(probe->record->init.pid, "net", err);

	if (netns_fd < 0 || connect_begin(netns_fd, addresses, count, probe->spec->ready.port,
					  &probe->connection, err) < 0)
		return -1;
	*answer = answer_of_port(probe);
	return 0;
}

/* ---- a child: it may hang, at a file server or in a program, where we must not ---- */

static pid_t fork_child(struct probe *probe, struct error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set(err, errno, "pipe");
	pid = namespace_clone(0, -1, &probe->child_pidfd, err);
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
			_exit(1);
		return 0;
	}
	close_fd(&ends[1]);
	probe->output_fd = ends[0];
	probe->child = pid < 0 ? 0 : pid;
	return pid;
}

/* Within the container's root: no link of it leads out. */
static _Noreturn void look_for_file(const struct probe *probe)
{
	char path[32];
	AUTO_FD int root_fd = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)probe->record->init.pid);
	root_fd = fs_open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, NULL);
	fd = root_fd < 0 ? -1
			 : fs_open_in_root(root_fd, probe->spec->ready.file, O_PATH, NULL);
	_exit(fd < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* As exec does, which without a user namespace takes a program that has been run again. */
static _Noreturn void become_command(const struct probe *probe, uint64_t timeout_ms)
{
	AUTO_FREE char *time = xprintf("%" PRIu64, timeout_ms);
	const char *const argv[] = {"cman", "-c", probe->host->manager->file, "ready", "--",
				    probe->record->name, probe->record->instance, time, NULL};

	setenv(HOST_STATE_VARIABLE, probe->host->manager->state_dir, 1);
	execveat(probe->host->program_fd, "", (char *const *)(uintptr_t)argv, environ,
		 AT_EMPTY_PATH);
	dprintf(STDOUT_FILENO, "run cman: %s\n", strerror(errno));
	_exit(1);
}

static int begin_child(struct probe *probe, uint64_t timeout_ms, enum probe_answer *answer,
		       struct error *err)
{
	bool is_file = probe->spec->ready.file != NULL;
	pid_t pid;

	if (!is_file && host_open_programs(probe->host, err) < 0)
		return -1;
	pid = fork_child(probe, err);
	if (pid == 0 && is_file)
		look_for_file(probe);
	if (pid == 0)
		become_command(probe, timeout_ms);
	*answer = PROBE_BUSY;
	return pid < 0 ? -1 : 0;
}

static enum probe_answer answer_of_child(struct probe *probe)
{
	const struct ready *ready = &probe->spec->ready;
	enum probe_answer answer = PROBE_BUSY;
	char said[256] = "";
	ssize_t count;
	int status;

	if (process_poll(probe->child_pidfd, 0, NULL) == 0 ||
	    (status = process_reap(probe->child, NULL)) < 0)
		return PROBE_BUSY;
	probe->child = 0;
	count = read(probe->output_fd, said, sizeof(said) - 1);
	said[count < 0 ? 0 : count] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		answer = PROBE_YES;
	else if (ready->file)
		missing(probe, &answer, "file %s is not there", ready->file);
	else
		missing(probe, &answer, "command %s: %s", ready->command.items[0],
			*said ? said : "it was killed");
	probe_end(probe);
	return answer;
}

/* ---- what it says itself ---- */

static int begin_notify(struct probe *probe, enum probe_answer *answer, struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(&probe->host->state, probe->record->name, err);
	struct notify_said said;

	if (dir_fd < 0)
		return -1;
	notify_read(dir_fd, &said);
	if (said.ready_at)
		return *answer = PROBE_YES, 0;
	return missing(probe, answer, "it has not said READY=1 to NOTIFY_SOCKET%s%s",
		       *said.status ? "; its status: " : "", said.status);
}

int probe_begin(struct probe *probe, uint64_t timeout_ms, enum probe_answer *answer,
		struct error *err)
{
	probe_end(probe);
	switch (ready_kind(&probe->spec->ready)) {
	case READY_PORT:
		return begin_port(probe, answer, err);
	case READY_COMMAND:
	case READY_FILE:
		return begin_child(probe, timeout_ms, answer, err);
	case READY_NOTIFY:
		return begin_notify(probe, answer, err);
	case READY_NONE:
		break;
	}
	*answer = PROBE_YES;
	return 0;
}

enum probe_answer probe_continue(struct probe *probe)
{
	return probe->child ? answer_of_child(probe) : answer_of_port(probe);
}

size_t probe_fds(const struct probe *probe, struct pollfd fds[PROBE_FDS_MAX])
{
	if (probe->child) {
		fds[0] = (struct pollfd){.fd = probe->child_pidfd, .events = POLLIN};
		return 1;
	}
	for (size_t i = 0; i < probe->connection.count; i++)
		fds[i] = (struct pollfd){.fd = probe->connection.fds[i], .events = POLLOUT};
	return probe->connection.count;
}

void probe_end(struct probe *probe)
{
	if (probe->child) {
		process_signal(probe->child_pidfd, SIGKILL, NULL);
		process_reap(probe->child, NULL);
	}
	probe->child = 0;
	close_fd(&probe->child_pidfd);
	close_fd(&probe->output_fd);
	connect_end(&probe->connection);
}
