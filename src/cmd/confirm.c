/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply --confirm, cman confirm, and cman revert, which waits in between: a process of its own session,
 * in the cgroup of the supervisors, so that whoever has cut himself off by what he applied gets back what
 * was. Should it be killed, the next command does in its place what it would have done.
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
#include "config/compare.h"
#include "lifecycle/recorded.h"
#include "lifecycle/supervisor.h"

#define DIRECTORY   "unconfirmed" /* in STATE_DIR: NAME/NAME.conf of what ran before */
#define WAITER_FILE "waiter"      /* in it: "PID START_TIME BOOT_ID END", END in ms since boot */
#define TIMEOUT_MIN_MS  1000
#define TIMEOUT_MAX_MS  3600000
#define LOCK_TIMEOUT_MS 30000
#define PARENT_TIMEOUT_MS 2000

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

struct waiter {
	struct process_identity process;
	char boot_id[37];
	uint64_t end_ms; /* process_boottime_ms(); 0: an older cman has not noted it */
};

/* false: there is no such note. */
static bool read_waiter(int directory_fd, struct waiter *waiter)
{
	char line[128];

	*waiter = (struct waiter){0};
	return fs_read_line_at(directory_fd, WAITER_FILE, line, sizeof(line), NULL) == 0 &&
	       sscanf(line, "%d %" SCNu64 " %36s %" SCNu64, &waiter->process.pid,
		      &waiter->process.start_time, waiter->boot_id, &waiter->end_ms) >= 2;
}

/* 0: the time is over. That of another boot is, and so is one that is not known. */
static uint64_t time_left(const struct waiter *waiter)
{
	const uint64_t now = process_boottime_ms();

	if (!process_is_this_boot(waiter->boot_id) || waiter->end_ms <= now)
		return 0;
	return waiter->end_ms - now;
}

static _Noreturn void run_revert(int program_fd, const struct options *options, uint64_t left_ms)
{
	char left[32];
	char *const argv[] = {(char *)(size_t) "cman",   (char *)(size_t) "-c",
			      (char *)(size_t)options->config_file,
			      (char *)(size_t) "revert", left, NULL};

	snprintf(left, sizeof(left), "%" PRIu64 "ms", left_ms);
	/* `up -f` blocks the one that ends it. */
	if (process_reset_signals(NULL) < 0)
		_exit(EXIT_FAILURE);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	execveat(program_fd, "", argv, environ, AT_EMPTY_PATH);
	_exit(EXIT_FAILURE);
}

static int note_waiter(int directory_fd, pid_t pid, uint64_t end_ms, struct error *err)
{
	struct waiter waiter = {.end_ms = end_ms};
	char line[128];

	if (process_identify(pid, &waiter.process, err) < 0 ||
	    process_boot_id(waiter.boot_id, err) < 0)
		return -1;
	snprintf(line, sizeof(line), "%d %" PRIu64 " %s %" PRIu64 "\n", (int)waiter.process.pid,
		 waiter.process.start_time, waiter.boot_id, end_ms);
	return fs_replace_at(directory_fd, WAITER_FILE, line, strlen(line), 0600, err);
}

/* -1: nobody waits for it, who would read what it prints? */
static void choose_output(int output_fd)
{
	AUTO_FD int null_fd = output_fd < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;

	dup2(output_fd < 0 ? null_fd : output_fd, STDOUT_FILENO);
	if (output_fd < 0)
		dup2(null_fd, STDERR_FILENO);
}

/* Its pid, our child; -1. What it prints goes to output_fd, -1: nowhere. */
static pid_t start_waiter(const struct options *options, struct host *host, int directory_fd,
			  uint64_t left_ms, int output_fd, struct error *err)
{
	const uint64_t end_ms = process_boottime_ms() + left_ms;
	const struct cgroup_host *cgroup = host_open_programs(host, err) < 0
						   ? NULL
						   : host_cgroup(host, host->manager->cgroup_parent,
								 err);
	pid_t pid = cgroup ? supervisor_fork_beside(cgroup, err) : -1;

	if (pid == 0) {
		choose_output(output_fd);
		run_revert(host->program_fd, options, left_ms);
	}
	if (pid < 0)
		return -1;
	if (note_waiter(directory_fd, pid, end_ms, err) == 0)
		return pid;
	kill(pid, SIGKILL);
	process_reap(pid, NULL);
	return -1;
}

/* As `down` does, which leaves it while somebody waits in there. */
static void remove_cgroup_parent(struct host *host)
{
	const struct cgroup_host *cgroup = host_cgroup(host, host->manager->cgroup_parent, NULL);

	if (cgroup)
		cgroup_remove_parent(cgroup, PARENT_TIMEOUT_MS);
}

/* Nothing is to be taken back any more. */
static int forget(struct host *host, pid_t waiter, struct error *err)
{
	if (waiter > 0) {
		kill(waiter, SIGTERM);
		process_reap(waiter, NULL);
	}
	remove_cgroup_parent(host);
	return fs_remove_tree_at(host->state.dir_fd, DIRECTORY, err);
}

static int open_unconfirmed(const struct manager *manager, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/" DIRECTORY, manager->state_dir);

	return fs_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
}

/* Under the directory's lock, which the new waiter takes when the time is over. */
static pid_t start_another(const struct options *options, const struct manager *manager,
			   int directory_fd, uint64_t *left_ms)
{
	AUTO_HOST struct host host = HOST_INIT;
	struct waiter waiter;
	struct error err = {0};
	pid_t pid;

	if (!read_waiter(directory_fd, &waiter) || process_is_there(&waiter.process))
		return -1;
	*left_ms = time_left(&waiter);
	if (host_open(manager, true, &host, &err) < 0 ||
	    (pid = start_waiter(options, &host, directory_fd, *left_ms,
				*left_ms > 0 ? -1 : STDERR_FILENO, &err)) < 0) {
		log_warning("what has not been confirmed cannot go back: %s", err.text);
		return -1;
	}
	return pid;
}

/* The pid of another waiter; -1: none is needed, or it is over. */
static pid_t resume(const struct options *options, const struct manager *manager)
{
	AUTO_FD int directory_fd = open_unconfirmed(manager, NULL);
	uint64_t left_ms = 0;
	pid_t pid;

	if (directory_fd < 0 || lock_take(directory_fd, 0, NULL) < 0)
		return -1;
	pid = start_another(options, manager, directory_fd, &left_ms);
	close_fd(&directory_fd);
	if (pid < 0 || left_ms > 0)
		return pid;
	log_warning("what was applied has not been confirmed in time: what ran before runs again");
	process_reap(pid, NULL);
	return -1;
}

void confirm_resume(const struct options *options, const struct manager *manager)
{
	if (!options->hidden && geteuid() == 0 && manager->state_dir)
		resume(options, manager);
}

/* The exit status. */
static int wait_for(const struct options *options, const struct manager *manager, pid_t waiter)
{
	int status;

	printf("waiting %s for: cman confirm\n", options->confirm);
	fflush(stdout);
	do {
		status = process_reap(waiter, NULL);
		if (status < 0)
			return EXIT_FAILURE;
		/* Whoever killed it did not confirm. */
		waiter = WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM
				 ? resume(options, manager)
				 : -1;
	} while (waiter > 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) {
		printf("confirmed\n");
		return EXIT_SUCCESS;
	}
	log_warning("not confirmed: what ran before runs again%s",
		    WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "" : ", but not all of it");
	return EXIT_FAILURE;
}

/* The waiter's pid, or -1 with nothing left of it. */
static pid_t prepare(const struct options *options, uint64_t timeout_ms, struct host *host,
		     const struct strlist *names, struct error *err)
{
	AUTO_FD int directory_fd = keep_all(&host->state, names, err);
	pid_t waiter;

	/* EBUSY: what is there is another's. */
	if (directory_fd < 0 && err->code == EBUSY)
		return -1;
	waiter = directory_fd < 0
			 ? -1
			 : start_waiter(options, host, directory_fd, timeout_ms, STDOUT_FILENO, err);
	if (waiter < 0)
		forget(host, 0, NULL);
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
	waiter = prepare(options, timeout_ms, &host, names, err);
	if (waiter < 0)
		return -1;
	status = apply_names(conf, names, how, "apply", &changed, err);
	if (changed)
		return wait_for(options, &conf->manager, waiter);
	return forget(&host, waiter, status < 0 ? NULL : err) < 0 ? -1 : status;
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
	AUTO_HOST struct host host = HOST_INIT;
	int status = EXIT_SUCCESS, rc;
	bool changed;

	if (fs_list_at(directory_fd, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (is_entry(directory_fd, names.items[i]) && is_running(state, names.items[i]) &&
		    load_before(conf, names.items[i], &status))
			strlist_add(&wanted, names.items[i]);
	rc = apply_names(conf, &wanted, &how, "rollback", &changed, err);
	if (host_open(&conf->manager, true, &host, NULL) == 0)
		remove_cgroup_parent(&host);
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
	if (parse_duration(argv[0], &timeout_ms, err) < 0)
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

/* "web: confirmed hostname, net.ports": what differs from what ran before; of what still runs. */
static void tell_one(const struct conf *conf, const struct state *state, int directory_fd,
		     const char *name)
{
	AUTO_FREE char *path = xprintf("%s/%s.conf", name, name);
	AUTO_CHANGES struct changes changes = {0};
	struct spec before = {0}, now = {0};

	if (recorded_spec_at(directory_fd, path, name, &before, NULL) == 0 &&
	    recorded_spec(state, name, &now, NULL) == 0)
		spec_compare(&before, &now, &conf->manager, &changes);
	if (changes.count > 0) {
		printf("%s: confirmed ", name);
		apply_print_keys(&changes);
		printf("\n");
	}
	spec_clear(&before);
	spec_clear(&now);
}

static void tell_all(const struct conf *conf, const struct state *state, int directory_fd)
{
	AUTO_STRLIST struct strlist names = {0};

	if (fs_list_at(directory_fd, ".", &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.count; i++)
		if (is_entry(directory_fd, names.items[i]) && is_running(state, names.items[i]))
			tell_one(conf, state, directory_fd, names.items[i]);
}

static int too_late(struct error *err)
{
	return error_set(err, ETIME, "too late, what ran before is made to run again");
}

/* Who waits is told; where it was killed, what counts is the time. */
static int end_waiting(const struct options *options, const struct conf *conf, int *directory_fd,
		       struct error *err)
{
	AUTO_FD int waiter_fd = -1;
	struct waiter waiter;

	if (!read_waiter(*directory_fd, &waiter))
		return 0;
	waiter_fd = process_open(&waiter.process, NULL);
	if (waiter_fd >= 0)
		return process_signal(waiter_fd, SIGTERM, err);
	if (waiter.end_ms == 0 || time_left(&waiter) > 0)
		return 0;
	close_fd(directory_fd);
	resume(options, &conf->manager);
	return too_late(err);
}

int cmd_confirm(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_HOST struct host host = HOST_INIT;
	AUTO_FD int directory_fd = -1;
	struct options own = *options;

	(void)argc;
	(void)argv;
	own.hidden = true; /* nothing goes back before it is known whether it may stay */
	if (load_manager(&own, &conf, err) < 0 || load_state(&conf, &state, err) < 0)
		return -1;
	directory_fd = open_unconfirmed(&conf.manager, err);
	if (directory_fd < 0)
		return err->code == ENOENT
			       ? error_set(err, ENOENT, "no apply waits to be confirmed")
			       : -1;
	if (lock_take(directory_fd, 0, err) < 0)
		return too_late(err);
	if (end_waiting(options, &conf, &directory_fd, err) < 0)
		return -1;
	tell_all(&conf, &state, directory_fd);
	if (fs_remove_tree_at(state.dir_fd, DIRECTORY, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	remove_cgroup_parent(&host);
	printf("confirmed\n");
	return EXIT_SUCCESS;
}
