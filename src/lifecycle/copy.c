/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/copy.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "lifecycle/copy_receive.h"
#include "lifecycle/copy_send.h"

#define PIPE_BYTES (1 << 20)
/* For what is left to be written when the host's side has given up. */
#define LAST_WORDS_MS 10000
/* One for each directory above a file: DEEPEST of copy_send.c, and some. */
#define DESCRIPTORS 16384

/* They wait in a file, and are looked at where nothing is left half done. signalfd(2) */
static int open_signals(struct error *err)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction was;
	sigset_t waiting;
	int fd;

	sigemptyset(&waiting);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		/* nohup(1) ignores one of them, and so do we. */
		if (sigaction(numbers[i], NULL, &was) < 0 || was.sa_handler != SIG_IGN)
			sigaddset(&waiting, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &waiting, NULL) < 0)
		return error_set(err, errno, "block signals");
	fd = signalfd(-1, &waiting, SFD_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "signalfd") : fd;
}

/* Both sides have it then. That it may not be is told by who needs more. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* What one side reads from and writes to. */
struct ends {
	int in_fd, out_fd;
};
#define ENDS_INIT                                                                                  \
	{                                                                                          \
		-1, -1                                                                             \
	}

static void ends_close(struct ends *ends)
{
	close_fd(&ends->in_fd);
	close_fd(&ends->out_fd);
}

static int open_pipe(int *in_fd, int *out_fd, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return error_set(err, errno, "pipe");
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* else as large as it is */
	*in_fd = ends[0];
	*out_fd = ends[1];
	return 0;
}

/* faults: NULL for the side that tells nothing. */
static int send_all(const struct copy *copy, const struct copy_stream *stream,
		    struct copy_faults *faults, struct error *err)
{
	const struct copy_sender sender = {
		.stream = stream,
		.follow = copy->follow,
		.tell_skipped = faults ? copy->tell_skipped : NULL,
		.faults = faults,
	};

	for (size_t i = 0; i < copy->count; i++)
		if (copy_send(&sender, copy->sources[i], err) < 0)
			return -1;
	return copy_send_end(&sender, err);
}

static int receive_all(const struct copy *copy, const struct copy_stream *stream,
		       struct copy_faults *faults, struct error *err)
{
	const struct copy_target target = {
		.path = copy->target,
		.sources = copy->sources,
		.count = copy->count,
		.keep_owner = copy->archive,
		.tell_skipped = faults ? copy->tell_skipped : NULL,
		.faults = faults,
	};

	return copy_receive(stream, &target, err);
}

/* In the container; nothing of it is told here. */
static int act_inside(int in_fd, int out_fd, const void *data, struct error *err)
{
	const struct copy *copy = data;
	const struct copy_stream stream = {.in_fd = in_fd, .out_fd = out_fd, .stop_fd = -1};

	return copy->into ? receive_all(copy, &stream, NULL, err)
			  : send_all(copy, &stream, NULL, err);
}

static int act_here(const struct ends *ends, int stop_fd, const struct copy *copy,
		    struct copy_faults *faults, struct error *err)
{
	const struct copy_stream stream = {
		.in_fd = ends->in_fd,
		.out_fd = ends->out_fd,
		.stop_fd = stop_fd,
		.back = copy->into ? faults : NULL,
	};

	return copy->into ? send_all(copy, &stream, faults, err)
			  : receive_all(copy, &stream, faults, err);
}

/*
 * Of two errors the cause: who finds that the other is gone (EPIPE) knows less than the other. How
 * far it came knows who made the files.
 */
static void choose_error(const struct copy *copy, const struct error *here,
			 const struct error *inside, struct error *err)
{
	const struct error *maker = copy->into ? inside : here;

	if (!err)
		return;
	*err = here->text[0] && here->code != EPIPE ? *here : *inside;
	if (!err->text[0])
		*err = *here;
	if (!err->hint[0])
		memcpy(err->hint, maker->hint, sizeof(err->hint));
}

static int end_copied(const struct copy_faults *faults, struct error *err)
{
	if (faults->count == 0)
		return 0;
	return error_set(err, 0, "left out as it could not be copied: %llu%s", faults->count,
			 faults->any_copied ? ", all else is copied" : "");
}

int copy_run(const struct attach *attach, const struct copy *copy, struct error *err)
{
	struct attached_work work = ATTACHED_WORK_INIT;
	struct copy_faults faults = {.tell = copy->tell_fault, .container = copy->container};
	struct error here = {0}, inside = {0};
	AUTO(ends_close) struct ends ours = ENDS_INIT, theirs = ENDS_INIT;
	AUTO_FD int stop_fd = -1;
	int rc_here, rc_inside;

	allow_descriptors();
	/* A pipe that nobody reads is an error of write(2). */
	signal(SIGPIPE, SIG_IGN);
	stop_fd = open_signals(err);
	if (stop_fd < 0 || open_pipe(&theirs.in_fd, &ours.out_fd, err) < 0 ||
	    open_pipe(&ours.in_fd, &theirs.out_fd, err) < 0)
		return -1;
	if (attach_work(attach, theirs.in_fd, theirs.out_fd, act_inside, copy, &work, err) < 0)
		return -1;
	ends_close(&theirs);
	rc_here = act_here(&ours, stop_fd, copy, &faults, &here);
	/* End of file, or nobody who reads: the other side ends then, too. */
	ends_close(&ours);
	rc_inside = attached_work_wait(&work, rc_here < 0 ? LAST_WORDS_MS : -1, &inside);
	if (rc_here == 0 && rc_inside == 0)
		return end_copied(&faults, err);
	choose_error(copy, &here, &inside, err);
	return -1;
}
