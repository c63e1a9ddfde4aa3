/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/recorded.h"

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

int recorded_confinement(const struct state *state, const struct record *record,
			 const struct spec *spec, struct confinement *confinement,
			 struct error *err)
{
	AUTO_FD int dir_fd = record_open_directory(state, record->name, err);

	if (dir_fd < 0)
		return -1;
	return confinement_recall(&spec->security, record, dir_fd, confinement, err);
}
