/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/recorded.h"

#include <string.h>

#include "base/fs.h"
#include "config/conf.h"

#define SPEC_SIZE_MAX (1024 * 1024)

int recorded_spec(const struct state *state, const char *name, struct spec *spec, struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(state, name, err);
	AUTO_TEXT struct text text = {0};

	if (dir_fd < 0 || fs_read_at(dir_fd, "spec", SPEC_SIZE_MAX, &text, err) < 0 ||
	    conf_parse_spec(text_value(&text), "spec", name, spec, err) < 0)
		return error_wrap(err, "recorded configuration of %s", name);
	return 0;
}

bool recorded_is(const struct state *state, const char *name, const struct spec *spec)
{
	AUTO_FD int dir_fd = record_open_directory(state, name, NULL);
	AUTO_TEXT struct text recorded = {0}, text = {0};

	if (dir_fd < 0 || fs_read_at(dir_fd, "spec", SPEC_SIZE_MAX, &recorded, NULL) < 0)
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
