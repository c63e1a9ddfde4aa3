/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/fs.h"

#define SOCKET NOTIFY_DIRECTORY "/socket"

/* The directory is seen in the container by users of its own: for the host they are others. */
int notify_make_directory(int run_dir_fd, struct error *err)
{
	if (mkdirat(run_dir_fd, NOTIFY_DIRECTORY, 0755) < 0 && errno != EEXIST)
		return error_set(err, errno, "make directory " NOTIFY_DIRECTORY);
	/* The umask of the caller took part in it. */
	if (fchmodat(run_dir_fd, NOTIFY_DIRECTORY, 0755, 0) < 0)
		return error_set(err, errno, "mode of directory " NOTIFY_DIRECTORY);
	return 0;
}

int notify_open_socket(int run_dir_fd, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set(err, errno, "socket");
	if (fs_remove_at(run_dir_fd, SOCKET, err) < 0)
		return -1;
	/* bind(2) knows no directory fds, and the path of the run directory may be too long for it. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET, run_dir_fd);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set(err, errno, "bind the socket of ready.notify");
	if (fchmodat(run_dir_fd, SOCKET, 0666, 0) < 0)
		return error_set(err, errno, "mode of the socket of ready.notify");
	return take_fd(&fd);
}

bool notify_read(int run_dir_fd, struct notify_said *said)
{
	AUTO_TEXT struct text text = {0};
	const char *line;
	int end;

	*said = (struct notify_said){0};
	if (fs_read_at(run_dir_fd, NOTIFY_FILE, 4096, &text, NULL) < 0)
		return false;
	line = text_value(&text);
	if (sscanf(line, "ready %" SCNu64 "\n%n", &said->ready_at, &end) == 1)
		line += end;
	if (text_starts_with(line, "status "))
		snprintf(said->status, sizeof(said->status), "%.*s",
			 (int)strcspn(line + strlen("status "), "\n"), line + strlen("status "));
	text_replace_controls(said->status);
	return true;
}
