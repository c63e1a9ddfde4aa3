/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/host.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "base/process.h"
#include "kernel/program.h"
#include "kernel/sealed.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/cman"
#endif
#define SUPERVISOR "cman-supervisor"
#define INIT       "cman-init"

int host_open(const struct manager *manager, bool create, struct host *host, struct error *err)
{
	*host = (struct host){
		.manager = manager,
		.state = {.dir_fd = -1, .containers_fd = -1, .networks_fd = -1},
		.program_fd = -1,
		.supervisor_fd = -1,
		.init_fd = -1,
	};
	if (create && geteuid() != 0)
		return error_set(err, EPERM, "containers are root's business");
	process_raise_file_limit();
	return state_open(manager->state_dir, create, &host->state, err);
}

void host_close(struct host *host)
{
	state_close(&host->state);
	if (host->cgroup_is_open)
		cgroup_host_close(&host->cgroup);
	host->cgroup_is_open = false;
	netlink_close(&host->netlink);
	close_fd(&host->program_fd);
	close_fd(&host->supervisor_fd);
	close_fd(&host->init_fd);
}

char *host_state_variable(const char *state_dir)
{
	return xprintf(HOST_STATE_VARIABLE "=%s", state_dir);
}

const struct cgroup_host *host_cgroup(struct host *host, const char *parent, struct error *err)
{
	if (host->cgroup_is_open && strcmp(host->cgroup.parent, parent) == 0)
		return &host->cgroup;
	if (host->cgroup_is_open)
		cgroup_host_close(&host->cgroup);
	host->cgroup_is_open = false;
	if (cgroup_host_open(&host->cgroup, host->manager->cgroup_version, parent, err) < 0)
		return NULL;
	host->cgroup_is_open = true;
	return &host->cgroup;
}

struct netlink *host_netlink(struct host *host, struct error *err)
{
	if (!host->netlink)
		host->netlink = netlink_open(err);
	return host->netlink;
}

/* The path of another program of ours in the directory of the running one. */
static int path_beside_program(const char *name, char path[PATH_MAX], struct error *err)
{
	char *slash;

	if (program_path(path, err) < 0)
		return -1;
	slash = strrchr(path, '/');
	if (!slash || slash + 1 + strlen(name) >= path + PATH_MAX)
		return error_set(err, ENOENT, "directory of %s", path);
	strcpy(slash + 1, name);
	return 0;
}

/* installed: where it is otherwise. */
static int open_program(const char *name, const char *installed, int flags, struct error *err)
{
	char path[PATH_MAX];
	int fd;

	if (path_beside_program(name, path, err) < 0)
		return -1;
	fd = fs_open_at(AT_FDCWD, path, flags, 0, err);
	if (fd < 0)
		fd = fs_open_at(AT_FDCWD, installed, flags, 0, err);
	if (fd < 0)
		return error_hint(err, "cman is not installed completely: run make install again");
	return fd;
}

int host_open_programs(struct host *host, struct error *err)
{
	if (host->supervisor_fd >= 0)
		return 0;
	host->program_fd = program_open(err);
	if (host->program_fd < 0)
		return -1;
	host->supervisor_fd = open_program(SUPERVISOR, LIBEXECDIR "/" SUPERVISOR, O_PATH, err);
	if (host->supervisor_fd < 0)
		close_fd(&host->program_fd);
	return host->supervisor_fd < 0 ? -1 : 0;
}

int host_open_init(struct host *host, struct error *err)
{
	AUTO_FD int fd = -1;

	if (host->init_fd >= 0)
		return 0;
	fd = open_program(INIT, LIBEXECDIR "/" INIT, O_RDONLY, err);
	if (fd < 0)
		return -1;
	host->init_fd = sealed_copy(fd, INIT, err);
	return host->init_fd < 0 ? -1 : 0;
}
