/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/recorded.h"

#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "config/conf.h"
#include "state/history.h"

#define SPEC_SIZE_MAX (1024 * 1024)

int recorded_text(const struct state *state, const char *name, struct text *text,
		  struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(state, name, err);

	return dir_fd < 0 ? -1 : fs_read_at(dir_fd, "spec", SPEC_SIZE_MAX, text, err);
}

int recorded_spec(const struct state *state, const char *name, struct spec *spec, struct error *err)
{
	AUTO_TEXT struct text text = {0};

	if (recorded_text(state, name, &text, err) < 0 ||
	    conf_parse_spec(text_value(&text), "spec", name, spec, err) < 0)
		return error_wrap(err, "recorded configuration of %s", name);
	return 0;
}

bool recorded_is(const struct state *state, const char *name, const struct spec *spec)
{
	AUTO_TEXT struct text recorded = {0}, text = {0};

	if (recorded_text(state, name, &recorded, NULL) < 0)
		return false;
	conf_print_spec(spec, true, &text);
	return recorded.length == text.length &&
	       memcmp(text_value(&recorded), text_value(&text), text.length) == 0;
}

int recorded_confinement(const struct state *state, const struct record *record,
			 const struct spec *spec, struct confinement *confinement,
			 struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(state, record->name, err);

	if (dir_fd < 0)
		return -1;
	return confinement_recall(&spec->security, record, dir_fd, confinement, err);
}

void recorded_keep(const struct manager *manager, const struct container *container,
		   const char *how)
{
	AUTO_TEXT struct text text = {0};
	struct error err = {0};

	if (fs_read_at(container->directory_fd, "spec", SPEC_SIZE_MAX, &text, &err) < 0 ||
	    history_add(manager->data_dir, container->name, how, &text, &err) < 0)
		log_warning("%s: %s", container->name, err.text);
}
