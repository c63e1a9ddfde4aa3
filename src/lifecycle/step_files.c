/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The step "files": what a container has in its run directory, and its log. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "config/conf.h"
#include "lifecycle/console.h"
#include "lifecycle/hosts_file.h"
#include "lifecycle/resolv_conf.h"
#include "lifecycle/steps.h"
#include "lifecycle/supervisor.h"
#include "state/idrange.h"

/*
 * The FIFOs belong to the payload's root and may be written by all of its users: programs that
 * open /dev/stdout open it anew. Nobody else gets past the run directory (0700).
 */
static int make_fifo(const struct container *container, const char *name, struct error *err)
{
	const uid_t owner = container->ids.host_first;
	AUTO_FD int fd = -1;

	if (mkfifoat(container->directory_fd, name, 0600) < 0)
		return error_set(err, errno, "make the FIFO %s", name);
	fd = fs_open_at(container->directory_fd, name, O_RDWR, 0, err);
	if (fd < 0)
		return -1;
	if (fchown(fd, owner, owner) < 0 || fchmod(fd, 0622) < 0)
		return error_set(err, errno, "FIFO %s", name);
	return take_fd(&fd);
}

static int make_output(struct container *container, struct error *err)
{
	container->output_fd = make_fifo(container, "output", err);
	if (container->output_fd < 0)
		return -1;
	container->error_fd = make_fifo(container, "error", err);
	return container->error_fd < 0 ? -1 : 0;
}

/* What an older cman or a full disk has left without a newline is not to go on in ours. */
static int end_last_line(int log_fd, struct error *err)
{
	const off_t size = lseek(log_fd, 0, SEEK_END);
	char last = '\n';

	if (size > 0 && pread(log_fd, &last, 1, size - 1) < 0)
		return error_set(err, errno, "read the log");
	if (last != '\n' && write(log_fd, "\n", 1) < 0 && errno != ENOSPC && errno != EDQUOT)
		return error_set(err, errno, "write the log");
	return 0;
}

int files_open_log(const struct host *host, struct container *container, struct error *err)
{
	const char *log_dir = host->manager->log_dir;
	AUTO_FREE char *name = xprintf("%s.log", container->name);

	container->log_dir_fd = fs_open_directory(log_dir, 0700, err);
	if (container->log_dir_fd < 0)
		return -1;
	container->log_fd = fs_open_at(container->log_dir_fd, name,
				       O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0600, err);
	if (container->log_fd < 0 || end_last_line(container->log_fd, err) < 0)
		return error_wrap(err, "log in %s", log_dir);
	return 0;
}

int files_generate(const struct manager *manager, const struct spec *spec, const char *name,
		   struct text *text, struct error *err)
{
	if (strcmp(name, "hostname") != 0)
		return resolv_conf_text(spec, manager, text, err);
	text_addf(text, "%s\n", spec->hostname);
	return 0;
}

static int write_hostname(const struct host *host, const struct container *container,
			  struct error *err)
{
	AUTO_TEXT struct text text = {0};

	if (files_generate(host->manager, container->spec, "hostname", &text, err) < 0)
		return -1;
	return fs_rewrite_at(container->directory_fd, "hostname", text_value(&text), text.length,
			     0644, err);
}

/* The configuration it runs with: exec, status and restarts go by it, not by today's file. */
static int write_spec(const struct container *container, struct error *err)
{
	AUTO_TEXT struct text text = {0};

	conf_print_spec(container->spec, true, &text);
	return fs_rewrite_at(container->directory_fd, "spec", text_value(&text), text.length, 0600,
			     err);
}

/* Without a user namespace none: the FIFO then belongs to root, as the payload does. */
static int choose_ids(const struct host *host, struct container *container, struct error *err)
{
	const struct manager *manager = host->manager;
	const struct userns *userns = &container->spec->security.userns;

	container->ids = (struct id_range){userns->host_first, userns->count};
	switch (userns->mode) {
	case USERNS_NONE:
		return 0;
	case USERNS_RANGE:
		return idrange_claim(manager->data_dir, container->name, &container->ids, err);
	case USERNS_AUTO:
		break;
	}
	return idrange_assign(manager->data_dir, container->name, manager->userns_base,
			      manager->userns_size, &container->ids, err);
}

int files_begin(struct host *host, struct container *container, struct error *err)
{
	mode_t caller_umask = umask(0022); /* these files are read by all users of the container */
	int rc = -1;

	/* The status of an earlier run is there until the next. */
	if (fs_remove_at(container->directory_fd, "exit", err) == 0 &&
	    choose_ids(host, container, err) == 0 && make_output(container, err) == 0 &&
	    console_make_ring(container->directory_fd, container->spec, err) == 0 &&
	    files_open_log(host, container, err) == 0 && write_hostname(host, container, err) == 0 &&
	    write_spec(container, err) == 0 &&
	    supervisor_settings_write(container->directory_fd, container->spec, err) == 0 &&
	    resolv_conf_make(host, container, err) == 0)
		rc = 0;
	if (rc == 0 && hosts_file_is_own(container->spec, host->manager))
		rc = hosts_file_make_own(container->directory_fd, container->spec, host->manager, err);
	umask(caller_umask);
	return rc;
}

/* The FIFOs, and the files that are bound, are as the first start made them. */
int files_again(struct host *host, struct container *container, struct error *err)
{
	if (choose_ids(host, container, err) < 0)
		return -1;
	container->output_fd = fs_open_at(container->directory_fd, "output", O_RDWR, 0, err);
	if (container->output_fd >= 0)
		container->error_fd = fs_open_at(container->directory_fd, "error", O_RDWR, 0, err);
	if (container->output_fd < 0 || container->error_fd < 0 || files_open_log(host, container, err) < 0)
		return -1;
	return resolv_conf_make(host, container, err);
}

int files_undo(struct host *host, struct container *container, struct error *err)
{
	container_expect_supervisor_end(container);
	if (container->undo_failed)
		return 0;
	return container_empty(host, container, err);
}
