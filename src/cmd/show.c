/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman show */
#include <stdlib.h>

#include "cmd/command.h"
#include "cmd/load.h"

int cmd_show(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};

	/* The same as up: what cannot be brought up has no configuration that holds. */
	if (load_containers(options, argc, argv, &conf, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++) {
		const struct spec *spec = conf_find(&conf, names.items[i]);
		AUTO_TEXT struct text text = {0};

		conf_print_spec(spec, false, &text);
		printf("%s# %s, from %s\n%s", i ? "\n" : "", spec->name, spec->file,
		       text_value(&text));
	}
	return EXIT_SUCCESS;
}
