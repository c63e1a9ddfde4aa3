/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman new */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "config/starter.h"

/* As a path that holds wherever the file is read from. */
static int find_rootfs(const char *given, char **path, struct error *err)
{
	struct stat st;

	*path = realpath(given, NULL);
	if (*path && stat(*path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	error_set(err, *path ? ENOTDIR : errno, "--rootfs %s", given);
	return error_hint(err, "a directory that is there; without --rootfs it is written down later");
}

static int check_template(const struct conf *conf, const char *name, struct error *err)
{
	AUTO_STRLIST struct strlist templates = {0};
	const char *nearest;

	conf_list_templates(conf, &templates);
	if (strlist_contains(&templates, name))
		return 0;
	nearest = text_nearest(name, (const char *const *)templates.items, templates.count);
	error_set(err, 0, "there is no template \"%s\"", name);
	return nearest ? error_hint(err, "did you mean \"%s\"?", nearest)
		       : error_hint(err, "templates are declared in %s", conf->manager.file);
}

static int write_new(const char *directory, const char *name, const struct text *text,
		     struct error *err)
{
	AUTO_FREE char *file = xprintf("%s.conf", name);
	AUTO_FD int directory_fd = fs_open_directory(directory, 0755, err);

	if (directory_fd < 0)
		return error_wrap(err, "conf_dir");
	if (fs_create_at(directory_fd, file, text->data, text->length, 0644, err) == 0)
		return 0;
	if (err->code != EEXIST)
		return error_wrap(err, "%s", directory);
	error_set(err, EEXIST, "%s has a file: %s/%s", name, directory, file);
	return error_hint(err, "it is left as it is");
}

/* What is still wrong with it, as cman check tells; a rootfs that is left out is none of that. */
static int tell(const struct options *options, const char *name, bool has_rootfs, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	const struct strlist names = {(char *[]){(char *)name}, 1};
	AUTO_CONF struct conf conf = {0};
	int status = EXIT_SUCCESS;

	if (load_some(options, &names, &conf, &diagnostics, err) < 0)
		return -1;
	printf("%s/%s.conf\n", conf.manager.conf_dir, name);
	for (size_t i = 0; i < diagnostics.count && has_rootfs; i++) {
		const struct diagnostic *item = &diagnostics.items[i];

		if (!item->container || strcmp(item->container, name) != 0)
			continue;
		diagnostic_print(item, stderr, log_use_color(stderr), false);
		if (item->severity == SEVERITY_ERROR)
			status = EXIT_FAILURE;
	}
	printf("next: %scman check, cman up %s\n", has_rootfs ? "" : "write its rootfs into it, ", name);
	return status;
}

int cmd_new(const struct options *options, int argc, char *argv[], struct error *err)
{
	struct starter starter = {.name = argv[0], .template_name = options->template_name};
	AUTO_CONF struct conf conf = {0};
	AUTO_TEXT struct text text = {0};
	AUTO_FREE char *rootfs = NULL;

	(void)argc;
	if (parse_check_container_name(starter.name, err) < 0)
		return COMMAND_MISUSED;
	if (load_manager(options, &conf, err) < 0 ||
	    (options->rootfs && find_rootfs(options->rootfs, &rootfs, err) < 0) ||
	    (options->template_name && check_template(&conf, options->template_name, err) < 0))
		return -1;
	starter.rootfs = rootfs;
	starter_print(&starter, &text);
	if (options->print) {
		fwrite(text.data, 1, text.length, stdout);
		return EXIT_SUCCESS;
	}
	if (write_new(conf.manager.conf_dir, starter.name, &text, err) < 0)
		return -1;
	return tell(options, starter.name, rootfs != NULL, err);
}
