/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/history.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"

#define TEXT_SIZE_MAX (1024 * 1024)

void history_clear(struct history *history)
{
	for (size_t i = 0; i < history->count; i++)
		free(history->items[i].path);
	free(history->items);
	*history = (struct history){0};
}

static bool parse_name(const char *name, unsigned int *number, char how[16])
{
	int end = 0;

	return sscanf(name, "%u.%15[a-z]%n", number, how, &end) == 2 && name[end] == '\0';
}

/* One that was cut short has no file: it counts as not there. */
static void add_entry(const char *directory, const char *name, const char *entry_name,
		      struct history *history)
{
	struct history_entry *entry = &history->items[history->count];
	AUTO_FREE char *path = xprintf("%s/%s/%s.conf", directory, entry_name, name);
	struct stat st;

	if (!parse_name(entry_name, &entry->number, entry->how) || stat(path, &st) < 0)
		return;
	entry->at = st.st_mtime;
	entry->path = take_pointer(&path);
	history->count++;
}

/* Names sort so as long as they have the same length. */
static int compare_numbers(const void *left, const void *right)
{
	const struct history_entry *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

int history_list(const char *data_dir, const char *name, struct history *history, struct error *err)
{
	AUTO_FREE char *directory = xprintf("%s/history/%s", data_dir, name);
	AUTO_STRLIST struct strlist names = {0};

	*history = (struct history){0};
	if (fs_list_at(AT_FDCWD, directory, &names, err) < 0)
		return error_wrap(err, "history of %s", name);
	history->items = xalloc(names.count, sizeof(*history->items));
	for (size_t i = 0; i < names.count; i++)
		add_entry(directory, name, names.items[i], history);
	if (history->count > 0)
		qsort(history->items, history->count, sizeof(*history->items), compare_numbers);
	return 0;
}

int history_read(const struct history_entry *entry, struct text *text, struct error *err)
{
	return fs_read_at(AT_FDCWD, entry->path, TEXT_SIZE_MAX, text, err);
}

static int write_entry(int directory_fd, const char *name, unsigned int number, const char *how,
		       const struct text *text, struct error *err)
{
	AUTO_FREE char *entry = xprintf("%06u.%s", number, how);
	AUTO_FREE char *file = xprintf("%s.conf", name);
	AUTO_FD int entry_fd = -1;

	if (mkdirat(directory_fd, entry, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "make directory %s", entry);
	entry_fd = fs_open_at(directory_fd, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (entry_fd < 0)
		return -1;
	return fs_replace_at(entry_fd, file, text_value(text), text->length, 0600, err);
}

/* What was cut short: it would stay for good, as its number is given to the next one. */
static int remove_begun(int directory_fd, const char *name, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};

	if (fs_list_at(directory_fd, ".", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *file = xprintf("%s/%s.conf", names.items[i], name);

		unsigned int number;
		char how[16];

		if (parse_name(names.items[i], &number, how) && !fs_exists_at(directory_fd, file) &&
		    fs_remove_tree_at(directory_fd, names.items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int remove_oldest(int directory_fd, const struct history *history, struct error *err)
{
	for (size_t i = 0; i + HISTORY_MAX <= history->count; i++) {
		AUTO_FREE char *entry = xprintf("%06u.%s", history->items[i].number,
						history->items[i].how);

		if (fs_remove_tree_at(directory_fd, entry, err) < 0)
			return -1;
	}
	return 0;
}

int history_add(const char *data_dir, const char *name, const char *how, const struct text *text,
		struct error *err)
{
	AUTO_FREE char *directory = xprintf("%s/history/%s", data_dir, name);
	AUTO_HISTORY struct history history = {0};
	AUTO_TEXT struct text newest = {0};
	AUTO_FD int directory_fd = fs_open_directory(directory, 0700, err);
	unsigned int number = 1;

	if (directory_fd < 0 || history_list(data_dir, name, &history, err) < 0)
		return error_wrap(err, "history of %s", name);
	if (history.count > 0) {
		const struct history_entry *last = &history.items[history.count - 1];

		if (history_read(last, &newest, NULL) == 0 &&
		    strcmp(text_value(&newest), text_value(text)) == 0)
			return 0;
		number = last->number + 1;
	}
	if (remove_begun(directory_fd, name, err) < 0 ||
	    write_entry(directory_fd, name, number, how, text, err) < 0 ||
	    remove_oldest(directory_fd, &history, err) < 0)
		return error_wrap(err, "history of %s", name);
	return 0;
}
