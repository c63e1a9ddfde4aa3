/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hosts_file.h: the files bound over /etc/hosts. One serves a whole network
 * (STATE_DIR/networks/NAME/hosts); a container with extra_hosts, on several networks or none, or
 * on a host with dns.hosts = false, has one of its own (STATE_DIR/containers/NAME/hosts). What is
 * bound is an inode: they are rewritten in place. Called under network_lock().
 */
#ifndef LIFECYCLE_HOSTS_FILE_H
#define LIFECYCLE_HOSTS_FILE_H

#include "state/network.h"
#include "state/record.h"

/* Whether the container has a file of its own. */
bool hosts_file_is_own(const struct spec *spec, const struct manager *manager);

/* Opens the directory that has the file of the container: its own, or that of its network. */
int hosts_file_open_directory(const struct state *state, const struct manager *manager,
			      const struct spec *spec, int directory_fd, struct error *err);

/* Makes the file of the network when there is none, to be bound by a container that comes up. */
int hosts_file_make(const struct state *state, const struct manager *manager,
		    const struct network_record *network, struct error *err);

/*
 * Makes a container's own file, with what stays the same in it (extra_hosts) noted beside it.
 * directory_fd: its run directory. One on the host's network is in it by its own name.
 */
int hosts_file_make_own(int directory_fd, const struct spec *spec, const struct manager *manager,
			struct error *err);

/*
 * Brings the files of all networks and the own files of their members up to date. Who is on
 * several networks knows all of these, and nobody knows a network through him.
 */
int hosts_file_update(const struct state *state, const struct manager *manager,
		      const struct network_record *networks, size_t count, struct error *err);

/* Whose files the above would write: names of networks, and of containers with their own. */
struct hosts_look {
	struct strlist changed, missing;
};
int hosts_file_look(const struct state *state, const struct manager *manager,
		    const struct network_record *networks, size_t count, struct hosts_look *look,
		    struct error *err);
void hosts_look_clear(struct hosts_look *look);

#endif
