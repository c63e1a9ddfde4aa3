/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe: looks at a container from inside, one line per promise of isolation. It is written to be
 * harmless wherever it runs, as root on a host too: a call is tried only with arguments with
 * which it cannot do anything (the comment says why), files are opened for writing but never
 * written. What may be killed by a filter is tried in a child.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum verdict { VERDICT_OK, VERDICT_FAIL, VERDICT_SKIP };

/* What a check saw, for the one who reads a FAIL. Longer text is cut. */
struct seen {
	char text[400];
	int items; /* see seen_item() */
};

struct check {
	const char *name;
	const char *promise;
	enum verdict (*run)(const struct check *check, struct seen *seen);
	/* Of check_closed(): tries the call in a child, returns its result, errno as always. */
	long (*call)(void);
	/* An errno that says as well as EPERM and ENOSYS that nothing can be done, or 0. */
	int also_closed;
};

/* Each ends with an entry without a name. */
extern const struct check namespace_checks[];
extern const struct check process_checks[];
extern const struct check file_checks[];
extern const struct check device_checks[];
extern const struct check mount_checks[];
extern const struct check call_checks[];
extern const struct check socket_checks[];

enum verdict fail(struct seen *seen, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum verdict skip(struct seen *seen, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For checks of many things: adds one of those found wrong; the first are named, all counted. */
void seen_item(struct seen *seen, const char *item);
/* FAIL if there was one. */
enum verdict seen_verdict(struct seen *seen);

struct outcome {
	long result;
	int code;   /* errno where result is -1 */
	int signal; /* that killed the child, or 0; then result is -1 */
};

/* Calls it in a child, which gets nothing of ours but memory. */
struct outcome attempt(long (*call)(void));

/* OK if check->call is refused: EPERM, ENOSYS, check->also_closed, or death. */
enum verdict check_closed(const struct check *check, struct seen *seen);

/* The whole file as a string, cut to size - 1; -1 with errno. */
ssize_t read_text(const char *path, char *text, size_t size);

/* Calls visit for each line of path, without its newline. -1: the file cannot be opened. */
int each_line(const char *path, void (*visit)(char *line, void *context), void *context);

/* "KIND:[INODE]" words: the namespaces outside, as far as the caller of probe told them. */
extern const char *outside_namespaces;

/* careless.c: {ROOT, CMD...}: chroot, with all that a runtime may forget, and exec. */
int run_careless(char **argv);

#endif
