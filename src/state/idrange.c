/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/idrange.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lock.h"
#include "config/spec.h"

#define LOCK_TIMEOUT_MS 10000
#define FILE_SIZE_MAX (8 * 1024 * 1024)
#define IDRANGES "idranges"
#define PROJECTS "projects"
#define CHOSEN " chosen"
/* Far from where people and other tools begin to count. */
#define PROJECT_BASE 1129000000u

/* What is given out: from base on, size ids at once, none that is somebody else's. */
struct pool {
	const char *file;
	uint32_t base, size;
	idrange_is_foreign *is_foreign; /* of the first one; NULL: nobody else has any */
	void *data;
};

struct assignment {
	char name[CONTAINER_NAME_MAX + 1];
	struct id_range range;
	bool chosen; /* by its file, not from the pool */
};

struct assignments {
	struct assignment *items;
	size_t count;
};

static void assignments_clear(struct assignments *assignments)
{
	free(assignments->items);
}

static int compare_name(const void *a, const void *b)
{
	const struct assignment *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : left->chosen - right->chosen;
}

/* Which of two ranges a container has would depend on who asks. */
static int refuse_twice(const struct assignments *assignments, struct error *err)
{
	size_t count = assignments->count;
	AUTO_FREE struct assignment *sorted = xrealloc(NULL, count + 1, sizeof(*sorted));

	/* A copy: in the file the lines stay where they are. */
	for (size_t i = 0; i < count; i++)
		sorted[i] = assignments->items[i];
	qsort(sorted, count, sizeof(*sorted), compare_name);
	for (size_t i = 1; i < count; i++)
		if (compare_name(&sorted[i - 1], &sorted[i]) == 0)
			return error_set(err, 0, "container %s has two lines", sorted[i].name);
	return 0;
}

/*
 * Every line must be understood: a range that is overlooked would be given out twice, and two
 * containers with the same ids are no longer apart.
 */
static int parse_assignments(const struct text *text, bool may_be_chosen,
			     struct assignments *assignments, struct error *err)
{
	const char *line = text_value(text);
	unsigned int number = 1;
	size_t room = 0;

	/* Up to the length, not to the first byte 0: what stands behind one counts as well. */
	for (const char *end = line + text->length; line < end; number++) {
		struct assignment found;
		int used = 0;
		bool ended;

		if (sscanf(line, "%63[a-z0-9-] %" SCNu32 " %" SCNu32 "%n", found.name,
			   &found.range.host_first, &found.range.size, &used) != 3)
			used = 0;
		found.chosen = may_be_chosen && used > 0 && text_starts_with(line + used, CHOSEN);
		used += found.chosen ? (int)strlen(CHOSEN) : 0;
		ended = used > 0 && line[used] == '\n';
		if (!ended)
			return error_set(err, 0, "line %u is not \"NAME FIRST SIZE\"", number);
		if (assignments->count == room) {
			room = room ? 2 * room : 64;
			assignments->items = xrealloc(assignments->items, room, sizeof(found));
		}
		assignments->items[assignments->count++] = found;
		line += used + 1;
	}
	return refuse_twice(assignments, err);
}

static int compare_first(const void *a, const void *b)
{
	uint32_t first_a = ((const struct assignment *)a)->range.host_first;
	uint32_t first_b = ((const struct assignment *)b)->range.host_first;

	return first_a < first_b ? -1 : first_a > first_b;
}

/* The first gap of size ids, aligned to size, from base on. The assignments are sorted. */
static uint64_t find_gap(const struct assignments *assignments, uint64_t base, uint32_t size)
{
	uint64_t candidate = base;

	for (size_t i = 0; i < assignments->count; i++) {
		const struct id_range *taken = &assignments->items[i].range;
		uint64_t taken_end = (uint64_t)taken->host_first + taken->size;

		if (taken_end <= candidate)
			continue;
		if (taken->host_first >= candidate + size)
			break;
		candidate += (taken_end - candidate + size - 1) / size * size;
	}
	return candidate;
}

static int find_free(struct assignments *assignments, const struct pool *pool,
		     struct id_range *range, struct error *err)
{
	uint32_t base = pool->base, size = pool->size;
	uint64_t candidate;

	if (assignments->count > 1)
		qsort(assignments->items, assignments->count, sizeof(*assignments->items),
		      compare_first);
	candidate = find_gap(assignments, base, size);
	while (pool->is_foreign && candidate + size <= UINT32_MAX &&
	       pool->is_foreign((uint32_t)candidate, pool->data))
		candidate = find_gap(assignments, candidate + size, size);
	/* The last id, 2^32 - 1, means "none" to the kernel. */
	if (candidate + size > UINT32_MAX)
		return error_set(err, ENOSPC, "no range of %u ids is free above %u", size, base);
	*range = (struct id_range){.host_first = (uint32_t)candidate, .size = size};
	return 0;
}

static void format_assignment(const struct assignment *assignment, struct text *out)
{
	text_addf(out, "%s %" PRIu32 " %" PRIu32 "%s\n", assignment->name,
		  assignment->range.host_first, assignment->range.size,
		  assignment->chosen ? CHOSEN : "");
}

static int append_assignment(int fd, const struct assignment *assignment, off_t end,
			     struct error *err)
{
	AUTO_TEXT struct text line = {0};

	format_assignment(assignment, &line);
	if (pwrite(fd, line.data, line.length, end) != (ssize_t)line.length || fdatasync(fd) < 0) {
		int saved = errno ? errno : ENOSPC;

		/* Half a line would be refused by every later command. */
		if (ftruncate(fd, end) < 0)
			return error_set(err, errno, "cut half a line");
		return error_set(err, saved, "write");
	}
	return 0;
}

/* A file as it stands, locked, and what is in it. */
struct table {
	const char *file;
	int dir_fd, fd;
	off_t end;
	struct assignments assignments;
};

static void table_close(struct table *table)
{
	close_fd(&table->fd);
	close_fd(&table->dir_fd);
	assignments_clear(&table->assignments);
}

static int open_locked(int dir_fd, const char *file, struct error *err)
{
	for (;;) {
		AUTO_FD int fd = fs_open_at(dir_fd, file, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);

		if (fd < 0 || lock_take(fd, LOCK_TIMEOUT_MS, err) < 0)
			return -1;
		/* Whoever held the lock may have put another file in its place. */
		if (fs_is_at(dir_fd, file, fd))
			return take_fd(&fd);
	}
}

static int table_open(const char *data_dir, const char *file, struct table *table,
		      struct error *err)
{
	AUTO_TEXT struct text text = {0};

	*table = (struct table){
		.file = file,
		.dir_fd = fs_open_directory(data_dir, 0700, err),
		.fd = -1,
	};
	if (table->dir_fd < 0)
		return -1;
	table->fd = open_locked(table->dir_fd, file, err);
	if (table->fd < 0 || fs_read_fd(table->fd, FILE_SIZE_MAX, &text, err) < 0 ||
	    parse_assignments(&text, strcmp(file, IDRANGES) == 0,
			      &table->assignments, err) < 0)
		return -1;
	table->end = (off_t)text.length;
	return 0;
}

static struct assignment *find(const struct assignments *assignments, const char *name, bool chosen)
{
	for (size_t i = 0; i < assignments->count; i++) {
		struct assignment *found = &assignments->items[i];

		if (found->chosen == chosen && strcmp(found->name, name) == 0)
			return found;
	}
	return NULL;
}

/*
 * Adds an assignment (NULL: none) and takes out the range that name had chosen before. Then it is
 * another file in the place of the old one, all at once; whoever waits for the lock looks again.
 */
static int update(struct table *table, const char *name, const struct assignment *added,
		  struct error *err)
{
	AUTO_TEXT struct text text = {0};
	const struct assignment *dropped = find(&table->assignments, name, true);

	if (!dropped)
		return added ? append_assignment(table->fd, added, table->end, err) : 0;
	for (size_t i = 0; i < table->assignments.count; i++)
		if (&table->assignments.items[i] != dropped)
			format_assignment(&table->assignments.items[i], &text);
	if (added)
		format_assignment(added, &text);
	return fs_replace_on_disk_at(table->dir_fd, table->file, text_value(&text), text.length, 0600,
				     err);
}

static int assign(const char *data_dir, const char *name, const struct pool *pool,
		  struct id_range *range, struct error *err)
{
	AUTO(table_close) struct table table;
	struct assignment given = {0};
	const struct assignment *found;

	if (table_open(data_dir, pool->file, &table, err) < 0)
		return -1;
	found = find(&table.assignments, name, false);
	if (found) {
		*range = found->range;
		return update(&table, name, NULL, err);
	}
	snprintf(given.name, sizeof(given.name), "%s", name);
	if (find_free(&table.assignments, pool, &given.range, err) < 0 ||
	    update(&table, name, &given, err) < 0)
		return -1;
	*range = given.range;
	return 0;
}

int idrange_assign(const char *data_dir, const char *name, uint32_t base, uint32_t size,
		   struct id_range *range, struct error *err)
{
	const struct pool pool = {.file = IDRANGES, .base = base, .size = size};

	if (assign(data_dir, name, &pool, range, err) < 0)
		return error_wrap(err, "id range of %s in %s/" IDRANGES, name, data_dir);
	return 0;
}

int idrange_assign_project(const char *data_dir, const char *name, idrange_is_foreign *is_foreign,
			   void *data, uint32_t *project, struct error *err)
{
	const struct pool pool = {PROJECTS, PROJECT_BASE, 1, is_foreign, data};
	struct id_range range;

	if (assign(data_dir, name, &pool, &range, err) < 0)
		return error_wrap(err, "project of %s in %s/" PROJECTS, name, data_dir);
	*project = range.host_first;
	return 0;
}

/* ---- chosen by the file of a container ---- */

static bool ranges_overlap(const struct id_range *a, const struct id_range *b)
{
	return a->host_first < (uint64_t)b->host_first + b->size &&
	       b->host_first < (uint64_t)a->host_first + a->size;
}

static int check_free(const struct assignments *assignments, const char *name,
		      const struct id_range *range, struct error *err)
{
	for (size_t i = 0; i < assignments->count; i++) {
		const struct assignment *other = &assignments->items[i];
		uint64_t last = (uint64_t)other->range.host_first + other->range.size - 1;

		if (strcmp(other->name, name) == 0 || !ranges_overlap(&other->range, range))
			continue;
		error_set(err, EADDRINUSE,
			  "%s may not have host ids that are those of container %s, %" PRIu32
			  " to %" PRIu64, name, other->name, other->range.host_first, last);
		return error_hint(err, "choose others, or \"auto\"; where %s is no more, delete its "
				       "line", other->name);
	}
	return 0;
}

static int claim(const char *data_dir, const char *name, const struct id_range *range, bool write,
		 struct error *err)
{
	AUTO(table_close) struct table table;
	struct assignment mine = {.range = *range, .chosen = true};
	const struct assignment *before;

	if (table_open(data_dir, IDRANGES, &table, err) < 0 ||
	    check_free(&table.assignments, name, range, err) < 0)
		return -1;
	before = find(&table.assignments, name, true);
	if (!write || (before && before->range.host_first == range->host_first &&
		       before->range.size == range->size))
		return 0;
	snprintf(mine.name, sizeof(mine.name), "%s", name);
	return update(&table, name, &mine, err);
}

int idrange_check(const char *data_dir, const char *name, const struct id_range *range,
		  struct error *err)
{
	if (claim(data_dir, name, range, false, err) < 0)
		return error_wrap(err, "%s/" IDRANGES, data_dir);
	return 0;
}

int idrange_claim(const char *data_dir, const char *name, const struct id_range *range,
		  struct error *err)
{
	if (claim(data_dir, name, range, true, err) < 0)
		return error_wrap(err, "%s/" IDRANGES, data_dir);
	return 0;
}
