/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of processors, limits of processes, texts for a terminal. */
#include "config/cpulist.h"
#include "config/ulimit.h"
#include "fuzz.h"

static void check_list(const char *text)
{
	char out[CPULIST_SIZE], again[CPULIST_SIZE];

	if (cpulist_normalise(text, out, NULL) < 0)
		return;
	fuzz_assert(cpulist_normalise(out, again, NULL) == 0 && strcmp(out, again) == 0,
		    "\"%s\": \"%s\", \"%s\"", text, out, again);
	fuzz_assert(cpulist_first_outside(out, out) == -1, "\"%s\"", out);
	cpulist_first_outside(out, "0-3");
}

static void check_ulimit(const char *text)
{
	struct ulimit ulimit, again;
	char out[PARSE_TEXT_MAX];

	if (ulimit_parse(text, &ulimit, NULL) < 0)
		return;
	fuzz_assert(ulimit.soft <= ulimit.hard, "\"%s\"", text);
	ulimit_format(&ulimit, out);
	fuzz_assert(ulimit_parse(out, &again, NULL) == 0 && again.resource == ulimit.resource &&
			    again.soft == ulimit.soft && again.hard == ulimit.hard,
		    "\"%s\": \"%s\"", text, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_string(data, size);

	check_list(text);
	check_ulimit(text);
	text_replace_controls(text);
	fuzz_assert(!text_has_controls(text) && !strstr(text, "\033") && !strstr(text, "\302\233"),
		    "\"%s\"", text);
	return 0;
}
