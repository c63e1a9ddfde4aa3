/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/lock.h"
#include "config/source.h"
#include "state/lines.h"
#include "state/record_text.h"

#define ORDER_FILE "ordered" /* in STATE_DIR: some record may have needs or after */

void record_clear(struct record *record)
{
	free(record->name);
	free(record->cgroup_parent);
	free(record->memory_origin);
	free(record->ready);
	free(record->ready_error);
	strlist_clear(&record->steps);
	strlist_clear(&record->addresses);
	strlist_clear(&record->ports);
	strlist_clear(&record->marks);
	strlist_clear(&record->needs);
	strlist_clear(&record->after);
	strlist_clear(&record->groups);
	strlist_clear(&record->exchange);
	strlist_clear(&record->sources);
	*record = (struct record){0};
}

void record_set_memory_limit(struct record *record, const struct spec *spec)
{
	struct location at = origin_find(&spec->origins, "limits.memory");

	free(record->memory_origin);
	record->memory_origin = NULL;
	record->memory_limit = spec->limits.memory == LIMIT_MAX ? 0 : spec->limits.memory;
	/* A recorded configuration is no place that anybody would look at. */
	if (record->memory_limit > 0 && at.line && at.file[0] == '/' && !strchr(at.file, '\n'))
		record->memory_origin = xprintf("%s:%u", at.file, at.line);
}

void record_set_sources(struct record *record, const struct manager *manager,
			const struct spec *spec)
{
	const struct strlist *const lists[] = {&manager->sources, &spec->sources};

	strlist_clear(&record->sources);
	/* Of a spec that was not read from files it cannot be told whether they say something else. */
	for (size_t i = 0; i < ARRAY_SIZE(lists) && spec->sources.count > 0; i++)
		for (size_t j = 0; j < lists[i]->count; j++)
			strlist_add(&record->sources, lists[i]->items[j]);
}

bool record_is_as_files(const struct record *record, const char **known)
{
	/* One of the manager and one of the container, else it is the record of an older cman. */
	if (record->sources.count < 2)
		return false;
	for (size_t i = 0; i < record->sources.count; i++)
		if (!source_is_as(record->sources.items[i], known))
			return false;
	return true;
}

/* ---- how it ended ---- */

static enum record_purpose parse_purpose(const char *word)
{
	if (strcmp(word, "stop") == 0)
		return PURPOSE_STOP;
	return strcmp(word, "restart") == 0 ? PURPOSE_RESTART : PURPOSE_NONE;
}

static int open_file(int containers_fd, const char *name, const char *file)
{
	char path[CONTAINER_NAME_MAX + 16];

	if (snprintf(path, sizeof(path), "%s/%s", name, file) >= (int)sizeof(path))
		return errno = ENAMETOOLONG, -1;
	return fs_open_below(containers_fd, path, O_RDONLY | O_NONBLOCK);
}

/*
 * The supervisor's word on how it ended: "status N\nended SECONDS\n", without the first line where
 * the status is not known, with "for stop\n" or "for restart\n" where somebody wanted it to end.
 */
static void read_exit(int containers_fd, const char *name, struct record *record)
{
	AUTO_FD int fd = open_file(containers_fd, name, "exit");
	AUTO_TEXT struct text text = {0};
	const char *rest;
	uint64_t ended_at;
	char word[16];
	int status, used = 0;

	if (fd < 0 || fs_read_fd(fd, 256, &text, NULL) < 0)
		return;
	rest = text_value(&text);
	record->exited = sscanf(rest, "status %d\n%n", &status, &used) == 1;
	if (sscanf(rest + used, "ended %" SCNu64 "\n%n", &ended_at, &used) != 1) {
		record->exited = false;
		return;
	}
	if (record->exited)
		record->wait_status = status;
	record->ended_at = ended_at;
	rest = strstr(rest, "\nfor ");
	if (rest && sscanf(rest, "\nfor %15s", word) == 1)
		record->purpose = parse_purpose(word);
}

/* ---- directories and files ---- */

/* With the whole path: who reads it knows nothing of our layout. */
static int make_failed(int dir_fd, const char *name, struct error *err)
{
	const int code = errno;
	char path[PATH_MAX];

	if (fs_path_of(dir_fd, path) < 0)
		return error_set(err, code, "make directory %s", name);
	return error_set(err, code, "make directory %s/%s", path, name);
}

static int make_directory(int dir_fd, const char *name, struct error *err)
{
	return mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST ? make_failed(dir_fd, name, err) : 0;
}

static int make_and_open(int dir_fd, const char *name, bool create, struct error *err)
{
	if (create && make_directory(dir_fd, name, err) < 0)
		return -1;
	return fs_open_at(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
}

int state_open(const char *state_dir, bool create, struct state *state, struct error *err)
{
	*state = (struct state){.dir_fd = -1, .containers_fd = -1, .networks_fd = -1};
	state->dir_fd = create ? fs_open_directory(state_dir, 0700, err)
			       : fs_open_at(AT_FDCWD, state_dir, O_RDONLY | O_DIRECTORY, 0, err);
	if (state->dir_fd >= 0)
		state->containers_fd = make_and_open(state->dir_fd, "containers", create, err);
	if (state->containers_fd >= 0)
		state->networks_fd = make_and_open(state->dir_fd, "networks", create, err);
	if (state->networks_fd < 0) {
		state_close(state);
		return error_wrap(err, "state directory %s", state_dir);
	}
	return 0;
}

void state_close(struct state *state)
{
	close_fd(&state->dir_fd);
	close_fd(&state->containers_fd);
	close_fd(&state->networks_fd);
}

int record_open_directory(const struct state *state, const char *name, struct error *err)
{
	return fs_open_at(state->containers_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
}

bool record_is_locked(const struct state *state, const char *name)
{
	AUTO_FD int dir_fd = record_open_directory(state, name, NULL);
	AUTO_FD int lock_fd = dir_fd < 0 ? -1 : fs_open_at(dir_fd, "lock", O_RDONLY, 0, NULL);

	/* Shared and given back at once: commands wait for locks, they do not give up that fast. */
	return lock_fd >= 0 && flock(lock_fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int take_lock_file(const struct state *state, const char *name, int timeout_ms,
			  struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(state, name, err);
	AUTO_FD int lock_fd = -1;

	if (dir_fd < 0)
		return -1;
	lock_fd = fs_open_at(dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600, err);
	if (lock_fd < 0)
		return -1;
	if (lock_take(lock_fd, timeout_ms, err) < 0)
		return error_wrap(err, "lock of the container");
	return take_fd(&lock_fd);
}

static bool is_current_lock(const struct state *state, const char *name, int lock_fd)
{
	char path[CONTAINER_NAME_MAX + sizeof("/lock")];

	snprintf(path, sizeof(path), "%s/lock", name);
	return fs_is_at(state->containers_fd, path, lock_fd);
}

int record_lock(const struct state *state, const char *name, int timeout_ms, struct error *err)
{
	uint64_t end = process_monotonic_ms() + (uint64_t)timeout_ms;
	struct error ignored;

	err = err ? err : &ignored;

	for (;;) {
		uint64_t now = process_monotonic_ms();
		AUTO_FD int lock_fd = -1;

		if (make_directory(state->containers_fd, name, err) < 0)
			return -1;
		lock_fd = take_lock_file(state, name, now < end ? (int)(end - now) : 0, err);
		/* ENOENT: the directory was removed by its holder between our two steps. */
		if (lock_fd < 0 && (err->code != ENOENT || now >= end))
			return -1;
		if (lock_fd >= 0 && is_current_lock(state, name, lock_fd))
			return take_fd(&lock_fd);
	}
}

bool record_any_order(const struct state *state)
{
	return fs_exists_at(state->dir_fd, ORDER_FILE);
}

static int make_order_file(const struct state *state, struct error *err)
{
	AUTO_FD int fd = fs_open_at(state->dir_fd, ORDER_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600,
				    err);

	return fd < 0 ? -1 : 0;
}

/* Before the first record that says whom it needs. */
static int note_order(const struct state *state, const struct record *record, struct error *err)
{
	if (record->needs.count + record->after.count == 0 || record_any_order(state))
		return 0;
	return make_order_file(state, err);
}

int record_forget_order(const struct state *state, struct error *err)
{
	AUTO_STRLIST struct strlist before = {0}, since = {0};

	if (record_list(state, &before, err) < 0)
		return -1;
	if (before.count > 0)
		return 0;
	if (fs_remove_at(state->dir_fd, ORDER_FILE, err) < 0 || record_list(state, &since, err) < 0)
		return -1;
	/* Somebody may have come meanwhile, and found it there. */
	return since.count > 0 ? make_order_file(state, err) : 0;
}

int record_write(const struct state *state, const struct record *record, struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(state, record->name, err);
	AUTO_TEXT struct text text = {0};

	if (dir_fd < 0 || note_order(state, record, err) < 0)
		return -1;
	record_print(record, &text);
	return fs_replace_at(dir_fd, "record", text.data, text.length, 0600, err);
}

int record_take_over(int dir_fd, struct error *err)
{
	return fs_remove_unfinished_at(dir_fd, "record", err);
}

int record_read_file(const struct state *state, const char *name, const char *file, size_t limit,
		     struct text *out, struct error *err)
{
	AUTO_FD int fd = open_file(state->containers_fd, name, file);

	if (fd < 0)
		return error_set(err, errno, "open %s", file);
	return fs_read_fd(fd, limit, out, err) < 0 ? error_wrap(err, "%s", file) : 0;
}

/* Without the word on its end. */
static int read_record(const struct state *state, const char *name, struct record *record,
		       struct error *err)
{
	AUTO_RECORD struct record found = {0};
	AUTO_TEXT struct text text = {0};
	AUTO_FD int file_fd = open_file(state->containers_fd, name, "record");
	struct stat st;

	if (file_fd < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "record of %s", name);
	if (fstat(file_fd, &st) < 0 || (st.st_uid != 0 && st.st_uid != geteuid()))
		return error_set(err, EPERM, "record of %s belongs to user %u", name, st.st_uid);
	if (fs_read_known_fd(file_fd, &st, LINES_SIZE_MAX, &text, err) < 0)
		return error_wrap(err, "record of %s", name);
	if (record_parse(text.data, &found, err) < 0)
		return error_wrap(err, "record of %s", name);
	if (!found.instance[0] || !found.boot_id[0])
		return error_set(err, 0, "record of %s is incomplete", name);
	if (!text_equal(found.name, name))
		return error_set(err, 0, "record of %s is that of another container", name);
	*record = found;
	found = (struct record){0};
	return 1;
}

int record_read(const struct state *state, const char *name, struct record *record,
		struct error *err)
{
	int found = read_record(state, name, record, err);

	if (found > 0)
		read_exit(state->containers_fd, name, record);
	return found;
}

int record_look(const struct state *state, const char *name, struct record *record,
		enum liveness *liveness, struct error *err)
{
	int found = read_record(state, name, record, err);

	*liveness = found > 0 ? record_liveness(record) : LIVE_NONE;
	if (found > 0 && *liveness != LIVE_RUNNING)
		read_exit(state->containers_fd, name, record);
	return found;
}

/* All but the lock, which goes last. */
static int remove_files(int dir_fd, const struct strlist *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], "lock") != 0 &&
		    fs_remove_tree_at(dir_fd, names->items[i], err) < 0)
			return -1;
	return 0;
}

/* Of a directory that was emptied. Who makes notes without the lock may have come meanwhile. */
static int remove_directory(const struct state *state, const char *name, int dir_fd,
			    struct error *err)
{
	while (unlinkat(state->containers_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		AUTO_STRLIST struct strlist names = {0};

		if (errno != ENOTEMPTY)
			return error_set(err, errno, "remove directory %s", name);
		if (fs_list_at(dir_fd, ".", &names, err) < 0)
			return -1;
		/*
		 * Somebody who waited made the lock anew; the directory is theirs now. Asked after the
		 * listing: without a lock nothing in that is theirs.
		 */
		if (fs_exists_at(dir_fd, "lock"))
			return 0;
		if (remove_files(dir_fd, &names, err) < 0)
			return -1;
	}
	return 0;
}

int record_remove(const struct state *state, const char *name, struct error *err)
{
	AUTO_STRLIST struct strlist names = {0};
	AUTO_FD int dir_fd = openat(state->containers_fd, name,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir_fd < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "open directory %s", name);
	if (fs_list_at(dir_fd, ".", &names, err) < 0 || remove_files(dir_fd, &names, err) < 0 ||
	    fs_remove_at(dir_fd, "lock", err) < 0)
		return error_wrap(err, "%s", name);
	if (FAULT("remove directory", "", err) < 0)
		return -1;
	return remove_directory(state, name, dir_fd, err);
}

int record_list(const struct state *state, struct strlist *names, struct error *err)
{
	return fs_list_at(state->containers_fd, ".", names, err);
}

enum liveness record_liveness(const struct record *record)
{
	if (record->phase == PHASE_STOPPED)
		return LIVE_ENDED;
	if (!process_is_this_boot(record->boot_id))
		return LIVE_STALE;
	if (record->phase == PHASE_CREATED)
		return LIVE_STALE;
	if (record->phase == PHASE_RESTARTING)
		return process_is_there(&record->supervisor) ? LIVE_WAITING : LIVE_STALE;
	return process_is_there(&record->init) ? LIVE_RUNNING : LIVE_STALE;
}
