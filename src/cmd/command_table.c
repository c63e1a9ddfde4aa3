/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands, with what each says of itself. */
#include <stddef.h>

#include "cmd/command.h"
#include "config/conf.h"

#define ANY_NUMBER (-1)

/* clang-format off */
#define OPTION(letter, name, argument, field, meaning) \
	{letter, name, argument, meaning, offsetof(struct options, field), false}
#define REPEATED_OPTION(letter, name, argument, field, meaning) \
	{letter, name, argument, meaning, offsetof(struct options, field), true}
#define NO_MORE_OPTIONS {0, NULL, NULL, NULL, 0, false}
/* clang-format on */

const struct command_option command_global_options[] = {
	OPTION('c', "config", "FILE", config_file,
	       "the manager file (else $CMAN_CONFIG, else " CONF_DEFAULT_FILE ")"),
	OPTION('v', "verbose", NULL, verbose, "say what is being done"),
	OPTION(0, "no-color", NULL, no_color, "no colours (NO_COLOR in the environment likewise)"),
	OPTION('h', "help", NULL, help, "explain cman, or the command"),
	OPTION('V', "version", NULL, version, "print the version"),
	NO_MORE_OPTIONS,
};

static const struct command_option all_options[] = {
	OPTION('a', "all", NULL, all, "all containers instead of NAME..."),
	NO_MORE_OPTIONS,
};

#define NO_WAIT OPTION(0, "no-wait", NULL, no_wait, "do not wait until they are ready")

#define GROUP   OPTION('g', "group", "GROUP", group, "those whose groups has GROUP, instead of NAME...")
#define NO_DEPS OPTION(0, "no-deps", NULL, no_deps, "these alone, in any order")

static const struct command_option up_options[] = {
	OPTION('a', "all", NULL, all, "all containers instead of NAME..."),
	GROUP,
	OPTION(0, "boot", NULL, boot, "those that autostart, as when the host comes up"),
	NO_DEPS,
	NO_WAIT,
	OPTION('f', "foreground", NULL, foreground, "stay, print what it prints, and end as it ends"),
	NO_MORE_OPTIONS,
};

static const struct command_option restart_options[] = {
	OPTION('a', "all", NULL, all, "all containers instead of NAME..."),
	GROUP,
	NO_DEPS,
	NO_WAIT,
	NO_MORE_OPTIONS,
};

static const struct command_option down_options[] = {
	OPTION('a', "all", NULL, all, "all containers instead of NAME..."),
	GROUP,
	OPTION(0, "shutdown", NULL, shutdown, "all of them, within shutdown.timeout"),
	NO_DEPS,
	NO_MORE_OPTIONS,
};

static const struct command_option json_options[] = {
	OPTION(0, "json", NULL, json, "print JSON"),
	NO_MORE_OPTIONS,
};

static const struct command_option graph_options[] = {
	OPTION(0, "dot", NULL, dot, "print Graphviz dot, for dot(1)"),
	NO_MORE_OPTIONS,
};

static const struct command_option trace_options[] = {
	OPTION('4', "ipv4", NULL, ipv4, "by IPv4 alone"),
	OPTION('6', "ipv6", NULL, ipv6, "by IPv6 alone"),
	OPTION(0, "json", NULL, json, "print JSON"),
	NO_MORE_OPTIONS,
};

static const struct command_option exec_options[] = {
	OPTION('u', "user", "USER", user, "as this user: NAME, UID, UID:GID or NAME:GROUP"),
	OPTION('w', "directory", "DIR", directory, "in this directory of the container"),
	REPEATED_OPTION('e', "env", "VARIABLE", environment,
			"KEY=VALUE, or KEY with the value it has here; any number of times"),
	OPTION('T', "no-terminal", NULL, no_terminal, "our streams, also where they are terminals"),
	NO_MORE_OPTIONS,
};

static const struct command_option run_options[] = {
	OPTION('n', "name", "NAME", name, "what it is called (else: run- and eight digits)"),
	OPTION('u', "user", "USER", user, "as the key user"),
	OPTION('w', "directory", "DIR", directory, "as the key working_dir"),
	REPEATED_OPTION('e', "env", "VARIABLE", environment,
			"KEY=VALUE, or KEY with the value it has here; any number of times"),
	REPEATED_OPTION('p', "port", "PORT", ports, "as one of net.ports: 8080:80; any number of times"),
	REPEATED_OPTION('s', "set", "KEY=VALUE", sets,
			"any key of container.conf: limits.memory=256M; any number of times"),
	OPTION('T', "no-terminal", NULL, no_terminal, "no terminal, also where ours is one"),
	NO_MORE_OPTIONS,
};

static const struct command_option cp_options[] = {
	OPTION('a', "archive", NULL, archive, "keep owners by number, and set-user-ID and its like"),
	OPTION('L', "dereference", NULL, dereference, "what symbolic links point to, in their place"),
	NO_MORE_OPTIONS,
};

static const struct command_option console_options[] = {
	OPTION('k', "detach-key", "KEY", detach_key, "as ctrl-a or ^a, or none (else: ctrl-])"),
	NO_MORE_OPTIONS,
};

static const struct command_option logs_options[] = {
	OPTION('f', "follow", NULL, follow, "go on printing until the container has ended"),
	OPTION('n', "lines", "N", lines, "begin with the last N lines (else: all)"),
	OPTION(0, "since", "TIME", since, "begin there: 10m (ago), 18:30, \"2026-11-22 18:30\""),
	OPTION('t', "timestamps", NULL, timestamps, "print the time of each line in front of it"),
	NO_MORE_OPTIONS,
};

static const struct command_option top_options[] = {
	OPTION('d', "delay", "SECONDS", delay, "look again after so long (else: 1)"),
	NO_MORE_OPTIONS,
};

static const struct command_option events_options[] = {
	OPTION('f', "follow", NULL, follow, "go on printing what happens, until interrupted"),
	OPTION(0, "since", "TIME", since, "begin there: 10m (ago), 18:30, \"2026-11-22 18:30\""),
	OPTION(0, "json", NULL, json, "print JSON, an object a line"),
	NO_MORE_OPTIONS,
};

static const struct command_option wait_options[] = {
	OPTION(0, "state", "STATE", state,
	       "running, ready, paused, restarting, stopped, exited or ended"),
	OPTION('t', "timeout", "TIME", timeout, "how long at most, as 30s (else: for ever)"),
	NO_MORE_OPTIONS,
};

static const struct command_option check_options[] = {
	OPTION(0, "repair", NULL, repair, "mend what has drifted, without restarting anything"),
	OPTION(0, "watch", NULL, watch, "mend it as it happens, until interrupted"),
	NO_MORE_OPTIONS,
};

static const struct command_option plan_options[] = {
	OPTION(0, "json", NULL, json, "print JSON"),
	OPTION(0, "sh", NULL, sh, "print commands of the shell that do the same"),
	NO_MORE_OPTIONS,
};

static const struct command_option apply_options[] = {
	OPTION(0, "confirm", "TIME", confirm, "go back after TIME unless cman confirm was called"),
	OPTION(0, "no-restart", NULL, no_restart, "leave alone what would have to be restarted"),
	OPTION(0, "prune", NULL, prune, "stop what runs and has no file any more"),
	NO_MORE_OPTIONS,
};

static const struct command_option rollback_options[] = {
	OPTION(0, "no-restart", NULL, no_restart, "leave it alone if it would have to be restarted"),
	NO_MORE_OPTIONS,
};

static const struct command_option new_options[] = {
	OPTION(0, "print", NULL, print, "print it, and write nothing"),
	OPTION(0, "rootfs", "DIR", rootfs, "its root filesystem, a directory that is there"),
	OPTION(0, "template", "TEMPLATE", template_name, "begin with this template of the manager file"),
	NO_MORE_OPTIONS,
};

static const struct command_option kill_options[] = {
	OPTION('s', "signal", "SIGNAL", signal, "name or number of the signal (else: TERM)"),
	NO_MORE_OPTIONS,
};

#define UP_DETAILS                                                                                 \
	"What a container depends_on is brought up before it, and ready; all that can be is\n"       \
	"started side by side. What cannot be started takes along only those that need it.\n"  \
	"With -f: SIGTERM and SIGINT stop the container, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 and\n"  \
	"real-time signals go to its first process. Exit status: that of this process, 128 + N\n"  \
	"when signal N ended it, 0 another command has stopped it, 125 it did not come up. When\n"  \
	"cman itself is killed the container goes on; up -f once more is with it again.\n"

#define BOOT_DETAILS                                                                               \
	"Of the last up --boot, also while it goes on: when each container was begun with, how\n"   \
	"long it took to be ready, what it waited for, why it is not up; and the chain that took\n" \
	"longest. Exit status: 0 all came up, 1 some did not, or it is not through.\n"
#define DOWN_DETAILS                                                                               \
	"What runs and depends_on one of them is stopped before it, and stays down.\n"
#define STATUS_DETAILS                                                                             \
	"Exit status: 0 it runs, 1 it does not run but has left something behind that the next\n"  \
	"up or down cleans up, 3 it does not run, 4 unknown.\n"
#define EXEC_DETAILS                                                                               \
	"The program gets the container's user, environment, working directory and limits. It\n"   \
	"has a terminal of its own when standard input and output are terminals.\n"                \
	"Exit status: that of the program, 128 + N when signal N ended it, 127 no such program,\n" \
	"126 it cannot be executed, 125 cman failed.\n"
#define SHELL_DETAILS                                                                              \
	"As exec, with the shell that the container's /etc/passwd has for the user, else the\n"    \
	"first there is of /bin/bash and /bin/sh. Exit status as of exec.\n"
#define RUN_DETAILS                                                                                \
	"Brings up a container that has no file, prints what it prints, and takes it away with its\n" \
	"log when its command has ended. It has a terminal of its own when standard input and\n"     \
	"output are terminals; else its standard input is empty. TERM and INT stop it.\n"            \
	"Exit status: that of the command, 128 + N when signal N ended it, 125 cman failed.\n"
#define CP_DETAILS                                                                                 \
	"One side is NAME:/PATH, in a container that runs. Directories are copied with all that\n"  \
	"is in them; into TARGET where it is a directory, else to that name. Modes and times are\n" \
	"kept. Owners are root, of the container or of the host, unless -a is given: then the\n"    \
	"numbers are the same, inside and out.\n"
#define CONSOLE_DETAILS                                                                            \
	"Attaches to the terminal of a container with tty = true: shows the last 64 KiB of what\n"  \
	"was written to it, then what comes, and passes on what is typed. ctrl-] detaches, typed\n" \
	"twice it is passed on. Any number may be attached at once.\n"                             \
	"Exit status: 0 detached, or that of the container when it has ended, 128 + N by signal N,\n" \
	"125 cman failed.\n"
#define LOGS_DETAILS                                                                               \
	"Prints LOG_DIR/NAME.log and the older files beside it, where the supervisor writes what the\n"  \
	"container prints: its error output goes to standard error.\n"
#define STATS_DETAILS                                                                              \
	"Looks twice, a quarter of a second apart. A percentage of cpu is one of a processor, and\n" \
	"one of limits.cpus where it is limited. - is what the kernel does not tell.\n"
#define TOP_DETAILS                                                                                \
	"Keys: c cpu, m memory, p tasks, i io, n network, N name to sort by, r the other way\n"     \
	"round, arrows, page up and down, home and end to see the others, q to end.\n"
#define EVENTS_DETAILS                                                                             \
	"Tells what has happened to containers: started, stopped, exited, oom, failed, changed,\n" \
	"restarting, paused, resumed. What is kept is bounded, and goes with the next boot of the host.\n"
#define KILL_DETAILS                                                                               \
	"The first process of the container gets the signal. The kernel keeps signals away from\n" \
	"it that it has no handler for, all but KILL and STOP. Use down to stop a container.\n"

#define PAUSE_DETAILS                                                                              \
	"Its processes get no processor time and keep all they have: memory, sockets, files.\n"    \
	"Who connects to it waits. down resumes it for its last steps.\n"
#define WAIT_DETAILS                                                                               \
	"Prints the state of each as it comes. ended is stopped or exited: nothing of it runs.\n"  \
	"Exit status: 0 all of them came to it, 1 the time was up, or cman failed.\n"
#define TRACE_DETAILS                                                                              \
	"NAME TO:PORT is the way out of the container; TO is an IPv4 address, an IPv6 address\n"   \
	"in brackets, or a name in its hosts file. Without a port it is a ping. NAME:PORT is\n"    \
	"the way from outside to its port. /udp behind the port asks for UDP. A line tells each\n" \
	"hop: ok, STOP, ! for what should not be so, or ? for what is not seen from here.\n"       \
	"Nothing is changed, and no packet is sent.\n"                                             \
	"Exit status: 0 nothing stops it, 1 something does, or cman failed.\n"
#define CHECK_DETAILS                                                                              \
	"Run by root and without FILE it also tells what the kernel has no longer as it was made\n" \
	"for containers that run: bridges, links, addresses, routes, switches, firewall rules,\n"   \
	"files. Nothing is changed unless --repair or --watch says so.\n"                           \
	"Exit status: 0 nothing is wrong, or it was mended; 1 the files have errors, or cman\n"     \
	"failed; 3 something has drifted and is not mended.\n"

#define PLAN_DETAILS                                                                               \
	"Prints what would make containers what their files say now, and does nothing: old and\n"  \
	"new value of each key, the line of the new one, and what it takes: live, re-attach of\n"  \
	"the interface, or restart. Looked at is what runs, and what does not run although it\n"   \
	"has autostart; or NAME, which is then wanted to run.\n"                                   \
	"Exit status: 0 there is nothing to do, 1 some could not be looked at, or cman failed,\n"  \
	"3 there is something to do.\n"

#define APPLY_DETAILS                                                                              \
	"What can change while a container runs is changed in place: limits, ports, name\n"        \
	"servers, names, what it may call. Addresses and networks change by attaching the\n"       \
	"interface anew. All else restarts it. Of one container all is changed, or nothing. What\n" \
	"does not run is started if it is named or has autostart. Look first: cman plan.\n"        \
	"Exit status: 0 all is as the files say, 1 something failed, 3 something is left that\n"   \
	"would have to be restarted, or that has no file.\n"

#define HISTORY_DETAILS                                                                            \
	"The newest first: number, time, the command, and the keys in which it differs from the\n"  \
	"one before. * marks what runs. The last 20 are kept.\n"
#define WHY_DETAILS                                                                                \
	"For each key, as limits.memory, net.ip or net: its value, where it stands, what it was said\n"  \
	"in the place of, what it takes to change it, what in the kernel carries it, and what that\n"    \
	"says now. Without a key: all that are set, a line each.\n"                                      \
	"Exit status: 0, or 1 where the kernel says something else than the container was started\n"     \
	"with, or cman failed.\n"
#define EDIT_DETAILS                                                                               \
	"Runs $VISUAL, $EDITOR or vi on a copy of its file, checks what was written, shows the plan\n"  \
	"and asks. Only then the file is replaced and applied; what does not run is not started.\n"    \
	"What is neither written nor thrown away is kept beside, and offered by the next edit.\n"      \
	"Exit status: 0 written and applied, or nothing changed; 3 as of apply; else 1.\n"
#define NEW_DETAILS                                                                                \
	"Writes NAME.conf to where the files are, with the keys that are wanted first, most of\n"   \
	"them commented out. It never overwrites one.\n"
#define ROLLBACK_DETAILS                                                                           \
	"Applies an older configuration of the history: NUMBER, or the one before that which\n"     \
	"runs. The file is not touched, and plan tells that it differs; apply or restart make\n"    \
	"the container what its file says again. Exit status as of apply.\n"

#define FIREWALL_DETAILS                                                                           \
	"Prints the rules that hold for the containers that are up, each below the line of the\n"  \
	"configuration that asks for it, with packets and bytes where they are counted. MISSING\n" \
	"marks what the kernel does not have. With NAME: rules of these and of their networks.\n"  \
	"Exit status: 0 the kernel has all of them, 1 some are missing, or cman failed.\n"

const struct command command_table[] = {
	{
		.name = "up",
		.arguments = "NAME...",
		.summary = "bring containers up, with what they need",
		.details = UP_DETAILS,
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = up_options,
		.run = cmd_up,
	},
	{
		.name = "down",
		.arguments = "NAME...",
		.summary = "stop containers and undo all that up has done",
		.details = DOWN_DETAILS,
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = down_options,
		.run = cmd_down,
	},
	{
		.name = "restart",
		.arguments = "NAME...",
		.summary = "stop containers and bring them up as the files say now",
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = restart_options,
		.run = cmd_restart,
	},
	{
		.name = "boot",
		.arguments = "",
		.summary = "tell how the containers came up with the host",
		.details = BOOT_DETAILS,
		.options = json_options,
		.run = cmd_boot,
	},
	{
		.name = "plan",
		.arguments = "[NAME...]",
		.summary = "tell what would make what runs what the files say",
		.details = PLAN_DETAILS,
		.maximum = ANY_NUMBER,
		.options = plan_options,
		.run = cmd_plan,
	},
	{
		.name = "apply",
		.arguments = "[NAME...]",
		.summary = "make what runs what the files say, without a restart where that can be",
		.details = APPLY_DETAILS,
		.maximum = ANY_NUMBER,
		.options = apply_options,
		.run = cmd_apply,
	},
	{
		.name = "confirm",
		.arguments = "",
		.summary = "keep what apply --confirm has made",
		.run = cmd_confirm,
	},
	{
		.name = "history",
		.arguments = "NAME",
		.summary = "list the configurations a container has run with",
		.details = HISTORY_DETAILS,
		.minimum = 1,
		.maximum = 1,
		.options = json_options,
		.run = cmd_history,
	},
	{
		.name = "rollback",
		.arguments = "NAME [NUMBER]",
		.summary = "make what runs what it was before",
		.details = ROLLBACK_DETAILS,
		.minimum = 1,
		.maximum = 2,
		.options = rollback_options,
		.run = cmd_rollback,
	},
	{
		.name = "ps",
		.arguments = "[NAME...]",
		.summary = "list containers",
		.maximum = ANY_NUMBER,
		.options = json_options,
		.run = cmd_ps,
	},
	{
		.name = "status",
		.arguments = "NAME",
		.summary = "tell everything about one container",
		.details = STATUS_DETAILS,
		.minimum = 1,
		.maximum = 1,
		.failure_status = 4, /* "unknown", LSB */
		.options = json_options,
		.run = cmd_status,
	},
	{
		.name = "exec",
		.arguments = "NAME [--] COMMAND...",
		.summary = "run a program inside a container",
		.details = EXEC_DETAILS,
		.minimum = 2,
		.maximum = ANY_NUMBER,
		.options_end = 2,
		.failure_status = 125, /* told apart from those of the program, as env(1) does */
		.options = exec_options,
		.run = cmd_exec,
	},
	{
		.name = "shell",
		.arguments = "NAME",
		.summary = "run a shell inside a container",
		.details = SHELL_DETAILS,
		.minimum = 1,
		.maximum = 1,
		.failure_status = 125,
		.options = exec_options,
		.run = cmd_shell,
	},
	{
		.name = "run",
		.arguments = "ROOTFS [--] COMMAND...",
		.summary = "run a container without a file, until it ends",
		.details = RUN_DETAILS,
		.minimum = 2,
		.maximum = ANY_NUMBER,
		.options_end = 2,
		.failure_status = 125, /* as exec */
		.options = run_options,
		.run = cmd_run,
	},
	{
		.name = "cp",
		.arguments = "SOURCE... TARGET",
		.summary = "copy files into a container or out of it",
		.details = CP_DETAILS,
		.minimum = 2,
		.maximum = ANY_NUMBER,
		.options = cp_options,
		.run = cmd_cp,
	},
	{
		.name = "console",
		.arguments = "NAME",
		.summary = "attach to the terminal of a container",
		.details = CONSOLE_DETAILS,
		.minimum = 1,
		.maximum = 1,
		.failure_status = 125,
		.options = console_options,
		.run = cmd_console,
	},
	{
		.name = "logs",
		.arguments = "NAME",
		.summary = "print what a container has printed",
		.details = LOGS_DETAILS,
		.minimum = 1,
		.maximum = 1,
		.options = logs_options,
		.run = cmd_logs,
	},
	{
		.name = "stats",
		.arguments = "[NAME...]",
		.summary = "tell what running containers use",
		.details = STATS_DETAILS,
		.maximum = ANY_NUMBER,
		.options = json_options,
		.run = cmd_stats,
	},
	{
		.name = "top",
		.arguments = "[NAME...]",
		.summary = "show what running containers use, as it changes",
		.details = TOP_DETAILS,
		.maximum = ANY_NUMBER,
		.options = top_options,
		.run = cmd_top,
	},
	{
		.name = "events",
		.arguments = "[NAME...]",
		.summary = "tell what has happened to containers",
		.details = EVENTS_DETAILS,
		.maximum = ANY_NUMBER,
		.options = events_options,
		.run = cmd_events,
	},
	{
		.name = "kill",
		.arguments = "NAME...",
		.summary = "send a signal to containers",
		.details = KILL_DETAILS,
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = kill_options,
		.run = cmd_kill,
	},
	{
		.name = "pause",
		.arguments = "NAME...",
		.summary = "stop containers where they stand, until resume",
		.details = PAUSE_DETAILS,
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = all_options,
		.run = cmd_pause,
	},
	{
		.name = "resume",
		.arguments = "NAME...",
		.summary = "let paused containers go on",
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = all_options,
		.run = cmd_resume,
	},
	{
		.name = "wait",
		.arguments = "NAME...",
		.summary = "wait until containers have ended, or come to a state",
		.details = WAIT_DETAILS,
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = wait_options,
		.run = cmd_wait,
	},
	{
		.name = "graph",
		.arguments = "[NAME...]",
		.summary = "draw networks and the containers on them",
		.maximum = ANY_NUMBER,
		.options = graph_options,
		.run = cmd_graph,
	},
	{
		.name = "trace",
		.arguments = "NAME[:PORT] [TO[:PORT]]",
		.summary = "tell the way of a packet, and what stops it",
		.details = TRACE_DETAILS,
		.minimum = 1,
		.maximum = 2,
		.options = trace_options,
		.run = cmd_trace,
	},
	{
		.name = "firewall",
		.arguments = "[NAME...]",
		.summary = "print the firewall's rules and where each comes from",
		.details = FIREWALL_DETAILS,
		.maximum = ANY_NUMBER,
		.options = json_options,
		.run = cmd_firewall,
	},
	{
		.name = "check",
		.arguments = "[FILE...]",
		.summary = "check the files, and what runs against them",
		.details = CHECK_DETAILS,
		.maximum = ANY_NUMBER,
		.options = check_options,
		.run = cmd_check,
	},
	{
		.name = "show",
		.arguments = "NAME...",
		.summary = "print the configuration that holds, defaults and templates merged",
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.run = cmd_show,
	},
	{
		.name = "why",
		.arguments = "NAME [KEY...]",
		.summary = "tell where a value comes from, and what of it is in force",
		.details = WHY_DETAILS,
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.options = json_options,
		.run = cmd_why,
	},
	{
		.name = "edit",
		.arguments = "NAME",
		.summary = "edit a container's file, check it, and apply it",
		.details = EDIT_DETAILS,
		.minimum = 1,
		.maximum = 1,
		.run = cmd_edit,
	},
	{
		.name = "new",
		.arguments = "NAME",
		.summary = "write a short file for another container to start from",
		.details = NEW_DETAILS,
		.minimum = 1,
		.maximum = 1,
		.options = new_options,
		.run = cmd_new,
	},
	{
		.name = "version",
		.arguments = "",
		.summary = "print the version",
		.run = cmd_version,
	},
	{
		.name = "help",
		.arguments = "[COMMAND]",
		.summary = "explain cman, or one command",
		.maximum = 1,
		.run = cmd_help,
	},
	/* The supervisor's last act: undo what up did for an instance that has ended. */
	{
		.name = "finish",
		.arguments = "NAME INSTANCE",
		.summary = "clean up after a payload that has ended",
		.minimum = 2,
		.maximum = 2,
		.hidden = true,
		.run = cmd_finish,
	},
	{
		.name = "revert",
		.arguments = "TIME",
		.summary = "take back after TIME what is not confirmed",
		.minimum = 1,
		.maximum = 1,
		.hidden = true,
		.run = cmd_revert,
	},
	/* What a supervisor becomes that has waited for the time of a restart. */
	{
		.name = "revive",
		.arguments = "NAME INSTANCE",
		.summary = "start a payload again that has ended",
		.minimum = 2,
		.maximum = 2,
		.hidden = true,
		.run = cmd_revive,
	},
	/* Run while somebody waits for a container with ready.command. */
	{
		.name = "ready",
		.arguments = "NAME INSTANCE MILLISECONDS",
		.summary = "run the command of ready once",
		.minimum = 3,
		.maximum = 3,
		.hidden = true,
		.run = cmd_ready,
	},
	/* Run by up --no-wait. */
	{
		.name = "await",
		.arguments = "NAME...",
		.summary = "note when containers become ready",
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.hidden = true,
		.run = cmd_await,
	},
	/* Run by the supervisor when a health check is due; its exit status says what follows. */
	{
		.name = "health",
		.arguments = "NAME INSTANCE",
		.summary = "run the health check once",
		.minimum = 2,
		.maximum = 2,
		.hidden = true,
		.run = cmd_health,
	},
	/* Run by the supervisor that watches for other name servers of the host. */
	{
		.name = "refresh",
		.arguments = "[INOTIFY_FD]",
		.summary = "bring name servers of the host to running containers",
		.maximum = 1,
		.hidden = true,
		.run = cmd_refresh,
	},
	/* Run by the completion of a shell. */
	{
		.name = "complete",
		.arguments = "WORD...",
		.summary = "tell what may stand in the place of the last word",
		.minimum = 1,
		.maximum = ANY_NUMBER,
		.hidden = true,
		.run = cmd_complete,
	},
	{.name = NULL},
};
