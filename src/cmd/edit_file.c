/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/edit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/process.h"
#include "config/source.h"

/* ---- the file ---- */

static int find_file(const struct manager *manager, const char *name, struct edit_file *edit,
		     struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/%s.conf", manager->conf_dir, name);
	AUTO_FD int fd = -1;

	edit->path = realpath(path, NULL);
	if (!edit->path) {
		error_set(err, errno, "%s", path);
		return err->code == ENOENT ? error_hint(err, "cman new %s makes one", name) : -1;
	}
	fd = fs_open_at(AT_FDCWD, edit->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, err);
	if (fd < 0)
		return -1;
	if (fstat(fd, &edit->was) < 0)
		return error_set(err, errno, "%s", edit->path);
	return fs_read_fd(fd, SOURCE_SIZE_MAX, &edit->original, err) < 0
		       ? error_wrap(err, "%s", edit->path)
		       : 0;
}

/* Whoever had the lock may have removed the directory meanwhile: 1 it is there, 0 it is not. */
static int lock_directory(struct edit_file *edit, const char *name, struct error *err)
{
	edit->directory_fd = fs_open_directory(edit->directory, 0700, err);
	if (edit->directory_fd < 0)
		return -1;
	if (lock_take(edit->directory_fd, 0, err) < 0)
		return err->code == EAGAIN ? error_wrap(err, "%s is being edited", name) : -1;
	if (fs_is_at(edit->parent_fd, name, edit->directory_fd))
		return 1;
	close(edit->directory_fd);
	edit->directory_fd = -1;
	return 0;
}

static int take_directory(const struct manager *manager, const char *name, struct edit_file *edit,
			  struct error *err)
{
	AUTO_FREE char *parent = xprintf("%s/edit", manager->data_dir);
	int taken = 0;

	edit->directory = xprintf("%s/%s", parent, name);
	edit->name = xprintf("%s.conf", name);
	edit->copy = xprintf("%s/%s", edit->directory, edit->name);
	for (int i = 0; i < 8 && taken == 0; i++) {
		if (edit->parent_fd >= 0)
			close(edit->parent_fd);
		edit->parent_fd = fs_open_directory(parent, 0700, err);
		taken = edit->parent_fd < 0 ? -1 : lock_directory(edit, name, err);
	}
	if (taken == 0)
		error_set(err, EAGAIN, "%s comes and goes", edit->directory);
	return taken == 1 ? 0 : -1;
}

static bool is_same_text(const struct text *one, const struct text *other)
{
	return one->length == other->length &&
	       memcmp(text_value(one), text_value(other), one->length) == 0;
}

int edit_file_open(const struct manager *manager, const char *name, struct edit_file *edit,
		   struct error *err)
{
	AUTO_TEXT struct text left = {0};
	struct error reason;

	if (find_file(manager, name, edit, err) < 0 ||
	    take_directory(manager, name, edit, err) < 0)
		return -1;
	if (edit_file_read(edit, &left, &reason) == 0) {
		edit->is_left = !is_same_text(&left, &edit->original);
		return 0;
	}
	if (reason.code == ENOENT)
		return 0;
	*err = reason;
	return -1;
}

void edit_file_close(struct edit_file *edit)
{
	if (edit->directory_fd >= 0)
		close(edit->directory_fd);
	if (edit->parent_fd >= 0)
		close(edit->parent_fd);
	text_clear(&edit->original);
	free(edit->path);
	free(edit->directory);
	free(edit->name);
	free(edit->copy);
	*edit = (struct edit_file)EDIT_FILE_INIT;
}

/* ---- the copy ---- */

int edit_file_begin(struct edit_file *edit, struct error *err)
{
	edit->is_left = false;
	return fs_replace_at(edit->directory_fd, edit->name, text_value(&edit->original),
			     edit->original.length, 0600, err);
}

int edit_file_read(const struct edit_file *edit, struct text *text, struct error *err)
{
	text_clear(text);
	return fs_read_at(edit->directory_fd, edit->name, SOURCE_SIZE_MAX, text, err);
}

int edit_file_discard(struct edit_file *edit, struct error *err)
{
	AUTO_FREE char *name = xprintf("%.*s", (int)(strlen(edit->name) - strlen(".conf")), edit->name);

	/* What an editor has left beside it goes as well. The lock ends with the directory. */
	if (fs_remove_tree_at(edit->parent_fd, name, err) < 0)
		return error_wrap(err, "%s", edit->directory);
	unlinkat(edit->parent_fd, "../edit", AT_REMOVEDIR); /* unless there is another one */
	return 0;
}

/* ---- the editor ---- */

static const char *choose_editor(void)
{
	static const char *const variables[] = {"VISUAL", "EDITOR"};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *editor = getenv(variables[i]);

		if (editor && *editor)
			return editor;
	}
	return "vi";
}

/* It may be a command with arguments, which the shell takes apart. */
static void exec_editor(const char *editor, const char *path)
{
	char *command = xprintf("%s \"$1\"", editor);
	char *argv[] = {(char *)(size_t) "sh", (char *)(size_t) "-c", command,
			(char *)(size_t) "sh", (char *)(size_t)path,  NULL};

	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	process_restore_file_limit();
	execv("/bin/sh", argv);
	_exit(127);
}

int edit_file_run_editor(const struct edit_file *edit, struct error *err)
{
	const char *editor = choose_editor();
	int status;
	pid_t pid;

	fflush(NULL);
	/* Keys of the terminal are for the editor alone. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid = fork();
	if (pid == 0)
		exec_editor(editor, edit->copy);
	status = pid < 0 ? error_set(err, errno, "fork") : process_reap(pid, err);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (status < 0)
		return error_wrap(err, "run the editor %s", editor);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(err, 0, "the editor, %s, was killed by signal %d", editor,
				 WTERMSIG(status));
	error_set(err, 0, "the editor, %s, ended with exit status %d", editor, WEXITSTATUS(status));
	return WEXITSTATUS(status) == 127 ? error_hint(err, "set EDITOR to one that is there") : -1;
}

/* ---- installing ---- */

/* By its times, size and number. */
static int check_unchanged(const struct edit_file *edit, struct error *err)
{
	struct stat now;

	if (stat(edit->path, &now) < 0)
		return error_set(err, errno, "%s", edit->path);
	if (now.st_dev == edit->was.st_dev && now.st_ino == edit->was.st_ino &&
	    now.st_size == edit->was.st_size &&
	    now.st_ctim.tv_sec == edit->was.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == edit->was.st_ctim.tv_nsec)
		return 0;
	return error_set(err, EBUSY, "%s was changed by somebody else meanwhile", edit->path);
}

static int copy_attribute(int from_fd, int to_fd, const char *name, struct error *err)
{
	const ssize_t length = fgetxattr(from_fd, name, NULL, 0);
	AUTO_FREE char *value = xalloc((size_t)(length > 0 ? length : 0) + 1, 1);

	if (length < 0 || fgetxattr(from_fd, name, value, (size_t)length) != length ||
	    fsetxattr(to_fd, name, value, (size_t)length, 0) < 0)
		return error_set(err, errno, "attribute %s", name);
	return 0;
}

/* ACLs and labels are among them. */
static int copy_attributes(int from_fd, int to_fd, struct error *err)
{
	const ssize_t size = flistxattr(from_fd, NULL, 0);
	AUTO_FREE char *names = xalloc((size_t)(size > 0 ? size : 0) + 1, 1);
	ssize_t length;

	if (size <= 0)
		return size == 0 || errno == ENOTSUP ? 0 : error_set(err, errno, "list attributes");
	length = flistxattr(from_fd, names, (size_t)size);
	if (length < 0)
		return error_set(err, errno, "list attributes");
	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if (copy_attribute(from_fd, to_fd, name, err) < 0)
			return -1;
	return 0;
}

/* Beside the file, where nobody takes it for one of a container. */
static int write_beside(const struct edit_file *edit, int dir_fd, const char *name,
			const char *temporary, const struct text *text, struct error *err)
{
	AUTO_FD int old_fd = fs_open_at(dir_fd, name, O_RDONLY | O_NOFOLLOW, 0, err), fd = -1;

	if (old_fd < 0 || fs_remove_at(dir_fd, temporary, err) < 0)
		return -1;
	fd = fs_open_at(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, err);
	if (fd < 0 || fs_rewrite_fd(fd, temporary, text_value(text), text->length, err) < 0)
		return -1;
	if (fchown(fd, edit->was.st_uid, edit->was.st_gid) < 0 ||
	    fchmod(fd, edit->was.st_mode & 07777) < 0)
		return error_set(err, errno, "owner of %s", temporary);
	if (copy_attributes(old_fd, fd, err) < 0)
		return -1;
	return fsync(fd) < 0 ? error_set(err, errno, "write %s", temporary) : 0;
}

int edit_file_install(const struct edit_file *edit, const struct text *text, struct error *err)
{
	const char *name = strrchr(edit->path, '/') + 1;
	AUTO_FREE char *directory = xprintf("%.*s", (int)(name - edit->path), edit->path);
	AUTO_FREE char *temporary = xprintf(".%s.edit", name);
	AUTO_FD int dir_fd = fs_open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0, err);
	int rc = 0;

	if (dir_fd < 0)
		return -1;
	if (write_beside(edit, dir_fd, name, temporary, text, err) < 0 ||
	    check_unchanged(edit, err) < 0)
		rc = -1;
	else if (renameat(dir_fd, temporary, dir_fd, name) < 0)
		rc = error_set(err, errno, "write %s", edit->path);
	if (rc < 0) {
		unlinkat(dir_fd, temporary, 0);
		return -1;
	}
	if (fsync(dir_fd) < 0)
		log_warning("%s: %s", directory, strerror(errno));
	if (edit->was.st_nlink > 1)
		log_warning("%s had other names, which keep the old text", edit->path);
	return 0;
}
