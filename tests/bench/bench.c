/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench ROUNDS PAUSE_MS < CONTENDERS: times pairs of commands, a start and a stop, in turns: each
 * round runs every contender once, so that whatever the machine does meanwhile hits all alike.
 * A contender is a line of three fields between tabs: name, start, stop; commands are split at
 * blanks, and an empty stop is none. Prints "name start stop" in milliseconds, medians; a
 * contender whose command fails is dropped with a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTENDERS_MAX 16
#define ROUNDS_MAX     1000
#define ARGUMENTS_MAX  64
#define TIMEOUT_MS     30000

extern char **environ;

struct contender {
	char *name;
	char *start[ARGUMENTS_MAX];
	char *stop[ARGUMENTS_MAX];
	double start_ms[ROUNDS_MAX];
	double stop_ms[ROUNDS_MAX];
	bool dropped;
};

static struct contender contenders[CONTENDERS_MAX];
static int contender_count;

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void pause_ms(long milliseconds)
{
	struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void split(char *text, char *words[ARGUMENTS_MAX])
{
	int count = 0;

	for (char *word = strtok(text, " "); word && count < ARGUMENTS_MAX - 1;
	     word = strtok(NULL, " "))
		words[count++] = word;
}

static void read_contenders(void)
{
	char *line = NULL;
	size_t size = 0;

	while (contender_count < CONTENDERS_MAX && getline(&line, &size, stdin) > 0) {
		struct contender *contender = &contenders[contender_count];
		char *rest = line;
		char *start, *stop;

		line[strcspn(line, "\n")] = '\0';
		contender->name = strsep(&rest, "\t");
		start = strsep(&rest, "\t");
		stop = strsep(&rest, "\t");
		if (!start || !*start)
			continue;
		split(start, contender->start);
		if (stop)
			split(stop, contender->stop);
		contender_count++;
		line = NULL; /* the words stay in it */
		size = 0;
	}
	free(line);
}

/* Runs a command to its end. Milliseconds, or -1 when it failed or took too long. */
static double run(char *argv[])
{
	posix_spawn_file_actions_t actions;
	double begin = now_ms();
	struct pollfd ended = {.events = POLLIN};
	int status = -1;
	pid_t pid;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (rc != 0) {
		fprintf(stderr, "bench: %s: %s\n", argv[0], strerror(rc));
		return -1;
	}
	ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (ended.fd >= 0 && poll(&ended, 1, TIMEOUT_MS) == 0)
		kill(pid, SIGKILL);
	if (ended.fd >= 0)
		close(ended.fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return -1;
	return now_ms() - begin;
}

static void run_round(struct contender *contender, int round, long pause)
{
	contender->start_ms[round] = run(contender->start);
	pause_ms(pause);
	if (contender->start_ms[round] >= 0 && contender->stop[0])
		contender->stop_ms[round] = run(contender->stop);
	pause_ms(pause);
	if (contender->start_ms[round] < 0 || contender->stop_ms[round] < 0) {
		fprintf(stderr, "bench: %s failed and is left out\n", contender->name);
		contender->dropped = true;
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(values[0]), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char *argv[])
{
	int rounds = argc == 3 ? atoi(argv[1]) : 0;
	long pause = argc == 3 ? atol(argv[2]) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX || pause < 0) {
		fprintf(stderr, "usage: bench ROUNDS PAUSE_MS < CONTENDERS\n");
		return 2;
	}
	read_contenders();
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < contender_count; i++)
			if (!contenders[i].dropped)
				run_round(&contenders[i], round, pause);
	for (int i = 0; i < contender_count; i++)
		if (!contenders[i].dropped)
			printf("%s %.2f %.2f\n", contenders[i].name,
			       median(contenders[i].start_ms, rounds),
			       median(contenders[i].stop_ms, rounds));
	return 0;
}
