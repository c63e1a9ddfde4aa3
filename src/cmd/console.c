/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman console */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/output.h"
#include "base/parse.h"
#include "base/process.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/view.h"
#include "kernel/terminal.h"
#include "lifecycle/console.h"

#define DEFAULT_KEY "ctrl-]"
/* Between two states of a container there are moments in which it has neither. */
#define MOMENT_MS 100
#define MOMENTS   300

/* What a look at the container comes to. */
enum { ATTACH = 1, OVER = 0, LOOK_AGAIN = 2 };

struct session {
	const struct conf *conf;
	const char *name;
	struct terminal_console console; /* its fds are ours */
	struct console_reader reader;
	bool is_typed;    /* standard input is a terminal */
	bool is_attached; /* that is in raw mode then */
	bool is_waiting;  /* for a restart */
	bool is_orphan;   /* told that there is no supervisor */
	int moments;      /* waited */
	int status;       /* of its end */
};

static void end_session(struct session *session)
{
	console_reader_close(&session->reader);
	close_fd(&session->console.process_fd);
	close_fd(&session->console.master_fd);
}

/* ---- what is told ---- */

static void tell(const struct session *session, const char *what)
{
	output_flush();
	fprintf(stderr, "cman: %s: %s%s\n", session->name, what,
		session->is_typed && session->is_attached ? "\r" : "");
}

/* What was printed last, while nobody relayed it. */
static int show_rest(struct session *session, struct error *err)
{
	char bytes[4096];
	ssize_t count;

	while (session->reader.ring_fd >= 0 &&
	       (count = console_read(&session->reader, bytes, sizeof(bytes))) > 0)
		if (fwrite(bytes, 1, (size_t)count, stdout) != (size_t)count)
			return error_set(err, errno, "write to standard output");
	return output_finish(err);
}

static int exit_status(const struct record *record)
{
	if (!record->exited)
		return EXIT_SUCCESS;
	return WIFEXITED(record->wait_status) ? WEXITSTATUS(record->wait_status)
					      : 128 + WTERMSIG(record->wait_status);
}

static int tell_end(struct session *session, const struct view *view, struct error *err)
{
	char end[128] = "", what[192];

	if (show_rest(session, err) < 0)
		return -1;
	view_describe_end(&view->record, end, sizeof(end));
	snprintf(what, sizeof(what), "%s%s%s", view->state == VIEW_EXITED ? "has ended" : "was stopped",
		 *end ? ", " : "", end);
	tell(session, what);
	session->status = exit_status(&view->record);
	return OVER;
}

/* ---- what there is to be attached to ---- */

static ssize_t read_output(void *data, char *bytes, size_t size)
{
	struct session *session = data;

	/* Nobody is to see a prompt that what is typed does not reach yet. */
	if (session->is_waiting)
		return errno = EAGAIN, -1;
	return console_read(&session->reader, bytes, size);
}

/* The ring of before goes on where it was left; another start has made another one. */
static int open_ring(struct session *session, const struct state *state, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/console", session->name);
	AUTO_FD int directory_fd = -1;

	if (fs_is_at(state->containers_fd, path, session->reader.ring_fd))
		return 0;
	if (show_rest(session, err) < 0)
		return -1;
	console_reader_close(&session->reader);
	directory_fd = record_open_directory(state, session->name, err);
	return directory_fd < 0 ? -1 : console_reader_open(directory_fd, &session->reader, err);
}

static int attach_to(struct session *session, int *process_fd, int *master_fd, bool is_waiting)
{
	struct terminal_console *console = &session->console;

	close_fd(&console->process_fd);
	close_fd(&console->master_fd);
	console->process_fd = take_fd(process_fd);
	console->master_fd = take_fd(master_fd);
	console->output_fd = is_waiting ? -1 : session->reader.watch_fd;
	session->is_waiting = is_waiting;
	session->moments = 0;
	return ATTACH;
}

static int wait_a_moment(struct session *session, struct error *err)
{
	if (session->moments++ == MOMENTS)
		return error_set(err, ETIMEDOUT, "it neither runs nor has it ended");
	poll(NULL, 0, MOMENT_MS);
	return LOOK_AGAIN;
}

static int attach(struct session *session, const struct state *state, const struct record *record,
		  struct error *err)
{
	AUTO_FD int process_fd = process_open(&record->supervisor, NULL);
	AUTO_FD int master_fd = -1;

	if (record->terminal_lost) {
		error_set(err, 0, "its terminal is lost: the processes that held it were killed");
		return error_hint(err, "cman restart %s gives it another", session->name);
	}
	if (record->keeper.pid == 0) {
		error_set(err, 0, "it was started without a terminal");
		return error_hint(err, "write tty = true; into its file, then cman apply %s",
				  session->name);
	}
	master_fd = console_open_master(record, err);
	if (master_fd < 0 && err->code == EAGAIN)
		return error_clear(err), wait_a_moment(session, err);
	if (master_fd < 0 && err->code == ESRCH)
		return error_hint(err, "cman restart %s gives it another terminal", session->name);
	if (master_fd < 0 || open_ring(session, state, err) < 0)
		return -1;
	if (process_fd >= 0)
		return attach_to(session, &process_fd, &master_fd, false);
	if (!session->is_orphan)
		tell(session, "has no supervisor, what it prints is not shown: cman check --repair");
	session->is_orphan = true;
	process_fd = process_open(&record->init, err);
	if (process_fd >= 0)
		return attach_to(session, &process_fd, &master_fd, false);
	return err->code == ESRCH ? (error_clear(err), LOOK_AGAIN) : -1;
}

/* It has ended, and is started again in a while: who is attached stays so, and types into nothing. */
static int wait_for_restart(struct session *session, const struct state *state,
			    const struct view *view, struct error *err)
{
	AUTO_FD int process_fd = process_open(&view->record.supervisor, err);
	AUTO_FD int null_fd = -1;
	char end[128] = "", wait[PARSE_TEXT_MAX], what[320];

	if (process_fd < 0)
		return error_hint(err, "nobody waits to start it again: cman check --repair");
	null_fd = fs_open_at(AT_FDCWD, "/dev/null", O_RDWR, 0, err);
	if (null_fd < 0 || open_ring(session, state, err) < 0 || show_rest(session, err) < 0)
		return -1;
	view_describe_end(&view->record, end, sizeof(end));
	parse_format_duration(view_restart_wait(view), wait);
	snprintf(what, sizeof(what), "has ended%s%s, it is started again in %s", *end ? ", " : "", end,
		 wait);
	tell(session, what);
	return attach_to(session, &process_fd, &null_fd, true);
}

static int look(struct session *session, struct error *err)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_VIEW struct view view = {0};
	int there = load_state(session->conf, &state, err);

	if (there < 0)
		return -1;
	view_take(session->conf, there ? &state : NULL, session->name, &view);
	if (view.alive)
		return attach(session, &state, &view.record, err);
	switch (view.state) {
	case VIEW_UNKNOWN:
		return *err = *view.error, -1;
	case VIEW_RESTARTING:
		return wait_for_restart(session, &state, &view, err);
	case VIEW_STARTING:
	case VIEW_STOPPING:
	case VIEW_STALE:
		return wait_a_moment(session, err);
	default:
		break;
	}
	if (session->is_attached)
		return tell_end(session, &view, err);
	error_set(err, 0, "it does not run");
	return error_hint(err, "cman up %s; what it has printed is in cman logs %s", session->name,
			  session->name);
}

/* ATTACH, OVER, -1 */
static int find(struct session *session, struct error *err)
{
	int rc;

	do
		rc = look(session, err);
	while (rc == LOOK_AGAIN);
	return rc;
}

static int look_again(struct terminal_console *console, struct error *err)
{
	return find(console->data, err);
}

/* ---- attached ---- */

/* The exit status. */
static int tell_departure(struct session *session, int end)
{
	session->is_attached = false;
	switch (end) {
	case TERMINAL_ENDED:
		return session->status;
	case TERMINAL_HUNG_UP:
		return 128 + SIGHUP;
	case TERMINAL_INTERRUPTED:
		return 128 + session->console.signal_number;
	}
	if (session->is_typed) {
		fputc('\n', stderr); /* it may stand anywhere in a line */
		tell(session, "detached");
	}
	return EXIT_SUCCESS;
}

static int serve(struct session *session, const char *key, struct error *err)
{
	AUTO_FREE char *greeting =
		session->console.detach_key < 0
			? xprintf("cman: %s: attached, no key detaches", session->name)
			: xprintf("cman: %s: attached, %s detaches", session->name, key);
	int end;

	if (session->is_typed)
		session->console.greeting = greeting;
	session->is_attached = true;
	end = terminal_attach(&session->console, err);
	return end < 0 ? -1 : tell_departure(session, end);
}

int cmd_console(const struct options *options, int argc, char *argv[], struct error *err)
{
	const char *key = options->detach_key ? options->detach_key : DEFAULT_KEY;
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	AUTO(end_session) struct session session = {
		.conf = &conf,
		.console = {.process_fd = -1,
			    .master_fd = -1,
			    .read_output = read_output,
			    .ended = look_again,
			    .data = &session,
			    .detach_key = terminal_parse_key(key)},
		.reader = CONSOLE_READER_INIT,
		.is_typed = isatty(STDIN_FILENO),
	};
	int rc;

	if (session.console.detach_key < -1)
		return command_misused(err, "--detach-key: \"%s\" is neither as ctrl-a or ^a, nor none",
				       key);
	if (load_recorded(options, argc, argv, LOAD_KNOWN, &conf, &names, err) < 0)
		return -1;
	session.name = names.items[0];
	rc = find(&session, err);
	if (rc == ATTACH)
		rc = serve(&session, key, err);
	return rc < 0 ? error_wrap(err, "%s", session.name) : rc;
}
