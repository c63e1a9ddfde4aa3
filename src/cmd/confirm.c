/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply --confirm, cman confirm, and cman revert, which waits in between: a process of its own session,
 * so that whoever has cut himself off by what he applied gets back what was.
 */
#include "cmd/confirm.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/apply.h"
#include "cmd/load.h"
#include "lifecycle/recorded.h"

#define DIRECTORY   "unconfirmed" /* in STATE_DIR: NAME/NAME.conf of what ran before */
#define WAITER_FILE "waiter"      /* in it: "PID START_TIME" */
#define TIMEOUT_MIN_MS  1000
#define TIMEOUT_MAX_MS  3600000
#define LOCK_TIMEOUT_MS 30000

static int confirm_parse_time(const char *text, uint64_t *ms, struct error *err)
{
	if (parse_duration(text, ms, err) < 0)
		return error_wrap(err, "--confirm");
	if (*ms < TIMEOUT_MIN_MS || *ms > TIMEOUT_MAX_MS)
		return error_set(err, ERANGE, "--confirm takes 1s to 1h, not \"%s\"", text);
	return 0;
}

/* ---- what ran before ---- */

static int keep_one(const struct state *state, int directory_fd, const char *name,
		    struct error *err)
{
	AUTO_FREE char *file = xprintf("%s.conf", name);
	AUTO_TEXT struct text text = {0};
	AUTO_FD int fd = -1;

	if (recorded_text(state, name, &text, err) < 0)
		return error_wrap(err, "recorded configuration of %s", name);
	if (mkdirat(directory_fd, name, 0700) < 0)
		return error_set(err, errno, "make directory %s", name);
	fd = fs_open_at(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	return fd < 0 ? -1
		      : fs_replace_at(fd, file, text_value(&text), text.length, 0600, err);
}

static bool is_running(const struct state *state, const char *name)
{
	AUTO_RECORD struct record record = {0};

	return record_read(state, name, &record, NULL) == 1 &&
	       record_liveness(&record) == LIVE_RUNNING;
}

/* An fd of the new directory, or -1. */
static int keep_all(const struct state *state, const struct strlist *names, struct error *err)
{
	AUTO_FD int fd = -1;

	if (mkdirat(state->dir_fd, DIRECTORY, 0700) < 0) {
		if (errno != EEXIST)
			return error_set(err, errno, "make directory " DIRECTORY);
		error_set(err, EBUSY, "an earlier apply has not been confirmed");
		return error_hint(err, "cman confirm keeps what it has made");
	}
	fd = fs_open_at(state->dir_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	for (size_t i = 0; fd >= 0 && i < names->count; i++)
		if (is_running(state, names->items[i]) &&
		    keep_one(state, fd, names->items[i], err) < 0)
			return -1;
	return take_fd(&fd);
}

/* ---- who waits ---- */

static _Noreturn void run_revert(int program_fd, const struct options *options)
{
	char *const argv[] = {(char *)(size_t) "cman",   (char *)(size_t) "-c",
			      (char *)(size_t)options->config_file,
			      (char *)(size_t) "revert", (char *)(size_t)options->confirm, NULL};

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	execveat(program_fd, "", argv, environ, AT_EMPTY_PATH);
	_exit(EXIT_FAILURE);
}

static int note_waiter(int directory_fd, pid_t pid, struct error *err)
{
	struct process_identity identity;
	char line[64];

	if (process_identify(pid, &identity, err) < 0)
		return -1;
	snprintf(line, sizeof(line), "%d %" PRIu64 "\n", (int)identity.pid, identity.start_time);
	return fs_replace_at(directory_fd, WAITER_FILE, line, strlen(line), 0600, err);
}

/* Its pid, our child; -1. */
static pid_t start_waiter(const struct options *options, int program_fd, int directory_fd,
			  struct error *err)
{
	pid_t pid = fork();

	if (pid == 0)
		run_revert(program_fd, options);
	if (pid < 0)
		return error_set(err, errno, "fork");
	if (note_waiter(directory_fd, pid, err) == 0)
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

/* Nothing is to be taken back any more. */
static int forget(const struct state *state, pid_t waiter, struct error *err)
{
	if (waiter > 0)
		kill(waiter, SIGTERM);
	return fs_remove_tree_at(state->dir_fd, DIRECTORY, err);
}

/* The exit status. */
static int wait_for(pid_t waiter, const char *timeout)
{
	int status;

	printf("waiting %s for: cman confirm\n", timeout);
	fflush(stdout);
	while (waitpid(waiter, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) {
		printf("confirmed\n");
		return EXIT_SUCCESS;
	}
	log_warning("not confirmed: what ran before runs again%s",
		    WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : ", but not all of it");
	return EXIT_FAILURE;
}

/* The waiter's pid, or -1 with nothing left of it. */
static pid_t prepare(const struct options *options, struct host *host, const struct strlist *names,
		     struct error *err)
{
	AUTO_FD int directory_fd = host_open_programs(host, err) < 0
					   ? -1
					   : keep_all(&host->state, names, err);
	pid_t waiter;

	/* EBUSY: what is there is another's. */
	if (directory_fd < 0 && err->code == EBUSY)
		return -1;
	waiter = directory_fd < 0
			 ? -1
			 : start_waiter(options, host->program_fd, directory_fd, err);
	if (waiter < 0)
		forget(&host->state, 0, NULL);
	return waiter;
}

int confirm_apply(const struct options *options, struct conf *conf, const struct strlist *names,
		  const struct apply_options *how, struct error *err)
{
	AUTO_HOST struct host host = HOST_INIT;
	uint64_t timeout_ms;
	bool changed = false;
	pid_t waiter;
	int status;

	if (confirm_parse_time(options->confirm, &timeout_ms, err) < 0)
		return COMMAND_MISUSED;
	if (host_open(&conf->manager, true, &host, err) < 0)
		return -1;
	waiter = prepare(options, &host, names, err);
	if (waiter < 0)
		return -1;
	status = apply_names(conf, names, how, "apply", &changed, err);
	if (changed)
		return wait_for(waiter, options->confirm);
	if (forget(&host.state, waiter, status < 0 ? NULL : err) < 0)
		return -1;
	waitpid(waiter, NULL, 0);
	return status;
}

/* ---- cman revert ---- */

static bool is_entry(int directory_fd, const char *name)
{
	struct stat st;

	return fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* What ran before in the place of its file, as far as it can be what runs today. */
static bool load_before(struct conf *conf, const char *name, int *status)
{
	AUTO_FREE char *path = xprintf("%s/" DIRECTORY "/%s/%s.conf", conf->manager.state_dir, name,
				       name);
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	struct error err = {0};

	if (conf_load_file(conf, path, &diagnostics, &err) == 0 &&
	    diagnostics_count_errors(&diagnostics, name) == 0)
		return true;
	for (size_t i = 0; i < diagnostics.count; i++)
		diagnostic_print(&diagnostics.items[i], stderr, log_use_color(stderr), false);
	log_warning("%s: cannot be as before", name);
	*status = EXIT_FAILURE;
	return false;
}

static int revert_all(struct conf *conf, const struct state *state, int directory_fd,
		      struct error *err)
{
	const struct apply_options how = {.restart = true, .named = true};
	AUTO_STRLIST struct strlist names = {0}, wanted = {0};
	int status = EXIT_SUCCESS, rc;
	bool changed;

	if (fs_list_at(directory_fd, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (is_entry(directory_fd, names.items[i]) && is_running(state, names.items[i]) &&
		    load_before(conf, names.items[i], &status))
			strlist_add(&wanted, names.items[i]);
	rc = apply_names(conf, &wanted, &how, "rollback", &changed, err);
	if (fs_remove_tree_at(state->dir_fd, DIRECTORY, NULL) < 0)
		log_warning("%s/" DIRECTORY " is left", conf->manager.state_dir);
	return rc == EXIT_SUCCESS ? status : rc;
}

/* Ends by SIGTERM while it waits: that is what confirm sends. */
static void wait_for_time(uint64_t timeout_ms)
{
	const uint64_t end = process_monotonic_ms() + timeout_ms;

	for (uint64_t now; (now = process_monotonic_ms()) < end;)
		poll(NULL, 0, (int)(end - now));
}

int cmd_revert(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_FD int directory_fd = -1;
	uint64_t timeout_ms;

	(void)argc;
	if (confirm_parse_time(argv[0], &timeout_ms, err) < 0)
		return -1;
	wait_for_time(timeout_ms);
	if (load_configuration(options, false, &conf, err) < 0 || load_state(&conf, &state, err) != 1)
		return -1;
	directory_fd = fs_open_at(state.dir_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
				  err);
	/* Who confirms holds the lock, and sends the signal. */
	if (directory_fd < 0 || lock_take(directory_fd, LOCK_TIMEOUT_MS, err) < 0)
		return -1;
	signal(SIGTERM, SIG_IGN);
	return revert_all(&conf, &state, directory_fd, err);
}

/* ---- cman confirm ---- */

static int open_unconfirmed(const struct conf *conf, struct state *state, struct error *err)
{
	struct error reason = {0};
	int fd = -1;

	if (load_state(conf, state, err) < 0)
		return -1;
	if (state->dir_fd >= 0)
		fd = fs_open_at(state->dir_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
				&reason);
	if (fd >= 0)
		return fd;
	if (state->dir_fd < 0 || reason.code == ENOENT)
		return error_set(err, ENOENT, "no apply waits to be confirmed");
	*err = reason;
	return -1;
}

/* A pidfd, or -1: nobody waits any more. */
static int open_waiter(int directory_fd)
{
	struct process_identity waiter = {0};
	char line[64];

	if (fs_read_line_at(directory_fd, WAITER_FILE, line, sizeof(line), NULL) < 0 ||
	    sscanf(line, "%d %" SCNu64, &waiter.pid, &waiter.start_time) != 2)
		return -1;
	return process_open(&waiter, NULL);
}

int cmd_confirm(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_FD int directory_fd = -1, waiter_fd = -1;

	(void)argc;
	(void)argv;
	if (load_manager(options, &conf, err) < 0)
		return -1;
	directory_fd = open_unconfirmed(&conf, &state, err);
	if (directory_fd < 0)
		return -1;
	if (lock_take(directory_fd, 0, err) < 0)
		return error_wrap(err, "too late, what ran before is made to run again");
	waiter_fd = open_waiter(directory_fd);
	if (waiter_fd >= 0 && process_signal(waiter_fd, SIGTERM, err) < 0)
		return -1;
	if (fs_remove_tree_at(state.dir_fd, DIRECTORY, err) < 0)
		return -1;
	printf("confirmed\n");
	return EXIT_SUCCESS;
}
