/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman kill */
#include <signal.h>

#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "lifecycle/heal.h"
#include "lifecycle/revive.h"
#include "lifecycle/steps.h"

/* Those that do something without a handler, too. */
static bool is_always_obeyed(int number)
{
	return number == SIGKILL || number == SIGSTOP || number == SIGCONT;
}

/* Before it is sent: there may be nobody left to ask afterwards. */
static void warn_if_kept_away(const char *name, pid_t pid, int number)
{
	char text[32];

	if (!is_always_obeyed(number) && !start_would_react(pid, number))
		log_warning(
			"%s: the kernel keeps %s away from its first process, which has no handler for it",
			name, process_signal_name(number, text, sizeof(text)));
}

static int signal_container(const struct conf *conf, const struct state *state, const char *name,
			    int number, struct error *err)
{
	enum liveness liveness = LIVE_NONE;
	AUTO_RECORD struct record record = {0};
	AUTO_FD int pidfd = -1;
	int found = state ? heal_read(&conf->manager, state, name, &record, &liveness, err) : 0;

	if (found < 0)
		return -1;
	if (liveness != LIVE_RUNNING)
		return error_set(err, 0, "%s does not run", name);
	pidfd = process_open(&record.init, err);
	if (pidfd >= 0)
		warn_if_kept_away(name, record.init.pid, number);
	if (pidfd < 0 || revive_note_kill(state, &record, number, err) < 0 ||
	    process_signal(pidfd, number, err) < 0)
		return error_wrap(err, "%s", name);
	return 0;
}

int cmd_kill(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	int number = options->signal ? process_signal_number(options->signal) : SIGTERM;
	int there, status = 0;

	if (number == 0) {
		command_misused(err, "no signal \"%s\"", options->signal);
		error_hint(err, "a name like TERM, SIGHUP or RTMIN+3, or a number from 1 to %d",
			   SIGRTMAX);
		return COMMAND_MISUSED;
	}
	if (load_recorded(options, argc, argv, LOAD_RECORDED, &conf, &names, err) < 0)
		return -1;
	there = load_state(&conf, &state, err);
	if (there < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		struct error failure = {0};

		if (signal_container(&conf, there ? &state : NULL, names.items[i], number, &failure) == 0)
			continue;
		log_error(&failure);
		status = EXIT_FAILURE;
	}
	return status;
}
