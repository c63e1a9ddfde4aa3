/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

enum output { OUTPUT_LINES, OUTPUT_TABS, OUTPUT_FAILED };

static const struct check *const groups[] = {
	namespace_checks, process_checks, file_checks,   device_checks,
	mount_checks,     call_checks,    socket_checks,
};

static const char usage[] =
	"usage: probe [OPTION...] [CHECK...]\n"
	"  -l, --list             names and promises; nothing is tried\n"
	"  -f, --failed           only the names of what failed, one a line\n"
	"  -t, --tabs             verdict, name, promise and what was seen, with tabs between\n"
	"  -o, --outside NS,...   the namespaces of the host, as \"net:[4026531833]\"\n"
	"  -c, --careless ROOT CMD...\n"
	"                         run CMD in a chroot with descriptors, signals, a key... left to it,\n"
	"                         as a careless runtime would: to see the checks fail\n"
	"Exit status: 0 all promises hold, 1 one does not, 2 usage.\n";

const char *outside_namespaces;

static enum verdict conclude(enum verdict verdict, struct seen *seen, const char *format,
			     va_list arguments)
{
	vsnprintf(seen->text, sizeof(seen->text), format, arguments);
	return verdict;
}

enum verdict fail(struct seen *seen, const char *format, ...)
{
	enum verdict verdict;
	va_list arguments;

	va_start(arguments, format);
	verdict = conclude(VERDICT_FAIL, seen, format, arguments);
	va_end(arguments);
	return verdict;
}

enum verdict skip(struct seen *seen, const char *format, ...)
{
	enum verdict verdict;
	va_list arguments;

	va_start(arguments, format);
	verdict = conclude(VERDICT_SKIP, seen, format, arguments);
	va_end(arguments);
	return verdict;
}

void seen_item(struct seen *seen, const char *item)
{
	size_t length = strlen(seen->text);

	if (seen->items++ < 6)
		snprintf(seen->text + length, sizeof(seen->text) - length, "%s%s",
			 length ? ", " : "", item);
}

enum verdict seen_verdict(struct seen *seen)
{
	size_t length = strlen(seen->text);

	if (seen->items == 0)
		return VERDICT_OK;
	if (seen->items > 6)
		snprintf(seen->text + length, sizeof(seen->text) - length, " and %d more",
			 seen->items - 6);
	return VERDICT_FAIL;
}

/* A pipe and not the exit status: results and errno do not fit into one. */
struct outcome attempt(long (*call)(void))
{
	struct outcome outcome = {-1, EAGAIN, 0};
	int fds[2], status = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return outcome;
	pid = fork();
	if (pid == 0) {
		outcome.result = call();
		outcome.code = errno;
		if (write(fds[1], &outcome, sizeof(outcome)) != sizeof(outcome))
			_exit(1);
		_exit(0);
	}
	close(fds[1]);
	if (pid > 0) {
		if (read(fds[0], &outcome, sizeof(outcome)) < 0)
			outcome.code = errno;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status))
			outcome = (struct outcome){-1, 0, WTERMSIG(status)};
	}
	close(fds[0]);
	return outcome;
}

enum verdict check_closed(const struct check *check, struct seen *seen)
{
	struct outcome outcome = attempt(check->call);

	if (outcome.result >= 0)
		return fail(seen, "it succeeds");
	if (outcome.signal || outcome.code == EPERM || outcome.code == ENOSYS ||
	    (check->also_closed && outcome.code == check->also_closed))
		return VERDICT_OK;
	return fail(seen, "not refused: %s", strerrorname_np(outcome.code));
}

ssize_t read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t length = 0;
	ssize_t count = 0;

	if (fd < 0)
		return -1;
	while (length + 1 < size && (count = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)count;
	close(fd);
	text[length] = '\0';
	return count < 0 ? -1 : (ssize_t)length;
}

int each_line(const char *path, void (*visit)(char *line, void *context), void *context)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return -1;
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		visit(line, context);
	}
	free(line);
	fclose(file);
	return 0;
}

static bool is_wanted(const char *name, char *const *wanted)
{
	if (!*wanted)
		return true;
	for (; *wanted; wanted++)
		if (strcmp(name, *wanted) == 0)
			return true;
	return false;
}

static void print(enum output output, const struct check *check, enum verdict verdict,
		  const struct seen *seen)
{
	static const char *const words[] = {"ok", "FAIL", "skip"};

	if (output == OUTPUT_TABS)
		printf("%s\t%s\t%s\t%s\n", words[verdict], check->name, check->promise, seen->text);
	else if (output == OUTPUT_LINES)
		printf("%-5s %s: %s%s%s%s\n", words[verdict], check->name, check->promise,
		       *seen->text ? " (" : "", seen->text, *seen->text ? ")" : "");
	else if (verdict == VERDICT_FAIL)
		printf("%s\n", check->name);
	/* Before the next fork(): a child must not hold lines of ours. */
	fflush(stdout);
}

static void list(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		for (const struct check *check = groups[i]; check->name; check++)
			printf("%s\t%s\n", check->name, check->promise);
}

/* How many of those wanted were found; *failed if one does not hold. */
static int run_all(enum output output, char *const *wanted, bool *failed)
{
	int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		for (const struct check *check = groups[i]; check->name; check++) {
			struct seen seen = {0};
			enum verdict verdict;

			if (!is_wanted(check->name, wanted))
				continue;
			count++;
			verdict = check->run(check, &seen);
			*failed |= verdict == VERDICT_FAIL;
			print(output, check, verdict, &seen);
		}
	}
	return count;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"list", no_argument, NULL, 'l'},     {"failed", no_argument, NULL, 'f'},
		{"tabs", no_argument, NULL, 't'},     {"outside", required_argument, NULL, 'o'},
		{"careless", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0},
	};
	enum output output = OUTPUT_LINES;
	bool failed = false;
	int option;

	while ((option = getopt_long(argc, argv, "+lfto:c", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			list();
			return 0;
		case 'f':
			output = OUTPUT_FAILED;
			break;
		case 't':
			output = OUTPUT_TABS;
			break;
		case 'o':
			outside_namespaces = optarg;
			break;
		case 'c':
			return run_careless(argv + optind);
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (run_all(output, argv + optind, &failed) < (argc > optind ? argc - optind : 1)) {
		fputs("probe: no such check; see probe --list\n", stderr);
		return 2;
	}
	return failed;
}
