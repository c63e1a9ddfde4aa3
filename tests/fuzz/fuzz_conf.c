/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A manager file, two containers and an included file: all that conf_load() does with them. */
#include "base/fs.h"
#include "config/conf.h"
#include "config/machine.h"
#include "fuzz.h"

static int trust_everything(const char *path, struct error *err)
{
	(void)path;
	error_clear(err);
	return 0;
}

static const struct machine machine = {
	.cpus = 4,
	.memory = 8ull << 30,
	.machine_id = "0123456789abcdef0123456789abcdef",
	.check_trusted = trust_everything,
};

static FILE *prepare(void)
{
	FILE *nowhere = fopen("/dev/null", "we");

	fuzz_assert(nowhere, "/dev/null");
	fuzz_make_directory("conf.d");
	machine_replace(&machine);
	return nowhere;
}

static void put(const char *name, char **rest)
{
	const char *part = fuzz_next_part(rest);

	fuzz_put(name, part, strlen(part));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	AUTO_FREE char *text = fuzz_string(data, size);
	AUTO_FREE char *manager = xprintf("%s/container.conf", fuzz_directory_path());
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0};
	struct error err;
	char *rest = text;

	if (!nowhere)
		nowhere = prepare();
	put("container.conf", &rest);
	put("conf.d/web.conf", &rest);
	put("conf.d/db.conf", &rest);
	put("included", &rest);
	conf_load(manager, NULL, &conf, &diagnostics, &err);
	for (size_t i = 0; i < diagnostics.count; i++)
		diagnostic_print(&diagnostics.items[i], nowhere, true, false);
	return 0;
}
