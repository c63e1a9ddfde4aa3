/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of system calls: security.seccomp. */
#include "config/calls.h"
#include "config/machine.h"
#include "fuzz.h"

static int trust_everything(const char *path, struct error *err)
{
	(void)path;
	error_clear(err);
	return 0;
}

static const struct machine machine = {.check_trusted = trust_everything};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_FREE char *path = xprintf("%s/calls", fuzz_directory_path());
	AUTO_FREE uint32_t *verdicts = NULL;
	struct location at = {.file = "web.conf", .line = 1, .column = 1, .length = 1};

	machine_replace(&machine);
	fuzz_put("calls", (const char *)data, size);
	verdicts = calls_read(path, at, &diagnostics);
	fuzz_assert(verdicts || diagnostics_count_errors(&diagnostics, NULL) > 0,
		    "neither verdicts nor an error");
	return 0;
}
