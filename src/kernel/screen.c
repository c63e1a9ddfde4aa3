/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "base/cleanup.h"

/* The other screen, where there are two, and an invisible cursor; and back. */
#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[0m\033[?25h\033[?1049l"

/* A terminal that takes anything takes so much without keeping us waiting. */
#define PIECE 1024

static const int waiting_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* There is one terminal, and who puts it back is a signal handler or atexit(3). */
static struct {
	volatile sig_atomic_t is_taken;
	bool is_open;
	struct termios saved;
	sigset_t old_mask;
	struct sigaction old_actions[ARRAY_SIZE(fatal_signals)];
	int signal_fd;
	char typed[64]; /* not taken yet */
	size_t typed_length;
} screen = {.signal_fd = -1};

/* ---- taking over and giving back ---- */

/* Async-signal-safe. */
static void put_back(void)
{
	if (!screen.is_taken)
		return;
	screen.is_taken = 0;
	tcflow(STDOUT_FILENO, TCOON); /* it may have been stopped by ^S */
	if (write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1) < 0) {
		/* The terminal is gone, and with it what was to be put back. */
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &screen.saved);
}

static int take(struct error *err)
{
	struct termios wanted = screen.saved;

	wanted.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ^C and ^Z go on to be signals */
	wanted.c_cc[VMIN] = 1;
	wanted.c_cc[VTIME] = 0;
	screen.is_taken = 1;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &wanted) < 0 ||
	    write(STDOUT_FILENO, ENTER, sizeof(ENTER) - 1) < 0)
		return error_set(err, errno, "take over the terminal");
	return 0;
}

/* Once the handler is back, the signal comes again, to who had it before. */
static void crash(int number)
{
	put_back();
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		if (fatal_signals[i] == number)
			sigaction(number, &screen.old_actions[i], NULL);
	raise(number);
}

static int open_signals(struct error *err)
{
	struct sigaction action = {.sa_handler = crash};
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ARRAY_SIZE(waiting_signals); i++)
		sigaddset(&mask, waiting_signals[i]);
	screen.signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (screen.signal_fd < 0)
		return error_set(err, errno, "signalfd");
	sigprocmask(SIG_BLOCK, &mask, &screen.old_mask);
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, &screen.old_actions[i]);
	return 0;
}

int screen_open(struct error *err)
{
	static bool will_put_back;

	if (tcgetattr(STDIN_FILENO, &screen.saved) < 0)
		return error_set(err, errno, "read the terminal settings");
	if (open_signals(err) < 0)
		return -1;
	screen.is_open = true;
	if (!will_put_back)
		will_put_back = atexit(put_back) == 0;
	if (take(err) == 0)
		return 0;
	screen_close();
	return -1;
}

void screen_close(void)
{
	if (!screen.is_open)
		return;
	put_back();
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &screen.old_actions[i], NULL);
	close_fd(&screen.signal_fd);
	sigprocmask(SIG_SETMASK, &screen.old_mask, NULL);
	screen.is_open = false;
}

/* ---- output ---- */

struct screen_size screen_get_size(void)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		return (struct screen_size){24, 80};
	return (struct screen_size){size.ws_row, size.ws_col};
}

int screen_draw(const char *bytes, size_t length, struct error *err)
{
	while (length > 0) {
		struct pollfd wanted[] = {
			{.fd = screen.signal_fd, .events = POLLIN},
			{.fd = STDOUT_FILENO, .events = POLLOUT},
		};
		ssize_t count;

		if (poll(wanted, ARRAY_SIZE(wanted), -1) < 0 && errno != EINTR)
			return error_set(err, errno, "poll");
		if (wanted[0].revents)
			return 0; /* a terminal that takes nothing must not keep us from ending */
		if (!wanted[1].revents)
			continue;
		count = write(STDOUT_FILENO, bytes, length < PIECE ? length : PIECE);
		if (count < 0 && errno != EINTR)
			return error_set(err, errno, "write to the terminal");
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return 0;
}

/* ---- input ---- */

size_t screen_parse_key(const char *bytes, size_t length, int *key)
{
	static const struct {
		const char *sequence;
		int key;
	} keys[] = {
		{"\033[A", SCREEN_UP},   {"\033OA", SCREEN_UP},       {"\033[B", SCREEN_DOWN},
		{"\033OB", SCREEN_DOWN}, {"\033[5~", SCREEN_PAGE_UP}, {"\033[6~", SCREEN_PAGE_DOWN},
		{"\033[H", SCREEN_HOME}, {"\033OH", SCREEN_HOME},     {"\033[1~", SCREEN_HOME},
		{"\033[F", SCREEN_END},  {"\033OF", SCREEN_END},      {"\033[4~", SCREEN_END},
	};
	size_t used = 1;

	*key = (unsigned char)bytes[0];
	if (bytes[0] != '\033')
		return 1;
	*key = SCREEN_OTHER_KEY;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t size = strlen(keys[i].sequence);

		if (size <= length && memcmp(bytes, keys[i].sequence, size) == 0) {
			*key = keys[i].key;
			return size;
		}
	}
	if (length == 1 || (bytes[1] != '[' && bytes[1] != 'O'))
		return 1;
	/* ECMA-48: parameters, then one final byte. */
	for (used = 2; used < length && (bytes[used] < '@' || bytes[used] > '~'); used++)
		continue;
	return used < length ? used + 1 : length;
}

/* The next key of what was typed; 0: there is none. */
static int take_key(void)
{
	size_t used;
	int key;

	if (screen.typed_length == 0)
		return 0;
	used = screen_parse_key(screen.typed, screen.typed_length, &key);
	screen.typed_length -= used;
	memmove(screen.typed, screen.typed + used, screen.typed_length);
	return key;
}

/* As the shell expects it of who is stopped: with its terminal. */
static int stop(struct error *err)
{
	put_back();
	raise(SIGSTOP);
	return take(err) < 0 ? -1 : SCREEN_REDRAW;
}

static int take_signal(struct error *err)
{
	struct signalfd_siginfo info;

	if (read(screen.signal_fd, &info, sizeof(info)) != sizeof(info))
		return SCREEN_TIMEOUT;
	if (info.ssi_signo == SIGTSTP)
		return stop(err);
	return info.ssi_signo == SIGWINCH ? SCREEN_REDRAW : SCREEN_CLOSED;
}

int screen_wait(int timeout_ms, struct error *err)
{
	struct pollfd wanted[] = {
		{.fd = screen.signal_fd, .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLIN},
	};
	int key = take_key();
	ssize_t count;

	if (key > 0)
		return key;
	if (poll(wanted, ARRAY_SIZE(wanted), timeout_ms) < 0)
		return errno == EINTR ? SCREEN_TIMEOUT : error_set(err, errno, "poll");
	if (wanted[0].revents)
		return take_signal(err);
	if (!wanted[1].revents)
		return SCREEN_TIMEOUT;
	count = read(STDIN_FILENO, screen.typed, sizeof(screen.typed));
	if (count <= 0)
		return SCREEN_CLOSED;
	screen.typed_length = (size_t)count;
	return take_key();
}
