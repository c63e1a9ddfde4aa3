/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_test.h: a machine that is always the same, scratch files, and files compared. */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "base/fs.h"
#include "config/conf.h"
#include "config/machine.h"

static inline int trust_everything(const char *path, struct error *err)
{
	(void)path;
	error_clear(err);
	return 0;
}

/* A machine with a few devices in /dev; elsewhere it is this one. */
static inline int look_at_devices(const char *path, struct stat *st, struct error *err)
{
	static const struct {
		const char *path;
		mode_t type;
		unsigned int major, minor;
	} nodes[] = {
		{"/dev/fuse", S_IFCHR, 10, 229},      {"/dev/net/tun", S_IFCHR, 10, 200},
		{"/dev/also-fuse", S_IFCHR, 10, 229}, {"/dev/sda", S_IFBLK, 8, 0},
		{"/dev/net", S_IFDIR, 0, 0},
	};

	*st = (struct stat){0};
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (strcmp(nodes[i].path, path) == 0) {
			st->st_mode = nodes[i].type | 0600;
			st->st_rdev = makedev(nodes[i].major, nodes[i].minor);
			return 0;
		}
	return error_set(err, strcmp(path, "/dev/link") == 0 ? ELOOP : ENOENT, "open %s", path);
}

static const struct machine test_machine = {
	.cpus = 4,
	.cpu_list = "0-3",
	.node_list = "0",
	.memory = 8ull << 30,
	.machine_id = "0123456789abcdef0123456789abcdef",
	.apparmor = true,
	.check_trusted = trust_everything, /* the checkout may be anybody's */
	.look_at = look_at_devices,
};

/* The directory of the fixtures: tests run at the top of the source tree. */
#define FIXTURES "tests/fixtures"

static inline void read_whole_file(const char *path, struct text *out)
{
	struct error err;

	if (fs_read_at(AT_FDCWD, path, 1 << 22, out, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void write_whole_file(const char *path, const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* All diagnostics as they are printed. */
static inline void print_all(const struct diagnostics *diagnostics, struct text *out)
{
	char *data = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&data, &length);

	assert_non_null(stream);
	for (size_t i = 0; i < diagnostics->count; i++)
		diagnostic_print(&diagnostics->items[i], stream, false, false);
	fclose(stream);
	text_add(out, data, length);
	free(data);
}

/*
 * Compares text with what stands in NAME.expected for NAME.conf. With UPDATE_FIXTURES=1 in the
 * environment it is written there instead: look at the difference before you commit it.
 * Returns whether they are equal.
 */
static inline bool compare_with_expected(const char *conf, const char *text)
{
	AUTO_FREE char *path = xprintf("%.*s.expected", (int)strlen(conf) - 5, conf);
	AUTO_TEXT struct text expected = {0};

	if (getenv("UPDATE_FIXTURES")) {
		write_whole_file(path, text, strlen(text));
		return true;
	}
	read_whole_file(path, &expected);
	if (strcmp(text_value(&expected), text) == 0)
		return true;
	print_error("%s:\n--- expected\n%s--- found\n%s", conf, text_value(&expected), text);
	return false;
}

static inline bool is_conf_file(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

/* A directory that is gone after the test. */
struct scratch {
	char path[64];
};

static inline void scratch_make(struct scratch *scratch)
{
	snprintf(scratch->path, sizeof(scratch->path), "/tmp/cman-test-XXXXXX");
	assert_non_null(mkdtemp(scratch->path));
}

static inline void scratch_remove(struct scratch *scratch)
{
	struct error err;

	if (fs_remove_tree_at(AT_FDCWD, scratch->path, &err) < 0)
		fail_msg("%s", err.text);
}

/* Writes a file below the directory and returns its path, which the caller frees. */
static inline char *scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
	char *path = xprintf("%s/%s", scratch->path, name);

	write_whole_file(path, text, strlen(text));
	return path;
}

/* Settings with which containers of a test may have one rootfs. */
#define SHARED_ROOTFS "defaults : { read_only = true; };"

/* A manager file with a conf.d beside it; settings are added to it. */
static inline char *scratch_manager(const struct scratch *scratch, const char *settings)
{
	AUTO_FREE char *directory = xprintf("%s/conf.d", scratch->path);
	AUTO_FREE char *text = xprintf("conf_dir = \"conf.d\";\n%s", settings);

	assert_int_equal(mkdir(directory, 0755), 0);
	return scratch_write(scratch, "container.conf", text);
}

#endif
