/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman: understands the command line, runs the command, prints what went wrong. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/output.h"
#include "cmd/command.h"
#include "kernel/program.h"
#include "lifecycle/foreground.h"

/* A standard stream that is closed would be the next file we open, and our messages in it. */
static int fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO && fcntl(fd, F_SETFD, 0) == 0);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int report(const struct error *err, int status)
{
	/* Whoever closed our output early (head, a pager) knows. */
	if (err->code != EPIPE || status == EXIT_USAGE)
		log_error(err);
	return status;
}

static int run_command(const struct command_line *line)
{
	const struct command *command = line->command;
	int failure = command->failure_status ? command->failure_status : EXIT_FAILURE;
	struct error err = {0};
	int status;

	fault_set_role(command->name);
	status = command->run(&line->options, line->argc, line->argv, &err);
	if (status == COMMAND_MISUSED)
		return report(&err, EXIT_USAGE);
	if (status < 0)
		return report(&err, failure);
	/* A full disk behind standard output is a failure, not a short table. */
	if (output_finish(&err) < 0)
		return report(&err, failure);
	return status;
}

static int run_line(const struct command_line *line)
{
	struct error err = {0};

	if (!line->command && !line->options.help && !line->options.version) {
		command_print_overview(stderr);
		return EXIT_USAGE;
	}
	if (!line->options.help && !line->options.version)
		return run_command(line);
	if (line->options.version)
		command_print_version(stdout);
	else if (line->command)
		command_print_help(line->command, stdout);
	else
		command_print_overview(stdout);
	return output_finish(&err) < 0 ? report(&err, EXIT_FAILURE) : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	AUTO_COMMAND_LINE struct command_line line = {0};
	struct error misuse = {0}, err = {0};
	const bool misused = command_parse(argc, argv, &line, &misuse) != 0;

	/* First of all: a service manager that starts us may want the container stopped at once. */
	if (line.options.foreground)
		foreground_hold_signals();
	if (fill_standard_streams() < 0)
		return EXIT_FAILURE;
	/* A closed pipe must not end us halfway through a change; writes tell of it. A caller that
	 * ignores SIGCHLD would leave us without the exit statuses of our children. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (program_begin(argv, &err) < 0)
		return report(&err, EXIT_FAILURE);
	fault_begin();
	if (misused)
		return report(&misuse, EXIT_USAGE);
	log_set_verbose(line.options.verbose);
	if (line.options.no_color)
		setenv("NO_COLOR", "1", 1);
	return run_line(&line);
}
