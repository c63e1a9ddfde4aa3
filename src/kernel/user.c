/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/parse.h"
#include "base/text.h"

#define FILE_LIMIT ((size_t)1 << 20)
#define FIELDS_MAX 7

/* A line of passwd or group, cut at the colons. Points into the text of the file. */
struct line {
	char *fields[FIELDS_MAX];
};

enum { NAME = 0, ID = 2, PASSWD_GID = 3, PASSWD_HOME = 5, PASSWD_SHELL = 6, GROUP_MEMBERS = 3 };
enum { GROUP_FIELDS = 4, PASSWD_FIELDS = 7 };

static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Plain decimal; no leading zeros: what one reader takes for octal is no id for us. */
static bool parse_id(const char *text, uint32_t *id)
{
	uint64_t value;

	if (text[0] == '0' && text[1] != '\0')
		return false;
	/* The last number is (uid_t)-1, which means "leave it as it is" to the kernel. */
	if (parse_number(text, 0, UINT32_MAX - 1, &value, NULL) < 0)
		return false;
	*id = (uint32_t)value;
	return true;
}

static int set_bad_id(const char *text, struct error *err)
{
	error_set(err, 0, "\"%s\" is no id", text);
	return error_hint(err, "ids are 0 to 4294967294, in decimal and without leading zeros");
}

/* What open(2) says of sockets and devices is no help. */
static bool is_no_file(int root_fd, const char *path, struct error *err)
{
	AUTO_FD int fd = fs_open_in_root(root_fd, path, O_PATH, NULL);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || S_ISREG(st.st_mode))
		return false;
	error_set(err, 0, "/%s in the root filesystem is %s, not a file", path, fs_kind(st.st_mode));
	error_hint(err, "put a file there, or remove it");
	return true;
}

/* A missing file is an empty one. */
static int read_file(int root_fd, const char *path, struct text *out, struct error *err)
{
	struct error reason;
	/* O_NONBLOCK, O_NOCTTY: it may be a FIFO or a terminal, which is found out below. */
	AUTO_FD int fd = fs_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &reason);

	if (fd < 0 && reason.code == ENOENT)
		return 0;
	if (is_no_file(root_fd, path, err))
		return -1;
	if (fd < 0) {
		if (err)
			*err = reason;
		return -1;
	}
	if (fs_read_fd(fd, FILE_LIMIT, out, err) < 0)
		return error_wrap(err, "/%s in the root filesystem", path);
	return 0;
}

static bool has_control_characters(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return true;
	return false;
}

/*
 * Cuts the line at *offset into count fields and moves *offset behind it; malformed lines are
 * passed over. The text is changed: colons and newlines become NUL. False at the end.
 */
static bool next_line(struct text *text, size_t *offset, size_t count, struct line *line)
{
	while (*offset < text->length) {
		char *start = text->data + *offset;
		size_t left = text->length - *offset;
		char *newline = memchr(start, '\n', left);
		size_t length = newline ? (size_t)(newline - start) : left;
		char *field = start;
		size_t i = 0;

		*offset += length + 1;
		if (has_control_characters(start, length))
			continue;
		start[length] = '\0'; /* without a newline it is the NUL of struct text */
		while (i < count && field)
			line->fields[i++] = strsep(&field, ":");
		if (i == count && !field && line->fields[NAME][0] != '\0' &&
		    strlen(line->fields[NAME]) < sizeof(((struct user *)0)->name))
			return true;
	}
	return false;
}

/* Takes name, gid, home and shell from an entry whose uid is known. False where the entry is unusable. */
static bool take_entry(const struct line *line, struct user *user)
{
	const char *home = line->fields[PASSWD_HOME], *shell = line->fields[PASSWD_SHELL];

	if (!parse_id(line->fields[ID], &user->uid) ||
	    !parse_id(line->fields[PASSWD_GID], &user->gid))
		return false;
	snprintf(user->name, sizeof(user->name), "%s", line->fields[NAME]);
	if (home[0] == '/' && strlen(home) < sizeof(user->home))
		snprintf(user->home, sizeof(user->home), "%s", home);
	if (shell[0] == '/' && strlen(shell) < sizeof(user->shell))
		snprintf(user->shell, sizeof(user->shell), "%s", shell);
	return true;
}

static int find_user(int root_fd, const char *who, struct user *user, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	bool by_id = is_digits(who);
	struct line line;
	uint32_t wanted = 0, id;
	size_t offset = 0;

	if (by_id && !parse_id(who, &wanted))
		return set_bad_id(who, err);
	if (read_file(root_fd, "etc/passwd", &text, err) < 0)
		return -1;
	while (next_line(&text, &offset, PASSWD_FIELDS, &line)) {
		if (by_id ? !parse_id(line.fields[ID], &id) || id != wanted
			  : strcmp(line.fields[NAME], who) != 0)
			continue;
		if (take_entry(&line, user))
			return 0;
		return error_set(err, 0,
				 "the entry of %s in /etc/passwd of the root filesystem "
				 "has no valid ids",
				 who);
	}
	if (by_id || strcmp(who, "root") == 0) {
		user->uid = user->gid = wanted;
		return 0;
	}
	error_set(err, 0, "no user \"%s\" in /etc/passwd of the root filesystem", who);
	return error_hint(err, "name one that is there, or a number");
}

static int find_group(int root_fd, const char *group, gid_t *gid, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	struct line line;
	size_t offset = 0;

	if (is_digits(group))
		return parse_id(group, gid) ? 0 : set_bad_id(group, err);
	if (read_file(root_fd, "etc/group", &text, err) < 0)
		return -1;
	while (next_line(&text, &offset, GROUP_FIELDS, &line)) {
		if (strcmp(line.fields[NAME], group) != 0)
			continue;
		if (parse_id(line.fields[ID], gid))
			return 0;
		return error_set(err, 0,
				 "the entry of %s in /etc/group of the root filesystem "
				 "has no valid id",
				 group);
	}
	error_set(err, 0, "no group \"%s\" in /etc/group of the root filesystem", group);
	return error_hint(err, "name one that is there, or a number");
}

static bool has_member(char *members, const char *name)
{
	char *member;

	while ((member = strsep(&members, ",")) != NULL)
		if (strcmp(member, name) == 0)
			return true;
	return false;
}

static int add_group(struct user *user, gid_t gid, size_t limit, struct error *err)
{
	if (gid == user->gid)
		return 0;
	for (size_t i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			return 0;
	if (user->group_count == limit)
		return error_set(err, E2BIG, "user %s is in more than %zu groups", user->name,
				 limit);
	user->groups[user->group_count++] = gid;
	return 0;
}

static int find_memberships(int root_fd, struct user *user, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	struct line line;
	size_t offset = 0;
	gid_t gid;

	if (user->name[0] == '\0')
		return 0;
	if (read_file(root_fd, "etc/group", &text, err) < 0)
		return -1;
	while (next_line(&text, &offset, GROUP_FIELDS, &line)) {
		if (!parse_id(line.fields[ID], &gid) ||
		    !has_member(line.fields[GROUP_MEMBERS], user->name))
			continue;
		if (add_group(user, gid, USER_GROUPS_MAX, err) < 0)
			return -1;
	}
	return 0;
}

int user_lookup(int root_fd, const char *who, struct user *user, struct error *err)
{
	AUTO_FREE char *name = xstrdup(who);
	struct user found = {.home = "/"};
	char *group = strchr(name, ':');

	if (group)
		*group++ = '\0';
	if (name[0] == '\0' || (group && (group[0] == '\0' || strchr(group, ':')))) {
		error_set(err, 0, "\"%s\" is no user", who);
		return error_hint(err, "write NAME, UID, NAME:GROUP or UID:GID");
	}
	if (find_user(root_fd, name, &found, err) < 0)
		return error_wrap(err, "user %s", who);
	if (group ? find_group(root_fd, group, &found.gid, err) < 0
		  : find_memberships(root_fd, &found, err) < 0)
		return error_wrap(err, "user %s", who);
	*user = found;
	return 0;
}

int user_add_group(int root_fd, const char *group, struct user *user, struct error *err)
{
	gid_t gid;

	if (find_group(root_fd, group, &gid, err) < 0)
		return -1;
	return add_group(user, gid, ARRAY_SIZE(user->groups), err);
}
