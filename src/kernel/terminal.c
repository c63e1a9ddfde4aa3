/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/terminal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/process.h"

#define PTMX "/dev/pts/ptmx"

/* A pty keeps at most 64 KiB that nobody has read yet; more comes from processes left behind. */
#define DRAIN_MAX (128 * 1024)

bool terminal_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* The container may have put anything in the place of ptmx. */
static int check_ptmx(int fd, struct error *err)
{
	struct statfs file_system;
	struct stat st;

	if (fstatfs(fd, &file_system) < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "look at %s", PTMX);
	if (file_system.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(5, 2))
		return error_set(err, 0, "%s is not the one of a devpts file system", PTMX);
	return 0;
}

int terminal_open_pty(int *master_fd, int *peer_fd, struct error *err)
{
	/* O_NONBLOCK: for what is no ptmx, and for the relay afterwards. */
	AUTO_FD int master =
		fs_open_at(AT_FDCWD, PTMX, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0, err);
	int unlocked = 0, peer;

	if (master < 0 || check_ptmx(master, err) < 0)
		return -1;
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return error_set(err, errno, "unlock the pty");
	/* By the master itself: a name under /dev/pts could lead elsewhere. */
	peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer < 0)
		return error_set(err, errno, "open the pty's other end");
	*peer_fd = peer;
	*master_fd = take_fd(&master);
	return 0;
}

static int copy_size(int from_fd, int to_fd, struct error *err)
{
	struct winsize size;

	if (ioctl(from_fd, TIOCGWINSZ, &size) < 0 || ioctl(to_fd, TIOCSWINSZ, &size) < 0)
		return error_set(err, errno, "copy the window size");
	return 0;
}

int terminal_copy_settings(int terminal_fd, int pty_fd, struct error *err)
{
	struct termios from, to;

	if (tcgetattr(terminal_fd, &from) < 0 || tcgetattr(pty_fd, &to) < 0)
		return error_set(err, errno, "read the terminal settings");
	/* Not the modes: ours may be those of an editor. */
	for (size_t i = 0; i < NCCS; i++)
		to.c_cc[i] = from.c_cc[i];
	to.c_cc[VMIN] = 1;
	to.c_cc[VTIME] = 0;
	to.c_iflag = (to.c_iflag & ~(tcflag_t)IUTF8) | (from.c_iflag & (tcflag_t)IUTF8);
	if (tcsetattr(pty_fd, TCSANOW, &to) < 0)
		return error_set(err, errno, "set the pty's settings");
	return copy_size(terminal_fd, pty_fd, err);
}

/* ---- the relay ---- */

/* One direction. */
struct channel {
	int from_fd, to_fd;
	char bytes[4096];
	size_t start, end; /* what is still to be written */
	bool ended;        /* nothing more comes */
};

struct relay {
	int process_fd, master_fd, signal_fd;
	int terminal_in, terminal_out; /* non-blocking opens of our own, -1 without a terminal */
	struct termios saved;
	bool is_raw;
	struct channel input, output;
};

/*
 * The terminal under an open(2) of our own: O_NONBLOCK on the fd we were given would also hit
 * the shell, which shares it.
 */
static int open_own(int fd, int flags)
{
	char path[32];
	int own;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	/* Without the right to open it (after su): the relay may wait for a terminal on hold. */
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static int make_raw(struct relay *relay, struct error *err)
{
	struct termios raw;

	if (relay->master_fd < 0 || relay->is_raw)
		return 0;
	if (tcgetattr(STDIN_FILENO, &relay->saved) < 0)
		return error_set(err, errno, "read the terminal settings");
	raw = relay->saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return error_set(err, errno, "set the terminal to raw mode");
	relay->is_raw = true;
	return 0;
}

static void put_back(struct relay *relay)
{
	if (relay->is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved);
	relay->is_raw = false;
}

static void relay_mask(sigset_t *mask)
{
	static const int taken[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM,
				    SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP};

	sigemptyset(mask);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		sigaddset(mask, taken[i]);
}

/* SIGTSTP to us: stops with the terminal as it was. */
static int stop_ourselves(struct relay *relay, struct error *err)
{
	put_back(relay);
	raise(SIGSTOP);
	if (make_raw(relay, err) < 0)
		return -1;
	return relay->master_fd < 0 ? 0 : copy_size(STDIN_FILENO, relay->master_fd, err);
}

/* 0; TERMINAL_HUNG_UP; -1. */
static int handle_signal(struct relay *relay, struct error *err)
{
	struct signalfd_siginfo info;

	if (read(relay->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGWINCH:
		return relay->master_fd < 0 ? 0 : copy_size(STDIN_FILENO, relay->master_fd, err);
	case SIGTSTP:
		return stop_ourselves(relay, err);
	case SIGHUP:
		if (relay->master_fd >= 0)
			return TERMINAL_HUNG_UP;
		break;
	}
	return process_signal(relay->process_fd, (int)info.ssi_signo, err);
}

static bool is_pending(const struct channel *channel)
{
	return channel->start < channel->end;
}

static bool would_wait(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void fill(struct channel *channel)
{
	ssize_t count = read(channel->from_fd, channel->bytes, sizeof(channel->bytes));

	if (count > 0) {
		channel->start = 0;
		channel->end = (size_t)count;
	} else if (count == 0 || !would_wait()) {
		/* EIO: the other end of a pty is closed everywhere. It would stay readable for
		 * ever: whoever waits must not ask again. */
		channel->ended = true;
	}
}

static void flush(struct channel *channel)
{
	ssize_t count = write(channel->to_fd, channel->bytes + channel->start,
			      channel->end - channel->start);

	if (count > 0)
		channel->start += (size_t)count;
	else if (!would_wait())
		channel->start = channel->end; /* nobody is left to take it */
}

/* Which fd of a channel to wait for now. */
static struct pollfd wait_for(const struct channel *channel)
{
	if (is_pending(channel))
		return (struct pollfd){.fd = channel->to_fd, .events = POLLOUT};
	return (struct pollfd){.fd = channel->ended ? -1 : channel->from_fd, .events = POLLIN};
}

static void move_bytes(struct channel *channel)
{
	if (is_pending(channel))
		flush(channel);
	else if (!channel->ended)
		fill(channel);
}

/* The process has ended: what it wrote before is still in the pty. */
static int drain(struct relay *relay, struct error *err)
{
	struct channel *output = &relay->output;
	size_t drained = 0;

	while (drained < DRAIN_MAX && !output->ended) {
		if (!is_pending(output)) {
			/* Non-blocking: the kernel hands out all there is before it says EAGAIN. */
			fill(output);
			drained += output->end - output->start;
		}
		if (!is_pending(output))
			return 0;
		while (is_pending(output)) {
			struct pollfd wanted = wait_for(output);

			if (poll(&wanted, 1, -1) < 0 && errno != EINTR)
				return error_set(err, errno, "poll");
			flush(output);
		}
	}
	return 0;
}

static int run(struct relay *relay, struct error *err)
{
	for (;;) {
		struct pollfd wanted[] = {
			{.fd = relay->process_fd, .events = POLLIN},
			{.fd = relay->signal_fd, .events = POLLIN},
			wait_for(&relay->input),
			wait_for(&relay->output),
		};

		if (poll(wanted, ARRAY_SIZE(wanted), -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "poll");
		}
		if (wanted[1].revents) {
			int rc = handle_signal(relay, err);

			if (rc != 0)
				return rc;
		}
		if (wanted[2].revents)
			move_bytes(&relay->input);
		if (wanted[3].revents)
			move_bytes(&relay->output);
		/* Last, and only then: input that went before the end counts as well. */
		if (wanted[0].revents)
			return drain(relay, err) < 0 ? -1 : TERMINAL_ENDED;
		if (relay->input.from_fd >= 0 && relay->input.ended)
			return TERMINAL_HUNG_UP;
	}
}

static int open_relay(struct relay *relay, struct error *err)
{
	sigset_t mask;

	if (relay->master_fd >= 0) {
		relay->terminal_in = open_own(STDIN_FILENO, O_RDONLY);
		relay->terminal_out = open_own(STDOUT_FILENO, O_WRONLY);
		if (relay->terminal_in < 0 || relay->terminal_out < 0)
			return error_set(err, errno, "open the terminal");
	}
	relay->input = (struct channel){.from_fd = relay->terminal_in, .to_fd = relay->master_fd};
	relay->output = (struct channel){.from_fd = relay->master_fd, .to_fd = relay->terminal_out};
	relay->input.ended = relay->output.ended = relay->master_fd < 0;
	/* Raw mode after the signals are ours, so that none ends us before it is put back. */
	relay_mask(&mask);
	relay->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (relay->signal_fd < 0)
		return error_set(err, errno, "take signals");
	return make_raw(relay, err);
}

int terminal_relay(int process_fd, int master_fd, struct error *err)
{
	struct relay relay = {
		.process_fd = process_fd,
		.master_fd = master_fd,
		.signal_fd = -1,
		.terminal_in = -1,
		.terminal_out = -1,
	};
	sigset_t mask, before;
	int rc;

	relay_mask(&mask);
	if (sigprocmask(SIG_BLOCK, &mask, &before) < 0)
		return error_set(err, errno, "block signals");
	rc = open_relay(&relay, err);
	if (rc == 0)
		rc = run(&relay, err);
	put_back(&relay);
	close_fd(&relay.signal_fd);
	close_fd(&relay.terminal_in);
	close_fd(&relay.terminal_out);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
