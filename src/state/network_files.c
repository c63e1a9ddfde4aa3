/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/network_files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lock.h"
#include "state/lines.h"
#include "state/network_text.h"

int network_lock(const struct state *state, int timeout_ms, struct error *err)
{
	AUTO_FD int lock_fd = fs_open_at(state->dir_fd, "networks.lock",
					 O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);

	if (lock_fd < 0)
		return error_wrap(err, "state directory");
	if (lock_take(lock_fd, timeout_ms, err) < 0)
		return error_wrap(err, "lock of the networks");
	return take_fd(&lock_fd);
}

int network_open_directory(const struct state *state, const char *name, struct error *err)
{
	if (mkdirat(state->networks_fd, name, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "make directory %s", name);
	return fs_open_at(state->networks_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
}

int network_record_read(const struct state *state, const char *name, struct network_record *network,
			struct error *err)
{
	AUTO_NETWORK_RECORD struct network_record found = {0};
	AUTO_TEXT struct text text = {0};
	char path[300], boot_id[37];

	snprintf(path, sizeof(path), "%s/record", name);
	if (!fs_exists_at(state->networks_fd, path))
		return 0;
	if (fs_read_at(state->networks_fd, path, LINES_SIZE_MAX, &text, err) < 0 ||
	    network_text_parse(text.data, &found, err) < 0 ||
	    process_boot_id(boot_id, err) < 0)
		return error_wrap(err, "record of network %s", name);
	if (strcmp(found.boot_id, boot_id) != 0)
		return 0;
	if (!found.bridge)
		return error_set(err, 0, "record of network %s: no bridge", name);
	found.name = xstrdup(name);
	*network = found;
	found = (struct network_record){0};
	return 1;
}

int network_record_write(const struct state *state, const struct network_record *network,
			 struct error *err)
{
	AUTO_FD int dir_fd = network_open_directory(state, network->name, err);
	AUTO_TEXT struct text text = {0};

	if (dir_fd < 0)
		return -1;
	network_text_print(network, &text);
	return fs_replace_at(dir_fd, "record", text.data, text.length, 0600, err);
}

int network_record_remove(const struct state *state, const char *name, struct error *err)
{
	return fs_remove_tree_at(state->networks_fd, name, err);
}

int network_record_list(const struct state *state, struct strlist *names, struct error *err)
{
	return fs_list_at(state->networks_fd, ".", names, err);
}
