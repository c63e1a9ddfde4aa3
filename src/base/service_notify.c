/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/service_notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"

#define VARIABLE "NOTIFY_SOCKET"

int service_notify(const char *lines, struct error *err)
{
	const char *path = getenv(VARIABLE);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;
	AUTO_FD int fd = -1;

	if (length == 0)
		return 0;
	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(address.sun_path))
		return error_set(err, EINVAL, VARIABLE " \"%s\"", path);
	memcpy(address.sun_path, path, length);
	/* unix(7): a name that begins with NUL is none of the file system's. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return error_set(err, errno, "tell " VARIABLE " %s", path);
	return 1;
}
