/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network_files.h: the records of networks as STATE_DIR/networks/NAME/record, with the hosts file of the
 * network beside it. Read and written under network_lock() only.
 */
#ifndef STATE_NETWORK_FILES_H
#define STATE_NETWORK_FILES_H

#include "state/network.h"
#include "state/record.h"

/* One lock for all networks and the firewall; an fd whose close releases. EAGAIN after timeout. */
int network_lock(const struct state *state, int timeout_ms, struct error *err);

/*
 * 1: read; 0: there is none, or it is of an earlier boot; -1: there, but damaged.
 */
int network_record_read(const struct state *state, const char *name, struct network_record *network,
			struct error *err);
int network_record_write(const struct state *state, const struct network_record *network,
			 struct error *err);

/* Directory of the network, made when missing; for its hosts file. */
int network_open_directory(const struct state *state, const char *name, struct error *err);

/* Removes the network's directory; missing is success. */
int network_record_remove(const struct state *state, const char *name, struct error *err);

/* Names that have a directory, sorted. */
int network_record_list(const struct state *state, struct strlist *names, struct error *err);

#endif
