/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/idrange.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lock.h"
#include "config/spec.h"

#define LOCK_TIMEOUT_MS 10000
#define FILE_SIZE_MAX (8 * 1024 * 1024)

struct assignment {
	char name[CONTAINER_NAME_MAX + 1];
	struct id_range range;
};

struct assignments {
	struct assignment *items;
	size_t count;
};

static void assignments_clear(struct assignments *assignments)
{
	free(assignments->items);
}

/*
 * Every line must be understood: a range that is overlooked would be given out twice, and two
 * containers with the same ids are no longer apart.
 */
static int parse_assignments(const char *text, struct assignments *assignments, struct error *err)
{
	unsigned int number = 1;
	size_t room = 0;

	for (const char *line = text; *line; number++) {
		struct assignment found;
		int used = 0;

		if (sscanf(line, "%63[a-z0-9-] %" SCNu32 " %" SCNu32 "%n", found.name,
			   &found.range.host_first, &found.range.size, &used) != 3 ||
		    line[used] != '\n')
			return error_set(err, 0, "line %u is not \"NAME FIRST SIZE\"", number);
		if (assignments->count == room) {
			room = room ? 2 * room : 64;
			assignments->items = xrealloc(assignments->items, room, sizeof(found));
		}
		assignments->items[assignments->count++] = found;
		line += used + 1;
	}
	return 0;
}

static int compare_first(const void *a, const void *b)
{
	uint32_t first_a = ((const struct assignment *)a)->range.host_first;
	uint32_t first_b = ((const struct assignment *)b)->range.host_first;

	return first_a < first_b ? -1 : first_a > first_b;
}

/* The first gap of size ids, aligned to size, from base on. */
static int find_free(struct assignments *assignments, uint32_t base, uint32_t size,
		     struct id_range *range, struct error *err)
{
	uint64_t candidate = base;

	if (assignments->count > 1)
		qsort(assignments->items, assignments->count, sizeof(*assignments->items),
		      compare_first);
	for (size_t i = 0; i < assignments->count; i++) {
		const struct id_range *taken = &assignments->items[i].range;
		uint64_t taken_end = (uint64_t)taken->host_first + taken->size;

		if (taken_end <= candidate)
			continue;
		if (taken->host_first >= candidate + size)
			break;
		candidate += (taken_end - candidate + size - 1) / size * size;
	}
	/* The last id, 2^32 - 1, means "none" to the kernel. */
	if (candidate + size > UINT32_MAX)
		return error_set(err, ENOSPC, "no range of %u ids is free above %u", size, base);
	*range = (struct id_range){.host_first = (uint32_t)candidate, .size = size};
	return 0;
}

static int append_assignment(int fd, const char *name, const struct id_range *range, off_t end,
			     struct error *err)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "%s %u %u\n", name, range->host_first, range->size);

	if (pwrite(fd, line, (size_t)length, end) != length || fdatasync(fd) < 0) {
		int saved = errno ? errno : ENOSPC;

		/* Half a line would be refused by every later command. */
		if (ftruncate(fd, end) < 0)
			return error_set(err, errno, "cut half a line");
		return error_set(err, saved, "write");
	}
	return 0;
}

static int assign(int fd, const char *name, uint32_t base, uint32_t size, struct id_range *range,
		  struct error *err)
{
	AUTO(assignments_clear) struct assignments assignments = {0};
	AUTO_TEXT struct text text = {0};

	if (lock_take(fd, LOCK_TIMEOUT_MS, err) < 0 ||
	    fs_read_fd(fd, FILE_SIZE_MAX, &text, err) < 0 ||
	    parse_assignments(text_value(&text), &assignments, err) < 0)
		return -1;
	for (size_t i = 0; i < assignments.count; i++) {
		if (strcmp(assignments.items[i].name, name) == 0) {
			*range = assignments.items[i].range;
			return 0;
		}
	}
	if (find_free(&assignments, base, size, range, err) < 0)
		return -1;
	return append_assignment(fd, name, range, (off_t)text.length, err);
}

int idrange_assign(const char *data_dir, const char *name, uint32_t base, uint32_t size,
		   struct id_range *range, struct error *err)
{
	AUTO_FD int dir_fd = fs_open_directory(data_dir, 0700, err);
	AUTO_FD int fd = -1;

	if (dir_fd < 0)
		return -1;
	fd = fs_open_at(dir_fd, "idranges", O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);
	if (fd < 0 || assign(fd, name, base, size, range, err) < 0)
		return error_wrap(err, "id range of %s in %s/idranges", name, data_dir);
	return 0;
}
