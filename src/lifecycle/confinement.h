/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confinement.h: what the group security comes down to, for init and for exec alike. Found out on
 * the host: in the container's user namespace everything looks allowed.
 */
#ifndef LIFECYCLE_CONFINEMENT_H
#define LIFECYCLE_CONFINEMENT_H

#include "config/spec.h"
#include "kernel/capability.h"
#include "kernel/seccomp.h"
#include "state/record.h"

struct confinement {
	capability_set capabilities; /* the bounding set, and what root has */
	capability_set added;        /* of them, what cap_add names: what another user has */
	bool no_new_privs;
	struct seccomp_filter filter;
	char *profile; /* of AppArmor; NULL: none is set */
};

/* What the file asks for and we cannot give: an error, and in *key what it is about. */
int confinement_check(const struct security *security, const char *name, const char **key,
		      struct error *err);

/*
 * For a new container, from its validated spec. A filter from a file is kept in the run
 * directory: exec goes by what the container was started with.
 */
int confinement_make(const struct security *security, int directory_fd,
		     struct confinement *confinement, struct error *err);

/*
 * For a running one, or one that is started anew (record without init), from its recorded spec and
 * record. Ours may be a larger bounding set than that of the command which started it: the recorded one
 * counts, where it is known. Where the spec names no profile but whoever started it was confined, so is
 * init, and exec by somebody who is not must not be weaker.
 */
int confinement_recall(const struct security *security, const struct record *record,
		       int directory_fd, struct confinement *confinement, struct error *err);

/*
 * For the built-in init of such a container: never more than its command, with the same profile,
 * and of capabilities CAP_KILL at most, to signal a command that may become another user. The
 * filter is the default one: it has to fit our code, not the command.
 */
void confinement_make_init(const struct confinement *command, struct confinement *confinement);

/*
 * For a process of ours that works on the files of any container and runs nothing of it: the
 * capabilities over files and the default filter, whatever the container's own are.
 */
void confinement_make_files(struct confinement *confinement);

void confinement_clear(struct confinement *confinement);

#endif
