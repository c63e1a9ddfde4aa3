/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h: messages between the command, the supervisor and init while a container comes up,
 * over a SOCK_SEQPACKET pair (unix(7)): one message is one packet, fds travel along
 * (SCM_RIGHTS). Both ends are close-on-exec: end of file says that the other side has exec'd.
 */
#ifndef LIFECYCLE_CHANNEL_H
#define LIFECYCLE_CHANNEL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum message_type {
	MESSAGE_CLONED, /* supervisor to command: pid of init, with its pidfd, and of the keeper */
	MESSAGE_ROOTFS, /* supervisor to init: ids are mapped; the mounts to enter */
	MESSAGE_MOUNTS, /* supervisor to init, after that: CHANNEL_FDS_MAX of them, or the rest */
	MESSAGE_CONSOLE, /* init to supervisor, by that to the keeper: the master of the terminal */
	MESSAGE_READY,  /* init to command: set up, waiting at the gate */
	MESSAGE_GO,     /* command to init: links and rules are in force, run the payload;
			   exec to the program: the file that takes its profile */
	MESSAGE_FAILED, /* supervisor or init to command: the error */
	MESSAGE_DONE,   /* what works inside (attach_work()) to command: it has ended well */
};

struct message {
	enum message_type type;
	pid_t pid;          /* MESSAGE_CLONED */
	pid_t keeper;       /* MESSAGE_CLONED: of the terminal, 0: there is none */
	struct error error; /* MESSAGE_FAILED */
	char key[64];       /* MESSAGE_FAILED: the configuration key that asked for it, or "" */
};

#define CHANNEL_FDS_MAX 32 /* in one message */

int channel_open(int ends[2], struct error *err);

/* Sends a message with fds (-1: a place that stays empty); the caller keeps its fds. */
int channel_send(int fd, const struct message *message, const int *fds, size_t fd_count,
		 struct error *err);

/*
 * Receives a message and its fds (owned by the caller, close-on-exec; -1 where none was sent).
 * 1: received, 0: end of file, -1: error; ETIMEDOUT after timeout_ms.
 */
int channel_receive(int fd, struct message *message, int *fds, size_t fd_count, int timeout_ms,
		    struct error *err);

#endif
