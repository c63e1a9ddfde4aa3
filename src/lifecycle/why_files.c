/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why_files.c: what mounts, and files bound over those of the image, say of a key. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "kernel/mount_table.h"
#include "lifecycle/layers.h"
#include "lifecycle/steps.h"
#include "lifecycle/why_parts.h"

#define FILE_MAX_BYTES (1024 * 1024)

/* ---- mounts ---- */

static int read_mounts(struct why *why, struct error *err)
{
	return why->mounts.length > 0 ? 0
				      : mount_table_read(why->record.init.pid, &why->mounts, err);
}

/* The one that is seen at point: 1 with line, which it points into; 0: nothing is mounted there. */
static int find_mount(struct why *why, const char *point, struct text *line,
		      struct mount_line *mount, struct error *err)
{
	AUTO_TEXT struct text own = {0};
	struct mount_line one;
	const char *rest;
	int found = 0;

	if (read_mounts(why, err) < 0)
		return -1;
	rest = text_value(&why->mounts);
	while (mount_table_next(&rest, NULL, &own, &one)) {
		if (strcmp(one.point, point) != 0)
			continue;
		/* What was mounted last covers the others. */
		text_clear(line);
		*line = own;
		own = (struct text){0};
		*mount = one;
		found = 1;
	}
	return found;
}

static bool has_option(const char *options, const char *option)
{
	const size_t length = strlen(option);

	for (const char *item = options; *item; item += strcspn(item, ","), item += *item == ',')
		if (strcspn(item, ",") == length && strncmp(item, option, length) == 0)
			return true;
	return false;
}

/* Behind "NAME=" among options; "" where it is not there. */
static char *option_value(const char *options, const char *name)
{
	const size_t length = strlen(name);

	for (const char *item = options; *item; item += strcspn(item, ","), item += *item == ',')
		if (strncmp(item, name, length) == 0 && item[length] == '=')
			return xprintf("%.*s", (int)(strcspn(item, ",") - length - 1),
				       item + length + 1);
	return xstrdup("");
}

/* Whether a path of the container and one of the host are one and the same. */
static bool is_same_place(const struct why *why, const char *inside, const char *outside)
{
	AUTO_FD int fd = fs_open_in_root(why->root_fd, inside, O_PATH, NULL);
	struct stat there, here;

	return fd >= 0 && fstat(fd, &there) == 0 && stat(outside, &here) == 0 &&
	       there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

static char *describe(const struct mount_line *mount)
{
	return xprintf("%s %s %s", mount->type, mount->root, mount->own_options);
}

static void add_flag(struct why_answer *answer, const char *object, const struct mount_line *mount,
		     bool wanted)
{
	why_add(answer, object, has_option(mount->own_options, "ro") ? "ro" : "rw",
		wanted ? "ro" : "rw");
}

static void add_options(struct why_answer *answer, const char *object,
			const struct mount_line *mount, unsigned int options)
{
	static const struct {
		const char *name;
		unsigned int option;
	} flags[] = {{"nosuid", MOUNT_NOSUID}, {"noexec", MOUNT_NOEXEC}, {"noatime", MOUNT_NOATIME}};
	bool same = has_option(mount->own_options, "nodev");
	AUTO_TEXT struct text wanted = {0};

	text_addf(&wanted, "nodev");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!(options & flags[i].option))
			continue;
		text_addf(&wanted, ",%s", flags[i].name);
		same &= has_option(mount->own_options, flags[i].name);
	}
	why_add_judged(answer, object, mount->own_options, same ? mount->own_options : wanted.data,
		       same);
}

/* A tmpfs tells its size in KiB, and no mode where it is 1777. */
static void add_tmpfs(struct why_answer *answer, const char *object, const struct mount_line *line,
		      const struct mount *mount, bool size)
{
	AUTO_FREE char *now = option_value(line->options, size ? "size" : "mode");
	AUTO_FREE char *wanted = size ? xprintf("%" PRIu64 "k", mount->size / 1024)
				      : xprintf("%o", mount->mode);

	if (mount->type == MOUNT_TMPFS)
		why_add(answer, object, *now ? now : size ? "no limit" : "1777", wanted);
	else
		why_add(answer, object, "no tmpfs", NULL);
}

int why_look_mount(const struct why_question *question, struct error *err)
{
	struct why *why = question->why;
	const struct mount *mount = question->leaf->object;
	const char *detail = question->detail;
	AUTO_FREE char *object = NULL, *text = NULL;
	AUTO_TEXT struct text line = {0};
	struct mount_line found;
	int there;

	if (why->spec.mount_count == 0) {
		why_add(question->answer, NULL, "none", NULL);
		return 0;
	}
	object = xprintf("mount at %s, /proc/%d/mountinfo", mount->target, (int)why->record.init.pid);
	there = find_mount(why, mount->target, &line, &found, err);
	if (there <= 0) {
		/* It may have been left out, and its target may lead elsewhere. */
		why_add_judged(question->answer, object, "not mounted there", "mounted", mount->optional);
		return there;
	}
	if (strcmp(detail, "ro") == 0)
		add_flag(question->answer, object, &found, mount->read_only);
	else if (strcmp(detail, "size") == 0 || strcmp(detail, "mode") == 0)
		add_tmpfs(question->answer, object, &found, mount, detail[0] == 's');
	else if (strcmp(detail, "options") == 0)
		add_options(question->answer, object, &found, mount->options);
	else if (strcmp(detail, "source") == 0 && mount->source) {
		const bool same = is_same_place(why, mount->target, mount->source);

		text = describe(&found);
		why_add_judged(question->answer, object, text, same ? text : mount->source, same);
	} else if (mount->type == MOUNT_TMPFS) {
		why_add(question->answer, object, found.type, "tmpfs");
	} else {
		text = describe(&found);
		why_add(question->answer, object, text, NULL);
	}
	return 0;
}

/* ---- the root ---- */

static int add_usage(const struct why_question *question, struct error *err)
{
	struct why *why = question->why;
	AUTO_FD int directory_fd = record_open_directory(why->state, why->name, err);
	struct layers_usage usage = {.limit = UINT64_MAX};
	AUTO_FREE char *now = NULL, *wanted = NULL;

	if (directory_fd < 0)
		return -1;
	layers_read_usage(directory_fd, &why->spec, why->record.init.pid, &usage);
	if (!usage.kind) {
		why_add(question->answer, NULL, "not limited", NULL);
		return 0;
	}
	now = xprintf("%" PRIu64 " bytes", usage.limit);
	if (why->spec.rootfs_size != LIMIT_MAX)
		wanted = xprintf("%" PRIu64 " bytes", why->spec.rootfs_size);
	why_add(question->answer, usage.kind, now, usage.limit == UINT64_MAX ? NULL : wanted);
	return 0;
}

int why_look_rootfs(const struct why_question *question, struct error *err)
{
	struct why *why = question->why;
	const struct spec *spec = &why->spec;
	AUTO_FREE char *object = xprintf("mount at /, /proc/%d/mountinfo", (int)why->record.init.pid);
	AUTO_FREE char *text = NULL;
	AUTO_TEXT struct text line = {0};
	const char *detail = question->detail;
	struct mount_line found;

	if (strcmp(detail, "size") == 0)
		return add_usage(question, err);
	if (find_mount(why, "/", &line, &found, err) <= 0)
		return error_set(err, 0, "nothing is mounted at its /");
	text = describe(&found);
	if (strcmp(detail, "ro") == 0)
		add_flag(question->answer, object, &found, spec->read_only);
	else if (strcmp(detail, "mode") == 0 && spec->rootfs_mode != ROOTFS_BIND)
		why_add(question->answer, object, found.type, "overlay");
	else if (strcmp(detail, "path") == 0 && spec->rootfs_mode == ROOTFS_BIND)
		why_add_judged(question->answer, object, text,
			       is_same_place(why, "/", spec->rootfs) ? text : spec->rootfs,
			       is_same_place(why, "/", spec->rootfs));
	else
		why_add(question->answer, object, text, NULL);
	return 0;
}

/* ---- what is covered ---- */

static int add_cover(const struct why_question *question, const char *path, bool read_only,
		     struct error *err)
{
	AUTO_FREE char *object = xprintf("mount at %s", path);
	AUTO_TEXT struct text line = {0};
	AUTO_FD int fd = fs_open_in_root(question->why->root_fd, path, O_PATH | O_NOFOLLOW, NULL);
	struct mount_line found;
	const int there = find_mount(question->why, path, &line, &found, err);

	if (there < 0)
		return -1;
	/* What the image does not have needs none. */
	if (fd < 0)
		why_add(question->answer, object, "nothing is there", NULL);
	else if (there && read_only)
		add_flag(question->answer, object, &found, true);
	else
		why_add(question->answer, object, there ? "mounted over" : "not mounted over",
			"mounted over");
	return 0;
}

int why_look_covers(const struct why_question *question, struct error *err)
{
	const struct security *security = &question->why->spec.security;
	const bool read_only = strcmp(question->detail, "ro") == 0;
	const struct strlist *paths = read_only ? &security->readonly_paths : &security->masked_paths;

	if (strcmp(question->detail, "nesting") == 0) {
		AUTO_FD int fd = fs_open_in_root(question->why->root_fd, "/dev/.nesting", O_PATH, NULL);

		why_add(question->answer, "/dev/.nesting", fd >= 0 ? "there" : "not there",
			security->nesting ? "there" : "not there");
		return 0;
	}
	for (size_t i = 0; i < paths->count; i++)
		if (add_cover(question, paths->items[i], read_only, err) < 0)
			return -1;
	return 0;
}

/* ---- generated files ---- */

static int read_inside(const struct why *why, const char *path, struct text *text, struct error *err)
{
	AUTO_FD int fd = fs_open_in_root(why->root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);

	return fd < 0 ? -1 : fs_read_fd(fd, FILE_MAX_BYTES, text, err);
}

/* The lines of resolv.conf that begin with a word, without it. */
static void pick_lines(const char *text, const char *word, struct text *out)
{
	const size_t length = strlen(word);

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, word, length) == 0 && line[length] == ' ')
			text_addf(out, "%s%.*s", out->length ? " " : "",
				  (int)(strcspn(line, "\n") - length - 1), line + length + 1);
	if (out->length == 0)
		text_addf(out, "none");
}

int why_look_resolv_conf(const struct why_question *question, struct error *err)
{
	struct why *why = question->why;
	AUTO_TEXT struct text present = {0}, made = {0}, now = {0}, wanted = {0};
	AUTO_FREE char *object = xprintf("%s in /etc/resolv.conf, from %s/containers/%s/resolv.conf",
					 question->detail, why->conf->manager.state_dir, why->name);

	if (read_inside(why, "/etc/resolv.conf", &present, err) < 0 ||
	    files_generate(&why->recorded.manager, &why->spec, "resolv.conf", &made, err) < 0)
		return -1;
	pick_lines(text_value(&present), question->detail, &now);
	pick_lines(text_value(&made), question->detail, &wanted);
	why_add(question->answer, object, now.data, wanted.data);
	return 0;
}

/* Whether a hosts file has a line with name, of address unless that is NULL. */
static bool has_host(const char *text, const char *address, const char *name)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		AUTO_FREE char *copy = xprintf("%.*s", (int)strcspn(line, "\n"), line);
		char *rest, *word = strtok_r(copy, " \t", &rest);

		if (!word || (address && strcmp(word, address) != 0))
			continue;
		while ((word = strtok_r(NULL, " \t", &rest)) != NULL)
			if (strcmp(word, name) == 0)
				return true;
	}
	return false;
}

/* The file that the others on its network have. */
static int read_network_hosts(const struct why *why, const char *network, struct text *text,
			      struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/hosts", network);

	return fs_read_at(why->state->networks_fd, path, FILE_MAX_BYTES, text, err);
}

static int look_at_aliases(const struct why_question *question, struct error *err)
{
	const struct interface *interface = question->leaf->interface;
	AUTO_FREE char *object = xprintf("%s/networks/%s/hosts",
					 question->why->conf->manager.state_dir, interface->network);
	AUTO_TEXT struct text text = {0};

	if (interface->aliases.count > 0 &&
	    read_network_hosts(question->why, interface->network, &text, err) < 0)
		return -1;
	for (size_t i = 0; i < interface->aliases.count; i++) {
		const char *alias = interface->aliases.items[i];

		why_add(question->answer, object, has_host(text_value(&text), NULL, alias) ? alias : NULL,
			alias);
	}
	return 0;
}

int why_look_hosts(const struct why_question *question, struct error *err)
{
	const struct spec *spec = &question->why->spec;
	AUTO_TEXT struct text text = {0};

	if (strcmp(question->detail, "aliases") == 0)
		return look_at_aliases(question, err);
	if (spec->extra_host_count > 0 &&
	    read_inside(question->why, "/etc/hosts", &text, err) < 0)
		return -1;
	for (size_t i = 0; i < spec->extra_host_count; i++) {
		const struct host_entry *entry = &spec->extra_hosts[i];
		AUTO_FREE char *wanted = xprintf("%s=%s", entry->name, entry->address);
		const bool there = has_host(text_value(&text), entry->address, entry->name);

		why_add(question->answer, "/etc/hosts in the container", there ? wanted : NULL, wanted);
	}
	return 0;
}
