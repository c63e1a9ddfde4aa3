/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_hooks.c: the programs of hooks as they are now: root runs them on the host. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/machine.h"
#include "config/validate.h"

#define TIMEOUT_MIN_MS 1000

static void report(struct diagnostics *diagnostics, const struct spec *spec, const char *key,
		   const char *hint, const char *message)
{
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, key), hint, "%s: %s",
			key, message);
}

static void check_program(struct diagnostics *diagnostics, const struct spec *spec, const char *key,
			  const char *path)
{
	AUTO_FREE char *message = NULL, *hint = NULL;
	struct error err;
	struct stat st;

	if (stat(path, &st) < 0) {
		message = xprintf("%s: %s", path, strerror(errno));
		report(diagnostics, spec, key, NULL, message);
	} else if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)) {
		message = xprintf("%s is not a program", path);
		hint = S_ISREG(st.st_mode) ? xprintf("chmod 755 %s", path) : NULL;
		report(diagnostics, spec, key, hint, message);
	} else if (machine_get()->check_trusted(path, &err) < 0) {
		report(diagnostics, spec, key, err.hint, err.text);
	}
}

void validate_hooks(const struct spec *spec, struct diagnostics *diagnostics)
{
	const struct {
		const char *name;
		const struct strlist *paths;
	} hooks[] = {
		{"pre_start", &spec->hooks.pre_start},
		{"post_start", &spec->hooks.post_start},
		{"pre_stop", &spec->hooks.pre_stop},
		{"post_stop", &spec->hooks.post_stop},
	};

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		for (size_t j = 0; j < hooks[i].paths->count; j++) {
			AUTO_FREE char *key = xprintf("hooks.%s[%zu]", hooks[i].name, j);

			check_program(diagnostics, spec, key, hooks[i].paths->items[j]);
		}
	}
	if (spec->hooks.timeout_ms < TIMEOUT_MIN_MS)
		report(diagnostics, spec, "hooks.timeout", NULL, "at least 1s is needed");
}
