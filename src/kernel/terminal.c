/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "base/text.h"
#include "kernel/pty.h"

/* A pty keeps at most 64 KiB that nobody has read yet; more comes from processes left behind. */
#define DRAIN_MAX (128 * 1024)

/* From a detach key to the end, if nothing else is typed. */
#define DETACH_MS 500

#define GO_ON (-2)

/* One direction. */
struct channel {
	int from_fd, to_fd;
	char bytes[4096];
	size_t start, end; /* what is still to be written */
	bool ended;        /* nothing more comes */
	bool has_more;     /* as far as we know, whatever from_fd says */
	bool is_lost;      /* nobody is left to take it */
};

struct relay {
	int process_fd, master_fd, signal_fd;
	int terminal_in, terminal_out; /* opens or copies of our own, -1 without a terminal */
	struct termios saved;
	bool is_raw;
	struct channel input, output;
	struct terminal_console *console; /* NULL: a program that is ours */
	bool is_typed;                    /* its input is a terminal */
	uint64_t detach_at_ms;            /* the key was typed: CLOCK_MONOTONIC; 0: it was not */
	bool is_detached;
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

	if (relay->master_fd < 0 || relay->is_raw || (relay->console && !relay->is_typed))
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

/*
 * What a terminal has answered to a container that we have left is not to be a command for the shell.
 */
static void put_back(struct relay *relay)
{
	if (relay->is_raw)
		tcsetattr(STDIN_FILENO, relay->console ? TCSAFLUSH : TCSADRAIN, &relay->saved);
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

static int follow_size(const struct relay *relay, struct error *err)
{
	if (relay->master_fd < 0 ||
	    (relay->console && (!relay->is_typed || !isatty(relay->master_fd))))
		return 0;
	return pty_copy_size(STDIN_FILENO, relay->master_fd, err);
}

/* SIGTSTP to us: stops with the terminal as it was. */
static int stop_ourselves(struct relay *relay, struct error *err)
{
	put_back(relay);
	raise(SIGSTOP);
	if (make_raw(relay, err) < 0)
		return -1;
	return follow_size(relay, err);
}

/* 0; TERMINAL_HUNG_UP, TERMINAL_INTERRUPTED; -1. */
static int handle_signal(struct relay *relay, struct error *err)
{
	struct signalfd_siginfo info;

	if (read(relay->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	switch (info.ssi_signo) {
	case SIGWINCH:
		return follow_size(relay, err);
	case SIGTSTP:
		return stop_ourselves(relay, err);
	case SIGHUP:
		if (relay->master_fd >= 0)
			return TERMINAL_HUNG_UP;
		break;
	}
	if (relay->console) {
		relay->console->signal_number = (int)info.ssi_signo;
		return TERMINAL_INTERRUPTED;
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

static void fill(struct relay *relay, struct channel *channel)
{
	struct terminal_console *console = channel == &relay->output ? relay->console : NULL;
	ssize_t count = console ? console->read_output(console->data, channel->bytes,
						       sizeof(channel->bytes))
				: read(channel->from_fd, channel->bytes, sizeof(channel->bytes));

	channel->has_more = console && count > 0;
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

	if (count > 0) {
		channel->start += (size_t)count;
	} else if (!would_wait()) {
		channel->is_lost = true;
		channel->start = channel->end;
	}
}

/* Which fd of a channel to wait for now. */
static struct pollfd wait_for(const struct channel *channel)
{
	if (is_pending(channel))
		return (struct pollfd){.fd = channel->to_fd, .events = POLLOUT};
	return (struct pollfd){.fd = channel->ended ? -1 : channel->from_fd, .events = POLLIN};
}

static void move_bytes(struct relay *relay, struct channel *channel)
{
	if (is_pending(channel))
		flush(channel);
	else if (!channel->ended)
		fill(relay, channel);
}

/* ---- what is typed on a console ---- */

/* Takes the detach key out of what was typed: how much is left of it. */
static size_t find_detach_key(struct relay *relay, char *bytes, size_t length)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++) {
		const bool is_key = (unsigned char)bytes[i] == relay->console->detach_key;

		if (is_key && relay->detach_at_ms == 0) {
			relay->detach_at_ms = process_monotonic_ms() + DETACH_MS;
			continue;
		}
		if (relay->detach_at_ms > 0 && !is_key) {
			relay->is_detached = true;
			break;
		}
		relay->detach_at_ms = 0;
		bytes[kept++] = bytes[i];
	}
	return kept;
}

/*
 * Also while the container takes nothing: what is typed then is lost once there is no more room for
 * it, but not the key that leads out.
 */
static void take_typed(struct relay *relay)
{
	struct channel *input = &relay->input;
	char typed[256];
	ssize_t count = read(input->from_fd, typed, sizeof(typed));
	size_t room, kept;

	if (count <= 0) {
		input->ended = count == 0 || !would_wait();
		return;
	}
	memmove(input->bytes, input->bytes + input->start, input->end - input->start);
	input->end -= input->start;
	input->start = 0;
	kept = find_detach_key(relay, typed, (size_t)count);
	room = sizeof(input->bytes) - input->end;
	memcpy(input->bytes + input->end, typed, kept < room ? kept : room);
	input->end += kept < room ? kept : room;
}

/* How long to wait at most, in milliseconds. */
static int patience(const struct relay *relay)
{
	uint64_t now;

	if (relay->output.has_more && !is_pending(&relay->output))
		return 0;
	if (relay->detach_at_ms == 0)
		return -1;
	now = process_monotonic_ms();
	return relay->detach_at_ms > now ? (int)(relay->detach_at_ms - now) : 0;
}

static bool is_detached(const struct relay *relay)
{
	return relay->is_detached ||
	       (relay->detach_at_ms > 0 && process_monotonic_ms() >= relay->detach_at_ms);
}

/* The process has ended: what it wrote before is still in the pty. */
static int drain(struct relay *relay, struct error *err)
{
	struct channel *output = &relay->output;
	size_t drained = 0;

	while (drained < DRAIN_MAX && !output->ended) {
		if (!is_pending(output)) {
			/* Non-blocking: the kernel hands out all there is before it says EAGAIN. */
			fill(relay, output);
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

/* What was typed for the one that has ended is not for the next. */
static int process_has_ended(struct relay *relay, struct error *err)
{
	struct terminal_console *console = relay->console;
	int rc = drain(relay, err);

	if (rc < 0 || !console)
		return rc < 0 ? -1 : TERMINAL_ENDED;
	rc = console->ended(console, err);
	if (rc <= 0)
		return rc < 0 ? -1 : TERMINAL_ENDED;
	relay->process_fd = console->process_fd;
	relay->master_fd = relay->input.to_fd = console->master_fd;
	relay->input.start = relay->input.end = 0;
	relay->output.from_fd = console->output_fd;
	relay->output.ended = false;
	relay->output.has_more = true;
	return follow_size(relay, err) < 0 ? -1 : GO_ON;
}

/* Our input has no more. */
static int end_of_input(struct relay *relay, struct error *err)
{
	if (!relay->console || relay->is_typed)
		return TERMINAL_HUNG_UP;
	return drain(relay, err) < 0 ? -1 : TERMINAL_DETACHED;
}

static int run(struct relay *relay, struct error *err)
{
	const int typed_fd = relay->is_typed ? relay->terminal_in : -1;

	for (;;) {
		struct pollfd wanted[] = {
			{.fd = relay->process_fd, .events = POLLIN},
			{.fd = relay->signal_fd, .events = POLLIN},
			wait_for(&relay->input),
			wait_for(&relay->output),
			{.fd = typed_fd, .events = POLLIN},
		};

		if (typed_fd >= 0 && !is_pending(&relay->input))
			wanted[2].fd = -1;
		if (poll(wanted, ARRAY_SIZE(wanted), patience(relay)) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "poll");
		}
		if (wanted[1].revents) {
			int rc = handle_signal(relay, err);

			if (rc != 0)
				return rc;
		}
		if (wanted[4].revents)
			take_typed(relay);
		if (wanted[2].revents)
			move_bytes(relay, &relay->input);
		if (wanted[3].revents || relay->output.has_more)
			move_bytes(relay, &relay->output);
		if (is_detached(relay))
			return TERMINAL_DETACHED;
		if (relay->console && relay->output.is_lost)
			return TERMINAL_HUNG_UP;
		/* Last, and only then: input that went before the end counts as well. */
		if (wanted[0].revents) {
			int rc = process_has_ended(relay, err);

			if (rc != GO_ON)
				return rc;
		}
		if (relay->input.from_fd >= 0 && relay->input.ended)
			return end_of_input(relay, err);
	}
}

static int open_relay(struct relay *relay, struct error *err)
{
	sigset_t mask;

	if (relay->console) {
		/* Another open of a pipe or a file would be of another kind, or begin anew. */
		relay->terminal_in = relay->is_typed ? open_own(STDIN_FILENO, O_RDONLY)
						     : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
		relay->terminal_out = isatty(STDOUT_FILENO)
					      ? open_own(STDOUT_FILENO, O_WRONLY)
					      : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
		if (relay->terminal_in < 0 || relay->terminal_out < 0)
			return error_set(err, errno, "use standard input and output");
	} else if (relay->master_fd >= 0) {
		relay->terminal_in = open_own(STDIN_FILENO, O_RDONLY);
		relay->terminal_out = open_own(STDOUT_FILENO, O_WRONLY);
		if (relay->terminal_in < 0 || relay->terminal_out < 0)
			return error_set(err, errno, "open the terminal");
	}
	relay->input = (struct channel){.from_fd = relay->terminal_in, .to_fd = relay->master_fd};
	relay->output = (struct channel){.from_fd = relay->master_fd, .to_fd = relay->terminal_out};
	relay->input.ended = relay->output.ended = relay->master_fd < 0;
	if (relay->console) {
		relay->output.from_fd = relay->console->output_fd;
		relay->output.has_more = true;
	}
	/* Raw mode after the signals are ours, so that none ends us before it is put back. */
	relay_mask(&mask);
	relay->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (relay->signal_fd < 0)
		return error_set(err, errno, "take signals");
	return make_raw(relay, err);
}

static int begin_console(struct relay *relay, struct error *err)
{
	if (relay->console->greeting)
		fprintf(stderr, "%s\r\n", relay->console->greeting);
	return follow_size(relay, err);
}

static int serve(struct relay *relay, struct error *err)
{
	sigset_t mask, before;
	int rc;

	relay_mask(&mask);
	if (sigprocmask(SIG_BLOCK, &mask, &before) < 0)
		return error_set(err, errno, "block signals");
	rc = open_relay(relay, err);
	if (rc == 0 && relay->console)
		rc = begin_console(relay, err);
	if (rc == 0)
		rc = run(relay, err);
	put_back(relay);
	close_fd(&relay->signal_fd);
	close_fd(&relay->terminal_in);
	close_fd(&relay->terminal_out);
	/* The kernel wakes who reads before it sends the signal, which would end us on our way out. */
	if (rc == TERMINAL_HUNG_UP)
		signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
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

	return serve(&relay, err);
}

int terminal_attach(struct terminal_console *console, struct error *err)
{
	struct relay relay = {
		.process_fd = console->process_fd,
		.master_fd = console->master_fd,
		.signal_fd = -1,
		.terminal_in = -1,
		.terminal_out = -1,
		.console = console,
		.is_typed = isatty(STDIN_FILENO),
	};

	return serve(&relay, err);
}

bool terminal_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int terminal_parse_key(const char *text)
{
	if (strcmp(text, "none") == 0)
		return -1;
	if (text_starts_with(text, "ctrl-"))
		text += strlen("ctrl-");
	else if (*text == '^')
		text++;
	else
		return -2;
	if (strlen(text) != 1)
		return -2;
	/* ascii(7): control characters are those of the column above, less 64. */
	if (*text >= 'a' && *text <= 'z')
		return *text - 'a' + 1;
	return *text >= '@' && *text <= '_' ? *text - '@' : -2;
}
