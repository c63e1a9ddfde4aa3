/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/environment.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

static size_t key_length(const char *variable)
{
	return strcspn(variable, "=");
}

/* Takes the variable in, in the place of one of the same name; value NULL: takes it out. */
static void set_variable(struct strlist *environment, const char *key, size_t length,
			 const char *value)
{
	struct strlist kept = {0};

	for (size_t i = 0; i < environment->count; i++)
		if (key_length(environment->items[i]) != length ||
		    memcmp(environment->items[i], key, length) != 0)
			strlist_add(&kept, environment->items[i]);
	if (value)
		strlist_add_taken(&kept, xprintf("%.*s=%s", (int)length, key, value));
	strlist_clear(environment);
	*environment = kept;
}

int environment_add(const struct strlist *variables, struct strlist *environment, struct error *err)
{
	for (size_t i = 0; i < variables->count; i++) {
		const char *variable = variables->items[i];
		size_t length = key_length(variable);
		const char *value = variable[length] ? variable + length + 1 : getenv(variable);

		if (length == 0)
			return command_misused(err, "--env: \"%s\" is not KEY=VALUE", variable);
		if (!value)
			return command_misused(err, "--env: %s is not set here", variable);
		set_variable(environment, variable, length, value);
	}
	return 0;
}

void environment_remove(struct strlist *environment, const char *name)
{
	set_variable(environment, name, strlen(name), NULL);
}
