/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h: the table of commands. Parsing, usage texts and completion are made from it; a new
 * command is one file and one entry.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

#define EXIT_USAGE      2    /* called wrongly */
#define COMMAND_MISUSED (-2) /* returned by run: called wrongly, err says how */

/* What the command line said. The strings are those of argv or of the environment. */
struct options {
	/* of every command */
	const char *config_file; /* the manager file: -c, CMAN_CONFIG, or CONF_DEFAULT_FILE */
	bool verbose;
	bool no_color;
	bool help;
	bool version;
	bool hidden; /* the command is: cman calls it itself */
	/* of some commands, the table says which */
	bool all;
	bool json;
	bool dot;
	bool ipv4, ipv6;
	bool follow;
	bool foreground;
	bool timestamps;
	bool repair;
	bool watch;
	bool sh;
	bool no_restart;
	bool prune;
	const char *confirm;
	bool no_wait;
	bool no_deps;
	bool boot;
	bool shutdown;
	const char *group;
	const char *lines;
	const char *signal;
	const char *since;
	const char *delay;
	const char *state;
	const char *timeout;
	const char *user;
	const char *directory;
	struct strlist environment; /* owned */
	bool no_terminal;
	bool print;
	const char *rootfs;
	const char *template_name;
	bool archive;
	bool dereference;
	const char *detach_key;
	const char *name;
	struct strlist sets, ports; /* owned */
};

struct command_option {
	char letter;          /* 0: none */
	const char *name;     /* without the dashes; NULL ends a table */
	const char *argument; /* what stands for it in the help, NULL: a switch */
	const char *meaning;  /* one line */
	size_t field;         /* offset in struct options: bool, or const char * with an argument */
	bool repeated;        /* the field is a struct strlist that takes all of them */
};

struct command {
	const char *name;
	const char *arguments; /* for the usage line: "NAME..." */
	const char *summary;   /* one line */
	const char *details;   /* more lines for --help, or NULL */
	int minimum, maximum;  /* number of arguments (minimum: unless --all); maximum -1: any */
	int options_end;       /* after so many arguments a dash means nothing; 0: never */
	bool hidden;           /* not in the help: cman calls it itself */
	int failure_status;    /* exit status when run returns -1; 0: EXIT_FAILURE */
	const struct command_option *options; /* of this command only; NULL: none */
	/*
	 * argv holds the arguments alone, ended by NULL. Returns an exit status (0 to 255); -1 or
	 * COMMAND_MISUSED with err, which the caller prints.
	 */
	int (*run)(const struct options *options, int argc, char *argv[], struct error *err);
};

/* All commands, ended by an entry without a name; the options every command takes. */
extern const struct command command_table[];
extern const struct command_option command_global_options[];

/* The command of that name, also a hidden one; NULL with err, which names the nearest. */
const struct command *command_find(const char *name, struct error *err);

/* What a user wrote on the command line, understood. */
struct command_line {
	const struct command *command; /* NULL: none named */
	struct options options;
	int argc;
	char **argv; /* owned, the strings are not; ended by NULL */
};

/*
 * Understands argv (with argv[0], the program). 0, or COMMAND_MISUSED with err. The numbers of
 * arguments are not checked where --help was given. Release with command_line_clear().
 */
int command_parse(int argc, char *argv[], struct command_line *line, struct error *err);
void command_line_clear(struct command_line *line);
#define AUTO_COMMAND_LINE AUTO(command_line_clear)

/* Sets err for a command that was called wrongly. Always COMMAND_MISUSED. */
int command_misused(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "cman logs [OPTION]... NAME" without a newline. */
void command_print_synopsis(const struct command *command, FILE *stream);
/* All of cman, or one command. */
void command_print_overview(FILE *stream);
void command_print_help(const struct command *command, FILE *stream);
void command_print_version(FILE *stream);

/* One per command; run by the table. */
int cmd_up(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_boot(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_down(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_restart(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_plan(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_apply(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_confirm(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_revert(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_history(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_rollback(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_ps(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_status(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_await(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_health(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_ready(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_exec(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_shell(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_run(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_cp(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_console(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_logs(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_stats(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_top(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_events(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_pause(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_resume(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_wait(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_kill(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_graph(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_firewall(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_trace(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_check(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_show(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_why(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_edit(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_new(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_help(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_version(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_finish(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_revive(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_refresh(const struct options *options, int argc, char *argv[], struct error *err);
int cmd_complete(const struct options *options, int argc, char *argv[], struct error *err);

#endif
