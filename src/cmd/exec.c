/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman exec, cman shell */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/environment.h"
#include "cmd/inside.h"
#include "kernel/user.h"
#include "lifecycle/recorded.h"

/* ---- what the options ask for, into the configuration that it joins with ---- */

static void replace(char **text, const char *by)
{
	free(*text);
	*text = xstrdup(by);
}

static int apply_options(const struct options *options, struct spec *spec, struct error *err)
{
	if (options->user && !*options->user)
		return command_misused(err, "--user: \"\" is no user");
	if (options->directory && *options->directory != '/')
		return command_misused(err, "--directory: \"%s\" is not an absolute path",
				       options->directory);
	if (options->user) {
		/* Home and further groups are those of the user it was started with. */
		replace(&spec->user, options->user);
		strlist_clear(&spec->supplementary_groups);
		environment_remove(&spec->environment, "HOME");
	}
	if (options->directory)
		replace(&spec->working_dir, options->directory);
	return environment_add(&options->environment, &spec->environment, err);
}

/* ---- which shell ---- */

static bool is_program(int root_fd, const char *path)
{
	AUTO_FD int fd = *path ? fs_open_in_root(root_fd, path, O_PATH, NULL) : -1;
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111;
}

/* "nologin" and "false" are there for who is not to have a shell: root decides otherwise here. */
static bool is_a_refusal(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && (strcmp(name, "/nologin") == 0 || strcmp(name, "/false") == 0);
}

static int find_shell(const struct record *record, const struct spec *spec, char *out, size_t size,
		      struct error *err)
{
	AUTO_FREE char *path = xprintf("/proc/%d/root", (int)record->init.pid);
	AUTO_FD int root_fd = fs_open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, err);
	struct user user;
	const char *const shells[] = {user.shell, "/bin/bash", "/bin/sh"};

	if (root_fd < 0 || user_lookup(root_fd, spec->user, &user, err) < 0)
		return -1;
	if (is_a_refusal(user.shell))
		user.shell[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		if (!is_program(root_fd, shells[i]))
			continue;
		snprintf(out, size, "%s", shells[i]);
		return 0;
	}
	error_set(err, 0, "%s has no shell, neither /bin/bash nor /bin/sh", record->name);
	return error_hint(err, "cman exec %s -- PROGRAM runs another program", record->name);
}

/* ---- the commands ---- */

/* program NULL: a shell. */
static int run(const struct options *options, char *argv[], char *program[], struct error *err)
{
	AUTO_INSIDE struct inside inside = INSIDE_INIT;
	char shell[256];
	struct attach attach = inside_attach(&inside, program ? program : (char *[]){shell, NULL});
	int status, rc;

	attach.no_terminal = options->no_terminal;
	if (inside_find(options, argv[0], &inside, err) < 0 ||
	    recorded_spec(&inside.state, argv[0], &inside.spec, err) < 0)
		return -1;
	rc = apply_options(options, &inside.spec, err);
	if (rc < 0)
		return rc;
	if ((!program && find_shell(&inside.record, &inside.spec, shell, sizeof(shell), err) < 0) ||
	    inside_open(&inside, err) < 0)
		return -1;
	if (attach_run(&attach, &status, err) < 0) {
		error_wrap(err, "%s", argv[0]);
		log_error(err);
	}
	return status;
}

int cmd_exec(const struct options *options, int argc, char *argv[], struct error *err)
{
	(void)argc;
	return run(options, argv, argv + 1, err);
}

int cmd_shell(const struct options *options, int argc, char *argv[], struct error *err)
{
	(void)argc;
	return run(options, argv, NULL, err);
}
