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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/output.h"
#include "base/parse.h"
#include "cmd/apply_names.h"
#include "cmd/confirm_waiter.h"
#include "cmd/load.h"
#include "config/compare.h"
#include "lifecycle/recorded.h"

#define TIMEOUT_MIN_MS  1000
#define TIMEOUT_MAX_MS  3600000

int confirm_parse_time(const char *text, uint64_t *ms, struct error *err)
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

static int keep_all(const struct state *state, int directory_fd, const struct strlist *names,
		    struct error *err)
{
	if (FAULT("keep what ran", "", err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++)
		if (is_running(state, names->items[i]) &&
		    keep_one(state, directory_fd, names->items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- the command ---- */

/* The exit status. */
static int wait_for(const struct options *options, const struct manager *manager, pid_t waiter)
{
	int status;

	printf("waiting %s for: cman confirm\n", options->confirm);
	output_flush();
	do {
		status = process_reap(waiter, NULL);
		if (status < 0)
			return EXIT_FAILURE;
		/* Whoever killed it did not confirm. */
		waiter = WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM
				 ? confirm_resume_waiting(options, manager)
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
	AUTO_FD int directory_fd = confirm_make(&host->state, err);
	pid_t waiter;

	if (directory_fd < 0)
		return -1;
	waiter = keep_all(&host->state, directory_fd, names, err) < 0
			 ? -1
			 : confirm_start_waiter(options, host, directory_fd, timeout_ms, STDOUT_FILENO, err);
	if (waiter < 0)
		confirm_forget(host, 0, NULL);
	return waiter;
}

int confirm_apply(const struct options *options, uint64_t timeout_ms, struct conf *conf,
		  const struct strlist *names, const struct apply_options *how, struct error *err)
{
	AUTO_HOST struct host host = HOST_INIT;
	bool changed = false;
	pid_t waiter;
	int status;

	if (host_open(&conf->manager, true, &host, err) < 0)
		return -1;
	waiter = prepare(options, timeout_ms, &host, names, err);
	if (waiter < 0)
		return -1;
	if (FAULT("somebody waits", "", err) < 0) {
		confirm_forget(&host, waiter, NULL);
		return -1;
	}
	status = apply_names(conf, names, how, "apply", &changed, err);
	(void)FAULT("applied", "", NULL);
	if (changed)
		return wait_for(options, &conf->manager, waiter);
	return confirm_forget(&host, waiter, status < 0 ? NULL : err) < 0 ? -1 : status;
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
	AUTO_FREE char *path = xprintf("%s/" CONFIRM_DIRECTORY "/%s/%s.conf", conf->manager.state_dir, name,
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
	if (FAULT("take back", "", err) < 0)
		return -1;
	rc = apply_names(conf, &wanted, &how, "rollback", &changed, err);
	(void)FAULT("took back", "", NULL);
	if (host_open(&conf->manager, true, &host, NULL) == 0)
		confirm_remove_cgroup_parent(&host);
	if (fs_remove_tree_at(state->dir_fd, CONFIRM_DIRECTORY, NULL) < 0)
		log_warning("%s/" CONFIRM_DIRECTORY " is left", conf->manager.state_dir);
	return rc == EXIT_SUCCESS ? status : rc;
}

/* Ends by SIGTERM while it waits: that is what confirm sends. */
static void wait_for_time(uint64_t timeout_ms)
{
	const uint64_t end = process_monotonic_ms() + timeout_ms;

	for (uint64_t now; (now = process_monotonic_ms()) < end;)
		poll(NULL, 0, (int)(end - now));
}

/* As the files are now. Where the manager file is of no use by then, as they were when that was applied. */
static int load_to_revert(const struct options *options, struct conf *before, struct conf *conf,
			  struct error *err)
{
	if (load_supervised_files(options, conf, err) == 0)
		return 0;
	if (!before->manager.state_dir)
		return load_supervised(options, true, conf, err);
	log_warning("%s, going on with what it said before", err->text);
	error_clear(err);
	*conf = *before;
	*before = (struct conf){0};
	return 0;
}

int cmd_revert(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf before = {0}, conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_FD int directory_fd = -1;
	uint64_t timeout_ms;

	(void)argc;
	if (parse_duration(argv[0], &timeout_ms, err) < 0)
		return -1;
	(void)load_supervised_files(options, &before, NULL);
	wait_for_time(timeout_ms);
	if (load_to_revert(options, &before, &conf, err) < 0 || load_state(&conf, &state, err) != 1)
		return -1;
	/* Who confirms holds the lock, and sends the signal. */
	directory_fd = confirm_open(&conf.manager, CONFIRM_LOCK_TIMEOUT_MS, err);
	if (directory_fd < 0 && err->code != ENOENT)
		return -1;
	/* It was confirmed by somebody who was killed before he could tell us. */
	if (directory_fd < 0 || !confirm_is_ours(directory_fd)) {
		raise(SIGTERM);
		return -1;
	}
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
	struct waiter waiter;

	if (confirm_end_decided(*directory_fd) || !confirm_read_waiter(*directory_fd, &waiter))
		return 0;
	if (!process_is_there(&waiter.process) && waiter.end_ms > 0 &&
	    confirm_time_left(&waiter) == 0) {
		close_fd(directory_fd);
		confirm_resume_waiting(options, &conf->manager);
		return too_late(err);
	}
	if (confirm_decide(*directory_fd, err) < 0)
		return -1;
	confirm_end_decided(*directory_fd);
	return FAULT("told who waits", "", err);
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
	directory_fd = confirm_open(&conf.manager, 0, err);
	if (directory_fd < 0 && err->code == ENOENT)
		return error_set(err, 0, "no apply waits to be confirmed");
	if (directory_fd < 0)
		return err->code == EAGAIN ? too_late(err) : -1;
	if (end_waiting(options, &conf, &directory_fd, err) < 0)
		return -1;
	tell_all(&conf, &state, directory_fd);
	if (fs_remove_tree_at(state.dir_fd, CONFIRM_DIRECTORY, err) < 0 ||
	    host_open(&conf.manager, true, &host, err) < 0)
		return -1;
	confirm_remove_cgroup_parent(&host);
	printf("confirmed\n");
	return EXIT_SUCCESS;
}
