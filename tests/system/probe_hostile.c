/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hostile.bats needs and no program of the host does.
 *
 *   probe_hostile socket PATH           makes a socket there
 *   probe_hostile swap STOP A B [A B].. exchanges each pair of paths again and again, until there
 *                                       is a file STOP or 100 seconds are over; prints how often
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int make_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return 2;
	strcpy(address.sun_path, path);
	return fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : 1;
}

static int swap(const char *stop, int count, char *paths[])
{
	const time_t end = time(NULL) + 100;
	unsigned long swapped = 0;

	/* In the end all is in its place again. */
	for (bool away = false; away || (access(stop, F_OK) < 0 && time(NULL) < end); away = !away) {
		for (int i = 0; i + 1 < count; i += 2) {
			if (renameat2(AT_FDCWD, paths[i], AT_FDCWD, paths[i + 1], RENAME_EXCHANGE) < 0) {
				perror(paths[i]);
				return 1;
			}
			swapped++;
		}
		if (swapped % 61 == 0)
			usleep(700); /* each side stays for a while now and then */
	}
	printf("%lu\n", swapped);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "socket") == 0)
		return make_socket(argv[2]);
	if (argc >= 5 && argc % 2 == 1 && strcmp(argv[1], "swap") == 0)
		return swap(argv[2], argc - 3, argv + 3);
	return 2;
}
