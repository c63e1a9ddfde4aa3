/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/boot_record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"

#define BOOT_FILE "boot"
#define SIZE_MAX_BYTES  (8 * 1024 * 1024)
#define APPEND_MAX_BYTES (1024 * 1024) /* a longer one begins anew */

/* ---- writing ---- */

static char *first_line(const char *boot_id, bool cut, struct error *err)
{
	struct process_identity self = {0};

	if (process_identify(getpid(), &self, err) < 0)
		return NULL;
	return xprintf("boot %s %lld %" PRIu64 " %d %" PRIu64 "%s\n", boot_id, (long long)time(NULL),
		       process_boottime_ms(), (int)self.pid, self.start_time, cut ? " cut" : "");
}

static bool is_short(int directory_fd)
{
	struct stat st;

	return fstatat(directory_fd, BOOT_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_size < APPEND_MAX_BYTES;
}

int boot_record_begin(const char *data_dir, struct error *err)
{
	AUTO_FD int directory_fd = fs_open_directory(data_dir, 0700, err);
	AUTO_BOOT_RECORD struct boot_record before = {0};
	AUTO_FREE char *line = NULL;
	AUTO_FD int fd = -1;
	char boot_id[37];
	bool known, same;

	if (directory_fd < 0 || process_boot_id(boot_id, err) < 0)
		return -1;
	known = boot_record_read(data_dir, &before, NULL) == 1;
	same = known && process_is_this_boot(before.boot_id);
	line = first_line(boot_id, same ? before.before_was_cut : known && before.end_ms == 0, err);
	if (!line)
		return -1;
	/* A torn line of one that was killed ends here. */
	if (same && is_short(directory_fd)) {
		fd = fs_open_at(directory_fd, BOOT_FILE, O_WRONLY | O_APPEND | O_NOFOLLOW, 0, err);
		if (fd < 0)
			return -1;
		boot_record_add(fd, "\n%.*s", (int)strlen(line) - 1, line);
		/* Or a power cut leaves the one before, which was through. */
		if (fdatasync(fd) < 0)
			return error_set(err, errno, "%s/" BOOT_FILE, data_dir);
		return take_fd(&fd);
	}
	/* That there was a boot is to be known after a power cut. */
	if (fs_replace_on_disk_at(directory_fd, BOOT_FILE, line, strlen(line), 0600, err) < 0 ||
	    FAULT("began the record of", "boot", err) < 0)
		return -1;
	return fs_open_at(directory_fd, BOOT_FILE, O_WRONLY | O_APPEND | O_NOFOLLOW, 0, err);
}

void boot_record_add(int fd, const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	size_t length;
	va_list args;
	ssize_t rc;

	va_start(args, fmt);
	if (fd < 0 || vasprintf(&line, fmt, args) < 0)
		line = NULL;
	va_end(args);
	if (!line)
		return;
	length = strlen(line);
	line[length] = '\n'; /* in the place of the NUL: one write, so that no line is half another's */
	rc = write(fd, line, length + 1);
	(void)rc; /* a disk that is full then is full at the end, too */
	(void)FAULT("noted in the record of", "boot", NULL);
}

int boot_record_end(int fd, struct error *err)
{
	AUTO_FREE char *line = xprintf("through %" PRIu64 "\n", process_boottime_ms());

	if (FAULT("end the record of", "boot", NULL) < 0 ||
	    write(fd, line, strlen(line)) != (ssize_t)strlen(line) ||
	    FAULT("ended the record of", "boot", NULL) < 0 || fdatasync(fd) < 0)
		return error_set(err, errno, "record of the boot");
	return 0;
}

/* ---- reading ---- */

void boot_record_clear(struct boot_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		free(record->entries[i].name);
		free(record->entries[i].reason);
		strlist_clear(&record->entries[i].after);
	}
	free(record->entries);
	*record = (struct boot_record){0};
}

/* Sorted while it is read: the names come nearly so. */
static size_t place_of(const struct boot_record *record, const char *name, bool *found)
{
	size_t first = 0, end = record->count;

	*found = false;
	while (first < end) {
		size_t middle = first + (end - first) / 2;
		int difference = strcmp(record->entries[middle].name, name);

		if (difference == 0) {
			*found = true;
			return middle;
		}
		if (difference < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static struct boot_entry *take_entry(struct boot_record *record, const char *name)
{
	bool found;
	size_t place = place_of(record, name, &found);

	if (found)
		return &record->entries[place];
	record->entries = xrealloc(record->entries, record->count + 1, sizeof(*record->entries));
	memmove(&record->entries[place + 1], &record->entries[place],
		(record->count - place) * sizeof(*record->entries));
	record->count++;
	record->entries[place] = (struct boot_entry){.name = xstrdup(name)};
	return &record->entries[place];
}

static void read_boot(struct boot_record *record, const char *rest)
{
	int pid, used = 0;

	if (sscanf(rest, "%36s %" SCNu64 " %n", record->boot_id, &record->began_at, &used) < 2)
		return;
	/* Again in the same boot: what happened before it belongs to it. */
	rest += used;
	if (record->begin_ms == 0)
		sscanf(rest, "%" SCNu64, &record->begin_ms);
	record->end_ms = 0;
	if (sscanf(rest, "%*u %d %" SCNu64 " %n", &pid, &record->process.start_time, &used) < 2)
		return;
	record->process.pid = pid;
	record->before_was_cut = strstr(rest, " cut") != NULL;
}

static void read_container(struct boot_record *record, char *rest)
{
	char *position = NULL, *word = strtok_r(rest, " ", &position);
	struct boot_entry *entry;

	if (!word)
		return;
	entry = take_entry(record, word);
	strlist_clear(&entry->after);
	while ((word = strtok_r(NULL, " ", &position)))
		strlist_add(&entry->after, word);
}

static void set_outcome(struct boot_entry *entry, enum boot_outcome outcome, const uint64_t times[3],
			const char *reason)
{
	entry->outcome = outcome;
	entry->begun_ms = times[0];
	entry->running_ms = times[1];
	entry->settled_ms = times[2];
	free(entry->reason);
	entry->reason = reason && *reason ? xstrdup(reason) : NULL;
}

/* "NAME BEGUN MS [MS] [TEXT]"; false: it is of a later cman. */
static bool read_outcome(struct boot_record *record, const char *word, const char *rest)
{
	uint64_t times[3] = {0};
	struct boot_entry *entry;
	char name[64];
	int used = 0;

	if (sscanf(rest, "%63s %" SCNu64 " %n", name, &times[0], &used) < 2)
		return false;
	entry = take_entry(record, name);
	rest += used;
	if (strcmp(word, "ran") == 0) {
		/* One that an earlier run has started in this boot is told as that. */
		if (entry->outcome == BOOT_WAITING)
			set_outcome(entry, BOOT_RAN, times, NULL);
		return true;
	}
	if (sscanf(rest, "%" SCNu64 " %n", &times[1], &used) < 1)
		return false;
	if (strcmp(word, "running") == 0)
		return set_outcome(entry, BOOT_RUNNING, times, NULL), true;
	if (strcmp(word, "up") == 0) {
		if (sscanf(rest + used, "%" SCNu64, &times[2]) < 1)
			return false;
		return set_outcome(entry, BOOT_UP, times, NULL), true;
	}
	times[2] = times[1];
	times[1] = strcmp(word, "unready") == 0 ? entry->running_ms : 0;
	set_outcome(entry, strcmp(word, "failed") == 0    ? BOOT_FAILED
			   : strcmp(word, "unready") == 0 ? BOOT_UNREADY
							  : BOOT_OUT,
		    times, rest + used);
	return true;
}

static void read_line(struct boot_record *record, char *line)
{
	char *rest = strchr(line, ' ');

	if (!rest)
		return;
	*rest++ = '\0';
	if (strcmp(line, "boot") == 0)
		read_boot(record, rest);
	else if (strcmp(line, "container") == 0)
		read_container(record, rest);
	else if (strcmp(line, "through") == 0)
		sscanf(rest, "%" SCNu64, &record->end_ms);
	else if (strcmp(line, "ran") == 0 || strcmp(line, "running") == 0 ||
		 strcmp(line, "up") == 0 || strcmp(line, "failed") == 0 ||
		 strcmp(line, "unready") == 0 || strcmp(line, "out") == 0)
		read_outcome(record, line, rest);
}

int boot_record_read(const char *data_dir, struct boot_record *record, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/" BOOT_FILE, data_dir);
	AUTO_TEXT struct text text = {0};
	struct error failure = {0};

	*record = (struct boot_record){0};
	if (fs_read_at(AT_FDCWD, path, SIZE_MAX_BYTES, &text, &failure) < 0) {
		if (failure.code == ENOENT)
			return 0;
		if (err)
			*err = failure;
		return -1;
	}
	for (char *line = text.data, *newline; line && (newline = strchr(line, '\n'));
	     line = newline + 1) {
		*newline = '\0';
		read_line(record, line);
	}
	if (!*record->boot_id) {
		boot_record_clear(record);
		return error_set(err, 0, "%s: it does not begin as it should", path);
	}
	return 1;
}

/* ---- the critical path ---- */

static size_t find_last(const struct boot_record *record, const struct strlist *among)
{
	size_t last = record->count;

	for (size_t i = 0; i < record->count; i++) {
		const struct boot_entry *entry = &record->entries[i];

		if (entry->outcome != BOOT_UP || (among && !strlist_contains(among, entry->name)))
			continue;
		if (last == record->count || entry->settled_ms > record->entries[last].settled_ms)
			last = i;
	}
	return last;
}

size_t *boot_record_critical_path(const struct boot_record *record, size_t *count)
{
	size_t *path = xalloc(record->count + 1, sizeof(*path));
	size_t length = 0;

	for (size_t at = find_last(record, NULL); at < record->count && length < record->count;
	     at = find_last(record, &record->entries[at].after))
		path[length++] = at;
	for (size_t i = 0; i < length / 2; i++) {
		size_t other = path[i];

		path[i] = path[length - 1 - i];
		path[length - 1 - i] = other;
	}
	*count = length;
	return path;
}
